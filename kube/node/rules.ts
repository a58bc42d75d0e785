/**
 * How kube-proxy and the kubelet put their rules into a kernel: iptables' Ensure* calls, then one iptables-restore (kubernetes pkg/util/iptables/iptables.go).
 */
import type { NetKernel, NetnsId, TableName, TableState } from '../../simulator/index.ts';
import { restore, type RestorePort } from '../../simulator/netfilter/restore.ts';
import { ruleText } from '../../simulator/netfilter/save.ts';
import type { Jump } from '../proxy/generation.ts';
import type { SyncPlan } from '../proxy/proxier.ts';

export function restorePort(kernel: NetKernel, ns: NetnsId): RestorePort {
  return {
    table: (name) => kernel.netfilter.table(ns, 'inet', name),
    replaceTable: (table) => kernel.netfilter.replaceTable(ns, table),
    deleteTable: (name) => kernel.netfilter.deleteTable(ns, 'inet', name),
    hasSet: (name) => kernel.netfilter.ipSets(ns).some((set) => set.name === name),
  };
}

/** iptables-restore --noflush. What it complained, or undefined. */
export function applyRules(port: RestorePort, text: string): string | undefined {
  const { exit, stderr } = restore(port, text, { family: 'inet', noflush: true, counters: false });
  return exit === 0 ? undefined : stderr;
}

/** Makes the chain when it is missing. */
export function ensureChain(port: RestorePort, table: TableName, chain: string): string | undefined {
  return hasChain(port.table(table), chain) ? undefined : applyRules(port, `*${table}\n-N ${chain}\nCOMMIT\n`);
}

/** Puts the rule, written as iptables-save would, before or behind all others of its chain, unless it is there. */
export function ensureRule(port: RestorePort, table: TableName, chain: string, rule: string, where: 'prepend' | 'append' = 'prepend'): string | undefined {
  const state = port.table(table).chains.find(({ name }) => name === chain);
  if (state?.rules.some((one) => ruleText(one, 'inet').trim() === rule) === true) return undefined;
  return applyRules(port, `*${table}\n${where === 'prepend' ? '-I' : '-A'} ${chain} ${rule}\nCOMMIT\n`);
}

export function applyPlan(port: RestorePort, plan: SyncPlan): string | undefined {
  for (const { table, chain } of plan.chains) {
    const refused = ensureChain(port, table, chain);
    if (refused !== undefined) return refused;
  }
  for (const jump of plan.jumps) {
    const refused = ensureRule(port, jump.table, jump.from, jumpRule(jump));
    if (refused !== undefined) return refused;
  }
  return applyRules(port, plan.text);
}

export function natChains(port: RestorePort): string[] {
  return port.table('nat').chains.filter(({ policy }) => policy === undefined).map(({ name }) => name);
}

function jumpRule({ onlyNew, comment, to }: Jump): string {
  return `${onlyNew === true ? '-m conntrack --ctstate NEW ' : ''}-m comment --comment "${comment}" -j ${to}`;
}

function hasChain(table: TableState, chain: string): boolean {
  return table.chains.some(({ name }) => name === chain);
}
