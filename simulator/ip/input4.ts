/** IPv4 in: ip_rcv, routing, local delivery and forwarding. Read first: net/ipv4/ip_input.c, net/ipv4/ip_forward.c */
import { hexByte } from '../bytes.ts';
import { runHooks } from '../netfilter/hooks.ts';
import { printk, WARNING } from '../kernel/log.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died, point } from '../kernel/trace.ts';
import { isLocalAddress, routeInput4, type RouteError, type RouteResult4 } from '../routing/lookup4.ts';
import { deliverRaw4 } from '../sockets/raw.ts';
import { receiveTcp } from '../sockets/tcp-input.ts';
import { receiveUdp } from '../sockets/udp.ts';
import { formatIp4, formatPrefix4 } from '../wire/ip4.ts';
import { formatIp6 } from '../wire/ip6.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { allowsRouteError, receiveIcmp4, sendIcmpError4, sendRedirect4 } from './icmp4.ts';
import { count, countGroup4, countReceived4 } from './snmp.ts';
import { finishOutput4 } from './output4.ts';
import { reassemble4 } from './reassembly.ts';
import { receiveIgmp } from './igmp.ts';
import { recordRoute } from './record-route.ts';
import { selectAddress } from './addresses4.ts';

/** ip_rcv */
export function receiveIp4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (packet.type === 'otherhost') return died(kernel, namespace.id, packet, 'address', 'the frame is addressed to another station', device.name);
  countReceived4(namespace, packet.frame.length - NETWORK_OFFSET, packet.frame[NETWORK_OFFSET + 1]!);
  const error = ipv4.headerError(packet.frame, NETWORK_OFFSET);
  if (error !== undefined || !ipv4.isChecksumRight(packet.frame, NETWORK_OFFSET)) {
    count(namespace, 'Ip.InHdrErrors');
    return died(kernel, namespace.id, packet, 'checksum', error === undefined ? 'wrong IPv4 header checksum' : `bad IPv4 header: ${error}`, device.name);
  }
  const end = NETWORK_OFFSET + ipv4.totalLength(packet.frame, NETWORK_OFFSET);
  // Ethernet pads short packets.
  if (packet.frame.length > end) packet.frame = packet.frame.subarray(0, end);
  // A frame the bridge has shown to PREROUTING is not shown twice (ip_sabotage_in).
  if (packet.physicalIn === 0 && runHooks(kernel.netfilter, namespace.id, 'inet', 'PREROUTING', packet, namespace.netfilter) !== 'accept') return;
  if (packet.isStray === true && !isLocalAddress(namespace, ipv4.destination(packet.frame, NETWORK_OFFSET))) {
    // Whatever left by lo is delivered here (RTCF_LOCAL), but nobody can answer from an address that is not this machine's.
    if (runHooks(kernel.netfilter, namespace.id, 'inet', 'INPUT', packet, namespace.netfilter) !== 'accept') return;
    return died(kernel, namespace.id, packet, 'address', 'sent out by lo, which leads nowhere else', device.name);
  }
  if (device.kind === 'loopback') return deliverLocal4(kernel, namespace, device, packet);
  const { frame } = packet;
  const route = routeInput4(kernel, namespace, device, {
    destination: ipv4.destination(frame, NETWORK_OFFSET), source: ipv4.source(frame, NETWORK_OFFSET), tos: ipv4.typeOfService(frame, NETWORK_OFFSET) & 0x1c, mark: packet.mark,
    protocol: ipv4.protocol(frame, NETWORK_OFFSET), sport: portAt(frame, 0), dport: portAt(frame, 2),
  });
  traceRoute(kernel, namespace, packet, route);
  if (typeof route === 'string') return refuse(kernel, namespace, device, packet, route);
  if (packet.type === 'broadcast' || packet.type === 'multicast') countGroup4(namespace, 'In', packet.type, packet.frame.length - NETWORK_OFFSET);
  if (route.type === 'local') return deliverLocal4(kernel, namespace, device, packet);
  forward4(kernel, namespace, device, packet, route);
}

