/**
 * What nano's screen shows: title bar, text, status line, two rows of key hints. Read first: nano's winio.c (titlebar, statusline,
 * bottombars, edit_draw), global.c (the hints of each menu).
 */
import { characterWidth, clipToWidth, textWidth } from '../../terminal/width.ts';
import type { NanoBuffer } from './buffer.ts';
import { cellWidth, columnOf } from './buffer.ts';

export type Hint = readonly [key: string, label: string];

/** In columns of two, top to bottom. */
export const mainHints: readonly Hint[] = [
  ['^G', 'Help'], ['^X', 'Exit'], ['^O', 'Write Out'], ['^R', 'Read File'], ['^W', 'Where Is'], ['^\\', 'Replace'], ['^K', 'Cut'], ['^U', 'Paste'], ['^T', 'Execute'], ['^J', 'Justify'],
  ['^C', 'Location'], ['^/', 'Go To Line'], ['M-U', 'Undo'], ['M-E', 'Redo'], ['M-A', 'Set Mark'], ['M-6', 'Copy'], ['M-]', 'To Bracket'], ['^Q', 'Where Was'], ['M-Q', 'Previous'], ['M-W', 'Next'],
  ['^B', 'Back'], ['^F', 'Forward'], ['^◂', 'Prev Word'], ['^▸', 'Next Word'], ['^A', 'Home'], ['^E', 'End'], ['^P', 'Prev Line'], ['^N', 'Next Line'],
];
export const writeHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['M-D', 'DOS Format'], ['M-M', 'Mac Format'], ['M-A', 'Append'], ['M-P', 'Prepend'], ['M-B', 'Backup File'], ['^T', 'Browse']];
export const searchHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['M-C', 'Case Sens'], ['M-R', 'Reg.exp.'], ['M-B', 'Backwards'], ['^R', 'Replace'], ['^P', 'Older'], ['^N', 'Newer'], ['^T', 'Go To Line']];
export const replaceHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['M-C', 'Case Sens'], ['M-R', 'Reg.exp.'], ['M-B', 'Backwards'], ['^R', 'No Replace'], ['^P', 'Older'], ['^N', 'Newer']];
export const replaceWithHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['^P', 'Older'], ['^N', 'Newer']];
export const lineHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['^W', 'Begin of Paragr.'], ['^O', 'End of Paragraph'], ['^Y', 'First Line'], ['^V', 'Last Line'], ['^T', 'Go To Text']];
export const readHints: readonly Hint[] = [['^G', 'Help'], ['^C', 'Cancel'], ['M-F', 'New Buffer'], ['M-N', 'No Conversion'], ['^X', 'Execute Command'], ['^T', 'Browse']];
export const yesNoHints: readonly Hint[] = [[' Y', 'Yes'], [' N', 'No'], ['', ''], ['^C', 'Cancel']];
export const yesNoAllHints: readonly Hint[] = [[' Y', 'Yes'], [' N', 'No'], [' A', 'All'], ['^C', 'Cancel']];

export function titleBar(columns: number, name: string, isModified: boolean, hasMark: boolean): string {
  const branding = '  GNU nano 7.2';
  const shown = name === '' ? 'New Buffer' : name;
  const room = columns - 15 - 10;
  const path = textWidth(shown) > room ? `...${shown.slice(shown.length - room + 3)}` : shown;
  const at = Math.max(branding.length + 1, Math.floor((columns + 5 - textWidth(path)) / 2));
  const bar = `${branding}${' '.repeat(at - branding.length)}${path}${isModified ? ' *' : ''}`;
  return (hasMark ? `${bar.padEnd(columns - 6)}M` : bar).padEnd(columns);
}

export function helpTitle(columns: number): string {
  const title = 'Main nano help text';
  return (' '.repeat(Math.max(0, Math.floor((columns - title.length) / 2))) + title).slice(0, columns).padEnd(columns);
}

