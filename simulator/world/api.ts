/**
 * The world: virtual time, the event queue, dice, and every kernel. One world per lab.
 * State is plain data and clones at any instant; the only things outside it are listeners.
 */
import type { NetKernel } from '../kernel/api.ts';

/** Integer dice, seeded (sfc32). All chance in a lab comes from here. */
export interface Dice {
  /** 32 random bits as an unsigned integer. */
  next(): number;
  /** Integer in [0, below). */
  below(below: number): number;
  /** Float in [0, 1). */
  fraction(): number;
  bytes(length: number): Uint8Array;
}

export interface World {
  /** Virtual microseconds since the lab began. */
  readonly nowUs: number;
  /** Wall-clock epoch of virtual time 0, in microseconds (scenario data; default 2026-11-23T01:14:00Z). */
  readonly epochUs: number;
  readonly dice: Dice;
  readonly kernels: readonly NetKernel[];
  kernel(id: number): NetKernel;
  /** Wakes whoever waits on `token` after `delayUs`; for machines. Answers an id for `cancel`. */
  setAlarm(delayUs: number, token: number): number;
  cancel(alarm: number): void;
  /** When the next event is due, or undefined when nothing is scheduled. */
  nextEventUs(): number | undefined;
  /** Runs the earliest event (moving time to it). */
  step(): void;
  /** Moves time forward with no event due before it. Throws when one is. */
  advanceTo(nowUs: number): void;
  /** Listeners, never cloned. */
  onAlarm: ((token: number) => void) | undefined;
  /** A socket's readiness may have changed (also subscriptions). */
  onReady: ((kernelId: number, socketId: number) => void) | undefined;
  /** Something an observer might show has changed (link, address, route, rule, neighbour, conntrack ...). Cheap; called often. */
  onStateChange: ((kernelId: number) => void) | undefined;
  /** Tracing is free when nobody listens. */
  traceSink: import('./trace.ts').TraceSink | undefined;
  /** An independent copy of the whole world at this instant: same future for the same inputs. Listeners and attached socket filters are not copied. */
  clone(): World;
  /** 64-bit hash (16 hex digits) of all state; equal states have equal hashes. */
  hash(): string;
}
