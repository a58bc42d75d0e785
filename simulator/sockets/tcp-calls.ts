/** What programs ask of TCP. Nothing blocks: EAGAIN, EINPROGRESS and readiness say when to come back. Read first: tcp(7), net/ipv4/tcp.c */
import { done, fail, ok, type Result } from '../result.ts';
import type { Readiness, SocketId } from '../kernel/api.ts';
import type { Kernel } from '../kernel/state.ts';
import { routeFor4 } from '../ip/output4.ts';
import { routeFor6 } from '../ip/output6.ts';
import { count } from '../ip/snmp.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import * as tcp from '../wire/tcp.ts';
import { addTo, bindPort, portRange } from './ports.ts';
import { mayBroadcast, senderOf } from './send.ts';
import { isAny, type Ip } from './state.ts';
import { startSending } from './tcp-input.ts';
import { armRetransmit, EMPTY, initialWindow, namespaceOf, offerableWindow, pathMss, pushOut, sendAck, sendSegment } from './tcp-output.ts';
import { enterConnections, findConnection, finish, leaveTables, setState } from './tcp-table.ts';
import { ahead, plus, type TcpSocket } from './tcp-state.ts';

export function connectTcp(kernel: Kernel, socket: TcpSocket, remote: Ip, port: number): Result {
  if (socket.isConnecting && socket.state === 'SYN-SENT') return fail('EALREADY');
  if (socket.state === 'LISTEN') return fail('EISCONN');
  if (socket.state !== 'CLOSE') return fail('EISCONN');
  const namespace = namespaceOf(kernel, socket);
  // Connecting to "any" means this host.
  const target: Ip = remote === 0 ? 0x7f000001 : typeof remote === 'string' && isAny(remote) ? '00000000000000000000000000000001' : remote;
  const own = socket.localAddress;
  if (typeof target === 'number') {
    const route = routeFor4(kernel, namespace, typeof own === 'number' ? own : 0, target, senderOf(socket), socket.options.tos, 6, socket.localPort, port);
    if (typeof route === 'string') return fail(route);
    if (route.type === 'multicast' || (route.type === 'broadcast' && !mayBroadcast(socket, route))) return fail('ENETUNREACH');
    if (isAny(own)) socket.localAddress = route.source;
  } else {
    const route = routeFor6(kernel, namespace, typeof own === 'string' && !isAny(own) ? own : '', target, senderOf(socket));
    if (typeof route === 'string') return fail(route);
    if (isAny(own)) socket.localAddress = route.source;
  }
  socket.remoteAddress = target;
  socket.remotePort = port;
  if (socket.localPort === 0) {
    const chosen = chooseConnectPort(kernel, socket);
    if (chosen === 0) return fail('EADDRNOTAVAIL');
    socket.localPort = chosen;
    addTo(namespace.ports.tcpBound, chosen, socket.id);
  } else if (findConnection(kernel, namespace, socket.localAddress, socket.localPort, target, port) !== undefined) return fail('EADDRNOTAVAIL');
  socket.error = undefined;
  socket.isReadShut = false;
  socket.isWriteShut = false;
  enterConnections(namespace, socket);
  startSending(kernel, socket);
  const mss = pathMss(kernel, socket);
  socket.windowLimit = initialWindow(typeof mss === 'string' ? 1460 : mss.announced);
  socket.receiveWindow = socket.windowLimit;
  socket.isConnecting = true;
  setState(kernel, socket, 'SYN-SENT');
  count(namespace, 'Tcp.ActiveOpens');
  socket.timedAtUs = kernel.world.nowUs;
  socket.timedEnd = plus(socket.initialSend, 1);
  socket.sendNext = plus(socket.initialSend, 1);
  sendSegment(kernel, socket, tcp.SYN, socket.initialSend, EMPTY);
  armRetransmit(kernel, socket);
  return fail('EINPROGRESS');
}

/** __inet_hash_connect: a random even port of the range whose pair of ends is new. */
function chooseConnectPort(kernel: Kernel, socket: TcpSocket): number {
  const namespace = namespaceOf(kernel, socket);
  const [low, high] = portRange(namespace);
  const size = high - low + 1;
  const start = kernel.world.dice.below(size) & ~1;
  for (const parity of [0, 1]) {
    for (let tries = 0; tries < size; tries += 2) {
      const candidate = low + ((start + tries) % size) + parity;
      if (candidate > high) continue;
      if (namespace.ports.tcpListen.has(candidate)) continue;
      if (findConnection(kernel, namespace, socket.localAddress, candidate, socket.remoteAddress, socket.remotePort) === undefined) return candidate;
    }
  }
  return 0;
}

