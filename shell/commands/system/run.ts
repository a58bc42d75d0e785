/** sleep, timeout, env, nohup, nice, time, setsid, kill, xargs' little sisters: what runs other programs. Read first: coreutils manual, chapters 23 and 24. */
import type { ExitCode, SignalName, WaitStatus } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { named, quoted } from '../coreutils/quote.ts';
import { defineCommand, type Invocation } from '../define.ts';

export const signalNumbers: Readonly<Record<SignalName, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15, CHLD: 17, CONT: 18, STOP: 19,
  TSTP: 20, TTIN: 21, TTOU: 22, URG: 23, XCPU: 24, XFSZ: 25, VTALRM: 26, PROF: 27, WINCH: 28, IO: 29, PWR: 30, SYS: 31,
};

export function parseSignal(text: string): SignalName | 0 | undefined {
  if (text === '0') return 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const found = Object.entries(signalNumbers).find(([key, number]) => key === name || String(number) === text);
  return found?.[0] as SignalName | undefined;
}

/** 1.5, 2s, 3m, 4h, 5d in microseconds. */
function duration(text: string): number | undefined {
  const match = /^(\d+\.?\d*|\.\d+)(?:e([+-]?\d+))?([smhd]?)$/i.exec(text);
  if (match === null) return /^inf(inity)?$/i.test(text) ? Number.MAX_SAFE_INTEGER : undefined;
  return Math.round(Number(`${match[1]}e${match[2] ?? '0'}`) * { '': 1, s: 1, m: 60, h: 3600, d: 86400 }[match[3] as '' | 's']! * 1e6);
}

export const sleep = defineCommand({
  name: 'sleep', summary: 'wait', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '', long: { help: 'none', version: 'none' } });
    if (options === undefined) return 1;
    if (options.operands.length === 0) {
      call.err("sleep: missing operand\nTry 'sleep --help' for more information.");
      return 1;
    }
    const bad = options.operands.filter((word) => duration(word) === undefined);
    if (bad.length > 0) {
      for (const word of bad) call.err(`sleep: invalid time interval ${named(word)}`);
      call.err("Try 'sleep --help' for more information.");
      return 1;
    }
    let leftUs = options.operands.reduce((sum, word) => sum + duration(word)!, 0);
    while (leftUs > 0) {
      const slept = await call.sys.sleep(Math.min(leftUs, 2 ** 50));
      if (slept.ok) break;
      leftUs = slept.remainingUs ?? 0;
    }
    return 0;
  },
});

export function statusCode(status: WaitStatus): ExitCode {
  if (status.kind === 'exited') return status.code;
  return status.kind === 'signalled' || status.kind === 'stopped' ? 128 + signalNumbers[status.signal] : 0;
}

/** execvp(): 127 when it is not there, 126 when it cannot be run. */
export async function execute(call: Invocation, argv: readonly string[], env: ReadonlyMap<string, string>, quote: (text: string) => string, path = env.get('PATH')): Promise<ExitCode> {
  const { sys } = call;
  const program = sys.findProgram(argv[0]!, path);
  await call.flush();
  const failed = program.ok ? await sys.exec(program.value, argv, env) : program;
  const error = failed.ok ? 'ENOENT' : failed.error;
  call.err(`${call.name}: failed to run command ${quote(argv[0]!)}: ${strerror(error)}`);
  return error === 'ENOENT' ? 127 : 126;
}

