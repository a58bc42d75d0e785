/** The gzip file format. Read first: RFC 1952. */
import { concat, fromLatin1, latin1 } from '../ports/bytes.ts';
import { BadDeflate, deflate, inflate } from './deflate.ts';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Name and time of the file that was packed; absent from a pipe. */
export interface GzipOrigin { readonly name?: string; readonly modifiedSeconds?: number }

const HAS_NAME = 8;
const UNIX = 3;

export function gzip(bytes: Uint8Array, { name, modifiedSeconds = 0 }: GzipOrigin = {}): Uint8Array {
  const head = new Uint8Array(10);
  const view = new DataView(head.buffer);
  head.set([0x1f, 0x8b, 8, name === undefined ? 0 : HAS_NAME]);
  view.setUint32(4, modifiedSeconds, true);
  head[9] = UNIX;
  const tail = new DataView(new ArrayBuffer(8));
  tail.setUint32(0, crc32(bytes), true);
  tail.setUint32(4, bytes.length >>> 0, true);
  return concat(head, ...(name === undefined ? [] : [latin1(`${name}\0`)]), deflate(bytes), new Uint8Array(tail.buffer));
}

export type Gunzipped = { readonly ok: true; readonly bytes: Uint8Array; readonly origin: GzipOrigin; readonly compressedSize: number; readonly hasTrailer: boolean } | { readonly ok: false; readonly error: 'not in gzip format' | 'unexpected end of file' | 'invalid compressed data--format violated' | 'invalid compressed data--crc error' | 'too much data' };

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** All members one behind the other; what follows the last is left (`hasTrailer`). */
export function gunzip(bytes: Uint8Array, sizeAtMost = 2 ** 26): Gunzipped {
  if (!isGzip(bytes)) return { ok: false, error: 'not in gzip format' };
  const parts: Uint8Array[] = [];
  let origin: GzipOrigin | undefined;
  let at = 0;
  let size = 0;
  try {
    while (at === 0 || isGzip(bytes.subarray(at))) {
      const member = memberAt(bytes, at, sizeAtMost - size);
      if (typeof member === 'string') return { ok: false, error: member };
      origin ??= member.origin;
      parts.push(member.bytes);
      size += member.bytes.length;
      at = member.end;
    }
  } catch (problem) {
    if (problem instanceof BadDeflate) return { ok: false, error: problem.message as 'unexpected end of file' };
    throw problem;
  }
  return { ok: true, bytes: concat(...parts), origin: origin!, compressedSize: bytes.length, hasTrailer: at < bytes.length };
}

function memberAt(bytes: Uint8Array, start: number, sizeAtMost: number): { bytes: Uint8Array; origin: GzipOrigin; end: number } | 'unexpected end of file' | 'invalid compressed data--crc error' | 'not in gzip format' {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + 18 > bytes.length) return 'unexpected end of file';
  if (bytes[start + 2] !== 8) return 'not in gzip format';
  const flags = bytes[start + 3]!;
  let at = start + 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at]! | (bytes[at + 1]! << 8));
  const text = (): string => {
    const end = bytes.indexOf(0, at);
    const found = fromLatin1(bytes.subarray(at, end === -1 ? bytes.length : end));
    at = end === -1 ? bytes.length : end + 1;
    return found;
  };
  const name = (flags & HAS_NAME) === 0 ? undefined : text();
  if ((flags & 16) !== 0) text();
  if ((flags & 2) !== 0) at += 2;
  const inflated = inflate(bytes, at, sizeAtMost);
  if (inflated.end + 8 > bytes.length) return 'unexpected end of file';
  if (view.getUint32(inflated.end, true) !== crc32(inflated.bytes)) return 'invalid compressed data--crc error';
  const modifiedSeconds = view.getUint32(start + 4, true);
  return { bytes: inflated.bytes, origin: { ...(name === undefined ? {} : { name }), modifiedSeconds }, end: inflated.end + 8 };
}
