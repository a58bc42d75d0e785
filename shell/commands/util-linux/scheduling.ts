/** renice, taskset, ionice, chrt of util-linux 2.38.1: a process's standing with the scheduler. Read first: sys-utils/renice.c, schedutils/{taskset,ionice,chrt}.c */
import type { ExitCode, ProcessView, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { execute, tryHelp, utilLinuxOptions } from './common.ts';
import { helpTexts } from './help.ts';

type Scheduling = Extract<ReturnType<Sys['scheduling']>, { ok: true }>['value'];

const isNumber = (word: string | undefined): word is string => word !== undefined && /^[+-]?\d+$/.test(word);

function fail(call: Invocation, text: string): ExitCode {
  call.err(`${call.name}: ${text}`);
  return 1;
}

const PRIO_KINDS = { p: 'process ID', g: 'process group ID', u: 'user ID' } as const;

export const renice = defineCommand({
  name: 'renice', summary: 'alter priority of running processes', package: 'bsdutils', path: '/usr/bin/renice',
  run: (call) => {
    const words = [...call.args];
    if (words.length === 1 && (words[0] === '-h' || words[0] === '--help')) {
      call.write(helpTexts.renice);
      return 0;
    }
    if (words.length === 1 && /^(-v|-V|--version)$/.test(words[0]!)) {
      call.out('renice from util-linux 2.38.1');
      return 0;
    }
    if (words[0] === '-n' || words[0] === '--priority') words.shift();
    if (words.length < 2) return tryHelp(call, 'not enough arguments');
    const priority = words.shift()!;
    if (!isNumber(priority)) return tryHelp(call, `invalid priority '${priority}'`);
    let kind: keyof typeof PRIO_KINDS = 'p';
    let code: ExitCode = 0;
    for (const word of words) {
      if (/^(-[pgu]|--(pid|pgrp|user))$/.test(word)) {
        kind = word === '--pgrp' ? 'g' : (word.replace(/^-+/, '')[0] as 'p' | 'u' | 'g');
        continue;
      }
      const who = kind === 'u' && !/^\d+$/.test(word) ? call.sys.machine.users().find(({ name }) => name === word)?.uid : /^\d+$/.test(word) ? Number(word) : undefined;
      if (who === undefined) {
        code = fail(call, kind === 'u' ? `unknown user ${word}` : `bad ${PRIO_KINDS[kind]} value: ${word}`);
        continue;
      }
      code = reniceOne(call, kind, who, Number(priority)) || code;
    }
    return code;
  },
});

function reniceOne(call: Invocation, kind: keyof typeof PRIO_KINDS, who: number, niceness: number): ExitCode {
  const { sys } = call;
  const isMeant = (process: ProcessView): boolean => (kind === 'p' ? process.pid === (who === 0 ? sys.pid : who) : kind === 'g' ? process.processGroup === who : process.uid === who);
  const found = sys.processes().filter(isMeant);
  const label = `${who} (${PRIO_KINDS[kind]})`;
  if (found.length === 0) return fail(call, `failed to get priority for ${label}: ${strerror('ESRCH')}`);
  const lowest = (): number => Math.min(...found.map(({ pid }) => sys.process(pid)?.niceness ?? 0));
  const before = lowest();
  for (const { pid } of found) {
    const set = sys.setScheduling(pid, { niceness });
    if (!set.ok) return fail(call, `failed to set priority for ${label}: ${strerror(set.error)}`);
  }
  call.out(`${label} old priority ${before}, new priority ${lowest()}`);
  return 0;
}

/** `0,2-3` or a hexadecimal mask; undefined when it is neither. */
function processorsOf(word: string, isList: boolean): number | undefined {
  if (!isList) return /^(0x)?[0-9a-f]+$/i.test(word) ? Number.parseInt(word.replace(/^0x/i, '').slice(-8), 16) : undefined;
  let mask = 0;
  for (const part of word.split(',')) {
    const range = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part);
    if (range === null) return undefined;
    const to = Math.min(31, Number(range[2] ?? range[1]));
    for (let at = Number(range[1]); at <= to; at += Number(range[3] ?? '1') || 1) mask |= 1 << at;
  }
  return mask >>> 0;
}

