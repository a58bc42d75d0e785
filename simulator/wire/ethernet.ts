/**
 * Ethernet II frames (RFC 894), without preamble and checksum, as a packet socket sees them. 802.3 frames, whose type field is a
 * length, parse alike: `isLength` tells them apart. Use as `import * as ethernet from './ethernet.ts'`.
 */
import { concat, get16, get8, put16 } from '../bytes.ts';
import type { WireError } from './error.ts';
import { macAt, putMac, type Mac } from './mac.ts';

export const HEADER_LENGTH = 14;

export const TYPE_IPV4 = 0x0800;
export const TYPE_ARP = 0x0806;
export const TYPE_VLAN = 0x8100;
export const TYPE_QINQ = 0x88a8;
export const TYPE_IPV6 = 0x86dd;

export interface EthernetFrame {
  readonly destination: Mac;
  readonly source: Mac;
  readonly etherType: number;
  readonly payload: Uint8Array;
}

export function destination(frame: Uint8Array, at = 0): Mac {
  return macAt(frame, at);
}

export function source(frame: Uint8Array, at = 0): Mac {
  return macAt(frame, at + 6);
}

export function etherType(frame: Uint8Array, at = 0): number {
  return get16(frame, at + 12);
}

/** The destination's group bit, without making text of the address. */
export function isMulticast(frame: Uint8Array, at = 0): boolean {
  return (get8(frame, at) & 1) === 1;
}

export function isBroadcast(frame: Uint8Array, at = 0): boolean {
  return get16(frame, at) === 0xffff && get16(frame, at + 2) === 0xffff && get16(frame, at + 4) === 0xffff;
}

/** Types up to 1500 are the length of an 802.3 frame. */
export function isLength(type: number): boolean {
  return type <= 1500;
}

/** The payload is a view, not a copy. */
export function parse(frame: Uint8Array): EthernetFrame | WireError {
  if (frame.length < HEADER_LENGTH) return 'truncated';
  return {
    destination: destination(frame),
    source: source(frame),
    etherType: etherType(frame),
    payload: frame.subarray(HEADER_LENGTH),
  };
}

export function emit(frame: EthernetFrame): Uint8Array<ArrayBuffer> {
  return concat(header(frame.destination, frame.source, frame.etherType), frame.payload);
}

/** The fourteen bytes before a payload. */
export function header(to: Mac, from: Mac, type: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_LENGTH);
  putMac(bytes, 0, to);
  putMac(bytes, 6, from);
  put16(bytes, 12, type);
  return bytes;
}
