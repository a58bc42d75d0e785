/** TCP in: demultiplexing, the state machine, acknowledgements, data. Read first: RFC 9293 section 3.10.7, net/ipv4/tcp_ipv4.c (tcp_v4_rcv), tcp_input.c */
import { copyOf } from '../frames.ts';
import type { Family } from '../kernel/api.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { arrivalDevice4 } from '../routing/lookup4.ts';
import { died } from '../kernel/trace.ts';
import { isTransportChecksumRight } from '../ip/checksum.ts';
import { count } from '../ip/snmp.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import { addTo } from './ports.ts';
import { freshSettings, type Ip } from './state.ts';
import type { Addresses } from './tcp-address.ts';
import {
  armRetransmit, delayAck, disarmRetransmit, EMPTY, inFlight, initialWindow, pathMss, pushOut, retransmitFirst, sampleRoundTrip, sendAck, sendBare, sendSegment, updateMss,
} from './tcp-output.ts';
import { enterConnections, findConnection, findListener, finish, setState } from './tcp-table.ts';
import { ahead, emptyTcp, isBefore, plus, type TcpSocket } from './tcp-state.ts';

export function receiveTcp(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, family: Family, upperAt = 0): void {
  const { frame } = packet;
  const isIp4 = family === 'inet';
  const at = isIp4 ? NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET) : upperAt;
  const end = isIp4 ? NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET) : NETWORK_OFFSET + ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, NETWORK_OFFSET);
  const remote: Ip = isIp4 ? ipv4.source(frame, NETWORK_OFFSET) : ipv6.source(frame, NETWORK_OFFSET);
  const local: Ip = isIp4 ? ipv4.destination(frame, NETWORK_OFFSET) : ipv6.destination(frame, NETWORK_OFFSET);
  if (packet.type !== 'host') return died(kernel, namespace.id, packet, 'socket', 'TCP does not take broadcasts', device.name);
  count(namespace, 'Tcp.InSegs');
  const segment = tcp.parse(frame, at, end);
  if (typeof segment === 'string') {
    count(namespace, 'Tcp.InErrs');
    return died(kernel, namespace.id, packet, 'socket', `bad TCP header: ${segment}`, device.name);
  }
  const pseudoSum = typeof remote === 'number' ? ipv4.pseudoHeaderSum(remote, local as number, ipv4.PROTOCOL_TCP, end - at) : ipv6.pseudoHeaderSum(remote, local as string, ipv4.PROTOCOL_TCP, end - at);
  if (!isTransportChecksumRight(packet, ipv4.PROTOCOL_TCP, at, end, pseudoSum)) {
    count(namespace, 'Tcp.InErrs');
    return died(kernel, namespace.id, packet, 'checksum', 'wrong TCP checksum', device.name);
  }
  const addresses: Addresses = { local, remote };
  const isFreshSyn = (segment.flags & (tcp.SYN | tcp.ACK | tcp.RST)) === tcp.SYN;
  let socket = findConnection(kernel, namespace, local, segment.destinationPort, remote, segment.sourcePort);
  if (socket?.state === 'TIME-WAIT' && isFreshSyn && isBefore(socket.receiveNext, segment.sequence)) {
    // A new connection may reuse the addresses of one that waits (RFC 1122 section 4.2.2.13).
    finish(kernel, socket);
    socket = undefined;
  }
  if (socket === undefined) {
    const listener = findListener(kernel, namespace, local, segment.destinationPort, typeof local === 'number' ? arrivalDevice4(namespace, device, local) : device.index);
    if (listener !== undefined) {
      trace(kernel, namespace, packet, listener);
      return receiveAtListener(kernel, namespace, device, listener, addresses, segment, packet);
    }
    if ((segment.flags & tcp.RST) === 0) reset(kernel, namespace, addresses, segment, packet.mark);
    return died(kernel, namespace.id, packet, 'socket', `no socket is listening on TCP port ${segment.destinationPort}`, device.name);
  }
  trace(kernel, namespace, packet, socket);
  socket.segmentsIn += 1;
  process(kernel, namespace, socket, segment, packet);
}

function trace(kernel: Kernel, namespace: NamespaceState, packet: Packet, socket: TcpSocket): void {
  kernel.world.traceSink?.({ atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: packet.traceId, frame: copyOf(packet.frame), kind: 'socket', socketId: socket.id, description: `tcp ${socket.state} port ${socket.localPort}` });
}

