/** ${...}: Parameter expansion. Read first: bash(1) "Parameter Expansion" */
import type { Shell } from './shell.ts';
import { ansiText, byteCharacter, encode, normalise, quoteDouble, quoteSingle } from './escapes.ts';
import { ShellError } from './errors.ts';
import { expandIndex, expandPattern, expandPieces, expandText, parameterValue } from './expand.ts';
import { matches, shellPattern } from '../lib/pattern.ts';
import { expandPrompt } from './prompt.ts';
import type { Sink } from './sinks.ts';
import { FieldSink, TextSink } from './sinks.ts';
import { associativeKeys, isSet } from './variables.ts';
import type { Variable } from './variables.ts';
import type { Operation, ParameterPiece, Piece } from './word.ts';

type Found =
  | { kind: 'one'; value: string | undefined }
  /** `isStar`: joined by IFS inside quotes. */
  | { kind: 'list'; values: string[]; isStar: boolean; keys?: number[]; isPositional: boolean };

interface Target { name: string; index: string | undefined }

export async function expandParameter(shell: Shell, piece: ParameterPiece, sink: Sink): Promise<void> {
  if (piece.isBad) throw new ShellError(`${piece.text}: bad substitution`, 1, 'discard');
  let target: Target = { name: piece.name, index: piece.index === undefined ? undefined : await expandIndex(shell, piece.name, piece.index) };
  if (piece.isIndirect) {
    if (piece.operation?.kind === 'names') {
      const names = matchingNames(shell, piece.name);
      emit(shell, { kind: 'list', values: names, isStar: piece.operation.operator === '*', isPositional: false }, piece.isQuoted, sink);
      return;
    }
    if (piece.operation === undefined && (target.index === '@' || target.index === '*')) {
      emit(shell, { kind: 'list', values: keysOf(shell, target.name), isStar: target.index === '*', isPositional: false }, piece.isQuoted, sink);
      return;
    }
    const raw = shell.rawVariable(piece.name);
    if (raw?.isNameref === true && piece.index === undefined) {
      emit(shell, { kind: 'one', value: raw.value }, piece.isQuoted, sink);
      return;
    }
    const through = find(shell, target);
    const name = through.kind === 'one' ? through.value : through.values.join(' ');
    if (name === undefined || name === '') {
      if (/^[A-Za-z_]/.test(piece.name) && piece.name !== '_') throw new ShellError(`${piece.name}: invalid indirect expansion`);
      if (piece.operation?.kind === 'default') await applyDefault(shell, piece, { kind: 'one', value: undefined }, target, piece.operation, sink);
      else emit(shell, { kind: 'one', value: undefined }, piece.isQuoted, sink);
      return;
    }
    const parsed = /^([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?:\[(.*)\])?$/s.exec(name);
    if (parsed === null) throw new ShellError(`${name}: invalid variable name`);
    target = { name: parsed[1]!, index: parsed[2] === undefined ? undefined : await expandIndex(shell, parsed[1]!, parsed[2]) };
  }
  const found = find(shell, target);
  if (piece.isLength) {
    const isUnset = found.kind === 'one' && found.value === undefined;
    if (isUnset && shell.options.nounset) throw new ShellError(`${piece.name}: unbound variable`, 1, 'exit');
    emit(shell, { kind: 'one', value: String(found.kind === 'list' ? found.values.length : lengthOf(bytesInC(shell, found.value ?? ''))) }, piece.isQuoted, sink);
    return;
  }
  const { operation } = piece;
  if (operation?.kind === 'default') {
    await applyDefault(shell, piece, found, target, operation, sink);
    return;
  }
  if (found.kind === 'one' && found.value === undefined && shell.options.nounset) {
    const label = piece.index === undefined ? piece.name : `${piece.name}[${piece.index}]`;
    throw new ShellError(`${label}: unbound variable`, 1, 'exit');
  }
  if (operation === undefined) emit(shell, found, piece.isQuoted, sink);
  else emit(shell, await operate(shell, piece, found, target, operation), piece.isQuoted, sink);
}

/** In the C locale a character is a byte. */
export function bytesInC(shell: Shell, text: string): string {
   
  if (!/[^\u0000-\u007f]/.test(text)) return text;
  const locale = shell.get('LC_ALL') || shell.get('LC_CTYPE') || shell.get('LANG') || 'C';
  return locale === 'C' || locale === 'POSIX' ? [...encode(text)].map(byteCharacter).join('') : text;
}

export function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i + 1 < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xdc00) {
      length -= 1;
      i += 1;
    }
  }
  return length;
}

