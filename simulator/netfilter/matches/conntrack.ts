/** -m conntrack, -m state, -m connmark (libxt_conntrack.c, libxt_connmark.c, xt_conntrack.c). */
import { formatIp4, lengthOfMask, maskOf } from '../../wire/ip4.ts';
import { formatIp6 } from '../../wire/ip6.ts';
import { parseHostMask } from '../address.ts';
import type { AddressMatch } from '../api.ts';
import type { PacketContext } from '../context.ts';
import type { ConntrackEntry } from '../conntrack/state.ts';
import { trackedEntry } from '../conntrack/track.ts';
import { markOption, markText, optionsOf, ParameterProblem, portRange, unsigned, type MatchExtension, type OptionSpec, type ParseSite } from '../extension.ts';

const STATES: readonly (readonly [string, number])[] = [['INVALID', 1], ['NEW', 2], ['RELATED', 4], ['ESTABLISHED', 8], ['UNTRACKED', 16], ['SNAT', 32], ['DNAT', 64]];
const STATUSES: readonly (readonly [string, number])[] = [['EXPECTED', 1], ['SEEN_REPLY', 2], ['ASSURED', 4], ['CONFIRMED', 8]];
type AddressKey = 'ctorigsrc' | 'ctorigdst' | 'ctreplsrc' | 'ctrepldst';
type PortKey = 'ctorigsrcport' | 'ctorigdstport' | 'ctreplsrcport' | 'ctrepldstport';
const ADDRESSES: readonly AddressKey[] = ['ctorigsrc', 'ctorigdst', 'ctreplsrc', 'ctrepldst'];
const PORTS: readonly PortKey[] = ['ctorigsrcport', 'ctorigdstport', 'ctreplsrcport', 'ctrepldstport'];

export interface ConntrackMatch {
  kind: 'conntrack';
  state?: { negate: boolean; bits: number };
  protocol?: { negate: boolean; number: number };
  addresses: Partial<Record<AddressKey, AddressMatch>>;
  ports: Partial<Record<PortKey, { negate: boolean; from: number; to: number }>>;
  status?: { negate: boolean; bits: number };
  expire?: { negate: boolean; from: number; to: number };
  direction?: 'ORIGINAL' | 'REPLY';
}
export interface StateMatch { kind: 'state'; negate: boolean; bits: number }
export interface ConnmarkMatch { kind: 'connmark'; negate: boolean; value: number; mask: number }

function parseBits(text: string, rows: readonly (readonly [string, number])[], complaint: string): number {
  let bits = 0;
  for (const word of text.split(',')) {
    const row = rows.find(([name]) => name.startsWith(word.toUpperCase()) && word !== '');
    if (row === undefined) throw new ParameterProblem(`Bad ${complaint} "${text}"`);
    bits |= row[1];
  }
  return bits;
}

function bitNames(bits: number, rows: readonly (readonly [string, number])[]): string {
  return rows.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name).join(',');
}

/** The state bits of a packet (xt_conntrack's statebit). */
function stateBits(context: PacketContext): number {
  const link = context.packet.conntrack;
  if (link === 'untracked') return 16;
  if (link === undefined) return 1;
  return link.state === 'NEW' ? 2 : link.state === 'RELATED' ? 4 : link.state === 'ESTABLISHED' ? 8 : 1;
}

const invertible = (name: string): OptionSpec => ({ name, words: 1, invertible: true });
const options: readonly OptionSpec[] = [
  invertible('ctstate'), invertible('ctproto'), ...ADDRESSES.map(invertible), invertible('ctstatus'), invertible('ctexpire'), ...PORTS.map(invertible), { name: 'ctdir', words: 1 },
];

function addressText(match: AddressMatch): string {
  if (typeof match.address === 'string') {
    const text = formatIp6(match.address);
    return match.mask === 'f'.repeat(32) ? text : `${text}/${[...String(match.mask)].reduce((sum, digit) => sum + (Number.parseInt(digit, 16).toString(2).match(/1/g)?.length ?? 0), 0)}`;
  }
  const mask = match.mask as number;
  if (mask === maskOf(32)) return formatIp4(match.address);
  return `${formatIp4(match.address)}/${lengthOfMask(mask) ?? formatIp4(mask)}`;
}

