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

/** What a chain means for the hooks it is reached from: where it jumps, and the hooks that its matches and targets allow; each once. */
interface ChainDemands {
  readonly name: string;
  readonly jumps: ChainDemands[];
  readonly hooks: (readonly HookName[])[];
  readonly isBase: boolean;
  /** In the walk from one base chain: how deep this chain has been looked at, so that no chain is looked at twice. */
  cleanTo: number;
  isOnPath: boolean;
}

/** What the kernel would say to this table as a whole. */
export function validateTable(table: TableState): Result {
  const demands = new Map<string, ChainDemands>();
  for (const { name, policy } of table.chains) demands.set(name, { name, jumps: [], hooks: [], isBase: policy !== undefined, cleanTo: 0, isOnPath: false });
  for (const chain of table.chains) {
    const own = demands.get(chain.name)!;
    for (const rule of chain.rules) {
      const { target } = rule;
      const refused = validateRule(rule, table, own.isBase ? (chain.name as HookName) : undefined, own.hooks);
      if (!refused.ok) return refused;
      if (target?.kind !== 'chain') continue;
      const jumped = demands.get(target.chain);
      if (jumped === undefined) return fail('ENOENT');
      if (jumped.isBase) return fail(table.chains.find(({ name }) => name === target.chain)?.order === undefined ? 'ENOENT' : 'EOPNOTSUPP');
      if (own.jumps.at(-1) !== jumped) own.jumps.push(jumped);
    }
  }
  for (const base of demands.values()) {
    if (!base.isBase || base.jumps.length === 0) continue;
    const result = validateFrom(base, base.name as HookName, 1);
    if (!result.ok) return result;
    for (const chain of demands.values()) chain.cleanTo = 0;
  }
  return done;
}

/** Everything reachable from a base chain must fit its hook, without loops. */
function validateFrom(chain: ChainDemands, hook: HookName, depth: number): Result {
  if (depth > 1) for (const allowed of chain.hooks) if (!allowed.includes(hook)) return fail('EINVAL');
  chain.isOnPath = true;
  for (const next of chain.jumps) {
    if (next.cleanTo >= depth) continue;
    if (next.isOnPath || depth >= JUMP_DEPTH) return fail('EMLINK');
    const result = validateFrom(next, hook, depth + 1);
    if (!result.ok) return result;
    next.cleanTo = depth;
  }
  chain.isOnPath = false;
  return done;
}

/** `hook` of a base chain; what the rule asks of the hooks its chain is reached from is added to `demanded`. */
function validateRule(rule: RuleState, table: TableState, hook: HookName | undefined, demanded: (readonly HookName[])[]): Result {
  for (const match of rule.matches) {
    const extension = matchExtensions.get(match.kind);
    if (extension === undefined) return fail('ENOENT');
    if (extension.hooks !== undefined) {
      if (hook !== undefined && !extension.hooks.includes(hook)) return fail('EINVAL');
      if (!demanded.includes(extension.hooks)) demanded.push(extension.hooks);
    }
    if (extension.isRefused?.(match) === true) return fail('EINVAL');
  }
  const { target } = rule;
  if (target === undefined || target.kind === 'chain') return done;
  const extension = targetExtensions.get(target.kind);
  if (extension === undefined) return fail('ENOENT');
  if (extension.hooks !== undefined) {
    if (hook !== undefined && !extension.hooks.includes(hook)) return fail('EINVAL');
    if (!demanded.includes(extension.hooks)) demanded.push(extension.hooks);
  }
  if (extension.tables?.includes(table.name) === false) return fail('EINVAL');
  const protocol = rule.protocol === undefined || rule.protocol.negate ? 0 : rule.protocol.number;
  if (target.kind === 'REJECT' && target.with === 'tcp-reset' && protocol !== 6) return fail('EINVAL');
  if (extension.needsProtocol !== undefined && extension.needsProtocol !== protocol) return fail('EINVAL');
  return done;
}
