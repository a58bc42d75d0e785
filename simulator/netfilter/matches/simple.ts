/** Matches of a line or two each: comment, mark, length, ttl, mac, pkttype, tos, dscp (libxt_{comment,mark,length,mac,pkttype,tos,dscp}.c, libipt_ttl.c). */
import { NETWORK_OFFSET } from '../../kernel/packet.ts';
import type { PacketContext } from '../context.ts';
import { bang, exclusive, markOption, markText, optionsOf, ParameterProblem, savedString, unsigned, unsignedOption, type MatchExtension, type OptionSpec } from '../extension.ts';
import { dscpClass, TOS_NAMES, tosValue } from '../tos.ts';

export interface CommentMatch { kind: 'comment'; text: string }
export interface MarkMatch { kind: 'mark'; negate: boolean; value: number; mask: number }
export interface LengthMatch { kind: 'length'; negate: boolean; from: number; to: number }
export interface TtlMatch { kind: 'ttl' | 'hl'; mode: 'eq' | 'ne' | 'lt' | 'gt'; value: number }
export interface MacMatch { kind: 'mac'; negate: boolean; address: string }
export interface PkttypeMatch { kind: 'pkttype'; negate: boolean; type: 'unicast' | 'broadcast' | 'multicast' }
export interface TosMatch { kind: 'tos'; negate: boolean; value: number; mask: number }
export interface DscpMatch { kind: 'dscp'; negate: boolean; value: number }

const only = (name: string, invertible = true): readonly OptionSpec[] => [{ name, words: 1, invertible }];
const commentOptions = only('comment', false);
export const comment: MatchExtension<CommentMatch> = {
  name: 'comment',
  options: commentOptions,
  parse(uses) {
    const text = optionsOf('comment', uses, commentOptions, ['comment']).get('comment')!.values[0]!;
    if (text.length > 255) throw new ParameterProblem('COMMENT must be shorter than 256 chars');
    return { kind: 'comment', text };
  },
  save: ({ text }) => ` --comment ${savedString(text)}`,
  list: ({ text }) => ` /* ${text} */`,
  evaluate: () => true,
};

const markOptions = only('mark');
export const mark: MatchExtension<MarkMatch> = {
  name: 'mark',
  options: markOptions,
  parse(uses) {
    const use = optionsOf('mark', uses, markOptions, ['mark']).get('mark')!;
    return { kind: 'mark', negate: use.negate, ...markOption('mark', use) };
  },
  save: ({ negate, value, mask }) => `${bang(negate)} --mark ${markText(value, mask)}`,
  list: ({ negate, value, mask }) => ` mark match ${negate ? '! ' : ''}${markText(value, mask)}`,
  evaluate: ({ negate, value, mask }, { packet }) => ((packet.mark & mask) >>> 0 === value) !== negate,
};

const lengthOptions = only('length');
export const length: MatchExtension<LengthMatch> = {
  name: 'length',
  options: lengthOptions,
  parse(uses) {
    const use = optionsOf('length', uses, lengthOptions, ['length']).get('length')!;
    const [low = '', high] = use.values[0]!.split(':');
    const from = low === '' && high !== undefined ? 0 : unsigned(low, 0, 65_535);
    const to = high === undefined ? from : high === '' ? 65_535 : unsigned(high, 0, 65_535);
    if (from === undefined || to === undefined) throw new ParameterProblem('length: bad value for option "--length", or out of range (0-65535).\n');
    return { kind: 'length', negate: use.negate, from, to };
  },
  save: ({ negate, from, to }) => `${bang(negate)} --length ${from === to ? from : `${from}:${to}`}`,
  list: ({ negate, from, to }) => ` length ${negate ? '!' : ''}${from === to ? from : `${from}:${to}`}`,
  evaluate: ({ negate, from, to }, { length: size }) => (size >= from && size <= to) !== negate,
};

const TTL_SIGNS = { eq: '==', ne: '!=', lt: '<', gt: '>' } as const;
function ttlMatch(kind: TtlMatch['kind'], label: string): MatchExtension<TtlMatch> {
  const options: readonly OptionSpec[] = [{ name: `${kind}-lt`, words: 1 }, { name: `${kind}-gt`, words: 1 }, { name: `${kind}-eq`, aliases: [kind], words: 1, invertible: true }];
  return {
    name: kind,
    family: kind === 'ttl' ? 'inet' : 'inet6',
    options,
    parse(uses) {
      const found = optionsOf(kind, uses, options);
      exclusive(kind, found, options.map(({ name }) => name));
      const use = [...found.values()][0];
      if (use === undefined) throw new ParameterProblem(`${label} match: You must specify one of \`--${kind}-eq', \`--${kind}-lt', \`--${kind}-gt${kind === 'hl' ? "'" : ''}`);
      const mode = use.name.slice(-2) as 'eq' | 'lt' | 'gt';
      return { kind, mode: use.negate ? 'ne' : mode, value: unsignedOption(kind, use, 0, 255) };
    },
    save: ({ mode, value }) => (mode === 'ne' ? ` ! --${kind}-eq ${value}` : ` --${kind}-${mode} ${value}`),
    list: ({ mode, value }) => ` ${label} match ${label} ${TTL_SIGNS[mode]} ${value}`,
    evaluate({ mode, value }, { frame, family }) {
      const ttl = frame[NETWORK_OFFSET + (family === 'inet' ? 8 : 7)]!;
      return mode === 'eq' ? ttl === value : mode === 'ne' ? ttl !== value : mode === 'lt' ? ttl < value : ttl > value;
    },
  };
}
export const ttl = ttlMatch('ttl', 'TTL');
export const hl = ttlMatch('hl', 'HL');

