/**
 * What netfilter may ask of the kernel around it, and what the kernel asks of netfilter.
 * Plain functions over `Kernel`, so that state stays data. The packet path calls back into simulator/netfilter/hooks.ts:
 *   createNetfilterState(): NetfilterState                        kept in NamespaceState.netfilter
 *   runHooks(kernel, ns, family, hook, packet): 'accept' | 'drop' | 'stolen'
 *   onNetfilterTimer(kernel, ns, record)                          a record given to `scheduleNetfilter` is due
 *   onDeviceGone(kernel, ns, index)                               the device went down or away (MASQUERADE flows die)
 *   onAddressGone(kernel, ns, family, address)                    an address was removed (MASQUERADE flows die)
 *   netfilterCalls(kernel): NetfilterCalls
 * Read first: net/ipv4/netfilter.c (ip_route_me_harder), net/ipv4/netfilter/nf_reject_ipv4.c
 */
import type { Dice } from '../world/api.ts';
import type { TraceSink } from '../world/trace.ts';
import type { LinkIndex, NetnsId, RouteType, SocketId } from './api.ts';
import type { Packet } from './packet.ts';
import type { Device, Kernel, NamespaceState } from './state.ts';
import type { NetfilterTimerRecord } from './state.ts';
import type { Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';
import * as sysctls from '../sysctl/sysctl.ts';
import * as addresses4 from '../ip/addresses4.ts';
import * as addresses6 from '../ip/addresses6.ts';
import * as reject from '../ip/reject.ts';
import * as reroute from '../ip/reroute.ts';
import { addressType4 } from '../routing/lookup4.ts';
import { addressType6 } from '../routing/lookup6.ts';
import { openSubscription } from '../sockets/subscription.ts';

export type { Kernel, NamespaceState, NetfilterTimerRecord } from './state.ts';

export function nowUs(kernel: Kernel): number {
  return kernel.world.state.nowUs;
}

export function dice(kernel: Kernel): Dice {
  return kernel.world.dice;
}

/** The namespace's state; its `netfilter` field is netfilter's own. Throws for an id that does not exist. */
export function namespaceOf(kernel: Kernel, ns: NetnsId): NamespaceState {
  const namespace = kernel.state.namespaces.get(ns);
  if (namespace === undefined) throw new Error(`no network namespace ${ns} in kernel ${kernel.state.id}`);
  return namespace;
}

export function deviceOf(kernel: Kernel, ns: NetnsId, index: LinkIndex): Device | undefined {
  return kernel.state.namespaces.get(ns)?.devices.get(index);
}

/** '' for index 0 or a device that is gone. */
export function deviceName(kernel: Kernel, ns: NetnsId, index: LinkIndex): string {
  return kernel.state.namespaces.get(ns)?.devices.get(index)?.name ?? '';
}

/** The link a device leads to is up (MASQUERADE, addrtype --limit-iface). */
export function macOf(kernel: Kernel, ns: NetnsId, index: LinkIndex): string | undefined {
  return deviceOf(kernel, ns, index)?.mac;
}

/** inet_select_addr(device, towards, RT_SCOPE_UNIVERSE): what MASQUERADE writes; undefined when the device has none (packet dropped). */
export function selectAddress4(kernel: Kernel, ns: NetnsId, device: LinkIndex, towards: Ip4): Ip4 | undefined {
  return addresses4.selectAddress(namespaceOf(kernel, ns), device, towards);
}

/** The same for IPv6 (ipv6_dev_get_saddr). */
export function selectAddress6(kernel: Kernel, ns: NetnsId, device: LinkIndex, towards: Ip6): Ip6 | undefined {
  return addresses6.selectAddress(namespaceOf(kernel, ns), device, towards);
}

/** The first address of a device, for REDIRECT of packets that came in by it. */
export function primaryAddress4(kernel: Kernel, ns: NetnsId, device: LinkIndex): Ip4 | undefined {
  return deviceOf(kernel, ns, device)?.addresses4[0]?.local;
}

export function primaryAddress6(kernel: Kernel, ns: NetnsId, device: LinkIndex): Ip6 | undefined {
  return deviceOf(kernel, ns, device)?.addresses6.find((one) => one.scope === 'global')?.address ?? deviceOf(kernel, ns, device)?.addresses6[0]?.address;
}

/** inet_addr_type / inet_dev_addr_type: with `device`, LOCAL and BROADCAST only when on that device. */
export function typeOfAddress4(kernel: Kernel, ns: NetnsId, address: Ip4, device: LinkIndex | 0 = 0): RouteType {
  return addressType4(namespaceOf(kernel, ns), address, device);
}

export function typeOfAddress6(kernel: Kernel, ns: NetnsId, address: Ip6, device: LinkIndex | 0 = 0): RouteType {
  return addressType6(namespaceOf(kernel, ns), address, device);
}

/** ip_route_me_harder after OUTPUT changed addresses or mark: writes packet.outDevice. False: no route, drop it. */
export function routeAgain(kernel: Kernel, ns: NetnsId, family: 'inet' | 'inet6', packet: Packet): boolean {
  return reroute.routeAgain(kernel, namespaceOf(kernel, ns), family, packet);
}

/** REJECT: sends the ICMP error (or ICMPv6) about `packet` as nf_send_unreach does. Rate limits of icmp_send apply. */
export function sendUnreachable(kernel: Kernel, ns: NetnsId, family: 'inet' | 'inet6', packet: Packet, type: number, code: number): void {
  reject.sendUnreachable(kernel, namespaceOf(kernel, ns), family, packet, type, code);
}

/** REJECT --reject-with tcp-reset: answers a TCP segment with a RST as nf_send_reset does. */
export function sendTcpReset(kernel: Kernel, ns: NetnsId, family: 'inet' | 'inet6', packet: Packet): void {
  reject.sendTcpReset(kernel, namespaceOf(kernel, ns), family, packet);
}

/** Calls onNetfilterTimer(kernel, ns, record) after `delayUs`; answers an id for `cancelNetfilter`. The record must be plain data. */
export function scheduleNetfilter(kernel: Kernel, ns: NetnsId, delayUs: number, record: NetfilterTimerRecord): number {
  return kernel.world.schedule(delayUs, { kind: 'netfilter', kernelId: kernel.state.id, ns, record });
}

export function cancelNetfilter(kernel: Kernel, timer: number): void {
  kernel.world.cancel(timer);
}

/** An unsigned integer sysctl such as `net/netfilter/nf_conntrack_icmp_timeout`; 0 when it does not exist. */
export function sysctlNumber(kernel: Kernel, ns: NetnsId, key: string): number {
  return sysctls.numberOf(namespaceOf(kernel, ns), key);
}

/** A queue with readiness for events (conntrack -E): announce with `announceReady`. Close is SocketCalls.close. */
export function openEventQueue(kernel: Kernel, ns: NetnsId): SocketId {
  return openSubscription(kernel, namespaceOf(kernel, ns), 'conntrack', []);
}

/** Appends to a queue made by `openEventQueue` and wakes its reader. */
export function pushEvent(kernel: Kernel, socket: SocketId, event: unknown): void {
  const found = kernel.state.sockets.get(socket);
  if (found?.kind !== 'subscription') return;
  found.events.push(event);
  kernel.world.announceReady(kernel.state.id, socket);
}

export function takeEvents(kernel: Kernel, socket: SocketId): unknown[] {
  const found = kernel.state.sockets.get(socket);
  if (found?.kind !== 'subscription') return [];
  return found.events.splice(0);
}

/** Something an observer might show has changed. */
export function announceStateChange(kernel: Kernel): void {
  kernel.world.announceChange(kernel.state.id);
}

/** undefined while nobody traces: build no event then. */
export function traceSink(kernel: Kernel): TraceSink | undefined {
  return kernel.world.traceSink;
}
