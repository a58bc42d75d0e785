/**
 * The pager itself: where we are in the text, what the screen shows, what keys do. Read first: less(1) "COMMANDS"; less's forwback.c,
 * search.c, command.c. The first screen starts in the row of the cursor, as less's does, and a text shorter than the screen stays there
 * until something makes it paint anew.
 */
import type { Sys } from '../../../machine/sys.ts';
import type { Key } from '../../terminal/escape.ts';
import { clearToEndOfLine, enterAlternateScreen, keypadOff, keypadOn, leaveAlternateScreen } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { clipToWidth, textWidth } from '../../terminal/width.ts';
import { helpText } from './help.ts';
import { rowsOf } from './rows.ts';
import { TextSource } from './source.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';

export interface PagerSettings {
  showsNumbers: boolean;
  chops: boolean;
  quitsIfOneScreen: boolean;
  quitsAtEnd: boolean;
  noInit: boolean;
  passesColours: boolean;
  ignoresCase: 'no' | 'smart' | 'always';
  highlights: boolean;
  promptStyle: 'short' | 'medium' | 'long';
  squeezes: boolean;
  hasTildes: boolean;
  startsAt: string | undefined;
  startPattern: string | undefined;
  promptText: string | undefined;
}

export interface PagerFile {
  readonly name: string | undefined;
  open(): Promise<TextSource | string>;
}

/** A place in the text: a line (from 0) and a row of it when it wraps. */
interface Place {
  line: number;
  row: number;
}

interface Search {
  readonly pattern: Regex;
  readonly direction: 1 | -1;
  readonly inverts: boolean;
}

export class Pager {
  private source: TextSource;
  private top: Place = { line: 0, row: 0 };
  /** Rows on the screen now, from the top; fewer than fit while the first screen is short ("squished"). */
  private shownRows = 0;
  private isSquished = false;
  private atEnd = false;
  private message: string | undefined;
  private isFirstPrompt = true;
  private lastCommand = '';
  private search: Search | undefined;
  private isHighlighted = true;
  private filter: Search | undefined;
  private shift = 0;
  private halfScreen: number | undefined;
  private windowRows: number | undefined;
  private readonly marks = new Map<string, Place>();
  private previous: Place = { line: 0, row: 0 };
  private count = '';
  private exitCode: number | undefined;
  private readonly sys: Sys;
  private readonly settings: PagerSettings;
  private readonly files: PagerFile[];
  private fileIndex = 0;
  private screen: FullScreen;
  private isHelp = false;
  private readonly isPipe: boolean;

  private constructor(sys: Sys, screen: FullScreen, source: TextSource, files: PagerFile[], settings: PagerSettings) {
    this.sys = sys;
    this.screen = screen;
    this.source = source;
    this.files = files;
    this.settings = settings;
    this.isPipe = source.name === undefined;
  }

  /** Pages until the user quits. */
  static async run(sys: Sys, files: PagerFile[], first: TextSource, settings: PagerSettings): Promise<number> {
    const probe = sys.windowSize(1);
    const size = probe.ok && probe.value.columns > 0 ? probe.value : { columns: 80, rows: 24 };
    if (settings.quitsIfOneScreen && files.length <= 1) {
      await first.ensure(size.rows);
      const style = { columns: size.columns, chops: settings.chops, shift: 0, showsNumbers: settings.showsNumbers, passesColours: settings.passesColours, highlight: undefined };
      const rows = first.lines.flatMap((line, index) => rowsOf(line, index + 1, style));
      if (first.isComplete && rows.length < size.rows) {
        await sys.write(1, new TextEncoder().encode(rows.map((row) => `${row}\n`).join('')));
        return 0;
      }
    }
    const screen = await FullScreen.open(sys, {
      signals: true,
      mapCr: true,
      enter: `${settings.noInit ? '' : enterAlternateScreen}${keypadOn}\r`,
      leave: () => `\r${clearToEndOfLine}${keypadOff}${settings.noInit ? '' : leaveAlternateScreen}`,
    });
    if (screen === undefined) return 1;
    const pager = new Pager(sys, screen, first, files, settings);
    const code = await pager.loop();
    await screen.close();
    return code;
  }

  // ---- geometry

