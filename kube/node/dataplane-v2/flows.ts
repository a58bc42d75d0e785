/** The programs' own connection tracking, which netfilter's knows nothing of. Read first: cilium bpf/lib/conntrack.h (__ct_lookup, ct_update_timeout), pkg/maps/ctmap */
import { get16, get32 } from '../../../simulator/bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../../../simulator/kernel/packet.ts';
import * as ipv4 from '../../../simulator/wire/ipv4.ts';
import * as tcp from '../../../simulator/wire/tcp.ts';
import { flowKey, type Flow, type FlowKind, type FlowMaps, type Tuple } from './maps.ts';

/** CT_CONNECTION_LIFETIME_TCP, CT_CONNECTION_LIFETIME_NONTCP, CT_SYN_TIMEOUT, CT_CLOSE_TIMEOUT. */
const TCP_US = 21_600_000_000;
const OTHER_US = 60_000_000;
const SYN_US = 60_000_000;
const CLOSE_US = 10_000_000;
/** Expired entries are swept when a map has grown to this; at most so many are kept, the youngest (the maps are LRU ones, of half a million). */
const SWEEP_AT = 4096;
const MOST = 16_384;

/** Undefined for what the programs let pass unseen: other protocols, later fragments, ICMP errors. */
export function tupleOf(packet: Packet): Tuple | undefined {
  const { frame } = packet;
  if (packet.protocol !== 0x0800 || ipv4.fragmentOffset(frame, NETWORK_OFFSET) !== 0) return undefined;
  const protocol = ipv4.protocol(frame, NETWORK_OFFSET);
  const at = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET);
  if (at + 8 > frame.length) return undefined;
  const ends = { protocol, source: get32(frame, NETWORK_OFFSET + 12), destination: get32(frame, NETWORK_OFFSET + 16) };
  if (protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP) return { ...ends, sport: get16(frame, at), dport: get16(frame, at + 2) };
  if (protocol !== ipv4.PROTOCOL_ICMP) return undefined;
  const type = frame[at]!;
  if (type !== 0 && type !== 8) return undefined;
  // The identifier stands where the client's port would.
  const identifier = get16(frame, at + 4);
  return type === 8 ? { ...ends, sport: identifier, dport: 0 } : { ...ends, sport: 0, dport: identifier };
}

export function flagsOf(packet: Packet, { protocol }: Tuple): number {
  return protocol === ipv4.PROTOCOL_TCP ? tcp.flags(packet.frame, NETWORK_OFFSET + ipv4.headerLength(packet.frame, NETWORK_OFFSET)) & 0x3f : 0;
}

export function liveFlow(maps: FlowMaps, key: string, nowUs: number): Flow | undefined {
  const flow = maps.flows.get(key);
  return flow === undefined || flow.expiresUs <= nowUs ? undefined : flow;
}

export function createFlow(maps: FlowMaps, kind: FlowKind, tuple: Tuple, nowUs: number, extra: Partial<Pick<Flow, 'service' | 'backend' | 'sourceIdentity'>> = {}): Flow {
  const flow: Flow = {
    kind, tuple, expiresUs: nowUs, rxPackets: 0, rxBytes: 0, rxFlags: 0, rxReportUs: 0, rxClosing: false, txPackets: 0, txBytes: 0, txFlags: 0, txReportUs: 0, txClosing: false, seenNonSyn: false,
    service: extra.service, backend: extra.backend, lentPort: 0, sourceIdentity: extra.sourceIdentity ?? 0,
  };
  sweep(maps, nowUs);
  maps.flows.set(flowKey(kind, tuple), flow);
  return flow;
}

/** A packet of the flow; `isIn` as the endpoint sees it, which for what it sends itself is false. */
export function touchFlow(flow: Flow, packet: Packet, isIn: boolean, nowUs: number): void {
  const isTcp = flow.tuple.protocol === ipv4.PROTOCOL_TCP;
  const flags = flagsOf(packet, flow.tuple);
  if (isTcp && (flags & tcp.SYN) !== 0) {
    flow.rxClosing = false;
    flow.txClosing = false;
  }
  if (isTcp && (flags & tcp.SYN) === 0) flow.seenNonSyn = true;
  if (flow.kind !== 'SERVICE') {
    if (isIn) {
      flow.rxPackets += 1;
      flow.rxBytes += packet.frame.length;
      flow.rxFlags |= flags;
      flow.rxReportUs = nowUs;
    } else {
      flow.txPackets += 1;
      flow.txBytes += packet.frame.length;
      flow.txFlags |= flags;
      flow.txReportUs = nowUs;
    }
  }
  // A choice sees the client's side only; a reset ends both.
  const closesBoth = (flags & tcp.RST) !== 0 || flow.kind === 'SERVICE';
  if ((flags & (tcp.RST | tcp.FIN)) !== 0) {
    if (closesBoth || isIn) flow.rxClosing = true;
    if (closesBoth || !isIn) flow.txClosing = true;
  }
  flow.expiresUs = nowUs + (!isTcp ? OTHER_US : flow.rxClosing && flow.txClosing ? CLOSE_US : flow.seenNonSyn || flow.kind === 'SERVICE' ? TCP_US : SYN_US);
}

function sweep(maps: FlowMaps, nowUs: number): void {
  if (maps.flows.size < SWEEP_AT || maps.flows.size % 256 !== 0) return;
  for (const [key, flow] of maps.flows) if (flow.expiresUs <= nowUs || maps.flows.size > MOST) maps.flows.delete(key);
  for (const [key, flow] of maps.translations) if (!maps.flows.has(flow)) maps.translations.delete(key);
}
