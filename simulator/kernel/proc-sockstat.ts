/** /proc/net/sockstat and sockstat6: how many sockets of a kind there are. Read first: net/ipv4/proc.c (sockstat_seq_show), net/ipv6/proc.c */
import type { Family } from './api.ts';
import type { Kernel, NamespaceState } from './state.ts';
import type { Socket } from '../sockets/state.ts';

const PAGE_BYTES = 4096;

export function sockstat(kernel: Kernel, namespace: NamespaceState): string {
  const all = [...kernel.state.sockets.values()];
  const own = all.filter((socket) => socket.ns === namespace.id);
  // Allocations and memory are counted over all namespaces and both families.
  const tcp = all.filter((socket) => socket.kind === 'tcp');
  const pages = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES);
  const tcpBytes = tcp.reduce((sum, socket) => sum + socket.receiveQueued, 0);
  const udpBytes = all.reduce((sum, socket) => sum + (socket.kind === 'udp' ? socket.queuedBytes : 0), 0);
  const { TCP, UDP, RAW } = inUse(own, 'inet');
  // IPv4's keys of what waits for its fragments hold a protocol, IPv6's do not.
  const waiting = [...namespace.reassembly.keys()].filter((key) => key.split(' ').length === 4).length;
  return `sockets: used ${own.filter((socket) => !isShadow(socket) && !(socket.kind === 'tcp' && socket.isOrphan)).length}\n`
    + `TCP: inuse ${TCP} orphan ${tcp.filter((socket) => socket.isOrphan && !isShadow(socket)).length} tw ${own.filter((socket) => socket.kind === 'tcp' && socket.state === 'TIME-WAIT').length} alloc ${tcp.filter((socket) => !isShadow(socket)).length} mem ${pages(tcpBytes)}\n`
    + `UDP: inuse ${UDP} mem ${pages(udpBytes)}\nUDPLITE: inuse 0\nRAW: inuse ${RAW}\nFRAG: inuse ${waiting} memory 0\n`;
}

export function sockstat6(kernel: Kernel, namespace: NamespaceState): string {
  const { TCP, UDP, RAW } = inUse([...kernel.state.sockets.values()].filter((socket) => socket.ns === namespace.id), 'inet6');
  return `TCP6: inuse ${TCP}\nUDP6: inuse ${UDP}\nUDPLITE6: inuse 0\nRAW6: inuse ${RAW}\nFRAG6: inuse 0 memory 0\n`;
}

/** A connection that waits out its time, or has not finished its handshake, is no socket yet or any more. */
function isShadow(socket: Socket): boolean {
  return socket.kind === 'tcp' && (socket.state === 'TIME-WAIT' || socket.state === 'SYN-RECV');
}

function inUse(sockets: readonly Socket[], family: Family): Record<'TCP' | 'UDP' | 'RAW', number> {
  const ofFamily = sockets.filter((socket) => socket.family === family);
  return {
    TCP: ofFamily.filter((socket) => socket.kind === 'tcp' && socket.state !== 'CLOSE' && !isShadow(socket)).length,
    UDP: ofFamily.filter((socket) => socket.kind === 'udp' && socket.localPort !== 0).length,
    RAW: ofFamily.filter((socket) => socket.kind === 'raw').length,
  };
}
