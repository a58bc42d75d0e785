/** md5sum, sha1sum, sha256sum and base64. Read first: RFC 1321, RFC 3174, FIPS 180-4, RFC 4648. Own code: digests of the host are asynchronous. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { base64 as encode, fromBase64, fromUtf8, hex } from '../../ports/bytes.ts';
import { defineCommand, type Command } from '../define.ts';

/** The message with its padding and length, in 64-byte blocks. */
function padded(bytes: Uint8Array, isBigEndian: boolean): DataView {
  const whole = new Uint8Array((Math.floor((bytes.length + 8) / 64) + 1) * 64);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  const bits = bytes.length * 8;
  const [high, low] = [Math.floor(bits / 2 ** 32), bits >>> 0];
  view.setUint32(whole.length - 8, isBigEndian ? high : low, !isBigEndian);
  view.setUint32(whole.length - 4, isBigEndian ? low : high, !isBigEndian);
  return view;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function words(values: readonly number[], isBigEndian: boolean): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value >>> 0, !isBigEndian));
  return hex(bytes);
}

export function md5(bytes: Uint8Array): string {
  const view = padded(bytes, false);
  const shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < view.byteLength; block += 64) {
    let [a, b, c, d] = state as [number, number, number, number];
    for (let i = 0; i < 64; i += 1) {
      const round = i >> 4;
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const index = round === 0 ? i : round === 1 ? (5 * i + 1) % 16 : round === 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
      const constant = Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32);
      const sum = (a + mixed + constant + view.getUint32(block + index * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + rotateLeft(sum, shifts[round]![i % 4]!)) | 0];
    }
    state = [state[0]! + a, state[1]! + b, state[2]! + c, state[3]! + d].map((value) => value | 0);
  }
  return words(state, false);
}

export function sha1(bytes: Uint8Array): string {
  const view = padded(bytes, true);
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const schedule = new Int32Array(80);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 80; i += 1) schedule[i] = i < 16 ? view.getInt32(block + i * 4) : rotateLeft(schedule[i - 3]! ^ schedule[i - 8]! ^ schedule[i - 14]! ^ schedule[i - 16]!, 1);
    let [a, b, c, d, e] = state as [number, number, number, number, number];
    for (let i = 0; i < 80; i += 1) {
      const [mixed, constant] = i < 20 ? [(b & c) | (~b & d), 0x5a827999] : i < 40 ? [b ^ c ^ d, 0x6ed9eba1] : i < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotateLeft(a, 5) + mixed + e + constant + schedule[i]!) | 0;
      [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next];
    }
    state = [a, b, c, d, e].map((value, index) => (state[index]! + value) | 0);
  }
  return words(state, true);
}

/** The first 32 bits of the fractional parts of roots of primes: square roots start, cube roots are the constants. */
const primes = Array.from({ length: 312 }, (_, index) => index).filter((value) => value > 1 && !Array.from({ length: 16 }, (_, divisor) => divisor + 2).some((divisor) => divisor < value && value % divisor === 0));
const roots = primes.slice(0, 64).map((prime) => Math.floor((Math.cbrt(prime) % 1) * 2 ** 32));

export function sha256(bytes: Uint8Array): string {
  const view = padded(bytes, true);
  let state = primes.slice(0, 8).map((prime) => Math.floor((Math.sqrt(prime) % 1) * 2 ** 32) | 0);
  const schedule = new Int32Array(64);
  const rotate = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits));
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 64; i += 1) {
      if (i < 16) schedule[i] = view.getInt32(block + i * 4);
      else {
        const [x, y] = [schedule[i - 15]!, schedule[i - 2]!];
        schedule[i] = schedule[i - 16]! + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + schedule[i - 7]! + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10));
      }
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i += 1) {
      const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + roots[i]! + schedule[i]!) | 0;
      const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    state = [a, b, c, d, e, f, g, h].map((value, index) => (state[index]! + value) | 0);
  }
  return words(state, true);
}

function sumTool(name: string, digest: (bytes: Uint8Array) => string): Command {
  return defineCommand({
    name, summary: 'compute and check digests', package: 'coreutils',
    run: async (call) => {
      const options = gnuOptions(call, { short: 'bctwz', long: { check: 'none=c', binary: 'none=b', text: 'none=t', quiet: 'none', status: 'none', tag: 'none' } });
      if (options === undefined) return 1;
      let code: ExitCode = 0;
      let failed = 0;
      for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
        const got = await readWhole(call.sys, path);
        if (!got.ok) {
          call.err(`${name}: ${path}: ${strerror(got.error)}`);
          code = 1;
          continue;
        }
        if (!options.has('c')) {
          call.out(`${digest(got.value)} ${options.has('b') ? '*' : ' '}${path}`);
          continue;
        }
        for (const line of fromUtf8(got.value).split('\n')) {
          const match = /^([0-9a-f]+) [ *](.+)$/i.exec(line);
          if (match === null) continue;
          const file = await readWhole(call.sys, match[2]!);
          if (!file.ok) call.err(`${name}: ${match[2]!}: ${strerror(file.error)}`);
          const isRight = file.ok && digest(file.value) === match[1]!.toLowerCase();
          if (!options.has('status') && !(isRight && options.has('quiet'))) call.out(`${match[2]!}: ${isRight ? 'OK' : file.ok ? 'FAILED' : 'FAILED open or read'}`);
          if (!isRight) failed += 1;
        }
      }
      if (failed > 0) {
        call.err(`${name}: WARNING: ${failed} computed checksum${failed === 1 ? '' : 's'} did NOT match`);
        code = 1;
      }
      return code;
    },
  });
}

export const md5sum = sumTool('md5sum', md5);
export const sha1sum = sumTool('sha1sum', sha1);
export const sha256sum = sumTool('sha256sum', sha256);

export const base64 = defineCommand({
  name: 'base64', summary: 'encode or decode base64', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'diw:', long: { decode: 'none=d', 'ignore-garbage': 'none=i', wrap: 'required=w' } });
    if (options === undefined) return 1;
    const path = options.operands[0] ?? '-';
    const got = await readWhole(call.sys, path);
    if (!got.ok) {
      call.err(`base64: ${path}: ${strerror(got.error)}`);
      return 1;
    }
    if (options.has('d')) {
      const text = fromUtf8(got.value);
      const bytes = fromBase64(options.has('i') ? text.replace(/[^A-Za-z0-9+/=]/g, '') : text);
      if (bytes === undefined) {
        call.err('base64: invalid input');
        return 1;
      }
      call.write(bytes);
      return 0;
    }
    const width = Number(options.value('w') ?? '76');
    const text = encode(got.value);
    if (width === 0) call.write(text);
    else for (let i = 0; i < text.length; i += width) call.out(text.slice(i, i + width));
    return 0;
  },
});
