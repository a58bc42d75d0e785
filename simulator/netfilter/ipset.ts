/**
 * IP sets: named sets of addresses, networks, or addresses with ports, which one rule asks about (-m set).
 * Read first: ipset(8), net/netfilter/ipset/ip_set_core.c, ip_set_hash_{ip,net,ipport}.c. IPv4 only.
 */
import { get16 } from '../bytes.ts';
import { done, fail, type Result } from '../result.ts';
import { formatIp4, maskOf } from '../wire/ip4.ts';
import type { PacketContext } from './context.ts';
import type { NetfilterState } from './state.ts';

export type IpSetType = 'hash:ip' | 'hash:net' | 'hash:ip,port';

/** A set as a whole: to change one, put another in its place (what `ipset swap` is for). */
export interface IpSet {
  readonly name: string;
  readonly type: IpSetType;
  readonly maxElements: number;
  /** As `ipset list` prints them: 10.0.0.1, 10.0.0.0/8, 10.0.0.1,tcp:80. */
  readonly members: ReadonlySet<string>;
  /** Seed of its hash. */
  readonly seed: number;
}

export type SetSide = 'src' | 'dst';

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [132, 'sctp'], [136, 'udplite']]);

export function isInSet({ type, members }: IpSet, sides: readonly SetSide[], context: PacketContext): boolean {
  if (members.size === 0 || context.family !== 'inet') return false;
  const address = sides[0] === 'dst' ? context.destination : context.source;
  switch (type) {
    case 'hash:ip': return members.has(formatIp4(address));
    case 'hash:net': return isInNetworks(members, address);
    case 'hash:ip,port': {
      const protocol = PROTOCOL_NAMES.get(context.protocol);
      if (protocol === undefined || context.transportAt < 0) return false;
      const port = get16(context.frame, context.transportAt + ((sides[1] ?? sides[0]) === 'dst' ? 2 : 0));
      return members.has(`${formatIp4(address)},${protocol}:${port}`);
    }
  }
}

/** Prefix lengths a set has, worked out once for each: sets are never changed in place. */
const lengthsOf = new WeakMap<ReadonlySet<string>, readonly number[]>();

function isInNetworks(members: ReadonlySet<string>, address: number): boolean {
  let lengths = lengthsOf.get(members);
  if (lengths === undefined) {
    lengths = [...new Set([...members].map((member) => (member.includes('/') ? Number(member.slice(member.indexOf('/') + 1)) : 32)))];
    lengthsOf.set(members, lengths);
  }
  return lengths.some((length) => members.has(length === 32 ? formatIp4(address) : `${formatIp4((address & maskOf(length)) >>> 0)}/${length}`));
}

/** How many rules ask about it. */
export function setReferences({ tables }: NetfilterState, name: string): number {
  let count = 0;
  for (const table of tables.inet.values()) for (const { rules } of table.chains) for (const { matches } of rules) for (const match of matches) if (match.kind === 'set' && match.set === name) count += 1;
  return count;
}

export function deleteIpSet(state: NetfilterState, name: string): Result {
  if (!state.ipSets.has(name)) return fail('ENOENT');
  if (setReferences(state, name) > 0) return fail('EBUSY');
  state.ipSets.delete(name);
  return done;
}
