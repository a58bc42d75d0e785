/**
 * Writing translated addresses and ports into packets, checksums kept right.
 * Read first: net/netfilter/nf_nat_proto.c (nf_nat_manip_pkt, nf_nat_icmp_reply_translation)
 */
import { checksum, get16, get32, put16, put32, updateChecksum, updateChecksum32 } from '../../bytes.ts';
import type { Family } from '../../kernel/api.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import { ip6At, putIp6 } from '../../wire/ip6.ts';
import type { Tuple } from '../conntrack/state.ts';
import { hasPorts } from '../conntrack/tuple.ts';
import type { Manipulation } from './bind.ts';

interface Headers { frame: Uint8Array; family: Family; at: number; transportAt: number; protocol: number; end: number; /** The transport checksum is the pseudo header's sum, to be finished by the device. */ checksumPartial: boolean }

function transportChecksumAt(headers: Headers): number {
  const { protocol, transportAt, frame, end } = headers;
  if (transportAt < 0) return -1;
  if (protocol === 6) return transportAt + 18 <= end ? transportAt + 16 : -1;
  if (protocol === 17 || protocol === 136) {
    if (transportAt + 8 > end) return -1;
    if (protocol === 17 && headers.family === 'inet' && get16(frame, transportAt + 6) === 0) return -1;
    return transportAt + 6;
  }
  if (protocol === 58) return transportAt + 4 <= end ? transportAt + 2 : -1;
  return -1;
}

/** One 16-bit word that the transport checksum covers through the pseudo header: with a partial checksum the field holds the sum, not its complement. */
function adjustPseudo(headers: Headers, at: number, before: number, after: number): void {
  const { frame } = headers;
  const old = get16(frame, at);
  if (headers.checksumPartial && headers.protocol !== 58) put16(frame, at, ~updateChecksum(~old & 0xffff, before, after) & 0xffff);
  else {
    let next = updateChecksum(old, before, after);
    if (next === 0 && headers.protocol === 17) next = 0xffff;
    put16(frame, at, next);
  }
}

function writeAddress(headers: Headers, addressAt: number, address: number | string): void {
  const { frame, family, at } = headers;
  const sumAt = transportChecksumAt(headers);
  if (family === 'inet') {
    const before = get32(frame, addressAt);
    const after = address as number;
    if (before === after) return;
    put32(frame, addressAt, after);
    put16(frame, at + 10, updateChecksum32(get16(frame, at + 10), before, after));
    if (sumAt < 0) return;
    adjustPseudo(headers, sumAt, before >>> 16, after >>> 16);
    adjustPseudo(headers, sumAt, before & 0xffff, after & 0xffff);
    return;
  }
  const before = frame.slice(addressAt, addressAt + 16);
  putIp6(frame, addressAt, address as string);
  if (sumAt < 0) return;
  for (let word = 0; word < 16; word += 2) adjustPseudo(headers, sumAt, get16(before, word), get16(frame, addressAt + word));
}

function writePort(headers: Headers, portAt: number, port: number): void {
  const { frame } = headers;
  const before = get16(frame, portAt);
  if (before === port) return;
  put16(frame, portAt, port);
  if (headers.protocol === 132) return; // SCTP: CRC32c over the packet, finished by the device as with an offloaded checksum
  if (headers.checksumPartial && headers.protocol !== 1 && headers.protocol !== 58) return; // ports are not in the pseudo header
  const sumAt = headers.protocol === 1 ? headers.transportAt + 2 : transportChecksumAt(headers);
  if (sumAt < 0) return;
  let next = updateChecksum(get16(frame, sumAt), before, port);
  if (next === 0 && headers.protocol === 17) next = 0xffff;
  put16(frame, sumAt, next);
}

/** nf_nat_manip_pkt: makes the packet's source or destination that of `target`. */
export function rewrite(headers: Headers, target: Tuple, manipulation: Manipulation): void {
  const { family, at, protocol, transportAt, end } = headers;
  const isSource = manipulation === 'source';
  writeAddress(headers, family === 'inet' ? at + (isSource ? 12 : 16) : at + (isSource ? 8 : 24), isSource ? target.source : target.destination);
  if (transportAt < 0) return;
  if (hasPorts(protocol)) {
    if (transportAt + 4 <= end) writePort(headers, isSource ? transportAt : transportAt + 2, isSource ? target.sport : target.dport);
  } else if ((protocol === 1 || protocol === 58) && transportAt + 6 <= end) writePort(headers, transportAt + 4, target.sport);
}

/** An ICMP error: translates the packet it quotes the other way round, then the error's own address. */
export function rewriteIcmpError(headers: Headers, inner: { at: number; transportAt: number; protocol: number }, innerTarget: Tuple, outerTarget: Tuple, manipulation: Manipulation): void {
  const { frame, family, end } = headers;
  const quoted: Headers = { frame, family, at: inner.at, transportAt: inner.transportAt, protocol: inner.protocol, end, checksumPartial: false };
  rewrite(quoted, innerTarget, manipulation === 'source' ? 'destination' : 'source');
  const isSource = manipulation === 'source';
  writeAddress(headers, family === 'inet' ? NETWORK_OFFSET + (isSource ? 12 : 16) : NETWORK_OFFSET + (isSource ? 8 : 24), isSource ? outerTarget.source : outerTarget.destination);
  put16(frame, headers.transportAt + 2, 0);
  if (family === 'inet') {
    put16(frame, headers.transportAt + 2, checksum(frame, headers.transportAt, end));
    return;
  }
  let pseudo = (end - headers.transportAt) + 58;
  for (let word = 0; word < 32; word += 2) pseudo += get16(frame, NETWORK_OFFSET + 8 + word);
  put16(frame, headers.transportAt + 2, checksum(frame, headers.transportAt, end, pseudo));
}

/** The address text pair for traces: `10.0.0.1:80`. */
export function endpointKey(frame: Uint8Array, family: Family, isSource: boolean): number | string {
  return family === 'inet' ? get32(frame, NETWORK_OFFSET + (isSource ? 12 : 16)) : ip6At(frame, NETWORK_OFFSET + (isSource ? 8 : 24));
}
