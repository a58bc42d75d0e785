/**
 * A packet as rules look at it: the header fields that matches ask for, read once per hook. Contexts are pooled because the
 * evaluation loop must not allocate; a context is valid only during the hook that filled it.
 * Read first: net/netfilter/x_tables.c, struct xt_action_param.
 */
import { get16, get32 } from '../bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Family, NetnsId } from '../kernel/api.ts';
import { formatIp4 } from '../wire/ip4.ts';
import { formatIp6, ip6At } from '../wire/ip6.ts';
import type { HookName, TableName } from './api.ts';
import type { NetfilterEnvironment } from './environment.ts';
import type { NetfilterState } from './state.ts';

export interface PacketContext {
  environment: NetfilterEnvironment;
  state: NetfilterState;
  ns: NetnsId;
  family: Family;
  hook: HookName;
  table: TableName;
  packet: Packet;
  frame: Uint8Array;
  /** Length of the network-layer packet: what counters count. */
  length: number;
  /** Upper-layer protocol, after IPv6 extension headers. */
  protocol: number;
  /** Where the transport header begins, or -1 in a fragment that does not hold it. */
  transportAt: number;
  /** Where the packet ends in the frame. */
  end: number;
  /** A fragment other than the first. */
  isLaterFragment: boolean;
  /** IPv4 addresses; 0 for IPv6. */
  source: number;
  destination: number;
  /** IPv6 addresses as four words each. */
  source6: Uint32Array;
  destination6: Uint32Array;
  /** Looked up when the first rule asks: see `inNameOf` and `outNameOf`. */
  inName: string | undefined;
  outName: string | undefined;
  /** Conntrack zone given by a CT target. */
  zone: number;
  /** What dropped it, for traces. */
  dropRule: string | undefined;
}

const pool: PacketContext[] = [];
let depth = 0;

export function takeContext(environment: NetfilterEnvironment, state: NetfilterState, ns: NetnsId, family: Family, hook: HookName, packet: Packet): PacketContext {
  let context = pool[depth];
  if (context === undefined) {
    context = {
      environment, state, ns, family, hook, table: 'raw', packet, frame: packet.frame, length: 0, protocol: 0, transportAt: -1, end: 0, isLaterFragment: false, source: 0, destination: 0,
      source6: new Uint32Array(4), destination6: new Uint32Array(4), inName: undefined, outName: undefined, zone: 0, dropRule: undefined,
    };
    pool[depth] = context;
  }
  depth += 1;
  context.environment = environment;
  context.state = state;
  context.ns = ns;
  context.family = family;
  context.hook = hook;
  context.packet = packet;
  context.zone = 0;
  context.dropRule = undefined;
  context.inName = undefined;
  context.outName = undefined;
  readHeaders(context);
  return context;
}

export function releaseContext(): void {
  depth -= 1;
}

/** The device the packet came in by, for hooks that know it. */
export function inNameOf(context: PacketContext): string {
  const { environment, ns, hook, packet } = context;
  return (context.inName ??= hook === 'OUTPUT' || hook === 'POSTROUTING' ? '' : environment.deviceName(ns, packet.inDevice));
}

export function outNameOf(context: PacketContext): string {
  const { environment, ns, hook, packet } = context;
  return (context.outName ??= hook === 'PREROUTING' || hook === 'INPUT' ? '' : environment.deviceName(ns, packet.outDevice));
}

/** Reads the headers again after a target or NAT changed them. */
export function readHeaders(context: PacketContext): void {
  const frame = context.packet.frame;
  context.frame = frame;
  if (context.family === 'inet') readHeaders4(context, frame);
  else readHeaders6(context, frame);
}

function readHeaders4(context: PacketContext, frame: Uint8Array): void {
  const at = NETWORK_OFFSET;
  const total = get16(frame, at + 2);
  context.length = total;
  context.end = Math.min(at + total, frame.length);
  context.protocol = frame[at + 9]!;
  context.source = get32(frame, at + 12);
  context.destination = get32(frame, at + 16);
  context.isLaterFragment = (get16(frame, at + 6) & 0x1fff) !== 0;
  context.transportAt = context.isLaterFragment ? -1 : at + (frame[at]! & 15) * 4;
}

function readHeaders6(context: PacketContext, frame: Uint8Array): void {
  const at = NETWORK_OFFSET;
  const total = 40 + get16(frame, at + 4);
  context.length = total;
  context.end = Math.min(at + total, frame.length);
  context.source = 0;
  context.destination = 0;
  for (let word = 0; word < 4; word += 1) {
    context.source6[word] = get32(frame, at + 8 + word * 4);
    context.destination6[word] = get32(frame, at + 24 + word * 4);
  }
  let next = frame[at + 6]!;
  let upper = at + 40;
  context.isLaterFragment = false;
  while (next === 0 || next === 43 || next === 60 || next === 44) {
    if (upper + 8 > frame.length) break;
    if (next === 44 && (get16(frame, upper + 2) & 0xfff8) !== 0) context.isLaterFragment = true;
    const length = next === 44 ? 8 : (frame[upper + 1]! + 1) * 8;
    next = frame[upper]!;
    upper += length;
    if (context.isLaterFragment) break;
  }
  context.protocol = next;
  context.transportAt = context.isLaterFragment ? -1 : upper;
}

export function sourceText(context: PacketContext): string {
  return context.family === 'inet' ? formatIp4(context.source) : formatIp6(ip6At(context.frame, NETWORK_OFFSET + 8));
}

export function destinationText(context: PacketContext): string {
  return context.family === 'inet' ? formatIp4(context.destination) : formatIp6(ip6At(context.frame, NETWORK_OFFSET + 24));
}

/** The address as conntrack and -m recent key it: a number, or 32 hex digits. */
export function sourceKey(context: PacketContext): number | string {
  return context.family === 'inet' ? context.source : ip6At(context.frame, NETWORK_OFFSET + 8);
}

export function destinationKey(context: PacketContext): number | string {
  return destinationKeyOf(context.frame, context.family);
}

export function destinationKeyOf(frame: Uint8Array, family: Family): number | string {
  return family === 'inet' ? get32(frame, NETWORK_OFFSET + 16) : ip6At(frame, NETWORK_OFFSET + 24);
}

/** -i and -o: a name, or a prefix that ends in +. */
export function nameMatches(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
