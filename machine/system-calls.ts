/** What a process may ask of its machine: the Sys of sys.ts over processes, files and terminals. Read first: syscalls(2) */
import type { Result } from '../simulator/result.ts';
import { done, fail, ok } from '../simulator/result.ts';
import { concat, fromUtf8, utf8 } from '../simulator/bytes.ts';
import type { Disposition, ExitCode, Fd, FileStat, KernelLogRecord, MachinePorts, NetnsHandle, OpenFlags, ProcessNote, ProcessView, SignalName, SpawnOptions, Sys, TerminalModes, UnsharedKind, WaitStatus, WindowSize } from './sys.ts';
import type { NetPorts } from './net-ports.ts';
import { execute } from './execute.ts';
import { PidNamespace } from './container.ts';
import { openFile } from './files/open.ts';
import type { Inode } from './files/inode.ts';
import { resize, statOf } from './files/inode.ts';
import { LocalListener, LocalStream } from './files/local-socket.ts';
import type { OpenFile } from './files/open-file.ts';
import { SocketFile } from './files/socket-file.ts';
import { isWait, TreeFile } from './files/open-file.ts';
import { locksOf, tryLock, type LockKind } from './files/file-locks.ts';
import { PipeBuffer, PipeEnd } from './files/pipe.ts';
import type { SocketId } from '../simulator/kernel/api.ts';
import type { Machine } from './machine.ts';
import type { NetnsRef } from './namespaces.ts';
import { NetworkCalls } from './network.ts';
import type { Process } from './process.ts';
import { EXEC_US, FORK_US, SYSTEM_CALL_US, transferUs } from './process.ts';
import type { WaitQueue } from './scheduler.ts';
import { mayReschedule, rescheduled, type Scheduling } from './scheduling.ts';
import { MasterFile, TerminalFile } from './tty/pty-files.ts';
import type { Tty } from './tty/tty.ts';

const MAX_FDS = 1024;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What reading a whole file may hold; an endless one ends in ENOMEM. */
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Fewer than Linux has room for: a fork bomb fills the lab's table, not the host's memory. */
const MOST_PROCESSES = 1000;

export class SystemCalls implements Sys {
  readonly process_: Process;
  private readonly host: Machine;
  private network: NetPorts | undefined;

  constructor(process: Process) {
    this.process_ = process;
    this.host = process.machine;
  }

  get pid(): number { return this.number(this.process_.pid); }
  get ppid(): number { return this.number(this.process_.parent?.pid ?? 0); }
  get argv(): readonly string[] { return this.process_.argv; }
  get env(): Map<string, string> { return this.process_.env; }
  get uid(): number { return this.process_.uid; }
  get gid(): number { return this.process_.gid; }
  get groups(): readonly number[] { return this.process_.groups; }
  get realUid(): number { return this.process_.realUid; }
  get hostname(): string { return this.process_.uts?.hostname ?? this.host.hostname; }
  get machineName(): string { return this.host.name; }
  get machine(): MachinePorts { return this.process_.mounts?.ports ?? this.host.ports; }
  get netns(): NetnsHandle { return this.process_.netns; }
  get net(): NetPorts {
    this.network ??= new NetworkCalls(this.process_);
    return this.network;
  }

  /** A process, group or session by the number this process knows it by. */
  private number(pid: number): number { return this.process_.numberOf(pid); }
  /** 0 is oneself. */
  private found(number: number): Process | undefined {
    if (number === 0) return this.process_;
    const process = this.host.processes.get(this.process_.pidOf(number) ?? 0);
    return process === undefined || !this.process_.sees(process) ? undefined : process;
  }

  // ---- time

  now(): number { return this.host.epochNowUs() + this.process_.debtUs; }
  monotonicUs(): number { return this.host.world.nowUs + this.process_.debtUs + this.host.bootOffsetUs; }

