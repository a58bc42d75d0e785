/** Instants as Go programs print them. */
import { microTimestamp } from '../../runtime.ts';

export interface Civil { readonly days: number; readonly year: number; readonly month: number; readonly day: number; /** 19:46:00 */ readonly clock: string; /** Six digits. */ readonly micros: string }

export function civilOf(epochUs: number): Civil {
  const text = microTimestamp(Math.floor(epochUs / 1000));
  return {
    days: Math.floor(epochUs / 86_400_000_000), year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), day: Number(text.slice(8, 10)), clock: text.slice(11, 19),
    micros: String(epochUs % 1_000_000).padStart(6, '0'),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Go's log package: `2018/07/14 19:46:00 `. */
export function logPrefix(epochUs: number): string {
  const { year, month, day, clock } = civilOf(epochUs);
  return `${year}/${two(month)}/${two(day)} ${clock} `;
}

/** klog and glog: `I0714 19:46:00.458616       1 proxier.go:329] `. */
export function klogPrefix(severity: 'I' | 'W' | 'E', epochUs: number, pid: number, place: string): string {
  const { month, day, clock, micros } = civilOf(epochUs);
  return `${severity}${two(month)}${two(day)} ${clock}.${micros} ${String(pid).padStart(7)} ${place}] `;
}

/** time.Time.String() of a moment with its monotonic reading: `2018-07-14 22:30:52.123456789 +0000 UTC m=+1234.567890123`. */
export function goTime(epochUs: number, sinceStartUs: number): string {
  const { year, month, day, clock, micros } = civilOf(epochUs);
  const fraction = micros.replace(/0+$/, '');
  const seconds = `${Math.floor(sinceStartUs / 1_000_000)}.${String(sinceStartUs % 1_000_000).padStart(6, '0')}000`;
  return `${year}-${two(month)}-${two(day)} ${clock}${fraction === '' ? '' : `.${fraction}`} +0000 UTC m=+${seconds}`;
}

/** RFC 3339 with nanoseconds, as container logs are stamped. */
export function nanoTimestamp(epochUs: number): string {
  const { year, month, day, clock, micros } = civilOf(epochUs);
  return `${year}-${two(month)}-${two(day)}T${clock}.${micros}000Z`;
}
