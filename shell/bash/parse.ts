/** From source text to commands: the one place that knows the unbash package. Read first: bash(1) "SHELL GRAMMAR" */
import { parse as parseWithUnbash } from 'unbash';
import type * as unbash from 'unbash';
import type { Argument, Assignment, CaseItem, Command, Condition, List, ListItem, Redirect, RedirectOperator, Word } from './ast.ts';
import { endOfArithmetic } from './scan.ts';

export interface SyntaxTrouble {
  /** As bash words it, without the prefix. */
  readonly message: string;
  readonly line: number;
  /** Source line it shows below the message, if it does. */
  readonly sourceLine: string | undefined;
  /** More input could mend it. */
  readonly isIncomplete: boolean;
  readonly position: number;
}

export interface Parsed {
  /** What can be run: with a trouble, only what stands on complete lines before it. */
  readonly items: readonly ListItem[];
  readonly trouble: SyntaxTrouble | undefined;
  /** Here-documents that the end of the input closed. */
  readonly openDocuments: readonly { readonly line: number; readonly delimiter: string }[];
}

const cache = new Map<string, Parsed>();

export function parseProgram(source: string, firstLine = 1): Parsed {
  const key = `${firstLine}:${source}`;
  let parsed = cache.get(key);
  if (parsed === undefined) {
    parsed = new Adapter(source, firstLine).program();
    if (cache.size > 2000) cache.clear();
    if (source.length < 20_000) cache.set(key, parsed);
  }
  return parsed;
}

/** Does the text end in the middle of something, so that PS2 is due? */
export function isIncomplete(source: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\\n?$/.test(source)) return true;
  const parsed = parseProgram(source);
  return parsed.openDocuments.length > 0 || parsed.trouble?.isIncomplete === true;
}

class Adapter {
  private readonly source: string;
  private readonly firstLine: number;
  private readonly lineStarts: number[] = [0];
  private readonly openDocuments: { line: number; delimiter: string }[] = [];
  private assignmentTrouble: number | undefined;