/** tcp_v4_send_reset */
export function reset(kernel: Kernel, namespace: NamespaceState, addresses: Addresses, segment: tcp.TcpSegment, mark: number): void {
  const hasAck = (segment.flags & tcp.ACK) !== 0;
  const length = segment.payload.length + ((segment.flags & tcp.SYN) !== 0 ? 1 : 0) + ((segment.flags & tcp.FIN) !== 0 ? 1 : 0);
  sendBare(kernel, namespace, addresses, {
    sourcePort: segment.destinationPort, destinationPort: segment.sourcePort, sequence: hasAck ? segment.acknowledgement : 0, acknowledgement: hasAck ? 0 : plus(segment.sequence, length), flags: hasAck ? tcp.RST : tcp.RST | tcp.ACK,
  }, namespace.settings.fwmarkReflect !== 0 ? mark : 0);
}

/** tcp_conn_request */
function receiveAtListener(kernel: Kernel, namespace: NamespaceState, device: Device, listener: TcpSocket, addresses: Addresses, segment: tcp.TcpSegment, packet: Packet): void {
  if ((segment.flags & tcp.RST) !== 0) return;
  if ((segment.flags & tcp.ACK) !== 0) return reset(kernel, namespace, addresses, segment, packet.mark);
  if ((segment.flags & tcp.SYN) === 0 || (segment.flags & tcp.FIN) !== 0) return died(kernel, namespace.id, packet, 'socket', 'neither SYN nor ACK at a listening socket', device.name);
  if (listener.acceptQueue.length > listener.backlog) {
    count(namespace, 'TcpExt.ListenOverflows');
    count(namespace, 'TcpExt.ListenDrops');
    return died(kernel, namespace.id, packet, 'socket', 'the accept queue is full', device.name);
  }
  const { state } = kernel;
  const id = state.nextSocketId;
  state.nextSocketId += 1;
  const child = emptyTcp({
    id, ns: namespace.id, family: listener.family, uid: listener.uid, inode: state.nextSocketInode, error: undefined, errorQueue: [], boundDevice: listener.boundDevice, options: { ...freshSettings(), ...listener.options, reuseAddress: listener.options.reuseAddress },
  }, addresses.local);
  state.nextSocketInode += 1;
  child.localAddress = addresses.local;
  child.localPort = segment.destinationPort;
  child.remoteAddress = addresses.remote;
  child.remotePort = segment.sourcePort;
  child.parent = listener.id;
  child.options.mark = numberOf(namespace, 'net/ipv4/tcp_fwmark_accept') !== 0 ? packet.mark : listener.options.mark;
  child.initialReceive = segment.sequence;
  child.receiveNext = plus(segment.sequence, 1);
  child.windowAnnouncedAt = child.receiveNext;
  applySynOptions(kernel, child, segment);
  child.sendWindow = segment.window;
  child.sendWindowSequence = segment.sequence;
  startSending(kernel, child);
  const mss = pathMss(kernel, child);
  if (typeof mss === 'string') return died(kernel, namespace.id, packet, 'route', 'no route back for the answer', device.name);
  child.windowLimit = initialWindow(mss.announced - (child.hasTimestamps ? 12 : 0));
  child.receiveWindow = child.windowLimit;
  child.state = 'SYN-RECV';
  child.synReceivedAtUs = kernel.world.nowUs;
  state.sockets.set(id, child);
  enterConnections(namespace, child);
  addTo(namespace.ports.tcpBound, child.localPort, id);
  count(namespace, 'Tcp.PassiveOpens');
  sendSegment(kernel, child, tcp.SYN | tcp.ACK, child.initialSend, EMPTY);
  child.sendNext = plus(child.initialSend, 1);
  armRetransmit(kernel, child);
}

/** Initial sequence number, secrets and counters of a new connection. */
export function startSending(kernel: Kernel, socket: TcpSocket): void {
  const { dice } = kernel.world;
  socket.initialSend = dice.next();
  socket.sendUnacknowledged = socket.initialSend;
  socket.sendNext = socket.initialSend;
  socket.timestampOffset = dice.next();
  socket.ipId = dice.next() & 0xffff;
}

