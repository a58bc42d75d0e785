/**
 * A rule's words parsed: what -A, -I, -D ... and iptables-restore lines have in common (iptables/xshared.c do_parse, getopt_long(3)).
 * Long options may be shortened while they stay unique; a protocol's match is loaded when one of its options turns up.
 */
import type { Family } from '../kernel/api.ts';
import { parseHostMask } from './address.ts';
import type { AddressMatch, RuleState, TableName } from './api.ts';
import { ParameterProblem, unsigned, type Extension, type OptionUse, type ParseSite } from './extension.ts';
import { matchExtensions, unsimulatedMatches, type Match } from './matches/index.ts';
import type { Names } from './names.ts';
import { targetExtensions, unsimulatedTargets, type ExtensionTarget, type Target } from './targets/index.ts';

export type CommandLetter = 'A' | 'D' | 'C' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P';

export interface ParsedCommand {
  command: CommandLetter | undefined;
  /** -L -Z and -S -Z go together. */
  alsoZero: boolean;
  table: TableName | string;
  chain: string | undefined;
  newName: string | undefined;
  policy: string | undefined;
  /** 1 based. */
  ruleNumber: number | undefined;
  rules: RuleState[];
  numeric: boolean; verbose: number; exact: boolean; lineNumbers: boolean;
  version: boolean; help: boolean;
  ipv4: boolean; ipv6: boolean;
  /** For `-m X -h`. */
  helpFor: string[];
}

/** Something the real tool can do and we cannot: exit 125. */
export class NotSimulated extends Error {}
/** A complaint printed without the program's name (`Bad argument ...`). */
export class BareProblem extends Error {}

interface LongOption { readonly name: string; readonly letter: string; readonly argument: 'none' | 'required' | 'optional' }
const long = (name: string, letter: string, argument: LongOption['argument'] = 'none'): LongOption => ({ name, letter, argument });
const GLOBAL: readonly LongOption[] = [
  long('append', 'A', 'required'), long('delete', 'D', 'required'), long('check', 'C', 'required'), long('insert', 'I', 'required'), long('replace', 'R', 'required'), long('list', 'L', 'optional'), long('list-rules', 'S', 'optional'),
  long('flush', 'F', 'optional'), long('zero', 'Z', 'optional'), long('new-chain', 'N', 'required'), long('delete-chain', 'X', 'optional'), long('rename-chain', 'E', 'required'), long('policy', 'P', 'required'),
  long('source', 's', 'required'), long('destination', 'd', 'required'), long('src', 's', 'required'), long('dst', 'd', 'required'), long('protocol', 'p', 'required'), long('in-interface', 'i', 'required'), long('jump', 'j', 'required'),
  long('table', 't', 'required'), long('match', 'm', 'required'), long('numeric', 'n'), long('out-interface', 'o', 'required'), long('verbose', 'v'), long('wait', 'w', 'optional'), long('wait-interval', 'W', 'required'), long('exact', 'x'),
  long('version', 'V'), long('help', 'h', 'optional'), long('line-numbers', '0'), long('modprobe', 'M', 'required'), long('set-counters', 'c', 'required'), long('goto', 'g', 'required'), long('ipv4', '4'), long('ipv6', '6'),
];
const GLOBAL4: readonly LongOption[] = [...GLOBAL, long('fragments', 'f')];
const GLOBAL_NAMES: ReadonlyMap<string, LongOption> = new Map(GLOBAL.map((option) => [option.name, option]));
const NEEDS_ARGUMENT = 'ADRICNEPsdpijtmoWMcg';
const LETTERS = `${NEEDS_ARGUMENT}LSFZXnvwxVhf046`;
const COMMANDS = 'ADCIRLSFZNXEP';
const PROTOCOL_MATCH: ReadonlyMap<number, string> = new Map([[6, 'tcp'], [17, 'udp'], [1, 'icmp'], [58, 'icmp6'], [132, 'sctp']]);

export interface RuleSite { readonly family: Family; readonly table: TableName | string; readonly names: Names; /** For iptables-restore: -t is refused, text differs. */ readonly isRestore?: boolean; readonly hasSet?: ParseSite['hasSet'] }

interface Loaded { readonly extension: Extension<unknown>; readonly uses: OptionUse[]; /** Loaded by -p, not by -m. */ readonly isImplicit: boolean }

export function parseCommand(words: readonly string[], site: RuleSite): ParsedCommand {
  return new CommandParser(words, site).parse();
}

