/**
 * A small vi: modes, motions, operators, registers, undo, `.`, search, the colon commands people use. Read first: vim's help
 * (change.txt, motion.txt, cmdline.txt). Keys go in by `press`; what is asked of the outside (write, quit, read) comes back as requests.
 */
import type { Key } from '../../terminal/escape.ts';
import type { Motion, Place } from './text.ts';
import { matchingBracket, nextCharacter, order, paragraph, previousCharacter, wordBackward, wordEnd, wordForward } from './text.ts';

/** More would show nothing new, and fill the memory: `999999999aX`. */
const MOST_REPEATS = 10_000;

export type Request =
  | { readonly kind: 'write'; readonly name: string | undefined; readonly force: boolean; readonly lines: readonly string[]; readonly thenQuit: boolean; readonly isPart: boolean }
  | { readonly kind: 'quit' }
  | { readonly kind: 'edit'; readonly name: string; readonly force: boolean }
  | { readonly kind: 'read'; readonly name: string; readonly after: number }
  | { readonly kind: 'suspend' };

type Mode = 'normal' | 'insert' | 'replace' | 'visual' | 'visual-line' | 'command';
interface Register {
  readonly lines: readonly string[];
  readonly isLinewise: boolean;
}
interface Snapshot {
  readonly lines: readonly string[];
  readonly cursor: Place;
}

export class ViEditor {
  lines: string[] = [''];
  cursor: Place = { line: 0, at: 0 };
  mode: Mode = 'normal';
  name: string;
  isModified = false;
  isReadOnly = false;
  message = '';
  /** What is typed after : / ? */
  commandLine = '';
  showsNumbers = false;
  ignoresCase = false;
  highlights = false;
  searchPattern: RegExp | undefined;
  /** First line shown; the screen sets the height. */
  top = 0;
  height = 23;
  requests: Request[] = [];
  visualStart: Place = { line: 0, at: 0 };
  private searchText = '';
  private searchDirection: 1 | -1 = 1;
  private pending: Key[] = [];
  private register: Register = { lines: [], isLinewise: false };
  private undos: Snapshot[] = [];
  private redos: Snapshot[] = [];
  private wanted = 0;
  private lastFind: { c: string; direction: 1 | -1; till: boolean } | undefined;
  private readonly marks = new Map<string, Place>();
  private changeKeys: Key[] = [];
  private lastChange: readonly Key[] = [];
  private isReplaying = false;
  private insertStartedAt: Place = { line: 0, at: 0 };
  private insertRepeats = 1;
  private typedInInsert = '';
  private lastSubstitution: { pattern: RegExp; to: string } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  load(text: string): void {
    this.lines = text.split('\n');
    if (this.lines.length > 1 && this.lines.at(-1) === '') this.lines.pop();
    this.cursor = { line: 0, at: 0 };
    this.top = 0;
    this.undos = [];
    this.redos = [];
    this.isModified = false;
  }

  text(): string {
    return this.lines.map((line) => `${line}\n`).join('');
  }

  private get line(): string {
    return this.lines[this.cursor.line]!;
  }

  press(key: Key): void {
    if (this.mode === 'command') {
      this.pressCommand(key);
      return;
    }
    if (this.mode === 'insert' || this.mode === 'replace') {
      if (!this.isReplaying) this.changeKeys.push(key);
      this.pressInsert(key);
      return;
    }
    this.message = '';
    if (key === 'escape' || key === 'ctrl-c') {
      if (key === 'ctrl-c' && this.pending.length === 0 && this.mode === 'normal') this.message = 'Type  :qa  and press <Enter> to exit Vim';
      this.pending = [];
      this.mode = 'normal';
      this.clampCursor();
      return;
    }
    this.pending.push(key);
    const isDone = this.tryCommand();
    if (isDone) this.pending = [];
  }

  get pendingText(): string {
    return this.pending.join('');
  }

  // ---- normal mode

  /** Parses what has been typed; answers false when more keys are needed. */
  private tryCommand(): boolean {
    const keys = this.pending;
    let i = 0;
    const number = (): number | undefined => {
      let digits = '';
      while (i < keys.length && (/^[1-9]$/.test(keys[i]!) || (digits !== '' && keys[i] === '0'))) {
        digits += keys[i]!;
        i += 1;
      }
      return digits === '' ? undefined : Number(digits);
    };
    if (keys[i] === '"') {
      if (keys.length < i + 2) return false;
      i += 2;
    }
    const count = number();
    const key = keys[i];
    if (key === undefined) return false;
    i += 1;
    if (this.mode === 'visual' || this.mode === 'visual-line') return this.visualCommand(key, count, keys.slice(i));
    const operators = 'dcy><';
    if (operators.includes(key) || (key === 'g' && (keys[i] === 'u' || keys[i] === 'U' || keys[i] === '~'))) {
      const operator = key === 'g' ? `g${keys[i]!}` : key;
      if (key === 'g') i += 1;
      const second = number();
      const motionKey = keys[i];
      if (motionKey === undefined) return false;
      i += 1;
      const times = Math.min(MOST_REPEATS, (count ?? 1) * (second ?? 1));
      if (motionKey === operator || (operator.startsWith('g') && motionKey === operator[1])) {
        this.change(operator !== 'y', () => this.operateLines(operator, this.cursor.line, Math.min(this.lines.length - 1, this.cursor.line + times - 1)));
        return true;
      }
      if ((motionKey === 'i' || motionKey === 'a') && keys[i] === undefined) return false;
      if (motionKey === 'i' || motionKey === 'a') {
        const range = this.textObject(motionKey, keys[i]!);
        if (range !== undefined) this.change(operator !== 'y', () => this.operate(operator, range[0], range[1], false));
        return true;
      }
      const wordAsEnd = operator === 'c' && (motionKey === 'w' || motionKey === 'W') && !/\s/.test(this.line[this.cursor.at] ?? ' ');
      const motion = this.motion(wordAsEnd ? (motionKey === 'w' ? 'e' : 'E') : motionKey, count === undefined && second === undefined ? undefined : times, keys.slice(i));
      if (motion === 'more') return false;
      if (motion === undefined) {
        this.ring();
        return true;
      }
      this.change(operator !== 'y', () => {
        if (motion.isLinewise === true) {
          this.operateLines(operator, Math.min(this.cursor.line, motion.to.line), Math.max(this.cursor.line, motion.to.line));
          return;
        }
        const [from, to] = order(this.cursor, motion.to);
        let end: Place = motion.isInclusive === true ? { line: to.line, at: nextCharacter(this.lines[to.line]!, to.at) } : to;
        // dw on the last word of a line stays in the line.
        if ((motionKey === 'w' || motionKey === 'W') && end.line > from.line) end = { line: from.line, at: this.lines[from.line]!.length };
        this.operate(operator, from, end, false);
      });
      return true;
    }
    const moved = this.motion(key, count, keys.slice(i));
    if (moved === 'more') return false;
    if (moved !== undefined) {
      this.cursor = moved.to;
      if (!['j', 'k', 'up', 'down', 'ctrl-n', 'ctrl-p', 'enter', '+', '-', 'ctrl-j'].includes(key)) this.wanted = key === '$' || key === 'end' ? Number.POSITIVE_INFINITY : this.cursor.at;
      this.clampCursor();
      return true;
    }
    return this.simpleCommand(key, count, keys.slice(i));
  }

