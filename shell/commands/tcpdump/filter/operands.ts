/** Hosts, networks, ports and protocol numbers, with what stands before them. The wording of errors is libpcap's. */
import { ethernet, ip4, ip6 } from '../../../ports/wire.ts';
import { isIp6In, isIpProtocol, isLinkType, isMacAt, type Compilation } from './compile.ts';
import { and, load, or, predicate, protocolIs, type Predicate } from './predicate.ts';
import { FilterError, type Direction, type Operand, type ProtocolWord, type Qualifier } from './syntax.ts';

export function compileOperand(qualifier: Qualifier, operand: Operand, to: Compilation): Predicate {
  switch (operand.kind) {
    case 'number':
      return compileNumber(qualifier, operand.value, to);
    case 'name':
      return compileName(qualifier, operand.name, to);
    case 'ip4':
      return compileIp4(qualifier, operand.text, to);
    case 'ip4-prefix':
      return compilePrefix(qualifier, operand.text, operand.length, to);
    case 'ip4-mask':
      return compileMask(qualifier, operand.text, operand.mask, to);
    case 'ip6':
      return compileIp6(qualifier, operand, to);
    case 'mac':
      return compileMac(qualifier, operand.address, to);
  }
}

/** The bytes that are given, and how many bits they are: 10.142 is 16 bits of a network. */
function parsePart(text: string): { value: number; bits: number } {
  let value = 0;
  let bits = 0;
  for (const part of text.split('.')) {
    const number = /^0[xX]/.test(part) ? Number.parseInt(part.slice(2), 16) : Number(part);
    if (number > 255) throw new FilterError(`invalid IPv4 address '${text}'`);
    value = value * 256 + number;
    bits += 8;
  }
  return { value, bits };
}

function promote(text: string): { address: number; mask: number } {
  const { value, bits } = parsePart(text);
  return { address: bits === 32 ? value : (value << (32 - bits)) >>> 0, mask: ip4.maskOf(bits) };
}

/** A number of a network fills up from the left: 10 is 10.0.0.0/8. */
function promoteNumber(number: number): { address: number; mask: number } {
  let [address, mask] = [number, 0xffffffff];
  while (address !== 0 && address >>> 24 === 0) {
    address = (address << 8) >>> 0;
    mask = (mask << 8) >>> 0;
  }
  return { address, mask };
}

function noQualifiers(): FilterError {
  return new FilterError('syntax error in filter expression');
}

function compileNumber(qualifier: Qualifier, value: number, to: Compilation): Predicate {
  switch (qualifier.kind) {
    case 'default':
    case 'host':
    case 'net': {
      if (qualifier.protocol === 'link') throw new FilterError('illegal link layer address');
      const { address, mask } = qualifier.kind === 'net' ? promoteNumber(value) : { address: value, mask: 0xffffffff };
      return matchIp4(qualifier, address, mask, to);
    }
    case 'port':
    case 'portrange': {
      const protocols = portProtocols(qualifier);
      if (value > 65535) throw new FilterError(`illegal port number ${value} > 65535`);
      return matchPorts(value, value, protocols, qualifier.direction, to);
    }
    case 'gateway':
      throw new FilterError("'gateway' requires a name");
    case 'proto':
      return matchProtocol(qualifier, value, to);
    case 'undefined':
      throw noQualifiers();
  }
}

function compileIp4(qualifier: Qualifier, text: string, to: Compilation): Predicate {
  const { kind } = qualifier;
  if (kind === 'port' || kind === 'portrange' || kind === 'proto') throw new FilterError(`'${kind}' modifier applied to ip host`);
  const { address, mask } = promote(text);
  if (kind === 'gateway') throw new FilterError("'gateway' requires a name");
  if (kind === 'undefined') throw noQualifiers();
  if (qualifier.protocol === 'link') throw new FilterError('illegal link layer address');
  return matchIp4(qualifier, address, mask, to);
}