const macOptions = only('mac-source');
export const mac: MatchExtension<MacMatch> = {
  name: 'mac',
  options: macOptions,
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  parse(uses) {
    const use = optionsOf('mac', uses, macOptions, ['mac-source']).get('mac-source')!;
    const text = use.values[0]!;
    if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)) throw new ParameterProblem('Invalid MAC address specified.');
    return { kind: 'mac', negate: use.negate, address: text.split(':').map((part) => part.padStart(2, '0').toLowerCase()).join(':') };
  },
  save: ({ negate, address }) => `${bang(negate)} --mac-source ${address}`,
  list: ({ negate, address }) => ` MAC${bang(negate)} ${address}`,
  evaluate({ negate, address }, { frame }) {
    for (let at = 0; at < 6; at += 1) if (frame[6 + at] !== Number.parseInt(address.slice(at * 3, at * 3 + 2), 16)) return negate;
    return !negate;
  },
};

const pkttypeOptions = only('pkt-type');
export const pkttype: MatchExtension<PkttypeMatch> = {
  name: 'pkttype',
  options: pkttypeOptions,
  parse(uses) {
    const use = optionsOf('pkttype', uses, pkttypeOptions, ['pkt-type']).get('pkt-type')!;
    const text = use.values[0]!;
    const word = text.toLowerCase();
    const type = (['unicast', 'broadcast', 'multicast'] as const).find((name) => name === word) ?? (['bcast'].includes(word) ? 'broadcast' : word === 'mcast' ? 'multicast' : word === 'host' ? 'unicast' : undefined);
    if (type === undefined) throw new ParameterProblem(`Bad packet type '${text}'`);
    return { kind: 'pkttype', negate: use.negate, type };
  },
  save: ({ negate, type }) => `${bang(negate)} --pkt-type ${type}`,
  list: ({ negate, type }) => ` PKTTYPE ${negate ? '!=' : '='} ${type}`,
  evaluate({ negate, type }, { packet, family, destination, frame }) {
    let found: string = packet.type;
    if (found === 'loopback' || found === 'outgoing') {
      const isMulticast = family === 'inet' ? destination >>> 28 === 14 : frame[NETWORK_OFFSET + 24] === 0xff;
      found = isMulticast ? 'multicast' : family === 'inet' && destination === 0xffffffff ? 'broadcast' : 'host';
    }
    return ((found === 'host' ? 'unicast' : found) === type) !== negate;
  },
};

function tosByte({ frame, family }: PacketContext): number {
  return family === 'inet' ? frame[NETWORK_OFFSET + 1]! : ((frame[NETWORK_OFFSET]! << 4) | (frame[NETWORK_OFFSET + 1]! >> 4)) & 0xff;
}
const hex2 = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const tosOptions = only('tos');
export const tos: MatchExtension<TosMatch> = {
  name: 'tos',
  options: tosOptions,
  parse(uses) {
    const use = optionsOf('tos', uses, tosOptions, ['tos']).get('tos')!;
    return { kind: 'tos', negate: use.negate, ...tosValue('tos', use) };
  },
  save: ({ negate, value, mask }) => `${bang(negate)} --tos ${hex2(value)}/${hex2(mask)}`,
  list({ negate, value, mask }, { numeric }) {
    const name = numeric || mask !== 0x3f ? undefined : TOS_NAMES.find(([, known]) => known === value)?.[0];
    return ` tos match${negate ? '!' : ''}${name === undefined ? `${hex2(value)}/${hex2(mask)}` : ` ${name}`}`;
  },
  evaluate: ({ negate, value, mask }, context) => ((tosByte(context) & mask) === value) !== negate,
};

const dscpOptions: readonly OptionSpec[] = [{ name: 'dscp', words: 1, invertible: true }, { name: 'dscp-class', words: 1, invertible: true }];
export const dscp: MatchExtension<DscpMatch> = {
  name: 'dscp',
  options: dscpOptions,
  parse(uses) {
    const found = optionsOf('dscp', uses, dscpOptions);
    exclusive('dscp', found, ['dscp', 'dscp-class']);
    const use = found.get('dscp') ?? found.get('dscp-class');
    if (use === undefined) throw new ParameterProblem('DSCP match: Parameter --dscp is required');
    return { kind: 'dscp', negate: use.negate, value: use.name === 'dscp' ? unsignedOption('dscp', use, 0, 63) : dscpClass(use.values[0]!) };
  },
  save: ({ negate, value }) => `${bang(negate)} --dscp ${hex2(value)}`,
  list: ({ negate, value }) => ` DSCP match ${negate ? '!' : ''}${hex2(value)}`,
  evaluate: ({ negate, value }, context) => (tosByte(context) >> 2 === value) !== negate,
};