  /** A change is remembered for `.` and undo. */
  private change(isChange: boolean, act: () => void): void {
    if (!isChange) {
      act();
      this.clampCursor();
      return;
    }
    this.remember();
    if (!this.isReplaying) this.changeKeys = [...this.pending];
    const before = this.lines.join('\n');
    act();
    if (this.lines.join('\n') !== before) this.isModified = true;
    if (this.mode === 'normal') {
      if (!this.isReplaying) this.lastChange = this.changeKeys;
      this.clampCursor();
    }
    this.wanted = this.cursor.at;
  }

  private remember(): void {
    this.undos.push({ lines: this.lines.slice(), cursor: this.cursor });
    this.redos = [];
  }

  private ring(): void {
    this.message = this.message === '' ? '\x07' : this.message;
  }

  private clampCursor(): void {
    const line = Math.max(0, Math.min(this.lines.length - 1, this.cursor.line));
    const length = this.lines[line]!.length;
    const last = this.mode === 'insert' || this.mode === 'replace' ? length : this.mode === 'visual' ? length : length === 0 ? 0 : previousCharacter(this.lines[line]!, length);
    this.cursor = { line, at: Math.max(0, Math.min(last, this.cursor.at)) };
  }

  private motion(key: Key, count: number | undefined, rest: readonly Key[]): Motion | undefined | 'more' {
    const times = Math.min(MOST_REPEATS, count ?? 1);
    const { lines, cursor } = this;
    const line = lines[cursor.line]!;
    const repeat = (step: (place: Place) => Place): Place => {
      let place = cursor;
      for (let i = 0; i < times; i += 1) place = step(place);
      return place;
    };
    const vertical = (by: number): Motion | undefined => {
      const target = cursor.line + by;
      if (target < 0 || target >= lines.length) {
        if (Math.abs(by) === 1) return undefined;
      }
      const index = Math.max(0, Math.min(lines.length - 1, target));
      return { to: { line: index, at: Math.min(this.wanted, Math.max(0, lines[index]!.length - 1)) }, isLinewise: true };
    };
    const firstText = (index: number): Place => ({ line: index, at: Math.max(0, lines[index]!.search(/\S|$/)) });
    switch (key) {
      case 'h': case 'left': case 'backspace': case 'ctrl-h': return cursor.at === 0 ? undefined : { to: repeat((place) => ({ line: place.line, at: previousCharacter(line, place.at) })) };
      case 'l': case 'right': case ' ': return cursor.at >= line.length ? undefined : { to: repeat((place) => ({ line: place.line, at: nextCharacter(line, place.at) })) };
      case 'j': case 'down': case 'ctrl-n': case 'ctrl-j': return vertical(times);
      case 'k': case 'up': case 'ctrl-p': return vertical(-times);
      case '0': case 'home': return { to: { line: cursor.line, at: 0 } };
      case '^': return { to: firstText(cursor.line) };
      case '$': case 'end': {
        const index = Math.min(lines.length - 1, cursor.line + times - 1);
        return { to: { line: index, at: Math.max(0, previousCharacter(lines[index]!, lines[index]!.length)) }, isInclusive: lines[index] !== '' };
      }
      case '+': case 'enter': return cursor.line + times < lines.length ? { to: firstText(cursor.line + times), isLinewise: true } : undefined;
      case '-': return cursor.line - times >= 0 ? { to: firstText(cursor.line - times), isLinewise: true } : undefined;
      case 'w': return { to: repeat((place) => wordForward(lines, place, false)) };
      case 'W': return { to: repeat((place) => wordForward(lines, place, true)) };
      case 'b': return { to: repeat((place) => wordBackward(lines, place, false)) };
      case 'B': return { to: repeat((place) => wordBackward(lines, place, true)) };
      case 'e': return { to: repeat((place) => wordEnd(lines, place, false)), isInclusive: true };
      case 'E': return { to: repeat((place) => wordEnd(lines, place, true)), isInclusive: true };
      case '}': return { to: repeat((place) => paragraph(lines, place, 1)) };
      case '{': return { to: repeat((place) => paragraph(lines, place, -1)) };
      case 'G': return { to: firstText(Math.max(0, Math.min(lines.length, count ?? lines.length) - 1)), isLinewise: true };
      case 'g':
        if (rest[0] === undefined) return 'more';
        return rest[0] === 'g' ? { to: firstText(Math.max(0, Math.min(lines.length, count ?? 1) - 1)), isLinewise: true } : undefined;
      case 'H': return { to: firstText(Math.min(lines.length - 1, this.top + times - 1)), isLinewise: true };
      case 'M': return { to: firstText(Math.min(lines.length - 1, this.top + Math.floor((Math.min(this.height, lines.length - this.top) - 1) / 2))), isLinewise: true };
      case 'L': return { to: firstText(Math.min(lines.length - 1, this.top + this.height - times)), isLinewise: true };
      case '%': {
        const to = matchingBracket(lines, cursor);
        return to === undefined ? undefined : { to, isInclusive: true };
      }
      case 'f': case 'F': case 't': case 'T': {
        const c = rest[0];
        if (c === undefined) return 'more';
        this.lastFind = { c, direction: key === 'f' || key === 't' ? 1 : -1, till: key === 't' || key === 'T' };
        return this.findCharacter(this.lastFind, times);
      }
      case ';': return this.lastFind === undefined ? undefined : this.findCharacter(this.lastFind, times);
      case ',': return this.lastFind === undefined ? undefined : this.findCharacter({ ...this.lastFind, direction: this.lastFind.direction === 1 ? -1 : 1 }, times);
      case 'n': return this.searchMotion(this.searchDirection, times);
      case 'N': return this.searchMotion(this.searchDirection === 1 ? -1 : 1, times);
      case '*': case '#': {
        const word = /^\w+/.exec(line.slice(cursor.at + line.slice(cursor.at).search(/\w|$/)))?.[0];
        const start = /\w*$/.exec(line.slice(0, cursor.at))?.[0] ?? '';
        if (word === undefined) return undefined;
        this.setSearch(`\\<${/\w/.test(line[cursor.at] ?? '') ? start : ''}${word}\\>`, key === '*' ? 1 : -1);
        return this.searchMotion(this.searchDirection, times);
      }
      case "'": case '`': {
        const mark = rest[0];
        if (mark === undefined) return 'more';
        const place = this.marks.get(mark);
        if (place === undefined) {
          this.message = 'E20: Mark not set';
          return undefined;
        }
        return key === "'" ? { to: firstText(Math.min(place.line, lines.length - 1)), isLinewise: true } : { to: place };
      }
      default: return undefined;
    }
  }