function matchingNames(shell: Shell, prefix: string): string[] {
  return shell.names().filter((name) => {
    const variable = name.startsWith(prefix) ? shell.rawVariable(name) : undefined;
    const isList = variable !== undefined && (variable.indexed ?? variable.associative) !== undefined;
    return isList ? !variable.isBare : isSet(variable);
  });
}

function keysOf(shell: Shell, name: string): string[] {
  const list = shell.dynamicList(name);
  if (list !== undefined) return list.map((_value, index) => String(index));
  const variable = shell.variable(name);
  if (variable?.associative !== undefined) return associativeKeys(variable.associative);
  if (variable?.indexed !== undefined) return variable.indexed.keys().map(String);
  return isSet(variable) ? ['0'] : [];
}

function find(shell: Shell, target: Target): Found {
  const { name, index } = target;
  if (name === '@' || name === '*') return { kind: 'list', values: shell.positional, isStar: name === '*', isPositional: true };
  let variable: Variable | undefined;
  let realIndex = index;
  let realName = name;
  const raw = shell.rawVariable(name);
  if (raw?.isNameref === true && index === undefined) {
    const resolved = shell.resolveName(name);
    realIndex = resolved.index;
    realName = resolved.name;
  }
  if (realIndex === '@' || realIndex === '*') {
    const dynamic = shell.dynamicList(realName);
    if (dynamic !== undefined) return { kind: 'list', values: dynamic, isStar: realIndex === '*', isPositional: false };
    variable = shell.variable(realName);
    if (variable?.associative !== undefined) return { kind: 'list', values: associativeKeys(variable.associative).map((key) => variable!.associative!.get(key)!), isStar: realIndex === '*', isPositional: false };
    if (variable?.indexed !== undefined) return { kind: 'list', values: variable.indexed.values(), isStar: realIndex === '*', keys: variable.indexed.keys(), isPositional: false };
    const value = shell.get(realName);
    return { kind: 'list', values: value === undefined ? [] : [value], isStar: realIndex === '*', isPositional: false };
  }
  if (realIndex !== undefined) return { kind: 'one', value: shell.getElement(realName, realIndex) };
  return { kind: 'one', value: parameterValue(shell, realName) };
}

export function emit(shell: Shell, found: Found, isQuoted: boolean, sink: Sink): void {
  if (found.kind === 'one') {
    if (found.value !== undefined) {
      if (isQuoted) sink.touch();
      sink.value(found.value, isQuoted);
    }
    return;
  }
  const { values, isStar } = found;
  const ifs = shell.ifs();
  if (isQuoted && isStar) {
    sink.touch();
    sink.value(values.join(ifs.slice(0, 1)), true);
    return;
  }
  if (!sink.splits) {
    sink.value(values.join(isStar ? ifs.slice(0, 1) : ' '), isQuoted);
    return;
  }
  if (!isQuoted && ifs !== '' && !' \t\n'.includes(ifs[0]!)) {
    sink.value(values.join(ifs[0]), false);
    return;
  }
  values.forEach((value, index) => {
    if (index > 0) sink.breakField();
    if (isQuoted) sink.touch();
    sink.value(value, isQuoted);
  });
}

