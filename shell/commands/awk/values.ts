/** What awk's expressions are made of: numbers, strings, and text from outside that may be either; strings are bytes to mawk. Read first: mawk(1); mawk's cast.c and print.c. */
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { formatOne } from '../system/facts.ts';

export type Value = number | string | StringNumber | undefined;
/** Text from outside that looks like a number, and compares as one. */
export class StringNumber {
  readonly text: string;
  readonly number: number;
  constructor(text: string, number: number) {
    this.text = text;
    this.number = number;
  }
}
/** Ends the program with status 2 and these words, after what a printf had made by then. */
export class Fatal extends Error {
  readonly printed: string;
  constructor(message: string, printed = '') {
    super(message);
    this.printed = printed;
  }
}

const looksNumeric = /^[ \t\n]*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ \t\n]*$/;

export function fromOutside(text: string): Value {
  return looksNumeric.test(text) ? new StringNumber(text, Number(text)) : text;
}

/** As strtod(3) reads it, hexadecimal and the names of infinity too. */
export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  if (value instanceof StringNumber) return value.number;
  const match = /^[ \t\n]*([-+]?)(?:(0[xX][0-9a-fA-F]+)|((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(inf(?:inity)?)|(nan))/i.exec(value);
  if (match === null) return 0;
  const [, sign, hexadecimal, decimal, infinity] = match;
  const size = infinity !== undefined ? Number.POSITIVE_INFINITY : Number(hexadecimal ?? decimal ?? Number.NaN);
  return sign === '-' ? -size : size;
}

/** Every invalid operation of the processor gives a negative NaN, which is how it is printed. */
function special(number: number): string {
  return Number.isNaN(number) ? '-nan' : number > 0 ? 'inf' : '-inf';
}

const LARGEST_INTEGER = 2147483647;

/** The text of a number: whole ones as they are, if they fit a C int; others by CONVFMT or OFMT. */
export function numberText(number: number, format: string): string {
  if (!Number.isFinite(number)) return special(number);
  if (Number.isInteger(number) && Math.abs(number) <= LARGEST_INTEGER) return String(number === 0 ? 0 : number);
  return formatAwk(format, [number], String, 'sprintf');
}

export function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '/': return left / right;
    case '%': return left % right;
    default: return left ** right;
  }
}

/** length, index, substr and match count bytes. */
export function byteLength(text: string): number {
  return utf8(text).length;
}

/** mawk's substr: numbers are cut to whole ones, and before the first character the length grows where POSIX has it shrink. */
export function substring(text: string, start: number, length: number): string {
  const first = Math.trunc(start);
  const count = Math.trunc(length) - (first < 1 ? first : 0);
  const from = Math.max(1, first);
  if (Number.isNaN(first) || Number.isNaN(count) || count <= 0) return '';
  const bytes = utf8(text);
  return bytes.length === text.length ? text.slice(from - 1, from - 1 + count) : fromUtf8(bytes.subarray(from - 1, from - 1 + count));
}

export function toUpperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

export function toLowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function clamp(number: number, low: number, high: number): number {
  return Number.isNaN(number) ? low : Math.min(high, Math.max(low, Math.trunc(number)));
}

export function formatAwk(format: string, values: readonly Value[], text: (value: Value) => string, who: 'printf' | 'sprintf'): string {
  let at = 0;
  return format.replace(/%([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?([a-zA-Z%])/g, (whole: string, flags: string, widthWord: string, precisionWord: string | undefined, letter: string, offset: number) => {
    if (whole === '%%') return '%';
    const next = (): Value => {
      if (at >= values.length) throw new Fatal(`run time error: not enough arguments passed to ${who}("${format}")`, who === 'printf' ? formatAwk(format.slice(0, offset), values, text, who) : '');
      return values[at++];
    };
    let width = widthWord === '*' ? toNumber(next()) : Number(widthWord || '0');
    let shownFlags = flags;
    if (width < 0) {
      width = -width;
      shownFlags += '-';
    }
    const precision = precisionWord === undefined ? undefined : precisionWord === '*' ? toNumber(next()) : Number(precisionWord || '0');
    const value = next();
    switch (letter) {
      case 'c': return formatOne('c', shownFlags, width, precision, typeof value === 'number' ? String.fromCharCode(value & 0xff) : [...text(value)][0] ?? '\0', 0);
      case 's': return formatBytes(shownFlags, width, precision, text(value));
      case 'd': case 'i': return formatOne('d', shownFlags, width, precision, '', clamp(toNumber(value), -LARGEST_INTEGER, LARGEST_INTEGER));
      case 'o': case 'x': case 'X': case 'u': return formatOne(letter, shownFlags, width, precision, '', clamp(toNumber(value), 0, 4294967295));
      case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': {
        const number = toNumber(value);
        return Number.isFinite(number) ? formatOne(letter, shownFlags, width, precision, '', number) : formatOne('s', shownFlags, width, undefined, special(number), 0);
      }
      default: return whole;
    }
  });
}

/** Widths and precisions of strings are bytes. */
function formatBytes(flags: string, width: number, precision: number | undefined, text: string): string {
  const shown = precision === undefined || text.length * 3 <= precision ? text : substring(text, 1, precision);
  const padding = ' '.repeat(Math.max(0, Math.min(width, 65536) - byteLength(shown)));
  return flags.includes('-') ? shown + padding : padding + shown;
}
