/** ICMPv6: echoes, errors, and neighbour discovery's door. Read first: RFC 4443, net/ipv6/icmp.c */
import type { Errno } from '../result.ts';
import { get32 } from '../bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died, point } from '../kernel/trace.ts';
import { receiveNd } from '../neighbour/nd.ts';
import { addressType6, routeOutput6 } from '../routing/lookup6.ts';
import { deliverPing, pingError } from '../sockets/ping.ts';
import { rawError4 } from '../sockets/raw.ts';
import { tcpError } from '../sockets/tcp-error.ts';
import { udpError } from '../sockets/udp.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ANY_IP6, isLinkLocalIp6, isMulticastIp6 } from '../wire/ip6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { allowsPeer, type IcmpReport } from './icmp4.ts';
import { KERNEL_SENDER } from './output4.ts';
import { sendIp6 } from './output6.ts';
import { countIcmp6 } from './snmp.ts';

export function receiveIcmp6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, at: number): void {
  const { frame } = packet;
  const end = NETWORK_OFFSET + ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, NETWORK_OFFSET);
  const source = ipv6.source(frame, NETWORK_OFFSET);
  const destination = ipv6.destination(frame, NETWORK_OFFSET);
  if (!icmp6.isChecksumRight(frame, at, end, ipv6.pseudoHeaderSum(source, destination, ipv6.NEXT_ICMPV6, end - at))) return died(kernel, namespace.id, packet, 'checksum', 'wrong ICMPv6 checksum', device.name);
  const message = icmp6.parse(frame, at, end);
  if (typeof message === 'string') return died(kernel, namespace.id, packet, 'socket', `bad ICMPv6 message: ${message}`, device.name);
  countIcmp6(namespace, 'In', message.type);
  switch (message.type) {
    case icmp6.ECHO_REQUEST: {
      const own = isMulticastIp6(destination) ? '' : destination;
      kernel.world.traceSink?.({ ...point(kernel, namespace.id, packet), kind: 'answer', what: 'echo reply' });
      const route = routeOutput6(kernel, namespace, { destination: source, source: own, oif: isLinkLocalIp6(source) && device.kind !== 'loopback' ? device.index : 0, mark: 0 });
      if (typeof route === 'string') return died(kernel, namespace.id, packet, 'route', 'no route back for the answer', 'icmp6');
      const from = own !== '' ? own : route.source;
      const body = icmp6.emit({ ...message, type: icmp6.ECHO_REPLY, code: 0 }, ipv6.pseudoHeaderSum(from, source, ipv6.NEXT_ICMPV6, end - at));
      sendIp6(kernel, namespace, { source: from, destination: source, nextHeader: ipv6.NEXT_ICMPV6, body, hopLimit: 64 }, route, KERNEL_SENDER);
      return;
    }
    case icmp6.ECHO_REPLY:
      return deliverPing(kernel, namespace, device, packet, at, end);
    case icmp6.NEIGHBOUR_SOLICITATION: case icmp6.NEIGHBOUR_ADVERTISEMENT: case icmp6.ROUTER_SOLICITATION: case icmp6.ROUTER_ADVERTISEMENT:
      return receiveNd(kernel, namespace, device, packet, message);
    case icmp6.UNREACHABLE: case icmp6.PACKET_TOO_BIG: case icmp6.TIME_EXCEEDED: case 4:
      return receiveError6(kernel, namespace, device, packet, at, end);
    default:
      return;
  }
}

const UNREACHABLE_ERRORS: readonly Errno[] = ['ENETUNREACH', 'EACCES', 'EHOSTUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED', 'EACCES', 'EACCES'];

function receiveError6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, at: number, end: number): void {
  const { frame } = packet;
  const quoted = frame.slice(at + 8, end);
  if (quoted.length < ipv6.HEADER_LENGTH) return;
  const upper = ipv6.upperLayer(quoted, 0);
  if (typeof upper === 'string') return;
  const type = icmp6.type(frame, at);
  const code = frame[at + 1]!;
  const info = type === icmp6.PACKET_TOO_BIG ? get32(frame, at + 4) : 0;
  const destination = ipv6.destination(quoted, 0);
  if (type === icmp6.PACKET_TOO_BIG) namespace.exceptions6.set(destination, { mtu: Math.max(1280, info), gateway: undefined, expiresAtUs: kernel.world.nowUs + 600e6, locked: false });
  const error: Errno = type === icmp6.UNREACHABLE ? (UNREACHABLE_ERRORS[code] ?? 'EPROTO') : type === icmp6.PACKET_TOO_BIG ? 'EMSGSIZE' : type === icmp6.TIME_EXCEEDED ? 'EHOSTUNREACH' : 'EPROTO';
  const report: IcmpReport = {
    type, code, info, error, isFatal: type === icmp6.UNREACHABLE && (code === 4 || code === 1), offender: ipv6.source(frame, NETWORK_OFFSET), quoted, transportAt: upper.at, source: ipv6.source(quoted, 0), destination,
    ttl: ipv6.hopLimit(frame, NETWORK_OFFSET), device: device.index,
  };
  rawError4(kernel, namespace, report, upper.protocol);
  if (upper.protocol === ipv6.NEXT_ICMPV6) pingError(kernel, namespace, report, 'inet6');
  else if (upper.protocol === ipv4.PROTOCOL_UDP) udpError(kernel, namespace, report, 'inet6');
  else if (upper.protocol === ipv4.PROTOCOL_TCP) tcpError(kernel, namespace, report, 'inet6');
}

/** icmp6_send */
export function sendIcmpError6(kernel: Kernel, namespace: NamespaceState, about: Packet, type: number, code: number, info: number): void {
  const { frame } = about;
  const source = ipv6.source(frame, NETWORK_OFFSET);
  const destination = ipv6.destination(frame, NETWORK_OFFSET);
  if (source === ANY_IP6 || isMulticastIp6(source) || (isMulticastIp6(destination) && type !== icmp6.PACKET_TOO_BIG)) return;
  const upper = ipv6.upperLayer(frame, NETWORK_OFFSET);
  if (typeof upper === 'string' || (upper.protocol === ipv6.NEXT_ICMPV6 && (frame[upper.at]! < 128 || frame[upper.at]! > 132))) return;
  if (type !== icmp6.PACKET_TOO_BIG && !allowsPeer(kernel, namespace, source, 100)) return;
  const own = addressType6(namespace, destination, 0) === 'local' ? destination : '';
  const route = routeOutput6(kernel, namespace, { destination: source, source: own, oif: isLinkLocalIp6(source) ? about.inDevice : 0, mark: 0 });
  if (typeof route === 'string') return;
  const from = own !== '' ? own : route.source;
  const payload = frame.slice(NETWORK_OFFSET, Math.min(frame.length, NETWORK_OFFSET + 1280 - 48));
  const body = icmp6.emit({ type, code, rest: info, payload }, ipv6.pseudoHeaderSum(from, source, ipv6.NEXT_ICMPV6, 8 + payload.length));
  sendIp6(kernel, namespace, { source: from, destination: source, nextHeader: ipv6.NEXT_ICMPV6, body, hopLimit: 64 }, route, KERNEL_SENDER);
}

export function reportUnreachableHost6(kernel: Kernel, namespace: NamespaceState, packet: Packet): void {
  sendIcmpError6(kernel, namespace, packet, icmp6.UNREACHABLE, 3, 0);
}
