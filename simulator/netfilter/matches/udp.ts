/** -m udp and -m sctp (libxt_udp.c, libxt_sctp.c; of sctp only the ports). */
import { ParameterProblem, portRange, type MatchExtension, type OptionSpec } from '../extension.ts';
import type { PacketContext } from '../context.ts';
import { isPortMatch, listPorts, savePorts, type PortMatch } from './ports.ts';

export interface UdpMatch { kind: 'udp' | 'sctp'; sport?: PortMatch; dport?: PortMatch }

const options: readonly OptionSpec[] = [
  { name: 'source-port', aliases: ['sport'], words: 1, invertible: true },
  { name: 'destination-port', aliases: ['dport'], words: 1, invertible: true },
];

function portExtension(kind: UdpMatch['kind'], protocol: number): MatchExtension<UdpMatch> {
  return {
    name: kind,
    options,
    needsProtocol: protocol,
    parse(uses, { names }) {
      const record: UdpMatch = { kind };
      for (const { name, negate, values } of uses) {
        const side = name === 'source-port' ? 'sport' : 'dport';
        if (record[side] !== undefined) throw new ParameterProblem(kind === 'udp' ? `udp: option "--${name}" can only be used once.\n` : `Only one \`--${name}' allowed`);
        const [from, to] = portRange(values[0]!, kind, names);
        record[side] = { negate, from, to };
      }
      if (!isPortMatch(record.sport)) delete record.sport;
      if (!isPortMatch(record.dport)) delete record.dport;
      return record;
    },
    save: (record) => savePorts('--sport', record.sport) + savePorts('--dport', record.dport),
    list: (record, site) => ` ${kind}${listPorts('spt', record.sport, site, kind)}${listPorts('dpt', record.dport, site, kind)}`,
    evaluate,
  };
}

function evaluate({ sport, dport }: UdpMatch, { frame, transportAt, end }: PacketContext): boolean {
  if (transportAt < 0 || transportAt + 8 > end) return false;
  if (sport !== undefined) {
    const port = (frame[transportAt]! << 8) | frame[transportAt + 1]!;
    if ((port >= sport.from && port <= sport.to) === sport.negate) return false;
  }
  if (dport === undefined) return true;
  const port = (frame[transportAt + 2]! << 8) | frame[transportAt + 3]!;
  return (port >= dport.from && port <= dport.to) !== dport.negate;
}

export const udp = portExtension('udp', 17);
export const sctp = portExtension('sctp', 132);
