/**
 * Local time as TZ asks for it. Read first: tzset(3), "POSIX-style TZ"; tzfile(5). Of the zone files of tzdata only the rule that holds
 * today is kept (the last line of each file), and only of the zones below: times of other years follow today's rule.
 */
import { civil, epochDays, epochSeconds, universalTime, type LocalTime } from './calendar.ts';

export interface TimeZone { at(epochSeconds: number): LocalTime }

const rules: Readonly<Record<string, string>> = {
  '<+01>-1': 'Africa/Casablanca',
  '<+0330>-3:30': 'Asia/Tehran',
  '<+03>-3': 'Asia/Riyadh Europe/Istanbul',
  '<+04>-4': 'Asia/Dubai',
  '<+0545>-5:45': 'Asia/Kathmandu',
  '<+05>-5': 'Asia/Tashkent',
  '<+06>-6': 'Asia/Dhaka',
  '<+07>-7': 'Asia/Bangkok Asia/Ho_Chi_Minh',
  '<+08>-8': 'Asia/Singapore Singapore',
  '<-01>1<+00>,M3.5.0/0,M10.5.0/1': 'Atlantic/Azores',
  '<-03>3': 'America/Argentina/Buenos_Aires America/Sao_Paulo',
  '<-04>4': 'America/Caracas',
  '<-04>4<-03>,M9.1.6/24,M4.1.6/24': 'America/Santiago',
  '<-05>5': 'America/Bogota America/Lima Etc/GMT+5',
  'ACST-9:30ACDT,M10.1.0,M4.1.0/3': 'Australia/Adelaide',
  'AEST-10': 'Australia/Brisbane',
  'AEST-10AEDT,M10.1.0,M4.1.0/3': 'Australia/Melbourne Australia/Sydney',
  'AKST9AKDT,M3.2.0,M11.1.0': 'America/Anchorage',
  'AST4ADT,M3.2.0,M11.1.0': 'America/Halifax',
  'AWST-8': 'Australia/Perth',
  'CET-1CEST,M3.5.0,M10.5.0/3': 'Europe/Amsterdam Europe/Belgrade Europe/Berlin Europe/Brussels Europe/Budapest Europe/Copenhagen Europe/Luxembourg Europe/Madrid Europe/Oslo Europe/Paris Europe/Prague Europe/Rome Europe/Stockholm Europe/Vienna Europe/Warsaw Europe/Zurich CET',
  'CST-8': 'Asia/Shanghai Asia/Taipei',
  CST6: 'America/Mexico_City',
  'CST6CDT,M3.2.0,M11.1.0': 'America/Chicago CST6CDT US/Central',
  'EAT-3': 'Africa/Nairobi',
  'EET-2EEST,M3.5.0/0,M10.5.0/0': 'Asia/Beirut',
  'EET-2EEST,M3.5.0/3,M10.5.0/4': 'Europe/Athens Europe/Bucharest Europe/Helsinki Europe/Kiev Europe/Kyiv Europe/Sofia EET',
  'EET-2EEST,M4.5.5/0,M10.5.4/24': 'Africa/Cairo',
  EST5: 'EST',
  'EST5EDT,M3.2.0,M11.1.0': 'America/New_York America/Toronto EST5EDT US/Eastern',
  GMT0: 'Atlantic/Reykjavik GMT Etc/GMT',
  'GMT0BST,M3.5.0/1,M10.5.0': 'Europe/London GB',
  'GMT0IST,M3.5.0/1,M10.5.0': 'Europe/Dublin',
  'HKT-8': 'Asia/Hong_Kong',
  HST10: 'Pacific/Honolulu HST',
  'IST-2IDT,M3.4.4/26,M10.5.0': 'Asia/Jerusalem',
  'IST-5:30': 'Asia/Calcutta Asia/Kolkata',
  'JST-9': 'Asia/Tokyo Japan',
  'KST-9': 'Asia/Seoul',
  'MSK-3': 'Europe/Moscow',
  MST7: 'America/Phoenix MST',
  'MST7MDT,M3.2.0,M11.1.0': 'America/Denver MST7MDT US/Mountain',
  'NST3:30NDT,M3.2.0,M11.1.0': 'America/St_Johns',
  'NZST-12NZDT,M9.5.0,M4.1.0/3': 'Pacific/Auckland',
  'PKT-5': 'Asia/Karachi',
  'PST-8': 'Asia/Manila',
  'PST8PDT,M3.2.0,M11.1.0': 'America/Los_Angeles America/Vancouver PST8PDT US/Pacific',
  'SAST-2': 'Africa/Johannesburg',
  UTC0: 'Etc/UTC UTC Universal Zulu',
  'WAT-1': 'Africa/Lagos',
  'WET0WEST,M3.5.0/1,M10.5.0': 'Europe/Lisbon WET',
  'WIB-7': 'Asia/Jakarta',
};
const ruleOf = new Map(Object.entries(rules).flatMap(([rule, names]) => names.split(' ').map((name) => [name, rule] as const)));

