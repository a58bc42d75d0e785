/** -m multiport (libxt_multiport.c): up to 15 ports, a range counts as two. */
import { bang, exclusive, optionsOf, ParameterProblem, portNumber, type MatchExtension, type OptionSpec } from '../extension.ts';

export interface MultiportMatch { kind: 'multiport'; negate: boolean; side: 'source' | 'destination' | 'either'; ports: [number, number][] }

const options: readonly OptionSpec[] = [
  { name: 'source-ports', aliases: ['sports'], words: 1, invertible: true }, { name: 'destination-ports', aliases: ['dports'], words: 1, invertible: true }, { name: 'ports', words: 1, invertible: true },
];
const WORDS = { source: 'sports', destination: 'dports', either: 'ports' } as const;
const PROTOCOLS: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [136, 'udplite'], [132, 'sctp'], [33, 'dccp']]);

export const multiport: MatchExtension<MultiportMatch> = {
  name: 'multiport',
  options,
  parse(uses, site) {
    const found = optionsOf('multiport', uses, options);
    exclusive('multiport', found, options.map(({ name }) => name));
    const use = [...found.values()][0];
    if (use === undefined) throw new ParameterProblem('multiport expection an option');
    const { protocol } = site;
    if (protocol === undefined) throw new ParameterProblem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
    if (protocol.negate) throw new ParameterProblem('multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP');
    const name = PROTOCOLS.get(protocol.number);
    if (name === undefined) throw new ParameterProblem('multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP');
    const ports: [number, number][] = [];
    let slots = 0;
    for (const word of use.values[0]!.split(',')) {
      const [low = '', high] = word.split(':');
      slots += high === undefined ? 1 : 2;
      if (slots > 15) throw new ParameterProblem('too many ports specified');
      const from = portNumber(low, name, site.names);
      const to = high === undefined ? from : portNumber(high, name, site.names);
      if (high !== undefined && from >= to) throw new ParameterProblem('invalid portrange specified');
      ports.push([from, to]);
    }
    return { kind: 'multiport', negate: use.negate, side: use.name === 'ports' ? 'either' : use.name === 'source-ports' ? 'source' : 'destination', ports };
  },
  save: ({ negate, side, ports }) => `${bang(negate)} --${WORDS[side]} ${ports.map(([from, to]) => (from === to ? from : `${from}:${to}`)).join(',')}`,
  list({ negate, side, ports }, { numeric, names, protocol }) {
    const show = (port: number): string => (numeric ? String(port) : (names.portName(port, PROTOCOLS.get(protocol)) ?? String(port)));
    return ` multiport ${WORDS[side]} ${negate ? ' !' : ''}${ports.map(([from, to]) => (from === to ? show(from) : `${show(from)}:${show(to)}`)).join(',')}`;
  },
  evaluate({ negate, side, ports }, { frame, transportAt, end }) {
    if (transportAt < 0 || transportAt + 4 > end) return false;
    const source = (frame[transportAt]! << 8) | frame[transportAt + 1]!;
    const destination = (frame[transportAt + 2]! << 8) | frame[transportAt + 3]!;
    for (const range of ports) {
      if (side !== 'destination' && source >= range[0] && source <= range[1]) return !negate;
      if (side !== 'source' && destination >= range[0] && destination <= range[1]) return !negate;
    }
    return negate;
  },
};
