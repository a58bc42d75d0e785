/** -m set (libxt_set.c, net/netfilter/xt_set.c): is the packet in an IP set. */
import { bang, optionsOf, ParameterProblem, type MatchExtension, type OptionSpec } from '../extension.ts';
import { isInSet, type SetSide } from '../ipset.ts';

export interface SetMatch { kind: 'set'; negate: boolean; set: string; sides: SetSide[] }

const options: readonly OptionSpec[] = [{ name: 'match-set', words: 2, invertible: true }];
const text = ({ negate, set, sides }: SetMatch, option: string): string => `${bang(negate)} ${option} ${set} ${sides.join(',')}`;

export const set: MatchExtension<SetMatch> = {
  name: 'set',
  options,
  parse(uses, { hasSet }) {
    const use = optionsOf('set', uses, options).get('match-set');
    if (use === undefined) throw new ParameterProblem('You must specify `--match-set\' with proper arguments');
    const [name = '', flags = ''] = use.values;
    if (name.length > 31) throw new ParameterProblem(`setname \`${name}' too long, max 31 characters.`);
    if (hasSet?.(name) === false) throw new ParameterProblem(`Set ${name} doesn't exist.\n`);
    const sides = flags.split(',').map((side) => {
      if (side !== 'src' && side !== 'dst') throw new ParameterProblem('You must specify (the comma separated list of) \'src\' or \'dst\'.');
      return side;
    });
    return { kind: 'set', negate: use.negate, set: name, sides };
  },
  save: (record) => text(record, '--match-set'),
  list: (record) => text(record, 'match-set'),
  evaluate({ negate, set: name, sides }, context) {
    const found = context.state.ipSets.get(name);
    return found !== undefined && isInSet(found, sides, context) !== negate;
  },
};
