/**
 * Ethernet addresses (IEEE 802) as lower-case text, `aa:bb:cc:dd:ee:ff`, the form in which people and tools name them.
 */
import { get8, hexByte } from '../bytes.ts';
import type { Ip6 } from './ip6.ts';

export type Mac = string;

export const BROADCAST_MAC: Mac = 'ff:ff:ff:ff:ff:ff';
export const ZERO_MAC: Mac = '00:00:00:00:00:00';
/** 802.1D: frames to this address stay on the link. */
export const STP_MAC: Mac = '01:80:c2:00:00:00';

/** Reads six bytes. */
export function macAt(bytes: Uint8Array, at: number): Mac {
  return (
    `${hexByte(get8(bytes, at))}:${hexByte(get8(bytes, at + 1))}:${hexByte(get8(bytes, at + 2))}:` +
    `${hexByte(get8(bytes, at + 3))}:${hexByte(get8(bytes, at + 4))}:${hexByte(get8(bytes, at + 5))}`
  );
}

/** Writes six bytes; the text must be a well-formed address. */
export function putMac(bytes: Uint8Array, at: number, mac: Mac): void {
  for (let i = 0; i < 6; i += 1) {
    bytes[at + i] = (digit(mac.charCodeAt(i * 3)) << 4) | digit(mac.charCodeAt(i * 3 + 1));
  }
}

function digit(code: number): number {
  return code <= 57 ? code - 48 : (code | 32) - 87;
}

/** Strict: six groups of one or two hexadecimal digits; the answer is in canonical form. */
export function parseMac(text: string): Mac | undefined {
  const groups = text.split(':');
  if (groups.length !== 6) return undefined;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,2}$/.test(group))) return undefined;
  return groups.map((group) => group.toLowerCase().padStart(2, '0')).join(':');
}

/** The group bit; true for broadcast as well. */
export function isMulticastMac(mac: Mac): boolean {
  return (digit(mac.charCodeAt(1)) & 1) === 1;
}

/** RFC 1112 section 6.4: the group's low 23 bits behind 01:00:5e. */
export function macOfIp4Multicast(group: number): Mac {
  return `01:00:5e:${hexByte((group >>> 16) & 0x7f)}:${hexByte(group >>> 8)}:${hexByte(group)}`;
}

/** RFC 2464 section 7: the group's low 32 bits behind 33:33. */
export function macOfIp6Multicast(group: Ip6): Mac {
  return `33:33:${group.slice(24, 26)}:${group.slice(26, 28)}:${group.slice(28, 30)}:${group.slice(30, 32)}`;
}

/** RFC 4291 appendix A: fe80::/64 with the modified EUI-64 of the address. */
export function linkLocalOfMac(mac: Mac): Ip6 {
  const digits = mac.replaceAll(':', '').toLowerCase();
  const first = hexByte(Number.parseInt(digits.slice(0, 2), 16) ^ 2);
  return `fe80000000000000${first}${digits.slice(2, 6)}fffe${digits.slice(6)}`;
}
