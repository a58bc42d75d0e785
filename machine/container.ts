/**
 * What makes a process contained: a mount namespace with a root of its own, a UTS and a pid namespace, and fewer capabilities. (Network namespaces are in namespaces.ts.)
 * Read first: namespaces(7), pid_namespaces(7), capabilities(7), pivot_root(2)
 */
import type { Inode } from './files/inode.ts';
import type { ImageFile, MachineImage } from './image.ts';
import type { Process } from './process.ts';
import type { MachinePorts } from './sys.ts';

export type Capability = 'CHOWN' | 'DAC_OVERRIDE' | 'FOWNER' | 'FSETID' | 'KILL' | 'SETGID' | 'SETUID' | 'SETPCAP' | 'NET_BIND_SERVICE' | 'NET_ADMIN' | 'NET_RAW' | 'SYS_CHROOT' | 'SYS_PTRACE' | 'SYS_ADMIN' | 'SYS_TIME' | 'MKNOD' | 'AUDIT_WRITE' | 'SETFCAP';

const BITS: Readonly<Record<Capability, number>> = {
  CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, FSETID: 4, KILL: 5, SETGID: 6, SETUID: 7, SETPCAP: 8, NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13, SYS_CHROOT: 18, SYS_PTRACE: 19, SYS_ADMIN: 21, SYS_TIME: 25,
  MKNOD: 27, AUDIT_WRITE: 29, SETFCAP: 31,
};
export const CAPABILITIES: readonly Capability[] = Object.keys(BITS) as Capability[];

/** As /proc/PID/status prints a set; undefined: all there are. */
export function capabilityMask(set: ReadonlySet<Capability> | undefined): string {
  if (set === undefined) return '000001ffffffffff';
  let bits = 0n;
  for (const capability of set) bits |= 1n << BigInt(BITS[capability]);
  return bits.toString(16).padStart(16, '0');
}

export interface Uts { hostname: string; readonly inode: number }

export interface MountNamespace {
  readonly inode: number;
  /** What `/` is to its processes, and where that stands on the machine. */
  readonly root: Inode;
  readonly hostPath: string;
  /** Accounts and packages of this root. */
  readonly ports: MachinePorts;
}

/** Numbers of processes as those inside see them. Its first process is init: when it ends all others are killed. */
export class PidNamespace {
  readonly inode: number;
  init: Process | undefined;
  private next = 1;
  /** By the machine's pid, kept beyond death: groups and sessions go by their founder's number. */
  private readonly numbers = new Map<number, number>();
  private readonly pids = new Map<number, number>();

  constructor(inode: number) {
    this.inode = inode;
  }

  admit(process: Process): void {
    this.init ??= process;
    this.numbers.set(process.pid, this.next);
    this.pids.set(this.next, process.pid);
    this.next += 1;
  }

  /** 0: not from here. */
  numberOf(pid: number): number {
    return this.numbers.get(pid) ?? 0;
  }

  pidOf(number: number): number | undefined {
    return this.pids.get(number);
  }
}

export interface ContainerBind { readonly from: string; /** A path in the container. */ readonly at: string; readonly isReadOnly: boolean }

export interface ContainerSpec {
  /** Its files stand in this directory of the machine. */
  readonly rootPath: string;
  /** Its programs are the container's own. */
  readonly image: MachineImage;
  /** Tells programs of this image from the machine's: one word, the same for every container of an image. */
  readonly imageName: string;
  readonly hostname: string;
  /** Shares the UTS namespace of another container (a pod's do), or the machine's, instead of making one. */
  readonly uts?: Uts | 'machine';
  /** The network namespace by its kernel id; 0 is the machine's own. */
  readonly netns: number;
  /** Undefined: all (a privileged container). */
  readonly capabilities: ReadonlySet<Capability> | undefined;
  /** Directories of the machine that show in the container; what the image has there is hidden. */
  readonly binds?: readonly ContainerBind[];
  /** Put in place after those. */
  readonly files?: readonly ImageFile[];
  /** Shares the machine's pid numbers instead of having its own. */
  readonly hostPids?: boolean;
}

export interface Container {
  readonly mounts: MountNamespace;
  /** Undefined: the machine's. */
  readonly uts: Uts | undefined;
  readonly pids: PidNamespace | undefined;
  readonly netns: number;
  readonly capabilities: ReadonlySet<Capability> | undefined;
  /** Takes its files away. Its processes must have ended. */
  remove(): void;
}
