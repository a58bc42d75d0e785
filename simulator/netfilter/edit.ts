/**
 * Editing a table as iptables-nft does (iptables/nft.c, nft-cmd.c): commands work on a draft, which becomes the table in one
 * transaction. Chains are copied when first touched, rules are shared with the live table.
 */
import type { ChainState, RuleState, TableName, TableState } from './api.ts';
import type { Family } from '../kernel/api.ts';
import { ParameterProblem } from './extension.ts';
import { NAT_NOT_FOR_FILTERING, type ParsedCommand } from './rule.ts';
import { orderedChains, ruleText } from './save.ts';
import { TABLE_HOOKS } from './tables.ts';

/** A refusal: `message` is nft_strerror's sentence (exit 1); with `operation` it is what the kernel says at commit (exit 4). */
export interface EditProblem { readonly message: string; readonly operation?: string }
export type EditResult = EditProblem | undefined;

const NO_CHAIN: EditProblem = { message: 'No chain/target/match by that name.' };
const BAD_RULE: EditProblem = { message: 'Bad rule (does a matching rule exist in that chain?).' };

export class TableDraft {
  readonly family: Family;
  readonly name: TableName;
  private readonly chains: Map<string, ChainState>;
  private readonly own = new Set<string>();
  /** What -v prints. */
  readonly said: string[] = [];

  constructor(table: TableState) {
    this.family = table.family;
    this.name = table.name;
    this.chains = new Map(table.chains.map((chain) => [chain.name, chain]));
  }

  /** The draft as a table. */
  toTable(): TableState {
    return { name: this.name, family: this.family, chains: [...this.chains.values()] };
  }

  chain(name: string): ChainState | undefined {
    return this.chains.get(name);
  }

  /** Whether nftables has it: of a built-in chain only once something was put in it, or said of it. */
  private exists(name: string): boolean {
    const chain = this.chains.get(name);
    return chain !== undefined && (chain.policy === undefined || chain.order !== undefined);
  }

  private edit(name: string): ChainState | undefined {
    const chain = this.chains.get(name);
    if (chain === undefined || this.own.has(name)) return chain;
    const copy: ChainState = { ...chain, rules: [...chain.rules] };
    this.chains.set(name, copy);
    this.own.add(name);
    return copy;
  }

  /** Everything away, as a restore without --noflush begins. */
  reset(): void {
    for (const name of [...this.chains.keys()]) this.chains.delete(name);
    for (const name of TABLE_HOOKS[this.name]) {
      this.chains.set(name, { name, policy: 'ACCEPT', packets: 0, bytes: 0, rules: [] });
      this.own.add(name);
    }
  }

  private text(rule: RuleState): string {
    return ruleText(rule, this.family);
  }

  private checkJumps(rules: readonly RuleState[]): void {
    for (const rule of rules) if (rule.target?.kind === 'chain' && !this.chains.has(rule.target.chain)) throw new ParameterProblem(`Chain '${rule.target.chain}' does not exist`);
  }

  append(name: string, rules: readonly RuleState[]): EditResult {
    this.checkJumps(rules);
    const chain = this.edit(name);
    if (chain === undefined) return NO_CHAIN;
    chain.rules.push(...rules);
    this.touch(name);
    return undefined;
  }

  insert(name: string, number: number, rules: readonly RuleState[]): EditResult {
    this.checkJumps(rules);
    const chain = this.edit(name);
    if (chain === undefined) return NO_CHAIN;
    if (number > chain.rules.length + 1) return { message: 'Index of insertion too big.' };
    for (const rule of rules) chain.rules.splice(number - 1, 0, rule);
    this.touch(name);
    return undefined;
  }

  replace(name: string, number: number, rule: RuleState): EditResult {
    this.checkJumps([rule]);
    if (!this.exists(name)) return NO_CHAIN;
    const chain = this.edit(name)!;
    if (number > chain.rules.length) return { message: 'Index of replacement too big.' };
    chain.rules[number - 1] = rule;
    return undefined;
  }

