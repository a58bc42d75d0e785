/** What vi does to a stretch of text: delete, change, yank, shift, case, join, put. Read first: vim's change.txt. */
import { MOST_REPEATS, type Register, type ViEditor } from './editor.ts';
import { startInsert } from './insert.ts';
import { atColumn, columnAt, tabbedWidth } from './motions.ts';
import { lastAt, nextCharacter, previousCharacter, type Place } from './text.ts';

export type Operator = 'd' | 'c' | 'y' | '>' | '<' | 'gu' | 'gU' | 'g~';
/** `to` is behind the last character; whole lines, or columns from `left` up to `right`. */
export type Area =
  | { readonly shape: 'characters'; readonly from: Place; readonly to: Place }
  | { readonly shape: 'lines'; readonly from: number; readonly to: number }
  | { readonly shape: 'block'; readonly from: number; readonly to: number; readonly left: number; readonly right: number };

export function operate(editor: ViEditor, operator: Operator, area: Area): void {
  if (operator === '>' || operator === '<') {
    const [from, to] = area.shape === 'characters' ? [area.from.line, area.to.line] : [area.from, area.to];
    shift(editor, operator, from, to, 1);
  } else if (operator.startsWith('g')) changeCase(editor, operator, area);
  else if (area.shape === 'lines') operateLines(editor, operator, area.from, area.to);
  else if (area.shape === 'block') operateBlock(editor, operator, area);
  else operateCharacters(editor, operator, area.from, area.to);
}

function operateCharacters(editor: ViEditor, operator: Operator, from: Place, to: Place): void {
  const text = editor.slice(from, to);
  editor.store({ text, shape: 'characters' }, operator !== 'y');
  editor.cursor = from;
  if (operator === 'y') {
    reportLines(editor, to.line - from.line + 1, 'yanked');
    return;
  }
  const before = editor.lines.length;
  const old = editor.lines[from.line]!;
  editor.splice(from, to, '');
  if (operator === 'c') {
    startInsert(editor, 'insert', 1);
    if (editor.options.isCompatible && from.line === to.line && to.at > from.at) {
      const last = previousCharacter(old, to.at);
      editor.leftover = { line: from.line, text: `${old.slice(0, last)}$${old.slice(to.at)}`, at: columnAt(editor, old, last) };
    }
  } else reportCount(editor, before);
}

function operateLines(editor: ViEditor, operator: Operator, from: number, to: number): void {
  const { cursor } = editor;
  editor.store({ text: editor.text(from, to), shape: 'lines' }, operator !== 'y');
  if (operator === 'y') {
    reportLines(editor, to - from + 1, 'yanked');
    editor.cursor = from < cursor.line ? { line: from, at: atColumn(editor, editor.lines[from]!, columnAt(editor, editor.line, cursor.at)) } : cursor;
    return;
  }
  if (operator === 'c') {
    const indent = editor.options.indents ? /^\s*/.exec(editor.lines[from]!)![0] : '';
    editor.spliceLines(from, to - from + 1, [indent]);
    editor.cursor = { line: from, at: indent.length };
    startInsert(editor, 'insert', 1);
    return;
  }
  deleteLines(editor, from, to);
}

export function deleteLines(editor: ViEditor, from: number, to: number): void {
  const before = editor.lines.length;
  editor.spliceLines(from, to - from + 1, []);
  if (editor.lines.length === 0) {
    editor.lines = [''];
    editor.cursor = { line: 0, at: 0 };
    editor.report('--No lines in buffer--');
    return;
  }
  editor.goToLine(from);
  reportCount(editor, before);
}

/** A block's columns in one line: the offsets, and blanks where a tab is cut. */
function columns(editor: ViEditor, line: string, left: number, right: number): { readonly from: number; readonly to: number; readonly isShort: boolean } {
  let column = 0;
  let at = 0;
  let from: number | undefined;
  for (const character of line) {
    const width = tabbedWidth(editor, character, column);
    if (from === undefined && column + width > left) from = at;
    if (column >= right) break;
    column += width;
    at += character.length;
  }
  return { from: from ?? line.length, to: Math.max(from ?? line.length, at), isShort: from === undefined };
}

function operateBlock(editor: ViEditor, operator: Operator, area: Extract<Area, { shape: 'block' }>): void {
  const parts: string[] = [];
  for (let index = area.from; index <= area.to; index += 1) {
    const line = editor.lines[index]!;
    const { from, to } = columns(editor, line, area.left, area.right);
    parts.push(line.slice(from, to));
    if (operator !== 'y') editor.lines[index] = line.slice(0, from) + line.slice(to);
  }
  editor.store({ text: parts.join('\n'), shape: 'block' }, operator !== 'y');
  editor.cursor = { line: area.from, at: columns(editor, editor.lines[area.from]!, area.left, area.left).from };
  if (operator === 'y' && parts.length > editor.options.report) editor.report(`block of ${parts.length} lines yanked`);
  if (operator === 'c') startInsert(editor, 'insert', 1, { from: area.from, to: area.to, column: area.left, appends: false });
}

export function shift(editor: ViEditor, operator: '>' | '<', from: number, to: number, times: number): void {
  const { shiftWidth, tabWidth, expandsTabs } = editor.options;
  for (let index = from; index <= to; index += 1) {
    const line = editor.lines[index]!;
    if (line === '') continue;
    const indent = /^[ \t]*/.exec(line)![0];
    let width = 0;
    for (const c of indent) width += c === '\t' ? tabWidth - (width % tabWidth) : 1;
    width = Math.min(MOST_REPEATS, Math.max(0, width + (operator === '>' ? 1 : -1) * shiftWidth * times));
    editor.lines[index] = (expandsTabs ? ' '.repeat(width) : '\t'.repeat(Math.floor(width / tabWidth)) + ' '.repeat(width % tabWidth)) + line.slice(indent.length);
  }
  editor.goToLine(from);
  const count = to - from + 1;
  if (count > editor.options.report) editor.report(`${count} lines ${operator}ed ${times} time${times === 1 ? '' : 's'}`);
}

