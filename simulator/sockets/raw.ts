/** Raw sockets: IP packets of one protocol, as they arrive, with or without an own header to send. Read first: raw(7), net/ipv4/raw.c */
import { fail, ok, type Result } from '../result.ts';
import type { Endpoint } from '../kernel/api.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import { makePacket } from '../kernel/packets.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { arrivalDevice4 } from '../routing/lookup4.ts';
import type { IcmpReport } from '../ip/icmp4.ts';
import { nextIdentification, routeFor4, sendRouted4 } from '../ip/output4.ts';
import * as ethernet from '../wire/ethernet.ts';
import { formatIp4 } from '../wire/ip4.ts';
import { formatIp6 } from '../wire/ip6.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { get32, put16 } from '../bytes.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { enqueue, reportError } from './deliver.ts';
import { mayBroadcast, sendDatagram4, sendDatagram6, senderOf, targetOf } from './send.ts';
import { isAny, type RawSocket } from './state.ts';

export function sendRaw(kernel: Kernel, socket: RawSocket, bytes: Uint8Array, to: Endpoint | undefined): Result<number> {
  const target = targetOf(socket, to);
  if (!target.ok) return target;
  const { address } = target.value;
  if (socket.options.headerIncluded || (socket.protocol === 255 && socket.family === 'inet')) return typeof address === 'number' ? sendWithHeader(kernel, socket, bytes, address) : fail('EINVAL');
  if (typeof address === 'number') {
    const sent = sendDatagram4(kernel, socket, address, 0, socket.protocol, bytes.length, () => bytes, bytes);
    return sent.ok ? ok(bytes.length) : sent;
  }
  const sent = sendDatagram6(kernel, socket, address, 0, socket.protocol, (source) => {
    if (socket.protocol !== ipv6.NEXT_ICMPV6 || bytes.length < 8) return bytes;
    const body = bytes.slice();
    put16(body, 2, 0);
    return icmp6.emit({ type: body[0]!, code: body[1]!, rest: get32(body, 4), payload: body.subarray(8) }, ipv6.pseudoHeaderSum(source, address, ipv6.NEXT_ICMPV6, body.length));
  });
  return sent.ok ? ok(bytes.length) : sent;
}

/** raw_send_hdrinc: the kernel fills in only what is zero: source, identification; and always length and checksum. */
function sendWithHeader(kernel: Kernel, socket: RawSocket, bytes: Uint8Array, destination: number): Result<number> {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  if (bytes.length < ipv4.MIN_HEADER_LENGTH || bytes.length < ipv4.headerLength(bytes, 0)) return fail('EINVAL');
  const route = routeFor4(kernel, namespace, typeof socket.localAddress === 'number' ? socket.localAddress : 0, destination, senderOf(socket), socket.options.tos, ipv4.protocol(bytes, 0), 0, 0);
  if (typeof route === 'string') return fail(route);
  if (!mayBroadcast(socket, route)) return fail('EACCES');
  if (bytes.length > namespace.devices.get(route.device)!.mtu) return fail('EMSGSIZE');
  const frame = new Uint8Array(NETWORK_OFFSET + bytes.length);
  frame.set(bytes, NETWORK_OFFSET);
  if (ipv4.source(frame, NETWORK_OFFSET) === 0) ipv4.setSource(frame, NETWORK_OFFSET, route.source);
  put16(frame, NETWORK_OFFSET + 2, bytes.length);
  if (ipv4.identification(frame, NETWORK_OFFSET) === 0) put16(frame, NETWORK_OFFSET + 4, nextIdentification(namespace));
  ipv4.writeChecksum(frame, NETWORK_OFFSET);
  const packet = makePacket(kernel, frame, ethernet.TYPE_IPV4);
  packet.uid = socket.uid;
  packet.socketId = socket.id;
  packet.mark = socket.options.mark;
  const refused = sendRouted4(kernel, namespace, packet, route);
  return refused === undefined ? ok(bytes.length) : fail(refused);
}

/** raw_v4_input: a copy of the whole packet to every socket that fits; true when there was one. */
export function deliverRaw4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, protocol: number): boolean {
  const { frame } = packet;
  const source = ipv4.source(frame, NETWORK_OFFSET);
  const destination = ipv4.destination(frame, NETWORK_OFFSET);
  let found = false;
  const arrived = arrivalDevice4(namespace, device, destination);
  for (const id of namespace.ports.raw) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'raw' || socket.family !== 'inet' || socket.protocol !== protocol) continue;
    if (!isAny(socket.localAddress) && socket.localAddress !== destination) continue;
    if (socket.isConnected && socket.remoteAddress !== source) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== arrived) continue;
    found = true;
    enqueue(kernel, socket, {
      bytes: frame.slice(NETWORK_OFFSET), from: { address: formatIp4(source), port: 0 }, to: formatIp4(destination), ttl: ipv4.timeToLive(frame, NETWORK_OFFSET), tos: ipv4.typeOfService(frame, NETWORK_OFFSET),
      receivedAtUs: kernel.world.nowUs, device: device.index,
    });
  }
  return found;
}

/** rawv6_rcv: without the header, as IPv6 raw sockets read. */
export function deliverRaw6(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, protocol: number, at: number): boolean {
  const { frame } = packet;
  const source = ipv6.source(frame, NETWORK_OFFSET);
  const destination = ipv6.destination(frame, NETWORK_OFFSET);
  let found = false;
  for (const id of namespace.ports.raw) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'raw' || socket.family !== 'inet6' || socket.protocol !== protocol) continue;
    if (!isAny(socket.localAddress) && socket.localAddress !== destination) continue;
    if (socket.isConnected && socket.remoteAddress !== source) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== device.index) continue;
    found = true;
    enqueue(kernel, socket, {
      bytes: frame.slice(at), from: { address: formatIp6(source), port: 0 }, to: formatIp6(destination), ttl: ipv6.hopLimit(frame, NETWORK_OFFSET), tos: ipv6.trafficClass(frame, NETWORK_OFFSET),
      receivedAtUs: kernel.world.nowUs, device: device.index,
    });
  }
  return found;
}

/** raw_icmp_error: to every socket of that protocol that asked for errors. */
export function rawError4(kernel: Kernel, namespace: NamespaceState, report: IcmpReport, protocol: number): void {
  for (const id of namespace.ports.raw) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'raw' || socket.protocol !== protocol) continue;
    if (!isAny(socket.localAddress) && socket.localAddress !== report.source) continue;
    if (socket.isConnected && socket.remoteAddress !== report.destination) continue;
    if (!socket.options.receiveError && !(socket.isConnected && report.isFatal)) continue;
    reportError(kernel, socket, report, 0, socket.options.receiveError || report.isFatal);
  }
}