function compilePrefix(qualifier: Qualifier, text: string, length: number, to: Compilation): Predicate {
  const { address } = promote(text);
  if (length > 32) throw new FilterError('mask length must be <= 32');
  const mask = ip4.maskOf(length);
  if ((address & ~mask) !== 0) throw new FilterError(`non-network bits set in "${text}/${length}"`);
  if (qualifier.kind !== 'net') throw new FilterError('Mask syntax for networks only');
  return matchIp4(qualifier, address, mask, to);
}

function compileMask(qualifier: Qualifier, text: string, maskText: string, to: Compilation): Predicate {
  const { address } = promote(text);
  const { address: mask } = promote(maskText);
  if ((address & ~mask) !== 0) throw new FilterError(`non-network bits set in "${text} mask ${maskText}"`);
  if (qualifier.kind !== 'net') throw new FilterError('Mask syntax for networks only');
  return matchIp4(qualifier, address, mask, to);
}

function compileIp6(qualifier: Qualifier, operand: Operand & { kind: 'ip6' }, to: Compilation): Predicate {
  const { text, length, address } = operand;
  if (length > 128) throw new FilterError('mask length must be <= 128');
  if (ip6.networkOf6(address, length) !== address) throw new FilterError(`non-network bits set in "${text}/${length}"`);
  const { kind } = qualifier;
  if ((kind === 'default' || kind === 'host') && length !== 128) throw new FilterError('Mask syntax for networks only');
  if (kind !== 'default' && kind !== 'host' && kind !== 'net') throw new FilterError('invalid qualifier against IPv6 address');
  return matchIp6(qualifier, address, length, to);
}

function compileMac(qualifier: Qualifier, address: string, to: Compilation): Predicate {
  if (qualifier.protocol !== 'link' || (qualifier.kind !== 'host' && qualifier.kind !== 'default')) {
    throw new FilterError('ethernet address used in non-ether expression');
  }
  if (to.isCooked) throw new FilterError('ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel');
  return inDirection(qualifier.direction, isMacAt(6, address), isMacAt(0, address));
}

function inDirection(direction: Direction, source: Predicate, destination: Predicate): Predicate {
  if (direction === 'src') return source;
  if (direction === 'dst') return destination;
  return direction === 'both' ? and(source, destination) : or(source, destination);
}

function matchIp4(qualifier: Qualifier, address: number, mask: number, to: Compilation): Predicate {
  const { protocol, direction, kind } = qualifier;
  const { networkAt } = to;
  const over = (type: number, sourceAt: number, destinationAt: number): Predicate => {
    const at = (offset: number): Predicate => predicate((bytes) => mask === 0 || ((load(bytes, networkAt + offset, 4) ^ address) & mask) === 0);
    return and(isLinkType(type, to), inDirection(direction, at(sourceAt), at(destinationAt)));
  };
  if (protocol === undefined) return or(over(ethernet.TYPE_IPV4, 12, 16), or(over(ethernet.TYPE_ARP, 14, 24), over(0x8035, 14, 24)));
  if (protocol === 'ip') return over(ethernet.TYPE_IPV4, 12, 16);
  if (protocol === 'arp') return over(ethernet.TYPE_ARP, 14, 24);
  if (protocol === 'rarp') return over(0x8035, 14, 24);
  if (protocol === 'ip6') throw new FilterError("'ip6' modifier applied to ip host");
  throw wrongModifier(protocol, kind === 'net' ? 'net' : 'host');
}

function matchIp6(qualifier: Qualifier, address: string, length: number, to: Compilation): Predicate {
  const { protocol, direction, kind } = qualifier;
  if (protocol !== undefined && protocol !== 'ip6') {
    const what = kind === 'net' ? 'net' : 'host';
    if (protocol === 'link') throw new FilterError(`link-layer modifier applied to ip6 ${what}`);
    throw wrongModifier(protocol, `ip6 ${what}`);
  }
  const test = isIp6In(address, length);
  const { networkAt } = to;
  const at = (offset: number): Predicate => predicate((bytes) => test(bytes, networkAt + offset));
  return and(isLinkType(ethernet.TYPE_IPV6, to), inDirection(direction, at(8), at(24)));
}

