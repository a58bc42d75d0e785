/**
 * Dates as people write them to `date -d`, `touch -d` and `find -newermt`. Read first: the coreutils manual, chapter "Date input formats";
 * gnulib's lib/parse-datetime.y, whose grammar decides what odd sequences mean (a number after a time of day is a zone, not a span).
 */
import { civil } from './calendar.ts';
import { epochOfWall, timeZone, type TimeZone } from './time-zone.ts';

export interface Moment { readonly seconds: number; readonly nanoseconds: number }

type Unit = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond';
type Token =
  | { type: 'number'; value: number; digits: number; isSigned: boolean; isNegative: boolean }
  | { type: 'decimal'; seconds: number; nanoseconds: number; isSigned: boolean }
  | { type: 'meridian' | 'month' | 'weekday' | 'zone' | 'daylightZone' | 'localZone' | 'shift' | 'ordinal' | 'ago'; value: number }
  | { type: 'unit'; unit: Unit; value: number }
  | { type: 'daylight' | 'J' | 'T' | 'end' }
  | { type: 'mark'; text: string };
type NumberToken = Extract<Token, { type: 'number' }>;

const months = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'];
const weekdays = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
const otherDays: Readonly<Record<string, Token>> = {
  SEPT: { type: 'month', value: 9 }, TUES: { type: 'weekday', value: 2 }, WEDNES: { type: 'weekday', value: 3 }, THUR: { type: 'weekday', value: 4 }, THURS: { type: 'weekday', value: 4 },
};
const units: Readonly<Record<string, readonly [Unit, number]>> = {
  YEAR: ['year', 1], MONTH: ['month', 1], FORTNIGHT: ['day', 14], WEEK: ['day', 7], DAY: ['day', 1], HOUR: ['hour', 1], MINUTE: ['minute', 1], MIN: ['minute', 1], SECOND: ['second', 1], SEC: ['second', 1],
};
const shifts: Readonly<Record<string, number>> = { TOMORROW: 1, YESTERDAY: -1, TODAY: 0, NOW: 0 };
const ordinals: Readonly<Record<string, number>> = { LAST: -1, THIS: 0, NEXT: 1, FIRST: 1, THIRD: 3, FOURTH: 4, FIFTH: 5, SIXTH: 6, SEVENTH: 7, EIGHTH: 8, NINTH: 9, TENTH: 10, ELEVENTH: 11, TWELFTH: 12 };
/** Hours east of Greenwich; those in the second table are daylight saving times, an hour ahead of what is written. */
const zones: Readonly<Record<string, number>> = {
  WET: 0, ART: -3, BRT: -3, NST: -3.5, AST: -4, CLT: -4, EST: -5, CST: -6, MST: -7, PST: -8, AKST: -9, HST: -10, HAST: -10, SST: -12, WAT: 1, CET: 1, MET: 1, MEZ: 1, EET: 2, CAT: 2, SAST: 2, EAT: 3, MSK: 3, IST: 5.5, SGT: 8, KST: 9, JST: 9, GST: 10, NZST: 12,
};
const daylightZones: Readonly<Record<string, number>> = {
  WEST: 0, BST: 0, BRST: -3, NDT: -3.5, ADT: -4, CLST: -4, EDT: -5, CDT: -6, MDT: -7, PDT: -8, AKDT: -9, HADT: -10, CEST: 1, MEST: 1, MESZ: 1, EEST: 2, MSD: 3, NZDT: 12,
};
const military = 'YXWVU.SRQPONZABCDEFGHI.KLM';   // from -12 to +12; J is local time, T begins a time of day

class Unreadable extends Error {}

export function parseDateTime(text: string, nowUs: number, defaultZone: TimeZone): Moment | undefined {
  let [rest, zone] = [text.trimStart(), defaultZone];
  const named = /^TZ="((?:[^"\\]|\\[\\"])*)"\s*/.exec(rest);
  if (named !== null) {
    zone = timeZone(named[1]!.replace(/\\(.)/g, '$1'));
    rest = rest.slice(named[0].length);
  }
  try {
    return new Reading(rest === '' ? '0' : rest, nowUs, zone).moment();
  } catch (problem) {
    if (problem instanceof Unreadable) return undefined;
    throw problem;
  }
}