function portAt(frame: Uint8Array, offset: number): number {
  const protocol = ipv4.protocol(frame, NETWORK_OFFSET);
  if (protocol !== ipv4.PROTOCOL_TCP && protocol !== ipv4.PROTOCOL_UDP) return 0;
  const at = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET) + offset;
  return at + 1 < frame.length ? (frame[at]! << 8) | frame[at + 1]! : 0;
}

/** ip_error, and the silent drops of martians and reverse-path failures. */
function refuse(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, error: RouteError): void {
  const destination = formatIp4(ipv4.destination(packet.frame, NETWORK_OFFSET));
  const source = formatIp4(ipv4.source(packet.frame, NETWORK_OFFSET));
  switch (error) {
    case 'martian source':
      tellMartian(kernel, namespace, device, packet);
      return died(kernel, namespace.id, packet, 'route', `martian source ${source}: it cannot have come from outside`, device.name);
    case 'martian destination':
      if (logsMartians(namespace, device)) printk(kernel, WARNING, `IPv4: martian destination ${destination} from ${source}, dev ${device.name}`);
      return died(kernel, namespace.id, packet, 'route', `martian destination ${destination}`, device.name);
    case 'reverse path':
      tellMartian(kernel, namespace, device, packet);
      count(namespace, 'TcpExt.IPReversePathFilter');
      return died(kernel, namespace.id, packet, 'route', `rp_filter: an answer to ${source} would not leave by ${device.name}`, device.name);
    default:
      break;
  }
  if (device.conf4.forwarding === 0 || packet.type !== 'host') {
    count(namespace, 'Ip.InAddrErrors');
    return died(kernel, namespace.id, packet, 'forwarding', `${destination} is not an address of this host, and forwarding is off on ${device.name}`, device.name);
  }
  count(namespace, 'IpExt.InNoRoutes');
  const code = error === 'EHOSTUNREACH' ? icmp.HOST_UNREACHABLE : error === 'ENETUNREACH' ? icmp.NET_UNREACHABLE : icmp.ADMIN_PROHIBITED;
  if (error !== 'EINVAL' && allowsRouteError(kernel, namespace, ipv4.source(packet.frame, NETWORK_OFFSET))) sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, code, 0);
  died(kernel, namespace.id, packet, 'route', error === 'EINVAL' ? `a blackhole route covers ${destination}` : error === 'EACCES' ? `a prohibit route or rule covers ${destination}` : `no route to ${destination}`, device.name);
}

function logsMartians(namespace: NamespaceState, device: Device): boolean {
  return namespace.conf4All.log_martians !== 0 || device.conf4.log_martians !== 0;
}

/** ip_handle_martian_source, without net_ratelimit. */
function tellMartian(kernel: Kernel, namespace: NamespaceState, device: Device, { frame }: Packet): void {
  if (!logsMartians(namespace, device)) return;
  printk(kernel, WARNING, `IPv4: martian source ${formatIp4(ipv4.destination(frame, NETWORK_OFFSET))} from ${formatIp4(ipv4.source(frame, NETWORK_OFFSET))}, on dev ${device.name}`);
  printk(kernel, WARNING, `ll header: 00000000: ${Array.from(frame.subarray(0, NETWORK_OFFSET), hexByte).join(' ')}`);
}

/** ip_local_deliver */
export function deliverLocal4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (ipv4.isFragment(packet.frame, NETWORK_OFFSET) && !reassemble4(kernel, namespace, packet)) return;
  if (runHooks(kernel.netfilter, namespace.id, 'inet', 'INPUT', packet, namespace.netfilter) !== 'accept') return;
  const { frame } = packet;
  recordRoute(frame, ipv4.destination(frame, NETWORK_OFFSET));
  const protocol = ipv4.protocol(frame, NETWORK_OFFSET);
  const hasRaw = namespace.ports.raw.length > 0 && deliverRaw4(kernel, namespace, device, packet, protocol);
  count(namespace, 'Ip.InDelivers');
  switch (protocol) {
    case ipv4.PROTOCOL_ICMP:
      return receiveIcmp4(kernel, namespace, device, packet);
    case ipv4.PROTOCOL_TCP:
      return receiveTcp(kernel, namespace, device, packet, 'inet');
    case ipv4.PROTOCOL_UDP:
      return receiveUdp(kernel, namespace, device, packet, 'inet');
    case ipv4.PROTOCOL_IGMP:
      return receiveIgmp(kernel, namespace, device, packet);
    default:
      if (hasRaw) return;
      count(namespace, 'Ip.InUnknownProtos');
      sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, icmp.PROTOCOL_UNREACHABLE, 0);
      died(kernel, namespace.id, packet, 'socket', `no handler for IP protocol ${protocol}`, device.name);
  }
}

