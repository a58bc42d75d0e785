/**
 * Draws prompt and line on the terminal, changing as little as needed. Read first: readline's display.c (rl_redisplay,
 * _rl_move_cursor_relative): like readline, it does not know in which column the prompt began, and goes left by backspaces unless
 * a carriage return is shorter, so that a prompt pushed to the right by earlier output is edited in place as on a real machine.
 */
import { characterWidth } from '../terminal/width.ts';

interface Cell {
  /** Empty for the second column of a wide character. */
  text: string;
  isReversed: boolean;
}
interface Row {
  readonly cells: Cell[];
  /** The line goes on in the next row because this one is full. */
  wraps: boolean;
}
interface Layout {
  readonly rows: Row[];
  cursorRow: number;
  cursorColumn: number;
}

export interface Picture {
  readonly line: string;
  readonly point: number;
  /** Part of the line shown in reverse video. */
  readonly region?: readonly [from: number, to: number];
}

/** A prompt split as rl_expand_prompt does: rows above the last are printed once. */
interface Prompt {
  readonly prefix: string;
  readonly lastRaw: string;
  readonly lastVisible: string;
}

export function splitPrompt(prompt: string): Prompt {
  let lastNewline = -1;
  let hidden = false;
  for (let i = 0; i < prompt.length; i += 1) {
    if (prompt[i] === '\x01') hidden = true;
    else if (prompt[i] === '\x02') hidden = false;
    else if (prompt[i] === '\n' && !hidden) lastNewline = i;
  }
  const raw = (text: string): string => text.replaceAll(/[\x01\x02]/g, '');
  const last = prompt.slice(lastNewline + 1);
  return { prefix: raw(prompt.slice(0, lastNewline + 1)).replaceAll('\n', '\r\n'), lastRaw: raw(last), lastVisible: last.replaceAll(/\x01[^\x02]*\x02?/g, '') };
}

export class Display {
  private old: Layout = { rows: [{ cells: [], wraps: false }], cursorRow: 0, cursorColumn: 0 };
  private prompt: Prompt = splitPrompt('');
  private message: string | undefined;
  private row = 0;
  private column = 0;
  private output = '';
  private columns: number;
  private promptCells: Row[] = [];

  constructor(columns: number) {
    this.columns = Math.max(2, columns);
  }

  /** What has to be written to the terminal since the last call. */
  take(): string {
    const text = this.output;
    this.output = '';
    return text;
  }

  get width(): number {
    return this.columns;
  }

  /** The prompt's last row as it is seen. */
  get promptText(): string {
    return this.prompt.lastVisible;
  }

  /** Starts on a fresh row: prints the whole prompt. */
  start(prompt: string, picture: Picture): void {
    this.prompt = splitPrompt(prompt);
    this.redrawFresh(picture);
  }

  /** Prints prompt and line anew where the cursor is now (rl_forced_update_display). */
  redrawFresh(picture: Picture): void {
    if (this.message === undefined) {
      this.output += this.prompt.prefix + this.prompt.lastRaw;
      this.promptCells = layOut(this.prompt.lastVisible, 0, undefined, this.columns, []).rows;
    } else {
      this.output += this.message;
      this.promptCells = layOut(this.message, 0, undefined, this.columns, []).rows;
    }
    this.old = { rows: copyRows(this.promptCells), cursorRow: 0, cursorColumn: 0 };
    this.row = this.promptCells.length - 1;
    this.column = this.promptCells[this.row]!.cells.length;
    // A prompt that fills its row exactly leaves the terminal waiting to wrap.
    if (this.column === 0 && this.row > 0) this.output += ' \r';
    this.update(picture);
  }

  /** Shows `message` in the prompt's place ((reverse-i-search)...), undefined: the prompt again. */
  setMessage(message: string | undefined): void {
    this.message = message;
    this.promptCells = layOut(message ?? this.prompt.lastVisible, 0, undefined, this.columns, []).rows;
  }