export const timeout = defineCommand({
  name: 'timeout', summary: 'run a command with a time limit', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '+k:s:v', long: { 'kill-after': 'required=k', signal: 'required=s', verbose: 'none=v', foreground: 'none', 'preserve-status': 'none' } });
    if (options === undefined) return 125;
    const problem = (text: string): ExitCode => {
      call.err(`timeout: ${text}\nTry 'timeout --help' for more information.`);
      return 125;
    };
    const [limitWord, ...argv] = options.operands;
    if (limitWord === undefined || argv.length === 0) return problem('missing operand');
    const limitUs = duration(limitWord);
    if (limitUs === undefined) return problem(`invalid time interval ${named(limitWord)}`);
    const killAfter = options.value('k');
    const killUs = killAfter === undefined ? undefined : duration(killAfter);
    if (killAfter !== undefined && killUs === undefined) return problem(`invalid time interval ${named(killAfter)}`);
    const signalWord = options.value('s') ?? 'TERM';
    const signal = parseSignal(signalWord);
    if (signal === undefined || signal === 0) return problem(`${named(signalWord)}: invalid signal`);
    const { sys } = call;
    const program = sys.findProgram(argv[0]!);
    const startUs = sys.monotonicUs();                      // the timer is armed before the child runs
    if (!options.has('foreground')) sys.setProcessGroup(0, 0);
    const child = program.ok ? await sys.spawn(program.value, { argv }) : program;
    if (!child.ok) {
      call.err(`timeout: failed to run command ${named(argv[0]!)}: ${strerror(child.error)}`);
      return child.error === 'ENOENT' ? 127 : 126;
    }
    let isOver = false;
    const send = (which: SignalName): void => {
      sys.kill(child.value, which);
      if (options.has('foreground')) return;
      const before = sys.onSignal(which, 'ignore');
      sys.kill(0, which);
      if (which !== 'KILL') sys.onSignal(which, before);
      if (which !== 'KILL' && which !== 'CONT') {
        sys.kill(child.value, 'CONT');
      }
    };
    for (const passed of ['TERM', 'INT', 'HUP', 'QUIT'] as const) sys.onSignal(passed, () => send(passed));
    sys.onSignal('TTIN', 'ignore');
    sys.onSignal('TTOU', 'ignore');
    sys.onSignal('CHLD', () => undefined);
    const waitFor = async (us: number, fromUs = sys.monotonicUs()): Promise<WaitStatus | undefined> => {
      const endUs = fromUs + us;
      for (;;) {
        const got = await sys.wait(child.value, { noHang: true });
        if (got.ok && got.value !== undefined) return got.value.status;
        if (!got.ok) return { kind: 'exited', code: 0 };
        const leftUs = endUs - sys.monotonicUs();
        if (us > 0 && leftUs <= 0) return undefined;
        await sys.sleep(us > 0 ? leftUs : 3_600_000_000);
      }
    };
    let status = await waitFor(limitUs, startUs);
    if (status === undefined) {
      isOver = true;
      if (options.has('v')) call.err(`timeout: sending signal ${signal} to command ${named(argv[0]!)}`);
      send(signal);
      status = await waitFor(killUs ?? 0);
      if (status === undefined) {
        if (options.has('v')) call.err(`timeout: sending signal KILL to command ${named(argv[0]!)}`);
        sys.kill(child.value, 'KILL');
        status = await waitFor(0);
      }
    }
    const code = statusCode(status!);
    if (isOver && !options.has('preserve-status')) return status!.kind === 'signalled' && status!.signal === 'KILL' ? 137 : 124;
    return code;
  },
});

export const env = defineCommand({
  name: 'env', summary: 'run a command in another environment', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '+C:iS:u:v0', long: { 'ignore-environment': 'none=i', unset: 'required=u', chdir: 'required=C', null: 'none=0', 'split-string': 'required=S' } });
    if (options === undefined) return 125;
    const words = [...options.operands];
    const split = options.value('S');
    if (split !== undefined) words.unshift(...split.split(/\s+/));
    let isEmpty = options.has('i');
    if (words[0] === '-') {
      isEmpty = true;
      words.shift();
    }
    const made = new Map(isEmpty ? [] : call.env);
    for (const name of options.values('u')) made.delete(name);
    while (words[0]?.includes('=') === true) {
      const word = words.shift()!;
      made.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
    }
    const directory = options.value('C');
    if (directory !== undefined) {
      const moved = call.sys.chdir(directory);
      if (!moved.ok) {
        call.err(`env: cannot change directory to ${quoted(directory)}: ${strerror(moved.error)}`);
        return 125;
      }
    }
    if (words.length === 0) {
      for (const [name, value] of made) call.write(`${name}=${value}${options.has('0') ? '\0' : '\n'}`);
      return 0;
    }
    const { sys } = call;
    const program = sys.findProgram(words[0]!, made.get('PATH') ?? '/bin:/usr/bin');
    await call.flush();
    const failed = program.ok ? await sys.exec(program.value, words, made) : program;
    const error = failed.ok ? 'ENOENT' : failed.error;
    call.err(`env: ${named(words[0]!)}: ${strerror(error)}`);
    if (error === 'ENOENT' && /\s/.test(words[0]!)) call.err('env: use -[v]S to pass options in shebang lines');
    return error === 'ENOENT' ? 127 : 126;
  },
});

export const printenv = defineCommand({
  name: 'printenv', summary: 'print environment variables', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { short: '+0', long: { null: 'none=0' } });
    if (options === undefined) return 2;
    if (options.operands.length === 0) for (const [name, value] of call.env) call.out(`${name}=${value}`);
    let code: ExitCode = 0;
    for (const name of options.operands) {
      const value = call.env.get(name);
      if (value === undefined) code = 1;
      else call.out(value);
    }
    return code;
  },
});

export const nohup = defineCommand({
  name: 'nohup', summary: 'run a command immune to hangups', package: 'coreutils',
  run: async (call) => {
    const argv = call.args[0] === '--' ? call.args.slice(1) : call.args;
    if (argv.length === 0) {
      call.err("nohup: missing operand\nTry 'nohup --help' for more information.");
      return 125;
    }
    const { sys } = call;
    const ignoresInput = sys.isTerminal(0);
    const redirects = sys.isTerminal(1);
    if (ignoresInput) {
      const none = await sys.open('/dev/null', { read: true });
      if (none.ok) sys.duplicate(none.value, 0);
    }
    if (redirects) {
      let file = 'nohup.out';
      let opened = await sys.open(file, { write: true, create: true, append: true, mode: 0o600 });
      if (!opened.ok) {
        file = `${sys.env.get('HOME') ?? ''}/nohup.out`;
        opened = await sys.open(file, { write: true, create: true, append: true, mode: 0o600 });
      }
      if (opened.ok) sys.duplicate(opened.value, 1);
      call.err(`nohup: ${ignoresInput ? 'ignoring input and ' : ''}appending output to ${quoted(file)}`);
    } else if (ignoresInput) call.err(sys.isTerminal(2) ? 'nohup: ignoring input and redirecting stderr to stdout' : 'nohup: ignoring input');
    await call.flush();
    if (sys.isTerminal(2)) sys.duplicate(1, 2);
    sys.onSignal('HUP', 'ignore');
    return execute(call, argv, call.env, quoted);
  },
});

