/**
 * The network kernel as programs meet it: what netlink, sockets, packet sockets, nf_tables and /proc/sys/net offer on Linux.
 * One `NetKernel` per machine; every call names the network namespace it happens in. Nothing here blocks: sockets report
 * readiness and the machine above turns that into blocking calls. Privileges are the machine's business.
 * Read first: rtnetlink(7), socket(7), packet(7), include/uapi/linux/{if_link,rtnetlink,neighbour,fib_rules}.h
 */
import type { Result } from '../result.ts';

/** Network namespace id inside one kernel. 0 is the machine's first namespace (init_net). */
export type NetnsId = number;
/** Interface index, unique inside one namespace. */
export type LinkIndex = number;
/** Lower-case colon form, `42:01:0a:8e:00:02`. */
export type Mac = string;
/** An IPv4 address in dotted quads or an IPv6 address in RFC 5952 form. */
export type Address = string;
export type Family = 'inet' | 'inet6';

// ---------------------------------------------------------------- links
export type LinkKind = 'loopback' | 'ether' | 'veth' | 'bridge' | 'tap' | 'tun' | 'dummy' | 'vlan' | 'macvlan' | 'vxlan' | 'ipip' | 'gre' | 'ifb';
export type OperState = 'UNKNOWN' | 'NOTPRESENT' | 'DOWN' | 'LOWERLAYERDOWN' | 'TESTING' | 'DORMANT' | 'UP';

export interface LinkStats {
  rxPackets: number; rxBytes: number; rxErrors: number; rxDropped: number; rxMulticast: number;
  txPackets: number; txBytes: number; txErrors: number; txDropped: number; txCarrierErrors: number; collisions: number;
}

export interface LinkView {
  readonly index: LinkIndex;
  readonly name: string;
  readonly altNames: readonly string[];
  readonly alias: string | undefined;
  readonly kind: LinkKind;
  readonly mac: Mac;                    // 00:00:00:00:00:00 for lo
  readonly permanentMac: Mac | undefined; // shown by `ip link` as permaddr when it differs
  readonly broadcast: Mac;
  readonly mtu: number;
  readonly minMtu: number;
  readonly maxMtu: number;
  readonly txQueueLength: number;
  /** IFF_* names in the order `ip` prints them, NO-CARRIER and LOWER_UP included as `ip` derives them. */
  readonly flags: readonly string[];
  readonly isUp: boolean;               // IFF_UP
  readonly hasCarrier: boolean;
  readonly promiscuity: number;
  readonly operState: OperState;
  readonly qdisc: string;               // noop, noqueue, fq_codel, pfifo_fast, netem ...
  readonly group: string;
  /** Bridge (or other master) index. */
  readonly master: LinkIndex | undefined;
  /** IFLA_LINK: index of the peer or lower device, in `linkNetns` when that is set, else here. */
  readonly link: LinkIndex | undefined;
  /** Id of the namespace `link` lives in as this namespace numbers it (IFLA_LINK_NETNSID); undefined when same namespace. */
  readonly linkNetnsId: number | undefined;
  readonly stats: LinkStats;
  readonly details: LinkDetails;
  readonly createdAtUs: number;
}

export type LinkDetails =
  | { kind: 'none' }
  | { kind: 'bridge'; forwardDelayMs: number; helloTimeMs: number; maxAgeMs: number; ageingMs: number; stp: boolean; priority: number; vlanFiltering: boolean; multicastSnooping: boolean; bridgeId: string; rootId: string; rootPort: number; rootPathCost: number; topologyChange: boolean; nfCallIptables: boolean; groupFwdMask: number; ports: readonly LinkIndex[] }
  | { kind: 'tun'; mode: 'tun' | 'tap'; persist: boolean; user?: number; group?: number; multiQueue: boolean; pi: boolean; vnetHdr: boolean }
  | { kind: 'vlan'; id: number; protocol: '802.1Q' | '802.1ad' }
  | { kind: 'macvlan'; mode: string }
  | { kind: 'vxlan'; id: number; local?: Address; remote?: Address; group?: Address; port: number; device?: LinkIndex; timeToLive: number; learning: boolean };