  async sleep(us: number): Promise<Result & { remainingUs?: number }> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const { world } = this.host;
    const deadlineUs = world.nowUs + this.process_.debtUs + Math.max(0, Math.round(us));
    while (world.nowUs < deadlineUs) {
      if ((await this.process_.block([], deadlineUs)) === 'interrupted') return { ...fail('EINTR'), remainingUs: Math.max(0, deadlineUs - world.nowUs) };
    }
    return done;
  }

  charge(us: number): Promise<void> | undefined {
    this.process_.userUs += us;
    return this.process_.charge(us);
  }

  /** The task stays the running one, so nothing else happens and no time passes until the host is done. */
  hold<T>(promise: Promise<T>): Promise<T> { return promise; }
  random(below: number): number { return this.host.world.dice.below(below); }
  randomBytes(length: number): Uint8Array { return this.host.world.dice.bytes(length); }
  beforeBlocking(settle: () => Promise<void>): void { this.process_.settle = settle; }

  // ---- files

  private file(fd: Fd): OpenFile | undefined { return this.process_.fds.get(fd)?.file; }

  private install(file: OpenFile, closeOnExec: boolean, minimum = 0): Result<Fd> {
    let fd = minimum;
    while (this.process_.fds.has(fd)) fd += 1;
    if (fd >= MAX_FDS) return fail('EMFILE');
    file.references += 1;
    this.process_.fds.set(fd, { file, closeOnExec });
    return ok(fd);
  }

  async open(path: string, flags: OpenFlags): Promise<Result<Fd>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const opened = openFile(this.process_, path, flags);
    if (!opened.ok) return opened;
    const file = opened.value;
    if (file instanceof PipeEnd && file.kind === 'fifo' && flags.nonBlocking !== true) {
      // A FIFO waits for its other end; opened both ways it does not.
      const { pipe } = file;
      const isBoth = flags.read === true && flags.write === true;
      const isThere = isBoth || (flags.read === true ? pipe.writers : pipe.readers) > 0;
      const opens = (): number => (flags.read === true ? pipe.writerOpens : pipe.readerOpens);
      for (const before = opens(); !isThere && opens() === before; ) {
        let outcome: string;
        try {
          outcome = await this.process_.block([pipe.readable, pipe.writable]);
        } catch (death) {
          file.released();
          throw death;
        }
        if (outcome === 'interrupted') {
          file.released();
          return fail('EINTR');
        }
      }
    }
    return this.install(file, flags.closeOnExec === true);
  }

  close(fd: Fd): Result {
    this.process_.enterSync();
    const entry = this.process_.fds.get(fd);
    if (entry === undefined) return fail('EBADF');
    this.process_.fds.delete(fd);
    this.host.dropFile(entry.file);
    return done;
  }

  async read(fd: Fd, max: number): Promise<Result<Uint8Array>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const file = this.file(fd);
    if (file === undefined) return fail('EBADF');
    if (file.flags.read !== true) return fail('EBADF');
    for (;;) {
      const outcome = file.tryRead(this.process_, max);
      if (!isWait(outcome)) {
        // Only the debt: what has been read must not get lost to a signal.
        if (outcome.ok) this.process_.debtUs += transferUs(outcome.value.length) - SYSTEM_CALL_US;
        return outcome;
      }
      if (file.flags.nonBlocking === true && outcome.wait.length > 0) return fail('EAGAIN');
      if ((await this.process_.block(outcome.wait, outcome.deadlineUs)) === 'interrupted') return fail('EINTR');
    }
  }

  async write(fd: Fd, bytes: Uint8Array): Promise<Result<number>> {
    const entered = this.process_.enter(transferUs(bytes.length));
    if (entered !== undefined) await entered;
    const file = this.file(fd);
    if (file === undefined || file.flags.write !== true) return fail('EBADF');
    let written = 0;
    for (;;) {
      const outcome = file.tryWrite(this.process_, written === 0 ? bytes : bytes.subarray(written));
      if (!isWait(outcome)) {
        if (!outcome.ok) {
          if (outcome.error === 'EPIPE') {
            this.process_.post('PIPE');
            const again = this.process_.enter(0);
            if (again !== undefined) await again;
          }
          return outcome;
        }
        written += outcome.value;
        if (written >= bytes.length) return ok(written);
        continue;
      }
      if (file.flags.nonBlocking === true && outcome.wait.length > 0) return written > 0 ? ok(written) : fail('EAGAIN');
      if ((await this.process_.block(outcome.wait, outcome.deadlineUs)) === 'interrupted') return written > 0 ? ok(written) : fail('EINTR');
    }
  }

  async lock(fd: Fd, kind: LockKind, timeoutUs?: number): Promise<Result> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const file = this.file(fd);
    if (file === undefined) return fail('EBADF');
    if (!(file instanceof TreeFile)) return fail('EINVAL');
    const deadlineUs = timeoutUs === undefined ? undefined : this.host.world.nowUs + timeoutUs;
    while (!tryLock(file, kind, this.process_.pid)) {
      if (deadlineUs !== undefined && this.host.world.nowUs >= deadlineUs) return fail('EAGAIN');
      if ((await this.process_.block([locksOf(file.inode).changed], deadlineUs)) === 'interrupted') return fail('EINTR');
    }
    return done;
  }

  seek(fd: Fd, offset: number, whence: 'set' | 'current' | 'end'): Result<number> {
    this.process_.enterSync();
    return this.file(fd)?.seek(offset, whence) ?? fail('EBADF');
  }

  duplicate(fd: Fd, to?: Fd, minimum = 0): Result<Fd> {
    this.process_.enterSync();
    const file = this.file(fd);
    if (file === undefined) return fail('EBADF');
    if (to === undefined) return this.install(file, false, minimum);
    if (to < 0 || to >= MAX_FDS) return fail('EBADF');
    const old = this.process_.fds.get(to);
    if (to === fd) return ok(to);
    file.references += 1;
    this.process_.fds.set(to, { file, closeOnExec: false });
    if (old !== undefined) this.host.dropFile(old.file);
    return ok(to);
  }

  setCloseOnExec(fd: Fd, on: boolean): Result {
    this.process_.enterSync();
    const entry = this.process_.fds.get(fd);
    if (entry === undefined) return fail('EBADF');
    entry.closeOnExec = on;
    return done;
  }

  setNonBlocking(fd: Fd, on: boolean): Result {
    this.process_.enterSync();
    const file = this.file(fd);
    if (file === undefined) return fail('EBADF');
    (file.flags as { nonBlocking?: boolean }).nonBlocking = on;
    return done;
  }

  fds(): ReadonlyMap<Fd, { readonly kind: string; readonly target: string; readonly flags: OpenFlags }> {
    this.process_.enterSync();
    const out = new Map<Fd, { kind: string; target: string; flags: OpenFlags }>();
    for (const fd of [...this.process_.fds.keys()].sort((a, b) => a - b)) {
      const { file, closeOnExec } = this.process_.fds.get(fd)!;
      out.set(fd, { kind: file.kind, target: file.target(this.process_), flags: { ...file.flags, closeOnExec } });
    }
    return out;
  }

  pipe(): Result<[read: Fd, write: Fd]> {
    this.process_.enterSync();
    const pipe = new PipeBuffer(this.host.nextAnonymousInode());
    const reader = this.install(new PipeEnd(pipe, { read: true }), false);
    if (!reader.ok) return reader;
    const writer = this.install(new PipeEnd(pipe, { write: true }), false);
    return writer.ok ? ok([reader.value, writer.value]) : writer;
  }

  async poll(requests: readonly { fd: Fd; read?: boolean; write?: boolean; priority?: boolean }[], timeoutUs?: number): Promise<Result<{ fd: Fd; readable: boolean; writable: boolean; hangup: boolean; error: boolean }[]>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const deadlineUs = timeoutUs === undefined ? undefined : this.host.world.nowUs + timeoutUs;
    for (;;) {
      const ready: { fd: Fd; readable: boolean; writable: boolean; hangup: boolean; error: boolean }[] = [];
      const queues: WaitQueue[] = [];
      for (const request of requests) {
        const file = this.file(request.fd);
        if (file === undefined) return fail('EBADF');
        const state = file.readiness(this.process_);
        const readable = request.read === true && state.readable;
        const writable = request.write === true && state.writable;
        if (readable || writable || state.hangup || state.error) ready.push({ fd: request.fd, readable, writable, hangup: state.hangup, error: state.error });
        queues.push(...file.queues());
      }
      if (ready.length > 0) return ok(ready);
      if (deadlineUs !== undefined && this.host.world.nowUs >= deadlineUs) return ok([]);
      if ((await this.process_.block(queues, deadlineUs)) === 'interrupted') return fail('EINTR');
    }
  }

  private resolve(path: string, follow = true): Result<Inode> {
    return this.host.tree.resolve(this.process_, path, follow);
  }

  stat(path: string, follow = true): Result<FileStat> {
    this.process_.enterSync();
    const found = this.resolve(path, follow);
    return found.ok ? ok(statOf(found.value)) : found;
  }

  statFd(fd: Fd): Result<FileStat> {
    this.process_.enterSync();
    const file = this.file(fd);
    return file === undefined ? fail('EBADF') : ok(file.stat());
  }

  access(path: string, mode: { read?: boolean; write?: boolean; execute?: boolean }): Result {
    this.process_.enterSync();
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (mode.write === true && found.value.fs.isReadOnly) return fail('EROFS');
    const want = (mode.read === true ? 4 : 0) | (mode.write === true ? 2 : 0) | (mode.execute === true ? 1 : 0);
    return this.host.tree.may(this.process_, found.value, want) ? done : fail('EACCES');
  }

  list(path: string): Result<string[]> {
    this.process_.enterSync();
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.kind !== 'directory') return fail('ENOTDIR');
    if (!this.host.tree.may(this.process_, found.value, 4)) return fail('EACCES');
    return ok(this.host.tree.names(this.process_, found.value));
  }

  makeDirectory(path: string, mode = 0o777): Result {
    this.process_.enterSync();
    const made = this.host.tree.create(this.process_, path, 'directory', mode & ~this.process_.umask);
    return made.ok ? done : made;
  }

  removeDirectory(path: string): Result {
    this.process_.enterSync();
    return this.host.tree.removeDirectory(this.process_, path);
  }

  unlink(path: string): Result {
    this.process_.enterSync();
    return this.host.tree.unlink(this.process_, path);
  }

  link(from: string, to: string): Result {
    this.process_.enterSync();
    return this.host.tree.link(this.process_, from, to);
  }

  symlink(target: string, path: string): Result {
    this.process_.enterSync();
    if (target === '') return fail('ENOENT');
    const made = this.host.tree.create(this.process_, path, 'symlink', 0o777);
    if (!made.ok) return made;
    made.value.target = target;
    return done;
  }

  readLink(path: string): Result<string> {
    this.process_.enterSync();
    const found = this.resolve(path, false);
    if (!found.ok) return found;
    if (found.value.kind !== 'symlink') return fail('EINVAL');
    return found.value.synthetic?.target?.(this.process_) ?? ok(found.value.target!);
  }

  rename(from: string, to: string): Result {
    this.process_.enterSync();
    return this.host.tree.rename(this.process_, from, to);
  }

  private owned(path: string, follow: boolean): Result<Inode> {
    const found = this.resolve(path, follow);
    if (!found.ok) return found;
    if (found.value.fs.isReadOnly) return fail('EROFS');
    if (found.value.synthetic !== undefined || (this.uid !== 0 && found.value.uid !== this.uid)) return fail('EPERM');
    return found;
  }

  chmod(path: string, mode: number): Result {
    this.process_.enterSync();
    const found = this.owned(path, true);
    if (!found.ok) return found;
    found.value.mode = mode & 0o7777;
    found.value.changedUs = this.host.epochNowUs();
    return done;
  }

  chown(path: string, uid: number, gid: number, follow = true): Result {
    this.process_.enterSync();
    const found = this.owned(path, follow);
    if (!found.ok) return found;
    const inode = found.value;
    if (this.uid !== 0 && ((uid >= 0 && uid !== inode.uid) || (gid >= 0 && gid !== this.gid && !this.groups.includes(gid)))) return fail('EPERM');
    if (uid >= 0) inode.uid = uid;
    if (gid >= 0) inode.gid = gid;
    if (inode.kind === 'file') inode.mode &= ~0o6000;
    inode.changedUs = this.host.epochNowUs();
    return done;
  }

  setTimes(path: string, accessedUs: number | undefined, modifiedUs: number | undefined, followsLink = true): Result {
    this.process_.enterSync();
    const found = this.resolve(path, followsLink);
    if (!found.ok) return found;
    if (this.uid !== 0 && found.value.uid !== this.uid && !this.host.tree.may(this.process_, found.value, 2)) return fail('EACCES');
    found.value.accessedUs = accessedUs ?? found.value.accessedUs;
    found.value.modifiedUs = modifiedUs ?? found.value.modifiedUs;
    found.value.changedUs = this.host.epochNowUs();
    return done;
  }

  truncate(path: string, size: number): Result {
    this.process_.enterSync();
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.kind === 'directory') return fail('EISDIR');
    if (found.value.kind !== 'file' || size < 0) return fail('EINVAL');
    if (!this.host.tree.may(this.process_, found.value, 2)) return fail('EACCES');
    resize(found.value, size);
    this.host.tree.touch(found.value);
    return done;
  }

  makeNode(path: string, kind: 'fifo' | 'socket', mode: number): Result {
    this.process_.enterSync();
    const made = this.host.tree.create(this.process_, path, kind, mode & ~this.process_.umask);
    return made.ok ? done : made;
  }

  realPath(path: string): Result<string> {
    this.process_.enterSync();
    const { tree } = this.host;
    const found = tree.resolveParent(this.process_, path, true);
    if (!found.ok) return found;
    const { directory, name, child } = found.value;
    if (child === undefined) return fail('ENOENT');
    if (child.kind === 'directory') return ok(tree.pathOf(child, this.process_.root));
    const base = tree.pathOf(directory, this.process_.root);
    return ok(`${base === '/' ? '' : base}/${name}`);
  }

  get cwd(): string { return this.host.tree.pathOf(this.process_.cwd, this.process_.root); }

  chdir(path: string): Result {
    this.process_.enterSync();
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.kind !== 'directory') return fail('ENOTDIR');
    if (!this.host.tree.may(this.process_, found.value, 1)) return fail('EACCES');
    this.process_.cwd = found.value;
    return done;
  }

  umask(mask?: number): number {
    const old = this.process_.umask;
    if (mask !== undefined) this.process_.umask = mask & 0o777;
    return old;
  }

  async readFile(path: string): Promise<Result<Uint8Array>> {
    const opened = await this.open(path, { read: true, closeOnExec: true });
    if (!opened.ok) return opened;
    const chunks: Uint8Array[] = [];
    let size = 0;
    let failed: Result<never> | undefined;
    for (;;) {
      const part = await this.read(opened.value, 1 << 20);
      if (!part.ok) failed = part;
      if (!part.ok || part.value.length === 0) break;
      chunks.push(part.value);
      size += part.value.length;
      if (size <= MEMORY_BYTES) continue;
      failed = fail('ENOMEM');
      break;
    }
    this.close(opened.value);
    return failed ?? ok(chunks.length === 1 ? chunks[0]! : concat(...chunks));
  }

  async readText(path: string): Promise<Result<string>> {
    const bytes = await this.readFile(path);
    return bytes.ok ? ok(fromUtf8(bytes.value)) : bytes;
  }

  async writeFile(path: string, content: Uint8Array | string, options: { append?: boolean; mode?: number } = {}): Promise<Result> {
    const opened = await this.open(path, { write: true, create: true, truncate: options.append !== true, append: options.append === true, mode: options.mode ?? 0o666, closeOnExec: true });
    if (!opened.ok) return opened;
    const written = await this.write(opened.value, typeof content === 'string' ? utf8(content) : content);
    this.close(opened.value);
    return written.ok ? done : written;
  }

  mounts(): { source: string; target: string; type: string; options: string }[] {
    this.process_.enterSync();
    return this.host.mounts(this.process_);
  }

  // ---- processes

  async spawn(path: string, options: SpawnOptions): Promise<Result<number>> {
    const entered = this.process_.enter(FORK_US);
    if (entered !== undefined) await entered;
    const isElsewhere = options.into !== undefined || options.root !== undefined;
    const by = isElsewhere ? this.host.seenFrom(this.process_, options) : ok(this.process_);
    if (!by.ok) return by;
    if (this.host.processes.size >= MOST_PROCESSES) return fail('EAGAIN');
    const program = !isElsewhere ? ok(path) : this.host.findProgram(by.value, path, options.env?.get('PATH') ?? DEFAULT_PATH);
    if (!program.ok) return program;
    const found = this.host.loadProgram(by.value, program.value, options.argv, options.cwd);
    if (!found.ok) return found;
    const child = this.host.createChild(this.process_, options);
    if (!child.ok) return child;
    child.value.debtUs += EXEC_US;
    this.host.start(child.value, () => execute(child.value, found.value, options.env));
    return ok(this.number(child.value.pid));
  }

  fork(body: (child: Sys) => Promise<ExitCode>, options: Omit<SpawnOptions, 'argv'> & { argv?: readonly string[] } = {}): Result<number> {
    this.process_.enterSync(FORK_US);
    if (this.host.processes.size >= MOST_PROCESSES) return fail('EAGAIN');
    const made = this.host.createChild(this.process_, options);
    if (!made.ok) return made;
    const child = made.value;
    if (options.env !== undefined) child.env = new Map(options.env);
    this.host.start(child, () => body(new SystemCalls(child)));
    return ok(this.number(child.pid));
  }

  async exec(path: string, argv: readonly string[], env?: ReadonlyMap<string, string>): Promise<Result<never>> {
    const entered = this.process_.enter(EXEC_US);
    if (entered !== undefined) await entered;
    const found = this.host.loadProgram(this.process_, path, argv);
    if (!found.ok) return found;
    const process = this.process_;
    for (const [fd, entry] of [...process.fds]) {
      if (!entry.closeOnExec) continue;
      process.fds.delete(fd);
      this.host.dropFile(entry.file);
    }
    const code = await execute(process, found.value, env);
    return process.die({ kind: 'exited', code: code & 255 });
  }

  findProgram(name: string, path?: string): Result<string> {
    this.process_.enterSync();
    return this.host.findProgram(this.process_, name, path ?? this.env.get('PATH') ?? '/usr/local/bin:/usr/bin:/bin');
  }

  async wait(pid: number, options: { noHang?: boolean; untraced?: boolean; continued?: boolean } = {}): Promise<Result<{ pid: number; status: WaitStatus } | undefined>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const self = this.process_;
    for (;;) {
      let any = false;
      for (const child of self.children) {
        if (!(pid === -1 || (pid > 0 && this.number(child.pid) === pid) || (pid === 0 && child.group === self.group) || (pid < -1 && this.number(child.group) === -pid))) continue;
        any = true;
        if (child.state === 'zombie') {
          this.host.reap(child);
          self.waited();
          return ok({ pid: this.number(child.pid), status: child.status! });
        }
        if (options.untraced === true && child.stopReport !== undefined) {
          const signal = child.stopReport;
          child.stopReport = undefined;
          return ok({ pid: this.number(child.pid), status: { kind: 'stopped', signal } });
        }
        if (options.continued === true && child.continueReport) {
          child.continueReport = false;
          return ok({ pid: this.number(child.pid), status: { kind: 'continued' } });
        }
      }
      if (!any) return fail('ECHILD');
      if (options.noHang === true) return ok(undefined);
      if ((await self.block([self.childChanged])) === 'interrupted') return fail('EINTR');
    }
  }

  exit(code: ExitCode): never {
    return this.process_.die({ kind: 'exited', code: code & 255 });
  }

  kill(pid: number, signal: SignalName | 0): Result {
    this.process_.enterSync();
    const outcome = this.host.kill(this.process_, pid, signal);
    // A signal to oneself is delivered before kill(2) returns.
    if (this.process_.pending.size > 0) this.process_.enterSync(0);
    return outcome;
  }

  onSignal(signal: SignalName, disposition: Disposition): Disposition {
    const old = this.process_.dispositions.get(signal) ?? 'default';
    if (signal === 'KILL' || signal === 'STOP') return old;
    if (disposition === 'default') this.process_.dispositions.delete(signal);
    else this.process_.dispositions.set(signal, disposition);
    if (disposition === 'ignore') this.process_.pending.delete(signal);
    return old;
  }

  blockSignals(signals: readonly SignalName[]): void {
    for (const signal of signals) if (signal !== 'KILL' && signal !== 'STOP') this.process_.blocked.add(signal);
  }

  unblockSignals(signals: readonly SignalName[]): void {
    for (const signal of signals) this.process_.blocked.delete(signal);
    this.process_.enterSync(0);
  }

  async pause(): Promise<void> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    while ((await this.process_.block([])) !== 'interrupted');
  }

  getProcessGroup(pid = 0): Result<number> {
    const target = this.found(pid);
    return target === undefined ? fail('ESRCH') : ok(this.number(target.group));
  }

  setProcessGroup(pid: number, group: number): Result {
    this.process_.enterSync();
    const self = this.process_;
    const target = this.found(pid);
    if (target === undefined || (target !== self && target.parent !== self)) return fail('ESRCH');
    if (target.session !== self.session || target.session.id === target.pid) return fail('EPERM');
    const wanted = group === 0 ? target.pid : (self.pidOf(group) ?? -1);
    if (wanted !== target.pid && ![...this.host.processes.values()].some((other) => other.group === wanted && other.session === self.session)) return fail('EPERM');
    target.group = wanted;
    return done;
  }

  setSession(): Result<number> {
    this.process_.enterSync();
    const self = this.process_;
    if (this.host.groupExists(self.pid)) return fail('EPERM');
    self.session = { id: self.pid, leader: self, tty: undefined };
    self.group = self.pid;
    return ok(this.number(self.pid));
  }

  getSession(pid = 0): Result<number> {
    const target = this.found(pid);
    return target === undefined ? fail('ESRCH') : ok(this.number(target.session.id));
  }

  processes(): ProcessView[] {
    this.process_.enterSync();
    return this.host.processViews(this.process_);
  }

  process(pid: number): ProcessView | undefined {
    this.process_.enterSync();
    const found = pid === 0 ? undefined : this.found(pid);
    return found === undefined ? undefined : this.host.processView(found, this.process_);
  }

  setUser(uid: number, gid: number, groups: readonly number[]): Result {
    this.process_.enterSync();
    const self = this.process_;
    if (self.uid !== 0 && uid !== self.realUid && uid !== self.savedUid) return fail('EPERM');
    if (self.uid === 0) {
      self.realUid = uid;
      self.savedUid = uid;
      self.groups = [...groups];
    }
    self.uid = uid;
    self.gid = gid;
    return done;
  }

  setName(name: string): void {
    this.process_.name = name.slice(0, 15);
  }

  nice(delta: number): number {
    const self = this.process_;
    this.setScheduling(this.pid, { niceness: self.scheduling.niceness + delta });
    return self.scheduling.niceness;
  }

  scheduling(pid: number): Result<Scheduling> {
    this.process_.enterSync();
    const found = this.found(pid);
    return found === undefined ? fail('ESRCH') : ok(found.scheduling);
  }

  setScheduling(pid: number, change: Partial<Scheduling>): Result {
    this.process_.enterSync();
    const self = this.process_;
    const found = this.found(pid);
    if (found === undefined) return fail('ESRCH');
    if (self.uid !== 0) {
      if (self.uid !== found.uid && self.uid !== found.realUid) return fail('EPERM');
      const allowed = mayReschedule(found.scheduling, change);
      if (!allowed.ok) return allowed;
    }
    const next = rescheduled(found.scheduling, change);
    if (next === 'EINVAL') return fail('EINVAL');
    found.scheduling = next;
    return done;
  }

  times(): { userUs: number; systemUs: number; childrenUserUs: number; childrenSystemUs: number } {
    const { userUs, systemUs, childrenUserUs, childrenSystemUs } = this.process_;
    return { userUs, systemUs, childrenUserUs, childrenSystemUs };
  }

  // ---- terminals

  private terminal(fd: Fd): Result<Tty> {
    const file = this.file(fd);
    if (file === undefined) return fail('EBADF');
    return file instanceof TerminalFile || file instanceof MasterFile ? ok(file.tty) : fail('ENOTTY');
  }

  isTerminal(fd: Fd): boolean {
    return this.file(fd) instanceof TerminalFile;
  }

  terminalModes(fd: Fd): Result<TerminalModes> {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    return tty.ok ? ok({ ...tty.value.modes, controlCharacters: { ...tty.value.modes.controlCharacters } }) : tty;
  }

  setTerminalModes(fd: Fd, modes: TerminalModes, when: 'now' | 'drain' | 'flush' = 'now'): Result {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    if (!tty.ok) return tty;
    if (tty.value.checkJobControl(this.process_, 'TTOU') !== undefined) {
      this.process_.enterSync(0);
      return fail('EINTR');
    }
    if (when === 'flush') tty.value.flushInput();
    tty.value.setModes(modes);
    return done;
  }

  windowSize(fd: Fd): Result<WindowSize> {
    const tty = this.terminal(fd);
    return tty.ok ? ok({ ...tty.value.size }) : tty;
  }

  setWindowSize(fd: Fd, size: WindowSize): Result {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    return tty.ok ? tty.value.setSize(size) : tty;
  }

  foregroundGroup(fd: Fd): Result<number> {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    if (!tty.ok) return tty;
    return tty.value.session === this.process_.session || this.file(fd) instanceof MasterFile ? ok(this.number(tty.value.foregroundGroup)) : fail('ENOTTY');
  }

  setForegroundGroup(fd: Fd, group: number): Result {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    if (!tty.ok) return tty;
    if (tty.value.session !== this.process_.session) return fail('ENOTTY');
    if (tty.value.checkJobControl(this.process_, 'TTOU') !== undefined) return fail('EINTR');
    const wanted = this.process_.pidOf(group);
    if (wanted === undefined) return fail('ESRCH');
    tty.value.foregroundGroup = wanted;
    return done;
  }

  terminalName(fd: Fd): Result<string> {
    const tty = this.terminal(fd);
    return tty.ok ? ok(`/dev/${tty.value.name}`) : tty;
  }

  openPty(size: WindowSize): Result<{ master: Fd; slavePath: string }> {
    this.process_.enterSync();
    const tty = this.host.createTty(size, this.uid);
    const master = this.install(new MasterFile(tty, () => this.host.deviceStat('ptmx')), false);
    return master.ok ? ok({ master: master.value, slavePath: `/dev/${tty.name}` }) : master;
  }

  setControllingTerminal(fd: Fd): Result {
    this.process_.enterSync();
    const tty = this.terminal(fd);
    if (!tty.ok) return tty;
    return this.host.takeTerminal(this.process_, tty.value);
  }

  // ---- local sockets

  listenLocal(path: string): Result<Fd> {
    this.process_.enterSync();
    const made = this.host.tree.create(this.process_, path, 'socket', 0o777 & ~this.process_.umask);
    if (!made.ok) return made.error === 'EEXIST' ? fail('EADDRINUSE') : made;
    const listener = new LocalListener(made.value);
    made.value.listener = listener;
    return this.install(listener, false);
  }

  async connectLocal(path: string): Promise<Result<Fd>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.kind !== 'socket' || found.value.listener === undefined) return fail('ECONNREFUSED');
    if (!this.host.tree.may(this.process_, found.value, 2)) return fail('EACCES');
    const there = new PipeBuffer(this.host.nextAnonymousInode());
    const back = new PipeBuffer(this.host.nextAnonymousInode());
    const client = new LocalStream(back, there);
    found.value.listener.pending.push(new LocalStream(there, back));
    found.value.listener.arrived.wake();
    return this.install(client, false);
  }

  shutdownLocal(fd: Fd): Result {
    this.process_.enterSync();
    const file = this.file(fd);
    if (!(file instanceof LocalStream)) return fail(file === undefined ? 'EBADF' : 'ENOTSOCK');
    file.endWriting();
    return done;
  }

  async acceptLocal(fd: Fd): Promise<Result<Fd>> {
    const entered = this.process_.enter();
    if (entered !== undefined) await entered;
    const listener = this.file(fd);
    if (!(listener instanceof LocalListener)) return fail(listener === undefined ? 'EBADF' : 'ENOTSOCK');
    for (;;) {
      const stream = listener.pending.shift();
      if (stream !== undefined) return this.install(stream, false);
      if (listener.flags.nonBlocking === true) return fail('EAGAIN');
      if ((await this.process_.block([listener.arrived])) === 'interrupted') return fail('EINTR');
    }
  }

  // ---- network namespaces

  private holdHandle(ref: NetnsRef): NetnsRef {
    this.process_.netnsHandles.push(this.host.netns.hold(ref));
    return ref;
  }

  openNetns(path: string): Result<NetnsHandle> {
    this.process_.enterSync();
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.netns === undefined) return found.value.kind === 'directory' || !this.host.tree.may(this.process_, found.value, 4) ? fail('EACCES') : fail('EINVAL');
    return ok(this.holdHandle(found.value.netns));
  }

  enterNetns(handle: NetnsHandle): Result {
    this.process_.enterSync();
    if (!this.process_.can('SYS_ADMIN')) return fail('EPERM');
    this.moveTo(this.host.netns.get(handle.id));
    return done;
  }

  unshareNetns(): Result<NetnsHandle> {
    this.process_.enterSync();
    if (!this.process_.can('SYS_ADMIN')) return fail('EPERM');
    const made = this.host.netns.create();
    this.moveTo(made);
    return ok(made);
  }

  socketDescriptor(id: SocketId): Result<Fd> {
    this.process_.enterSync();
    const view = this.host.kernel.sockets.sockets(this.process_.netns.id).find((each) => each.id === id);
    if (view === undefined) return fail('EBADF');
    const installed = this.install(new SocketFile(this.host, view), false);
    if (installed.ok) this.process_.sockets.delete(id);
    return installed;
  }

  unshare(kind: UnsharedKind): Result {
    const process = this.process_;
    process.enterSync();
    if (!process.can('SYS_ADMIN')) return fail('EPERM');
    const inode = this.host.nextNamespaceInode();
    if (kind === 'uts') process.uts = { hostname: this.hostname, inode };
    else if (kind === 'pid') process.childPids = new PidNamespace(inode);
    else if (kind === 'mnt' && process.mounts !== undefined) process.mounts = { ...process.mounts, inode };
    else process.namespaceInodes = new Map([...process.namespaceInodes, [kind, inode]]);
    return done;
  }

  private moveTo(ref: NetnsRef): void {
    const old = this.process_.netns;
    this.process_.netns = this.host.netns.hold(ref);
    this.host.netns.release(old);
    this.network = undefined;
  }

  bindNetns(path: string, handle?: NetnsHandle): Result {
    this.process_.enterSync();
    if (!this.process_.can('SYS_ADMIN')) return fail('EPERM');
    const found = this.resolve(path);
    if (!found.ok) return found;
    if (found.value.netns !== undefined) return fail('EBUSY');
    found.value.netns = this.host.netns.hold(this.host.netns.get(handle?.id ?? this.process_.netns.id));
    return done;
  }

  unbindNetns(path: string): Result {
    this.process_.enterSync();
    if (!this.process_.can('SYS_ADMIN')) return fail('EPERM');
    const found = this.resolve(path);
    if (!found.ok) return found;
    const ref = found.value.netns;
    if (ref === undefined) return fail('EINVAL');
    delete found.value.netns;
    this.host.netns.release(ref);
    return done;
  }

  unpackRoot(image: string, path: string): Result {
    this.process_.enterSync();
    return this.process_.can('SYS_ADMIN') ? this.host.unpackRoot(image, path) : fail('EPERM');
  }

  note(note: ProcessNote): void {
    this.host.onNote?.(this.process_, note);
    this.host.audit?.noted(this.process_, note);
  }
  log(line: string): void { this.host.log(line); }
  kernelLog(): Result<readonly KernelLogRecord[]> {
    this.process_.enterSync();
    if (this.process_.uid !== 0) return fail('EPERM');
    return ok(this.host.kernel.log.records().map(({ number, atUs, level, text }) => ({ number, monotonicUs: atUs + this.host.bootOffsetUs, level, text })));
  }
  clearKernelLog(): Result {
    this.process_.enterSync();
    if (this.process_.uid !== 0) return fail('EPERM');
    this.host.kernel.log.clear();
    return done;
  }
}

