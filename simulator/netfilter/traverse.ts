/**
 * Walking a table's chains with a packet (net/netfilter/nf_tables_core.c, nft_do_chain).
 * Tables are compiled once for evaluation: the compiled form hangs on the table by a WeakMap, is no state, and is made anew after a clone or a change.
 */
import { copyOf } from '../frames.ts';
import type { Family } from '../kernel/api.ts';
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
  readonly jump: CompiledChain | undefined;
  readonly goto: boolean;
  /** A constant verdict, or undefined: ask `evaluate`. */
  readonly verdict: Verdict | undefined;
  readonly evaluate: ((record: ExtensionTarget, context: PacketContext) => Verdict) | undefined;
}
interface AddressTest { readonly negate: boolean; readonly address: number; readonly mask: number; readonly address6: Uint32Array | undefined; readonly mask6: Uint32Array | undefined }
/** Rules are compiled when a packet first may meet them: a node has thousands of chains and rules that few packets visit. */
interface CompiledChain { readonly state: ChainState; rules: readonly CompiledRule[] | undefined; /** null: the chain needs none. */ index: RuleIndex | undefined | null }
/**
 * For long chains whose rules differ by `-d A.B.C.D/32` or by `--dport`: which rules can match at all. Only leading, stateless matches decide, so counters and
 * traces are those of a linear walk.
 */
interface RuleIndex {
  readonly keyOf: (context: PacketContext) => number;
  /** Where the first rule with a key stands; then, by position, where the next with the same key does: -1 nowhere. */
  readonly first: ReadonlyMap<number, number>;
  readonly next: Int32Array;
  readonly ready: Map<number, readonly CompiledRule[]>;
  readonly others: readonly CompiledRule[];
}
interface CompiledTable { readonly family: Family; readonly chains: Map<string, CompiledChain> }

const compiled = new WeakMap<TableState, CompiledTable>();
/** Rules fewer than this are walked without an index; more rules without a key than `OTHERS` make it useless. */
const INDEX_FROM = 12;
const OTHERS = 64;
let isIndexOn = true;

/** For the proof that the index changes nothing: off, every rule is tried. */
export function useIndex(isOn: boolean): void {
  isIndexOn = isOn;
}

function compile(table: TableState): CompiledTable {
  const known = compiled.get(table);
  if (known !== undefined) return known;
  const made: CompiledTable = { family: table.family, chains: new Map(table.chains.map((state) => [state.name, { state, rules: undefined, index: undefined }])) };
  compiled.set(table, made);
  return made;
}

/** Done when a table is loaded, so that its first packet costs what every packet does. */
export function prepare(table: TableState): void {
  const all = compile(table);
  for (const chain of all.chains.values()) if (chain.state.rules.length >= INDEX_FROM) indexOf(chain, all);
}

function allRules(chain: CompiledChain, all: CompiledTable): readonly CompiledRule[] {
  chain.rules ??= chain.state.rules.map((rule, position) => compileRule(rule, position, all));
  return chain.rules;
}

function compileRule(rule: RuleState, position: number, { chains }: CompiledTable): CompiledRule {
  const { target } = rule;
  const isExtension = target !== undefined && target.kind !== 'chain';
  const constant: Verdict | undefined = target === undefined ? CONTINUE : target.kind === 'ACCEPT' ? ACCEPT : target.kind === 'DROP' ? DROP : target.kind === 'RETURN' ? RETURN : undefined;
  return {
    rule, position, source: addressTest(rule.source), destination: addressTest(rule.destination), inName: rule.inInterface, outName: rule.outInterface,
    protocol: rule.protocol?.number ?? -1, protocolNegate: rule.protocol?.negate ?? false, fragment: rule.fragment,
    matches: rule.matches.map((record) => ({ record, evaluate: matchExtensions.get(record.kind)!.evaluate })),
    jump: target?.kind === 'chain' ? chains.get(target.chain) : undefined, goto: target?.kind === 'chain' && target.goto, verdict: constant, evaluate: isExtension ? targetExtensions.get(target.kind)!.evaluate : undefined,
  };
}

function addressTest(match: AddressMatch | undefined): AddressTest | undefined {
  if (match === undefined) return undefined;
  const { negate, address, mask } = match;
  if (typeof address === 'number') return { negate, address, mask: mask as number, address6: undefined, mask6: undefined };
  const words = (text: string): Uint32Array => Uint32Array.from([0, 8, 16, 24], (at) => Number.parseInt(text.slice(at, at + 8), 16));
  return { negate, address: 0, mask: 0, address6: words(address), mask6: words(String(mask)) };
}

