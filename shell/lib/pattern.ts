/** Shell patterns. Read first: bash(1) "Pattern Matching", POSIX 2.13; the matching itself is that of `shell/lib/regex/`. */
import { endsOf } from './regex/ends.ts';
import { regexOf, type Regex } from './regex/regex.ts';
import { anyCharacter, classes, complement, setOf, withBothCases, wordCharacters, type CharacterSet } from './regex/sets.ts';
import { sequence, type Tree } from './regex/tree.ts';

export interface PatternOptions { readonly extended: boolean; readonly ignoreCase: boolean }

/** Places are in UTF-16 units. */
export interface ShellPattern {
  /** Is it all of the text? */
  matches(text: string): boolean;
  /** Where what it matches at the start of the text ends, shortest or longest, or -1. */
  prefixEnd(text: string, isLongest: boolean): number;
  /** Where what it matches at the end of the text begins, or -1. */
  suffixStart(text: string, isLongest: boolean): number;
  /** The leftmost longest match at `from` or behind it. */
  find(text: string, from: number): readonly [number, number] | undefined;
}

const cache = new Map<string, ShellPattern>();

/** `pattern` has quoted characters behind backslashes. */
export function shellPattern(pattern: string, options: PatternOptions): ShellPattern {
  const key = `${options.extended ? 'e' : ''}${options.ignoreCase ? 'i' : ''}:${pattern}`;
  let compiled = cache.get(key);
  if (compiled === undefined) {
    const tree = parse(pattern, 0, pattern.length, options);
    compiled = options.extended && pattern.includes('!(') ? new PatternBySets(tree) : new PatternByRegex(tree);
    if (cache.size > 2000) cache.clear();
    cache.set(key, compiled);
  }
  return compiled;
}

/** The whole text must match. */
export function matches(pattern: string, text: string, options: PatternOptions): boolean {
  return shellPattern(pattern, options).matches(text);
}

class PatternByRegex implements ShellPattern {
  private readonly whole: Regex;
  private begins: Regex | undefined;
  private ends: Regex | undefined;
  private anywhere: Regex | undefined;
  private readonly tree: Tree;

  constructor(tree: Tree) {
    this.tree = tree;
    this.whole = regexOf(tree, 0, { bounds: 'whole' });
  }

  matches(text: string): boolean {
    return this.whole.test(text);
  }
  prefixEnd(text: string, isLongest: boolean): number {
    this.begins ??= regexOf(this.tree, 0, { bounds: 'start' });
    return isLongest ? (this.begins.span(text)?.[1] ?? -1) : this.begins.shortestEnd(text);
  }
  suffixStart(text: string, isLongest: boolean): number {
    if (isLongest) {
      this.ends ??= regexOf(sequence([this.tree, { kind: 'assertion', assertion: 'text end' }]), 0);
      return this.ends.span(text)?.[0] ?? -1;
    }
    for (let start = text.length; start >= 0; start -= 1) if (!isInsidePair(text, start) && this.whole.test(text.slice(start))) return start;
    return -1;
  }
  find(text: string, from: number): readonly [number, number] | undefined {
    this.anywhere ??= regexOf(this.tree, 0);
    return this.anywhere.span(text, from);
  }
}

function isInsidePair(text: string, at: number): boolean {
  return at > 0 && at < text.length && text.codePointAt(at - 1)! > 0xffff;
}

/** `!(...)` asks for what does not match, which no automaton here can. */
class PatternBySets implements ShellPattern {
  private readonly tree: Tree;
  constructor(tree: Tree) {
    this.tree = tree;
  }

  matches(text: string): boolean {
    const points = pointsOf(text);
    return endsOf(this.tree, points, [0]).at(-1) === points.length;
  }
  prefixEnd(text: string, isLongest: boolean): number {
    const points = pointsOf(text);
    const end = endsOf(this.tree, points, [0]).at(isLongest ? -1 : 0);
    return end === undefined ? -1 : unitsOf(points, end);
  }
  suffixStart(text: string, isLongest: boolean): number {
    const points = pointsOf(text);
    const starts = [...points.keys(), points.length].filter((start) => endsOf(this.tree, points, [start]).at(-1) === points.length);
    const start = starts.at(isLongest ? 0 : -1);
    return start === undefined ? -1 : unitsOf(points, start);
  }
  find(text: string, from: number): readonly [number, number] | undefined {
    const points = pointsOf(text);
    for (let start = pointsOf(text.slice(0, from)).length; start <= points.length; start += 1) {
      const end = endsOf(this.tree, points, [start]).at(-1);
      if (end !== undefined) return [unitsOf(points, start), unitsOf(points, end)];
    }
    return undefined;
  }
}

function pointsOf(text: string): number[] {
  return [...text].map((character) => character.codePointAt(0)!);
}

function unitsOf(points: readonly number[], count: number): number {
  return points.slice(0, count).reduce((units, point) => units + (point > 0xffff ? 2 : 1), 0);
}

