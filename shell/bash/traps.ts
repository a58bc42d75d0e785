/** Traps. Read first: bash(1) "trap", "SIGNALS" */
import type { SignalName } from '../../machine/sys.ts';
import { SIGNAL_NAMES, signalByNumber } from '../../machine/signals.ts';
import type { Shell } from './shell.ts';
import { runProgram } from './run.ts';

export const PSEUDO_SIGNALS = ['EXIT', 'DEBUG', 'ERR', 'RETURN'];

/** INT, SIGINT, 2, EXIT, 0 ...: the name a trap is kept under. */
export function trapName(word: string): string | undefined {
  if (/^[0-9]+$/.test(word)) return word === '0' ? 'EXIT' : signalByNumber(Number(word));
  const upper = word.toUpperCase();
  const name = upper.startsWith('SIG') ? upper.slice(3) : upper;
  return SIGNAL_NAMES.includes(name as SignalName) || PSEUDO_SIGNALS.includes(upper) ? name : undefined;
}

export function setTrap(shell: Shell, name: string, action: string | undefined): void {
  if (shell.inheritedTraps.size > 0) shell.inheritedTraps = new Map();
  if (action === undefined) shell.traps.delete(name);
  else shell.traps.set(name, action);
  if (PSEUDO_SIGNALS.includes(name)) return;
  const signal = name as SignalName;
  if (action === '') shell.sys.onSignal(signal, 'ignore');
  else if (action === undefined) restoreSignal(shell, signal);
  else shell.sys.onSignal(signal, () => {
    shell.pendingTraps.add(name);
  });
}

/** What a signal does in this shell when nobody has set a trap. */
export function restoreSignal(shell: Shell, signal: SignalName): void {
  if (shell.isInteractive && shell.subshellDepth === 0) {
    if (signal === 'INT') {
      shell.sys.onSignal('INT', () => {
        shell.interrupted = true;
      });
      return;
    }
    if (signal === 'TERM' || signal === 'QUIT' || (shell.options.monitor && (signal === 'TSTP' || signal === 'TTIN' || signal === 'TTOU'))) {
      shell.sys.onSignal(signal, 'ignore');
      return;
    }
  }
  shell.sys.onSignal(signal, 'default');
}

/** Runs what has come in. Called between commands. */
export async function runPendingTraps(shell: Shell): Promise<void> {
  while (shell.pendingTraps.size > 0) {
    const name = [...shell.pendingTraps][0]!;
    shell.pendingTraps.delete(name);
    const action = shell.traps.get(name);
    if (action !== undefined && action !== '') await runTrap(shell, name, action);
  }
}

/** `$?` in a trap is what it was, and is that again afterwards. */
export async function runTrap(shell: Shell, name: string, action: string): Promise<void> {
  const { status, flow, line, loopDepth } = shell;
  const wasInTrap = shell.isInTrap;
  shell.flow = undefined;
  shell.isInTrap = name === 'DEBUG' || name === 'ERR' || name === 'RETURN';
  const { pipeStatus } = shell;
  try {
    await runProgram(shell, action, line, { keepLine: name === 'ERR' || name === 'DEBUG' });
  } finally {
    shell.isInTrap = wasInTrap;
    shell.loopDepth = loopDepth;
    shell.line = line;
  }
  if (shell.flow === undefined) {
    shell.status = status;
    shell.flow = flow;
    shell.pipeStatus = pipeStatus;
  }
}

export async function runErrTrap(shell: Shell): Promise<void> {
  const action = shell.traps.get('ERR');
  if (action === undefined || action === '' || shell.isInTrap) return;
  if (shell.frames.some((frame) => frame.kind === 'function') && !shell.options.errtrace) return;
  await runTrap(shell, 'ERR', action);
}

export async function runDebugTrap(shell: Shell): Promise<void> {
  const action = shell.traps.get('DEBUG');
  if (action === undefined || action === '' || shell.isInTrap) return;
  if (shell.frames.some((frame) => frame.kind === 'function') && !shell.options.functrace) return;
  await runTrap(shell, 'DEBUG', action);
}

export async function runExitTrap(shell: Shell): Promise<void> {
  const action = shell.traps.get('EXIT');
  if (action === undefined) return;
  shell.traps.delete('EXIT');
  if (action === '') return;
  const { status } = shell;
  shell.flow = undefined;
  shell.frames = [];
  await runProgram(shell, action, shell.line, {});
  shell.status = status;
}
