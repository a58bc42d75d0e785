/**
 * Netfilter as iptables, conntrack and the packet path meet it.
 * Read first: iptables(8), iptables-extensions(8), include/uapi/linux/netfilter.h, net/netfilter/nf_conntrack_core.c
 */
import type { Result } from '../result.ts';
import type { IpSet } from './ipset.ts';
import type { Address, Family, NetnsId, SocketId } from '../kernel/api.ts';

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

/** Plain data. Matches and targets are tagged records defined beside their evaluation in matches/ and targets/ (unions `Match`, `Target`). */
export interface RuleState {
  id: number;                                // unique in the namespace, for traces and evidence; 0 asks replaceTable for a number
  source?: AddressMatch; destination?: AddressMatch;
  inInterface?: NameMatch; outInterface?: NameMatch;
  protocol?: { negate: boolean; number: number };
  fragment?: { negate: boolean };
  matches: Match[];
  target: Target | undefined;                // undefined: count only
  packets: number; bytes: number;
}
/** Address as number for inet (host order), as 32 hex digits for inet6. */
export interface AddressMatch { negate: boolean; address: number | string; mask: number | string }
/** `eth0`, or a prefix `veth+`. */
export interface NameMatch { negate: boolean; name: string }
export interface ChainState {
  name: string; policy: 'ACCEPT' | 'DROP' | undefined; packets: number; bytes: number; rules: RuleState[];
  /** The policy counts: not in a chain that -A made, but once -P, -Z or a restore has written its counters. */
  isCounted?: boolean;
  /** When nftables got the chain; undefined for a built-in one that no command has touched. */
  order?: number;
}
export interface TableState { name: TableName; family: Family; chains: ChainState[] }
/** Extension records: `kind` names the extension, the rest is its own plain options. See matches/index.ts and targets/index.ts. */
export type Match = import('./matches/index.ts').Match;
export type Target = import('./targets/index.ts').Target;

export interface TupleView { readonly source: Address; readonly destination: Address; readonly sport?: number; readonly dport?: number; readonly icmpType?: number; readonly icmpCode?: number; readonly icmpId?: number }
export interface ConntrackView {
  readonly id: number; readonly family: Family; readonly protocol: number; readonly protocolName: string; readonly timeoutSeconds: number; readonly state: string | undefined;
  readonly original: TupleView; readonly reply: TupleView;
  readonly isReplied: boolean; readonly isAssured: boolean; readonly mark: number; readonly use: number; readonly zone: number;
  readonly counters?: { packets: [number, number]; bytes: [number, number] };
  readonly nat: { source: boolean; destination: boolean };
}
/** An entry as `conntrack -I` asks for it. Without `reply`: the answer to `original`. */
export interface NewConntrack {
  readonly family: Family; readonly protocol: number; readonly original: TupleView; readonly reply?: TupleView; readonly timeoutSeconds: number; readonly mark: number;
  readonly tcpState?: string; readonly isReplied: boolean; readonly isAssured: boolean;
  readonly sourceTo?: { readonly address: string; readonly port?: number }; readonly destinationTo?: { readonly address: string; readonly port?: number };
}
export interface ConntrackEvent { readonly kind: 'NEW' | 'UPDATE' | 'DESTROY'; readonly atUs: number; readonly entry: ConntrackView }

export interface NetfilterCalls {
  /** The live table (created at first use by an iptables command, as nft does), or the built-in empty shape of one that does not exist. Read only: to change it, hand `replaceTable` a new TableState that may share rules. */
  table(ns: NetnsId, family: Family, name: TableName): TableState;
  /** Which tables have been created (iptables-save prints only these), oldest first. */
  createdTables(ns: NetnsId, family: Family): TableName[];
  /** Replaces a table's chains and rules in one transaction; counters are those given. Refuses (ELOOP, EINVAL ...) what the kernel refuses. */
  replaceTable(ns: NetnsId, table: TableState): Result;
  deleteTable(ns: NetnsId, family: Family, name: TableName): void;
  ipSets(ns: NetnsId): IpSet[];
  /** Makes a set, or puts it in the place of one with its name. The seed is the kernel's to choose. */
  putIpSet(ns: NetnsId, set: Omit<IpSet, 'seed'>): Result;
  /** ENOENT; EBUSY while a rule asks about it. */
  deleteIpSet(ns: NetnsId, name: string): Result;
  /** How many rules ask about it. */
  ipSetReferences(ns: NetnsId, name: string): number;
  isConntrackActive(ns: NetnsId): boolean;
  conntrack(ns: NetnsId): ConntrackView[];
  deleteConntrack(ns: NetnsId, id: number): Result;
  flushConntrack(ns: NetnsId): void;
  conntrackCount(ns: NetnsId): number;
  conntrackStatistics(ns: NetnsId): { found: number; invalid: number; insert: number; insertFailed: number; drop: number; earlyDrop: number; error: number; searchRestart: number; clashResolve: number };
  updateConntrack(ns: NetnsId, id: number, change: { mark?: number; timeoutSeconds?: number }): Result;
  /** EEXIST, EINVAL. */
  createConntrack(ns: NetnsId, entry: NewConntrack): Result;
  subscribeConntrack(ns: NetnsId): SocketId;
  takeConntrackEvents(id: SocketId): ConntrackEvent[];
}
