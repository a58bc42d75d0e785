/** SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP (libxt_NAT.c, xt_nat.c, nf_nat_masquerade.c, nf_nat_redirect.c). */
import { formatIp4, lengthOfMask, maskOf, parseIp4 } from '../../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../../wire/ip6.ts';
import { length6, parseHostMask, tupleAddress } from '../address.ts';
import type { PacketContext } from '../context.ts';
import { trackedEntry } from '../conntrack/track.ts';
import { ACCEPT, DROP, optionsOf, ParameterProblem, unsigned, type OptionSpec, type ParseSite, type TargetExtension, type Verdict } from '../extension.ts';
import { setupNat, type Manipulation, type NatRange } from '../nat/bind.ts';

interface Ports { minimumPort?: number; maximumPort?: number; basePort?: number }
interface Flags { random: boolean; fullyRandom: boolean; persistent: boolean }
export interface AddressNatTarget extends Ports, Flags { kind: 'SNAT' | 'DNAT'; minimum?: number | string; maximum?: number | string }
export interface PortNatTarget extends Ports { kind: 'MASQUERADE' | 'REDIRECT'; random: boolean; fullyRandom: boolean }
export interface NetmapTarget { kind: 'NETMAP'; network: number | string; mask: number | string }

const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 132, 33, 136]);
const needsPorts = 'Need TCP, UDP, SCTP or DCCP with port specification';

function parsePorts(text: string, site: ParseSite, service: string | undefined): Ports {
  if (site.protocol === undefined || site.protocol.negate || !PORT_PROTOCOLS.has(site.protocol.number)) throw new ParameterProblem(needsPorts);
  const [range = '', base] = text.split('/');
  const dash = range.indexOf('-');
  const low = dash < 0 ? range : range.slice(0, dash);
  const high = dash < 0 ? undefined : range.slice(dash + 1);
  const port = (word: string): number => {
    const value = unsigned(word, 0, 65_535) ?? (/^\d/.test(word) ? undefined : site.names.portNumber(word, service));
    if (value === undefined) throw new ParameterProblem(`Port \`${word}' not valid`);
    return value;
  };
  const minimumPort = port(low);
  const maximumPort = high === undefined ? minimumPort : port(high);
  if (minimumPort > maximumPort) throw new ParameterProblem(`Port range \`${range}' funky\n`);
  return base === undefined ? { minimumPort, maximumPort } : { minimumPort, maximumPort, basePort: port(base) };
}

function portsText({ minimumPort, maximumPort, basePort }: Ports): string {
  if (minimumPort === undefined) return '';
  return `${minimumPort}${minimumPort === maximumPort ? '' : `-${maximumPort!}`}${basePort === undefined ? '' : `/${basePort}`}`;
}