  private get height(): number {
    return Math.max(1, this.screen.rows - 1);
  }

  private rowsOfLine(index: number): string[] {
    const line = this.source.lines[index];
    if (line === undefined) return [];
    const highlight = this.search !== undefined && this.isHighlighted && this.settings.highlights && !this.search.inverts ? this.search.pattern : undefined;
    return rowsOf(line, index + 1, {
      columns: this.screen.columns, chops: this.settings.chops || this.shift > 0, shift: this.shift, showsNumbers: this.settings.showsNumbers, passesColours: this.settings.passesColours, highlight,
    });
  }

  private isVisible(index: number): boolean {
    if (this.settings.squeezes && index > 0 && this.source.lines[index] === '' && this.source.lines[index - 1] === '') return false;
    const { filter } = this;
    if (filter === undefined) return true;
    return filter.pattern.test(this.source.lines[index] ?? '') !== filter.inverts;
  }

  /** The place `count` rows further, or where the text ends. */
  private async forward(from: Place, count: number): Promise<Place> {
    let { line, row } = from;
    let left = count;
    for (;;) {
      await this.source.ensure(line + 1);
      const rows = this.rowsOfLine(line).length;
      const here = this.isVisible(line) ? rows - row : 0;
      if (left < here) return { line, row: row + left };
      if (line >= this.source.lines.length) return { line: this.source.lines.length, row: 0 };
      left -= here;
      line += 1;
      row = 0;
    }
  }

  private backward(from: Place, count: number): Place {
    let { line, row } = from;
    let left = count;
    while (left > 0) {
      if (row > 0) {
        const step = Math.min(row, left);
        row -= step;
        left -= step;
        continue;
      }
      let before = line - 1;
      while (before >= 0 && !this.isVisible(before)) before -= 1;
      if (before < 0) return { line, row };
      line = before;
      row = Math.max(0, this.rowsOfLine(line).length);
    }
    return { line, row };
  }

  private async rowsFrom(place: Place, count: number): Promise<string[]> {
    const rows: string[] = [];
    let { line, row } = place;
    while (rows.length < count) {
      await this.source.ensure(line);
      if (line >= this.source.lines.length) break;
      if (this.isVisible(line)) rows.push(...this.rowsOfLine(line).slice(row));
      line += 1;
      row = 0;
    }
    return rows.slice(0, count);
  }

  private compare(a: Place, b: Place): number {
    return a.line - b.line || a.row - b.row;
  }

  /** The last place at which the screen is still full. */
  private async lastTop(): Promise<Place> {
    await this.source.readAll();
    return this.backward({ line: this.source.lines.length, row: 0 }, this.height);
  }

  // ---- drawing

  private async paint(): Promise<void> {
    const rows = await this.rowsFrom(this.top, this.height);
    this.shownRows = rows.length;
    this.isSquished = false;
    let text = '\x1b[H\x1b[J';
    for (const row of rows) text += `${row}\r\n`;
    if (this.settings.hasTildes) for (let i = rows.length; i < this.height; i += 1) text += '\x1b[1m~\x1b[0m\r\n';
    else text += '\r\n'.repeat(this.height - rows.length);
    this.screen.write(text);
    await this.noteEnd();
  }

  private async noteEnd(): Promise<void> {
    const after = await this.forward(this.top, this.height);
    this.atEnd = this.source.isComplete && after.line >= this.source.lines.length;
  }

  /** Shows the next rows by scrolling, as less does when it does not have to jump. */
  private async scrollTo(target: Place, steps: number): Promise<void> {
    if (this.isSquished || steps > this.height) {
      this.top = target;
      await this.paint();
      return;
    }
    const rows = await this.rowsFrom(target, this.height);
    const fresh = rows.slice(Math.max(0, rows.length - steps));
    this.screen.write(`\r${clearToEndOfLine}${fresh.map((row) => `${row}\r\n`).join('')}`);
    this.top = target;
    this.shownRows = this.height;
    await this.noteEnd();
  }

  private async firstScreen(): Promise<void> {
    const rows = await this.rowsFrom(this.top, this.height);
    this.shownRows = rows.length;
    this.isSquished = rows.length < this.height;
    this.screen.write(rows.map((row) => `${row}\r\n`).join(''));
    await this.noteEnd();
  }

