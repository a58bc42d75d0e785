/**
 * System calls as a simulated program meets them. A program is an async function that awaits these and nothing else, so that
 * the whole lab is quiescent between events and can be replayed. Errors are values; only death throws (`ProcessDeath`, never catch it:
 * use `finally`). Read first: intro(2), signal(7), tty_ioctl(4), credentials(7).
 */
import type { Errno, Result } from '../simulator/result.ts';
import type { SocketId } from '../simulator/kernel/api.ts';
import type { NetPorts } from './net-ports.ts';
import type { Scheduling } from './scheduling.ts';

export type SignalName = 'HUP' | 'INT' | 'QUIT' | 'ILL' | 'TRAP' | 'ABRT' | 'BUS' | 'FPE' | 'KILL' | 'USR1' | 'SEGV' | 'USR2' | 'PIPE' | 'ALRM' | 'TERM' | 'CHLD' | 'CONT' | 'STOP' | 'TSTP' | 'TTIN' | 'TTOU' | 'URG' | 'XCPU' | 'XFSZ' | 'VTALRM' | 'PROF' | 'WINCH' | 'IO' | 'PWR' | 'SYS';
export type Disposition = 'default' | 'ignore' | (() => void);   // a handler runs when the process next enters or leaves a system call; it must not await

/** How a process ended or changed, as waitpid(2) says it. Never guessed from 130. */
export type WaitStatus = { kind: 'exited'; code: number } | { kind: 'signalled'; signal: SignalName; coreDumped: boolean } | { kind: 'stopped'; signal: SignalName } | { kind: 'continued' };
export type ExitCode = number;

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  readonly inode: number; readonly device: number; readonly mode: number;   // permission bits incl. setuid, setgid, sticky
  readonly links: number; readonly uid: number; readonly gid: number; readonly size: number;
  readonly accessedUs: number; readonly modifiedUs: number; readonly changedUs: number;   // epoch microseconds
  readonly rdev?: [number, number]; readonly mount: string;
  /** What statfs(2) says: ext4, tmpfs, proc, nsfs ... Absent for what is in no file tree. */
  readonly fileSystem?: string;
}
export interface OpenFlags { read?: boolean; write?: boolean; create?: boolean; exclusive?: boolean; truncate?: boolean; append?: boolean; directory?: boolean; noFollow?: boolean; nonBlocking?: boolean; closeOnExec?: boolean; noControllingTty?: boolean; mode?: number }
export type Fd = number;

export interface TerminalModes {                      // termios
  canonical: boolean; echo: boolean; echoControl: boolean; echoErase: boolean; signals: boolean; extended: boolean;
  mapCrToNl: boolean; mapNlToCr: boolean; ignoreCr: boolean; outputProcess: boolean; outputNlToCrNl: boolean; flowControl: boolean; toStop: boolean; noFlush: boolean; ixany: boolean; utf8: boolean;
  controlCharacters: { interrupt: number; quit: number; erase: number; kill: number; endOfFile: number; suspend: number; wordErase: number; literalNext: number; reprint: number; start: number; stop: number; endOfLine: number };
  minimum: number; timeDeciseconds: number;
}
export interface WindowSize { columns: number; rows: number }

export interface SpawnOptions {
  /** argv[0] included. */
  argv: readonly string[];
  env?: ReadonlyMap<string, string>;
  cwd?: string;
  /** Child fd -> this process's fd. Absent: 0, 1, 2 are inherited and everything not close-on-exec. */
  fds?: ReadonlyMap<Fd, Fd>;
  /** Process group: 'new' = own group, a number joins it, absent inherits. */
  processGroup?: 'new' | number;
  newSession?: boolean;
  /** Give the terminal to the new group before it runs (tcsetpgrp). */
  foreground?: boolean;
  /** Signals reset to default / ignored in the child. */
  defaultSignals?: readonly SignalName[]; ignoreSignals?: readonly SignalName[];
  uid?: number; gid?: number; groups?: readonly number[];
  netns?: NetnsHandle;
  /** Enters namespaces of another process before exec (setns(2)): the program is looked up and runs inside. Needs root. */
  /** A directory that `unpackRoot` filled: the program is looked up and runs in a mount namespace of its own with this as its root (systemd-nspawn --share-system). Needs root. */
  root?: string;
  into?: { readonly pid: number; readonly kinds: readonly NamespaceKind[]; /** Takes its capabilities too, as `docker exec` does. */ readonly confine?: boolean };
  umask?: number;
}
export type NamespaceKind = 'mnt' | 'uts' | 'pid' | 'net';
/** Namespaces beside the network's. Nothing here differs between two of ipc, cgroup or time but their numbers. */
export type UnsharedKind = 'mnt' | 'uts' | 'pid' | 'ipc' | 'cgroup' | 'time';
/** A network namespace held open: by a process, a named mount in /run/netns, or this handle (close it). */
export interface NetnsHandle { readonly id: number; readonly inode: number }