function applySynOptions(kernel: Kernel, socket: TcpSocket, segment: tcp.TcpSegment): void {
  const { options } = segment;
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  socket.peerMss = options.maxSegmentSize ?? 536;
  socket.hasSack = options.sackPermitted === true && numberOf(namespace, 'net/ipv4/tcp_sack') !== 0;
  socket.hasTimestamps = options.timestamps !== undefined && numberOf(namespace, 'net/ipv4/tcp_timestamps') !== 0;
  socket.hasScaling = options.windowScale !== undefined && numberOf(namespace, 'net/ipv4/tcp_window_scaling') !== 0;
  socket.timestampRecent = options.timestamps?.value ?? 0;
  socket.sendScale = socket.hasScaling ? Math.min(14, options.windowScale!) : 0;
  socket.receiveScale = socket.hasScaling ? 7 : 0;
  updateMss(kernel, socket);
}

function process(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment, packet: Packet): void {
  switch (socket.state) {
    case 'SYN-SENT':
      return processSynSent(kernel, namespace, socket, segment, packet);
    case 'TIME-WAIT':
      return processTimeWait(kernel, socket, segment);
    case 'CLOSE': case 'LISTEN':
      return;
    default:
      return processSynchronised(kernel, namespace, socket, segment, packet);
  }
}

function processSynSent(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment, packet: Packet): void {
  const { flags } = segment;
  if ((flags & tcp.ACK) !== 0) {
    if (segment.acknowledgement !== socket.sendNext) {
      if ((flags & tcp.RST) === 0) reset(kernel, namespace, { local: socket.localAddress, remote: socket.remoteAddress }, segment, packet.mark);
      return;
    }
    if ((flags & tcp.RST) !== 0) {
      count(namespace, 'Tcp.AttemptFails');
      return finish(kernel, socket, 'ECONNREFUSED');
    }
    if ((flags & tcp.SYN) === 0) return;
    socket.initialReceive = segment.sequence;
    socket.receiveNext = plus(segment.sequence, 1);
    socket.windowAnnouncedAt = socket.receiveNext;
    socket.sendUnacknowledged = segment.acknowledgement;
    applySynOptions(kernel, socket, segment);
    socket.sendWindow = segment.window;
    socket.sendWindowSequence = segment.sequence;
    socket.sendWindowAck = segment.acknowledgement;
    if (socket.timedAtUs !== undefined) sampleRoundTrip(socket, kernel.world.nowUs - socket.timedAtUs);
    socket.timedAtUs = undefined;
    socket.retransmits = 0;
    socket.backoff = 0;
    disarmRetransmit(socket);
    setState(kernel, socket, 'ESTABLISHED');
    sendAck(kernel, socket);
    startKeepalive(kernel, socket);
    pushOut(kernel, socket);
    kernel.world.announceReady(kernel.state.id, socket.id);
    return;
  }
  if ((flags & tcp.RST) !== 0 || (flags & tcp.SYN) === 0) return;
  // Simultaneous open.
  socket.initialReceive = segment.sequence;
  socket.receiveNext = plus(segment.sequence, 1);
  socket.windowAnnouncedAt = socket.receiveNext;
  applySynOptions(kernel, socket, segment);
  socket.sendWindow = segment.window;
  setState(kernel, socket, 'SYN-RECV');
  sendSegment(kernel, socket, tcp.SYN | tcp.ACK, socket.initialSend, EMPTY);
}

function processTimeWait(kernel: Kernel, socket: TcpSocket, segment: tcp.TcpSegment): void {
  if ((segment.flags & tcp.RST) !== 0) return finish(kernel, socket);
  // The other end did not get our last ACK.
  if ((segment.flags & tcp.FIN) !== 0) startTimeWait(kernel, socket);
  sendAck(kernel, socket);
}

export function startTimeWait(kernel: Kernel, socket: TcpSocket): void {
  setState(kernel, socket, 'TIME-WAIT');
  disarmRetransmit(socket);
  kernel.world.post(60_000_000, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'time-wait', generation: socket.stateGeneration });
}

