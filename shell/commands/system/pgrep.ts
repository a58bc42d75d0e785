/** pgrep, pkill, killall, pidof: processes by what they are. Read first: src/pgrep.c of procps 4.0.2, killall(1) of psmisc 23.6, pidof(8) of sysvinit 3.06 */
import type { ExitCode, ProcessView, SignalName, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { compileRegex } from '../../lib/regex/regex.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { parseSignal, signalNumbers } from './run.ts';
import { killallUsage, pgrepUsage, pidwaitUsage, pkillUsage } from './usage.ts';

const long = {
  signal: 'required', 'ignore-ancestors': 'none=A', count: 'none=c', cgroup: 'required', delimiter: 'required=d', 'list-name': 'none=l', 'list-full': 'none=a', full: 'none=f', pgroup: 'required=g', group: 'required=G', 'ignore-case': 'none=i', newest: 'none=n', oldest: 'none=o',
  older: 'required=O', parent: 'required=P', session: 'required=s', terminal: 'required=t', euid: 'required=u', uid: 'required=U', inverse: 'none=v', lightweight: 'none=w', exact: 'none=x', pidfile: 'required=F', logpidfile: 'none=L', echo: 'none=e', ns: 'required', nslist: 'required',
  queue: 'required=q', runstates: 'required=r', help: 'none=h', version: 'none=V',
} as const;
/** Options that are a criterion by themselves: no pattern is needed. */
const criteria = ['F', 'G', 'P', 'U', 'g', 'n', 'o', 'O', 's', 't', 'u', 'r', 'cgroup'];

export const pgrep = defineCommand({
  name: 'pgrep', aliases: ['pkill', 'pidwait'], summary: 'find processes by name', package: 'procps',
  run: async (call) => {
    const isKill = call.name === 'pkill';
    const isWait = call.name === 'pidwait';
    const args = [...call.args];
    const signalAt = isKill ? args.findIndex((word) => word.startsWith('-') && parseSignal(word.slice(1)) !== undefined) : -1;
    const typedSignal = signalAt === -1 ? undefined : parseSignal(args.splice(signalAt, 1)[0]!.slice(1));
    const options = parseOptions(args, { short: `${isKill ? 'eq:' : isWait ? 'e' : 'lad:vw'}LF:cfinoxP:O:Ag:s:u:U:G:t:r:Vh`, long });
    const usage = isKill ? pkillUsage : isWait ? pidwaitUsage : pgrepUsage;
    const misuse = (...lines: readonly string[]): ExitCode => {
      for (const line of lines) call.err(`${call.name}: ${line}`);
      return 2;
    };
    if (options.error !== undefined || ['n', 'o', 'v'].filter((letter) => options.has(letter)).length > 1) {
      if (options.error !== undefined) call.err(`${call.name}: ${options.error}`);
      call.writeErr(usage);
      return 2;
    }
    if (options.has('h')) {
      call.write(usage);
      return 0;
    }
    if (options.has('V')) {
      call.out(`${call.name} from procps-ng 4.0.2`);
      return 0;
    }
    const refused = options.options.find(({ name }) => ['L', 'q', 'cgroup', 'ns', 'nslist'].includes(name));
    if (refused !== undefined) return notSimulated(call, `option ${refused.typed}`);
    const hint = `Try \`${call.name} --help' for more information.`;
    const [pattern] = options.operands;
    if (options.operands.length > 1) return misuse(`only one pattern can be provided\n${hint}`);
    if (pattern === undefined && !criteria.some((letter) => options.has(letter))) return misuse(`no matching criteria specified\n${hint}`);
    const made = compileRegex(pattern ?? '', 'posixExtended', { ignoreCase: options.has('i'), isForgiving: true, ...(options.has('x') ? { bounds: 'whole' } : {}) });
    if (!made.ok) return misuse(`regex error: ${made.error}`);
    const fits = await criteriaOf(call, options);
    if (typeof fits === 'string') return fits === 'pidfile not valid' ? (misuse(`${fits}\n${hint}`), 1) : misuse(fits);
    const ancestors = options.has('A') ? ancestorsOf(call.sys) : new Set<number>();
    const isMatch = (process: ProcessView): boolean => fits(process) && (pattern === undefined || made.regex.test(options.has('f') ? commandLine(process) : process.name.slice(0, 15)));
    let found = call.sys.processes().filter((process) => process.pid !== call.sys.pid && !ancestors.has(process.pid) && isMatch(process) !== options.has('v')).sort((left, right) => left.pid - right.pid);
    const byAge = [...found].sort((left, right) => left.startedUs - right.startedUs || left.pid - right.pid);
    if (options.has('n')) found = byAge.slice(-1);
    if (options.has('o')) found = byAge.slice(0, 1);
    if (found.length === 0 && !options.has('f') && (pattern?.length ?? 0) > 15) {
      call.err(`${call.name}: pattern that searches for process name longer than 15 characters will result in zero matches\nTry \`${call.name} -f' option to match against the complete command line.`);
    }
    if (isWait) return waitForAll(call, options, found);
    if (isKill) return killAll(call, options, found, typedSignal ?? 'TERM');
    if (options.has('c')) call.out(String(found.length));
    else if (found.length > 0) call.out(found.map((process) => (options.has('a') ? `${process.pid} ${commandLine(process)}` : options.has('l') ? `${process.pid} ${process.name}` : String(process.pid))).join(options.value('d') ?? '\n'));
    return found.length > 0 ? 0 : 1;
  },
});

function commandLine(process: ProcessView): string {
  return process.argv.length > 0 ? process.argv.join(' ') : process.name;
}

/** A pidfd tells of the end of any process; here it is looked for, as often as a reader would notice. */
const LOOKS_EVERY_US = 20_000;

async function waitForAll(call: Invocation, options: ParsedOptions, found: readonly ProcessView[]): Promise<ExitCode> {
  if (options.has('e')) for (const { name, pid } of found) call.out(`waiting for ${name} (pid ${pid})`);
  if (options.has('c')) call.out(String(found.length));
  await call.flush();
  for (const { pid, startedUs } of found) {
    for (let now = call.sys.process(pid); now !== undefined && now.startedUs === startedUs && now.state !== 'Z'; now = call.sys.process(pid)) await call.sys.sleep(LOOKS_EVERY_US);
  }
  return found.length > 0 ? 0 : 1;
}

function killAll(call: Invocation, options: ParsedOptions, found: readonly ProcessView[], typed: SignalName | 0): ExitCode {
  const word = options.value('signal');
  const signal = word === undefined ? typed : (parseSignal(word) ?? typed);
  let killed = 0;
  for (const process of found) {
    const sent = call.sys.kill(process.pid, signal);
    if (sent.ok) {
      killed += 1;
      if (options.has('e')) call.out(`${process.name} killed (pid ${process.pid})`);
    } else if (sent.error !== 'ESRCH') call.err(`pkill: killing pid ${process.pid} failed: ${strerror(sent.error)}`);
  }
  if (options.has('c')) call.out(String(found.length));
  return killed > 0 ? 0 : 1;
}

function ancestorsOf(sys: Sys): Set<number> {
  const pids = new Set<number>();
  for (let pid = sys.ppid; pid > 0 && !pids.has(pid); pid = sys.process(pid)?.ppid ?? 0) pids.add(pid);
  return pids;
}

/** What the options ask of a process; a text is what is wrong with them. */
async function criteriaOf(call: Invocation, options: ParsedOptions): Promise<((process: ProcessView) => boolean) | string> {
  const { sys } = call;
  const users = new Map(sys.machine.users().map(({ name, uid }) => [name, uid]));
  const groups = new Map(sys.machine.groups().map(({ name, gid }) => [name, gid]));
  const own = sys.process(sys.pid);
  const tests: ((process: ProcessView) => boolean)[] = [];
  /** A list of numbers, names, or 0 for this process's own. */
  const numbers = (letter: string, wrong: string, of: (process: ProcessView) => number, names: ReadonlyMap<string, number> = new Map(), zero?: number): string | undefined => {
    const value = options.value(letter);
    if (value === undefined) return undefined;
    const wanted: number[] = [];
    for (const word of value.split(',')) {
      const number = /^-?\d+$/.test(word) ? Number(word) : names.get(word);
      if (number === undefined) return `${wrong}: ${word}`;
      wanted.push(number === 0 ? (zero ?? 0) : number);
    }
    tests.push((process) => wanted.includes(of(process)));
    return undefined;
  };
  const wrong = numbers('P', 'not a number', ({ ppid }) => ppid) ?? numbers('g', 'invalid process group', ({ processGroup }) => processGroup, undefined, own?.processGroup)
    ?? numbers('s', 'invalid session id', ({ session }) => session, undefined, own?.session) ?? numbers('u', 'invalid user name', ({ uid }) => uid, users) ?? numbers('U', 'invalid user name', ({ uid }) => uid, users) ?? numbers('G', 'invalid group name', ({ gid }) => gid, groups);
  if (wrong !== undefined) return wrong;
  const terminals = options.value('t')?.split(',');
  if (terminals !== undefined) tests.push(({ terminal }) => terminals.includes(terminal ?? '-'));
  const states = options.value('r');
  if (states !== undefined) tests.push(({ state }) => states.includes(state));
  const older = options.value('O');
  if (older !== undefined) tests.push(({ startedUs }) => (sys.now() - startedUs) / 1e6 >= Number(older));
  const file = options.value('F');
  if (file !== undefined) {
    const pid = /^\s*(\d+)/.exec(await sys.readText(file).then((text) => (text.ok ? text.value : '')))?.[1];
    if (pid === undefined) return 'pidfile not valid';
    tests.push((process) => process.pid === Number(pid));
  }
  return (process) => tests.every((test) => test(process));
}

export const killall = defineCommand({
  name: 'killall', summary: 'kill processes by name', package: 'psmisc',
  run: (call) => {
    let signal: SignalName | 0 = 'TERM';
    let isQuiet = false;
    let isVerbose = false;
    let ignoresCase = false;
    let user: string | undefined;
    const names: string[] = [];
    const args = [...call.args];
    const unknownSignal = (word: string): ExitCode => {
      call.err(`${word}: unknown signal; killall -l lists signals.`);
      return 1;
    };
    while (args.length > 0) {
      const word = args.shift()!;
      if (word === '-q' || word === '--quiet') isQuiet = true;
      else if (word === '-v' || word === '--verbose') isVerbose = true;
      else if (word === '-I' || word === '--ignore-case') ignoresCase = true;
      else if (word === '-e' || word === '--exact') continue;
      else if (word === '-u' || word === '--user') user = args.shift();
      else if (word === '-V' || word === '--version') {
        call.err('killall (PSmisc) 23.6\nCopyright (C) 1993-2022 Werner Almesberger and Craig Small\n\nPSmisc comes with ABSOLUTELY NO WARRANTY.\nThis is free software, and you are welcome to redistribute it under\nthe terms of the GNU General Public License.\nFor more information about these matters, see the files named COPYING.');
        return 0;
      } else if (word === '-l' || word === '--list') {
        call.out(Object.keys(signalNumbers).join(' '));
        return 0;
      } else if (word === '-s' || word === '--signal') {
        const typed = args.shift() ?? '';
        const parsed = parseSignal(typed);
        if (parsed === undefined) return unknownSignal(typed);
        signal = parsed;
      } else if (/^-[girwyonZ]$|^--/.test(word)) return notSimulated(call, `option ${word}`);
      else if (word.startsWith('-') && word.length > 1) {
        const parsed = parseSignal(word.slice(1));
        if (parsed === undefined) return unknownSignal(word.slice(1));
        signal = parsed;
      } else names.push(word);
    }
    if (names.length === 0 && user === undefined) {
      call.writeErr(killallUsage);
      return 1;
    }
    const uid = user === undefined ? undefined : call.sys.machine.users().find(({ name }) => name === user)?.uid;
    if (user !== undefined && uid === undefined) {
      call.err(`Cannot find user ${user}`);
      return 1;
    }
    const fold = (text: string): string => (ignoresCase ? text.toLowerCase() : text);
    let code: ExitCode = 0;
    for (const name of names.length === 0 ? [undefined] : names) {
      const found = call.sys.processes().filter((process) => process.pid !== call.sys.pid && (uid === undefined || process.uid === uid) && (name === undefined || fold(process.name) === fold(name) || process.executable === name));
      if (found.length === 0) {
        if (!isQuiet && name !== undefined) call.err(`${name}: no process found`);
        code = 1;
      }
      for (const process of found) {
        const sent = call.sys.kill(process.pid, signal);
        if (sent.ok && isVerbose) call.err(`Killed ${process.name}(${process.pid}) with signal ${signal === 0 ? 0 : signalNumbers[signal]}`);
        if (sent.ok) continue;
        call.err(`${process.name}(${process.pid}): ${strerror(sent.error)}`);
        code = 1;
      }
    }
    return code;
  },
});

export const pidof = defineCommand({
  name: 'pidof', summary: 'find the pids of a running program', package: 'sysvinit-utils',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'csqxzno:d:hV' });
    if (options.error !== undefined) {
      call.err(`pidof: ${options.error}`);
      return 1;
    }
    const { sys } = call;
    const omitted = options.values('o').flatMap((value) => value.split(',')).map((word) => (word === '%PPID' ? sys.ppid : Number(word)));
    const isNamed = ({ argv, executable, name }: ProcessView, wanted: string): boolean => {
      const program = argv[0]?.replace(/^-/, '') ?? name;
      if (wanted.includes('/')) return executable === wanted || program === wanted;
      // A script goes by its interpreter, unless -x.
      const script = options.has('x') ? argv[1]?.replace(/^.*\//, '') : undefined;
      return [program.replace(/^.*\//, ''), name, script].includes(wanted);
    };
    const pids = sys.processes().filter((process) => process.pid !== sys.pid && !omitted.includes(process.pid) && options.operands.some((wanted) => isNamed(process, wanted))).map(({ pid }) => pid).sort((left, right) => right - left);
    if (pids.length === 0) return 1;
    if (!options.has('q')) call.out((options.has('s') ? pids.slice(0, 1) : pids).join(options.value('d') ?? ' '));
    return 0;
  },
});
