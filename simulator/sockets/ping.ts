/** Ping sockets (SOCK_DGRAM, IPPROTO_ICMP): the kernel picks the identifier and filters by it. Read first: icmp(7), net/ipv4/ping.c */
import { get16, put16 } from '../bytes.ts';
import { copyOf } from '../frames.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Endpoint, Family } from '../kernel/api.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { arrivalDevice4 } from '../routing/lookup4.ts';
import { died } from '../kernel/trace.ts';
import type { IcmpReport } from '../ip/icmp4.ts';
import * as icmp from '../wire/icmp.ts';
import * as icmp6 from '../wire/icmp6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { formatIp4 } from '../wire/ip4.ts';
import { formatIp6 } from '../wire/ip6.ts';
import { enqueue, reportError } from './deliver.ts';
import { sendDatagram4, sendDatagram6, targetOf } from './send.ts';
import { isAny, type PingSocket } from './state.ts';

/** ping_get_port: the next free number after the last one. */
export function choosePingId(kernel: Kernel, namespace: NamespaceState, wanted: number): Result<number> {
  const taken = new Set(namespace.ports.ping.map((id) => (kernel.state.sockets.get(id) as PingSocket | undefined)?.localPort));
  if (wanted !== 0) return taken.has(wanted) ? fail('EADDRINUSE') : ok(wanted);
  for (let tries = 0; tries < 0x10000; tries += 1) {
    kernel.state.lastPingId = (kernel.state.lastPingId + 1) & 0xffff;
    if (kernel.state.lastPingId !== 0 && !taken.has(kernel.state.lastPingId)) return ok(kernel.state.lastPingId);
  }
  return fail('EADDRINUSE');
}

/** `bytes` is an ICMP message of type echo request; its identifier is overwritten. */
export function sendPing(kernel: Kernel, socket: PingSocket, bytes: Uint8Array, to: Endpoint | undefined): Result<number> {
  if (bytes.length < icmp.HEADER_LENGTH) return fail('EINVAL');
  if (bytes[0] !== (socket.family === 'inet' ? icmp.ECHO_REQUEST : icmp6.ECHO_REQUEST) || bytes[1] !== 0) return fail('EINVAL');
  const target = targetOf(socket, to);
  if (!target.ok) return target;
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  if (socket.localPort === 0) {
    const chosen = choosePingId(kernel, namespace, 0);
    if (!chosen.ok) return chosen;
    socket.localPort = chosen.value;
    namespace.ports.ping.push(socket.id);
  }
  const body = copyOf(bytes);
  put16(body, 4, socket.localPort);
  const { address } = target.value;
  const sent = typeof address === 'number'
    ? sendDatagram4(kernel, socket, address, 0, ipv4.PROTOCOL_ICMP, body.length, () => {
        icmp.writeChecksum(body, 0, body.length);
        return body;
      }, bytes)
    : sendDatagram6(kernel, socket, address, 0, ipv6.NEXT_ICMPV6, (source) => {
        put16(body, 2, 0);
        return icmp6.emit({ type: body[0]!, code: 0, rest: ((socket.localPort << 16) | get16(body, 6)) >>> 0, payload: body.subarray(8) }, ipv6.pseudoHeaderSum(source, address, ipv6.NEXT_ICMPV6, body.length));
      });
  return sent.ok ? ok(bytes.length) : sent;
}

/** ping_rcv: an echo reply for the socket with its identifier. */
export function deliverPing(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, at: number, end: number): void {
  const { frame } = packet;
  const isIp4 = (frame[NETWORK_OFFSET]! >> 4) === 4;
  const socket = findPing(kernel, namespace, isIp4 ? 'inet' : 'inet6', get16(frame, at + 4), isIp4 ? arrivalDevice4(namespace, device, ipv4.destination(frame, NETWORK_OFFSET)) : device.index);
  if (socket === undefined) {
    if (namespace.ports.raw.length === 0) died(kernel, namespace.id, packet, 'socket', 'an echo reply nobody waits for', device.name);
    return;
  }
  kernel.world.traceSink?.({ atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: packet.traceId, frame: copyOf(frame), kind: 'socket', socketId: socket.id, description: 'ping' });
  enqueue(kernel, socket, {
    bytes: copyOf(frame, at, end), from: { address: isIp4 ? formatIp4(ipv4.source(frame, NETWORK_OFFSET)) : formatIp6(ipv6.source(frame, NETWORK_OFFSET)), port: 0 },
    to: isIp4 ? formatIp4(ipv4.destination(frame, NETWORK_OFFSET)) : formatIp6(ipv6.destination(frame, NETWORK_OFFSET)), ttl: isIp4 ? ipv4.timeToLive(frame, NETWORK_OFFSET) : ipv6.hopLimit(frame, NETWORK_OFFSET),
    tos: isIp4 ? ipv4.typeOfService(frame, NETWORK_OFFSET) : ipv6.trafficClass(frame, NETWORK_OFFSET), receivedAtUs: kernel.world.nowUs, device: device.index,
  });
}

function findPing(kernel: Kernel, namespace: NamespaceState, family: Family, identifier: number, device: number): PingSocket | undefined {
  for (const id of namespace.ports.ping) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'ping' || socket.family !== family || socket.localPort !== identifier) continue;
    if (socket.boundDevice !== 0 && device !== 0 && socket.boundDevice !== device) continue;
    return socket;
  }
  return undefined;
}

/** ping_err */
export function pingError(kernel: Kernel, namespace: NamespaceState, report: IcmpReport, family: Family): void {
  const { quoted, transportAt } = report;
  if (quoted.length < transportAt + 8 || quoted[transportAt] !== (family === 'inet' ? icmp.ECHO_REQUEST : icmp6.ECHO_REQUEST)) return;
  const socket = findPing(kernel, namespace, family, get16(quoted, transportAt + 4), 0);
  if (socket === undefined) return;
  const isPending = socket.options.receiveError || (report.isFatal && socket.isConnected && !isAny(socket.remoteAddress));
  reportError(kernel, socket, report, 0, isPending);
}
