/** Open file descriptions: what file descriptors point at, shared by dup and fork. Read first: open(2), "Open file descriptions" */
import type { Result } from '../../simulator/result.ts';
import { fail, ok } from '../../simulator/result.ts';
import type { FileStat, OpenFlags } from '../sys.ts';
import type { Process } from '../process.ts';
import type { WaitQueue } from '../scheduler.ts';
import { dropLock } from './file-locks.ts';
import type { Inode } from './inode.ts';
import { contentOf, resize, statOf } from './inode.ts';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';

export interface Readiness { readonly readable: boolean; readonly writable: boolean; readonly hangup: boolean; readonly error: boolean }
/** What a call answers that would have to block: wait on these, then try again. */
export interface Wait { readonly wait: readonly WaitQueue[]; readonly deadlineUs?: number }

export function isWait<T>(outcome: Result<T> | Wait): outcome is Wait {
  return 'wait' in outcome;
}

export const ALWAYS_READY: Readiness = { readable: true, writable: true, hangup: false, error: false };
export const NOTHING = new Uint8Array(0);

export abstract class OpenFile {
  references = 0;
  readonly flags: OpenFlags;
  abstract readonly kind: string;
  constructor(flags: OpenFlags) {
    this.flags = { ...flags };
  }
  /** What readlink /proc/PID/fd/N says. */
  abstract target(by: Process): string;
  abstract stat(): FileStat;
  tryRead(_by: Process, _max: number): Result<Uint8Array> | Wait {
    return fail('EINVAL');
  }
  /** How many bytes were taken; a partial answer is followed by another call. */
  tryWrite(_by: Process, _bytes: Uint8Array): Result<number> | Wait {
    return fail('EINVAL');
  }
  seek(_offset: number, _whence: 'set' | 'current' | 'end'): Result<number> {
    return fail('ESPIPE');
  }
  readiness(_by: Process): Readiness {
    return ALWAYS_READY;
  }
  queues(): readonly WaitQueue[] {
    return [];
  }
  /** The last descriptor went away. */
  released(): void {}
}

/** What stands in the file tree: a name was opened, and an inode is behind it. */
export abstract class TreeFile extends OpenFile {
  readonly inode: Inode;
  protected readonly path: string;
  constructor(inode: Inode, flags: OpenFlags, path: string) {
    super(flags);
    this.inode = inode;
    this.path = path;
  }
  target(): string {
    return this.path;
  }
  stat(): FileStat {
    return statOf(this.inode);
  }
  override released(): void {
    dropLock(this);
  }
}

export class RegularFile extends TreeFile {
  readonly kind = 'file';
  offset = 0;
  private readonly nowUs: () => number;
  constructor(inode: Inode, flags: OpenFlags, path: string, nowUs: () => number) {
    super(inode, flags, path);
    this.nowUs = nowUs;
  }
  override target(): string {
    return this.inode.links === 0 ? `${this.path} (deleted)` : this.path;
  }
  override tryRead(_by: Process, max: number): Result<Uint8Array> {
    const content = contentOf(this.inode);
    const end = Math.min(content.length, this.offset + max);
    if (this.offset >= end) return ok(NOTHING);
    const bytes = content.slice(this.offset, end);
    this.offset = end;
    this.inode.accessedUs = this.nowUs();
    return ok(bytes);
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> {
    if (bytes.length === 0) return ok(0);
    contentOf(this.inode);
    if (this.flags.append === true) this.offset = this.inode.size;
    const end = this.offset + bytes.length;
    if (end > MAX_FILE) return fail('EFBIG');
    if (end > this.inode.size) resize(this.inode, end);
    delete this.inode.program;
    this.inode.data!.set(bytes, this.offset);
    this.offset = end;
    const now = this.nowUs();
    this.inode.modifiedUs = now;
    this.inode.changedUs = now;
    return ok(bytes.length);
  }
  override seek(offset: number, whence: 'set' | 'current' | 'end'): Result<number> {
    const base = whence === 'set' ? 0 : whence === 'current' ? this.offset : contentOf(this.inode).length;
    if (base + offset < 0) return fail('EINVAL');
    this.offset = base + offset;
    return ok(this.offset);
  }
}

/** A simulated disk is small: a runaway writer meets the end of it. */
const MAX_FILE = 256 * 1024 * 1024;

export class DirectoryFile extends TreeFile {
  readonly kind = 'directory';
  override tryRead(): Result<Uint8Array> {
    return fail('EISDIR');
  }
}

/** A file of procfs or sysfs: its text is made at the first read, and each write is one value. */
export class SyntheticFile extends TreeFile {
  readonly kind = 'file';
  private text: Uint8Array | undefined;
  private offset = 0;
  override tryRead(by: Process, max: number): Result<Uint8Array> {
    if (this.text === undefined || this.offset === 0) {
      const made = this.inode.synthetic!.read?.(by) ?? fail('EACCES');
      if (!made.ok) return made;
      this.text = utf8(made.value);
    }
    const bytes = this.text.slice(this.offset, this.offset + max);
    this.offset += bytes.length;
    return ok(bytes);
  }
  override tryWrite(by: Process, bytes: Uint8Array): Result<number> {
    const set = this.inode.synthetic!.write?.(by, fromUtf8(bytes).replace(/\n$/, '')) ?? fail('EACCES');
    return set.ok ? ok(bytes.length) : set;
  }
  override seek(offset: number, whence: 'set' | 'current' | 'end'): Result<number> {
    this.offset = whence === 'set' ? offset : whence === 'current' ? this.offset + offset : offset;
    return ok(this.offset);
  }
}
