/** iptables-save text, and the one line of a rule as -S prints it (iptables/nft-shared.c, nft_rule_print_save). */
import type { Family } from '../kernel/api.ts';
import { saveAddress } from './address.ts';
import type { ChainState, RuleState, TableState } from './api.ts';
import { bang, type PrintSite } from './extension.ts';
import { matchExtensions } from './matches/index.ts';
import { builtInNames, type Names } from './names.ts';
import { targetExtensions } from './targets/index.ts';

export function printSite(family: Family, rule: RuleState, names: Names, numeric: boolean): PrintSite {
  return { family, names, numeric, protocol: rule.protocol?.number ?? 0 };
}

export function protocolText(number: number, names: Names): string {
  return names.protocolName(number) ?? String(number);
}

/** What stands behind `-A CHAIN`, each piece with a blank before it. */
export function ruleText(rule: RuleState, family: Family, withCounters = false, names: Names = builtInNames): string {
  const site = printSite(family, rule, names, true);
  let text = saveAddress('-s', rule.source) + saveAddress('-d', rule.destination);
  if (rule.inInterface !== undefined) text += `${bang(rule.inInterface.negate)} -i ${rule.inInterface.name}`;
  if (rule.outInterface !== undefined) text += `${bang(rule.outInterface.negate)} -o ${rule.outInterface.name}`;
  if (rule.protocol !== undefined) text += `${bang(rule.protocol.negate)} -p ${protocolText(rule.protocol.number, names)}`;
  if (rule.fragment !== undefined) text += `${bang(rule.fragment.negate)} -f`;
  for (const match of rule.matches) {
    const extension = matchExtensions.get(match.kind)!;
    text += ` -m ${extension.name}${extension.save(match, site)}`;
  }
  if (withCounters) text += ` -c ${rule.packets} ${rule.bytes}`;
  const { target } = rule;
  if (target === undefined) return text;
  if (target.kind === 'chain') return `${text} ${target.goto ? '-g' : '-j'} ${target.chain}`;
  return `${text} -j ${target.kind}${targetExtensions.get(target.kind)!.save(target, site)}`;
}

/** Built-in chains in hook order, then the others by name. */
export function orderedChains(table: TableState): ChainState[] {
  const builtIn = table.chains.filter((chain) => chain.policy !== undefined);
  const own = table.chains.filter((chain) => chain.policy === undefined);
  return [...builtIn, ...own.sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0))];
}

/** `*filter` to `COMMIT`, without the comment lines. */
export function saveTable(table: TableState, withCounters: boolean): string {
  const chains = orderedChains(table);
  let text = `*${table.name}\n`;
  for (const chain of chains) text += `:${chain.name} ${chain.policy ?? '-'} [${chain.packets}:${chain.bytes}]\n`;
  for (const chain of chains) {
    for (const rule of chain.rules) text += `${withCounters ? `[${rule.packets}:${rule.bytes}] ` : ''}-A ${chain.name}${ruleText(rule, table.family)}\n`;
  }
  return `${text}COMMIT\n`;
}
