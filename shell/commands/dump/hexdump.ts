/** hexdump of util-linux 2.38 (package bsdextrautils), and hd. Read first: hexdump(1). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { concat } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const hexdump = defineCommand({
  name: 'hexdump', aliases: ['hd'], summary: 'display file contents in hexadecimal, decimal, octal, or ascii', package: 'bsdextrautils',
  run: (call) => run(call),
});

interface Style { readonly addressWidth: number; readonly size: 1 | 2; /** What a line without bytes for it has in place of a field. */ readonly blank: number; field(value: number): string; readonly isCanonical?: boolean; /** Two-byte columns of a short line are filled up. */ readonly isFilled: boolean }

const ESCAPES: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };
const styles: Readonly<Record<string, Style>> = {
  C: { addressWidth: 8, size: 1, blank: 3, isCanonical: true, isFilled: true, field: (value) => value.toString(16).padStart(2, '0') },
  b: { addressWidth: 7, size: 1, blank: 4, isFilled: true, field: (value) => ` ${value.toString(8).padStart(3, '0')}` },
  c: { addressWidth: 7, size: 1, blank: 4, isFilled: true, field: (value) => ` ${(ESCAPES[value] ?? (value >= 32 && value < 127 ? String.fromCharCode(value) : value.toString(8).padStart(3, '0'))).padStart(3)}` },
  d: { addressWidth: 7, size: 2, blank: 8, isFilled: true, field: (value) => `   ${String(value).padStart(5, '0')}` },
  o: { addressWidth: 7, size: 2, blank: 8, isFilled: true, field: (value) => `  ${value.toString(8).padStart(6, '0')}` },
  x: { addressWidth: 7, size: 2, blank: 8, isFilled: true, field: (value) => `    ${value.toString(16).padStart(4, '0')}` },
  plain: { addressWidth: 7, size: 2, blank: 5, isFilled: true, field: (value) => ` ${value.toString(16).padStart(4, '0')}` },
};
const LETTERS: Readonly<Record<string, string>> = { C: 'C', b: 'b', c: 'c', d: 'd', o: 'o', x: 'x' };

async function run(call: Invocation): Promise<ExitCode> {
  const options = gnuOptions(call, { short: 'bcCde:f:L::n:os:vxhV', long: { 'one-byte-octal': 'none=b', 'one-byte-char': 'none=c', canonical: 'none=C', 'two-bytes-decimal': 'none=d', 'two-bytes-octal': 'none=o', 'two-bytes-hex': 'none=x', format: 'required=e', 'format-file': 'required=f', length: 'required=n', skip: 'required=s', 'no-squeezing': 'none=v', color: 'optional=L', help: 'none=h', version: 'none=V' } });
  if (options === undefined) return 1;
  if (options.has('V')) {
    call.out(`${call.name} from util-linux 2.38.1`);
    return 0;
  }
  for (const letter of ['e', 'f', 'L', 'h']) if (options.has(letter)) return notSimulated(call, `option -${letter}`);
  const length = sizeOf(options.value('n') ?? 'all');
  const skip = sizeOf(options.value('s') ?? '0');
  if (length === undefined || skip === undefined) {
    call.err(`${call.name}: ${length === undefined ? 'failed to parse length' : 'failed to parse offset'}: '${options.value(length === undefined ? 'n' : 's')!}': Invalid argument`);
    return 1;
  }
  const chosen = options.options.filter(({ name }) => name in LETTERS).map(({ name }) => styles[LETTERS[name]!]!);
  if (chosen.length === 0) chosen.push(call.name === 'hd' ? styles['C']! : styles['plain']!);
  const chunks: Uint8Array[] = [];
  let code: ExitCode = 0;
  const files = options.operands.length === 0 ? ['-'] : options.operands;
  for (const file of files) {
    const read = await readWhole(call.sys, file);
    if (read.ok) chunks.push(read.value);
    else {
      call.err(`${call.name}: ${file}: ${strerror(read.error)}`);
      code = 1;
    }
  }
  if (code === 1 && chunks.length === 0) {
    call.err(`${call.name}: all input file arguments failed`);
    return 1;
  }
  dump(call, concat(...chunks).subarray(skip, skip + length), skip, chosen, options.has('v'));
  return code;
}

function sizeOf(text: string): number | undefined {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  const match = /^(0x[0-9a-f]+|\d+)(b|KiB|K|k|MiB|M|m|GiB|G)?$/i.exec(text);
  if (match === null) return undefined;
  const factors: Readonly<Record<string, number>> = { b: 512, k: 1024, m: 2 ** 20, g: 2 ** 30 };
  return (/^0[0-7]+$/.test(match[1]!) ? Number.parseInt(match[1]!, 8) : Number(match[1])) * (factors[(match[2] ?? '').charAt(0).toLowerCase()] ?? 1);
}

const PER_LINE = 16;

function dump(call: Invocation, bytes: Uint8Array, offset: number, chosen: readonly Style[], showsAll: boolean): void {
  let isRepeating = false;
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const line = bytes.subarray(at, at + PER_LINE);
    if (!showsAll && at > 0 && line.length === PER_LINE && line.every((byte, index) => byte === bytes[at + index - PER_LINE])) {
      if (!isRepeating) call.out('*');
      isRepeating = true;
      continue;
    }
    isRepeating = false;
    for (const style of chosen) call.out((offset + at).toString(16).padStart(style.addressWidth, '0') + lineOf(style, line));
  }
  if (bytes.length > 0) call.out((offset + bytes.length).toString(16).padStart(chosen.at(-1)!.addressWidth, '0'));
}

function lineOf(style: Style, line: Uint8Array): string {
  let text = '';
  for (let index = 0; index < PER_LINE; index += style.size) {
    if (style.isCanonical === true) text += index % 8 === 0 ? '  ' : ' ';
    if (index >= line.length) text += ' '.repeat(style.isCanonical === true ? 2 : style.blank);
    else text += style.field(style.size === 1 ? line[index]! : line[index]! | ((line[index + 1] ?? 0) << 8));
  }
  return style.isCanonical === true ? `${text}  |${[...line].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}|` : text;
}