class Reading {
  private readonly tokens: Token[];
  private at = 0;
  private readonly zone: TimeZone;
  private readonly nowSeconds: number;
  private readonly seen = { dates: 0, times: 0, weekdays: 0, daylight: 0, zones: 0, localZones: 0, relative: false };
  private year: { value: number; digits: number };
  private month: number;
  private day: number;
  private hour: number;
  private minute: number;
  private second: number;
  private nanosecond: number;
  private meridian: number | undefined;
  private weekday = 0;
  private weekdayOrdinal = 0;
  private offsetSeconds = 0;
  private localIsDaylight = false;
  private readonly relative: Record<Unit, number> = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, nanosecond: 0 };

  constructor(text: string, nowUs: number, zone: TimeZone) {
    this.zone = zone;
    this.nowSeconds = Math.floor(nowUs / 1e6);
    const local = civil(this.nowSeconds + zone.at(this.nowSeconds).offsetSeconds);
    this.year = { value: local.year, digits: 0 };
    [this.month, this.day, this.hour, this.minute, this.second] = [local.month, local.day, local.hour, local.minute, local.second];
    this.nanosecond = (nowUs % 1_000_000) * 1000;
    this.tokens = tokens(text, this.localNames());
  }

  /** What the zone calls its time now and in the other half of the year. */
  private localNames(): Map<string, number> {
    const names = new Map<string, number>();
    for (const quarter of [3, 2, 1, 0]) {
      const time = this.zone.at(this.nowSeconds + quarter * 90 * 86400);
      names.set(time.abbreviation, time.isDaylight ? 1 : 0);
    }
    return names;
  }

  moment(): Moment {
    if (this.isMark('@')) return this.sinceEpoch();
    while (this.next.type !== 'end') this.item();
    return this.result();
  }

  // ---------------------------------------------------------------- the grammar
  private get next(): Token {
    return this.tokens[this.at]!;
  }
  private take(): Token {
    const token = this.next;
    this.at += 1;
    return token;
  }
  private isMark(text: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token?.type === 'mark' && token.text === text;
  }
  private peekNumber(isSigned: boolean, ahead = 0): NumberToken | undefined {
    const token = this.tokens[this.at + ahead];
    return token?.type === 'number' && token.isSigned === isSigned ? token : undefined;
  }
  private takeNumber(isSigned: boolean): NumberToken {
    const token = this.peekNumber(isSigned) ?? fail();
    this.at += 1;
    return token;
  }

  private sinceEpoch(): Moment {
    this.at += 1;
    const token = this.take();
    if (this.tokens[this.at]?.type !== 'end') fail();
    if (token.type === 'decimal') return { seconds: token.seconds, nanoseconds: token.nanoseconds };
    return token.type === 'number' ? { seconds: token.value, nanoseconds: 0 } : fail();
  }

  private item(): void {
    const token = this.take();
    switch (token.type) {
      case 'number':
        if (token.isSigned) this.span(token.value);
        else this.afterNumber(token);
        return;
      case 'decimal':
        if (this.next.type !== 'unit' || this.next.unit !== 'second') fail();
        this.at += 1;
        this.add({ second: token.seconds, nanosecond: token.nanoseconds });
        return;
      case 'ordinal':
        if (this.next.type === 'weekday') this.dayNamed(token.value);
        else this.span(token.value);
        return;
      case 'unit':
        this.at -= 1;
        this.span(1);
        return;
      case 'shift':
        this.add({ day: token.value });
        return;
      case 'weekday':
        this.at -= 1;
        this.dayNamed(0);
        if (this.isMark(',')) this.at += 1;
        return;
      case 'month':
        this.monthFirst(token.value);
        return;
      case 'localZone':
        this.seen.localZones += 1;
        this.localIsDaylight = token.value === 1;
        if (this.next.type !== 'daylight') return;
        this.at += 1;
        this.localIsDaylight = true;
        this.seen.daylight += 1;
        return;
      case 'J':
        this.seen.localZones += 1;
        return;
      case 'zone':
        this.zoneNamed(token.value, true);
        return;
      case 'T':
        this.zoneNamed(-7 * 3600, false);
        return;
      case 'daylightZone':
        this.seen.zones += 1;
        this.offsetSeconds = token.value + 3600;
        return;
      default:
        fail();
    }
  }

  /** A unit after its count, and `ago`. */
  private span(count: number, mayBeAgo = true): void {
    const token = this.take();
    if (token.type !== 'unit') return fail();
    let factor = 1;
    if (mayBeAgo && this.next.type === 'ago') {
      factor = this.next.value;
      this.at += 1;
    }
    this.add({ [token.unit]: count * token.value * factor });
  }

  private add(much: Partial<Record<Unit, number>>): void {
    for (const [unit, count] of Object.entries(much)) this.relative[unit as Unit] += count;
    this.seen.relative = true;
  }

  private dayNamed(ordinal: number): void {
    const token = this.take();
    if (token.type !== 'weekday') return fail();
    this.seen.weekdays += 1;
    [this.weekdayOrdinal, this.weekday] = [ordinal, token.value];
  }

  private monthFirst(month: number): void {
    this.seen.dates += 1;
    this.month = month;
    const signed = this.peekNumber(true);
    if (signed !== undefined) {
      this.at += 1;
      this.day = -signed.value;
      this.setNegatedYear(this.takeNumber(true));
      return;
    }
    this.day = this.takeNumber(false).value;
    if (!this.isMark(',')) return;
    this.at += 1;
    this.year = this.takeNumber(false);
  }

  private setNegatedYear(token: NumberToken): void {
    this.year = { value: -token.value, digits: token.digits };
  }

  private zoneNamed(offsetSeconds: number, mayHaveOffset: boolean): void {
    this.seen.zones += 1;
    this.offsetSeconds = offsetSeconds;
    const signed = this.peekNumber(true);
    if (signed !== undefined) {
      const isSpan = this.tokens[this.at + 1]!.type === 'unit';
      if (!isSpan && !mayHaveOffset) return;
      this.at += 1;
      if (isSpan) this.span(signed.value, false);
      else {
        this.setOffset(signed);
        this.offsetSeconds += offsetSeconds;
      }
    } else if (mayHaveOffset && this.next.type === 'daylight') {
      this.at += 1;
      this.offsetSeconds += 3600;
    }
  }

  /** After an unsigned number anything may follow; what follows says what it was. */
  private afterNumber(first: NumberToken): void {
    const { next } = this;
    if (next.type === 'meridian') {
      this.at += 1;
      this.setTime(first.value, 0, 0, 0, next.value);
    } else if (this.isMark(':')) this.timeOfDay(first);
    else if (this.isMark('/')) this.slashedDate(first);
    else if (next.type === 'month') {
      this.at += 1;
      this.seen.dates += 1;
      [this.day, this.month] = [first.value, next.value];
      if (this.peekNumber(true) !== undefined) this.setNegatedYear(this.takeNumber(true));
      else if (this.peekNumber(false) !== undefined) this.year = this.takeNumber(false);
    } else if (next.type === 'weekday') this.dayNamed(first.value);
    else if (next.type === 'unit') this.span(first.value);
    else if (this.peekNumber(true) !== undefined) {
      const after = this.tokens[this.at + 1]!;
      if (this.peekNumber(true, 1) !== undefined) this.isoDate(first);
      else if (after.type === 'unit') {
        this.digits(first);
        this.span(this.takeNumber(true).value, false);
      } else {
        this.setTime(first.value, 0, 0, 0, undefined);
        this.zoneOffset();
      }
    } else this.digits(first);
  }

  private isoDate(year: NumberToken): void {
    this.seen.dates += 1;
    this.year = year;
    this.month = -this.takeNumber(true).value;
    this.day = -this.takeNumber(true).value;
    if (this.next.type !== 'T') return;
    this.at += 1;
    const hour = this.takeNumber(false);
    if (this.isMark(':')) return this.timeOfDay(hour, false);
    this.setTime(hour.value, 0, 0, 0, undefined);
    this.zoneOffset();
  }

  private slashedDate(first: NumberToken): void {
    this.at += 1;
    this.seen.dates += 1;
    const second = this.takeNumber(false);
    const third = this.isMark('/') ? this.tokens[this.at + 1] : undefined;
    if (third === undefined) [this.month, this.day] = [first.value, second.value];
    else {
      this.at += 1;
      const last = this.takeNumber(false);
      if (first.digits >= 4) [this.year, this.month, this.day] = [first, second.value, last.value];
      else [this.month, this.day, this.year] = [first.value, second.value, last];
    }
  }

  private timeOfDay(hour: NumberToken, mayHaveMeridian = true): void {
    this.at += 1;
    const minute = this.takeNumber(false).value;
    let [second, nanosecond] = [0, 0];
    if (this.isMark(':')) {
      this.at += 1;
      const token = this.take();
      if (token.type === 'decimal' && !token.isSigned) [second, nanosecond] = [token.seconds, token.nanoseconds];
      else if (token.type === 'number' && !token.isSigned) second = token.value;
      else fail();
    }
    if (mayHaveMeridian && this.next.type === 'meridian') {
      this.setTime(hour.value, minute, second, nanosecond, this.next.value);
      this.at += 1;
      return;
    }
    this.setTime(hour.value, minute, second, nanosecond, undefined);
    if (this.peekNumber(true) !== undefined) this.zoneOffset();
  }

  private setTime(hour: number, minute: number, second: number, nanosecond: number, meridian: number | undefined): void {
    this.seen.times += 1;
    [this.hour, this.minute, this.second, this.nanosecond, this.meridian] = [hour, minute, second, nanosecond, meridian];
  }

  private zoneOffset(): void {
    this.seen.zones += 1;
    this.setOffset(this.takeNumber(true));
  }

  /** +HH, +HHMM or +HH:MM. */
  private setOffset(hours: NumberToken): void {
    let minutes: number;
    if (this.isMark(':')) {
      this.at += 1;
      const rest = this.takeNumber(false).value;
      minutes = hours.value * 60 + (hours.isNegative ? -rest : rest);
    } else {
      const value = hours.digits <= 2 ? hours.value * 100 : hours.value;
      minutes = Math.trunc(value / 100) * 60 + (value % 100);
    }
    if (Math.abs(minutes) > 24 * 60) fail();
    this.offsetSeconds = minutes * 60;
  }

  /** A bare number: a year after a date, YYYYMMDD, HHMM or HH. */
  private digits(token: NumberToken): void {
    const { value, digits } = token;
    if (this.seen.dates > 0 && this.year.digits === 0 && !this.seen.relative && (this.seen.times > 0 || digits > 2)) this.year = token;
    else if (digits > 4) {
      this.seen.dates += 1;
      this.day = value % 100;
      this.month = Math.trunc(value / 100) % 100;
      this.year = { value: Math.trunc(value / 10000), digits: digits - 4 };
    } else if (digits <= 2) this.setTime(value, 0, 0, 0, undefined);
    else this.setTime(Math.trunc(value / 100), value % 100, 0, 0, undefined);
  }

  // ---------------------------------------------------------------- what it comes to
  private result(): Moment {
    const { seen, zone, relative } = this;
    if ([seen.times, seen.dates, seen.weekdays, seen.daylight, seen.zones + seen.localZones].some((count) => count > 1)) fail();
    const year = this.year.digits === 2 && this.year.value >= 0 ? this.year.value + (this.year.value < 69 ? 2000 : 1900) : this.year.value;
    let [hour, minute, second] = [0, 0, 0];
    if (seen.times > 0 || (seen.relative && seen.dates === 0 && seen.weekdays === 0)) [hour, minute, second] = [this.hourOfDay(), this.minute, this.second];
    else this.nanosecond = 0;
    const wall = { year, month: this.month, day: this.day, hour, minute, second };
    const isDaylight = seen.localZones > 0 ? this.localIsDaylight : undefined;
    let start = epochOfWall(zone, wall, isDaylight);
    let local = civil(start + zone.at(start).offsetSeconds);
    const isSkipped = local.hour !== hour || local.minute !== minute;
    if (local.year !== year || local.month !== this.month || local.day !== this.day || local.second !== second || (isSkipped && seen.zones === 0)) fail();
    if (isDaylight !== undefined && zone.at(start).isDaylight !== isDaylight) fail();
    if (seen.weekdays > 0 && seen.dates === 0) {
      const ordinal = this.weekdayOrdinal - (this.weekdayOrdinal > 0 && local.weekday !== this.weekday ? 1 : 0);
      start = epochOfWall(zone, { ...wall, day: this.day + ((this.weekday - local.weekday + 7) % 7) + ordinal * 7 });
      local = civil(start + zone.at(start).offsetSeconds);
    }
    if (relative.year !== 0 || relative.month !== 0 || relative.day !== 0) {
      start = epochOfWall(zone, { year: local.year + relative.year, month: local.month + relative.month, day: local.day + relative.day, hour, minute, second }, isDaylight);
    }
    if (seen.zones > 0) start += zone.at(start).offsetSeconds - this.offsetSeconds;
    const nanoseconds = this.nanosecond + relative.nanosecond;
    const seconds = start + relative.hour * 3600 + relative.minute * 60 + relative.second + Math.floor(nanoseconds / 1e9);
    return Number.isSafeInteger(seconds) ? { seconds, nanoseconds: ((nanoseconds % 1e9) + 1e9) % 1e9 } : fail();
  }

  private hourOfDay(): number {
    if (this.meridian === undefined) return this.hour <= 23 ? this.hour : fail();
    if (this.hour < 1 || this.hour > 12) fail();
    return (this.hour % 12) + this.meridian;
  }
}

