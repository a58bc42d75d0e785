/** fuser(1) of psmisc 23.6: who uses a file or a port. Read first: src/fuser.c */
import type { ExitCode, FileStat, ProcessView } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { readServices } from '../../lib/services.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { parseSignal, signalNumbers } from '../system/run.ts';
import { fuserUsage } from './usage.ts';

export const fuser = defineCommand({
  name: 'fuser', summary: 'identify processes using files or sockets', package: 'psmisc', path: '/usr/bin/fuser',
  run: (call) => runFuser(call),
});

type Space = 'file' | 'tcp' | 'udp';
interface Flags { all: boolean; interactive: boolean; kill: boolean; mount: boolean; silent: boolean; user: boolean; verbose: boolean; writeOnly: boolean; family: 'inet' | 'inet6' | undefined; signal: ReturnType<typeof parseSignal> }
/** A name that was asked for, and how each process uses it: letters of `cfFrem`. */
interface Asked { readonly shown: string; readonly users: Map<number, Set<string>>; test(process: ProcessView): Iterable<string> }

const LONG: Readonly<Record<string, string>> = { all: 'a', interactive: 'i', inode: 'I', kill: 'k', 'list-signals': 'l', mount: 'm', ismountpoint: 'M', namespace: 'n', silent: 's', user: 'u', verbose: 'v', writeonly: 'w', version: 'V', ipv4: '4', ipv6: '6', help: 'h' };

async function runFuser(call: Invocation): Promise<ExitCode> {
  const flags: Flags = { all: false, interactive: false, kill: false, mount: false, silent: false, user: false, verbose: false, writeOnly: false, family: undefined, signal: 'KILL' };
  const names: { space: Space; name: string }[] = [];
  const misuse = (text?: string): ExitCode => {
    if (text !== undefined) call.err(text);
    call.writeErr(`${fuserUsage}\n`);
    return 1;
  };
  let space: Space = 'file';
  const args = [...call.args];
  while (args.length > 0) {
    const word = args.shift()!;
    if (!word.startsWith('-') || word.length === 1) {
      names.push({ space, name: word });
      continue;
    }
    if (word.startsWith('--') && LONG[word.slice(2)] === undefined) return misuse(`fuser: Invalid option ${word}`);
    const signal = /^-[A-Z0-9]{2,}$|^-\d$/.test(word) && !/^-[46]$/.test(word) ? parseSignal(word.slice(1)) : undefined;
    if (signal !== undefined) {
      flags.signal = signal;
      continue;
    }
    for (let at = 0, letters = word.startsWith('--') ? LONG[word.slice(2)]! : word.slice(1); at < letters.length; at += 1) {
      const letter = letters[at]!;
      switch (letter) {
        case 'a': flags.all = true; break;
        case 'c': case 'm': flags.mount = true; break;
        case 'f': case 'I': break;
        case 'i': flags.interactive = true; break;
        case 'k': flags.kill = true; break;
        case 's': flags.silent = true; break;
        case 'u': flags.user = true; break;
        case 'v': flags.verbose = true; break;
        case 'w': flags.writeOnly = true; break;
        case '4': flags.family = 'inet'; break;
        case '6': flags.family = 'inet6'; break;
        case 'M': return notSimulated(call, 'option -M');
        case 'h': return misuse();
        case 'l': return listSignals(call);
        case 'V':
          call.err('fuser (PSmisc) 23.6\nCopyright (C) 1993-2022 Werner Almesberger and Craig Small\n\nPSmisc comes with ABSOLUTELY NO WARRANTY.\nThis is free software, and you are welcome to redistribute it under\nthe terms of the GNU General Public License.\nFor more information about these matters, see the files named COPYING.');
          return 0;
        case 'n': {
          const typed = at + 1 < letters.length ? letters.slice(at + 1) : args.shift();
          if (typed !== 'file' && typed !== 'tcp' && typed !== 'udp') return misuse('Invalid namespace name');
          space = typed;
          at = letters.length;
          break;
        }
        default: return misuse(`fuser: Invalid option ${letter}`);
      }
    }
  }
  if (names.length === 0) return misuse('No process specification given');

  const asked: Asked[] = [];
  for (const { space: inSpace, name } of names) {
    const suffix = /^(.*)\/(tcp|udp)$/.exec(name);
    const one = inSpace !== 'file' ? await socketAsked(call, flags, name, inSpace) : suffix !== null && !call.sys.stat(name).ok ? await socketAsked(call, flags, suffix[1]!, suffix[2] as Space) : fileAsked(call, flags, name);
    if (typeof one === 'string') call.err(one);
    else asked.push(one);
  }
  for (const process of call.sys.processes().filter(({ pid }) => pid !== call.sys.pid)) {
    for (const one of asked) {
      for (const letter of one.test(process)) {
        if (!one.users.has(process.pid)) one.users.set(process.pid, new Set());
        one.users.get(process.pid)!.add(letter);
      }
    }
  }
  return report(call, flags, asked);
}