  private findCharacter({ c, direction, till }: { c: string; direction: 1 | -1; till: boolean }, times: number): Motion | undefined {
    let { at } = this.cursor;
    for (let i = 0; i < times; i += 1) {
      at = direction > 0 ? this.line.indexOf(c, at + 1 + (till && i === 0 && this.line[at + 1] === c ? 1 : 0)) : at === 0 ? -1 : this.line.lastIndexOf(c, at - 1);
      if (at < 0) return undefined;
    }
    return { to: { line: this.cursor.line, at: till ? at - direction : at }, isInclusive: direction > 0 };
  }

  private textObject(kind: 'i' | 'a', what: Key): [Place, Place] | undefined {
    const { line, cursor } = this;
    const at = (value: number): Place => ({ line: cursor.line, at: value });
    if (what === 'w' || what === 'W') {
      const test = what === 'W' ? /\S/ : /\w/.test(line[cursor.at] ?? '') ? /\w/ : /\s/.test(line[cursor.at] ?? '') ? /\s/ : /[^\w\s]/;
      let from = cursor.at;
      let to = cursor.at;
      while (from > 0 && test.test(line[from - 1]!)) from -= 1;
      while (to < line.length && test.test(line[to]!)) to += 1;
      if (kind === 'a') while (to < line.length && /\s/.test(line[to]!)) to += 1;
      return [at(from), at(to)];
    }
    if (what === '"' || what === "'" || what === '`') {
      const first = line.lastIndexOf(what, cursor.at);
      const from = first < 0 ? line.indexOf(what) : first;
      const to = line.indexOf(what, from + 1);
      if (from < 0 || to < 0) return undefined;
      return kind === 'i' ? [at(from + 1), at(to)] : [at(from), at(to + 1)];
    }
    const pairs: Record<string, string> = { '(': '()', ')': '()', b: '()', '[': '[]', ']': '[]', '{': '{}', '}': '{}', B: '{}' };
    const pair = pairs[what];
    if (pair === undefined) return undefined;
    let from = cursor.at;
    let depth = 0;
    while (from >= 0) {
      if (line[from] === pair[1] && from !== cursor.at) depth += 1;
      else if (line[from] === pair[0]) {
        if (depth === 0) break;
        depth -= 1;
      }
      from -= 1;
    }
    if (from < 0) return undefined;
    const end = matchingBracket(this.lines, at(from));
    if (end === undefined) return undefined;
    return kind === 'i' ? [at(from + 1), end] : [at(from), { line: end.line, at: end.at + 1 }];
  }

  /** Applies d, c, y, <, >, gu, gU, g~ to a stretch of text. */
  private operate(operator: string, from: Place, to: Place, isLinewise: boolean): void {
    if (isLinewise || operator === '>' || operator === '<') {
      this.operateLines(operator, from.line, to.line);
      return;
    }
    const taken = this.slice(from, to);
    if (operator.startsWith('g')) {
      this.splice(from, to, taken.join('\n').replaceAll(/[^]/g, (c) => (operator === 'gu' ? c.toLowerCase() : operator === 'gU' ? c.toUpperCase() : c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())));
      this.cursor = from;
      return;
    }
    this.register = { lines: taken, isLinewise: false };
    this.cursor = from;
    if (operator === 'y') return;
    this.splice(from, to, '');
    if (operator === 'c') this.startInsert('insert', 1);
  }

  private slice(from: Place, to: Place): string[] {
    if (from.line === to.line) return [this.lines[from.line]!.slice(from.at, to.at)];
    return [this.lines[from.line]!.slice(from.at), ...this.lines.slice(from.line + 1, to.line), this.lines[to.line]!.slice(0, to.at)];
  }

  private splice(from: Place, to: Place, text: string): void {
    const joined = this.lines[from.line]!.slice(0, from.at) + text + this.lines[to.line]!.slice(to.at);
    this.lines.splice(from.line, to.line - from.line + 1, ...joined.split('\n'));
  }

