/**
 * What the node's eBPF programs know. The agent writes services, endpoints, identities and policies; the programs themselves remember connections and translations.
 * Read first: cilium bpf/lib/common.h (struct lb4_service, ct_entry, policy_entry), bpf/lib/nat.h; pkg/identity/numericidentity.go
 */
import type { Ip4 } from '../../../simulator/wire/ip4.ts';

/** Identities that no label makes. */
export const HOST = 1;
export const WORLD = 2;
export const REMOTE_NODE = 6;
/** Of pods, one for each set of labels. */
export const FIRST_POD_IDENTITY = 256;

export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalIPs';
export interface Backend { readonly address: Ip4; readonly port: number }

/** One address and port that stands for others: an entry of cilium_lb4_services_v2 with its backends. */
export interface ServiceEntry extends Backend {
  readonly id: number;
  readonly type: ServiceType;
  readonly protocol: 6 | 17;
  /** For sockets of this machine. */
  readonly backends: readonly Backend[];
  /** For packets that come in by the node's device; undefined where such packets are none of its business. */
  readonly outerBackends: readonly Backend[] | undefined;
  readonly isLocalOnly: boolean;
  readonly affinitySeconds: number | undefined;
  /** Who may call from outside; undefined: everybody. */
  readonly sources: readonly Cidr[] | undefined;
}

export interface Cidr { readonly network: Ip4; readonly length: number }

/** A pod of this node. */
export interface EndpointEntry {
  readonly id: number;
  readonly address: Ip4;
  readonly device: string;
  readonly identity: number;
  readonly labels: readonly string[];
  /** Undefined: no policy selects the pod for this direction, all may pass. */
  readonly ingress: readonly PolicyRule[] | undefined;
  readonly egress: readonly PolicyRule[] | undefined;
}

export interface PolicyRule {
  /** Undefined: anybody. */
  readonly identities: ReadonlySet<number> | undefined;
  /** Reached by address: only who is not in the cluster. */
  readonly blocks: readonly { readonly cidr: Cidr; readonly except: readonly Cidr[] }[];
  /** Undefined: any protocol and port. */
  readonly ports: readonly { readonly protocol: number; readonly from: number; readonly to: number }[] | undefined;
}

export interface AgentMaps {
  /** By `serviceKey`. */
  readonly services: ReadonlyMap<string, ServiceEntry>;
  readonly endpoints: ReadonlyMap<Ip4, EndpointEntry>;
  /** cilium_ipcache: who has which address in the cluster. */
  readonly identities: ReadonlyMap<Ip4, number>;
  /** The node's own address, by which others know it. */
  readonly self: Ip4;
}

export interface Tuple { readonly protocol: number; readonly source: Ip4; readonly sport: number; readonly destination: Ip4; readonly dport: number }
/** Seen from the endpoint: into it, out of it; or a choice made for a service. */
export type FlowKind = 'IN' | 'OUT' | 'SERVICE';

export interface Flow {
  readonly kind: FlowKind;
  readonly tuple: Tuple;
  expiresUs: number;
  rxPackets: number; rxBytes: number; rxFlags: number; rxReportUs: number; rxClosing: boolean;
  txPackets: number; txBytes: number; txFlags: number; txReportUs: number; txClosing: boolean;
  seenNonSyn: boolean;
  /** Came by a service's address at the node's device: answers must say so. */
  readonly service: { readonly id: number; readonly address: Ip4; readonly port: number } | undefined;
  /** Of a service entry. */
  backend: Backend | undefined;
  /** The port this node lent to the client, when the backend is on another. */
  lentPort: number;
  readonly sourceIdentity: number;
}

export interface FlowMaps {
  /** cilium_ct4_global and cilium_ct_any4_global, by `flowKey`. */
  flows: Map<string, Flow>;
  /** cilium_snat_v4_external, the way back: `protocol backend:port lent port` to the key of the flow. */
  translations: Map<string, string>;
  /** cilium_lb4_affinity, by service and client. */
  affinities: Map<string, { backend: Backend; usedUs: number }>;
  /** cilium_lb4_reverse_sk: what a socket believes it talks to, by cookie and backend. */
  socketPeers: Map<string, { address: Ip4; port: number }>;
}

export function serviceKey(address: Ip4, port: number, protocol: number): string {
  return `${address}:${port}/${protocol}`;
}

export function flowKey(kind: FlowKind, { protocol, source, sport, destination, dport }: Tuple): string {
  return `${kind} ${protocol} ${source}:${sport} ${destination}:${dport}`;
}

export function reversed({ protocol, source, sport, destination, dport }: Tuple): Tuple {
  return { protocol, source: destination, sport: dport, destination: source, dport: sport };
}

export function emptyMaps(): { agentMaps: AgentMaps; flowMaps: FlowMaps } {
  return {
    agentMaps: { services: new Map(), endpoints: new Map(), identities: new Map(), self: 0 },
    flowMaps: { flows: new Map(), translations: new Map(), affinities: new Map(), socketPeers: new Map() },
  };
}
