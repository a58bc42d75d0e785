/**
 * iptables-restore text, parsed once for the tool and for programs that write it (iptables/xtables-restore.c). Each table between
 * `*name` and COMMIT is one transaction.
 */
import type { Family } from '../kernel/api.ts';
import type { Result } from '../result.ts';
import type { TableName, TableState } from './api.ts';
import { applyCommand, errnoText, operationName, TableDraft, type EditResult } from './edit.ts';
import { ParameterProblem } from './extension.ts';
import { builtInNames, type Names } from './names.ts';
import { BareProblem, NotSimulated, parseCommand, type ParsedCommand } from './rule.ts';
import { isTableName, validateTable } from './tables.ts';

/** The kernel's side, as narrow as a restore needs it. */
export interface RestorePort { table(name: TableName): TableState; replaceTable(table: TableState): Result; deleteTable(name: TableName): void; hasSet?(name: string): boolean }
export interface RestoreOptions {
  readonly family: Family;
  readonly noflush?: boolean;
  /** -c: counters in brackets are kept. */
  readonly counters?: boolean;
  /** --test: parse only. */
  readonly test?: boolean;
  /** -T: only this table. */
  readonly onlyTable?: string;
  readonly names?: Names;
  /** As the program calls itself in messages. */
  readonly program?: string;
  /** -L, -S and the like inside a restore: the tool prints them. */
  readonly onList?: (command: ParsedCommand, table: TableState) => string;
}
export interface RestoreOutcome { readonly exit: number; readonly stdout: string; readonly stderr: string }

class Failure extends Error {
  readonly outcome: { exit: number; stderr: string };
  constructor(exit: number, stderr: string) {
    super(stderr);
    this.outcome = { exit, stderr };
  }
}

export const VERSION = 'v1.8.9 (nf_tables)';

export function restore(port: RestorePort, text: string, options: RestoreOptions): RestoreOutcome {
  const run = new Restore(port, options);
  try {
    run.read(text);
    return { exit: 0, stdout: run.stdout, stderr: '' };
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    return { ...problem.outcome, stdout: run.stdout };
  }
}

class Restore {
  stdout = '';
  private readonly port: RestorePort;
  private readonly options: RestoreOptions;
  private readonly program: string;
  private lines: readonly string[] = [];
  private line = 0;
  private table: TableName | undefined;
  private isSkipped = false;
  /** Lines are edited in as they are read: a restore may have a hundred thousand, too many to keep. Undefined with --test. */
  private draft: TableDraft | undefined;
  private begunAtLine = 0;
  /** The kernel will see something. */
  private isWriting = false;
  /** What the first edit that failed will be told with at COMMIT; whatever cannot be read is told before. */
  private refusal: (() => Failure) | undefined;
  /** The kernel has refused the whole: validates after each line to name the one that it refuses. */
  private isBlaming = false;
  /** What listings have said since the table began. */
  private said = '';

  constructor(port: RestorePort, options: RestoreOptions) {
    this.port = port;
    this.options = options;
    this.program = options.program ?? (options.family === 'inet' ? 'iptables-restore' : 'ip6tables-restore');
  }

  read(text: string): void {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    this.lines = lines;
    for (const raw of lines) {
      this.line += 1;
      this.one(raw);
    }
    if (this.table !== undefined || this.isSkipped) throw new Failure(1, `${this.program}: COMMIT expected at line ${this.line + 1}\n`);
  }

  private one(raw: string): void {
    if (raw === '' || raw.startsWith('#')) return;
    const inTable = this.table !== undefined || this.isSkipped;
    if (raw.startsWith('COMMIT') && inTable) this.commit();
    else if (raw.startsWith('*') && !inTable) this.begin(raw.slice(1).trim().split(/\s/)[0] ?? '');
    else if (this.isSkipped) return;
    else if (raw.startsWith(':') && inTable) this.chainLine(raw.slice(1));
    else if (inTable) this.ruleLine(raw);
    else throw new Failure(1, `${this.program}: line ${this.line} failed\n`);
  }

  private problem(message: string): Failure {
    return new Failure(2, `${this.program} ${VERSION}: ${message}\nError occurred at line: ${this.line}\nTry \`${this.program} -h' or '${this.program} --help' for more information.\n`);
  }

  private begin(name: string): void {
    if (this.options.onlyTable !== undefined && this.options.onlyTable !== name) {
      this.isSkipped = true;
      return;
    }
    if (!isTableName(name)) throw this.problem(`${this.program}: line ${this.line} table name '${name}' invalid`);
    this.table = name;
    this.begunAtLine = this.line;
    this.isWriting = false;
    this.refusal = undefined;
    this.startDraft(name);
  }

  private startDraft(name: TableName): void {
    this.said = '';
    this.draft = this.options.test === true ? undefined : new TableDraft(this.port.table(name));
    if (this.options.noflush !== true) this.draft?.reset();
  }

  private chainLine(text: string): void {
    const [name = '', policy, counters] = text.trim().split(/\s+/);
    if (name.length > 28) throw this.problem(`Invalid chain name \`${name}' (29 chars max)`);
    if (policy === undefined) throw this.problem(`${this.program}: line ${this.line} policy invalid`);
    const pair = counters === undefined ? null : /^\[(\d+):(\d+)\]$/.exec(counters);
    if (this.options.counters === true && pair === null) throw this.problem(`invalid policy counters for chain '${name}'`);
    const values: [number, number] | undefined = pair === null ? undefined : this.options.counters === true ? [Number(pair[1]), Number(pair[2])] : [0, 0];
    this.take('CHAIN_ADD', name, (draft) => draft.restoreChain(name, policy === '-' ? undefined : policy, values));
  }

