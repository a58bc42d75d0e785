/**
 * vi as vim-tiny plays it: what it knows while it runs, and which part a key goes to. Read first: vim's help (intro.txt, vi_diff.txt).
 * Keys go in by `press`; what is asked of the outside (files, the shell, the end) comes back as requests.
 */
import type { Key } from '../../terminal/escape.ts';
import { pressCommandLine } from './command-line.ts';
import { pressInsert } from './insert.ts';
import { columnAt } from './motions.ts';
import { pressNormal } from './normal.ts';
import { startOptions, type Options } from './options.ts';
import type { SearchPattern } from './search.ts';
import { pressConfirm, type Confirmation, type Substitution } from './substitute.ts';
import { firstText, lastAt, type Motion, type Place } from './text.ts';
import { pressVisual, type VisualArea, type VisualKind } from './visual.ts';

/** As many changes can be undone ('undolevels'). */
const MOST_CHANGES = 1000;
/** More would show nothing new, and fill the memory: `999999999aX`. */
export const MOST_REPEATS = 10_000;

export type Request =
  | { readonly kind: 'write'; readonly name: string | undefined; readonly force: boolean; readonly from: number; readonly to: number; readonly isPart: boolean; readonly isAppended: boolean; readonly thenQuit: boolean }
  | { readonly kind: 'quit'; readonly code: number }
  | { readonly kind: 'edit'; readonly name: string }
  | { readonly kind: 'read'; readonly name: string; readonly after: number }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'shell'; readonly command: string | undefined }
  | { readonly kind: 'filter'; readonly command: string; readonly from: number; readonly to: number }
  | { readonly kind: 'readCommand'; readonly command: string; readonly after: number }
  | { readonly kind: 'writeCommand'; readonly command: string; readonly from: number; readonly to: number };

export type Mode = 'normal' | 'insert' | 'replace' | 'visual' | 'command' | 'confirm' | 'answer';
export interface Register { readonly text: string; readonly shape: 'characters' | 'lines' | 'block' }
interface Change {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly cursor: Place;
  readonly number: number;
  readonly atS: number;
}
/** What the screen shows on the cursor's line although it is gone already: the end of a change is marked by $, erased text stays until typed over. */
export interface Leftover { readonly line: number; readonly text: string; readonly at: number }
export interface Insertion {
  start: Place;
  repeats: number;
  typed: string;
  /** o and O open a line for every repeat. */
  readonly opensLines: boolean;
  /** Text typed before a block goes before or after each of its lines. */
  readonly block: { readonly from: number; readonly to: number; readonly column: number; readonly appends: boolean } | undefined;
  /** What replace mode has covered, for Backspace. */
  covered: (string | undefined)[];
}
/** What is kept of a file while another one is edited. */
export interface FileState { name: string; lines: string[]; cursor: Place; isModified: boolean; isReadOnly: boolean; isLoaded: boolean }

export class ViEditor {
  lines: string[] = [''];
  cursor: Place = { line: 0, at: 0 };
  mode: Mode = 'normal';
  name: string;
  isModified = false;
  isReadOnly = false;
  options: Options;
  /** Files named on the command line, and all that have been edited; `file` counts among `files`. */
  files: FileState[] = [];
  file = 0;
  otherFile: number | undefined;
  argumentNames: readonly string[] = [];
  argumentIndex = 0;
  hasWarnedOfMoreFiles = false;
  requests: Request[] = [];
  nowS = 0;
  /** Where it was started, as `~/...`. */
  folder = '';

  // What the bottom line says.
  message = '';
  messageLook: 'plain' | 'error' | 'warning' | 'question' = 'plain';
  /** Survives the next time the text scrolls. */
  isMessageKept = false;
  rings = false;
  /** More than the bottom line holds: shown above `Press ENTER`. */
  answer: readonly string[] | undefined;
  /** What is typed after : / ? and where. */
  commandLine = '';
  commandAt = 0;
  commandHistory: string[] = [];
  searchHistory: string[] = [];
  historyAt = 0;
  isLiteralNext = false;
  lastCommand = '';
  /** The introduction has had its time. */
  hasHadText = false;
  isSearchInVisual = false;
  keysBeforeSearch: Key[] = [];

  /** First line shown, and first column without wrapping; the screen sets the height. */
  top = 0;
  left = 0;
  height = 23;
  isScrolledOnPurpose = false;
  /** How far Ctrl+D and Ctrl+U go, once a count has said so. */
  scrollLines: number | undefined;
  /** An operator waits for the end of `d/word`. */
  afterSearch: ((motion: Motion) => void) | undefined;

