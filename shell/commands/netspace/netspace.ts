/** nsenter, unshare and lsns for network namespaces. Read first: nsenter(1), unshare(1), lsns(8) of util-linux 2.38. */
import type { ExitCode, NamespaceKind } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { userName } from '../accounts/accounts.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

async function replace(call: Invocation, argv: readonly string[]): Promise<ExitCode> {
  const { sys } = call;
  const command = argv.length > 0 ? argv : [sys.env.get('SHELL') ?? '/bin/sh'];
  const program = sys.findProgram(command[0]!);
  await call.flush();
  const failed = program.ok ? await sys.exec(program.value, argv.length > 0 ? command : [`-${command[0]!.replace(/^.*\//, '')}`]) : program;
  const error = failed.ok ? 'ENOENT' : failed.error;
  call.err(`${call.name}: failed to execute ${command[0]!}: ${strerror(error)}`);
  return error === 'ENOENT' ? 127 : 126;
}

/** Namespaces of a process, more than its network: the program is looked up in its root and becomes a child, as entering a pid namespace needs. */
async function enterTarget(call: Invocation, pid: number, kinds: readonly NamespaceKind[], argv: readonly string[]): Promise<ExitCode> {
  const { sys } = call;
  const first = kinds[0] === 'mnt' ? 'mnt' : kinds[0]!;
  if (sys.process(pid) === undefined) {
    call.err(`nsenter: cannot open /proc/${pid}/ns/${first}: No such file or directory`);
    return 1;
  }
  const command = argv.length > 0 ? argv : [sys.env.get('SHELL') ?? '/bin/sh'];
  await call.flush();
  const child = await sys.spawn(command[0]!, { argv: argv.length > 0 ? command : [`-${command[0]!.replace(/^.*\//, '')}`], env: sys.env, into: { pid, kinds } });
  if (!child.ok) {
    call.err(child.error === 'EPERM' ? `nsenter: reassociate to namespace 'ns/${first}' failed: Operation not permitted` : `nsenter: failed to execute ${command[0]!}: ${strerror(child.error)}`);
    return child.error === 'EPERM' ? 1 : child.error === 'ENOENT' ? 127 : 126;
  }
  const before = sys.onSignal('INT', 'ignore');
  for (;;) {
    const ended = await sys.wait(-1);
    if (!ended.ok && ended.error === 'EINTR') continue;
    sys.onSignal('INT', before);
    const status = ended.ok ? ended.value?.status : undefined;
    if (status?.kind === 'exited') return status.code;
    if (status?.kind === 'signalled') sys.kill(sys.pid, status.signal);
    return 1;
  }
}

/** `-V`, as every tool of the package answers it. */
function version(call: Invocation): ExitCode {
  call.out(`${call.name} from util-linux 2.38.1`);
  return 0;
}