  deleteNumber(name: string, number: number): EditResult {
    if (!this.exists(name)) return NO_CHAIN;
    const chain = this.edit(name)!;
    if (number > chain.rules.length) return { message: 'Index of deletion too big.' };
    chain.rules.splice(number - 1, 1);
    return undefined;
  }

  deleteRules(name: string, rules: readonly RuleState[]): EditResult {
    for (const rule of rules) {
      const chain = this.edit(name);
      const text = this.text(rule);
      const at = chain?.rules.findIndex((one) => this.text(one) === text) ?? -1;
      if (chain === undefined || at < 0) return BAD_RULE;
      chain.rules.splice(at, 1);
    }
    return undefined;
  }

  check(name: string, rules: readonly RuleState[]): EditResult {
    const chain = this.chains.get(name);
    for (const rule of rules) {
      const text = this.text(rule);
      if (chain === undefined || !chain.rules.some((one) => this.text(one) === text)) return BAD_RULE;
    }
    return undefined;
  }

  flush(name: string | undefined, isVerbose: boolean): EditResult {
    if (name !== undefined && !this.chains.has(name)) return NO_CHAIN;
    for (const chain of orderedChains(this.toTable())) {
      if (name !== undefined && chain.name !== name) continue;
      if (isVerbose) this.said.push(`Flushing chain \`${chain.name}'`);
      if (chain.rules.length > 0) this.edit(chain.name)!.rules.length = 0;
    }
    if (name !== undefined) this.touch(name);
    return undefined;
  }

  zero(name: string | undefined, number: number | undefined, isVerbose: boolean): EditResult {
    if (name !== undefined && !this.exists(name)) return number === undefined ? NO_CHAIN : BAD_RULE;
    for (const { name: one } of orderedChains(this.toTable())) {
      if (name !== undefined && one !== name) continue;
      const chain = this.edit(one)!;
      if (isVerbose) this.said.push(`Zeroing chain \`${one}'`);
      if (number === undefined) {
        [chain.packets, chain.bytes] = [0, 0];
        if (chain.policy !== undefined && chain.order !== undefined) chain.isCounted = true; // zeroing writes the counters that were not there
      }
      chain.rules = chain.rules.map((rule, at) => (number === undefined || number === at + 1 ? { ...rule, packets: 0, bytes: 0 } : rule));
    }
    return undefined;
  }

  newChain(name: string): EditResult {
    if (this.chains.has(name)) return { message: 'Chain already exists.' };
    this.chains.set(name, { name, policy: undefined, packets: 0, bytes: 0, rules: [] });
    this.own.add(name);
    return undefined;
  }

  /** Without a name: every chain of one's own, and the built-in ones that do nothing but accept. */
  deleteChain(name: string | undefined, isVerbose: boolean): EditResult {
    if (name !== undefined && !this.exists(name)) return NO_CHAIN;
    for (const { name: one, policy, rules } of orderedChains(this.toTable())) {
      if (name === undefined ? policy !== undefined && (policy === 'DROP' || rules.length > 0) : one !== name) continue;
      if (policy === undefined && isVerbose) this.said.push(`Deleting chain \`${one}'`);
      if (policy === 'DROP') return { message: 'Directory not empty.' };
      if (rules.length > 0 || this.references(one) > 0) return { operation: 'CHAIN_DEL', message: `Device or resource busy): chain ${one}` };
      if (policy === undefined) this.chains.delete(one);
      else {
        this.chains.set(one, { name: one, policy, packets: 0, bytes: 0, rules: [] });
        this.own.add(one);
      }
    }
    return undefined;
  }

  references(name: string): number {
    let count = 0;
    for (const chain of this.chains.values()) for (const { target } of chain.rules) if (target?.kind === 'chain' && target.chain === name) count += 1;
    return count;
  }

  rename(name: string, newName: string): EditResult {
    if (this.chains.has(newName)) return { message: 'File exists.' };
    if (!this.chains.has(name) || this.chains.get(name)!.policy !== undefined) return NO_CHAIN;
    const renamed = [...this.chains.values()].map((chain) => ({
      ...chain, name: chain.name === name ? newName : chain.name,
      rules: chain.rules.map((rule) => (rule.target?.kind === 'chain' && rule.target.chain === name ? { ...rule, target: { ...rule.target, chain: newName } } : rule)),
    }));
    this.chains.clear();
    for (const chain of renamed) {
      this.chains.set(chain.name, chain);
      this.own.add(chain.name);
    }
    return undefined;
  }

