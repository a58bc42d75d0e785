/** LINKTYPE_LINUX_SLL2: the twenty bytes libpcap puts before a packet captured on the `any` device (tcpdump.org linktypes). */
import { get16, get32, get8, put16, put32 } from '../bytes.ts';
import type { WireError } from './error.ts';
import { macAt, putMac, type Mac } from './mac.ts';

export const HEADER_LENGTH = 20;

/** sll_pkttype */
export const TO_US = 0;
export const BROADCAST = 1;
export const MULTICAST = 2;
export const TO_OTHER_HOST = 3;
export const FROM_US = 4;

export interface CookedHeader {
  readonly protocol: number;
  readonly interfaceIndex: number;
  /** ARPHRD_*: 1 Ethernet, 772 loopback */
  readonly hardwareType: number;
  readonly packetType: number;
  /** The sender's address, undefined when it has none. */
  readonly source: Mac | undefined;
}

export function parse(bytes: Uint8Array, at = 0): CookedHeader | WireError {
  if (bytes.length < at + HEADER_LENGTH) return 'truncated';
  return {
    protocol: get16(bytes, at),
    interfaceIndex: get32(bytes, at + 4),
    hardwareType: get16(bytes, at + 8),
    packetType: get8(bytes, at + 10),
    source: get8(bytes, at + 11) === 6 ? macAt(bytes, at + 12) : undefined,
  };
}

export function emit(header: CookedHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_LENGTH);
  put16(bytes, 0, header.protocol);
  put32(bytes, 4, header.interfaceIndex);
  put16(bytes, 8, header.hardwareType);
  bytes[10] = header.packetType;
  if (header.source !== undefined) {
    bytes[11] = 6;
    putMac(bytes, 12, header.source);
  }
  return bytes;
}
