/** ICMPv6 (RFC 4443): echo, errors, neighbour discovery (RFC 4861) and multicast listener reports (RFC 3810). */
import { concat, foldChecksum, get16, get32, get8, put16, put32, sumWords } from '../bytes.ts';
import type { WireError } from './error.ts';
import { ip6At, putIp6, type Ip6 } from './ip6.ts';
import { macAt, putMac, type Mac } from './mac.ts';

export const HEADER_LENGTH = 8;

export const UNREACHABLE = 1;
export const PACKET_TOO_BIG = 2;
export const TIME_EXCEEDED = 3;
export const ECHO_REQUEST = 128;
export const ECHO_REPLY = 129;
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
export const MLDV2_REPORT = 143;

/** Bits of a neighbour advertisement's second word. */
export const NA_ROUTER = 0x80000000;
export const NA_SOLICITED = 0x40000000;
export const NA_OVERRIDE = 0x20000000;

export interface Icmp6Message {
  readonly type: number;
  readonly code: number;
  readonly rest: number;
  readonly payload: Uint8Array;
}

export interface NeighbourMessage {
  readonly target: Ip6;
  readonly isRouter: boolean;
  readonly isSolicited: boolean;
  readonly isOverride: boolean;
  /** The source link-layer address of a solicitation, the target's of an advertisement. */
  readonly linkLayer: Mac | undefined;
}

export interface MulticastRecord {
  /** 1 include, 2 exclude, 3 to_in, 4 to_ex, 5 allow, 6 block */
  readonly mode: number;
  readonly group: Ip6;
  readonly sources: readonly Ip6[];
}

export function type(bytes: Uint8Array, at: number): number {
  return get8(bytes, at);
}

export function parse(bytes: Uint8Array, at = 0, end = bytes.length): Icmp6Message | WireError {
  if (end < at + HEADER_LENGTH) return 'truncated';
  return { type: type(bytes, at), code: get8(bytes, at + 1), rest: get32(bytes, at + 4), payload: bytes.subarray(at + HEADER_LENGTH, end) };
}

/** `pseudoSum` comes from `ipv6.pseudoHeaderSum` with protocol 58 and the message's length, 8 more than the payload's. */
export function emit(message: Icmp6Message, pseudoSum: number): Uint8Array<ArrayBuffer> {
  const bytes = concat(new Uint8Array(HEADER_LENGTH), message.payload);
  bytes[0] = message.type;
  bytes[1] = message.code;
  put32(bytes, 4, message.rest);
  put16(bytes, 2, foldChecksum(sumWords(bytes, 0, bytes.length, pseudoSum)));
  return bytes;
}

export function isChecksumRight(bytes: Uint8Array, at: number, end: number, pseudoSum: number): boolean {
  return foldChecksum(sumWords(bytes, at, end, pseudoSum)) === 0;
}

/** Of a solicitation or an advertisement. */
export function parseNeighbour(message: Icmp6Message): NeighbourMessage | WireError {
  if (message.payload.length < 16) return 'truncated';
  const wanted = message.type === NEIGHBOUR_SOLICITATION ? 1 : 2;
  return {
    target: ip6At(message.payload, 0),
    isRouter: (message.rest & NA_ROUTER) !== 0,
    isSolicited: (message.rest & NA_SOLICITED) !== 0,
    isOverride: (message.rest & NA_OVERRIDE) !== 0,
    linkLayer: linkLayerOption(message.payload, 16, wanted),
  };
}

/** The address in the first option of that type: 1 source, 2 target. */
export function linkLayerOption(bytes: Uint8Array, from: number, wanted: number): Mac | undefined {
  let at = from;
  while (at + 8 <= bytes.length) {
    const length = get8(bytes, at + 1) * 8;
    if (length === 0) return undefined;
    if (get8(bytes, at) === wanted) return macAt(bytes, at + 2);
    at += length;
  }
  return undefined;
}

/** The message body of a solicitation (option 1) or an advertisement (option 2). */
export function neighbourPayload(target: Ip6, linkLayer: Mac | undefined, option: 1 | 2): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(linkLayer === undefined ? 16 : 24);
  putIp6(bytes, 0, target);
  if (linkLayer !== undefined) bytes.set(linkLayerBytes(option, linkLayer), 16);
  return bytes;
}

export function linkLayerBytes(option: 1 | 2, linkLayer: Mac): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  bytes[0] = option;
  bytes[1] = 1;
  putMac(bytes, 2, linkLayer);
  return bytes;
}

/** The records of an MLDv2 report, whose count is the message's `rest`. */
export function parseReport(message: Icmp6Message): MulticastRecord[] | WireError {
  const records: MulticastRecord[] = [];
  const bytes = message.payload;
  let at = 0;
  for (let left = message.rest & 0xffff; left > 0; left -= 1) {
    if (bytes.length < at + 20) return 'truncated';
    const count = get16(bytes, at + 2);
    const next = at + 20 + count * 16 + get8(bytes, at + 1) * 4;
    if (bytes.length < next) return 'truncated';
    const sources = Array.from({ length: count }, (_, index) => ip6At(bytes, at + 20 + index * 16));
    records.push({ mode: get8(bytes, at), group: ip6At(bytes, at + 4), sources });
    at = next;
  }
  return records;
}

export function reportPayload(records: readonly MulticastRecord[]): Uint8Array<ArrayBuffer> {
  return concat(
    ...records.map((record) => {
      const bytes = new Uint8Array(20 + record.sources.length * 16);
      bytes[0] = record.mode;
      put16(bytes, 2, record.sources.length);
      putIp6(bytes, 4, record.group);
      for (const [index, from] of record.sources.entries()) putIp6(bytes, 20 + index * 16, from);
      return bytes;
    }),
  );
}
