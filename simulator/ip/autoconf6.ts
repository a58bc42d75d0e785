/**
 * What a Linux host says over IPv6 without being asked: a link-local address, duplicate address detection, multicast listener reports,
 * router solicitations. Read first: net/ipv6/addrconf.c, net/ipv6/mcast.c, RFC 4862, RFC 3810 section 6.1
 */
import { put16 } from '../bytes.ts';
import { makePacket } from '../kernel/packets.ts';
import { NETWORK_OFFSET } from '../kernel/packet.ts';
import { notifyAddress6 } from '../kernel/notify.ts';
import { replaced, withEntry, withoutEntry } from '../kernel/replace.ts';
import type { Address6, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { TABLE_LOCAL } from '../routing/fib.ts';
import { makeRoute6 } from '../routing/fib6.ts';
import { addKernelRoute6 } from '../routing/routes6.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ALL_MLDV2_ROUTERS, ALL_NODES, ALL_ROUTERS, ANY_IP6, isLinkLocalIp6, LOOPBACK_IP6, solicitedNodeOf, type Ip6 } from '../wire/ip6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { linkLocalOfMac, ZERO_MAC } from '../wire/mac.ts';
import { addLocalRoute6, addRoutesFor6, insertAddress6, removeAddress6 } from './addresses6.ts';
import { joinAllNodes6, joinGroup6, leaveAllButAllNodes6 } from './groups.ts';
import { sendFrame6 } from './output6.ts';

const ROBUSTNESS = 2;
const UNSOLICITED_REPORT_MS = 1000;

/** addrconf_notify for NETDEV_UP and NETDEV_CHANGE: the link is ready. */
export function linkReady6(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (device.isIpv6Ready || device.conf6.disable_ipv6 !== 0 || device.mtu < 1280) return;
  device.isIpv6Ready = true;
  joinAllNodes6(device);
  if (device.kind === 'loopback') {
    if (!device.addresses6.some((one) => one.address === LOOPBACK_IP6)) insertAddress6(kernel, namespace, device, plain(LOOPBACK_IP6, 128, 'host'));
    return;
  }
  addKernelRoute6(kernel, namespace, { ...makeRoute6('multicast', 'ff000000000000000000000000000000', 8, TABLE_LOCAL, device.index, 256) });
  for (const address of device.addresses6) {
    addRoutesFor6(kernel, namespace, device, isLinkLocalIp6(address.address) ? address : startDad(kernel, namespace, device, address));
  }
  const wantsLinkLocal = device.conf6.addr_gen_mode === 0 && device.mac !== ZERO_MAC && device.kind !== 'tun';
  const known = device.addresses6.find((one) => isLinkLocalIp6(one.address));
  if (known !== undefined) {
    if (known.isTentative) startDad(kernel, namespace, device, known);
  } else if (wantsLinkLocal) insertAddress6(kernel, namespace, device, plain(linkLocalOfMac(device.mac), 64, 'link'));
}

function plain(address: Ip6, prefixLength: number, scope: Address6['scope']): Address6 {
  return { address, peer: undefined, prefixLength, scope, isTentative: false, isDadFailed: false, noDad: false, dadProbesLeft: 0, noPrefixRoute: false, metric: undefined, validUntilUs: undefined, preferredUntilUs: undefined, proto: undefined };
}

/** addrconf_ifdown */
export function linkDown6(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  device.isIpv6Ready = false;
  device.solicitationGeneration += 1;
  for (const address of [...device.addresses6]) removeAddress6(kernel, namespace, device, address);
  leaveAllButAllNodes6(device);
}

export function ipv6Disabled(kernel: Kernel, namespace: NamespaceState, device: Device, isDisabled: boolean): void {
  if (isDisabled) linkDown6(kernel, namespace, device);
  else if (device.isUp && device.carrier) linkReady6(kernel, namespace, device);
}

export function forwardingChanged6(_kernel: Kernel, namespace: NamespaceState): void {
  for (const device of namespace.devices.values()) {
    if (device.conf6.forwarding !== 0) {
      device.solicitationGeneration += 1;
      if (device.isIpv6Ready) device.groups6 = withEntry(device.groups6, ALL_ROUTERS, 1);
    } else device.groups6 = withoutEntry(device.groups6, ALL_ROUTERS);
  }
}

function changed(device: Device, address: Address6, change: Partial<Address6>): Address6 {
  const made = { ...address, ...change };
  device.addresses6 = replaced(device.addresses6, address, made);
  return made;
}

/** addrconf_dad_start; answers the address as it is now. */
export function startDad(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6): Address6 {
  const group = solicitedNodeOf(address.address);
  // addrconf_join_solict leaves out what needs no resolution.
  const isNew = device.kind !== 'loopback' && !device.noArp && joinGroup6(device, group);
  if (device.kind === 'loopback' || address.noDad || device.noArp || device.conf6.accept_dad < 1 || device.conf6.dad_transmits < 1) {
    return changed(device, address, { isTentative: false });
  }
  if (!device.isIpv6Ready) return changed(device, address, { isTentative: true });
  if (isNew) report(kernel, namespace, device, [group], ROBUSTNESS, 4, 10_000);
  kernel.world.post(kernel.world.dice.below(1000) * 1000, { kind: 'dad', kernelId: kernel.state.id, ns: namespace.id, device: device.index, address: address.address });
  return changed(device, address, { isTentative: true, dadProbesLeft: device.conf6.dad_transmits });
}

/** addrconf_dad_work: a probe each second, then the address is ours. */
export function dadTimer(kernel: Kernel, namespace: NamespaceState, device: Device, wanted: Ip6): void {
  const tentative = device.addresses6.find((one) => one.address === wanted);
  if (tentative === undefined || !tentative.isTentative || tentative.isDadFailed || !device.isUp || !device.isIpv6Ready) return;
  if (tentative.dadProbesLeft > 0) {
    changed(device, tentative, { dadProbesLeft: tentative.dadProbesLeft - 1 });
    sendDadProbe(kernel, namespace, device, wanted);
    kernel.world.post(device.neigh6.retransmitMs * 1000, { kind: 'dad', kernelId: kernel.state.id, ns: namespace.id, device: device.index, address: wanted });
    return;
  }
  const address = changed(device, tentative, { isTentative: false });
  addLocalRoute6(kernel, namespace, device, address);
  notifyAddress6(kernel, namespace, device, address);
  if (!isLinkLocalIp6(address.address)) return;
  // addrconf_dad_completed: the groups are reported again, now from a real address, and routers are looked for.
  const groups = [...device.groups6.keys()].filter((group) => group !== ALL_NODES && !group.startsWith('ff01')).reverse();
  report(kernel, namespace, device, groups, ROBUSTNESS, 4, 0);
  if (device.conf6.forwarding !== 0 || device.conf6.accept_ra === 0 || device.conf6.router_solicitations === 0) return;
  device.solicitationGeneration += 1;
  kernel.world.post(0, { kind: 'router-solicitation', kernelId: kernel.state.id, ns: namespace.id, device: device.index, generation: device.solicitationGeneration, intervalMs: 4000 });
}

/** Somebody else uses the address (addrconf_dad_failure). */
export function dadFailed(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6): void {
  notifyAddress6(kernel, namespace, device, changed(device, address, { isDadFailed: true }));
}

/** RFC 7559: again and again, at doubling intervals up to an hour. */
export function solicitationTimer(kernel: Kernel, namespace: NamespaceState, device: Device, generation: number, intervalMs: number): void {
  if (device.solicitationGeneration !== generation || !device.isUp || !device.isIpv6Ready) return;
  const source = device.addresses6.find((one) => isLinkLocalIp6(one.address) && !one.isTentative);
  if (source === undefined) return;
  sendMessage(kernel, namespace, device, source.address, ALL_ROUTERS, { type: icmp6.ROUTER_SOLICITATION, code: 0, rest: 0, payload: icmp6.linkLayerBytes(1, device.mac) });
  const jitter = 0.9 + kernel.world.dice.fraction() * 0.2;
  kernel.world.post(Math.round(intervalMs * jitter * 1000), { kind: 'router-solicitation', kernelId: kernel.state.id, ns: namespace.id, device: device.index, generation, intervalMs: Math.min(3_600_000, intervalMs * 2) });
}

function report(kernel: Kernel, namespace: NamespaceState, device: Device, groups: Ip6[], left: number, mode: number, delayUs: number): void {
  kernel.world.post(delayUs, { kind: 'mld-report', kernelId: kernel.state.id, ns: namespace.id, device: device.index, groups, left, mode, generation: device.solicitationGeneration });
}

/** mld_ifc_work: the robustness variable says how often, within a second of each other. */
export function reportTimer(kernel: Kernel, namespace: NamespaceState, device: Device, groups: Ip6[], left: number, mode: number): void {
  if (!device.isUp || !device.isIpv6Ready || !device.carrier) return;
  const source = device.addresses6.find((one) => isLinkLocalIp6(one.address) && !one.isTentative)?.address ?? ANY_IP6;
  const records = groups.map((group) => ({ mode, group, sources: [] }));
  const message: icmp6.Icmp6Message = { type: icmp6.MLDV2_REPORT, code: 0, rest: records.length, payload: icmp6.reportPayload(records) };
  const length = 8 + message.payload.length;
  const inner = icmp6.emit(message, ipv6.pseudoHeaderSum(source, ALL_MLDV2_ROUTERS, ipv6.NEXT_ICMPV6, length));
  const body = new Uint8Array(8 + inner.length);
  body.set(ipv6.ROUTER_ALERT_HEADER, 0);
  body.set(inner, 8);
  const frame = ipv6.emit({ source, destination: ALL_MLDV2_ROUTERS, nextHeader: ipv6.NEXT_HOP_BY_HOP, hopLimit: 1 }, body, NETWORK_OFFSET);
  sendFrame6(kernel, namespace, device, makePacket(kernel, frame, ethernet.TYPE_IPV6), ALL_MLDV2_ROUTERS);
  if (left > 1) report(kernel, namespace, device, groups, left - 1, mode, Math.max(1, kernel.world.dice.below(UNSOLICITED_REPORT_MS)) * 1000);
}

function sendDadProbe(kernel: Kernel, namespace: NamespaceState, device: Device, target: Ip6): void {
  // With enhanced DAD (RFC 7527) the probe carries a nonce: option 14.
  const payload = new Uint8Array(24);
  payload.set(icmp6.neighbourPayload(target, undefined, 1), 0);
  payload[16] = 14;
  payload[17] = 1;
  payload.set(kernel.world.dice.bytes(6), 18);
  sendMessage(kernel, namespace, device, ANY_IP6, solicitedNodeOf(target), { type: icmp6.NEIGHBOUR_SOLICITATION, code: 0, rest: 0, payload });
}

/** An ICMPv6 message with hop limit 255, out of one device. */
export function sendMessage(kernel: Kernel, namespace: NamespaceState, device: Device, source: Ip6, destination: Ip6, message: icmp6.Icmp6Message): void {
  const body = icmp6.emit(message, ipv6.pseudoHeaderSum(source, destination, ipv6.NEXT_ICMPV6, 8 + message.payload.length));
  const frame = ipv6.emit({ source, destination, nextHeader: ipv6.NEXT_ICMPV6, hopLimit: 255 }, body, NETWORK_OFFSET);
  put16(frame, 12, ethernet.TYPE_IPV6);
  sendFrame6(kernel, namespace, device, makePacket(kernel, frame, ethernet.TYPE_IPV6), destination);
}