  pending: Key[] = [];
  wanted = 0;
  visualKind: VisualKind = 'characters';
  visualStart: Place = { line: 0, at: 0 };
  lastVisual: VisualArea | undefined;
  readonly marks = new Map<string, Place>();
  jumps: Place[] = [];
  jumpAt = 0;
  readonly registers = new Map<string, Register>();
  chosenRegister: string | undefined;
  recordsInto: string | undefined;
  recorded: Key[] = [];
  lastMacro: string | undefined;
  lastFind: { readonly c: string; readonly direction: 1 | -1; readonly till: boolean } | undefined;
  search: { pattern: SearchPattern; direction: 1 | -1; offset: string } | undefined;
  lastSubstitution: Substitution | undefined;
  confirmation: Confirmation | undefined;
  lastShellCommand: string | undefined;
  insertion: Insertion = { start: { line: 0, at: 0 }, repeats: 1, typed: '', opensLines: false, block: undefined, covered: [] };
  leftover: Leftover | undefined;
  lastInserted = '';

  /** The keys of the change under way, and of the last one for `.` */
  changeKeys: Key[] = [];
  lastChange: readonly Key[] = [];
  isReplaying = false;
  macroDepth = 0;
  private changes: Change[] = [];
  private changeAt = 0;
  private changeNumber = 0;
  private open: { readonly before: readonly string[]; readonly cursor: Place } | undefined;
  private undoesNext = false;
  /** The line that U restores, as it was before. */
  private lineBefore: { readonly line: number; readonly text: string } | undefined;

  constructor(name: string, isCompatible = true) {
    this.name = name;
    this.options = startOptions(isCompatible);
  }

  load(text: string): void {
    this.lines = text.split('\n');
    if (this.lines.length > 1 && this.lines.at(-1) === '') this.lines.pop();
    this.cursor = { line: 0, at: 0 };
    this.top = 0;
    this.forgetChanges();
    this.marks.clear();
    this.marks.set('[', { line: 0, at: 0 });
    this.marks.set(']', { line: this.lines.length - 1, at: 0 });
    this.isModified = false;
  }

  forgetChanges(): void {
    this.changes = [];
    this.changeAt = 0;
    this.changeNumber = 0;
    this.open = undefined;
    this.undoesNext = false;
    this.lineBefore = undefined;
  }

  text(from = 0, to = this.lines.length - 1): string {
    return this.lines.slice(from, to + 1).map((line) => `${line}\n`).join('');
  }

  get line(): string {
    return this.lines[this.cursor.line]!;
  }

  get pendingText(): string {
    return this.pending.join('');
  }

  press(key: Key): void {
    if (this.recordsInto !== undefined && this.macroDepth === 0) this.recorded.push(key);
    if (this.mode === 'answer') {
      this.answer = undefined;
      this.mode = 'normal';
      this.message = '';
      if (key === ' ' || key === 'enter' || key === 'ctrl-j' || key === 'ctrl-c' || key === 'escape') return;
    }
    if (this.mode === 'command') pressCommandLine(this, key);
    else if (this.mode === 'confirm') pressConfirm(this, key);
    else if (this.mode === 'insert' || this.mode === 'replace') pressInsert(this, key);
    else if (this.mode === 'visual') pressVisual(this, key);
    else pressNormal(this, key);
  }

  paste(text: string): void {
    for (const c of text) this.press(c === '\n' ? 'enter' : c === '\t' ? 'tab' : c);
  }

  // ---- what the bottom line says

  say(text: string, look: ViEditor['messageLook'] = 'plain', isKept = false): void {
    this.message = text;
    this.messageLook = look;
    this.isMessageKept = isKept;
  }

  /** Said again after the text has scrolled: counts of lines, file names. */
  report(text: string): void {
    this.say(text, 'plain', true);
  }

  fail(text: string): void {
    this.say(text, 'error');
  }

  ring(): void {
    this.rings = true;
    this.macroDepth = 0;
  }

  /** Several rows wait for Enter, a single one is a message. */
  show(rows: readonly string[]): void {
    if (rows.length === 1) {
      this.say(rows[0]!);
      return;
    }
    this.answer = rows;
    this.mode = 'answer';
  }

  // ---- places

