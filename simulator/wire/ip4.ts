/**
 * IPv4 addresses as unsigned 32-bit numbers. JavaScript's bit operators answer signed numbers: every function here answers
 * unsigned ones, and whoever computes on an address by hand ends with `>>> 0`.
 * Text: `parseIp4` is inet_pton(3), `parseInetAton` is inet_aton(3).
 */

export type Ip4 = number;

export const ANY_IP4: Ip4 = 0;
export const LOOPBACK_IP4: Ip4 = 0x7f000001;
export const BROADCAST_IP4: Ip4 = 0xffffffff;

export interface Prefix4 {
  readonly address: Ip4;
  /** 0 to 32 */
  readonly length: number;
}

export function formatIp4(address: Ip4): string {
  const slot = (address ^ (address >>> 8) ^ (address >>> 16)) & 255;
  if (lastAddresses[slot] === address) return lastTexts[slot]!;
  const text = `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  lastAddresses[slot] = address;
  lastTexts[slot] = text;
  return text;
}

/** Texts of addresses seen lately: the same few are asked for with every packet. */
const lastAddresses: number[] = Array.from({ length: 256 }, () => Number.NaN);
const lastTexts: string[] = Array.from({ length: 256 }, () => '');

/** Strict dotted quad: four decimal numbers to 255, no leading zeros, nothing else. */
export function parseIp4(text: string): Ip4 | undefined {
  let address = 0;
  let at = 0;
  for (let dots = 0; ; dots += 1) {
    const start = at;
    let part = 0;
    for (; at < text.length && at < start + 3; at += 1) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      part = part * 10 + digit;
    }
    if (at === start || part > 255 || (at > start + 1 && text.charCodeAt(start) === 48)) return undefined;
    address = address * 256 + part;
    if (dots === 3) return at === text.length ? address : undefined;
    if (text.charCodeAt(at) !== 46) return undefined;
    at += 1;
  }
}

/** As inet_aton: one to four parts, each decimal, octal (0...) or hexadecimal (0x...), the last part filling the rest. */
export function parseInetAton(text: string): Ip4 | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  let address = 0;
  for (const [index, part] of parts.entries()) {
    const value = parseInetPart(part);
    if (value === undefined) return undefined;
    const isLast = index === parts.length - 1;
    const bytesLeft = 4 - index;
    if (value > (isLast ? 256 ** bytesLeft - 1 : 255)) return undefined;
    address += isLast ? value : value * 256 ** (3 - index);
  }
  return address;
}

function parseInetPart(part: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(part)) return Number.parseInt(part.slice(2), 16);
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  if (/^[1-9][0-9]*$/.test(part)) return Number(part);
  return undefined;
}

/** `a.b.c.d/len`, strict; a bare address has length 32. Host bits are kept. */
export function parsePrefix4(text: string): Prefix4 | undefined {
  const slash = text.indexOf('/');
  const address = parseIp4(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash === -1) return { address, length: 32 };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,2}$/.test(digits) || Number(digits) > 32) return undefined;
  return { address, length: Number(digits) };
}

export function formatPrefix4(prefix: Prefix4): string {
  return `${formatIp4(prefix.address)}/${prefix.length}`;
}

export function maskOf(length: number): Ip4 {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** The length of a contiguous mask, or undefined (255.0.255.0). */
export function lengthOfMask(mask: Ip4): number | undefined {
  const length = Math.clz32(~mask);
  return maskOf(length) === mask >>> 0 ? length : undefined;
}

export function networkOf(address: Ip4, length: number): Ip4 {
  return (address & maskOf(length)) >>> 0;
}

/** The highest address of the network. */
export function broadcastOf(address: Ip4, length: number): Ip4 {
  return (address | ~maskOf(length)) >>> 0;
}

export function isInPrefix4(address: Ip4, network: Ip4, length: number): boolean {
  return length === 0 || (address ^ network) >>> (32 - length) === 0;
}

/** 224.0.0.0/4 */
export function isMulticastIp4(address: Ip4): boolean {
  return address >>> 28 === 14;
}

/** 127.0.0.0/8 */
export function isLoopbackIp4(address: Ip4): boolean {
  return address >>> 24 === 127;
}

/** 169.254.0.0/16 */
export function isLinkLocalIp4(address: Ip4): boolean {
  return address >>> 16 === 0xa9fe;
}

/** The word for an unparsed IPv4 address in a sum: add to `sumWords`. */
export function sumIp4(address: Ip4): number {
  return (address >>> 16) + (address & 0xffff);
}
