/**
 * Connection tracking entries as plain data, found by either direction's tuple.
 * Read first: include/net/netfilter/nf_conntrack.h, nf_conntrack_tuple.h
 */
import type { Family, LinkIndex } from '../../kernel/api.ts';

/** Addresses as numbers (IPv4) or 32 hex digits (IPv6). ICMP: sport is the id, dport is type * 256 + code. Other protocols without ports: 0. */
export interface Tuple { source: number | string; destination: number | string; sport: number; dport: number }
export type Direction = 'original' | 'reply';

export interface TcpTracking {
  /** Index into TCP_STATES. */
  state: number;
  lastIndex: number;
  lastIsReply: boolean;
  /** Per direction [original, reply]: a FIN was seen going to FIN_WAIT (IP_CT_TCP_FLAG_CLOSE_INIT). */
  closeInitiated: [boolean, boolean];
  /** Per direction: the highest sequence number sent, and whether that data waits for its acknowledgement. */
  end: [number, number];
  isUnacknowledged: [boolean, boolean];
}

export interface ConntrackEntry {
  readonly id: number;
  readonly family: Family;
  readonly protocol: number;
  readonly zone: number;
  readonly original: Tuple;
  reply: Tuple;
  mark: number;
  timeoutAtUs: number;
  /** The last time-out given; confirmation turns it into a time. Of a dying entry: when it died. */
  timeoutUs: number;
  isConfirmed: boolean;
  /** Taken out of the table; packets under way may still refer to it. */
  isDying: boolean;
  isSeenReply: boolean;
  isAssured: boolean;
  /** IPS_SRC_NAT, IPS_DST_NAT: something is translated. The Done flags say that the decision has been made. */
  sourceNat: boolean;
  destinationNat: boolean;
  sourceNatDone: boolean;
  destinationNatDone: boolean;
  /** Device that MASQUERADE chose its address from, 0: none. */
  masqueradeDevice: LinkIndex;
  tcp: TcpTracking | undefined;
  /** UDP: from when on replies make it a stream. */
  streamFromUs: number;
  packets: [number, number];
  bytes: [number, number];
  createdAtUs: number;
  /** Event bits since the last delivery: see events.ts. */
  pendingEvents: number;
}

export interface ConntrackStatistics { found: number; invalid: number; insert: number; insertFailed: number; drop: number; earlyDrop: number; error: number; searchRestart: number; clashResolve: number }

export interface ConntrackState {
  /** Confirmed entries in the order they were confirmed. */
  entries: Map<number, ConntrackEntry>;
  /** Unconfirmed and dying entries that packets under way may refer to, oldest first. */
  floating: Map<number, ConntrackEntry>;
  /** Tuple hash -> entry id * 2 + direction, for confirmed entries. */
  buckets: Map<number, number[]>;
  lastId: number;
  statistics: ConntrackStatistics;
  timerAtUs: number | undefined;
}

export function createConntrackState(): ConntrackState {
  return {
    entries: new Map(), floating: new Map(), buckets: new Map(), lastId: 0, timerAtUs: undefined,
    statistics: { found: 0, invalid: 0, insert: 0, insertFailed: 0, drop: 0, earlyDrop: 0, error: 0, searchRestart: 0, clashResolve: 0 },
  };
}

function mix(hash: number, value: number): number {
  const one = Math.imul(hash ^ value, 0x85ebca6b);
  return Math.imul(one ^ (one >>> 13), 0xc2b2ae35) ^ (one >>> 16);
}

function mixAddress(hash: number, address: number | string): number {
  if (typeof address === 'number') return mix(hash, address);
  let mixed = hash;
  for (let at = 0; at < 32; at += 8) mixed = mix(mixed, Number.parseInt(address.slice(at, at + 8), 16));
  return mixed;
}

export function tupleHash(tuple: Tuple, protocol: number, zone: number): number {
  return mix(mixAddress(mixAddress(mix(protocol, zone), tuple.source), tuple.destination), tuple.sport * 65536 + tuple.dport) >>> 0;
}

export function equalTuples(left: Tuple, right: Tuple): boolean {
  return left.source === right.source && left.destination === right.destination && left.sport === right.sport && left.dport === right.dport;
}

/** The reference (id * 2 + direction) of the live confirmed entry that holds the tuple, or -1. Expired entries met on the way are for the caller's `expire`. */
export function findTuple(state: ConntrackState, family: Family, protocol: number, zone: number, tuple: Tuple, nowUs: number): number {
  const bucket = state.buckets.get(tupleHash(tuple, protocol, zone));
  if (bucket === undefined) return -1;
  for (const reference of bucket) {
    const entry = state.entries.get(reference >>> 1);
    if (entry === undefined || entry.protocol !== protocol || entry.zone !== zone || entry.family !== family || entry.timeoutAtUs <= nowUs) continue;
    if (equalTuples((reference & 1) === 0 ? entry.original : entry.reply, tuple)) return reference;
  }
  return -1;
}

function addReference(state: ConntrackState, hash: number, reference: number): void {
  const bucket = state.buckets.get(hash);
  if (bucket === undefined) state.buckets.set(hash, [reference]);
  else bucket.push(reference);
}

function removeReference(state: ConntrackState, hash: number, reference: number): void {
  const bucket = state.buckets.get(hash);
  const at = bucket?.indexOf(reference) ?? -1;
  if (bucket === undefined || at < 0) return;
  if (bucket.length === 1) state.buckets.delete(hash);
  else bucket.splice(at, 1);
}

export function insertEntry(state: ConntrackState, entry: ConntrackEntry): void {
  state.floating.delete(entry.id);
  state.entries.set(entry.id, entry);
  addReference(state, tupleHash(entry.original, entry.protocol, entry.zone), entry.id * 2);
  addReference(state, tupleHash(entry.reply, entry.protocol, entry.zone), entry.id * 2 + 1);
}

/** Takes an entry out of the table; it floats on for packets under way. */
export function unlinkEntry(state: ConntrackState, entry: ConntrackEntry): void {
  entry.isDying = true;
  if (!state.entries.delete(entry.id)) return;
  removeReference(state, tupleHash(entry.original, entry.protocol, entry.zone), entry.id * 2);
  removeReference(state, tupleHash(entry.reply, entry.protocol, entry.zone), entry.id * 2 + 1);
  state.floating.set(entry.id, entry);
}

/** The entry a packet refers to, live or under way. */
export function entryOf(state: ConntrackState, id: number): ConntrackEntry | undefined {
  return state.entries.get(id) ?? state.floating.get(id);
}

/** How long a floating entry is kept for packets under way: longer than any queue in the packet path between two hooks. */
const FLOATING_US = 10_000_000;

export function forgetFloating(state: ConntrackState, nowUs: number): void {
  for (const [id, entry] of state.floating) {
    if (entry.createdAtUs + FLOATING_US > nowUs && !entry.isDying) break;
    if (entry.isDying && entry.timeoutUs + FLOATING_US > nowUs) break;
    state.floating.delete(id);
  }
}