  clampCursor(): void {
    const line = Math.max(0, Math.min(this.lines.length - 1, this.cursor.line));
    const text = this.lines[line]!;
    const isFree = this.mode === 'insert' || this.mode === 'replace' || this.mode === 'visual';
    this.cursor = { line, at: Math.max(0, Math.min(isFree ? text.length : lastAt(text), this.cursor.at)) };
  }

  /** To the first text of a line. */
  goToLine(line: number): void {
    const index = Math.max(0, Math.min(this.lines.length - 1, line));
    this.cursor = { line: index, at: firstText(this.lines[index]!) };
  }

  /** Remembers where a jump started: '' and Ctrl+O lead back. */
  leaveMark(): void {
    this.marks.set("'", this.cursor);
    this.jumps = [...this.jumps.filter(({ line }) => line !== this.cursor.line), this.cursor].slice(-100);
    this.jumpAt = this.jumps.length;
  }

  mark(name: string): Place | undefined {
    const place = this.marks.get(name === '`' ? "'" : name) ?? (name === "'" || name === '`' || name === '"' ? { line: 0, at: 0 } : undefined);
    return place === undefined || place.line >= this.lines.length ? undefined : place;
  }

  // ---- registers

  store(register: Register, isDeletion: boolean): void {
    const name = this.chosenRegister;
    this.chosenRegister = undefined;
    if (name === '_') return;
    if (name !== undefined && /[A-Z]/.test(name)) {
      const old = this.registers.get(name.toLowerCase());
      const joined: Register = old === undefined ? register : old.shape === 'lines' || register.shape === 'lines' ? { text: `${old.text.replace(/\n?$/, '\n')}${register.text.replace(/\n?$/, '\n')}`, shape: 'lines' } : { text: old.text + register.text, shape: register.shape };
      this.registers.set(name.toLowerCase(), joined);
      this.registers.set('"', joined);
      return;
    }
    if (name !== undefined && name !== '"') this.registers.set(name, register);
    this.registers.set('"', register);
    if (!isDeletion) {
      if (name === undefined) this.registers.set('0', register);
      return;
    }
    if (register.text.includes('\n')) {
      for (let i = 9; i > 1; i -= 1) {
        const older = this.registers.get(String(i - 1));
        if (older !== undefined) this.registers.set(String(i), older);
      }
      this.registers.set('1', register);
    } else if (name === undefined) this.registers.set('-', register);
  }

  taken(): { readonly name: string; readonly register: Register | undefined } {
    const name = (this.chosenRegister ?? '"').toLowerCase();
    this.chosenRegister = undefined;
    if (name === '.') return { name, register: { text: this.lastInserted, shape: 'characters' } };
    if (name === '%') return { name, register: { text: this.name, shape: 'characters' } };
    return { name, register: this.registers.get(name) };
  }

  // ---- changes and undo

  /** Everything until `closeChange` is undone at once. */
  openChange(cursor = this.cursor): void {
    this.open ??= { before: this.lines.slice(), cursor };
  }

  closeChange(): void {
    const { open } = this;
    this.open = undefined;
    if (open === undefined || (open.before.length === this.lines.length && open.before.every((line, index) => line === this.lines[index]))) return;
    this.changeNumber += 1;
    this.changes.length = this.changeAt;
    this.changes.push({ before: open.before, after: this.lines.slice(), cursor: open.cursor, number: this.changeNumber, atS: this.nowS });
    if (this.changes.length > MOST_CHANGES) this.changes.shift();
    this.changeAt = this.changes.length;
    this.undoesNext = false;
    const changed = firstDifference(open.before, this.lines);
    this.marks.set('.', { line: Math.min(changed, this.lines.length - 1), at: 0 });
    if (open.before.length !== this.lines.length) this.lineBefore = undefined;
    else if (this.lineBefore?.line !== changed) this.lineBefore = { line: changed, text: open.before[changed]! };
    this.touch();
  }

  /** Changes the text: warns once where it may only be read. */
  touch(): void {
    if (this.isReadOnly && !this.isModified) this.say('W10: Warning: Changing a readonly file', 'warning', true);
    this.isModified = true;
  }

  /** One change, undone and repeated as a whole; undoing it leads back to `start`. */
  change(act: () => void, start = this.cursor): void {
    this.openChange(start);
    if (!this.isReplaying) this.changeKeys = [...this.pending];
    act();
    if (this.mode === 'insert' || this.mode === 'replace') return;
    this.closeChange();
    this.changeIsDone();
    this.clampCursor();
    this.wanted = columnAt(this, this.line, this.cursor.at);
  }

