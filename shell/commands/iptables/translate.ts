/** iptables-translate(8) and ip6tables-translate(8) v1.8.9: what a rule is in nft's words. Read first: iptables/xtables-translate.c, nft_ipv4_xlate, and the xlate functions of extensions/libxt_*.c */
import type { ExitCode } from '../../../machine/sys.ts';
import type { Family } from '../../ports/kernel.ts';
import { BareProblem, builtInNames, isTableName, NotSimulated, ParameterProblem, parseCommand, splitWords, VERSION, type Names, type ParsedCommand, type RuleState } from '../../ports/netfilter.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { defineCommand, notSimulated, type Command } from '../define.ts';
import { matchInNft, nameInNft, sidesInNft, targetInNft } from '../nft/translate.ts';
import { tablesOf } from './iptables.ts';
import { machineNames } from './names.ts';
import { tryHelp, type Outcome } from './run.ts';
import { stamp } from './save-restore.ts';

type Match = RuleState['matches'][number];
type Target = NonNullable<RuleState['target']>;

/** A rule after `add rule ip filter INPUT`; undefined where nft has no words for it. */
export function ruleTranslation(rule: RuleState, family: Family): string | undefined {
  const header = family === 'inet' ? 'ip' : 'ip6';
  const parts: string[] = [];
  for (const [word, match] of [['iifname', rule.inInterface], ['oifname', rule.outInterface]] as const) if (match !== undefined) parts.push(match.name === '+' ? `${word} "INVAL/D"` : `${word} ${match.negate ? '!= ' : ''}${nameInNft(match.name)}`);
  if (rule.fragment !== undefined) parts.push(`ip frag-off & 0x1fff ${rule.fragment.negate ? '' : '!= '}0`);
  if (rule.protocol !== undefined) {
    const name = builtInNames.protocolName(rule.protocol.number);
    // A match of that name says the protocol itself.
    if (!rule.matches.some(({ kind }) => kind === name)) parts.push(`${family === 'inet' ? 'ip protocol' : 'meta l4proto'} ${rule.protocol.negate ? '!= ' : ''}${name ?? rule.protocol.number}`);
  }
  parts.push(...sidesInNft(`${header} saddr`, rule.source), ...sidesInNft(`${header} daddr`, rule.destination));
  let comment = '';
  for (const match of rule.matches) {
    if (match.kind === 'comment') {
      comment = ` comment "${match.text}"`;
      continue;
    }
    if (match.kind === 'hashlimit') throw new NotSimulated('the translation of hashlimit');
    const text = matchTranslation(match, rule, family);
    if (text.startsWith('xt match')) return undefined;
    if (text !== '') parts.push(text);
  }
  parts.push('counter');
  if (rule.target !== undefined) {
    if (rule.target.kind === 'TOS') throw new NotSimulated('the translation of TOS');
    const text = targetTranslation(rule.target);
    if (text.startsWith('xt target')) return undefined;
    parts.push(text);
  }
  return parts.join(' ') + comment;
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** Where the words of a translation are not those that `nft list` finds for what came of it. */
function matchTranslation(match: Match, rule: RuleState, family: Family): string {
  switch (match.kind) {
    case 'limit': {
      const text = matchInNft(match, rule, family).text;
      return text.includes('burst') ? text : `${text} burst ${match.burst} packets`;
    }
    case 'mark':
      return match.mask === 0xffffffff ? `mark ${match.negate ? '!= ' : ''}${hex(match.value)}` : `mark and ${hex(match.mask)} ${match.negate ? '!=' : '=='} ${hex(match.value)}`;
    default: return matchInNft(match, rule, family, true).text;
  }
}

function targetTranslation(target: Target): string {
  if (target.kind !== 'MARK') return targetInNft(target);
  const { value, mask } = target;
  if (mask === 0) return `meta mark set mark xor ${hex(value)}`;
  if (mask === 0xffffffff) return `meta mark set ${hex(value)}`;
  if (value === mask) return `meta mark set mark or ${hex(value)}`;
  if (value === 0) return `meta mark set mark and ${hex(~mask)}`;
  return `meta mark set mark and ${hex(~mask)} xor ${hex(value)}`;
}

export function runTranslate(program: string, family: Family, words: readonly string[], names: Names, hasSet: ((name: string) => boolean) | undefined): Outcome {
  const refuse = (exit: number, stderr: string): Outcome => ({ exit, stdout: '', stderr });
  try {
    const command = parseCommand(words, { family, table: 'filter', names, hasSet });
    if (command.version) return { exit: 0, stdout: `${program} ${VERSION}\n`, stderr: '' };
    if (command.help) return refuse(125, `podwire: ${program}: option -h is not simulated yet\n`);
    if (!isTableName(command.table)) return refuse(3, `${program} ${VERSION}: table '${command.table}' does not exist\nPerhaps ${program} or your kernel needs to be upgraded.\n`);
    const lines = linesOf(command, words, family);
    if (lines === undefined) return { exit: 1, stdout: 'nft ', stderr: 'Translation not implemented\n' };
    return { exit: 0, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
  } catch (problem) {
    if (problem instanceof ParameterProblem) return refuse(2, `${program} ${VERSION}: ${problem.message}\n${tryHelp(program)}`);
    if (problem instanceof BareProblem) return refuse(2, `${problem.message === '' ? '' : `${problem.message}\n`}${tryHelp(program)}`);
    if (problem instanceof NotSimulated) return refuse(125, `podwire: ${program}: ${problem.message} is not simulated yet\n`);
    throw problem;
  }
}

function linesOf(command: ParsedCommand, words: readonly string[], family: Family): string[] | undefined {
  const header = family === 'inet' ? 'ip' : 'ip6';
  const chain = command.chain ?? '(null)';
  const place = `${header} ${command.table}`;
  switch (command.command) {
    case 'A': case 'I': {
      const verb = command.command === 'A' ? 'add' : 'insert';
      let source: string | undefined;
      return command.rules.map((rule) => {
        // The further destinations of a source do without the word.
        const from = JSON.stringify(rule.source ?? 'any');
        const isFurther = source === from;
        source = from;
        const text = ruleTranslation(rule, family);
        return `${isFurther ? '' : 'nft '}${text === undefined ? `# ${words.map((word) => `${word === '!' ? '' : word} `).join('')}` : `'${verb} rule ${place} ${chain} ${text}'`}`;
      });
    }
    case 'N': return [`nft add chain ${place} ${chain}`];
    case 'X': return [`nft delete chain ${place} ${chain}`];
    case 'F': return [command.chain === undefined ? `nft flush table ${place}` : `nft flush chain ${place} ${chain}`];
    case 'L': return [`nft list table ${place}`];
    default: return undefined;
  }
}

function translateCommand(family: Family): Command {
  const name = family === 'inet' ? 'iptables-translate' : 'ip6tables-translate';
  return defineCommand({
    name, summary: 'translate iptables rules to nft', package: 'iptables', path: `/usr/sbin/${name}`,
    run: async (call): Promise<ExitCode> => {
      const outcome = runTranslate(name, family, call.args, await machineNames(call.sys), tablesOf(call).hasSet);
      call.writeErr(outcome.stderr);
      call.write(outcome.stdout);
      return outcome.exit;
    },
  });
}

export const iptablesTranslate = translateCommand('inet');
export const ip6tablesTranslate = translateCommand('inet6');

/** Hook priorities as numbers, by table; nat's differ by hook. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, security: 50 };
const NAT_PRIORITIES: Readonly<Record<string, number>> = { PREROUTING: -100, OUTPUT: -100, INPUT: 100, POSTROUTING: 100 };

/** A saved table line by line; a rule that cannot be read ends it, as ParameterProblem. */
function translateSaved(text: string, family: Family, names: Names, hasSet: ((name: string) => boolean) | undefined): string[] {
  const header = family === 'inet' ? 'ip' : 'ip6';
  const lines: string[] = [];
  let table = 'filter';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1).trim();
      lines.push(`add table ${header} ${table}`);
    } else if (line.startsWith(':')) {
      const [chain = '', policy = '-'] = line.slice(1).split(/\s+/);
      const type = table === 'nat' ? 'nat' : table === 'mangle' && chain === 'OUTPUT' ? 'route' : 'filter';
      const priority = table === 'nat' ? NAT_PRIORITIES[chain] : PRIORITIES[table];
      lines.push(`add chain ${header} ${table} ${chain}${policy === '-' ? '' : ` { type ${type} hook ${chain.toLowerCase()} priority ${priority ?? 0}; policy ${policy.toLowerCase()}; }`}`);
    } else if (line.startsWith('-')) {
      const words = splitWords(line);
      const command = parseCommand(['-t', table, ...words], { family, table, names, hasSet });
      for (const rule of command.rules) {
        const translated = ruleTranslation(rule, family);
        lines.push(translated === undefined ? `# -t ${table} ${words.map((word) => `${word === '!' ? '' : word} `).join('')}` : `add rule ${header} ${table} ${command.chain ?? ''} ${translated}`);
      }
    }
  }
  return lines;
}

