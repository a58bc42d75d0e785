/** Signal numbers, names and default actions. Read first: signal(7) */
import type { SignalName } from './sys.ts';

export const SIGNAL_NUMBERS: Readonly<Record<SignalName, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CHLD: 17,
  CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, PWR: 30, SYS: 31,
};

export const SIGNAL_NAMES: readonly SignalName[] = Object.keys(SIGNAL_NUMBERS) as SignalName[];

const BY_NUMBER = new Map<number, SignalName>(SIGNAL_NAMES.map((name) => [SIGNAL_NUMBERS[name], name]));

export function signalNumber(name: SignalName): number {
  return SIGNAL_NUMBERS[name];
}

export function signalByNumber(number: number): SignalName | undefined {
  return BY_NUMBER.get(number);
}

/** What strsignal(3) says, as shells print it for a job that a signal ended. */
const DESCRIPTIONS: Readonly<Record<SignalName, string>> = {
  HUP: 'Hangup', INT: 'Interrupt', QUIT: 'Quit', ILL: 'Illegal instruction', TRAP: 'Trace/breakpoint trap', ABRT: 'Aborted', BUS: 'Bus error',
  FPE: 'Floating point exception', KILL: 'Killed', USR1: 'User defined signal 1', SEGV: 'Segmentation fault', USR2: 'User defined signal 2',
  PIPE: 'Broken pipe', ALRM: 'Alarm clock', TERM: 'Terminated', CHLD: 'Child exited', CONT: 'Continued', STOP: 'Stopped (signal)', TSTP: 'Stopped',
  TTIN: 'Stopped (tty input)', TTOU: 'Stopped (tty output)', URG: 'Urgent I/O condition', XCPU: 'CPU time limit exceeded', XFSZ: 'File size limit exceeded',
  VTALRM: 'Virtual timer expired', PROF: 'Profiling timer expired', WINCH: 'Window changed', IO: 'I/O possible', PWR: 'Power failure', SYS: 'Bad system call',
};

export function signalDescription(name: SignalName): string {
  return DESCRIPTIONS[name];
}

export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

export function defaultAction(name: SignalName): DefaultAction {
  switch (name) {
    case 'CHLD': case 'URG': case 'WINCH': return 'ignore';
    case 'STOP': case 'TSTP': case 'TTIN': case 'TTOU': return 'stop';
    case 'CONT': return 'continue';
    case 'QUIT': case 'ILL': case 'TRAP': case 'ABRT': case 'BUS': case 'FPE': case 'SEGV': case 'XCPU': case 'XFSZ': case 'SYS': return 'core';
    default: return 'terminate';
  }
}
