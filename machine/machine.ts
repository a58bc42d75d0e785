/** One machine: its processes, files, terminals and namespaces, over one network kernel. */
import type { Errno, Result } from '../simulator/result.ts';
import { done, fail, ok } from '../simulator/result.ts';
import { utf8 } from '../simulator/bytes.ts';
import type { NetKernel } from '../simulator/kernel/api.ts';
import type { World } from '../simulator/world/api.ts';
import type { ExitCode, FileStat, NamespaceKind, ProcessNote, ProcessView, Program, SignalName, SpawnOptions, WaitStatus, WindowSize } from './sys.ts';
import type { MachineAudit } from './audit.ts';
import type { Loaded } from './execute.ts';
import { errnoText } from './errno.ts';
import { execute, load } from './execute.ts';
import { accountFiles, debianFiles } from './files/base-tree.ts';
import { CollectorFile, DEVICES, DeviceFile } from './files/devices.ts';
import type { Inode } from './files/inode.ts';
import { contentOf, resize, statOf } from './files/inode.ts';
import type { OpenFile } from './files/open-file.ts';
import { openFile } from './files/open.ts';
import { PipeBuffer, PipeEnd } from './files/pipe.ts';
import { mountProc } from './files/procfs.ts';
import { mountSys } from './files/sysfs.ts';
import { FileTree } from './files/tree.ts';
import type { ImageFile, MachineImage } from './image.ts';
import type { NetnsRef } from './namespaces.ts';
import { NetnsTable } from './namespaces.ts';
import type { Session } from './process.ts';
import { Process, ProcessDeath } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { WaitQueue } from './scheduler.ts';
import { RootPorts } from './root-ports.ts';
import { Tty } from './tty/tty.ts';
import { containerRoot, type ContainerFiles } from './container-root.ts';
import type { ContainerService } from './container-service.ts';
import { PidNamespace, type Container, type ContainerSpec } from './container.ts';
import { TerminalFile } from './tty/pty-files.ts';

export interface MachineOptions {
  readonly world: World;
  readonly kernel: NetKernel;
  readonly scheduler: Scheduler;
  readonly name: string;
  readonly hostname: string;
  readonly image: MachineImage;
  /** The next process gets this pid; pids only rise. */
  readonly firstPid?: number;
  /** How long the machine has been up when the lab begins. */
  readonly upUs?: number;
  readonly kernelRelease?: string;
}

export interface RunSpec {
  readonly argv: readonly string[];
  /** Absent: argv[0] is looked up in PATH. */
  readonly path?: string;
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid?: number;
  /** A name in /run/netns, or a kernel id. */
  readonly netns?: string | number;
  /** 'pipe': what the handle's `write` brings, until its `endInput`. */
  readonly stdin?: Uint8Array | 'null' | 'pipe';
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly stderr?: (bytes: Uint8Array) => void;
}

export interface RunHandle {
  readonly pid: number;
  readonly status: WaitStatus | undefined;
  onExit(listener: (status: WaitStatus) => void): void;
  /** To its whole process group, as a terminal would. */
  kill(signal: SignalName): void;
  write(bytes: Uint8Array): void;
  endInput(): void;
}

export interface SessionSpec {
  readonly size: WindowSize;
  readonly user: string;
  /** Absent: the user's login shell. */
  readonly argv?: readonly string[];
  readonly path?: string;
  readonly env?: ReadonlyMap<string, string>;
  readonly cwd?: string;
  readonly netns?: string | number;
}

export interface TerminalHandle {
  readonly name: string;
  readonly pid: number;
  readonly status: WaitStatus | undefined;
  /** Keys. */
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  onExit(listener: (status: WaitStatus) => void): void;
  resize(size: WindowSize): void;
  /** The reader is behind (true) or has caught up: writers inside wait meanwhile. */
  pause(isPaused: boolean): void;
  /** Pulls the plug: everything in the session gets SIGHUP. */
  close(): void;
  /** Process group in front, for observers. */
  readonly foregroundGroup: number;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function createMachine(options: MachineOptions): Machine {
  return new Machine(options);
}

export class Machine {
  readonly world: World;
  readonly kernel: NetKernel;
  readonly scheduler: Scheduler;
  readonly name: string;
  hostname: string;
  readonly tree: FileTree;
  readonly processes = new Map<number, Process>();
  readonly ttys = new Map<number, Tty>();
  readonly netns: NetnsTable;
  /** By path; those of containers' images by `image:path`. */
  readonly programs: Map<string, Program>;
  readonly bootOffsetUs: number;
  readonly kernelRelease: string;
  readonly kernelLog: { atUs: number; line: string }[] = [];
  readonly init: Process;
  readonly ports: RootPorts;
  containerService: ContainerService | undefined;
  private nextPid: number;
  private anonymousInodes = 20_000;
  private namespaceInodes = 4_026_532_700;
  private readonly image: MachineImage;
  private readonly socketQueues = new Map<number, WaitQueue>();
  /** System images that can be unpacked beside the machine's own, by name. */
  readonly rootImages = new Map<string, MachineImage>();
  private readonly unpacked = new Map<string, Container>();
  private readonly socketListeners = new Map<number, () => void>();
  private readonly endListeners: ((process: Process) => void)[] = [];
  private readonly otherSysctls: Map<string, { value: string; isWritable: boolean }>;

