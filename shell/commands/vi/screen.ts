/**
 * What vi's screen shows: the lines that fit, wrapped or shifted, what is marked in them, and the bottom line. Read first: vim's move.c
 * (update_topline, scroll_cursor_halfway, scroll_to_fraction), drawline.c, the default colours in highlight.c.
 */
import { clearToEndOfLine, moveTo } from '../../terminal/escape.ts';
import { clipToWidth, textWidth } from '../../terminal/width.ts';
import type { FullScreen } from '../../terminal/full-screen.ts';
import type { ViEditor } from './editor.ts';
import { columnAt, tabbedWidth } from './motions.ts';
import { columnsText } from './normal.ts';
import { nextCharacter, order } from './text.ts';
import { visualArea } from './visual.ts';

const plain = '\x1b[0m';
const looks = { beyond: '\x1b[94m', number: '\x1b[38;5;130m', control: '\x1b[34m', marked: '\x1b[47m', match: '\x1b[7m', error: '\x1b[97;41m', warning: '\x1b[31m', question: '\x1b[32m', mode: '\x1b[1m' } as const;
const FRACTION = 16384;
export const pressEnter = 'Press ENTER or type command to continue';

const introduction = [
  'VIM - Vi IMproved', '', 'version 9.0.2142', 'by Bram Moolenaar et al.', 'Modified by team+vim@tracker.debian.org', 'Vim is open source and freely distributable', '', 'Help poor children in Uganda!',
  'type  :help iccf<Enter>       for information ', '', 'type  :q<Enter>               to exit         ', 'type  :help<Enter>  or  <F1>  for on-line help', 'type  :help version9<Enter>   for version info',
];
const compatibleIntroduction = ['', 'Running in Vi compatible mode', 'type  :set nocp<Enter>        for Vim defaults', 'type  :help cp-default<Enter> for info on this'];

export class ViScreen {
  private readonly screen: FullScreen;
  private drawn: string[] = [];
  private shownTop = 0;
  private shownLines: readonly string[] = [];
  private shownHeights: readonly number[] = [];
  private rows = 0;
  private columns = 0;
  private cursorRow = 0;
  private fraction = 0;
  private fractionRow = -1;
  private allLines: readonly string[] = [];
  private text: { readonly rows: readonly string[]; readonly cursor: [row: number, column: number] } = { rows: [], cursor: [0, 0] };

  constructor(screen: FullScreen) {
    this.screen = screen;
  }

  /** Nothing of what was drawn is there any more. */
  forget(): void {
    this.drawn = [];
  }

  draw(editor: ViEditor): void {
    if (this.rows !== this.screen.rows || this.columns !== this.screen.columns) this.resize(editor);
    const height = Math.max(1, this.rows - 1);
    editor.height = height;
    if (editor.answer === undefined) {
      scrollToCursor(editor, this.columns);
      this.dropMessage(editor, height);
      this.text = this.textRows(editor, height);
    }
    const { rows, cursor } = this.text;
    this.cursorRow = cursor[0];
    let end = cursor;
    const bottom = this.bottomRow(editor);
    let all = [...rows, bottom.text];
    if (editor.answer !== undefined) {
      const answer = editor.answer.flatMap((row) => chunks(row, this.columns));
      all = [...rows, ...answer, `${looks.question}${pressEnter}${plain}`].slice(-this.rows);
      end = [Math.min(this.rows, all.length) - 1, Math.min(this.columns - 1, pressEnter.length)];
      this.drawn = [];
    } else if (bottom.cursor !== undefined) end = bottom.cursor;
    let out = '\x1b[?25l';
    for (const [y, row] of all.entries()) if (this.drawn[y] !== row) out += `${moveTo(y, 0)}${row}${plain}${clearToEndOfLine}`;
    this.drawn = editor.answer === undefined ? all : [];
    if (editor.rings) {
      editor.rings = false;
      if (editor.options.rings) out += '\x07';
    }
    this.screen.write(`${out}${moveTo(end[0], end[1])}\x1b[?25h`);
  }

  /** The cursor keeps its place in the window, as a fraction of its height. */
  private resize(editor: ViEditor): void {
    const isFirst = this.rows === 0;
    this.rows = this.screen.rows;
    this.columns = this.screen.columns;
    const before = editor.height;
    const height = Math.max(1, this.rows - 1);
    this.drawn = [];
    editor.height = height;
    if (isFirst) return;
    editor.say('');
    if (before === height) return;
    if (this.cursorRow !== this.fractionRow) this.fraction = Math.floor((this.cursorRow * FRACTION + FRACTION / 2) / before);
    let row = Math.floor((this.fraction * height - 1) / FRACTION);
    const heightOf = (line: number): number => lineHeight(editor, line, this.columns);
    row = Math.min(row, height - heightOf(editor.cursor.line));
    let top = editor.cursor.line;
    let left = row;
    while (left > 0 && top > 0) {
      top -= 1;
      left -= heightOf(top);
      if (left < 0) top += 1;
    }
    editor.top = Math.max(0, top);
    scrollToCursor(editor, this.columns);
    let used = 0;
    for (let line = editor.top; line < editor.cursor.line; line += 1) used += heightOf(line);
    this.cursorRow = used;
    this.fractionRow = used;
    this.shownLines = [];
  }

