/**
 * Tests on packets and how they are combined. A load behind the end of the packet makes the whole filter false, whatever `not`
 * stands around it, as in a BPF program. Beside its test a predicate has an outline: what it needs of link type and IP protocol, by
 * which `ip and arp` is found to reject all packets, as libpcap's optimiser finds it.
 */
import { bytes as wire } from '../../../ports/wire.ts';

/** What a filter may know besides the bytes. */
export interface PacketInfo {
  /** On the wire; default the number of bytes. */
  readonly originalLength?: number;
  readonly isOutgoing?: boolean;
  readonly interfaceIndex?: number;
}

export type Test = (bytes: Uint8Array, info: PacketInfo) => boolean;
/** Undefined: depends on something else. */
type Outcome = boolean | undefined;

/** A sort of packet, to try an outline on. */
export interface Sort {
  readonly linkType: number;
  readonly protocol: number;
  /** What an IPv6 fragment header announces. */
  readonly fragmentProtocol: number;
}

export interface Predicate {
  readonly test: Test;
  readonly outline: (sort: Sort) => Outcome;
  /** Link types and protocols that make a difference. */
  readonly linkTypes: readonly number[];
  readonly protocols: readonly number[];
}

/** Thrown by loads behind the end; there is one, made beforehand, since a busy capture throws it often. */
const OUT_OF_PACKET = new Error('load behind the end of the packet');

export function load(bytes: Uint8Array, at: number, size: number): number {
  if (at < 0 || at + size > bytes.length) throw OUT_OF_PACKET;
  if (size === 1) return wire.get8(bytes, at);
  return size === 2 ? wire.get16(bytes, at) : wire.get32(bytes, at);
}

/** Division by zero ends a program the same way. */
export function giveUp(): never {
  throw OUT_OF_PACKET;
}

export function runTest(test: Test, bytes: Uint8Array, info: PacketInfo): boolean {
  try {
    return test(bytes, info);
  } catch (error) {
    if (error !== OUT_OF_PACKET) throw error;
    return false;
  }
}

export function predicate(test: Test): Predicate {
  return { test, outline: () => undefined, linkTypes: [], protocols: [] };
}

export function constant(value: boolean): Predicate {
  return { test: () => value, outline: () => value, linkTypes: [], protocols: [] };
}

export function linkTypeIs(type: number, test: Test): Predicate {
  return { test, outline: (sort) => sort.linkType === type, linkTypes: [type], protocols: [] };
}

/** The protocol field of an IPv4 or IPv6 header, whose link type was tested before. */
export function protocolIs(protocol: number, test: Test): Predicate {
  return { test, outline: (sort) => sort.protocol === protocol, linkTypes: [], protocols: [protocol] };
}

/** The protocol field of an IPv6 fragment header, whose presence was tested before. */
export function fragmentProtocolIs(protocol: number, test: Test): Predicate {
  return { test, outline: (sort) => sort.fragmentProtocol === protocol, linkTypes: [], protocols: [protocol] };
}

export function and(left: Predicate, right: Predicate): Predicate {
  return join(left, right, (bytes, info) => left.test(bytes, info) && right.test(bytes, info), (sort) => {
    const outcomes = [left.outline(sort), right.outline(sort)];
    return outcomes.includes(false) ? false : outcomes.includes(undefined) ? undefined : true;
  });
}

export function or(left: Predicate, right: Predicate): Predicate {
  return join(left, right, (bytes, info) => left.test(bytes, info) || right.test(bytes, info), (sort) => {
    const outcomes = [left.outline(sort), right.outline(sort)];
    return outcomes.includes(true) ? true : outcomes.includes(undefined) ? undefined : false;
  });
}

export function not(of: Predicate): Predicate {
  const outline = (sort: Sort): Outcome => {
    const outcome = of.outline(sort);
    return outcome === undefined ? undefined : !outcome;
  };
  return { ...of, test: (bytes, info) => !of.test(bytes, info), outline };
}

function join(left: Predicate, right: Predicate, test: Test, outline: (sort: Sort) => Outcome): Predicate {
  return { test, outline, linkTypes: [...left.linkTypes, ...right.linkTypes], protocols: [...left.protocols, ...right.protocols] };
}

/** No sort of packet can pass. */
export function rejectsEverything(of: Predicate): boolean {
  const linkTypes = [...new Set([...of.linkTypes, -1])];
  const protocols = [...new Set([...of.protocols, -1])];
  const rejects = (linkType: number, protocol: number): boolean => {
    const inner = protocol === 44 ? protocols : [-1];
    return inner.every((fragmentProtocol) => of.outline({ linkType, protocol, fragmentProtocol }) === false);
  };
  return linkTypes.every((linkType) => protocols.every((protocol) => rejects(linkType, protocol)));
}
