/** Where vi's motions lead. Read first: vim's motion.txt; vi_diff.txt for what old vi refuses. */
import type { Key } from '../../terminal/escape.ts';
import { cellWidth } from '../nano/buffer.ts';
import { MOST_REPEATS, type ViEditor } from './editor.ts';
import { searchMotion, searchWord } from './search.ts';
import { firstText, lastAt, matchingBracket, nextCharacter, order, paragraph, previousCharacter, wordBackward, wordEnd, wordEndBackward, wordForward, type Motion, type Place } from './text.ts';

/** undefined: it leads nowhere; 'more': another key is needed; 'none': no motion. */
export function motionOf(editor: ViEditor, key: Key, count: number | undefined, rest: readonly Key[], isForOperator: boolean): Motion | undefined | 'more' | 'none' {
  const times = Math.min(MOST_REPEATS, count ?? 1);
  const { lines, cursor, line } = editor;
  const here = (at: number): Place => ({ line: cursor.line, at });
  const toText = (index: number): Place => ({ line: index, at: firstText(lines[index]!) });
  const repeat = (step: (place: Place) => Place): Place => {
    let place = cursor;
    for (let i = 0; i < times; i += 1) place = step(place);
    return place;
  };
  /** Old vi does not move at all where there are too few lines. */
  const lineAway = (by: number): number | undefined => {
    const target = cursor.line + by;
    if (target >= 0 && target < lines.length) return target;
    if (editor.options.isCompatible || Math.abs(by) === 1 || cursor.line === (by < 0 ? 0 : lines.length - 1)) return undefined;
    return by < 0 ? 0 : lines.length - 1;
  };
  const vertical = (by: number): Motion | undefined => {
    const target = lineAway(by);
    return target === undefined ? undefined : { to: { line: target, at: atColumn(editor, lines[target]!, editor.wanted) }, isLinewise: true, keepsColumn: true };
  };
  switch (key) {
    case 'h': case 'left': case 'backspace': case 'ctrl-h': return cursor.at === 0 ? undefined : { to: repeat((place) => here(previousCharacter(line, place.at))) };
    case 'l': case 'right': case ' ':
      if (cursor.at >= lastAt(line) && !(isForOperator && line !== '') && editor.mode !== 'visual') return undefined;
      return { to: repeat((place) => here(nextCharacter(line, place.at))) };
    case 'j': case 'down': case 'ctrl-n': case 'ctrl-j': return vertical(times);
    case 'k': case 'up': case 'ctrl-p': return vertical(-times);
    case '0': case 'home': return { to: here(0) };
    case '^': return { to: here(firstText(line)) };
    case '|': return { to: here(atColumn(editor, line, times - 1)) };
    case '$': case 'end': {
      const index = times === 1 ? cursor.line : lineAway(times - 1);
      if (index === undefined) return undefined;
      return { to: { line: index, at: editor.mode === 'visual' ? lines[index]!.length : lastAt(lines[index]!) }, isInclusive: lines[index] !== '' };
    }
    case '_': {
      const index = times === 1 ? cursor.line : lineAway(times - 1);
      return index === undefined ? undefined : { to: toText(index), isLinewise: true };
    }
    case '+': case 'enter': case '-': {
      const index = lineAway(key === '-' ? -times : times);
      return index === undefined ? undefined : { to: toText(index), isLinewise: true };
    }
    case 'w': case 'W': {
      const to = repeat((place) => wordForward(lines, place, key === 'W'));
      return to.line === cursor.line && to.at === cursor.at ? undefined : { to };
    }
    case 'b': case 'B': return cursor.line === 0 && cursor.at === 0 ? undefined : { to: repeat((place) => wordBackward(lines, place, key === 'B')) };
    case 'e': case 'E': {
      const to = repeat((place) => wordEnd(lines, place, key === 'E'));
      return to.line === cursor.line && to.at === cursor.at && !isForOperator ? undefined : { to, isInclusive: true };
    }
    case '}': case '{': return { to: repeat((place) => paragraph(lines, place, key === '}' ? 1 : -1)), isJump: true };
    case ')': case '(': return { to: repeat((place) => sentence(lines, place, key === ')' ? 1 : -1)), isJump: true };
    case 'G': return { to: toText(Math.max(0, Math.min(lines.length, count ?? lines.length) - 1)), isLinewise: true, isJump: true };
    case 'g':
      if (rest[0] === undefined) return 'more';
      if (rest[0] === 'g') return { to: toText(Math.max(0, Math.min(lines.length, count ?? 1) - 1)), isLinewise: true, isJump: true };
      if (rest[0] === 'e' || rest[0] === 'E') return { to: repeat((place) => wordEndBackward(lines, place, rest[0] === 'E')), isInclusive: true };
      if (rest[0] === '_') return { to: here(Math.max(0, line.search(/\S\s*$/))), isInclusive: true };
      if (rest[0] === 'j' || rest[0] === 'k') return vertical(rest[0] === 'j' ? times : -times);
      if (rest[0] === '*' || rest[0] === '#') return searchWord(editor, rest[0] === '*' ? 1 : -1, false, times);
      return 'none';
    case 'H': return { to: toText(Math.min(lines.length - 1, editor.top + times - 1)), isLinewise: true, isJump: true };
    case 'M': return { to: toText(Math.min(lines.length - 1, editor.top + Math.floor((Math.min(editor.height, lines.length - editor.top) - 1) / 2))), isLinewise: true, isJump: true };
    case 'L': return { to: toText(Math.max(editor.top, Math.min(lines.length, editor.top + editor.height) - times)), isLinewise: true, isJump: true };
    case '%': {
      if (count !== undefined) return count > 100 ? undefined : { to: toText(Math.min(lines.length, Math.floor((count * lines.length + 99) / 100)) - 1), isLinewise: true, isJump: true };
      const to = matchingBracket(lines, cursor);
      return to === undefined ? undefined : { to, isInclusive: true, isJump: true };
    }
    case 'f': case 'F': case 't': case 'T': {
      const c = rest[0];
      if (c === undefined) return 'more';
      if (c === 'escape') return undefined;
      editor.lastFind = { c: c === 'tab' ? '\t' : c, direction: key === 'f' || key === 't' ? 1 : -1, till: key === 't' || key === 'T' };
      return findCharacter(editor, editor.lastFind, times, false);
    }
    case ';': return editor.lastFind === undefined ? undefined : findCharacter(editor, editor.lastFind, times, true);
    case ',': return editor.lastFind === undefined ? undefined : findCharacter(editor, { ...editor.lastFind, direction: editor.lastFind.direction === 1 ? -1 : 1 }, times, true);
    case 'n': case 'N': {
      const direction = editor.search?.direction ?? 1;
      return searchMotion(editor, key === 'n' ? direction : direction === 1 ? -1 : 1, times);
    }
    case '*': case '#': return searchWord(editor, key === '*' ? 1 : -1, true, times);
    case "'": case '`': {
      const name = rest[0];
      if (name === undefined) return 'more';
      const place = editor.mark(name);
      if (place === undefined) {
        editor.fail('E20: Mark not set');
        return undefined;
      }
      return key === "'" ? { to: toText(place.line), isLinewise: true, isJump: true } : { to: place, isJump: true };
    }
    default: return 'none';
  }
}