function wrongModifier(protocol: ProtocolWord, what: string): FilterError {
  if (protocol === 'link') return new FilterError(`link-layer modifier applied to ${what}`);
  return new FilterError(`'${protocol}' modifier applied to ${what}`);
}

function compileName(qualifier: Qualifier, name: string, to: Compilation): Predicate {
  const { context } = to;
  switch (qualifier.kind) {
    case 'net': {
      const network = context.networkAddress?.(name);
      if (network === undefined || network === 0) throw new FilterError(`unknown network '${name}'`);
      const { address, mask } = promoteNumber(network);
      return matchIp4(qualifier, address, mask, to);
    }
    case 'default':
    case 'host':
      return compileHostName(qualifier, name, to);
    case 'port':
      return compilePortName(qualifier, name, to);
    case 'portrange':
      return compilePortRange(qualifier, name, to);
    case 'gateway':
      throw new FilterError("'gateway' not supported in this configuration");
    case 'proto':
      return matchProtocol(qualifier, protocolNumber(qualifier, name, to), to);
    case 'undefined':
      throw noQualifiers();
  }
}

function compileHostName(qualifier: Qualifier, name: string, to: Compilation): Predicate {
  if (qualifier.protocol === 'link') {
    if (to.isCooked) throw new FilterError('only ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel supports link-level host name');
    const address = to.context.etherAddress?.(name);
    if (address === undefined) throw new FilterError(`unknown ether host '${name}'`);
    return compileMac(qualifier, address, to);
  }
  const addresses = to.context.hostAddresses?.(name) ?? [];
  if (addresses.length === 0) throw new FilterError(`unknown host '${name}'`);
  let whole: Predicate | undefined;
  for (const text of addresses) {
    const address4 = ip4.parseIp4(text);
    const address6 = ip6.parseIp6(text);
    let part: Predicate | undefined;
    if (address4 !== undefined && qualifier.protocol !== 'ip6') part = matchIp4(qualifier, address4, 0xffffffff, to);
    if (address6 !== undefined && qualifier.protocol !== 'ip') part = matchIp6(qualifier, address6, 128, to);
    if (part !== undefined) whole = whole === undefined ? part : or(whole, part);
  }
  if (whole === undefined) throw new FilterError(`unknown host '${name}'${qualifier.protocol === undefined ? '' : ' for specified address family'}`);
  return whole;
}

const PORT_PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

function portProtocols(qualifier: Qualifier): readonly number[] {
  const { protocol, kind } = qualifier;
  if (protocol === undefined) return [6, 17, 132];
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') return [PORT_PROTOCOLS[protocol]];
  throw new FilterError(`illegal qualifier of '${kind}'`);
}

/** A service's port, and which protocols it is known for. */
function lookUpPort(name: string, to: Compilation): { port: number; only: 'tcp' | 'udp' | undefined } | undefined {
  if (/^[0-9]+$/.test(name)) return { port: Number(name), only: undefined };
  const { tcp, udp } = to.context.servicePorts?.(name) ?? {};
  if (tcp !== undefined && udp !== undefined) return { port: tcp, only: undefined };
  if (tcp !== undefined) return { port: tcp, only: 'tcp' };
  return udp === undefined ? undefined : { port: udp, only: 'udp' };
}

function narrowed(qualifier: Qualifier, only: 'tcp' | 'udp' | undefined, what: string): readonly number[] {
  const protocols = portProtocols(qualifier);
  if (only === undefined) return protocols;
  if (qualifier.protocol !== undefined && qualifier.protocol !== only) throw new FilterError(`${what} is ${only}`);
  return [PORT_PROTOCOLS[only]];
}

function compilePortName(qualifier: Qualifier, name: string, to: Compilation): Predicate {
  portProtocols(qualifier);
  const found = lookUpPort(name, to);
  if (found === undefined) throw new FilterError(`unknown port '${name}'`);
  return matchPorts(found.port, found.port, narrowed(qualifier, found.only, `port '${name}'`), qualifier.direction, to);
}

