/** The network as one process may use it: bound to its namespace and privileges, with blocking calls for sockets. */
import type { Result } from '../simulator/result.ts';
import type { ConntrackEvent, ConntrackView, NetfilterCalls, TableName, TableState } from '../simulator/netfilter/api.ts';
import type { Datagram, Endpoint, Family, NetlinkCalls, NetlinkEvent, NetnsId, Readiness, SocketErrorReport, SocketId, SocketOptions, SocketType, SocketView } from '../simulator/kernel/api.ts';

/** Drops the first parameter (the namespace) of every call that has one. */
type Bound<T> = { [K in keyof T]: T[K] extends (ns: NetnsId, ...rest: infer R) => infer A ? (...rest: R) => A : T[K] };

export interface SocketPort {
  /** A file descriptor-less socket: closed at process end. Raw and packet kinds need CAP_NET_RAW (EPERM); ports below 1024 CAP_NET_BIND_SERVICE (EACCES). */
  open(type: SocketType): Result<SocketId>;
  close(id: SocketId): void;
  bind(id: SocketId, to: Endpoint): Result;
  bindDevice(id: SocketId, name: string): Result;
  /** Blocks until connected; ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EINTR. */
  connect(id: SocketId, to: Endpoint, timeoutUs?: number): Promise<Result>;
  listen(id: SocketId, backlog: number): Result;
  accept(id: SocketId, timeoutUs?: number): Promise<Result<SocketId>>;      // EAGAIN at time-out
  send(id: SocketId, bytes: Uint8Array, to?: Endpoint): Promise<Result<number>>;
  receive(id: SocketId, max: number, timeoutUs?: number): Promise<Result<Uint8Array>>;
  receiveDatagram(id: SocketId, timeoutUs?: number): Promise<Result<Datagram>>;   // EAGAIN at time-out; EINTR
  receiveErrorReport(id: SocketId): Result<SocketErrorReport>;
  shutdown(id: SocketId, how: 'read' | 'write' | 'both'): Result;
  setOptions(id: SocketId, options: SocketOptions): Result;
  attachFilter(id: SocketId, accepts: ((frame: Uint8Array, info: { direction: string; device: number }) => boolean) | undefined): void;
  readiness(id: SocketId): Readiness;
  /** Until one socket (or fd) is ready, or time is over. The way for nc, curl, servers to watch several things. */
  poll(sockets: readonly { id: SocketId; read?: boolean; write?: boolean }[], fds?: readonly { fd: number; read?: boolean; write?: boolean }[], timeoutUs?: number): Promise<Result<{ sockets: SocketId[]; fds: number[] }>>;
  takeError(id: SocketId): import('../simulator/result.ts').Errno | undefined;
  local(id: SocketId): Endpoint | undefined;
  remote(id: SocketId): Endpoint | undefined;
  packetStatistics(id: SocketId): { received: number; dropped: number };
  pathMtu(id: SocketId): number | undefined;
  /** All sockets of the namespace, with the owning process where it may be seen. */
  sockets(): (SocketView & { readonly process: { pid: number; name: string; fd: number } | undefined })[];
}

export interface NetlinkPort extends Omit<Bound<NetlinkCalls>, 'takeEvents' | 'subscribe'> {
  subscribe(kinds: readonly NetlinkEvent['kind'][]): SocketId;
  takeEvents(id: SocketId): NetlinkEvent[];
}
export interface NetfilterPort extends Omit<Bound<NetfilterCalls>, 'table' | 'conntrack' | 'takeConntrackEvents' | 'subscribeConntrack'> {
  /** EPERM ("you must be root") without CAP_NET_ADMIN. */
  table(family: Family, name: TableName): Result<TableState>;
  conntrack(): Result<ConntrackView[]>;
  subscribeConntrack(): Result<SocketId>;
  takeConntrackEvents(id: SocketId): ConntrackEvent[];
}
export interface SysctlPort { keys(): string[]; get(key: string): Result<string>; set(key: string, value: string): Result; isWritable(key: string): boolean }

export interface NetPorts {
  readonly netlink: NetlinkPort;
  readonly sockets: SocketPort;
  readonly netfilter: NetfilterPort;
  readonly sysctl: SysctlPort;
  /** Name of the namespace with that kernel id in /run/netns, if any (link-netns). */
  netnsName(id: NetnsId): string | undefined;
  /** By the number this namespace uses for it (IFLA_LINK_NETNSID). */
  netnsNameById(nsid: number): string | undefined;
}