class CommandParser {
  private at = 0;
  private readonly words: readonly string[];
  private readonly site: RuleSite;
  private readonly parsed: ParsedCommand;
  private negate = false;
  private isInvertPending = false;
  private readonly loaded: Loaded[] = [];
  private target: Loaded | undefined;
  private jump: string | undefined;
  private isGoto = false;
  private readonly addresses: Partial<Record<'s' | 'd', { text: string; negate: boolean }>> = {};
  private readonly rule: RuleState = { id: 0, matches: [], target: undefined, packets: 0, bytes: 0 };
  /** Letters of the options that may come once. */
  private seen = '';
  private hasWait = false;
  private hasWaitInterval = false;

  constructor(words: readonly string[], site: RuleSite) {
    this.words = words;
    this.site = site;
    this.parsed = {
      command: undefined, alsoZero: false, table: site.table, chain: undefined, newName: undefined, policy: undefined, ruleNumber: undefined, rules: [], numeric: false, verbose: 0, exact: false, lineNumbers: false,
      version: false, help: false, ipv4: false, ipv6: false, helpFor: [],
    };
  }

  parse(): ParsedCommand {
    while (this.at < this.words.length) {
      const word = this.words[this.at]!;
      if (word === '!') {
        this.at += 1;
        if (this.isInvertPending) throw new ParameterProblem('multiple consecutive ! not allowed');
        if (this.at >= this.words.length) throw new ParameterProblem('nothing appropriate following !');
        this.isInvertPending = true;
        continue;
      }
      this.negate = this.isInvertPending;
      this.isInvertPending = false;
      this.at += 1;
      if (word.startsWith('--') && word.length > 2) this.longOption(word.slice(2));
      else if (word.startsWith('-') && word.length > 1) this.letters(word.slice(1));
      else if (word === '--') break;
      else throw new BareProblem(`Bad argument \`${word}'`);
      if (this.parsed.version || this.parsed.help) return this.parsed;
    }
    if (this.isInvertPending) throw new ParameterProblem('nothing appropriate following !');
    return this.finish();
  }

  // ---------------------------------------------------------------- words
  private longOption(text: string): void {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const attached = equals < 0 ? undefined : text.slice(equals + 1);
    const found = this.findLong(name);
    if (found === undefined) {
      const protocol = this.rule.protocol;
      const match = protocol === undefined ? undefined : PROTOCOL_MATCH.get(protocol.number);
      if (match !== undefined && !this.loaded.some(({ extension }) => extension.name === match) && matchExtensions.has(match)) {
        this.loaded.push({ extension: matchExtensions.get(match)! as Extension<unknown>, uses: [], isImplicit: true });
        if (this.findLong(name) !== undefined) {
          this.longOption(text);
          return;
        }
        this.loaded.pop();
      }
      throw new ParameterProblem(`unknown option "--${text}"`);
    }
    if ('letter' in found) {
      if (found.argument === 'required') this.act(found.letter, attached ?? this.required(`--${found.name}`));
      else this.act(found.letter, attached ?? (found.argument === 'optional' ? this.optionalWord() : undefined));
      return;
    }
    const { owner, spec } = found;
    const values: string[] = [];
    if (spec.words > 0) values.push(attached ?? this.required(`--${spec.name === name || (spec.aliases ?? []).includes(name) ? name : spec.name}`));
    if (spec.words === 2 && this.at < this.words.length && !this.words[this.at]!.startsWith('-') && this.words[this.at] !== '!') {
      values.push(this.words[this.at]!);
      this.at += 1;
    }
    owner.uses.push({ name: spec.name, values, negate: this.negate });
    // Errors come as the option is read: parse what there is as far as it goes.
    if (spec.words === 2 && values.length < 2) throw new ParameterProblem(`--${spec.name} requires two args.`);
  }

  private findLong(name: string): LongOption | { owner: Loaded; spec: Extension<unknown>['options'][number] } | undefined {
    const global = GLOBAL_NAMES.get(name);
    if (global !== undefined) return global;
    const owners = this.target === undefined ? this.loaded.toReversed() : [this.target, ...this.loaded.toReversed()];
    for (const owner of owners) for (const spec of owner.extension.options) if (spec.name === name || spec.aliases?.includes(name) === true) return { owner, spec };
    const found: (LongOption | { owner: Loaded; spec: Extension<unknown>['options'][number] })[] = [];
    for (const option of this.site.family === 'inet' ? GLOBAL4 : GLOBAL) if (option.name.startsWith(name)) found.push(option);
    for (const owner of owners) for (const spec of owner.extension.options) if ([spec.name, ...(spec.aliases ?? [])].some((one) => one.startsWith(name))) found.push({ owner, spec });
    if (found.length === 0) return undefined;
    const letters = new Set(found.map((one) => ('letter' in one ? one.letter : `${one.owner.extension.name} ${one.spec.name}`)));
    return letters.size === 1 ? found[0] : undefined;
  }

