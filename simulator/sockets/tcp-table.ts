/** Finding connections and listeners, entering and leaving the tables, ending a connection. Read first: net/ipv4/inet_hashtables.c, tcp.c (tcp_done) */
import type { Errno } from '../result.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { addTo, removeFrom } from './ports.ts';
import { isAny, type Ip } from './state.ts';
import { disarmRetransmit } from './tcp-output.ts';
import { connectionKey, type TcpSocket } from './tcp-state.ts';

export function findConnection(kernel: Kernel, namespace: NamespaceState, local: Ip, localPort: number, remote: Ip, remotePort: number): TcpSocket | undefined {
  for (const id of namespace.ports.tcpConnections.get(connectionKey(localPort, remotePort)) ?? []) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind === 'tcp' && socket.localAddress === local && socket.remoteAddress === remote) return socket;
  }
  return undefined;
}

export function findListener(kernel: Kernel, namespace: NamespaceState, local: Ip, port: number, device: number): TcpSocket | undefined {
  let best: TcpSocket | undefined;
  let bestScore = -1;
  const isIp4 = typeof local === 'number';
  for (const id of namespace.ports.tcpListen.get(port) ?? []) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'tcp' || socket.state !== 'LISTEN') continue;
    if (isIp4 ? socket.family === 'inet6' && (socket.options.v6Only || (typeof socket.localAddress === 'string' && !isAny(socket.localAddress))) : socket.family === 'inet') continue;
    if (!isAny(socket.localAddress) && socket.localAddress !== local) continue;
    if (socket.boundDevice !== 0 && socket.boundDevice !== device) continue;
    const score = (isAny(socket.localAddress) ? 0 : 4) + (socket.boundDevice !== 0 ? 4 : 0) + ((socket.family === 'inet') === isIp4 ? 2 : 1);
    if (score > bestScore) {
      best = socket;
      bestScore = score;
    }
  }
  return best;
}

export function enterConnections(namespace: NamespaceState, socket: TcpSocket): void {
  addTo(namespace.ports.tcpConnections, connectionKey(socket.localPort, socket.remotePort), socket.id);
}

export function leaveTables(kernel: Kernel, socket: TcpSocket): void {
  const namespace = kernel.state.namespaces.get(socket.ns);
  if (namespace === undefined || socket.localPort === 0) return;
  removeFrom(namespace.ports.tcpConnections, connectionKey(socket.localPort, socket.remotePort), socket.id);
  removeFrom(namespace.ports.tcpListen, socket.localPort, socket.id);
  removeFrom(namespace.ports.tcpBound, socket.localPort, socket.id);
}

/** tcp_done: the connection is over, with an error for its user if there is one. */
export function finish(kernel: Kernel, socket: TcpSocket, error?: Errno): void {
  const wasWaiting = socket.state === 'SYN-RECV';
  socket.state = 'CLOSE';
  socket.stateGeneration += 1;
  disarmRetransmit(socket);
  socket.isAckDelayed = false;
  socket.delayedAckGeneration += 1;
  socket.keepaliveGeneration += 1;
  leaveTables(kernel, socket);
  if (error !== undefined) socket.error = error;
  socket.isReadShut = true;
  socket.isWriteShut = true;
  socket.sendQueue = [];
  socket.sendQueued = 0;
  const parent = socket.parent === 0 ? undefined : kernel.state.sockets.get(socket.parent);
  const isQueued = parent?.kind === 'tcp' && parent.acceptQueue.includes(socket.id);
  if (socket.isOrphan || (wasWaiting && !isQueued)) kernel.state.sockets.delete(socket.id);
  else kernel.world.announceReady(kernel.state.id, socket.id);
  kernel.world.announceChange(kernel.state.id);
}

export function setState(kernel: Kernel, socket: TcpSocket, state: TcpSocket['state']): void {
  socket.state = state;
  socket.stateGeneration += 1;
  kernel.world.announceChange(kernel.state.id);
}
