/** awk's grammar. Read first: POSIX awk, "Grammar"; mawk(1). Concatenation binds between addition and comparison; `>` in print is a redirection. */
import { compileRegex, type Regex, type RegexError } from '../../lib/regex/regex.ts';

export type Expression =
  | { kind: 'number'; value: number } | { kind: 'string'; value: string } | { kind: 'regex'; regex: Regex }
  | { kind: 'variable'; name: string } | { kind: 'field'; of: Expression } | { kind: 'index'; name: string; keys: Expression[] }
  | { kind: 'assign'; operator: string; target: Expression; value: Expression } | { kind: 'step'; isPrefix: boolean; by: 1 | -1; target: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression } | { kind: 'unary'; operator: '!' | '-' | '+'; of: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression } | { kind: 'conditional'; test: Expression; yes: Expression; no: Expression }
  | { kind: 'match'; isNegated: boolean; text: Expression; pattern: Expression } | { kind: 'in'; keys: Expression[]; name: string }
  | { kind: 'call'; name: string; args: Expression[]; isBuiltin: boolean } | { kind: 'group'; of: Expression }
  | { kind: 'getline'; target: Expression | undefined; source: 'main' | 'file' | 'command'; from: Expression | undefined };
export type Statement =
  | { kind: 'expression'; of: Expression } | { kind: 'print'; isFormatted: boolean; args: Expression[]; to: { mode: '>' | '>>' | '|'; target: Expression } | undefined }
  | { kind: 'block'; body: Statement[] } | { kind: 'if'; test: Expression; yes: Statement; no: Statement | undefined } | { kind: 'while'; test: Expression; body: Statement; isAfter: boolean }
  | { kind: 'for'; init: Statement | undefined; test: Expression | undefined; step: Statement | undefined; body: Statement } | { kind: 'forIn'; name: string; array: string; body: Statement }
  | { kind: 'next' | 'nextfile' | 'break' | 'continue' } | { kind: 'exit' | 'return'; value: Expression | undefined } | { kind: 'delete'; name: string; keys: Expression[] | undefined };
export interface Rule { readonly pattern: 'BEGIN' | 'END' | Expression | undefined; readonly end: Expression | undefined; readonly body: Statement | undefined }
export interface AwkFunction { readonly name: string; readonly parameters: string[]; readonly body: Statement }
export interface Program { readonly rules: Rule[]; readonly functions: Map<string, AwkFunction> }

export class AwkSyntaxError extends Error {
  /** `before` are faults after which the reading went on. */
  constructor(line: number, message: string | undefined, before: readonly string[] = []) {
    super([...before, ...(message === undefined ? [] : [`line ${line}: ${message}`])].join('\n\n'));
  }
}

interface Token { readonly type: 'number' | 'string' | 'regex' | 'name' | 'funcname' | 'builtin' | 'keyword' | 'operator' | 'newline' | 'end'; readonly text: string; readonly line: number; readonly spaced: boolean; /** Parentheses open here. */ readonly parentheses: number }

const keywords = new Set(['BEGIN', 'END', 'function', 'if', 'else', 'while', 'for', 'do', 'break', 'continue', 'next', 'nextfile', 'exit', 'return', 'delete', 'in', 'getline', 'print', 'printf']);
export const builtins = new Set(['length', 'substr', 'index', 'split', 'sub', 'gsub', 'match', 'sprintf', 'tolower', 'toupper', 'int', 'sqrt', 'exp', 'log', 'sin', 'cos', 'atan2', 'rand', 'srand', 'system', 'close', 'fflush', 'strftime', 'systime', 'mktime']);
/** How many arguments a builtin takes; another number of them is refused when the program is read. */
const argumentCounts: Readonly<Record<string, readonly [least: number, most: number]>> = { length: [0, 1], substr: [2, 3], index: [2, 2], sprintf: [1, 255], tolower: [1, 1], toupper: [1, 1], int: [1, 1], sqrt: [1, 1], exp: [1, 1], log: [1, 1], sin: [1, 1], cos: [1, 1], atan2: [2, 2], rand: [0, 0], srand: [0, 1], system: [1, 1], close: [1, 1], fflush: [0, 1], strftime: [0, 3], systime: [0, 0], mktime: [1, 1] };
/** Those whose grammar is their own: too few arguments are a syntax error. */
const leastArguments: Readonly<Record<string, number>> = { split: 2, sub: 2, gsub: 2, match: 2 };
const operators = ['+=', '-=', '*=', '/=', '%=', '^=', '==', '<=', '>=', '!=', '++', '--', '&&', '||', '>>', '{', '}', '(', ')', '[', ']', ';', ',', '+', '-', '*', '/', '%', '^', '!', '>', '<', '|', '?', ':', '~', '$', '='];