  private operateLines(operator: string, from: number, to: number): void {
    const count = to - from + 1;
    if (operator === '>' || operator === '<') {
      for (let line = from; line <= to; line += 1) {
        if (operator === '>') this.lines[line] = this.lines[line] === '' ? '' : `\t${this.lines[line]!}`;
        else this.lines[line] = this.lines[line]!.replace(/^(\t| {1,8})/, '');
      }
      this.cursor = { line: from, at: Math.max(0, this.lines[from]!.search(/\S|$/)) };
      if (count > 2) this.message = `${count} lines ${operator}ed 1 time`;
      return;
    }
    if (operator.startsWith('g')) {
      for (let line = from; line <= to; line += 1) this.lines[line] = operator === 'gu' ? this.lines[line]!.toLowerCase() : this.lines[line]!.toUpperCase();
      return;
    }
    this.register = { lines: this.lines.slice(from, to + 1), isLinewise: true };
    if (operator === 'y') {
      if (count > 2) this.message = `${count} lines yanked`;
      this.cursor = { line: from, at: from === this.cursor.line ? this.cursor.at : 0 };
      return;
    }
    if (operator === 'c') {
      const indent = /^\s*/.exec(this.lines[from]!)![0];
      this.lines.splice(from, count, indent);
      this.cursor = { line: from, at: indent.length };
      this.startInsert('insert', 1);
      return;
    }
    this.lines.splice(from, count);
    if (this.lines.length === 0) {
      this.lines = [''];
      this.message = '--No lines in buffer--';
    } else if (count > 2) this.message = `${count} fewer lines`;
    const line = Math.min(from, this.lines.length - 1);
    this.cursor = { line, at: Math.max(0, this.lines[line]!.search(/\S|$/)) };
  }

  private simpleCommand(key: Key, count: number | undefined, rest: readonly Key[]): boolean {
    const times = Math.min(MOST_REPEATS, count ?? 1);
    const { cursor } = this;
    switch (key) {
      case 'i': case 'insert': this.change(true, () => this.startInsert('insert', times)); return true;
      case 'a':
        this.change(true, () => {
          this.cursor = { line: cursor.line, at: this.line === '' ? 0 : nextCharacter(this.line, cursor.at) };
          this.startInsert('insert', times);
        });
        return true;
      case 'I':
        this.change(true, () => {
          this.cursor = { line: cursor.line, at: Math.max(0, this.line.search(/\S|$/)) };
          this.startInsert('insert', times);
        });
        return true;
      case 'A':
        this.change(true, () => {
          this.cursor = { line: cursor.line, at: this.line.length };
          this.startInsert('insert', times);
        });
        return true;
      case 'o': case 'O':
        this.change(true, () => {
          const line = key === 'o' ? cursor.line + 1 : cursor.line;
          this.lines.splice(line, 0, '');
          this.cursor = { line, at: 0 };
          this.startInsert('insert', times);
        });
        return true;
      case 'R': this.change(true, () => this.startInsert('replace', 1)); return true;
      case 'x': case 'delete': case 's': case 'X': {
        if (this.line === '' && key !== 's') {
          this.ring();
          return true;
        }
        this.change(true, () => {
          let to = cursor.at;
          for (let i = 0; i < times; i += 1) to = key === 'X' ? previousCharacter(this.line, to) : nextCharacter(this.line, to);
          const [from, end] = order(cursor, { line: cursor.line, at: to });
          this.operate(key === 's' ? 'c' : 'd', from, end, false);
        });
        return true;
      }
      case 'D': case 'C': this.change(true, () => this.operate(key === 'D' ? 'd' : 'c', cursor, { line: cursor.line, at: this.line.length }, false)); return true;
      case 'S': this.change(true, () => this.operateLines('c', cursor.line, Math.min(this.lines.length - 1, cursor.line + times - 1))); return true;
      case 'Y': this.operateLines('y', cursor.line, Math.min(this.lines.length - 1, cursor.line + times - 1)); return true;
      case 'r': {
        const c = rest[0];
        if (c === undefined) return false;
        this.change(true, () => {
          if (c === 'enter') this.splice(cursor, { line: cursor.line, at: nextCharacter(this.line, cursor.at) }, '\n');
          else if ([...c].length === 1 && cursor.at + times <= this.line.length) {
            this.splice(cursor, { line: cursor.line, at: cursor.at + times }, c.repeat(times));
            this.cursor = { line: cursor.line, at: cursor.at + times - 1 };
          }
        });
        return true;
      }
      case '~':
        this.change(true, () => {
          const part = this.line.slice(cursor.at, cursor.at + times);
          this.splice(cursor, { line: cursor.line, at: cursor.at + part.length }, [...part].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join(''));
          this.cursor = { line: cursor.line, at: cursor.at + part.length };
        });
        return true;
      case 'J':
        this.change(true, () => {
          for (let i = 0; i < Math.max(1, times - 1) && this.cursor.line < this.lines.length - 1; i += 1) {
            const first = this.line.replace(/\s+$/, '');
            const second = this.lines[this.cursor.line + 1]!.replace(/^\s+/, '');
            this.lines.splice(this.cursor.line, 2, first === '' || second === '' || second.startsWith(')') ? first + second : `${first} ${second}`);
            this.cursor = { line: this.cursor.line, at: first.length };
          }
        });
        return true;
      case 'p': case 'P': this.change(true, () => this.put(key === 'p', times)); return true;
      case 'u': this.undo(); return true;
      case 'ctrl-r': this.redo(); return true;
      case '.': this.repeatChange(count); return true;
      case 'm':
        if (rest[0] === undefined) return false;
        this.marks.set(rest[0], cursor);
        return true;
      case 'v': case 'V':
        this.mode = key === 'v' ? 'visual' : 'visual-line';
        this.visualStart = cursor;
        return true;
      case ':': case '/': case '?':
        this.mode = 'command';
        this.commandLine = key + (key === ':' && count !== undefined ? `.,.+${count - 1}` : '');
        return true;
      case 'Z':
        if (rest[0] === undefined) return false;
        if (rest[0] === 'Z') this.requests.push(this.isModified ? { kind: 'write', name: undefined, force: false, lines: this.lines, thenQuit: true, isPart: false } : { kind: 'quit' });
        else if (rest[0] === 'Q') this.requests.push({ kind: 'quit' });
        return true;
      case 'z':
        if (rest[0] === undefined) return false;
        this.top = Math.max(0, rest[0] === 't' || rest[0] === 'enter' ? cursor.line : rest[0] === 'b' || rest[0] === '-' ? cursor.line - this.height + 1 : cursor.line - Math.floor(this.height / 2));
        return true;
      case 'ctrl-f': case 'page-down': this.scroll(times * Math.max(1, this.height - 2)); return true;
      case 'ctrl-b': case 'page-up': this.scroll(-times * Math.max(1, this.height - 2)); return true;
      case 'ctrl-d': this.scroll(Math.floor(this.height / 2)); return true;
      case 'ctrl-u': this.scroll(-Math.floor(this.height / 2)); return true;
      case 'ctrl-e': this.top = Math.min(this.lines.length - 1, this.top + times); this.cursor = { line: Math.max(this.cursor.line, this.top), at: this.cursor.at }; this.clampCursor(); return true;
      case 'ctrl-y': this.top = Math.max(0, this.top - times); this.cursor = { line: Math.min(this.cursor.line, this.top + this.height - 1), at: this.cursor.at }; this.clampCursor(); return true;
      case 'ctrl-g': this.message = `"${this.name === '' ? '[No Name]' : this.name}"${this.isModified ? ' [Modified]' : ''} ${this.lines.length} lines --${Math.floor((100 * (cursor.line + 1)) / this.lines.length)}%--`; return true;
      case 'ctrl-z': this.requests.push({ kind: 'suspend' }); return true;
      case 'ctrl-l': return true;
      case 'Q': case 'q': case '@': case '&': case 'K':
        this.message = `podwire: vi: command ${key} is not simulated yet`;
        return true;
      default:
        this.ring();
        return true;
    }
  }