export function listenTcp(kernel: Kernel, socket: TcpSocket, backlog: number): Result {
  const namespace = namespaceOf(kernel, socket);
  const limit = numberOf(namespace, 'net/core/somaxconn');
  const size = backlog < 0 || backlog > limit ? limit : backlog;
  if (socket.state === 'LISTEN') {
    socket.backlog = size;
    return done;
  }
  if (socket.state !== 'CLOSE') return fail('EINVAL');
  if (socket.localPort === 0) {
    const bound = bindPort(kernel, socket, 0);
    if (!bound.ok) return bound;
  }
  for (const id of namespace.ports.tcpListen.get(socket.localPort) ?? []) {
    const other = kernel.state.sockets.get(id);
    if (other?.kind !== 'tcp' || (socket.options.reusePort && other.options.reusePort)) continue;
    if (other.localAddress === socket.localAddress || isAny(other.localAddress) || isAny(socket.localAddress)) {
      if (other.family === socket.family || !((other.family === 'inet6' ? other : socket).options.v6Only)) return fail('EADDRINUSE');
    }
  }
  socket.backlog = size;
  addTo(namespace.ports.tcpListen, socket.localPort, socket.id);
  setState(kernel, socket, 'LISTEN');
  return done;
}

export function acceptTcp(kernel: Kernel, socket: TcpSocket): Result<SocketId> {
  if (socket.state !== 'LISTEN') return fail('EINVAL');
  const id = socket.acceptQueue.shift();
  if (id === undefined) return fail('EAGAIN');
  const child = kernel.state.sockets.get(id);
  if (child?.kind === 'tcp') child.parent = 0;
  return ok(id);
}

export function sendTcp(kernel: Kernel, socket: TcpSocket, bytes: Uint8Array): Result<number> {
  if (socket.error !== undefined) {
    const { error } = socket;
    socket.error = undefined;
    return fail(error);
  }
  if (socket.state === 'SYN-SENT' || socket.state === 'SYN-RECV') return fail('EAGAIN');
  if (socket.isWriteShut || (socket.state !== 'ESTABLISHED' && socket.state !== 'CLOSE-WAIT')) return fail(socket.remotePort === 0 ? 'ENOTCONN' : 'EPIPE');
  const room = sendRoom(socket);
  if (room <= 0) return fail('EAGAIN');
  const taken = Math.min(room, bytes.length);
  if (taken > 0) {
    socket.sendQueue.push(bytes.slice(0, taken));
    socket.sendQueued += taken;
    pushOut(kernel, socket);
  }
  return ok(taken);
}

/** The send buffer starts at tcp_wmem's 16 KiB and grows; half of SO_SNDBUF holds payload. */
function sendRoom(socket: TcpSocket): number {
  return (socket.options.sendBuffer >> 1) - socket.sendQueued;
}

export function receiveTcpBytes(kernel: Kernel, socket: TcpSocket, max: number): Result<Uint8Array> {
  if (socket.receiveQueued > 0) {
    const size = Math.min(max, socket.receiveQueued);
    const made = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const first = socket.receiveQueue[0]!;
      const take = Math.min(first.length, size - at);
      made.set(first.subarray(0, take), at);
      at += take;
      if (take === first.length) socket.receiveQueue.shift();
      else socket.receiveQueue[0] = first.subarray(take).slice();
    }
    const before = Math.max(0, socket.receiveWindow - ahead(socket.windowAnnouncedAt, socket.receiveNext));
    socket.receiveQueued -= size;
    // tcp_cleanup_rbuf: tell the sender when much has become free.
    if ((socket.state === 'ESTABLISHED' || socket.state === 'FIN-WAIT-1' || socket.state === 'FIN-WAIT-2') && offerableWindow(socket) >= Math.max(2 * before, Math.min(2 * socket.mss, socket.windowLimit / 2)) && before < socket.windowLimit / 2) sendAck(kernel, socket);
    return ok(made);
  }
  if (socket.isFinReceived) return ok(EMPTY);
  if (socket.error !== undefined) {
    const { error } = socket;
    socket.error = undefined;
    return fail(error);
  }
  if (socket.isReadShut) return ok(EMPTY);
  if (socket.state === 'CLOSE' || socket.state === 'LISTEN') return fail('ENOTCONN');
  return fail('EAGAIN');
}

