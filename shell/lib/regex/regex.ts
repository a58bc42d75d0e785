/**
 * POSIX regular expressions: leftmost, longest, in time that grows with the text and not with the expression's temper. Read first: regex(7);
 * `parse.ts` for the dialects, `automaton.ts` for the search, `backtrack.ts` for groups and references.
 */
import { Automaton, RegexExhausted } from './automaton.ts';
import { findGroups } from './backtrack.ts';
import { dialects, parseRegex, RegexProblem, type DialectName, type RegexError } from './parse.ts';
import { compileProgram, type Program } from './program.ts';
import { sequence, type Assertion, type Tree } from './tree.ts';

export { RegexExhausted };
export type { DialectName, RegexError } from './parse.ts';

export interface RegexOptions {
  readonly ignoreCase?: boolean;
  /** `^` and `$` at every line (sed's M). */
  readonly multiline?: boolean;
  /** The match is all of the text, begins where it begins, or has no word character beside it (grep's -x and -w, expr's colon). */
  readonly bounds?: 'whole' | 'start' | 'word';
  /** A search that would take too long throws RegexExhausted; so asked it finds nothing, as most who call regexec(3) have it. */
  readonly isForgiving?: boolean;
}
export type Compiled = { readonly ok: true; readonly regex: Regex; readonly warnings: readonly string[] } | { readonly ok: false; readonly error: RegexError };

/** Places in UTF-16 units. Group 0 is the match. */
export interface RegexMatch { readonly index: number; readonly end: number; readonly groups: readonly (string | undefined)[] }

export function compileRegex(pattern: string, dialect: DialectName, options: RegexOptions = {}): Compiled {
  return compileRegexes([pattern], dialect, options);
}

/** Any of several patterns, each with groups of its own. */
export function compileRegexes(patterns: readonly string[], dialect: DialectName, options: RegexOptions = {}): Compiled {
  try {
    const parts: Tree[] = [];
    const warnings: string[] = [];
    let groups = 0;
    for (const pattern of patterns) {
      const parsed = parseRegex(pattern, dialects[dialect], options.ignoreCase === true, groups + 1);
      parts.push(parsed.tree);
      groups += parsed.groups;
      warnings.push(...parsed.warnings);
    }
    return { ok: true, regex: regexOf(parts.length === 1 ? parts[0]! : { kind: 'choice', parts }, groups, options), warnings };
  } catch (problem) {
    if (problem instanceof RegexProblem) return { ok: false, error: problem.error };
    throw problem;
  }
}

const BOUNDS: Readonly<Record<NonNullable<RegexOptions['bounds']>, readonly [Assertion, Assertion | undefined]>> = { whole: ['text start', 'text end'], start: ['text start', undefined], word: ['no word before', 'no word behind'] };

/** For trees made elsewhere, such as shell patterns. Throws RegexProblem when it is too big. */
export function regexOf(tree: Tree, groups: number, options: RegexOptions = {}): Regex {
  let bounded = tree;
  if (options.bounds !== undefined) {
    const [before, behind] = BOUNDS[options.bounds];
    bounded = sequence([{ kind: 'assertion', assertion: before }, tree, ...(behind === undefined ? [] : [{ kind: 'assertion', assertion: behind } as const])]);
  }
  return new Regex(compileProgram(bounded, { groups, isMultiline: options.multiline === true, ignoreCase: options.ignoreCase === true }), literalStart(bounded), options.bounds === 'whole' || options.bounds === 'start', options.isForgiving === true);
}

export class Regex {
  readonly groups: number;
  private readonly program: Program;
  /** Every match begins with this text. */
  private readonly literal: string;
  private readonly anywhere: Automaton;
  private readonly here: Automaton;

  /** A match begins where the text begins, or nowhere. */
  private readonly isAnchored: boolean;
  private readonly isForgiving: boolean;

  constructor(program: Program, literal: string, isAnchored: boolean, isForgiving: boolean) {
    this.isAnchored = isAnchored;
    this.isForgiving = isForgiving;
    this.program = program;
    this.groups = program.groups;
    this.literal = literal;
    this.anywhere = new Automaton(program, false);
    this.here = new Automaton(program, true);
  }

