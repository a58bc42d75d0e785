/** Pipes and FIFOs: 64 KiB, counted ends, back-pressure. Read first: pipe(7) */
import type { Result } from '../../simulator/result.ts';
import { fail, ok } from '../../simulator/result.ts';
import type { FileStat, OpenFlags } from '../sys.ts';
import type { Process } from '../process.ts';
import { WaitQueue } from '../scheduler.ts';
import type { Inode } from './inode.ts';
import { statOf } from './inode.ts';
import type { Readiness, Wait } from './open-file.ts';
import { NOTHING, OpenFile } from './open-file.ts';

export const PIPE_CAPACITY = 65_536;
/** Writes up to this size are never torn. */
const PIPE_BUF = 4096;

export class PipeBuffer {
  readonly number: number;
  private chunks: Uint8Array[] = [];
  private first = 0;
  size = 0;
  readers = 0;
  writers = 0;
  /** How often either end was opened: who waits for the other end must not miss one that came and went (wait_for_partner, fs/pipe.c). */
  readerOpens = 0;
  writerOpens = 0;
  readonly readable = new WaitQueue();
  readonly writable = new WaitQueue();

  constructor(number: number) {
    this.number = number;
  }

  get space(): number {
    return PIPE_CAPACITY - this.size;
  }

  push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.size += bytes.length;
    this.readable.wake();
  }

  take(max: number): Uint8Array {
    const head = this.chunks[this.first]!;
    let taken: Uint8Array;
    if (head.length >= max || this.size === head.length) {
      taken = head.length <= max ? head : head.subarray(0, max);
      this.drop(taken.length);
    } else {
      taken = new Uint8Array(Math.min(max, this.size));
      for (let at = 0; at < taken.length; ) {
        const part = this.chunks[this.first]!.subarray(0, taken.length - at);
        taken.set(part, at);
        at += part.length;
        this.drop(part.length);
      }
    }
    this.writable.wake();
    return taken;
  }

  private drop(length: number): void {
    const head = this.chunks[this.first]!;
    this.size -= length;
    if (length < head.length) {
      this.chunks[this.first] = head.subarray(length);
      return;
    }
    this.first += 1;
    if (this.first === this.chunks.length) {
      this.chunks = [];
      this.first = 0;
    } else if (this.first > 256) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }

  read(max: number): Result<Uint8Array> | Wait {
    if (this.size > 0) return ok(max === 0 ? NOTHING : this.take(max));
    return this.writers === 0 ? ok(NOTHING) : { wait: [this.readable] };
  }

  write(bytes: Uint8Array): Result<number> | Wait {
    if (this.readers === 0) return fail('EPIPE');
    if (bytes.length === 0) return ok(0);
    if (this.space === 0 || (bytes.length <= PIPE_BUF && this.space < bytes.length)) return { wait: [this.writable] };
    const part = bytes.length <= this.space ? bytes : bytes.subarray(0, this.space);
    this.push(part.slice());
    return ok(part.length);
  }
}

/** One end (or, for a FIFO opened read-write, both) of a pipe. */
export class PipeEnd extends OpenFile {
  readonly kind: string;
  readonly pipe: PipeBuffer;
  private readonly inode: Inode | undefined;
  private readonly path: string | undefined;
  private readonly isReader: boolean;
  private readonly isWriter: boolean;

  constructor(pipe: PipeBuffer, flags: OpenFlags, inode?: Inode, path?: string) {
    super(flags);
    this.pipe = pipe;
    this.inode = inode;
    this.path = path;
    this.kind = inode === undefined ? 'pipe' : 'fifo';
    this.isReader = flags.read === true;
    this.isWriter = flags.write === true;
    if (this.isReader) {
      pipe.readers += 1;
      pipe.readerOpens += 1;
    }
    if (this.isWriter) {
      pipe.writers += 1;
      pipe.writerOpens += 1;
    }
    if (inode !== undefined) {
      pipe.readable.wake();
      pipe.writable.wake();
    }
  }

  target(): string {
    return this.path ?? `pipe:[${this.pipe.number}]`;
  }
  stat(): FileStat {
    if (this.inode !== undefined) return statOf(this.inode);
    return { kind: 'fifo', inode: this.pipe.number, device: 14, mode: 0o600, links: 1, uid: 0, gid: 0, size: 0, accessedUs: 0, modifiedUs: 0, changedUs: 0, mount: '' };
  }
  override tryRead(_by: Process, max: number): Result<Uint8Array> | Wait {
    return this.isReader ? this.pipe.read(max) : fail('EBADF');
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> | Wait {
    return this.isWriter ? this.pipe.write(bytes) : fail('EBADF');
  }
  override readiness(): Readiness {
    return {
      readable: this.isReader && (this.pipe.size > 0 || this.pipe.writers === 0),
      writable: this.isWriter && (this.pipe.space >= PIPE_BUF || this.pipe.readers === 0),
      hangup: this.isReader && this.pipe.writers === 0,
      error: this.isWriter && this.pipe.readers === 0,
    };
  }
  override queues(): readonly WaitQueue[] {
    return [this.pipe.readable, this.pipe.writable];
  }
  override released(): void {
    if (this.isReader) this.pipe.readers -= 1;
    if (this.isWriter) this.pipe.writers -= 1;
    this.pipe.readable.wake();
    this.pipe.writable.wake();
  }
}
