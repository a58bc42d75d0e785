/** IPv6 out. Read first: net/ipv6/ip6_output.c */
import { runHooks } from '../netfilter/hooks.ts';
import type { Errno } from '../result.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import { copyPacket, makePacket } from '../kernel/packets.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { arrive, VIRTUAL_HOP_US } from '../devices/transmit.ts';
import { outputVia6 } from '../neighbour/neighbour.ts';
import { routeOutput6, type RouteResult6 } from '../routing/lookup6.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ANY_IP6, isMulticastIp6, type Ip6 } from '../wire/ip6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { fragments6 } from './fragment6.ts';
import { sendIcmpError6 } from './icmp6.ts';
import type { Sender4 } from './output4.ts';
import { count, countIcmp6, countTransmitted6 } from './snmp.ts';

export function mtuOf6(kernel: Kernel, namespace: NamespaceState, route: RouteResult6, destination: Ip6): number {
  const device = namespace.devices.get(route.device)!;
  const base = route.route?.mtu !== undefined && route.route.mtu !== 0 ? route.route.mtu : device.mtu;
  const learnt = namespace.exceptions6.get(destination);
  return learnt === undefined || learnt.expiresAtUs <= kernel.world.nowUs ? base : Math.min(base, learnt.mtu);
}

/** `source` is '' or :: while the socket has none. */
export function routeFor6(kernel: Kernel, namespace: NamespaceState, source: Ip6, destination: Ip6, sender: Sender4): RouteResult6 | Errno {
  return routeOutput6(kernel, namespace, { destination, source: source === ANY_IP6 ? '' : source, oif: sender.oif, mark: sender.mark });
}

export interface Send6 { source: Ip6; destination: Ip6; nextHeader: number; body: Uint8Array; hopLimit: number }

export function sendIp6(kernel: Kernel, namespace: NamespaceState, fields: Send6, route: RouteResult6, sender: Sender4, checksumPartial = false): 'EPERM' | undefined {
  const packet = makePacket(kernel, ipv6.emit(fields, fields.body, NETWORK_OFFSET), ethernet.TYPE_IPV6);
  packet.uid = sender.uid;
  packet.socketId = sender.socketId;
  packet.mark = sender.mark;
  packet.checksumPartial = checksumPartial;
  return sendRouted6(kernel, namespace, packet, route);
}

/** EPERM when a hook dropped it, as in output4.ts. */
export function sendRouted6(kernel: Kernel, namespace: NamespaceState, packet: Packet, route: RouteResult6): 'EPERM' | undefined {
  packet.protocol = ethernet.TYPE_IPV6;
  packet.outDevice = route.device;
  const before = ipv6.destination(packet.frame, NETWORK_OFFSET);
  countSent(namespace, packet);
  const verdict = runHooks(kernel.netfilter, namespace.id, 'inet6', 'OUTPUT', packet, namespace.netfilter);
  if (verdict !== 'accept') return verdict === 'drop' ? 'EPERM' : undefined;
  const destination = ipv6.destination(packet.frame, NETWORK_OFFSET);
  let way = route;
  if (destination !== before || packet.outDevice !== route.device) {
    const again = routeOutput6(kernel, namespace, { destination, source: '', oif: 0, mark: packet.mark });
    if (typeof again === 'string') {
      died(kernel, namespace.id, packet, 'route', 'no route after OUTPUT changed the packet', 'OUTPUT');
      return undefined;
    }
    way = again;
  }
  const device = namespace.devices.get(way.device);
  if (device === undefined) {
    died(kernel, namespace.id, packet, 'route', 'the device of the route is gone', '');
    return undefined;
  }
  return finishOutput6(kernel, namespace, device, packet, way.gateway === ANY_IP6 ? destination : way.gateway, mtuOf6(kernel, namespace, way, destination));
}

export function finishOutput6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, nextHop: Ip6, mtu: number): 'EPERM' | undefined {
  packet.outDevice = device.index;
  const verdict = runHooks(kernel.netfilter, namespace.id, 'inet6', 'POSTROUTING', packet, namespace.netfilter);
  if (verdict !== 'accept') return verdict === 'drop' ? 'EPERM' : undefined;
  const length = ipv6.HEADER_LENGTH + ipv6.payloadLength(packet.frame, NETWORK_OFFSET);
  countTransmitted6(namespace, length, isMulticastIp6(ipv6.destination(packet.frame, NETWORK_OFFSET)));
  const { maxFragment = 0 } = packet;
  const limit = maxFragment === 0 ? mtu : Math.min(mtu, maxFragment);
  // Only who sends a packet takes it apart, or a router that has put it together itself.
  if (length > limit && (packet.inDevice === 0 || (maxFragment !== 0 && maxFragment <= mtu))) {
    count(namespace, 'Ip6.FragOKs');
    for (const fragment of fragments6(kernel, packet, limit)) {
      count(namespace, 'Ip6.FragCreates');
      outputVia6(kernel, namespace, device, nextHop, fragment);
    }
    return undefined;
  }
  if (length > mtu) {
    count(namespace, 'Ip6.InTooBigErrors');
    sendIcmpError6(kernel, namespace, packet, icmp6.PACKET_TOO_BIG, 0, mtu);
    died(kernel, namespace.id, packet, 'mtu', `longer than the MTU ${mtu}`, device.name);
    return undefined;
  }
  if (isMulticastIp6(nextHop) && device.groups6.has(nextHop) && packet.socketId !== 0) {
    const copy = copyPacket(packet);
    copy.frame.set([0x33, 0x33, 0, 0, 0, 1], 0);
    arrive(kernel, namespace.id, device.index, copy, VIRTUAL_HOP_US);
  }
  outputVia6(kernel, namespace, device, nextHop, packet);
  return undefined;
}

/** A message of neighbour discovery or MLD: its device is known, and it too passes OUTPUT and POSTROUTING. */
export function sendFrame6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, nextHop: Ip6): void {
  packet.protocol = ethernet.TYPE_IPV6;
  packet.outDevice = device.index;
  countSent(namespace, packet);
  if (runHooks(kernel.netfilter, namespace.id, 'inet6', 'OUTPUT', packet, namespace.netfilter) !== 'accept') return;
  if (runHooks(kernel.netfilter, namespace.id, 'inet6', 'POSTROUTING', packet, namespace.netfilter) !== 'accept') return;
  countTransmitted6(namespace, packet.frame.length - NETWORK_OFFSET, isMulticastIp6(ipv6.destination(packet.frame, NETWORK_OFFSET)));
  outputVia6(kernel, namespace, device, nextHop, packet);
}

function countSent(namespace: NamespaceState, packet: Packet): void {
  count(namespace, 'Ip6.OutRequests');
  const upper = ipv6.upperLayer(packet.frame, NETWORK_OFFSET);
  if (typeof upper !== 'string' && upper.protocol === ipv6.NEXT_ICMPV6) countIcmp6(namespace, 'Out', packet.frame[upper.at]);
}
