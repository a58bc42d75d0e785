/** /proc: processes, the network of the one who looks, sysctls. Read first: proc(5) */
import { fail, ok } from '../../simulator/result.ts';
import type { Result } from '../../simulator/result.ts';
import { capabilityMask } from '../container.ts';
import type { Machine } from '../machine.ts';
import type { Process } from '../process.ts';
import { SIGNAL_NUMBERS } from '../signals.ts';
import { CollectorFile } from './devices.ts';
import type { FileSystem, Inode, Synthetic } from './inode.ts';
import { DirectoryFile, RegularFile, TreeFile } from './open-file.ts';
import { PipeEnd } from './pipe.ts';
import { TerminalFile } from '../tty/pty-files.ts';
import { SyntheticNodes } from './synthetic.ts';

const PROC_NET = ['arp', 'dev', 'dev_mcast', 'fib_trie', 'if_inet6', 'igmp', 'ip_tables_names', 'netstat', 'nf_conntrack', 'packet', 'raw', 'route', 'snmp', 'snmp6', 'sockstat', 'sockstat6', 'tcp', 'tcp6', 'udp', 'udp6', 'unix', 'wireless'];
const CLOCK_TICK_US = 10_000;

export function mountProc(machine: Machine, at = '/proc'): void {
  machine.tree.mount(at, { type: 'proc', source: 'proc', options: 'rw,nosuid,nodev,noexec,relatime' }, (fs) => root(machine, fs));
}

function root(machine: Machine, fs: FileSystem): Inode {
  const nodes = new SyntheticNodes(fs, () => machine.epochNowUs());
  const files: Record<string, (by: Process) => string> = {
    cmdline: () => 'BOOT_IMAGE=/boot/vmlinuz-6.1.0 root=UUID=0 ro net.ifnames=0 biosdevname=0 console=ttyS0\n',
    cpuinfo: () => cpuinfo(),
    filesystems: () => 'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\n\text4\n',
    locks: (by) => locksText(machine, by),
    loadavg: () => `0.00 0.00 0.00 1/${machine.processes.size} ${machine.lastPid}\n`,
    meminfo: () => 'MemTotal:        4021300 kB\nMemFree:         3290648 kB\nMemAvailable:    3637904 kB\nBuffers:           21724 kB\nCached:           461356 kB\nSwapCached:            0 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n',
    modules: () => 'veth 40960 0 - Live 0x0000000000000000\nbridge 311296 0 - Live 0x0000000000000000\nnf_conntrack 188416 0 - Live 0x0000000000000000\n',
    stat: () => `cpu  ${ticks(machine.world.nowUs)} 0 0 0 0 0 0 0 0 0\nbtime ${Math.floor(machine.bootedUs() / 1_000_000)}\nprocesses ${machine.lastPid}\n`,
    uptime: () => {
      const seconds = ((machine.world.nowUs + machine.bootOffsetUs) / 1_000_000).toFixed(2);
      return `${seconds} ${seconds}\n`;
    },
    version: () => `Linux version ${machine.kernelRelease} (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian\n`,
  };
  const links: Record<string, (by: Process) => string> = { self: (by) => String(by.numberOf(by.pid)), 'thread-self': (by) => `${by.numberOf(by.pid)}/task/${by.numberOf(by.pid)}`, net: () => 'self/net', mounts: () => 'self/mounts' };
  return nodes.directory('proc', {
    list: (by) => [...[...machine.processes.values()].filter((process) => by.sees(process)).map((process) => String(by.numberOf(process.pid))), ...Object.keys(files), ...Object.keys(links), 'sys'].sort(procOrder),
    lookup: (name, by) => {
      const file = files[name];
      if (file !== undefined) return nodes.file(`proc/${name}`, 0o444, { read: (by) => ok(file(by)), write: () => fail('EIO') });
      const link = links[name];
      if (link !== undefined) return nodes.link(`proc/${name}`, { target: (by) => ok(link(by)) });
      if (name === 'sys') return sysDirectory(machine, nodes, '');
      if (!/^[1-9][0-9]*$/.test(name)) return undefined;
      const process = machine.processes.get(by.pidOf(Number(name)) ?? 0);
      return process === undefined ? undefined : processDirectory(machine, nodes, process);
    },
  });
}

