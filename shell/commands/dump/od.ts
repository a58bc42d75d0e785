/** od of coreutils 9.1. Read first: od(1); padding as src/od.c reckons it, every column of a line as wide as the widest format needs. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { concat } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const od = defineCommand({
  name: 'od', summary: 'dump files in octal and other formats', package: 'coreutils',
  run: (call) => run(call),
});

interface Format { readonly size: number; readonly width: number; readonly showsText: boolean; field(view: DataView, at: number): string }

const OLD: Readonly<Record<string, string>> = { a: 'a', b: 'o1', c: 'c', d: 'u2', f: 'fF', i: 'dI', l: 'dL', o: 'o2', s: 'd2', x: 'x2' };
const NAMES = ['nul', 'soh', 'stx', 'etx', 'eot', 'enq', 'ack', 'bel', 'bs', 'ht', 'nl', 'vt', 'ff', 'cr', 'so', 'si', 'dle', 'dc1', 'dc2', 'dc3', 'dc4', 'nak', 'syn', 'etb', 'can', 'em', 'sub', 'esc', 'fs', 'gs', 'rs', 'us', 'sp'];
const ESCAPES: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };
/** Digits of the largest number of 1, 2, 4 and 8 bytes. */
const DIGITS: Readonly<Record<string, Readonly<Record<number, number>>>> = { o: { 1: 3, 2: 6, 4: 11, 8: 22 }, x: { 1: 2, 2: 4, 4: 8, 8: 16 }, u: { 1: 3, 2: 5, 4: 10, 8: 20 }, d: { 1: 4, 2: 6, 4: 11, 8: 20 } };
const SIZES: Readonly<Record<string, number>> = { C: 1, S: 2, I: 4, L: 8 };

async function run(call: Invocation): Promise<ExitCode> {
  const options = gnuOptions(call, { short: 'A:aBbcDdeFfHhIij:LlN:OoS:st:vw::Xx', long: { 'address-radix': 'required=A', 'skip-bytes': 'required=j', 'read-bytes': 'required=N', format: 'required=t', 'output-duplicates': 'none=v', width: 'optional=w', strings: 'optional=S', endian: 'required', traditional: 'none' } });
  if (options === undefined) return 1;
  for (const name of ['S', 'endian', 'traditional', 'f', 'F', 'e', 'B', 'D', 'H', 'h', 'I', 'L', 'O', 'X']) if (options.has(name)) return notSimulated(call, `option ${name.length > 1 ? '-' : ''}-${name}`);
  const formats: Format[] = [];
  for (const { name, value } of options.options) {
    const specification = name === 't' ? value! : OLD[name];
    if (specification === undefined) continue;
    const parsed = parseFormats(specification);
    if (typeof parsed === 'string') {
      call.err(`od: ${parsed}`);
      return 1;
    }
    if (parsed === undefined) return notSimulated(call, `type string ‘${specification}’`);
    formats.push(...parsed);
  }
  if (formats.length === 0) formats.push(...(parseFormats('oS') as Format[]));
  const radix = options.value('A')?.[0] ?? 'o';
  if (!'doxn'.includes(radix)) {
    call.err(`od: invalid output address radix '${options.value('A')!}'; it must be one character from [doxn]`);
    return 1;
  }
  const skip = byteCount(options.value('j') ?? '0');
  const limit = options.value('N') === undefined ? Number.POSITIVE_INFINITY : byteCount(options.value('N')!);
  for (const [letter, count] of [['j', skip], ['N', limit]] as const) {
    if (count !== undefined) continue;
    call.err(`od: invalid -${letter} argument '${options.value(letter)!}'`);
    return 1;
  }
  const unit = Math.max(...formats.map(({ size }) => size));
  let bytesPerLine = options.has('w') ? Number(options.value('w') ?? '32') : 16;
  if (!(bytesPerLine > 0) || bytesPerLine % unit !== 0) {
    call.err(`od: warning: invalid width ${options.value('w')!}; using ${unit} instead`);
    bytesPerLine = unit;
  }
  const chunks: Uint8Array[] = [];
  let code: ExitCode = 0;
  for (const file of options.operands.length === 0 ? ['-'] : options.operands) {
    const read = await readWhole(call.sys, file);
    if (read.ok) chunks.push(read.value);
    else {
      call.err(`od: ${file}: ${strerror(read.error)}`);
      code = 1;
    }
  }
  const whole = concat(...chunks);
  if (skip! > whole.length) {
    call.err('od: cannot skip past end of combined input');
    return 1;
  }
  if (code === 0 || whole.length > 0) dump(call, whole.subarray(0, skip! + limit!), skip!, { formats, radix, bytesPerLine, showsAll: options.has('v') });
  return code;
}