function fail(): never {
  throw new Unreadable();
}

function tokens(text: string, localNames: ReadonlyMap<string, number>): Token[] {
  const found: Token[] = [];
  const shape = /([+-][\s+-]*)?(\d+)(?:[.,](\d+))?|[A-Za-z][A-Za-z.]*|[+-]|\s+|[\s\S]/gy;
  const whole = withoutComments(text);
  for (let match = shape.exec(whole); match !== null; match = shape.exec(whole)) {
    const [word, sign, digits, fraction] = match;
    if (digits !== undefined) found.push(numberToken(sign?.replace(/\s/g, '').at(-1), digits, fraction));
    else if (/^[A-Za-z]/.test(word)) found.push(wordToken(word.toUpperCase(), localNames) ?? fail());
    else if (!/^[\s+-]/.test(word)) found.push({ type: 'mark', text: word });
  }
  found.push({ type: 'end' });
  return found;
}

function withoutComments(text: string): string {
  let depth = 0;
  let kept = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (depth === 0) kept += character;
    if (character === ')' && depth > 0) depth -= 1;
  }
  return kept;
}

function numberToken(sign: string | undefined, digits: string, fraction: string | undefined): Token {
  const isNegative = sign === '-';
  const value = isNegative ? 0 - Number(digits) : Number(digits);
  if (!Number.isSafeInteger(value)) return { type: 'mark', text: '?' };
  if (fraction === undefined) return { type: 'number', value, digits: digits.length, isSigned: sign !== undefined, isNegative };
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0')) + (isNegative && /[1-9]/.test(fraction.slice(9)) ? 1 : 0);
  if (!isNegative || nanoseconds === 0) return { type: 'decimal', seconds: value, nanoseconds, isSigned: sign !== undefined };
  return { type: 'decimal', seconds: value - 1, nanoseconds: 1e9 - nanoseconds, isSigned: true };
}

