/**
 * Bytes: text encodings, big-endian integers and the Internet checksum (RFC 1071).
 * Readers never throw on a short buffer: a missing byte reads as 0, so check lengths before trusting a value.
 */

const SHORT = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text to UTF-8. Short text, as most of what is typed and printed is, does without the host's encoder: calling it costs more than the work. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text) as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encode(text) as Uint8Array<ArrayBuffer>;
    bytes[i] = code;
  }
  return bytes;
}

/** UTF-8 to text; invalid sequences become U+FFFD, a byte order mark is kept. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One byte a character, as ISO 8859-1; the inverse of `fromLatin1`. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i) & 0xff;
  return bytes;
}

export function fromLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, value) => (value < 16 ? '0' : '') + value.toString(16));

/** The two lower-case hexadecimal digits of a byte. */
export function hexByte(value: number): string {
  return HEX[value & 0xff]!;
}

/** Lower-case hexadecimal, without separators. */
export function hex(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = '';
  for (let i = from; i < to; i += 1) text += HEX[bytes[i]!]!;
  return text;
}

/** The bytes of a hexadecimal string (blanks ignored), or undefined when it is not one. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding (RFC 4648 section 4), on one line. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64[group >> 18]! + BASE64[(group >> 12) & 63]!;
    text += left > 1 ? BASE64[(group >> 6) & 63]! : '=';
    text += left > 2 ? BASE64[group & 63]! : '=';
  }
  return text;
}

/** The bytes of base64 text (line breaks and missing padding accepted), or undefined when it is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    group = ((group << 6) | BASE64.indexOf(digit)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (group >> bits) & 0xff;
    at += 1;
  }
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i += 1) if (left[i] !== right[i]) return false;
  return true;
}

export function get8(bytes: Uint8Array, at: number): number {
  return bytes[at]! | 0;
}

export function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Unsigned. */
export function get32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The unfolded sum of big-endian 16-bit words, an odd last byte padded with zero; add sums freely, then `foldChecksum`. */
export function sumWords(bytes: Uint8Array, from = 0, to = bytes.length, initial = 0): number {
  let sum = initial;
  const even = from + ((to - from) & ~1);
  for (let i = from; i < even; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (even < to) sum += bytes[even]! << 8;
  return sum;
}

/** The checksum field that belongs to a sum: folded to 16 bits and complemented. */
export function foldChecksum(sum: number): number {
  // Sums stay below 2^32: 64 KiB of 0xff and a pseudo-header.
  let folded = (sum & 0xffff) + (sum >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

/** The Internet checksum of a range; 0 when the range already holds a right one. */
export function checksum(bytes: Uint8Array, from = 0, to = bytes.length, initial = 0): number {
  return foldChecksum(sumWords(bytes, from, to, initial));
}

/** RFC 1624: the checksum after one 16-bit word of the covered data changed. */
export function updateChecksum(old: number, before: number, after: number): number {
  return foldChecksum((~old & 0xffff) + (~before & 0xffff) + after);
}

/** RFC 1624, for a 32-bit word such as an IPv4 address. */
export function updateChecksum32(old: number, before: number, after: number): number {
  return updateChecksum(updateChecksum(old, before >>> 16, after >>> 16), before & 0xffff, after & 0xffff);
}
