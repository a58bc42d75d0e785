/** Entries that a program asks for. Read first: ctnetlink_create_conntrack in net/netfilter/nf_conntrack_netlink.c */
import type { NetnsId } from '../../kernel/api.ts';
import { done, fail, type Result } from '../../result.ts';
import { parseIp4 } from '../../wire/ip4.ts';
import { parseIp6 } from '../../wire/ip6.ts';
import type { NewConntrack, TupleView } from '../api.ts';
import type { NetfilterEnvironment } from '../environment.ts';
import type { NetfilterState } from '../state.ts';
import { sendEvent } from './events.ts';
import { findTuple, insertEntry, type ConntrackEntry, type Tuple } from './state.ts';
import { TCP_STATES } from './tcp.ts';
import { armTimer } from './track.ts';
import { invertTuple } from './tuple.ts';

const TCP = 6;

/** EEXIST when one of its tuples is taken; EINVAL for an address of the wrong kind or an ICMP type without an answer. */
export function createEntry(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState, wanted: NewConntrack): Result {
  const { family, protocol } = wanted;
  const original = tupleOf(wanted.original);
  const inverted = original === undefined ? undefined : invertTuple(original, protocol, family);
  const given = wanted.reply === undefined ? inverted : tupleOf(wanted.reply);
  if (original === undefined || given === undefined) return fail('EINVAL');
  const { sourceTo, destinationTo } = wanted;
  const reply: Tuple = {
    source: destinationTo === undefined ? given.source : numeric(destinationTo.address)!, sport: destinationTo?.port ?? given.sport,
    destination: sourceTo === undefined ? given.destination : numeric(sourceTo.address)!, dport: sourceTo?.port ?? given.dport,
  };
  const { conntrack } = state;
  const { nowUs } = environment;
  if (findTuple(conntrack, family, protocol, 0, original, nowUs) >= 0 || findTuple(conntrack, family, protocol, 0, reply, nowUs) >= 0) return fail('EEXIST');
  conntrack.lastId += 1;
  const timeoutUs = wanted.timeoutSeconds * 1_000_000;
  const stateIndex = TCP_STATES.indexOf((wanted.tcpState ?? 'NONE') as 'NONE');
  const entry: ConntrackEntry = {
    id: conntrack.lastId, family, protocol, zone: 0, original, reply, mark: wanted.mark >>> 0, timeoutAtUs: nowUs + timeoutUs, timeoutUs, isConfirmed: true, isDying: false, isSeenReply: wanted.isReplied, isAssured: wanted.isAssured,
    sourceNat: sourceTo !== undefined, destinationNat: destinationTo !== undefined, sourceNatDone: true, destinationNatDone: true, masqueradeDevice: 0,
    tcp: protocol === TCP ? { state: Math.max(0, stateIndex), lastIndex: 0, lastIsReply: false, closeInitiated: [false, false], end: [0, 0], isUnacknowledged: [false, false] } : undefined,
    streamFromUs: nowUs, packets: [0, 0], bytes: [0, 0], createdAtUs: nowUs, pendingEvents: 0,
  };
  insertEntry(conntrack, entry);
  environment.stateChanged();
  armTimer(environment, ns, state);
  sendEvent(environment, ns, state, 'NEW', entry);
  return done;
}

function numeric(address: string): number | string | undefined {
  return address.includes(':') ? parseIp6(address) : parseIp4(address);
}

function tupleOf({ source, destination, sport, dport, icmpType, icmpCode, icmpId }: TupleView): Tuple | undefined {
  const [from, to] = [numeric(source), numeric(destination)];
  if (from === undefined || to === undefined) return undefined;
  return { source: from, destination: to, sport: icmpId ?? sport ?? 0, dport: icmpType === undefined ? (dport ?? 0) : icmpType * 256 + (icmpCode ?? 0) };
}
