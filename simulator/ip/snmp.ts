/** The counters of /proc/net/snmp, snmp6 and netstat, by `Group.Name`; absent means zero. Read first: RFC 4293, include/uapi/linux/snmp.h, icmp_out_count in net/ipv4/icmp.c */
import type { NamespaceState } from '../kernel/state.ts';

export function count(namespace: NamespaceState, name: string, by = 1): void {
  namespace.snmp.set(name, (namespace.snmp.get(name) ?? 0) + by);
}

const CODEPOINTS4 = ['IpExt.InNoECTPkts', 'IpExt.InECT1Pkts', 'IpExt.InECT0Pkts', 'IpExt.InCEPkts'];
const CODEPOINTS6 = ['Ip6.InNoECTPkts', 'Ip6.InECT1Pkts', 'Ip6.InECT0Pkts', 'Ip6.InCEPkts'];

/** A packet came in; `ecn` are the two lowest bits of its traffic class. */
export function countReceived4(namespace: NamespaceState, octets: number, ecn: number): void {
  count(namespace, 'Ip.InReceives');
  count(namespace, 'IpExt.InOctets', octets);
  count(namespace, CODEPOINTS4[ecn & 3]!);
}

/** What was meant for many, on its way in or out. */
export function countGroup4(namespace: NamespaceState, direction: 'In' | 'Out', type: 'broadcast' | 'multicast', octets: number): void {
  const kind = type === 'broadcast' ? 'Bcast' : 'Mcast';
  count(namespace, `IpExt.${direction}${kind}Pkts`);
  count(namespace, `IpExt.${direction}${kind}Octets`, octets);
}

export function countReceived6(namespace: NamespaceState, octets: number, ecn: number, isGroup: boolean): void {
  count(namespace, 'Ip6.InReceives');
  count(namespace, 'Ip6.InOctets', octets);
  count(namespace, CODEPOINTS6[ecn & 3]!);
  if (!isGroup) return;
  count(namespace, 'Ip6.InMcastPkts');
  count(namespace, 'Ip6.InMcastOctets', octets);
}

export function countTransmitted6(namespace: NamespaceState, octets: number, isGroup: boolean): void {
  count(namespace, 'Ip6.OutTransmits');
  count(namespace, 'Ip6.OutOctets', octets);
  if (!isGroup) return;
  count(namespace, 'Ip6.OutMcastPkts');
  count(namespace, 'Ip6.OutMcastOctets', octets);
}

const ICMP4: ReadonlyMap<number, string> = new Map([
  [0, 'EchoReps'], [3, 'DestUnreachs'], [4, 'SrcQuenchs'], [5, 'Redirects'], [8, 'Echos'], [11, 'TimeExcds'], [12, 'ParmProbs'], [13, 'Timestamps'], [14, 'TimestampReps'], [17, 'AddrMasks'], [18, 'AddrMaskReps'],
]);
const ICMP6: ReadonlyMap<number, string> = new Map([
  [1, 'DestUnreachs'], [2, 'PktTooBigs'], [3, 'TimeExcds'], [4, 'ParmProblems'], [128, 'Echos'], [129, 'EchoReplies'], [130, 'GroupMembQueries'], [131, 'GroupMembResponses'], [132, 'GroupMembReductions'], [133, 'RouterSolicits'],
  [134, 'RouterAdvertisements'], [135, 'NeighborSolicits'], [136, 'NeighborAdvertisements'], [137, 'Redirects'], [143, 'MLDv2Reports'],
]);

/** Of a type: what counts it by its number, and by its name if it has one. Made once: a name put together for each packet would cost more than the packet. */
interface CountersOfType { readonly byNumber: string; readonly byName: string | undefined }

function countersByType(byNumber: string, byName: string, names: ReadonlyMap<number, string>): readonly CountersOfType[] {
  return Array.from({ length: 256 }, (_, type) => ({ byNumber: `${byNumber}${type}`, byName: names.has(type) ? `${byName}${names.get(type)}` : undefined }));
}

const COUNTERS4 = { In: countersByType('IcmpMsg.InType', 'Icmp.In', ICMP4), Out: countersByType('IcmpMsg.OutType', 'Icmp.Out', ICMP4) };
const COUNTERS6 = { In: countersByType('Icmp6.InType', 'Icmp6.In', ICMP6), Out: countersByType('Icmp6.OutType', 'Icmp6.Out', ICMP6) };

/** An ICMP message by its type, whole and by kind. */
export function countIcmp4(namespace: NamespaceState, direction: 'In' | 'Out', type: number | undefined): void {
  if (direction === 'Out') count(namespace, 'Icmp.OutMsgs');
  if (type !== undefined) countType(namespace, COUNTERS4[direction][type]!);
}

export function countIcmp6(namespace: NamespaceState, direction: 'In' | 'Out', type: number | undefined): void {
  count(namespace, direction === 'In' ? 'Icmp6.InMsgs' : 'Icmp6.OutMsgs');
  if (type !== undefined) countType(namespace, COUNTERS6[direction][type]!);
}

function countType(namespace: NamespaceState, { byNumber, byName }: CountersOfType): void {
  count(namespace, byNumber);
  if (byName !== undefined) count(namespace, byName);
}
