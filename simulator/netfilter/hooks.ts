/**
 * Where the packet path meets netfilter: the five hooks, in the order of nf_register_net_hook priorities
 * (include/uapi/linux/netfilter_ipv4.h): defrag -400, raw -300, conntrack -200, mangle -150, nat destination -100, filter 0, nat source
 * 100, security 150 (where iptables-nft puts it), conntrack confirm at the end of INPUT and POSTROUTING.
 *
 * Contract with the IP layer:
 * - call `runHooks` once per hook and packet; 'drop' frees the packet (its `died` trace event is already sent), 'stolen' means somebody else keeps it, 'accept'
 *   goes on with `packet`, whose bytes, mark, conntrack and (after OUTPUT) outDevice may have changed: read the destination again after PREROUTING and OUTPUT.
 * - `packet.conntrack` belongs to the namespace: set it to undefined when a packet enters another namespace, keep it over lo (skb_scrub_packet does both).
 * - bridged IPv4 frames under bridge-nf-call-iptables use the same hooks with physicalIn/physicalOut set.
 * - PREROUTING of a packet that came by lo with `conntrack` set is not tracked again.
 */
import type { Address, Family, LinkIndex, NetnsId, SocketId } from '../kernel/api.ts';
import { armTimer, dropExpired } from './conntrack/track.ts';
import type { NetfilterEnvironment } from './environment.ts';
import { endMasqueraded } from './nat/nat.ts';
import { tupleAddress } from './address.ts';

export { createNetfilterCalls } from './calls.ts';
export { conntrackProcText } from './conntrack/proc.ts';
export { runHooks, type HookVerdict } from './engine.ts';
export type { NetfilterEnvironment } from './environment.ts';
export { createNetfilterState, type NetfilterState } from './state.ts';

/** The timer asked for by `setNetfilterTimer` is due: connections end in time for those who watch. */
export function netfilterTimer(environment: NetfilterEnvironment, ns: NetnsId): void {
  const state = environment.netfilterState(ns);
  state.conntrack.timerAtUs = undefined;
  dropExpired(environment, ns, state);
  armTimer(environment, ns, state);
}

/** A device went down or away: connections masqueraded behind it end (nf_nat_masquerade.c). */
export function masqueradeDeviceDown(environment: NetfilterEnvironment, ns: NetnsId, device: LinkIndex): void {
  endMasqueraded(environment, ns, environment.netfilterState(ns), device, undefined);
}

/** An address was taken from a device: connections masqueraded as it end. */
export function masqueradeAddressGone(environment: NetfilterEnvironment, ns: NetnsId, family: Family, device: LinkIndex, address: Address): void {
  endMasqueraded(environment, ns, environment.netfilterState(ns), device, tupleAddress(family, address));
}

/** For readiness of a socket id that `subscribeConntrack` answered; undefined when it is none of ours. */
export function hasConntrackEvents(environment: NetfilterEnvironment, id: SocketId): boolean | undefined {
  for (const ns of environment.namespaceIds()) {
    const queue = environment.netfilterState(ns).subscriptions.get(id);
    if (queue !== undefined) return queue.length > 0;
  }
  return undefined;
}

export function closeConntrackSubscription(environment: NetfilterEnvironment, id: SocketId): void {
  for (const ns of environment.namespaceIds()) environment.netfilterState(ns).subscriptions.delete(id);
}
