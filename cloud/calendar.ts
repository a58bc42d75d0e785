/** Times as Google's APIs and servers print them. No clock here: the time is an argument, in milliseconds since 1970. */

const DAY_MS = 86_400_000;
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number; millisecond: number; weekday: number }

/** Days to civil date as Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" derive it. */
function civil(epochMs: number): Civil {
  const days = Math.floor(epochMs / DAY_MS);
  const rest = epochMs - days * DAY_MS;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600_000), minute: Math.floor(rest / 60_000) % 60, second: Math.floor(rest / 1000) % 60, millisecond: Math.floor(rest) % 1000, weekday: (((days + 4) % 7) + 7) % 7,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Daylight saving time of the United States: from the second Sunday of March, 2:00, to the first Sunday of November, 2:00. */
function isPacificSummer(epochMs: number): boolean {
  const standard = civil(epochMs - 8 * 3_600_000);
  const { month, day, weekday, hour } = standard;
  if (month !== 3 && month !== 11) return month > 3 && month < 11;
  const sundayBefore = day - weekday;
  const change = month === 3 ? 8 : 1;
  const firstSunday = sundayBefore - 7 * Math.floor((sundayBefore - change) / 7);
  if (day !== firstSunday) return month === 3 ? day > firstSunday : day < firstSunday;
  return month === 3 ? hour >= 2 : hour < 1;
}

/** `2018-07-14T12:46:30.883-07:00`: the Compute API lives in California. */
export function pacificTimestamp(epochMs: number): string {
  const offset = isPacificSummer(epochMs) ? 7 : 8;
  const at = civil(epochMs - offset * 3_600_000);
  return `${at.year}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}:${two(at.second)}.${String(at.millisecond).padStart(3, '0')}-${two(offset)}:00`;
}

/** `2018-07-14T19:30:00+00:00` */
export function utcTimestamp(epochMs: number): string {
  const at = civil(epochMs);
  return `${at.year}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}:${two(at.second)}+00:00`;
}

/** `Sat, 14 Jul 2018 22:30:52 GMT` (RFC 9110, 5.6.7). */
export function httpDate(epochMs: number): string {
  const at = civil(epochMs);
  return `${dayNames[at.weekday]!}, ${two(at.day)} ${monthNames[at.month - 1]!} ${at.year} ${two(at.hour)}:${two(at.minute)}:${two(at.second)} GMT`;
}
