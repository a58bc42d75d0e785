/** Address resolution for IPv4 over Ethernet (RFC 826). */
import { get16, get32, get8, put16, put32 } from '../bytes.ts';
import type { WireError } from './error.ts';
import type { Ip4 } from './ip4.ts';
import { macAt, putMac, type Mac } from './mac.ts';

export const LENGTH = 28;

export const REQUEST = 1;
export const REPLY = 2;

export interface ArpPacket {
  /** 1 request, 2 reply; other operations are kept as they are. */
  readonly operation: number;
  readonly senderMac: Mac;
  readonly senderIp: Ip4;
  readonly targetMac: Mac;
  readonly targetIp: Ip4;
}

export function operation(bytes: Uint8Array, at: number): number {
  return get16(bytes, at + 6);
}

/** Only IPv4 over Ethernet; other hardware or protocol types are 'bad-type'. */
export function parse(bytes: Uint8Array, at = 0): ArpPacket | WireError {
  if (bytes.length < at + LENGTH) return 'truncated';
  if (get16(bytes, at) !== 1 || get16(bytes, at + 2) !== 0x0800) return 'bad-type';
  if (get8(bytes, at + 4) !== 6 || get8(bytes, at + 5) !== 4) return 'bad-length';
  return {
    operation: operation(bytes, at),
    senderMac: macAt(bytes, at + 8),
    senderIp: get32(bytes, at + 14),
    targetMac: macAt(bytes, at + 18),
    targetIp: get32(bytes, at + 24),
  };
}

export function emit(packet: ArpPacket): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTH);
  put16(bytes, 0, 1);
  put16(bytes, 2, 0x0800);
  bytes[4] = 6;
  bytes[5] = 4;
  put16(bytes, 6, packet.operation);
  putMac(bytes, 8, packet.senderMac);
  put32(bytes, 14, packet.senderIp);
  putMac(bytes, 18, packet.targetMac);
  put32(bytes, 24, packet.targetIp);
  return bytes;
}