export const nice = defineCommand({
  name: 'nice', summary: 'run a command with another priority', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '+n:', long: { adjustment: 'required=n' } });
    if (options === undefined) return 125;
    if (options.operands.length === 0 && options.has('n')) {
      call.err("nice: a command must be given with an adjustment\nTry 'nice --help' for more information.");
      return 125;
    }
    if (options.operands.length === 0) {
      call.out(String(call.sys.nice(0)));
      return 0;
    }
    call.sys.nice(Number(options.value('n') ?? '10'));
    return execute(call, options.operands, call.env, named);
  },
});

export const setsid = defineCommand({
  name: 'setsid', summary: 'run a program in a new session', package: 'util-linux',
  run: async (call) => {
    const args = call.args.filter((word, index) => !(index === 0 && /^-[cfw]+$|^--$/.test(word)));
    if (args.length === 0) {
      call.err('setsid: no command specified\nTry \'setsid --help\' for more information.');
      return 1;
    }
    const { sys } = call;
    const program = sys.findProgram(args[0]!);
    const own = sys.getProcessGroup();
    const isLeader = own.ok && own.value === sys.pid;
    if (!isLeader) {
      sys.setSession();
      return execute(call, args, call.env, (text) => text);
    }
    const child = program.ok ? await sys.spawn(program.value, { argv: args, newSession: true }) : program;
    if (child.ok) return 0;
    call.err(`setsid: failed to execute ${args[0]!}: ${strerror(child.error)}`);
    return child.error === 'ENOENT' ? 127 : 126;
  },
});

export const isTrue = defineCommand({ name: 'true', summary: 'succeed', package: 'coreutils', run: () => 0 });
export const isFalse = defineCommand({ name: 'false', summary: 'fail', package: 'coreutils', run: () => 1 });

// ---------------------------------------------------------------- kill and its relatives
function sendTo(call: Invocation, pid: number, signal: SignalName | 0, word: string): boolean {
  const sent = call.sys.kill(pid, signal);
  if (!sent.ok) call.err(`${call.name}: (${word}): ${strerror(sent.error)}`);
  return sent.ok;
}

export const kill = defineCommand({
  name: 'kill', summary: 'send a signal to processes', package: 'procps',
  run: (call) => {
    let signal: SignalName | 0 = 'TERM';
    const args = [...call.args];
    const first = args[0];
    if (first === '-l' || first === '-L' || first === '--list') {
      const names = Object.entries(signalNumbers);
      if (args[1] !== undefined) {
        const found = parseSignal(args[1]);
        call.out(found === undefined || found === 0 ? '' : /^\d+$/.test(args[1]) ? found : String(signalNumbers[found]));
      } else call.out(names.map(([name]) => name).join(' '));
      return 0;
    }
    if (first === '-s' || first === '--signal' || first === '-n') {
      const parsed = parseSignal(args[1] ?? '');
      if (parsed === undefined) {
        call.err(`kill: unknown signal name ${args[1] ?? ''}`);
        return 1;
      }
      signal = parsed;
      args.splice(0, 2);
    } else if (first !== undefined && /^-[A-Za-z0-9]+$/.test(first) && (args.length > 1 || !/^-\d+$/.test(first))) {
      const parsed = parseSignal(first.slice(1));
      if (parsed === undefined) {
        call.err(`kill: unknown signal name ${first.slice(1)}`);
        return 1;
      }
      signal = parsed;
      args.shift();
    }
    if (args[0] === '--') args.shift();
    if (args.length === 0) {
      call.err('\nUsage:\n kill [options] <pid> [...]\n\nOptions:\n <pid> [...]            send signal to every <pid> listed\n -<signal>, -s, --signal <signal>\n                        specify the <signal> to be sent\n -q, --queue <value>    integer value to be sent with the signal\n -l, --list=[<signal>]  list all signal names, or convert one to a name\n -L, --table            list all signal names in a nice table\n\n -h, --help     display this help and exit\n -V, --version  output version information and exit\n\nFor more details see kill(1).');
      return 1;
    }
    let code: ExitCode = 0;
    for (const word of args) {
      if (!/^-?\d+$/.test(word)) {
        call.err(`kill: failed to parse argument: '${word}'`);
        code = 1;
      } else if (!sendTo(call, Number(word), signal, word)) code = 1;
    }
    return code;
  },
});
