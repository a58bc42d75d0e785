/** `--filter`: terms, AND, OR, NOT, parentheses. Read first: `gcloud topic filters` */
import { isObject, type Json, type JsonObject } from '../../../ports/cloud.ts';
import { readKeyAndCalls } from './format.ts';
import { Lexer } from './lexer.ts';
import { valueAt, type Key } from './keys.ts';
import { applyCalls, pythonText, type Call } from './transforms.ts';

export type Filter = (resource: Json) => boolean;

/** How words are compared: as gcloud does by itself, or as the Compute API does, which gets the expression and looks for words anywhere. */
export type Dialect = 'client' | 'compute';

interface Warning { readonly operator: ':' | '='; readonly text: string }

export function parseFilter(text: string, dialect: Dialect, warn: (text: string) => void): Filter {
  const lexer = new Lexer(text);
  const warned = new Set<string>();
  const parser = new Parser(lexer, dialect, ({ operator, text: warning }) => {
    if (warned.has(operator)) return;
    warned.add(operator);
    warn(warning);
  });
  if (!lexer.skipSpace()) return () => true;
  const filter = parser.expression();
  if (!lexer.isAtEnd) throw lexer.problem('Unexpected tokens');
  return filter;
}

class Parser {
  private readonly lexer: Lexer;
  private readonly dialect: Dialect;
  private readonly warn: (warning: Warning) => void;

  constructor(lexer: Lexer, dialect: Dialect, warn: (warning: Warning) => void) {
    this.lexer = lexer;
    this.dialect = dialect;
    this.warn = warn;
  }

  /** Terms side by side are joined as by AND, with lower precedence than OR. */
  expression(): Filter {
    let left = this.orExpression();
    while (this.lexer.skipSpace() && !this.lexer.peek(')')) {
      const before = left;
      const right = this.orExpression();
      left = (resource) => before(resource) && right(resource);
    }
    return left;
  }

  private orExpression(): Filter {
    const parts = [this.andExpression()];
    while (this.lexer.takeWord('OR')) parts.push(this.andExpression());
    return parts.length === 1 ? parts[0]! : (resource) => parts.some((part) => part(resource));
  }

  private andExpression(): Filter {
    const parts = [this.term()];
    while (this.lexer.takeWord('AND')) parts.push(this.term());
    return parts.length === 1 ? parts[0]! : (resource) => parts.every((part) => part(resource));
  }

  private term(): Filter {
    const { lexer } = this;
    lexer.skipSpace('Term expected;');
    if (lexer.takeWord('NOT') || lexer.take('-', true) !== undefined) {
      const negated = this.term();
      return (resource) => !negated(resource);
    }
    if (lexer.take('(', true) !== undefined) {
      const inside = this.expression();
      lexer.skipSpace();
      if (lexer.take(')') === undefined) throw lexer.problem('More tokens expected');
      return inside;
    }
    const start = lexer.position;
    const { key, calls } = readKeyAndCalls(lexer);
    if (key.length === 0 && calls.length === 0) throw lexer.problem('Term expected', start);
    lexer.skipSpace();
    const operator = this.operator();
    if (operator === undefined) return anywhere(lexer.text.slice(start, lexer.position).trim());
    if (!lexer.skipSpace()) throw lexer.problem('Term operand expected');
    return this.comparison(key, calls, operator, this.operands(operator));
  }

  private operator(): string | undefined {
    const { lexer } = this;
    for (const operator of ['!=', '!~', '<=', '>=', '=', ':', '<', '>', '~']) {
      if (!lexer.text.startsWith(operator, lexer.position)) continue;
      lexer.position += operator.length;
      return operator;
    }
    return undefined;
  }

  private operands(operator: string): string[] {
    const { lexer } = this;
    if ((operator === ':' || operator === '=') && lexer.take('(', true) !== undefined) {
      const given: string[] = [];
      for (;;) {
        lexer.skipSpace('Closing ) expected in argument list;');
        if (lexer.take(')') !== undefined) return given;
        if (lexer.take(',') !== undefined) continue;
        const word = lexer.token(',)');
        if (word !== undefined && word !== 'OR') given.push(word);
      }
    }
    const word = lexer.token(operator === '~' || operator === '!~' ? '' : ')');
    if (word === undefined) throw lexer.problem('Term operand expected');
    return [word];
  }

