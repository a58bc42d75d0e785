/**
 * The IPv4 header (RFC 791, ECN bits RFC 3168). The accessors read straight from a packet at `at`; check `headerError` once
 * before trusting them. Fields changed in flight (TTL, addresses) are changed in place with the checksum kept right.
 */
import { checksum, get16, get32, get8, put16, put32, updateChecksum, updateChecksum32 } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { WireError } from './error.ts';
import { sumIp4, type Ip4 } from './ip4.ts';

export const MIN_HEADER_LENGTH = 20;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_IPV6_ICMP = 58;
export const PROTOCOL_SCTP = 132;

export interface Ipv4Header {
  readonly source: Ip4;
  readonly destination: Ip4;
  readonly protocol: number;
  readonly timeToLive: number;
  readonly identification: number;
  /** The whole second byte: DSCP and ECN. */
  readonly typeOfService: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  /** Padded to a multiple of 4 by `emit`. */
  readonly options: Uint8Array;
  /** Header and payload, as the header claims. */
  readonly totalLength: number;
  readonly headerLength: number;
}

/** What `emit` needs; the rest has the values a kernel gives a plain packet. */
export interface Ipv4Fields {
  readonly source: Ip4;
  readonly destination: Ip4;
  readonly protocol: number;
  readonly timeToLive?: number;
  readonly identification?: number;
  readonly typeOfService?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  readonly fragmentOffset?: number;
  readonly options?: Uint8Array | undefined;
}

export function version(bytes: Uint8Array, at: number): number {
  return get8(bytes, at) >> 4;
}

export function headerLength(bytes: Uint8Array, at: number): number {
  return (get8(bytes, at) & 15) * 4;
}

export function typeOfService(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 1);
}

export function totalLength(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 2);
}

export function identification(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 4);
}

export function dontFragment(bytes: Uint8Array, at: number): boolean {
  return (get8(bytes, at + 6) & 0x40) !== 0;
}

export function moreFragments(bytes: Uint8Array, at: number): boolean {
  return (get8(bytes, at + 6) & 0x20) !== 0;
}

/** In bytes. */
export function fragmentOffset(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at + 6) & 0x1fff) * 8;
}

/** True for every piece of a fragmented packet, the first one included. */
export function isFragment(bytes: Uint8Array, at: number): boolean {
  return (get16(bytes, at + 6) & 0x3fff) !== 0;
}

export function timeToLive(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 8);
}

export function protocol(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 9);
}

export function headerChecksum(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 10);
}

export function source(bytes: Uint8Array, at: number): Ip4 {
  return get32(bytes, at + 12);
}

export function destination(bytes: Uint8Array, at: number): Ip4 {
  return get32(bytes, at + 16);
}

/** What ip_rcv checks besides the checksum: version, lengths. */
export function headerError(bytes: Uint8Array, at: number): WireError | undefined {
  if (bytes.length < at + MIN_HEADER_LENGTH) return 'truncated';
  if (version(bytes, at) !== 4) return 'bad-version';
  const length = headerLength(bytes, at);
  if (length < MIN_HEADER_LENGTH) return 'bad-length';
  if (bytes.length < at + length) return 'truncated';
  const total = totalLength(bytes, at);
  if (total < length) return 'bad-length';
  return bytes.length < at + total ? 'truncated' : undefined;
}

export function isChecksumRight(bytes: Uint8Array, at: number): boolean {
  return checksum(bytes, at, at + headerLength(bytes, at)) === 0;
}

export function parse(bytes: Uint8Array, at = 0): Ipv4Header | WireError {
  const error = headerError(bytes, at);
  if (error !== undefined) return error;
  return {
    source: source(bytes, at),
    destination: destination(bytes, at),
    protocol: protocol(bytes, at),
    timeToLive: timeToLive(bytes, at),
    identification: identification(bytes, at),
    typeOfService: typeOfService(bytes, at),
    dontFragment: dontFragment(bytes, at),
    moreFragments: moreFragments(bytes, at),
    fragmentOffset: fragmentOffset(bytes, at),
    options: bytes.subarray(at + MIN_HEADER_LENGTH, at + headerLength(bytes, at)),
    totalLength: totalLength(bytes, at),
    headerLength: headerLength(bytes, at),
  };
}

/** A view of what the header announces, without trailing padding. */
export function payload(bytes: Uint8Array, at = 0): Uint8Array {
  return bytes.subarray(at + headerLength(bytes, at), at + totalLength(bytes, at));
}

const NO_OPTIONS = /* @__PURE__ */ new Uint8Array(0);

/** Header and payload in one new buffer, checksummed. `room` leaves that many zero bytes before the header, for a link header. */
export function emit(fields: Ipv4Fields, body: Uint8Array, room = 0): Uint8Array<ArrayBuffer> {
  const options = fields.options ?? NO_OPTIONS;
  const length = MIN_HEADER_LENGTH + ((options.length + 3) & ~3);
  const bytes = roomFor(room + length + body.length);
  bytes[room] = 0x40 | (length / 4);
  bytes[room + 1] = fields.typeOfService ?? 0;
  put16(bytes, room + 2, length + body.length);
  put16(bytes, room + 4, fields.identification ?? 0);
  const flags = (fields.dontFragment === true ? 0x4000 : 0) | (fields.moreFragments === true ? 0x2000 : 0);
  put16(bytes, room + 6, flags | ((fields.fragmentOffset ?? 0) >> 3));
  bytes[room + 8] = fields.timeToLive ?? 64;
  bytes[room + 9] = fields.protocol;
  put32(bytes, room + 12, fields.source);
  put32(bytes, room + 16, fields.destination);
  if (options.length > 0) bytes.set(options, room + MIN_HEADER_LENGTH);
  put16(bytes, room + 10, checksum(bytes, room, room + length));
  bytes.set(body, room + length);
  return bytes;
}

/** Counts one hop down (ip_decrease_ttl); the caller has checked that the TTL is above 1. */
export function decrementTimeToLive(bytes: Uint8Array, at: number): void {
  const before = get16(bytes, at + 8);
  put16(bytes, at + 8, before - 0x100);
  put16(bytes, at + 10, updateChecksum(headerChecksum(bytes, at), before, before - 0x100));
}

export function setSource(bytes: Uint8Array, at: number, address: Ip4): void {
  setAddress(bytes, at, at + 12, address);
}

export function setDestination(bytes: Uint8Array, at: number, address: Ip4): void {
  setAddress(bytes, at, at + 16, address);
}

function setAddress(bytes: Uint8Array, at: number, field: number, address: Ip4): void {
  put16(bytes, at + 10, updateChecksum32(headerChecksum(bytes, at), get32(bytes, field), address));
  put32(bytes, field, address);
}

/** After any other change to the header. */
export function writeChecksum(bytes: Uint8Array, at: number): void {
  put16(bytes, at + 10, 0);
  put16(bytes, at + 10, checksum(bytes, at, at + headerLength(bytes, at)));
}

/** The sum of the pseudo-header for UDP and TCP: add to `sumWords` of the segment. `length` is the segment's. */
export function pseudoHeaderSum(from: Ip4, to: Ip4, protocolNumber: number, length: number): number {
  return sumIp4(from) + sumIp4(to) + protocolNumber + length;
}