/** Bridge port attributes (IFLA_BRPORT_*), as `bridge -d link`, `brctl showstp` and sysfs show them. */
export interface BridgePortView {
  readonly link: LinkIndex; readonly bridge: LinkIndex; readonly portNumber: number;
  readonly state: 'disabled' | 'listening' | 'learning' | 'forwarding' | 'blocking';
  readonly pathCost: number; readonly priority: number; readonly hairpin: boolean; readonly guard: boolean; readonly rootBlock: boolean; readonly fastLeave: boolean;
  readonly learning: boolean; readonly flood: boolean; readonly multicastFlood: boolean; readonly broadcastFlood: boolean; readonly proxyArp: boolean; readonly isolated: boolean;
  readonly designatedRoot: string; readonly designatedBridge: string; readonly designatedPort: number; readonly designatedCost: number; readonly portId: number;
  readonly messageAgeTimerMs: number; readonly forwardDelayTimerMs: number; readonly holdTimerMs: number;
}

/** What is left of a bridge's timers, 0 for one that does not run. */
export interface BridgeTimers { readonly helloMs: number; readonly tcnMs: number; readonly topologyChangeMs: number; readonly gcMs: number; readonly topologyChangeDetected: boolean }

export interface LinkSpec {
  kind: LinkKind;
  name?: string;                        // absent: kernel picks veth0, dummy0 ...
  index?: LinkIndex;
  mac?: Mac; mtu?: number; txQueueLength?: number; up?: boolean; alias?: string; master?: LinkIndex; group?: string; arp?: boolean;
  /** Create it in this namespace instead of the caller's. */
  netns?: NetnsId;
  /** veth only. */
  peer?: { name?: string; index?: LinkIndex; mac?: Mac; mtu?: number; txQueueLength?: number; up?: boolean; netns?: NetnsId };
  /** vlan, macvlan, vxlan: the lower device. */
  link?: LinkIndex;
  vlanId?: number; vlanProtocol?: '802.1Q' | '802.1ad';
  macvlanMode?: 'private' | 'vepa' | 'bridge' | 'passthru';
  vxlan?: { id: number; local?: Address; remote?: Address; group?: Address; port?: number; timeToLive?: number; learning?: boolean };
  /** ether only: a driver without a queue of its own (IFF_NO_QUEUE), as paravirtual ones may be. */
  noQueue?: boolean;
  tun?: { user?: number; group?: number; multiQueue?: boolean; pi?: boolean; vnetHdr?: boolean };
  bridge?: BridgeOptions;
}
export interface BridgeOptions { forwardDelayMs?: number; helloTimeMs?: number; maxAgeMs?: number; ageingMs?: number; stp?: boolean; priority?: number; vlanFiltering?: boolean; multicastSnooping?: boolean; nfCallIptables?: boolean }
export interface BridgePortOptions { state?: number; pathCost?: number; priority?: number; hairpin?: boolean; guard?: boolean; rootBlock?: boolean; fastLeave?: boolean; learning?: boolean; flood?: boolean; multicastFlood?: boolean; broadcastFlood?: boolean; proxyArp?: boolean; isolated?: boolean }

export interface LinkChange {
  up?: boolean; name?: string; mac?: Mac; mtu?: number; txQueueLength?: number; alias?: string; group?: string;
  arp?: boolean; multicast?: boolean; allMulticast?: boolean; promiscuous?: boolean; dynamic?: boolean;
  /** 0 releases the port. */
  master?: LinkIndex;
  netns?: NetnsId;
  bridge?: BridgeOptions; bridgePort?: BridgePortOptions;
  addAltName?: string; deleteAltName?: string;
}

