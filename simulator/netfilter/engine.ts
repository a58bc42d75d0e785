/** One hook, all its stages in priority order: see hooks.ts for the order and the contract. */
import { get32 } from '../bytes.ts';
import { copyOf } from '../frames.ts';
import type { Family, NetnsId } from '../kernel/api.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { HookName, TableName, TableState } from './api.ts';
import { readHeaders, releaseContext, takeContext, type PacketContext } from './context.ts';
import { tupleView } from './conntrack/events.ts';
import { confirm, track, trackedEntry } from './conntrack/track.ts';
import type { NetfilterEnvironment } from './environment.ts';
import { DROP, STOLEN } from './extension.ts';
import { runNat } from './nat/nat.ts';
import type { NetfilterState } from './state.ts';
import { walk } from './traverse.ts';

export type HookVerdict = 'accept' | 'drop' | 'stolen';

/** Who has the namespace at hand hands its state in: this runs many times for each packet. */
export function runHooks(environment: NetfilterEnvironment, ns: NetnsId, family: Family, hook: HookName, packet: Packet, state = environment.netfilterState(ns)): HookVerdict {
  if (state.tables[family].size === 0 && state.conntrackUsers[family] === 0 && packet.conntrack === undefined) return 'accept';
  const context = takeContext(environment, state, ns, family, hook, packet);
  // br_netfilter hides that a bridged frame is for another host (setup_pre_routing: pkt_otherhost), or REJECT would not answer it.
  const isForOther = packet.physicalIn !== 0 && packet.type === 'otherhost';
  if (isForOther) packet.type = 'host';
  const verdict = stages(context, state.tables[family], state);
  if (isForOther) packet.type = 'otherhost';
  if (verdict === 'drop') tellDeath(context);
  releaseContext();
  return verdict;
}

function stages(context: PacketContext, tables: Map<TableName, TableState>, state: NetfilterState): HookVerdict {
  const { hook } = context;
  let verdict: HookVerdict = 'accept';
  switch (hook) {
    case 'PREROUTING':
      if (!defragment(context, state)) return 'stolen';
      if ((verdict = ask(tables.get('raw'), context)) !== 'accept') return verdict;
      if ((verdict = trackPacket(context, state)) !== 'accept') return verdict;
      if ((verdict = ask(tables.get('mangle'), context)) !== 'accept') return verdict;
      return askNat(tables.get('nat'), context);
    case 'INPUT':
      if ((verdict = ask(tables.get('mangle'), context)) !== 'accept') return verdict;
      if ((verdict = ask(tables.get('filter'), context)) !== 'accept') return verdict;
      if ((verdict = askNat(tables.get('nat'), context)) !== 'accept') return verdict;
      if ((verdict = ask(tables.get('security'), context)) !== 'accept') return verdict;
      return confirm(context);
    case 'FORWARD':
      if ((verdict = ask(tables.get('mangle'), context)) !== 'accept') return verdict;
      if ((verdict = ask(tables.get('filter'), context)) !== 'accept') return verdict;
      return ask(tables.get('security'), context);
    case 'OUTPUT':
      if (!defragment(context, state)) return 'stolen';
      if ((verdict = ask(tables.get('raw'), context)) !== 'accept') return verdict;
      if ((verdict = trackPacket(context, state)) !== 'accept') return verdict;
      if ((verdict = askAndReroute(tables.get('mangle'), context)) !== 'accept') return verdict;
      if ((verdict = natAndReroute(tables.get('nat'), context)) !== 'accept') return verdict;
      if ((verdict = ask(tables.get('filter'), context)) !== 'accept') return verdict;
      return ask(tables.get('security'), context);
    case 'POSTROUTING':
      if ((verdict = ask(tables.get('mangle'), context)) !== 'accept') return verdict;
      if ((verdict = askNat(tables.get('nat'), context)) !== 'accept') return verdict;
      return confirm(context);
  }
}

function ask(table: TableState | undefined, context: PacketContext): HookVerdict {
  if (table === undefined) return 'accept';
  const verdict = walk(table, context.hook, context);
  return verdict === DROP ? 'drop' : verdict === STOLEN ? 'stolen' : 'accept';
}

/** nf_defrag_ipv4 puts fragments together before anybody looks, while conntrack is on. */
function defragment(context: PacketContext, state: NetfilterState): boolean {
  const { environment, ns, family, packet } = context;
  if (state.conntrackUsers[family] === 0 || environment.defragment === undefined || packet.conntrack !== undefined) return true;
  const isFragment = family === 'inet' ? (packet.frame[NETWORK_OFFSET + 6]! & 0x3f) !== 0 || packet.frame[NETWORK_OFFSET + 7] !== 0 : context.isLaterFragment;
  if (!isFragment) return true;
  if (!environment.defragment(ns, family, packet)) return false;
  readHeaders(context);
  return true;
}