function processorText(mask: number, isList: boolean): string {
  if (!isList) return mask.toString(16);
  const numbers: number[] = [];
  for (let at = 0; at < 32; at += 1) if ((mask & (1 << at)) !== 0) numbers.push(at);
  return numbers.join(',');
}

export const taskset = defineCommand({
  name: 'taskset', summary: 'set or retrieve a process\'s CPU affinity', package: 'util-linux', path: '/usr/bin/taskset',
  run: async (call) => {
    const options = utilLinuxOptions(call, { short: '+apc', long: { 'all-tasks': 'none=a', pid: 'none=p', 'cpu-list': 'none=c' } });
    if (typeof options === 'number') return options;
    const { sys } = call;
    const isList = options.has('c');
    const words = [...options.operands];
    const what = isList ? 'list' : 'mask';
    const isPid = options.has('p');
    if (words.length < (isPid ? 1 : 2)) return tryHelp(call, 'bad usage');
    const pidWord = isPid ? words.at(-1)! : String(sys.pid);
    if (!isNumber(pidWord)) return fail(call, `invalid PID argument: '${pidWord}'`);
    const pid = Number(pidWord);
    const show = (age: 'current' | 'new'): ExitCode => {
      const got = sys.scheduling(pid);
      if (!got.ok) return fail(call, `failed to get pid ${pid}'s affinity: ${strerror(got.error)}`);
      call.out(`pid ${pid}'s ${age} affinity ${what}: ${processorText(got.value.processors, isList)}`);
      return 0;
    };
    if (isPid) {
      const code = show('current');
      if (code !== 0 || words.length === 1) return code;
    }
    const mask = processorsOf(words[0]!, isList);
    if (mask === undefined) return fail(call, `failed to parse CPU ${what}: ${words[0]!}`);
    const set = sys.setScheduling(pid, { processors: mask });
    if (!set.ok) return fail(call, `failed to set pid ${pid}'s affinity: ${strerror(set.error)}`);
    return isPid ? show('new') : execute(call, words.slice(1));
  },
});

const IO_CLASSES = ['none', 'realtime', 'best-effort', 'idle'] as const;