// ---------------------------------------------------------------- addresses
export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere';
export interface AddressView {
  readonly index: LinkIndex; readonly family: Family; readonly address: Address; readonly prefixLength: number;
  readonly peer: Address | undefined; readonly broadcast: Address | undefined; readonly anycast: Address | undefined;
  readonly scope: Scope; readonly label: string | undefined; readonly isSecondary: boolean;
  readonly isTentative: boolean; readonly isDadFailed: boolean; readonly isDeprecated: boolean; readonly isTemporary: boolean; readonly isDynamic: boolean; readonly isNoPrefixRoute: boolean; readonly isNoDad?: boolean;
  readonly proto: string | undefined; readonly metric: number | undefined;
  /** Seconds, undefined = forever. */
  readonly validSeconds: number | undefined; readonly preferredSeconds: number | undefined;
}
export interface AddressSpec {
  index: LinkIndex; family: Family; address: Address; prefixLength: number; peer?: Address; broadcast?: Address; anycast?: Address; scope?: Scope; label?: string;
  validSeconds?: number; preferredSeconds?: number; noPrefixRoute?: boolean; noDad?: boolean; metric?: number;
}

// ---------------------------------------------------------------- routes, rules, neighbours, fdb
export type RouteType = 'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw' | 'nat';
export interface NextHop { gateway?: Address; device?: LinkIndex; weight?: number; onlink?: boolean; /** shown as flags by `ip route` */ isDead?: boolean; isLinkDown?: boolean }
export interface RouteView {
  readonly family: Family; readonly type: RouteType;
  readonly destination: Address; readonly prefixLength: number;        // 0.0.0.0/0 or ::/0 is the default route
  readonly table: number; readonly protocol: string; readonly scope: Scope; readonly metric: number; readonly preferredSource: Address | undefined; readonly tos: number;
  readonly nextHops: readonly NextHop[];                                // one, or several for multipath; none for blackhole ...
  readonly mtu?: number; readonly advMss?: number; readonly window?: number; readonly rttMs?: number; readonly initcwnd?: number; readonly expiresSeconds?: number; readonly preference?: string; readonly lockMtu?: boolean;
}
export interface RouteSpec {
  family: Family; type?: RouteType; destination: Address; prefixLength: number; table?: number; protocol?: string; scope?: Scope; metric?: number; preferredSource?: Address; tos?: number;
  nextHops: NextHop[]; mtu?: number; advMss?: number; window?: number; rttMs?: number; initcwnd?: number; lockMtu?: boolean;
}
export type RouteMode = 'add' | 'append' | 'prepend' | 'replace' | 'change';
export interface RouteQuery { family: Family; to: Address; from?: Address; iif?: LinkIndex; oif?: LinkIndex; mark?: number; tos?: number; uid?: number; ipProtocol?: number; sport?: number; dport?: number }
/** `ip route get`. */
export interface RouteAnswer { readonly route: RouteView; readonly source: Address; readonly gateway: Address | undefined; readonly device: LinkIndex; readonly isLocal: boolean; readonly isBroadcast: boolean; readonly isMulticast?: boolean; readonly uid: number; readonly mtu: number; readonly iif: LinkIndex | undefined }

export interface RuleView {
  readonly family: Family; readonly priority: number; readonly not: boolean;
  readonly from?: { address: Address; prefixLength: number }; readonly to?: { address: Address; prefixLength: number };
  readonly iif?: string; readonly oif?: string; readonly mark?: { value: number; mask: number }; readonly tos?: number; readonly ipProtocol?: number; readonly uidRange?: [number, number]; readonly sport?: [number, number]; readonly dport?: [number, number];
  readonly action: 'table' | 'blackhole' | 'unreachable' | 'prohibit' | 'goto' | 'nop'; readonly table: number; readonly goto?: number; readonly suppressPrefixLength?: number; readonly protocol: string;
}