function trackPacket(context: PacketContext, state: NetfilterState): HookVerdict {
  if (state.conntrackUsers[context.family] === 0) return 'accept';
  const verdict = track(context, context.zone);
  if (context.environment.traceSink !== undefined) tellTracking(context);
  return verdict;
}

function askNat(table: TableState | undefined, context: PacketContext): HookVerdict {
  if (table === undefined) return 'accept';
  return runNat(context, (asked) => ask(table, asked));
}

/** The mangle table's OUTPUT is a route chain: the packet is routed again when what routing looks at has changed (nft_chain_route.c). */
function askAndReroute(table: TableState | undefined, context: PacketContext): HookVerdict {
  if (table === undefined) return 'accept';
  const { packet, frame, family, environment, ns } = context;
  const mark = packet.mark;
  const tos = frame[NETWORK_OFFSET + 1]!;
  const verdict = ask(table, context);
  if (verdict !== 'accept' || (packet.mark === mark && packet.frame[NETWORK_OFFSET + 1] === tos)) return verdict;
  if (!environment.reroute(ns, family, packet)) return noRoute(context);
  refreshOut(context);
  return 'accept';
}

/** nf_nat_ipv4_local_fn: a locally generated packet whose destination was translated goes where the new one leads. */
function natAndReroute(table: TableState | undefined, context: PacketContext): HookVerdict {
  if (table === undefined) return 'accept';
  const { packet, family, environment, ns } = context;
  const before = packet.frame.slice(NETWORK_OFFSET, NETWORK_OFFSET + 40);
  const verdict = askNat(table, context);
  if (verdict !== 'accept' || !isDestinationChanged(before, packet.frame, family)) return verdict;
  if (!environment.reroute(ns, family, packet)) return noRoute(context);
  refreshOut(context);
  return 'accept';
}

function isDestinationChanged(before: Uint8Array, frame: Uint8Array, family: Family): boolean {
  if (family === 'inet') return get32(before, 16) !== get32(frame, NETWORK_OFFSET + 16);
  for (let at = 24; at < 40; at += 1) if (before[at] !== frame[NETWORK_OFFSET + at]) return true;
  return false;
}

function refreshOut(context: PacketContext): void {
  context.outName = undefined;
  readHeaders(context);
}

function noRoute(context: PacketContext): 'drop' {
  context.dropRule = 'no route after translation';
  return 'drop';
}

function tellTracking(context: PacketContext): void {
  const { environment, packet, ns } = context;
  const link = packet.conntrack;
  const entry = trackedEntry(context);
  const text = (tuple: Parameters<typeof tupleView>[0], protocol: number): string => {
    const view = tupleView(tuple, protocol);
    if (view.icmpType !== undefined) return `src=${view.source} dst=${view.destination} type=${view.icmpType} code=${view.icmpCode!} id=${view.icmpId!}`;
    return view.sport === undefined ? `src=${view.source} dst=${view.destination}` : `src=${view.source} dst=${view.destination} sport=${view.sport} dport=${view.dport!}`;
  };
  environment.traceSink?.({
    kind: 'conntrack', entryId: entry?.id, direction: link === undefined || link === 'untracked' ? undefined : link.direction,
    state: link === undefined ? 'INVALID' : link === 'untracked' ? 'UNTRACKED' : link.state, isNew: entry !== undefined && !entry.isConfirmed,
    original: entry === undefined ? '' : text(entry.original, entry.protocol), reply: entry === undefined ? '' : text(entry.reply, entry.protocol),
    atUs: environment.nowUs, kernelId: environment.kernelId, netns: ns, traceId: packet.traceId, frame: copyOf(packet.frame),
  });
}

function tellDeath(context: PacketContext): void {
  const { environment, packet, ns, hook, dropRule } = context;
  environment.traceSink?.({
    kind: 'died', reason: dropRule?.startsWith('-A ') === true ? `a rule ${/ -j REJECT\b/.test(dropRule) ? 'rejected' : 'dropped'} it` : (dropRule ?? 'conntrack dropped it'), layer: context.table === 'nat' ? 'nat' : 'filter', at: hook,
    ...(dropRule === undefined ? {} : { rule: dropRule }), atUs: environment.nowUs, kernelId: environment.kernelId, netns: ns, traceId: packet.traceId, frame: copyOf(packet.frame),
  });
}