function restoreTranslateCommand(family: Family): Command {
  const name = family === 'inet' ? 'iptables-restore-translate' : 'ip6tables-restore-translate';
  return defineCommand({
    name, summary: 'translate saved iptables rules to nft', package: 'iptables', path: `/usr/sbin/${name}`,
    run: async (call): Promise<ExitCode> => {
      const options = parseOptions(call.args, { short: 'hf:V', long: { help: 'none=h', version: 'none=V', file: 'required=f' } });
      const file = options.value('f');
      if (options.has('V')) {
        call.out(`${name} v1.8.9`);
        return 0;
      }
      if (options.error !== undefined || options.has('h') || file === undefined) {
        if (options.error !== undefined) call.err(`${name}: ${options.error}`);
        else if (!options.has('h')) call.err('ERROR: missing file name');
        call.err(`${name} 1.8.9 (c) 2014 by Pablo Neira Ayuso <pablo@netfilter.org>\nUsage: ${name} [-h] [-f <FILE>] [-V]\n\t[ --help ]\n\t[ --file=<FILE> ]\n\t[ --version ]`);
        return 1;
      }
      const text = await call.sys.readText(file);
      if (!text.ok) {
        call.writeErr(`Cannot open file ${file}\n`);
        return 1;
      }
      const time = stamp(call.sys.now());
      try {
        const lines = translateSaved(text.value, family, await machineNames(call.sys), tablesOf(call).hasSet);
        for (const line of [`# Translated by ${name} v1.8.9 on ${time}`, ...lines, `# Completed on ${time}`]) call.out(line);
        return 0;
      } catch (problem) {
        if (problem instanceof NotSimulated || problem instanceof ParameterProblem || problem instanceof BareProblem) return notSimulated(call, `a file with "${problem.message}"`);
        throw problem;
      }
    },
  });
}

export const iptablesRestoreTranslate = restoreTranslateCommand('inet');
export const ip6tablesRestoreTranslate = restoreTranslateCommand('inet6');
