/**
 * Times in the form of cron: five fields, or a word such as @hourly (vendor/github.com/robfig/cron v1, parser.go and spec.go, whose
 * complaints these are). UTC, as controllers on GKE have it.
 */
import { timestamp } from '../runtime.ts';

export interface Schedule {
  /** The first time after `afterMs`; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

/** Which values of a field fit, and whether all of them were meant. */
interface FieldValues {
  readonly fits: ReadonlySet<number>;
  readonly isStar: boolean;
}

const bounds: readonly Bounds[] = [
  { least: 0, most: 59, names: [] }, { least: 0, most: 23, names: [] }, { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { least: 0, most: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const words: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

const minuteMs = 60_000;
const dayMs = 86_400_000;

class Unparsable extends Error {
  override readonly name = 'Unparsable';
}

/** The schedule, or what is wrong with it. */
export function parseSchedule(text: string): Schedule | string {
  const every = /^@every (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (every !== null && text.length > '@every '.length) {
    const [hours = 0, minutes = 0, seconds = 0] = every.slice(1).map((part) => Number(part ?? 0));
    const everyMs = Math.max(1000, ((hours * 60 + minutes) * 60 + seconds) * 1000);
    return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + everyMs };
  }
  if (text.startsWith('@') && words[text] === undefined) {
    return text.startsWith('@every ') ? `Failed to parse duration ${text.slice(7)}: time: invalid duration "${text.slice(7)}"` : `Unrecognized descriptor: ${text}`;
  }
  const fields = (words[text] ?? text).split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) return `Expected exactly 5 fields, found ${fields.length}: ${text}`;
  try {
    const [minute, hour, day, month, weekday] = fields.map((field, index) => fieldValues(field, bounds[index]!)) as [FieldValues, FieldValues, FieldValues, FieldValues, FieldValues];
    return { next: (afterMs) => next(afterMs, minute, hour, day, month, weekday) };
  } catch (error) {
    if (error instanceof Unparsable) return error.message;
    throw error;
  }
}

function fieldValues(field: string, range: Bounds): FieldValues {
  const fits = new Set<number>();
  let isStar = false;
  for (const expression of field.split(',').filter((part) => part !== '')) {
    const [span = '', stepText, ...more] = expression.split('/');
    const [low = '', high, ...others] = span.split('-');
    const isAny = low === '*' || low === '?';
    isStar ||= isAny;
    if (others.length > 0 && !isAny) throw new Unparsable(`Too many hyphens: ${expression}`);
    const start = isAny ? range.least : numberOrName(low, range);
    let end = isAny ? range.most : high === undefined ? start : numberOrName(high, range);
    if (more.length > 0) throw new Unparsable(`Too many slashes: ${expression}`);
    const step = stepText === undefined ? 1 : wholeNumber(stepText);
    if (stepText !== undefined && high === undefined) end = range.most;
    if (start < range.least) throw new Unparsable(`Beginning of range (${start}) below minimum (${range.least}): ${expression}`);
    if (end > range.most) throw new Unparsable(`End of range (${end}) above maximum (${range.most}): ${expression}`);
    if (start > end) throw new Unparsable(`Beginning of range (${start}) beyond end of range (${end}): ${expression}`);
    if (step === 0) throw new Unparsable(`Step of range should be a positive number: ${expression}`);
    for (let value = start; value <= end; value += step) fits.add(value);
  }
  return { fits, isStar };
}

function numberOrName(text: string, { names, least }: Bounds): number {
  const at = names.indexOf(text.toLowerCase());
  return at >= 0 ? at + least : wholeNumber(text);
}

function wholeNumber(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new Unparsable(`Failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) < 0) throw new Unparsable(`Negative number (${Number(text)}) not allowed: ${text}`);
  return Number(text);
}

/** Day by day, then minute by minute: a day that fits has a time that does, unless it is the first one. */
function next(afterMs: number, minute: FieldValues, hour: FieldValues, day: FieldValues, month: FieldValues, weekday: FieldValues): number | undefined {
  const fromMs = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
  for (let dayStartMs = Math.floor(fromMs / dayMs) * dayMs, left = 5 * 366; left > 0; dayStartMs += dayMs, left -= 1) {
    const [, monthText, dayText] = timestamp(dayStartMs).slice(0, 10).split('-');
    // 1970-01-01 was a Thursday.
    const weekdayNow = (Math.floor(dayStartMs / dayMs) + 4) % 7;
    const isDay = day.fits.has(Number(dayText));
    const isWeekday = weekday.fits.has(weekdayNow);
    // When both days are told, one of them is enough.
    if (!month.fits.has(Number(monthText)) || !(day.isStar || weekday.isStar ? isDay && isWeekday : isDay || isWeekday)) continue;
    for (let atMs = Math.max(dayStartMs, fromMs); atMs < dayStartMs + dayMs; atMs += minuteMs) {
      const minuteOfDay = (atMs - dayStartMs) / minuteMs;
      if (hour.fits.has(Math.floor(minuteOfDay / 60)) && minute.fits.has(minuteOfDay % 60)) return atMs;
    }
  }
  return undefined;
}

/** A schedule's times after one moment and up to another. */
export function timesBetween(schedule: Schedule, afterMs: number, untilMs: number, most: number): number[] {
  const times: number[] = [];
  for (let atMs = schedule.next(afterMs); atMs !== undefined && atMs <= untilMs && times.length < most; atMs = schedule.next(atMs)) times.push(atMs);
  return times;
}
