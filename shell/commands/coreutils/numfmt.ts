/** numfmt: numbers to and from what people read. Read first: numfmt(1); src/numfmt.c of coreutils 9.1, whose long doubles are doubles here: 15 digits are right. */
import type { ExitCode } from '../../../machine/sys.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { linesOf } from '../../lib/input.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { named } from './quote.ts';

const POWERS = 'KMGTPEZY';
const FROM = ['none', 'auto', 'si', 'iec', 'iec-i'];
const TO = ['none', 'si', 'iec', 'iec-i'];
const ROUNDS = ['up', 'down', 'from-zero', 'towards-zero', 'nearest'];
const INVALID = ['abort', 'fail', 'warn', 'ignore'];
const DIRECTIVE = "directive must be %[0]['][-][N][.][N]f";

interface Settings {
  from: string; to: string; round: string; invalid: string; fromUnit: number; toUnit: number; suffix: string;
  delimiter: string | undefined; ending: string; isWanted(field: number): boolean;
  padding: number; isLeft: boolean; zeroWidth: number; precision: number | undefined; before: string; after: string;
}
/** What to print, or why not. */
type Parsed = { readonly value: number; readonly precision: number } | string;

export const numfmt = defineCommand({
  name: 'numfmt', summary: 'convert numbers from and to human-readable form', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'd:z', long: { from: 'required', 'from-unit': 'required', to: 'required', 'to-unit': 'required', round: 'required', padding: 'required', suffix: 'required', grouping: 'none', delimiter: 'required=d', field: 'required', debug: 'none', header: 'optional', format: 'required', invalid: 'required', 'zero-terminated': 'none=z' } });
    if (options === undefined) return 1;
    const settings = settingsOf(options);
    if (typeof settings === 'string') {
      call.err(`numfmt: ${settings}`);
      return 1;
    }
    if (options.has('debug') && settings.from === 'none' && settings.to === 'none' && !['padding', 'format', 'grouping', 'suffix', 'from-unit', 'to-unit'].some((name) => options.has(name))) call.err('numfmt: no conversion option specified');
    return convertAll(call, options, settings);
  },
});

function settingsOf(options: ParsedOptions): Settings | string {
  const usage = "\nTry 'numfmt --help' for more information.";
  for (const [name, allowed] of [['from', FROM], ['to', TO], ['round', ROUNDS], ['invalid', INVALID]] as const) {
    const value = options.value(name);
    if (value !== undefined && !allowed.includes(value)) return `invalid argument ${named(value)} for ${named(`--${name}`)}\nValid arguments are:\n${allowed.map((each) => `  - ${named(each)}`).join('\n')}${usage}`;
  }
  const unit = (name: string): number | undefined => {
    const match = /^(\d+)?(?:([KMGTPEZY])(i?))?$/.exec(options.value(name) ?? '1');
    const value = match === null || match[0] === '' ? 0 : Number(match[1] ?? '1') * (match[2] === undefined ? 1 : (match[3] === 'i' ? 1024 : 1000) ** (POWERS.indexOf(match[2]) + 1));
    return value === 0 ? undefined : value;
  };
  const [fromUnit, toUnit] = [unit('from-unit'), unit('to-unit')];
  if (fromUnit === undefined) return `invalid unit size: ${named(options.value('from-unit')!)}`;
  if (toUnit === undefined) return `invalid unit size: ${named(options.value('to-unit')!)}`;
  const padding = options.value('padding');
  if (padding !== undefined && (!/^-?\d+$/.test(padding) || Number(padding) === 0)) return `invalid padding value ${named(padding)}`;
  const header = options.value('header');
  if (header !== undefined && (!/^\d+$/.test(header) || header === '0')) return `invalid header value ${named(header)}`;
  const delimiter = options.value('d');
  if (delimiter !== undefined && delimiter.length !== 1) return `the delimiter must be a single character`;
  const isWanted = fieldsOf(options.value('field') ?? '1');
  if (typeof isWanted === 'string') return `${isWanted}${usage}`;
  const format = formatOf(options.value('format') ?? '%f');
  if (typeof format === 'string') return format;
  if (options.has('format') && options.has('grouping')) return '--grouping cannot be combined with --format';
  if (options.has('grouping') && (options.value('to') ?? 'none') !== 'none') return 'grouping cannot be combined with --to';
  return {
    from: options.value('from') ?? 'none', to: options.value('to') ?? 'none', round: options.value('round') ?? 'from-zero', invalid: options.value('invalid') ?? 'abort', fromUnit, toUnit, suffix: options.value('suffix') ?? '',
    delimiter, ending: options.has('z') ? '\0' : '\n', isWanted, ...format, ...(padding === undefined ? {} : { padding: Math.abs(Number(padding)), isLeft: Number(padding) < 0 }),
  };
}