export interface ProcessView {
  readonly pid: number; readonly ppid: number; readonly processGroup: number; readonly session: number; readonly terminal: string | undefined;   // 'pts/0'
  readonly foregroundGroup: number; readonly uid: number; readonly gid: number; readonly name: string; readonly argv: readonly string[]; readonly executable: string; readonly cwd: string;
  readonly state: 'R' | 'S' | 'D' | 'T' | 'Z' | 'I'; readonly startedUs: number; readonly cpuUs: number; readonly netns: number; readonly netnsInode: number; readonly memoryKb: number; readonly env: ReadonlyMap<string, string>; readonly isSessionLeader: boolean; readonly threads: number; readonly niceness: number;
}

/** Everything one process may ask of its machine. Paths are resolved against its cwd. */
export interface Sys {
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
  readonly env: Map<string, string>;
  readonly uid: number; readonly gid: number; readonly groups: readonly number[];   // effective
  readonly realUid: number;
  readonly hostname: string;
  readonly machineName: string;

  // ---- time
  /** Epoch microseconds (date), and microseconds since boot. Charged time not yet settled is included. */
  now(): number;
  monotonicUs(): number;
  /** Answers EINTR when a handled signal interrupts, with what is left. */
  sleep(us: number): Promise<Result & { remainingUs?: number }>;
  /** Costs CPU time; awaits only when a virtual millisecond has piled up, so `const wait = sys.charge(20); if (wait) await wait;`. */
  charge(us: number): Promise<void> | undefined;
  /** Stops virtual time until the promise settles (WebAssembly, digests). The one way to await something of the host. */
  hold<T>(promise: Promise<T>): Promise<T>;
  /** Deterministic dice of the world. */
  random(below: number): number;
  randomBytes(length: number): Uint8Array;

  /** Runs before any call of this process that would block (stdio's flush). One per process. */
  beforeBlocking(settle: () => Promise<void>): void;

  // ---- files
  open(path: string, flags: OpenFlags): Promise<Result<Fd>>;
  close(fd: Fd): Result;
  /** Empty at end of file. Blocks on pipes, ttys and sockets; EINTR when a handled signal arrives; EAGAIN when non-blocking. */
  read(fd: Fd, max: number): Promise<Result<Uint8Array>>;
  /** Writes everything unless non-blocking (bounded pipes block: back-pressure). EPIPE after SIGPIPE if that is ignored. */
  write(fd: Fd, bytes: Uint8Array): Promise<Result<number>>;
  seek(fd: Fd, offset: number, whence: 'set' | 'current' | 'end'): Result<number>;
  duplicate(fd: Fd, to?: Fd, minimum?: Fd): Result<Fd>;
  setCloseOnExec(fd: Fd, on: boolean): Result;
  setNonBlocking(fd: Fd, on: boolean): Result;
  /** flock(2): a lock of the open file, shared by its duplicates, gone with the last of them. EAGAIN when it cannot be had in time (absent: wait for ever, 0: at once); EINTR. */
  lock(fd: Fd, kind: 'shared' | 'exclusive' | 'none', timeoutUs?: number): Promise<Result>;
  fds(): ReadonlyMap<Fd, { readonly kind: string; readonly target: string; readonly flags: OpenFlags }>;
  pipe(): Result<[read: Fd, write: Fd]>;
  /** Until one of the fds is ready or the time is over; answers which. EINTR on a handled signal. */
  poll(requests: readonly { fd: Fd; read?: boolean; write?: boolean; priority?: boolean }[], timeoutUs?: number): Promise<Result<{ fd: Fd; readable: boolean; writable: boolean; hangup: boolean; error: boolean }[]>>;
  stat(path: string, follow?: boolean): Result<FileStat>;
  statFd(fd: Fd): Result<FileStat>;
  access(path: string, mode: { read?: boolean; write?: boolean; execute?: boolean }): Result;
  /** Names without . and .., in directory order. */
  list(path: string): Result<string[]>;
  makeDirectory(path: string, mode?: number): Result;
  removeDirectory(path: string): Result;
  unlink(path: string): Result;
  link(from: string, to: string): Result;
  symlink(target: string, path: string): Result;
  readLink(path: string): Result<string>;
  rename(from: string, to: string): Result;
  chmod(path: string, mode: number): Result;
  chown(path: string, uid: number, gid: number, follow?: boolean): Result;
  setTimes(path: string, accessedUs: number | undefined, modifiedUs: number | undefined, followsLink?: boolean): Result;
  truncate(path: string, size: number): Result;
  makeNode(path: string, kind: 'fifo' | 'socket', mode: number): Result;
  realPath(path: string): Result<string>;
  readonly cwd: string;
  chdir(path: string): Result;
  umask(mask?: number): number;
  /** Whole-file conveniences. Synthetic files (/proc, /sys) work too. */
  readFile(path: string): Promise<Result<Uint8Array>>;
  readText(path: string): Promise<Result<string>>;
  writeFile(path: string, content: Uint8Array | string, options?: { append?: boolean; mode?: number }): Promise<Result>;
  mounts(): { readonly source: string; readonly target: string; readonly type: string; readonly options: string }[];

