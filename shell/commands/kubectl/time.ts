/** Ages and times as kubectl prints them. */
import { parseTimestamp, timestamp } from '../../ports/kube.ts';
import type { Sys } from '../../../machine/sys.ts';

/** duration.HumanDuration: 5s, 3m20s, 25h, 8d, 2y34d. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (years < 8) return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`;
  return `${years}y`;
}

export function age(timestamp: string | undefined, sys: Pick<Sys, 'now'>): string {
  const at = parseTimestamp(timestamp);
  return at === undefined ? '<unknown>' : humanDuration(sys.now() / 1000 - at);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 1123 with a numeric zone, in UTC: `Sat, 14 Jul 2018 19:45:00 +0000`. */
export function longTime(timestamp: string | undefined): string {
  const at = parseTimestamp(timestamp);
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)/.exec(timestamp ?? '');
  if (at === undefined || match === null) return '<unknown>';
  return `${DAYS[(Math.floor(at / 86_400_000) + 4) % 7]}, ${match[3]} ${MONTHS[Number(match[2]) - 1]} ${match[1]} ${match[4]} +0000`;
}

/** RFC 3339 of this moment. */
export function timestampNow(sys: Pick<Sys, 'now'>): string {
  return timestamp(sys.now() / 1000);
}