export type NeighbourState = 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'NOARP' | 'PERMANENT' | 'NONE';
export interface NeighbourView { readonly index: LinkIndex; readonly family: Family; readonly address: Address; readonly mac: Mac | undefined; readonly state: NeighbourState; readonly isProxy: boolean; readonly isRouter: boolean; readonly isLearntElsewhere: boolean; readonly usedSecondsAgo: number; readonly confirmedSecondsAgo: number; readonly updatedSecondsAgo: number; readonly probes: number; readonly references: number }
export interface NeighbourSpec { index: LinkIndex; family: Family; address: Address; mac?: Mac; state?: NeighbourState; proxy?: boolean; router?: boolean; learntElsewhere?: boolean }

export interface FdbView { readonly link: LinkIndex; readonly master: LinkIndex | undefined; readonly mac: Mac; readonly vlan: number | undefined; readonly isLocal: boolean; readonly isPermanent: boolean; readonly isStatic: boolean; readonly isSelf: boolean; readonly ageSeconds: number; readonly destination?: Address }

/** Who of a bridge's ports (the bridge's own number: the machine itself) wants a multicast group. */
export interface MdbEntry { readonly bridge: LinkIndex; readonly port: LinkIndex; readonly group: Address; readonly vlan: number }
export interface MdbView extends MdbEntry { readonly isPermanent: boolean; readonly leftMs: number; readonly byUser: boolean }
/** Which entries of a bridge's table a flush takes; what is undefined does not matter. */
export interface FdbFilter { readonly port?: LinkIndex | undefined; readonly vlan?: number | undefined; readonly isLocal?: boolean | undefined; readonly isStatic?: boolean | undefined; readonly byUser?: boolean | undefined }

// ---------------------------------------------------------------- events (RTNLGRP_*, for `ip monitor`)
export type NetlinkEvent =
  | { kind: 'link'; atUs: number; deleted: boolean; link: LinkView }
  | { kind: 'address'; atUs: number; deleted: boolean; address: AddressView }
  | { kind: 'route'; atUs: number; deleted: boolean; route: RouteView }
  | { kind: 'neighbour'; atUs: number; deleted: boolean; neighbour: NeighbourView }
  | { kind: 'rule'; atUs: number; deleted: boolean; rule: RuleView }
  | { kind: 'nsid'; atUs: number; deleted: boolean; id: number };

/** A root queueing discipline. `handle` is the major number, 0 for one the kernel chose itself. */
export interface QdiscView { readonly queue?: { readonly limit: number; readonly rateBytesPerSecond: number; readonly burstNs: number }; readonly overlimits?: number; readonly backlogBytes?: number; readonly references: number; readonly kind: string; readonly handle: number; readonly netem?: { delayUs: number; jitterUs: number; lossPercent: number; rateBitsPerSecond: number; duplicatePercent: number; reorderPercent: number; limit: number }; readonly sentBytes: number; readonly sentPackets: number; readonly dropped: number; readonly backlogPackets: number }

/** A queue that is not netem. `limit` counts bytes, of pfifo packets; absent: what the device's queue length comes to. */
export interface QueueSpec { readonly kind: 'tbf' | 'pfifo' | 'bfifo' | 'pfifo_fast' | 'noqueue'; readonly handle?: number; readonly limit?: number; readonly rateBytesPerSecond?: number; readonly burstNs?: number }

