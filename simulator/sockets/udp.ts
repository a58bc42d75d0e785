/** UDP. Read first: RFC 768, udp(7), net/ipv4/udp.c */
import { put16 } from '../bytes.ts';
import { copyOf, roomFor } from '../frames.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Endpoint, Family } from '../kernel/api.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { arrivalDevice4 } from '../routing/lookup4.ts';
import { died } from '../kernel/trace.ts';
import { receiveVxlan } from '../devices/vxlan.ts';
import { isTransportChecksumRight, writePartial } from '../ip/checksum.ts';
import { sendIcmpError4, type IcmpReport } from '../ip/icmp4.ts';
import { sendIcmpError6 } from '../ip/icmp6.ts';
import { count } from '../ip/snmp.ts';
import * as icmp from '../wire/icmp.ts';
import * as icmp6 from '../wire/icmp6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as udp from '../wire/udp.ts';
import { endpoint, formatAddress } from './address.ts';
import { enqueue, reportError } from './deliver.ts';
import { bindPort } from './ports.ts';
import { sendDatagram4, sendDatagram6, targetOf } from './send.ts';
import { isAny, type Ip, type UdpSocket } from './state.ts';

export function sendUdp(kernel: Kernel, socket: UdpSocket, bytes: Uint8Array, to: Endpoint | undefined): Result<number> {
  if (socket.isWriteShut) return fail('EPIPE');
  const target = targetOf(socket, to);
  if (!target.ok) return target;
  const { address, port } = target.value;
  if (port === 0) return fail('EINVAL');
  if (bytes.length > 65507) return fail('EMSGSIZE');
  if (socket.localPort === 0) {
    const bound = bindPort(kernel, socket, 0);
    if (!bound.ok) return bound;
  }
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  count(namespace, typeof address === 'number' ? 'Udp.OutDatagrams' : 'Udp6.OutDatagrams');
  const length = udp.HEADER_LENGTH + bytes.length;
  if (typeof address === 'number') {
    const sent = sendDatagram4(kernel, socket, address, port, ipv4.PROTOCOL_UDP, length, (source, offloads) => {
      const pseudoSum = ipv4.pseudoHeaderSum(source, address, ipv4.PROTOCOL_UDP, length);
      if (!offloads) return udp.emit({ sourcePort: socket.localPort, destinationPort: port, payload: bytes }, pseudoSum);
      const datagram = roomFor(length);
      datagram.set(bytes, 8);
      put16(datagram, 0, socket.localPort);
      put16(datagram, 2, port);
      put16(datagram, 4, length);
      writePartial(datagram, 6, pseudoSum);
      return datagram;
    }, bytes);
    return sent.ok ? ok(bytes.length) : sent;
  }
  const sent = sendDatagram6(kernel, socket, address, port, ipv4.PROTOCOL_UDP, (source) => udp.emit({ sourcePort: socket.localPort, destinationPort: port, payload: bytes }, ipv6.pseudoHeaderSum(source, address, ipv4.PROTOCOL_UDP, length)));
  return sent.ok ? ok(bytes.length) : sent;
}

