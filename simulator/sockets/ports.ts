/** Ports: who has which, who may share, and where the next free one is. Read first: net/ipv4/inet_connection_sock.c (inet_csk_find_open_port), net/ipv4/udp.c (udp_lib_get_port) */
import { done, fail, type Result } from '../result.ts';
import type { SocketId } from '../kernel/api.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { textOf } from '../sysctl/sysctl.ts';
import { isAny, type Common, type Ip, type UdpSocket } from './state.ts';
import type { TcpSocket } from './tcp-state.ts';

export function addTo(map: Map<number, SocketId[]>, key: number, id: SocketId): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [id]);
  else if (!list.includes(id)) list.push(id);
}

export function removeFrom(map: Map<number, SocketId[]>, key: number, id: SocketId): void {
  const list = map.get(key);
  if (list === undefined) return;
  const left = list.filter((one) => one !== id);
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}

export function portRange(namespace: NamespaceState): [low: number, high: number] {
  const [low, high] = textOf(namespace, 'net/ipv4/ip_local_port_range').split(/\s+/).map(Number);
  return [low ?? 32768, high ?? 60999];
}

/** Binds to `port`, or to a free one when it is 0. The local address is already set. */
export function bindPort(kernel: Kernel, socket: UdpSocket | TcpSocket, port: number): Result {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const map = socket.kind === 'udp' ? namespace.ports.udp : namespace.ports.tcpBound;
  let chosen = port;
  if (port === 0) {
    const [low, high] = portRange(namespace);
    const size = high - low + 1;
    // bind(2) prefers ports of the other parity than connect(2), so that the two seldom meet.
    const start = kernel.world.dice.below(size);
    const step = socket.kind === 'udp' ? 1 : 2;
    const from = socket.kind === 'udp' ? start : start | 1;
    for (let tries = 0; tries < size && chosen === 0; tries += 1) {
      const candidate = low + ((from + tries * step) % size);
      if (!conflicts(kernel, socket, map.get(candidate))) chosen = candidate;
    }
    if (chosen === 0) return fail('EADDRINUSE');
  } else if (conflicts(kernel, socket, map.get(port))) return fail('EADDRINUSE');
  socket.localPort = chosen;
  addTo(map, chosen, socket.id);
  return done;
}

function conflicts(kernel: Kernel, socket: UdpSocket | TcpSocket, holders: readonly SocketId[] | undefined): boolean {
  for (const id of holders ?? []) {
    const other = kernel.state.sockets.get(id);
    if (other === undefined || other === socket || (other.kind !== 'udp' && other.kind !== 'tcp')) continue;
    if (other.boundDevice !== 0 && socket.boundDevice !== 0 && other.boundDevice !== socket.boundDevice) continue;
    if (!overlaps(socket, socket.localAddress, other, other.localAddress)) continue;
    if (socket.options.reusePort && other.options.reusePort && socket.uid === other.uid) continue;
    const isListening = other.kind === 'tcp' && other.state === 'LISTEN';
    if (socket.options.reuseAddress && other.options.reuseAddress && !isListening) continue;
    return true;
  }
  return false;
}

/** ipv6_rcv_saddr_equal: do two local addresses ever match the same packet? */
function overlaps(left: Common, leftAddress: Ip, right: Common, rightAddress: Ip): boolean {
  if (left.family === right.family) return isAny(leftAddress) || isAny(rightAddress) || leftAddress === rightAddress;
  const [six, sixAddress, fourAddress] = left.family === 'inet6' ? [left, leftAddress, rightAddress] : [right, rightAddress, leftAddress];
  if (six.options.v6Only) return false;
  if (typeof sixAddress === 'number') return isAny(fourAddress) || sixAddress === 0 || sixAddress === fourAddress;
  return isAny(sixAddress);
}