function wholeDestination({ destination }: RuleState): number | undefined {
  return destination !== undefined && !destination.negate && destination.mask === 0xffffffff ? (destination.address as number) : undefined;
}

/** `-p tcp -m tcp --dport 80`, before any match that keeps a state. */
function destinationPort({ protocol, matches }: RuleState): number | undefined {
  if (protocol === undefined || protocol.negate) return undefined;
  for (const match of matches) {
    if (match.kind === 'tcp' || match.kind === 'udp' || match.kind === 'sctp') return match.dport !== undefined && !match.dport.negate && match.dport.from === match.dport.to ? protocol.number * 65_536 + match.dport.from : undefined;
    if (match.kind !== 'comment') return undefined;
  }
  return undefined;
}

/** -1 where no port can be read: no rule with a port matches such a packet. */
function packetPort({ frame, transportAt, end, protocol }: PacketContext): number {
  return transportAt < 0 || transportAt + 4 > end ? -1 : protocol * 65_536 + ((frame[transportAt + 2]! << 8) | frame[transportAt + 3]!);
}

function indexBy({ state: { rules } }: CompiledChain, all: CompiledTable, keyOfRule: (rule: RuleState) => number | undefined, keyOf: RuleIndex['keyOf']): RuleIndex | undefined {
  const others: number[] = [];
  const first = new Map<number, number>();
  const next = new Int32Array(rules.length);
  for (let position = rules.length - 1; position >= 0; position -= 1) {
    const key = keyOfRule(rules[position]!);
    if (key === undefined) {
      others.push(position);
      continue;
    }
    next[position] = first.get(key) ?? -1;
    first.set(key, position);
  }
  if (others.length > OTHERS || others.length * 2 > rules.length) return undefined;
  return { keyOf, first, next, ready: new Map(), others: others.toReversed().map((position) => compileRule(rules[position]!, position, all)) };
}

function indexOf(chain: CompiledChain, all: CompiledTable): RuleIndex | null {
  if (chain.index !== undefined) return chain.index;
  const isShort = all.family !== 'inet' || chain.state.rules.length < INDEX_FROM;
  chain.index = isShort ? null : (indexBy(chain, all, wholeDestination, (context) => context.destination) ?? indexBy(chain, all, destinationPort, packetPort) ?? null);
  return chain.index;
}

/** The rules with this key and those without any, in their order. */
function rulesFor(key: number, index: RuleIndex, { state }: CompiledChain, all: CompiledTable): readonly CompiledRule[] {
  const known = index.ready.get(key);
  if (known !== undefined) return known;
  const first = index.first.get(key);
  if (first === undefined) return index.others;
  const made = [...index.others];
  for (let position = first; position >= 0; position = index.next[position]!) made.push(compileRule(state.rules[position]!, position, all));
  made.sort((left, right) => left.position - right.position);
  index.ready.set(key, made);
  return made;
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
  const all = compile(table);
  const base = all.chains.get(hook);
  if (base === undefined) return ACCEPT;
  context.table = table.name;
  const isTraced = context.environment.traceSink !== undefined;
  if (base.state.rules.length === 0 && !isTraced) return applyPolicy(base.state, context);
  return walkChain(all, base, context, isTraced ? [] : undefined);
}

function candidates(all: CompiledTable, chain: CompiledChain, context: PacketContext, isTraced: boolean): readonly CompiledRule[] {
  const index = isTraced || !isIndexOn ? null : indexOf(chain, all);
  return index === null ? allRules(chain, all) : rulesFor(index.keyOf(context), index, chain, all);
}

function applyPolicy(chain: ChainState, context: PacketContext): Verdict {
  if (chain.isCounted === true) {
    chain.packets += 1;
    chain.bytes += context.length;
  }
  return chain.policy === 'DROP' ? DROP : ACCEPT;
}

function walkChain(all: CompiledTable, base: CompiledChain, context: PacketContext, trace: TraceRule[] | undefined): Verdict {
  const floor = top;
  const isTraced = trace !== undefined;
  let chain = base;
  let rules = candidates(all, chain, context, isTraced);
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
      rules = candidates(all, chain, context, isTraced);
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

