/** What filter and format expressions are made of: keys, quoted words, calls. Errors mark the place as gcloud does. */
import type { Key } from './keys.ts';

export class ExpressionProblem extends Error {}

export class Lexer {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The expression with `*HERE*` where it went wrong. */
  annotate(at: number = this.position): string {
    const before = this.text.slice(0, at);
    const after = this.text.slice(at);
    return `${before}${before !== '' && !/\s$/.test(before) ? ' ' : ''}*HERE*${after !== '' && !/^\s/.test(after) ? ' ' : ''}${after}`;
  }

  problem(what: string, at: number = this.position): ExpressionProblem {
    return new ExpressionProblem(`${what} [${this.annotate(at)}].`);
  }

  get isAtEnd(): boolean {
    return this.position >= this.text.length;
  }

  skipSpace(expected?: string): boolean {
    while (!this.isAtEnd && /\s/.test(this.text[this.position]!)) this.position += 1;
    if (this.isAtEnd && expected !== undefined) throw this.problem(`${expected} expected`);
    return !this.isAtEnd;
  }

  peek(characters: string): boolean {
    return !this.isAtEnd && characters.includes(this.text[this.position]!);
  }

  /** Takes one of the characters; throws at the end of input unless that is allowed. */
  take(characters: string, isEndAllowed = false): string | undefined {
    if (this.isAtEnd) {
      if (isEndAllowed) return undefined;
      throw this.problem('More tokens expected');
    }
    const character = this.text[this.position]!;
    if (!characters.includes(character)) return undefined;
    this.position += 1;
    return character;
  }

  /** Takes a word of its own: followed by space, a parenthesis or the end. */
  takeWord(word: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(word, this.position)) return false;
    const after = this.text[this.position + word.length];
    if (after !== undefined && !/[\s(]/.test(after)) return false;
    this.position += word.length;
    return true;
  }

  /** Up to a terminator or space; quotes group, a backslash quotes a quote. undefined: nothing there. */
  token(terminators: string): string | undefined {
    this.skipSpace();
    let quote: string | undefined;
    let found: string | undefined;
    for (; !this.isAtEnd; this.position += 1) {
      const character = this.text[this.position]!;
      if (character === '\\' && this.position + 1 < this.text.length) {
        this.position += 1;
        const next = this.text[this.position]!;
        found = (found ?? '') + (next === '\\' || next === quote || (quote === undefined && (next === '"' || next === "'")) ? next : `\\${next}`);
      } else if (quote !== undefined) {
        if (character === quote) quote = undefined;
        else found = (found ?? '') + character;
      } else if (character === '"' || character === "'") {
        quote = character;
        found ??= '';
      } else if (terminators.includes(character) || /\s/.test(character)) break;
      else found = (found ?? '') + character;
    }
    if (quote !== undefined) throw this.problem(`Unterminated [${quote}] quote`);
    return found;
  }

  /** Dotted names and subscripts. Stops before a call's parenthesis. */
  key(): Key {
    const key: (string | number | null)[] = [];
    for (;;) {
      if (this.take('[', true) !== undefined) {
        const index = this.token(']:');
        if (this.take(':', true) !== undefined) this.token(']');
        if (this.take(']') === undefined) throw this.problem('Right bracket expected');
        key.push(index === undefined || index === '' ? null : /^-?\d+$/.test(index) ? Number(index) : index);
      } else {
        const start = this.position;
        const name = this.token('.[](){}|,:=!<>~');
        if (name === undefined) {
          if (key.length === 0) return key;
          throw this.problem('Non-empty key name expected', start);
        }
        key.push(/^-?\d+$/.test(name) && key.length > 0 ? Number(name) : name);
      }
      if (this.peek('[')) continue;
      if (this.take('.', true) === undefined) return key;
      // `a.[]` is the same as `a[]`.
      if (this.peek('[')) continue;
    }
  }

  /** Arguments after an opening parenthesis, which has been taken. */
  callArguments(): string[] {
    const given: string[] = [];
    for (;;) {
      this.skipSpace('Closing ) expected in argument list;');
      if (this.take(')') !== undefined) return given;
      if (this.take(',') !== undefined) continue;
      const word = this.balanced();
      if (word === undefined) throw this.problem('Argument expected');
      given.push(word);
    }
  }

  private balanced(): string | undefined {
    let depth = 0;
    let word = '';
    let quote: string | undefined;
    let isWord = false;
    for (; !this.isAtEnd; this.position += 1) {
      const character = this.text[this.position]!;
      if (quote !== undefined) {
        if (character === quote) quote = undefined;
        else word += character;
        continue;
      }
      if (character === '"' || character === "'") {
        quote = character;
        isWord = true;
        continue;
      }
      if (depth === 0 && (character === ',' || character === ')')) break;
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
      word += character;
    }
    word = isWord ? word : word.trim();
    return word === '' && !isWord ? undefined : word;
  }
}
