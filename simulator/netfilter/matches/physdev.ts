/** -m physdev (libxt_physdev.c, xt_physdev.c): the bridge ports of a bridged packet. */
import { nameMatches } from '../context.ts';
import { bang, optionsOf, ParameterProblem, type MatchExtension, type OptionSpec } from '../extension.ts';

interface NameTest { negate: boolean; name: string }
export interface PhysdevMatch { kind: 'physdev'; in?: NameTest; out?: NameTest; isIn?: { negate: boolean }; isOut?: { negate: boolean }; isBridged?: { negate: boolean } }
const options: readonly OptionSpec[] = [
  { name: 'physdev-in', words: 1, invertible: true }, { name: 'physdev-out', words: 1, invertible: true },
  { name: 'physdev-is-in', words: 0, invertible: true }, { name: 'physdev-is-out', words: 0, invertible: true }, { name: 'physdev-is-bridged', words: 0, invertible: true },
];

function show({ in: ingress, out, isIn, isOut, isBridged }: PhysdevMatch): string {
  return `${isIn === undefined ? '' : `${bang(isIn.negate)} --physdev-is-in`}${ingress === undefined ? '' : `${bang(ingress.negate)} --physdev-in ${ingress.name}`}${
    isOut === undefined ? '' : `${bang(isOut.negate)} --physdev-is-out`}${out === undefined ? '' : `${bang(out.negate)} --physdev-out ${out.name}`}${isBridged === undefined ? '' : `${bang(isBridged.negate)} --physdev-is-bridged`}`;
}

export const physdev: MatchExtension<PhysdevMatch> = {
  name: 'physdev',
  options,
  parse(uses) {
    const found = optionsOf('physdev', uses, options);
    if (found.size === 0) throw new ParameterProblem('PHYSDEV: no physdev option specified');
    const record: PhysdevMatch = { kind: 'physdev' };
    for (const [name, { negate, values }] of found) {
      if (name === 'physdev-in') record.in = { negate, name: values[0]! };
      else if (name === 'physdev-out') record.out = { negate, name: values[0]! };
      else if (name === 'physdev-is-in') record.isIn = { negate };
      else if (name === 'physdev-is-out') record.isOut = { negate };
      else record.isBridged = { negate };
    }
    return record;
  },
  save: show,
  list: (record) => ` PHYSDEV match${show(record)}`,
  evaluate(record, { environment, ns, packet }) {
    const { physicalIn, physicalOut } = packet;
    if (record.isBridged !== undefined && (physicalIn !== 0 && physicalOut !== 0) === record.isBridged.negate) return false;
    if (record.isIn !== undefined && (physicalIn !== 0) === record.isIn.negate) return false;
    if (record.isOut !== undefined && (physicalOut !== 0) === record.isOut.negate) return false;
    if (record.in !== undefined && (physicalIn !== 0 && nameMatches(record.in.name, environment.deviceName(ns, physicalIn))) === record.in.negate) return false;
    return record.out === undefined || (physicalOut !== 0 && nameMatches(record.out.name, environment.deviceName(ns, physicalOut))) !== record.out.negate;
  },
};