/** The zone of an environment's TZ; the machines themselves keep UTC. What nobody knows is UTC under the name it was given, as in glibc. */
export function timeZone(name: string | undefined): TimeZone {
  const asked = (name ?? '').replace(/^:/, '');
  if (asked === '') return fixed(universalTime);
  return posixZone(ruleOf.get(asked) ?? asked) ?? fixed({ ...universalTime, abbreviation: /^[A-Za-z]{3,}/.exec(asked)?.[0] ?? 'UTC' });
}

function fixed(time: LocalTime): TimeZone {
  return { at: () => time };
}

const nameShape = '<[A-Za-z0-9+-]+>|[A-Za-z]{3,}';
const timeShape = '[+-]?\\d{1,3}(?::\\d{2}(?::\\d{2})?)?';
const zoneShape = new RegExp(`^(${nameShape})(${timeShape})(?:(${nameShape})(${timeShape})?(?:,([^,/]+)(?:/(${timeShape}))?,([^,/]+)(?:/(${timeShape}))?)?)?$`);

function posixZone(text: string): TimeZone | undefined {
  const match = zoneShape.exec(text);
  if (match === null) return undefined;
  const [, name, offset, daylightName, daylightOffset, start = 'M3.2.0', startTime = '2', end = 'M11.1.0', endTime = '2'] = match;
  const standard: LocalTime = { offsetSeconds: -seconds(offset!), abbreviation: bare(name!), isDaylight: false };
  if (daylightName === undefined) return fixed(standard);
  const daylight: LocalTime = { offsetSeconds: daylightOffset === undefined ? standard.offsetSeconds + 3600 : -seconds(daylightOffset), abbreviation: bare(daylightName), isDaylight: true };
  return {
    at: (epoch) => {
      const { year } = civil(epoch + standard.offsetSeconds);
      const from = dayOf(start, year) * 86400 + seconds(startTime) - standard.offsetSeconds;
      const to = dayOf(end, year) * 86400 + seconds(endTime) - daylight.offsetSeconds;
      const isDaylight = from < to ? epoch >= from && epoch < to : epoch >= from || epoch < to;
      return isDaylight ? daylight : standard;
    },
  };
}

function bare(name: string): string {
  return name.replace(/^<|>$/g, '');
}

function seconds(time: string): number {
  const [hours = '0', minutes = '0', rest = '0'] = time.replace(/^[+-]/, '').split(':');
  return (time.startsWith('-') ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(rest));
}

/** `Mm.w.d`, `Jn` (February 29 is never counted) or `n`: the day of a change, in days since 1970. */
function dayOf(rule: string, year: number): number {
  const [month, week, weekday] = rule.replace(/^[MJ]/, '').split('.').map(Number) as [number, number, number];
  const firstOfYear = epochDays(year, 1, 1);
  if (rule.startsWith('J')) return firstOfYear + month - 1 + (month >= 60 && epochDays(year, 3, 1) - firstOfYear === 60 ? 1 : 0);
  if (!rule.startsWith('M')) return firstOfYear + month;
  const first = epochDays(year, month, 1);
  const day = first + ((weekday - civil(first * 86400).weekday + 7) % 7) + (week - 1) * 7;
  const next = month === 12 ? epochDays(year + 1, 1, 1) : epochDays(year, month + 1, 1);
  return day >= next ? day - 7 : day;
}

export interface WallTime { readonly year: number; readonly month: number; readonly day: number; readonly hour: number; readonly minute: number; readonly second: number }

/** mktime(3): fields out of range carry over. A time that a change skips comes out moved by the change; of a time there is twice, the later one unless daylight saving is asked for. */
export function epochOfWall(zone: TimeZone, wall: WallTime, isDaylight?: boolean): number {
  const monthIndex = wall.month - 1;
  const asUtc = epochSeconds(wall.year + Math.floor(monthIndex / 12), (((monthIndex % 12) + 12) % 12) + 1, 1, wall.hour, wall.minute, wall.second) + (wall.day - 1) * 86400;
  const around = [zone.at(asUtc - 86400), zone.at(asUtc + 86400)];
  const candidates = around.filter((time) => zone.at(asUtc - time.offsetSeconds).offsetSeconds === time.offsetSeconds);
  const chosen = candidates.find((time) => time.isDaylight === (isDaylight ?? false)) ?? candidates[0] ?? around[0]!;
  return asUtc - chosen.offsetSeconds;
}