  constructor(options: MachineOptions) {
    const { world, kernel, image } = options;
    this.world = world;
    this.kernel = kernel;
    this.scheduler = options.scheduler;
    this.name = options.name;
    this.hostname = options.hostname;
    this.image = image;
    this.programs = new Map(image.programs);
    this.nextPid = options.firstPid ?? 400;
    this.bootOffsetUs = options.upUs ?? 300_000_000;
    this.kernelRelease = options.kernelRelease ?? '6.1.0-28-cloud-amd64';
    this.netns = new NetnsTable(kernel);
    this.otherSysctls = new Map([
      ['fs/file-max', { value: '9223372036854775807', isWritable: true }], ['kernel/domainname', { value: '(none)', isWritable: true }], ['kernel/hostname', { value: options.hostname, isWritable: true }], ['kernel/osrelease', { value: this.kernelRelease, isWritable: false }],
      ['kernel/ostype', { value: 'Linux', isWritable: false }], ['kernel/pid_max', { value: '4194304', isWritable: true }], ['vm/swappiness', { value: '60', isWritable: true }],
    ]);
    this.tree = new FileTree(() => this.epochNowUs(), { type: 'ext4', source: '/dev/sda1', options: 'rw,relatime,discard,errors=remount-ro' });
    const session: Session = { id: 1, leader: undefined, tty: undefined };
    this.init = new Process(this, 1, undefined, session, 1, this.tree.root, this.netns.hold(this.netns.get(0)));
    this.init.argv = ['/sbin/init'];
    this.init.name = 'systemd';
    this.init.executable = '/usr/lib/systemd/systemd';
    this.processes.set(1, this.init);
    this.init.task = this.scheduler.start('init', async () => {});
    this.ports = new RootPorts(this, image);
    this.buildTree();
    this.scheduler.onReady(kernel.id, (socketId) => {
      this.socketQueues.get(socketId)?.wake();
      this.socketListeners.get(socketId)?.();
    });
  }

  epochNowUs(): number {
    return this.world.epochUs + this.world.nowUs;
  }

  bootedUs(): number {
    return this.world.epochUs - this.bootOffsetUs;
  }

  get lastPid(): number {
    return this.nextPid - 1;
  }

  nextAnonymousInode(): number {
    this.anonymousInodes += 1;
    return this.anonymousInodes;
  }

  log(line: string): void {
    this.kernelLog.push({ atUs: this.world.nowUs + this.bootOffsetUs, line });
  }

  // ---- the tree