function fileAsked(call: Invocation, flags: Flags, name: string): Asked | string {
  const { sys } = call;
  const stat = sys.stat(name);
  if (!stat.ok) return stat.error === 'ENOENT' ? `Specified filename ${name} does not exist.` : `Cannot stat ${name}: ${strerror(stat.error)}`;
  const real = sys.realPath(name);
  const isIt = (found: ReturnType<typeof sys.stat>): boolean => found.ok && (flags.mount ? found.value.device === stat.value.device : isSame(found.value, stat.value));
  return {
    shown: real.ok ? real.value : name, users: new Map(),
    * test({ pid, executable }) {
      const base = `/proc/${pid}`;
      if (isIt(sys.stat(`${base}/cwd`))) yield 'c';
      if (isIt(sys.stat(`${base}/root`))) yield 'r';
      if (executable !== '' && isIt(sys.stat(executable))) yield 'e';
      const descriptors = sys.list(`${base}/fd`);
      for (const fd of descriptors.ok ? descriptors.value : []) {
        if (!isIt(sys.stat(`${base}/fd/${fd}`))) continue;
        const link = sys.stat(`${base}/fd/${fd}`, false);
        yield link.ok && (link.value.mode & 0o200) !== 0 ? 'F' : 'f';
      }
    },
  };
}

function isSame(left: FileStat, right: FileStat): boolean {
  return left.device === right.device && left.inode === right.inode;
}

/** `[local port][,[remote host][,[remote port]]]` */
async function socketAsked(call: Invocation, flags: Flags, name: string, space: Space): Promise<Asked | string> {
  const services = await readServices(call.sys);
  const [localWord = '', host = '', remoteWord = ''] = name.split(',');
  const portOf = (word: string): number | undefined => (/^\d+$/.test(word) ? Number(word) : services.port(word, space === 'udp' ? 'udp' : 'tcp'));
  const local = localWord === '' ? 0 : portOf(localWord);
  if (local === undefined) return `Cannot resolve local port ${localWord}: Servname not supported for ai_socktype`;
  const remote = remoteWord === '' ? 0 : portOf(remoteWord);
  if (remote === undefined) return `Cannot resolve remote port ${remoteWord}: Servname not supported for ai_socktype`;
  const owners = new Set(call.net.sockets.sockets().filter((socket) => socket.type === space && (flags.family === undefined || socket.family === flags.family) && (local === 0 || socket.local.port === local) && (host === '' || socket.remote.address === host) && (remote === 0 || socket.remote.port === remote)).map(({ process }) => process?.pid));
  return { shown: `${name}/${space}`, users: new Map(), test: ({ pid }) => (owners.has(pid) ? ['F'] : []) };
}

/** Names, users and access letters go to standard error, pids to standard output: `kill $(fuser FILE)` works. */
async function report(call: Invocation, flags: Flags, asked: readonly Asked[]): Promise<ExitCode> {
  let isHeadingDue = flags.verbose && !flags.silent;
  let hasFound = false;
  for (const { shown, users } of asked) {
    if (users.size > 0) hasFound = true;
    if (!flags.silent && (users.size > 0 || flags.all)) {
      if (isHeadingDue) call.err('                     USER        PID ACCESS COMMAND');
      isHeadingDue = false;
      call.writeErr(users.size === 0 ? `${shown}:` : `${shown}:`.padEnd(20));
      let isFirst = true;
      for (const [pid, letters] of [...users].sort(([left], [right]) => left - right)) {
        await printUser(call, flags, pid, letters, isFirst);
        isFirst = false;
      }
      if (!flags.verbose || users.size === 0) call.writeErr('\n');
    }
    if (flags.kill) await killUsers(call, flags, users);
  }
  return hasFound ? 0 : 1;
}

async function printUser(call: Invocation, flags: Flags, pid: number, letters: ReadonlySet<string>, isFirst: boolean): Promise<void> {
  const process = call.sys.process(pid);
  const uid = process?.uid ?? 0;
  const user = call.sys.machine.users().find((each) => each.uid === uid)?.name ?? String(uid);
  const has = (letter: string): string => (letters.has(letter) ? letter : '.');
  if (!flags.verbose) {
    call.write(` ${String(pid).padStart(5)}`);
    await call.flush();
    call.writeErr(`${['c', 'e', 'r', 'm'].filter((letter) => letters.has(letter)).join('')}${flags.user ? `(${user})` : ''}`);
    return;
  }
  if (!isFirst) call.writeErr(' '.repeat(20));
  call.writeErr(` ${user.padEnd(8)} `);
  call.write(String(pid).padStart(6));
  await call.flush();
  call.writeErr(` ${letters.has('F') ? 'F' : has('f')}${has('r')}${has('c')}${has('e')}${has('m')} ${flags.user ? `(${user})` : ''}${process?.name ?? ''}\n`);
}

async function killUsers(call: Invocation, flags: Flags, users: Asked['users']): Promise<void> {
  for (const [pid, letters] of users) {
    if (flags.writeOnly && !letters.has('F')) continue;
    if (flags.interactive) {
      call.writeErr(`Kill process ${pid} ? (y/N) `);
      await call.flush();
      const answer = await call.sys.read(0, 256);
      if (!answer.ok || !/^[yY]/.test(String.fromCharCode(...answer.value))) continue;
    }
    const sent = call.sys.kill(pid, flags.signal ?? 'KILL');
    if (!sent.ok) call.err(`Could not kill process ${pid}: ${strerror(sent.error)}`);
  }
}

function listSignals(call: Invocation): ExitCode {
  const names = Object.entries(signalNumbers).map(([name, number]) => [name === 'IO' ? 'POLL' : name, number] as const);
  const all = [...names, ['STKFLT', 16] as const].sort(([, left], [, right]) => left - right).map(([name]) => name);
  for (let at = 0; at < all.length; at += 16) call.out(all.slice(at, at + 16).join(' '));
  return 0;
}