function compilePortRange(qualifier: Qualifier, name: string, to: Compilation): Predicate {
  portProtocols(qualifier);
  const dash = name.indexOf('-');
  const first = lookUpPort(dash === -1 ? name : name.slice(0, dash), to);
  const last = dash === -1 ? first : lookUpPort(name.slice(dash + 1), to);
  if (first === undefined || last === undefined) throw new FilterError(`unknown port in range '${name}'`);
  for (const { port } of [first, last]) if (port > 65535) throw new FilterError(`illegal port number ${port} > 65535`);
  const only = first.only === last.only ? first.only : undefined;
  const protocols = narrowed(qualifier, only, `port in range '${name}'`);
  return matchPorts(Math.min(first.port, last.port), Math.max(first.port, last.port), protocols, qualifier.direction, to);
}

/** Ports of first fragments over IPv4, and of packets without extension headers over IPv6. */
function matchPorts(low: number, high: number, protocols: readonly number[], direction: Direction, to: Compilation): Predicate {
  const { networkAt } = to;
  const anyProtocol = (at: number): Predicate =>
    protocols.map((protocol) => protocolIs(protocol, (bytes) => load(bytes, at, 1) === protocol)).reduce(or);
  const inRange = (portAt: (bytes: Uint8Array) => number): Predicate =>
    predicate((bytes) => {
      const port = load(bytes, portAt(bytes), 2);
      return port >= low && port <= high;
    });
  const headerEnd = (bytes: Uint8Array): number => networkAt + (load(bytes, networkAt, 1) & 15) * 4;
  const isFirst = predicate((bytes) => (load(bytes, networkAt + 6, 2) & 0x1fff) === 0);
  const ports4 = inDirection(direction, inRange(headerEnd), inRange((bytes) => headerEnd(bytes) + 2));
  const ports6 = inDirection(direction, inRange(() => networkAt + 40), inRange(() => networkAt + 42));
  const over4 = and(isLinkType(ethernet.TYPE_IPV4, to), and(anyProtocol(networkAt + 9), and(isFirst, ports4)));
  const over6 = and(isLinkType(ethernet.TYPE_IPV6, to), and(anyProtocol(networkAt + 6), ports6));
  return or(over6, over4);
}

const LINK_PROTOCOLS: Readonly<Record<string, number>> = {
  aarp: 0x80f3, arp: 0x0806, atalk: 0x809b, decnet: 0x6003, ip: 0x0800, ip6: 0x86dd, lat: 0x6004, loopback: 0x9000, mopdl: 0x6001, moprc: 0x6002, rarp: 0x8035,
  sca: 0x6007, iso: 0xfe, stp: 0x42, ipx: 0xe0, netbeui: 0xf0,
};

function protocolNumber(qualifier: Qualifier, name: string, to: Compilation): number {
  const { protocol } = qualifier;
  if (protocol === undefined || protocol === 'ip' || protocol === 'ip6') {
    const number = to.context.protocolNumber?.(name);
    if (number === undefined) throw new FilterError(`unknown ip proto '${name}'`);
    return number;
  }
  if (protocol === 'link') {
    const number = LINK_PROTOCOLS[name];
    if (number === undefined) throw new FilterError(`unknown ether proto '${name}'`);
    return number;
  }
  if (protocol === 'iso') throw new FilterError(`unknown osi proto '${name}'`);
  throw new FilterError(`unknown protocol: ${name}`);
}

function matchProtocol(qualifier: Qualifier, number: number, to: Compilation): Predicate {
  const { protocol } = qualifier;
  if (protocol === undefined) return isIpProtocol(number, 'any', to);
  if (protocol === 'ip' || protocol === 'ip6') return isIpProtocol(number, protocol, to);
  if (protocol === 'link') return isLinkType(number, to);
  if (protocol === 'arp' || protocol === 'rarp') throw new FilterError(`${protocol} does not encapsulate another protocol`);
  throw new FilterError(`'${protocol} proto' is bogus`);
}
