/**
 * The nat hooks: rules are asked once per connection and direction of manipulation; every packet of it is rewritten as decided.
 * Read first: net/netfilter/nf_nat_core.c (nf_nat_inet_fn, nf_nat_packet), nf_nat_masquerade.c
 */
import { copyOf } from '../../frames.ts';
import type { LinkIndex, NetnsId } from '../../kernel/api.ts';
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import { formatIp4 } from '../../wire/ip4.ts';
import { formatIp6 } from '../../wire/ip6.ts';
import { dropExpired, destroyEntry, readInner, trackedEntry } from '../conntrack/track.ts';
import type { ConntrackEntry, Tuple } from '../conntrack/state.ts';
import { invertTuple } from '../conntrack/tuple.ts';
import { readHeaders, type PacketContext } from '../context.ts';
import type { NetfilterEnvironment } from '../environment.ts';
import type { NetfilterState } from '../state.ts';
import { setupNullBinding, type Manipulation } from './bind.ts';
import { rewrite, rewriteIcmpError } from './rewrite.ts';

export function manipulationAt(hook: PacketContext['hook']): Manipulation {
  return hook === 'POSTROUTING' || hook === 'INPUT' ? 'source' : 'destination';
}

/** nf_nat_inet_fn. `askRules` walks the nat table's chain at this hook. */
export function runNat(context: PacketContext, askRules: (context: PacketContext) => 'accept' | 'drop' | 'stolen'): 'accept' | 'drop' | 'stolen' {
  const { packet, state, environment, hook } = context;
  const link = packet.conntrack;
  const entry = trackedEntry(context);
  if (link === undefined || link === 'untracked' || entry === undefined) return 'accept';
  const manipulation = manipulationAt(hook);
  const isReply = link.direction === 'reply';
  if (link.state === 'RELATED') {
    if (context.protocol === 1 || context.protocol === 58) {
      translateError(context, entry, isReply, manipulation);
      return 'accept';
    }
  }
  if (link.state === 'NEW' || link.state === 'RELATED') {
    const isDone = manipulation === 'source' ? entry.sourceNatDone : entry.destinationNatDone;
    if (!isDone) {
      const verdict = askRules(context);
      if (verdict !== 'accept') return verdict;
      const isDecided = manipulation === 'source' ? entry.sourceNatDone : entry.destinationNatDone;
      if (!isDecided) setupNullBinding(state.conntrack, entry, manipulation, environment.nowUs, environment.dice);
    } else if (isOtherDevice(context, entry)) return endMasquerade(context, entry);
  } else if (isOtherDevice(context, entry)) return endMasquerade(context, entry);
  translate(context, entry, isReply, manipulation);
  return 'accept';
}

/** nf_nat_oif_changed: a masqueraded connection that would now leave by another device cannot go on. */
function isOtherDevice(context: PacketContext, entry: ConntrackEntry): boolean {
  if (context.hook !== 'POSTROUTING' || entry.masqueradeDevice === 0) return false;
  const link = context.packet.conntrack;
  return link !== undefined && link !== 'untracked' && link.direction === 'original' && entry.masqueradeDevice !== context.packet.outDevice;
}

function endMasquerade(context: PacketContext, entry: ConntrackEntry): 'drop' {
  destroyEntry(context.environment, context.ns, context.state, entry);
  context.dropRule = 'masqueraded connection changed its device';
  return 'drop';
}

/** Whether this direction's packets change at this hook: the reply undoes at the other kind of hook what the original did. */
function isTranslated(entry: ConntrackEntry, isReply: boolean, manipulation: Manipulation): boolean {
  const looksAtSource = (manipulation === 'source') !== isReply;
  return looksAtSource ? entry.sourceNat : entry.destinationNat;
}

/** Where a packet of this direction must come from and go to: the inverse of the other direction's tuple. */
function targetTuple(entry: ConntrackEntry, isReply: boolean): Tuple {
  const other = isReply ? entry.original : entry.reply;
  return invertTuple(other, entry.protocol, entry.family) ?? other;
}

function translate(context: PacketContext, entry: ConntrackEntry, isReply: boolean, manipulation: Manipulation): void {
  if (!isTranslated(entry, isReply, manipulation)) return;
  const { frame, family, transportAt, protocol, end, packet } = context;
  const target = targetTuple(entry, isReply);
  const before = context.environment.traceSink === undefined ? '' : endpointText(context, manipulation);
  rewrite({ frame, family, at: NETWORK_OFFSET, transportAt, protocol, end, checksumPartial: packet.checksumPartial }, target, manipulation);
  readHeaders(context);
  traceNat(context, manipulation, before, isReply ? 'the answer to a translated connection' : 'translated connection');
}

function translateError(context: PacketContext, entry: ConntrackEntry, isReply: boolean, manipulation: Manipulation): void {
  if (!isTranslated(entry, isReply, manipulation)) return;
  const inner = readInner(context);
  if (inner === undefined) return;
  const { frame, family, transportAt, protocol, end } = context;
  const before = context.environment.traceSink === undefined ? '' : endpointText(context, manipulation);
  const innerTarget = isReply ? entry.original : entry.reply;
  rewriteIcmpError({ frame, family, at: NETWORK_OFFSET, transportAt, protocol, end, checksumPartial: false }, inner, innerTarget, targetTuple(entry, isReply), manipulation);
  readHeaders(context);
  traceNat(context, manipulation, before, 'ICMP error about a translated connection');
}

function endpointText(context: PacketContext, manipulation: Manipulation): string {
  const { frame, family, transportAt, protocol, end } = context;
  const isSource = manipulation === 'source';
  const at = NETWORK_OFFSET + (family === 'inet' ? (isSource ? 12 : 16) : isSource ? 8 : 24);
  let address = '';
  if (family === 'inet') address = formatIp4(((frame[at]! << 24) | (frame[at + 1]! << 16) | (frame[at + 2]! << 8) | frame[at + 3]!) >>> 0);
  else {
    for (let index = 0; index < 16; index += 1) address += frame[at + index]!.toString(16).padStart(2, '0');
    address = `[${formatIp6(address)}]`;
  }
  const hasPort = transportAt >= 0 && (protocol === 6 || protocol === 17 || protocol === 132 || protocol === 136) && transportAt + 4 <= end;
  const portAt = isSource ? transportAt : transportAt + 2;
  return hasPort ? `${address}:${frame[portAt]! * 256 + frame[portAt + 1]!}` : address;
}

function traceNat(context: PacketContext, manipulation: Manipulation, before: string, reason: string): void {
  const { environment, ns, packet } = context;
  const sink = environment.traceSink;
  if (sink === undefined) return;
  sink({ kind: 'nat', manipulation, before, after: endpointText(context, manipulation), reason, atUs: environment.nowUs, kernelId: environment.kernelId, netns: ns, traceId: packet.traceId, frame: copyOf(packet.frame) });
}

/** Ends the connections masqueraded behind a device that went down (`address` undefined) or lost an address. */
export function endMasqueraded(environment: NetfilterEnvironment, ns: NetnsId, state: NetfilterState, device: LinkIndex | undefined, address: number | string | undefined): void {
  dropExpired(environment, ns, state);
  for (const entry of state.conntrack.entries.values()) {
    if (entry.masqueradeDevice === 0 || (device !== undefined && entry.masqueradeDevice !== device)) continue;
    if (address !== undefined && entry.reply.destination !== address) continue;
    destroyEntry(environment, ns, state, entry);
  }
}