  private letters(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const letter = text[index]!;
      if (letter === 'f' && this.site.family === 'inet6') throw new ParameterProblem("`-f' is not supported in IPv6, use -m frag instead");
      if (!LETTERS.includes(letter) || letter === '0') throw new ParameterProblem(`unknown option "-${letter}"`);
      const rest = text.slice(index + 1);
      if (NEEDS_ARGUMENT.includes(letter)) {
        this.act(letter, rest === '' ? this.required(`-${letter}`) : rest);
        return;
      }
      if ('LSFZXw'.includes(letter)) {
        this.act(letter, rest === '' ? this.optionalWord() : rest);
        return;
      }
      this.act(letter, undefined);
      if (this.parsed.version || this.parsed.help) return;
    }
  }

  private required(option: string): string {
    const word = this.words[this.at];
    if (word === undefined) throw new ParameterProblem(`option "${option}" requires an argument`);
    this.at += 1;
    return word;
  }

  private optionalWord(): string | undefined {
    const word = this.words[this.at];
    if (word === undefined || word.startsWith('-') || word === '!') return undefined;
    this.at += 1;
    return word;
  }

  // ---------------------------------------------------------------- options
  private act(letter: string, value: string | undefined): void {
    if (COMMANDS.includes(letter)) {
      this.command(letter as CommandLetter, value);
      return;
    }
    switch (letter) {
      case 's': case 'd': {
        this.once(letter);
        // The addresses are read when all words have been.
        this.addresses[letter] = { text: value!, negate: this.negate };
        return;
      }
      case 'p': this.protocol(value!); return;
      case 'i': case 'o': {
        this.once(letter);
        if (value === '') throw new ParameterProblem('Empty interface is likely to be undesired');
        if (value!.length >= 16) throw new ParameterProblem(`interface name \`${value!}' must be shorter than IFNAMSIZ (15)`);
        if (value !== '+' || this.negate) this.rule[letter === 'i' ? 'inInterface' : 'outInterface'] = { negate: this.negate, name: value! };
        return;
      }
      case 'j': case 'g':
        this.once(letter);
        this.jumpTo(value!, letter === 'g');
        return;
      case 'f':
        this.once('f');
        this.rule.fragment = { negate: this.negate };
        return;
      case 'm': this.match(value!); return;
      case 'n': this.refuseNegation('-n'); this.parsed.numeric = true; return;
      case 'v': this.refuseNegation('-v'); this.parsed.verbose += 1; return;
      case 'x': this.parsed.exact = true; return;
      case '0': this.parsed.lineNumbers = true; return;
      case 'c': this.counters(value!); return;
      case 't':
        if (this.site.isRestore === true) throw new ParameterProblem('The -t option cannot be used in iptables-restore.\n');
        if (this.negate) throw new ParameterProblem('unexpected ! flag before --table');
        this.parsed.table = value!;
        return;
      case 'w':
        this.hasWait = true;
        if (value !== undefined && !/^-?\d+(\.\d*)?$/.test(value)) throw new ParameterProblem('wait seconds not numeric');
        return;
      case 'W': this.hasWaitInterval = true; return;
      case 'V': this.parsed.version = true; return;
      case 'h': this.parsed.help = true; this.parsed.helpFor = [...(this.target === undefined ? [] : [this.target.extension.name]), ...this.loaded.map(({ extension }) => extension.name)]; return;
      case '4': this.parsed.ipv4 = true; if (this.site.family === 'inet6') this.otherFamily(); return;
      case '6': this.parsed.ipv6 = true; if (this.site.family === 'inet') this.otherFamily(); return;
      default: return;
    }
  }

  /** `iptables -6`: in a restore file the line is skipped; by hand it is an error without words. */
  private otherFamily(): void {
    if (this.site.isRestore !== true) throw new BareProblem('');
  }

  private refuseNegation(option: string): void {
    if (this.negate) throw new ParameterProblem(`cannot have ! before ${option}`);
  }

  private once(letter: string): void {
    if (this.seen.includes(letter === 'g' ? 'j' : letter)) throw new ParameterProblem(`multiple -${letter} flags not allowed`);
    this.seen += letter === 'g' ? 'j' : letter;
    if (this.negate && (letter === 'j' || letter === 'g')) throw new ParameterProblem(`cannot have ! before -${letter}`);
  }

  private protocol(value: string): void {
    this.once('p');
    const text = value.toLowerCase();
    const number = unsigned(text, 0, 255) ?? (/^\d/.test(text) ? undefined : this.site.names.protocolNumber(text));
    if (number === undefined) throw new ParameterProblem(`unknown protocol "${text}" specified`);
    if (number === 0) {
      if (this.negate) throw new ParameterProblem('rule would never match protocol');
      return;
    }
    this.rule.protocol = { negate: this.negate, number };
  }

  private match(name: string): void {
    if (this.negate) throw new ParameterProblem('unexpected ! flag before --match');
    const resolved = name === 'icmpv6' || name === 'ipv6-icmp' ? 'icmp6' : name;
    const extension = matchExtensions.get(resolved);
    if (extension === undefined || (extension.family !== undefined && extension.family !== this.site.family)) {
      if (unsimulatedMatches.has(resolved)) throw new NotSimulated(`match ${name}`);
      throw new ParameterProblem(`Couldn't load match \`${name}':No such file or directory\n`);
    }
    this.loaded.push({ extension: extension as Extension<unknown>, uses: [], isImplicit: false });
  }

  private jumpTo(name: string, isGoto: boolean): void {
    this.jump = name;
    this.isGoto = isGoto;
    if (name === '') throw new ParameterProblem('Invalid target name (too short)');
    if (isGoto) return;
    if (name.length > 28) throw new ParameterProblem(`Invalid target name \`${name}' (28 chars max)`);
    const extension = targetExtensions.get(name);
    if (extension !== undefined && (extension.family === undefined || extension.family === this.site.family)) this.target = { extension: extension as Extension<unknown>, uses: [], isImplicit: false };
    else if (unsimulatedTargets.has(name)) throw new NotSimulated(`target ${name}`);
  }

  private counters(value: string): void {
    const packets = value;
    const bytes = this.words[this.at];
    if (bytes === undefined || !/^\d/.test(bytes)) {
      const pair = /^(\d+)[,:](\d+)$/.exec(packets);
      if (pair === null) throw new ParameterProblem('-c requires packet and byte counter');
      [this.rule.packets, this.rule.bytes] = [Number(pair[1]), Number(pair[2])];
      return;
    }
    this.at += 1;
    if (!/^\d+$/.test(packets)) throw new ParameterProblem('-c packet counter not numeric');
    if (!/^\d+$/.test(bytes)) throw new ParameterProblem('-c byte counter not numeric');
    [this.rule.packets, this.rule.bytes] = [Number(packets), Number(bytes)];
  }

  private command(letter: CommandLetter, value: string | undefined): void {
    const { parsed } = this;
    if (this.negate) throw new ParameterProblem(`unexpected '!' flag before -${letter}`);
    if (parsed.command !== undefined) {
      const isListZero = (letter === 'Z' && (parsed.command === 'L' || parsed.command === 'S')) || (parsed.command === 'Z' && (letter === 'L' || letter === 'S'));
      if (!isListZero) throw new ParameterProblem(`Cannot use -${letter} with -${parsed.command}`);
      parsed.alsoZero = true;
      if (letter !== 'Z') parsed.command = letter;
    } else parsed.command = letter;
    if (value !== undefined) parsed.chain = value;
    if (letter === 'D' && this.isRuleNumberNext()) parsed.ruleNumber = this.ruleNumber(this.words[this.at++]!);
    else if (letter === 'I') {
      const next = this.words[this.at];
      parsed.ruleNumber = next !== undefined && !next.startsWith('-') && next !== '!' ? this.ruleNumber(this.words[this.at++]!) : 1;
    } else if (letter === 'R') {
      const next = this.optionalWord();
      if (next === undefined) throw new ParameterProblem('-R requires a rule number');
      parsed.ruleNumber = this.ruleNumber(next);
    } else if ((letter === 'L' || letter === 'S' || letter === 'Z') && parsed.chain !== undefined) {
      const next = this.words[this.at];
      if (next !== undefined && !next.startsWith('-') && next !== '!') parsed.ruleNumber = this.ruleNumber(this.words[this.at++]!);
    } else if (letter === 'E') {
      const next = this.optionalWord();
      if (next === undefined) throw new ParameterProblem('-E requires old-chain-name and new-chain-name');
      parsed.newName = next;
    } else if (letter === 'P') {
      const next = this.optionalWord();
      if (next === undefined) throw new ParameterProblem('-P requires a chain and a policy');
      parsed.policy = next;
    } else if (letter === 'N') checkNewName(value!);
  }

  private isRuleNumberNext(): boolean {
    const next = this.words[this.at];
    return next !== undefined && !next.startsWith('-') && next !== '!';
  }

  private ruleNumber(text: string): number {
    const number = unsigned(text, 1, 0x7fffffff);
    if (number === undefined) throw new ParameterProblem(`Invalid rule number \`${text}'`);
    return number;
  }

  // ---------------------------------------------------------------- the end
  private parseSite(): ParseSite {
    return { family: this.site.family, table: this.parsed.table as TableName, protocol: this.rule.protocol, names: this.site.names, hasSet: this.site.hasSet };
  }

  private finish(): ParsedCommand {
    const { parsed, rule } = this;
    if (this.hasWaitInterval && !this.hasWait) throw new ParameterProblem('--wait-interval only makes sense with --wait\n');
    const site = this.parseSite();
    // A loaded match is checked in the order it was loaded, the target last.
    rule.matches = this.loaded.map(({ extension, uses }) => this.checked(extension, extension.parse(uses, site) as Match));
    if (this.target !== undefined) rule.target = this.target.extension.parse(this.target.uses, site) as ExtensionTarget as Target;
    if (parsed.command === undefined) throw new ParameterProblem('no command specified');
    const isRuleCommand = 'ADCIR'.includes(parsed.command);
    if (isRuleCommand) this.finishRule();
    if (parsed.chain !== undefined && parsed.chain.length > 28) throw new ParameterProblem(`chain name \`${parsed.chain}' too long (must be under 29 chars)`);
    return parsed;
  }

  private addressesOf(letter: 's' | 'd'): (AddressMatch | undefined)[] {
    const given = this.addresses[letter];
    if (given === undefined) return [undefined];
    const list = parseHostMask(given.text, this.parseSite());
    if (list.length > 1 && given.negate) throw new ParameterProblem('! not allowed with multiple source or destination IP addresses');
    return given.negate ? list.map((match) => ({ ...match, negate: true })) : list;
  }

  private checked(extension: Extension<unknown>, record: Match): Match {
    const protocol = this.rule.protocol;
    const needed = extension.needsProtocol;
    if (needed !== undefined && (protocol === undefined || protocol.number !== needed)) {
      const name = extension.name;
      const option = name === 'icmp6' ? 'ipv6-icmp' : name;
      throw new ParameterProblem(`${name.toUpperCase()} match requires '-p ${option}'`);
    }
    return record;
  }

  private finishRule(): void {
    const { parsed, rule } = this;
    const chain = parsed.chain!;
    if ((chain === 'PREROUTING' || chain === 'INPUT') && this.seen.includes('o')) throw new ParameterProblem(`Can't use -o with ${chain}\n`);
    if ((chain === 'POSTROUTING' || chain === 'OUTPUT') && this.seen.includes('i')) throw new ParameterProblem(`Can't use -i with ${chain}\n`);
    if (this.jump !== undefined && this.target === undefined) {
      rule.target = { kind: 'chain', chain: this.jump, goto: this.isGoto };
    }
    if (parsed.table === 'nat' && (this.jump === 'DROP')) throw new ParameterProblem(NAT_NOT_FOR_FILTERING);
    const sources = this.addressesOf('s');
    const destinations = this.addressesOf('d');
    if (parsed.command === 'R' && (sources.length > 1 || destinations.length > 1)) throw new ParameterProblem('Replacement rule does not specify a unique address');
    if (parsed.command === 'D' && parsed.ruleNumber !== undefined) return;
    const isOne = sources.length === 1 && destinations.length === 1;
    for (const source of sources) {
      for (const destination of destinations) {
        const one = isOne ? rule : { ...rule, matches: rule.matches.map((match) => ({ ...match })) };
        if (source !== undefined && !isEverything(source)) one.source = source;
        if (destination !== undefined && !isEverything(destination)) one.destination = destination;
        parsed.rules.push(one);
      }
    }
  }
}

export const NAT_NOT_FOR_FILTERING = '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n';

function isEverything(match: AddressMatch): boolean {
  return !match.negate && (match.mask === 0 || match.mask === '0'.repeat(32));
}

/** xtables: parse_chain and validate_chain. */
function checkNewName(name: string): void {
  if (name === '') throw new ParameterProblem('chain name must not be empty\n');
  if (name.startsWith('-') || name.startsWith('!')) throw new ParameterProblem(`chain name not allowed to start with \`${name[0]!}'`);
  if (name.length > 28) throw new ParameterProblem(`chain name \`${name}' too long (must be under 29 chars)`);
  if (targetExtensions.has(name) || unsimulatedTargets.has(name)) throw new ParameterProblem('chain name may not clash with target name');
  if (/\s/.test(name)) throw new ParameterProblem(`Invalid chain name \`${name}'`);
}
