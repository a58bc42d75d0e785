/** UDP (RFC 768), over IPv4 and IPv6. */
import { foldChecksum, get16, put16, sumWords } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { WireError } from './error.ts';

export const HEADER_LENGTH = 8;

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

export function sourcePort(bytes: Uint8Array, at: number): number {
  return get16(bytes, at);
}

export function destinationPort(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 2);
}

/** Header and payload, as the header claims. */
export function length(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 4);
}

export function checksumField(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 6);
}

export function parse(bytes: Uint8Array, at = 0, end = bytes.length): UdpDatagram | WireError {
  if (end < at + HEADER_LENGTH) return 'truncated';
  const claimed = length(bytes, at);
  if (claimed < HEADER_LENGTH) return 'bad-length';
  if (end < at + claimed) return 'truncated';
  return {
    sourcePort: sourcePort(bytes, at),
    destinationPort: destinationPort(bytes, at),
    payload: bytes.subarray(at + HEADER_LENGTH, at + claimed),
  };
}

/** `pseudoSum` comes from `ipv4.pseudoHeaderSum` or `ipv6.pseudoHeaderSum` with the datagram's whole length. */
export function emit(datagram: UdpDatagram, pseudoSum: number): Uint8Array<ArrayBuffer> {
  const bytes = roomFor(HEADER_LENGTH + datagram.payload.length);
  bytes.set(datagram.payload, HEADER_LENGTH);
  put16(bytes, 0, datagram.sourcePort);
  put16(bytes, 2, datagram.destinationPort);
  put16(bytes, 4, bytes.length);
  writeChecksum(bytes, 0, bytes.length, pseudoSum);
  return bytes;
}

/** A sum of zero is sent as 0xffff: zero means that there is no checksum. */
export function writeChecksum(bytes: Uint8Array, at: number, end: number, pseudoSum: number): void {
  put16(bytes, at + 6, 0);
  put16(bytes, at + 6, foldChecksum(sumWords(bytes, at, end, pseudoSum)) || 0xffff);
}

export function isChecksumRight(bytes: Uint8Array, at: number, end: number, pseudoSum: number): boolean {
  return checksumField(bytes, at) === 0 || foldChecksum(sumWords(bytes, at, end, pseudoSum)) === 0;
}