  changeIsDone(): void {
    if (!this.isReplaying) this.lastChange = this.changeKeys;
  }

  /** Old vi's u undoes its own undo; vim's goes on. */
  undo(times: number): void {
    this.closeChange();
    this.undoesNext = this.options.isCompatible ? !this.undoesNext : true;
    this.step(times);
  }

  redo(times: number): void {
    this.closeChange();
    if (!this.options.isCompatible) this.undoesNext = false;
    this.step(times);
  }

  private step(times: number): void {
    const isUndo = this.undoesNext;
    let last: Change | undefined;
    let grown = 0;
    let touched = 0;
    for (let i = 0; i < times; i += 1) {
      const change = this.changes[isUndo ? this.changeAt - 1 : this.changeAt];
      if (change === undefined) {
        if (i === 0) {
          this.say(isUndo ? 'Already at oldest change' : 'Already at newest change');
          this.ring();
          return;
        }
        break;
      }
      last = change;
      this.changeAt += isUndo ? -1 : 1;
      const [from, to] = isUndo ? [change.after, change.before] : [change.before, change.after];
      const first = firstDifference(from, to);
      let same = 0;
      while (same < Math.min(from.length, to.length) - first && from[from.length - 1 - same] === to[to.length - 1 - same]) same += 1;
      grown += countOf(to) - countOf(from);
      touched += Math.max(1, to.length - first - same);
      this.lines = to.slice();
      const line = change.cursor.line + 1 === first || (change.cursor.line >= first && change.cursor.line <= first + Math.max(0, to.length - first - same)) ? change.cursor.line : Math.min(first, to.length - 1);
      if (line === change.cursor.line) this.cursor = change.cursor;
      else this.goToLine(line);
    }
    if (last === undefined) return;
    this.isModified = true;
    this.clampCursor();
    this.wanted = columnAt(this, this.line, this.cursor.at);
    const what = grown === 1 ? 'more line' : grown > 1 ? 'more lines' : grown === -1 ? 'line less' : grown < 0 ? 'fewer lines' : touched === 1 ? 'change' : 'changes';
    const ago = this.nowS - last.atS;
    this.report(`${grown === 0 ? touched : Math.abs(grown)} ${what}; ${isUndo ? 'before' : 'after'} #${last.number}  ${ago >= 100 ? clock(last.atS) : `${ago} second${ago === 1 ? '' : 's'} ago`}`);
  }

  /** U: the line as it was before the changes made in it one after the other. */
  restoreLine(): void {
    const { lineBefore } = this;
    if (lineBefore === undefined || lineBefore.line >= this.lines.length) {
      this.ring();
      return;
    }
    const now = this.lines[lineBefore.line]!;
    this.change(() => {
      this.lines[lineBefore.line] = lineBefore.text;
      this.cursor = { line: lineBefore.line, at: 0 };
    });
    this.lineBefore = { line: lineBefore.line, text: now };
  }

  // ---- text

  slice(from: Place, to: Place): string {
    if (from.line === to.line) return this.lines[from.line]!.slice(from.at, to.at);
    return [this.lines[from.line]!.slice(from.at), ...this.lines.slice(from.line + 1, to.line), this.lines[to.line]!.slice(0, to.at)].join('\n');
  }

  splice(from: Place, to: Place, text: string): void {
    const joined = this.lines[from.line]!.slice(0, from.at) + text + this.lines[to.line]!.slice(to.at);
    this.spliceLines(from.line, to.line - from.line + 1, joined.split('\n'));
  }

  /** Marks below move with their lines. */
  spliceLines(from: number, count: number, rows: readonly string[]): void {
    if (rows.length === count) for (const [index, row] of rows.entries()) this.lines[from + index] = row;
    else this.lines = this.lines.slice(0, from).concat(rows, this.lines.slice(from + count));
    const moved = rows.length - count;
    if (moved === 0) return;
    for (const [name, place] of this.marks) if (place.line >= from + count) this.marks.set(name, { line: place.line + moved, at: place.at });
  }
}

/** An empty text counts as no line at all. */
function countOf(lines: readonly string[]): number {
  return lines.length === 1 && lines[0] === '' ? 0 : lines.length;
}

function firstDifference(before: readonly string[], after: readonly string[]): number {
  let first = 0;
  while (first < Math.min(before.length, after.length) && before[first] === after[first]) first += 1;
  return first;
}

function clock(atS: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(atS / 3600) % 24)}:${two(Math.floor(atS / 60) % 60)}:${two(atS % 60)}`;
}
