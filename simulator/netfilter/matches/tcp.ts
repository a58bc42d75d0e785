/** -m tcp (extensions/libxt_tcp.c, net/netfilter/xt_tcpudp.c). */
import type { PacketContext } from '../context.ts';
import { bang, ParameterProblem, portRange, unsigned, type MatchExtension, type OptionSpec, type OptionUse } from '../extension.ts';
import { isPortMatch, listPorts, savePorts, type PortMatch } from './ports.ts';

export interface TcpMatch {
  kind: 'tcp';
  sport?: PortMatch;
  dport?: PortMatch;
  flags?: { negate: boolean; mask: number; compare: number };
  option?: { negate: boolean; number: number };
}

const FLAGS: readonly (readonly [string, number])[] = [['FIN', 1], ['SYN', 2], ['RST', 4], ['PSH', 8], ['ACK', 16], ['URG', 32], ['ALL', 63], ['NONE', 0]];

function parseFlags(text: string): number {
  let bits = 0;
  for (const name of text.split(',')) {
    const flag = FLAGS.find(([known]) => known.toLowerCase() === name.toLowerCase());
    if (flag === undefined) throw new ParameterProblem(`Unknown TCP flag \`${name}'`);
    bits |= flag[1];
  }
  return bits;
}

function flagNames(bits: number): string {
  if (bits === 0) return 'NONE';
  return FLAGS.filter(([name, bit]) => name !== 'ALL' && name !== 'NONE' && (bits & bit) !== 0).map(([name]) => name).join(',');
}

function flagHex(bits: number): string {
  return `0x${bits.toString(16).toUpperCase().padStart(2, '0')}`;
}

const options: readonly OptionSpec[] = [
  { name: 'source-port', aliases: ['sport'], words: 1, invertible: true },
  { name: 'destination-port', aliases: ['dport'], words: 1, invertible: true },
  { name: 'syn', words: 0, invertible: true },
  { name: 'tcp-flags', words: 2, invertible: true },
  { name: 'tcp-option', words: 1, invertible: true },
];

export const tcp: MatchExtension<TcpMatch> = {
  name: 'tcp',
  options,
  needsProtocol: 6,
  parse(uses, { names }) {
    const record: TcpMatch = { kind: 'tcp' };
    const once = (isThere: boolean, use: OptionUse, text = `--${use.name}`): void => {
      if (isThere) throw new ParameterProblem(`Only one \`${text}' allowed`);
    };
    for (const use of uses) {
      const { negate, values: [value = '', second] } = use;
      if (use.name === 'source-port' || use.name === 'destination-port') {
        const side = use.name === 'source-port' ? 'sport' : 'dport';
        once(record[side] !== undefined, use);
        const [from, to] = portRange(value, 'tcp', names);
        record[side] = { negate, from, to };
      } else if (use.name === 'syn') {
        once(record.flags !== undefined, use, '--syn\' or `--tcp-flags');
        record.flags = { negate, mask: 0x17, compare: 2 };
      } else if (use.name === 'tcp-flags') {
        once(record.flags !== undefined, use, '--syn\' or `--tcp-flags');
        if (second === undefined) throw new ParameterProblem('--tcp-flags requires two args.');
        record.flags = { negate, mask: parseFlags(value), compare: parseFlags(second) };
      } else {
        once(record.option !== undefined, use);
        const number = unsigned(value, 1, 255);
        if (number === undefined) throw new ParameterProblem(`Bad TCP option "${value}"`);
        record.option = { negate, number };
      }
    }
    if (!isPortMatch(record.sport)) delete record.sport;
    if (!isPortMatch(record.dport)) delete record.dport;
    return record;
  },
  save(record) {
    let text = savePorts('--sport', record.sport) + savePorts('--dport', record.dport);
    if (record.option !== undefined) text += `${bang(record.option.negate)} --tcp-option ${record.option.number}`;
    if (record.flags !== undefined) text += `${bang(record.flags.negate)} --tcp-flags ${flagNames(record.flags.mask)} ${flagNames(record.flags.compare)}`;
    return text;
  },
  list(record, site) {
    let text = ` tcp${listPorts('spt', record.sport, site, 'tcp')}${listPorts('dpt', record.dport, site, 'tcp')}`;
    if (record.option !== undefined) text += ` option=${record.option.negate ? '!' : ''}${record.option.number}`;
    if (record.flags !== undefined) {
      const show = site.numeric ? flagHex : flagNames;
      text += ` flags:${record.flags.negate ? '!' : ''}${show(record.flags.mask)}/${show(record.flags.compare)}`;
    }
    return text;
  },
  evaluate(record, context) {
    const { frame, transportAt } = context;
    if (transportAt < 0 || transportAt + 20 > context.end) return false;
    const { sport, dport, flags, option } = record;
    if (sport !== undefined) {
      const port = (frame[transportAt]! << 8) | frame[transportAt + 1]!;
      if ((port >= sport.from && port <= sport.to) === sport.negate) return false;
    }
    if (dport !== undefined) {
      const port = (frame[transportAt + 2]! << 8) | frame[transportAt + 3]!;
      if ((port >= dport.from && port <= dport.to) === dport.negate) return false;
    }
    if (flags !== undefined && ((frame[transportAt + 13]! & flags.mask) === flags.compare) === flags.negate) return false;
    return option === undefined || hasOption(context, option.number) !== option.negate;
  },
};

function hasOption(context: PacketContext, number: number): boolean {
  const { frame, transportAt } = context;
  const end = Math.min(transportAt + (frame[transportAt + 12]! >> 4) * 4, context.end);
  let at = transportAt + 20;
  while (at < end) {
    const kind = frame[at]!;
    if (kind === number) return true;
    at += kind < 2 ? 1 : Math.max(2, frame[at + 1] ?? 2);
  }
  return false;
}
