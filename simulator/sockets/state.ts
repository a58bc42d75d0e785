/** Sockets as plain data. Addresses are numbers (IPv4) or 32 hex digits (IPv6), whatever the socket's family: an IPv6 socket may speak IPv4. */
import type { Errno } from '../result.ts';
import type { Datagram, Family, LinkIndex, NetlinkEvent, NetnsId, SocketErrorReport, SocketId } from '../kernel/api.ts';
import type { Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';
import type { TcpSocket } from './tcp-state.ts';

export type Ip = Ip4 | Ip6;
export type SocketFilter = (frame: Uint8Array, info: { direction: string; device: LinkIndex }) => boolean;

export interface Common {
  id: SocketId;
  ns: NetnsId;
  family: Family;
  uid: number;
  inode: number;
  error: Errno | undefined;
  errorQueue: SocketErrorReport[];
  boundDevice: LinkIndex;
  options: Settings;
}

/** SOL_SOCKET and IPPROTO_IP options; undefined numbers mean "the namespace's default". */
export interface Settings {
  reuseAddress: boolean; reusePort: boolean; broadcast: boolean; mark: number; ttl: number | undefined; multicastTtl: number; tos: number; pathMtuDiscovery: 'want' | 'dont' | 'do' | 'probe';
  receiveError: boolean; headerIncluded: boolean; ipOptions: Uint8Array | undefined; keepAlive: boolean; noDelay: boolean; lingerSeconds: number | undefined; receiveBuffer: number; sendBuffer: number; v6Only: boolean;
  transparent: boolean; freeBind: boolean; userTimeoutMs: number; synCount: number | undefined; maxSegment: number | undefined; promiscuous: boolean;
}

interface DatagramQueue { queue: Datagram[]; queuedBytes: number; dropped: number; isReadShut: boolean; isWriteShut: boolean; localAddress: Ip; localPort: number; remoteAddress: Ip; remotePort: number; isConnected: boolean }

export interface UdpSocket extends Common, DatagramQueue { kind: 'udp' }
export interface PingSocket extends Common, DatagramQueue { kind: 'ping' }
export interface RawSocket extends Common, DatagramQueue { kind: 'raw'; protocol: number }
export interface PacketSocket extends Common { kind: 'packet'; protocol: number; queue: Datagram[]; queuedBytes: number; received: number; dropped: number; isPromiscuousOn: LinkIndex }
export interface SubscriptionSocket extends Common { kind: 'subscription'; kinds: readonly NetlinkEvent['kind'][]; events: unknown[] }

export type DatagramSocket = UdpSocket | PingSocket | RawSocket;
export type Socket = DatagramSocket | PacketSocket | SubscriptionSocket | TcpSocket;

export function anyAddress(family: Family): Ip {
  return family === 'inet' ? 0 : '00000000000000000000000000000000';
}

export function isAny(address: Ip): boolean {
  return address === 0 || address === '00000000000000000000000000000000';
}

export function freshSettings(): Settings {
  return {
    reuseAddress: false, reusePort: false, broadcast: false, mark: 0, ttl: undefined, multicastTtl: 1, tos: 0, pathMtuDiscovery: 'want', receiveError: false, headerIncluded: false, ipOptions: undefined, keepAlive: false,
    noDelay: false, lingerSeconds: undefined, receiveBuffer: 212_992, sendBuffer: 212_992, v6Only: false, transparent: false, freeBind: false, userTimeoutMs: 0, synCount: undefined, maxSegment: undefined, promiscuous: false,
  };
}