export const nsenter = defineCommand({
  name: 'nsenter', summary: 'run a program in namespaces of another process', package: 'util-linux',
  run: async (call) => {
    const options = parseOptions(call.args, { short: '+at:m::u::i::n::p::C::U::T::S:G:r::w::FZhV', long: { all: 'none=a', target: 'required=t', mount: 'optional=m', uts: 'optional=u', ipc: 'optional=i', net: 'optional=n', pid: 'optional=p', cgroup: 'optional=C', user: 'optional=U', time: 'optional=T', setuid: 'required=S', setgid: 'required=G', root: 'optional=r', wd: 'optional=w', 'no-fork': 'none=F', 'preserve-credentials': 'none', help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined) {
      call.err(`nsenter: ${options.error}\nTry 'nsenter --help' for more information.`);
      return 1;
    }
    const { sys } = call;
    if (options.has('V')) return version(call);
    const target = options.value('t');
    if (target !== undefined && !/^\d+$/.test(target)) {
      call.err(`nsenter: failed to parse pid: '${target}'`);
      return 1;
    }
    const net = options.options.findLast((option) => option.name === 'n');
    const others = ['m', 'u', 'i', 'p', 'C', 'U', 'T', 'r', 'w'].filter((letter) => options.has(letter));
    const isAll = options.has('a');
    const kinds = ([['m', 'mnt'], ['u', 'uts'], ['p', 'pid'], ['n', 'net']] as const).flatMap(([letter, kind]) => (isAll || options.has(letter) ? [kind] : []));
    // A namespace file other than /proc/PID/ns/net is one of the machine's own: there is nothing to enter.
    if (target !== undefined && kinds.some((kind) => kind !== 'net')) return enterTarget(call, Number(target), kinds, options.operands);
    if (net !== undefined || options.has('a')) {
      const file = net?.value ?? (target === undefined ? undefined : `/proc/${target}/ns/net`);
      if (file === undefined) {
        call.err('nsenter: neither filename nor target pid supplied for ns/net');
        return 1;
      }
      const handle = sys.openNetns(file);
      if (!handle.ok) {
        call.err(`nsenter: cannot open ${file}: ${strerror(handle.error)}`);
        return 1;
      }
      const entered = sys.enterNetns(handle.value);
      if (!entered.ok) {
        call.err(`nsenter: reassociate to namespace 'ns/net' failed: ${strerror(entered.error)}`);
        return 1;
      }
    } else if (others.length > 0 && target !== undefined && sys.process(Number(target)) === undefined) {
      call.err(`nsenter: cannot open /proc/${target}/ns/${others[0] === 'm' ? 'mnt' : 'pid'}: No such file or directory`);
      return 1;
    }
    return replace(call, options.operands);
  },
});

export const unshare = defineCommand({
  name: 'unshare', summary: 'run a program in new namespaces', package: 'util-linux',
  run: async (call) => {
    const options = parseOptions(call.args, { short: '+hVm::u::i::n::p::C::U::T::fcrR:S:G:w:', long: { net: 'optional=n', mount: 'optional=m', uts: 'optional=u', ipc: 'optional=i', pid: 'optional=p', user: 'optional=U', cgroup: 'optional=C', time: 'optional=T', fork: 'none=f', 'map-root-user': 'none=r', 'mount-proc': 'optional', 'kill-child': 'optional', help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined) {
      call.err(`unshare: ${options.error}\nTry 'unshare --help' for more information.`);
      return 1;
    }
    if (options.has('V')) return version(call);
    for (const letter of ['m', 'u', 'i', 'p', 'C', 'U', 'T', 'r', 'R']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
    const net = options.options.findLast((option) => option.name === 'n');
    if (net !== undefined) {
      const made = call.sys.unshareNetns();
      if (!made.ok) {
        call.err(`unshare: unshare failed: ${strerror(made.error)}`);
        return 1;
      }
      if (net.value !== undefined) call.sys.bindNetns(net.value);
    }
    return replace(call, options.operands);
  },
});

const columnNames: readonly string[] = ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', 'NETNSID', 'NSFS', 'COMMAND'];

export const lsns = defineCommand({
  name: 'lsns', summary: 'list namespaces', package: 'util-linux',
  run: (call) => {
    const options = parseOptions(call.args, { short: 'Jlno:p:rt:uWhV', long: { type: 'required=t', noheadings: 'none=n', output: 'required=o', task: 'required=p', help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined) {
      call.err(`lsns: ${options.error}\nTry 'lsns --help' for more information.`);
      return 1;
    }
    if (options.has('V')) return version(call);
    if (options.has('J') || options.has('h')) return notSimulated(call, 'option -J');
    const type = options.value('t') ?? 'net';
    if (!['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'].includes(type)) {
      call.err(`lsns: unknown namespace type: ${type}`);
      return 1;
    }
    const columns = options.value('o')?.toUpperCase().split(',') ?? columnNames;
    const unknown = columns.find((column) => !columnNames.includes(column));
    if (unknown !== undefined) return notSimulated(call, `column ${unknown}`);
    if (type !== 'net') return notSimulated(call, `type ${type}`);
    const { sys } = call;
    const groups = new Map<number, { inode: number; members: ReturnType<typeof sys.processes> }>();
    for (const process of sys.processes().sort((left, right) => left.pid - right.pid)) {
      if (sys.uid !== 0 && process.uid !== sys.uid) continue;
      const group = groups.get(process.netns) ?? { inode: process.netnsInode, members: [] };
      group.members.push(process);
      groups.set(process.netns, group);
    }
    const rows = [...groups].sort((left, right) => left[1].inode - right[1].inode).map(([id, group]) => {
      const first = group.members[0]!;
      const nsid = id === sys.netns.id ? undefined : sys.net.netlink.netnsId(id);
      const names = sys.list('/run/netns');
      const file = (names.ok ? names.value : []).map((name) => `/run/netns/${name}`).find((path) => {
        const handle = sys.openNetns(path);
        return handle.ok && handle.value.id === id;
      });
      return [String(group.inode), 'net', String(group.members.length), String(first.pid), userName(sys, first.uid), nsid === undefined ? 'unassigned' : String(nsid), file ?? '', first.argv.join(' ')];
    });
    if (!options.has('n')) rows.unshift([...columnNames]);
    const chosen = columns.map((column) => columnNames.indexOf(column));
    const widths = rows[0]?.map((_, index) => Math.max(...rows.map((row) => row[index]!.length))) ?? [];
    const isRight = [true, false, true, true, false, true, false, false];
    for (const row of rows) call.out(chosen.map((index, at) => (isRight[index] === true ? row[index]!.padStart(widths[index]!) : at === chosen.length - 1 ? row[index]! : row[index]!.padEnd(widths[index]!))).join(' '));
    return 0;
  },
});