export function unescapeString(text: string): string {
  return text.replace(/\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/gs, (_, escape: string) => {
    if (escape === '\n') return '';
    if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8));
    if (/^x[0-9a-f]/i.test(escape)) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', '"': '"' }[escape] ?? `\\${escape}`;
  });
}

/** What names stand for: mawk decides when it first reads one, and refuses another use. */
class Names {
  private readonly globals = new Map<string, 'variable' | 'array'>([...['FS', 'OFS', 'ORS', 'RS', 'SUBSEP', 'CONVFMT', 'OFMT', 'NR', 'FNR', 'NF', 'FILENAME', 'RSTART', 'RLENGTH', 'ARGC'].map((name) => [name, 'variable'] as const), ['ARGV', 'array'], ['ENVIRON', 'array']]);
  private readonly locals = new Map<string, Map<string, 'variable' | 'array' | undefined>>();
  private readonly calls: { readonly name: string; readonly args: readonly Expression[]; readonly line: number; readonly within: string | undefined }[] = [];
  private within: string | undefined;

  enter(name: string, parameters: readonly string[]): void {
    this.within = name;
    this.locals.set(name, new Map(parameters.map((parameter) => [parameter, undefined])));
  }
  leave(): void {
    this.within = undefined;
  }

  kindOf(name: string, within = this.within): 'variable' | 'array' | undefined {
    const locals = within === undefined ? undefined : this.locals.get(within);
    return locals?.has(name) === true ? locals.get(name) : this.globals.get(name);
  }

  /** What is wrong with this use, if anything. */
  use(name: string, as: 'variable' | 'array'): string | undefined {
    const locals = this.within === undefined ? undefined : this.locals.get(this.within);
    const isLocal = locals?.has(name) === true;
    const known = this.kindOf(name);
    if (known === undefined) (isLocal ? locals : this.globals).set(name, as);
    return known === undefined || known === as ? undefined : `illegal reference to ${isLocal ? 'local ' : ''}${known} ${name}`;
  }

  call(name: string, args: readonly Expression[], line: number): void {
    this.calls.push({ name, args, line, within: this.within });
  }

  /** Once all functions are known: that they are there, and take what they are given. */
  checkCalls(functions: ReadonlyMap<string, AwkFunction>, lastLine: number): { line: number; text: string } | undefined {
    for (const { name, args, line, within } of this.calls) {
      const called = functions.get(name);
      if (called === undefined) return { line: lastLine, text: `function ${name} never defined` };
      if (args.length > called.parameters.length) return { line, text: `too many arguments in call to ${name}` };
      for (const [index, argument] of args.entries()) {
        const wanted = this.locals.get(name)!.get(called.parameters[index]!);
        const given = argument.kind === 'variable' ? this.kindOf(argument.name, within) : 'variable';
        if (wanted !== undefined && given !== undefined && wanted !== given) return { line, text: `type error in arg(${index + 1}) in call to ${name}` };
      }
    }
    return undefined;
  }
}

class UnexpectedCharacter extends AwkSyntaxError {
  constructor(line: number, character: string) {
    super(line, '');
    this.message = `${line}: unexpected character '${character}'`;
  }
}