  private scroll(by: number): void {
    this.top = Math.max(0, Math.min(this.lines.length - 1, this.top + by));
    const line = Math.abs(by) < this.height - 3 ? this.cursor.line + by : by > 0 ? Math.max(this.cursor.line, this.top) : Math.min(this.cursor.line, this.top + this.height - 1);
    this.cursor = { line: Math.max(0, Math.min(this.lines.length - 1, line)), at: this.cursor.at };
    this.clampCursor();
  }

  private put(isAfter: boolean, times: number): void {
    const { lines, isLinewise } = this.register;
    if (lines.length === 0) {
      this.message = 'E353: Nothing in register "';
      return;
    }
    if (isLinewise) {
      const at = isAfter ? this.cursor.line + 1 : this.cursor.line;
      for (let i = 0; i < times; i += 1) this.lines.splice(at, 0, ...lines);
      this.cursor = { line: at, at: Math.max(0, this.lines[at]!.search(/\S|$/)) };
      if (lines.length * times > 2) this.message = `${lines.length * times} more lines`;
      return;
    }
    const at: Place = { line: this.cursor.line, at: isAfter && this.line !== '' ? nextCharacter(this.line, this.cursor.at) : this.cursor.at };
    const text = Array.from({ length: times }, () => lines.join('\n')).join('');
    this.splice(at, at, text);
    this.cursor = lines.length > 1 ? at : { line: at.line, at: at.at + text.length - 1 };
  }

  private undo(): void {
    const last = this.undos.pop();
    if (last === undefined) {
      this.message = 'Already at oldest change';
      return;
    }
    this.redos.push({ lines: this.lines, cursor: this.cursor });
    this.lines = last.lines.slice();
    this.cursor = last.cursor;
    this.isModified = true;
    this.clampCursor();
    this.message = '1 change; before';
  }

  private redo(): void {
    const last = this.redos.pop();
    if (last === undefined) {
      this.message = 'Already at newest change';
      return;
    }
    this.undos.push({ lines: this.lines, cursor: this.cursor });
    this.lines = last.lines.slice();
    this.cursor = last.cursor;
    this.isModified = true;
    this.clampCursor();
    this.message = '1 change; after';
  }

  private repeatChange(count: number | undefined): void {
    const keys = this.lastChange;
    if (keys.length === 0) return;
    this.isReplaying = true;
    this.pending = [];
    const without = count === undefined ? keys : [...String(count), ...keys.slice(keys.findIndex((key) => !/^\d$/.test(key)))];
    for (const key of without) this.press(key);
    this.isReplaying = false;
    this.pending = ['.'];
  }

  private visualCommand(key: Key, count: number | undefined, rest: readonly Key[]): boolean {
    const isLines = this.mode === 'visual-line';
    const [from, to] = order(this.visualStart, this.cursor);
    const end: Place = { line: to.line, at: nextCharacter(this.lines[to.line]!, to.at) };
    const operator = { d: 'd', x: 'd', X: 'd', D: 'd', delete: 'd', c: 'c', s: 'c', y: 'y', Y: 'y', '>': '>', '<': '<', u: 'gu', U: 'gU', '~': 'g~' }[key];
    if (operator !== undefined) {
      this.mode = 'normal';
      this.change(operator !== 'y', () => (isLines || key === 'X' || key === 'D' || key === 'Y' ? this.operateLines(operator, from.line, to.line) : this.operate(operator, from, end, false)));
      return true;
    }
    if (key === 'v' || key === 'V') {
      const wanted = key === 'v' ? 'visual' : 'visual-line';
      this.mode = this.mode === wanted ? 'normal' : wanted;
      this.clampCursor();
      return true;
    }
    if (key === 'o') {
      [this.cursor, this.visualStart] = [this.visualStart, this.cursor];
      return true;
    }
    if (key === 'p') {
      this.mode = 'normal';
      const saved = this.register;
      this.change(true, () => {
        if (isLines) this.operateLines('d', from.line, to.line);
        else this.operate('d', from, end, false);
        this.register = saved;
        this.put(false, 1);
      });
      return true;
    }
    if (key === 'J') {
      this.mode = 'normal';
      this.cursor = from;
      this.pending = [...String(to.line - from.line + 1), 'J'];
      return this.simpleCommand('J', to.line - from.line + 1, []);
    }
    if (key === ':') {
      this.mode = 'command';
      this.commandLine = ":'<,'>";
      this.marks.set('<', from);
      this.marks.set('>', to);
      return true;
    }
    const moved = this.motion(key, count, rest);
    if (moved === 'more') return false;
    if (moved === undefined) this.ring();
    else {
      this.cursor = moved.to;
      if (!['j', 'k', 'up', 'down'].includes(key)) this.wanted = this.cursor.at;
      this.clampCursor();
    }
    return true;
  }