function procOrder(left: string, right: string): number {
  const a = /^[0-9]/.test(left);
  const b = /^[0-9]/.test(right);
  if (a && b) return Number(left) - Number(right);
  return a === b ? (left < right ? -1 : 1) : a ? -1 : 1;
}

function ticks(us: number): number {
  return Math.floor(us / CLOCK_TICK_US);
}

function cpuinfo(): string {
  return [0, 1].map((index) => `processor\t: ${index}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 79\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\ncpu MHz\t\t: 2199.998\ncache size\t: 56320 KB\ncpu cores\t: 1\nbogomips\t: 4399.99\n`).join('\n');
}

/** Locks that are held, each once however many descriptors its open file has. */
function locksText(machine: Machine, by: Process): string {
  const lines: string[] = [];
  const seen = new Set<TreeFile>();
  for (const process of machine.processes.values()) {
    for (const { file } of process.fds.values()) {
      if (!(file instanceof TreeFile) || seen.has(file)) continue;
      seen.add(file);
      const { fs, number, locks } = file.inode;
      const held = locks?.holders.find((holder) => holder.file === file);
      const two = (value: number): string => value.toString(16).padStart(2, '0');
      if (held !== undefined) lines.push(`${lines.length + 1}: FLOCK  ADVISORY  ${held.isExclusive ? 'WRITE' : 'READ '} ${by.numberOf(held.pid)} ${two(fs.device >> 8)}:${two(fs.device & 255)}:${number} 0 EOF\n`);
    }
  }
  return lines.join('');
}

function processDirectory(machine: Machine, nodes: SyntheticNodes, process: Process): Inode {
  const base = `proc/${process.pid}`;
  const mayPeek = (by: Process): boolean => by.uid === 0 || by.uid === process.uid;
  const file = (name: string, mode: number, read: (by: Process) => Result<string>): Inode => nodes.file(`${base}/${name}`, mode, { read, write: () => fail('EINVAL') }, process);
  const entries: Record<string, () => Inode> = {
    cgroup: () => file('cgroup', 0o444, () => ok('0::/\n')),
    cmdline: () => file('cmdline', 0o444, () => ok(process.state === 'zombie' ? '' : process.argv.map((word) => `${word}\0`).join(''))),
    comm: () => nodes.file(`${base}/comm`, 0o644, {
      read: () => ok(`${process.name}\n`),
      write: (by, text) => {
        if (by !== process) return fail('EINVAL');
        process.name = text.slice(0, 15);
        return ok(undefined);
      },
    }, process),
    cwd: () => nodes.link(`${base}/cwd`, { target: (by) => (mayPeek(by) ? ok(machine.tree.pathOf(process.cwd, by.root)) : fail('EACCES')), follow: () => process.cwd }, process),
    environ: () => file('environ', 0o400, () => ok([...process.env].map(([name, value]) => `${name}=${value}\0`).join(''))),
    exe: () => nodes.link(`${base}/exe`, { target: (by) => (!mayPeek(by) ? fail('EACCES') : process.executable === '' ? fail('ENOENT') : ok(process.executable)) }, process),
    fd: () => fdDirectory(nodes, base, process),
    limits: () => file('limits', 0o444, () => ok(LIMITS)),
    mounts: () => file('mounts', 0o444, () => ok(mountsText(machine, process))),
    mountinfo: () => file('mountinfo', 0o444, () => ok(mountInformation(machine, process))),
    net: () => netDirectory(machine, nodes, base, process),
    ns: () => nsDirectory(machine, nodes, base, process),
    root: () => nodes.link(`${base}/root`, { target: () => ok('/'), follow: () => process.root }, process),
    stat: () => file('stat', 0o444, (by) => ok(statText(machine, process, by))),
    status: () => file('status', 0o444, (by) => ok(statusText(machine, process, by))),
  };
  return nodes.directory(base, { list: () => Object.keys(entries), lookup: (name) => entries[name]?.() }, process);
}

