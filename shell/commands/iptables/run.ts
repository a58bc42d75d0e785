/** iptables and ip6tables v1.8.9 (nf_tables) as a function of words and tables (iptables/xtables.c, xtables-standalone.c). */
import {
  applyCommand, BareProblem, errnoText, isTableName, NotSimulated, operationName, ParameterProblem, parseCommand, TableDraft, VERSION, type Names, type ParsedCommand, type TableName, type TableState,
} from '../../ports/netfilter.ts';
import type { Result } from '../../ports/result.ts';
import type { Family } from '../../ports/kernel.ts';
import { helpText } from './help.ts';
import { listRules, listTable, verboseRule } from './list.ts';

/** The system calls iptables makes: fetch a table, commit one. */
export interface TablesPort { table(family: Family, name: TableName): Result<TableState>; replaceTable(table: TableState): Result; deleteTable(family: Family, name: TableName): void; createdTables(family: Family): TableName[]; hasSet?(name: string): boolean }
export interface Outcome { readonly exit: number; readonly stdout: string; readonly stderr: string }

export function tryHelp(program: string): string {
  return `Try \`${program} -h' or '${program} --help' for more information.\n`;
}
/** Refusal of a caller without CAP_NET_ADMIN. */
export function notRoot(program: string): Outcome {
  return { exit: 4, stdout: '', stderr: `${program} ${VERSION}: Could not fetch rule set generation id: Permission denied (you must be root)\n` };
}

export function runIptables(port: TablesPort, family: Family, words: readonly string[], names: Names): Outcome {
  const program = family === 'inet' ? 'iptables' : 'ip6tables';
  const refuse = (exit: number, stderr: string): Outcome => ({ exit, stdout: '', stderr });
  let warning = '';
  if (words.some((word) => /^(-W|--wait-interval)/.test(word))) warning = 'Ignoring deprecated --wait-interval option.\n';
  try {
    const command = parseCommand(words, { family, table: 'filter', names, hasSet: port.hasSet });
    if (command.version) return { exit: 0, stdout: `${program} ${VERSION}\n`, stderr: '' };
    if (command.help) {
      if (command.helpFor.length > 0) return refuse(125, `podwire: ${program}: help of extension ${command.helpFor[0]!} is not simulated yet\n`);
      return { exit: 0, stdout: `${program} ${VERSION}\n\n${helpText(program)}`, stderr: '' };
    }
    if (!isTableName(command.table)) return refuse(3, `${program} ${VERSION}: table '${command.table}' does not exist\nPerhaps ${program} or your kernel needs to be upgraded.\n`);
    const outcome = runCommand(port, family, program, command.table, command, names);
    return { ...outcome, stderr: warning + outcome.stderr };
  } catch (problem) {
    if (problem instanceof ParameterProblem) return refuse(2, `${warning}${program} ${VERSION}: ${problem.message}\n${tryHelp(program)}`);
    if (problem instanceof BareProblem) return refuse(2, `${problem.message === '' ? '' : `${problem.message}\n`}${tryHelp(program)}`);
    if (problem instanceof NotSimulated) return refuse(125, `podwire: ${program}: ${problem.message} is not simulated yet\n`);
    throw problem;
  }
}

function runCommand(port: TablesPort, family: Family, program: string, name: TableName, command: ParsedCommand, names: Names): Outcome {
  const found = port.table(family, name);
  if (!found.ok) return notRoot(program);
  const table = found.value;
  if (command.command === 'L' || command.command === 'S') return list(port, program, table, command, names);
  const exists = port.createdTables(family).includes(name);
  const draft = new TableDraft(table);
  let stdout = '';
  if (command.verbose > 0 && 'ADCIR'.includes(command.command ?? '')) stdout = command.rules.map((rule) => verboseRule(rule, table, names)).join('');
  const problem = applyCommand(draft, command);
  stdout += draft.said.map((line) => `${line}\n`).join('');
  if (problem?.operation !== undefined) return { exit: 4, stdout, stderr: `${program} ${VERSION}:  ${problem.operation} failed (${problem.message}\n` };
  if (problem !== undefined) return { exit: 1, stdout, stderr: `${program}: ${problem.message}\n` };
  if (command.command === 'C' || (!exists && command.chain === undefined && 'FZX'.includes(command.command ?? ''))) return { exit: 0, stdout, stderr: '' };
  const done = port.replaceTable(draft.toTable());
  if (done.ok) return { exit: 0, stdout, stderr: '' };
  if (done.error === 'EPERM') return notRoot(program);
  const isRule = 'AIRD'.includes(command.command ?? '');
  return { exit: 4, stdout, stderr: `${program} ${VERSION}:  ${operationName(command)} failed (${errnoText(done.error)}): ${isRule ? 'rule in ' : ''}chain ${command.chain ?? ''}\n` };
}

function list(port: TablesPort, program: string, table: TableState, command: ParsedCommand, names: Names): Outcome {
  const text = command.command === 'S'
    ? listRules(table, command.chain, command.ruleNumber, command.verbose > 0)
    : listTable(table, command.chain, command.ruleNumber, { numeric: command.numeric, verbose: command.verbose > 0, exact: command.exact, lineNumbers: command.lineNumbers, names });
  if (text === undefined) return { exit: 1, stdout: '', stderr: `${program} ${VERSION}: chain \`${command.chain!}' in table \`${table.name}' is incompatible, use 'nft' tool.\n` };
  if (command.alsoZero && port.createdTables(table.family).includes(table.name)) {
    const draft = new TableDraft(table);
    draft.zero(command.chain, command.ruleNumber, false);
    port.replaceTable(draft.toTable());
  }
  return { exit: 0, stdout: text, stderr: '' };
}