/** The offset of the character in a screen column. */
export function atColumn(editor: ViEditor, line: string, wanted: number): number {
  if (wanted === Number.POSITIVE_INFINITY) return editor.mode === 'visual' ? line.length : lastAt(line);
  let column = 0;
  let at = 0;
  for (const character of line) {
    column += tabbedWidth(editor, character, column);
    if (column > wanted) break;
    at += character.length;
  }
  return Math.min(at, editor.mode === 'visual' || editor.mode === 'insert' || editor.mode === 'replace' ? line.length : lastAt(line));
}

/** The first screen column of an offset. */
export function columnAt(editor: ViEditor, line: string, at: number): number {
  let column = 0;
  let passed = 0;
  for (const character of line) {
    if (passed >= at) break;
    column += tabbedWidth(editor, character, column);
    passed += character.length;
  }
  return column;
}

export function tabbedWidth(editor: ViEditor, character: string, column: number): number {
  if (character !== '\t') return cellWidth(character, column);
  return editor.options.listsTabs ? 2 : editor.options.tabWidth - (column % editor.options.tabWidth);
}

function findCharacter({ line, cursor, options }: ViEditor, { c, direction, till }: { c: string; direction: 1 | -1; till: boolean }, times: number, isRepeated: boolean): Motion | undefined {
  let { at } = cursor;
  for (let i = 0; i < times; i += 1) {
    // ; after t stays where it is in old vi, in vim it goes on.
    const skip = till && isRepeated && i === 0 && !options.isCompatible && line[at + direction] === c ? direction : 0;
    at = direction > 0 ? line.indexOf(c, at + 1 + skip) : at + skip <= 0 ? -1 : line.lastIndexOf(c, at - 1 + skip);
    if (at < 0) return undefined;
  }
  return { to: { line: cursor.line, at: till ? (direction > 0 ? previousCharacter(line, at) : at + 1) : at }, isInclusive: direction > 0 };
}

function sentence(lines: readonly string[], from: Place, direction: 1 | -1): Place {
  const starts: Place[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') {
      if (index === 0 || lines[index - 1] !== '') starts.push({ line: index, at: 0 });
      continue;
    }
    if (index === 0 || lines[index - 1] === '' || /[.!?][)\]"']*\s*$/.test(lines[index - 1]!)) starts.push({ line: index, at: firstText(line) });
    for (const match of line.matchAll(/[.!?][)\]"']*\s+(?=\S)/g)) starts.push({ line: index, at: match.index + match[0].length });
  }
  const isAfter = (place: Place): boolean => order(from, place)[0] === from && (place.line !== from.line || place.at !== from.at);
  const last = { line: lines.length - 1, at: lastAt(lines.at(-1)!) };
  if (direction > 0) return starts.find(isAfter) ?? last;
  return starts.findLast((place) => !isAfter(place) && (place.line !== from.line || place.at !== from.at)) ?? { line: 0, at: 0 };
}

