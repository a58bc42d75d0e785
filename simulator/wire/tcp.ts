/** TCP segments (RFC 9293) with the options Linux sends: MSS, window scale and timestamps (RFC 7323), SACK (RFC 2018). */
import { foldChecksum, get16, get32, get8, put16, put32, sumWords } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { WireError } from './error.ts';

export const MIN_HEADER_LENGTH = 20;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;

export interface SackBlock {
  readonly from: number;
  readonly to: number;
}

export interface TcpOptions {
  readonly maxSegmentSize?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: { readonly value: number; readonly echo: number };
  readonly sackBlocks?: readonly SackBlock[];
}

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** The flag bits FIN to CWR. */
  readonly flags: number;
  /** As on the wire, not scaled. */
  readonly window: number;
  readonly urgentPointer: number;
  readonly options: TcpOptions;
  readonly payload: Uint8Array;
}

export type TcpFields = Partial<TcpSegment> & Pick<TcpSegment, 'sourcePort' | 'destinationPort' | 'sequence' | 'flags'>;

export function sourcePort(bytes: Uint8Array, at: number): number {
  return get16(bytes, at);
}

export function destinationPort(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 2);
}

export function sequence(bytes: Uint8Array, at: number): number {
  return get32(bytes, at + 4);
}

export function acknowledgement(bytes: Uint8Array, at: number): number {
  return get32(bytes, at + 8);
}

export function headerLength(bytes: Uint8Array, at: number): number {
  return (get8(bytes, at + 12) >> 4) * 4;
}

export function flags(bytes: Uint8Array, at: number): number {
  return get8(bytes, at + 13);
}

export function window(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 14);
}

export function checksumField(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 16);
}

export function urgentPointer(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 18);
}

export function headerError(bytes: Uint8Array, at: number, end: number): WireError | undefined {
  if (end < at + MIN_HEADER_LENGTH) return 'truncated';
  const length = headerLength(bytes, at);
  if (length < MIN_HEADER_LENGTH) return 'bad-length';
  return end < at + length ? 'truncated' : undefined;
}

export function parse(bytes: Uint8Array, at = 0, end = bytes.length): TcpSegment | WireError {
  const error = headerError(bytes, at, end);
  if (error !== undefined) return error;
  const length = headerLength(bytes, at);
  return {
    sourcePort: sourcePort(bytes, at),
    destinationPort: destinationPort(bytes, at),
    sequence: sequence(bytes, at),
    acknowledgement: acknowledgement(bytes, at),
    flags: flags(bytes, at),
    window: window(bytes, at),
    urgentPointer: urgentPointer(bytes, at),
    options: parseOptions(bytes, at + MIN_HEADER_LENGTH, at + length),
    payload: bytes.subarray(at + length, end),
  };
}

/** Stops at the first malformed option, as tcp_parse_options does. */
export function parseOptions(bytes: Uint8Array, from: number, to: number): TcpOptions {
  const options: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {};
  let at = from;
  while (at < to) {
    const kind = get8(bytes, at);
    if (kind === 0) break;
    if (kind === 1) {
      at += 1;
      continue;
    }
    const length = at + 1 < to ? get8(bytes, at + 1) : 0;
    if (length < 2 || at + length > to) break;
    if (kind === 2 && length === 4) options.maxSegmentSize = get16(bytes, at + 2);
    if (kind === 3 && length === 3) options.windowScale = get8(bytes, at + 2);
    if (kind === 4 && length === 2) options.sackPermitted = true;
    if (kind === 5 && length >= 10 && (length - 2) % 8 === 0) options.sackBlocks = sackBlocksAt(bytes, at + 2, at + length);
    if (kind === 8 && length === 10) options.timestamps = { value: get32(bytes, at + 2), echo: get32(bytes, at + 6) };
    at += length;
  }
  return options;
}

function sackBlocksAt(bytes: Uint8Array, from: number, to: number): SackBlock[] {
  const blocks: SackBlock[] = [];
  for (let at = from; at < to; at += 8) blocks.push({ from: get32(bytes, at), to: get32(bytes, at + 4) });
  return blocks;
}

/** `pseudoSum` comes from `ipv4.pseudoHeaderSum` or `ipv6.pseudoHeaderSum` with the segment's whole length (see `emittedLength`). */
export function emit(fields: TcpFields, pseudoSum: number): Uint8Array<ArrayBuffer> {
  const options = emitOptions(fields.options ?? {});
  const payload = fields.payload ?? new Uint8Array(0);
  const length = MIN_HEADER_LENGTH + options.length;
  const bytes = roomFor(length + payload.length);
  put16(bytes, 0, fields.sourcePort);
  put16(bytes, 2, fields.destinationPort);
  put32(bytes, 4, fields.sequence);
  put32(bytes, 8, fields.acknowledgement ?? 0);
  bytes[12] = (length / 4) << 4;
  bytes[13] = fields.flags;
  put16(bytes, 14, fields.window ?? 0);
  put16(bytes, 18, fields.urgentPointer ?? 0);
  bytes.set(options, MIN_HEADER_LENGTH);
  bytes.set(payload, length);
  writeChecksum(bytes, 0, bytes.length, pseudoSum);
  return bytes;
}

/** How long `emit` will make a segment. */
export function emittedLength(fields: TcpFields): number {
  return MIN_HEADER_LENGTH + emitOptions(fields.options ?? {}).length + (fields.payload?.length ?? 0);
}

/** In the order and with the padding of Linux's tcp_options_write. */
function emitOptions(options: TcpOptions): number[] {
  const bytes: number[] = [];
  const { maxSegmentSize, windowScale, timestamps, sackPermitted, sackBlocks } = options;
  if (maxSegmentSize !== undefined) bytes.push(2, 4, maxSegmentSize >> 8, maxSegmentSize & 255);
  if (timestamps !== undefined) {
    bytes.push(...(sackPermitted === true ? [4, 2] : [1, 1]), 8, 10, ...bytesOf32(timestamps.value), ...bytesOf32(timestamps.echo));
  } else if (sackPermitted === true) {
    bytes.push(1, 1, 4, 2);
  }
  if (windowScale !== undefined) bytes.push(1, 3, 3, windowScale);
  if (sackBlocks !== undefined && sackBlocks.length > 0) {
    bytes.push(1, 1, 5, 2 + sackBlocks.length * 8);
    for (const block of sackBlocks) bytes.push(...bytesOf32(block.from), ...bytesOf32(block.to));
  }
  return bytes;
}

function bytesOf32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

export function writeChecksum(bytes: Uint8Array, at: number, end: number, pseudoSum: number): void {
  put16(bytes, at + 16, 0);
  put16(bytes, at + 16, foldChecksum(sumWords(bytes, at, end, pseudoSum)));
}

export function isChecksumRight(bytes: Uint8Array, at: number, end: number, pseudoSum: number): boolean {
  return foldChecksum(sumWords(bytes, at, end, pseudoSum)) === 0;
}

/** Sequence arithmetic modulo 2^32: how far `to` lies ahead of `from`, negative when behind. */
export function sequenceDistance(from: number, to: number): number {
  return (to - from) | 0;
}
