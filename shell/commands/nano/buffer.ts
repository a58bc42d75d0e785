/**
 * The text nano edits: lines, cursor, mark, cut text, undo. Pure, so that it is tested without a terminal. Read first: nano's text.c,
 * cut.c, move.c. The last line is always empty ("magic line"); what is written ends in a newline.
 */
import { nextCharacter, previousCharacter, wordBackward, wordForward } from '../../readline/functions/words.ts';
import { characterWidth } from '../../terminal/width.ts';
import type { Regex } from '../../lib/regex/regex.ts';

export interface Place {
  line: number;
  at: number;
}
interface Snapshot {
  readonly lines: readonly string[];
  readonly cursor: Place;
  readonly modified: boolean;
  /** What the status row calls it. */
  readonly what: string;
}

export class NanoBuffer {
  name: string;
  lines: string[] = [''];
  cursor: Place = { line: 0, at: 0 };
  mark: Place | undefined;
  isModified = false;
  isReadOnly = false;
  cutLines: string[] = [];
  /** Column that vertical motion keeps. */
  private wantedColumn = 0;
  private undos: Snapshot[] = [];
  private redos: Snapshot[] = [];
  private lastAction = '';

  constructor(name: string) {
    this.name = name;
  }

  /** Answers how many lines were read. */
  load(text: string): number {
    const lines = text.split('\n');
    const count = lines.length - 1 + (lines.at(-1) === '' ? 0 : 1);
    this.lines = lines;
    if (lines.at(-1) !== '') this.lines.push('');
    return count;
  }

  /** The file as it is written, and how many lines that is. */
  fileText(): { readonly text: string; readonly count: number } {
    const lines = this.lines.slice();
    if (lines.at(-1) === '') lines.pop();
    return { text: lines.map((line) => `${line}\n`).join(''), count: lines.length };
  }

  get line(): string {
    return this.lines[this.cursor.line]!;
  }

  // ---- motion

  column(): number {
    return columnOf(this.line, this.cursor.at);
  }

  keepColumn(): void {
    this.wantedColumn = this.column();
  }

  vertical(by: number): void {
    const line = Math.max(0, Math.min(this.lines.length - 1, this.cursor.line + by));
    this.cursor = { line, at: offsetAt(this.lines[line]!, this.wantedColumn) };
  }

  moveTo(place: Place): void {
    const line = Math.max(0, Math.min(this.lines.length - 1, place.line));
    this.cursor = { line, at: Math.max(0, Math.min(this.lines[line]!.length, place.at)) };
    this.keepColumn();
  }

  left(): void {
    if (this.cursor.at > 0) this.cursor.at = previousCharacter(this.line, this.cursor.at);
    else if (this.cursor.line > 0) this.cursor = { line: this.cursor.line - 1, at: this.lines[this.cursor.line - 1]!.length };
    this.keepColumn();
  }

  right(): void {
    if (this.cursor.at < this.line.length) this.cursor.at = nextCharacter(this.line, this.cursor.at);
    else if (this.cursor.line < this.lines.length - 1) this.cursor = { line: this.cursor.line + 1, at: 0 };
    this.keepColumn();
  }

  wordLeft(): void {
    if (this.cursor.at === 0 && this.cursor.line > 0) this.moveTo({ line: this.cursor.line - 1, at: this.lines[this.cursor.line - 1]!.length });
    else this.moveTo({ line: this.cursor.line, at: wordBackward(this.line, this.cursor.at) });
  }

  wordRight(): void {
    let at = wordForward(this.line, this.cursor.at);
    while (at < this.line.length && /\s/.test(this.line[at]!)) at += 1;
    if (this.cursor.at === this.line.length && this.cursor.line < this.lines.length - 1) this.moveTo({ line: this.cursor.line + 1, at: 0 });
    else this.moveTo({ line: this.cursor.line, at });
  }

  // ---- editing

  /** `action`: changes of one kind in a row are undone together; '' stands alone. */
  private remember(action: string, what: string, cursor: Place = this.cursor): void {
    if (action !== '' && action === this.lastAction) return;
    this.lastAction = action;
    this.undos.push({ lines: this.lines.slice(), cursor: { ...cursor }, modified: this.isModified, what });
    if (this.undos.length > 200) this.undos.shift();
    this.redos = [];
  }

  /** A motion ends a run of typed characters, for undo. */
  endRun(): void {
    this.lastAction = '';
  }

  private changed(): void {
    this.isModified = true;
    if (this.lines.at(-1) !== '') this.lines.push('');
    this.keepColumn();
  }

