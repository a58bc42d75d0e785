/**
 * IPv6 addresses as 32 lower-case hexadecimal digits without colons: cheap to read from a packet, comparable with `===`, and
 * a prefix that ends on a digit is a `startsWith`. Text for people is made by `formatIp6`, which prints as inet_ntop(3) does
 * (RFC 5952, with the IPv4 part of mapped addresses dotted).
 */
import { get16, hex } from '../bytes.ts';
import { formatIp4, parseIp4 } from './ip4.ts';

export type Ip6 = string;

export interface Prefix6 {
  readonly address: Ip6;
  /** 0 to 128 */
  readonly length: number;
}

export const ANY_IP6: Ip6 = '00000000000000000000000000000000';
export const LOOPBACK_IP6: Ip6 = '00000000000000000000000000000001';
export const ALL_NODES: Ip6 = 'ff020000000000000000000000000001';
export const ALL_ROUTERS: Ip6 = 'ff020000000000000000000000000002';
/** Where MLDv2 reports go (RFC 3810 section 5.2.14). */
export const ALL_MLDV2_ROUTERS: Ip6 = 'ff020000000000000000000000000016';

/** Reads sixteen bytes. */
export function ip6At(bytes: Uint8Array, at: number): Ip6 {
  return hex(bytes, at, at + 16);
}

/** Writes sixteen bytes. */
export function putIp6(bytes: Uint8Array, at: number, address: Ip6): void {
  for (let i = 0; i < 16; i += 1) bytes[at + i] = Number.parseInt(address.slice(i * 2, i * 2 + 2), 16);
}

export function formatIp6(address: Ip6): string {
  const slot = ((address.charCodeAt(31) & 31) << 3) ^ (address.charCodeAt(30) & 31) ^ (address.charCodeAt(3) & 31);
  if (lastAddresses[slot] === address) return lastTexts[slot]!;
  const text = textOf(address);
  lastAddresses[slot] = address;
  lastTexts[slot] = text;
  return text;
}

/** Texts of addresses seen lately, as for IPv4. */
const lastAddresses: string[] = Array.from({ length: 256 }, () => '');
const lastTexts: string[] = Array.from({ length: 256 }, () => '');

function textOf(address: Ip6): string {
  const groups = groupsOf(address);
  const run = longestZeroRun(groups);
  if (isMapped(groups)) return `::ffff:${formatIp4(groups[6]! * 65536 + groups[7]!)}`;
  // inet_ntop prints an IPv4-compatible address dotted too, but not :: and ::1, nor ::xxxx.
  if (run.from === 0 && run.length === 6) return `::${formatIp4(groups[6]! * 65536 + groups[7]!)}`;
  const texts = groups.map((group) => group.toString(16));
  if (run.length < 2) return texts.join(':');
  return `${texts.slice(0, run.from).join(':')}::${texts.slice(run.from + run.length).join(':')}`;
}

function groupsOf(address: Ip6): number[] {
  return Array.from({ length: 8 }, (_, i) => Number.parseInt(address.slice(i * 4, i * 4 + 4), 16));
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

function longestZeroRun(groups: readonly number[]): { from: number; length: number } {
  let best = { from: -1, length: 0 };
  for (let from = 0; from < 8; from += 1) {
    let length = 0;
    while (groups[from + length] === 0) length += 1;
    if (length > best.length) best = { from, length };
    from += length;
  }
  return best;
}

/** As inet_pton: no zone, no prefix length. */
export function parseIp6(text: string): Ip6 | undefined {
  let source = text;
  const lastColon = source.lastIndexOf(':');
  if (source.includes('.')) {
    const tail = parseIp4(source.slice(lastColon + 1));
    if (tail === undefined || lastColon === -1) return undefined;
    source = `${source.slice(0, lastColon + 1)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const head = halves[0] === '' ? [] : halves[0]!.split(':');
  const tail = halves.length === 1 || halves[1] === '' ? [] : halves[1]!.split(':');
  if (halves.length === 1 && head.length !== 8) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 && missing < 1) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => group.toLowerCase().padStart(4, '0')).join('');
}

/** `address/length`; a bare address has length 128. Host bits are kept. */
export function parsePrefix6(text: string): Prefix6 | undefined {
  const slash = text.indexOf('/');
  const address = parseIp6(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash === -1) return { address, length: 128 };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > 128) return undefined;
  return { address, length: Number(digits) };
}

export function formatPrefix6(prefix: Prefix6): string {
  return `${formatIp6(prefix.address)}/${prefix.length}`;
}

export function isInPrefix6(address: Ip6, network: Ip6, length: number): boolean {
  const digits = length >> 2;
  if (address.slice(0, digits) !== network.slice(0, digits)) return false;
  const bits = length & 3;
  if (bits === 0) return true;
  const differing = Number.parseInt(address[digits]!, 16) ^ Number.parseInt(network[digits]!, 16);
  return differing >> (4 - bits) === 0;
}

/** The network's first address. */
export function networkOf6(address: Ip6, length: number): Ip6 {
  const digits = length >> 2;
  const bits = length & 3;
  let kept = address.slice(0, digits);
  if (bits !== 0) kept += (Number.parseInt(address[digits]!, 16) & (0xf0 >> bits) & 0xf).toString(16);
  return kept.padEnd(32, '0');
}

/** ff00::/8 */
export function isMulticastIp6(address: Ip6): boolean {
  return address.startsWith('ff');
}

/** fe80::/10 */
export function isLinkLocalIp6(address: Ip6): boolean {
  return isInPrefix6(address, 'fe800000000000000000000000000000', 10);
}

/** RFC 4291 section 2.7.1: where neighbour solicitations for the address go. */
export function solicitedNodeOf(address: Ip6): Ip6 {
  return `ff0200000000000000000001ff${address.slice(26)}`;
}

/** The sum of an address's eight words, for pseudo-headers. */
export function sumIp6(address: Ip6): number {
  let sum = 0;
  for (let i = 0; i < 32; i += 4) sum += Number.parseInt(address.slice(i, i + 4), 16);
  return sum;
}

/** The same, read from a packet. */
export function sumIp6At(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < 16; i += 2) sum += get16(bytes, at + i);
  return sum;
}
