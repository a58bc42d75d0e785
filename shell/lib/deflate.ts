/** Compressed data. Read first: RFC 1951 (DEFLATE). What is written uses the fixed codes: right for every reader, longer than zlib's by some. */
import { concat } from '../ports/bytes.ts';

export class BadDeflate extends Error {}

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes of each length, and the symbols in order of their codes. */
interface Code { readonly counts: Uint16Array; readonly symbols: Uint16Array }

function codeOf(lengths: readonly number[]): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length]! += 1;
  counts[0] = 0;
  const offsets = new Uint16Array(16);
  for (let length = 1; length < 15; length += 1) offsets[length + 1] = offsets[length]! + counts[length]!;
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length !== 0) symbols[offsets[length]!++] = symbol;
  });
  return { counts, symbols };
}

const FIXED_LENGTHS = Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8));
const fixed = { literals: codeOf(FIXED_LENGTHS), distances: codeOf(Array.from({ length: 30 }, () => 5)) };

/** Throws BadDeflate; `end` is where the compressed data end. */
export function inflate(bytes: Uint8Array, from: number, sizeAtMost: number): { bytes: Uint8Array; end: number } {
  const reader = new BitReader(bytes, from);
  let out = new Uint8Array(Math.min(sizeAtMost, Math.max(1024, bytes.length * 4)));
  let size = 0;
  const room = (more: number): void => {
    if (size + more > sizeAtMost) throw new BadDeflate('too much data');
    if (size + more <= out.length) return;
    const larger = new Uint8Array(Math.min(sizeAtMost, Math.max(out.length * 2, size + more)));
    larger.set(out);
    out = larger;
  };
  for (let isLast = false; !isLast; ) {
    isLast = reader.bits(1) === 1;
    const kind = reader.bits(2);
    if (kind === 3) throw new BadDeflate('invalid compressed data--format violated');
    if (kind === 0) {
      const stored = reader.stored();
      room(stored.length);
      out.set(stored, size);
      size += stored.length;
      continue;
    }
    const { literals, distances } = kind === 1 ? fixed : dynamicCodes(reader);
    for (let symbol = reader.symbol(literals); symbol !== 256; symbol = reader.symbol(literals)) {
      if (symbol < 256) {
        room(1);
        out[size++] = symbol;
        continue;
      }
      const length = LENGTH_BASE[symbol - 257];
      if (length === undefined) throw new BadDeflate('invalid compressed data--format violated');
      const copied = length + reader.bits(LENGTH_EXTRA[symbol - 257]!);
      const code = reader.symbol(distances);
      const distance = (DISTANCE_BASE[code] ?? Number.NaN) + reader.bits(DISTANCE_EXTRA[code] ?? 0);
      if (!(distance <= size)) throw new BadDeflate('invalid compressed data--format violated');
      room(copied);
      for (let left = copied; left > 0; left -= 1, size += 1) out[size] = out[size - distance]!;
    }
  }
  return { bytes: out.subarray(0, size), end: reader.end() };
}

function dynamicCodes(reader: BitReader): { literals: Code; distances: Code } {
  const literalCount = reader.bits(5) + 257;
  const distanceCount = reader.bits(5) + 1;
  const count = reader.bits(4) + 4;
  const codeLengths = Array<number>(19).fill(0);
  for (let index = 0; index < count; index += 1) codeLengths[CODE_LENGTH_ORDER[index]!] = reader.bits(3);
  const code = codeOf(codeLengths);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = reader.symbol(code);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    const repeated = symbol === 16 ? lengths.at(-1) : 0;
    const times = symbol === 16 ? 3 + reader.bits(2) : symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7);
    if (repeated === undefined || lengths.length + times > literalCount + distanceCount) throw new BadDeflate('invalid compressed data--format violated');
    for (let left = times; left > 0; left -= 1) lengths.push(repeated);
  }
  return { literals: codeOf(lengths.slice(0, literalCount)), distances: codeOf(lengths.slice(literalCount)) };
}

