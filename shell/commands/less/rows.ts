/** Lines to screen rows: wrapping, chopping, shifting, tabs, control characters, colours, search marks. Read first: less's line.c. */
import { characterWidth } from '../../terminal/width.ts';
import type { Regex } from '../../lib/regex/regex.ts';

export interface RowStyle {
  readonly columns: number;
  /** -S, or a horizontal shift: one row a line. */
  readonly chops: boolean;
  readonly shift: number;
  readonly showsNumbers: boolean;
  /** -R: colour sequences pass. */
  readonly passesColours: boolean;
  readonly highlight: Regex | undefined;
}

interface Piece {
  readonly text: string;
  readonly width: number;
  readonly isMarked: boolean;
  /** Bold, underline from overstriking, or ^X: shown with an attribute. */
  readonly attribute: '' | 'reverse' | 'bold' | 'underline';
  readonly escape: string;
}

/** Screen rows of line `number` (from 1). Each row is ready to print. */
export function rowsOf(line: string, number: number, style: RowStyle): string[] {
  const gutter = style.showsNumbers ? `${String(number).padStart(7)} ` : '';
  const width = Math.max(1, style.columns - gutter.length);
  const pieces = piecesOf(line, style);
  const rows: Piece[][] = [];
  let row: Piece[] = [];
  let used = 0;
  let position = 0;
  let isCut = false;
  for (const piece of pieces) {
    if (style.chops) {
      const begin = position;
      position += piece.width;
      if (begin < style.shift) continue;
      if (position - style.shift > width) {
        isCut = true;
        break;
      }
      row.push(piece);
      continue;
    }
    if (used + piece.width > width) {
      rows.push(row);
      row = [];
      used = 0;
    }
    row.push(piece);
    used += piece.width;
  }
  if (style.chops && isCut) {
    // The last column says that the line goes on.
    let total = row.reduce((sum, piece) => sum + piece.width, 0);
    while (row.length > 0 && total > width - 1) total -= row.pop()!.width;
    row.push({ text: '>', width: 1, isMarked: false, attribute: 'reverse', escape: '' });
  }
  rows.push(row);
  const number_ = gutter === '' ? '' : `\x1b[1m${gutter.trimEnd()}\x1b[0m `;
  return rows.map((cells) => number_ + paint(cells));
}

function paint(cells: readonly Piece[]): string {
  let out = '';
  let current = '';
  for (const cell of cells) {
    const wanted = cell.isMarked || cell.attribute === 'reverse' ? '\x1b[7m' : cell.attribute === 'bold' ? '\x1b[1m' : cell.attribute === 'underline' ? '\x1b[4m' : '';
    if (wanted !== current) {
      out += (current === '' ? '' : '\x1b[0m') + wanted;
      current = wanted;
    }
    out += cell.escape + cell.text;
  }
  return current === '' ? out : `${out}\x1b[0m`;
}

function piecesOf(line: string, style: RowStyle): Piece[] {
  const plain = style.passesColours ? line.replaceAll(/\x1b\[[0-9;]*m/g, '') : line;
  const marks = marksOf(plain.replaceAll(/.\x08/gu, ''), style.highlight);
  const pieces: Piece[] = [];
  let column = 0;
  let at = 0;
  let escape = '';
  let i = 0;
  while (i < line.length) {
    if (style.passesColours) {
      const colour = /^\x1b\[[0-9;]*m/.exec(line.slice(i, i + 24));
      if (colour !== null) {
        escape += colour[0];
        i += colour[0].length;
        continue;
      }
    }
    const character = String.fromCodePoint(line.codePointAt(i)!);
    i += character.length;
    const isMarked = marks?.[at] === true;
    const code = character.codePointAt(0)!;
    if (line[i] === '\b' && line.length > i + 1) {
      // Overstriking, as formatted manual pages do: x BS x is bold, _ BS x underlined.
      const over = String.fromCodePoint(line.codePointAt(i + 1)!);
      i += 1 + over.length;
      pieces.push({ text: over, width: characterWidth(over), isMarked, attribute: character === '_' && over !== '_' ? 'underline' : 'bold', escape });
      escape = '';
      at += over.length;
      column += characterWidth(over);
      continue;
    }
    if (character === '\t') {
      const blanks = 8 - (column % 8);
      for (let k = 0; k < blanks; k += 1) pieces.push({ text: ' ', width: 1, isMarked, attribute: '', escape: k === 0 ? escape : '' });
      column += blanks;
    } else if (code < 32 || code === 127) {
      const shown = code === 27 ? 'ESC' : `^${String.fromCharCode(code ^ 64)}`;
      if (!(code === 13 && i === line.length)) {
        for (const part of shown) pieces.push({ text: part, width: 1, isMarked, attribute: 'reverse', escape: '' });
        column += shown.length;
      }
    } else {
      const width = characterWidth(character);
      const last = pieces.at(-1);
      if (width === 0 && last !== undefined) pieces[pieces.length - 1] = { ...last, text: last.text + character };
      else pieces.push({ text: character, width, isMarked, attribute: '', escape });
      column += width;
    }
    escape = '';
    at += character.length;
  }
  if (escape !== '') pieces.push({ text: '', width: 0, isMarked: false, attribute: '', escape });
  return pieces;
}

function marksOf(text: string, pattern: Regex | undefined): boolean[] | undefined {
  if (pattern === undefined) return undefined;
  const marks: boolean[] = [];
  for (const match of pattern.matchesIn(text)) {
    for (let i = match.index; i < match.end; i += 1) marks[i] = true;
  }
  return marks;
}
