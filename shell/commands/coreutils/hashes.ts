/** Digests and checksums, as functions of bytes. Read first: RFC 1321 (MD5), RFC 3174 (SHA-1), FIPS 180-4 (SHA-2), RFC 7693 (BLAKE2), POSIX cksum. Own code: digests of the host are asynchronous. */
import { hex } from '../../ports/bytes.ts';

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

const sines = Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32));

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
      const sum = (a + mixed + sines[i]! + view.getUint32(block + index * 4, true)) | 0;
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
const primes = Array.from({ length: 410 }, (_, index) => index).filter((value) => value > 1 && !Array.from({ length: 20 }, (_, divisor) => divisor + 2).some((divisor) => divisor < value && value % divisor === 0));
const roots = primes.slice(0, 64).map((prime) => Math.floor((Math.cbrt(prime) % 1) * 2 ** 32));

export function sha256(bytes: Uint8Array): string {
  return sha2of32(bytes, primes.slice(0, 8).map((prime) => Math.floor((Math.sqrt(prime) % 1) * 2 ** 32) | 0));
}

export function sha224(bytes: Uint8Array): string {
  return sha2of32(bytes, wide().starts384.map((value) => value.low | 0)).slice(0, 56);
}

function sha2of32(bytes: Uint8Array, start: readonly number[]): string {
  const view = padded(bytes, true);
  let state = [...start];
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

// ---------------------------------------------------------------- words of 64 bits, as two of 32

interface Wide { readonly high: number; readonly low: number }

function wideOf(value: bigint): Wide {
  return { high: Number((value >> 32n) & 0xffff_ffffn), low: Number(value & 0xffff_ffffn) };
}

/** The first 64 bits of the fractional part of a root of a prime. */
function rootBits(prime: number, degree: 2 | 3): Wide {
  const power = BigInt(degree);
  const target = BigInt(prime) << (64n * power);
  let root = BigInt(Math.floor(prime ** (1 / degree) * 2 ** 32)) << 32n;
  for (let last = 0n; last !== root; ) {                     // Newton's method, from a good guess
    last = root;
    root = ((power - 1n) * root + target / root ** (power - 1n)) / power;
    if (root - last === 1n || last - root === 1n) break;
  }
  while (root ** power > target) root -= 1n;
  while ((root + 1n) ** power <= target) root += 1n;
  return wideOf(root);
}

let wideConstants: { readonly starts512: readonly Wide[]; readonly starts384: readonly Wide[]; readonly rounds: readonly Wide[] } | undefined;
function wide(): NonNullable<typeof wideConstants> {
  wideConstants ??= { starts512: primes.slice(0, 8).map((prime) => rootBits(prime, 2)), starts384: primes.slice(8, 16).map((prime) => rootBits(prime, 2)), rounds: primes.slice(0, 80).map((prime) => rootBits(prime, 3)) };
  return wideConstants;
}

export function sha512(bytes: Uint8Array): string {
  return sha2of64(bytes, wide().starts512);
}

export function sha384(bytes: Uint8Array): string {
  return sha2of64(bytes, wide().starts384).slice(0, 96);
}

function sha2of64(bytes: Uint8Array, start: readonly Wide[]): string {
  const whole = new Uint8Array((Math.floor((bytes.length + 16) / 128) + 1) * 128);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(whole.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(whole.length - 4, (bytes.length * 8) >>> 0);
  const { rounds } = wide();
  const state = start.flatMap(({ high, low }) => [high, low]);
  const [high, low] = [new Uint32Array(80), new Uint32Array(80)];
  for (let block = 0; block < whole.length; block += 128) {
    for (let i = 0; i < 80; i += 1) {
      if (i < 16) {
        high[i] = view.getUint32(block + i * 8);
        low[i] = view.getUint32(block + i * 8 + 4);
        continue;
      }
      const [xh, xl, yh, yl] = [high[i - 15]!, low[i - 15]!, high[i - 2]!, low[i - 2]!];
      const sum = low[i - 16]! + low[i - 7]!
        + (((xl >>> 1 | xh << 31) ^ (xl >>> 8 | xh << 24) ^ (xl >>> 7 | xh << 25)) >>> 0) + (((yl >>> 19 | yh << 13) ^ (yh >>> 29 | yl << 3) ^ (yl >>> 6 | yh << 26)) >>> 0);
      low[i] = sum;
      high[i] = high[i - 16]! + high[i - 7]! + ((xh >>> 1 | xl << 31) ^ (xh >>> 8 | xl << 24) ^ (xh >>> 7)) + ((yh >>> 19 | yl << 13) ^ (yl >>> 29 | yh << 3) ^ (yh >>> 6)) + Math.floor(sum / 2 ** 32);
    }
    const v = Uint32Array.from(state);                       // a, b, ... h, each as its high and its low half
    for (let i = 0; i < 80; i += 1) {
      const [ah, al, bh, bl, ch, cl, eh, el] = [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!, v[8]!, v[9]!];
      const firstLow = v[15]! + (((el >>> 14 | eh << 18) ^ (el >>> 18 | eh << 14) ^ (eh >>> 9 | el << 23)) >>> 0) + (((el & v[11]!) ^ (~el & v[13]!)) >>> 0) + rounds[i]!.low + low[i]!;
      const firstHigh = v[14]! + ((eh >>> 14 | el << 18) ^ (eh >>> 18 | el << 14) ^ (el >>> 9 | eh << 23)) + ((eh & v[10]!) ^ (~eh & v[12]!)) + rounds[i]!.high + high[i]! + Math.floor(firstLow / 2 ** 32);
      const secondLow = (((al >>> 28 | ah << 4) ^ (ah >>> 2 | al << 30) ^ (ah >>> 7 | al << 25)) >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0);
      const secondHigh = ((ah >>> 28 | al << 4) ^ (al >>> 2 | ah << 30) ^ (al >>> 7 | ah << 25)) + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + Math.floor(secondLow / 2 ** 32);
      const fourthLow = v[7]! + (firstLow >>> 0);
      const fourthHigh = v[6]! + (firstHigh >>> 0) + Math.floor(fourthLow / 2 ** 32);
      const newLow = (firstLow >>> 0) + (secondLow >>> 0);
      v.copyWithin(2, 0, 14);
      v[9] = fourthLow;
      v[8] = fourthHigh;
      v[1] = newLow;
      v[0] = firstHigh + secondHigh + Math.floor(newLow / 2 ** 32);
    }
    for (let i = 0; i < 16; i += 2) {
      const sum = state[i + 1]! + v[i + 1]!;
      state[i] = (state[i]! + v[i]! + Math.floor(sum / 2 ** 32)) >>> 0;
      state[i + 1] = sum >>> 0;
    }
  }
  return words(state, true);
}

const BLAKE2_ORDER = ['0123456789abcdef', 'ea489fd61c02b753', 'b8c052fdae367194', '7931dcbe265a40f8', '905724afe1bc683d', '2c6a0b834d75fe19', 'c51fed4a0763928b', 'db7ec13950f4862a', '6fe9b308c2d714a5', 'a2847615fb9e3cd0']
  .map((order) => [...order].map((digit) => Number.parseInt(digit, 16)));

/** BLAKE2b without a key. `bits`: 8 to 512, by eights. */
export function blake2b(bytes: Uint8Array, bits = 512): string {
  const { starts512 } = wide();
  const state = starts512.flatMap(({ high, low }) => [high, low]);
  state[1] = (state[1]! ^ 0x01010000 ^ (bits / 8)) >>> 0;
  const whole = new Uint8Array(Math.max(1, Math.ceil(bytes.length / 128)) * 128);
  whole.set(bytes);
  const view = new DataView(whole.buffer);
  const v = new Uint32Array(32);
  const add = (to: number, high: number, low: number): void => {
    const sum = v[to * 2 + 1]! + low;
    v[to * 2] = v[to * 2]! + high + Math.floor(sum / 2 ** 32);
    v[to * 2 + 1] = sum;
  };
  const mixRight = (at: number, by: number, turn: number): void => {
    const [high, low] = [v[at * 2]! ^ v[by * 2]!, v[at * 2 + 1]! ^ v[by * 2 + 1]!];
    const [h, l] = turn >= 32 ? [low, high] : [high, low];
    const rest = turn % 32;
    v[at * 2] = rest === 0 ? h : h >>> rest | l << (32 - rest);
    v[at * 2 + 1] = rest === 0 ? l : l >>> rest | h << (32 - rest);
  };
  for (let block = 0; block < whole.length; block += 128) {
    const isLast = block + 128 === whole.length;
    const counted = isLast ? bytes.length : block + 128;
    v.set(state);
    starts512.forEach(({ high, low }, index) => v.set([high, low], 16 + index * 2));
    v[24] = v[24]! ^ Math.floor(counted / 2 ** 32);
    v[25] = v[25]! ^ counted;
    if (isLast) [v[28], v[29]] = [~v[28]!, ~v[29]!];
    const mix = (a: number, b: number, c: number, d: number, x: number, y: number): void => {
      for (const [word, first, second] of [[x, 32, 24], [y, 16, 63]] as const) {
        add(a, v[b * 2]!, v[b * 2 + 1]!);
        add(a, view.getUint32(block + word * 8 + 4, true), view.getUint32(block + word * 8, true));
        mixRight(d, a, first);
        add(c, v[d * 2]!, v[d * 2 + 1]!);
        mixRight(b, c, second);
      }
    };
    for (let round = 0; round < 12; round += 1) {
      const order = BLAKE2_ORDER[round % 10]!;
      for (let i = 0; i < 4; i += 1) mix(i, 4 + i, 8 + i, 12 + i, order[i * 2]!, order[i * 2 + 1]!);
      for (let i = 0; i < 4; i += 1) mix(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4), order[8 + i * 2]!, order[9 + i * 2]!);
    }
    for (let i = 0; i < 16; i += 1) state[i] = (state[i]! ^ v[i]! ^ v[i + 16]!) >>> 0;
  }
  const out = new DataView(new ArrayBuffer(64));
  for (let i = 0; i < 8; i += 1) {
    out.setUint32(i * 8, state[i * 2 + 1]!, true);
    out.setUint32(i * 8 + 4, state[i * 2]!, true);
  }
  return hex(new Uint8Array(out.buffer), 0, bits / 8);
}

/** GB/T 32905-2016; draft-sca-cfrg-sm3. */
export function sm3(bytes: Uint8Array): string {
  const view = padded(bytes, true);
  const state = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e].map((value) => value | 0);
  const schedule = new Int32Array(68);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 68; i += 1) {
      if (i < 16) schedule[i] = view.getInt32(block + i * 4);
      else {
        const x = schedule[i - 16]! ^ schedule[i - 9]! ^ rotateLeft(schedule[i - 3]!, 15);
        schedule[i] = x ^ rotateLeft(x, 15) ^ rotateLeft(x, 23) ^ rotateLeft(schedule[i - 13]!, 7) ^ schedule[i - 6]!;
      }
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i += 1) {
      const turned = rotateLeft(a, 12);
      const first = rotateLeft((turned + e + rotateLeft(i < 16 ? 0x79cc4519 : 0x7a879d8a, i % 32)) | 0, 7);
      const upper = ((i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c)) + d + (first ^ turned) + (schedule[i]! ^ schedule[i + 4]!)) | 0;
      const lower = ((i < 16 ? e ^ f ^ g : (e & f) | (~e & g)) + h + first + schedule[i]!) | 0;
      [d, c, b, a] = [c, rotateLeft(b, 9), a, upper];
      [h, g, f, e] = [g, rotateLeft(f, 19), e, lower ^ rotateLeft(lower, 9) ^ rotateLeft(lower, 17)];
    }
    [a, b, c, d, e, f, g, h].forEach((value, index) => (state[index] = state[index]! ^ value));
  }
  return words(state, true);
}

// ---------------------------------------------------------------- checksums

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** POSIX cksum: the message and its length go through the polynomial. */
export function posixCrc(bytes: Uint8Array): number {
  let crc = 0;
  const feed = (byte: number): void => {
    crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
  };
  for (const byte of bytes) feed(byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) feed(length % 256);
  return ~crc >>> 0;
}

export function bsdSum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = ((sum >> 1) + ((sum & 1) << 15) + byte) & 0xffff;
  return sum;
}

export function systemVSum(bytes: Uint8Array): number {
  const sum = bytes.reduce((total, byte) => (total + byte) % 2 ** 32, 0);
  const folded = (sum % 65536) + Math.floor(sum / 65536);
  return (folded % 65536) + Math.floor(folded / 65536);
}
