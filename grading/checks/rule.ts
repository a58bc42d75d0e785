/** An iptables rule by meaning, however it was typed and wherever it stands in its chain. See iptables(8). */
import { z } from 'zod';
import type { RuleOption, RuleView } from '../../contracts/observer.ts';
import { defineCheck, fail, pass } from '../define.ts';

const spec = z.strictObject({
  at: z.string(),
  table: z.string().default('filter'),
  chain: z.string(),
  /** The target, or any of several. */
  target: z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]).optional(),
  in: z.string().optional(),
  out: z.string().optional(),
  source: z.string().optional(),
  destination: z.string().optional(),
  protocol: z.string().optional(),
  /** Options of matches or of the target, without dashes: {dport: 80}, {to-source: 10.0.0.1}. */
  options: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).optional(),
  absent: z.boolean().optional(),
});

export const rule = defineCheck({
  kind: 'rule',
  summary: 'a chain holds a rule of a meaning',
  spec,
  places: ({ at }) => [at],
  async judge(wanted, { look }) {
    const { at, table, chain, absent = false } = wanted;
    const expected = `${absent ? 'no rule' : 'a rule'} in ${look.title(at)}, table ${table}, chain ${chain}${describe(wanted)}`;
    const chains = await look.chains(at);
    const rules = chains.find((each) => each.table === table && each.name === chain)?.rules ?? [];
    const match = rules.find((each) => fits(wanted, each));
    if ((match !== undefined) !== absent) {
      return pass(expected, match?.text ?? expected, { see: match === undefined ? [] : [{ kind: 'rule', label: match.text, place: look.place(at) }] });
    }
    const found = rules.length === 0 ? `${chain} is empty` : rules.map(({ text }) => text).join('; ');
    return fail({ expected, found, because: absent ? `The rule is still there.` : `No rule of ${chain} says that.`, layer: table === 'nat' ? 'nat' : 'filter', see: rules.map(({ text }) => ({ kind: 'rule', label: text, place: look.place(at) })) });
  },
});

function describe({ target, in: inDevice, out, source, destination, protocol, options }: z.infer<typeof spec>): string {
  const parts = [
    protocol === undefined ? '' : `-p ${protocol}`,
    source === undefined ? '' : `-s ${source}`,
    destination === undefined ? '' : `-d ${destination}`,
    inDevice === undefined ? '' : `-i ${inDevice}`,
    out === undefined ? '' : `-o ${out}`,
    ...Object.entries(options ?? {}).map(([key, value]) => `--${key} ${value}`),
    target === undefined ? '' : `-j ${target.join(' or ')}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `: ${parts.join(' ')}`;
}

function fits(wanted: z.infer<typeof spec>, rule: RuleView): boolean {
  const given = new Map<string, string>(Object.entries(rule.target?.options ?? {}));
  for (const { options } of rule.matches) for (const [key, option] of Object.entries(options)) if (!option.isNegated) given.set(key, option.value);
  return (wanted.target === undefined || (rule.target !== null && wanted.target.includes(rule.target.kind)))
    && same(wanted.in, rule.inDevice) && same(wanted.out, rule.outDevice)
    && same(wanted.source, rule.source) && same(wanted.destination, rule.destination) && same(wanted.protocol, rule.protocol)
    && Object.entries(wanted.options ?? {}).every(([key, value]) => given.get(key) === value);
}

function same(wanted: string | undefined, option: RuleOption | null): boolean {
  if (wanted === undefined) return true;
  return option !== null && !option.isNegated && bare(option.value) === bare(wanted);
}

/** iptables writes a host as address/32. */
function bare(value: string): string {
  return value.replace(/\/32$/, '');
}
