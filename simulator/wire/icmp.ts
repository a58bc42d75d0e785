/** ICMP for IPv4 (RFC 792, RFC 1191 for the next-hop MTU). */
import { checksum, get16, get32, get8, put16, put32 } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { WireError } from './error.ts';

export const HEADER_LENGTH = 8;

export const ECHO_REPLY = 0;
export const UNREACHABLE = 3;
export const REDIRECT = 5;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;
export const PARAMETER_PROBLEM = 12;
export const TIMESTAMP_REQUEST = 13;
export const TIMESTAMP_REPLY = 14;

/** Codes of UNREACHABLE. */
export const NET_UNREACHABLE = 0;
export const HOST_UNREACHABLE = 1;
export const PROTOCOL_UNREACHABLE = 2;
export const PORT_UNREACHABLE = 3;
export const FRAGMENTATION_NEEDED = 4;
export const NET_PROHIBITED = 9;
export const HOST_PROHIBITED = 10;
export const ADMIN_PROHIBITED = 13;

export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  /** The second word: identifier and sequence, next-hop MTU, gateway, or zero. */
  readonly rest: number;
  /** Echo data, or the packet that caused an error. */
  readonly payload: Uint8Array;
}

export function type(bytes: Uint8Array, at: number): number {
  return get8(bytes, at);
}

export function code(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 1);
}

/** Of an echo message. */
export function identifier(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 4);
}

/** Of an echo message. */
export function sequence(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 6);
}

/** Types that report trouble with another packet, which they quote. */
export function isError(messageType: number): boolean {
  return messageType === UNREACHABLE || messageType === 4 || messageType === REDIRECT || messageType === TIME_EXCEEDED || messageType === PARAMETER_PROBLEM;
}

export function parse(bytes: Uint8Array, at = 0, end = bytes.length): IcmpMessage | WireError {
  if (end < at + HEADER_LENGTH) return 'truncated';
  return { type: type(bytes, at), code: code(bytes, at), rest: get32(bytes, at + 4), payload: bytes.subarray(at + HEADER_LENGTH, end) };
}

export function emit(message: IcmpMessage): Uint8Array<ArrayBuffer> {
  const bytes = roomFor(HEADER_LENGTH + message.payload.length);
  bytes.set(message.payload, HEADER_LENGTH);
  bytes[0] = message.type;
  bytes[1] = message.code;
  put32(bytes, 4, message.rest);
  writeChecksum(bytes, 0, bytes.length);
  return bytes;
}

/** The second word of an echo message. */
export function echoRest(echoIdentifier: number, echoSequence: number): number {
  return ((echoIdentifier << 16) | (echoSequence & 0xffff)) >>> 0;
}

export function writeChecksum(bytes: Uint8Array, at: number, end: number): void {
  put16(bytes, at + 2, 0);
  put16(bytes, at + 2, checksum(bytes, at, end));
}

export function isChecksumRight(bytes: Uint8Array, at: number, end: number): boolean {
  return checksum(bytes, at, end) === 0;
}
