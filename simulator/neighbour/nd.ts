/** Neighbour discovery: solicitations and advertisements. Router advertisements are listened to for nothing but their default route. Read first: RFC 4861, net/ipv6/ndisc.c */
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState, Neighbour } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { dadFailed, sendMessage } from '../ip/autoconf6.ts';
import { selectAddress6 } from '../ip/addresses6.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ALL_NODES, ANY_IP6, isMulticastIp6, solicitedNodeOf, type Ip6 } from '../wire/ip6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { findNeighbour, makeNeighbour, updateNeighbour } from './neighbour.ts';

/** ndisc_solicit */
export function solicitNd(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour, about: Packet | undefined, isUnicast: boolean): void {
  const target = neighbour.address as Ip6;
  const waiting = about === undefined ? '' : ipv6.source(about.frame, NETWORK_OFFSET);
  const source = device.addresses6.some((one) => one.address === waiting && !one.isTentative) ? waiting : selectAddress6(namespace, device.index, target);
  if (source === undefined) return;
  const destination = isUnicast && neighbour.mac !== undefined ? target : solicitedNodeOf(target);
  sendMessage(kernel, namespace, device, source, destination, { type: icmp6.NEIGHBOUR_SOLICITATION, code: 0, rest: 0, payload: icmp6.neighbourPayload(target, device.mac, 1) });
}

export function receiveNd(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, message: icmp6.Icmp6Message): void {
  if (ipv6.hopLimit(packet.frame, NETWORK_OFFSET) !== 255) return died(kernel, namespace.id, packet, 'neighbour', 'neighbour discovery from beyond the link', device.name);
  if (message.type === icmp6.ROUTER_SOLICITATION || message.type === icmp6.ROUTER_ADVERTISEMENT) return died(kernel, namespace.id, packet, 'neighbour', 'router discovery is not acted upon here', device.name);
  const parsed = icmp6.parseNeighbour(message);
  if (typeof parsed === 'string') return died(kernel, namespace.id, packet, 'neighbour', `bad neighbour discovery message: ${parsed}`, device.name);
  if (message.type === icmp6.NEIGHBOUR_SOLICITATION) receiveSolicitation(kernel, namespace, device, packet, parsed);
  else receiveAdvertisement(kernel, namespace, device, packet, parsed);
}

function receiveSolicitation(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, solicitation: icmp6.NeighbourMessage): void {
  const source = ipv6.source(packet.frame, NETWORK_OFFSET);
  const own = device.addresses6.find((one) => one.address === solicitation.target);
  if (own === undefined) return died(kernel, namespace.id, packet, 'neighbour', 'a solicitation for an address that is not here', device.name);
  if (own.isTentative) {
    if (source === ANY_IP6) dadFailed(kernel, namespace, device, own);
    return;
  }
  const base = device.conf6.forwarding !== 0 ? icmp6.NA_ROUTER : 0;
  if (source === ANY_IP6) {
    return sendMessage(kernel, namespace, device, own.address, ALL_NODES, { type: icmp6.NEIGHBOUR_ADVERTISEMENT, code: 0, rest: (base | icmp6.NA_OVERRIDE) >>> 0, payload: icmp6.neighbourPayload(own.address, device.mac, 2) });
  }
  if (solicitation.linkLayer !== undefined) {
    const neighbour = findNeighbour(namespace, 'inet6', device.index, source) ?? makeNeighbour(kernel, namespace, 'inet6', device, source);
    updateNeighbour(kernel, namespace, neighbour, { mac: solicitation.linkLayer, state: 'STALE', override: true, weakOverride: true });
  }
  sendMessage(kernel, namespace, device, own.address, source, { type: icmp6.NEIGHBOUR_ADVERTISEMENT, code: 0, rest: (base | icmp6.NA_SOLICITED | icmp6.NA_OVERRIDE) >>> 0, payload: icmp6.neighbourPayload(own.address, device.mac, 2) });
}

function receiveAdvertisement(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, advertisement: icmp6.NeighbourMessage): void {
  const own = device.addresses6.find((one) => one.address === advertisement.target);
  if (own !== undefined) {
    if (own.isTentative) dadFailed(kernel, namespace, device, own);
    return;
  }
  const neighbour = findNeighbour(namespace, 'inet6', device.index, advertisement.target);
  if (neighbour === undefined) return died(kernel, namespace.id, packet, 'neighbour', 'an advertisement nobody asked for', device.name);
  const isGroup = isMulticastIp6(ipv6.destination(packet.frame, NETWORK_OFFSET));
  updateNeighbour(kernel, namespace, neighbour, {
    mac: advertisement.linkLayer ?? neighbour.mac, state: advertisement.isSolicited && !isGroup ? 'REACHABLE' : 'STALE', override: advertisement.isOverride, weakOverride: true, isRouter: advertisement.isRouter,
  });
}
