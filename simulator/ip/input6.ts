/** IPv6 in. Read first: net/ipv6/ip6_input.c, net/ipv6/ip6_output.c (ip6_forward) */
import { runHooks } from '../netfilter/hooks.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { routeInput6 } from '../routing/lookup6.ts';
import { deliverRaw6 } from '../sockets/raw.ts';
import { receiveTcp } from '../sockets/tcp-input.ts';
import { receiveUdp } from '../sockets/udp.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ANY_IP6, formatIp6, isMulticastIp6 } from '../wire/ip6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { isFragment6, reassemble6 } from './fragment6.ts';
import { receiveIcmp6, sendIcmpError6 } from './icmp6.ts';
import { finishOutput6 } from './output6.ts';
import { count, countReceived6 } from './snmp.ts';

export function receiveIp6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (packet.type === 'otherhost') return died(kernel, namespace.id, packet, 'address', 'the frame is addressed to another station', device.name);
  if (device.conf6.disable_ipv6 !== 0) return died(kernel, namespace.id, packet, 'address', 'IPv6 is disabled on the device', device.name);
  const error = ipv6.headerError(packet.frame, NETWORK_OFFSET);
  if (error !== undefined) return died(kernel, namespace.id, packet, 'checksum', `bad IPv6 header: ${error}`, device.name);
  const end = NETWORK_OFFSET + ipv6.HEADER_LENGTH + ipv6.payloadLength(packet.frame, NETWORK_OFFSET);
  if (packet.frame.length > end) packet.frame = packet.frame.subarray(0, end);
  countReceived6(namespace, packet.frame.length - NETWORK_OFFSET, ipv6.trafficClass(packet.frame, NETWORK_OFFSET), isMulticastIp6(ipv6.destination(packet.frame, NETWORK_OFFSET)));
  if (packet.physicalIn === 0 && runHooks(kernel.netfilter, namespace.id, 'inet6', 'PREROUTING', packet, namespace.netfilter) !== 'accept') return;
  if (device.kind === 'loopback') return deliverLocal6(kernel, namespace, device, packet);
  const destination = ipv6.destination(packet.frame, NETWORK_OFFSET);
  if (isMulticastIp6(destination)) {
    if (device.groups6.has(destination)) return deliverLocal6(kernel, namespace, device, packet);
    return died(kernel, namespace.id, packet, 'address', `nobody here has joined ${formatIp6(destination)}`, device.name);
  }
  const route = routeInput6(namespace, device.index, destination, ipv6.source(packet.frame, NETWORK_OFFSET), packet.mark);
  if (typeof route !== 'string' && route.type === 'local') return deliverLocal6(kernel, namespace, device, packet);
  if (device.conf6.forwarding === 0) return died(kernel, namespace.id, packet, 'forwarding', `${formatIp6(destination)} is not an address of this host, and forwarding is off`, device.name);
  if (typeof route === 'string') {
    count(namespace, 'Ip6.InNoRoutes');
    sendIcmpError6(kernel, namespace, packet, icmp6.UNREACHABLE, 0, 0);
    return died(kernel, namespace.id, packet, 'route', `no route to ${formatIp6(destination)}`, device.name);
  }
  const egress = namespace.devices.get(route.device);
  if (packet.type !== 'host' || egress === undefined) return died(kernel, namespace.id, packet, 'forwarding', 'not a packet to forward', device.name);
  if (ipv6.hopLimit(packet.frame, NETWORK_OFFSET) <= 1) {
    count(namespace, 'Ip6.InHdrErrors');
    sendIcmpError6(kernel, namespace, packet, icmp6.TIME_EXCEEDED, 0, 0);
    return died(kernel, namespace.id, packet, 'ttl', 'its hop limit is over', device.name);
  }
  packet.frame[NETWORK_OFFSET + 7] = packet.frame[NETWORK_OFFSET + 7]! - 1;
  packet.outDevice = egress.index;
  if (runHooks(kernel.netfilter, namespace.id, 'inet6', 'FORWARD', packet, namespace.netfilter) !== 'accept') return;
  count(namespace, 'Ip6.OutForwDatagrams');
  finishOutput6(kernel, namespace, egress, packet, route.gateway === ANY_IP6 ? ipv6.destination(packet.frame, NETWORK_OFFSET) : route.gateway, egress.mtu);
}

function deliverLocal6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (runHooks(kernel.netfilter, namespace.id, 'inet6', 'INPUT', packet, namespace.netfilter) !== 'accept') return;
  if (isFragment6(packet) && !reassemble6(kernel, namespace, packet)) return;
  const upper = ipv6.upperLayer(packet.frame, NETWORK_OFFSET);
  count(namespace, 'Ip6.InDelivers');
  if (typeof upper === 'string') return died(kernel, namespace.id, packet, 'socket', `bad IPv6 extension headers: ${upper}`, device.name);
  if (namespace.ports.raw.length > 0) deliverRaw6(kernel, namespace, device, packet, upper.protocol, upper.at);
  switch (upper.protocol) {
    case ipv6.NEXT_ICMPV6:
      return receiveIcmp6(kernel, namespace, device, packet, upper.at);
    case ipv4.PROTOCOL_TCP:
      return receiveTcp(kernel, namespace, device, packet, 'inet6', upper.at);
    case ipv4.PROTOCOL_UDP:
      return receiveUdp(kernel, namespace, device, packet, 'inet6', upper.at);
    default:
      sendIcmpError6(kernel, namespace, packet, 4, 1, 40);
      died(kernel, namespace.id, packet, 'socket', `no handler for next header ${upper.protocol}`, device.name);
  }
}