/** Soft, hard, unit: systemd's defaults, which the shell's `ulimit -a` tells too. */
const LIMITS = [
  ['Limit', 'Soft Limit', 'Hard Limit', 'Units'],
  ['Max cpu time', 'unlimited', 'unlimited', 'seconds'], ['Max file size', 'unlimited', 'unlimited', 'bytes'], ['Max data size', 'unlimited', 'unlimited', 'bytes'], ['Max stack size', '8388608', 'unlimited', 'bytes'],
  ['Max core file size', '0', 'unlimited', 'bytes'], ['Max resident set', 'unlimited', 'unlimited', 'bytes'], ['Max processes', '15585', '15585', 'processes'], ['Max open files', '1024', '1048576', 'files'],
  ['Max locked memory', '514725888', '514725888', 'bytes'], ['Max address space', 'unlimited', 'unlimited', 'bytes'], ['Max file locks', 'unlimited', 'unlimited', 'locks'], ['Max pending signals', '15585', '15585', 'signals'],
  ['Max msgqueue size', '819200', '819200', 'bytes'], ['Max nice priority', '0', '0', ''], ['Max realtime priority', '0', '0', ''], ['Max realtime timeout', 'unlimited', 'unlimited', 'us'],
].map(([name = '', soft = '', hard = '', unit = '']) => `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit === '' ? '' : unit.padEnd(10)}\n`).join('');

function mountsText(machine: Machine, process: Process): string {
  return machine.mounts(process).map((mount) => `${mount.source} ${mount.target} ${mount.type} ${mount.options} 0 0\n`).join('');
}

/** What holds for a mount, not for the file system under it. */
const MOUNT_FLAGS = ['rw', 'ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'];

/** show_mountinfo in fs/proc_namespace.c */
function mountInformation(machine: Machine, process: Process): string {
  const mounts = machine.mounts(process);
  const number = (target: string): number => 20 + mounts.findIndex((mount) => mount.target === target);
  return mounts.map(({ source, target, type, options }) => {
    const above = mounts.filter((other) => other.target !== target && `${target}/`.startsWith(other.target === '/' ? '/' : `${other.target}/`)).sort((left, right) => right.target.length - left.target.length)[0];
    const device = type === 'nsfs' ? 4 : (machine.tree.fileSystems.findLast((fs) => fs.target === target)?.device ?? 0x801);
    const namespace = type === 'nsfs' ? machine.namedNetns().find(({ name }) => target === `/run/netns/${name}`)?.ref.inode : undefined;
    const words = options.split(',');
    const flags = words.filter((word) => MOUNT_FLAGS.includes(word)).join(',');
    const rest = [words.includes('ro') ? 'ro' : 'rw', ...words.filter((word) => !MOUNT_FLAGS.includes(word))].join(',');
    return `${number(target)} ${above === undefined ? 1 : number(above.target)} ${device >> 8}:${device & 255} ${namespace === undefined ? '/' : `net:[${namespace}]`} ${target} ${flags} - ${type} ${source} ${rest}\n`;
  }).join('');
}

function fdDirectory(nodes: SyntheticNodes, base: string, process: Process): Inode {
  return nodes.directory(`${base}/fd`, {
    list: () => [...process.fds.keys()].sort((a, b) => a - b).map(String),
    lookup: (name) => {
      const entry = /^[0-9]+$/.test(name) ? process.fds.get(Number(name)) : undefined;
      if (entry === undefined) return undefined;
      const { file } = entry;
      return nodes.link(`${base}/fd/${name}`, {
        target: (by) => ok(file.target(by)),
        follow: (by) => {
          if (file instanceof RegularFile || file instanceof DirectoryFile) return file.inode;
          if (file instanceof TerminalFile) return by.machine.terminalInode(file.tty.index);
          if (file instanceof PipeEnd) return nodes.pipe(`${base}/fd/${name}`, file.pipe);
          if (file instanceof CollectorFile) return nodes.shared(`${base}/fd/${name}`, file);
          return undefined;
        },
      }, process, 0o100 | (file.flags.read === true ? 0o400 : 0) | (file.flags.write === true ? 0o200 : 0));
    },
  }, process);
}