  /** What vim says goes away where it moves rows of the screen, unless it has just been said. */
  private dropMessage(editor: ViEditor, height: number): void {
    const heights: number[] = [];
    const lines: string[] = [];
    let used = 0;
    for (let line = editor.top; line < editor.lines.length && used < height; line += 1) {
      const size = lineHeight(editor, line, this.columns);
      if (used + size > height && heights.length > 0) break;
      heights.push(size);
      lines.push(editor.lines[line]!);
      used += size;
    }
    const moved = editor.top - this.shownTop;
    let isScrolled = false;
    if (this.shownLines.length > 0 && moved !== 0) {
      isScrolled = moved > 0 ? moved < this.shownLines.length : this.shownHeights.length > 0 && -moved < height - 2 && -moved < lines.length;
    } else if (this.shownLines.length > 0) {
      let first = 0;
      while (first < lines.length && first < this.shownLines.length && lines[first] === this.shownLines[first]) first += 1;
      let last = 0;
      const [now, then] = [editor.lines, this.allLines];
      while (last < now.length - editor.top - first && last < then.length - editor.top - first && now[now.length - 1 - last] === then[then.length - 1 - last]) last += 1;
      const extra = sum(heights.slice(0, first)) + Math.abs(now.length - then.length);
      const changedThen = sum(this.shownHeights.slice(first, Math.max(first, then.length - editor.top - last)));
      const changedNow = sum(heights.slice(first, Math.max(first, now.length - editor.top - last)));
      isScrolled = !editor.options.showsNumbers && changedThen !== changedNow && last > 0 && extra < height - 2;
    }
    if (isScrolled && !editor.isMessageKept && editor.mode !== 'confirm') editor.say('');
    editor.isMessageKept = false;
    this.shownTop = editor.top;
    this.shownLines = lines;
    this.shownHeights = heights;
    this.allLines = editor.lines.slice();
  }

  private textRows(editor: ViEditor, height: number): { readonly rows: string[]; readonly cursor: [row: number, column: number] } {
    const gutter = gutterWidth(editor);
    const width = Math.max(1, this.columns - gutter);
    const rows: string[] = [];
    let cursor: [number, number] = [0, gutter];
    const beyond = (text: string): string => `${looks.beyond}${text.padEnd(this.columns)}`;
    const heads = introductionRows(editor, this.rows, this.columns);
    for (let line = editor.top; line < editor.lines.length && rows.length < height; line += 1) {
      const parts = this.lineRows(editor, line, width);
      if (rows.length + parts.length > height && line > editor.top) {
        while (rows.length < height) rows.push(beyond('@'));
        break;
      }
      if (line === editor.cursor.line) {
        const column = cursorColumn(editor) - (editor.options.wraps ? 0 : editor.left);
        cursor = editor.options.wraps ? [rows.length + Math.floor(column / width), gutter + (column % width)] : [rows.length, gutter + column];
      }
      for (const [index, text] of parts.entries()) rows.push(gutter === 0 ? text : `${looks.number}${index === 0 ? String(line + 1).padStart(gutter - 1) : ' '.repeat(gutter - 1)} ${plain}${text}`);
    }
    rows.length = Math.min(rows.length, height);
    while (rows.length < height) rows.push(heads?.[rows.length] === undefined ? beyond('~') : `${looks.beyond}~${plain}${heads[rows.length]!.slice(1)}`);
    return { rows, cursor: [Math.min(cursor[0], height - 1), Math.min(cursor[1], this.columns - 1)] };
  }

