/** Arithmetic on 64-bit integers. Read first: bash(1) "ARITHMETIC EVALUATION", bash's expr.c */

export class ArithmeticError {
  /** What follows the expression in bash's message, with the offending rest. */
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export interface ArithmeticScope {
  /** Value of a variable (or element) as text; undefined when unset. May throw for `set -u`. */
  get(name: string, index: string | undefined): string | undefined;
  set(name: string, index: string | undefined, value: bigint): void;
}

type Node =
  | { kind: 'number'; value: bigint }
  | { kind: 'variable'; name: string; index: string | undefined }
  | { kind: 'unary'; operator: string; operand: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node }
  | { kind: 'ternary'; test: Node; yes: Node; no: Node }
  | { kind: 'assign'; operator: string; target: { name: string; index: string | undefined }; value: Node }
  | { kind: 'step'; isPrefix: boolean; by: bigint; target: { name: string; index: string | undefined } };

const cache = new Map<string, Node>();
const MAX_DEPTH = 200;

export function evaluate(text: string, scope: ArithmeticScope, depth = 0): bigint {
  if (depth > MAX_DEPTH) throw new ArithmeticError(`${text}: expression recursion level exceeded (error token is "${text}")`);
  const plain = /^\s*(-?[0-9]{1,15})\s*$/.exec(text);
  if (plain !== null && !/^\s*-?0[0-9]/.test(text)) return BigInt(plain[1]!);
  let node = cache.get(text);
  if (node === undefined) {
    node = new Parser(text).parse();
    if (cache.size > 3000) cache.clear();
    cache.set(text, node);
  }
  return run(node, scope, depth);
}

const wrap = (value: bigint): bigint => (value >= -0x8000_0000_0000_0000n && value <= 0x7fff_ffff_ffff_ffffn ? value : BigInt.asIntN(64, value));

function valueOf(scope: ArithmeticScope, name: string, index: string | undefined, depth: number): bigint {
  const text = scope.get(name, index);
  if (text === undefined || text === '') return 0n;
  return evaluate(text, scope, depth + 1);
}

function run(node: Node, scope: ArithmeticScope, depth: number): bigint {
  switch (node.kind) {
    case 'number': return node.value;
    case 'variable': return valueOf(scope, node.name, node.index, depth);
    case 'unary': {
      const value = run(node.operand, scope, depth);
      return node.operator === '-' ? wrap(-value) : node.operator === '~' ? ~value : node.operator === '!' ? (value === 0n ? 1n : 0n) : value;
    }
    case 'binary': {
      if (node.operator === '&&') return run(node.left, scope, depth) !== 0n && run(node.right, scope, depth) !== 0n ? 1n : 0n;
      if (node.operator === '||') return run(node.left, scope, depth) !== 0n || run(node.right, scope, depth) !== 0n ? 1n : 0n;
      const left = run(node.left, scope, depth);
      return binary(node.operator, left, run(node.right, scope, depth));
    }
    case 'ternary': return run(node.test, scope, depth) !== 0n ? run(node.yes, scope, depth) : run(node.no, scope, depth);
    case 'assign': {
      const { name, index } = node.target;
      const value = node.operator === '=' ? run(node.value, scope, depth) : binary(node.operator.slice(0, -1), valueOf(scope, name, index, depth), run(node.value, scope, depth));
      scope.set(name, index, value);
      return value;
    }
    case 'step': {
      const { name, index } = node.target;
      const before = valueOf(scope, name, index, depth);
      const after = wrap(before + node.by);
      scope.set(name, index, after);
      return node.isPrefix ? after : before;
    }
  }
}

function binary(operator: string, left: bigint, right: bigint): bigint {
  const truth = (value: boolean): bigint => (value ? 1n : 0n);
  switch (operator) {
    case '+': return wrap(left + right);
    case '-': return wrap(left - right);
    case '*': return wrap(left * right);
    case '/': case '%':
      if (right === 0n) throw new ArithmeticError('division by 0 (error token is "0")');
      return operator === '/' ? wrap(left / right) : left % right;
    case '**': {
      if (right < 0n) throw new ArithmeticError('exponent less than 0 (error token is "' + String(right) + '")');
      let result = 1n;
      for (let base = left, power = right; power > 0n; power >>= 1n, base = BigInt.asIntN(64, base * base)) if ((power & 1n) === 1n) result = BigInt.asIntN(64, result * base);
      return result;
    }
    case '<<': return BigInt.asIntN(64, left << (right & 63n));
    case '>>': return left >> (right & 63n);
    case '&': return left & right;
    case '|': return left | right;
    case '^': return left ^ right;
    case '<': return truth(left < right);
    case '>': return truth(left > right);
    case '<=': return truth(left <= right);
    case '>=': return truth(left >= right);
    case '==': return truth(left === right);
    case '!=': return truth(left !== right);
    case ',': return right;
    default: throw new ArithmeticError(`unknown operator ${operator}`);
  }
}

const LEVELS: readonly (readonly string[])[] = [['||'], ['&&'], ['|'], ['^'], ['&'], ['==', '!='], ['<=', '>=', '<', '>'], ['<<', '>>'], ['+', '-'], ['*', '/', '%']];
const OPERATORS = ['<<=', '>>=', '**', '&&', '||', '<=', '>=', '==', '!=', '<<', '>>', '++', '--', '+=', '-=', '*=', '/=', '%=', '&=', '^=', '|=', '+', '-', '*', '/', '%', '<', '>', '=', '!', '~', '&', '|', '^', '?', ':', ',', '(', ')'];
const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '^=', '|=', '<<=', '>>=']);