  // ---- processes
  /** fork + exec of an installed program or a #! script. ENOENT, EACCES, ENOEXEC as execve(2). */
  spawn(path: string, options: SpawnOptions): Promise<Result<number>>;
  /** fork: runs `body` as a new process of the same program (subshells, pipelines, screen's server). The closure gets the child's Sys. Charged like fork. */
  fork(body: (child: Sys) => Promise<ExitCode>, options?: Omit<SpawnOptions, 'argv'> & { argv?: readonly string[] }): Result<number>;
  /** execve: replaces this process's program; never returns on success (throws ProcessDeath internally after the new program ended). */
  exec(path: string, argv: readonly string[], env?: ReadonlyMap<string, string>): Promise<Result<never>>;
  /** Looks a name up in PATH as execvp does. */
  findProgram(name: string, path?: string): Result<string>;
  /** waitpid(2). pid -1: any child; 0: own group; ECHILD when there is none. undefined value: nothing yet (noHang). */
  wait(pid: number, options?: { noHang?: boolean; untraced?: boolean; continued?: boolean }): Promise<Result<{ pid: number; status: WaitStatus } | undefined>>;
  exit(code: ExitCode): never;
  kill(pid: number, signal: SignalName | 0): Result;                     // negative pid: group
  onSignal(signal: SignalName, disposition: Disposition): Disposition;  // answers the old one
  blockSignals(signals: readonly SignalName[]): void;
  unblockSignals(signals: readonly SignalName[]): void;
  /** Blocks until a handled signal arrives. */
  pause(): Promise<void>;
  getProcessGroup(pid?: number): Result<number>;
  setProcessGroup(pid: number, group: number): Result;
  setSession(): Result<number>;
  getSession(pid?: number): Result<number>;
  processes(): ProcessView[];
  process(pid: number): ProcessView | undefined;
  setUser(uid: number, gid: number, groups: readonly number[]): Result;
  setName(name: string): void;
  nice(delta: number): number;
  /** 0 is oneself. ESRCH; EPERM for another user's process or a real-time policy, EACCES for a niceness below the one it has, both only for who is not root. */
  scheduling(pid: number): Result<Scheduling>;
  setScheduling(pid: number, change: Partial<Scheduling>): Result;
  times(): { userUs: number; systemUs: number; childrenUserUs: number; childrenSystemUs: number };

  // ---- terminals
  isTerminal(fd: Fd): boolean;
  terminalModes(fd: Fd): Result<TerminalModes>;
  setTerminalModes(fd: Fd, modes: TerminalModes, when?: 'now' | 'drain' | 'flush'): Result;
  windowSize(fd: Fd): Result<WindowSize>;
  setWindowSize(fd: Fd, size: WindowSize): Result;
  foregroundGroup(fd: Fd): Result<number>;
  setForegroundGroup(fd: Fd, group: number): Result;
  terminalName(fd: Fd): Result<string>;                                   // /dev/pts/0
  /** A new pseudo terminal (screen, script): master fd, and the slave's path. */
  openPty(size: WindowSize): Result<{ master: Fd; slavePath: string }>;
  setControllingTerminal(fd: Fd): Result;