function wordToken(word: string, localNames: ReadonlyMap<string, number>): Token | undefined {
  if (/^[AP](M|\.M\.)$/.test(word)) return { type: 'meridian', value: word.startsWith('A') ? 0 : 12 };
  const isShort = word.length === 3 || (word.length === 4 && word[3] === '.');
  const position = (names: readonly string[]): number => names.findIndex((name) => (isShort ? name.startsWith(word.slice(0, 3)) : name === word));
  if (position(months) >= 0) return { type: 'month', value: position(months) + 1 };
  if (position(weekdays) >= 0) return { type: 'weekday', value: position(weekdays) };
  if (Object.hasOwn(otherDays, word)) return otherDays[word];
  const zone = zoneToken(word, localNames);
  if (zone !== undefined) return zone;
  if (word === 'DST') return { type: 'daylight' };
  const unit = [word, word.replace(/S$/, '')].find((name) => Object.hasOwn(units, name));
  if (unit !== undefined) return { type: 'unit', unit: units[unit]![0], value: units[unit]![1] };
  if (Object.hasOwn(shifts, word)) return { type: 'shift', value: shifts[word]! };
  if (Object.hasOwn(ordinals, word)) return { type: 'ordinal', value: ordinals[word]! };
  if (word === 'AGO' || word === 'HENCE') return { type: 'ago', value: word === 'AGO' ? -1 : 1 };
  if (word === 'J' || word === 'T') return { type: word };
  if (word.length === 1) return { type: 'zone', value: (military.indexOf(word) - 12) * 3600 };
  return word.includes('.') ? zoneToken(word.replaceAll('.', ''), localNames) : undefined;
}

function zoneToken(word: string, localNames: ReadonlyMap<string, number>): Token | undefined {
  if (word === 'GMT' || word === 'UT' || word === 'UTC') return { type: 'zone', value: 0 };
  const local = localNames.get(word);
  if (local !== undefined) return { type: 'localZone', value: local };
  if (Object.hasOwn(zones, word)) return { type: 'zone', value: zones[word]! * 3600 };
  return Object.hasOwn(daylightZones, word) ? { type: 'daylightZone', value: daylightZones[word]! * 3600 } : undefined;
}
