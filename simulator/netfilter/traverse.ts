/**
 * Walking a table's chains with a packet (net/netfilter/nf_tables_core.c, nft_do_chain).
 * Tables are compiled once for evaluation: the compiled form hangs on the table by a WeakMap, is no state, and is made anew after a clone or a change.
 */
import { copyOf } from '../frames.ts';
import type { TraceRule } from '../world/trace.ts';
import type { AddressMatch, ChainState, HookName, NameMatch, RuleState, TableState } from './api.ts';
import { inNameOf, nameMatches, outNameOf, type PacketContext } from './context.ts';
import { ACCEPT, CONTINUE, DROP, RETURN, STOLEN, type Verdict } from './extension.ts';
import { matchExtensions, type Match } from './matches/index.ts';
import { ruleText } from './save.ts';
import { targetExtensions, type ExtensionTarget } from './targets/index.ts';

interface CompiledRule {
  readonly rule: RuleState;
  readonly position: number;
  readonly source: AddressTest | undefined;
  readonly destination: AddressTest | undefined;
  readonly inName: NameMatch | undefined;
  readonly outName: NameMatch | undefined;
  /** -1: any. */
  readonly protocol: number;
  readonly protocolNegate: boolean;
  readonly fragment: { negate: boolean } | undefined;
  readonly matches: readonly { readonly record: Match; readonly evaluate: (record: Match, context: PacketContext) => boolean }[];
  jump: CompiledChain | undefined;
  readonly goto: boolean;
  /** A constant verdict, or undefined: ask `evaluate`. */
  readonly verdict: Verdict | undefined;
  readonly evaluate: ((record: ExtensionTarget, context: PacketContext) => Verdict) | undefined;
}
interface AddressTest { readonly negate: boolean; readonly address: number; readonly mask: number; readonly address6: Uint32Array | undefined; readonly mask6: Uint32Array | undefined }
interface CompiledChain { readonly state: ChainState; readonly rules: CompiledRule[]; readonly index: DestinationIndex | undefined }
/** For long chains of `-d A.B.C.D/32` rules: which rules can match at all. Only leading, stateless matches decide, so counters and traces are those of a linear walk. */
interface DestinationIndex { readonly byDestination: Map<number, readonly CompiledRule[]>; readonly others: readonly CompiledRule[] }
export interface CompiledTable { readonly chains: Map<string, CompiledChain> }

const compiled = new WeakMap<TableState, CompiledTable>();
/** Rules fewer than this are walked without an index; more rules without a whole destination than `OTHERS` make it useless. */
const INDEX_FROM = 12;
const OTHERS = 64;
let isIndexOn = true;

/** For the proof that the index changes nothing: off, every rule is tried. */
export function useIndex(isOn: boolean): void {
  isIndexOn = isOn;
}

export function compile(table: TableState): CompiledTable {
  const known = compiled.get(table);
  if (known !== undefined) return known;
  const chains = new Map<string, CompiledChain>();
  for (const state of table.chains) {
    const rules = state.rules.map(compileRule);
    chains.set(state.name, { state, rules, index: table.family === 'inet' ? indexOf(rules) : undefined });
  }
  for (const chain of chains.values()) {
    for (const rule of chain.rules) if (rule.rule.target?.kind === 'chain') rule.jump = chains.get(rule.rule.target.chain);
  }
  const made: CompiledTable = { chains };
  compiled.set(table, made);
  return made;
}

function compileRule(rule: RuleState, position: number): CompiledRule {
  const { target } = rule;
  const isExtension = target !== undefined && target.kind !== 'chain';
  const constant: Verdict | undefined = target === undefined ? CONTINUE : target.kind === 'ACCEPT' ? ACCEPT : target.kind === 'DROP' ? DROP : target.kind === 'RETURN' ? RETURN : undefined;
  return {
    rule, position, source: addressTest(rule.source), destination: addressTest(rule.destination), inName: rule.inInterface, outName: rule.outInterface,
    protocol: rule.protocol?.number ?? -1, protocolNegate: rule.protocol?.negate ?? false, fragment: rule.fragment,
    matches: rule.matches.map((record) => ({ record, evaluate: matchExtensions.get(record.kind)!.evaluate })),
    jump: undefined, goto: target?.kind === 'chain' && target.goto, verdict: constant, evaluate: isExtension ? targetExtensions.get(target.kind)!.evaluate : undefined,
  };
}