async function applyDefault(shell: Shell, piece: ParameterPiece, found: Found, target: Target, operation: Extract<Operation, { kind: 'default' }>, sink: Sink): Promise<void> {
  const isMissing = found.kind === 'one'
    ? found.value === undefined || (operation.alsoEmpty && found.value === '')
    : found.values.length === 0 || (operation.alsoEmpty && found.values.every((value) => value === '') && (found.values.length === 1 || found.isStar && found.values.join(shell.ifs().slice(0, 1)) === ''));
  switch (operation.operator) {
    case '-':
      if (isMissing) await expandOperand(shell, operation.word, piece.isQuoted, sink);
      else emit(shell, found, piece.isQuoted, sink);
      return;
    case '+':
      if (!isMissing) await expandOperand(shell, operation.word, piece.isQuoted, sink);
      return;
    case '=': {
      if (!isMissing) {
        emit(shell, found, piece.isQuoted, sink);
        return;
      }
      if (!/^[A-Za-z_]/.test(target.name)) throw new ShellError(`$${target.name}: cannot assign in this way`);
      const text = new TextSink();
      await expandPieces(shell, operation.word, text);
      shell.assign(target.name, target.index, text.text, false);
      sink.value(shell.getElement(target.name, target.index) ?? '', piece.isQuoted);
      return;
    }
    case '?': {
      if (!isMissing) {
        emit(shell, found, piece.isQuoted, sink);
        return;
      }
      const text = await expandText(shell, operation.word);
      throw new ShellError(`${piece.name}: ${text === '' ? (operation.alsoEmpty ? 'parameter null or not set' : 'parameter not set') : text}`, 127, 'exit');
    }
  }
}

/** The word of a default: its unquoted text is split like a value. */
async function expandOperand(shell: Shell, pieces: readonly Piece[], isQuoted: boolean, sink: Sink): Promise<void> {
  if (isQuoted) {
    sink.touch();
    for (const piece of pieces) {
      if (piece.kind === 'literal') sink.literal(piece.text, true);
      else if (piece.kind === 'double') await expandPieces(shell, piece.pieces.map((inner) => (inner.kind === 'literal' ? { ...inner, isQuoted: true } : inner)), sink);
      else await expandPieces(shell, [piece], sink);
    }
    return;
  }
  if (sink instanceof FieldSink) {
    const before = sink.splitsLiterals;
    for (const piece of pieces) {
      sink.splitsLiterals = true;
      await expandPieces(shell, [piece], sink);
    }
    sink.splitsLiterals = before;
    return;
  }
  await expandPieces(shell, pieces, sink);
}

async function operate(shell: Shell, piece: ParameterPiece, found: Found, target: Target, operation: Operation): Promise<Found> {
  const each = (change: (value: string) => string): Found => (found.kind === 'list' ? { ...found, values: found.values.map(change) } : { kind: 'one', value: found.value === undefined ? undefined : change(found.value) });
  switch (operation.kind) {
    case 'remove': {
      const pattern = await expandPattern(shell, operation.pattern);
      return each((value) => remove(shell, value, pattern, operation.operator));
    }
    case 'replace': {
      const pattern = await expandPattern(shell, operation.pattern);
      const replacement = await expandReplacement(shell, operation.replacement);
      return each((value) => replace(shell, value, pattern, replacement, operation.mode));
    }
    case 'slice': {
      const offset = Number(shell.arithmetic(await expandText(shell, operation.offset)));
      const length = operation.length === undefined ? undefined : Number(shell.arithmetic(await expandText(shell, operation.length)));
      return slice(shell, found, offset, length);
    }
    case 'case': {
      const pattern = operation.pattern === undefined ? '?' : await expandPattern(shell, operation.pattern);
      return each((value) => changeCase(shell, value, pattern, operation.operator));
    }
    case 'transform': return transform(shell, found, target, operation.operator);
    default: return found;
  }
}

function options(shell: Shell): { extended: boolean; ignoreCase: boolean } {
  return { extended: shell.options.extglob, ignoreCase: false };
}

export function remove(shell: Shell, value: string, pattern: string, operator: '#' | '##' | '%' | '%%'): string {
  if (pattern === '') return value;
  const compiled = shellPattern(pattern, options(shell));
  if (operator.startsWith('#')) {
    const end = compiled.prefixEnd(value, operator === '##');
    return end === -1 ? value : value.slice(end);
  }
  const start = compiled.suffixStart(value, operator === '%%');
  return start === -1 ? value : value.slice(0, start);
}

