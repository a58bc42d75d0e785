/** Times as the shell itself shows them: in the zone of an exported TZ. Read first: variables.c, sv_tz */
import { formatTime } from '../lib/calendar.ts';
import { timeZone } from '../lib/time-zone.ts';
import type { Shell } from './shell.ts';

export function formatLocalTime(shell: Shell, format: string, epochSeconds: number): string {
  const zone = timeZone(shell.environment().get('TZ'));
  return formatTime(format, epochSeconds, undefined, zone.at(epochSeconds));
}
