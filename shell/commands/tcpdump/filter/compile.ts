/**
 * From the syntax tree to a test (libpcap's gencode.c). Offsets follow the link type and grow behind `vlan`, in the order in which
 * the expression is written.
 */
import { bytes as wire, ethernet, ip6, mac, pcap } from '../../../ports/wire.ts';
import { compileArithmetic, compileRelation } from './arithmetic.ts';
import { and, fragmentProtocolIs, linkTypeIs, load, not, or, predicate, protocolIs, type Predicate } from './predicate.ts';
import { compileOperand } from './operands.ts';
import { FilterError, type Expression, type ProtocolWord } from './syntax.ts';

/** What names in a filter mean, and what the capture is made of. */
export interface FilterContext {
  /** `pcap.LINKTYPE_ETHERNET` or `pcap.LINKTYPE_LINUX_SLL2`. */
  readonly linkType: number;
  /** Reads from a file: directions and interfaces are not known on Ethernet. */
  readonly isFile?: boolean;
  /** Of the device captured on, for `ip broadcast`; default 0. */
  readonly netmask?: number;
  /** Addresses of a name, as text. */
  readonly hostAddresses?: (name: string) => readonly string[];
  readonly networkAddress?: (name: string) => number | undefined;
  readonly etherAddress?: (name: string) => string | undefined;
  readonly servicePorts?: (name: string) => { readonly tcp?: number; readonly udp?: number };
  readonly protocolNumber?: (name: string) => number | undefined;
}

/** Where things are in a packet. */
export interface Compilation {
  readonly context: FilterContext;
  readonly isCooked: boolean;
  linkTypeAt: number;
  networkAt: number;
}

export function compileExpression(expression: Expression, context: FilterContext): Predicate {
  const isCooked = context.linkType === pcap.LINKTYPE_LINUX_SLL2;
  return compile(expression, { context, isCooked, linkTypeAt: isCooked ? 0 : 12, networkAt: isCooked ? 20 : 14 });
}

function compile(expression: Expression, to: Compilation): Predicate {
  switch (expression.kind) {
    case 'all':
      return predicate(() => true);
    case 'and':
    case 'or': {
      const left = compile(expression.left, to);
      const right = compile(expression.right, to);
      return expression.kind === 'and' ? and(left, right) : or(left, right);
    }
    case 'not':
      return not(compile(expression.of, to));
    case 'operand':
      return compileOperand(expression.qualifier, expression.operand, to);
    case 'protocol':
      return compileProtocol(expression.protocol, to);
    case 'relation':
      return compileRelation(expression.relation, compileArithmetic(expression.left, to), compileArithmetic(expression.right, to));
    case 'length': {
      const { bytes: limit } = expression;
      if (expression.relation === 'less') return predicate((bytes, info) => (info.originalLength ?? bytes.length) <= limit);
      return predicate((bytes, info) => (info.originalLength ?? bytes.length) >= limit);
    }
    case 'broadcast':
      return compileBroadcast(expression.protocol, to);
    case 'multicast':
      return compileMulticast(expression.protocol, to);
    case 'byte':
      return compileByte(expression.index, expression.operator, expression.value);
    case 'direction':
      return compileDirection(expression.isOutbound, to);
    case 'interface':
      return compileInterface(expression.index, to);
    case 'vlan':
      return compileVlan(expression.id, to);
    case 'packet-filter':
      throw new FilterError(`${PACKET_FILTER_NAMES[expression.word] ?? expression.word} supported only on PF linktype`);
    case 'unsupported':
      throw new FilterError(`filter '${expression.word}'`, true);
  }
}

const PACKET_FILTER_NAMES: Readonly<Record<string, string>> = { rset: 'ruleset' };

const ETHER_TYPES: Readonly<Partial<Record<ProtocolWord, number>>> = {
  ip: ethernet.TYPE_IPV4, ip6: ethernet.TYPE_IPV6, arp: ethernet.TYPE_ARP, rarp: 0x8035, atalk: 0x809b, aarp: 0x80f3, decnet: 0x6003, sca: 0x6007, lat: 0x6004,
  mopdl: 0x6001, moprc: 0x6002,
};
const IP_PROTOCOLS: Readonly<Partial<Record<ProtocolWord, readonly [number, 'ip' | 'ip6' | 'any']>>> = {
  tcp: [6, 'any'], udp: [17, 'any'], sctp: [132, 'any'], icmp: [1, 'ip'], igmp: [2, 'ip'], igrp: [9, 'ip'], pim: [103, 'any'], vrrp: [112, 'ip'], carp: [112, 'ip'],
  icmp6: [58, 'ip6'], ah: [51, 'any'], esp: [50, 'any'],
};

/** A protocol's name alone. */
export function compileProtocol(protocol: ProtocolWord, to: Compilation): Predicate {
  const type = ETHER_TYPES[protocol];
  if (type !== undefined) return isLinkType(type, to);
  const upper = IP_PROTOCOLS[protocol];
  if (upper !== undefined) return isIpProtocol(upper[0], upper[1], to);
  if (protocol === 'link') throw new FilterError('link layer applied in wrong context');
  if (protocol === 'radio') throw new FilterError("'radio' is not a valid protocol type");
  if (protocol === 'stp') return isLinkType(0x42, to);
  throw new FilterError(`filter '${protocol}'`, true);
}

/** An Ethernet type, or up to 1500 the first byte of an LLC header. */
export function isLinkType(type: number, to: Compilation): Predicate {
  const { linkTypeAt, networkAt, isCooked } = to;
  if (type > 1500) return linkTypeIs(type, (bytes) => load(bytes, linkTypeAt, 2) === type);
  const isLlc = isCooked ? (field: number): boolean => field === 4 : ethernet.isLength;
  // On cooked packets libpcap adds the link header's length twice, so `stp` finds nothing on the any device.
  const llcAt = isCooked ? networkAt * 2 : networkAt;
  return predicate((bytes) => isLlc(load(bytes, linkTypeAt, 2)) && load(bytes, llcAt, 1) === type);
}