export function shutdownTcp(kernel: Kernel, socket: TcpSocket, how: 'read' | 'write' | 'both'): Result {
  if (socket.state === 'LISTEN' && how !== 'write') {
    stopListening(kernel, socket);
    return done;
  }
  if (socket.state === 'CLOSE' || socket.state === 'SYN-SENT' || socket.state === 'LISTEN') return fail('ENOTCONN');
  if (how !== 'write') socket.isReadShut = true;
  if (how !== 'read' && !socket.isWriteShut) {
    socket.isWriteShut = true;
    queueFin(kernel, socket);
  }
  kernel.world.announceReady(kernel.state.id, socket.id);
  return done;
}

function queueFin(kernel: Kernel, socket: TcpSocket): void {
  if (socket.state === 'ESTABLISHED' || socket.state === 'SYN-RECV') setState(kernel, socket, 'FIN-WAIT-1');
  else if (socket.state === 'CLOSE-WAIT') setState(kernel, socket, 'LAST-ACK');
  else return;
  socket.isFinQueued = true;
  pushOut(kernel, socket);
}

/** tcp_close */
export function closeTcp(kernel: Kernel, socket: TcpSocket): void {
  const { state } = kernel;
  socket.isOrphan = true;
  switch (socket.state) {
    case 'LISTEN':
      stopListening(kernel, socket);
      state.sockets.delete(socket.id);
      return;
    case 'CLOSE':
      leaveTables(kernel, socket);
      state.sockets.delete(socket.id);
      return;
    case 'SYN-SENT':
      finish(kernel, socket);
      return;
    case 'TIME-WAIT': case 'FIN-WAIT-1': case 'CLOSING': case 'LAST-ACK':
      return;
    case 'FIN-WAIT-2':
      kernel.world.post(numberOf(namespaceOf(kernel, socket), 'net/ipv4/tcp_fin_timeout') * 1e6, { kind: 'tcp', kernelId: state.id, ns: socket.ns, socket: socket.id, timer: 'fin-wait-2', generation: socket.stateGeneration });
      return;
    default: {
      const isAbort = socket.options.lingerSeconds === 0;
      if (socket.receiveQueued > 0 || isAbort) {
        // Unread data is lost: the other end must know (RFC 2525 section 2.17).
        sendSegment(kernel, socket, tcp.RST | tcp.ACK, socket.sendNext, EMPTY);
        finish(kernel, socket);
        return;
      }
      socket.isWriteShut = true;
      queueFin(kernel, socket);
    }
  }
}

function stopListening(kernel: Kernel, socket: TcpSocket): void {
  const waiting = socket.acceptQueue;
  socket.acceptQueue = [];
  for (const [id, other] of kernel.state.sockets) {
    if (other.kind !== 'tcp' || other.parent !== socket.id) continue;
    other.isOrphan = true;
    other.parent = 0;
    if (other.state === 'CLOSE') kernel.state.sockets.delete(id);
    else {
      sendSegment(kernel, other, waiting.includes(id) ? tcp.RST | tcp.ACK : tcp.RST, other.sendNext, EMPTY);
      finish(kernel, other);
    }
  }
  leaveTables(kernel, socket);
  setState(kernel, socket, 'CLOSE');
}

export function tcpReadiness(socket: TcpSocket): Readiness {
  if (socket.state === 'LISTEN') return { readable: socket.acceptQueue.length > 0, writable: false, error: false, hangup: false, errorQueue: false };
  const isEnded = socket.isFinReceived || socket.isReadShut;
  const isClosed = socket.state === 'CLOSE';
  const isOpen = socket.state !== 'SYN-SENT' && socket.state !== 'SYN-RECV';
  return {
    readable: socket.receiveQueued > 0 || (isEnded && isOpen) || socket.error !== undefined,
    writable: (isOpen && !isClosed && !socket.isWriteShut && sendRoom(socket) >= socket.options.sendBuffer >> 2) || socket.error !== undefined || (isClosed && socket.isConnecting) || (isOpen && socket.isWriteShut),
    error: socket.error !== undefined, hangup: isClosed || (socket.isFinReceived && socket.isWriteShut), errorQueue: socket.errorQueue.length > 0,
  };
}

