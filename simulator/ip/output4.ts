/** IPv4 out: routing, OUTPUT, POSTROUTING, fragmentation, the neighbour. Read first: net/ipv4/ip_output.c */
import { put16 } from '../bytes.ts';
import { runHooks } from '../netfilter/hooks.ts';
import type { Errno } from '../result.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import { copyPacket, makePacket } from '../kernel/packets.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { arrive, VIRTUAL_HOP_US } from '../devices/transmit.ts';
import { outputVia4 } from '../neighbour/neighbour.ts';
import { routeOutput4, type RouteResult4 } from '../routing/lookup4.ts';
import * as ethernet from '../wire/ethernet.ts';
import type { Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { fillChecksum } from './checksum.ts';
import { traceRoute } from './input4.ts';
import { sendIcmpError4 } from './icmp4.ts';
import { count, countGroup4, countIcmp4 } from './snmp.ts';
import { recordRoute } from './record-route.ts';
import * as icmp from '../wire/icmp.ts';

export interface Sender4 { uid: number; socketId: number; mark: number; oif: number }
export const KERNEL_SENDER: Sender4 = { uid: -1, socketId: 0, mark: 0, oif: 0 };

/** Path MTU towards a destination: a learnt one, the route's, the device's. */
export function mtuOf4(kernel: Kernel, namespace: NamespaceState, route: RouteResult4, destination: Ip4): number {
  const device = namespace.devices.get(route.device)!;
  const routeMtu = route.route?.mtu ?? 0;
  const base = routeMtu !== 0 ? routeMtu : Math.min(device.mtu, 65535);
  const learnt = namespace.exceptions4.get(destination);
  if (learnt === undefined || learnt.mtu === 0 || learnt.expiresAtUs <= kernel.world.nowUs || (routeMtu !== 0 && route.route!.lockMtu)) return base;
  return Math.min(base, learnt.mtu);
}

/** A next hop learnt by a redirect stands in for the route's. */
function gatewayOf(kernel: Kernel, namespace: NamespaceState, route: RouteResult4, destination: Ip4): Ip4 | Ip6 {
  const learnt = namespace.exceptions4.get(destination);
  if (typeof learnt?.gateway === 'number' && learnt.expiresAtUs > kernel.world.nowUs && route.gateway !== 0) return learnt.gateway;
  return route.gateway6 ?? route.gateway;
}

export function routeFor4(kernel: Kernel, namespace: NamespaceState, source: Ip4, destination: Ip4, sender: Sender4, tos: number, protocol: number, sport: number, dport: number): RouteResult4 | Errno {
  const route = routeOutput4(kernel, namespace, { destination, source, oif: sender.oif, mark: sender.mark, tos: tos & 0x1c, uid: sender.uid, protocol, sport, dport });
  if (typeof route !== 'string') return route;
  count(namespace, 'Ip.OutNoRoutes');
  return route === 'EHOSTUNREACH' || route === 'ENETUNREACH' || route === 'EACCES' || route === 'EINVAL' ? route : 'EINVAL';
}

/** __ip_select_ident: never the same twice in a row. */
export function nextIdentification(namespace: NamespaceState): number {
  namespace.lastIpId = (namespace.lastIpId + 1) & 0xffff;
  if (namespace.lastIpId === 0) namespace.lastIpId = 1;
  return namespace.lastIpId;
}

/** ip_local_out of a finished frame whose route is known; EPERM when a hook dropped it (nf_hook_slow), which a sender of datagrams is told. */
export function sendRouted4(kernel: Kernel, namespace: NamespaceState, packet: Packet, route: RouteResult4): 'EPERM' | undefined {
  count(namespace, 'Ip.OutRequests');
  const { frame } = packet;
  if (ipv4.protocol(frame, NETWORK_OFFSET) === ipv4.PROTOCOL_ICMP) countIcmp4(namespace, 'Out', frame[NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET)]);
  const destination = ipv4.destination(frame, NETWORK_OFFSET);
  const { mark } = packet;
  packet.protocol = ethernet.TYPE_IPV4;
  packet.outDevice = route.device;
  if (kernel.world.traceSink !== undefined) traceRoute(kernel, namespace, packet, route);
  const verdict = runHooks(kernel.netfilter, namespace.id, 'inet', 'OUTPUT', packet, namespace.netfilter);
  if (verdict !== 'accept') return verdict === 'drop' ? 'EPERM' : undefined;
  let way = route;
  const changed = ipv4.destination(packet.frame, NETWORK_OFFSET);
  if (changed !== destination || packet.mark !== mark || packet.outDevice !== route.device) {
    const again = routeOutput4(kernel, namespace, {
      destination: changed, source: packet.outDevice === 1 ? 0 : addressForReroute(namespace, ipv4.source(packet.frame, NETWORK_OFFSET)), oif: 0, mark: packet.mark, tos: ipv4.typeOfService(packet.frame, NETWORK_OFFSET) & 0x1c, uid: packet.uid,
      protocol: ipv4.protocol(packet.frame, NETWORK_OFFSET), sport: 0, dport: 0,
    });
    if (typeof again === 'string') {
      died(kernel, namespace.id, packet, 'route', 'no route after OUTPUT changed the packet', 'OUTPUT');
      return undefined;
    }
    way = again;
    packet.outDevice = way.device;
    if (kernel.world.traceSink !== undefined) traceRoute(kernel, namespace, packet, way);
  }
  const device = namespace.devices.get(way.device);
  if (device === undefined) {
    died(kernel, namespace.id, packet, 'route', 'the device of the route is gone', '');
    return undefined;
  }
  if (way.type === 'broadcast' || way.type === 'multicast') {
    // ip_mc_output: the machine hears its own broadcasts.
    if (way.type === 'broadcast' && device.kind !== 'loopback') loopBack(kernel, namespace, device, packet);
    packet.type = way.type;
    countGroup4(namespace, 'Out', way.type, ipv4.totalLength(packet.frame, NETWORK_OFFSET));
  }
  if (way.type === 'unicast' && device.kind === 'loopback') packet.isStray = true;
  return finishOutput4(kernel, namespace, device, packet, gatewayOf(kernel, namespace, way, changed), mtuOf4(kernel, namespace, way, changed));
}