  insert(text: string): void {
    this.remember(text.includes('\n') ? '' : 'type', text === '\n' ? 'line break' : text.includes('\n') ? 'insertion' : 'addition');
    const { line, at } = this.cursor;
    const old = this.line;
    const parts = (old.slice(0, at) + text).split('\n');
    const last = parts.at(-1)!;
    const end = { line: line + parts.length - 1, at: last.length };
    parts[parts.length - 1] = last + old.slice(at);
    this.lines.splice(line, 1, ...parts);
    this.cursor = end;
    this.changed();
  }

  backspace(): void {
    if (this.mark !== undefined) {
      this.deleteRegion();
      return;
    }
    if (this.cursor.line === 0 && this.cursor.at === 0) return;
    if (this.cursor.at === 0 && this.cursor.line === this.lines.length - 1 && this.lines.length > 1 && this.lines[this.cursor.line - 1] !== '') {
      this.left();
      return;
    }
    this.left();
    this.deleteForward('rub');
  }

  deleteForward(action = 'delete'): void {
    if (this.mark !== undefined) {
      this.deleteRegion();
      return;
    }
    const { line, at } = this.cursor;
    const text = this.line;
    if (at < text.length) {
      this.remember(action, 'deletion');
      this.lines[line] = text.slice(0, at) + text.slice(nextCharacter(text, at));
    } else if (line < this.lines.length - 1) {
      if (line === this.lines.length - 2 && text !== '' && this.lines[line + 1] === '') return;
      this.remember('', 'line join');
      this.lines.splice(line, 2, text + this.lines[line + 1]!);
    } else return;
    this.changed();
  }

  region(): [Place, Place] | undefined {
    if (this.mark === undefined) return undefined;
    const [a, b] = [this.mark, this.cursor];
    return a.line < b.line || (a.line === b.line && a.at <= b.at) ? [{ ...a }, { ...b }] : [{ ...b }, { ...a }];
  }

  private regionText(): string {
    const region = this.region();
    if (region === undefined) return '';
    const [from, to] = region;
    if (from.line === to.line) return this.lines[from.line]!.slice(from.at, to.at);
    return [this.lines[from.line]!.slice(from.at), ...this.lines.slice(from.line + 1, to.line), this.lines[to.line]!.slice(0, to.at)].join('\n');
  }

  private deleteRegion(): void {
    const region = this.region();
    if (region === undefined) return;
    this.remember('', 'cut');
    const [from, to] = region;
    this.lines.splice(from.line, to.line - from.line + 1, this.lines[from.line]!.slice(0, from.at) + this.lines[to.line]!.slice(to.at));
    this.cursor = from;
    this.mark = undefined;
    this.changed();
  }

  /** ^K: the line, or the marked text; `adds` when the key before was a cut too. Answers false when nothing was there. */
  cut(adds: boolean): boolean {
    if (this.mark !== undefined) {
      this.cutLines = this.regionText().split('\n');
      this.deleteRegion();
      return true;
    }
    if (this.cursor.line === this.lines.length - 1 && this.line === '') return false;
    this.remember(adds ? 'cut' : '', 'cut');
    this.lastAction = 'cut';
    const cut = this.lines.splice(this.cursor.line, 1)[0]!;
    if (this.lines.length === 0) this.lines.push('');
    const before = adds && this.cutLines.at(-1) === '' ? this.cutLines.slice(0, -1) : adds ? this.cutLines : [];
    this.cutLines = [...before, cut, ''];
    this.cursor = { line: Math.min(this.cursor.line, this.lines.length - 1), at: 0 };
    this.changed();
    return true;
  }

  copy(adds: boolean): boolean {
    if (this.mark !== undefined) {
      this.cutLines = this.regionText().split('\n');
      this.mark = undefined;
      return true;
    }
    if (this.cursor.line === this.lines.length - 1 && this.line === '') return false;
    this.cutLines = [...(adds ? this.cutLines.slice(0, -1) : []), this.line, ''];
    this.cursor = { line: Math.min(this.cursor.line + 1, this.lines.length - 1), at: 0 };
    return true;
  }

  paste(): boolean {
    if (this.cutLines.length === 0) return false;
    this.remember('', 'paste');
    this.lastAction = 'paste';
    this.insertKeeping(this.cutLines.join('\n'));
    return true;
  }

  private insertKeeping(text: string): void {
    const { line, at } = this.cursor;
    const old = this.line;
    const parts = (old.slice(0, at) + text).split('\n');
    const last = parts.at(-1)!;
    parts[parts.length - 1] = last + old.slice(at);
    this.lines.splice(line, 1, ...parts);
    this.cursor = { line: line + parts.length - 1, at: last.length };
    this.changed();
  }