  private prompt(): void {
    let text: string;
    let isReversed = true;
    if (this.message !== undefined) text = `${this.message}  (press RETURN)`;
    else if (this.isHelp) text = this.atEnd ? 'HELP -- END -- Press g to see it again, or q when done' : 'HELP -- Press RETURN for more, or q when done';
    else {
      const several = this.files.length > 1 ? ` (file ${this.fileIndex + 1} of ${this.files.length})` : '';
      const name = this.isFirstPrompt && this.source.name !== undefined ? `${this.source.name}${several}` : '';
      const next = this.atEnd && this.fileIndex + 1 < this.files.length ? ` - Next: ${this.files[this.fileIndex + 1]!.name ?? '-'}` : '';
      if (this.settings.promptStyle === 'short') text = [name, this.atEnd ? `(END)${next}` : ''].filter((part) => part !== '').join(' ');
      else text = [name === '' ? (this.source.name ?? '') : name, this.settings.promptStyle === 'long' ? this.position() : '', this.atEnd ? `(END)${next}` : this.percent()].filter((part) => part !== '').join(' ');
      if (text === '') {
        text = ':';
        isReversed = false;
      }
      if (this.filter !== undefined) text = `& ${text}`;
    }
    const shown = clipToWidth(text, this.screen.columns - 1);
    this.screen.write(`\r${clearToEndOfLine}${isReversed ? `\x1b[7m${shown}\x1b[27m` : shown}`);
    this.isFirstPrompt = false;
  }

  private percent(): string {
    const size = this.source.size ?? 0;
    return size === 0 ? '' : `${Math.floor((100 * this.bottomByte()) / size)}%`;
  }

  private bottomByte(): number {
    return this.source.ends[Math.min(this.source.lines.length, this.bottomLine()) - 1] ?? 0;
  }

  /** Number (from 1) of the last line shown. */
  private bottomLine(): number {
    let { line, row } = this.top;
    let rows = 0;
    let last = line;
    while (rows < this.height && line < this.source.lines.length) {
      if (this.isVisible(line)) rows += this.rowsOfLine(line).length - row;
      last = line + 1;
      row = 0;
      line += 1;
    }
    return last;
  }

  private position(): string {
    const total = this.source.isComplete || this.source.size !== undefined ? this.source.lines.length : undefined;
    return `lines ${this.top.line + 1}-${this.bottomLine()}${total === undefined ? '' : `/${total}`} byte ${this.bottomByte()}${this.source.size === undefined ? '' : `/${this.source.size}`}`;
  }

  // ---- the loop

  private async loop(): Promise<number> {
    if (this.settings.startPattern !== undefined) {
      this.search = makeSearch(this.settings.startPattern, 1, this.settings) ?? undefined;
      const found = await this.find(0, 1);
      if (found === undefined) this.message = 'Pattern not found';
      else this.top = { line: found, row: 0 };
    } else if (this.settings.startsAt === 'end') this.top = await this.lastTop();
    else if (this.settings.startsAt !== undefined) {
      const line = Math.max(0, Number(this.settings.startsAt) - 1);
      await this.source.ensure(line);
      this.top = { line: Math.min(line, Math.max(0, this.source.lines.length - 1)), row: 0 };
    }
    await this.firstScreen();
    while (this.exitCode === undefined) {
      this.prompt();
      const event = await this.screen.next();
      if (event.kind === 'eof') return 1;
      if (event.kind === 'resize' || event.kind === 'resumed') {
        await this.paint();
        continue;
      }
      if (event.kind === 'interrupt') {
        this.count = '';
        continue;
      }
      if (event.kind !== 'key') continue;
      await this.press(event.key);
    }
    return this.exitCode;
  }

  private async press(key: Key): Promise<void> {
    if (this.message !== undefined) {
      this.message = undefined;
      if (key === 'enter' || key === 'ctrl-j' || key === ' ') return;
    }
    if (/^[0-9]$/.test(key)) {
      await this.readCount(key);
      return;
    }
    const count = this.count === '' ? undefined : Number(this.count);
    this.count = '';
    const before = { ...this.top };
    await this.command(key, count);
    if (this.compare(before, this.top) !== 0 && Math.abs(before.line - this.top.line) > this.height) this.previous = before;
  }

  private async readCount(first: Key): Promise<void> {
    let digits = first;
    for (;;) {
      this.screen.write(`\r${clearToEndOfLine}:${digits}`);
      const event = await this.screen.next();
      if (event.kind !== 'key') return;
      if (/^[0-9.]$/.test(event.key)) digits += event.key;
      else if (event.key === 'backspace' || event.key === 'ctrl-h') {
        digits = digits.slice(0, -1);
        if (digits === '') return;
      } else {
        this.count = digits;
        await this.press(event.key);
        return;
      }
    }
  }

  private async command(key: Key, count: number | undefined): Promise<void> {
    switch (key) {
      case 'q': case 'Q':
        if (this.isHelp) this.leaveHelp();
        else this.exitCode = 0;
        if (this.isHelp === false && this.exitCode === undefined) await this.paint();
        return;
      case 'Z':
        if (await this.nextIs('Z')) this.exitCode = 0;
        return;
      case ' ': case 'f': case 'ctrl-f': case 'ctrl-v': case 'page-down': return this.page(count ?? this.windowRows ?? this.height);
      case 'z':
        if (count !== undefined) this.windowRows = count;
        return this.page(count ?? this.windowRows ?? this.height);
      case 'alt- ': return this.page(count ?? this.height, true);
      case 'enter': case 'ctrl-j': case 'j': case 'e': case 'ctrl-e': case 'ctrl-n': case 'down': return this.page(count ?? 1);
      case 'J': return this.page(count ?? 1, true);
      case 'd': case 'ctrl-d':
        if (count !== undefined) this.halfScreen = count;
        return this.page(this.halfScreen ?? Math.floor(this.screen.rows / 2));
      case 'u': case 'ctrl-u':
        if (count !== undefined) this.halfScreen = count;
        return this.back(this.halfScreen ?? Math.floor(this.screen.rows / 2));
      case 'b': case 'ctrl-b': case 'alt-v': case 'page-up': return this.back(count ?? this.windowRows ?? this.height);
      case 'w':
        if (count !== undefined) this.windowRows = count;
        return this.back(count ?? this.windowRows ?? this.height);
      case 'y': case 'k': case 'ctrl-y': case 'ctrl-k': case 'ctrl-p': case 'up': case 'K': return this.back(count ?? 1);
      case 'g': case '<': case 'alt-<': case 'home': return this.goToLine(count ?? 1);
      case 'G': case '>': case 'alt->': case 'end':
        if (count !== undefined) return this.goToLine(count);
        return this.goToEnd();
      case 'p': case '%': return this.goToPercent(count ?? 0);
      case 'r': case 'R': case 'ctrl-l': case 'ctrl-r': return this.paint();
      case 'right': return this.shiftBy(count ?? Math.floor(this.screen.columns / 2));
      case 'left': return this.shiftBy(-(count ?? Math.floor(this.screen.columns / 2)));
      case 'alt-)': return this.shiftBy(count ?? Math.floor(this.screen.columns / 2));
      case 'alt-(': return this.shiftBy(-(count ?? Math.floor(this.screen.columns / 2)));
      case '/': case '?': return this.askSearch(key, count ?? 1);
      case 'n': return this.repeatSearch(1, count ?? 1);
      case 'N': return this.repeatSearch(-1, count ?? 1);
      case '&': return this.askFilter();
      case 'alt-u':
        this.isHighlighted = !this.isHighlighted;
        return this.paint();
      case '-': return this.askOption();
      case '_': return this.showOption();
      case ':': return this.askColon(count);
      case '=': case 'ctrl-g':
        this.message = `${this.source.name ?? ''}${this.files.length > 1 ? ` (file ${this.fileIndex + 1} of ${this.files.length})` : ''} ${this.position()} ${this.atEnd ? '(END)' : this.percent()}`.trim();
        return undefined;
      case 'm': {
        const letter = await this.ask('set mark: ');
        if (letter !== undefined && /^[a-zA-Z]$/.test(letter)) this.marks.set(letter, { ...this.top });
        return undefined;
      }
      case "'": case 'ctrl-x': return this.goToMark();
      case 'F': return this.follow();
      case 'h': case 'H': return this.help();
      case 'v': return this.edit();
      case 'V':
        this.message = 'less 590 (POSIX regular expressions)';
        return undefined;
      case '!': return this.shell();
      case '|': case 's':
        this.message = `podwire: less: command ${key} is not simulated yet`;
        return undefined;
      default: this.screen.write('\x07');
    }
  }

  private async nextIs(key: Key): Promise<boolean> {
    const event = await this.screen.next();
    return event.kind === 'key' && event.key === key;
  }

  private async ask(prompt: string): Promise<Key | undefined> {
    this.screen.write(`\r${clearToEndOfLine}${prompt}`);
    const event = await this.screen.next();
    return event.kind === 'key' ? event.key : undefined;
  }

  // ---- motion

  private async page(rows: number, pastEnd = false): Promise<void> {
    if (this.atEnd && !pastEnd) {
      if (this.settings.quitsAtEnd && rows >= this.height) this.exitCode = 0;
      else if (this.isSquished) await this.paint();
      return;
    }
    if (this.isSquished) {
      await this.paint();
      return;
    }
    const target = await this.forward(this.top, rows);
    const bottom = await this.forward(target, this.height);
    let limited = target;
    if (!pastEnd && bottom.line >= this.source.lines.length && this.source.isComplete) {
      const last = await this.lastTop();
      if (this.compare(target, last) > 0) limited = last;
    }
    if (this.compare(limited, this.top) <= 0) return;
    let steps = 0;
    let place = { ...this.top };
    while (this.compare(place, limited) < 0 && steps <= this.height) {
      place = await this.forward(place, 1);
      steps += 1;
    }
    await this.scrollTo(limited, steps);
  }

  private async back(rows: number): Promise<void> {
    const target = this.backward(this.top, rows);
    if (this.compare(target, this.top) === 0 && !this.isSquished) return;
    this.top = target;
    await this.paint();
  }

  private async goToLine(number: number): Promise<void> {
    await this.source.ensure(number - 1);
    if (number > this.source.lines.length) {
      if (this.source.lines.length > 0 && number > this.source.lines.length) {
        this.message = `Cannot seek to line number ${number}`;
        return;
      }
    }
    await this.jump({ line: Math.max(0, number - 1), row: 0 });
  }

  private async goToEnd(): Promise<void> {
    await this.source.readAll();
    await this.jump(await this.lastTop());
  }

  private async goToPercent(percent: number): Promise<void> {
    await this.source.readAll();
    const wanted = ((this.source.size ?? 0) * percent) / 100;
    let line = this.source.ends.findIndex((end) => end > wanted);
    if (line < 0) line = Math.max(0, this.source.lines.length - 1);
    const last = await this.lastTop();
    const place = { line, row: 0 };
    await this.jump(percent >= 100 && this.compare(place, last) > 0 ? last : place);
  }

  private async jump(place: Place): Promise<void> {
    this.top = place;
    await this.paint();
  }

  private async goToMark(): Promise<void> {
    const letter = await this.ask('goto mark: ');
    if (letter === undefined) return;
    if (letter === "'" || letter === 'ctrl-x') return this.jump({ ...this.previous });
    if (letter === '^') return this.jump({ line: 0, row: 0 });
    if (letter === '$') return this.goToEnd();
    const place = this.marks.get(letter);
    if (place === undefined) this.message = /^[a-zA-Z]$/.test(letter) ? 'Mark not set' : 'Choose a letter between \'a\' and \'z\'';
    else await this.jump({ ...place });
  }

  private async shiftBy(columns: number): Promise<void> {
    const next = Math.max(0, this.shift + columns);
    if (next === this.shift && !this.isSquished) return;
    if (next === this.shift) return;
    this.shift = next;
    await this.paint();
  }

  // ---- searching

  /** First matching line from `start` (inclusive) in a direction. */
  private async find(start: number, direction: 1 | -1): Promise<number | undefined> {
    const { search } = this;
    if (search === undefined) return undefined;
    for (let line = start; line >= 0; line += direction) {
      await this.source.ensure(line);
      const text = this.source.lines[line];
      if (text === undefined) return undefined;
      if (!this.isVisible(line)) continue;
      if (search.pattern.test(text.replaceAll(/.\x08/gu, '')) !== search.inverts) return line;
    }
    return undefined;
  }

  private async askSearch(key: '/' | '?', times: number): Promise<void> {
    const line = await this.readLine(key);
    if (line === undefined) return;
    const direction = key === '/' ? 1 : -1;
    let text = line;
    let inverts = false;
    while (/^[\x0e\x12!*@\x05]/.test(text)) {
      if (text.startsWith('!') || text.startsWith('\x0e')) inverts = true;
      text = text.slice(1);
    }
    if (text === '') {
      if (this.search === undefined) {
        this.message = 'No previous regular expression';
        return;
      }
      this.search = { ...this.search, direction };
    } else {
      const made = makeSearch(text, direction, this.settings);
      if (made === undefined) {
        this.message = 'Invalid pattern';
        return;
      }
      this.search = { ...made, inverts };
    }
    this.isHighlighted = true;
    const start = direction > 0 ? this.top.line : this.bottomLine() - 1;
    await this.searchFrom(start, direction, times);
  }

  private async searchFrom(start: number, direction: 1 | -1, times: number): Promise<void> {
    let at = start;
    let found: number | undefined;
    for (let i = 0; i < times; i += 1) {
      found = await this.find(at, direction);
      if (found === undefined) break;
      at = found + direction;
    }
    if (found === undefined) {
      this.message = 'Pattern not found';
      return;
    }
    await this.jump({ line: found, row: 0 });
  }

  private async repeatSearch(sign: 1 | -1, times: number): Promise<void> {
    if (this.search === undefined) {
      this.message = 'No previous regular expression';
      return;
    }
    this.isHighlighted = true;
    const direction = (this.search.direction * sign) as 1 | -1;
    await this.searchFrom(this.top.line + direction, direction, times);
  }

  private async askFilter(): Promise<void> {
    const line = await this.readLine('&/');
    if (line === undefined) return;
    const inverts = line.startsWith('!');
    const text = inverts ? line.slice(1) : line;
    if (text === '') this.filter = undefined;
    else {
      const made = makeSearch(text, 1, this.settings);
      if (made === undefined) {
        this.message = 'Invalid pattern';
        return;
      }
      this.filter = { ...made, inverts };
    }
    while (this.top.line < this.source.lines.length && !this.isVisible(this.top.line)) this.top = { line: this.top.line + 1, row: 0 };
    await this.paint();
  }

  /** A line typed at the bottom; undefined when it was given up. */
  private async readLine(prompt: string): Promise<string | undefined> {
    let text = '';
    for (;;) {
      this.screen.write(`\r${clearToEndOfLine}${prompt}${text}`);
      const event = await this.screen.next();
      if (event.kind === 'interrupt' || event.kind === 'eof') return undefined;
      if (event.kind === 'resize') {
        await this.paint();
        return undefined;
      }
      if (event.kind !== 'key') continue;
      const { key } = event;
      if (key === 'enter' || key === 'ctrl-j') return text;
      if (key === 'escape' || key === 'ctrl-g') return undefined;
      if (key === 'backspace' || key === 'ctrl-h') {
        if (text === '') return undefined;
        text = [...text].slice(0, -1).join('');
      } else if (key === 'ctrl-u') text = '';
      else if (key === 'ctrl-w') text = text.replace(/\S*\s*$/, '');
      else if ([...key].length === 1 && textWidth(text) < this.screen.columns - prompt.length - 1) text += key;
    }
  }

  // ---- options, files, help

  private async askOption(): Promise<void> {
    const letter = await this.ask('-');
    if (letter === undefined || letter === 'escape' || letter === 'backspace') return;
    // The real program waits for Enter after a letter too; a message confirms.
    const { settings } = this;
    const confirm = async (text: string): Promise<void> => {
      this.message = text;
      await this.paint();
    };
    if (letter === 'N') {
      settings.showsNumbers = !settings.showsNumbers;
      return confirm(settings.showsNumbers ? 'Constantly display line numbers' : "Don't use line numbers");
    }
    if (letter === 'S') {
      settings.chops = !settings.chops;
      return confirm(settings.chops ? 'Chop long lines' : 'Fold long lines');
    }
    if (letter === 'i' || letter === 'I') {
      const wanted = letter === 'i' ? 'smart' : 'always';
      settings.ignoresCase = settings.ignoresCase === wanted ? 'no' : wanted;
      this.message = settings.ignoresCase === 'no' ? 'Case is significant in searches' : letter === 'i' ? 'Ignore case in searches' : 'Ignore case in searches and in patterns';
      return undefined;
    }
    if (letter === 'R' || letter === 'r') {
      settings.passesColours = !settings.passesColours;
      return confirm(settings.passesColours ? 'Display ANSI sequences directly, otherwise as ^X' : 'Display control characters as ^X');
    }
    if (letter === 'G') {
      settings.highlights = !settings.highlights;
      return confirm(settings.highlights ? 'Highlight all matches for search pattern' : "Don't highlight search matches");
    }
    if (letter === 'M' || letter === 'm') {
      settings.promptStyle = letter === 'M' ? 'long' : 'medium';
      return undefined;
    }
    this.message = `There is no -${letter} option`;
    return undefined;
  }

  /** _ : how an option is set. */
  private async showOption(): Promise<void> {
    const letter = await this.ask('_');
    const { settings } = this;
    if (letter === 'N') this.message = settings.showsNumbers ? 'Constantly display line numbers' : 'Use line numbers';
    else if (letter === 'S') this.message = settings.chops ? 'Chop long lines' : 'Fold long lines';
    else if (letter === 'i') this.message = settings.ignoresCase === 'no' ? 'Case is significant in searches' : 'Ignore case in searches';
    else if (letter !== undefined && letter !== 'escape' && letter !== 'backspace') this.message = /^[a-zA-Z]$/.test(letter) ? `podwire: less: command _${letter} is not simulated yet` : `There is no _${letter} option`;
  }

  private async askColon(count: number | undefined): Promise<void> {
    const letter = await this.ask(' :');
    if (letter === 'q' || letter === 'Q') this.exitCode = 0;
    else if (letter === 'n') await this.openFile(this.fileIndex + (count ?? 1));
    else if (letter === 'p') await this.openFile(this.fileIndex - (count ?? 1));
    else if (letter === 'x') await this.openFile((count ?? 1) - 1);
    else if (letter === 'd') await this.dropFile();
    else if (letter === 'f') await this.command('=', undefined);
    else if (letter === 'e') {
      const name = await this.readLine('Examine: ');
      if (name === undefined || name === '') return;
      const { fileOf } = this;
      this.files.splice(this.fileIndex + 1, 0, fileOf(name));
      await this.openFile(this.fileIndex + 1);
    } else this.screen.write('\x07');
  }

  /** Set by the command: opens a file by name. */
  fileOf: (name: string) => PagerFile = (name) => ({ name, open: async () => `${name}: No such file or directory` });

  private async openFile(index: number): Promise<void> {
    const file = this.files[index];
    if (file === undefined) {
      this.message = index < 0 ? 'No previous file' : 'No next file';
      return;
    }
    if (index === this.fileIndex && !this.isHelp) return this.jump({ line: 0, row: 0 });
    const opened = await file.open();
    if (typeof opened === 'string') {
      this.message = opened;
      return;
    }
    this.fileIndex = index;
    this.source = opened;
    this.top = { line: 0, row: 0 };
    this.isFirstPrompt = true;
    this.marks.clear();
    await this.paint();
  }

  /** :d takes the file out of the list. */
  private async dropFile(): Promise<void> {
    if (this.files.length === 1) {
      this.message = 'No next file';
      return;
    }
    const at = this.fileIndex;
    this.files.splice(at, 1);
    this.fileIndex = -1;
    await this.openFile(Math.min(at, this.files.length - 1));
  }

  private outside: { source: TextSource; top: Place } | undefined;

  private async help(): Promise<void> {
    if (this.isHelp) return;
    this.outside = { source: this.source, top: this.top };
    this.isHelp = true;
    this.source = TextSource.ofText(this.sys, helpText, 'HELP');
    this.top = { line: 0, row: 0 };
    await this.paint();
  }

  private leaveHelp(): void {
    this.isHelp = false;
    if (this.outside !== undefined) {
      this.source = this.outside.source;
      this.top = this.outside.top;
    }
    this.isFirstPrompt = true;
  }

  /** F: waits for more at the end, until Ctrl+C. */
  private async follow(): Promise<void> {
    await this.source.readAll();
    await this.jump(await this.lastTop());
    for (;;) {
      this.screen.write(`\r${clearToEndOfLine}\x1b[7mWaiting for data... (interrupt to abort)\x1b[27m`);
      const event = await this.screen.next(this.isPipe && !this.source.isComplete ? undefined : 1_000_000, this.isPipe && !this.source.isComplete ? this.source.fd : undefined);
      if (event.kind === 'interrupt' || event.kind === 'eof' || (event.kind === 'key' && event.key === 'ctrl-x')) break;
      if (event.kind === 'resize') {
        await this.paint();
        continue;
      }
      const before = this.source.lines.length;
      if (!this.isPipe) this.source.reopen();
      await (this.isPipe ? this.source.readMore() : this.source.readAll());
      if (this.source.lines.length !== before) {
        const target = await this.bottomTop();
        this.top = target;
        await this.paint();
      }
    }
    await this.noteEnd();
  }

  private async bottomTop(): Promise<Place> {
    return this.backward({ line: this.source.lines.length, row: 0 }, this.height);
  }

  /** A command, on the screen as it was before less; `!!` runs the last one again. */
  private async shell(): Promise<void> {
    const line = await this.readLine('!');
    if (line === undefined) return;
    const command = line === '!' ? this.lastCommand : line.replaceAll(/(?<!\\)%/g, this.source.name ?? '%').replaceAll('\\%', '%');
    this.lastCommand = command;
    const shell = this.sys.env.get('SHELL') ?? '/bin/sh';
    const program = this.sys.findProgram(shell);
    if (!program.ok) {
      this.message = 'Cannot run a shell';
      return;
    }
    await this.screen.release();
    const name = shell.replace(/^.*\//, '');
    const child = await this.sys.spawn(program.value, { argv: command === '' ? [name] : [name, '-c', command], env: this.sys.env, defaultSignals: ['INT', 'QUIT', 'TSTP'] });
    for (let ended = child.ok ? await this.sys.wait(child.value) : undefined; ended !== undefined && !ended.ok && ended.error === 'EINTR';) ended = child.ok ? await this.sys.wait(child.value) : undefined;
    await this.screen.retakeModes();
    this.screen.write('\x1b[7m!done  (press RETURN)\x1b[27m');
    let event = await this.screen.next();
    while (event.kind !== 'key' && event.kind !== 'eof') event = await this.screen.next();
    if (event.kind === 'key' && !/^(enter|ctrl-j| )$/.test(event.key)) this.screen.unread(event.key);
    this.screen.write('\r\n');
    await this.screen.retake();
    this.isFirstPrompt = true;
    await this.paint();
  }

  private async edit(): Promise<void> {
    const editor = this.sys.env.get('VISUAL') ?? this.sys.env.get('EDITOR') ?? 'nano';
    const program = this.sys.findProgram(editor);
    if (this.source.name === undefined || !program.ok) {
      this.message = this.source.name === undefined ? 'Cannot edit standard input' : 'Cannot edit file: no editor';
      return;
    }
    await this.screen.release();
    const middle = this.top.line + 1 + Math.floor((Math.min(this.shownRows, this.height) - 1) / 2);
    const child = await this.sys.spawn(program.value, { argv: [editor, `+${middle}`, this.source.name], env: this.sys.env });
    if (child.ok) await this.sys.wait(child.value);
    await this.screen.retake();
    const opened = await this.files[this.fileIndex]?.open();
    if (opened !== undefined && typeof opened !== 'string') this.source = opened;
    this.isFirstPrompt = true;
    await this.paint();
  }
}

function makeSearch(text: string, direction: 1 | -1, settings: PagerSettings): Search | undefined {
  const ignoresCase = settings.ignoresCase === 'always' || (settings.ignoresCase === 'smart' && !/[A-Z]/.test(text));
  const made = compileRegex(text, 'posixExtended', { ignoreCase: ignoresCase, isForgiving: true });
  return made.ok ? { pattern: made.regex, direction, inverts: false } : undefined;
}