function processSynchronised(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment, packet: Packet): void {
  const { flags, payload } = segment;
  const length = payload.length + ((flags & tcp.FIN) !== 0 ? 1 : 0);
  const window = Math.max(0, socket.receiveWindow - ahead(socket.windowAnnouncedAt, socket.receiveNext));
  const endsBefore = ahead(socket.receiveNext, plus(segment.sequence, length));
  const startsAfter = ahead(socket.receiveNext, segment.sequence);
  if (socket.hasTimestamps && segment.options.timestamps !== undefined && (flags & tcp.RST) === 0 && isBefore(segment.options.timestamps.value, socket.timestampRecent)) {
    // PAWS (RFC 7323 section 5).
    sendAck(kernel, socket);
    return died(kernel, namespace.id, packet, 'socket', 'an old duplicate segment by its timestamp', '');
  }
  const isAcceptable = length === 0 ? (startsAfter >= 0 ? startsAfter <= window : startsAfter >= -1) : endsBefore > 0 && startsAfter <= Math.max(0, window);
  if (!isAcceptable) {
    if ((flags & tcp.RST) !== 0) return;
    if ((flags & tcp.SYN) !== 0 && socket.state === 'SYN-RECV' && segment.sequence === socket.initialReceive) return retransmitFirst(kernel, socket);
    if (socket.state === 'SYN-RECV' && (flags & tcp.ACK) === 0) return;
    sendAck(kernel, socket);
    if ((flags & tcp.ACK) !== 0 && length > 0) return;
    if ((flags & tcp.ACK) === 0) return;
  }
  if ((flags & tcp.RST) !== 0) return receiveReset(kernel, namespace, socket, segment);
  if ((flags & tcp.SYN) !== 0) {
    // Challenge ACK (RFC 5961 section 4).
    sendAck(kernel, socket);
    return;
  }
  if ((flags & tcp.ACK) === 0) return;
  if (socket.state === 'SYN-RECV' && !establish(kernel, namespace, socket, segment, packet)) return;
  if (socket.hasTimestamps && segment.options.timestamps !== undefined && !isBefore(socket.windowAnnouncedAt, segment.sequence)) socket.timestampRecent = segment.options.timestamps.value;
  if (!acknowledge(kernel, socket, segment)) return;
  if (!kernel.state.sockets.has(socket.id) || socket.state === ('CLOSE' as TcpSocket['state'])) return;
  if (length > 0 && isAcceptable) receiveData(kernel, namespace, socket, segment);
  pushOut(kernel, socket);
}

function receiveReset(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment): void {
  if (segment.sequence !== socket.receiveNext) {
    sendAck(kernel, socket);
    return;
  }
  if (socket.state === 'SYN-RECV') {
    count(namespace, 'Tcp.AttemptFails');
    return finish(kernel, socket);
  }
  count(namespace, 'Tcp.EstabResets');
  finish(kernel, socket, socket.state === 'CLOSE-WAIT' ? 'EPIPE' : 'ECONNRESET');
}

/** The third segment of a handshake: the child moves to its listener's accept queue. */
function establish(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment, packet: Packet): boolean {
  if (segment.acknowledgement !== plus(socket.initialSend, 1)) {
    reset(kernel, namespace, { local: socket.localAddress, remote: socket.remoteAddress }, segment, packet.mark);
    return false;
  }
  const parent = socket.parent === 0 ? undefined : kernel.state.sockets.get(socket.parent);
  if (socket.parent !== 0) {
    if (parent?.kind !== 'tcp' || parent.state !== 'LISTEN') {
      reset(kernel, namespace, { local: socket.localAddress, remote: socket.remoteAddress }, segment, packet.mark);
      finish(kernel, socket);
      return false;
    }
    if (parent.acceptQueue.length > parent.backlog) {
      count(namespace, 'TcpExt.ListenOverflows');
      return false;
    }
    parent.acceptQueue.push(socket.id);
  }
  sampleRoundTrip(socket, kernel.world.nowUs - socket.synReceivedAtUs);
  socket.sendUnacknowledged = segment.acknowledgement;
  socket.retransmits = 0;
  disarmRetransmit(socket);
  setState(kernel, socket, 'ESTABLISHED');
  socket.sendWindow = segment.window << socket.sendScale;
  socket.sendWindowSequence = segment.sequence;
  socket.sendWindowAck = segment.acknowledgement;
  startKeepalive(kernel, socket);
  if (parent !== undefined) kernel.world.announceReady(kernel.state.id, parent.id);
  else kernel.world.announceReady(kernel.state.id, socket.id);
  return true;
}

export function startKeepalive(kernel: Kernel, socket: TcpSocket): void {
  if (!socket.options.keepAlive) return;
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  socket.keepaliveGeneration += 1;
  socket.keepaliveProbes = 0;
  kernel.world.post(numberOf(namespace, 'net/ipv4/tcp_keepalive_time') * 1e6, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'keepalive', generation: socket.keepaliveGeneration });
}

