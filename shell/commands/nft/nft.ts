/** nft(8) 1.0.6, for looking: list ruleset, tables, chains, table, chain, as it shows what iptables-nft keeps. Changing rules is iptables' business here. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family } from '../../ports/kernel.ts';
import { isTableName, type ChainState, type TableName, type TableState } from '../../ports/netfilter.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { ruleInNft } from './translate.ts';

export const nft = defineCommand({
  name: 'nft',
  summary: 'administration tool of the nftables framework',
  package: 'nftables',
  path: '/usr/sbin/nft',
  run: (call) => runNft(call),
});

/** Like iptables', with the security table at 150. */
const PRIORITIES: Readonly<Record<TableName, (hook: string) => string>> = {
  raw: () => 'raw', mangle: () => 'mangle', filter: () => 'filter', security: () => '150',
  nat: (hook) => ({ PREROUTING: 'dstnat', POSTROUTING: 'srcnat', INPUT: '100', OUTPUT: '-100' })[hook] ?? 'filter',
};

function runNft(call: Invocation): ExitCode {
  const words = call.args.filter((word) => word !== '-n' && word !== '-nn');
  const [verb, what, ...rest] = words;
  if (verb === undefined) {
    call.err('nft: no command specified');
    return 1;
  }
  if (verb === '-v' || verb === '--version') {
    call.out('nftables v1.0.6 (Lester Gooch #5)');
    return 0;
  }
  if (verb !== 'list' || what === undefined) return notSimulated(call, words.join(' '));
  if (!call.net.netfilter.table('inet', 'filter').ok) {
    call.err('Operation not permitted (you must be root)');
    call.err('netlink: Error: cache initialization failed: Operation not permitted');
    return 1;
  }
  switch (what) {
    case 'ruleset': return listTables(call, allTables(call, rest[0]), (chain, table) => chainText(chain, table, true), '\n\n');
    case 'chains': return listTables(call, allTables(call, rest[0]), (chain, table) => chainText(chain, table, false), '\n', true);
    case 'tables':
      for (const table of allTables(call, rest[0])) call.out(`table ${familyWord(table.family)} ${table.name}`);
      return 0;
    case 'table': case 'chain': return listOne(call, what, rest);
    default: return notSimulated(call, `list ${what}`);
  }
}

const familyWord = (family: Family): string => (family === 'inet' ? 'ip' : 'ip6');

function allTables(call: Invocation, only: string | undefined): TableState[] {
  const tables: TableState[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    if (only !== undefined && only !== familyWord(family)) continue;
    for (const name of call.net.netfilter.createdTables(family)) {
      const table = call.net.netfilter.table(family, name);
      if (table.ok) tables.push(table.value);
    }
  }
  return tables;
}

/** Chains that nftables has, oldest first. */
function chainsOf(table: TableState): ChainState[] {
  return table.chains.filter((chain) => chain.order !== undefined).sort((left, right) => left.order! - right.order!);
}

export function chainText(chain: ChainState, table: TableState, withRules: boolean): string {
  let text = `\tchain ${chain.name} {\n`;
  if (chain.policy !== undefined) {
    const type = table.name === 'nat' ? 'nat' : table.name === 'mangle' && chain.name === 'OUTPUT' ? 'route' : 'filter';
    text += `\t\ttype ${type} hook ${chain.name.toLowerCase()} priority ${PRIORITIES[table.name](chain.name)}; policy ${chain.policy.toLowerCase()};\n`;
  }
  if (withRules) for (const rule of chain.rules) text += `\t\t${ruleInNft(rule, table.family)}\n`;
  return `${text}\t}`;
}

/** `nft list ruleset` without the warnings. */
export function rulesetText(tables: readonly TableState[]): string {
  return tables.map((table) => tableText(table, (chain) => chainText(chain, table, true), '\n\n')).join('');
}

function tableText(table: TableState, show: (chain: ChainState) => string, between: string): string {
  const chains = chainsOf(table).map(show);
  return `table ${familyWord(table.family)} ${table.name} {\n${chains.join(between)}${chains.length === 0 ? '' : '\n'}}\n`;
}

function listTables(call: Invocation, tables: readonly TableState[], show: (chain: ChainState, table: TableState) => string, between: string, isQuiet = false): ExitCode {
  for (const table of tables) {
    if (!isQuiet) call.err(`# Warning: table ${familyWord(table.family)} ${table.name} is managed by iptables-nft, do not touch!`);
    call.write(tableText(table, (chain) => show(chain, table), between));
  }
  return 0;
}

/** `list table ip nat`, `list chain ip filter INPUT`; the family may be left out. */
function listOne(call: Invocation, what: 'table' | 'chain', rest: readonly string[]): ExitCode {
  const hasFamily = rest[0] === 'ip' || rest[0] === 'ip6';
  const family: Family = rest[0] === 'ip6' ? 'inet6' : 'inet';
  const [name = '', chainName] = hasFamily ? rest.slice(1) : rest;
  const missing = (wrong: string): ExitCode => {
    const line = `list ${what} ${rest.join(' ')}`;
    call.err('Error: No such file or directory');
    call.err(line);
    call.err(`${' '.repeat(line.lastIndexOf(wrong))}${'^'.repeat(Math.max(1, wrong.length))}`);
    return 1;
  };
  const table = isTableName(name) && call.net.netfilter.createdTables(family).includes(name) ? call.net.netfilter.table(family, name) : undefined;
  if (table === undefined || !table.ok) return missing(name);
  const chains = chainsOf(table.value).filter((chain) => what === 'table' || chain.name === chainName);
  if (what === 'chain' && chains.length === 0) return missing(chainName ?? '');
  return listTables(call, [{ ...table.value, chains }], (chain, one) => chainText(chain, one, true), '\n\n');
}