class BitReader {
  private held = 0;
  private heldBits = 0;
  private at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, from: number) {
    this.bytes = bytes;
    this.at = from;
  }

  bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at >= this.bytes.length) throw new BadDeflate('unexpected end of file');
      this.held |= this.bytes[this.at++]! << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length += 1) {
      code |= this.bits(1);
      const count = counts[length]!;
      if (code - count < first) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new BadDeflate('invalid compressed data--format violated');
  }

  stored(): Uint8Array {
    this.held = 0;
    this.heldBits = 0;
    const { bytes, at } = this;
    const length = bytes[at]! | (bytes[at + 1]! << 8);
    if (at + 4 + length > bytes.length) throw new BadDeflate('unexpected end of file');
    if ((length ^ 0xffff) !== (bytes[at + 2]! | (bytes[at + 3]! << 8))) throw new BadDeflate('invalid compressed data--format violated');
    this.at += 4 + length;
    return bytes.subarray(at + 4, this.at);
  }

  end(): number {
    return this.at;
  }
}

const WINDOW = 32768;
const CHAIN_AT_MOST = 64;

/** The longest earlier occurrence of what follows, found through chains of places that share three bytes. */
export function deflate(bytes: Uint8Array): Uint8Array {
  const writer = new BitWriter();
  writer.bits(1, 1);
  writer.bits(1, 2);
  const heads = new Int32Array(WINDOW).fill(-1);
  const previous = new Int32Array(bytes.length);
  const hash = (at: number): number => ((bytes[at]! << 10) ^ (bytes[at + 1]! << 5) ^ bytes[at + 2]!) & (WINDOW - 1);
  const remember = (at: number): void => {
    if (at + 2 >= bytes.length) return;
    const key = hash(at);
    previous[at] = heads[key]!;
    heads[key] = at;
  };
  for (let at = 0; at < bytes.length; ) {
    const { length, distance } = longestBefore(bytes, at, at + 2 < bytes.length ? heads[hash(at)]! : -1, previous);
    if (length < 3) {
      writer.literal(bytes[at]!);
      remember(at);
      at += 1;
      continue;
    }
    writer.copy(length, distance);
    for (const end = at + length; at < end; at += 1) remember(at);
  }
  writer.literal(256);
  return writer.finish();
}

function longestBefore(bytes: Uint8Array, at: number, head: number, previous: Int32Array): { length: number; distance: number } {
  let best = { length: 0, distance: 0 };
  const most = Math.min(258, bytes.length - at);
  for (let from = head, tries = 0; from >= 0 && at - from <= WINDOW && tries < CHAIN_AT_MOST; from = previous[from]!, tries += 1) {
    let length = 0;
    while (length < most && bytes[from + length] === bytes[at + length]) length += 1;
    if (length > best.length) best = { length, distance: at - from };
    if (length === most) break;
  }
  return best;
}

class BitWriter {
  private readonly chunks: Uint8Array[] = [];
  private chunk = new Uint8Array(16384);
  private size = 0;
  private held = 0;
  private heldBits = 0;

  bits(value: number, count: number): void {
    this.held |= value << this.heldBits;
    this.heldBits += count;
    while (this.heldBits >= 8) {
      if (this.size === this.chunk.length) {
        this.chunks.push(this.chunk);
        this.chunk = new Uint8Array(16384);
        this.size = 0;
      }
      this.chunk[this.size++] = this.held & 0xff;
      this.held >>>= 8;
      this.heldBits -= 8;
    }
  }

  /** Huffman codes go out with their highest bit first. */
  private code(value: number, count: number): void {
    let reversed = 0;
    for (let bit = 0; bit < count; bit += 1) reversed |= ((value >> bit) & 1) << (count - 1 - bit);
    this.bits(reversed, count);
  }

  literal(symbol: number): void {
    if (symbol < 144) this.code(0x30 + symbol, 8);
    else if (symbol < 256) this.code(0x190 + symbol - 144, 9);
    else if (symbol < 280) this.code(symbol - 256, 7);
    else this.code(0xc0 + symbol - 280, 8);
  }

  copy(length: number, distance: number): void {
    const lengthIndex = lastAtMost(LENGTH_BASE, length);
    this.literal(257 + lengthIndex);
    this.bits(length - LENGTH_BASE[lengthIndex]!, LENGTH_EXTRA[lengthIndex]!);
    const distanceIndex = lastAtMost(DISTANCE_BASE, distance);
    this.code(distanceIndex, 5);
    this.bits(distance - DISTANCE_BASE[distanceIndex]!, DISTANCE_EXTRA[distanceIndex]!);
  }

  finish(): Uint8Array {
    if (this.heldBits > 0) this.bits(0, 8 - this.heldBits);
    return concat(...this.chunks, this.chunk.subarray(0, this.size));
  }
}

function lastAtMost(values: readonly number[], wanted: number): number {
  return values.findLastIndex((value) => value <= wanted);
}