  private buildTree(): void {
    const { image, tree } = this;
    const base = image.base === 'none' ? [] : debianFiles(this.hostname);
    for (const file of [...base, ...accountFiles(image.users, image.groups)]) this.putFile(file);
    tree.mount('/dev', { type: 'devtmpfs', source: 'udev', options: 'rw,nosuid,relatime,mode=755' });
    for (const device of DEVICES) {
      const slash = device.name.lastIndexOf('/');
      const directory = slash < 0 ? tree.makeDirectories('/dev') : tree.makeDirectories(`/dev/${device.name.slice(0, slash)}`);
      const inode = tree.newInode(directory.fs, 'character', device.mode, 0, 0);
      inode.rdev = device.rdev;
      tree.attach(directory, device.name.slice(slash + 1), inode);
    }
    for (const [path, link] of [['/dev/fd', '/proc/self/fd'], ['/dev/stdin', '/proc/self/fd/0'], ['/dev/stdout', '/proc/self/fd/1'], ['/dev/stderr', '/proc/self/fd/2']] as const) this.putFile({ path, link });
    tree.mount('/dev/pts', { type: 'devpts', source: 'devpts', options: 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000' });
    tree.mount('/dev/shm', { type: 'tmpfs', source: 'tmpfs', options: 'rw,nosuid,nodev' }).mode = 0o1777;
    tree.mount('/run', { type: 'tmpfs', source: 'tmpfs', options: 'rw,nosuid,nodev,noexec,relatime,mode=755' });
    tree.makeDirectories('/run/lock').mode = 0o1777;
    tree.makeDirectories('/run/screen').mode = 0o1777;
    tree.makeDirectories('/tmp').mode = 0o1777;
    tree.makeDirectories('/var/tmp').mode = 0o1777;
    mountProc(this);
    mountSys(this);
    for (const user of image.users) {
      if (!user.home.startsWith('/home/')) continue;
      const home = tree.makeDirectories(user.home);
      home.uid = user.uid;
      home.gid = user.gid;
      if (image.base === 'none') continue;
      for (const name of ['.bashrc', '.profile', '.bash_logout']) {
        const skeleton = tree.makeDirectories('/etc/skel').entries!.get(name);
        if (skeleton !== undefined) this.putFile({ path: `${user.home}/${name}`, content: contentOf(skeleton).slice(), uid: user.uid, gid: user.gid });
      }
    }
    this.ports.placePrograms();
    for (const file of image.files) this.putFile(file);
  }

  /** An executable that runs the program of this name in the machine's table. `directories` are those found already, for who places many at once. */
  putProgram(path: string, name: string, mode: number, directories?: Map<string, Inode>): void {
    const inode = this.placeInode(path, 'file', mode, directories);
    inode.program = name;
    delete inode.data;
  }

  /** Puts a file of an image (or of a lab) in place, over whatever is there. */
  putFile(file: ImageFile): Inode {
    const { tree } = this;
    if (file.link !== undefined) {
      const inode = this.placeInode(file.path, 'symlink', 0o777);
      inode.target = file.link;
      return inode;
    }
    const inode = file.content === undefined ? tree.makeDirectories(file.path, file.mode) : this.placeInode(file.path, 'file', file.mode ?? 0o644);
    if (file.content !== undefined) {
      inode.data = typeof file.content === 'string' ? utf8(file.content) : file.content.slice();
      inode.size = inode.data.length;
      delete inode.program;
    }
    inode.mode = file.mode ?? inode.mode;
    inode.uid = file.uid ?? 0;
    inode.gid = file.gid ?? 0;
    return inode;
  }

  /** Adds to a log file, which is made when it is missing. */
  appendFile(path: string, text: string): void {
    const found = this.tree.resolve(this.init, path);
    const inode = found.ok ? found.value : this.putFile({ path, content: '' });
    const bytes = utf8(text);
    const at = inode.size;
    resize(inode, at + bytes.length);
    inode.data!.set(bytes, at);
    this.tree.touch(inode);
  }

  /** Text of a file for observers, links followed; undefined when there is none. */
  readFileAt(path: string): Uint8Array | undefined {
    const found = this.tree.resolve(this.init, path);
    return found.ok && found.value.kind === 'file' && found.value.synthetic === undefined ? contentOf(found.value).slice() : undefined;
  }

  private placeInode(path: string, kind: 'file' | 'symlink', mode: number, directories?: Map<string, Inode>): Inode {
    const slash = path.lastIndexOf('/');
    const parent = path.slice(0, slash);
    const directory = directories?.get(parent) ?? this.tree.makeDirectories(parent);
    directories?.set(parent, directory);
    const old = directory.entries!.get(path.slice(slash + 1));
    if (old?.kind === kind) {
      old.mode = mode;
      return old;
    }
    const inode = this.tree.newInode(directory.fs, kind, mode, 0, 0);
    this.tree.attach(directory, path.slice(slash + 1), inode);
    return inode;
  }

  mounts(by: Process = this.init): { source: string; target: string; type: string; options: string }[] {
    if (by.mounts !== undefined) return this.containerMounts(by.mounts.hostPath);
    const mounts = this.tree.fileSystems.filter((fs, index, all) => all.findLastIndex((other) => other.target === fs.target) === index).map(({ source, target, type, options }) => ({ source, target, type, options }));
    for (const { name } of this.namedNetns()) mounts.push({ source: 'nsfs', target: `/run/netns/${name}`, type: 'nsfs', options: 'rw' });
    return mounts;
  }

  private containerMounts(hostPath: string): ReturnType<Machine['mounts']> {
    const inside = this.tree.fileSystems.filter(({ target }) => target === hostPath || target.startsWith(`${hostPath}/`));
    return inside.map(({ source, target, type, options }) => ({ source, target: target === hostPath ? '/' : target.slice(hostPath.length), type, options }));
  }

  // ---- processes

  createChild(parent: Process, options: Omit<SpawnOptions, 'argv'> & { argv?: readonly string[] }): Result<Process> {
    const entered = options.into === undefined ? undefined : this.entered(parent, options.into);
    if (entered?.ok === false) return entered;
    const mounts = options.root === undefined ? undefined : this.unpacked.get(options.root)?.mounts;
    const home = mounts !== undefined ? mounts.root : entered?.value.kinds.includes('mnt') === true ? entered.value.target.root : parent.cwd;
    const cwd = options.cwd === undefined ? ok(home) : this.tree.resolve(parent, options.cwd);
    if (!cwd.ok) return cwd;
    if (cwd.value.kind !== 'directory') return fail('ENOTDIR');
    const pid = this.nextPid;
    this.nextPid += 1;
    const session = options.newSession === true ? { id: pid, leader: undefined as Process | undefined, tty: undefined } : parent.session;
    const group = options.newSession === true || options.processGroup === 'new' ? pid : (options.processGroup === undefined ? parent.group : (parent.pidOf(options.processGroup) ?? pid));
    const child = new Process(this, pid, parent, session, group, cwd.value, this.netns.hold(options.netns === undefined ? parent.netns : this.netns.get(options.netns.id)));
    if (options.newSession === true) session.leader = child;
    [child.mounts, child.uts, child.pids, child.capabilities] = [parent.mounts, parent.uts, parent.childPids ?? parent.pids, parent.capabilities];
    child.namespaceInodes = parent.namespaceInodes;
    if (entered !== undefined) this.enter(child, entered.value);
    if (mounts !== undefined) child.mounts = { ...mounts, inode: this.nextNamespaceInode() };
    child.pids?.admit(child);
    child.uid = options.uid ?? parent.uid;
    child.realUid = options.uid ?? parent.realUid;
    child.savedUid = options.uid ?? parent.savedUid;
    child.gid = options.gid ?? parent.gid;
    child.groups = options.groups ?? parent.groups;
    child.argv = options.argv ?? parent.argv;
    child.env = new Map(parent.env);
    child.executable = parent.executable;
    child.name = parent.name;
    child.umask = options.umask ?? parent.umask;
    child.scheduling = parent.scheduling;
    for (const [signal, disposition] of parent.dispositions) child.dispositions.set(signal, disposition);
    for (const signal of options.defaultSignals ?? []) child.dispositions.delete(signal);
    for (const signal of options.ignoreSignals ?? []) child.dispositions.set(signal, 'ignore');
    for (const signal of parent.blocked) child.blocked.add(signal);
    if (options.fds === undefined) {
      for (const [fd, entry] of parent.fds) this.inherit(child, fd, entry.file, entry.closeOnExec);
    } else {
      for (const [fd, from] of options.fds) {
        const entry = parent.fds.get(from);
        if (entry !== undefined) this.inherit(child, fd, entry.file, false);
      }
    }
    this.processes.set(pid, child);
    if (options.foreground === true && child.session.tty !== undefined) child.session.tty.foregroundGroup = child.group;
    return ok(child);
  }

  private entered(parent: Process, into: NonNullable<SpawnOptions['into']>): Result<{ target: Process; kinds: readonly NamespaceKind[]; confine: boolean }> {
    const target = this.processes.get(parent.pidOf(into.pid) ?? 0);
    if (target === undefined || !parent.sees(target)) return fail('ESRCH');
    // Who may talk to docker's socket may have docker do it.
    const dockerGroup = this.containerService?.kind === 'docker' ? this.ports.groups().find(({ name }) => name === 'docker')?.gid : undefined;
    const isTrusted = parent.can('SYS_ADMIN') || (into.confine === true && target.mounts !== undefined && dockerGroup !== undefined && parent.groups.includes(dockerGroup));
    return isTrusted ? ok({ target, kinds: into.kinds, confine: into.confine === true }) : fail('EPERM');
  }

  private enter(child: Process, { target, kinds, confine }: { target: Process; kinds: readonly NamespaceKind[]; confine: boolean }): void {
    if (kinds.includes('mnt')) child.mounts = target.mounts;
    if (kinds.includes('uts')) child.uts = target.uts;
    if (kinds.includes('pid')) child.pids = target.pids;
    if (confine) child.capabilities = target.capabilities;
    if (!kinds.includes('net')) return;
    const left = child.netns;
    child.netns = this.netns.hold(target.netns);
    this.netns.release(left);
  }

  private inherit(child: Process, fd: number, file: OpenFile, closeOnExec: boolean): void {
    file.references += 1;
    child.fds.set(fd, { file, closeOnExec });
  }

  /** Gives a process its turn-taker. A program's exception is a bug of ours: it dies as of a fault, and says why. */
  start(process: Process, body: () => Promise<ExitCode>): void {
    this.audit?.started(process);
    process.task = this.scheduler.start(`${this.name}:${process.pid}`, async () => {
      try {
        const entered = process.enter(0);
        if (entered !== undefined) await entered;
        const code = await body();
        process.end({ kind: 'exited', code: code & 255 });
      } catch (thrown) {
        if (thrown instanceof ProcessDeath) return;
        this.reportFault(process, thrown);
        process.end({ kind: 'signalled', signal: 'SEGV', coreDumped: false });
      }
    });
  }

  private reportFault(process: Process, thrown: unknown): void {
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    const line = `podwire: internal error in ${process.name}: ${text}`;
    this.log(line);
    this.onFault?.(process, thrown);
    process.fds.get(2)?.file.tryWrite(process, utf8(`${line}\n`));
  }

  /** What programs tell of themselves, for whoever watches the lab. */
  onNote: ((process: Process, note: ProcessNote) => void) | undefined;
  /** Who watches this machine, if anybody. */
  audit: MachineAudit | undefined;

  /** Told of every internal error, for tests. */
  onFault: ((process: Process, thrown: unknown) => void) | undefined;

  /** Loads with the cwd the child will have. */
  loadProgram(by: Process, path: string, argv: readonly string[], cwd?: string): Result<Loaded> {
    if (cwd !== undefined && !path.startsWith('/')) return load(this, by, `${cwd}/${path}`, argv);
    return load(this, by, path, argv);
  }

  findProgram(by: Process, name: string, path: string): Result<string> {
    if (name.includes('/')) {
      const found = this.tree.resolve(by, name);
      if (!found.ok) return found;
      return found.value.kind === 'file' && this.tree.may(by, found.value, 1) ? ok(name) : fail('EACCES');
    }
    let denied = false;
    for (const directory of path.split(':')) {
      const candidate = `${directory === '' ? '.' : directory}/${name}`;
      const found = this.tree.resolve(by, candidate);
      if (!found.ok) {
        denied ||= found.error === 'EACCES';
        continue;
      }
      if (found.value.kind === 'file' && this.tree.may(by, found.value, 1)) return ok(candidate);
      denied = true;
    }
    return fail(denied ? 'EACCES' : 'ENOENT');
  }

  dropFile(file: OpenFile): void {
    file.references -= 1;
    if (file.references === 0) file.released();
  }

  socketQueue(id: number): WaitQueue {
    let queue = this.socketQueues.get(id);
    if (queue === undefined) {
      queue = new WaitQueue();
      this.socketQueues.set(id, queue);
    }
    return queue;
  }

  /** For sockets that no program waits on: told whenever one may have become ready, in the middle of a packet, so do nothing there but take note. */
  watchSocket(id: number, listener: (() => void) | undefined): void {
    if (listener === undefined) this.socketListeners.delete(id);
    else this.socketListeners.set(id, listener);
  }

  dropSocket(id: number): void {
    this.socketQueues.delete(id);
    this.kernel.sockets.close(id);
  }

  /** What ends with a process: descriptors, sockets, its hold on namespaces, its session. Called by Process.end. */
  processEnded(process: Process): void {
    for (const { file } of process.fds.values()) this.dropFile(file);
    process.fds.clear();
    for (const id of process.sockets) this.dropSocket(id);
    process.sockets.clear();
    for (const handle of process.netnsHandles) this.netns.release(handle);
    process.netnsHandles.length = 0;
    this.netns.release(process.netns);
    const { session } = process;
    if (session.leader === process) {
      session.leader = undefined;
      const { tty } = session;
      session.tty = undefined;
      if (tty !== undefined) {
        tty.session = undefined;
        if (tty.foregroundGroup > 0) this.signalGroup(tty.foregroundGroup, 'HUP');
        tty.foregroundGroup = 0;
      }
    }
    // Groups that lose their last link to a parent in another group of the session are told when one of them is stopped (kill_orphaned_pgrp).
    const { group } = process;
    if (process.children.size > 0) {
      const children = process.children.copy();
      for (const child of children) {
        process.children.delete(child);
        child.parent = this.reaperOf(child);
        child.parent.children.add(child);
        if (child.state === 'zombie') this.reap(child);
      }
      for (const other of new Set(children.map((child) => child.group))) if (other !== group) this.hangUpIfOrphaned(other, session);
    }
    if (process.parent !== undefined && process.parent.group !== group && process.parent.session === session) this.hangUpIfOrphaned(group, session);
    if (process.pids?.init === process) for (const other of [...this.processes.values()]) if (other.pids === process.pids && other !== process) other.post('KILL');
    for (const listener of this.endListeners) listener(process);
    this.audit?.ended(process);
    const ignoresChildren = process.parent?.dispositions.get('CHLD') === 'ignore';
    // Whom init adopted, init buries; a container's is assumed to do as well.
    if (process.parent === this.init || (process.parent?.isInit === true && process.adopted) || ignoresChildren) this.reap(process);
  }

  private reaperOf(orphan: Process): Process {
    const { pids } = orphan;
    orphan.adopted = true;
    return pids?.init !== undefined && pids.init.isAlive && pids.init !== orphan ? pids.init : this.init;
  }

  private hangUpIfOrphaned(group: number, session: Session): void {
    if (!this.hasStopped(group, session) || !this.isOrphanedGroup(group, session)) return;
    for (const member of [...this.processes.values()]) {
      if (member.group !== group || member.session !== session || !member.isAlive) continue;
      member.post('HUP');
      member.post('CONT');
    }
  }

  private hasStopped(group: number, session: Session): boolean {
    for (const other of this.processes.values()) if (other.state === 'stopped' && other.group === group && other.session === session) return true;
    return false;
  }

  /** Told when any process of this machine ends. */
  onProcessEnd(listener: (process: Process) => void): void {
    this.endListeners.push(listener);
  }

  reap(process: Process): void {
    const { parent } = process;
    if (parent !== undefined) {
      parent.children.delete(process);
      parent.childrenUserUs += process.userUs + process.childrenUserUs;
      parent.childrenSystemUs += process.systemUs + process.childrenSystemUs;
    }
    process.state = 'dead';
    this.processes.delete(process.pid);
  }

  isOrphanedGroup(group: number, session: Session): boolean {
    for (const member of this.processes.values()) {
      if (member.group !== group || member.session !== session || !member.isAlive) continue;
      const { parent } = member;
      if (parent !== undefined && parent.group !== group && parent.session === session) return false;
    }
    return true;
  }

  groupExists(group: number): boolean {
    for (const process of this.processes.values()) if (process.group === group) return true;
    return false;
  }

  signalGroup(group: number, signal: SignalName): void {
    for (const process of [...this.processes.values()]) if (process.group === group) process.post(signal);
  }

  kill(by: Process, pid: number, signal: SignalName | 0): Result {
    const targets: Process[] = [];
    for (const process of this.processes.values()) {
      if (!by.sees(process)) continue;
      const isMeant = pid > 0 ? by.numberOf(process.pid) === pid : pid === 0 ? process.group === by.group : pid === -1 ? !process.isInit && process !== by : by.numberOf(process.group) === -pid;
      if (isMeant) targets.push(process);
    }
    if (targets.length === 0) return fail('ESRCH');
    const allowed = targets.filter((target) => by.uid === 0 || by.uid === target.realUid || by.realUid === target.realUid || (signal === 'CONT' && by.session === target.session));
    if (allowed.length === 0) return fail('EPERM');
    // Not even SIGKILL reaches the init of a pid namespace from inside.
    if (signal !== 0) for (const target of allowed) if (target.pids?.init !== target || by.pids !== target.pids || target.dispositions.get(signal) !== undefined) target.post(signal);
    return done;
  }

  /** As `by` sees it: by the numbers of its pid namespace. */
  processView(process: Process, by: Process = this.init): ProcessView {
    const { session, netns } = process;
    const number = (pid: number): number => by.numberOf(pid);
    const state = process.state === 'zombie' ? 'Z' : process.state === 'stopped' ? 'T' : process.isOnProcessor || (process.pid !== 1 && (process.task.state === 'running' || process.task.state === 'runnable')) ? 'R' : 'S';
    return {
      pid: number(process.pid), ppid: number(process.parent?.pid ?? 0), processGroup: number(process.group), session: number(session.id), terminal: session.tty?.name, foregroundGroup: session.tty === undefined ? -1 : number(session.tty.foregroundGroup),
      uid: process.uid, gid: process.gid, name: process.name, argv: process.argv, executable: process.executable, cwd: this.tree.pathOf(process.cwd, by.root), state,
      startedUs: process.startedUs + this.world.epochUs, cpuUs: process.userUs + process.systemUs, netns: netns.id, netnsInode: netns.inode,
      memoryKb: process.memoryKb, env: process.env, isSessionLeader: session.leader === process, threads: 1, niceness: process.scheduling.niceness,
    };
  }

  processViews(by: Process = this.init): ProcessView[] {
    return [...this.processes.values()].filter((process) => by.sees(process)).sort((a, b) => a.pid - b.pid).map((process) => this.processView(process, by));
  }

  // ---- terminals

  createTty(size: WindowSize, uid: number): Tty {
    let index = 0;
    while (this.ttys.has(index)) index += 1;
    const tty = new Tty(index, size, (group, signal) => this.signalGroup(group, signal));
    this.ttys.set(index, tty);
    const directory = this.tree.makeDirectories('/dev/pts');
    const inode = this.tree.newInode(directory.fs, 'character', 0o620, uid, 5);
    inode.rdev = [136, index];
    this.tree.attach(directory, String(index), inode);
    tty.onGone = () => {
      this.ttys.delete(index);
      directory.entries!.delete(String(index));
    };
    return tty;
  }

  terminalInode(index: number): Inode | undefined {
    return this.tree.makeDirectories('/dev/pts').entries!.get(String(index));
  }

  deviceStat(name: string): FileStat {
    return statOf(this.tree.makeDirectories('/dev').entries!.get(name)!);
  }

  takeTerminal(process: Process, tty: Tty): Result {
    if (process.session.leader !== process) return fail('EPERM');
    if (tty.session !== undefined && tty.session !== process.session) return fail('EPERM');
    process.session.tty = tty;
    tty.session = process.session;
    tty.foregroundGroup = process.group;
    return done;
  }

  // ---- namespaces

  namedNetns(): { name: string; ref: NetnsRef }[] {
    const found = this.tree.resolve(this.init, '/run/netns');
    if (!found.ok || found.value.entries === undefined) return [];
    const named: { name: string; ref: NetnsRef }[] = [];
    for (const [name, inode] of found.value.entries) if (inode.netns !== undefined) named.push({ name, ref: inode.netns });
    return named;
  }

  netnsName(id: number): string | undefined {
    return this.namedNetns().find(({ ref }) => ref.id === id)?.name;
  }

  /** Gives a kernel namespace a name, as `ip netns add` would (scenarios). */
  nameNetns(name: string, id: number): void {
    const inode = this.putFile({ path: `/run/netns/${name}`, content: '', mode: 0o444 });
    inode.netns = this.netns.hold(this.netns.get(id));
  }

  private netnsOf(wanted: string | number | undefined): NetnsRef {
    if (wanted === undefined) return this.netns.get(0);
    if (typeof wanted === 'number') return this.netns.get(wanted);
    const named = this.namedNetns().find(({ name }) => name === wanted);
    if (named === undefined) throw new Error(`machine ${this.name} has no network namespace ${wanted}`);
    return named.ref;
  }

  // ---- sysctl

  sysctlKeys(netns: number): string[] {
    return [...this.otherSysctls.keys(), ...this.kernel.sysctl.keys(netns)];
  }

  isSysctlWritable(netns: number, key: string): boolean {
    return this.otherSysctls.get(key)?.isWritable ?? this.kernel.sysctl.isWritable(netns, key);
  }

  sysctl(netns: number, key: string): Result<string> {
    const own = this.otherSysctls.get(key);
    return own === undefined ? this.kernel.sysctl.get(netns, key) : ok(key === 'kernel/hostname' ? this.hostname : own.value);
  }

  /** `by` matters for the host name, which is that of its UTS namespace. */
  setSysctl(netns: number, key: string, value: string, by?: Process): Result {
    const own = this.otherSysctls.get(key);
    if (own === undefined) return this.kernel.sysctl.set(netns, key, value);
    if (!own.isWritable) return fail('EACCES');
    if (key === 'kernel/hostname') (by?.uts ?? this).hostname = value;
    else own.value = value;
    return done;
  }

  // ---- from outside

  private launch(program: Loaded, env: ReadonlyMap<string, string>, cwd: string, uid: number, netns: NetnsRef, files: readonly (OpenFile | undefined)[], container?: Container): Process {
    const accounts = container?.mounts.ports ?? this.ports;
    const user = accounts.users().find((entry) => entry.uid === uid);
    const gid = user?.gid ?? uid;
    const groups = [gid, ...accounts.groups().filter((group) => user !== undefined && group.members.includes(user.name)).map((group) => group.gid)];
    const made = this.createChild(container === undefined ? this.init : this.insider(container), { cwd, env, uid, gid, groups, newSession: true, netns, fds: new Map() });
    if (!made.ok) throw new Error(`cannot start ${program.argv.join(' ')} in ${cwd}: ${made.error}`);
    const process = made.value;
    process.parent = this.init;
    files.forEach((file, fd) => {
      if (file === undefined) return;
      file.references += 1;
      process.fds.set(fd, { file, closeOnExec: false });
    });
    process.umask = 0o022;
    this.start(process, () => execute(process, program, env));
    return process;
  }

  /** Starts a program outside any terminal, in a session and group of its own. Nothing runs until the scheduler does. */
  run(spec: RunSpec): RunHandle {
    const path = spec.path ?? this.mustFind(spec.argv[0]!, spec.env.get('PATH'));
    const loaded = this.loadProgram(this.init, path, spec.argv);
    if (!loaded.ok) throw new Error(`cannot run ${path}: ${loaded.error}`);
    const nothing = (): void => {};
    const input = this.inputOf(spec.stdin ?? 'null');
    const process = this.launch(loaded.value, spec.env, spec.cwd, spec.uid ?? 0, this.netnsOf(spec.netns), [
      input.file,
      new CollectorFile(this.nextAnonymousInode(), spec.stdout ?? nothing),
      new CollectorFile(this.nextAnonymousInode(), spec.stderr ?? nothing),
    ]);
    return this.handle(process, input.writer);
  }

  // ---- containers

  createContainer(spec: ContainerSpec): Container {
    const uts = spec.uts === 'machine' ? undefined : (spec.uts ?? { hostname: spec.hostname, inode: this.nextNamespaceInode() });
    const files: ContainerFiles = containerRoot(this, spec, this.nextNamespaceInode());
    return {
      mounts: files.mounts, uts, pids: spec.hostPids === true ? undefined : new PidNamespace(this.nextNamespaceInode()), netns: spec.netns, capabilities: spec.capabilities,
      remove: () => files.remove(),
    };
  }

  nextNamespaceInode(): number {
    this.namespaceInodes += 1;
    return this.namespaceInodes;
  }

  /** Who starts processes in a container: init's stand-in with the container's namespaces on. It is no process anybody sees. */
  private insider({ mounts, uts, pids, capabilities }: Container): Process {
    return standIn(this.init, { mounts, uts, pids, capabilities, cwd: mounts.root });
  }

  /** `by` with the mount namespace on that a child with these options gets, to look programs up in. */
  seenFrom(by: Process, { into, root }: Pick<SpawnOptions, 'into' | 'root'>): Result<Process> {
    if (root !== undefined) {
      const container = this.unpacked.get(root);
      if (container === undefined) return fail('ENOENT');
      return by.can('SYS_ADMIN') ? ok(standIn(by, { mounts: container.mounts, cwd: container.mounts.root })) : fail('EPERM');
    }
    const entered = this.entered(by, into!);
    if (!entered.ok) return entered;
    return ok(into!.kinds.includes('mnt') ? standIn(by, { mounts: entered.value.target.mounts, cwd: entered.value.target.root }) : by);
  }

  /** See Sys.unpackRoot. The root shares everything else with the machine, whose own root shows below /media/root. */
  unpackRoot(imageName: string, path: string): Result {
    const image = this.rootImages.get(imageName);
    if (image === undefined) return fail('ENOENT');
    if (this.unpacked.has(path)) return fail('EEXIST');
    const container = this.createContainer({ rootPath: path, image, imageName, hostname: this.hostname, uts: 'machine', netns: 0, capabilities: undefined, hostPids: true });
    this.tree.bind(this.tree.root, `${path}/media/root`);
    this.unpacked.set(path, container);
    return done;
  }

  /** Starts a program in a container: its first one is process 1 there. With a `size` it gets a terminal of its own. */
  runIn(container: Container, spec: Omit<RunSpec, 'netns'>): Result<RunHandle> {
    const by = this.insider(container);
    const path = spec.path === undefined ? this.findProgram(by, spec.argv[0] ?? '', spec.env.get('PATH') ?? DEFAULT_PATH) : ok(spec.path);
    if (!path.ok) return path;
    const loaded = this.loadProgram(by, path.value, spec.argv);
    if (!loaded.ok) return loaded;
    const nothing = (): void => {};
    const input = this.inputOf(spec.stdin ?? 'null');
    const streams = [input.file, new CollectorFile(this.nextAnonymousInode(), spec.stdout ?? nothing), new CollectorFile(this.nextAnonymousInode(), spec.stderr ?? nothing)];
    return ok(this.handle(this.launch(loaded.value, spec.env, spec.cwd, spec.uid ?? 0, this.netns.get(container.netns), streams, container), input.writer));
  }

  /** The same on a terminal of its own, as `kubectl exec -t` asks for. */
  openTerminalIn(container: Container, spec: Omit<RunSpec, 'netns' | 'stdin' | 'stdout' | 'stderr'> & { readonly size: WindowSize }): Result<TerminalHandle> {
    const by = this.insider(container);
    const path = spec.path === undefined ? this.findProgram(by, spec.argv[0] ?? '', spec.env.get('PATH') ?? DEFAULT_PATH) : ok(spec.path);
    if (!path.ok) return path;
    const loaded = this.loadProgram(by, path.value, spec.argv);
    if (!loaded.ok) return loaded;
    return ok(this.onTerminal(spec.size, spec.uid ?? 0, (file) => this.launch(loaded.value, spec.env, spec.cwd, spec.uid ?? 0, this.netns.get(container.netns), [file, file, file], container)));
  }

  /** Runs code of the lab's own as a process, on the machine or in a container of it: servers a scenario needs, the browser. */
  runProgram(spec: Pick<RunSpec, 'argv' | 'env' | 'cwd' | 'uid' | 'netns'> & { readonly program: Program; readonly container?: Container }): RunHandle {
    const loaded: Loaded = { program: spec.program, argv: spec.argv, executable: `/usr/bin/${spec.argv[0]!}`, asUid: undefined };
    return this.handle(this.launch(loaded, spec.env, spec.cwd, spec.uid ?? 0, this.netnsOf(spec.netns), [], spec.container));
  }

  private handle(process: Process, writer?: PipeEnd): RunHandle {
    const writers = writer === undefined ? [] : [writer];
    const listeners: ((status: WaitStatus) => void)[] = [];
    process.onEnd = (status) => {
      for (const listener of listeners) listener(status);
    };
    return {
      pid: process.pid,
      get status() {
        return process.status;
      },
      onExit: (listener) => listeners.push(listener),
      kill: (signal) => this.signalGroup(process.pid, signal),
      write: (bytes) => {
        for (const { pipe } of writers) if (pipe.readers > 0) pipe.push(bytes);
      },
      endInput: () => {
        for (const end of writers.splice(0)) end.released();
      },
    };
  }

  private mustFind(name: string, path = DEFAULT_PATH): string {
    const found = this.findProgram(this.init, name, path);
    if (!found.ok) throw new Error(`machine ${this.name} has no program ${name}: ${found.error}`);
    return found.value;
  }

  private inputOf(wanted: NonNullable<RunSpec['stdin']>): { file: OpenFile; writer?: PipeEnd } {
    if (wanted !== 'pipe') return { file: this.inputFile(wanted) };
    const pipe = new PipeBuffer(this.nextAnonymousInode());
    return { file: new PipeEnd(pipe, { read: true }), writer: new PipeEnd(pipe, { write: true }) };
  }

  private inputFile(bytes: Uint8Array | 'null'): OpenFile {
    if (bytes === 'null') {
      const opened = openFile(this.init, '/dev/null', { read: true });
      if (opened.ok && opened.value instanceof DeviceFile) return opened.value;
      // Somebody has removed it, or put a file in its place: an empty input all the same.
      return this.inputFile(new Uint8Array(0));
    }
    const pipe = new PipeBuffer(this.nextAnonymousInode());
    if (bytes.length > 0) pipe.push(bytes);
    return new PipeEnd(pipe, { read: true });
  }

  /** "No directory, logging in with HOME=/" (login.c). */
  private homeOf(home: string): string {
    const found = this.tree.resolve(this.init, home);
    return found.ok && found.value.kind === 'directory' ? home : '/';
  }

  /** Opens a terminal and logs a user in on it. */
  spawnSession(spec: SessionSpec): TerminalHandle {
    // Whoever the terminal belongs to can log in even when /etc/passwd has lost them.
    const user = this.ports.users().find((entry) => entry.name === spec.user) ?? this.image.users.find((entry) => entry.name === spec.user);
    if (user === undefined) throw new Error(`machine ${this.name} has no user ${spec.user}`);
    const shell = spec.path ?? user.shell;
    const env = new Map<string, string>([
      ['HOME', user.home], ['LOGNAME', user.name], ['USER', user.name], ['SHELL', user.shell], ['TERM', 'xterm-256color'], ['LANG', 'C.UTF-8'], ['MAIL', `/var/mail/${user.name}`],
      ['PATH', user.uid === 0 ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : '/usr/local/bin:/usr/bin:/bin:/usr/games'],
      ...(spec.env ?? []),
    ]);
    const loaded = this.loadProgram(this.init, shell, spec.argv ?? [`-${shell.split('/').at(-1)!}`]);
    return this.onTerminal(spec.size, user.uid, (file) => this.launch(loaded.ok ? loaded.value : noShell(shell, loaded.error), env, spec.cwd ?? this.homeOf(user.home), user.uid, this.netnsOf(spec.netns), [file, file, file]));
  }

  private onTerminal(size: WindowSize, uid: number, launch: (file: OpenFile) => Process): TerminalHandle {
    const tty = this.createTty(size, uid);
    const listeners: ((bytes: Uint8Array) => void)[] = [];
    tty.sink = (bytes) => {
      for (const listener of listeners) listener(bytes);
    };
    const file = new TerminalFile(tty, { read: true, write: true }, () => statOf(this.terminalInode(tty.index)!));
    const process = launch(file);
    this.takeTerminal(process, tty);
    const handle = this.handle(process);
    return {
      name: tty.name,
      pid: process.pid,
      get status() {
        return process.status;
      },
      write: (bytes) => tty.receive(bytes),
      onData: (listener) => listeners.push(listener),
      onExit: (listener) => handle.onExit(listener),
      resize: (changed) => {
        tty.setSize(changed);
      },
      pause: (isPaused) => tty.pause(isPaused),
      close: () => {
        tty.hangUp();
        tty.onGone?.();
      },
      get foregroundGroup() {
        return tty.foregroundGroup;
      },
    };
  }
}

function standIn(of: Process, changed: Partial<Process>): Process {
  return Object.assign(Object.create(of) as Process, changed);
}

/** What login says and does when it cannot execute the shell (util-linux, login.c). */
function noShell(shell: string, error: Errno): Loaded {
  return {
    argv: ['login'], executable: '/bin/login', asUid: undefined,
    program: async (sys) => {
      await sys.write(2, utf8(`login: ${shell}: ${errnoText(error)}\n`));
      return 1;
    },
  };
}
