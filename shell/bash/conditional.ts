/** [[ ... ]] and the questions it shares with `test`. Read first: bash(1) "CONDITIONAL EXPRESSIONS" */
import type { FileStat } from '../../machine/sys.ts';
import type { Shell } from './shell.ts';
import type { Condition } from './ast.ts';
import { encode, quoteIfNeeded } from './escapes.ts';
import { ShellError } from './errors.ts';
import { trace } from './execute.ts';
import { evaluateText, expandPattern, expandRegex, expandText, parameterValue } from './expand.ts';
import { matches } from '../lib/pattern.ts';
import { matchRegex } from './regex.ts';
import { isSet } from './variables.ts';
import { parsePieces, piecesOf } from './word.ts';

/** 0 true, 1 false, 2 when it makes no sense. */
export async function evaluateCondition(shell: Shell, condition: Condition): Promise<number> {
  switch (condition.kind) {
    case 'group': return evaluateCondition(shell, condition.operand);
    case 'not': {
      const inner = await evaluateCondition(shell, condition.operand);
      return inner === 0 ? 1 : inner === 1 ? 0 : inner;
    }
    case 'logical': {
      let status = 0;
      for (const operand of condition.operands) {
        status = await evaluateCondition(shell, operand);
        if ((status === 0) !== (condition.operator === '&&')) return status;
      }
      return status;
    }
    case 'unary': {
      const { operator } = condition;
      const value = await expandText(shell, piecesOf(condition.operand));
      if (shell.options.xtrace) await trace(shell, `[[ ${operator} ${quoteIfNeeded(value)} ]]`);
      return (await unaryTest(shell, operator, value)) ? 0 : 1;
    }
    case 'binary': return binary(shell, condition.operator, condition.left, condition.right);
  }
}

type Operand = Extract<Condition, { kind: 'binary' }>['left'];

async function binary(shell: Shell, operator: string, left: Operand, right: Operand): Promise<number> {
  const value = await expandText(shell, piecesOf(left));
  const ignoreCase = shell.options.shopt('nocasematch');
  switch (operator) {
    case '=': case '==': case '!=': {
      const pattern = await expandPattern(shell, piecesOf(right));
      if (shell.options.xtrace) await trace(shell, `[[ ${quoteIfNeeded(value)} ${operator} ${pattern === '' ? "''" : pattern} ]]`);
      return matches(pattern, value, { extended: true, ignoreCase }) === (operator !== '!=') ? 0 : 1;
    }
    case '=~': {
      const source = await expandRegex(shell, parsePieces(right.text, 'regex'));
      const groups = matchRegex(source, value, ignoreCase);
      if (groups === 'bad') return 2;
      shell.setArray('BASH_REMATCH', groups ?? []);
      return groups === undefined ? 1 : 0;
    }
    case '<': case '>': {
      const other = await expandText(shell, piecesOf(right));
      return compareText(value, other) === (operator === '<' ? -1 : 1) ? 0 : 1;
    }
    case '-eq': case '-ne': case '-lt': case '-le': case '-gt': case '-ge': {
      const other = await expandText(shell, piecesOf(right));
      let a: bigint;
      let b: bigint;
      try {
        a = await evaluateText(shell, value);
        b = await evaluateText(shell, other);
      } catch (thrown) {
        if (!(thrown instanceof ShellError) || thrown.effect !== 'discard') throw thrown;
        if (thrown.message !== undefined) await shell.error(`[[: ${thrown.message}`);
        return 1;
      }
      if (shell.options.xtrace) await trace(shell, `[[ ${value} ${operator} ${b} ]]`);
      return compareNumbers(operator, a, b) ? 0 : 1;
    }
    default: return fileComparison(shell, operator, value, await expandText(shell, piecesOf(right))) ? 0 : 1;
  }
}

