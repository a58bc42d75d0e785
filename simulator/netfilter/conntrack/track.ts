/**
 * Tracking a packet at priority -200 and confirming its connection at the end of INPUT and POSTROUTING.
 * Read first: net/netfilter/nf_conntrack_core.c (nf_conntrack_in, resolve_normal_ct, __nf_conntrack_confirm), nf_conntrack_proto_{icmp,icmpv6,udp,generic}.c
 */
import { get16 } from '../../bytes.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import type { NetnsId } from '../../kernel/api.ts';
import type { PacketContext } from '../context.ts';
import type { NetfilterEnvironment } from '../environment.ts';
import type { NetfilterState } from '../state.ts';
import { EVENT_NEW, EVENT_UPDATE, isAccounting, sendEvent, viewOf } from './events.ts';
import { entryOf, equalTuples, findTuple, forgetFloating, insertEntry, unlinkEntry, type ConntrackEntry, type Direction, type Tuple } from './state.ts';
import { CLOSE, ESTABLISHED, newTcp, stepTcp, SYN_RECV, TCP_TIMEOUT_KEYS } from './tcp.ts';
import { ICMP6_REQUESTS, ICMP_REQUESTS, invertTuple, readTuple } from './tuple.ts';

const SECOND_US = 1_000_000;

export function timeoutUs(environment: NetfilterEnvironment, ns: NetnsId, key: string, fallbackSeconds: number): number {
  return (environment.sysctlNumber(ns, key) ?? fallbackSeconds) * SECOND_US;
}

/** The entry of a packet, when it has one. */
export function trackedEntry(context: PacketContext): ConntrackEntry | undefined {
  const link = context.packet.conntrack;
  return link === undefined || link === 'untracked' ? undefined : entryOf(context.state.conntrack, link.id);
}

/** nf_conntrack_in: writes packet.conntrack; undefined afterwards means INVALID. 'drop' when the table is full. `zone` comes from a CT target. */
export function track(context: PacketContext, zone = 0): 'accept' | 'drop' {
  const { packet, family, protocol } = context;
  if (packet.conntrack !== undefined) return 'accept'; // came over lo, or NOTRACK
  if (context.transportAt < 0) return 'accept'; // a fragment nobody put together
  if (family === 'inet' ? protocol === 1 : protocol === 58) {
    const outcome = trackIcmpError(context, zone);
    if (outcome !== 'normal') return 'accept';
  }
  for (let round = 0; round < 2; round += 1) {
    const outcome = trackNormal(context, zone);
    if (outcome !== 'again') return outcome;
  }
  return 'accept';
}

const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const ICMP6_ERRORS: ReadonlySet<number> = new Set([1, 2, 3, 4]);

/** An ICMP error belongs to the connection of the packet it quotes (RELATED). Neighbour discovery is never tracked. */
function trackIcmpError(context: PacketContext, zone: number): 'normal' | 'done' {
  const { frame, packet, family, transportAt, end, state } = context;
  if (transportAt + 8 > end) return invalid(context);
  const type = frame[transportAt]!;
  if (family === 'inet6' && ((type >= 130 && type <= 137) || type === 143)) {
    packet.conntrack = 'untracked';
    return 'done';
  }
  if (!(family === 'inet' ? ICMP_ERRORS : ICMP6_ERRORS).has(type)) return 'normal';
  const inner = readInner(context);
  if (inner === undefined) return invalid(context);
  const answer = invertTuple(inner.tuple, inner.protocol, family);
  if (answer === undefined) return invalid(context);
  const reference = findTuple(state.conntrack, family, inner.protocol, zone, answer, context.environment.nowUs);
  if (reference >= 0) {
    packet.conntrack = { id: reference >>> 1, direction: (reference & 1) === 0 ? 'original' : 'reply', state: 'RELATED' };
    return 'done';
  }
  // A REJECT answers a packet whose connection is not in the table yet: its error carries that connection all the same (nf_ct_attach).
  if (context.hook !== 'OUTPUT') return invalid(context);
  for (const entry of state.conntrack.floating.values()) {
    if (entry.isConfirmed || entry.protocol !== inner.protocol || entry.family !== family || !equalTuples(entry.reply, answer)) continue;
    packet.conntrack = { id: entry.id, direction: 'reply', state: 'RELATED' };
    return 'done';
  }
  return invalid(context);
}

