/** TCP out: building segments, what may be sent when, acknowledgements, timers. Read first: RFC 9293, RFC 6298, net/ipv4/tcp_output.c */
import { put16 } from '../bytes.ts';
import { roomFor } from '../frames.ts';
import type { Errno } from '../result.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { writePartial } from '../ip/checksum.ts';
import { KERNEL_SENDER, mtuOf4, routeFor4, sendIp4 } from '../ip/output4.ts';
import { mtuOf6, routeFor6, sendIp6 } from '../ip/output6.ts';
import { count } from '../ip/snmp.ts';
import { ipv4Of, type Addresses } from './tcp-address.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import { senderOf } from './send.ts';
import { ahead, isBefore, plus, type TcpSocket } from './tcp-state.ts';

const MIN_TIMEOUT_US = 200_000;
const MAX_TIMEOUT_US = 120_000_000;
const DELAYED_ACK_US = 40_000;

export function namespaceOf(kernel: Kernel, socket: TcpSocket): NamespaceState {
  return kernel.state.namespaces.get(socket.ns)!;
}

/** Milliseconds with a secret offset, as tcp_time_stamp. */
function timestamp(kernel: Kernel, socket: TcpSocket): number {
  return (Math.floor(kernel.world.nowUs / 1000) + socket.timestampOffset) >>> 0;
}

/** The MSS this end announces, and the path's: by the device of the route. */
export function pathMss(kernel: Kernel, socket: TcpSocket): { announced: number; path: number } | Errno {
  const namespace = namespaceOf(kernel, socket);
  if (typeof socket.remoteAddress === 'number') {
    const route = routeFor4(kernel, namespace, typeof socket.localAddress === 'number' ? socket.localAddress : 0, socket.remoteAddress, senderOf(socket), socket.options.tos, 6, socket.localPort, socket.remotePort);
    if (typeof route === 'string') return route;
    const limit = socket.options.maxSegment ?? 0x7fffffff;
    const advised = route.route?.advMss ?? 0;
    const device = namespace.devices.get(route.device)!;
    return { announced: Math.min(limit, advised !== 0 ? advised : Math.min(65495, Math.max(256, device.mtu - 40))), path: mtuOf4(kernel, namespace, route, socket.remoteAddress) - 40 };
  }
  const route = routeFor6(kernel, namespace, typeof socket.localAddress === 'string' ? socket.localAddress : '', socket.remoteAddress, senderOf(socket));
  if (typeof route === 'string') return route;
  const mtu = mtuOf6(kernel, namespace, route, socket.remoteAddress);
  return { announced: Math.min(65475, mtu - 60), path: mtu - 60 };
}

/** tcp_select_initial_window: what half of tcp_rmem's default holds in whole segments. */
export function initialWindow(mss: number): number {
  const space = 65536;
  return Math.min(65535, space > mss ? space - (space % mss) : space);
}

/** tcp_sync_mss */
export function updateMss(kernel: Kernel, socket: TcpSocket): void {
  const path = pathMss(kernel, socket);
  const limit = typeof path === 'string' ? socket.peerMss : Math.min(socket.peerMss, path.path);
  socket.mss = Math.max(48, limit - (socket.hasTimestamps ? 12 : 0));
}

/** tcp_select_window: never shrinks what was announced. */
function selectWindow(socket: TcpSocket): number {
  const current = Math.max(0, socket.receiveWindow - ahead(socket.windowAnnouncedAt, socket.receiveNext));
  let window = Math.max(0, socket.windowLimit - socket.receiveQueued);
  if (window < Math.min(socket.mss, socket.windowLimit / 2)) window = 0;
  if (window < current) window = current;
  if (socket.receiveScale > 0) {
    const unit = 1 << socket.receiveScale;
    window = Math.ceil(window / unit) * unit;
  }
  socket.receiveWindow = Math.min(window, 65535 * 2 ** socket.receiveScale);
  socket.windowAnnouncedAt = socket.receiveNext;
  return socket.receiveWindow >> socket.receiveScale;
}

/** What an acknowledgement would announce now, without announcing it. */
export function offerableWindow(socket: TcpSocket): number {
  return Math.max(0, socket.windowLimit - socket.receiveQueued);
}