/** 1, 2-4, 3-, -2 or -, in a list. */
function fieldsOf(text: string): ((field: number) => boolean) | string {
  const ranges: [number, number][] = [];
  for (const part of text.split(/[, ]/)) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null) return `invalid field value ${named(part)}`;
    const [, from = '', dash, to = ''] = match;
    if (from === '0' || (dash === '' && from === '')) return 'fields are numbered from 1';
    ranges.push([Number(from || '1'), dash === '' ? Number(from) : Number(to || 'Infinity')]);
    if (ranges.at(-1)![1] < ranges.at(-1)![0]) return 'invalid decreasing range';
  }
  return (field) => ranges.some(([from, to]) => field >= from && field <= to);
}

function formatOf(format: string): Pick<Settings, 'padding' | 'isLeft' | 'zeroWidth' | 'precision' | 'before' | 'after'> | string {
  const plain = (text: string): string => text.replaceAll('%%', '%');
  const start = /^((?:[^%]|%%)*)%/.exec(format);
  if (start === null) return `format ${named(format)} has no % directive`;
  const rest = format.slice(start[0].length);
  if (rest === '') return `format ${named(format)} ends in %`;
  const match = /^([0'-]*)(\d*)(?:\.(\d*))?f([^]*)$/.exec(rest);
  if (match === null) return `invalid format ${named(format)}, ${DIRECTIVE}`;
  const [, flags = '', width, precision, after = ''] = match;
  if (after.replaceAll('%%', '').includes('%')) return `format ${named(format)} has too many % directives`;
  const isZero = flags.includes('0') && !flags.includes('-');
  return { padding: isZero ? 0 : Number(width || '0'), isLeft: flags.includes('-'), zeroWidth: isZero ? Number(width || '0') : 0, precision: precision === undefined ? undefined : Number(precision || '0'), before: plain(start[1]!), after: plain(after) };
}

async function convertAll(call: Invocation, options: ParsedOptions, settings: Settings): Promise<ExitCode> {
  let hasFailed = false;
  /** false: it ends here. */
  const one = (line: string): boolean => {
    for (const [index, { blanks, text }] of partsOf(line, settings.delimiter).entries()) {
      if (index > 0) call.write(settings.delimiter ?? blanks[0] ?? '');
      // Blanks in front of a field belong to it, but for the one that ends the field before.
      const field = settings.delimiter === undefined ? `${index > 0 ? blanks.slice(1) : blanks}${text}` : text;
      const made = settings.isWanted(index + 1) ? convert(field, settings, index > 0) : { shown: field };
      if ('shown' in made) {
        call.write(made.shown);
        continue;
      }
      if (settings.invalid !== 'ignore') call.err(`numfmt: ${made.complaint}`);
      if (settings.invalid === 'abort') return false;
      if (settings.invalid === 'fail') hasFailed = true;
      call.write(field);
    }
    call.write(settings.ending);
    return true;
  };
  if (options.operands.length > 0) {
    for (const word of options.operands) if (!one(word)) return 2;
    return hasFailed ? 2 : 0;
  }
  let headerLines = options.has('header') ? Number(options.value('header') ?? '1') : 0;
  for await (const { text } of linesOf(call.sys, 0, settings.ending.charCodeAt(0))) {
    if (headerLines > 0) {
      headerLines -= 1;
      call.write(`${text}${settings.ending}`);
    } else if (!one(text)) return 2;
  }
  return hasFailed ? 2 : 0;
}

function partsOf(line: string, delimiter: string | undefined): { blanks: string; text: string }[] {
  if (delimiter !== undefined) return line.split(delimiter).map((text) => ({ blanks: '', text }));
  const parts = [...line.matchAll(/([ \t]*)([^ \t]+)/g)].map(([, blanks = '', text = '']) => ({ blanks, text }));
  return parts.length === 0 ? [{ blanks: '', text: line }] : parts;
}

function convert(field: string, settings: Settings, isLater: boolean): { shown: string } | { complaint: string } {
  const text = settings.suffix !== '' && field.endsWith(settings.suffix) ? field.slice(0, -settings.suffix.length) : field;
  const body = text.replace(/^[ \t]+/, '');
  const parsed = parseHuman(body, settings.from);
  if (typeof parsed === 'string') return { complaint: parsed };
  const value = (parsed.value * settings.fromUnit) / settings.toUnit;
  const precision = settings.precision ?? parsed.precision;
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (settings.to === 'none' && digits + precision > 18) return { complaint: precision === 0 ? `value too large to be printed: '${large(value)}' (consider using --to)` : `value/precision too large to be printed: '${large(value)}/${precision}' (consider using --to)` };
  const shown = `${inWords(value, precision, settings)}${settings.suffix}`;
  // Fields with blanks in front keep their width.
  const width = settings.padding === 0 && settings.delimiter === undefined && (isLater || text.length > body.length) ? text.length : settings.padding;
  return { shown: `${settings.before}${settings.isLeft ? shown.padEnd(width) : shown.padStart(width)}${settings.after}` };
}

/** printf's %Lg of what has too many digits. */
function large(value: number): string {
  const [digits, power = '0'] = value.toExponential(5).split('e+');
  return Number(power) < 6 ? String(Number(value.toPrecision(6))) : `${Number(digits)}e+${power.padStart(2, '0')}`;
}

function parseHuman(text: string, from: string): Parsed {
  const match = /^(-?)(\d*)(?:(\.)(\d*))?/.exec(text)!;
  const [whole = '', , digits = '', dot, decimals = ''] = match;
  if (digits === '' && (dot === undefined || decimals === '')) return `invalid number: ${named(text)}`;
  if (digits.replace(/^0+/, '').length > 27) return `value too large to be converted: ${named(text)}`;
  let rest = text.slice(whole.length);
  let [scale, precision] = [1, decimals.length];
  if (rest !== '') {
    rest = rest.replace(/^[ \t]+/, '');
    const power = rest === '' ? 0 : POWERS.indexOf(rest[0]!) + 1;
    if (power === 0) return `invalid suffix in input: ${named(text)}`;
    if (from === 'none') return `rejecting suffix in input: ${named(text)} (consider using --from)`;
    rest = rest.slice(1);
    const isBinary = from === 'iec' || from === 'iec-i' || (from === 'auto' && rest.startsWith('i'));
    if (from === 'iec-i' && !rest.startsWith('i')) return `missing 'i' suffix in input: ${named(text)} (e.g Ki/Mi/Gi)`;
    if (from === 'iec-i' || (from === 'auto' && isBinary)) rest = rest.slice(1);
    scale = (isBinary ? 1024 : 1000) ** power;
    precision = 0;
  } else if (from === 'iec-i') return `missing 'i' suffix in input: ${named(text)} (e.g Ki/Mi/Gi)`;
  if (rest !== '') return `invalid suffix in input ${named(text)}: ${named(rest)}`;
  return { value: Number(whole) * scale, precision };
}

function rounded(value: number, how: string): number {
  const exact = Number(value.toPrecision(15));
  switch (how) {
    case 'up': return Math.ceil(exact);
    case 'down': return Math.floor(exact);
    case 'towards-zero': return Math.trunc(exact);
    case 'nearest': return exact < 0 ? -Math.round(-exact) : Math.round(exact);
    default: return exact < 0 ? Math.floor(exact) : Math.ceil(exact);
  }
}

/** printf's %.*f: ties go to the even digit. */
function fixed(value: number, precision: number): string {
  if (precision === 0 && Math.abs(value % 1) === 0.5) return String(2 * Math.round(value / 2));
  return value.toFixed(Math.min(precision, 100));
}

function inWords(value: number, precision: number, settings: Settings): string {
  const zeroFilled = (text: string): string => (text.startsWith('-') ? `-${text.slice(1).padStart(settings.zeroWidth - 1, '0')}` : text.padStart(settings.zeroWidth, '0'));
  if (settings.to === 'none') return zeroFilled(fixed(rounded(value * 10 ** precision, settings.round) / 10 ** precision, precision));
  const base = settings.to === 'si' ? 1000 : 1024;
  let [scaled, power] = [value, 0];
  for (; Math.abs(scaled) >= base; power += 1) scaled /= base;
  const adjust = settings.precision === undefined ? (Math.abs(scaled) < 10 ? 1 : 0) : Math.min(power * 3, settings.precision);
  scaled = rounded(scaled * 10 ** adjust, settings.round) / 10 ** adjust;
  if (Math.abs(scaled) >= base) {
    scaled /= base;
    power += 1;
  }
  const shownDigits = settings.precision ?? (scaled !== 0 && Math.abs(scaled) < 10 && power > 0 ? 1 : 0);
  const unit = power === 0 ? '' : `${POWERS[power - 1]!}${settings.to === 'iec-i' ? 'i' : ''}`;
  return zeroFilled(`${fixed(scaled, shownDigits)}${unit}`);
}
