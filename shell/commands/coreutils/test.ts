/** test, [, expr as programs (the shell has its own). Read first: IEEE 1003.1 test, expr. */
import type { ExitCode } from '../../../machine/sys.ts';
import { compileRegex } from '../../lib/regex/regex.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { named } from './quote.ts';

export const test = defineCommand({
  name: 'test', aliases: ['['], summary: 'check file types and compare values', package: 'coreutils',
  run: (call) => {
    const args = [...call.args];
    if (call.name === '[' && args.pop() !== ']') {
      call.err('[: missing ‘]’');
      return 2;
    }
    try {
      return evaluate(call, args) ? 0 : 1;
    } catch (problem) {
      if (!(problem instanceof Wrong)) throw problem;
      call.err(`${call.name}: ${problem.message}`);
      return 2;
    }
  },
});

class Wrong extends Error {}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new Wrong(`invalid integer ${named(text)}`);
  return Number(text);
}

function unary(call: Invocation, operator: string, operand: string): boolean | undefined {
  const stat = call.sys.stat(operand, operator !== '-h' && operator !== '-L');
  switch (operator) {
    case '-n': return operand !== '';
    case '-z': return operand === '';
    case '-e': return stat.ok;
    case '-f': return stat.ok && stat.value.kind === 'file';
    case '-d': return stat.ok && stat.value.kind === 'directory';
    case '-h': case '-L': return stat.ok && stat.value.kind === 'symlink';
    case '-p': return stat.ok && stat.value.kind === 'fifo';
    case '-S': return stat.ok && stat.value.kind === 'socket';
    case '-s': return stat.ok && stat.value.size > 0;
    case '-r': return call.sys.access(operand, { read: true }).ok;
    case '-w': return call.sys.access(operand, { write: true }).ok;
    case '-x': return call.sys.access(operand, { execute: true }).ok;
    case '-u': return stat.ok && (stat.value.mode & 0o4000) !== 0;
    case '-t': return call.sys.isTerminal(Number(operand));
    default: return undefined;
  }
}

function binary(call: Invocation, left: string, operator: string, right: string): boolean | undefined {
  switch (operator) {
    case '=': case '==': return left === right;
    case '!=': return left !== right;
    case '<': return left < right;
    case '>': return left > right;
    case '-eq': return integer(left) === integer(right);
    case '-ne': return integer(left) !== integer(right);
    case '-lt': return integer(left) < integer(right);
    case '-le': return integer(left) <= integer(right);
    case '-gt': return integer(left) > integer(right);
    case '-ge': return integer(left) >= integer(right);
    case '-nt': case '-ot': {
      const [a, b] = [call.sys.stat(left), call.sys.stat(right)];
      const [first, second] = [a.ok ? a.value.modifiedUs : -1, b.ok ? b.value.modifiedUs : -1];
      return operator === '-nt' ? first > second : first < second;
    }
    case '-ef': {
      const [a, b] = [call.sys.stat(left), call.sys.stat(right)];
      return a.ok && b.ok && a.value.inode === b.value.inode && a.value.device === b.value.device;
    }
    default: return undefined;
  }
}

/** By number of arguments, as POSIX has it; -a, -o and parentheses above four. */
function evaluate(call: Invocation, args: readonly string[]): boolean {
  const [a = '', b = '', c = ''] = args;
  if (args.length === 0) return false;
  if (args.length === 1) return a !== '';
  if (a === '!' && args.length <= 4) return !evaluate(call, args.slice(1));
  if (args.length === 2) {
    const answer = unary(call, a, b);
    if (answer === undefined) throw new Wrong(`${named(a)}: unary operator expected`);
    return answer;
  }
  if (args.length === 3) {
    const answer = binary(call, a, b, c);
    if (answer !== undefined) return answer;
    if (a === '(' && c === ')') return b !== '';
    if (b === '-a' || b === '-o') return b === '-a' ? a !== '' && c !== '' : a !== '' || c !== '';
    throw new Wrong(`${named(b)}: binary operator expected`);
  }
  for (const operator of ['-o', '-a']) {
    let depth = 0;
    for (let i = args.length - 1; i > 0; i -= 1) {
      if (args[i] === ')') depth += 1;
      else if (args[i] === '(') depth -= 1;
      else if (args[i] === operator && depth === 0) {
        const [left, right] = [args.slice(0, i), args.slice(i + 1)];
        return operator === '-o' ? evaluate(call, left) || evaluate(call, right) : evaluate(call, left) && evaluate(call, right);
      }
    }
  }
  if (a === '(' && args.at(-1) === ')') return evaluate(call, args.slice(1, -1));
  throw new Wrong('too many arguments');
}

