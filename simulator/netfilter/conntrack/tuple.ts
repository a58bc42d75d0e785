/** Tuples of packets: read, inverted, written back. Read first: nf_ct_get_tuple, nf_ct_invert_tuple, nf_conntrack_proto_icmp.c. */
import { get16, get32 } from '../../bytes.ts';
import type { Family } from '../../kernel/api.ts';
import { ip6At } from '../../wire/ip6.ts';
import type { Tuple } from './state.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const DCCP = 33;
const ICMP6 = 58;
const SCTP = 132;
const UDPLITE = 136;

export function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP || protocol === UDPLITE || protocol === DCCP;
}

/** Echo, timestamp, information and address mask requests and their replies, by type (invmap). */
const ICMP_REPLY: ReadonlyMap<number, number> = new Map([[8, 0], [0, 8], [13, 14], [14, 13], [15, 16], [16, 15], [17, 18], [18, 17]]);
const ICMP6_REPLY: ReadonlyMap<number, number> = new Map([[128, 129], [129, 128], [139, 140], [140, 139]]);
/** What may begin a connection. */
export const ICMP_REQUESTS: ReadonlySet<number> = new Set([8, 13, 15, 17]);
export const ICMP6_REQUESTS: ReadonlySet<number> = new Set([128, 139]);

/** The tuple of the packet whose network header begins at `at` and whose transport header begins at `transportAt`; undefined when it is too short or of an ICMP type that is not tracked. */
export function readTuple(frame: Uint8Array, family: Family, at: number, protocol: number, transportAt: number, end: number): Tuple | undefined {
  const source = family === 'inet' ? get32(frame, at + 12) : ip6At(frame, at + 8);
  const destination = family === 'inet' ? get32(frame, at + 16) : ip6At(frame, at + 24);
  if (hasPorts(protocol)) {
    if (transportAt + 4 > end) return undefined;
    return { source, destination, sport: get16(frame, transportAt), dport: get16(frame, transportAt + 2) };
  }
  if (protocol === (family === 'inet' ? ICMP : ICMP6)) {
    if (transportAt + 8 > end) return undefined;
    return { source, destination, sport: get16(frame, transportAt + 4), dport: frame[transportAt]! * 256 + frame[transportAt + 1]! };
  }
  return { source, destination, sport: 0, dport: 0 };
}

/** The tuple of the answer; undefined for an ICMP type without one. */
export function invertTuple(tuple: Tuple, protocol: number, family: Family): Tuple | undefined {
  const { source, destination, sport, dport } = tuple;
  if (protocol === (family === 'inet' ? ICMP : ICMP6)) {
    const type = (family === 'inet' ? ICMP_REPLY : ICMP6_REPLY).get(dport >> 8);
    if (type === undefined) return undefined;
    return { source: destination, destination: source, sport, dport: type * 256 + (dport & 255) };
  }
  return { source: destination, destination: source, sport: dport, dport: sport };
}