function addressTest(match: AddressMatch | undefined): AddressTest | undefined {
  if (match === undefined) return undefined;
  const { negate, address, mask } = match;
  if (typeof address === 'number') return { negate, address, mask: mask as number, address6: undefined, mask6: undefined };
  const words = (text: string): Uint32Array => Uint32Array.from([0, 8, 16, 24], (at) => Number.parseInt(text.slice(at, at + 8), 16));
  return { negate, address: 0, mask: 0, address6: words(address), mask6: words(String(mask)) };
}

function wholeDestination(rule: CompiledRule): number | undefined {
  const test = rule.destination;
  return test !== undefined && !test.negate && test.mask === 0xffffffff ? test.address : undefined;
}

function indexOf(rules: readonly CompiledRule[]): DestinationIndex | undefined {
  if (rules.length < INDEX_FROM) return undefined;
  const others = rules.filter((rule) => wholeDestination(rule) === undefined);
  if (others.length > OTHERS || others.length * 2 > rules.length) return undefined;
  const own = new Map<number, CompiledRule[]>();
  for (const rule of rules) {
    const destination = wholeDestination(rule);
    if (destination === undefined) continue;
    const list = own.get(destination);
    if (list === undefined) own.set(destination, [rule]);
    else list.push(rule);
  }
  const byDestination = new Map<number, readonly CompiledRule[]>();
  for (const [destination, list] of own) byDestination.set(destination, [...list, ...others].sort((left, right) => left.position - right.position));
  return { byDestination, others };
}

function addressFits(test: AddressTest, address: number, address6: Uint32Array): boolean {
  if (test.address6 === undefined || test.mask6 === undefined) return (((address ^ test.address) & test.mask) === 0) !== test.negate;
  for (let word = 0; word < 4; word += 1) if (((address6[word]! ^ test.address6[word]!) & test.mask6[word]!) !== 0) return test.negate;
  return !test.negate;
}

/** Why the rule does not match, or undefined when it does. With `explain` false the reason is only '-'. */
function missed(compiledRule: CompiledRule, context: PacketContext, explain: boolean): string | undefined {
  const { source, destination, inName, outName, protocol, fragment, matches } = compiledRule;
  if (source !== undefined && !addressFits(source, context.source, context.source6)) return '-s';
  if (destination !== undefined && !addressFits(destination, context.destination, context.destination6)) return '-d';
  if (inName !== undefined && nameMatches(inName.name, inNameOf(context)) === inName.negate) return '-i';
  if (outName !== undefined && nameMatches(outName.name, outNameOf(context)) === outName.negate) return '-o';
  if (protocol >= 0 && (protocol === context.protocol) === compiledRule.protocolNegate) return '-p';
  if (fragment !== undefined && context.isLaterFragment === fragment.negate) return '-f';
  for (const match of matches) if (!match.evaluate(match.record, context)) return explain ? `-m ${match.record.kind}` : '-';
  return undefined;
}

// Return addresses of all walks under way: a walk inside a walk (a REJECT's answer) stacks above.
const stackRules: (readonly CompiledRule[])[] = [];
const stackAt: number[] = [];
const stackChain: CompiledChain[] = [];
let top = 0;