  /** The rows of one line, with what is marked in it. */
  private lineRows(editor: ViEditor, line: number, width: number): string[] {
    const { text, marks } = shownText(editor, line);
    const rows: string[] = [];
    let row = '';
    let look = '';
    let column = 0;
    let total = 0;
    const { wraps, listsTabs } = editor.options;
    const left = wraps ? 0 : editor.left;
    const turn = (next: string): void => {
      if (next === look) return;
      row += next === '' || look !== '' ? plain + next : next;
      look = next;
    };
    const add = (piece: string, size: number, own: string): boolean => {
      if (wraps && column + size > width && column > 0) {
        const kept = look;
        turn('');
        // A wide character that does not fit leaves a mark.
        rows.push(column < width && size > 1 && piece.length === 1 ? `${row}${looks.beyond}>${plain}` : row);
        row = '';
        column = 0;
        turn(kept);
      }
      total += size;
      if (total - size < left) return true;
      if (!wraps && column + size > width) return false;
      turn(own);
      row += piece;
      column += size;
      return true;
    };
    let at = 0;
    for (const character of text) {
      const size = tabbedWidth(editor, character, total);
      const mark = marks(at, total);
      const code = character.codePointAt(0)!;
      let goesOn = true;
      if (character === '\t' && !listsTabs) for (let i = 0; i < size && goesOn; i += 1) goesOn = add(' ', 1, mark);
      else if (code < 32 || code === 127) for (const c of `^${String.fromCharCode(code ^ 64)}`) goesOn &&= add(c, 1, mark === '' ? looks.control : mark);
      else goesOn = add(character, size, mark);
      if (!goesOn) break;
      at += character.length;
    }
    if (listsTabs) add('$', 1, looks.beyond);
    else if (marks(text.length, total) !== '') add(' ', 1, marks(text.length, total));
    turn('');
    rows.push(row);
    return rows;
  }

