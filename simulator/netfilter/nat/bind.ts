/**
 * Choosing a translation for a new connection.
 * Read first: net/netfilter/nf_nat_core.c (get_unique_tuple, find_best_ips_proto, nf_nat_l4proto_unique_tuple, nf_nat_setup_info)
 */
import type { Dice } from '../../world/api.ts';
import { findTuple, type ConntrackEntry, type ConntrackState, type Tuple } from '../conntrack/state.ts';
import { hasPorts, invertTuple } from '../conntrack/tuple.ts';

export type Manipulation = 'source' | 'destination';

/** nf_nat_range2: addresses in tuple form. */
export interface NatRange {
  minimum: number | string | undefined;
  maximum: number | string | undefined;
  minimumPort: number | undefined;
  maximumPort: number | undefined;
  /** The port that maps to minimumPort, for shifted ranges. */
  basePort: number | undefined;
  random: boolean;
  fullyRandom: boolean;
  persistent: boolean;
  /** NETMAP: keep the host bits. */
  netmapMask?: number | string;
}

/** nf_nat_used_tuple: somebody else's replies already look like the answer to `tuple`. */
function isUsed(conntrack: ConntrackState, entry: ConntrackEntry, tuple: Tuple, nowUs: number): boolean {
  const reply = invertTuple(tuple, entry.protocol, entry.family);
  if (reply === undefined) return false;
  const reference = findTuple(conntrack, entry.family, entry.protocol, entry.zone, reply, nowUs);
  return reference >= 0 && reference >>> 1 !== entry.id;
}

/** Decides and writes the reply tuple. Connections in the table keep what they have: nothing happens then, and the decision stays open. */
export function setupNat(conntrack: ConntrackState, entry: ConntrackEntry, manipulation: Manipulation, range: NatRange, nowUs: number, dice: Dice): void {
  if (entry.isConfirmed) return;
  const current = invertTuple(entry.reply, entry.protocol, entry.family) ?? entry.original;
  const chosen = chooseTuple(conntrack, entry, manipulation, range, current, nowUs, dice);
  if (chosen.source !== current.source || chosen.destination !== current.destination || chosen.sport !== current.sport || chosen.dport !== current.dport) {
    entry.reply = invertTuple(chosen, entry.protocol, entry.family) ?? entry.reply;
    if (manipulation === 'source') entry.sourceNat = true;
    else entry.destinationNat = true;
  }
  if (manipulation === 'source') entry.sourceNatDone = true;
  else entry.destinationNatDone = true;
}

/** nf_nat_alloc_null_binding: keeps the addresses; the source port may have to give way to another connection. */
export function setupNullBinding(conntrack: ConntrackState, entry: ConntrackEntry, manipulation: Manipulation, nowUs: number, dice: Dice): void {
  const address = manipulation === 'source' ? entry.reply.destination : entry.reply.source;
  setupNat(conntrack, entry, manipulation, { minimum: address, maximum: address, minimumPort: undefined, maximumPort: undefined, basePort: undefined, random: false, fullyRandom: false, persistent: false }, nowUs, dice);
}

function isInRange(address: number | string, port: number, range: NatRange, checksPort: boolean): boolean {
  if (range.minimum !== undefined && (address < range.minimum || address > range.maximum!)) return false;
  if (!checksPort || range.minimumPort === undefined) return true;
  return port >= range.minimumPort && port <= range.maximumPort!;
}

function chooseTuple(conntrack: ConntrackState, entry: ConntrackEntry, manipulation: Manipulation, range: NatRange, original: Tuple, nowUs: number, dice: Dice): Tuple {
  const { protocol } = entry;
  const isRandom = range.random || range.fullyRandom;
  const isSource = manipulation === 'source';
  const carriesPort = hasPorts(protocol) || protocol === 1 || protocol === 58;
  const port = (tuple: Tuple): number => (isSource || protocol === 1 || protocol === 58 ? tuple.sport : tuple.dport);
  if (isSource && !isRandom && range.netmapMask === undefined) {
    if (isInRange(original.source, original.sport, range, hasPorts(protocol)) && !isUsed(conntrack, entry, original, nowUs)) return original;
    const known = sameSourceMapping(conntrack, entry, original, range, nowUs);
    if (known !== undefined && !isUsed(conntrack, entry, known, nowUs)) return known;
  }
  const tuple: Tuple = { ...original };
  if (range.minimum !== undefined) {
    const address = pickAddress(original, isSource, range, entry.zone);
    if (isSource) tuple.source = address;
    else tuple.destination = address;
  }
  if (!isRandom) {
    if (range.minimumPort !== undefined) {
      const inRange = port(tuple) >= range.minimumPort && port(tuple) <= range.maximumPort!;
      if (range.basePort === undefined && carriesPort && inRange && (range.minimumPort === range.maximumPort || !isUsed(conntrack, entry, tuple, nowUs))) return tuple;
    } else if (!isUsed(conntrack, entry, tuple, nowUs)) return tuple;
  }
  if (carriesPort) findPort(conntrack, entry, isSource, range, tuple, nowUs, dice);
  return tuple;
}

