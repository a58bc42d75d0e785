/** Conntrack entries as programs see them, and the events conntrack -E reads (net/netfilter/nf_conntrack_ecache.c, nf_conntrack_netlink.c). */
import { formatIp4 } from '../../wire/ip4.ts';
import { formatIp6 } from '../../wire/ip6.ts';
import type { ConntrackEvent, ConntrackView, TupleView } from '../api.ts';
import type { NetfilterEnvironment } from '../environment.ts';
import type { NetfilterState } from '../state.ts';
import type { ConntrackEntry, Tuple } from './state.ts';
import { TCP_STATES } from './tcp.ts';
import { hasPorts } from './tuple.ts';

export const EVENT_NEW = 1;
export const EVENT_UPDATE = 2;

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([[1, 'icmp'], [6, 'tcp'], [17, 'udp'], [33, 'dccp'], [47, 'gre'], [58, 'icmpv6'], [132, 'sctp'], [136, 'udplite']]);

function addressText(address: number | string): string {
  return typeof address === 'number' ? formatIp4(address) : formatIp6(address);
}

export function tupleView(tuple: Tuple, protocol: number): TupleView {
  const addresses = { source: addressText(tuple.source), destination: addressText(tuple.destination) };
  if (protocol === 1 || protocol === 58) return { ...addresses, icmpType: tuple.dport >> 8, icmpCode: tuple.dport & 255, icmpId: tuple.sport };
  if (hasPorts(protocol)) return { ...addresses, sport: tuple.sport, dport: tuple.dport };
  return addresses;
}

export function viewOf(entry: ConntrackEntry, nowUs: number, isAccounting: boolean): ConntrackView {
  const left = entry.isDying || !entry.isConfirmed ? entry.timeoutUs : entry.timeoutAtUs - nowUs;
  return {
    id: entry.id, family: entry.family, protocol: entry.protocol, protocolName: PROTOCOL_NAMES.get(entry.protocol) ?? 'unknown',
    timeoutSeconds: Math.max(0, Math.floor(left / 1_000_000)),
    state: entry.tcp === undefined ? undefined : TCP_STATES[entry.tcp.state],
    original: tupleView(entry.original, entry.protocol), reply: tupleView(entry.reply, entry.protocol),
    isReplied: entry.isSeenReply, isAssured: entry.isAssured, mark: entry.mark, use: 1, zone: entry.zone,
    ...(isAccounting ? { counters: { packets: [...entry.packets] as [number, number], bytes: [...entry.bytes] as [number, number] } } : {}),
    nat: { source: entry.sourceNat, destination: entry.destinationNat },
  };
}

export function isAccounting(environment: NetfilterEnvironment, ns: number): boolean {
  return (environment.sysctlNumber(ns, 'net/netfilter/nf_conntrack_acct') ?? 0) !== 0;
}

export function sendEvent(environment: NetfilterEnvironment, ns: number, state: NetfilterState, kind: ConntrackEvent['kind'], entry: ConntrackEntry, view?: ConntrackView): void {
  if (state.subscriptions.size === 0) return;
  const event: ConntrackEvent = { kind, atUs: environment.nowUs, entry: view ?? viewOf(entry, environment.nowUs, isAccounting(environment, ns)) };
  for (const [id, queue] of state.subscriptions) {
    queue.push(event);
    environment.notifyReady(id);
  }
}