function splitAddress(text: string, family: ParseSite['family']): { addresses: string; ports: string | undefined } {
  if (family === 'inet') {
    const colon = text.indexOf(':');
    return colon < 0 ? { addresses: text, ports: undefined } : { addresses: text.slice(0, colon), ports: text.slice(colon + 1) };
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { addresses: bracketed[1]!, ports: bracketed[2] };
  return text.startsWith(':') && !text.startsWith('::') ? { addresses: '', ports: text.slice(1) } : { addresses: text, ports: undefined };
}

function addressText(record: AddressNatTarget): string {
  const show = (address: number | string): string => (typeof address === 'number' ? formatIp4(address) : formatIp6(address));
  let text = '';
  if (record.minimum !== undefined) {
    text = show(record.minimum) + (record.minimum === record.maximum ? '' : `-${show(record.maximum!)}`);
    if (typeof record.minimum === 'string' && record.minimumPort !== undefined) text = `[${text}]`;
  }
  const ports = portsText(record);
  return ports === '' ? text : `${text}:${ports}`;
}

const RANDOM: readonly OptionSpec[] = [{ name: 'random', words: 0 }, { name: 'random-fully', words: 0 }];
const flagWords = ({ random, fullyRandom, persistent }: Partial<Flags>, lead: string): string => `${random === true ? `${lead}random` : ''}${fullyRandom === true ? `${lead}random-fully` : ''}${persistent === true ? `${lead}persistent` : ''}`;

function natRange(record: Ports & Partial<Flags>, minimum: number | string | undefined, maximum: number | string | undefined): NatRange {
  return {
    minimum, maximum, minimumPort: record.minimumPort, maximumPort: record.maximumPort, basePort: record.basePort,
    random: record.random === true, fullyRandom: record.fullyRandom === true, persistent: record.persistent === true,
  };
}

function bind(context: PacketContext, manipulation: Manipulation, range: NatRange): Verdict {
  const entry = trackedEntry(context);
  if (entry === undefined) return ACCEPT;
  setupNat(context.state.conntrack, entry, manipulation, range, context.environment.nowUs, context.environment.dice);
  return ACCEPT;
}

function addressNat(kind: 'SNAT' | 'DNAT', option: string, manipulation: Manipulation): TargetExtension<AddressNatTarget> {
  const options: readonly OptionSpec[] = [{ name: option, words: 1 }, ...RANDOM, { name: 'persistent', words: 0 }];
  return {
    name: kind,
    options,
    tables: ['nat'],
    hooks: kind === 'SNAT' ? ['POSTROUTING', 'INPUT'] : ['PREROUTING', 'OUTPUT'],
    needsConntrack: () => true,
    parse(uses, site) {
      const found = optionsOf(kind, uses, options, [option]);
      const { addresses, ports } = splitAddress(found.get(option)!.values[0]!, site.family);
      const record: AddressNatTarget = { kind, random: found.has('random'), fullyRandom: found.has('random-fully'), persistent: found.has('persistent') };
      if (ports !== undefined) Object.assign(record, parsePorts(ports, site, undefined));
      if (addresses !== '') {
        const [low = '', high] = addresses.split('-');
        const parse = (text: string): number | string => {
          const address = site.family === 'inet' ? parseIp4(text) : parseIp6(text);
          if (address === undefined) throw new ParameterProblem(`Bad IP address "${text}"`);
          return address;
        };
        record.minimum = parse(low);
        record.maximum = high === undefined ? record.minimum : parse(high);
      } else if (ports === undefined) throw new ParameterProblem('Bad IP address ""');
      return record;
    },
    save: (record) => ` --${option} ${addressText(record)}${flagWords(record, ' --')}`,
    list: (record) => ` to:${addressText(record)}${flagWords(record, ' ')}`,
    evaluate: (record, context) => bind(context, manipulation, natRange(record, record.minimum, record.maximum)),
  };
}

export const snat = addressNat('SNAT', 'to-source', 'source');
export const dnat = addressNat('DNAT', 'to-destination', 'destination');

const portOptions: readonly OptionSpec[] = [{ name: 'to-ports', words: 1 }, ...RANDOM];

function parsePortNat(kind: PortNatTarget['kind']): TargetExtension<PortNatTarget>['parse'] {
  return (uses, site) => {
    const found = optionsOf(kind, uses, portOptions);
    const ports = found.get('to-ports')?.values[0];
    return { kind, random: found.has('random'), fullyRandom: found.has('random-fully'), ...(ports === undefined ? {} : parsePorts(ports, site, undefined)) };
  };
}

const savePortNat = (record: PortNatTarget): string => `${record.minimumPort === undefined ? '' : ` --to-ports ${portsText(record)}`}${flagWords(record, ' --')}`;

export const masquerade: TargetExtension<PortNatTarget> = {
  name: 'MASQUERADE',
  options: portOptions,
  tables: ['nat'],
  hooks: ['POSTROUTING'],
  needsConntrack: () => true,
  parse: parsePortNat('MASQUERADE'),
  save: savePortNat,
  list: (record) => `${record.minimumPort === undefined ? '' : ` masq ports: ${portsText(record)}`}${flagWords(record, ' ')}`,
  evaluate(record, context) {
    const { environment, ns, family, packet } = context;
    const entry = trackedEntry(context);
    if (entry === undefined || (family === 'inet' && context.source === 0)) return ACCEPT;
    const text = environment.masqueradeAddress(ns, family, packet.outDevice, packet);
    const address = text === undefined ? undefined : tupleAddress(family, text);
    if (address === undefined) return DROP; // "eth0 ate my IP address"
    if (!entry.isConfirmed) entry.masqueradeDevice = packet.outDevice;
    return bind(context, 'source', natRange(record, address, address));
  },
};

export const redirect: TargetExtension<PortNatTarget> = {
  name: 'REDIRECT',
  options: portOptions,
  tables: ['nat'],
  hooks: ['PREROUTING', 'OUTPUT'],
  needsConntrack: () => true,
  parse: parsePortNat('REDIRECT'),
  save: savePortNat,
  list: (record) => `${record.minimumPort === undefined ? '' : ` redir ports ${portsText(record)}`}${flagWords(record, ' ')}`,
  evaluate(record, context) {
    const { environment, ns, family, hook, packet } = context;
    const text = hook === 'OUTPUT' ? (family === 'inet' ? '127.0.0.1' : '::1') : environment.firstAddress(ns, family, packet.inDevice);
    const address = text === undefined ? undefined : tupleAddress(family, text);
    if (address === undefined) return DROP;
    return bind(context, 'destination', natRange(record, address, address));
  },
};

const netmapOptions: readonly OptionSpec[] = [{ name: 'to', words: 1 }];
export const netmap: TargetExtension<NetmapTarget> = {
  name: 'NETMAP',
  options: netmapOptions,
  tables: ['nat'],
  hooks: ['PREROUTING', 'POSTROUTING', 'OUTPUT', 'INPUT'],
  needsConntrack: () => true,
  parse(uses, site) {
    const use = optionsOf('NETMAP', uses, netmapOptions, ['to']).get('to')!;
    const { address, mask } = parseHostMask(use.values[0]!, site)[0]!;
    return { kind: 'NETMAP', network: address, mask };
  },
  save: (record) => ` --to ${networkText(record)}`,
  list: (record) => ` to:${networkText(record)}`,
  evaluate({ network, mask }, context) {
    const manipulation: Manipulation = context.hook === 'POSTROUTING' || context.hook === 'INPUT' ? 'source' : 'destination';
    return bind(context, manipulation, { ...natRange({}, network, network), netmapMask: mask });
  },
};

function networkText({ network, mask }: NetmapTarget): string {
  if (typeof network === 'number') return mask === maskOf(32) ? formatIp4(network) : `${formatIp4(network)}/${lengthOfMask(mask as number) ?? formatIp4(mask as number)}`;
  return `${formatIp6(network)}/${length6(String(mask)) ?? String(mask)}`;
}