/** ip_route_me_harder does not insist on a source that is not local. */
function addressForReroute(namespace: NamespaceState, source: Ip4): Ip4 {
  for (const device of namespace.devices.values()) for (const one of device.addresses4) if (one.local === source) return source;
  return 0;
}

function loopBack(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const copy = copyPacket(packet);
  if (runHooks(kernel.netfilter, namespace.id, 'inet', 'POSTROUTING', copy, namespace.netfilter) !== 'accept') return;
  copy.frame.set([255, 255, 255, 255, 255, 255], 0);
  put16(copy.frame, 12, ethernet.TYPE_IPV4);
  arrive(kernel, namespace.id, device.index, copy, VIRTUAL_HOP_US);
}

/** ip_output: POSTROUTING, fragments where needed, then the neighbour. */
export function finishOutput4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, gateway: Ip4 | Ip6, mtu: number): 'EPERM' | undefined {
  packet.outDevice = device.index;
  const verdict = runHooks(kernel.netfilter, namespace.id, 'inet', 'POSTROUTING', packet, namespace.netfilter);
  if (verdict !== 'accept') return verdict === 'drop' ? 'EPERM' : undefined;
  const { frame } = packet;
  const length = ipv4.totalLength(frame, NETWORK_OFFSET);
  const nextHop = gateway !== 0 ? gateway : ipv4.destination(frame, NETWORK_OFFSET);
  count(namespace, 'Ip.OutTransmits');
  count(namespace, 'IpExt.OutOctets', length);
  if (length <= mtu) {
    outputVia4(kernel, namespace, device, nextHop, packet);
    return undefined;
  }
  if (ipv4.dontFragment(frame, NETWORK_OFFSET)) {
    count(namespace, 'Ip.FragFails');
    sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, icmp.FRAGMENTATION_NEEDED, mtu);
    died(kernel, namespace.id, packet, 'mtu', `longer than the MTU ${mtu}, and it must not be fragmented`, device.name);
    return undefined;
  }
  if (packet.checksumPartial) fillChecksum(packet);
  count(namespace, 'Ip.FragOKs');
  for (const fragment of fragments(kernel, packet, mtu)) {
    count(namespace, 'Ip.FragCreates');
    outputVia4(kernel, namespace, device, nextHop, fragment);
  }
  return undefined;
}

/** ip_do_fragment: pieces in order, each with its own header. */
function fragments(kernel: Kernel, packet: Packet, mtu: number): Packet[] {
  const { frame } = packet;
  const headerLength = ipv4.headerLength(frame, NETWORK_OFFSET);
  const bodyAt = NETWORK_OFFSET + headerLength;
  const end = NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET);
  const step = (mtu - headerLength) & ~7;
  const firstOffset = ipv4.fragmentOffset(frame, NETWORK_OFFSET);
  const moreAfter = ipv4.moreFragments(frame, NETWORK_OFFSET);
  const pieces: Packet[] = [];
  for (let at = bodyAt; at < end; at += step) {
    const body = frame.subarray(at, Math.min(at + step, end));
    const bytes = new Uint8Array(bodyAt + body.length);
    bytes.set(frame.subarray(0, bodyAt), 0);
    bytes.set(body, bodyAt);
    const isLast = at + step >= end;
    put16(bytes, NETWORK_OFFSET + 2, headerLength + body.length);
    put16(bytes, NETWORK_OFFSET + 6, (isLast && !moreAfter ? 0 : 0x2000) | ((firstOffset + at - bodyAt) >> 3));
    ipv4.writeChecksum(bytes, NETWORK_OFFSET);
    const piece = makePacket(kernel, bytes, packet.protocol);
    piece.traceId = packet.traceId;
    piece.mark = packet.mark;
    piece.inDevice = packet.inDevice;
    piece.outDevice = packet.outDevice;
    piece.type = packet.type;
    piece.uid = packet.uid;
    piece.socketId = packet.socketId;
    const { conntrack } = packet;
    piece.conntrack = typeof conntrack === 'object' ? { ...conntrack } : conntrack;
    pieces.push(piece);
  }
  return pieces;
}

export interface Send4 { source: Ip4; destination: Ip4; protocol: number; body: Uint8Array; timeToLive: number; typeOfService: number; dontFragment: boolean; options?: Uint8Array | undefined; identification?: number }

/** Header around a body, then out. The route decides the source when none is given. */
export function sendIp4(kernel: Kernel, namespace: NamespaceState, fields: Send4, route: RouteResult4, sender: Sender4, checksumPartial = false): 'EPERM' | undefined {
  const frame = ipv4.emit(
    {
      source: fields.source, destination: fields.destination, protocol: fields.protocol, timeToLive: fields.timeToLive, typeOfService: fields.typeOfService, dontFragment: fields.dontFragment,
      identification: fields.identification ?? (fields.dontFragment ? 0 : nextIdentification(namespace)), options: fields.options,
    },
    fields.body, NETWORK_OFFSET,
  );
  recordRoute(frame, fields.source);
  const packet = makePacket(kernel, frame, ethernet.TYPE_IPV4);
  packet.uid = sender.uid;
  packet.socketId = sender.socketId;
  packet.mark = sender.mark;
  packet.checksumPartial = checksumPartial;
  return sendRouted4(kernel, namespace, packet, route);
}
