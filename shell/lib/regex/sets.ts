/** Sets of characters as sorted ranges of code points. Read first: regex(7) "bracket expression", wctype(3); classes as glibc's C.UTF-8 has them, common scripts only. */

/** Pairs: first and last code point of each range, ascending, none touching the next. */
export type CharacterSet = readonly number[];

export const LAST_CODE_POINT = 0x10ffff;
export const anyCharacter: CharacterSet = [0, LAST_CODE_POINT];

/** Ranges in any order, made a set. */
export function setOf(ranges: readonly number[]): CharacterSet {
  const pairs: [number, number][] = [];
  for (let at = 0; at < ranges.length; at += 2) pairs.push([ranges[at]!, ranges[at + 1]!]);
  pairs.sort((left, right) => left[0] - right[0]);
  const set: number[] = [];
  for (const [first, last] of pairs) {
    if (set.length > 0 && first <= set.at(-1)! + 1) set[set.length - 1] = Math.max(set.at(-1)!, last);
    else set.push(first, last);
  }
  return set;
}

export function complement(set: CharacterSet): CharacterSet {
  const others: number[] = [];
  let from = 0;
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]! > from) others.push(from, set[at]! - 1);
    from = set[at + 1]! + 1;
  }
  if (from <= LAST_CODE_POINT) others.push(from, LAST_CODE_POINT);
  return others;
}

export function contains(set: CharacterSet, code: number): boolean {
  for (let at = 0; at < set.length && set[at]! <= code; at += 2) if (code <= set[at + 1]!) return true;
  return false;
}

/** Beyond Cyrillic case is rare enough to be left alone. */
const LAST_CASED = 0x52f;

/** With the other case of every letter. */
export function withBothCases(set: CharacterSet): CharacterSet {
  const added: number[] = [];
  for (let at = 0; at < set.length; at += 2) {
    for (let code = set[at]!; code <= Math.min(set[at + 1]!, LAST_CASED); code += 1) {
      const character = String.fromCodePoint(code);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        if (other.length === 1 && other !== character) added.push(other.charCodeAt(0), other.charCodeAt(0));
      }
    }
  }
  return added.length === 0 ? set : setOf([...set, ...added]);
}

const ranges = (text: string): number[] => [...text.matchAll(/(.)-(.)/gsu)].flatMap(([, first, last]) => [first!.codePointAt(0)!, last!.codePointAt(0)!]);
/** Scripts without case, from Hebrew to Hangul, are letters all through here; glibc leaves out their marks. */
const UNCASED = [0x5d0, 0x5ea, 0x620, 0x64a, 0x904, 0x939, 0xe01, 0xe30, 0x3041, 0x3096, 0x30a1, 0x30fa, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xac00, 0xd7a3];
const LETTERS = [...ranges('a-zA-Zª-ªµ-µº-ºÀ-ÖØ-öø-ˁʰ-ˁͰ-ʹͶ-ͷΆ-ΆΈ-ϵϷ-ҁҊ-ԯ'), 0x531, 0x556, 0x561, 0x587, 0x1e00, 0x1fbc, ...UNCASED];
const UPPER = withOneCase((character) => character.toLowerCase() !== character);
const LOWER = withOneCase((character) => character.toUpperCase() !== character && character.toUpperCase().length === 1);
const CONTROLS = [0, 0x1f, 0x7f, 0x9f, 0x2028, 0x2029];
const BLANKS = [9, 9, 32, 32, 0x1680, 0x1680, 0x2000, 0x2006, 0x2008, 0x200a, 0x205f, 0x205f, 0x3000, 0x3000];

function withOneCase(isOfCase: (character: string) => boolean): number[] {
  const found: number[] = [];
  for (let code = 0; code <= LAST_CASED; code += 1) if (isOfCase(String.fromCharCode(code))) found.push(code, code);
  return found;
}

const graph = complement(setOf([...CONTROLS, ...BLANKS, 0xd800, 0xf8ff]));
const alnum = setOf([...LETTERS, ...ranges('0-9')]);

export const classes: ReadonlyMap<string, CharacterSet> = new Map([
  ['alpha', setOf(LETTERS)], ['digit', ranges('0-9')], ['alnum', alnum], ['upper', setOf(UPPER)], ['lower', setOf(LOWER)], ['space', setOf([...BLANKS, 10, 13, 0x2028, 0x2029])], ['blank', setOf(BLANKS)],
  ['punct', intersection(graph, complement(alnum))], ['graph', graph], ['print', setOf([...graph, ...BLANKS.slice(2)])], ['cntrl', setOf(CONTROLS)], ['xdigit', setOf(ranges('0-9A-Fa-f'))],
]);
export const wordCharacters: CharacterSet = setOf([...alnum, 0x5f, 0x5f]);

function intersection(left: CharacterSet, right: CharacterSet): CharacterSet {
  return complement(setOf([...complement(left), ...complement(right)]));
}