/** Builds a segment and sends it. Answers an errno when there is no route. */
export function sendSegment(kernel: Kernel, socket: TcpSocket, flags: number, sequence: number, payload: Uint8Array): Errno | undefined {
  const isSyn = (flags & tcp.SYN) !== 0;
  const options: tcp.TcpOptions = isSyn ? synOptions(kernel, socket) : plainOptions(kernel, socket);
  const window = isSyn ? Math.min(65535, socket.receiveWindow) : selectWindow(socket);
  const hasAck = (flags & tcp.ACK) !== 0;
  if (hasAck) {
    socket.isAckDelayed = false;
    socket.delayedAckGeneration += 1;
  }
  const nowUs = kernel.world.nowUs;
  if (payload.length > 0 && socket.lastReceivedUs > 0 && nowUs - socket.lastReceivedUs < DELAYED_ACK_US) socket.isPingPong = true;
  socket.segmentsOut += 1;
  count(namespaceOf(kernel, socket), 'Tcp.OutSegs');
  const fields: tcp.TcpFields = { sourcePort: socket.localPort, destinationPort: socket.remotePort, sequence, acknowledgement: hasAck ? socket.receiveNext : 0, flags, window, options, payload };
  socket.ipId = (socket.ipId + 1) & 0xffff;
  return emit(kernel, namespaceOf(kernel, socket), socket, fields, isSyn && hasAck ? 0 : socket.ipId);
}

function synOptions(kernel: Kernel, socket: TcpSocket): tcp.TcpOptions {
  const mss = pathMss(kernel, socket);
  const answers = socket.state === 'SYN-RECV';
  return {
    maxSegmentSize: typeof mss === 'string' ? 1460 : mss.announced, ...(!answers || socket.hasSack ? { sackPermitted: true } : {}),
    ...(!answers || socket.hasTimestamps ? { timestamps: { value: timestamp(kernel, socket), echo: answers ? socket.timestampRecent : 0 } } : {}), ...(!answers || socket.hasScaling ? { windowScale: 7 } : {}),
  };
}

function plainOptions(kernel: Kernel, socket: TcpSocket): tcp.TcpOptions {
  const timestamps = socket.hasTimestamps ? { timestamps: { value: timestamp(kernel, socket), echo: socket.timestampRecent } } : {};
  if (!socket.hasSack || socket.outOfOrder.length === 0) return timestamps;
  return { ...timestamps, sackBlocks: sackBlocks(socket) };
}

/** The newest block first (RFC 2018 section 4), three beside timestamps. */
function sackBlocks(socket: TcpSocket): tcp.SackBlock[] {
  const newest = socket.outOfOrder[socket.outOfOrder.length - 1]!;
  const sorted = [...socket.outOfOrder].sort((left, right) => ahead(right.sequence, left.sequence));
  const blocks: { from: number; to: number }[] = [];
  for (const one of sorted) {
    const to = plus(one.sequence, one.bytes.length);
    const last = blocks[blocks.length - 1];
    if (last !== undefined && !isBefore(last.to, one.sequence)) {
      if (isBefore(last.to, to)) last.to = to;
    } else blocks.push({ from: one.sequence, to });
  }
  const at = blocks.findIndex((block) => !isBefore(newest.sequence, block.from) && isBefore(newest.sequence, block.to));
  if (at > 0) blocks.unshift(...blocks.splice(at, 1));
  return blocks.slice(0, socket.hasTimestamps ? 3 : 4);
}

function emit(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, fields: tcp.TcpFields, identification: number): Errno | undefined {
  const { remoteAddress, localAddress } = socket;
  const length = tcp.emittedLength(fields);
  const sender = senderOf(socket);
  if (typeof remoteAddress === 'number') {
    const route = routeFor4(kernel, namespace, ipv4Of(localAddress), remoteAddress, sender, socket.options.tos, 6, socket.localPort, socket.remotePort);
    if (typeof route === 'string') return route;
    const pseudoSum = ipv4.pseudoHeaderSum(ipv4Of(localAddress), remoteAddress, ipv4.PROTOCOL_TCP, length);
    const body = tcp.emit(fields, 0);
    put16(body, 16, 0);
    writePartial(body, 16, pseudoSum);
    sendIp4(kernel, namespace, {
      source: ipv4Of(localAddress), destination: remoteAddress, protocol: ipv4.PROTOCOL_TCP, body, timeToLive: socket.options.ttl ?? namespace.settings.defaultTtl, typeOfService: socket.options.tos, dontFragment: socket.options.pathMtuDiscovery !== 'dont', identification,
    }, route, sender, true);
    return undefined;
  }
  const source = typeof localAddress === 'string' ? localAddress : '';
  const route = routeFor6(kernel, namespace, source, remoteAddress, sender);
  if (typeof route === 'string') return route;
  const body = tcp.emit(fields, 0);
  put16(body, 16, 0);
  writePartial(body, 16, ipv6.pseudoHeaderSum(source, remoteAddress, ipv4.PROTOCOL_TCP, length));
  sendIp6(kernel, namespace, { source, destination: remoteAddress, nextHeader: ipv4.PROTOCOL_TCP, body, hopLimit: socket.options.ttl ?? 64 }, route, sender, true);
  return undefined;
}