/** In a replacement an unquoted & stands for what matched (patsub_replacement): it is passed on as `\0`. */
async function expandReplacement(shell: Shell, pieces: readonly Piece[]): Promise<string> {
  const marks = shell.options.shopt('patsub_replacement');
  let out = '';
  const sink: Sink = {
    splits: false,
    literal: (text, isQuoted) => {
      out += isQuoted || !marks ? text : text.replaceAll('&', '\0');
    },
    value: (text, isQuoted) => {
      out += isQuoted || !marks ? text : text.replace(/\\([\\&])|&/g, (all, escaped: string | undefined) => (escaped !== undefined ? escaped : '\0'.repeat(all.length)));
    },
    breakField: () => {
      out += ' ';
    },
    touch: () => {},
  };
  await expandPieces(shell, pieces, sink);
  return out;
}

function replace(shell: Shell, value: string, pattern: string, replacement: string, mode: 'first' | 'all' | 'start' | 'end'): string {
  if (pattern === '') return mode === 'start' ? replacement + value : mode === 'end' ? value + replacement : value;
  const compiled = shellPattern(pattern, { ...options(shell), ignoreCase: shell.options.shopt('nocasematch') });
  const fill = (match: string): string => replacement.replaceAll('\0', () => match);
  if (mode === 'start') {
    const end = compiled.prefixEnd(value, true);
    return end === -1 ? value : fill(value.slice(0, end)) + value.slice(end);
  }
  if (mode === 'end') {
    const start = compiled.suffixStart(value, true);
    return start === -1 ? value : value.slice(0, start) + fill(value.slice(start));
  }
  if (value === '') return pattern.includes('(') || !compiled.matches('') ? '' : fill('');
  let out = '';
  let at = 0;
  for (;;) {
    const span = compiled.find(value, at);
    if (span === undefined) break;
    const [start, end] = span;
    if (start >= value.length) break;
    out += value.slice(at, start) + fill(value.slice(start, end));
    at = end;
    if (mode === 'first') break;
    if (start === end) {
      // Nothing, before each character but not behind the last.
      at += value.codePointAt(at)! > 0xffff ? 2 : 1;
      out += value.slice(end, at);
    }
  }
  return out + value.slice(at);
}

function slice(shell: Shell, found: Found, offset: number, length: number | undefined): Found {
  if (found.kind === 'list') {
    if (found.isPositional) {
      const all = [shell.name, ...found.values];
      const from = offset < 0 ? all.length + offset : offset;
      if (from < 0) return { ...found, values: [] };
      if (from >= all.length) return { ...found, values: [] };
      if (length !== undefined && length < 0) throw new ShellError(`${length}: substring expression < 0`);
      const start = offset === 0 ? 0 : from;
      return { ...found, values: all.slice(start, length === undefined ? undefined : start + length) };
    }
    if (found.keys === undefined) {
      // assoc_subrange counts from 1, and takes 0 for 1.
      const { values } = found;
      const from = offset < 0 ? values.length + 1 + offset : offset;
      if (from < 0 || from > values.length) return { ...found, values: [] };
      if (length !== undefined && length < 0) throw new ShellError(`${length}: substring expression < 0`);
      const start = Math.max(0, from - 1);
      return { ...found, values: values.slice(start, length === undefined ? undefined : start + length) };
    }
    const { keys } = found;
    const end = (keys.at(-1) ?? -1) + 1;
    const from = offset < 0 ? end + offset : offset;
    if (from < 0 || from >= end) return { ...found, values: [] };
    if (length !== undefined && length < 0) throw new ShellError(`${length}: substring expression < 0`);
    const first = keys.findIndex((key) => key >= from);
    return { ...found, values: first < 0 ? [] : found.values.slice(first, length === undefined ? undefined : first + length) };
  }
  if (found.value === undefined) return found;
  const points = [...bytesInC(shell, found.value)];
  const from = offset < 0 ? points.length + offset : offset;
  if (from < 0 || from > points.length) return { kind: 'one', value: '' };
  let to = points.length;
  if (length !== undefined) {
    to = length < 0 ? points.length + length : from + length;
    if (to < from) throw new ShellError(`${length}: substring expression < 0`);
  }
  return { kind: 'one', value: normalise(points.slice(from, to).join('')) };
}

