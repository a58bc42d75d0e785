/** Policy rules. Read first: ip-rule(8), net/core/fib_rules.c, net/ipv4/fib_rules.c */
import { done, fail, type Result } from '../result.ts';
import type { Family, RuleView } from '../kernel/api.ts';
import { notifyRule } from '../kernel/notify.ts';
import type { Kernel, NamespaceState, Rule } from '../kernel/state.ts';
import { networkOf, parseIp4 } from '../wire/ip4.ts';
import { networkOf6, parseIp6 } from '../wire/ip6.ts';
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN } from './fib.ts';

type RuleChange = Partial<RuleView> & { family: Family };

export function plainRule(priority: number, table: number): Rule {
  return {
    priority, not: false, from: undefined, to: undefined, iif: undefined, oif: undefined, mark: undefined, tos: 0, ipProtocol: 0, uidRange: undefined, sport: undefined, dport: undefined,
    action: 'table', table, goto: undefined, suppressPrefixLength: -1, protocol: 'kernel',
  };
}

export function defaultRules(family: Family): Rule[] {
  const rules = [plainRule(0, TABLE_LOCAL), plainRule(32766, TABLE_MAIN)];
  return family === 'inet' ? [...rules, plainRule(32767, TABLE_DEFAULT)] : rules;
}

function rulesOf(namespace: NamespaceState, family: Family): readonly Rule[] {
  return family === 'inet' ? namespace.rules4 : namespace.rules6;
}

/** Rules are replaced, never written in place: see SHARED. From the first change on, the local table is its own. */
function setRules(namespace: NamespaceState, family: Family, rules: readonly Rule[]): void {
  if (family === 'inet6') namespace.rules6 = rules;
  else {
    namespace.rules4 = rules;
    namespace.hasOwnRules4 = true;
  }
}

export function addRule(kernel: Kernel, namespace: NamespaceState, change: RuleChange): Result {
  const rules = rulesOf(namespace, change.family);
  const from = parsePrefix(change.family, change.from);
  const to = parsePrefix(change.family, change.to);
  if (from === 'bad' || to === 'bad') return fail('EINVAL');
  const action = change.action ?? 'table';
  const table = change.table ?? TABLE_MAIN;
  if (change.uidRange !== undefined && change.uidRange[0] > change.uidRange[1]) return fail('EINVAL', 'Invalid uid range');
  if (action === 'table' && table === 0) return fail('EINVAL', 'Invalid table');
  const priority = change.priority ?? freePriority(rules);
  if (action === 'goto' && (change.goto === undefined || change.goto <= priority)) return fail('EINVAL', 'Backward goto not supported');
  const rule: Rule = {
    priority, not: change.not ?? false, from, to, iif: change.iif, oif: change.oif, mark: change.mark, tos: change.tos ?? 0, ipProtocol: change.ipProtocol ?? 0, uidRange: change.uidRange, sport: change.sport, dport: change.dport,
    action, table: action === 'table' ? table : 0, goto: change.goto, suppressPrefixLength: change.suppressPrefixLength ?? -1, protocol: change.protocol ?? 'boot',
  };
  if (rules.some((one) => isSame(one, rule))) return fail('EEXIST');
  const at = rules.findIndex((one) => one.priority > priority);
  setRules(namespace, change.family, rules.toSpliced(at === -1 ? rules.length : at, 0, rule));
  notifyRule(kernel, namespace, change.family, rule);
  return done;
}

export function deleteRule(kernel: Kernel, namespace: NamespaceState, change: RuleChange): Result {
  const rules = rulesOf(namespace, change.family);
  const from = parsePrefix(change.family, change.from);
  const to = parsePrefix(change.family, change.to);
  if (from === 'bad' || to === 'bad') return fail('EINVAL');
  const found = rules.find((rule) => {
    if (change.priority !== undefined && change.priority !== rule.priority) return false;
    if (change.action !== undefined && change.action !== rule.action) return false;
    if (change.table !== undefined && change.table !== 0 && change.table !== rule.table) return false;
    if (change.iif !== undefined && change.iif !== rule.iif) return false;
    if (change.oif !== undefined && change.oif !== rule.oif) return false;
    if (change.mark !== undefined && (change.mark.value !== rule.mark?.value || change.mark.mask !== rule.mark.mask)) return false;
    if (change.not !== undefined && change.not !== rule.not) return false;
    if (change.uidRange !== undefined && change.uidRange.join() !== rule.uidRange?.join()) return false;
    if (change.ipProtocol !== undefined && change.ipProtocol !== rule.ipProtocol) return false;
    return matchesPrefix(from, rule.from) && matchesPrefix(to, rule.to);
  });
  if (found === undefined) return fail('ENOENT');
  setRules(namespace, change.family, rules.filter((rule) => rule !== found));
  notifyRule(kernel, namespace, change.family, found, true);
  return done;
}

function matchesPrefix(wanted: Rule['from'], present: Rule['from']): boolean {
  return wanted === undefined || (present !== undefined && wanted.address === present.address && wanted.prefixLength === present.prefixLength);
}

function parsePrefix(family: Family, prefix: RuleView['from']): Rule['from'] | 'bad' {
  if (prefix === undefined || prefix.prefixLength === 0) return undefined;
  if (family === 'inet') {
    const address = parseIp4(prefix.address);
    return address === undefined ? 'bad' : { address: networkOf(address, prefix.prefixLength), prefixLength: prefix.prefixLength };
  }
  const address = parseIp6(prefix.address);
  return address === undefined ? 'bad' : { address: networkOf6(address, prefix.prefixLength), prefixLength: prefix.prefixLength };
}

/** fib_default_rule_pref: just before the second rule. */
function freePriority(rules: readonly Rule[]): number {
  const second = rules[1]?.priority ?? 0;
  return second > 0 ? second - 1 : 0;
}

function isSame(left: Rule, right: Rule): boolean {
  const text = (rule: Rule): string => [rule.priority, rule.not, rule.from?.address, rule.from?.prefixLength, rule.to?.address, rule.to?.prefixLength, rule.iif, rule.oif, rule.mark?.value, rule.mark?.mask, rule.tos, rule.ipProtocol, rule.uidRange, rule.sport, rule.dport, rule.action, rule.table, rule.goto, rule.suppressPrefixLength].join('|');
  return text(left) === text(right);
}
