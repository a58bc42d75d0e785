/**
 * What the kernel says, as dmesg(1) reads it: a ring of records, the oldest of which are lost. Texts are those of Linux 6.1.
 * Read first: kernel/printk/printk.c, syslog(2)
 */
import type { Kernel } from './state.ts';

export type LogLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
export const WARNING: LogLevel = 4;
export const INFO: LogLevel = 6;

/** `number` counts every record since boot. */
export interface LogRecord { readonly number: number; readonly atUs: number; readonly level: LogLevel; readonly text: string }
export interface KernelLog {
  /** The newest, up to a page of them. */
  records: LogRecord[];
  /** What came before, in pages: replaced and never written in place, see SHARED. A copy of the world copies what is new, not all that was ever said. */
  logPages: readonly (readonly LogRecord[])[];
  bytes: number;
  nextNumber: number;
  /** SYSLOG_ACTION_CLEAR hides what came before this number. */
  clearedBefore: number;
}

/** CONFIG_LOG_BUF_SHIFT=17, and what a record weighs besides its text. */
const RING_BYTES = 1 << 17;
const RECORD_BYTES = 64;
const PAGE_RECORDS = 32;

export function makeKernelLog(): KernelLog {
  return { records: [], logPages: [], bytes: 0, nextNumber: 0, clearedBefore: 0 };
}

export function printk(kernel: Kernel, level: LogLevel, text: string): void {
  const { log } = kernel.state;
  log.records.push({ number: log.nextNumber, atUs: kernel.world.nowUs, level, text });
  log.nextNumber += 1;
  log.bytes += RECORD_BYTES + text.length;
  if (log.records.length < PAGE_RECORDS) return;
  log.logPages = [...log.logPages, log.records];
  log.records = [];
  while (log.bytes > RING_BYTES) {
    for (const lost of log.logPages[0]!) log.bytes -= RECORD_BYTES + lost.text.length;
    log.logPages = log.logPages.slice(1);
  }
}

/** What dmesg may do. */
export interface LogCalls {
  records(): readonly LogRecord[];
  clear(): void;
}

export function logCalls(kernel: Kernel): LogCalls {
  const { log } = kernel.state;
  return {
    records: () => [...log.logPages.flat(), ...log.records].filter(({ number }) => number >= log.clearedBefore),
    clear: () => { log.clearedBefore = log.nextNumber; },
  };
}