export function isIpProtocol(protocol: number, version: 'ip' | 'ip6' | 'any', to: Compilation): Predicate {
  const { networkAt } = to;
  const over4 = and(isLinkType(ethernet.TYPE_IPV4, to), protocolIs(protocol, (bytes) => load(bytes, networkAt + 9, 1) === protocol));
  if (version === 'ip') return over4;
  const next = protocolIs(protocol, (bytes) => load(bytes, networkAt + 6, 1) === protocol);
  const fragment = protocolIs(44, (bytes) => load(bytes, networkAt + 6, 1) === 44);
  const inFragment = and(fragment, fragmentProtocolIs(protocol, (bytes) => load(bytes, networkAt + 40, 1) === protocol));
  const over6 = and(isLinkType(ethernet.TYPE_IPV6, to), or(next, inFragment));
  return version === 'ip6' ? over6 : or(over4, over6);
}

export function isMacAt(at: number, address: string): Predicate {
  const wanted = new Uint8Array(6);
  mac.putMac(wanted, 0, address);
  const [high, low] = [wire.get32(wanted, 2), wire.get16(wanted, 0)];
  return predicate((bytes) => load(bytes, at + 2, 4) === high && load(bytes, at, 2) === low);
}

function compileBroadcast(protocol: ProtocolWord | undefined, to: Compilation): Predicate {
  if (protocol === undefined || protocol === 'link') {
    if (to.isCooked) throw new FilterError('not a broadcast link');
    return isMacAt(0, mac.BROADCAST_MAC);
  }
  if (protocol !== 'ip') throw new FilterError('only link-layer/IP broadcast filters supported');
  const { networkAt } = to;
  const hostMask = ~(to.context.netmask ?? 0) >>> 0;
  const isBroadcast = predicate((bytes) => {
    const host = (load(bytes, networkAt + 16, 4) & hostMask) >>> 0;
    return host === 0 || host === hostMask;
  });
  return and(isLinkType(ethernet.TYPE_IPV4, to), isBroadcast);
}

function compileMulticast(protocol: ProtocolWord | undefined, to: Compilation): Predicate {
  const { networkAt } = to;
  if (protocol === 'ip') return and(isLinkType(ethernet.TYPE_IPV4, to), predicate((bytes) => load(bytes, networkAt + 16, 1) >= 224));
  if (protocol === 'ip6') return and(isLinkType(ethernet.TYPE_IPV6, to), predicate((bytes) => load(bytes, networkAt + 24, 1) === 255));
  if ((protocol === undefined || protocol === 'link') && !to.isCooked) return predicate((bytes) => (load(bytes, 0, 1) & 1) !== 0);
  throw new FilterError('link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel');
}

function compileByte(index: number, operator: '&' | '|' | '<' | '>' | '=', value: number): Predicate {
  switch (operator) {
    case '=':
      return predicate((bytes) => load(bytes, index, 1) === value);
    case '<':
      return predicate((bytes) => load(bytes, index, 1) < value);
    case '>':
      return predicate((bytes) => load(bytes, index, 1) > value);
    case '&':
    case '|':
      // libpcap forgets to load the byte for these two, and computes on zero.
      return predicate(() => operator === '|' && value !== 0);
  }
}

function compileDirection(isOutbound: boolean, to: Compilation): Predicate {
  if (to.isCooked) return predicate((bytes) => (load(bytes, 10, 1) === 4) === isOutbound);
  if (to.context.isFile === true) throw new FilterError('inbound/outbound not supported on Ethernet when reading savefiles');
  return predicate((_, info) => (info.isOutgoing ?? false) === isOutbound);
}

function compileInterface(index: number, to: Compilation): Predicate {
  if (to.isCooked) return predicate((bytes) => load(bytes, 4, 4) === index);
  if (to.context.isFile === true) throw new FilterError('ifindex not supported on Ethernet when reading savefiles');
  return predicate((_, info) => info.interfaceIndex === index);
}

/** Everything behind it is looked for four bytes further on. */
function compileVlan(id: number | undefined, to: Compilation): Predicate {
  if (to.isCooked) throw new FilterError('no VLAN support for Linux cooked v2');
  if (id !== undefined && id > 4095) throw new FilterError(`VLAN tag ${id} greater than maximum 4095`);
  const { linkTypeAt, networkAt } = to;
  to.linkTypeAt += 4;
  to.networkAt += 4;
  return predicate((bytes) => {
    const type = load(bytes, linkTypeAt, 2);
    if (type !== ethernet.TYPE_VLAN && type !== ethernet.TYPE_QINQ && type !== 0x9100) return false;
    return id === undefined || (load(bytes, networkAt, 2) & 0xfff) === id;
  });
}

/** Whether the address at `at` lies in the network. */
export function isIp6In(address: ip6.Ip6, length: number): (bytes: Uint8Array, at: number) => boolean {
  const wanted = new Uint8Array(16);
  const masks = new Uint8Array(16);
  ip6.putIp6(wanted, 0, address);
  for (let index = 0; index < 16; index += 1) masks[index] = 0xff00 >> Math.min(8, Math.max(0, length - index * 8));
  return (bytes, at) => {
    for (let word = 0; word < 16; word += 4) {
      const mask = wire.get32(masks, word);
      if (mask !== 0 && ((load(bytes, at + word, 4) ^ wire.get32(wanted, word)) & mask) !== 0) return false;
    }
    return true;
  };
}