  // ---- insert mode

  private startInsert(mode: 'insert' | 'replace', times: number): void {
    this.mode = mode;
    this.insertStartedAt = this.cursor;
    this.insertRepeats = times;
    this.typedInInsert = '';
  }

  private pressInsert(key: Key): void {
    const { line, cursor } = this;
    if (key === 'escape' || key === 'ctrl-c' || key === 'ctrl-[') {
      for (let i = 1; i < this.insertRepeats && this.typedInInsert !== ''; i += 1) this.type(this.typedInInsert);
      this.mode = 'normal';
      this.cursor = { line: this.cursor.line, at: Math.max(0, previousCharacter(this.line, this.cursor.at)) };
      this.clampCursor();
      this.wanted = this.cursor.at;
      if (!this.isReplaying) this.lastChange = this.changeKeys;
      return;
    }
    if (key === 'enter' || key === 'ctrl-j') this.type('\n');
    else if (key === 'tab') this.type('\t');
    else if (key === 'backspace' || key === 'ctrl-h') {
      if (cursor.at > 0) {
        const at = previousCharacter(line, cursor.at);
        this.splice({ line: cursor.line, at }, cursor, '');
        this.cursor = { line: cursor.line, at };
      } else if (cursor.line > 0) {
        const at = this.lines[cursor.line - 1]!.length;
        this.splice({ line: cursor.line - 1, at }, cursor, '');
        this.cursor = { line: cursor.line - 1, at };
      }
      this.typedInInsert = this.typedInInsert.slice(0, -1);
      this.isModified = true;
    } else if (key === 'delete') this.splice(cursor, { line: cursor.line, at: nextCharacter(line, cursor.at) }, '');
    else if (key === 'ctrl-w') {
      const at = line.slice(0, cursor.at).replace(/(\w+|[^\w\s]+)?\s*$/, '').length;
      this.splice({ line: cursor.line, at }, cursor, '');
      this.cursor = { line: cursor.line, at };
    } else if (key === 'ctrl-u') {
      this.splice({ line: cursor.line, at: 0 }, cursor, '');
      this.cursor = { line: cursor.line, at: 0 };
    } else if (key === 'left') this.cursor = { line: cursor.line, at: previousCharacter(line, cursor.at) };
    else if (key === 'right') this.cursor = { line: cursor.line, at: nextCharacter(line, cursor.at) };
    else if (key === 'up' || key === 'down') {
      const next = Math.max(0, Math.min(this.lines.length - 1, cursor.line + (key === 'up' ? -1 : 1)));
      this.cursor = { line: next, at: Math.min(cursor.at, this.lines[next]!.length) };
    } else if (key === 'home') this.cursor = { line: cursor.line, at: 0 };
    else if (key === 'end') this.cursor = { line: cursor.line, at: line.length };
    else if ([...key].length === 1) this.type(key);
  }

  /** Text as typed; in replace mode it covers what is there. */
  private type(text: string): void {
    const to = this.mode === 'replace' && text !== '\n' ? { line: this.cursor.line, at: nextCharacter(this.line, this.cursor.at) } : this.cursor;
    this.splice(this.cursor, to, text);
    const rows = text.split('\n');
    this.cursor = rows.length > 1 ? { line: this.cursor.line + rows.length - 1, at: rows.at(-1)!.length } : { line: this.cursor.line, at: this.cursor.at + text.length };
    this.typedInInsert += text;
    this.isModified = true;
  }

  paste(text: string): void {
    if (this.mode === 'insert' || this.mode === 'replace') this.type(text);
    else if (this.mode === 'command') this.commandLine += text.replaceAll('\n', '');
    else for (const c of text) this.press(c === '\n' ? 'enter' : c);
  }

  // ---- searching

  private setSearch(text: string, direction: 1 | -1): boolean {
    const pattern = toRegExp(text, this.ignoresCase);
    if (pattern === undefined) {
      this.message = `E486: Pattern not found: ${text}`;
      return false;
    }
    this.searchText = text;
    this.searchPattern = pattern;
    this.searchDirection = direction;
    return true;
  }

  private searchMotion(direction: 1 | -1, times: number): Motion | undefined {
    if (this.searchPattern === undefined) {
      this.message = 'E35: No previous regular expression';
      return undefined;
    }
    let place = this.cursor;
    for (let i = 0; i < times; i += 1) {
      const found = this.findFrom(place, direction);
      if (found === undefined) {
        this.message = `E486: Pattern not found: ${this.searchText}`;
        return undefined;
      }
      place = found;
    }
    return { to: place };
  }

  private findFrom(from: Place, direction: 1 | -1): Place | undefined {
    const pattern = new RegExp(this.searchPattern!.source, `${this.searchPattern!.flags}g`);
    const count = this.lines.length;
    for (let step = 0; step <= count; step += 1) {
      const line = (((from.line + step * direction) % count) + count) % count;
      const starts = [...this.lines[line]!.matchAll(pattern)].map((match) => match.index);
      const usable = step === 0 ? starts.filter((at) => (direction > 0 ? at > from.at : at < from.at)) : starts;
      const at = direction > 0 ? usable[0] : usable.at(-1);
      if (at === undefined) continue;
      if (step > 0 && (direction > 0 ? line <= from.line : line >= from.line)) this.message = direction > 0 ? 'search hit BOTTOM, continuing at TOP' : 'search hit TOP, continuing at BOTTOM';
      return { line, at };
    }
    return undefined;
  }

  // ---- the command line

