/** Civil time from epoch seconds, UTC unless a zone's offset is given. Days-to-date after Howard Hinnant, chrono-Compatible Low-Level Date Algorithms. */

export interface CivilTime {
  readonly year: number; readonly month: number; readonly day: number;   // month 1 to 12
  readonly hour: number; readonly minute: number; readonly second: number;
  readonly weekday: number;                                              // 0 is Sunday
  readonly yearDay: number;                                              // 1 to 366
}

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
export const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] as const;

export function civil(epochSeconds: number): CivilTime {
  const seconds = Math.floor(epochSeconds);
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year, month, day: dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1,
    hour: Math.floor(rest / 3600), minute: Math.floor((rest % 3600) / 60), second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - epochDays(year, 1, 1) + 1,
  };
}

export function epochDays(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

export function epochSeconds(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return epochDays(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

/** What a zone makes of a moment. */
/** No field is wider: more would be memory for blanks. */
const MOST_WIDE = 1 << 20;

export interface LocalTime { readonly offsetSeconds: number; readonly abbreviation: string; readonly isDaylight: boolean }
export const universalTime: LocalTime = { offsetSeconds: 0, abbreviation: 'UTC', isDaylight: false };

/** strftime(3) in the C locale, with GNU's flags and widths. `nanoseconds` is for date's %N, which strftime itself leaves as it is. */
export function formatTime(format: string, epoch: number, nanoseconds?: number, local: LocalTime = universalTime): string {
  const time = civil(epoch + local.offsetSeconds);
  const nested = (inner: string): string => formatTime(inner, epoch, nanoseconds, local);
  return format.replace(/%([-_0^#+]*)(\d*)([EO]?)(:{0,3})([a-zA-Z%])/g, (whole: string, flags: string, width: string, _modifier: string, colons: string, letter: string) => {
    if (letter === 'z') return zoneOffset(local.offsetSeconds, colons.length);
    const found = colons === '' ? field(letter, time, epoch, nanoseconds, local, nested) : undefined;
    if (found === undefined) return whole;
    const [value, size, pad] = found;
    if (letter === 'N') return value.slice(0, Number(width || 9));
    const padFlag = /.*([-_0+])/.exec(flags)?.[1];
    const filler = padFlag === '_' ? ' ' : padFlag === '0' || padFlag === '+' ? '0' : pad || ' ';
    let shown = pad === '' ? value : value.replace(/^[0 ]+(?=\d)/, '');
    if (padFlag !== '-') shown = shown.padStart(Math.max(size, Math.min(MOST_WIDE, Number(width || 0))), filler);
    if (flags.includes('#')) return letter === 'p' || letter === 'Z' ? shown.toLowerCase() : shown.toUpperCase();
    return flags.includes('^') ? shown.toUpperCase() : shown;
  });
}

/** +hhmm, +hh:mm, +hh:mm:ss, or as short as it goes. */
function zoneOffset(seconds: number, colons: number): string {
  const parts = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60].map((part) => String(Math.abs(part)).padStart(2, '0'));
  const count = colons === 0 || colons === 1 ? 2 : colons === 2 ? 3 : parts[2] !== '00' ? 3 : parts[1] !== '00' ? 2 : 1;
  return `${seconds < 0 ? '-' : '+'}${parts.slice(0, count).join(colons === 0 ? '' : ':')}`;
}

function field(letter: string, time: CivilTime, epoch: number, nanoseconds: number | undefined, local: LocalTime, nested: (format: string) => string): [value: string, size: number, pad: '0' | ' ' | ''] | undefined {
  const number = (value: number, size: number, pad: '0' | ' ' = '0'): [string, number, '0' | ' '] => [String(value), size, pad];
  const text = (value: string): [string, number, ''] => [value, 0, ''];
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  switch (letter) {
    case 'a': return text(WEEKDAYS[time.weekday]!.slice(0, 3));
    case 'A': return text(WEEKDAYS[time.weekday]!);
    case 'b': case 'h': return text(MONTHS[time.month - 1]!.slice(0, 3));
    case 'B': return text(MONTHS[time.month - 1]!);
    case 'c': return text(nested('%a %b %e %H:%M:%S %Y'));
    case 'C': return number(Math.floor(time.year / 100), 2);
    case 'd': return number(time.day, 2);
    case 'D': case 'x': return text(nested('%m/%d/%y'));
    case 'e': return number(time.day, 2, ' ');
    case 'F': return text(nested('%Y-%m-%d'));
    case 'g': return number(isoWeek(time)[0] % 100, 2);
    case 'G': return number(isoWeek(time)[0], 4);
    case 'H': return number(time.hour, 2);
    case 'I': return number(hour12, 2);
    case 'j': return number(time.yearDay, 3);
    case 'k': return number(time.hour, 2, ' ');
    case 'l': return number(hour12, 2, ' ');
    case 'm': return number(time.month, 2);
    case 'M': return number(time.minute, 2);
    case 'n': return text('\n');
    case 'N': return nanoseconds === undefined ? undefined : [String(nanoseconds).padStart(9, '0'), 9, '0'];
    case 'p': return text(time.hour < 12 ? 'AM' : 'PM');
    case 'P': return text(time.hour < 12 ? 'am' : 'pm');
    case 'q': return number(Math.ceil(time.month / 3), 1);
    case 'r': return text(nested('%I:%M:%S %p'));
    case 'R': return text(nested('%H:%M'));
    case 's': return number(Math.floor(epoch), 1);
    case 'S': return number(time.second, 2);
    case 't': return text('\t');
    case 'T': case 'X': return text(nested('%H:%M:%S'));
    case 'u': return number(time.weekday === 0 ? 7 : time.weekday, 1);
    case 'U': return number(Math.floor((time.yearDay + 6 - time.weekday) / 7), 2);
    case 'V': return number(isoWeek(time)[1], 2);
    case 'w': return number(time.weekday, 1);
    case 'W': return number(Math.floor((time.yearDay + 6 - ((time.weekday + 6) % 7)) / 7), 2);
    case 'y': return number(time.year % 100, 2);
    case 'Y': return number(time.year, 4);
    case 'Z': return text(local.abbreviation);
    case '%': return text('%');
    default: return undefined;
  }
}

/** ISO 8601 year and week. */
function isoWeek(time: CivilTime): [year: number, week: number] {
  const thursday = epochDays(time.year, 1, 1) + time.yearDay - 1 + (4 - (time.weekday === 0 ? 7 : time.weekday));
  const year = civil(thursday * 86400).year;
  return [year, Math.floor((thursday - epochDays(year, 1, 1)) / 7) + 1];
}
