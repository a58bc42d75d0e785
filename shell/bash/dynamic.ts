/** Variables that the shell works out when somebody looks. Read first: bash(1) "Shell Variables" */
import { printInline } from './print.ts';
import type { Shell } from './shell.ts';

export interface DynamicVariable {
  get(shell: Shell): string | string[] | undefined;
  set?(shell: Shell, value: string): void;
  readonly isReadOnly?: boolean;
  readonly ignoresAssignment?: boolean;
}

/** bash's own generator (lib/sh/random.c, level 51): a seed gives the same numbers everywhere. */
function nextRandom(seed: number): number {
  const start = seed === 0 ? 123_459_876 : seed;
  const high = Math.trunc(start / 127_773);
  const low = start % 127_773;
  const value = 16_807 * low - 2_836 * high;
  return value < 0 ? value + 0x7fff_ffff : value;
}

export const dynamicVariables: ReadonlyMap<string, DynamicVariable> = new Map<string, DynamicVariable>([
  ['RANDOM', {
    get: (shell) => {
      if (shell.seededRandom === undefined) return String(shell.sys.random(32_768));
      shell.seededRandom = nextRandom(shell.seededRandom);
      return String(((shell.seededRandom >>> 16) ^ (shell.seededRandom & 65_535)) & 32_767);
    },
    set: (shell, value) => {
      shell.seededRandom = Number(shell.arithmetic(value)) >>> 0;
    },
  }],
  ['PIPESTATUS', { get: (shell) => shell.pipeStatus.map(String), ignoresAssignment: true }],
  ['SRANDOM', { get: (shell) => String(shell.sys.random(2 ** 32)), ignoresAssignment: true }],
  ['SECONDS', {
    get: (shell) => String(Math.floor((shell.sys.monotonicUs() - shell.startedUs) / 1_000_000) + shell.secondsOffset),
    set: (shell, value) => {
      shell.secondsOffset = Number(shell.arithmetic(value)) - Math.floor((shell.sys.monotonicUs() - shell.startedUs) / 1_000_000);
    },
  }],
  ['LINENO', { get: (shell) => String(shell.line), ignoresAssignment: true }],
  ['BASHPID', { get: (shell) => String(shell.sys.pid), ignoresAssignment: true }],
  ['BASH_SUBSHELL', { get: (shell) => String(shell.subshellDepth), ignoresAssignment: true }],
  ['BASH_COMMAND', { get: (shell) => (shell.commandSource === undefined ? shell.commandText : printInline(shell.commandSource)), ignoresAssignment: true }],
  ['EPOCHSECONDS', { get: (shell) => String(Math.floor(shell.sys.now() / 1_000_000)), ignoresAssignment: true }],
  ['EPOCHREALTIME', { get: (shell) => `${Math.floor(shell.sys.now() / 1_000_000)}.${String(shell.sys.now() % 1_000_000).padStart(6, '0')}`, ignoresAssignment: true }],
  ['PPID', { get: (shell) => String(shell.interactivePpid()), isReadOnly: true }],
  ['UID', { get: (shell) => String(shell.sys.realUid), isReadOnly: true }],
  ['EUID', { get: (shell) => String(shell.sys.uid), isReadOnly: true }],
  ['GROUPS', { get: (shell) => [...new Set([shell.sys.gid, ...shell.sys.groups])].map(String), ignoresAssignment: true }],
  ['FUNCNAME', { get: (shell) => (shell.frames.some((frame) => frame.kind === 'function') ? [...[...shell.frames].reverse().map((frame) => (frame.kind === 'source' ? 'source' : frame.name)), ...(shell.isCommandString || shell.readsStdin ? [] : ['main'])] : undefined), ignoresAssignment: true }],
  ['BASH_SOURCE', { get: (shell) => (shell.frames.length > 0 ? [...[...shell.frames].reverse().map((frame) => frame.source), ...(shell.isCommandString || shell.readsStdin ? [] : [shell.source])] : shell.isCommandString || shell.readsStdin ? undefined : [shell.source]), ignoresAssignment: true }],
  ['BASH_LINENO', { get: (shell) => [...[...shell.frames].reverse().map((frame) => String(frame.callLine)), ...(shell.isCommandString || shell.readsStdin ? [] : ['0'])], ignoresAssignment: true }],
  ['DIRSTACK', { get: (shell) => [shell.get('PWD') ?? shell.sys.cwd, ...shell.directoryStack], ignoresAssignment: true }],
  ['BASHOPTS', { get: (shell) => shell.options.shoptNames().join(':'), isReadOnly: true }],
  ['SHELLOPTS', { get: (shell) => shell.options.setNames().join(':'), isReadOnly: true }],
  ['BASH_ARGV0', { get: (shell) => shell.name, set: (shell, value) => { shell.name = value; } }],
  ['HISTCMD', { get: (shell) => String(shell.historyNumber()), ignoresAssignment: true }],
]);