  private pressCommand(key: Key): void {
    if (key === 'escape' || key === 'ctrl-c') {
      this.mode = 'normal';
      this.commandLine = '';
      this.clampCursor();
      return;
    }
    if (key === 'backspace' || key === 'ctrl-h') {
      this.commandLine = this.commandLine.slice(0, -1);
      if (this.commandLine === '') this.mode = 'normal';
      return;
    }
    if (key === 'ctrl-u') {
      this.commandLine = this.commandLine.slice(0, 1);
      return;
    }
    if (key === 'ctrl-w') {
      this.commandLine = this.commandLine.slice(0, 1) + this.commandLine.slice(1).replace(/(\w+|[^\w\s]+)?\s*$/, '');
      return;
    }
    if (key !== 'enter' && key !== 'ctrl-j') {
      if ([...key].length === 1) this.commandLine += key;
      return;
    }
    const line = this.commandLine;
    this.commandLine = '';
    this.mode = 'normal';
    this.message = '';
    if (line.startsWith(':')) this.runCommand(line.slice(1).trim());
    else {
      const text = line.slice(1) === '' ? this.searchText : line.slice(1);
      if (text !== '' && this.setSearch(text, line.startsWith('/') ? 1 : -1)) {
        const found = this.searchMotion(this.searchDirection, 1);
        if (found !== undefined) this.cursor = found.to;
      }
    }
    this.clampCursor();
  }