function netDirectory(machine: Machine, nodes: SyntheticNodes, base: string, process: Process): Inode {
  return nodes.directory(`${base}/net`, {
    list: () => PROC_NET,
    lookup: (name) => (PROC_NET.includes(name) ? nodes.file(`${base}/net/${name}`, name === 'nf_conntrack' || name === 'ip_tables_names' ? 0o440 : 0o444, { read: () => machine.kernel.sysctl.procNet(process.netns.id, name) }) : undefined),
  });
}

function nsDirectory(machine: Machine, nodes: SyntheticNodes, base: string, process: Process): Inode {
  const pid = process.pids?.inode ?? 4_026_531_836;
  const time = process.namespaceInodes.get('time') ?? 4_026_531_834;
  const others: Record<string, number> = {
    cgroup: process.namespaceInodes.get('cgroup') ?? 4_026_531_835, ipc: process.namespaceInodes.get('ipc') ?? 4_026_531_839, mnt: process.mounts?.inode ?? process.namespaceInodes.get('mnt') ?? 4_026_531_841,
    pid, pid_for_children: process.childPids?.inode ?? pid, time, time_for_children: time, user: 4_026_531_837, uts: process.uts?.inode ?? 4_026_531_838,
  };
  return nodes.directory(`${base}/ns`, {
    list: () => [...Object.keys(others), 'net'].sort(),
    lookup: (name) => {
      if (name === 'net') {
        const handle = nodes.file(`nsfs/${process.netns.inode}`, 0o444, {}, undefined, process.netns.inode);
        handle.netns = process.netns;
        return nodes.link(`${base}/ns/net`, { target: (by) => (by.uid === 0 || by.uid === process.uid ? ok(`net:[${process.netns.inode}]`) : fail('EACCES')), follow: (by) => (by.uid === 0 || by.uid === process.uid ? handle : undefined) }, process);
      }
      const number = others[name];
      return number === undefined ? undefined : nodes.link(`${base}/ns/${name}`, { target: () => ok(`${name.replace('_for_children', '')}:[${number}]`) }, process);
    },
  }, process);
}

function sysDirectory(machine: Machine, nodes: SyntheticNodes, path: string): Inode {
  const prefix = path === '' ? '' : `${path}/`;
  const synthetic: Synthetic = {
    list: (by) => {
      const names = new Set<string>();
      for (const key of machine.sysctlKeys(by.netns.id)) if (key.startsWith(prefix)) names.add(key.slice(prefix.length).split('/')[0]!);
      return [...names];
    },
    lookup: (name, by) => {
      const key = prefix + name;
      const keys = machine.sysctlKeys(by.netns.id);
      if (keys.some((known) => known.startsWith(`${key}/`))) return sysDirectory(machine, nodes, key);
      if (!keys.includes(key)) return undefined;
      const isWritable = machine.isSysctlWritable(by.netns.id, key);
      return nodes.file(`proc/sys/${key}`, isWritable ? 0o644 : 0o444, {
        read: (reader) => {
          const value = key === 'kernel/hostname' && reader.uts !== undefined ? ok(reader.uts.hostname) : machine.sysctl(reader.netns.id, key);
          return value.ok ? ok(`${value.value}\n`) : value;
        },
        ...(isWritable ? { write: (writer: Process, text: string) => (writer.can('SYS_ADMIN') ? machine.setSysctl(writer.netns.id, key, text.trim(), writer) : fail(writer.uid === 0 ? 'EROFS' : 'EACCES')) } : {}),
      });
    },
  };
  return nodes.directory(`proc/sys/${path}`, synthetic);
}

