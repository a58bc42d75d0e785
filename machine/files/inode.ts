/** What a file system holds. Read first: inode(7) */
import type { FileStat, Program } from '../sys.ts';
import type { Result } from '../../simulator/result.ts';
import type { NetnsRef } from '../namespaces.ts';
import type { Process } from '../process.ts';
import type { FileLocks } from './file-locks.ts';
import type { LocalListener } from './local-socket.ts';
import type { OpenFile } from './open-file.ts';
import type { PipeBuffer } from './pipe.ts';
import { utf8 } from '../../simulator/bytes.ts';

export interface FileSystem {
  readonly device: number;
  readonly type: string;
  readonly source: string;
  readonly options: string;
  /** Where it is mounted. */
  target: string;
  /** readdir(3) of tmpfs answers the newest entry first. */
  readonly newestFirst: boolean;
  readonly isReadOnly: boolean;
}

/** A directory, file or link that is made up when somebody looks (procfs, sysfs). */
export interface Synthetic {
  lookup?(name: string, by: Process): Inode | undefined;
  list?(by: Process): string[];
  read?(by: Process): Result<string>;
  /** Absent: it cannot be opened for writing. */
  write?(by: Process, text: string): Result;
  /** Text of the link. */
  target?(by: Process): Result<string>;
  /** A link that leads elsewhere than its text says: /proc/PID/cwd, fd/N. */
  follow?(by: Process): Inode | undefined;
}

export interface Inode {
  readonly number: number;
  readonly kind: FileStat['kind'];
  readonly fs: FileSystem;
  mode: number;
  uid: number;
  gid: number;
  links: number;
  accessedUs: number;
  modifiedUs: number;
  changedUs: number;
  /** Directories. */
  entries?: Map<string, Inode>;
  parent?: Inode;
  name?: string;
  /** The root of what is mounted here. */
  mounted?: Inode;
  /** Files: `size` bytes of `data` count. */
  data?: Uint8Array;
  size: number;
  /** An installed program: its bytes are made when somebody reads them. */
  program?: string;
  target?: string;
  rdev?: [number, number];
  pipe?: PipeBuffer;
  /** Opening it gives this very description (a pipe whose other end is outside). */
  shared?: OpenFile;
  listener?: LocalListener;
  locks?: FileLocks;
  /** nsfs: the namespace this file stands for. */
  netns?: NetnsRef;
  synthetic?: Synthetic;
}

/** The first bytes of an executable; the rest of the line names the program in the machine's table. */
export const PROGRAM_MAGIC = '\x7fELF\x02\x01\x01 podwire program ';

export function programBytes(name: string): Uint8Array {
  return utf8(`${PROGRAM_MAGIC}${name}\n`);
}

export function contentOf(inode: Inode): Uint8Array {
  if (inode.program !== undefined && inode.data === undefined) {
    inode.data = programBytes(inode.program);
    inode.size = inode.data.length;
  }
  return inode.data === undefined ? EMPTY : inode.data.subarray(0, inode.size);
}

const EMPTY = new Uint8Array(0);

/** Makes room for `size` bytes, growing by halves so that appending is cheap. */
export function resize(inode: Inode, size: number): void {
  contentOf(inode);
  delete inode.program;
  const data = inode.data ?? EMPTY;
  if (size > data.length) {
    const grown = new Uint8Array(Math.max(size, data.length + (data.length >> 1), 64));
    grown.set(data.subarray(0, inode.size));
    inode.data = grown;
  } else if (size < inode.size) {
    data.fill(0, size, inode.size);
  }
  inode.size = size;
}

export function statOf(inode: Inode): FileStat {
  return {
    kind: inode.kind, inode: inode.number, device: inode.fs.device, mode: inode.mode, links: inode.links, uid: inode.uid, gid: inode.gid,
    size: sizeOf(inode), accessedUs: inode.accessedUs, modifiedUs: inode.modifiedUs, changedUs: inode.changedUs,
    ...(inode.rdev === undefined ? {} : { rdev: inode.rdev }), mount: inode.fs.target, fileSystem: inode.netns === undefined ? inode.fs.type : 'nsfs',
  };
}

function sizeOf(inode: Inode): number {
  if (inode.synthetic !== undefined) return 0;
  if (inode.kind === 'symlink') return utf8(inode.target ?? '').length;
  if (inode.kind === 'directory') return inode.fs.type === 'tmpfs' ? (inode.entries!.size + 2) * 20 : 4096;
  if (inode.kind === 'file') {
    contentOf(inode);
    return inode.size;
  }
  return 0;
}

export type { Program };