function invalid(context: PacketContext): 'done' {
  context.state.conntrack.statistics.invalid += 1;
  return 'done';
}

/** The quoted packet in an ICMP error: where its headers begin and its tuple. */
export function readInner(context: PacketContext): { at: number; transportAt: number; protocol: number; tuple: Tuple } | undefined {
  const { frame, family, end } = context;
  const at = context.transportAt + 8;
  if (family === 'inet') {
    if (at + 20 > end || (get16(frame, at + 6) & 0x1fff) !== 0) return undefined;
    const transportAt = at + (frame[at]! & 15) * 4;
    const protocol = frame[at + 9]!;
    const tuple = readTuple(frame, family, at, protocol, transportAt, end);
    return tuple === undefined ? undefined : { at, transportAt, protocol, tuple };
  }
  if (at + 40 > end) return undefined;
  const protocol = frame[at + 6]!;
  const tuple = readTuple(frame, family, at, protocol, at + 40, end);
  return tuple === undefined ? undefined : { at, transportAt: at + 40, protocol, tuple };
}

function trackNormal(context: PacketContext, zone: number): 'accept' | 'drop' | 'again' {
  const { environment, frame, family, protocol, transportAt, end, packet, state, ns } = context;
  const conntrack = state.conntrack;
  const nowUs = environment.nowUs;
  const tuple = readTuple(frame, family, NETWORK_OFFSET, protocol, transportAt, end);
  if (tuple === undefined) return invalidPacket(context);
  const reference = findTuple(conntrack, family, protocol, zone, tuple, nowUs);
  let entry: ConntrackEntry;
  let isReply = false;
  if (reference < 0) {
    const reply = invertTuple(tuple, protocol, family);
    if (reply === undefined) return invalidPacket(context);
    forgetFloating(conntrack, nowUs);
    if (conntrack.entries.size >= (environment.sysctlNumber(ns, 'net/netfilter/nf_conntrack_max') ?? 262_144)) {
      dropExpired(environment, ns, state);
      if (conntrack.entries.size >= (environment.sysctlNumber(ns, 'net/netfilter/nf_conntrack_max') ?? 262_144)) {
        conntrack.statistics.drop += 1;
        return 'drop';
      }
    }
    conntrack.lastId += 1;
    entry = {
      id: conntrack.lastId, family, protocol, zone, original: tuple, reply, mark: 0, timeoutAtUs: 0, timeoutUs: 0, isConfirmed: false, isDying: false, isSeenReply: false, isAssured: false,
      sourceNat: false, destinationNat: false, sourceNatDone: false, destinationNatDone: false, masqueradeDevice: 0, tcp: undefined, streamFromUs: nowUs + 2 * SECOND_US, packets: [0, 0], bytes: [0, 0],
      createdAtUs: nowUs, pendingEvents: EVENT_NEW,
    };
  } else {
    entry = conntrack.entries.get(reference >>> 1)!;
    isReply = (reference & 1) === 1;
  }
  const outcome = stepProtocol(context, entry, isReply);
  if (outcome === 'invalid') return invalidPacket(context);
  if (outcome === 'again') {
    destroyEntry(environment, ns, state, entry);
    return 'again';
  }
  if (reference < 0) conntrack.floating.set(entry.id, entry);
  const direction: Direction = isReply ? 'reply' : 'original';
  packet.conntrack = { id: entry.id, direction, state: isReply || entry.isSeenReply ? 'ESTABLISHED' : 'NEW' };
  const side = isReply ? 1 : 0;
  entry.packets[side] += 1;
  entry.bytes[side] += context.length;
  if (isReply && !entry.isSeenReply) {
    entry.isSeenReply = true;
    entry.pendingEvents |= EVENT_UPDATE;
  }
  return 'accept';
}