function parse(pattern: string, from: number, to: number, options: PatternOptions): Tree {
  const parts: Tree[] = [];
  const literal = (text: string): Tree => {
    const code = text.codePointAt(0)!;
    return { kind: 'set', set: options.ignoreCase ? withBothCases([code, code]) : [code, code] };
  };
  for (let i = from; i < to; ) {
    const c = String.fromCodePoint(pattern.codePointAt(i)!);
    if (options.extended && '?*+@!'.includes(c) && pattern[i + 1] === '(') {
      const close = closing(pattern, i + 2, to);
      if (close !== undefined) {
        const of: Tree = { kind: 'choice', parts: alternatives(pattern, i + 2, close).map(([start, end]) => parse(pattern, start, end, options)) };
        if (c === '!') parts.push({ kind: 'not', of });
        else if (c === '@') parts.push(of);
        else parts.push({ kind: 'repeat', of, least: c === '+' ? 1 : 0, most: c === '?' ? 1 : Number.POSITIVE_INFINITY });
        i = close + 1;
        continue;
      }
    }
    if (c === '*') {
      while (pattern[i + 1] === '*' && i + 1 < to && !(options.extended && pattern[i + 2] === '(')) i += 1;
      parts.push({ kind: 'repeat', of: { kind: 'set', set: anyCharacter }, least: 0, most: Number.POSITIVE_INFINITY });
      i += 1;
    } else if (c === '?') {
      parts.push({ kind: 'set', set: anyCharacter });
      i += 1;
    } else if (c === '[') {
      const bracket = bracketAt(pattern, i, to);
      if (bracket === undefined) {
        parts.push(literal('['));
        i += 1;
      } else {
        const members = options.ignoreCase ? withBothCases(bracket.set) : bracket.set;
        parts.push({ kind: 'set', set: bracket.isNegated ? complement(members) : members });
        i = bracket.end;
      }
    } else if (c === '\\' && i + 1 < to) {
      const next = String.fromCodePoint(pattern.codePointAt(i + 1)!);
      parts.push(literal(next));
      i += 1 + next.length;
    } else {
      parts.push(literal(c));
      i += c.length;
    }
  }
  return sequence(parts);
}

function closing(pattern: string, from: number, to: number): number | undefined {
  let depth = 0;
  for (let i = from; i < to; i += 1) {
    const c = pattern[i]!;
    if (c === '\\') i += 1;
    else if (c === '[') {
      const bracket = bracketAt(pattern, i, to);
      if (bracket !== undefined) i = bracket.end - 1;
    } else if (c === '(') depth += 1;
    else if (c === ')') {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  return undefined;
}

function alternatives(pattern: string, from: number, to: number): [number, number][] {
  const parts: [number, number][] = [];
  let depth = 0;
  let start = from;
  for (let i = from; i < to; i += 1) {
    const c = pattern[i]!;
    if (c === '\\') i += 1;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    else if (c === '|' && depth === 0) {
      parts.push([start, i]);
      start = i + 1;
    }
  }
  parts.push([start, to]);
  return parts;
}

/** A class nobody knows has no members. */
function classNamed(name: string): CharacterSet {
  if (name === 'word') return wordCharacters;
  if (name === 'ascii') return [0, 0x7f];
  return classes.get(name) ?? [];
}

function bracketAt(pattern: string, open: number, to: number): { set: CharacterSet; isNegated: boolean; end: number } | undefined {
  let i = open + 1;
  const isNegated = pattern[i] === '!' || pattern[i] === '^';
  if (isNegated) i += 1;
  const found: number[] = [];
  let isFirst = true;
  for (; i < to; isFirst = false) {
    const c = String.fromCodePoint(pattern.codePointAt(i)!);
    if (c === ']' && !isFirst) return { set: setOf(found), isNegated, end: i + 1 };
    if (c === '[' && (pattern[i + 1] === ':' || pattern[i + 1] === '.' || pattern[i + 1] === '=')) {
      const kind = pattern[i + 1]!;
      const end = pattern.indexOf(`${kind}]`, i + 2);
      if (end > 0 && end < to) {
        const name = pattern.slice(i + 2, end);
        if (kind === ':') found.push(...classNamed(name));
        else for (const character of name) found.push(character.codePointAt(0)!, character.codePointAt(0)!);
        i = end + 2;
        continue;
      }
    }
    let low = c;
    i += c.length;
    if (c === '\\' && i < to) {
      low = String.fromCodePoint(pattern.codePointAt(i)!);
      i += low.length;
    }
    let high = low;
    if (pattern[i] === '-' && pattern[i + 1] !== ']' && i + 1 < to) {
      high = String.fromCodePoint(pattern.codePointAt(i + 1)!);
      i += 1 + high.length;
      if (high === '\\' && i < to) {
        high = String.fromCodePoint(pattern.codePointAt(i)!);
        i += high.length;
      }
    }
    const [first, last] = [low.codePointAt(0)!, high.codePointAt(0)!];
    if (first <= last) found.push(first, last);
  }
  return undefined;
}

/** Has the text anything that makes it a pattern? Backslash-quoted characters do not count. */
export function isPattern(text: string, extended: boolean): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\') i += 1;
    else if (c === '*' || c === '?') return true;
    else if (c === '[' && text.indexOf(']', i + 1) > 0) return true;
    else if (extended && '+@!'.includes(c) && text[i + 1] === '(') return true;
  }
  return false;
}

/** The text with backslash quoting removed. */
export function unquotePattern(pattern: string): string {
  return pattern.replace(/\\([\s\S])/g, '$1');
}

export function quotePattern(text: string): string {
  return text.replace(/[\\*?[\]()|!+@^-]/g, (c) => `\\${c}`);
}
