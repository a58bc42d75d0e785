/** TCP's timers. Read first: RFC 6298 section 5, net/ipv4/tcp_timer.c */
import type { SocketId } from '../kernel/api.ts';
import type { Kernel } from '../kernel/state.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import * as tcp from '../wire/tcp.ts';
import { armRetransmit, EMPTY, inFlight, namespaceOf, pushOut, retransmitFirst, sendAck, sendSegment } from './tcp-output.ts';
import { finish } from './tcp-table.ts';
import { plus, type TcpSocket } from './tcp-state.ts';

export type TcpTimer = 'retransmit' | 'delayed-ack' | 'time-wait' | 'keepalive' | 'fin-wait-2';

export function tcpTimer(kernel: Kernel, id: SocketId, timer: TcpTimer, generation: number): void {
  const socket = kernel.state.sockets.get(id);
  if (socket?.kind !== 'tcp') return;
  switch (timer) {
    case 'retransmit':
      if (socket.retransmitGeneration === generation && socket.retransmitDueUs !== undefined) retransmitTimer(kernel, socket);
      return;
    case 'delayed-ack':
      if (socket.delayedAckGeneration !== generation || !socket.isAckDelayed) return;
      socket.isPingPong = false;
      sendAck(kernel, socket);
      return;
    case 'time-wait': case 'fin-wait-2':
      if (socket.stateGeneration === generation) finish(kernel, socket);
      return;
    case 'keepalive':
      if (socket.keepaliveGeneration === generation) keepaliveTimer(kernel, socket);
      return;
  }
}

/** tcp_retransmit_timer, tcp_probe_timer */
function retransmitTimer(kernel: Kernel, socket: TcpSocket): void {
  socket.retransmitDueUs = undefined;
  const namespace = namespaceOf(kernel, socket);
  if (socket.isProbing) {
    socket.isProbing = false;
    if (socket.sendQueued === 0) return;
    socket.retransmits += 1;
    socket.backoff = Math.min(socket.backoff + 1, 16);
    sendSegment(kernel, socket, tcp.ACK, plus(socket.sendUnacknowledged, -1), EMPTY);
    if (socket.sendWindow > 0) pushOut(kernel, socket);
    else rearmProbe(kernel, socket);
    return;
  }
  if (inFlight(socket) === 0) return;
  const limit = socket.state === 'SYN-SENT' ? (socket.options.synCount ?? numberOf(namespace, 'net/ipv4/tcp_syn_retries')) : socket.state === 'SYN-RECV' ? numberOf(namespace, 'net/ipv4/tcp_synack_retries') : socket.isOrphan ? 8 : numberOf(namespace, 'net/ipv4/tcp_retries2');
  if (socket.retransmits >= limit || (socket.options.userTimeoutMs > 0 && socket.retransmits > 0 && socket.backoff > 0 && socket.retransmitTimeoutUs * (2 ** socket.backoff - 1) > socket.options.userTimeoutMs * 1000)) {
    return finish(kernel, socket, socket.state === 'SYN-RECV' ? undefined : 'ETIMEDOUT');
  }
  socket.retransmits += 1;
  socket.backoff += 1;
  if (socket.state !== 'SYN-SENT' && socket.state !== 'SYN-RECV') {
    // Loss: one segment at a time again (RFC 5681 section 3.1), and everything in flight is sent anew.
    socket.slowStartThreshold = Math.max(2, Math.ceil(inFlight(socket) / socket.mss) >> 1);
    socket.congestionWindow = 1;
    socket.isRecovering = true;
    socket.recoverUntil = socket.sendNext;
    socket.duplicateAcks = 0;
  }
  retransmitFirst(kernel, socket);
  if (kernel.state.sockets.has(socket.id) && socket.state !== 'CLOSE') armRetransmit(kernel, socket, true);
}

function rearmProbe(kernel: Kernel, socket: TcpSocket): void {
  armRetransmit(kernel, socket, true);
  socket.isProbing = true;
}

function keepaliveTimer(kernel: Kernel, socket: TcpSocket): void {
  const namespace = namespaceOf(kernel, socket);
  if (!socket.options.keepAlive || socket.state !== 'ESTABLISHED') return;
  const idleUs = kernel.world.nowUs - socket.lastReceivedUs;
  const timeUs = numberOf(namespace, 'net/ipv4/tcp_keepalive_time') * 1e6;
  let nextUs = timeUs - idleUs;
  if (nextUs <= 0 || socket.keepaliveProbes > 0) {
    if (socket.keepaliveProbes >= numberOf(namespace, 'net/ipv4/tcp_keepalive_probes')) return finish(kernel, socket, 'ETIMEDOUT');
    socket.keepaliveProbes += 1;
    sendSegment(kernel, socket, tcp.ACK, plus(socket.sendUnacknowledged, -1), EMPTY);
    nextUs = numberOf(namespace, 'net/ipv4/tcp_keepalive_intvl') * 1e6;
  }
  socket.keepaliveGeneration += 1;
  kernel.world.post(nextUs, { kind: 'tcp', kernelId: kernel.state.id, ns: socket.ns, socket: socket.id, timer: 'keepalive', generation: socket.keepaliveGeneration });
}
