/** xxd of vim 9.0. Read first: xxd(1). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const xxd = defineCommand({
  name: 'xxd', summary: 'make a hex dump or do the reverse', package: 'xxd',
  run: (call) => run(call),
});

interface Mode { kind: 'hex' | 'plain' | 'bits' | 'include' | 'little'; isReverse: boolean; isUpper: boolean; columns: number | undefined; group: number | undefined; length: number; skip: number; addsOffset: number; isDecimal: boolean; skipsZeros: boolean; variable: string | undefined }

async function run(call: Invocation): Promise<ExitCode> {
  const mode: Mode = { kind: 'hex', isReverse: false, isUpper: false, columns: undefined, group: undefined, length: Number.POSITIVE_INFINITY, skip: 0, addsOffset: 0, isDecimal: false, skipsZeros: false, variable: undefined };
  const operands: string[] = [];
  const args = [...call.args];
  while (args.length > 0) {
    const word = args.shift()!;
    if (!/^-./.test(word)) {
      operands.push(word);
      continue;
    }
    // The long names are abbreviations of themselves from one letter on.
    const letter = word.replace(/^--?/, '')[0]!;
    const value = (): number => {
      const joined = /^--?[a-z]+=?(.+)$/.exec(word)?.[1];
      const digits = /^--?[cglos](\+?-?[0-9].*)$/.exec(word)?.[1];
      return Number(digits ?? (joined !== undefined && /^\d/.test(joined) ? joined : (args.shift() ?? '')));
    };
    switch (letter) {
      case 'a': mode.skipsZeros = true; break;
      case 'b': mode.kind = 'bits'; break;
      case 'c': mode.columns = value(); break;
      case 'd': mode.isDecimal = true; break;
      case 'e': mode.kind = 'little'; break;
      case 'g': mode.group = value(); break;
      case 'i': mode.kind = 'include'; break;
      case 'l': mode.length = value(); break;
      case 'n': mode.variable = args.shift(); break;
      case 'o': mode.addsOffset = value(); break;
      case 'p': mode.kind = 'plain'; break;
      case 'r': mode.isReverse = true; break;
      case 's': mode.skip = value(); break;
      case 'u': mode.isUpper = true; break;
      case 'v':
        call.err('xxd 2022-01-14 by Juergen Weigert et al.');
        return 0;
      default: return notSimulated(call, `option ${word}`);
    }
  }
  const [input = '-', output] = operands;
  const read = await readWhole(call.sys, input);
  if (!read.ok) {
    call.err(`xxd: ${input}: ${strerror(read.error)}`);
    return 2;
  }
  const start = mode.skip < 0 ? Math.max(0, read.value.length + mode.skip) : mode.skip;
  const made = mode.isReverse ? reversed(fromUtf8(read.value), mode.kind === 'plain') : utf8(text(mode, read.value.subarray(start, start + mode.length), start + mode.addsOffset, input));
  if (output === undefined || output === '-') call.write(made);
  else {
    const written = await call.sys.writeFile(output, made);
    if (!written.ok) {
      call.err(`xxd: ${output}: ${strerror(written.error)}`);
      return 3;
    }
  }
  return 0;
}

function text(mode: Mode, bytes: Uint8Array, offset: number, input: string): string {
  const digits = (byte: number): string => {
    const hex = byte.toString(16).padStart(2, '0');
    return mode.isUpper ? hex.toUpperCase() : hex;
  };
  if (mode.kind === 'plain') return lines(bytes, mode.columns ?? 30).map((line) => `${[...line].map(digits).join('')}\n`).join('');
  if (mode.kind === 'include') return include(mode, bytes, input);
  const columns = mode.columns ?? (mode.kind === 'bits' ? 6 : 16);
  const group = mode.group ?? (mode.kind === 'bits' ? 1 : mode.kind === 'little' ? 4 : 2);
  const unit = mode.kind === 'bits' ? 8 : 2;
  const groups = group === 0 ? 1 : Math.ceil(columns / group);
  const width = columns * unit + groups;
  const shown = (byte: number): string => (mode.kind === 'bits' ? byte.toString(2).padStart(8, '0') : digits(byte));
  let made = '';
  let zeros = 0;
  lines(bytes, columns).forEach((line, index, all) => {
    const isLast = index === all.length - 1;
    if (mode.skipsZeros && !isLast && line.every((byte) => byte === 0)) {
      zeros += 1;
      if (zeros === 2) made += '*\n';
      if (zeros > 1) return;
    } else zeros = 0;
    let cells = '';
    for (let from = 0; from < line.length; from += group === 0 ? columns : group) {
      const part = [...line.subarray(from, from + (group === 0 ? columns : group))];
      if (mode.kind === 'little') part.reverse();
      cells += `${part.map(shown).join('').padStart(mode.kind === 'little' ? group * unit : 0)} `;
    }
    const address = (offset + index * columns).toString(mode.isDecimal ? 10 : 16).padStart(8, '0');
    made += `${address}: ${cells.padEnd(width)} ${[...line].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}\n`;
  });
  return made;
}

function include(mode: Mode, bytes: Uint8Array, input: string): string {
  const rows = lines(bytes, mode.columns ?? 12).map((line) => `  ${[...line].map((byte) => `0x${mode.isUpper ? byte.toString(16).padStart(2, '0').toUpperCase() : byte.toString(16).padStart(2, '0')}`).join(', ')}`).join(',\n');
  if (input === '-' && mode.variable === undefined) return bytes.length === 0 ? '' : `${rows}\n`;
  const name = (mode.variable ?? input).replace(/[^A-Za-z0-9]/g, '_').replace(/^(?=\d)/, '__');
  return `unsigned char ${name}[] = {\n${rows}${rows === '' ? '' : '\n'}};\nunsigned int ${name}_len = ${bytes.length};\n`;
}

function lines(bytes: Uint8Array, columns: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += columns) found.push(bytes.subarray(at, at + columns));
  return found;
}

/** Bytes of a dump, put where its addresses say; without addresses one behind the other. */
function reversed(dump: string, isPlain: boolean): Uint8Array {
  if (isPlain) return Uint8Array.from(dump.replace(/[^0-9a-fA-F]/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const bytes: number[] = [];
  for (const line of dump.split('\n')) {
    const match = /^([0-9a-fA-F]+):\s?(.*)$/.exec(line);
    if (match === null) continue;
    const at = Number.parseInt(match[1]!, 16);
    if (at > 2 ** 24) continue;
    while (bytes.length < at) bytes.push(0);
    const cells = /^((?:[0-9a-fA-F]{2,} ?)+)/.exec(match[2]!.split('  ')[0]!)?.[1] ?? '';
    (cells.replace(/ /g, '').match(/../g) ?? []).forEach((pair, index) => (bytes[at + index] = Number.parseInt(pair, 16)));
  }
  return Uint8Array.from(bytes);
}