  test(text: string, from = 0): boolean {
    if (this.program.references.length > 0 || this.isForgiving) return this.find(text, from) !== undefined;
    if (this.isAnchored) return from === 0 && this.here.firstEnd(text, 0) !== -1;
    const start = this.literal === '' ? from : text.indexOf(this.literal, from);
    return start !== -1 && this.anywhere.firstEnd(text, start) !== -1;
  }

  /** Where the shortest match that begins where the text begins ends, or -1. */
  shortestEnd(text: string): number {
    return this.here.firstEnd(text, 0);
  }

  /** Where the leftmost longest match begins and ends. */
  span(text: string, from = 0): readonly [number, number] | undefined {
    const found = this.find(text, from);
    return found === undefined ? undefined : [found.index, found.end];
  }

  exec(text: string, from = 0): RegexMatch | undefined {
    const found = this.find(text, from);
    if (found === undefined) return undefined;
    const { index, end } = found;
    const groups: (string | undefined)[] = [text.slice(index, end)];
    if (this.groups > 0) {
      const slots = found.slots ?? findGroups(this.program, text, index, end)!.slots;
      for (let group = 1; group <= this.groups; group += 1) groups.push(slots[2 * group + 1] === -1 ? undefined : text.slice(slots[2 * group], slots[2 * group + 1]));
    }
    return { index, end, groups };
  }

  /** All matches from left to right; an empty one right behind another does not count. */
  *matchesIn(text: string): Generator<RegexMatch> {
    let behind = -1;
    for (let at = 0; at <= text.length; ) {
      const match = this.exec(text, at);
      if (match === undefined) return;
      if (match.end > match.index || match.index !== behind) yield match;
      behind = match.end;
      at = match.end > match.index ? match.end : match.end + (text.codePointAt(match.end)! > 0xffff ? 2 : 1);
    }
  }

  private find(text: string, from: number): { index: number; end: number; slots?: Int32Array } | undefined {
    if (!this.isForgiving) return this.search(text, from);
    try {
      return this.search(text, from);
    } catch (problem) {
      if (problem instanceof RegexExhausted) return undefined;
      throw problem;
    }
  }

  private search(text: string, from: number): { index: number; end: number; slots?: Int32Array } | undefined {
    if (this.isAnchored && this.program.references.length === 0) {
      const end = from === 0 ? this.here.longestEnd(text, 0) : -1;
      return end === -1 ? undefined : { index: 0, end };
    }
    const start = this.literal === '' ? from : text.indexOf(this.literal, from);
    if (start === -1 || this.anywhere.firstEnd(text, start) === -1) return undefined;
    if (this.program.references.length > 0) return this.findWithReferences(text, start);
    // Try one beginning after the other, unless they go far and come to nothing.
    let patience = 4 * (text.length - start) + 256;
    for (let index = start; index <= text.length; index = this.after(text, index)) {
      const end = this.here.longestEnd(text, index);
      if (end !== -1) return { index, end };
      patience -= this.here.looked;
      if (patience < 0) {
        const leftmost = this.here.leftmostStart(text, index + 1);
        return { index: leftmost, end: this.here.longestEnd(text, leftmost) };
      }
    }
    return undefined;
  }

  private findWithReferences(text: string, start: number): { index: number; end: number; slots: Int32Array } | undefined {
    const spent = { steps: 0 };
    for (let index = start; index <= text.length; index = this.after(text, index)) {
      const most = this.here.longestEnd(text, index);
      const found = most === -1 ? undefined : findGroups(this.program, text, index, most, spent);
      if (found !== undefined) return { index, ...found };
    }
    return undefined;
  }

  /** The next place a match can begin. */
  private after(text: string, index: number): number {
    const next = index + (text.codePointAt(index)! > 0xffff ? 2 : 1);
    if (this.literal === '' || next > text.length) return next;
    const found = text.indexOf(this.literal, next);
    return found === -1 ? text.length + 1 : found;
  }
}

/** Two sides of a surrogate pair are no character: `literal` never ends between them, for sets hold whole code points. */
function literalStart(tree: Tree): string {
  let literal = '';
  const parts = tree.kind === 'sequence' ? tree.parts : [tree];
  for (const part of parts) {
    if (part.kind !== 'set' || part.set.length !== 2 || part.set[0] !== part.set[1]) break;
    literal += String.fromCodePoint(part.set[0]!);
  }
  return literal;
}