/** tcp_ack; false when the segment is not to be looked at further. */
function acknowledge(kernel: Kernel, socket: TcpSocket, segment: tcp.TcpSegment): boolean {
  const acked = ahead(socket.sendUnacknowledged, segment.acknowledgement);
  if (ahead(socket.sendNext, segment.acknowledgement) > 0) {
    sendAck(kernel, socket);
    return false;
  }
  const window = segment.window << socket.sendScale;
  const isNewWindow = isBefore(socket.sendWindowSequence, segment.sequence) || (socket.sendWindowSequence === segment.sequence && !isBefore(segment.acknowledgement, socket.sendWindowAck));
  if (acked <= 0) {
    const isDuplicate = acked === 0 && segment.payload.length === 0 && window === socket.sendWindow && inFlight(socket) > 0 && (segment.flags & tcp.FIN) === 0;
    if (isNewWindow && acked === 0) takeWindow(socket, segment, window);
    if (isDuplicate) duplicateAck(kernel, socket);
    return true;
  }
  if (isNewWindow) takeWindow(socket, segment, window);
  advance(kernel, socket, segment, acked);
  return afterAck(kernel, socket);
}

function takeWindow(socket: TcpSocket, segment: tcp.TcpSegment, window: number): void {
  const opened = socket.sendWindow === 0 && window > 0;
  socket.sendWindow = window;
  socket.sendWindowSequence = segment.sequence;
  socket.sendWindowAck = segment.acknowledgement;
  if (opened && socket.isProbing) {
    disarmRetransmit(socket);
    socket.backoff = 0;
    socket.retransmits = 0;
  }
}

function duplicateAck(kernel: Kernel, socket: TcpSocket): void {
  socket.duplicateAcks += 1;
  if (socket.isRecovering) {
    socket.congestionWindow += 1;
    return;
  }
  if (socket.duplicateAcks !== 3) return;
  // Fast retransmit (RFC 5681 section 3.2).
  const flying = Math.ceil(inFlight(socket) / socket.mss);
  socket.slowStartThreshold = Math.max(2, flying >> 1);
  socket.congestionWindow = socket.slowStartThreshold + 3;
  socket.isRecovering = true;
  socket.recoverUntil = socket.sendNext;
  retransmitFirst(kernel, socket);
  armRetransmit(kernel, socket, true);
}

/** Takes acknowledged bytes out of the queue, samples the round trip, opens the congestion window. */
function advance(kernel: Kernel, socket: TcpSocket, segment: tcp.TcpSegment, acked: number): void {
  const nowUs = kernel.world.nowUs;
  socket.sendUnacknowledged = segment.acknowledgement;
  let bytes = Math.min(acked, socket.sendQueued);
  socket.bytesAcked += bytes;
  socket.sendQueued -= bytes;
  while (bytes > 0) {
    const first = socket.sendQueue[0]!;
    if (first.length > bytes) {
      socket.sendQueue[0] = first.subarray(bytes).slice();
      break;
    }
    bytes -= first.length;
    socket.sendQueue.shift();
  }
  if (socket.timedAtUs !== undefined && !isBefore(segment.acknowledgement, socket.timedEnd)) {
    sampleRoundTrip(socket, nowUs - socket.timedAtUs);
    socket.timedAtUs = undefined;
  }
  socket.backoff = 0;
  socket.retransmits = 0;
  socket.duplicateAcks = 0;
  if (socket.isRecovering) {
    if (!isBefore(segment.acknowledgement, socket.recoverUntil)) {
      socket.isRecovering = false;
      socket.congestionWindow = socket.slowStartThreshold;
    } else retransmitFirst(kernel, socket);
  } else if (socket.congestionWindow < socket.slowStartThreshold) socket.congestionWindow += Math.max(1, Math.ceil(acked / socket.mss));
  else {
    socket.congestionCredit += Math.ceil(acked / socket.mss);
    if (socket.congestionCredit >= socket.congestionWindow) {
      socket.congestionCredit = 0;
      socket.congestionWindow += 1;
    }
  }
  if (inFlight(socket) === 0) disarmRetransmit(socket);
  else armRetransmit(kernel, socket, true);
  if (socket.keepaliveProbes > 0) startKeepalive(kernel, socket);
  if (!socket.isOrphan) kernel.world.announceReady(kernel.state.id, socket.id);
}

/** State changes that an acknowledged FIN brings; false: the connection is gone. */
function afterAck(kernel: Kernel, socket: TcpSocket): boolean {
  const isFinAcked = socket.isFinSent && socket.sendUnacknowledged === socket.sendNext;
  if (!isFinAcked) return true;
  switch (socket.state) {
    case 'FIN-WAIT-1':
      setState(kernel, socket, 'FIN-WAIT-2');
      if (socket.isOrphan) {
        const namespace = kernel.state.namespaces.get(socket.ns)!;
        kernel.world.post(numberOf(namespace, 'net/ipv4/tcp_fin_timeout') * 1e6, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'fin-wait-2', generation: socket.stateGeneration });
      }
      return true;
    case 'CLOSING':
      startTimeWait(kernel, socket);
      return false;
    case 'LAST-ACK':
      finish(kernel, socket);
      return false;
    default:
      return true;
  }
}