  policy(name: string, policy: string): EditResult {
    if (policy === 'DROP' && this.name === 'nat') throw new ParameterProblem(NAT_NOT_FOR_FILTERING);
    if (this.chains.get(name)?.policy === undefined) return { message: 'Bad built-in chain name.' };
    if (policy !== 'ACCEPT' && policy !== 'DROP') return { message: "Bad policy name. Run `dmesg' for more information." };
    const chain = this.edit(name)!;
    chain.policy = policy;
    chain.isCounted = true;
    [chain.packets, chain.bytes] = [0, 0];
    this.touch(name);
    return undefined;
  }

  /** A `:CHAIN POLICY [packets:bytes]` line of a restore. */
  restoreChain(name: string, policy: string | undefined, counters: readonly [number, number] | undefined): EditResult {
    const isBuiltIn = TABLE_HOOKS[this.name].some((hook) => hook === name);
    if (isBuiltIn) {
      if (policy !== undefined && policy !== 'ACCEPT' && policy !== 'DROP') return { message: 'Bad policy name.' };
      const chain = this.edit(name)!;
      if (policy !== undefined) chain.policy = policy;
      if (counters !== undefined) {
        chain.isCounted = true;
        [chain.packets, chain.bytes] = counters;
      }
      this.touch(name);
      return undefined;
    }
    const old = this.chains.get(name);
    this.chains.set(name, { name, policy: undefined, packets: 0, bytes: 0, rules: [], ...(old?.order === undefined ? {} : { order: old.order }) });
    this.own.add(name);
    return undefined;
  }

  /** nftables has this built-in chain from now on. */
  private touch(name: string): void {
    const chain = this.edit(name)!;
    if (chain.policy !== undefined) chain.order ??= 1 + Math.max(0, ...[...this.chains.values()].map((one) => one.order ?? 0));
  }
}

/** Runs a command that changes the table. Listing is the tool's own business. */
export function applyCommand(draft: TableDraft, command: ParsedCommand): EditResult {
  const { chain = '', rules, ruleNumber } = command;
  const isVerbose = command.verbose > 0;
  switch (command.command) {
    case 'A': return draft.append(chain, rules);
    case 'I': return draft.insert(chain, ruleNumber ?? 1, rules);
    case 'R': return draft.replace(chain, ruleNumber!, rules[0]!);
    case 'D': return ruleNumber === undefined ? draft.deleteRules(chain, rules) : draft.deleteNumber(chain, ruleNumber);
    case 'C': return draft.check(chain, rules);
    case 'F': return draft.flush(command.chain, isVerbose);
    case 'Z': return draft.zero(command.chain, ruleNumber, isVerbose);
    case 'N': return draft.newChain(chain);
    case 'X': return draft.deleteChain(command.chain, isVerbose);
    case 'E': return draft.rename(chain, command.newName!);
    case 'P': return draft.policy(chain, command.policy!);
    default: return undefined;
  }
}

/** What the kernel calls a command when it refuses it. */
export function operationName(command: ParsedCommand): string {
  switch (command.command) {
    case 'A': return 'RULE_APPEND';
    case 'I': return 'RULE_INSERT';
    case 'R': return 'RULE_REPLACE';
    case 'D': return 'RULE_DELETE';
    case 'P': return 'CHAIN_UPDATE';
    case 'E': return 'CHAIN_RENAME';
    default: return 'CHAIN_ADD';
  }
}

const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  EINVAL: 'Invalid argument', ENOENT: 'No such file or directory', EMLINK: 'Too many links', EOPNOTSUPP: 'Operation not supported', EBUSY: 'Device or resource busy', EPERM: 'Operation not permitted', ELOOP: 'Too many levels of symbolic links',
};
export function errnoText(error: string): string {
  return ERRNO_TEXTS[error] ?? error;
}
