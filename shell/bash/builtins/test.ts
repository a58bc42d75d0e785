/** test and [. Read first: help test, POSIX test: what counts is how many arguments there are */
import type { Shell } from '../shell.ts';
import { ShellError } from '../errors.ts';
import { UNARY, compareNumbers, compareText, fileComparison, unaryTest } from '../conditional.ts';
import type { BuiltinCall } from './index.ts';

const BINARY = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

export async function testBuiltin(shell: Shell, given: readonly string[], { name }: BuiltinCall): Promise<number> {
  let args = given;
  if (name === '[') {
    if (args.at(-1) !== ']') {
      await shell.error("[: missing `]'");
      return 2;
    }
    args = args.slice(0, -1);
  }
  try {
    return (await new Expression(shell, args).evaluate()) ? 0 : 1;
  } catch (thrown) {
    if (!(thrown instanceof ShellError) || thrown.effect === 'exit') throw thrown;
    await shell.error(`${name}: ${thrown.message ?? ''}`);
    return 2;
  }
}

class Expression {
  private readonly shell: Shell;
  private readonly args: readonly string[];
  private at = 0;

  constructor(shell: Shell, args: readonly string[]) {
    this.shell = shell;
    this.args = args;
  }

  async evaluate(): Promise<boolean> {
    const { args } = this;
    switch (args.length) {
      case 0: return false;
      case 1: return args[0] !== '';
      case 2: return this.two(args[0]!, args[1]!);
      case 3: return this.three(args[0]!, args[1]!, args[2]!);
      case 4:
        if (args[0] === '!') return !(await this.three(args[1]!, args[2]!, args[3]!));
        if (args[0] === '(' && args[3] === ')') return this.two(args[1]!, args[2]!);
        break;
      default:
    }
    const value = await this.or();
    if (this.at < args.length) throw new ShellError(args[this.at] === ')' ? `syntax error: \`)' unexpected` : 'too many arguments');
    return value;
  }

  private async two(first: string, second: string): Promise<boolean> {
    if (first === '!') return second === '';
    if (UNARY.has(first)) return this.unary(first, second);
    throw new ShellError(`${first}: unary operator expected`);
  }

  private async three(first: string, operator: string, last: string): Promise<boolean> {
    if (BINARY.has(operator)) return this.binary(first, operator, last);
    if (operator === '-a') return first !== '' && last !== '';
    if (operator === '-o') return first !== '' || last !== '';
    if (first === '!') return !(await this.two(operator, last));
    if (first === '(' && last === ')') return operator !== '';
    throw new ShellError(`${operator}: binary operator expected`);
  }

  private async unary(operator: string, operand: string): Promise<boolean> {
    return unaryTest(this.shell, operator, operand);
  }

  private binary(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case '=': case '==': return left === right;
      case '!=': return left !== right;
      case '<': return compareText(left, right) < 0;
      case '>': return compareText(left, right) > 0;
      case '-nt': case '-ot': case '-ef': return fileComparison(this.shell, operator, left, right);
      default: return compareNumbers(operator, this.integer(left), this.integer(right));
    }
  }

  private integer(text: string): bigint {
    if (!/^\s*[-+]?[0-9]+\s*$/.test(text)) throw new ShellError(`${text}: integer expression expected`);
    return BigInt(text.trim().replace(/^\+/, ''));
  }

  private async or(): Promise<boolean> {
    let value = await this.and();
    while (this.args[this.at] === '-o') {
      this.at += 1;
      const other = await this.and();
      value = value || other;
    }
    return value;
  }

  private async and(): Promise<boolean> {
    let value = await this.term();
    while (this.args[this.at] === '-a') {
      this.at += 1;
      const other = await this.term();
      value = value && other;
    }
    return value;
  }

  private async term(): Promise<boolean> {
    const { args } = this;
    const word = args[this.at];
    if (word === undefined) throw new ShellError('argument expected');
    if (word === '!') {
      this.at += 1;
      return !(await this.term());
    }
    const operator = args[this.at + 1];
    if (operator !== undefined && BINARY.has(operator) && this.at + 2 < args.length) {
      this.at += 3;
      return this.binary(word, operator, args[this.at - 1]!);
    }
    if (word === '(') {
      this.at += 1;
      const value = await this.or();
      if (args[this.at] !== ')') throw new ShellError("`)' expected");
      this.at += 1;
      return value;
    }
    if (UNARY.has(word) && this.at + 1 < args.length) {
      this.at += 2;
      return this.unary(word, args[this.at - 1]!);
    }
    this.at += 1;
    return word !== '';
  }
}