/** rtnetlink, ioctl and sysfs as iproute2, net-tools and bridge-utils use them. */
export interface NetlinkCalls {
  links(ns: NetnsId): LinkView[];
  link(ns: NetnsId, nameOrIndex: string | LinkIndex): LinkView | undefined;
  addLink(ns: NetnsId, spec: LinkSpec): Result<LinkIndex>;
  setLink(ns: NetnsId, index: LinkIndex, change: LinkChange): Result;
  deleteLink(ns: NetnsId, index: LinkIndex): Result;
  bridgePorts(ns: NetnsId): BridgePortView[];
  bridgeTimers(ns: NetnsId, bridge: LinkIndex): BridgeTimers;
  addresses(ns: NetnsId, family?: Family): AddressView[];
  addAddress(ns: NetnsId, spec: AddressSpec, mode?: 'add' | 'replace' | 'change'): Result;
  deleteAddress(ns: NetnsId, spec: AddressSpec): Result;
  /** All tables unless `table` is given, in the kernel's own dump order. */
  routes(ns: NetnsId, family: Family, table?: number): RouteView[];
  addRoute(ns: NetnsId, spec: RouteSpec, mode: RouteMode): Result;
  deleteRoute(ns: NetnsId, spec: RouteSpec): Result;
  lookupRoute(ns: NetnsId, query: RouteQuery): Result<RouteAnswer>;
  rules(ns: NetnsId, family: Family): RuleView[];
  addRule(ns: NetnsId, rule: Partial<RuleView> & { family: Family }): Result;
  deleteRule(ns: NetnsId, rule: Partial<RuleView> & { family: Family }): Result;
  neighbours(ns: NetnsId, family?: Family): NeighbourView[];
  addNeighbour(ns: NetnsId, spec: NeighbourSpec, mode: 'add' | 'replace' | 'change'): Result;
  deleteNeighbour(ns: NetnsId, spec: NeighbourSpec): Result;
  fdb(ns: NetnsId): FdbView[];
  addFdb(ns: NetnsId, entry: { link: LinkIndex; mac: Mac; vlan?: number; master?: boolean; self?: boolean; kind: 'permanent' | 'static' | 'dynamic'; destination?: Address }, mode: 'add' | 'append' | 'replace'): Result;
  deleteFdb(ns: NetnsId, entry: { link: LinkIndex; mac: Mac; vlan?: number; master?: boolean; self?: boolean }): Result;
  /** RTM_DELNEIGH with NLM_F_BULK to a bridge, or (`master`) to the bridge of a port. */
  flushFdb(ns: NetnsId, device: LinkIndex, to: 'self' | 'master', filter: FdbFilter): Result;
  mdb(ns: NetnsId): MdbView[];
  addMdb(ns: NetnsId, entry: MdbEntry, isPermanent: boolean): Result;
  deleteMdb(ns: NetnsId, entry: MdbEntry): Result;
  multicastGroups(ns: NetnsId): { index: LinkIndex; family: 'link' | Family; address: string; users: number; isStatic?: boolean }[];
  /** dev_mc_add_global: frames to an address are taken in, or no longer. ENOENT for what nobody asked for by hand. */
  setLinkGroup(ns: NetnsId, index: LinkIndex, mac: Mac, isJoined: boolean): Result;
  setQdisc(ns: NetnsId, index: LinkIndex, netem: { delayUs?: number; jitterUs?: number; lossPercent?: number; rateBitsPerSecond?: number; duplicatePercent?: number; reorderPercent?: number; limit?: number; handle?: number } | QueueSpec | undefined): Result;
  /** RTM_GETQDISC of the root; undefined where none shows (a device that never was up). */
  qdisc(ns: NetnsId, index: LinkIndex): QdiscView | undefined;
  /** RTM_GETTFILTER at clsact; undefined where no clsact is. */
  filters(ns: NetnsId, index: LinkIndex): import('../bpf/state.ts').TcAttachments | undefined;
  /** The id this namespace uses for another one (RTM_GETNSID); assigned on first need as Linux does, or by `ip netns set`. */
  netnsId(ns: NetnsId, other: NetnsId): number | undefined;
  /** The ids the namespace with that id here uses, and what this one calls the same namespaces. */
  netnsIdsOf(ns: NetnsId, target: number): Result<readonly { readonly id: number; readonly here: number | undefined }[]>;
  setNetnsId(ns: NetnsId, other: NetnsId, id: number | 'auto'): Result<number>;
  /** A queue that receives events from now on; read with `takeEvents`; readiness is announced like a socket's. */
  subscribe(ns: NetnsId, kinds: readonly NetlinkEvent['kind'][]): SocketId;
  takeEvents(id: SocketId): NetlinkEvent[];
}