/** `iw`, `a"`, `i(` ...: from, and to where it ends. */
export function textObject(editor: ViEditor, kind: 'i' | 'a', what: Key): { readonly from: Place; readonly to: Place; readonly isLinewise?: boolean } | undefined {
  const { line, cursor, lines } = editor;
  const at = (value: number): Place => ({ line: cursor.line, at: value });
  if (what === 'w' || what === 'W') {
    const kindOf = (c: string | undefined): string => (c === undefined || /\s/.test(c) ? 'blank' : what === 'W' || /\w/.test(c) ? 'word' : 'other');
    const own = kindOf(line[cursor.at]);
    let from = cursor.at;
    let to = cursor.at;
    while (from > 0 && kindOf(line[from - 1]) === own) from -= 1;
    while (to < line.length && kindOf(line[to]) === own) to += 1;
    if (kind === 'a') {
      const end = to;
      if (own === 'blank') {
        const next = kindOf(line[to]);
        while (to < line.length && kindOf(line[to]) === next) to += 1;
      } else while (to < line.length && kindOf(line[to]) === 'blank') to += 1;
      if (to === end) while (from > 0 && kindOf(line[from - 1]) === 'blank') from -= 1;
    }
    return { from: at(from), to: at(to) };
  }
  if (what === 'p') {
    let first = cursor.line;
    let last = cursor.line;
    const isBlank = (index: number): boolean => /^\s*$/.test(lines[index]!);
    const own = isBlank(cursor.line);
    while (first > 0 && isBlank(first - 1) === own) first -= 1;
    while (last + 1 < lines.length && isBlank(last + 1) === own) last += 1;
    if (kind === 'a') {
      const end = last;
      while (last + 1 < lines.length && isBlank(last + 1) !== own) last += 1;
      if (last === end) while (first > 0 && isBlank(first - 1) !== own) first -= 1;
    }
    return { from: { line: first, at: 0 }, to: { line: last, at: lines[last]!.length }, isLinewise: true };
  }
  if (what === '"' || what === "'" || what === '`') {
    const quotes = [...line.matchAll(/\\[^]|["'`]/g)].filter((match) => match[0] === what).map((match) => match.index);
    for (let i = 0; i + 1 < quotes.length; i += 2) {
      const [from, to] = [quotes[i]!, quotes[i + 1]!];
      if (to < cursor.at) continue;
      if (kind === 'i') return { from: at(from + 1), to: at(to) };
      const after = /^\s*/.exec(line.slice(to + 1))![0].length;
      const before = after > 0 ? 0 : /\s*$/.exec(line.slice(0, from))![0].length;
      return { from: at(from - before), to: at(to + 1 + after) };
    }
    return undefined;
  }
  const pair = { '(': '()', ')': '()', b: '()', '[': '[]', ']': '[]', '{': '{}', '}': '{}', B: '{}', '<': '<>', '>': '<>' }[what];
  if (pair === undefined) return undefined;
  let depth = 0;
  for (let index = cursor.line; index >= 0; index -= 1) {
    const text = lines[index]!;
    for (let i = index === cursor.line ? Math.min(cursor.at, text.length - 1) : text.length - 1; i >= 0; i -= 1) {
      const isCursor = index === cursor.line && i === cursor.at;
      if (text[i] === pair[1] && !isCursor) depth += 1;
      else if (text[i] === pair[0]) {
        if (depth === 0) return enclosed(lines, { line: index, at: i }, pair, kind);
        depth -= 1;
      }
    }
  }
  // Not inside of any: the next one in the line.
  const next = line.indexOf(pair[0]!, cursor.at);
  return next < 0 ? undefined : enclosed(lines, at(next), pair, kind);
}

function enclosed(lines: readonly string[], open: Place, pair: string, kind: 'i' | 'a'): { readonly from: Place; readonly to: Place; readonly isLinewise?: boolean } | undefined {
  let depth = 0;
  for (let index = open.line; index < lines.length; index += 1) {
    const text = lines[index]!;
    for (let i = index === open.line ? open.at : 0; i < text.length; i += 1) {
      if (text[i] === pair[0]) depth += 1;
      else if (text[i] === pair[1]) depth -= 1;
      if (depth > 0 || (text[i] !== pair[1])) continue;
      if (kind === 'a') return { from: open, to: { line: index, at: i + 1 } };
      // A closing bracket alone on its line leaves whole lines inside.
      if (open.line < index && /^\s*$/.test(text.slice(0, i)) && open.at === lines[open.line]!.length - 1 && index - open.line > 1) return { from: { line: open.line + 1, at: 0 }, to: { line: index - 1, at: lines[index - 1]!.length }, isLinewise: true };
      return { from: { line: open.line, at: open.at + 1 }, to: { line: index, at: i } };
    }
  }
  return undefined;
}
