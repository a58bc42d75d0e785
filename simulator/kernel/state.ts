/**
 * Everything a network kernel remembers, as plain data: no closures, no class instances, so that a world clones and hashes.
 * Addresses are numbers (IPv4) or 32 hex digits (IPv6), times are virtual microseconds.
 * Read first: include/net/net_namespace.h, include/linux/netdevice.h, include/linux/inetdevice.h
 */
import type { BpfState, TcAttachments } from '../bpf/state.ts';
import type { NetfilterEnvironment, NetfilterState } from '../netfilter/hooks.ts';
import type { Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';
import type { JunctionLink } from '../world/junction.ts';
import type { SimulatedWorld } from '../world/world.ts';
import type { LinkIndex, LinkKind, LinkStats, Mac, NeighbourState, NetlinkEvent, NetnsId, OperState, QueueSpec, RouteType, Scope, SocketId } from './api.ts';
import type { KernelLog } from './log.ts';
import type { Packet } from './packet.ts';
import type { Socket } from '../sockets/state.ts';

/** A kernel as its functions pass it around: data, and the world it lives in. */
export interface Kernel {
  readonly state: KernelState;
  readonly world: SimulatedWorld;
  /** What netfilter may ask of this kernel (kernel/services.ts). */
  readonly netfilter: NetfilterEnvironment;
}

export interface KernelState {
  id: number;
  name: string;
  namespaces: Map<NetnsId, NamespaceState>;
  nextNamespaceId: number;
  nextInode: number;
  sockets: Map<SocketId, Socket>;
  nextSocketId: number;
  nextSocketInode: number;
  /** ping_port_rover: the last identifier given to a ping socket, on the whole machine. */
  lastPingId: number;
  /** icmp_global: one bucket for the machine. */
  icmpGlobalCredit: number;
  icmpGlobalStampUs: number;
  log: KernelLog;
  /** Sysctls that are the machine's, not a namespace's (net/core/default_qdisc ...). */
  sysctls: ReadonlyMap<string, string>;
  /** Programs; undefined on most machines. */
  bpf: BpfState | undefined;
}

export interface NamespaceState {
  id: NetnsId;
  inode: number;
  devices: Map<LinkIndex, Device>;
  lastIndex: LinkIndex;
  /** How this namespace numbers others. */
  peerIds: Map<NetnsId, number>;
  /** Values below net/ that are not in a device's configuration, as text. Like all settings, replaced and never written in place: see SHARED. */
  sysctls: ReadonlyMap<string, string>;
  /** net/ipv4/ip_forward and the other switches the packet path reads for every packet. */
  settings: Readonly<PathSettings>;
  conf4All: Readonly<Conf4>;
  conf4Default: Readonly<Conf4>;
  conf6All: Readonly<Conf6>;
  conf6Default: Readonly<Conf6>;
  neigh4Default: Readonly<NeighbourParameters>;
  neigh6Default: Readonly<NeighbourParameters>;
  /** Routes and rules are replaced too: see SHARED. */
  fib4: ReadonlyMap<number, FibTable4>;
  rules4: readonly Rule[];
  /** A rule was added or taken away: till then the local table is part of main (fib_unmerge). */
  hasOwnRules4: boolean;
  fib6: ReadonlyMap<number, readonly Route6[]>;
  rules6: readonly Rule[];
  neighbours4: Map<LinkIndex, Map<Ip4, Neighbour>>;
  neighbours6: Map<LinkIndex, Map<Ip6, Neighbour>>;
  proxyNeighbours: { index: LinkIndex; family: 'inet' | 'inet6'; address: Ip4 | Ip6 }[];
  /** Path MTU and redirects learnt per destination (fib_nh_exception). */
  exceptions4: Map<Ip4, RouteException>;
  exceptions6: Map<Ip6, RouteException>;
  reassembly: Map<string, ReassemblyQueue>;
  /** inet_peer token buckets for ICMP errors and redirects, by destination. */
  icmpPeers: Map<Ip4 | Ip6, { tokensMs: number; stampUs: number; redirects: number }>;
  ports: PortTables;
  netfilter: NetfilterState;
  /** The pending alarm of netfilter, 0 when there is none. */
  netfilterTimer: number;
  snmp: Map<string, number>;
  subscribers: SocketId[];
  /** Packet sockets that listen on every device. */
  taps: readonly SocketId[];
  /** Identification of the last IPv4 packet that needed one. */
  lastIpId: number;
  /** A VXLAN device receives through this namespace. */
  hasTunnels: boolean;
  /** linkwatch handles events of its devices at most once a second, urgent ones at once. */
  nextLinkWatchUs: number;
}

/** Members whose values are replaced and never written in place, so that a copy of the world may share them: most of what a namespace holds is settings nobody touches. */
export const SHARED: ReadonlySet<string> = new Set<keyof NamespaceState | keyof Device | keyof BpfState | keyof KernelLog>([
  'agentMaps', 'logPages', 'sysctls', 'settings', 'conf4All', 'conf4Default', 'conf6All', 'conf6Default', 'neigh4Default', 'neigh6Default', 'fib4', 'fib6', 'rules4', 'rules6', 'conf4', 'conf6', 'neigh4', 'neigh6',
  'altNames', 'conf4Pinned', 'addresses4', 'addresses6', 'groups4', 'groups6', 'groupsLink', 'staticGroupsLink', 'taps', 'uppers',
]);

export interface PathSettings {
  ipForward: number;
  ip6Forward: number;
  bridgeCallIptables: number;
  bridgeCallIp6tables: number;
  bridgeCallArptables: number;
  icmpEchoIgnoreAll: number;
  icmpEchoIgnoreBroadcasts: number;
  icmpRateLimitMs: number;
  icmpRateMask: number;
  icmpMessagesPerSecond: number;
  icmpMessagesBurst: number;
  icmpErrorsUseInboundAddress: number;
  defaultTtl: number;
  useTemporaryPmtuSeconds: number;
  minPmtu: number;
  fwmarkReflect: number;
}

/** net.ipv4.conf.<device> */
export interface Conf4 {
  [name: string]: number;
  forwarding: number; rp_filter: number; accept_local: number; accept_redirects: number; send_redirects: number; secure_redirects: number; shared_media: number;
  log_martians: number; proxy_arp: number; arp_ignore: number; arp_announce: number; arp_filter: number; arp_accept: number; arp_notify: number;
  accept_source_route: number; promote_secondaries: number; route_localnet: number; ignore_routes_with_linkdown: number; src_valid_mark: number;
}
/** net.ipv6.conf.<device> */
export interface Conf6 {
  [name: string]: number;
  forwarding: number; accept_ra: number; accept_dad: number; dad_transmits: number; disable_ipv6: number; addr_gen_mode: number; autoconf: number; router_solicitations: number; hop_limit: number; mtu: number;
}
/** net.ipv4.neigh.<device>, times in milliseconds. */
export interface NeighbourParameters {
  [name: string]: number;
  baseReachableMs: number; retransmitMs: number; staleGcMs: number; delayFirstProbeMs: number; unicastProbes: number; multicastProbes: number; applicationProbes: number; queueLength: number;
  proxyDelayMs: number; anycastDelayMs: number; lockMs: number; proxyQueueLength: number; queueLengthBytes: number; multicastReprobes: number; intervalProbeMs: number;
  /** Drawn anew around baseReachableMs. */
  reachableMs: number;
}

export interface Device {
  index: LinkIndex;
  ns: NetnsId;
  name: string;
  kind: LinkKind;
  mac: Mac;
  /** The same six bytes, as two halves for comparison in place: upper 16 bits, lower 32. */
  macHigh: number;
  macLow: number;
  macSetByHand: boolean;
  permanentMac: Mac | undefined;
  broadcast: Mac;
  mtu: number;
  minMtu: number;
  maxMtu: number;
  txQueueLength: number;
  /** IFF_NO_QUEUE */
  noQueue: boolean;
  isUp: boolean;
  noArp: boolean;
  multicast: boolean;
  allMulticast: number;
  /** Count of reasons; `promiscuousByHand` is the IFF_PROMISC one. */
  promiscuity: number;
  promiscuousByHand: boolean;
  dynamic: boolean;
  /** netif_carrier_ok */
  carrier: boolean;
  operState: OperState;
  qdisc: string;
  group: string;
  alias: string | undefined;
  altNames: readonly string[];
  master: LinkIndex;
  stats: LinkStats;
  createdAtUs: number;
  conf4: Readonly<Conf4>;
  /** Settings that no longer follow conf/default: those written by hand, all once the device has had an address (ipv4_devconf_setall). */
  conf4Pinned: ReadonlySet<string>;
  conf4PinnedAll: boolean;
  conf6: Readonly<Conf6>;
  neigh4: Readonly<NeighbourParameters>;
  neigh6: Readonly<NeighbourParameters>;
  addresses4: readonly Address4[];
  addresses6: readonly Address6[];
  groups4: ReadonlyMap<Ip4, number>;
  groups6: ReadonlyMap<Ip6, number>;
  groupsLink: ReadonlyMap<Mac, number>;
  /** Those that somebody asked for by hand, once more than the kernel itself does. */
  staticGroupsLink: ReadonlySet<Mac>;
  /** Router solicitations: 0 before the first; events of older generations do nothing. */
  solicitationGeneration: number;
  /** IF_READY: IPv6 has seen the link ready. */
  isIpv6Ready: boolean;
  /** Packet sockets on this device. */
  taps: readonly SocketId[];
  /** The last operational state linkwatch announced; a change is processed by a 'link-watch' event. */
  linkWatchPending: boolean;
  netem: NetemState | undefined;
  /** A root queue somebody asked for; undefined for the one a device has by itself. Never together with netem. */
  queue: QueueState | undefined;
  /** veth: the other end. */
  peer: { ns: NetnsId; index: LinkIndex } | undefined;
  /** eth: the wire's other end. */
  wire: { kernelId: number; ns: NetnsId; index: LinkIndex; latencyUs: number; isUp: boolean } | undefined;
  /** eth: the junction it is plugged into instead of a wire. */
  junction: JunctionLink | undefined;
  /** vlan, macvlan, vxlan: the device below, in the namespace `lowerNs`. */
  lower: LinkIndex;
  lowerNs: NetnsId;
  /** Devices stacked on this one, in this kernel. */
  uppers: readonly { readonly ns: NetnsId; readonly index: LinkIndex }[];
  vlan: { id: number; protocol: '802.1Q' | '802.1ad' } | undefined;
  macvlanMode: string | undefined;
  vxlan: VxlanState | undefined;
  tun: TunState | undefined;
  bridge: BridgeState | undefined;
  port: BridgePortState | undefined;
  tc: TcAttachments | undefined;
}

export interface TunState { mode: 'tun' | 'tap'; persist: boolean; user: number | undefined; group: number | undefined; multiQueue: boolean; pi: boolean; vnetHdr: boolean; attached: boolean }
export interface VxlanState { id: number; local: Ip4 | undefined; remote: Ip4 | undefined; group: Ip4 | undefined; port: number; device: LinkIndex; /** 0: the system's own choice. */ timeToLive: number; learning: boolean; fdb: Map<number, { remote: Ip4; seenAtUs: number; permanent: boolean }>; defaultRemotes: Ip4[] }
export interface QueueState { kind: QueueSpec['kind']; handle: number; limit: number; rateBytesPerSecond: number; burstNs: number; sentBytes: number; sentPackets: number; dropped: number; overlimits: number; queuedBytes: number; queuedPackets: number; tokensNs: number; checkedAtNs: number }
export interface NetemState { delayUs: number; jitterUs: number; lossPercent: number; rateBitsPerSecond: number; duplicatePercent: number; reorderPercent: number; limit: number; queued: number; lastDueUs: number; handle: number; sentBytes: number; sentPackets: number; dropped: number }

export interface FdbEntry { mac: Mac; port: LinkIndex; vlan: number; isLocal: boolean; isStatic: boolean; updatedAtUs: number; usedAtUs: number; addedByUser: boolean }

export interface BridgeState {
  ports: LinkIndex[];
  /** By `macKey`: 48 bits as a number. */
  fdb: Map<number, FdbEntry>;
  ageingMs: number;
  forwardDelayMs: number; helloTimeMs: number; maxAgeMs: number;
  /** What the root says; the bridge_ ones above are our own. */
  rootForwardDelayMs: number; rootHelloTimeMs: number; rootMaxAgeMs: number;
  stp: boolean;
  priority: number;
  vlanFiltering: boolean;
  multicastSnooping: boolean;
  nfCallIptables: boolean;
  groupFwdMask: number;
  mtuSetByHand: boolean;
  /** `8000.aabbccddeeff` compare as text. */
  bridgeMac: Mac;
  designatedRoot: string;
  rootPathCost: number;
  rootPort: number;
  topologyChange: boolean; topologyChangeDetected: boolean;
  helloDueUs: number | undefined; tcnDueUs: number | undefined; topologyDueUs: number | undefined;
  /** When aged entries were to be cleared away next; it may lie in the past (`gcDueUs` in devices/bridge.ts). */
  gcDueUs: number | undefined;
  /** Multicast groups, the newest first; a member without an end is there until it is taken away. */
  mdb: { group: string; vlan: number; members: { port: LinkIndex; untilUs: number | undefined; byUser: boolean }[] }[];
}

export interface BridgePortState {
  bridge: LinkIndex;
  number: number;
  state: 'disabled' | 'listening' | 'learning' | 'forwarding' | 'blocking';
  pathCost: number; costSetByHand: boolean; priority: number;
  hairpin: boolean; guard: boolean; rootBlock: boolean; fastLeave: boolean; learning: boolean; flood: boolean; multicastFlood: boolean; broadcastFlood: boolean; proxyArp: boolean; isolated: boolean;
  designatedRoot: string; designatedBridge: string; designatedPort: number; designatedCost: number;
  topologyChangeAck: boolean; configPending: boolean;
  messageAgeDueUs: number | undefined; forwardDelayDueUs: number | undefined; holdDueUs: number | undefined;
}

export interface Address4 {
  readonly local: Ip4;
  /** Equal to local unless point-to-point. */
  readonly peer: Ip4;
  readonly prefixLength: number;
  readonly broadcast: Ip4 | undefined;
  readonly anycast: Ip4 | undefined;
  readonly scope: Scope;
  readonly label: string;
  readonly isSecondary: boolean;
  readonly noPrefixRoute: boolean;
  readonly metric: number | undefined;
  readonly validUntilUs: number | undefined;
  readonly preferredUntilUs: number | undefined;
  readonly proto: string | undefined;
}

export interface Address6 {
  readonly address: Ip6;
  readonly peer: Ip6 | undefined;
  readonly prefixLength: number;
  readonly scope: Scope;
  readonly isTentative: boolean;
  readonly isDadFailed: boolean;
  readonly noDad: boolean;
  readonly dadProbesLeft: number;
  readonly noPrefixRoute: boolean;
  readonly metric: number | undefined;
  readonly validUntilUs: number | undefined;
  readonly preferredUntilUs: number | undefined;
  readonly proto: string | undefined;
}

/** `gateway6` instead of `gateway`: a neighbour that answers to IPv6 (RFC 5549). */
export type NextHop4 = Readonly<{ gateway: Ip4; gateway6?: Ip6; device: LinkIndex; weight: number; onlink: boolean; isDead: boolean; isLinkDown: boolean; scope: Scope }>;
export interface Route4 {
  type: RouteType;
  destination: Ip4;
  prefixLength: number;
  table: number;
  protocol: string;
  scope: Scope;
  metric: number;
  tos: number;
  preferredSource: Ip4;
  nextHops: readonly NextHop4[];
  mtu: number; lockMtu: boolean; advMss: number; window: number; rttMs: number; initcwnd: number;
}
/** Routes by prefix length, then network; each list by tos descending, then metric. */
export interface FibTable4 { readonly id: number; readonly lengths: readonly number[]; readonly byLength: readonly (ReadonlyMap<Ip4, readonly Route4[]> | undefined)[]; readonly count: number }

export type NextHop6 = Readonly<{ gateway: Ip6; device: LinkIndex; weight: number; onlink: boolean; isDead: boolean; isLinkDown: boolean }>;
export interface Route6 {
  type: RouteType;
  destination: Ip6;
  prefixLength: number;
  table: number;
  protocol: string;
  metric: number;
  preferredSource: Ip6;
  nextHops: readonly NextHop6[];
  preference: string;
  expiresAtUs: number | undefined;
  mtu: number;
}

export interface Rule {
  priority: number; not: boolean;
  from: { address: Ip4 | Ip6; prefixLength: number } | undefined; to: { address: Ip4 | Ip6; prefixLength: number } | undefined;
  iif: string | undefined; oif: string | undefined; mark: { value: number; mask: number } | undefined; tos: number; ipProtocol: number; uidRange: [number, number] | undefined;
  sport: [number, number] | undefined; dport: [number, number] | undefined;
  action: 'table' | 'blackhole' | 'unreachable' | 'prohibit' | 'goto' | 'nop'; table: number; goto: number | undefined; suppressPrefixLength: number; protocol: string;
}

export interface RouteException { mtu: number; gateway: Ip4 | Ip6 | undefined; expiresAtUs: number; locked: boolean }

export interface Neighbour {
  index: LinkIndex;
  family: 'inet' | 'inet6';
  address: Ip4 | Ip6;
  mac: Mac | undefined;
  state: NeighbourState;
  isRouter: boolean;
  /** NTF_EXT_LEARNED: a program answers for it, so it is not aged. */
  isLearntElsewhere?: boolean;
  usedAtUs: number;
  confirmedAtUs: number;
  updatedAtUs: number;
  probes: number;
  /** Packets that wait for the address, frames with room for the Ethernet header. */
  queue: Packet[];
  /** The timer that counts: events of older generations do nothing. */
  timerGeneration: number;
  isTimerRunning: boolean;
}

export interface ReassemblyQueue { key: string; fragments: { from: number; to: number; bytes: Uint8Array }[]; total: number | undefined; first: Packet | undefined; startedAtUs: number; device: LinkIndex; maxSize: number }

/** Who owns which port; lists hold socket ids in the order they were bound. */
export interface PortTables {
  udp: Map<number, SocketId[]>;
  tcpListen: Map<number, SocketId[]>;
  /** Bound, listening or not, for conflict checks. */
  tcpBound: Map<number, SocketId[]>;
  /** By `connectionKey`: local port * 65536 + remote port. */
  tcpConnections: Map<number, SocketId[]>;
  ping: SocketId[];
  raw: SocketId[];
}

export type { NetlinkEvent };
