/**
 * Tables as iptables sees them: their built-in chains, and what the kernel refuses in a transaction (net/netfilter/nf_tables_api.c
 * nft_chain_validate, nft_compat.c nft_target_validate).
 */
import type { Family } from '../kernel/api.ts';
import { done, fail, type Result } from '../result.ts';
import type { HookName, RuleState, TableName, TableState } from './api.ts';
import { matchExtensions } from './matches/index.ts';
import { targetExtensions } from './targets/index.ts';

export const TABLE_HOOKS: Readonly<Record<TableName, readonly HookName[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};
/** As iptables-save goes through them (enum nft_table_type). */
export const TABLE_ORDER: readonly TableName[] = ['mangle', 'security', 'raw', 'filter', 'nat'];

export function emptyTable(family: Family, name: TableName): TableState {
  return { name, family, chains: TABLE_HOOKS[name].map((chain) => ({ name: chain, policy: 'ACCEPT', packets: 0, bytes: 0, rules: [] })) };
}

export function isTableName(text: string): text is TableName {
  return text in TABLE_HOOKS;
}

/** How many users of connection tracking the table's rules are, reachable or not. */
export function countConntrackUsers(table: TableState): number {
  let users = 0;
  for (const chain of table.chains) {
    for (const rule of chain.rules) {
      for (const match of rule.matches) if (matchExtensions.get(match.kind)?.needsConntrack?.(match) === true) users += 1;
      if (rule.target !== undefined && rule.target.kind !== 'chain' && targetExtensions.get(rule.target.kind)?.needsConntrack?.(rule.target) === true) users += 1;
    }
  }
  return users;
}

/** Jumps nest this deep (NFT_JUMP_STACK_SIZE). */
const JUMP_DEPTH = 16;

/** What a chain means for the hooks it is reached from: where it jumps, and the hooks that its matches and targets allow. */
interface ChainDemands { readonly jumps: Set<string>; readonly hooks: Set<readonly HookName[]> }

/** What the kernel would say to this table as a whole. */
export function validateTable(table: TableState): Result {
  const chains = new Map(table.chains.map((chain) => [chain.name, chain]));
  const demands = new Map<string, ChainDemands>();
  for (const chain of table.chains) {
    const own: ChainDemands = { jumps: new Set(), hooks: new Set() };
    demands.set(chain.name, own);
    for (const rule of chain.rules) {
      const refused = validateRule(rule, table, chain.policy === undefined ? undefined : (chain.name as HookName));
      if (!refused.ok) return refused;
      demandsOf(rule, own);
      if (rule.target?.kind !== 'chain') continue;
      const jumped = chains.get(rule.target.chain);
      if (jumped === undefined) return fail('ENOENT');
      if (jumped.policy !== undefined) return fail(jumped.order === undefined ? 'ENOENT' : 'EOPNOTSUPP');
    }
  }
  for (const chain of table.chains) {
    if (chain.policy === undefined) continue;
    const result = validateFrom(chain.name, chain.name as HookName, demands, [chain.name], new Map());
    if (!result.ok) return result;
  }
  return done;
}

function demandsOf({ matches, target }: RuleState, { jumps, hooks }: ChainDemands): void {
  for (const { kind } of matches) {
    const allowed = matchExtensions.get(kind)?.hooks;
    if (allowed !== undefined) hooks.add(allowed);
  }
  if (target === undefined) return;
  if (target.kind === 'chain') {
    jumps.add(target.chain);
    return;
  }
  const allowed = targetExtensions.get(target.kind)?.hooks;
  if (allowed !== undefined) hooks.add(allowed);
}

/** Everything reachable from a base chain must fit its hook, without loops. `clean`: how deep a chain has been looked at, so that no chain is looked at twice. */
function validateFrom(name: string, hook: HookName, demands: ReadonlyMap<string, ChainDemands>, path: readonly string[], clean: Map<string, number>): Result {
  const { jumps, hooks } = demands.get(name)!;
  const depth = path.length;
  if (depth > 1) for (const allowed of hooks) if (!allowed.includes(hook)) return fail('EINVAL');
  for (const next of jumps) {
    if ((clean.get(next) ?? 0) >= depth) continue;
    if (path.includes(next) || depth >= JUMP_DEPTH) return fail('EMLINK');
    const result = validateFrom(next, hook, demands, [...path, next], clean);
    if (!result.ok) return result;
    clean.set(next, depth);
  }
  return done;
}

function validateRule(rule: RuleState, table: TableState, hook: HookName | undefined): Result {
  for (const match of rule.matches) {
    const extension = matchExtensions.get(match.kind);
    if (extension === undefined) return fail('ENOENT');
    if (hook !== undefined && extension.hooks?.includes(hook) === false) return fail('EINVAL');
    if (extension.isRefused?.(match) === true) return fail('EINVAL');
  }
  const { target } = rule;
  if (target === undefined || target.kind === 'chain') return done;
  const extension = targetExtensions.get(target.kind);
  if (extension === undefined) return fail('ENOENT');
  if (hook !== undefined && extension.hooks?.includes(hook) === false) return fail('EINVAL');
  if (extension.tables?.includes(table.name) === false) return fail('EINVAL');
  const protocol = rule.protocol === undefined || rule.protocol.negate ? 0 : rule.protocol.number;
  if (target.kind === 'REJECT' && target.with === 'tcp-reset' && protocol !== 6) return fail('EINVAL');
  if (extension.needsProtocol !== undefined && extension.needsProtocol !== protocol) return fail('EINVAL');
  return done;
}