/** ip_forward */
function forward4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, route: RouteResult4): void {
  if (packet.type !== 'host') return died(kernel, namespace.id, packet, 'forwarding', 'broadcast and multicast frames are not forwarded', device.name);
  const { frame } = packet;
  if (ipv4.timeToLive(frame, NETWORK_OFFSET) <= 1) {
    count(namespace, 'Ip.InHdrErrors');
    sendIcmpError4(kernel, namespace, packet, icmp.TIME_EXCEEDED, 0, 0);
    return died(kernel, namespace.id, packet, 'ttl', 'its time to live is over', device.name);
  }
  const egress = namespace.devices.get(route.device);
  if (egress === undefined) return died(kernel, namespace.id, packet, 'route', 'the device of the route is gone', device.name);
  const mtu = route.route?.mtu !== undefined && route.route.mtu !== 0 && route.route.lockMtu ? route.route.mtu : egress.mtu;
  if (ipv4.totalLength(frame, NETWORK_OFFSET) > mtu && ipv4.dontFragment(frame, NETWORK_OFFSET)) {
    count(namespace, 'Ip.FragFails');
    sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, icmp.FRAGMENTATION_NEEDED, mtu);
    return died(kernel, namespace.id, packet, 'mtu', `longer than the MTU ${mtu} of ${egress.name}, and it must not be fragmented`, egress.name);
  }
  if (route.redirect) sendRedirect4(kernel, namespace, device, packet, route.gateway === 0 ? ipv4.destination(frame, NETWORK_OFFSET) : route.gateway);
  ipv4.decrementTimeToLive(frame, NETWORK_OFFSET);
  if (ipv4.headerLength(frame, NETWORK_OFFSET) > 20) recordRoute(frame, selectAddress(namespace, route.device, route.gateway === 0 ? ipv4.destination(frame, NETWORK_OFFSET) : route.gateway) ?? 0);
  packet.outDevice = route.device;
  if (runHooks(kernel.netfilter, namespace.id, 'inet', 'FORWARD', packet, namespace.netfilter) !== 'accept') return;
  count(namespace, 'Ip.ForwDatagrams');
  finishOutput4(kernel, namespace, egress, packet, route.gateway6 ?? route.gateway, mtu);
}

export function traceRoute(kernel: Kernel, namespace: NamespaceState, packet: Packet, route: RouteResult4 | RouteError): void {
  const sink = kernel.world.traceSink;
  if (sink === undefined) return;
  const destination = formatIp4(ipv4.destination(packet.frame, NETWORK_OFFSET));
  if (typeof route === 'string') {
    sink({
      ...point(kernel, namespace.id, packet), kind: 'route', destination, outcome: route === 'EINVAL' ? 'blackhole' : route === 'EACCES' ? 'prohibit' : 'unreachable', device: undefined, gateway: undefined, route: undefined, table: undefined,
    });
    return;
  }
  const isForwarded = packet.inDevice !== 0 && route.type !== 'local';
  sink({
    ...point(kernel, namespace.id, packet), kind: 'route', destination, outcome: route.type === 'local' ? 'local' : isForwarded ? 'forward' : 'unicast', device: namespace.devices.get(route.device)?.name,
    gateway: route.gateway6 !== undefined ? formatIp6(route.gateway6) : route.gateway === 0 ? undefined : formatIp4(route.gateway),
    route: route.route === undefined ? undefined : route.route.prefixLength === 0 ? 'default' : formatPrefix4({ address: route.route.destination, length: route.route.prefixLength }), table: route.route?.table,
  });
}

