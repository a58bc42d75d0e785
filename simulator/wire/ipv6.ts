/** The IPv6 header (RFC 8200) and the hop-by-hop header with a router alert that MLD uses (RFC 2711). */
import { get16, get8, put16 } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { WireError } from './error.ts';
import { ip6At, putIp6, sumIp6, type Ip6 } from './ip6.ts';

export const HEADER_LENGTH = 40;

export const NEXT_HOP_BY_HOP = 0;
export const NEXT_ROUTING = 43;
export const NEXT_FRAGMENT = 44;
export const NEXT_ICMPV6 = 58;
export const NEXT_NONE = 59;
export const NEXT_DESTINATION_OPTIONS = 60;

/** Hop-by-hop options of an MLD report: router alert 0 and two bytes of padding; the first byte is the next header. */
export const ROUTER_ALERT_HEADER: readonly number[] = [NEXT_ICMPV6, 0, 5, 2, 0, 0, 1, 0];

export interface Ipv6Header {
  readonly source: Ip6;
  readonly destination: Ip6;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** Everything behind the forty bytes, extension headers included. */
  readonly payloadLength: number;
}

export interface Ipv6Fields {
  readonly source: Ip6;
  readonly destination: Ip6;
  readonly nextHeader: number;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
}

export function version(bytes: Uint8Array, at: number): number {
  return get8(bytes, at) >> 4;
}

export function trafficClass(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at) >> 4) & 0xff;
}

export function flowLabel(bytes: Uint8Array, at: number): number {
  return ((get8(bytes, at + 1) & 15) << 16) | get16(bytes, at + 2);
}

export function payloadLength(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 4);
}

export function nextHeader(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 6);
}

export function hopLimit(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 7);
}

export function source(bytes: Uint8Array, at: number): Ip6 {
  return ip6At(bytes, at + 8);
}

export function destination(bytes: Uint8Array, at: number): Ip6 {
  return ip6At(bytes, at + 24);
}

export function headerError(bytes: Uint8Array, at: number): WireError | undefined {
  if (bytes.length < at + HEADER_LENGTH) return 'truncated';
  if (version(bytes, at) !== 6) return 'bad-version';
  return bytes.length < at + HEADER_LENGTH + payloadLength(bytes, at) ? 'truncated' : undefined;
}

export function parse(bytes: Uint8Array, at = 0): Ipv6Header | WireError {
  const error = headerError(bytes, at);
  if (error !== undefined) return error;
  return {
    source: source(bytes, at),
    destination: destination(bytes, at),
    nextHeader: nextHeader(bytes, at),
    hopLimit: hopLimit(bytes, at),
    trafficClass: trafficClass(bytes, at),
    flowLabel: flowLabel(bytes, at),
    payloadLength: payloadLength(bytes, at),
  };
}

export function payload(bytes: Uint8Array, at = 0): Uint8Array {
  return bytes.subarray(at + HEADER_LENGTH, at + HEADER_LENGTH + payloadLength(bytes, at));
}

/** `room` leaves that many zero bytes before the header, for a link header. */
export function emit(fields: Ipv6Fields, body: Uint8Array, room = 0): Uint8Array<ArrayBuffer> {
  const bytes = roomFor(room + HEADER_LENGTH + body.length);
  const trafficClassBits = fields.trafficClass ?? 0;
  const label = fields.flowLabel ?? 0;
  bytes[room] = 0x60 | (trafficClassBits >> 4);
  bytes[room + 1] = ((trafficClassBits & 15) << 4) | (label >> 16);
  put16(bytes, room + 2, label);
  put16(bytes, room + 4, body.length);
  bytes[room + 6] = fields.nextHeader;
  bytes[room + 7] = fields.hopLimit ?? 64;
  putIp6(bytes, room + 8, fields.source);
  putIp6(bytes, room + 24, fields.destination);
  bytes.set(body, room + HEADER_LENGTH);
  return bytes;
}

/** Where the upper-layer header begins and which it is, past the extension headers that Linux skips. */
export function upperLayer(bytes: Uint8Array, at = 0): { protocol: number; at: number } | WireError {
  let protocol = nextHeader(bytes, at);
  let position = at + HEADER_LENGTH;
  while (protocol === NEXT_HOP_BY_HOP || protocol === NEXT_ROUTING || protocol === NEXT_DESTINATION_OPTIONS || protocol === NEXT_FRAGMENT) {
    if (bytes.length < position + 8) return 'truncated';
    const length = protocol === NEXT_FRAGMENT ? 8 : (get8(bytes, position + 1) + 1) * 8;
    protocol = get8(bytes, position);
    position += length;
  }
  return { protocol, at: position };
}

/** The sum of the pseudo-header (RFC 8200 section 8.1). */
export function pseudoHeaderSum(from: Ip6, to: Ip6, protocol: number, length: number): number {
  return sumIp6(from) + sumIp6(to) + protocol + length;
}