/** __udp4_lib_rcv */
export function receiveUdp(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, family: Family, upperAt = 0): void {
  const { frame } = packet;
  const isIp4 = family === 'inet';
  const group = isIp4 ? 'Udp' : 'Udp6';
  const at = isIp4 ? NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET) : upperAt;
  const end = isIp4 ? NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET) : NETWORK_OFFSET + ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, NETWORK_OFFSET);
  const datagram = udp.parse(frame, at, end);
  const source: Ip = isIp4 ? ipv4.source(frame, NETWORK_OFFSET) : ipv6.source(frame, NETWORK_OFFSET);
  const destination: Ip = isIp4 ? ipv4.destination(frame, NETWORK_OFFSET) : ipv6.destination(frame, NETWORK_OFFSET);
  if (typeof datagram === 'string') {
    count(namespace, `${group}.InErrors`);
    return died(kernel, namespace.id, packet, 'socket', `bad UDP header: ${datagram}`, device.name);
  }
  const udpEnd = at + udp.HEADER_LENGTH + datagram.payload.length;
  const pseudoSum = typeof source === 'number' ? ipv4.pseudoHeaderSum(source, destination as number, ipv4.PROTOCOL_UDP, udpEnd - at) : ipv6.pseudoHeaderSum(source, destination as string, ipv4.PROTOCOL_UDP, udpEnd - at);
  if (!isTransportChecksumRight(packet, ipv4.PROTOCOL_UDP, at, udpEnd, pseudoSum)) {
    count(namespace, `${group}.InErrors`);
    return died(kernel, namespace.id, packet, 'checksum', 'wrong UDP checksum', device.name);
  }
  const isGroup = packet.type === 'broadcast' || packet.type === 'multicast';
  const receivers = isGroup
    ? (namespace.ports.udp.get(datagram.destinationPort) ?? []).map((id) => kernel.state.sockets.get(id)).filter((one): one is UdpSocket => one?.kind === 'udp' && score(one, source, datagram.sourcePort, destination, device.index, true) >= 0)
    : one(findUdp(kernel, namespace, source, datagram.sourcePort, destination, datagram.destinationPort, typeof destination === 'number' ? arrivalDevice4(namespace, device, destination) : device.index));
  if (receivers.length === 0 && typeof source === 'number' && namespace.hasTunnels && receiveVxlan(kernel, namespace, source, datagram.destinationPort, datagram.payload)) return;
  if (receivers.length === 0) {
    count(namespace, `${group}.NoPorts`);
    if (!isGroup) {
      if (isIp4) sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, icmp.PORT_UNREACHABLE, 0);
      else sendIcmpError6(kernel, namespace, packet, icmp6.UNREACHABLE, 4, 0);
    }
    return died(kernel, namespace.id, packet, 'socket', `no socket is bound to UDP port ${datagram.destinationPort}`, device.name);
  }
  for (const socket of receivers) {
    kernel.world.traceSink?.({ atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: packet.traceId, frame: copyOf(frame), kind: 'socket', socketId: socket.id, description: `udp port ${datagram.destinationPort}` });
    const isQueued = enqueue(kernel, socket, {
      bytes: copyOf(datagram.payload), from: endpoint(socket.family, source, datagram.sourcePort), to: formatAddress(socket.family, destination), ttl: isIp4 ? ipv4.timeToLive(frame, NETWORK_OFFSET) : ipv6.hopLimit(frame, NETWORK_OFFSET),
      tos: isIp4 ? ipv4.typeOfService(frame, NETWORK_OFFSET) : ipv6.trafficClass(frame, NETWORK_OFFSET), receivedAtUs: kernel.world.nowUs, device: device.index,
    });
    count(namespace, isQueued ? `${group}.InDatagrams` : `${group}.RcvbufErrors`);
    if (!isQueued) died(kernel, namespace.id, packet, 'socket', 'the receive buffer is full', device.name);
  }
}

function one(socket: UdpSocket | undefined): UdpSocket[] {
  return socket === undefined ? [] : [socket];
}

/** udp4_lib_lookup2: the socket that says most about the packet. */
export function findUdp(kernel: Kernel, namespace: NamespaceState, source: Ip, sourcePort: number, destination: Ip, destinationPort: number, device: number): UdpSocket | undefined {
  let best: UdpSocket | undefined;
  let bestScore = -1;
  for (const id of namespace.ports.udp.get(destinationPort) ?? []) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'udp') continue;
    const points = score(socket, source, sourcePort, destination, device, false);
    if (points > bestScore) {
      best = socket;
      bestScore = points;
    }
  }
  return best;
}

function score(socket: UdpSocket, source: Ip, sourcePort: number, destination: Ip, device: number, isGroup: boolean): number {
  const isIp4 = typeof destination === 'number';
  if (isIp4 ? socket.family === 'inet6' && (socket.options.v6Only || (typeof socket.localAddress === 'string' && !isAny(socket.localAddress))) : socket.family === 'inet') return -1;
  let points = (socket.family === 'inet') === isIp4 ? 2 : 1;
  if (!isAny(socket.localAddress) && socket.localAddress !== destination) return -1;
  if (!isAny(socket.localAddress)) points += 4;
  if (socket.isConnected) {
    if (socket.remoteAddress !== source || socket.remotePort !== sourcePort) return -1;
    points += 8;
  }
  if (socket.boundDevice !== 0) {
    if (socket.boundDevice !== device) return -1;
    points += 4;
  }
  return isGroup && points < 0 ? -1 : points;
}

/** __udp4_lib_err */
export function udpError(kernel: Kernel, namespace: NamespaceState, report: IcmpReport, _family: Family): void {
  const { quoted, transportAt } = report;
  if (quoted.length < transportAt + 8) return;
  const localPort = udp.sourcePort(quoted, transportAt);
  const remotePort = udp.destinationPort(quoted, transportAt);
  const socket = findUdp(kernel, namespace, report.destination, remotePort, report.source, localPort, report.device) ?? findUnconnected(kernel, namespace, localPort);
  if (socket === undefined) return;
  const isTooLong = report.error === 'EMSGSIZE';
  const isPending = socket.options.receiveError ? !isTooLong || socket.options.pathMtuDiscovery !== 'dont' : report.isFatal && socket.isConnected;
  reportError(kernel, socket, report, remotePort, isPending);
}

function findUnconnected(kernel: Kernel, namespace: NamespaceState, port: number): UdpSocket | undefined {
  for (const id of namespace.ports.udp.get(port) ?? []) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind === 'udp' && !socket.isConnected) return socket;
  }
  return undefined;
}
