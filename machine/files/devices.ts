/** Character devices without a terminal behind them. Read first: null(4), random(4), full(4) */
import type { Result } from '../../simulator/result.ts';
import { fail, ok } from '../../simulator/result.ts';
import type { FileStat, OpenFlags } from '../sys.ts';
import type { Process } from '../process.ts';
import type { WaitQueue } from '../scheduler.ts';
import type { Inode } from './inode.ts';
import type { Wait } from './open-file.ts';
import { NOTHING, OpenFile, TreeFile } from './open-file.ts';

export type DeviceName = 'null' | 'zero' | 'full' | 'random' | 'urandom' | 'kmsg' | 'tun';

export const DEVICES: readonly { readonly name: string; readonly device: DeviceName | 'tty' | 'ptmx' | 'console'; readonly rdev: [number, number]; readonly mode: number }[] = [
  { name: 'null', device: 'null', rdev: [1, 3], mode: 0o666 },
  { name: 'zero', device: 'zero', rdev: [1, 5], mode: 0o666 },
  { name: 'full', device: 'full', rdev: [1, 7], mode: 0o666 },
  { name: 'random', device: 'random', rdev: [1, 8], mode: 0o666 },
  { name: 'urandom', device: 'urandom', rdev: [1, 9], mode: 0o666 },
  { name: 'kmsg', device: 'kmsg', rdev: [1, 11], mode: 0o644 },
  { name: 'tty', device: 'tty', rdev: [5, 0], mode: 0o666 },
  { name: 'console', device: 'console', rdev: [5, 1], mode: 0o600 },
  { name: 'ptmx', device: 'ptmx', rdev: [5, 2], mode: 0o666 },
  { name: 'net/tun', device: 'tun', rdev: [10, 200], mode: 0o666 },
];

export function deviceOf(rdev: readonly [number, number]): string | undefined {
  return DEVICES.find((entry) => entry.rdev[0] === rdev[0] && entry.rdev[1] === rdev[1])?.device;
}

export class DeviceFile extends TreeFile {
  readonly kind = 'character';
  private readonly device: DeviceName;
  constructor(inode: Inode, device: DeviceName, flags: OpenFlags, path: string) {
    super(inode, flags, path);
    this.device = device;
  }
  override tryRead(by: Process, max: number): Result<Uint8Array> {
    switch (this.device) {
      case 'null': case 'kmsg': return ok(NOTHING);
      case 'zero': case 'full': return ok(new Uint8Array(Math.min(max, 1 << 20)));
      case 'random': case 'urandom': return ok(by.machine.world.dice.bytes(Math.min(max, 1 << 16)));
      case 'tun': return fail('EBADF');
    }
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> {
    if (this.device === 'full') return fail('ENOSPC');
    return this.device === 'tun' ? fail('EBADF') : ok(bytes.length);
  }
  override seek(): Result<number> {
    return ok(0);
  }
}

/** An end of a pipe whose other end is outside the machine: what a headless run reads from and collects into. */
export class CollectorFile extends OpenFile {
  readonly kind = 'pipe';
  private readonly number: number;
  private readonly sink: (bytes: Uint8Array) => void;
  constructor(number: number, sink: (bytes: Uint8Array) => void) {
    super({ write: true });
    this.number = number;
    this.sink = sink;
  }
  target(): string {
    return `pipe:[${this.number}]`;
  }
  stat(): FileStat {
    return { kind: 'fifo', inode: this.number, device: 14, mode: 0o600, links: 1, uid: 0, gid: 0, size: 0, accessedUs: 0, modifiedUs: 0, changedUs: 0, mount: '' };
  }
  override tryRead(): Result<Uint8Array> | Wait {
    return fail('EBADF');
  }
  override tryWrite(_by: Process, bytes: Uint8Array): Result<number> {
    this.sink(bytes.slice());
    return ok(bytes.length);
  }
  override queues(): readonly WaitQueue[] {
    return [];
  }
}
