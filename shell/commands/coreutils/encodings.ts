/** base32, base64 and basenc. Read first: RFC 4648; https://rfc.zeromq.org/spec/32/ (Z85); src/basenc.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { concat, fromLatin1 } from '../../ports/bytes.ts';
import { defineCommand, type Command, type Invocation } from '../define.ts';
import { named, quotedIfNeeded } from './quote.ts';

interface Encoding {
  readonly alphabet: string;
  /** undefined: the bytes have no code in it, because of their number. */
  encode(bytes: Uint8Array): string | undefined;
  /** What could be read, and whether that was all. */
  decode(text: string): { readonly bytes: Uint8Array; readonly isWhole: boolean };
}

/** Bits in groups: `padding` characters fill up the last group of whole bytes, where there is padding. */
function bitwise(alphabet: string, bits: number, { padding = 0, isLowFirst = false, foldsCase = false } = {}): Encoding {
  const group = padding === 0 ? 8 / bits : padding;
  const values = new Map([...alphabet].map((character, value) => [character, value]));
  return {
    alphabet: `${alphabet}${foldsCase ? alphabet.toLowerCase() : ''}${padding > 0 ? '=' : ''}`,
    encode: (bytes) => {
      let text = '';
      let [held, count] = [0, 0];
      for (const byte of bytes) {
        held = (held << 8) | (isLowFirst ? reversed(byte) : byte);
        for (count += 8; count >= bits; count -= bits) text += alphabet[(held >> (count - bits)) & (2 ** bits - 1)]!;
        held &= 2 ** count - 1;
      }
      if (count > 0) text += alphabet[(held << (bits - count)) & (2 ** bits - 1)]!;
      return text.padEnd(Math.ceil(text.length / group) * group, '=');
    },
    decode: (text) => {
      const whole: number[] = [];
      for (let at = 0; at < text.length; at += group) {
        const part = text.slice(at, at + group);
        if (part.length < group && padding === 8) return { bytes: Uint8Array.from(whole), isWhole: false };
        const body = padding > 0 ? part.replace(/=+$/, '') : part;
        const digits = [...body].map((character) => values.get(foldsCase ? character.toUpperCase() : character));
        let [held, count] = [0, 0];
        for (const digit of digits) {
          if (digit === undefined) return { bytes: Uint8Array.from(whole), isWhole: false };
          held = (held << bits) | digit;
          count += bits;
          if (count < 8) continue;
          count -= 8;
          const byte = (held >> count) & 255;
          whole.push(isLowFirst ? reversed(byte) : byte);
          held &= 2 ** count - 1;
        }
        if (part.length < group || count >= bits || held !== 0) return { bytes: Uint8Array.from(whole), isWhole: false };
      }
      return { bytes: Uint8Array.from(whole), isWhole: true };
    },
  };
}

function reversed(byte: number): number {
  return Number.parseInt([...byte.toString(2).padStart(8, '0')].reverse().join(''), 2);
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const z85: Encoding = {
  alphabet: Z85,
  encode: (bytes) => {
    if (bytes.length % 4 !== 0) return undefined;
    let text = '';
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 4) {
      const value = view.getUint32(at);
      for (let power = 4; power >= 0; power -= 1) text += Z85[Math.floor(value / 85 ** power) % 85]!;
    }
    return text;
  },
  decode: (text) => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < text.length; at += 5) {
      const digits = [...text.slice(at, at + 5)].map((character) => Z85.indexOf(character));
      const value = digits.reduce((sum, digit) => sum * 85 + digit, 0);
      if (digits.length < 5 || digits.includes(-1) || value >= 2 ** 32) return { bytes: concat(...parts), isWhole: false };
      parts.push(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
    }
    return { bytes: concat(...parts), isWhole: true };
  },
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const encodings: Readonly<Record<string, Encoding>> = {
  base64: bitwise(`${LETTERS}${LETTERS.toLowerCase()}0123456789+/`, 6, { padding: 4 }),
  base64url: bitwise(`${LETTERS}${LETTERS.toLowerCase()}0123456789-_`, 6, { padding: 4 }),
  base32: bitwise(`${LETTERS}234567`, 5, { padding: 8 }),
  base32hex: bitwise('0123456789ABCDEFGHIJKLMNOPQRSTUV', 5, { padding: 8 }),
  base16: bitwise('0123456789ABCDEF', 4, { foldsCase: true }),
  base2msbf: bitwise('01', 1),
  base2lsbf: bitwise('01', 1, { isLowFirst: true }),
  z85,
};

async function run(call: Invocation, options: ParsedOptions, encoding: Encoding): Promise<ExitCode> {
  const width = options.value('w') ?? '76';
  if (!/^\d+$/.test(width)) {
    call.err(`${call.name}: invalid wrap size: ${named(width)}`);
    return 1;
  }
  const [path = '-', extra] = options.operands;
  if (extra !== undefined) {
    call.err(`${call.name}: extra operand ${named(extra)}\nTry '${call.name} --help' for more information.`);
    return 1;
  }
  const got = await readWhole(call.sys, path);
  if (!got.ok) {
    call.err(got.error === 'EISDIR' ? `${call.name}: read error: ${strerror(got.error)}` : `${call.name}: ${quotedIfNeeded(path)}: ${strerror(got.error)}`);
    return 1;
  }
  if (options.has('d')) {
    const text = fromLatin1(got.value).replaceAll('\n', '');
    const { bytes, isWhole } = encoding.decode(options.has('i') ? [...text].filter((character) => encoding.alphabet.includes(character)).join('') : text);
    call.write(bytes);
    if (!isWhole) call.err(`${call.name}: invalid input`);
    return isWhole ? 0 : 1;
  }
  const text = encoding.encode(got.value);
  if (text === undefined) {
    call.err(`${call.name}: invalid input (length must be multiple of 4 characters)`);
    return 1;
  }
  if (Number(width) === 0) call.write(text);
  else for (let at = 0; at < text.length; at += Number(width)) call.out(text.slice(at, at + Number(width)));
  return 0;
}

const OPTIONS = { short: 'diw:', long: { decode: 'none=d', 'ignore-garbage': 'none=i', wrap: 'required=w' } } as const;

function tool(name: string): Command {
  return defineCommand({
    name, summary: `encode or decode ${name}`, package: 'coreutils',
    run: (call) => {
      const options = gnuOptions(call, OPTIONS);
      return options === undefined ? 1 : run(call, options, encodings[name]!);
    },
  });
}

export const base32 = tool('base32');
export const base64 = tool('base64');

export const basenc = defineCommand({
  name: 'basenc', summary: 'encode or decode many ways', package: 'coreutils',
  run: (call) => {
    const options = gnuOptions(call, { ...OPTIONS, long: { ...OPTIONS.long, ...Object.fromEntries(Object.keys(encodings).map((name) => [name, 'none' as const])) } });
    if (options === undefined) return 1;
    const chosen = options.options.findLast(({ name }) => name in encodings);
    if (chosen !== undefined) return run(call, options, encodings[chosen.name]!);
    call.err(`basenc: missing encoding type\nTry 'basenc --help' for more information.`);
    return 1;
  },
});
