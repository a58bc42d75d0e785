/** strftime in the C locale, UTC. Read first: strftime(3) */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

export interface CalendarTime { readonly year: number; readonly month: number; readonly day: number; readonly hour: number; readonly minute: number; readonly second: number; readonly weekday: number; readonly yearDay: number }

/** Civil time from days since 1970 (Howard Hinnant's algorithm). */
export function calendar(epochS: number): CalendarTime {
  const days = Math.floor(epochS / 86_400);
  const rest = epochS - days * 86_400;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 2 : shifted - 10;
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month]! + (isLeap && month > 1 ? 1 : 0);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { year, month, day, hour: Math.floor(rest / 3600), minute: Math.floor(rest / 60) % 60, second: Math.floor(rest) % 60, weekday: (((days + 4) % 7) + 7) % 7, yearDay: before + day - 1 };
}

export function formatTime(epochUs: number, format: string): string {
  const t = calendar(epochUs / 1_000_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour12 = t.hour % 12 === 0 ? 12 : t.hour % 12;
  const one = (kind: string): string => {
    switch (kind) {
      case 'a': return DAYS[t.weekday]!.slice(0, 3);
      case 'A': return DAYS[t.weekday]!;
      case 'b': case 'h': return MONTHS[t.month]!.slice(0, 3);
      case 'B': return MONTHS[t.month]!;
      case 'c': return formatTime(epochUs, '%a %b %e %H:%M:%S %Y');
      case 'C': return two(Math.floor(t.year / 100));
      case 'd': return two(t.day);
      case 'D': case 'x': return formatTime(epochUs, '%m/%d/%y');
      case 'e': return String(t.day).padStart(2);
      case 'F': return formatTime(epochUs, '%Y-%m-%d');
      case 'H': return two(t.hour);
      case 'I': return two(hour12);
      case 'j': return String(t.yearDay + 1).padStart(3, '0');
      case 'k': return String(t.hour).padStart(2);
      case 'l': return String(hour12).padStart(2);
      case 'm': return two(t.month + 1);
      case 'M': return two(t.minute);
      case 'n': return '\n';
      case 'N': return String(epochUs % 1_000_000).padStart(6, '0') + '000';
      case 'p': return t.hour < 12 ? 'AM' : 'PM';
      case 'P': return t.hour < 12 ? 'am' : 'pm';
      case 'r': return formatTime(epochUs, '%I:%M:%S %p');
      case 'R': return formatTime(epochUs, '%H:%M');
      case 's': return String(Math.floor(epochUs / 1_000_000));
      case 'S': return two(t.second);
      case 't': return '\t';
      case 'T': case 'X': return formatTime(epochUs, '%H:%M:%S');
      case 'u': return String(t.weekday === 0 ? 7 : t.weekday);
      case 'U': return two(Math.floor((t.yearDay + 7 - t.weekday) / 7));
      case 'w': return String(t.weekday);
      case 'W': return two(Math.floor((t.yearDay + 7 - ((t.weekday + 6) % 7)) / 7));
      case 'y': return two(t.year % 100);
      case 'Y': return String(t.year);
      case 'z': return '+0000';
      case 'Z': return 'UTC';
      case '%': return '%';
      default: return `%${kind}`;
    }
  };
  return format.replace(/%([a-zA-Z%])/g, (_all, kind: string) => one(kind));
}