/** A RST or ACK without a socket: answers a segment (tcp_v4_send_reset, tcp_v4_send_ack). */
export function sendBare(kernel: Kernel, namespace: NamespaceState, addresses: Addresses, fields: tcp.TcpFields, mark: number): void {
  const { local, remote } = addresses;
  const length = tcp.emittedLength(fields);
  const sender = { ...KERNEL_SENDER, mark };
  count(namespace, 'Tcp.OutSegs');
  if ((fields.flags & tcp.RST) !== 0) count(namespace, 'Tcp.OutRsts');
  if (typeof remote === 'number' && typeof local === 'number') {
    const route = routeFor4(kernel, namespace, local, remote, sender, 0, 6, fields.sourcePort, fields.destinationPort);
    if (typeof route === 'string') return;
    sendIp4(kernel, namespace, {
      source: local, destination: remote, protocol: ipv4.PROTOCOL_TCP, body: tcp.emit(fields, ipv4.pseudoHeaderSum(local, remote, ipv4.PROTOCOL_TCP, length)), timeToLive: namespace.settings.defaultTtl, typeOfService: 0, dontFragment: true, identification: 0,
    }, route, sender);
  } else if (typeof remote === 'string' && typeof local === 'string') {
    const route = routeFor6(kernel, namespace, local, remote, sender);
    if (typeof route === 'string') return;
    sendIp6(kernel, namespace, { source: local, destination: remote, nextHeader: ipv4.PROTOCOL_TCP, body: tcp.emit(fields, ipv6.pseudoHeaderSum(local, remote, ipv4.PROTOCOL_TCP, length)), hopLimit: 64 }, route, sender);
  }
}

export function sendAck(kernel: Kernel, socket: TcpSocket): void {
  sendSegment(kernel, socket, tcp.ACK, socket.sendNext, EMPTY);
}

export function delayAck(kernel: Kernel, socket: TcpSocket): void {
  if (socket.isAckDelayed) return;
  socket.isAckDelayed = true;
  socket.delayedAckGeneration += 1;
  kernel.world.post(DELAYED_ACK_US, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'delayed-ack', generation: socket.delayedAckGeneration });
}

export const EMPTY = new Uint8Array(0);

/** Bytes in flight, FIN and SYN included. */
export function inFlight(socket: TcpSocket): number {
  return ahead(socket.sendUnacknowledged, socket.sendNext);
}

/** tcp_write_xmit: as much as the windows allow, then a FIN when it is its turn. */
export function pushOut(kernel: Kernel, socket: TcpSocket): void {
  if (socket.state !== 'ESTABLISHED' && socket.state !== 'CLOSE-WAIT' && socket.state !== 'FIN-WAIT-1' && socket.state !== 'LAST-ACK' && socket.state !== 'CLOSING') return;
  socket.mostSendWindow = Math.max(socket.mostSendWindow, socket.sendWindow);
  // tcp_bound_to_half_wnd: on loopback a whole segment fills the window, and what is left of it would never do for the next.
  const mss = Math.min(socket.mss, socket.mostSendWindow > 536 ? socket.mostSendWindow >> 1 : Infinity);
  for (;;) {
    const sent = Math.min(socket.sendQueued, inFlight(socket) - (socket.isFinSent ? 1 : 0));
    const unsent = socket.sendQueued - sent;
    if (unsent === 0) break;
    const flying = inFlight(socket);
    const window = Math.min(socket.sendWindow, socket.congestionWindow * socket.mss) - flying;
    const size = Math.min(unsent, mss, Math.max(0, socket.sendWindow - flying));
    if (size === 0 || window < Math.min(size, mss)) break;
    const isSmall = size < mss;
    // Nagle: a short segment waits while an earlier short one is in flight, unless it ends the stream.
    if (isSmall && !socket.options.noDelay && !socket.isFinQueued && flying > 0 && isBefore(socket.sendUnacknowledged, socket.smallSegmentEnd)) break;
    if (isSmall && size < unsent) break;
    const payload = bytesAt(socket, sent, size);
    const sequence = socket.sendNext;
    const isLast = size === unsent;
    const isFin = isLast && socket.isFinQueued && !socket.isFinSent && size < mss;
    socket.sendNext = plus(sequence, size + (isFin ? 1 : 0));
    if (isFin) socket.isFinSent = true;
    if (isSmall) socket.smallSegmentEnd = plus(sequence, size);
    timeSegment(kernel, socket, socket.sendNext);
    socket.bytesSent += size;
    armRetransmit(kernel, socket);
    sendSegment(kernel, socket, tcp.ACK | (isLast ? tcp.PSH : 0) | (isFin ? tcp.FIN : 0), sequence, payload);
  }
  if (socket.isFinQueued && !socket.isFinSent && socket.sendQueued === Math.min(socket.sendQueued, inFlight(socket))) {
    const sequence = socket.sendNext;
    socket.isFinSent = true;
    socket.sendNext = plus(sequence, 1);
    timeSegment(kernel, socket, socket.sendNext);
    armRetransmit(kernel, socket);
    sendSegment(kernel, socket, tcp.FIN | tcp.ACK, sequence, EMPTY);
  }
  if (socket.sendQueued > 0 && inFlight(socket) === 0 && socket.sendWindow === 0) armProbe(kernel, socket);
}

