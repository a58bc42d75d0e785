/** nsenter: a program in namespaces of another process. Read first: nsenter(1), sys-utils/nsenter.c of util-linux 2.38 */
import type { ExitCode, NamespaceKind, Sys } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { nsenterHelp } from './usage.ts';

/** The program, or a login shell, in place of this process. `name` is who says so when it cannot be. */
export async function replace(sys: Sys, name: string, argv: readonly string[]): Promise<ExitCode> {
  const command = argv.length > 0 ? argv : [sys.env.get('SHELL') ?? '/bin/sh'];
  const program = sys.findProgram(command[0]!);
  const failed = program.ok ? await sys.exec(program.value, argv.length > 0 ? command : [`-${command[0]!.replace(/^.*\//, '')}`]) : program;
  const error = failed.ok ? 'ENOENT' : failed.error;
  await sys.write(2, utf8(`${name}: failed to execute ${command[0]!}: ${strerror(error)}\n`));
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
  return outcome(call);
}

/** Waits for the one child and ends as it did. */
export async function outcome({ sys }: Invocation): Promise<ExitCode> {
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
export function version(call: Invocation): ExitCode {
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
    if (options.has('h')) {
      call.write(nsenterHelp);
      return 0;
    }
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
      if (!handle.ok && handle.error === 'EINVAL') {        // a file, but of no namespace
        call.err(`nsenter: reassociate to namespace 'ns/net' failed: ${strerror(handle.error)}`);
        return 1;
      }
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
    await call.flush();
    return replace(sys, call.name, options.operands);
  },
});
