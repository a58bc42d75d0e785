/** Evidence of a goal, as the tables point at it: the row that says what the label says. */
import type { Evidence } from '../../../contracts/report.ts';

export interface Pointed { readonly kind: Evidence['kind']; readonly label: string; readonly netns: string | undefined }

export type Tab = 'Network' | 'Routes' | 'iptables' | 'conntrack' | 'Captures' | 'Timeline';
const tabs: Readonly<Partial<Record<Evidence['kind'], Tab>>> = { link: 'Network', address: 'Network', netns: 'Network', fdb: 'Network', route: 'Routes', sysctl: 'Routes', rule: 'iptables', conntrack: 'conntrack', capture: 'Captures' };

export function tabOf(kind: Evidence['kind']): Tab | undefined {
  return tabs[kind];
}
/** Files and packages have no panel: their evidence is read, not opened. */
export function canOpen(kind: Evidence['kind']): boolean {
  return tabOf(kind) !== undefined || kind === 'command' || kind === 'session' || kind === 'process';
}

/** Whether a row's text is the one meant: every word and number of the label stands in it. */
export function isMeant(pointed: Pointed | undefined, kind: Evidence['kind'], netns: string, text: string): boolean {
  if (pointed === undefined || pointed.kind !== kind || (pointed.netns !== undefined && pointed.netns !== netns)) return false;
  const words = pointed.label.split(/[\s→,]+/).filter((word) => /[\d.:/-]/.test(word) || word.length > 6);
  return text === pointed.label || (words.length > 0 && words.every((word) => text.includes(word)));
}