class Parser {
  private readonly text: string;
  private at = 0;
  private token = '';
  private tokenStart = 0;
  private node: Node | undefined;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Node {
    this.next();
    if (this.token === '' && this.node === undefined) return { kind: 'number', value: 0n };
    const node = this.comma();
    if (this.token !== '' || this.node !== undefined) this.fail(this.node !== undefined || this.token === '(' || this.token === ')' || this.token === ':' ? 'syntax error in expression' : 'syntax error: invalid arithmetic operator');
    return node;
  }

  private fail(why: string): never {
    throw new ArithmeticError(`${why} (error token is "${this.text.slice(this.tokenStart)}")`);
  }

  private next(): void {
    const { text } = this;
    while (this.at < text.length && /\s/.test(text[this.at]!)) this.at += 1;
    this.tokenStart = this.at;
    const followsVariable = this.node?.kind === 'variable';
    this.node = undefined;
    this.token = '';
    if (this.at >= text.length) return;
    const c = text[this.at]!;
    if (c >= '0' && c <= '9') {
      const match = /^[0-9][0-9A-Za-z@_#]*/.exec(text.slice(this.at))!;
      this.at += match[0].length;
      this.node = { kind: 'number', value: this.number(match[0]) };
      return;
    }
    if (/[A-Za-z_]/.test(c)) {
      const match = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(this.at))!;
      this.at += match[0].length;
      let index: string | undefined;
      if (text[this.at] === '[') {
        let depth = 0;
        let end = this.at;
        for (; end < text.length; end += 1) {
          if (text[end] === '\\') end += 1;
          else if (text[end] === '[') depth += 1;
          else if (text[end] === ']' && (depth -= 1) === 0) break;
        }
        if (end >= text.length) this.fail('bad array subscript');
        index = text.slice(this.at + 1, end);
        this.at = end + 1;
      }
      this.node = { kind: 'variable', name: match[0], index };
      return;
    }
    const rest = text.slice(this.at, this.at + 3);
    let operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
    // Only variables can be counted up: elsewhere these are two signs.
    if ((operator === '++' || operator === '--') && !followsVariable && !/^\s*[A-Za-z_]/.test(text.slice(this.at + 2))) operator = c;
    if (operator === undefined) this.fail(c === '"' || c === "'" || c === '$' || c === '\\' || c === '{' || c === '}' ? 'syntax error: operand expected' : 'syntax error: operand expected');
    this.token = operator;
    this.at += operator.length;
  }