// ---------------------------------------------------------------- sockets
/** Unique inside one kernel. */
export type SocketId = number;
export interface Endpoint { address: Address; port: number }
export type SocketType =
  | { type: 'tcp'; family: Family } | { type: 'udp'; family: Family }
  | { type: 'ping'; family: Family }                       // SOCK_DGRAM, IPPROTO_ICMP: the kernel picks and filters the id (= port)
  | { type: 'raw'; family: Family; protocol: number }      // SOCK_RAW; protocol 255 = IPPROTO_RAW
  | { type: 'packet'; protocol: 'all' | number };          // AF_PACKET SOCK_RAW
export interface SocketOptions {
  reuseAddress?: boolean; reusePort?: boolean; broadcast?: boolean; bindToDevice?: string; mark?: number; ttl?: number; multicastTtl?: number; tos?: number;
  /** IP_MTU_DISCOVER */ pathMtuDiscovery?: 'want' | 'dont' | 'do' | 'probe'; receiveError?: boolean; headerIncluded?: boolean; ipOptions?: Uint8Array;
  keepAlive?: boolean; noDelay?: boolean; lingerSeconds?: number; receiveBuffer?: number; sendBuffer?: number; v6Only?: boolean; promiscuous?: boolean;
  transparent?: boolean; freeBind?: boolean; userTimeoutMs?: number; synCount?: number; maxSegment?: number;
}
export interface Readiness { readonly readable: boolean; readonly writable: boolean; readonly error: boolean; readonly hangup: boolean; readonly errorQueue: boolean }
export interface Datagram {
  readonly bytes: Uint8Array;           // udp: payload; ping: ICMP message; raw: whole IP packet (v4) or payload (v6); packet: whole frame
  readonly from: Endpoint | undefined;
  readonly to: Address | undefined; readonly ttl: number | undefined; readonly tos: number | undefined;
  /** Virtual microseconds; a machine hands it on as epoch time. */
  readonly receivedAtUs: number; readonly device: LinkIndex;
  /** Packet sockets. */
  readonly direction?: 'in' | 'out' | 'broadcast' | 'multicast' | 'otherhost'; readonly originalLength?: number; readonly protocol?: number; readonly hardwareType?: number; readonly senderMac?: Mac; readonly vlan?: number;
  /** TX checksum offload: the transport checksum of an outgoing captured packet holds only the pseudo header sum, as tcpdump shows ("incorrect"). Already so in `bytes`. */
}
/** MSG_ERRQUEUE: an ICMP error (or a local one, EMSGSIZE) about something this socket sent. */
export interface SocketErrorReport { readonly error: import('../result.ts').Errno; readonly origin: 'local' | 'icmp' | 'icmp6'; readonly type: number; readonly code: number; readonly info: number; readonly offender: Address | undefined; readonly destination: Endpoint | undefined; readonly bytes: Uint8Array; readonly receivedAtUs: number; readonly ttl?: number }
export type TcpStateName = 'ESTABLISHED' | 'SYN-SENT' | 'SYN-RECV' | 'FIN-WAIT-1' | 'FIN-WAIT-2' | 'TIME-WAIT' | 'CLOSE' | 'CLOSE-WAIT' | 'LAST-ACK' | 'LISTEN' | 'CLOSING';
export interface SocketView {
  readonly id: SocketId; readonly type: SocketType['type']; readonly family: Family; readonly protocol: number; readonly state: TcpStateName | 'UNCONN' | 'ESTAB';
  readonly local: Endpoint; readonly remote: Endpoint; readonly device: string | undefined; readonly receiveQueue: number; readonly sendQueue: number;
  readonly backlog: number | undefined; readonly uid: number; readonly inode: number; readonly timer: { name: string; inMs: number; retransmits: number } | undefined;
  readonly tcp?: { mss: number; rttMs: number; rttVarMs: number; rtoMs: number; cwnd: number; bytesSent: number; bytesReceived: number; bytesAcked: number; segsOut: number; segsIn: number; retransmits: number; windowScale: [number, number] };
}