/** find_appropriate_src: another connection from the same address and port keeps the same mapping. */
function sameSourceMapping(conntrack: ConntrackState, entry: ConntrackEntry, original: Tuple, range: NatRange, nowUs: number): Tuple | undefined {
  if (entry.protocol === 1 || entry.protocol === 58) return undefined;
  for (const other of conntrack.entries.values()) {
    if (!other.sourceNat || other.protocol !== entry.protocol || other.family !== entry.family || other.timeoutAtUs <= nowUs) continue;
    if (other.original.source !== original.source || other.original.sport !== original.sport) continue;
    const mapped: Tuple = { source: other.reply.destination, sport: other.reply.dport, destination: original.destination, dport: original.dport };
    if (isInRange(mapped.source, mapped.sport, range, true)) return mapped;
  }
  return undefined;
}

function pickAddress(tuple: Tuple, isSource: boolean, range: NatRange, zone: number): number | string {
  const { minimum, maximum } = range;
  if (range.netmapMask !== undefined) return mapNetwork(isSource ? tuple.source : tuple.destination, minimum!, range.netmapMask);
  if (minimum === maximum || minimum === undefined || maximum === undefined) return minimum!;
  if (typeof minimum === 'string' || typeof maximum === 'string') return pickAddress6(tuple, String(minimum), String(maximum), range.persistent, zone);
  const hash = jhash2([swap(tuple.source as number), 0, 0, 0], range.persistent ? 0 : (swap(tuple.destination as number) ^ zone) >>> 0);
  return minimum + scale(hash, maximum - minimum + 1);
}

function pickAddress6(tuple: Tuple, minimum: string, maximum: string, isPersistent: boolean, zone: number): string {
  const words = (text: string): number[] => [0, 8, 16, 24].map((at) => Number.parseInt(text.slice(at, at + 8), 16));
  const low = words(minimum);
  const high = words(maximum);
  let hash = jhash2(words(String(tuple.source)).map(swap), isPersistent ? 0 : (swap(words(String(tuple.destination))[3]!) ^ zone) >>> 0);
  let isFull = false;
  let text = '';
  for (let word = 0; word < 4; word += 1) {
    let from = low[word]!;
    let distance = high[word]! - from + 1;
    if (isFull) {
      from = 0;
      distance = 0x1_0000_0000;
    }
    const value = (distance <= 0 ? from : from + scale(hash, distance)) >>> 0;
    if (value !== high[word]) isFull = true;
    text += value.toString(16).padStart(8, '0');
    if (!isPersistent) hash = (hash ^ swap(words(String(tuple.destination))[word]!)) >>> 0;
  }
  return text;
}

function mapNetwork(address: number | string, network: number | string, mask: number | string): number | string {
  if (typeof address === 'number') return ((((network as number) & (mask as number)) >>> 0) | (address & ~(mask as number))) >>> 0;
  let text = '';
  for (let at = 0; at < 32; at += 1) {
    const bits = Number.parseInt(String(mask)[at]!, 16);
    text += ((Number.parseInt(String(network)[at]!, 16) & bits) | (Number.parseInt(address[at]!, 16) & ~bits & 15)).toString(16);
  }
  return text;
}

/** nf_nat_l4proto_unique_tuple: looks for a free port or ICMP id. */
function findPort(conntrack: ConntrackState, entry: ConntrackEntry, isSource: boolean, range: NatRange, tuple: Tuple, nowUs: number, dice: Dice): void {
  const isIcmp = entry.protocol === 1 || entry.protocol === 58;
  const writesSource = isSource || isIcmp;
  const current = writesSource ? tuple.sport : tuple.dport;
  let minimum = range.minimumPort ?? 0;
  let size = (range.maximumPort ?? 0) - minimum + 1;
  if (range.minimumPort === undefined) {
    if (isIcmp) {
      minimum = 0;
      size = 65_536;
    } else {
      if (!isSource) return; // a destination port is changed only when told to which
      if (current < 512) [minimum, size] = [1, 511];
      else if (current < 1024) [minimum, size] = [600, 424];
      else [minimum, size] = [1024, 64_512];
    }
  }
  let offset: number;
  if (range.basePort !== undefined) offset = (current - range.basePort) & 0xffff;
  else if (range.random || range.fullyRandom || isSource) offset = dice.below(65_536);
  else offset = 0;
  let attempts = Math.min(size, 128);
  for (;;) {
    for (let tried = 0; tried < attempts; tried += 1, offset += 1) {
      const port = minimum + (offset % size);
      if (writesSource) tuple.sport = port;
      else tuple.dport = port;
      if (!isUsed(conntrack, entry, tuple, nowUs)) return;
    }
    if (attempts >= size || attempts < 16) return;
    attempts >>= 1;
    offset = dice.below(65_536);
  }
}

function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function scale(hash: number, size: number): number {
  return Number((BigInt(hash >>> 0) * BigInt(size)) >> 32n);
}

/** include/linux/jhash.h: which address of a range a connection gets is a matter of this hash. */
function jhash2(words: readonly number[], initial: number): number {
  const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
  let a = (0xdeadbeef + (words.length << 2) + initial) | 0;
  let b = a;
  let c = a;
  let at = 0;
  let left = words.length;
  while (left > 3) {
    a = (a + words[at]!) | 0;
    b = (b + words[at + 1]!) | 0;
    c = (c + words[at + 2]!) | 0;
    a = (a - c) ^ rotate(c, 4); c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6); a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8); b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16); c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19); a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4); b = (b + a) | 0;
    left -= 3;
    at += 3;
  }
  if (left === 0) return c >>> 0;
  if (left >= 3) c = (c + words[at + 2]!) | 0;
  if (left >= 2) b = (b + words[at + 1]!) | 0;
  a = (a + words[at]!) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