function changeCase(editor: ViEditor, operator: Operator, area: Area): void {
  const turn = (text: string): string => (operator === 'gu' ? text.toLowerCase() : operator === 'gU' ? text.toUpperCase() : swapped(text));
  const [first, last] = area.shape === 'characters' ? [area.from.line, area.to.line] : [area.from, area.to];
  let changed = 0;
  for (let index = first; index <= last; index += 1) {
    const line = editor.lines[index]!;
    const [from, to] = area.shape === 'lines' ? [0, line.length]
      : area.shape === 'characters' ? [index === first ? area.from.at : 0, index === last ? area.to.at : line.length]
        : [columns(editor, line, area.left, area.right).from, columns(editor, line, area.left, area.right).to];
    const next = line.slice(0, from) + turn(line.slice(from, to)) + line.slice(to);
    if (next !== line) changed += 1;
    editor.lines[index] = next;
  }
  if (area.shape === 'characters') editor.cursor = area.from;
  else if (area.shape === 'block') editor.cursor = { line: first, at: columns(editor, editor.lines[first]!, area.left, area.right).from };
  else if (first !== editor.cursor.line) editor.cursor = { line: first, at: 0 };
  if (last - first + 1 > editor.options.report && changed > 0) reportLines(editor, last - first + 1, 'changed');
}

export function swapped(text: string): string {
  return [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
}

/** J: lines become one, with a blank between; gJ: as they are. Old vi leaves the cursor where the first two met. */
export function joinLines(editor: ViEditor, from: number, to: number, isPlain = false): void {
  const { isCompatible } = editor.options;
  let joined = editor.lines[from]!;
  let first: number | undefined;
  let at = joined.length;
  for (let index = from + 1; index <= to; index += 1) {
    const next = isPlain ? editor.lines[index]! : editor.lines[index]!.replace(/^[ \t]+/, '');
    at = next === '' && !isPlain ? lastAt(joined) : joined.length;
    first ??= at;
    // Two blanks behind the end of a sentence, in old vi.
    const gap = isPlain || next === '' || joined === '' || next.startsWith(')') || /[ \t]$/.test(joined) ? '' : isCompatible && joined.endsWith('.') ? '  ' : ' ';
    joined += gap + next;
  }
  editor.spliceLines(from, to - from + 1, [joined]);
  editor.cursor = { line: from, at: isCompatible ? (first ?? at) : at };
}

export function put(editor: ViEditor, isAfter: boolean, times: number): void {
  const { name, register } = editor.taken();
  if (register === undefined || register.text === '') {
    editor.fail(`E353: Nothing in register ${name}`);
    return;
  }
  editor.change(() => putRegister(editor, register, isAfter, times));
}

export function putRegister(editor: ViEditor, register: Register, isAfter: boolean, times: number): void {
  const { cursor, line } = editor;
  const before = editor.lines.length;
  if (register.shape === 'lines') {
    const rows = register.text.replace(/\n$/, '').split('\n');
    const at = isAfter ? cursor.line + 1 : cursor.line;
    const all: string[] = [];
    for (let i = 0; i < times && all.length < MOST_REPEATS; i += 1) all.push(...rows);
    editor.spliceLines(at, 0, all);
    editor.goToLine(at);
    reportCount(editor, before);
    return;
  }
  if (register.shape === 'block') {
    const rows = register.text.split('\n');
    const width = Math.max(...rows.map((row) => columnAt(editor, row, row.length)));
    const column = columnAt(editor, line, isAfter && line !== '' ? nextCharacter(line, cursor.at) : cursor.at);
    for (const [index, row] of rows.entries()) {
      if (cursor.line + index >= editor.lines.length) editor.lines.push('');
      const old = editor.lines[cursor.line + index]!;
      const padded = old + ' '.repeat(Math.max(0, column - columnAt(editor, old, old.length)));
      const { from } = columns(editor, padded, column, column);
      const rest = padded.slice(from);
      editor.lines[cursor.line + index] = padded.slice(0, from) + (rest === '' ? row : row + ' '.repeat(width - columnAt(editor, row, row.length))) + rest;
    }
    editor.cursor = { line: cursor.line, at: columns(editor, editor.lines[cursor.line]!, column, column).from };
    return;
  }
  const place: Place = { line: cursor.line, at: isAfter && line !== '' ? nextCharacter(line, cursor.at) : cursor.at };
  const text = register.text.repeat(Math.max(1, Math.min(times, Math.ceil(1_000_000 / register.text.length))));
  editor.splice(place, place, text);
  editor.cursor = register.text.includes('\n') ? place : { line: place.line, at: previousCharacter(editor.lines[place.line]!, place.at + text.length) };
  reportCount(editor, before);
}

/** `3 fewer lines`, where it is worth saying. */
export function reportCount(editor: ViEditor, before: number): void {
  const more = editor.lines.length - before;
  if (Math.abs(more) <= editor.options.report) return;
  editor.report(Math.abs(more) === 1 ? (more > 0 ? '1 more line' : '1 line less') : `${Math.abs(more)} ${more > 0 ? 'more' : 'fewer'} lines`);
}

function reportLines(editor: ViEditor, count: number, what: string): void {
  if (count > editor.options.report) editor.report(`${count} line${count === 1 ? '' : 's'} ${what}`);
}

