/** Open files of the two ends of a pseudo terminal. Read first: pty(7) */
import type { Result } from '../../simulator/result.ts';
import { fail, ok } from '../../simulator/result.ts';
import type { FileStat, OpenFlags } from '../sys.ts';
import type { Process } from '../process.ts';
import type { WaitQueue } from '../scheduler.ts';
import type { Readiness, Wait } from '../files/open-file.ts';
import { OpenFile } from '../files/open-file.ts';
import type { Tty } from './tty.ts';

export class TerminalFile extends OpenFile {
  readonly kind = 'tty';
  readonly tty: Tty;
  private readonly inodeStat: () => FileStat;
  private readStartedUs: number | undefined;
  constructor(tty: Tty, flags: OpenFlags, inodeStat: () => FileStat) {
    super(flags);
    this.tty = tty;
    this.inodeStat = inodeStat;
    tty.slaves += 1;
    tty.hasBeenOpened = true;
  }
  target(): string {
    return `/dev/${this.tty.name}`;
  }
  stat(): FileStat {
    return this.inodeStat();
  }
  override tryRead(by: Process, max: number): Result<Uint8Array> | Wait {
    if (this.flags.read !== true) return fail('EBADF');
    this.readStartedUs ??= by.machine.world.nowUs;
    const outcome = this.tty.read(by, max, this.readStartedUs);
    if (!('wait' in outcome)) this.readStartedUs = undefined;
    return outcome;
  }
  override tryWrite(by: Process, bytes: Uint8Array): Result<number> | Wait {
    if (this.flags.write !== true) return fail('EBADF');
    const written = this.tty.write(by, bytes);
    if ('ok' in written && written.ok) by.machine.audit?.wrote(by, this.tty, bytes.subarray(0, written.value));
    return written;
  }
  override readiness(): Readiness {
    return { readable: this.tty.hasInput(), writable: !this.tty.isPaused, hangup: this.tty.isHungUp, error: false };
  }
  override queues(): readonly WaitQueue[] {
    return [this.tty.readable, this.tty.writable];
  }
  override released(): void {
    this.tty.slaves -= 1;
    this.tty.masterReadable.wake();
  }
}

export class MasterFile extends OpenFile {
  readonly kind = 'ptmx';
  readonly tty: Tty;
  private readonly inodeStat: () => FileStat;
  constructor(tty: Tty, inodeStat: () => FileStat) {
    super({ read: true, write: true });
    this.tty = tty;
    this.inodeStat = inodeStat;
  }
  target(): string {
    return '/dev/ptmx';
  }
  stat(): FileStat {
    return this.inodeStat();
  }
  override tryRead(_by: Process, max: number): Result<Uint8Array> | Wait {
    return this.tty.takeOutput(max);
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> {
    this.tty.receive(bytes);
    return ok(bytes.length);
  }
  override readiness(): Readiness {
    return { readable: this.tty.masterHasOutput, writable: true, hangup: this.tty.hasBeenOpened && this.tty.slaves === 0, error: false };
  }
  override queues(): readonly WaitQueue[] {
    return [this.tty.masterReadable];
  }
  override released(): void {
    this.tty.hangUp();
    this.tty.onGone?.();
  }
}