function timeSegment(kernel: Kernel, socket: TcpSocket, end: number): void {
  if (socket.timedAtUs !== undefined) return;
  socket.timedAtUs = kernel.world.nowUs;
  socket.timedEnd = end;
}

/** A copy of queued bytes, `offset` behind sendUnacknowledged. */
export function bytesAt(socket: TcpSocket, offset: number, size: number): Uint8Array {
  const made = roomFor(size);
  let at = 0;
  let skip = offset;
  for (const chunk of socket.sendQueue) {
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    const part = chunk.subarray(skip, Math.min(chunk.length, skip + size - at));
    made.set(part, at);
    at += part.length;
    skip = 0;
    if (at === size) break;
  }
  return made;
}

/** Sends again from sendUnacknowledged: the SYN, one segment, or the FIN. */
export function retransmitFirst(kernel: Kernel, socket: TcpSocket): void {
  socket.timedAtUs = undefined;
  socket.totalRetransmits += 1;
  count(namespaceOf(kernel, socket), 'Tcp.RetransSegs');
  if (socket.state === 'SYN-SENT') {
    sendSegment(kernel, socket, tcp.SYN, socket.initialSend, EMPTY);
    return;
  }
  if (socket.state === 'SYN-RECV') {
    sendSegment(kernel, socket, tcp.SYN | tcp.ACK, socket.initialSend, EMPTY);
    return;
  }
  const flying = inFlight(socket) - (socket.isFinSent ? 1 : 0);
  const size = Math.min(socket.mss, socket.sendQueued, flying);
  if (size > 0) {
    const isEnd = size === flying;
    const isFin = isEnd && socket.isFinSent && size === socket.sendQueued;
    sendSegment(kernel, socket, tcp.ACK | (isEnd ? tcp.PSH : 0) | (isFin ? tcp.FIN : 0), socket.sendUnacknowledged, bytesAt(socket, 0, size));
  } else if (socket.isFinSent) sendSegment(kernel, socket, tcp.FIN | tcp.ACK, socket.sendUnacknowledged, EMPTY);
}

export function timeoutUs(socket: TcpSocket): number {
  return Math.min(MAX_TIMEOUT_US, socket.retransmitTimeoutUs * 2 ** socket.backoff);
}

export function armRetransmit(kernel: Kernel, socket: TcpSocket, restart = false): void {
  if (socket.retransmitDueUs !== undefined && !restart && !socket.isProbing) return;
  socket.isProbing = false;
  arm(kernel, socket, timeoutUs(socket));
}

export function armProbe(kernel: Kernel, socket: TcpSocket): void {
  if (socket.retransmitDueUs !== undefined) return;
  socket.isProbing = true;
  arm(kernel, socket, timeoutUs(socket));
}

function arm(kernel: Kernel, socket: TcpSocket, delayUs: number): void {
  socket.retransmitGeneration += 1;
  socket.retransmitDueUs = kernel.world.nowUs + delayUs;
  kernel.world.post(delayUs, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'retransmit', generation: socket.retransmitGeneration });
}

export function disarmRetransmit(socket: TcpSocket): void {
  socket.retransmitGeneration += 1;
  socket.retransmitDueUs = undefined;
  socket.isProbing = false;
}

/** RFC 6298, with Linux's floor on the variance. */
export function sampleRoundTrip(socket: TcpSocket, sampleUs: number): void {
  const sample = Math.max(1, sampleUs);
  if (socket.roundTripUs === 0) {
    socket.roundTripUs = sample;
    socket.roundTripVarianceUs = sample / 2;
  } else {
    socket.roundTripVarianceUs = Math.round(socket.roundTripVarianceUs * 0.75 + Math.abs(socket.roundTripUs - sample) * 0.25);
    socket.roundTripUs = Math.round(socket.roundTripUs * 0.875 + sample * 0.125);
  }
  socket.retransmitTimeoutUs = Math.round(socket.roundTripUs + Math.max(MIN_TIMEOUT_US, 4 * socket.roundTripVarianceUs));
  socket.backoff = 0;
}