export function compareText(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  const a = encode(left);
  const b = encode(right);
  for (let i = 0; i < a.length && i < b.length; i += 1) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return a.length < b.length ? -1 : 1;
}

export function compareNumbers(operator: string, left: bigint, right: bigint): boolean {
  switch (operator) {
    case '-eq': return left === right;
    case '-ne': return left !== right;
    case '-lt': return left < right;
    case '-le': return left <= right;
    case '-gt': return left > right;
    default: return left >= right;
  }
}

export function fileComparison(shell: Shell, operator: string, left: string, right: string): boolean {
  const a = shell.sys.stat(left);
  const b = shell.sys.stat(right);
  if (operator === '-nt') return a.ok && (!b.ok || a.value.modifiedUs > b.value.modifiedUs);
  if (operator === '-ot') return b.ok && (!a.ok || a.value.modifiedUs < b.value.modifiedUs);
  return a.ok && b.ok && a.value.inode === b.value.inode && a.value.device === b.value.device;
}

export const UNARY = new Set(['-a', '-b', '-c', '-d', '-e', '-f', '-g', '-h', '-k', '-p', '-r', '-s', '-t', '-u', '-w', '-x', '-G', '-L', '-N', '-O', '-S', '-o', '-v', '-R', '-z', '-n']);

export async function unaryTest(shell: Shell, operator: string, value: string): Promise<boolean> {
  const { sys } = shell;
  const stat = (follow = true): FileStat | undefined => {
    const path = /^\/dev\/fd\/[0-9]+$/.test(value) ? value : value;
    const found = sys.stat(path, follow);
    return found.ok ? found.value : undefined;
  };
  switch (operator) {
    case '-n': return value !== '';
    case '-z': return value === '';
    case '-a': case '-e': return stat() !== undefined;
    case '-b': return stat()?.kind === 'block';
    case '-c': return stat()?.kind === 'character';
    case '-d': return stat()?.kind === 'directory';
    case '-f': return stat()?.kind === 'file';
    case '-h': case '-L': return stat(false)?.kind === 'symlink';
    case '-p': return stat()?.kind === 'fifo';
    case '-S': return stat()?.kind === 'socket';
    case '-s': return (stat()?.size ?? 0) > 0;
    case '-g': return ((stat()?.mode ?? 0) & 0o2000) !== 0;
    case '-u': return ((stat()?.mode ?? 0) & 0o4000) !== 0;
    case '-k': return ((stat()?.mode ?? 0) & 0o1000) !== 0;
    case '-r': return value !== '' && sys.access(value, { read: true }).ok;
    case '-w': return value !== '' && sys.access(value, { write: true }).ok;
    case '-x': return value !== '' && sys.access(value, { execute: true }).ok;
    case '-O': return stat()?.uid === sys.uid;
    case '-G': return stat()?.gid === sys.gid;
    case '-N': {
      const found = stat();
      return found !== undefined && found.modifiedUs > found.accessedUs;
    }
    case '-t': return /^\s*[0-9]+\s*$/.test(value) && sys.isTerminal(Number(value));
    case '-o': return shell.options.has(value);
    case '-v': return isVariableSet(shell, value);
    case '-R': return shell.rawVariable(value)?.isNameref === true;
    default: return value !== '';
  }
}

async function isVariableSet(shell: Shell, text: string): Promise<boolean> {
  const element = /^([A-Za-z_][A-Za-z0-9_]*)\[(.*)\]$/s.exec(text);
  if (element !== null) {
    const [, name = '', index = ''] = element;
    const variable = shell.variable(name);
    if (variable?.associative !== undefined && index !== '@' && index !== '*') return variable.associative.has(await expandText(shell, parsePieces(index, 'subscript')));
    if (index === '@' || index === '*') return isSet(variable);
    return shell.getElement(name, index) !== undefined;
  }
  if (/^[0-9]+$/.test(text)) return parameterValue(shell, text) !== undefined;
  return shell.get(text) !== undefined;
}
