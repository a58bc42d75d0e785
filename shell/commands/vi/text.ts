/** The text of vi and where motions lead. Pure. Read first: vim's motion.txt. */
import { isWordCharacter, nextCharacter, previousCharacter } from '../../readline/functions/words.ts';

export interface Place {
  readonly line: number;
  readonly at: number;
}
export interface Motion {
  readonly to: Place;
  /** Whole lines (j, G, dd). */
  readonly isLinewise?: boolean;
  /** The character at `to` belongs to it (e, f, $). */
  readonly isInclusive?: boolean;
  /** Old vi's `'` remembers where such a motion started. */
  readonly isJump?: boolean;
  /** Up and down keep the column they aim at. */
  readonly keepsColumn?: boolean;
}

type Kind = 'blank' | 'word' | 'other';

function kindAt(line: string, at: number, big: boolean): Kind {
  const c = line[at];
  if (c === undefined || /\s/.test(c)) return 'blank';
  return big || isWordCharacter(c) || c === '_' ? 'word' : 'other';
}

export function wordForward(lines: readonly string[], from: Place, big: boolean): Place {
  let { line, at } = from;
  const start = kindAt(lines[line]!, at, big);
  if (start !== 'blank') while (at < lines[line]!.length && kindAt(lines[line]!, at, big) === start) at += 1;
  for (;;) {
    while (at < lines[line]!.length && kindAt(lines[line]!, at, big) === 'blank') at += 1;
    if (at < lines[line]!.length) return { line, at };
    if (line === lines.length - 1) return { line, at: Math.max(0, lines[line]!.length) };
    line += 1;
    at = 0;
    if (lines[line] === '') return { line, at };
  }
}

export function wordBackward(lines: readonly string[], from: Place, big: boolean): Place {
  let { line, at } = from;
  for (;;) {
    at -= 1;
    if (at < 0) {
      if (line === 0) return { line: 0, at: 0 };
      line -= 1;
      at = lines[line]!.length;
      if (at === 0) return { line, at };
      continue;
    }
    const kind = kindAt(lines[line]!, at, big);
    if (kind === 'blank') continue;
    while (at > 0 && kindAt(lines[line]!, at - 1, big) === kind) at -= 1;
    return { line, at };
  }
}

export function wordEnd(lines: readonly string[], from: Place, big: boolean): Place {
  let { line, at } = from;
  for (;;) {
    at += 1;
    if (at >= lines[line]!.length) {
      if (line === lines.length - 1) return { line, at: Math.max(0, lines[line]!.length - 1) };
      line += 1;
      at = -1;
      continue;
    }
    const kind = kindAt(lines[line]!, at, big);
    if (kind === 'blank') continue;
    while (at + 1 < lines[line]!.length && kindAt(lines[line]!, at + 1, big) === kind) at += 1;
    return { line, at };
  }
}

export function wordEndBackward(lines: readonly string[], from: Place, big: boolean): Place {
  let { line, at } = from;
  const start = kindAt(lines[line]!, at, big);
  if (start !== 'blank') while (at >= 0 && kindAt(lines[line]!, at, big) === start) at -= 1;
  for (;;) {
    while (at >= 0 && kindAt(lines[line]!, at, big) === 'blank') at -= 1;
    if (at >= 0) return { line, at };
    if (line === 0) return { line: 0, at: 0 };
    line -= 1;
    at = lines[line]!.length - 1;
    if (at < 0) return { line, at: 0 };
  }
}

export function paragraph(lines: readonly string[], from: Place, direction: 1 | -1): Place {
  let line = from.line;
  while (lines[line] === '' && lines[line + direction] !== undefined) line += direction;
  while (lines[line] !== '' && lines[line + direction] !== undefined) line += direction;
  return { line, at: direction > 0 && lines[line] !== '' ? lines[line]!.length : 0 };
}

export function matchingBracket(lines: readonly string[], from: Place): Place | undefined {
  const pairs = '()[]{}';
  let at = from.at;
  while (at < lines[from.line]!.length && !pairs.includes(lines[from.line]![at]!)) at += 1;
  const c = lines[from.line]![at];
  if (c === undefined) return undefined;
  const index = pairs.indexOf(c);
  const step = index % 2 === 0 ? 1 : -1;
  const other = pairs[index + step]!;
  let depth = 0;
  let line = from.line;
  for (;;) {
    const here = lines[line]![at];
    if (here === c) depth += 1;
    else if (here === other) depth -= 1;
    if (depth === 0) return { line, at };
    at += step;
    while (at < 0 || at >= lines[line]!.length) {
      line += step;
      if (lines[line] === undefined) return undefined;
      at = step > 0 ? 0 : lines[line]!.length - 1;
      if (lines[line] !== '') break;
    }
  }
}

export function order(a: Place, b: Place): [Place, Place] {
  return a.line < b.line || (a.line === b.line && a.at <= b.at) ? [a, b] : [b, a];
}

/** Where the first text of a line is; the last character of a blank one. */
export function firstText(line: string): number {
  const at = line.search(/\S/);
  return at < 0 ? lastAt(line) : at;
}

/** Where the cursor can be at most outside insert mode. */
export function lastAt(line: string): number {
  return line === '' ? 0 : previousCharacter(line, line.length);
}

export { nextCharacter, previousCharacter };