function tokenize(source: string, faults: string[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let [parentheses, braces] = [0, 0];
  const push = (type: Token['type'], text: string, spaced: boolean): void => {
    tokens.push({ type, text, line, spaced, parentheses });
  };
  while (at < source.length) {
    const start = at;
    while (at < source.length && (/[ \t\r]/.test(source[at]!) || (source[at] === '\\' && source[at + 1] === '\n') || (source[at] === '\\' && source.startsWith('\\\r\n', at)))) {
      if (source[at] === '\\') {
        line += 1;
        at += 1;
      }
      at += 1;
    }
    const spaced = at > start;
    const character = source[at];
    if (character === undefined) break;
    if (character === '#') {
      while (at < source.length && source[at] !== '\n') at += 1;
      continue;
    }
    if (character === '\n') {
      push('newline', '\n', spaced);
      line += 1;
      at += 1;
      continue;
    }
    const number = /^(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/.exec(source.slice(at, at + 60));
    if (number !== null) {
      push('number', number[0], spaced);
      at += number[0].length;
      continue;
    }
    const name = /^[A-Za-z_]\w*/.exec(source.slice(at, at + 200));
    if (name !== null) {
      at += name[0].length;
      push(keywords.has(name[0]) ? 'keyword' : builtins.has(name[0]) ? 'builtin' : source[at] === '(' ? 'funcname' : 'name', name[0], spaced);
      continue;
    }
    if (character === '"') {
      let end = at + 1;
      while (end < source.length && source[end] !== '"' && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
      if (source[end] !== '"') throw new AwkSyntaxError(line, `runaway string constant ${source.slice(at, at + 12)} ...`);
      push('string', unescapeString(source.slice(at + 1, end)), spaced);
      at = end + 1;
      continue;
    }
    if (character === '/' && regexMayFollow(tokens.at(-1))) {
      let end = at + 1;
      let inBracket = false;
      while (end < source.length && (source[end] !== '/' || inBracket)) {
        if (source[end] === '\n') break;
        if (source[end] === '\\') end += 1;
        else if (source[end] === '[' && !inBracket) {
          inBracket = true;
          if (source[end + 1] === '^') end += 1;
          if (source[end + 1] === ']') end += 1;
        } else if (source[end] === '[' && source[end + 1] === ':') end = Math.max(end, source.indexOf(':]', end + 2) + 1);
        else if (source[end] === ']') inBracket = false;
        end += 1;
      }
      if (source[end] !== '/') throw new AwkSyntaxError(line, `runaway regular expression ${source.slice(at, at + 11)} ...`);
      push('regex', source.slice(at + 1, end), spaced);
      at = end + 1;
      continue;
    }
    const operator = operators.find((each) => source.startsWith(each, at));
    if (operator === undefined) throw new UnexpectedCharacter(line, character);
    if (operator === '(') parentheses += 1;
    if (operator === '{') braces += 1;
    if ((operator === ')' && parentheses === 0) || (operator === '}' && braces === 0)) {
      // A parenthesis too many is passed over; after a brace too many nothing fits.
      faults.push(`line ${line}: extra '${operator}'`);
      if (operator === '}') push('operator', 'end of line', spaced);
      at += 1;
      continue;
    }
    if (operator === '}') braces -= 1;
    push('operator', operator, spaced);
    if (operator === ')') parentheses -= 1;
    at += operator.length;
  }
  push('newline', '\n', false);
  line += 1;
  push('end', 'end of file', false);
  return tokens;
}

/** mawk's words for an expression it cannot read. */
export function regexRefusal(source: string, error: RegexError): string {
  if (/(^|[^\\])\($/.test(source)) return `regular expression compile failed (missing ')')\n${source}`;
  const words: Partial<Record<RegexError, string>> = { 'Invalid preceding regular expression': 'missing operand', 'Unmatched ( or \\(': "missing ')'", 'Invalid character class name': 'bad class -- [], [^] or [', 'Unmatched [, [^, [:, [., or [=': 'bad class -- [], [^] or [', 'Invalid regular expression': 'bad class -- [], [^] or [' };
  return `regular expression compile failed (${words[error] ?? error})\n${source}`;
}

function regexMayFollow(token: Token | undefined): boolean {
  if (token === undefined) return true;
  if (token.type === 'operator') return ![')', ']', '$', '++', '--'].includes(token.text);
  return token.type === 'newline' || token.type === 'keyword';
}

export function parseProgram(source: string): Program {
  const faults: string[] = [];
  return new Parser(tokenize(source, faults), faults).program();
}

class Parser {
  private at = 0;
  private noIn = false;
  private noGreater = false;
  private readonly tokens: readonly Token[];
  /** What is wrong already, but let the reading go on. */
  private readonly faults: readonly string[];
  private readonly names = new Names();
  private loops = 0;
  private place: 'BEGIN' | 'END' | 'function' | 'rule' = 'rule';
  constructor(tokens: readonly Token[], faults: readonly string[]) {
    this.tokens = tokens;
    this.faults = faults;
  }
  private get token(): Token {
    return this.tokens[this.at]!;
  }
  private is(text: string): boolean {
    return (this.token.type === 'operator' || this.token.type === 'keyword') && this.token.text === text;
  }
  private accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }
  private expect(text: string): void {
    if (!this.accept(text)) this.fail();
  }
  private fail(): never {
    const { type, text, parentheses } = this.token;
    const shown = type === 'newline' ? 'end of line' : type === 'string' ? JSON.stringify(text) : text;
    if (type === 'end') this.refuse(`missing ${parentheses > 0 ? ')' : '}'} near end of file`);
    if (parentheses > 0 && (type === 'newline' || text === ';' || text === '}')) this.refuse(`missing ) near ${shown}`);
    this.refuse(`syntax error at or near ${shown}`);
  }
  private refuse(text: string, line = this.token.line): never {
    throw new AwkSyntaxError(line, text, this.faults);
  }
  private using(name: string, as: 'variable' | 'array'): void {
    const problem = this.names.use(name, as);
    if (problem !== undefined) this.refuse(problem);
  }
  private newlines(): void {
    while (this.token.type === 'newline') this.at += 1;
  }
  private terminators(): void {
    while (this.token.type === 'newline' || this.is(';')) this.at += 1;
  }

  program(): Program {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    this.terminators();
    while (this.token.type !== 'end') {
      if (this.accept('function')) {
        const name = this.token.text;
        if (this.token.type !== 'name' && this.token.type !== 'funcname') this.fail();
        if (functions.has(name)) this.refuse(`redefinition of ${name}`);
        const known = this.names.kindOf(name);
        if (known !== undefined) this.refuse(`illegal reference to ${known} ${name}`);
        this.at += 1;
        this.expect('(');
        const parameters: string[] = [];
        while (!this.is(')')) {
          if (this.token.type !== 'name') this.fail();
          parameters.push(this.token.text);
          this.at += 1;
          this.newlines();
          if (!this.accept(',')) break;
          this.newlines();
        }
        this.expect(')');
        this.newlines();
        this.place = 'function';
        this.names.enter(name, parameters);
        functions.set(name, { name, parameters, body: { kind: 'block', body: [] } });
        functions.set(name, { name, parameters, body: this.block() });
        this.names.leave();
      } else {
        let pattern: Rule['pattern'];
        let end: Expression | undefined;
        if (this.accept('BEGIN')) pattern = 'BEGIN';
        else if (this.accept('END')) pattern = 'END';
        else if (!this.is('{')) {
          pattern = this.expression();
          if (this.accept(',')) {
            this.newlines();
            end = this.expression();
          }
        }
        if (typeof pattern === 'string' && !this.is('{')) this.fail();
        this.place = typeof pattern === 'string' ? pattern : 'rule';
        rules.push({ pattern, end, body: this.is('{') ? this.block() : undefined });
      }
      this.terminators();
    }
    if (this.faults.length > 0) {
      throw new AwkSyntaxError(0, undefined, this.faults);
    }
    const problem = this.names.checkCalls(functions, this.token.line);
    if (problem !== undefined) throw new AwkSyntaxError(problem.line, problem.text);
    return { rules, functions };
  }

  private block(): Statement {
    this.expect('{');
    const body: Statement[] = [];
    this.terminators();
    while (!this.is('}')) {
      if (this.token.type === 'end') this.fail();
      body.push(this.statement());
      this.terminators();
    }
    this.expect('}');
    return { kind: 'block', body };
  }

  private endSimple(): void {
    if (this.is(';') || this.token.type === 'newline') this.at += 1;
    else if (!this.is('}') && this.token.type !== 'end') this.fail();
  }

  private body(): Statement {
    this.newlines();
    if (this.accept(';')) return { kind: 'block', body: [] };
    return this.statement();
  }

  private loopBody(): Statement {
    this.loops += 1;
    const body = this.body();
    this.loops -= 1;
    return body;
  }

  private statement(): Statement {
    if (this.is('{')) return this.block();
    if (this.accept('if')) {
      this.expect('(');
      const test = this.expression();
      this.expect(')');
      const yes = this.body();
      const back = this.at;
      this.terminators();
      if (this.accept('else')) return { kind: 'if', test, yes, no: this.body() };
      this.at = back;
      return { kind: 'if', test, yes, no: undefined };
    }
    if (this.accept('while')) {
      this.expect('(');
      const test = this.expression();
      this.expect(')');
      return { kind: 'while', test, body: this.loopBody(), isAfter: false };
    }
    if (this.accept('do')) {
      const body = this.loopBody();
      this.terminators();
      this.expect('while');
      this.expect('(');
      const test = this.expression();
      this.expect(')');
      this.endSimple();
      return { kind: 'while', test, body, isAfter: true };
    }
    if (this.accept('for')) return this.forLoop();
    const made = this.simple();
    this.endSimple();
    return made;
  }

  private forLoop(): Statement {
    this.expect('(');
    const [name, word, array, close] = this.tokens.slice(this.at, this.at + 4);
    if (name?.type === 'name' && word?.text === 'in' && array?.type === 'name' && close?.text === ')') {
      this.at += 4;
      this.using(name.text, 'variable');
      this.using(array.text, 'array');
      return { kind: 'forIn', name: name.text, array: array.text, body: this.loopBody() };
    }
    const init = this.is(';') ? undefined : this.simple();
    this.expect(';');
    this.newlines();
    const test = this.is(';') ? undefined : this.expression();
    this.expect(';');
    this.newlines();
    const step = this.is(')') ? undefined : this.simple();
    this.expect(')');
    return { kind: 'for', init, test, step, body: this.loopBody() };
  }

  private simple(): Statement {
    for (const kind of ['next', 'nextfile'] as const) {
      if (this.is(kind) && this.place !== 'rule') this.refuse(`improper use of ${kind}`);
      if (this.accept(kind)) return { kind };
    }
    for (const kind of ['break', 'continue'] as const) {
      if (this.is(kind) && this.loops === 0) this.refuse(`${kind} statement outside of loop`);
      if (this.accept(kind)) return { kind };
    }
    if (this.is('return') && this.place !== 'function') this.refuse('return outside function body');
    for (const kind of ['exit', 'return'] as const) {
      if (this.accept(kind)) return { kind, value: this.is(';') || this.is('}') || this.token.type === 'newline' ? undefined : this.expression() };
    }
    if (this.accept('delete')) {
      const name = this.token.text;
      if (this.token.type !== 'name') this.fail();
      this.using(name, 'array');
      this.at += 1;
      if (!this.accept('[')) return { kind: 'delete', name, keys: undefined };
      const keys = this.list(']');
      this.expect(']');
      return { kind: 'delete', name, keys };
    }
    if (this.is('print') || this.is('printf')) return this.print();
    return { kind: 'expression', of: this.expression() };
  }

  private print(): Statement {
    const isFormatted = this.token.text === 'printf';
    this.at += 1;
    let args: Expression[] = [];
    const isOver = (): boolean => this.is(';') || this.is('}') || this.token.type === 'newline' || this.is('>') || this.is('>>') || this.is('|');
    this.noGreater = true;
    if (!isOver()) {
      const back = this.at;
      let isGrouped = false;
      if (this.accept('(')) {
        this.noGreater = false;
        args = this.list(')');
        this.noGreater = true;
        isGrouped = this.accept(')') && isOver();
      }
      if (!isGrouped) {
        this.at = back;
        args = [this.expression()];
        while (this.accept(',')) {
          this.newlines();
          args.push(this.expression());
        }
      }
    }
    this.noGreater = false;
    if (isFormatted && args.length === 0) this.refuse('no arguments in call to printf');
    for (const mode of ['>>', '>', '|'] as const) {
      if (this.accept(mode)) return { kind: 'print', isFormatted, args, to: { mode, target: mode === '|' ? this.concatenation(true) : this.printTarget() } };
    }
    return { kind: 'print', isFormatted, args, to: undefined };
  }

  /** mawk takes a whole expression after `>`, a conditional one too; another `>` begins no comparison. */
  private printTarget(): Expression {
    this.noGreater = true;
    const target = this.expression();
    this.noGreater = false;
    return target;
  }

  /** A lone name given to a function may be an array as well. */
  private list(close: string, mayBeArrays = false): Expression[] {
    const items: Expression[] = [];
    this.newlines();
    while (!this.is(close)) {
      const after = this.tokens[this.at + 1]!;
      if (mayBeArrays && this.token.type === 'name' && after.type === 'operator' && (after.text === ',' || after.text === close)) {
        items.push({ kind: 'variable', name: this.token.text });
        this.at += 1;
      } else items.push(this.expression());
      this.newlines();
      if (!this.accept(',')) break;
      this.newlines();
    }
    return items;
  }

  expression(): Expression {
    const left = this.ternary();
    if (isTarget(left)) {
      for (const operator of ['=', '+=', '-=', '*=', '/=', '%=', '^=']) {
        if (this.accept(operator)) {
          this.newlines();
          return { kind: 'assign', operator: operator.slice(0, -1), target: left, value: this.expression() };
        }
      }
    }
    return left;
  }

  private ternary(): Expression {
    const test = this.or();
    if (!this.accept('?')) return test;
    this.newlines();
    const yes = this.expression();
    this.newlines();
    this.expect(':');
    this.newlines();
    return { kind: 'conditional', test, yes, no: this.expression() };
  }
  private or(): Expression {
    let left = this.and();
    while (this.accept('||')) {
      this.newlines();
      left = { kind: 'or', left, right: this.and() };
    }
    return left;
  }
  private and(): Expression {
    let left = this.membership();
    while (this.accept('&&')) {
      this.newlines();
      left = { kind: 'and', left, right: this.membership() };
    }
    return left;
  }
  private membership(): Expression {
    let left = this.matching();
    while (!this.noIn && this.accept('in')) {
      this.using(this.token.text, 'array');
      left = { kind: 'in', keys: [left], name: this.token.text };
      this.at += 1;
    }
    return left;
  }
  private matching(): Expression {
    let left = this.comparison();
    for (;;) {
      if (this.accept('~')) left = { kind: 'match', isNegated: false, text: left, pattern: this.comparison() };
      else if (this.is('!') && this.tokens[this.at + 1]?.text === '~' && !this.tokens[this.at + 1]!.spaced) {
        this.at += 2;
        left = { kind: 'match', isNegated: true, text: left, pattern: this.comparison() };
      } else return left;
    }
  }
  private comparison(): Expression {
    const left = this.concatenation(false);
    for (const operator of ['<=', '>=', '==', '!=', '<', '>']) {
      if (operator === '>' && this.noGreater) continue;
      if (this.accept(operator)) return { kind: 'binary', operator, left, right: this.concatenation(false) };
    }
    if (this.is('|') && this.tokens[this.at + 1]?.text === 'getline') {
      let source: Expression = left;
      while (this.is('|') && this.tokens[this.at + 1]?.text === 'getline') {
        this.at += 2;
        source = { kind: 'getline', target: this.optionalTarget(), source: 'command', from: source };
      }
      return source;
    }
    return left;
  }
  private concatenation(isTarget: boolean): Expression {
    let left = this.additive();
    while (this.startsOperand() && !(isTarget && this.token.type === 'newline')) left = { kind: 'binary', operator: ' ', left, right: this.additive() };
    return left;
  }
  private startsOperand(): boolean {
    const { type, text } = this.token;
    if (type === 'number' || type === 'string' || type === 'regex' || type === 'name' || type === 'funcname' || type === 'builtin') return true;
    if (type === 'operator') return ['$', '!', '(', '-', '+', '++', '--'].includes(text) && !(text === '!' && this.tokens[this.at + 1]?.text === '~');
    return false;
  }
  private additive(): Expression {
    let left = this.multiplicative();
    for (;;) {
      const operator = this.is('+') ? '+' : this.is('-') ? '-' : undefined;
      if (operator === undefined) return left;
      this.at += 1;
      left = { kind: 'binary', operator, left, right: this.multiplicative() };
    }
  }
  private multiplicative(): Expression {
    let left = this.unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((each) => this.is(each));
      if (operator === undefined) return left;
      this.at += 1;
      left = { kind: 'binary', operator, left, right: this.unary() };
    }
  }
  private unary(): Expression {
    for (const operator of ['!', '-', '+'] as const) {
      if (this.is(operator)) {
        this.at += 1;
        return { kind: 'unary', operator, of: this.unary() };
      }
    }
    return this.power();
  }
  private power(): Expression {
    const left = this.postfix();
    if (this.accept('^')) return { kind: 'binary', operator: '^', left, right: this.is('-') || this.is('+') || this.is('!') ? this.unary() : this.power() };
    return left;
  }
  private postfix(): Expression {
    const of = this.primary();
    if (isTarget(of)) {
      if (this.accept('++')) return { kind: 'step', isPrefix: false, by: 1, target: of };
      if (this.accept('--')) return { kind: 'step', isPrefix: false, by: -1, target: of };
    }
    return of;
  }
  private optionalTarget(): Expression | undefined {
    if (this.token.type === 'name' || this.is('$')) return this.primary();
    return undefined;
  }

  private primary(): Expression {
    const { token } = this;
    this.at += 1;
    if (token.type === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.type === 'string') return { kind: 'string', value: token.text };
    if (token.type === 'regex') {
      const made = compileRegex(token.text, 'awk');
      if (!made.ok) throw new AwkSyntaxError(token.line, regexRefusal(token.text, made.error));
      return { kind: 'regex', regex: made.regex };
    }
    if (token.type === 'funcname') {
      this.expect('(');
      const args = this.list(')', true);
      this.expect(')');
      this.names.call(token.text, args, token.line);
      return { kind: 'call', name: token.text, args, isBuiltin: false };
    }
    if (token.type === 'builtin') {
      if (!this.is('(')) {
        if (token.text === 'length') return { kind: 'call', name: 'length', args: [], isBuiltin: true };
        this.fail();
      }
      this.expect('(');
      const [noIn, noGreater] = [this.noIn, this.noGreater];
      this.noIn = false;
      this.noGreater = false;
      const mayBeArray = token.text === 'split' || (token.text === 'length' && this.token.type === 'name' && this.names.kindOf(this.token.text) !== undefined);
      const args = this.list(')', mayBeArray);
      [this.noIn, this.noGreater] = [noIn, noGreater];
      if (args.length < (leastArguments[token.text] ?? 0)) this.fail();
      if (token.text === 'split' && args[1]?.kind === 'variable') this.using(args[1].name, 'array');
      const [least, most] = argumentCounts[token.text] ?? [0, 3];
      if (args.length < least || args.length > most) this.refuse(`wrong number of arguments in call to ${token.text}`);
      this.expect(')');
      return { kind: 'call', name: token.text, args, isBuiltin: true };
    }
    if (token.type === 'name') {
      this.using(token.text, this.is('[') ? 'array' : 'variable');
      if (!this.accept('[')) return { kind: 'variable', name: token.text };
      const keys = this.list(']');
      this.expect(']');
      return { kind: 'index', name: token.text, keys };
    }
    if (token.text === '$') {
      if (this.accept('++')) return { kind: 'field', of: { kind: 'step', isPrefix: true, by: 1, target: this.primary() } };
      if (this.accept('--')) return { kind: 'field', of: { kind: 'step', isPrefix: true, by: -1, target: this.primary() } };
      if (this.is('-')) return { kind: 'field', of: this.unary() };
      return { kind: 'field', of: this.primary() };
    }
    if (token.text === '++' || token.text === '--') return { kind: 'step', isPrefix: true, by: token.text === '++' ? 1 : -1, target: this.primary() };
    if (token.text === '(' && token.type === 'operator') {
      const [noIn, noGreater] = [this.noIn, this.noGreater];
      this.noIn = false;
      this.noGreater = false;
      const items = this.list(')');
      [this.noIn, this.noGreater] = [noIn, noGreater];
      this.expect(')');
      if (items.length > 1) {
        if (!this.is('in')) this.fail();
        this.at += 1;
        const name = this.token.text;
        this.using(name, 'array');
        this.at += 1;
        return { kind: 'in', keys: items, name };
      }
      return { kind: 'group', of: items[0] ?? this.fail() };
    }
    if (token.text === 'getline' && token.type === 'keyword') {
      const target = this.optionalTarget();
      if (this.accept('<')) return { kind: 'getline', target, source: 'file', from: this.postfix() };
      return { kind: 'getline', target, source: 'main', from: undefined };
    }
    this.at -= 1;
    return this.fail();
  }
}

function isTarget(of: Expression): boolean {
  return of.kind === 'variable' || of.kind === 'field' || of.kind === 'index';
}
