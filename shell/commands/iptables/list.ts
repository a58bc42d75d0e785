/** What -L and -S print, and the line of -v (iptables/xshared.c print_header, print_rule_details; nft-shared.c). */
import {
  listAddress, matchExtensions, orderedChains, printSite, protocolText, ruleText, targetExtensions, type ChainState, type Names, type RuleState, type TableState,
} from '../../ports/netfilter.ts';

export interface ListFormat { readonly numeric: boolean; readonly verbose: boolean; readonly exact: boolean; readonly lineNumbers: boolean; readonly names: Names }

/** xtables_print_num */
function count(value: number, exact: boolean): string {
  if (exact) return `${String(value).padStart(8)} `;
  if (value <= 99_999) return `${String(value).padStart(5)} `;
  let number = value;
  for (const unit of ['K', 'M', 'G']) {
    number = Math.floor((number + 500) / 1000);
    if (number <= 9999) return `${String(number).padStart(4)}${unit} `;
  }
  return `${String(Math.floor((number + 500) / 1000)).padStart(4)}T `;
}

function references(table: TableState, name: string): number {
  return table.chains.reduce((sum, chain) => sum + chain.rules.filter(({ target }) => target?.kind === 'chain' && target.chain === name).length, 0);
}

function header(table: TableState, chain: ChainState, format: ListFormat): string {
  let text = `Chain ${chain.name}`;
  if (chain.policy === undefined) text += ` (${references(table, chain.name)} references)\n`;
  else if (format.verbose) text += ` (policy ${chain.policy} ${count(chain.packets, false).trim()} packets, ${count(chain.bytes, false).trim()} bytes)\n`;
  else text += ` (policy ${chain.policy})\n`;
  if (format.lineNumbers) text += 'num  ';
  if (format.verbose) text += format.exact ? '    pkts      bytes ' : ' pkts bytes ';
  text += `${'target'.padEnd(9)}  prot opt`;
  if (format.verbose) text += ` ${'in'.padEnd(6)} ${'out'.padEnd(6)} `;
  return `${text} ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`;
}

interface Details { target: string; protocol: string; protocolInvert: string; option: string; inName: string; outName: string; source: string; destination: string; tail: string }

function targetLabel(rule: RuleState): string {
  const { target } = rule;
  if (target === undefined) return '';
  if (target.kind === 'chain') return target.chain;
  return target.kind === 'NOTRACK' ? 'CT' : target.kind;
}

function details(rule: RuleState, table: TableState, numeric: boolean, numericProtocol: boolean, names: Names): Details {
  const site = printSite(table.family, rule, names, numeric);
  const any = numeric ? '*' : 'any';
  const iface = (name: { negate: boolean; name: string } | undefined): string => (name === undefined ? any : `${name.negate ? '!' : ''}${name.name}`);
  let tail = rule.target?.kind === 'chain' && rule.target.goto ? '[goto] ' : '';
  for (const match of rule.matches) tail += matchExtensions.get(match.kind)!.list(match, site);
  if (rule.target !== undefined && rule.target.kind !== 'chain') tail += targetExtensions.get(rule.target.kind)!.list(rule.target, site);
  const number = rule.protocol?.number ?? 0;
  const name = number === 0 ? 'all' : protocolText(number, names);
  return {
    target: targetLabel(rule), protocol: numericProtocol ? String(number) : name, protocolInvert: rule.protocol?.negate === true ? '!' : ' ',
    option: rule.fragment === undefined ? '--' : rule.fragment.negate ? '!f' : '-f',
    inName: iface(rule.inInterface), outName: iface(rule.outInterface), source: listAddress(rule.source, site), destination: listAddress(rule.destination, site), tail,
  };
}

/** An address column: its ! takes the blank before it. */
function column(address: string): string {
  return address.startsWith('!') ? `!${address.slice(1).padEnd(19)} ` : ` ${address.padEnd(19)} `;
}

function row(rule: RuleState, number: number, table: TableState, format: ListFormat): string {
  const one = details(rule, table, format.numeric, format.numeric, format.names);
  let text = format.lineNumbers ? `${String(number).padEnd(4)} ` : '';
  if (format.verbose) text += count(rule.packets, format.exact) + count(rule.bytes, format.exact);
  text += `${one.target.padEnd(9)} ${one.protocolInvert}${one.protocol.padEnd(4)} ${one.option} `;
  if (format.verbose) text += ` ${one.inName.padEnd(6)} ${one.outName.padEnd(6)} `;
  return `${text}${column(one.source)}${column(one.destination)}${one.tail}\n`;
}

/** Answers undefined when the named chain does not exist. */
export function listTable(table: TableState, chainName: string | undefined, ruleNumber: number | undefined, format: ListFormat): string | undefined {
  const chains = orderedChains(table).filter(({ name }) => chainName === undefined || name === chainName);
  if (chainName !== undefined && chains.length === 0) return undefined;
  return chains
    .map((chain) => {
      if (ruleNumber !== undefined) return chain.rules[ruleNumber - 1] === undefined ? '' : row(chain.rules[ruleNumber - 1]!, ruleNumber, table, format);
      return header(table, chain, format) + chain.rules.map((rule, at) => row(rule, at + 1, table, format)).join('');
    })
    .join('\n');
}

export function listRules(table: TableState, chainName: string | undefined, ruleNumber: number | undefined, withCounters: boolean): string | undefined {
  const chains = orderedChains(table).filter(({ name }) => chainName === undefined || name === chainName);
  if (chainName !== undefined && chains.length === 0) return undefined;
  let text = '';
  if (ruleNumber === undefined) {
    for (const chain of chains) {
      const counters = withCounters && chain.policy !== undefined ? ` -c ${chain.packets} ${chain.bytes}` : '';
      text += chain.policy === undefined ? `-N ${chain.name}\n` : `-P ${chain.name} ${chain.policy}${counters}\n`;
    }
  }
  for (const chain of chains) {
    for (const [at, rule] of chain.rules.entries()) if (ruleNumber === undefined || ruleNumber === at + 1) text += `-A ${chain.name}${ruleText(rule, table.family, withCounters)}\n`;
  }
  return text;
}

/** What -v prints of a rule that is added, deleted or checked: unpadded, numeric but for the protocol. */
export function verboseRule(rule: RuleState, table: TableState, names: Names): string {
  const one = details(rule, table, true, false, names);
  const address = (text: string, lead: string): string => (text.startsWith('!') ? `!${lead}${text.slice(1)}` : ` ${lead}${text}`);
  return `${one.target} ${one.protocolInvert}${one.protocol} opt ${one.option} in ${one.inName} out ${one.outName} ${address(one.source, '')} ${address(one.destination, '-> ')}  ${one.tail}\n`;
}
