/** -m addrtype (libxt_addrtype.c, net/netfilter/xt_addrtype.c). */
import { bang, optionsOf, ParameterProblem, type MatchExtension, type OptionSpec } from '../extension.ts';
import { destinationText, sourceText } from '../context.ts';

const TYPES = ['UNSPEC', 'UNICAST', 'LOCAL', 'BROADCAST', 'ANYCAST', 'MULTICAST', 'BLACKHOLE', 'UNREACHABLE', 'PROHIBIT', 'THROW', 'NAT', 'XRESOLVE'];
interface TypeSet { negate: boolean; types: string[] }
export interface AddrtypeMatch { kind: 'addrtype'; source?: TypeSet; destination?: TypeSet; limit?: 'in' | 'out' }

const options: readonly OptionSpec[] = [
  { name: 'src-type', words: 1, invertible: true }, { name: 'dst-type', words: 1, invertible: true }, { name: 'limit-iface-in', words: 0 }, { name: 'limit-iface-out', words: 0 },
];

function parseTypes(text: string): string[] {
  const found = new Set<string>();
  for (const word of text.split(',')) {
    const type = TYPES.find((name) => name.startsWith(word.toUpperCase()) && word !== '');
    if (type === undefined) throw new ParameterProblem(`addrtype: bad type "${text}"`);
    found.add(type);
  }
  return TYPES.filter((type) => found.has(type));
}

export const addrtype: MatchExtension<AddrtypeMatch> = {
  name: 'addrtype',
  options,
  parse(uses) {
    const found = optionsOf('addrtype', uses, options);
    const record: AddrtypeMatch = { kind: 'addrtype' };
    const source = found.get('src-type');
    const destination = found.get('dst-type');
    if (source !== undefined) record.source = { negate: source.negate, types: parseTypes(source.values[0]!) };
    if (destination !== undefined) record.destination = { negate: destination.negate, types: parseTypes(destination.values[0]!) };
    if (source === undefined && destination === undefined) throw new ParameterProblem('addrtype: you must specify --src-type or --dst-type');
    if (found.has('limit-iface-in') && found.has('limit-iface-out')) throw new ParameterProblem('addrtype: you can\'t specify both --limit-iface-in and --limit-iface-out');
    if (found.has('limit-iface-in')) record.limit = 'in';
    if (found.has('limit-iface-out')) record.limit = 'out';
    return record;
  },
  save({ source, destination, limit }) {
    let text = '';
    if (source !== undefined) text += `${bang(source.negate)} --src-type ${source.types.join(',')}`;
    if (destination !== undefined) text += `${bang(destination.negate)} --dst-type ${destination.types.join(',')}`;
    return limit === undefined ? text : `${text} --limit-iface-${limit}`;
  },
  list({ source, destination, limit }) {
    let text = ' ADDRTYPE match';
    if (source !== undefined) text += ` src-type ${source.negate ? '!' : ''}${source.types.join(',')}`;
    if (destination !== undefined) text += ` dst-type ${destination.negate ? '!' : ''}${destination.types.join(',')}`;
    return limit === undefined ? text : `${text} limit-${limit}`;
  },
  evaluate({ source, destination, limit }, context) {
    const { environment, ns, family, packet } = context;
    const device = limit === 'in' ? packet.inDevice : limit === 'out' ? packet.outDevice : undefined;
    if (source !== undefined && source.types.includes(environment.addressType(ns, family, sourceText(context), device)) === source.negate) return false;
    return destination === undefined || destination.types.includes(environment.addressType(ns, family, destinationText(context), device)) !== destination.negate;
  },
};