// ---------------------------------------------------------------- expr
export const expr = defineCommand({
  name: 'expr', summary: 'evaluate an expression', package: 'coreutils',
  run: (call): ExitCode => {
    const args = call.args[0] === '--' ? call.args.slice(1) : call.args;
    if (args.length === 0) {
      call.err("expr: missing operand\nTry 'expr --help' for more information.");
      return 2;
    }
    let at = 0;
    const levels: readonly (readonly string[])[] = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']];
    const isNull = (text: string): boolean => text === '' || /^-?0+$/.test(text);
    const number = (text: string): bigint => {
      if (!/^-?\d+$/.test(text)) throw new Wrong('non-integer argument');
      return BigInt(text);
    };
    const level = (depth: number): string => {
      if (depth === levels.length) return primary();
      let left = level(depth + 1);
      while (at < args.length && levels[depth]!.includes(args[at]!)) {
        const operator = args[at++]!;
        const right = level(depth + 1);
        left = apply(operator, left, right);
      }
      return left;
    };
    const apply = (operator: string, left: string, right: string): string => {
      switch (operator) {
        case '|': return isNull(left) ? (isNull(right) ? '0' : right) : left;
        case '&': return isNull(left) || isNull(right) ? '0' : left;
        case '+': return String(number(left) + number(right));
        case '-': return String(number(left) - number(right));
        case '*': return String(number(left) * number(right));
        case '/': case '%':
          if (number(right) === 0n) throw new Wrong('division by zero');
          return String(operator === '/' ? number(left) / number(right) : number(left) % number(right));
        case ':': return matched(left, right);
        default: {
          const numeric = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
          const [first, second] = numeric ? [BigInt(left), BigInt(right)] : [left, right];
          const order = first < second ? -1 : first > second ? 1 : 0;
          const answers: Readonly<Record<string, boolean>> = { '<': order < 0, '<=': order <= 0, '=': order === 0, '==': order === 0, '!=': order !== 0, '>=': order >= 0, '>': order > 0 };
          return answers[operator] === true ? '1' : '0';
        }
      }
    };
    const matched = (text: string, pattern: string): string => {
      const made = compileRegex(pattern, 'basic', { bounds: 'start', isForgiving: true });
      if (!made.ok) throw new Wrong(made.error);
      const found = made.regex.exec(text);
      if (made.regex.groups > 0) return found?.groups[1] ?? '';
      return String([...(found?.groups[0] ?? '')].length);
    };
    const primary = (): string => {
      const word = args[at++];
      if (word === undefined) throw new Wrong(`syntax error: missing argument after ${named(args.at(-1) ?? '')}`);
      if (word === '(') {
        const inner = level(0);
        if (args[at++] !== ')') throw new Wrong("syntax error: expecting ')' after " + named(args[at - 2] ?? ''));
        return inner;
      }
      if (word === 'length' && at < args.length) return String([...primary()].length);
      if (word === 'match' && at + 1 < args.length) return matched(primary(), primary());
      if (word === 'substr' && at + 2 < args.length) {
        const [text, from, length] = [primary(), Number(primary()), Number(primary())];
        return from < 1 || length < 1 ? '' : [...text].slice(from - 1, from - 1 + length).join('');
      }
      if (word === 'index' && at + 1 < args.length) {
        const [text, characters] = [primary(), primary()];
        return String([...text].findIndex((character) => characters.includes(character)) + 1);
      }
      return word;
    };
    try {
      const value = level(0);
      if (at < args.length) throw new Wrong(`syntax error: unexpected argument ${named(args[at]!)}`);
      call.out(value);
      return isNull(value) ? 1 : 0;
    } catch (problem) {
      if (!(problem instanceof Wrong)) throw problem;
      call.err(`expr: ${problem.message}`);
      return 2;
    }
  },
});