/** tcp_data_queue */
function receiveData(kernel: Kernel, namespace: NamespaceState, socket: TcpSocket, segment: tcp.TcpSegment): void {
  const isFin = (segment.flags & tcp.FIN) !== 0;
  if (segment.payload.length > 0 && socket.isOrphan && (socket.state === 'FIN-WAIT-1' || socket.state === 'FIN-WAIT-2')) {
    // Nobody will read it (RFC 2525 section 2.17).
    reset(kernel, namespace, { local: socket.localAddress, remote: socket.remoteAddress }, segment, 0);
    return finish(kernel, socket);
  }
  const offset = ahead(segment.sequence, socket.receiveNext);
  if (offset < 0) {
    const isKnown = socket.outOfOrder.some((one) => one.sequence === segment.sequence && one.bytes.length >= segment.payload.length);
    if (!isKnown) socket.outOfOrder.push({ sequence: segment.sequence, bytes: copyOf(segment.payload), isFin });
    count(namespace, 'TcpExt.TCPOFOQueue');
    sendAck(kernel, socket);
    return;
  }
  const hadGap = socket.outOfOrder.length > 0;
  const window = socket.receiveWindow - ahead(socket.windowAnnouncedAt, socket.receiveNext);
  if (segment.payload.length > offset && window <= 0) {
    sendAck(kernel, socket);
    return;
  }
  accept(kernel, socket, segment.payload.subarray(offset), isFin);
  fillFromOutOfOrder(kernel, socket);
  if (!kernel.state.sockets.has(socket.id) || socket.state === 'CLOSE') return;
  const nowUs = kernel.world.nowUs;
  // tcp_fin: the FIN of an open connection is acknowledged late, so that a program which closes at once sends both in one segment.
  const isFirstToClose = isFin && socket.state !== 'CLOSE-WAIT';
  if (isFirstToClose || hadGap) sendAck(kernel, socket);
  else if (ahead(socket.windowAnnouncedAt, socket.receiveNext) > socket.mss) sendAck(kernel, socket);
  else if (socket.quickAcks > 0 && !socket.isPingPong) {
    socket.quickAcks -= 1;
    sendAck(kernel, socket);
  } else delayAck(kernel, socket);
  socket.lastReceivedUs = nowUs;
}

function accept(kernel: Kernel, socket: TcpSocket, bytes: Uint8Array, isFin: boolean): void {
  if (bytes.length > 0) {
    socket.receiveNext = plus(socket.receiveNext, bytes.length);
    socket.bytesReceived += bytes.length;
    if (!socket.isReadShut) {
      socket.receiveQueue.push(copyOf(bytes));
      socket.receiveQueued += bytes.length;
    }
  }
  if (isFin && !socket.isFinReceived) receiveFin(kernel, socket);
  if (!socket.isOrphan) kernel.world.announceReady(kernel.state.id, socket.id);
}

/** tcp_fin */
function receiveFin(kernel: Kernel, socket: TcpSocket): void {
  socket.receiveNext = plus(socket.receiveNext, 1);
  socket.isFinReceived = true;
  switch (socket.state) {
    case 'ESTABLISHED': case 'SYN-RECV':
      setState(kernel, socket, 'CLOSE-WAIT');
      socket.isPingPong = true;
      return;
    case 'FIN-WAIT-1':
      setState(kernel, socket, 'CLOSING');
      return;
    case 'FIN-WAIT-2':
      startTimeWait(kernel, socket);
      return;
    default:
      return;
  }
}

function fillFromOutOfOrder(kernel: Kernel, socket: TcpSocket): void {
  for (;;) {
    const at = socket.outOfOrder.findIndex((one) => ahead(one.sequence, socket.receiveNext) >= 0);
    if (at === -1) return;
    const [next] = socket.outOfOrder.splice(at, 1);
    const skip = ahead(next!.sequence, socket.receiveNext);
    if (skip > next!.bytes.length || (skip === next!.bytes.length && !next!.isFin)) continue;
    accept(kernel, socket, next!.bytes.subarray(skip), next!.isFin);
  }
}