  private comparison(key: Key, calls: readonly Call[], operator: string, operands: readonly string[]): Filter {
    const isWords = this.dialect === 'compute' && key.length === 1 && calls.length === 0;
    const one = (value: Json | undefined): boolean => operands.some((operand) => {
      switch (operator) {
        case '=': case '!=': case ':': return isWords && typeof value === 'string' ? words(operator, operand).test(value) : this.matches(key, operator === '!=' ? '=' : operator, value, operand);
        case '~': case '!~': return typeof value === 'string' && new RegExp(operand).test(value);
        case '<': return compare(value, operand, (order) => order < 0);
        case '<=': return compare(value, operand, (order) => order <= 0);
        case '>': return compare(value, operand, (order) => order > 0);
        default: return compare(value, operand, (order) => order >= 0);
      }
    });
    return (resource) => {
      const value = applyCalls(valueAt(resource, key), calls);
      const values = Array.isArray(value) && value.length > 0 ? (value as readonly Json[]) : [value];
      if (operator === '!=') return !values.some((each) => one(each));
      if (operator === '!~') return values.some((each) => typeof each === 'string' && !one(each));
      return values.some((each) => one(each));
    };
  }

  private matches(key: Key, operator: ':' | '=', value: Json | undefined, operand: string): boolean {
    const values = isObject(value ?? null) ? [...Object.keys(value as JsonObject), ...Object.values(value as JsonObject)] : [value];
    return values.some((each) => this.matchesOne(key, operator, each, operand));
  }

  /** The old way of matching still decides; a warning tells where the new one would differ. */
  private matchesOne(key: Key, operator: ':' | '=', value: Json | undefined, operand: string): boolean {
    if (value === undefined || value === null) return operand === '' || (operator === ':' && operand === '*' ? false : operand.toLowerCase() === 'null');
    if (typeof value === 'number' && Number(operand) === value) return true;
    if (typeof value === 'boolean') return operand.toLowerCase() === String(value);
    const text = pythonText(value).toLowerCase();
    if (text === operand.toLowerCase()) return true;
    const word = operand.toLowerCase();
    if (word === '*' && operator === ':') return true;
    const standard = new RegExp(`\\b${escape(word.replace(/\*$/, ''))}${word.endsWith('*') ? '' : '\\b'}`, 'm').test(text);
    const old = oldPattern(operator, word);
    const isOld = old.test(text) || (key.length === 1 && (key[0] === 'zone' || key[0] === 'region') && old.test(text.slice(text.lastIndexOf('/') + 1)));
    if (standard !== isOld) {
      const name = key.map(String).join('.');
      this.warn({ operator, text: `--filter : operator evaluation is changing for consistency across Google APIs.  ${name}${operator}${operand} currently ${isOld ? 'matches' : 'does not match'} but ${standard ? 'will match' : 'will not match'} in the near future.  Run \`gcloud topic filters\` for details.` });
    }
    return isOld;
  }
}

function oldPattern(operator: ':' | '=', word: string): RegExp {
  if (operator === '=') return new RegExp(`^${escape(word)}$`, 'm');
  const [before = '', after] = word.split('*');
  if (after === undefined) return new RegExp(escape(before));
  if (word.startsWith('*')) return new RegExp(`${escape(after)}$`, 'm');
  if (word.endsWith('*')) return new RegExp(`^${escape(before)}`, 'm');
  return new RegExp(`^${escape(before)}.*${escape(after)}$`, 'm');
}

/** compute/filter_rewrite.py: `name=a` becomes `name eq ".*\ba\b.*"`. */
function words(operator: string, operand: string): RegExp {
  const isPrefix = operator === ':' && operand.endsWith('*');
  const word = escape(isPrefix ? operand.slice(0, -1) : operand);
  return new RegExp(`${/^\w/.test(operand) ? '\\b' : ''}${word}${isPrefix || !/\w$/.test(operand) ? '' : '\\b'}`);
}

function compare(value: Json | undefined, operand: string, holds: (order: number) => boolean): boolean {
  if (value === undefined || value === null) return false;
  const left = Number(value);
  const right = Number(operand);
  if (!Number.isNaN(left) && !Number.isNaN(right) && operand !== '') return holds(left - right);
  const text = pythonText(value);
  return holds(text < operand ? -1 : text > operand ? 1 : 0);
}

/** A bare word: any value anywhere in the resource. */
function anywhere(word: string): Filter {
  const pattern = new RegExp(`\\b${escape(word.toLowerCase())}\\b`);
  const look = (value: Json): boolean => {
    if (Array.isArray(value)) return (value as readonly Json[]).some(look);
    if (isObject(value)) return Object.values(value).some((one) => one !== undefined && look(one));
    return pattern.test(pythonText(value).toLowerCase());
  };
  return look;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