  private number(text: string): bigint {
    const based = /^([0-9]+)#([0-9A-Za-z@_]*)$/.exec(text);
    if (based !== null) {
      const base = Number(based[1]);
      if (base < 2 || base > 64) this.fail('invalid arithmetic base');
      if (based[2] === '') this.fail('invalid integer constant');
      let value = 0n;
      for (const digit of based[2]!) {
        const weight = digitValue(digit, base);
        if (weight >= base) this.fail('value too great for base');
        value = BigInt.asIntN(64, value * BigInt(base) + BigInt(weight));
      }
      return value;
    }
    if (/^0[xX][0-9a-fA-F]+$/.test(text)) return BigInt.asIntN(64, BigInt(text));
    if (/^0[0-7]*$/.test(text)) return text === '0' ? 0n : BigInt.asIntN(64, BigInt(`0o${text.slice(1)}`));
    if (/^[0-9]+$/.test(text)) {
      if (text.startsWith('0')) this.fail('value too great for base');
      return BigInt.asIntN(64, BigInt(text));
    }
    if (text.includes('#')) this.fail('invalid number');
    return this.fail('value too great for base');
  }

  private comma(): Node {
    let left = this.assignment();
    while (this.token === ',') {
      this.next();
      left = { kind: 'binary', operator: ',', left, right: this.assignment() };
    }
    return left;
  }

  private assignment(): Node {
    const left = this.ternary();
    if (!ASSIGNMENTS.has(this.token)) return left;
    if (left.kind !== 'variable') this.fail('attempted assignment to non-variable');
    const operator = this.token;
    this.next();
    return { kind: 'assign', operator, target: { name: left.name, index: left.index }, value: this.assignment() };
  }

  private ternary(): Node {
    const test = this.level(0);
    if (this.token !== '?') return test;
    this.next();
    if ((this.token as string) === ':') this.fail('expression expected');
    const yes = this.comma();
    if ((this.token as string) !== ':') this.fail("`:' expected for conditional expression");
    this.next();
    if ((this.token as string) === '' && this.node === undefined) this.fail('expression expected');
    const no = this.ternaryOrAssignment();
    return { kind: 'ternary', test, yes, no };
  }

  private ternaryOrAssignment(): Node {
    return this.ternary();
  }

  private level(depth: number): Node {
    const operators = LEVELS[depth];
    if (operators === undefined) return this.power();
    let left = this.level(depth + 1);
    while (operators.includes(this.token)) {
      const operator = this.token;
      this.next();
      left = { kind: 'binary', operator, left, right: this.level(depth + 1) };
    }
    return left;
  }

  private power(): Node {
    const left = this.unary();
    if (this.token !== '**') return left;
    this.next();
    return { kind: 'binary', operator: '**', left, right: this.power() };
  }

  private unary(): Node {
    const operator = this.token;
    if (operator === '!' || operator === '~' || operator === '+' || operator === '-') {
      this.next();
      return { kind: 'unary', operator, operand: this.unary() };
    }
    if (operator === '++' || operator === '--') {
      this.next();
      const operand = this.node;
      if (operand?.kind !== 'variable') {
        // --5 is two signs, as bash reads it.
        const inner = this.unary();
        return operator === '--' ? { kind: 'unary', operator: '-', operand: { kind: 'unary', operator: '-', operand: inner } } : inner;
      }
      this.next();
      return { kind: 'step', isPrefix: true, by: operator === '++' ? 1n : -1n, target: { name: operand.name, index: operand.index } };
    }
    return this.postfix();
  }

  private postfix(): Node {
    if (this.token === '(') {
      this.next();
      const inside = this.comma();
      if ((this.token as string) !== ')') this.fail("missing `)'");
      this.next();
      return inside;
    }
    const node = this.node;
    if (node === undefined) {
      if (this.token === '') throw new ArithmeticError(`syntax error: operand expected (error token is "${this.text.slice(Math.max(0, this.text.trimEnd().length - 1))}")`);
      this.fail('syntax error: operand expected');
    }
    this.next();
    if (node.kind === 'variable' && (this.token === '++' || this.token === '--')) {
      const by = this.token === '++' ? 1n : -1n;
      this.next();
      return { kind: 'step', isPrefix: false, by, target: { name: node.name, index: node.index } };
    }
    return node;
  }
}

function digitValue(digit: string, base: number): number {
  if (digit >= '0' && digit <= '9') return Number(digit);
  if (digit >= 'a' && digit <= 'z') return digit.charCodeAt(0) - 87;
  if (digit >= 'A' && digit <= 'Z') return digit.charCodeAt(0) - (base <= 36 ? 55 : 29);
  return digit === '@' ? 62 : 63;
}