  private ruleLine(raw: string): void {
    const bracket = raw.startsWith('-') ? null : /^\s*\[(\d+):(\d+)\]\s*/.exec(raw);
    const words = splitWords(bracket === null ? raw : raw.slice(bracket[0].length));
    const command = this.parse(words);
    if (bracket !== null && this.options.counters === true) for (const rule of command.rules) [rule.packets, rule.bytes] = [Number(bracket[1]), Number(bracket[2])];
    if (command.command === 'L' || command.command === 'S') {
      this.take('', '', (draft) => {
        this.said += this.options.onList?.(command, draft.toTable()) ?? '';
        return undefined;
      });
      return;
    }
    const { chain = '', rules } = command;
    this.take(operationName(command), chain, command.command === 'A' ? (draft) => draft.append(chain, rules) : (draft) => applyCommand(draft, command));
  }

  private parse(words: readonly string[]): ParsedCommand {
    const { family, names = builtInNames } = this.options;
    try {
      return parseCommand(words, { family, table: this.table!, names, isRestore: true, hasSet: this.port.hasSet });
    } catch (problem) {
      if (problem instanceof ParameterProblem) throw this.problem(problem.message);
      if (problem instanceof BareProblem) throw new Failure(2, `${problem.message}\nError occurred at line: ${this.line}\nTry \`${this.program} -h' or '${this.program} --help' for more information.\n`);
      if (problem instanceof NotSimulated) throw new Failure(125, `podwire: ${this.program}: ${problem.message} is not simulated yet\n`);
      throw problem;
    }
  }

  /** `operation` and `chain` are for complaints; '' for what the kernel never sees. */
  private take(operation: string, chain: string, run: (draft: TableDraft) => EditResult): void {
    const { draft, line } = this;
    if (operation !== '') this.isWriting = true;
    if (draft === undefined || this.refusal !== undefined) return;
    try {
      const problem = run(draft);
      if (problem?.operation !== undefined) this.refusal = () => new Failure(4, `${this.program} ${VERSION}: \nline ${line}: ${problem.operation!} failed (${problem.message}\n`);
      else if (problem !== undefined) this.refusal = () => new Failure(1, `${this.program}: line ${line} failed: ${problem.message}\n`);
    } catch (thrown) {
      if (!(thrown instanceof ParameterProblem)) throw thrown;
      this.refusal = () => this.problem(thrown.message);
    }
    if (!this.isBlaming) return;
    const valid = validateTable(draft.toTable());
    if (!valid.ok) throw new Failure(4, `${this.program} ${VERSION}: \nline ${line}: ${operation} failed (${errnoText(valid.error)}): ${operation.startsWith('RULE_') ? 'rule in ' : ''}chain ${chain}\n`);
  }

  private commit(): void {
    const { table: name, draft } = this;
    this.table = undefined;
    this.isSkipped = false;
    if (name === undefined || draft === undefined) return;
    if (this.refusal !== undefined) throw this.refusal();
    if (!this.isWriting) {
      this.stdout += this.said;
      // Nothing was written: flushing deletes the table, and nobody makes it anew.
      if (this.options.noflush !== true) this.port.deleteTable(name);
      return;
    }
    const result = this.port.replaceTable(draft.toTable());
    if (!result.ok) throw this.blame(name, result.error);
    this.stdout += this.said;
  }

  /** Reads the table again to find the line that the kernel refuses. */
  private blame(name: TableName, error: string): Failure {
    const end = this.line;
    this.stdout = '';
    this.table = name;
    this.isBlaming = true;
    this.startDraft(name);
    for (this.line = this.begunAtLine + 1; this.line < end; this.line += 1) this.one(this.lines[this.line - 1]!);
    return new Failure(4, `${this.program} ${VERSION}: \nline ${end}: CHAIN_ADD failed (${errnoText(error)}): table ${name}\n`);
  }
}

/** Words of a line: blanks separate, double quotes join, a backslash inside quotes takes the next character as it is (add_argv). */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === BLANK || code === TAB) {
      at += 1;
      continue;
    }
    const start = at;
    while (at < text.length && !isSpecial(text.charCodeAt(at))) at += 1;
    let word = text.slice(start, at);
    // Most words are a plain piece of the line; quotes make it a matter of pieces.
    while (at < text.length && text.charCodeAt(at) === QUOTE) {
      at += 1;
      let from = at;
      for (; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1) {
        if (text.charCodeAt(at) !== BACKSLASH || at + 1 >= text.length) continue;
        word += text.slice(from, at);
        at += 1;
        from = at;
      }
      word += text.slice(from, at);
      at += 1;
      from = at;
      while (at < text.length && !isSpecial(text.charCodeAt(at))) at += 1;
      word += text.slice(from, at);
    }
    words.push(word);
  }
  return words;
}

const [BLANK, TAB, QUOTE, BACKSLASH] = [32, 9, 34, 92];

function isSpecial(code: number): boolean {
  return code === BLANK || code === TAB || code === QUOTE;
}