function invalidPacket(context: PacketContext): 'accept' {
  context.state.conntrack.statistics.invalid += 1;
  return 'accept';
}

function refresh(environment: NetfilterEnvironment, entry: ConntrackEntry, us: number): void {
  entry.timeoutUs = us;
  if (entry.isConfirmed) entry.timeoutAtUs = environment.nowUs + us;
}

function stepProtocol(context: PacketContext, entry: ConntrackEntry, isReply: boolean): 'accept' | 'invalid' | 'again' {
  const { environment, ns, frame, transportAt, family } = context;
  switch (entry.protocol) {
    case 6: return stepTcpEntry(context, entry, isReply);
    case 17:
    case 136: {
      const prefix = entry.protocol === 17 ? 'net/netfilter/nf_conntrack_udp_timeout' : 'net/netfilter/nf_conntrack_udplite_timeout';
      if (!entry.isSeenReply) {
        refresh(environment, entry, timeoutUs(environment, ns, prefix, 30));
        return 'accept';
      }
      const isStream = environment.nowUs > entry.streamFromUs;
      refresh(environment, entry, timeoutUs(environment, ns, isStream ? `${prefix}_stream` : prefix, isStream ? 120 : 30));
      if (isStream && !entry.isAssured) {
        entry.isAssured = true;
        entry.pendingEvents |= EVENT_UPDATE;
      }
      return 'accept';
    }
    case 1:
    case 58: {
      if ((entry.protocol === 1) !== (family === 'inet')) break;
      if (!entry.isConfirmed && entry.packets[0] === 0 && !(family === 'inet' ? ICMP_REQUESTS : ICMP6_REQUESTS).has(frame[transportAt]!)) return 'invalid';
      refresh(environment, entry, timeoutUs(environment, ns, family === 'inet' ? 'net/netfilter/nf_conntrack_icmp_timeout' : 'net/netfilter/nf_conntrack_icmpv6_timeout', 30));
      return 'accept';
    }
    default: break;
  }
  refresh(environment, entry, timeoutUs(environment, ns, 'net/netfilter/nf_conntrack_generic_timeout', 600));
  return 'accept';
}

function stepTcpEntry(context: PacketContext, entry: ConntrackEntry, isReply: boolean): 'accept' | 'invalid' | 'again' {
  const { environment, ns, frame, transportAt, end, state } = context;
  if (transportAt + 20 > end) return 'invalid';
  if (entry.tcp === undefined) {
    entry.tcp = newTcp(frame, transportAt, end, (environment.sysctlNumber(ns, 'net/netfilter/nf_conntrack_tcp_loose') ?? 1) !== 0);
    if (entry.tcp === undefined) return 'invalid';
  }
  const step = stepTcp(entry.tcp, isReply, frame, transportAt, end);
  if (step.kind === 'invalid') return 'invalid';
  if (step.kind === 'again') return 'again';
  if (step.kind === 'ignored') return 'accept';
  if (step.before !== step.after && entry.isConfirmed) entry.pendingEvents |= EVENT_UPDATE;
  const unacknowledgedUs = timeoutUs(environment, ns, 'net/netfilter/nf_conntrack_tcp_timeout_unacknowledged', 300);
  let us = timeoutUs(environment, ns, TCP_TIMEOUT_KEYS[step.after]!, 120);
  if (step.isUnacknowledged && us > unacknowledgedUs) us = unacknowledgedUs;
  if (!entry.isSeenReply) {
    if (step.isReset) {
      // Only a reset came back: the connection never was (nf_ct_kill_acct). The packet itself keeps its entry until it is through.
      if (entry.isConfirmed) {
        entry.pendingEvents = 0;
        destroyEntry(environment, ns, state, entry);
      }
      return 'accept';
    }
    if (step.after === ESTABLISHED && us > unacknowledgedUs) us = unacknowledgedUs;
  } else if (!entry.isAssured && (step.before === SYN_RECV || step.before === ESTABLISHED) && step.after === ESTABLISHED) {
    entry.isAssured = true;
    entry.pendingEvents |= EVENT_UPDATE;
  }
  refresh(environment, entry, us);
  return 'accept';
}