  private bottomRow(editor: ViEditor): { readonly text: string; readonly cursor?: [row: number, column: number] } {
    const row = this.rows - 1;
    if (editor.mode === 'command') {
      const { commandLine, commandAt } = editor;
      return { text: clipToWidth(commandLine, this.columns), cursor: [row, Math.min(this.columns - 1, textWidth(commandLine.slice(0, commandAt)))] };
    }
    const mode = editor.options.showsMode ? modeText(editor) : '';
    if (mode !== '') editor.say('');
    const look = mode !== '' ? looks.mode : editor.messageLook === 'plain' ? '' : looks[editor.messageLook];
    const isSaid = mode === '' && editor.message !== '';
    const room = editor.options.showsRuler ? this.columns - 19 : this.columns - 1;
    const said = clipToWidth((isSaid ? editor.message : mode).replaceAll(/[\x00-\x1f\x7f]/g, (c) => `^${String.fromCharCode(c.charCodeAt(0) ^ 64)}`), room);
    let text = said === '' ? '' : `${look}${said}${look === '' ? '' : plain}`;
    if (editor.options.showsRuler) text += `${' '.repeat(Math.max(0, this.columns - 18 - textWidth(said)))}${ruler(editor)}`;
    if (editor.mode === 'confirm') return { text, cursor: [row, Math.min(this.columns - 1, textWidth(said))] };
    return { text };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function chunks(text: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = text;
  do {
    const row = clipToWidth(rest, columns);
    rows.push(row);
    rest = row === '' ? '' : rest.slice(row.length);
  } while (rest !== '');
  return rows;
}

function gutterWidth(editor: ViEditor): number {
  return editor.options.showsNumbers ? Math.max(editor.options.isCompatible ? 8 : 4, String(editor.lines.length).length + 1) : 0;
}

function lineHeight(editor: ViEditor, line: number, columns: number): number {
  if (!editor.options.wraps) return 1;
  const text = editor.lines[line]!;
  const width = Math.max(1, columns - gutterWidth(editor));
  if (text.length < width / 8) return 1;
  let rows = 1;
  let column = 0;
  let total = 0;
  for (const character of text) {
    const size = tabbedWidth(editor, character, total);
    // Tabs go on in the next row.
    if (column + size > width) {
      rows += 1;
      column = character === '\t' ? column + size - width : size;
    } else column += size;
    total += size;
  }
  if (editor.options.listsTabs && column + 1 > width) rows += 1;
  return rows;
}

/** Where the cursor stands: on the last column of a tab, on its first while inserting. */
function cursorColumn(editor: ViEditor): number {
  const { line, cursor } = editor;
  const column = columnAt(editor, line, cursor.at);
  if (line[cursor.at] === '\t' && editor.mode !== 'insert' && editor.mode !== 'replace' && !editor.options.listsTabs) return column + tabbedWidth(editor, '\t', column) - 1;
  return column;
}

/** Brings the cursor's line onto the screen: by as little as possible, or to the middle when it is far. */
function scrollToCursor(editor: ViEditor, columns: number): void {
  const { height, cursor } = editor;
  const last = editor.lines.length - 1;
  editor.top = Math.max(0, Math.min(last, editor.top));
  const heightOf = (line: number): number => lineHeight(editor, line, columns);
  const halfway = (): void => {
    let above = 0;
    let below = 0;
    let top = cursor.line;
    let bottom = cursor.line;
    let used = heightOf(cursor.line);
    while (top > 0) {
      if (above < below) {
        const size = heightOf(top - 1);
        used += size;
        if (used > height) break;
        above += size;
        top -= 1;
      } else if (bottom < last) {
        bottom += 1;
        const size = heightOf(bottom);
        used += size;
        if (used > height) break;
        below += size;
      } else below += 1;
    }
    editor.top = top;
  };
  if (cursor.line < editor.top) {
    if (editor.top - cursor.line >= Math.max(2, Math.floor(height / 2) - 1)) halfway();
    else editor.top = cursor.line;
  } else {
    let used = 0;
    let line = editor.top;
    while (line <= last && used + heightOf(line) <= height) {
      used += heightOf(line);
      line += 1;
    }
    if (cursor.line >= line && cursor.line > editor.top) {
      if (cursor.line - line + 1 > height + 1) halfway();
      else {
        let room = heightOf(cursor.line);
        let top = cursor.line;
        while (top > 0 && room + heightOf(top - 1) <= height) {
          top -= 1;
          room += heightOf(top);
        }
        editor.top = top;
      }
    }
  }
  editor.isScrolledOnPurpose = false;
  if (editor.options.wraps) {
    editor.left = 0;
    return;
  }
  const width = Math.max(1, columns - gutterWidth(editor));
  const column = cursorColumn(editor);
  if (column < editor.left || column >= editor.left + width) editor.left = Math.max(0, column - Math.floor(width / 2));
}

/** The line as it is seen, with what changes leave standing, and the look of each place in it. */
function shownText(editor: ViEditor, line: number): { readonly text: string; readonly marks: (at: number, column: number) => string } {
  const none = (): string => '';
  const text = editor.lines[line]!;
  const { leftover, cursor } = editor;
  if (leftover?.line === line && line === cursor.line) {
    const column = columnAt(editor, text, cursor.at);
    let at = 0;
    while (at < leftover.text.length && columnAt(editor, leftover.text, at) < column) at = nextCharacter(leftover.text, at);
    return { text: text.slice(0, cursor.at) + leftover.text.slice(at), marks: none };
  }
  if (editor.mode === 'confirm' && line === editor.confirmation!.run.line) {
    const { match } = editor.confirmation!;
    return { text, marks: (at) => (at >= match.index && at < match.end ? looks.match : '') };
  }
  const isVisual = editor.mode === 'visual' || (editor.mode === 'command' && editor.isSearchInVisual);
  if (!isVisual) return { text, marks: none };
  const area = visualArea(editor);
  const [from, to] = order(editor.visualStart, editor.cursor);
  if (line < from.line || line > to.line) return { text, marks: none };
  const isCursor = (at: number): boolean => line === cursor.line && at === cursor.at && editor.mode === 'visual';
  return {
    text,
    marks: (at, column) => {
      if (isCursor(at)) return '';
      if (area.shape === 'lines') return looks.marked;
      if (area.shape === 'block') return at < text.length && column >= area.left && column < area.right ? looks.marked : '';
      return (line > from.line || at >= from.at) && (line < to.line || at <= to.at) ? looks.marked : '';
    },
  };
}

function modeText(editor: ViEditor): string {
  if (editor.mode === 'insert') return '-- INSERT --';
  if (editor.mode === 'replace') return '-- REPLACE --';
  if (editor.mode === 'visual') return editor.visualKind === 'characters' ? '-- VISUAL --' : editor.visualKind === 'lines' ? '-- VISUAL LINE --' : '-- VISUAL BLOCK --';
  return editor.recordsInto === undefined ? '' : editor.message === '' ? `recording @${editor.recordsInto}` : '';
}

function ruler(editor: ViEditor): string {
  const isEmpty = editor.lines.length === 1 && editor.lines[0] === '';
  const above = editor.top;
  const below = Math.max(0, editor.lines.length - editor.top - editor.height);
  const where = below === 0 ? (above === 0 ? 'All' : 'Bot') : above === 0 ? 'Top' : `${String(Math.floor((above * 100) / (above + below))).padStart(2)}%`;
  return `${`${isEmpty ? 0 : editor.cursor.line + 1},${columnsText(editor)}`.padEnd(14)}${where}`;
}

/** Shown while there is neither a file nor text. */
function introductionRows(editor: ViEditor, rows: number, columns: number): Readonly<Record<number, string>> | undefined {
  if (editor.name !== '' || editor.isModified || editor.hasHadText || editor.lines.length > 1 || editor.lines[0] !== '' || columns < 50) return undefined;
  const texts = [...introduction, ...(editor.options.isCompatible ? compatibleIntroduction : [])];
  const first = Math.floor((rows - texts.length) / 2);
  if (first < 2) return undefined;
  return Object.fromEntries(texts.flatMap((text, index) => (text === '' ? [] : [[first + index, `${' '.repeat(Math.floor((columns - text.length) / 2))}${text}`]])));
}
