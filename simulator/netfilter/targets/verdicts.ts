/** ACCEPT, DROP, RETURN, QUEUE and jumps: the standard targets. */
import { ACCEPT, DROP, RETURN, type TargetExtension } from '../extension.ts';

export interface StandardTarget { kind: 'ACCEPT' | 'DROP' | 'RETURN' }
/** -j CHAIN and -g CHAIN. */
export interface JumpTarget { kind: 'chain'; chain: string; goto: boolean }

function standard(kind: StandardTarget['kind'], verdict: 1 | 2 | 4): TargetExtension<StandardTarget> {
  return { name: kind, options: [], parse: () => ({ kind }), save: () => '', list: () => '', evaluate: () => verdict };
}

export const accept = standard('ACCEPT', ACCEPT);
export const drop = standard('DROP', DROP);
export const goBack = standard('RETURN', RETURN);