export const conntrack: MatchExtension<ConntrackMatch> = {
  name: 'conntrack',
  options,
  needsConntrack: () => true,
  parse(uses, site: ParseSite) {
    const found = optionsOf('conntrack', uses, options);
    if (found.size === 0) throw new ParameterProblem('conntrack: At least one option is required');
    const record: ConntrackMatch = { kind: 'conntrack', addresses: {}, ports: {} };
    for (const [name, { negate, values: [text = ''] }] of found) {
      if (name === 'ctstate') record.state = { negate, bits: parseBits(text, STATES, 'ctstate') };
      else if (name === 'ctproto') {
        const number = unsigned(text, 0, 255) ?? site.names.protocolNumber(text.toLowerCase());
        if (number === undefined) throw new ParameterProblem(`conntrack: Bad value for "--ctproto" option: "${text}"`);
        if (number === 0 && negate) throw new ParameterProblem('conntrack: rule would never match protocol');
        record.protocol = { negate, number };
      } else if (name === 'ctstatus') {
        record.status = { negate, bits: text.toUpperCase() === 'NONE' ? 0 : parseBits(text, STATUSES, 'ctstatus') };
      } else if (name === 'ctexpire') {
        const [low = '', high] = text.split(':');
        const from = unsigned(low === '' && high !== undefined ? '0' : low);
        const to = high === undefined ? from : high === '' ? 0xffffffff : unsigned(high);
        if (from === undefined || to === undefined) throw new ParameterProblem(`conntrack: bad value for option "--ctexpire", or out of range (0-4294967295).\n`);
        record.expire = { negate, from, to };
      } else if (name === 'ctdir') {
        const word = text.toUpperCase();
        if (word !== 'ORIGINAL' && word !== 'REPLY') throw new ParameterProblem(`conntrack: Bad value for "--ctdir" option: "${text}"`);
        record.direction = word;
      } else if (name.endsWith('port')) {
        const [from, to] = portRange(text, undefined, site.names);
        record.ports[name as PortKey] = { negate, from, to };
      } else record.addresses[name as AddressKey] = { ...parseHostMask(text, site)[0]!, negate };
    }
    return record;
  },
  save: (record) => show(record, ' --', ' ! --'),
  list: (record) => show(record, ' ', ' ! '),
  evaluate(record, context) {
    const { state, protocol, status, expire, direction } = record;
    const entry = trackedEntry(context);
    const bits = stateBits(context);
    if (state !== undefined) {
      let all = bits;
      if (entry !== undefined) all |= (entry.sourceNat ? 32 : 0) | (entry.destinationNat ? 64 : 0);
      if (((all & state.bits) !== 0) === state.negate) return false;
    }
    if (protocol === undefined && status === undefined && expire === undefined && direction === undefined && isEmpty(record.addresses) && isEmpty(record.ports)) return true;
    if (entry === undefined) return false;
    if (protocol !== undefined && (entry.protocol === protocol.number) === protocol.negate) return false;
    if (direction !== undefined && context.packet.conntrack !== undefined && context.packet.conntrack !== 'untracked' && (context.packet.conntrack.direction === 'original') !== (direction === 'ORIGINAL')) return false;
    if (status !== undefined) {
      const has = (entry.isSeenReply ? 2 : 0) | (entry.isAssured ? 4 : 0) | (entry.isConfirmed ? 8 : 0);
      if ((status.bits === 0 ? has === 0 : (has & status.bits) !== 0) === status.negate) return false;
    }
    if (expire !== undefined) {
      const left = entry.isConfirmed ? Math.floor((entry.timeoutAtUs - context.environment.nowUs) / 1_000_000) : 0;
      if ((left >= expire.from && left <= expire.to) === expire.negate) return false;
    }
    return ADDRESSES.every((key) => addressFits(record.addresses[key], entry, key)) && PORTS.every((key) => portFits(record.ports[key], entry, key));
  },
};

function isEmpty(record: object): boolean {
  for (const key in record) if (key !== '') return false;
  return true;
}

