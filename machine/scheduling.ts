/** A process's standing with the scheduler: its children inherit it. Read first: sched(7), setpriority(2), sched_setaffinity(2), ioprio_set(2), no_new_privs in prctl(2) */
import type { Result } from '../simulator/result.ts';
import { done, fail } from '../simulator/result.ts';

export type SchedulingPolicy = 'OTHER' | 'FIFO' | 'RR' | 'BATCH' | 'IDLE';
export interface Scheduling {
  readonly niceness: number;
  readonly policy: SchedulingPolicy;
  /** 1 to 99 for FIFO and RR, else 0. */
  readonly priority: number;
  /** Bit mask of the processors it may run on. */
  readonly processors: number;
  readonly ioClass: 'none' | 'realtime' | 'best-effort' | 'idle';
  readonly ioLevel: number;
  readonly noNewPrivileges: boolean;
}

const PROCESSORS = 0b11;

export const ORDINARY: Scheduling = { niceness: 0, policy: 'OTHER', priority: 0, processors: PROCESSORS, ioClass: 'none', ioLevel: 0, noNewPrivileges: false };

/** Whether who is not root may change its standing so. */
export function mayReschedule(from: Scheduling, change: Partial<Scheduling>): Result {
  if (change.niceness !== undefined && change.niceness < from.niceness) return fail('EACCES');
  if (change.policy === 'FIFO' || change.policy === 'RR' || change.ioClass === 'realtime') return fail('EPERM');
  return done;
}

/** What becomes of it: processors there are not are left out, a niceness has its bounds. EINVAL when nothing is left to run on. */
export function rescheduled(from: Scheduling, change: Partial<Scheduling>): Scheduling | 'EINVAL' {
  const next = { ...from, ...change };
  next.processors &= PROCESSORS;
  next.niceness = Math.max(-20, Math.min(19, next.niceness));
  const isRealTime = next.policy === 'FIFO' || next.policy === 'RR';
  if (next.processors === 0 || (isRealTime ? next.priority < 1 || next.priority > 99 : next.priority !== 0)) return 'EINVAL';
  return next;
}
