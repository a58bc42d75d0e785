/** -m statistic (libxt_statistic.c, xt_statistic.c). Random comes from the world's dice. */
import { bang, exclusive, optionsOf, ParameterProblem, unsignedOption, type MatchExtension, type OptionSpec } from '../extension.ts';

export type StatisticMatch =
  | { kind: 'statistic'; mode: 'random'; negate: boolean; /** Of 0x80000000. */ probability: number }
  | { kind: 'statistic'; mode: 'nth'; negate: boolean; every: number; packet: number; count: number };

const options: readonly OptionSpec[] = [
  { name: 'mode', words: 1 }, { name: 'probability', words: 1, invertible: true }, { name: 'every', words: 1, invertible: true }, { name: 'packet', words: 1 },
];

export const statistic: MatchExtension<StatisticMatch> = {
  name: 'statistic',
  options,
  parse(uses) {
    const found = optionsOf('statistic', uses, options);
    exclusive('statistic', found, ['probability', 'every']);
    const mode = found.get('mode')?.values[0];
    if (mode !== undefined && mode !== 'random' && mode !== 'nth') throw new ParameterProblem(`Bad mode "${mode}"`);
    const every = found.get('every');
    const packet = found.get('packet');
    const probability = found.get('probability');
    if (every !== undefined && packet === undefined) throw new ParameterProblem('statistic: option "--every" also requires "--packet".\n');
    let chance = 0;
    if (probability !== undefined) {
      const text = probability.values[0]!;
      const value = Number(text);
      if (!/^[0-9.]+(e-?\d+)?$/i.test(text) || !(value >= 0 && value <= 1)) throw new ParameterProblem('statistic: bad value for option "--probability", or out of range (0-1).\n');
      chance = Math.round(value * 0x80000000);
    }
    if (mode !== 'nth') {
      if (probability === undefined) throw new ParameterProblem('--probability must be specified when using random mode');
      return { kind: 'statistic', mode: 'random', negate: probability.negate, probability: chance };
    }
    if (every === undefined || packet === undefined) throw new ParameterProblem('--every and --packet must be specified when using nth mode');
    const cycle = unsignedOption('statistic', every, 1, 0xffffffff);
    const first = unsignedOption('statistic', packet, 0, 0xffffffff);
    if (first >= cycle) throw new ParameterProblem('the --packet p must be 0 <= p <= n-1');
    return { kind: 'statistic', mode: 'nth', negate: every.negate, every: cycle, packet: first, count: cycle - 1 - first };
  },
  save(record) {
    if (record.mode === 'random') return ` --mode random${bang(record.negate)} --probability ${(record.probability / 0x80000000).toFixed(11)}`;
    return ` --mode nth${bang(record.negate)} --every ${record.every} --packet ${record.packet}`;
  },
  list(record) {
    if (record.mode === 'random') return ` statistic mode random${bang(record.negate)} probability ${(record.probability / 0x80000000).toFixed(11)}`;
    return ` statistic mode nth${bang(record.negate)} every ${record.every}${record.packet === 0 ? '' : ` packet ${record.packet}`}`;
  },
  evaluate(record, { environment }) {
    if (record.mode === 'random') return ((environment.dice.next() & 0x7fffffff) < record.probability) !== record.negate;
    record.count = record.count === record.every - 1 ? 0 : record.count + 1;
    return (record.count === 0) !== record.negate;
  },
};