function statText(machine: Machine, process: Process, by: Process): string {
  const view = machine.processView(process, by);
  const tty = process.session.tty === undefined ? 0 : (136 << 8) | process.session.tty.index;
  const foreground = process.session.tty === undefined ? -1 : by.numberOf(process.session.tty.foregroundGroup);
  const started = ticks(process.startedUs + machine.bootOffsetUs);
  return `${view.pid} (${process.name}) ${view.state} ${view.ppid} ${view.processGroup} ${view.session} ${tty} ${foreground} 4194304 0 0 0 0 ${ticks(process.userUs)} ${ticks(process.systemUs)} ${ticks(process.childrenUserUs)} ${ticks(process.childrenSystemUs)} ${20 + process.scheduling.niceness} ${process.scheduling.niceness} 1 0 ${started} ${view.memoryKb * 1024} ${Math.floor(view.memoryKb / 8)} 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`;
}

const STATE_TEXT: Readonly<Record<string, string>> = { R: 'R (running)', S: 'S (sleeping)', T: 'T (stopped)', Z: 'Z (zombie)', D: 'D (disk sleep)', I: 'I (idle)' };

function statusText(machine: Machine, process: Process, by: Process): string {
  const view = machine.processView(process, by);
  const mask = (wanted: (signal: string) => boolean): string => {
    let bits = 0n;
    for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) if (wanted(signal)) bits |= 1n << BigInt(number - 1);
    return bits.toString(16).padStart(16, '0');
  };
  const disposition = (signal: string): unknown => process.dispositions.get(signal as 'INT');
  const capabilities = process.uid === 0 ? capabilityMask(process.capabilities) : '0000000000000000';
  return [
    `Name:\t${process.name}`, `Umask:\t${process.umask.toString(8).padStart(4, '0')}`, `State:\t${STATE_TEXT[view.state]!}`, `Tgid:\t${view.pid}`, 'Ngid:\t0', `Pid:\t${view.pid}`, `PPid:\t${view.ppid}`, 'TracerPid:\t0',
    `Uid:\t${process.realUid}\t${process.uid}\t${process.savedUid}\t${process.uid}`, `Gid:\t${process.gid}\t${process.gid}\t${process.gid}\t${process.gid}`, 'FDSize:\t256', `Groups:\t${process.groups.join(' ')} `,
    ...([['NStgid', process.pid], ['NSpid', process.pid], ['NSpgid', process.group], ['NSsid', process.session.id]] as const).map(([name, pid]) => `${name}:\t${by.numberOf(pid)}${by.pids === undefined && process.pids !== undefined ? `\t${process.pids.numberOf(pid)}` : ''}`), `VmSize:\t${String(view.memoryKb).padStart(8)} kB`, `VmRSS:\t${String(view.memoryKb >> 1).padStart(8)} kB`, 'Threads:\t1',
    `SigPnd:\t${mask((signal) => process.pending.has(signal as 'INT'))}`, 'ShdPnd:\t0000000000000000', `SigBlk:\t${mask((signal) => process.blocked.has(signal as 'INT'))}`,
    `SigIgn:\t${mask((signal) => disposition(signal) === 'ignore')}`, `SigCgt:\t${mask((signal) => typeof disposition(signal) === 'function')}`,
    `CapInh:\t0000000000000000`, `CapPrm:\t${capabilities}`, `CapEff:\t${capabilities}`, `CapBnd:\t${capabilityMask(process.capabilities)}`, 'CapAmb:\t0000000000000000',
    `NoNewPrivs:\t${process.scheduling.noNewPrivileges ? 1 : 0}`, 'Seccomp:\t0', 'Seccomp_filters:\t0', `Cpus_allowed:\t${process.scheduling.processors.toString(16)}`, `Cpus_allowed_list:\t${{ 1: '0', 2: '1', 3: '0-1' }[process.scheduling.processors]!}`, '',
  ].join('\n');
}