/** undefined: known to od, not here; text: its refusal. */
function parseFormats(specification: string): Format[] | string | undefined {
  const found: Format[] = [];
  let rest = specification;
  while (rest !== '') {
    const match = /^([acdfoux])(\d+|[CSILFD])?(z?)/.exec(rest);
    if (match === null) return `invalid character '${rest[0]!}' in type string ‘${specification}’`;
    const [whole, letter = '', sizeWord, text] = match;
    if (letter === 'f') return undefined;
    const size = letter === 'a' || letter === 'c' ? 1 : sizeWord === undefined ? 4 : (SIZES[sizeWord] ?? Number(sizeWord));
    if (DIGITS['x']![size] === undefined) return `invalid type string ‘${specification}’;\nthis system doesn't provide a ${size}-byte integral type`;
    found.push(formatOf(letter, size, text === 'z'));
    rest = rest.slice(whole.length);
  }
  return found;
}

function formatOf(letter: string, size: number, showsText: boolean): Format {
  if (letter === 'a') return { size, width: 3, showsText, field: (view, at) => nameOf(view.getUint8(at) & 0x7f) };
  if (letter === 'c') return { size, width: 3, showsText, field: (view, at) => characterOf(view.getUint8(at)) };
  const width = DIGITS[letter]![size]!;
  return { size, width, showsText, field: (view, at) => {
    const value = size === 8 ? (letter === 'd' ? view.getBigInt64(at, true) : view.getBigUint64(at, true)) : numberAt(view, at, size, letter === 'd');
    return letter === 'd' || letter === 'u' ? String(value) : value.toString(letter === 'x' ? 16 : 8).padStart(width, '0');
  } };
}

function numberAt(view: DataView, at: number, size: number, isSigned: boolean): number {
  if (size === 1) return isSigned ? view.getInt8(at) : view.getUint8(at);
  if (size === 2) return isSigned ? view.getInt16(at, true) : view.getUint16(at, true);
  return isSigned ? view.getInt32(at, true) : view.getUint32(at, true);
}

function nameOf(byte: number): string {
  return NAMES[byte] ?? (byte === 127 ? 'del' : String.fromCharCode(byte));
}
function characterOf(byte: number): string {
  return ESCAPES[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'));
}

/** `1k`, `0x10`, `2b`. */
function byteCount(text: string): number | undefined {
  const match = /^(0x[0-9a-f]+|\d+)(b|kB?|KB?|KiB|MB?|MiB|G)?$/i.exec(text);
  if (match === null) return undefined;
  const factors: Readonly<Record<string, number>> = { b: 512, kB: 1000, KB: 1000, k: 1024, K: 1024, KiB: 1024, M: 2 ** 20, MiB: 2 ** 20, MB: 1e6, G: 2 ** 30 };
  const digits = match[1]!;
  return (/^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)) * (factors[match[2] ?? ''] ?? 1);
}

function dump(call: Invocation, whole: Uint8Array, from: number, how: { formats: readonly Format[]; radix: string; bytesPerLine: number; showsAll: boolean }): void {
  const { formats, radix, bytesPerLine } = how;
  const address = (at: number): string => (radix === 'n' ? '' : radix === 'x' ? at.toString(16).padStart(6, '0') : radix === 'd' ? String(at).padStart(7, '0') : at.toString(8).padStart(7, '0'));
  const lineWidth = Math.max(...formats.map(({ size, width }) => (bytesPerLine / size) * (width + 1)));
  let isRepeating = false;
  for (let at = from; at < whole.length; at += bytesPerLine) {
    const line = whole.subarray(at, at + bytesPerLine);
    const isFull = line.length === bytesPerLine;
    if (!how.showsAll && isFull && at > from && line.every((byte, index) => byte === whole[at + index - bytesPerLine])) {
      if (!isRepeating) call.out('*');
      isRepeating = true;
      continue;
    }
    isRepeating = false;
    formats.forEach((format, index) => call.out(`${index === 0 ? address(at) : ' '.repeat(address(at).length)}${lineOf(format, line, bytesPerLine, lineWidth)}`));
  }
  if (radix !== 'n') call.out(address(whole.length));
}

/** Blanks are spread over the fields so that all formats of a line end in the same column. */
function lineOf(format: Format, line: Uint8Array, bytesPerLine: number, lineWidth: number): string {
  const padded = new Uint8Array(bytesPerLine);
  padded.set(line);
  const view = new DataView(padded.buffer);
  const fields = bytesPerLine / format.size;
  const shown = Math.ceil(line.length / format.size);
  const padding = lineWidth - fields * (format.width + 1);
  let text = '';
  for (let index = 0; index < fields; index += 1) {
    const blanks = padUpTo(padding, fields, index);
    if (index < shown) text += `${' '.repeat(blanks)} ${format.field(view, index * format.size).padStart(format.width)}`;
    else if (format.showsText) text += ' '.repeat(blanks + 1 + format.width);
  }
  return format.showsText ? `${text}  >${[...line].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}<` : text;
}

/** The share of the padding before field `index`, as od.c divides it. */
function padUpTo(padding: number, fields: number, index: number): number {
  const remaining = (left: number): number => Math.floor((padding * left) / fields);
  return remaining(fields - index) - remaining(fields - index - 1);
}