function changeCase(shell: Shell, value: string, pattern: string, operator: string): string {
  const change = (c: string): string => (operator[0] === '^' ? c.toUpperCase() : operator[0] === ',' ? c.toLowerCase() : c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase());
  const points = [...value];
  const limit = operator.length === 1 ? 1 : points.length;
  return points.map((c, index) => (index < limit && matches(pattern, c, options(shell)) && change(c).length === c.length ? change(c) : c)).join('');
}

async function transform(shell: Shell, found: Found, target: Target, operator: string): Promise<Found> {
  const variable = shell.variable(target.name);
  const each = (change: (value: string) => string): Found => (found.kind === 'list' ? { ...found, values: found.values.map(change) } : { kind: 'one', value: found.value === undefined ? undefined : change(found.value) });
  switch (operator) {
    case 'Q': return each(quoteSingle);
    case 'E': return each(ansiText);
    case 'U': return each((value) => value.toUpperCase());
    case 'u': return each((value) => value.slice(0, 1).toUpperCase() + value.slice(1));
    case 'L': return each((value) => value.toLowerCase());
    case 'P': {
      const values = found.kind === 'list' ? found.values : found.value === undefined ? [] : [found.value];
      const done: string[] = [];
       
      for (const value of values) done.push((await expandPrompt(shell, value)).replace(/[\u0001\u0002]/g, ''));
      return found.kind === 'list' ? { ...found, values: done } : { kind: 'one', value: done[0] };
    }
    case 'a': {
      const text = variable === undefined ? '' : attributes(variable);
      if (found.kind === 'list') return { ...found, values: found.values.map(() => text) };
      return { kind: 'one', value: text };
    }
    case 'A': {
      if (found.kind === 'list' && found.isPositional) return { kind: 'one', value: `set -- ${found.values.map(quoteSingle).join(' ')}` };
      if (variable === undefined) return { kind: 'one', value: undefined };
      if (found.kind === 'list') return { kind: 'one', value: declareText(target.name, variable) };
      const flags = attributes(variable);
      return { kind: 'one', value: found.value === undefined ? (flags === '' ? undefined : `declare -${flags} ${target.name}`) : `${flags === '' ? '' : `declare -${flags} `}${target.name}=${quoteSingle(found.value)}` };
    }
    case 'K': case 'k': {
      if (found.kind === 'list' && !found.isPositional && variable !== undefined) {
        const keys = keysOf(shell, target.name);
        if (operator === 'k') return { ...found, values: keys.flatMap((key, index) => [key, found.values[index]!]) };
        return { kind: 'one', value: keys.map((key, index) => `${variable.associative !== undefined && !/^[A-Za-z0-9_]+$/.test(key) ? quoteDouble(key) : key} ${quoteDouble(found.values[index]!)}`).join(' ') };
      }
      return each(quoteSingle);
    }
    default: return found;
  }
}

export function attributes(variable: Variable): string {
  return (variable.indexed !== undefined ? 'a' : '') + (variable.associative !== undefined ? 'A' : '') + (variable.isInteger ? 'i' : '') + (variable.isNameref ? 'n' : '') + (variable.isReadOnly ? 'r' : '') + (variable.isTraced ? 't' : '')
    + (variable.isExported ? 'x' : '') + (variable.letterCase === 'lower' ? 'l' : variable.letterCase === 'upper' ? 'u' : variable.letterCase === 'capital' ? 'c' : '');
}

/** As `declare -p` shows it. */
export function declareText(name: string, variable: Variable): string {
  const flags = attributes(variable);
  const head = `declare -${flags === '' ? '-' : flags} ${name}`;
  if (variable.associative !== undefined) {
    if (variable.associative.size === 0) return variable.isBare ? head : `${head}=()`;
    return `${head}=(${associativeKeys(variable.associative).map((key) => `[${/^[A-Za-z0-9_@%+=:,./-]+$/.test(key) && key !== '@' ? key : quoteDouble(key)}]=${quoteDouble(variable.associative!.get(key)!)} `).join('')})`;
  }
  if (variable.indexed !== undefined) return variable.isBare && variable.indexed.size === 0 ? head : `${head}=(${variable.indexed.entries().map(([index, value]) => `[${index}]=${quoteDouble(value)}`).join(' ')})`;
  return variable.value === undefined ? head : `${head}=${quoteDouble(variable.value)}`;
}