export interface SocketCalls {
  open(ns: NetnsId, type: SocketType, uid: number): Result<SocketId>;
  close(id: SocketId): void;
  bind(id: SocketId, to: Endpoint): Result;                 // packet sockets: bindDevice
  bindDevice(id: SocketId, index: LinkIndex | 0): Result;
  /** TCP answers EINPROGRESS, then the socket becomes writable or reports an error (takeError). Datagram kinds answer at once. */
  connect(id: SocketId, to: Endpoint): Result;
  listen(id: SocketId, backlog: number): Result;
  accept(id: SocketId): Result<SocketId>;                   // EAGAIN when none
  /** Bytes taken; EAGAIN when the buffer is full. `to` for unconnected sockets. Packet sockets send a whole frame on their device. */
  send(id: SocketId, bytes: Uint8Array, to?: Endpoint): Result<number>;
  /** TCP: up to max bytes, empty at end of stream; EAGAIN when nothing is there. */
  receive(id: SocketId, max: number): Result<Uint8Array>;
  receiveDatagram(id: SocketId): Result<Datagram>;
  receiveErrorReport(id: SocketId): Result<SocketErrorReport>;
  shutdown(id: SocketId, how: 'read' | 'write' | 'both'): Result;
  setOptions(id: SocketId, options: SocketOptions): Result;
  /** For packet sockets: drops what does not match before it is queued, as a BPF filter would. Plain function: dropped by clones. */
  attachFilter(id: SocketId, accepts: ((frame: Uint8Array, info: { direction: string; device: LinkIndex }) => boolean) | undefined): void;
  readiness(id: SocketId): Readiness;
  takeError(id: SocketId): import('../result.ts').Errno | undefined;   // SO_ERROR
  local(id: SocketId): Endpoint | undefined;
  remote(id: SocketId): Endpoint | undefined;
  /** PACKET_STATISTICS: received and dropped since the last call. */
  packetStatistics(id: SocketId): { received: number; dropped: number };
  pathMtu(id: SocketId): number | undefined;
  sockets(ns: NetnsId): SocketView[];
}

// ---------------------------------------------------------------- sysctl and /proc/net
export interface SysctlCalls {
  /** Keys below net, as `net/ipv4/ip_forward`; per-device ones included. Sorted as a directory walk of /proc/sys gives them. */
  keys(ns: NetnsId): string[];
  get(ns: NetnsId, key: string): Result<string>;
  /** Value without newline; EINVAL as the kernel would; a write-through such as conf/all/forwarding has its effects. */
  set(ns: NetnsId, key: string, value: string): Result;
  isWritable(ns: NetnsId, key: string): boolean;
  /** Text of /proc/net/<name>: dev, arp, route, tcp, tcp6, udp, raw, packet, if_inet6, snmp, netstat, igmp, dev_mcast, fib_trie, wireless, nf_conntrack (root), ip_tables_names. */
  procNet(ns: NetnsId, name: string): Result<string>;
}

// ---------------------------------------------------------------- namespaces
export interface NamespaceCalls {
  create(): NetnsId;
  /** Tears the namespace down: veths die with their peers, physical devices return to namespace 0. The machine counts holders and calls this once. */
  destroy(ns: NetnsId): void;
  list(): NetnsId[];
  /** nsfs inode number, as readlink /proc/PID/ns/net shows it: 4026531840 for the first, then 4026532xxx. */
  inode(ns: NetnsId): number;
}

/** One machine's network kernel. `netfilter` is specified in simulator/netfilter/api.ts. */
export interface NetKernel {
  readonly id: number;
  readonly namespaces: NamespaceCalls;
  readonly netlink: NetlinkCalls;
  readonly sockets: SocketCalls;
  readonly sysctl: SysctlCalls;
  readonly netfilter: import('../netfilter/api.ts').NetfilterCalls;
  readonly bpf: import('../bpf/state.ts').BpfCalls;
  readonly log: import('./log.ts').LogCalls;
}
