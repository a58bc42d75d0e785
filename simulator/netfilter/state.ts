/** Netfilter's state in one network namespace: plain data, cloned with the kernel. */
import type { SocketId } from '../kernel/api.ts';
import type { ConntrackEvent, TableName, TableState } from './api.ts';
import type { IpSet } from './ipset.ts';
import { createConntrackState, type ConntrackState } from './conntrack/state.ts';

export interface NetfilterState {
  /** Tables that an iptables command has created. */
  readonly tables: { readonly inet: Map<TableName, TableState>; readonly inet6: Map<TableName, TableState> };
  readonly conntrack: ConntrackState;
  /** How many rules need conntrack, per family (nf_ct_netns_get counts users): it is on while the count is above 0. */
  readonly conntrackUsers: { inet: number; inet6: number };
  /** -m recent: lists by name, then by address. */
  readonly recent: Map<string, Map<number | string, RecentEntry>>;
  /** By name, in the order they were made. */
  readonly ipSets: Map<string, IpSet>;
  /** Open queues of conntrack -E. */
  readonly subscriptions: Map<SocketId, ConntrackEvent[]>;
  nextRuleId: number;
}
export interface RecentEntry { ttl: number; stampsUs: number[] }

export function createNetfilterState(): NetfilterState {
  return {
    tables: { inet: new Map(), inet6: new Map() },
    conntrack: createConntrackState(),
    conntrackUsers: { inet: 0, inet6: 0 },
    recent: new Map(),
    ipSets: new Map(),
    subscriptions: new Map(),
    nextRuleId: 1,
  };
}