/** The verdict of the base chain `hook` of a table: ACCEPT, DROP or STOLEN. */
export function walk(table: TableState, hook: HookName, context: PacketContext): Verdict {
  const base = compile(table).chains.get(hook);
  if (base === undefined) return ACCEPT;
  context.table = table.name;
  const isTraced = context.environment.traceSink !== undefined;
  if (base.rules.length === 0 && !isTraced) return applyPolicy(base.state, context);
  return walkChain(base, context, isTraced ? [] : undefined);
}

function candidates(chain: CompiledChain, context: PacketContext, isTraced: boolean): readonly CompiledRule[] {
  const { index } = chain;
  if (index === undefined || isTraced || !isIndexOn) return chain.rules;
  return index.byDestination.get(context.destination) ?? index.others;
}

function applyPolicy(chain: ChainState, context: PacketContext): Verdict {
  if (chain.isCounted === true) {
    chain.packets += 1;
    chain.bytes += context.length;
  }
  return chain.policy === 'DROP' ? DROP : ACCEPT;
}

function walkChain(base: CompiledChain, context: PacketContext, trace: TraceRule[] | undefined): Verdict {
  const floor = top;
  const isTraced = trace !== undefined;
  let chain = base;
  let rules = candidates(chain, context, isTraced);
  let at = 0;
  let verdict: Verdict;
  for (;;) {
    if (at >= rules.length) {
      if (top === floor) {
        verdict = applyPolicy(base.state, context);
        if (verdict === DROP) context.dropRule ??= `${context.table} ${base.state.name} policy DROP`;
        break;
      }
      top -= 1;
      rules = stackRules[top]!;
      at = stackAt[top]!;
      chain = stackChain[top]!;
      continue;
    }
    const compiledRule = rules[at]!;
    at += 1;
    // Most rules miss by their protocol: not worth a call unless somebody wants the reason.
    if (!isTraced && compiledRule.protocol >= 0 && (compiledRule.protocol === context.protocol) === compiledRule.protocolNegate) continue;
    const miss = missed(compiledRule, context, isTraced);
    if (trace !== undefined) trace.push(traceRule(compiledRule, chain, context, miss));
    if (miss !== undefined) continue;
    const { rule } = compiledRule;
    rule.packets += 1;
    rule.bytes += context.length;
    if (compiledRule.jump !== undefined) {
      if (!compiledRule.goto) {
        stackRules[top] = rules;
        stackAt[top] = at;
        stackChain[top] = chain;
        top += 1;
      }
      chain = compiledRule.jump;
      rules = candidates(chain, context, isTraced);
      at = 0;
      continue;
    }
    const answer = compiledRule.verdict ?? compiledRule.evaluate!(rule.target as ExtensionTarget, context);
    if (answer === CONTINUE) continue;
    if (answer === RETURN) {
      at = rules.length;
      continue;
    }
    verdict = answer;
    if (verdict === DROP) context.dropRule ??= `-A ${chain.state.name}${ruleText(rule, context.family)}`;
    break;
  }
  top = floor;
  if (trace !== undefined) tell(base, context, trace, verdict);
  return verdict;
}

function traceRule(compiledRule: CompiledRule, chain: CompiledChain, context: PacketContext, miss: string | undefined): TraceRule {
  const { target } = compiledRule.rule;
  return {
    chain: chain.state.name, position: compiledRule.position + 1, text: `-A ${chain.state.name}${ruleText(compiledRule.rule, context.family)}`, matched: miss === undefined, missed: miss,
    target: target === undefined ? undefined : target.kind === 'chain' ? target.chain : target.kind,
  };
}

function tell(base: CompiledChain, context: PacketContext, rules: readonly TraceRule[], verdict: Verdict): void {
  const { environment, ns, packet, hook, table, family } = context;
  environment.traceSink?.({
    kind: 'hook', hook, table, family, chain: base.state.name, verdict: verdict === DROP ? 'DROP' : verdict === STOLEN ? 'STOLEN' : 'ACCEPT', rules,
    atUs: environment.nowUs, kernelId: environment.kernelId, netns: ns, traceId: packet.traceId, frame: copyOf(packet.frame),
  });
}

