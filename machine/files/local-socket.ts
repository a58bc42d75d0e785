/** Stream sockets of the UNIX domain. Read first: unix(7) */
import type { Result } from '../../simulator/result.ts';
import { fail } from '../../simulator/result.ts';
import type { FileStat } from '../sys.ts';
import type { Process } from '../process.ts';
import { WaitQueue } from '../scheduler.ts';
import type { Inode } from './inode.ts';
import type { Readiness, Wait } from './open-file.ts';
import { OpenFile } from './open-file.ts';
import type { PipeBuffer } from './pipe.ts';

export class LocalListener extends OpenFile {
  readonly kind = 'socket';
  readonly pending: LocalStream[] = [];
  readonly arrived = new WaitQueue();
  isClosed = false;
  private readonly inode: Inode;
  constructor(inode: Inode) {
    super({ read: true, write: true });
    this.inode = inode;
  }
  target(): string {
    return `socket:[${this.inode.number}]`;
  }
  stat(): FileStat {
    return socketStat(this.inode.number);
  }
  override readiness(): Readiness {
    return { readable: this.pending.length > 0, writable: false, hangup: false, error: false };
  }
  override queues(): readonly WaitQueue[] {
    return [this.arrived];
  }
  override released(): void {
    this.isClosed = true;
    if (this.inode.listener === this) delete this.inode.listener;
    for (const stream of this.pending) stream.released();
  }
}

/** One side of a connection: reads one pipe, writes the other. */
export class LocalStream extends OpenFile {
  readonly kind = 'socket';
  private readonly incoming: PipeBuffer;
  private readonly outgoing: PipeBuffer;
  private isWriting = true;
  constructor(incoming: PipeBuffer, outgoing: PipeBuffer) {
    super({ read: true, write: true });
    this.incoming = incoming;
    this.outgoing = outgoing;
    incoming.readers += 1;
    outgoing.writers += 1;
  }
  target(): string {
    return `socket:[${this.incoming.number}]`;
  }
  stat(): FileStat {
    return socketStat(this.incoming.number);
  }
  override tryRead(_by: Process, max: number): Result<Uint8Array> | Wait {
    return this.incoming.read(max);
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> | Wait {
    return this.outgoing.readers === 0 ? fail('EPIPE') : this.outgoing.write(bytes);
  }
  override readiness(): Readiness {
    const isOver = this.incoming.writers === 0;
    return { readable: this.incoming.size > 0 || isOver, writable: this.outgoing.space >= 4096 || this.outgoing.readers === 0, hangup: isOver, error: false };
  }
  override queues(): readonly WaitQueue[] {
    return [this.incoming.readable, this.outgoing.writable];
  }
  endWriting(): void {
    if (this.isWriting) this.outgoing.writers -= 1;
    this.isWriting = false;
    this.outgoing.readable.wake();
  }
  override released(): void {
    this.incoming.readers -= 1;
    this.incoming.writable.wake();
    this.endWriting();
  }
}

export function socketStat(inode: number): FileStat {
  return { kind: 'socket', inode, device: 8, mode: 0o777, links: 1, uid: 0, gid: 0, size: 0, accessedUs: 0, modifiedUs: 0, changedUs: 0, mount: '' };
}