  clearScreen(picture: Picture, withScrollback: boolean): void {
    this.output += `\x1b[H\x1b[2J${withScrollback ? '\x1b[3J' : ''}`;
    this.redrawFresh(picture);
  }

  /** The window has another width: the terminal may have re-wrapped the rows, so clear from the first one and draw anew. */
  resize(columns: number, picture: Picture): void {
    const cellsBefore = this.old.rows.slice(0, this.row).reduce((sum, row) => sum + (row.wraps ? this.columns : Math.max(1, Math.ceil(row.cells.length / columns)) * columns), 0) + this.column;
    this.columns = Math.max(2, columns);
    const up = Math.floor(cellsBefore / this.columns);
    this.output += `\r${up > 0 ? `\x1b[${up}A` : ''}\x1b[J`;
    const prefix = this.prompt;
    this.prompt = { ...prefix, prefix: '' };
    this.redrawFresh(picture);
    this.prompt = prefix;
  }

  update(picture: Picture): void {
    const next = layOut(picture.line, picture.point, picture.region, this.columns, this.promptCells);
    const rows = Math.max(this.old.rows.length, next.rows.length);
    for (let r = 0; r < rows; r += 1) {
      const before = this.old.rows[r]?.cells ?? [];
      const row = next.rows[r];
      if (row === undefined) {
        if (before.length === 0) continue;
        this.moveTo(r, 0);
        this.output += '\x1b[K';
        continue;
      }
      const after = row.cells;
      let from = 0;
      while (from < after.length && from < before.length && sameCell(before[from]!, after[from]!)) from += 1;
      const isSame = from === after.length && from === before.length;
      if (isSame) {
        if (this.column >= this.columns && this.row === r - 1) this.enterRow(after);
        continue;
      }
      while (from > 0 && (after[from]?.text === '' || before[from]?.text === '')) from -= 1;
      if (this.column >= this.columns && this.row === r - 1 && next.rows[r - 1]!.wraps) {
        if (from === 0 && after.length > 0) {
          // The terminal wraps by itself when the next character comes.
          this.row = r;
          this.column = 0;
        } else this.enterRow(after.length > from ? after : before);
      }
      this.moveTo(r, from);
      this.writeCells(after, from);
      if (before.length > after.length) this.output += '\x1b[K';
    }
    this.old = next;
    if (this.column >= this.columns && next.cursorRow > this.row) this.enterRow(next.rows[this.row + 1]?.cells ?? []);
    this.moveTo(next.cursorRow, next.cursorColumn);
  }

  /** To the row below the line, as after Enter. */
  finish(): void {
    const last = this.old.rows.length - 1;
    // _rl_update_final: on a last row that is blank the cursor is already below the line.
    if (last > 0 && this.row === last && this.column === 0 && this.old.rows[last]!.cells.length === 0) {
      this.output += '\r';
      this.row = 0;
      return;
    }
    if (this.row < last) this.moveTo(last, 0);
    this.output += '\r\n';
    this.row = 0;
    this.column = 0;
  }

  /** `^C` where the cursor stands, then below the last row. */
  finishWith(text: string): void {
    this.output += text;
    this.column += text.length;
    this.finish();
  }

  ring(): void {
    this.output += '\x07';
  }

  raw(text: string): void {
    this.output += text;
  }

  /** Makes a pending wrap happen: the first character of the next row (or a blank), then back to its start. */
  private enterRow(cells: readonly Cell[]): void {
    const first = cells[0];
    this.output += first === undefined ? ' \r' : `${paint(first)}\r`;
    this.row += 1;
    this.column = 0;
  }

  private writeCells(cells: readonly Cell[], from: number): void {
    let reversed = false;
    for (let i = from; i < cells.length; i += 1) {
      const cell = cells[i]!;
      if (cell.isReversed !== reversed) {
        this.output += cell.isReversed ? '\x1b[7m' : '\x1b[27m';
        reversed = cell.isReversed;
      }
      this.output += cell.text;
    }
    if (reversed) this.output += '\x1b[27m';
    this.column = cells.length;
  }

  private moveTo(row: number, column: number): void {
    if (row > this.row) {
      this.output += `\r${'\n'.repeat(row - this.row)}`;
      this.column = 0;
    } else if (row < this.row) {
      const up = this.row - row;
      if (this.column >= this.columns) {
        this.output += '\r';
        this.column = 0;
      }
      this.output += up === 1 ? '\x1b[A' : `\x1b[${up}A`;
    }
    this.row = row;
    if (column === this.column) return;
    if (column === 0 || column + 1 < this.column - column || this.column >= this.columns) {
      this.output += '\r';
      this.column = 0;
    }
    const step = column - this.column;
    if (step < 0) this.output += '\b'.repeat(-step);
    else if (step > 0) this.output += step <= 4 ? '\x1b[C'.repeat(step) : `\x1b[${step}C`;
    this.column = column;
  }
}

function paint(cell: Cell): string {
  return cell.isReversed ? `\x1b[7m${cell.text}\x1b[27m` : cell.text;
}

function sameCell(left: Cell, right: Cell): boolean {
  return left.text === right.text && left.isReversed === right.isReversed;
}

function copyRows(rows: readonly Row[]): Row[] {
  return rows.map((row) => ({ cells: row.cells.slice(), wraps: row.wraps }));
}

/** Puts the line's characters into rows after the prompt's; tabs become blanks, control characters ^X, newlines a new row. */
function layOut(line: string, point: number, region: readonly [number, number] | undefined, columns: number, before: readonly Row[]): Layout {
  const rows: Row[] = before.length > 0 ? copyRows(before) : [{ cells: [], wraps: false }];
  let row = rows[rows.length - 1]!;
  const layout: Layout = { rows, cursorRow: 0, cursorColumn: 0 };
  const newRow = (wraps: boolean): void => {
    row.wraps = wraps;
    row = { cells: [], wraps: false };
    rows.push(row);
  };
  let at = 0;
  let isPlaced = false;
  const place = (): void => {
    if (isPlaced || at < point) return;
    isPlaced = true;
    layout.cursorRow = rows.length - 1;
    layout.cursorColumn = row.cells.length;
  };
  for (const character of line) {
    const isReversed = region !== undefined && at >= region[0] && at < region[1];
    const code = character.charCodeAt(0);
    if (character === '\n') {
      place();
      at += 1;
      newRow(false);
      continue;
    }
    if (character === '\t') {
      place();
      do {
        row.cells.push({ text: ' ', isReversed });
        if (row.cells.length === columns) newRow(true);
      } while (row.cells.length % 8 !== 0);
      at += 1;
      continue;
    }
    if (code < 0x20 || code === 0x7f) {
      place();
      for (const part of ['^', String.fromCharCode(code ^ 0x40)]) {
        row.cells.push({ text: part, isReversed });
        if (row.cells.length === columns) newRow(true);
      }
      at += 1;
      continue;
    }
    const width = characterWidth(character);
    if (width === 0) {
      place();
      let last = row.cells.length - 1;
      while (last > 0 && row.cells[last]!.text === '') last -= 1;
      if (last >= 0) row.cells[last] = { ...row.cells[last]!, text: row.cells[last]!.text + character };
      at += character.length;
      continue;
    }
    if (width === 2 && row.cells.length === columns - 1) {
      row.cells.push({ text: ' ', isReversed: false });
      newRow(true);
    }
    place();
    row.cells.push({ text: character, isReversed });
    if (width === 2) row.cells.push({ text: '', isReversed });
    if (row.cells.length === columns) newRow(true);
    at += character.length;
  }
  at = Math.max(at, point);
  place();
  return layout;
}