  replaceAt(place: Place, length: number, text: string): void {
    this.remember('', 'replacement', place);
    const old = this.lines[place.line]!;
    this.lines[place.line] = old.slice(0, place.at) + text + old.slice(place.at + length);
    this.changed();
  }

  /** ^J: fills the paragraph at the cursor to `width` columns. */
  justify(width: number): boolean {
    let from = this.cursor.line;
    while (from < this.lines.length && this.lines[from]!.trim() === '') from += 1;
    if (from >= this.lines.length) return false;
    while (from > 0 && this.lines[from - 1]!.trim() !== '' && !/^\s/.test(this.lines[from]!)) from -= 1;
    let to = from + 1;
    while (to < this.lines.length && this.lines[to]!.trim() !== '' && !/^\s/.test(this.lines[to]!)) to += 1;
    this.remember('', 'justification');
    const words = this.lines.slice(from, to).join(' ').split(/\s+/);
    const indent = /^\s*/.exec(this.lines[from]!)![0];
    if (words[0] === '') words.shift();
    const filled: string[] = [];
    let row = indent;
    for (const word of words) {
      if (row.trim() !== '' && columnOf(row, row.length) + 1 + columnOf(word, word.length) > width) {
        filled.push(row);
        row = word;
      } else row = row.trim() === '' ? row + word : `${row} ${word}`;
    }
    filled.push(row);
    const isSame = filled.length === to - from && filled.every((text, index) => text === this.lines[from + index]);
    this.lines.splice(from, to - from, ...filled);
    this.cursor = { line: Math.min(from + filled.length, this.lines.length - 1), at: 0 };
    if (!isSame) this.changed();
    return true;
  }

  /** Answers what was undone. */
  undo(): string | undefined {
    const last = this.undos.pop();
    if (last === undefined) return undefined;
    this.redos.push({ lines: this.lines.slice(), cursor: last.what === 'replacement' ? last.cursor : { ...this.cursor }, modified: this.isModified, what: last.what });
    this.restore(last);
    return last.what;
  }

  redo(): string | undefined {
    const last = this.redos.pop();
    if (last === undefined) return undefined;
    this.undos.push({ lines: this.lines.slice(), cursor: { ...this.cursor }, modified: this.isModified, what: last.what });
    this.restore(last);
    return last.what;
  }

  private restore(snapshot: Snapshot): void {
    this.lines = snapshot.lines.slice();
    this.cursor = { ...snapshot.cursor };
    this.isModified = snapshot.modified;
    this.lastAction = '';
    this.keepColumn();
  }

  // ---- searching

  /** The next match after the cursor (before it when going back), round the end; `wrapped` when it came from there. */
  find(pattern: Regex, backwards: boolean, from: Place = this.cursor): { readonly place: Place; readonly length: number; readonly wrapped: boolean } | undefined {
    const count = this.lines.length;
    for (let step = 0; step <= count; step += 1) {
      const line = (((backwards ? from.line - step : from.line + step) % count) + count) % count;
      const matches = [...pattern.matchesIn(this.lines[line]!)].filter((match) => match.end > match.index);
      const usable = matches.filter((match) => {
        if (step === 0) return backwards ? match.index < from.at : match.index > from.at;
        if (step === count) return backwards ? match.index >= from.at : match.index <= from.at;
        return true;
      });
      const match = backwards ? usable.at(-1) : usable[0];
      if (match === undefined) continue;
      const wrapped = step > 0 && (backwards ? line >= from.line : line <= from.line);
      return { place: { line, at: match.index }, length: match.end - match.index, wrapped };
    }
    return undefined;
  }
}

/** Screen column of an offset; tabs go to the next multiple of eight, control characters take two. */
export function columnOf(line: string, offset: number): number {
  let column = 0;
  let at = 0;
  for (const character of line) {
    if (at >= offset) break;
    column += cellWidth(character, column);
    at += character.length;
  }
  return column;
}

export function offsetAt(line: string, column: number): number {
  let here = 0;
  let at = 0;
  for (const character of line) {
    const width = cellWidth(character, here);
    if (here + width > column) break;
    here += width;
    at += character.length;
  }
  return at;
}

export function cellWidth(character: string, column: number): number {
  if (character === '\t') return 8 - (column % 8);
  const code = character.codePointAt(0)!;
  if (code < 32 || code === 127) return 2;
  return characterWidth(character);
}