  private address(text: string): { line: number; rest: string } | undefined {
    const base = /^(\d+|\.|\$|'[a-z<>]|\/[^/]*\/)?((?:[+-]\d*)*)/.exec(text);
    if (base === null || base[0] === '') return undefined;
    let line = this.cursor.line;
    const start = base[1];
    if (start === '$') line = this.lines.length - 1;
    else if (start?.startsWith("'") === true) line = this.marks.get(start[1]!)?.line ?? line;
    else if (start?.startsWith('/') === true) {
      this.setSearch(start.slice(1, -1), 1);
      line = this.findFrom(this.cursor, 1)?.line ?? line;
    } else if (start !== undefined && start !== '.') line = Number(start) - 1;
    for (const step of base[2]?.match(/[+-]\d*/g) ?? []) line += (step.startsWith('+') ? 1 : -1) * (step.length > 1 ? Number(step.slice(1)) : 1);
    return { line, rest: text.slice(base[0].length) };
  }

  private runCommand(text: string): void {
    let rest = text;
    let from: number | undefined;
    let to: number | undefined;
    if (rest.startsWith('%')) {
      from = 0;
      to = this.lines.length - 1;
      rest = rest.slice(1);
    } else {
      const first = this.address(rest);
      if (first !== undefined) {
        from = first.line;
        to = first.line;
        rest = first.rest;
        if (rest.startsWith(',')) {
          const second = this.address(rest.slice(1));
          to = second?.line ?? this.cursor.line;
          rest = second?.rest ?? rest.slice(1);
        }
      }
    }
    if (from !== undefined && (from < -1 || (to ?? 0) >= this.lines.length)) {
      if (rest !== '') {
        this.message = 'E16: Invalid range';
        return;
      }
      to = this.lines.length - 1;
    }
    const parsed = /^([a-z]+|&|[<>]+|!)?(!)?\s*(.*)$/is.exec(rest.trim());
    const name = parsed?.[1] ?? '';
    const force = parsed?.[2] === '!';
    const argument = parsed?.[3] ?? '';
    if (name === '' && argument === '') {
      if (to !== undefined) this.cursor = { line: Math.max(0, to), at: Math.max(0, this.lines[Math.max(0, to)]!.search(/\S|$/)) };
      return;
    }
    const start = Math.max(0, from ?? this.cursor.line);
    const end = Math.max(0, to ?? this.cursor.line);
    const write = (thenQuit: boolean): void => {
      this.requests.push({ kind: 'write', name: argument === '' ? undefined : argument, force, lines: from === undefined ? this.lines : this.lines.slice(start, end + 1), thenQuit, isPart: from !== undefined });
    };
    if (/^w(rite)?$/.test(name)) return write(false);
    if (/^wq?a?(ll)?$/.test(name)) return write(name.includes('q'));
    if (/^x(it)?a?$/.test(name) || name === 'exit') {
      if (this.isModified || argument !== '') return write(true);
      this.requests.push({ kind: 'quit' });
      return;
    }
    if (/^qu?i?t?a?(ll)?$/.test(name)) {
      if (this.isModified && !force) this.message = 'E37: No write since last change (add ! to override)';
      else this.requests.push({ kind: 'quit' });
      return;
    }
    if (/^cq/.test(name)) return void this.requests.push({ kind: 'quit' });
    if (/^e(dit)?$/.test(name)) {
      if (this.isModified && !force) this.message = 'E37: No write since last change (add ! to override)';
      else this.requests.push({ kind: 'edit', name: argument === '' ? this.name : argument, force });
      return;
    }
    if (/^r(ead)?$/.test(name)) return void this.requests.push({ kind: 'read', name: argument, after: to ?? this.cursor.line });
    if (/^f(ile)?$/.test(name)) {
      if (argument !== '') this.name = argument;
      this.message = `"${this.name}" ${this.lines.length} lines`;
      return;
    }
    if (/^d(elete)?$/.test(name) || /^y(ank)?$/.test(name)) {
      if (name.startsWith('d')) {
        this.remember();
        this.isModified = true;
      }
      return this.operateLines(name.startsWith('d') ? 'd' : 'y', start, end);
    }
    if (/^(m|move|t|copy|co)$/.test(name)) {
      const target = this.address(argument);
      if (target === undefined) {
        this.message = 'E14: Invalid address';
        return;
      }
      this.remember();
      const moved = this.lines.slice(start, end + 1);
      this.lines.splice(target.line + 1, 0, ...moved);
      if (name.startsWith('m')) this.lines.splice(start + (target.line < start ? moved.length : 0), moved.length);
      this.isModified = true;
      return;
    }
    if (/^u(ndo)?$/.test(name)) return this.undo();
    if (/^red(o)?$/.test(name)) return this.redo();
    if (/^noh/.test(name)) {
      this.highlights = false;
      return;
    }
    if (/^se?t?$/.test(name) && name !== 's') return this.setOption(argument);
    if (name === '>' || name === '<') return this.operateLines(name, start, end);
    if (/^s(ubstitute)?$/.test(name) || /^s[^a-z]/.test(rest)) return this.substitute(rest.replace(/^s(ubstitute)?/, ''), start, end);
    if (/^g(lobal)?$/.test(name) || name === 'v') return this.globally(argument, name === 'v' || force, from === undefined ? 0 : start, from === undefined ? this.lines.length - 1 : end);
    if (name === '!' || name === 'sh' || name === 'shell') {
      this.message = `podwire: vi: command :${name} is not simulated yet`;
      return;
    }
    this.message = `E492: Not an editor command: ${text}`;
  }

  private setOption(argument: string): void {
    for (const word of argument.split(/\s+/)) {
      if (word === 'nu' || word === 'number') this.showsNumbers = true;
      else if (word === 'nonu' || word === 'nonumber') this.showsNumbers = false;
      else if (word === 'ic' || word === 'ignorecase') this.ignoresCase = true;
      else if (word === 'noic' || word === 'noignorecase') this.ignoresCase = false;
      else if (word === 'hls' || word === 'hlsearch') this.highlights = true;
      else if (word === 'nohls' || word === 'nohlsearch') this.highlights = false;
      else if (!/^(no)?(paste|wrap|ai|autoindent|list|ruler|showmode|et|expandtab|compatible|cp)$|^(ts|sw|sts|tabstop|shiftwidth|softtabstop)=/.test(word)) this.message = `E518: Unknown option: ${word}`;
    }
  }

  private substitute(text: string, from: number, to: number): void {
    const delimiter = text[0];
    let pattern = this.lastSubstitution?.pattern;
    let replacement = this.lastSubstitution?.to ?? '';
    let flags = '';
    if (delimiter !== undefined && !/[\sa-z]/i.test(delimiter)) {
      const parts: string[] = [''];
      for (let i = 1; i < text.length; i += 1) {
        if (text[i] === '\\' && text[i + 1] === delimiter) {
          parts[parts.length - 1] += delimiter;
          i += 1;
        } else if (text[i] === '\\' && i + 1 < text.length) {
          parts[parts.length - 1] += text.slice(i, i + 2);
          i += 1;
        } else if (text[i] === delimiter && parts.length < 3) parts.push('');
        else parts[parts.length - 1] += text[i]!;
      }
      flags = parts[2] ?? '';
      const source = parts[0] === '' ? this.searchText : parts[0]!;
      pattern = toRegExp(source, this.ignoresCase || flags.includes('i'));
      replacement = parts[1] ?? '';
      if (pattern === undefined) {
        this.message = `E486: Pattern not found: ${source}`;
        return;
      }
      this.searchText = source;
      this.searchPattern = pattern;
    }
    if (pattern === undefined) {
      this.message = 'E35: No previous regular expression';
      return;
    }
    this.lastSubstitution = { pattern, to: replacement };
    this.remember();
    let count = 0;
    let changedLines = 0;
    let last = from;
    const everywhere = flags.includes('g');
    for (let line = from; line <= to && line < this.lines.length; line += 1) {
      let here = 0;
      const next = this.lines[line]!.replace(new RegExp(pattern.source, `${pattern.flags}${everywhere ? 'g' : ''}`), (...found: unknown[]) => {
        here += 1;
        const groups = found.slice(0, found.findIndex((value) => typeof value === 'number')) as (string | undefined)[];
        return replacement.replaceAll(/\\([0-9&rnt\\])|&/g, (whole, escaped: string | undefined) => {
          if (whole === '&') return groups[0] ?? '';
          if (escaped === 'r' || escaped === 'n') return '\n';
          if (escaped === 't') return '\t';
          if (escaped === '&' || escaped === '\\') return escaped;
          return groups[Number(escaped)] ?? '';
        });
      });
      if (here === 0) continue;
      count += here;
      changedLines += 1;
      const rows = next.split('\n');
      this.lines.splice(line, 1, ...rows);
      line += rows.length - 1;
      last = line;
    }
    if (count === 0) {
      this.undos.pop();
      this.message = `E486: Pattern not found: ${this.searchText}`;
      return;
    }
    this.isModified = true;
    this.cursor = { line: last, at: 0 };
    if (count > 2) this.message = `${count} substitutions on ${changedLines} line${changedLines === 1 ? '' : 's'}`;
  }

  private globally(text: string, inverts: boolean, from: number, to: number): void {
    const parsed = /^(.)(.*?)\1(.*)$/.exec(text);
    const pattern = parsed === null ? undefined : toRegExp(parsed[2]!, this.ignoresCase);
    if (parsed === null || pattern === undefined) {
      this.message = 'E148: Regular expression missing from global';
      return;
    }
    if (!/^d(elete)?$/.test(parsed[3]!.trim())) {
      this.message = `podwire: vi: command :g with ${parsed[3]} is not simulated yet`;
      return;
    }
    this.remember();
    const before = this.lines.length;
    this.lines = this.lines.filter((line, index) => index < from || index > to || pattern.test(line) === inverts);
    if (this.lines.length === 0) this.lines = [''];
    this.isModified = true;
    if (before - this.lines.length > 2) this.message = `${before - this.lines.length} fewer lines`;
  }
}

/** Vim's regular expressions (magic) as far as people type them: \( \) \| \+ \? \{ } \< \> \d \s \w. */
export function toRegExp(text: string, ignoresCase: boolean): RegExp | undefined {
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\') {
      i += 1;
      const next = text[i] ?? '';
      if ('()|+?{}'.includes(next)) out += next === '=' ? '?' : next;
      else if (next === '=') out += '?';
      else if (next === '<' || next === '>') out += '\\b';
      else if (next === 'c') ignoresCase = true;
      else if (/[dDsSwWntr.*[\]\\^$/]/.test(next)) out += `\\${next}`;
      else out += next.replace(/[^\w]/, '\\$&');
    } else if ('()|+?{}'.includes(c)) out += `\\${c}`;
    else if (c === '*' && (i === 0 || out === '^')) out += '\\*';
    else out += c;
  }
  try {
    return new RegExp(out, ignoresCase ? 'i' : '');
  } catch {
    return undefined;
  }
}