function addressFits(match: AddressMatch | undefined, entry: ConntrackEntry, key: AddressKey): boolean {
  if (match === undefined) return true;
  const tuple = key.startsWith('ctorig') ? entry.original : entry.reply;
  const address = key.endsWith('src') ? tuple.source : tuple.destination;
  let fits = typeof address === typeof match.address;
  if (fits && typeof address === 'number') fits = (address & (match.mask as number)) >>> 0 === match.address;
  else if (fits) fits = [...String(match.mask)].every((digit, at) => (Number.parseInt(String(address)[at]!, 16) & Number.parseInt(digit, 16)) === Number.parseInt(String(match.address)[at]!, 16));
  return fits !== match.negate;
}

function portFits(match: { negate: boolean; from: number; to: number } | undefined, entry: ConntrackEntry, key: PortKey): boolean {
  if (match === undefined) return true;
  const tuple = key.startsWith('ctorig') ? entry.original : entry.reply;
  const port = key.includes('src') ? tuple.sport : tuple.dport;
  return (port >= match.from && port <= match.to) !== match.negate;
}

function show(record: ConntrackMatch, yes: string, no: string): string {
  const range = (match: { from: number; to: number }): string => (match.from === match.to ? String(match.from) : `${match.from}:${match.to}`);
  const lead = (match: { negate: boolean }): string => (match.negate ? no : yes);
  let text = '';
  if (record.state !== undefined) text += `${lead(record.state)}ctstate ${bitNames(record.state.bits, STATES)}`;
  if (record.protocol !== undefined) text += `${lead(record.protocol)}ctproto ${record.protocol.number}`;
  for (const key of ADDRESSES) if (record.addresses[key] !== undefined) text += `${lead(record.addresses[key])}${key} ${addressText(record.addresses[key])}`;
  for (const key of PORTS) if (record.ports[key] !== undefined) text += `${lead(record.ports[key])}${key} ${range(record.ports[key])}`;
  if (record.status !== undefined) text += `${lead(record.status)}ctstatus ${record.status.bits === 0 ? 'NONE' : bitNames(record.status.bits, STATUSES)}`;
  if (record.expire !== undefined) text += `${lead(record.expire)}ctexpire ${range(record.expire)}`;
  if (record.direction !== undefined) text += `${yes}ctdir ${record.direction}`;
  return text;
}

const stateOptions: readonly OptionSpec[] = [{ name: 'state', words: 1, invertible: true }];
export const state: MatchExtension<StateMatch> = {
  name: 'state',
  options: stateOptions,
  needsConntrack: () => true,
  parse(uses) {
    const use = optionsOf('state', uses, stateOptions, ['state']).get('state')!;
    return { kind: 'state', negate: use.negate, bits: parseBits(use.values[0]!, STATES.slice(0, 5), 'state') };
  },
  save: ({ negate, bits }) => `${negate ? ' !' : ''} --state ${bitNames(bits, STATES)}`,
  list: ({ negate, bits }) => `${negate ? ' !' : ''} state ${bitNames(bits, STATES)}`,
  evaluate: ({ negate, bits }, context) => ((stateBits(context) & bits) !== 0) !== negate,
};

const connmarkOptions: readonly OptionSpec[] = [{ name: 'mark', words: 1, invertible: true }];
export const connmark: MatchExtension<ConnmarkMatch> = {
  name: 'connmark',
  options: connmarkOptions,
  needsConntrack: () => true,
  parse(uses) {
    const use = optionsOf('connmark', uses, connmarkOptions, ['mark']).get('mark')!;
    return { kind: 'connmark', negate: use.negate, ...markOption('connmark', use) };
  },
  save: ({ negate, value, mask }) => `${negate ? ' !' : ''} --mark ${markText(value, mask)}`,
  list: ({ negate, value, mask }) => ` connmark match ${negate ? ' ! '.slice(1) : ' '}${markText(value, mask)}`,
  evaluate({ negate, value, mask }, context) {
    const entry = trackedEntry(context);
    return entry !== undefined && ((entry.mark & mask) >>> 0 === value) !== negate;
  },
};