  constructor(source: string, firstLine: number) {
    this.source = source;
    this.firstLine = firstLine;
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) this.lineStarts.push(at + 1);
  }

  private line(position: number): number {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lineStarts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return this.firstLine + low;
  }

  program(): Parsed {
    const script = parseWithUnbash(this.source);
    const items = this.items(script.commands);
    let error = script.errors?.reduce<{ message: string; pos: number } | undefined>((first, next) => (first === undefined || next.pos < first.pos ? next : first), undefined);
    if (this.assignmentTrouble !== undefined && (error === undefined || this.assignmentTrouble < error.pos)) error = { message: 'unexpected token', pos: this.assignmentTrouble };
    if (error === undefined) return { items, trouble: undefined, openDocuments: this.openDocuments };
    const trouble = this.trouble(error);
    return { items: this.before(items, error.pos, trouble.isIncomplete), trouble, openDocuments: this.openDocuments };
  }

  /** The complete lines before the one with the trouble. */
  private before(items: readonly ListItem[], position: number, isOpen: boolean): ListItem[] {
    const units = unitsOf(items, this.source);
    const good: ListItem[] = [];
    for (const [index, unit] of units.entries()) {
      const end = unit.at(-1)!.end;
      if (end > position || (isOpen && index === units.length - 1)) break;
      const newline = this.source.indexOf('\n', end);
      if (newline < 0 || newline >= position) break;
      // A here-document's body may lie between.
      good.push(...unit);
    }
    return good;
  }

  private trouble(error: { message: string; pos: number }): SyntaxTrouble {
    const { source } = this;
    // The parser points at the bracket whose inside is missing.
    const from = /^expected command in/.test(error.message) ? error.pos + 1 : error.pos;
    const rest = source.slice(from).replace(/^(?:[ \t\n]|#[^\n]*|\\\n)+/, '');
    const position = source.length - rest.length;
    const unterminated = /^unterminated (.*)/.exec(error.message);
    const isIncomplete = unterminated !== null || rest === '';
    if (unterminated !== null) {
      const what = unterminated[1]!;
      const wanted = what.includes('single') ? "'" : what.includes('double') ? '"' : what.includes('backtick') || what.includes('backquote') ? '`' : what.includes('parameter') ? '}' : what.includes('test') || what.includes('conditional') ? ']]' : ')';
      const line = this.line(source.length === 0 ? 0 : source.length - 1);
      return { message: `unexpected EOF while looking for matching \`${wanted}'`, line: this.line(error.pos), sourceLine: undefined, isIncomplete, position: Math.max(0, Math.min(error.pos, line)) && error.pos };
    }
    if (rest === '') return { message: 'syntax error: unexpected end of file', line: this.line(source.length) + (source.endsWith('\n') ? 0 : 1), sourceLine: undefined, isIncomplete, position };
    const token = /^(?:\n|&&|\|\||;;&|;;|;&|\|&|&>>|&>|<<<|<<-?|>>|>&|<&|>\||[;&|()<>]|[^\s;&|()<>]+)/.exec(rest)?.[0] ?? rest[0]!;
    const line = this.line(position);
    const start = this.lineStarts[line - this.firstLine]!;
    const end = source.indexOf('\n', start);
    return { message: `syntax error near unexpected token \`${token === '\n' ? 'newline' : token}'`, line, sourceLine: source.slice(start, end < 0 ? undefined : end), isIncomplete: false, position };
  }

  private items(statements: readonly unbash.Statement[]): ListItem[] {
    return statements.map((statement) => ({ command: this.command(statement.command), isBackground: statement.background === true, line: this.line(statement.pos), start: statement.pos, end: statement.end }));
  }

  private list(list: unbash.CompoundList): List {
    return { kind: 'list', line: this.line(list.pos), redirects: [], items: this.items(list.commands) };
  }

  private word(word: unbash.Word): Word {
    return { text: word.text, line: this.line(word.pos) };
  }

  private text(text: string, position: number): Word {
    return { text, line: this.line(position) };
  }

  private command(node: unbash.PipelineNode | unbash.AndOr | unbash.CompoundList): Command {
    const line = this.line(node.pos);
    switch (node.type) {
      case 'Command': return {
        kind: 'simple', line, redirects: node.redirects.map((redirect) => this.redirect(redirect)),
        assignments: node.prefix.filter((part) => part.type === 'Assignment').map((part) => this.assignment(part)),
        words: [...(node.name === undefined ? [] : [this.word(node.name)]), ...node.args.map((argument): Argument => (argument.type === 'Word' ? this.word(argument) : this.assignment(argument)))],
      };
      case 'Pipeline': {
        let isNegated = false;
        let time: 'no' | 'bash' | 'posix' = 'no';
        for (const prefix of node.prefixes) {
          if (prefix.type === 'Negation') isNegated = !isNegated;
          else time = prefix.posix === undefined ? 'bash' : 'posix';
        }
        return { kind: 'pipeline', line, redirects: [], commands: node.commands.map((command) => this.command(command)), withErrors: node.operators.map((operator) => operator === '|&'), isNegated, time };
      }
      case 'AndOr': return { kind: 'and-or', line, redirects: [], commands: node.commands.map((command) => this.command(command)), operators: node.operators };
      case 'CompoundList': return this.list(node);
      case 'Redirected': return { ...this.command(node.command), redirects: node.redirects.map((redirect) => this.redirect(redirect)) };
      case 'If': return {
        kind: 'if', line, redirects: [], otherwise: node.else === undefined ? undefined : this.list(node.else),
        branches: [{ test: this.list(node.clause), body: this.list(node.then) }, ...node.elif.map((branch) => ({ test: this.list(branch.clause), body: this.list(branch.then) }))],
      };
      case 'For': case 'Select': return { kind: node.type === 'For' ? 'for' : 'select', line, redirects: [], name: node.name.text, words: node.wordlist?.map((word) => this.word(word)), body: this.list(node.body) };
      case 'ArithmeticFor': {
        const open = this.source.indexOf('((', node.pos) + 2;
        const inside = this.source.slice(open, (endOfArithmetic(this.source, open) ?? node.end) - 2);
        const parts = inside.split(';');
        return { kind: 'arithmetic-for', line, redirects: [], start: this.text(parts[0] ?? '', open), test: this.text(parts[1] ?? '', open), update: this.text(parts[2] ?? '', open), body: this.list(node.body) };
      }
      case 'While': return { kind: node.kind, line, redirects: [], test: this.list(node.clause), body: this.list(node.body) };
      case 'Subshell': return { kind: 'subshell', line, redirects: [], body: this.list(node.body) };
      case 'BraceGroup': return { kind: 'group', line, redirects: [], body: this.list(node.body) };
      case 'Case': return { kind: 'case', line, redirects: [], word: this.word(node.word), items: node.items.map((item): CaseItem => ({ patterns: item.pattern.map((word) => this.word(word)), body: this.list(item.body), terminator: item.terminator ?? ';;' })) };
      case 'TestCommand': return { kind: 'conditional', line, redirects: [], condition: this.condition(node.expression) };
      case 'ArithmeticCommand': return { kind: 'arithmetic', line, redirects: [], expression: this.text(node.body, node.pos) };
      case 'Function': return { kind: 'function', line, redirects: [], name: node.name.text, body: this.command(node.body) };
      case 'Coproc': return { kind: 'coproc', line, redirects: [], name: node.name?.text ?? 'COPROC', body: this.command(node.body) };
    }
  }

  private condition(node: unbash.TestExpression): Condition {
    switch (node.type) {
      case 'TestUnary': return { kind: 'unary', operator: node.operator, operand: this.word(node.operand) };
      case 'TestBinary': return { kind: 'binary', operator: node.operator, left: this.word(node.left), right: this.word(node.right) };
      case 'TestLogical': return { kind: 'logical', operator: node.operator, operands: node.operands.map((operand) => this.condition(operand)) };
      case 'TestNot': return node.negations.length % 2 === 0 ? this.condition(node.operand) : { kind: 'not', operand: this.condition(node.operand) };
      case 'TestGroup': return { kind: 'group', operand: this.condition(node.expression) };
    }
  }

  private assignment(node: unbash.Assignment): Assignment {
    const value = node.value.type === 'Word' ? this.word(node.value) : undefined;
    const elements = node.value.type === 'ArrayValue' ? node.value.elements.map((word) => this.word(word)) : undefined;
    return { name: node.name, index: node.index?.text, append: node.append === true, value, elements, text: node.text, line: this.line(node.pos) };
  }

  private redirect(node: unbash.Redirection): Redirect {
    const fd = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : undefined;
    const variable = node.descriptor?.type === 'FileDescriptorVariable' ? node.descriptor.name : undefined;
    if (node.type === 'HereDoc') {
      const delimiter = node.delimiter?.value ?? '';
      if (node.closing === undefined) this.openDocuments.push({ line: this.line(node.pos), delimiter });
      const body = node.operator === '<<-' ? node.body.text.replace(/^\t+/gm, '') : node.body.text;
      return { operator: node.operator, fd, variable, target: this.text(body, node.pos), isQuoted: node.delimiter?.quoted === true, delimiter };
    }
    return { operator: node.operator as RedirectOperator, fd, variable, target: node.target === undefined ? this.text('', node.pos) : this.word(node.target), isQuoted: false, delimiter: '' };
  }
}

/** Items grouped by the line they begin on: what bash reads, then runs, at a time. */
export function unitsOf(items: readonly ListItem[], source: string): ListItem[][] {
  const units: ListItem[][] = [];
  let last: ListItem | undefined;
  for (const item of items) {
    if (last !== undefined && !source.slice(last.end, item.start).includes('\n')) units.at(-1)!.push(item);
    else units.push([item]);
    last = item;
  }
  return units;
}