export const ionice = defineCommand({
  name: 'ionice', summary: 'set or get process I/O scheduling class and priority', package: 'util-linux', path: '/usr/bin/ionice',
  run: async (call) => {
    const options = utilLinuxOptions(call, { short: '+n:c:p:P:u:t', long: { classdata: 'required=n', class: 'required=c', pid: 'required=p', pgid: 'required=P', uid: 'required=u', ignore: 'none=t' } });
    if (typeof options === 'number') return options;
    for (const letter of ['P', 'u']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
    const { sys } = call;
    const classWord = options.value('c');
    const numbered = IO_CLASSES.findIndex((name, at) => name === classWord?.toLowerCase() || String(at) === classWord);
    if (classWord !== undefined && numbered < 0 && !/^\d+$/.test(classWord)) return fail(call, `unknown scheduling class: '${classWord}'`);
    if (classWord !== undefined && numbered < 0) return notSimulated(call, `scheduling class ${classWord}`);
    const levelWord = options.value('n');
    if (levelWord !== undefined && !isNumber(levelWord)) return fail(call, `invalid class data argument: '${levelWord}'`);
    const ioClass = IO_CLASSES[classWord === undefined ? 2 : numbered]!;
    const ioLevel = ioClass === 'none' || ioClass === 'idle' ? 0 : Number(levelWord ?? '4');
    const pidWords = options.has('p') ? [options.value('p')!, ...options.operands] : [];
    const isChange = classWord !== undefined || levelWord !== undefined;
    if (levelWord !== undefined && (ioClass === 'none' || ioClass === 'idle')) call.err(`ionice: ignoring given class data for ${ioClass} class`);
    const refusal = (what: string, error: Parameters<typeof strerror>[0]): ExitCode => (options.has('t') && what === 'set' ? 0 : fail(call, `ioprio_${what} failed: ${strerror(error)}`));
    const change = (pid: number): ExitCode => {
      const set = sys.setScheduling(pid, { ioClass, ioLevel });
      return set.ok ? 0 : refusal('set', set.error);
    };
    const show = (pid: number): ExitCode => {
      const got = sys.scheduling(pid);
      if (!got.ok) return refusal('get', got.error);
      call.out(got.value.ioClass === 'idle' ? 'idle' : `${got.value.ioClass}: prio ${got.value.ioLevel}`);
      return 0;
    };
    for (const word of pidWords) {
      if (!/^\d+$/.test(word)) return fail(call, `invalid PID argument: '${word}'`);
      const code = isChange ? change(Number(word)) : show(Number(word));
      if (code !== 0) return code;
    }
    if (pidWords.length > 0) return 0;
    if (options.operands.length === 0) return isChange ? tryHelp(call, 'bad usage') : show(sys.pid);
    return change(sys.pid) || execute(call, options.operands);
  },
});

const POLICIES: Readonly<Record<string, Scheduling['policy']>> = { o: 'OTHER', f: 'FIFO', r: 'RR', b: 'BATCH', i: 'IDLE' };

export const chrt = defineCommand({
  name: 'chrt', summary: 'manipulate the real-time attributes of a process', package: 'util-linux', path: '/usr/bin/chrt',
  run: async (call) => {
    const options = utilLinuxOptions(call, {
      short: '+abdfimoprRT:P:D:v',
      long: { 'all-tasks': 'none=a', batch: 'none=b', deadline: 'none=d', fifo: 'none=f', idle: 'none=i', max: 'none=m', other: 'none=o', pid: 'none=p', rr: 'none=r', 'reset-on-fork': 'none=R', verbose: 'none=v' },
    });
    if (typeof options === 'number') return options;
    for (const letter of ['a', 'd', 'R', 'T', 'P', 'D', 'v']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
    const { sys } = call;
    if (options.has('m')) {
      for (const [name, range] of [['OTHER', '0/0'], ['FIFO', '1/99'], ['RR', '1/99'], ['BATCH', '0/0'], ['IDLE', '0/0'], ['DEADLINE', '0/0']]) call.out(`SCHED_${name!} min/max priority\t: ${range!}`);
      return 0;
    }
    const words = [...options.operands];
    const isPid = options.has('p');
    if (words.length < (isPid ? 1 : 2)) return tryHelp(call, 'bad usage');
    const pidWord = isPid ? words.at(-1)! : String(sys.pid);
    if (!isNumber(pidWord)) return fail(call, `invalid PID argument: '${pidWord}'`);
    const pid = Number(pidWord);
    if (isPid && words.length === 1) {
      const got = sys.scheduling(pid);
      if (!got.ok) return fail(call, `failed to get pid ${pid}'s policy: ${strerror(got.error)}`);
      call.out(`pid ${pid}'s current scheduling policy: SCHED_${got.value.policy}`);
      call.out(`pid ${pid}'s current scheduling priority: ${got.value.priority}`);
      return 0;
    }
    const policy = POLICIES[options.options.findLast(({ name }) => POLICIES[name] !== undefined)?.name ?? 'r']!;
    if (!isNumber(words[0])) return fail(call, `invalid priority argument: '${words[0]!}'`);
    const priority = Number(words[0]);
    const isRealTime = policy === 'FIFO' || policy === 'RR';
    if (isRealTime ? priority < 1 || priority > 99 : priority !== 0) return fail(call, `unsupported priority value for the policy: ${priority}: see --max for valid range`);
    const set = sys.setScheduling(pid, { policy, priority });
    if (!set.ok) return fail(call, `failed to set pid ${pid}'s policy: ${strerror(set.error)}`);
    return isPid ? 0 : execute(call, words.slice(1));
  },
});