  // ---- local sockets (screen's session sockets, docker.sock)
  listenLocal(path: string): Result<Fd>;
  connectLocal(path: string): Promise<Result<Fd>>;
  acceptLocal(fd: Fd): Promise<Result<Fd>>;
  /** No more will be written: the other end reads to the end (shutdown(2), SHUT_WR). */
  shutdownLocal(fd: Fd): Result;

  // ---- network
  /** A connected socket of this process as a descriptor, which owns it from then on. */
  socketDescriptor(id: SocketId): Result<Fd>;
  /** Bound to this process's network namespace and privileges (EPERM comes from here). */
  readonly net: NetPorts;
  readonly netns: NetnsHandle;
  /** /proc/PID/ns/net or /run/netns/NAME. */
  openNetns(path: string): Result<NetnsHandle>;
  enterNetns(handle: NetnsHandle): Result;
  unshareNetns(): Result<NetnsHandle>;
  /** unshare(2) for the others. A new pid namespace is for the children made from then on. */
  unshare(kind: UnsharedKind): Result;
  /** Binds this process's namespace (or the given one) to /run/netns/NAME, or releases that name. */
  bindNetns(path: string, handle?: NetnsHandle): Result;
  unbindNetns(path: string): Result;

  // ---- roots
  /** Fills a directory with a system image that this machine's registry has (docker export | tar -x). ENOENT: there is no such image; EEXIST: the directory has one. */
  unpackRoot(image: string, path: string): Result;

  // ---- evidence
  /** Tells whoever watches the lab (grading, the lesson's gutter marks) what a program alone knows. Costs nothing, changes nothing. */
  note(note: ProcessNote): void;

  // ---- machine
  /** A line for the system's log. */
  log(line: string): void;
  /** syslog(2): the kernel's ring buffer, with times since the machine started. EPERM for who is not root. */
  kernelLog(): Result<readonly KernelLogRecord[]>;
  clearKernelLog(): Result;
  readonly machine: MachinePorts;
}

/** `level` is 0 (emerg) to 7 (debug). */
export interface KernelLogRecord { readonly number: number; readonly monotonicUs: number; readonly level: number; readonly text: string }

/** What only a program knows about itself. Shells note each line they run; capture programs what they show. */
export type ProcessNote =
  /** An interactive shell begins a line (history-expanded). `job` is unique in the shell. */
  | { kind: 'line-started'; job: number; line: string }
  /** A child process group belongs to that line. */
  | { kind: 'line-group'; job: number; processGroup: number }
  /** The line is over, `$?` is known. A line stopped with Ctrl+Z ends with 148. */
  | { kind: 'line-ended'; job: number; exit: number }
  /** The shell shows its primary prompt and waits for a line. */
  | { kind: 'prompt' }
  /** `linkType`: what packets begin with, as capture files number it. */
  | { kind: 'capture-started'; device: string; filter: string; linkType: number }
  /** A packet that was taken, with the lines that were printed for it, and its length before it was cut. */
  | { kind: 'capture-packet'; frame: Uint8Array; atUs: number; originalLength: number; text: string }
  | { kind: 'capture-ended' }
  /** screen's server: its session name and whether a client shows it now. */
  | { kind: 'screen'; name: string; isAttached: boolean };

/** What belongs to the whole machine: hosts that ssh, login and su need, installed packages, users. */
export interface MachinePorts {
  users(): { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string; readonly shell: string; readonly gecos: string }[];
  groups(): { readonly name: string; readonly gid: number; readonly members: readonly string[] }[];
  /** Package catalogue and what is installed (apt, dpkg, apk). */
  packages(): readonly { name: string; version: string; architecture: string; installed: boolean; section: string; sizeKb: number; installedSizeKb: number; summary: string; depends: readonly string[]; files: readonly string[] }[];
  installPackage(name: string): Result;
  removePackage(name: string): Result;
  bootedUs(): number;
  /** The container runtime, where there is one and this root reaches its socket. */
  containers(): import('./container-service.ts').ContainerService | undefined;
}

export type ErrnoText = (error: Errno) => string;
/** A program: what an executable file in the tree runs. Answers the exit code. */
export type Program = (sys: Sys) => Promise<ExitCode>;