/** nf_ct_set_closing: REJECT has reset the connection. */
export function setClosing(context: PacketContext): void {
  const entry = trackedEntry(context);
  if (entry?.tcp === undefined) return;
  entry.tcp.state = CLOSE;
  refresh(context.environment, entry, timeoutUs(context.environment, context.ns, TCP_TIMEOUT_KEYS[CLOSE]!, 10));
}

/** Ends an entry now, with its event. */
export function destroyEntry(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState, entry: ConntrackEntry): void {
  if (entry.isDying || !entry.isConfirmed) {
    entry.isDying = true;
    return;
  }
  const view = state.subscriptions.size > 0 ? viewOf(entry, environment.nowUs, isAccounting(environment, ns)) : undefined;
  unlinkEntry(state.conntrack, entry);
  entry.timeoutUs = environment.nowUs; // when it died: see forgetFloating
  if (view !== undefined) sendEvent(environment, ns, state, 'DESTROY', entry, view);
}

/** Removes what has timed out: before every listing, and by timer while somebody watches events. */
export function dropExpired(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState): void {
  const nowUs = environment.nowUs;
  for (const entry of state.conntrack.entries.values()) if (entry.timeoutAtUs <= nowUs) destroyEntry(environment, ns, state, entry);
}

/**
 * nf_conntrack_confirm: a new connection enters the table when its first packet leaves; another connection with the same tuple that got there first wins
 * and the packet is dropped.
 */
export function confirm(context: PacketContext): 'accept' | 'drop' {
  const link = context.packet.conntrack;
  if (link === undefined || link === 'untracked') return 'accept';
  const { environment, ns, state } = context;
  const conntrack = state.conntrack;
  const entry = entryOf(conntrack, link.id);
  if (entry === undefined) return 'accept';
  if (!entry.isConfirmed) {
    // The answer of a REJECT goes out with the entry of a packet that was never let in: nothing to confirm.
    if (link.direction !== 'original') return 'accept';
    if (entry.isDying) return 'drop';
    const nowUs = environment.nowUs;
    if (findTuple(conntrack, entry.family, entry.protocol, entry.zone, entry.original, nowUs) >= 0 || findTuple(conntrack, entry.family, entry.protocol, entry.zone, entry.reply, nowUs) >= 0) {
      conntrack.statistics.insertFailed += 1;
      conntrack.statistics.drop += 1;
      conntrack.floating.delete(entry.id);
      return 'drop';
    }
    sweepOldest(environment, ns, state);
    entry.isConfirmed = true;
    entry.timeoutAtUs = nowUs + entry.timeoutUs;
    insertEntry(conntrack, entry);
    environment.stateChanged();
    armTimer(environment, ns, state);
  }
  if (entry.pendingEvents !== 0) {
    const isNew = (entry.pendingEvents & EVENT_NEW) !== 0;
    entry.pendingEvents = 0;
    if (!isNew) environment.stateChanged();
    sendEvent(environment, ns, state, isNew ? 'NEW' : 'UPDATE', entry);
  }
  return 'accept';
}

/** Sweeps the oldest entries that have timed out, so that the table does not grow in a lab nobody lists. */
function sweepOldest(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState): void {
  let looked = 0;
  for (const entry of state.conntrack.entries.values()) {
    if (entry.timeoutAtUs <= environment.nowUs) destroyEntry(environment, ns, state, entry);
    looked += 1;
    if (looked >= 4) return;
  }
}

/** Somebody watches events: wake at the next expiry. */
export function armTimer(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState): void {
  if (state.subscriptions.size === 0) return;
  let next = Number.POSITIVE_INFINITY;
  for (const entry of state.conntrack.entries.values()) if (entry.timeoutAtUs < next) next = entry.timeoutAtUs;
  if (next === Number.POSITIVE_INFINITY) return;
  if (state.conntrack.timerAtUs !== undefined && state.conntrack.timerAtUs <= next && state.conntrack.timerAtUs > environment.nowUs) return;
  state.conntrack.timerAtUs = next;
  environment.setNetfilterTimer(ns, next);
}
