/** A network socket at a descriptor, for programs that read and write it as a file. Read first: socket(7), send(2) */
import type { SocketId, SocketView } from '../../simulator/kernel/api.ts';
import type { Result } from '../../simulator/result.ts';
import { ok } from '../../simulator/result.ts';
import type { Machine } from '../machine.ts';
import type { Process } from '../process.ts';
import type { WaitQueue } from '../scheduler.ts';
import type { FileStat } from '../sys.ts';
import { socketStat } from './local-socket.ts';
import type { Readiness, Wait } from './open-file.ts';
import { OpenFile } from './open-file.ts';

export class SocketFile extends OpenFile {
  readonly kind = 'socket';
  readonly id: SocketId;
  private readonly machine: Machine;
  private readonly isDatagram: boolean;
  private readonly inode: number;
  constructor(machine: Machine, { id, type, inode }: SocketView) {
    super({ read: true, write: true });
    this.machine = machine;
    this.id = id;
    this.isDatagram = type === 'udp';
    this.inode = inode;
  }
  target(): string {
    return `socket:[${this.inode}]`;
  }
  stat(): FileStat {
    return socketStat(this.inode);
  }
  override tryRead(_by: Process, max: number): Result<Uint8Array> | Wait {
    const { sockets } = this.machine.kernel;
    if (!this.isDatagram) return this.orWait(sockets.receive(this.id, max));
    const got = sockets.receiveDatagram(this.id);
    return got.ok ? ok(got.value.bytes.subarray(0, max)) : this.orWait(got);
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> | Wait {
    return this.orWait(this.machine.kernel.sockets.send(this.id, bytes));
  }
  private orWait<T>(outcome: Result<T>): Result<T> | Wait {
    return !outcome.ok && outcome.error === 'EAGAIN' ? { wait: this.queues() } : outcome;
  }
  override readiness(): Readiness {
    const { readable, writable, hangup, error } = this.machine.kernel.sockets.readiness(this.id);
    return { readable, writable, hangup, error };
  }
  override queues(): readonly WaitQueue[] {
    return [this.machine.socketQueue(this.id)];
  }
  override released(): void {
    this.machine.dropSocket(this.id);
  }
}