export function statusText(columns: number, message: string): string {
  const text = `[ ${clipToWidth(message, columns - 4)} ]`;
  return `${' '.repeat(Math.max(0, Math.floor((columns - textWidth(text)) / 2)))}\x1b[7m${text}\x1b[27m`;
}

export function hintRows(columns: number, hints: readonly Hint[]): [string, string] {
  const most = Math.floor((columns + 40) / 20) * 2;
  const count = Math.min(hints.length, most);
  const width = Math.floor(columns / Math.ceil(count / 2)) || columns;
  const rows: [string, string] = ['', ''];
  for (let i = 0; i < count; i += 1) {
    const [key, label] = hints[i]!;
    const row = i % 2;
    const start = Math.floor(i / 2) * width;
    if (key === '') continue;
    rows[row] += ' '.repeat(Math.max(0, start - textWidth(rows[row]!.replaceAll(/\x1b\[[0-9]*m/g, ''))));
    const room = (i >= count - 2 ? columns - start : width) - key.length - 1;
    rows[row] += `\x1b[7m${key}\x1b[27m ${clipToWidth(label, Math.max(0, room))}`;
  }
  return rows;
}

/** The yes/no bar: hints 16 columns apart, two rows. */
export function yesNoRows(columns: number, withAll: boolean): [string, string] {
  const width = Math.max(10, Math.min(16, Math.floor(columns / 2)));
  const cell = (key: string, label: string): string => `\x1b[7m${key}\x1b[27m ${label}${' '.repeat(Math.max(0, width - key.length - 1 - label.length))}`;
  return [`${cell(' Y', 'Yes')}${withAll ? cell(' A', 'All') : ''}`.trimEnd(), `${cell(' N', 'No')}${cell('^C', 'Cancel')}`.trimEnd()];
}

export interface TextRow {
  readonly text: string;
}

/** One line of text as a row: scrolled sideways in pages when the cursor is far right, with < and > at the cut. */
export function textRow(line: string, room: number, startColumn: number, marked: readonly [number, number] | undefined): string {
  let column = 0;
  let at = 0;
  let out = '';
  let used = 0;
  let reversed = false;
  const end = startColumn + room;
  const goesOn = columnOf(line, line.length) > end;
  const limit = goesOn ? room - 1 : room;
  if (startColumn > 0 && line !== '' && columnOf(line, line.length) > startColumn) {
    out += '\x1b[7m<\x1b[27m';
    used = 1;
  }
  for (const character of line) {
    const width = cellWidth(character, column);
    const begin = column;
    column += width;
    const index = at;
    at += character.length;
    if (begin < startColumn + (startColumn > 0 ? 1 : 0)) continue;
    if (used + width > limit) break;
    const isMarked = marked !== undefined && index >= marked[0] && index < marked[1];
    if (isMarked !== reversed) {
      out += isMarked ? '\x1b[7m' : '\x1b[27m';
      reversed = isMarked;
    }
    const code = character.codePointAt(0)!;
    out += character === '\t' ? ' '.repeat(width) : code < 32 || code === 127 ? `^${String.fromCharCode(code ^ 64)}` : character;
    used += width;
    if (characterWidth(character) === 0) used -= 0;
  }
  if (reversed) out += '\x1b[27m';
  if (goesOn) out += `${' '.repeat(Math.max(0, limit - used))}\x1b[7m>\x1b[27m`;
  return out;
}

/** get_page_start: the first column shown when the cursor stands in `column` of a row `room` wide. */
export function pageStart(column: number, room: number): number {
  if (column === 0 || column + 2 < room || room === 0) return 0;
  if (room > 8) return column - 6 - ((column - 6) % (room - 8));
  return column - (room - 2);
}

export function gutterWidth(buffer: NanoBuffer, showsNumbers: boolean): number {
  return showsNumbers ? Math.max(2, String(buffer.lines.length).length) + 1 : 0;
}
