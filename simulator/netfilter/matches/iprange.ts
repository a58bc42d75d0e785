/** -m iprange (libxt_iprange.c). */
import { formatIp4, parseIp4 } from '../../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../../wire/ip6.ts';
import { destinationKey, sourceKey } from '../context.ts';
import { bang, optionsOf, ParameterProblem, type MatchExtension, type OptionSpec, type ParseSite } from '../extension.ts';

interface Range { negate: boolean; from: number | string; to: number | string }
export interface IprangeMatch { kind: 'iprange'; source?: Range; destination?: Range }

const options: readonly OptionSpec[] = [{ name: 'src-range', words: 1, invertible: true }, { name: 'dst-range', words: 1, invertible: true }];
const text = (address: number | string): string => (typeof address === 'number' ? formatIp4(address) : formatIp6(address));

function parseRange(option: string, range: string, family: ParseSite['family']): { from: number | string; to: number | string } {
  const [low = '', high] = range.split('-');
  const parse = (one: string): number | string => {
    const address = family === 'inet' ? parseIp4(one) : parseIp6(one);
    if (address === undefined) throw new ParameterProblem(`iprange: Bad value for "--${option}" option: "${one}"`);
    return address;
  };
  const from = parse(low);
  return { from, to: high === undefined ? from : parse(high) };
}

export const iprange: MatchExtension<IprangeMatch> = {
  name: 'iprange',
  options,
  parse(uses, { family }) {
    const found = optionsOf('iprange', uses, options);
    if (found.size === 0) throw new ParameterProblem("iprange match: You must specify `--src-range' or `--dst-range'");
    const record: IprangeMatch = { kind: 'iprange' };
    const source = found.get('src-range');
    const destination = found.get('dst-range');
    if (source !== undefined) record.source = { negate: source.negate, ...parseRange('src-range', source.values[0]!, family) };
    if (destination !== undefined) record.destination = { negate: destination.negate, ...parseRange('dst-range', destination.values[0]!, family) };
    return record;
  },
  save({ source, destination }) {
    const one = (option: string, range: Range | undefined): string => (range === undefined ? '' : `${bang(range.negate)} --${option} ${text(range.from)}-${text(range.to)}`);
    return one('src-range', source) + one('dst-range', destination);
  },
  list({ source, destination }) {
    const one = (label: string, range: Range | undefined): string => (range === undefined ? '' : ` ${label} IP range ${range.negate ? '! ' : ''}${text(range.from)}-${text(range.to)}`);
    return one('source', source) + one('destination', destination);
  },
  evaluate({ source, destination }, context) {
    if (source !== undefined) {
      const address = sourceKey(context);
      if ((address >= source.from && address <= source.to) === source.negate) return false;
    }
    if (destination === undefined) return true;
    const address = destinationKey(context);
    return (address >= destination.from && address <= destination.to) !== destination.negate;
  },
};
