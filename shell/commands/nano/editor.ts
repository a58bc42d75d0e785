/**
 * nano 7.2 at work: keys, prompts, files. Read first: nano(1), nano's nano.c, files.c, search.c. Enter is a carriage return here; a line
 * feed is Ctrl+J (justify), as on a real terminal.
 */
import type { Sys } from '../../../machine/sys.ts';
import type { Errno } from '../../ports/result.ts';
import { utf8 } from '../../ports/bytes.ts';
import type { Key } from '../../terminal/escape.ts';
import { clearToEndOfLine, enterAlternateScreen, keypadOff, keypadOn, leaveAlternateScreen, moveTo } from '../../terminal/escape.ts';
import { FullScreen } from '../../terminal/full-screen.ts';
import { textWidth } from '../../terminal/width.ts';
import { NanoBuffer, columnOf, offsetAt } from './buffer.ts';
import type { Place } from './buffer.ts';
import { helpText } from './help.ts';
import type { Hint } from './screen.ts';
import { helpTitle, gutterWidth, hintRows, lineHints, mainHints, pageStart, readHints, replaceHints, replaceWithHints, searchHints, statusText, textRow, titleBar, writeHints, yesNoRows } from './screen.ts';
import { compileRegex, type Regex } from '../../lib/regex/regex.ts';

export interface NanoSettings {
  showsNumbers: boolean;
  isView: boolean;
  tabsToSpaces: boolean;
  tabWidth: number;
  startLine: number | undefined;
  startColumn: number | undefined;
}

/** A message stays for so many keys. */
const messageKeys = 20;

const errorTexts: Partial<Record<Errno, string>> = {
  EACCES: 'Permission denied', ENOENT: 'No such file or directory', EISDIR: 'Is a directory', ENOTDIR: 'Not a directory', EROFS: 'Read-only file system', ENOSPC: 'No space left on device', EPERM: 'Operation not permitted',
};

export class NanoEditor {
  private readonly sys: Sys;
  private readonly screen: FullScreen;
  private readonly settings: NanoSettings;
  private readonly buffers: NanoBuffer[];
  private current = 0;
  /** First line shown. */
  private top = 0;
  private message = '';
  private messageLeft = 0;
  private lastKey = '';
  private lastSearch = '';
  private lastReplacement = '';
  private searchOptions = { caseSensitive: false, regex: false, backwards: false };
  private isDone = false;
  /** The match that is being asked about. */
  private spotlight: [Place, Place] | undefined;

  private constructor(sys: Sys, screen: FullScreen, buffers: NanoBuffer[], settings: NanoSettings) {
    this.sys = sys;
    this.screen = screen;
    this.buffers = buffers;
    this.settings = settings;
  }

  static async run(sys: Sys, names: readonly string[], settings: NanoSettings): Promise<number> {
    const screen = await FullScreen.open(sys, {
      signals: false, enter: `${enterAlternateScreen}\x1b[?2004h${keypadOn}`, leave: () => `\x1b[?2004l\r${leaveAlternateScreen}${keypadOff}`,
    });
    if (screen === undefined) return 1;
    const editor = new NanoEditor(sys, screen, [], settings);
    for (const name of names.length === 0 ? [''] : names) await editor.openBuffer(name);
    editor.current = 0;
    if (names.length === 0) editor.say('Welcome to nano.  For basic help, type Ctrl+G.');
    if (settings.startLine !== undefined) editor.goTo(settings.startLine, settings.startColumn ?? 1);
    await editor.loop();
    screen.write(`${moveTo(screen.rows - 3, 0)}\x1b[J${moveTo(screen.rows - 1, 0)}`);
    await screen.close();
    return 0;
  }

  private get buffer(): NanoBuffer {
    return this.buffers[this.current]!;
  }

  private get editRows(): number {
    return Math.max(1, this.screen.rows - 4);
  }

  private say(text: string): void {
    this.message = text;
    this.messageLeft = messageKeys;
  }

  // ---- files

  private async openBuffer(name: string): Promise<void> {
    const buffer = new NanoBuffer(name);
    this.buffers.push(buffer);
    this.current = this.buffers.length - 1;
    if (name === '') return;
    const stat = this.sys.stat(name);
    if (stat.ok && stat.value.kind === 'directory') {
      buffer.name = '';
      this.say(`"${name}" is a directory`);
      return;
    }
    if (!stat.ok) {
      const folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) || '/' : '.';
      if (!this.sys.stat(folder).ok) this.say(`Directory '${folder}' does not exist`);
      else this.say('New File');
      return;
    }
    const text = await this.sys.readText(name);
    if (!text.ok) {
      this.say(`Error reading ${name}: ${errorTexts[text.error] ?? text.error}`);
      buffer.name = '';
      return;
    }
    const count = buffer.load(text.value);
    const isWritable = this.sys.access(name, { write: true }).ok;
    if (!isWritable && !this.settings.isView) this.say(`File '${name}' is unwritable`);
    else this.say(`Read ${count} ${count === 1 ? 'line' : 'lines'}`);
  }

  private async writeTo(name: string, append: 'no' | 'after' | 'before'): Promise<boolean> {
    const { buffer } = this;
    const marked = buffer.mark === undefined ? undefined : buffer;
    const { text, count } = buffer.fileText();
    let content = text;
    if (append !== 'no') {
      const old = await this.sys.readText(name);
      const before = old.ok ? old.value : '';
      content = append === 'after' ? before + text : text + before;
    }
    const written = await this.sys.writeFile(name, utf8(content));
    if (!written.ok) {
      this.say(`Error writing ${name}: ${errorTexts[written.error] ?? written.error}`);
      return false;
    }
    if (append === 'no') {
      buffer.name = name;
      buffer.isModified = false;
      if (marked !== undefined) buffer.mark = undefined;
    }
    this.say(append === 'after' ? `Appended ${lines(count)}` : append === 'before' ? `Prepended ${lines(count)}` : `Wrote ${lines(count)}`);
    return true;
  }

  /** ^O, and ^X then Y. */
  private async writeOut(): Promise<boolean> {
    let append: 'no' | 'after' | 'before' = 'no';
    let typed = this.buffer.name;
    for (;;) {
      const label = append === 'no' ? 'File Name to Write' : append === 'after' ? 'File Name to Append to' : 'File Name to Prepend to';
      const answer = await this.ask(`${label}: `, typed, writeHints, { 'alt-a': 'append', 'alt-p': 'prepend', 'alt-d': 'dos', 'alt-m': 'mac', 'alt-b': 'backup', 'ctrl-t': 'browse' });
      if (answer === undefined) {
        this.say('Cancelled');
        return false;
      }
      typed = answer.text;
      if (answer.key === 'append') append = append === 'after' ? 'no' : 'after';
      else if (answer.key === 'prepend') append = append === 'before' ? 'no' : 'before';
      else if (answer.key !== undefined) this.say(`podwire: nano: ${answer.key} is not simulated yet`);
      else {
        if (typed === '') {
          this.say('Cancelled');
          return false;
        }
        if (append === 'no' && this.buffer.name !== '' && typed !== this.buffer.name) {
          const yes = await this.yesNo('Save file under DIFFERENT NAME? ');
          if (yes !== 'yes') continue;
        }
        if (append === 'no' && typed !== this.buffer.name && this.sys.stat(typed).ok) {
          const yes = await this.yesNo(`File "${typed}" exists; OVERWRITE? `);
          if (yes !== 'yes') continue;
        }
        return this.writeTo(typed, append);
      }
    }
  }

  private async exit(): Promise<void> {
    if (this.buffer.isModified && !this.settings.isView) {
      const answer = await this.yesNo('Save modified buffer? ');
      if (answer === 'cancel') {
        this.say('Cancelled');
        return;
      }
      if (answer === 'yes' && !(await this.writeOut())) return;
    }
    this.buffers.splice(this.current, 1);
    if (this.buffers.length === 0) {
      this.isDone = true;
      return;
    }
    this.current = Math.min(this.current, this.buffers.length - 1);
    this.top = 0;
    this.message = '';
  }

  private async readFile(): Promise<void> {
    const answer = await this.ask('File to insert [from ./]: ', '', readHints, { 'alt-f': 'new', 'ctrl-x': 'execute', 'ctrl-t': 'browse', 'alt-n': 'convert' });
    if (answer === undefined) {
      this.say('Cancelled');
      return;
    }
    if (answer.key !== undefined) {
      this.say(`podwire: nano: this way to insert is not simulated yet`);
      return;
    }
    const stat = this.sys.stat(answer.text);
    if (!stat.ok) {
      this.say(`File "${answer.text}" not found`);
      return;
    }
    if (stat.value.kind === 'directory') {
      this.say(`"${answer.text}" is a directory`);
      return;
    }
    const text = await this.sys.readText(answer.text);
    if (!text.ok) {
      this.say(`Error reading ${answer.text}: ${errorTexts[text.error] ?? text.error}`);
      return;
    }
    const count = text.value.split('\n').length - (text.value.endsWith('\n') || text.value === '' ? 1 : 0);
    this.buffer.insert(text.value);
    this.say(`Read ${lines(count)}`);
  }

  // ---- drawing

  private cursorRow(): number {
    return this.buffer.cursor.line - this.top;
  }

  private bringIntoView(): void {
    const row = this.cursorRow();
    if (row >= 0 && row < this.editRows) return;
    // One row over the edge scrolls by one line half a screen; a jump centres.
    if (row === -1) this.top = Math.max(0, this.top - 1);
    else if (row === this.editRows) this.top += 1;
    else this.centre();
  }

  private centre(): void {
    this.top = Math.max(0, this.buffer.cursor.line - Math.floor(this.editRows / 2));
  }

  private draw(): void {
    const { columns, rows } = this.screen;
    const { buffer } = this;
    this.bringIntoView();
    let out = `\x1b[?25l${moveTo(0, 0)}\x1b[7m${titleBar(columns, buffer.name, buffer.isModified, buffer.mark !== undefined)}\x1b[27m`;
    const gutter = gutterWidth(buffer, this.settings.showsNumbers);
    const room = columns - gutter;
    const region = this.spotlight ?? buffer.region();
    for (let row = 0; row < this.editRows; row += 1) {
      const index = this.top + row;
      const line = buffer.lines[index];
      out += moveTo(row + 1, 0);
      if (line !== undefined) {
        if (gutter > 0) out += `\x1b[7m${String(index + 1).padStart(gutter - 1)}\x1b[27m `;
        const start = index === buffer.cursor.line ? pageStart(buffer.column(), room) : 0;
        out += textRow(line, room, start, markedPart(region, index, line.length));
      }
      out += clearToEndOfLine;
    }
    out += moveTo(rows - 3, 0) + (this.message === '' ? '' : statusText(columns, this.message)) + clearToEndOfLine;
    out += this.hints(mainHints);
    const start = pageStart(buffer.column(), room);
    out += `${moveTo(this.cursorRow() + 1, gutter + buffer.column() - start)}\x1b[?25h`;
    this.screen.write(out);
  }

  private hints(hints: readonly Hint[]): string {
    const [first, second] = hintRows(this.screen.columns, hints);
    return `${moveTo(this.screen.rows - 2, 0)}${first}${clearToEndOfLine}${moveTo(this.screen.rows - 1, 0)}${second}${clearToEndOfLine}`;
  }

  // ---- prompts

  /** A line typed in the status row. `extra` keys end the prompt with their name. */
  private async ask(prompt: string, initial: string, hints: readonly Hint[], extra: Readonly<Record<Key, string>>): Promise<{ readonly text: string; readonly key?: string } | undefined> {
    let text = initial;
    let at = initial.length;
    for (;;) {
      const shown = `${prompt}${text}`;
      const overflow = Math.max(0, textWidth(prompt) + columnOf(text, at) - this.screen.columns + 1);
      const visible = overflow === 0 ? shown : prompt + text.slice(offsetAt(text, overflow));
      this.screen.write(`${moveTo(this.screen.rows - 3, 0)}\x1b[7m${visible.slice(0, this.screen.columns).padEnd(this.screen.columns)}\x1b[27m${this.hints(hints)}${moveTo(this.screen.rows - 3, textWidth(prompt) + columnOf(text, at) - overflow)}`);
      const event = await this.screen.next();
      if (event.kind === 'eof') return undefined;
      if (event.kind === 'resize') {
        this.draw();
        continue;
      }
      if (event.kind !== 'key') continue;
      const { key } = event;
      this.message = '';
      const named = extra[key];
      if (named !== undefined) return { text, key: named };
      if (key === 'enter') return { text };
      if (key === 'ctrl-c') return undefined;
      if (key === 'ctrl-g') {
        await this.help();
        this.draw();
      } else if (key === 'left' || key === 'ctrl-b') at = Math.max(0, at - 1);
      else if (key === 'right' || key === 'ctrl-f') at = Math.min(text.length, at + 1);
      else if (key === 'home' || key === 'ctrl-a') at = 0;
      else if (key === 'end' || key === 'ctrl-e') at = text.length;
      else if ((key === 'backspace' || key === 'ctrl-h') && at > 0) {
        text = text.slice(0, at - 1) + text.slice(at);
        at -= 1;
      } else if (key === 'delete' || key === 'ctrl-d') text = text.slice(0, at) + text.slice(at + 1);
      else if (key === 'ctrl-k' || key === 'ctrl-u') {
        if (key === 'ctrl-k') {
          text = '';
          at = 0;
        }
      } else if (key === 'tab' && hints === writeHints) {
        const completed = this.completeName(text);
        text = completed;
        at = text.length;
      } else if ([...key].length === 1) {
        text = text.slice(0, at) + key + text.slice(at);
        at += key.length;
      }
    }
  }

  private completeName(text: string): string {
    const slash = text.lastIndexOf('/');
    const folder = text.slice(0, slash + 1);
    const list = this.sys.list(folder === '' ? '.' : folder);
    const found = list.ok ? list.value.filter((name) => name.startsWith(text.slice(slash + 1))) : [];
    if (found.length !== 1) return text;
    const stat = this.sys.stat(folder + found[0]!);
    return folder + found[0]! + (stat.ok && stat.value.kind === 'directory' ? '/' : '');
  }

  private async yesNo(question: string, withAll = false): Promise<'yes' | 'no' | 'all' | 'cancel'> {
    const [first, second] = yesNoRows(this.screen.columns, withAll);
    for (;;) {
      this.screen.write(`${moveTo(this.screen.rows - 3, 0)}\x1b[7m${question.padEnd(this.screen.columns)}\x1b[27m${moveTo(this.screen.rows - 2, 0)}${first}${clearToEndOfLine}${moveTo(this.screen.rows - 1, 0)}${second}${clearToEndOfLine}${moveTo(this.screen.rows - 3, question.length)}`);
      const event = await this.screen.next();
      if (event.kind === 'eof') return 'no';
      if (event.kind === 'resize') {
        this.draw();
        continue;
      }
      if (event.kind !== 'key') continue;
      const key = event.key.toLowerCase();
      if (key === 'y') return 'yes';
      if (key === 'n' || key === 'ctrl-n') return 'no';
      if (key === 'a' && withAll) return 'all';
      if (key === 'ctrl-c') return 'cancel';
    }
  }

  // ---- the loop

  private async loop(): Promise<void> {
    while (!this.isDone) {
      this.draw();
      const event = await this.screen.next();
      if (event.kind === 'eof') return;
      if (event.kind === 'resize') {
        this.screen.write('\x1b[2J');
        this.message = '';
        this.messageLeft = 0;
      }
      if (event.kind !== 'key') continue;
      if (this.messageLeft > 0) {
        this.messageLeft -= 1;
        if (this.messageLeft === 0) this.message = '';
      }
      await this.press(event.key);
      this.lastKey = event.key;
    }
  }

  private changeRefused(): boolean {
    if (!this.settings.isView) return false;
    this.say('Key is invalid in view mode');
    return true;
  }

  private async press(key: Key): Promise<void> {
    const { buffer } = this;
    if ([...key].length === 1) {
      if (this.changeRefused()) return;
      buffer.mark = undefined;
      buffer.insert(key);
      return;
    }
    const edit = this.editing[key];
    if (edit !== undefined) {
      if (!this.changeRefused()) edit(buffer);
      return;
    }
    const move = this.motions[key];
    if (move !== undefined) {
      buffer.endRun();
      move(buffer);
      return;
    }
    const command = this.commands[key];
    if (command !== undefined) {
      buffer.endRun();
      await command();
      return;
    }
    this.say(`Unbound key: ${shownKey(key)}`);
  }

  private readonly editing: Record<Key, (buffer: NanoBuffer) => void> = {
    enter: (buffer) => buffer.insert('\n'),
    tab: (buffer) => buffer.insert(this.settings.tabsToSpaces ? ' '.repeat(this.settings.tabWidth - (buffer.column() % this.settings.tabWidth)) : '\t'),
    backspace: (buffer) => buffer.backspace(),
    'ctrl-h': (buffer) => buffer.backspace(),
    delete: (buffer) => buffer.deleteForward(),
    'ctrl-d': (buffer) => buffer.deleteForward(),
    'ctrl-k': (buffer) => {
      if (buffer.cut(this.lastKey === 'ctrl-k')) this.message = '';
      else this.say('Nothing was cut');
    },
    'ctrl-u': (buffer) => {
      if (buffer.paste()) this.message = '';
      else this.say('Cutbuffer is empty');
    },
    'alt-u': (buffer) => {
      const what = buffer.undo();
      this.say(what === undefined ? 'Nothing to undo' : `Undid ${what}`);
    },
    'alt-e': (buffer) => {
      const what = buffer.redo();
      this.say(what === undefined ? 'Nothing to redo' : `Redid ${what}`);
    },
    'ctrl-j': (buffer) => {
      if (buffer.justify(this.screen.columns - 8)) this.say('Justified paragraph');
    },
  };

  private readonly motions: Record<Key, (buffer: NanoBuffer) => void> = {
    left: (buffer) => buffer.left(), 'ctrl-b': (buffer) => buffer.left(),
    right: (buffer) => buffer.right(), 'ctrl-f': (buffer) => buffer.right(),
    up: (buffer) => buffer.vertical(-1), 'ctrl-p': (buffer) => buffer.vertical(-1),
    down: (buffer) => buffer.vertical(1), 'ctrl-n': (buffer) => buffer.vertical(1),
    home: (buffer) => buffer.moveTo({ line: buffer.cursor.line, at: 0 }), 'ctrl-a': (buffer) => buffer.moveTo({ line: buffer.cursor.line, at: 0 }),
    end: (buffer) => buffer.moveTo({ line: buffer.cursor.line, at: buffer.line.length }), 'ctrl-e': (buffer) => buffer.moveTo({ line: buffer.cursor.line, at: buffer.line.length }),
    'ctrl-y': (buffer) => this.byPage(buffer, -1), 'page-up': (buffer) => this.byPage(buffer, -1),
    'ctrl-v': (buffer) => this.byPage(buffer, 1), 'page-down': (buffer) => this.byPage(buffer, 1),
    'alt-\\': (buffer) => this.jump(buffer, { line: 0, at: 0 }), 'ctrl-home': (buffer) => this.jump(buffer, { line: 0, at: 0 }),
    'alt-/': (buffer) => this.toLastLine(buffer), 'ctrl-end': (buffer) => this.toLastLine(buffer),
    'ctrl-left': (buffer) => buffer.wordLeft(), 'alt- ': (buffer) => buffer.wordLeft(),
    'ctrl-right': (buffer) => buffer.wordRight(), 'ctrl-space': (buffer) => buffer.wordRight(),
    'alt-a': (buffer) => {
      buffer.mark = buffer.mark === undefined ? { ...buffer.cursor } : undefined;
      this.say(buffer.mark === undefined ? 'Mark Unset' : 'Mark Set');
    },
    'alt-6': (buffer) => {
      if (!buffer.copy(this.lastKey === 'alt-6')) this.say('Nothing was copied');
    },
    'ctrl-l': () => {
      this.screen.write('\x1b[2J');
      this.centre();
    },
  };

  private readonly commands: Record<Key, () => Promise<void> | void> = {
    'ctrl-g': () => this.help(), f1: () => this.help(),
    'ctrl-x': () => this.exit(), f2: () => this.exit(),
    'ctrl-o': async () => {
      if (!this.changeRefused()) await this.writeOut();
    },
    'ctrl-s': async () => {
      if (this.buffer.name === '') await this.writeOut();
      else await this.writeTo(this.buffer.name, 'no');
    },
    'ctrl-r': async () => {
      if (!this.changeRefused()) await this.readFile();
    },
    'ctrl-w': () => this.search(false), f6: () => this.search(false),
    'ctrl-q': () => this.search(true),
    'alt-w': () => this.searchAgain(false),
    'alt-q': () => this.searchAgain(true),
    'ctrl-\\': async () => {
      if (!this.changeRefused()) await this.replace();
    },
    'alt-r': async () => {
      if (!this.changeRefused()) await this.replace();
    },
    'ctrl-_': () => this.askLine(), 'alt-g': () => this.askLine(),
    'ctrl-c': () => this.say(this.location()),
    'alt-n': () => {
      this.settings.showsNumbers = !this.settings.showsNumbers;
      this.say(`Line numbering ${this.settings.showsNumbers ? 'enabled' : 'disabled'}`);
    },
    'alt->': () => this.switchBuffer(1), 'alt-.': () => this.switchBuffer(1), 'alt-right': () => this.switchBuffer(1),
    'alt-<': () => this.switchBuffer(-1), 'alt-,': () => this.switchBuffer(-1), 'alt-left': () => this.switchBuffer(-1),
    'ctrl-z': () => this.say('To suspend, type ^T^Z'),
    'ctrl-t': async () => {
      this.screen.write(`${moveTo(this.screen.rows - 3, 0)}\x1b[7m${'Command to execute: '.padEnd(this.screen.columns)}\x1b[27m`);
      const event = await this.screen.next();
      if (event.kind === 'key' && event.key === 'ctrl-z') {
        await this.screen.suspend();
        await this.screen.retake();
      } else if (event.kind === 'key' && event.key === 'ctrl-c') this.say('Cancelled');
      else this.say('podwire: nano: executing a command is not simulated yet');
    },
    'alt-]': () => this.matchBracket(),
    'ctrl-]': () => this.say('No word fragment'),
    'paste-begin': () => this.paste(),
    unknown: () => this.say('Unknown sequence'),
    'shift-tab': () => undefined,
    escape: () => undefined,
    'paste-end': () => undefined,
  };

  private async paste(): Promise<void> {
    let text = '';
    for (;;) {
      const event = await this.screen.next();
      if (event.kind === 'eof') return;
      if (event.kind !== 'key') continue;
      if (event.key === 'paste-end') break;
      text += event.key === 'enter' || event.key === 'ctrl-j' ? '\n' : event.key === 'tab' ? '\t' : [...event.key].length === 1 ? event.key : '';
    }
    if (text !== '' && !this.changeRefused()) this.buffer.insert(text);
  }

  private byPage(buffer: NanoBuffer, direction: 1 | -1): void {
    const step = Math.max(1, this.editRows - 2);
    const row = this.cursorRow();
    const topBefore = this.top;
    buffer.vertical(direction * step);
    if (direction < 0) {
      this.top = Math.max(0, topBefore - step);
      if (topBefore === 0) buffer.moveTo({ line: 0, at: 0 });
      else buffer.vertical(this.top + row - buffer.cursor.line);
      return;
    }
    if (topBefore + this.editRows >= buffer.lines.length && buffer.cursor.line === buffer.lines.length - 1) return;
    this.top = Math.min(Math.max(0, buffer.lines.length - 1), topBefore + step);
  }

  private toLastLine(buffer: NanoBuffer): void {
    buffer.moveTo({ line: buffer.lines.length - 1, at: 0 });
    if (this.cursorRow() >= this.editRows) this.top = Math.max(0, buffer.lines.length - this.editRows);
  }

  private jump(buffer: NanoBuffer, place: Place): void {
    buffer.moveTo(place);
    const row = this.cursorRow();
    if (row < 0 || row >= this.editRows) this.centre();
  }

  private goTo(line: number, column: number): void {
    const { buffer } = this;
    const index = line < 0 ? Math.max(0, buffer.lines.length + line) : Math.max(0, Math.min(buffer.lines.length, line) - 1);
    buffer.moveTo({ line: index, at: offsetAt(buffer.lines[index] ?? '', Math.max(0, column - 1)) });
    this.centre();
  }

  private async askLine(): Promise<void> {
    const answer = await this.ask('Enter line number, column number: ', '', lineHints, { 'ctrl-y': 'first', 'ctrl-v': 'last', 'ctrl-t': 'text', 'ctrl-w': 'begin', 'ctrl-o': 'end' });
    if (answer === undefined) {
      this.say('Cancelled');
      return;
    }
    this.message = '';
    if (answer.key === 'first') return this.jump(this.buffer, { line: 0, at: 0 });
    if (answer.key === 'last') return this.jump(this.buffer, { line: this.buffer.lines.length - 1, at: 0 });
    if (answer.key === 'text') return this.search(false);
    if (answer.key !== undefined) {
      const step = answer.key === 'end' ? 1 : -1;
      let { line } = this.buffer.cursor;
      while (this.buffer.lines[line + step] !== undefined && this.buffer.lines[line]!.trim() === '') line += step;
      while (this.buffer.lines[line + step] !== undefined && (step > 0 ? this.buffer.lines[line] : this.buffer.lines[line + step])!.trim() !== '') line += step;
      return this.jump(this.buffer, { line, at: 0 });
    }
    const parsed = /^\s*(-?\d+)?\s*[,.;:]?\s*(-?\d+)?\s*$/.exec(answer.text);
    if (parsed === null || (parsed[1] === undefined && parsed[2] === undefined)) {
      this.say('Invalid line or column number');
      return;
    }
    this.goTo(parsed[1] === undefined ? this.buffer.cursor.line + 1 : Number(parsed[1]), parsed[2] === undefined ? 1 : Number(parsed[2]));
  }

  // ---- searching

  private pattern(text: string): Regex | undefined {
    const made = compileRegex(this.searchOptions.regex ? text : text.replaceAll(/[\\^$.*+?()[{|]/g, '\\$&'), 'posixExtended', { ignoreCase: !this.searchOptions.caseSensitive, isForgiving: true });
    if (made.ok) return made.regex;
    this.say(`Bad regex "${text}": ${made.error}`);
    return undefined;
  }

  private searchLabel(base: string): string {
    const { caseSensitive, regex, backwards } = this.searchOptions;
    return `${base}${caseSensitive ? ' [Case Sensitive]' : ''}${regex ? ' [Reg.exp.]' : ''}${backwards ? ' [Backwards]' : ''}${this.lastSearch === '' ? '' : ` [${this.lastSearch}]`}: `;
  }

  private async askSearch(base: string, hints: readonly Hint[]): Promise<{ text: string; key?: string } | undefined> {
    let typed = '';
    for (;;) {
      const answer = await this.ask(this.searchLabel(base), typed, hints, { 'alt-c': 'case', 'alt-r': 'regex', 'alt-b': 'backwards', 'ctrl-r': 'replace', 'ctrl-t': 'line', up: 'older', 'ctrl-p': 'older' });
      if (answer === undefined) {
        this.say('Cancelled');
        return undefined;
      }
      typed = answer.text;
      if (answer.key === 'case') this.searchOptions.caseSensitive = !this.searchOptions.caseSensitive;
      else if (answer.key === 'regex') this.searchOptions.regex = !this.searchOptions.regex;
      else if (answer.key === 'backwards') this.searchOptions.backwards = !this.searchOptions.backwards;
      else if (answer.key === 'older') typed = this.lastSearch;
      else {
        this.message = '';
        return { ...answer };
      }
    }
  }

  private async search(backwards: boolean): Promise<void> {
    this.searchOptions.backwards = backwards;
    const answer = await this.askSearch('Search', searchHints);
    if (answer === undefined) return;
    if (answer.key === 'replace') return this.replace();
    if (answer.key === 'line') return this.askLine();
    const text = answer.text === '' ? this.lastSearch : answer.text;
    if (text === '') return;
    this.lastSearch = text;
    this.findNext(this.searchOptions.backwards);
  }

  private searchAgain(backwards: boolean): void {
    if (this.lastSearch === '') this.say('No current search pattern');
    else this.findNext(backwards);
  }

  private findNext(backwards: boolean): void {
    const pattern = this.pattern(this.lastSearch);
    if (pattern === undefined) return;
    const { buffer } = this;
    const found = buffer.find(pattern, backwards);
    if (found === undefined) {
      this.say(`"${this.lastSearch}" not found`);
      return;
    }
    const isSame = found.place.line === buffer.cursor.line && found.place.at === buffer.cursor.at;
    buffer.moveTo(found.place);
    if (isSame) this.say('This is the only occurrence');
    else if (found.wrapped) this.say('Search Wrapped');
    else this.message = '';
    const row = this.cursorRow();
    if (row < 0 || row >= this.editRows) this.centre();
  }

  private async replace(): Promise<void> {
    const answer = await this.askSearch('Search (to replace)', replaceHints);
    if (answer === undefined) return;
    if (answer.key === 'replace') return this.search(false);
    const wanted = answer.text === '' ? this.lastSearch : answer.text;
    if (wanted === '') return;
    this.lastSearch = wanted;
    const pattern = this.pattern(wanted);
    if (pattern === undefined) return;
    const replacement = await this.ask('Replace with: ', '', replaceWithHints, { 'ctrl-p': 'older', up: 'older' });
    if (replacement === undefined) {
      this.say('Cancelled');
      return;
    }
    const text = replacement.key === 'older' ? this.lastReplacement : replacement.text;
    this.lastReplacement = text;
    const { buffer } = this;
    const start = { ...buffer.cursor };
    let place: Place = { line: start.line, at: start.at - 1 };
    let replaced = 0;
    let all = false;
    let hasWrapped = false;
    for (;;) {
      const found = buffer.find(pattern, false, place);
      if (found === undefined) break;
      const isPast = found.place.line > start.line || (found.place.line === start.line && found.place.at >= start.at);
      if (found.wrapped && hasWrapped) break;
      if (found.wrapped) hasWrapped = true;
      if (hasWrapped && isPast) break;
      if (!all) {
        buffer.moveTo(found.place);
        this.spotlight = [found.place, { line: found.place.line, at: found.place.at + found.length }];
        this.draw();
        this.spotlight = undefined;
        const choice = await this.yesNo('Replace this instance?', true);
        if (choice === 'cancel') {
          this.message = '';
          break;
        }
        if (choice === 'no') {
          place = found.place;
          continue;
        }
        if (choice === 'all') all = true;
      }
      const original = buffer.lines[found.place.line]!.slice(found.place.at, found.place.at + found.length);
      const groups = this.searchOptions.regex ? pattern.exec(original)?.groups : undefined;
      const put = groups === undefined ? text : text.replaceAll(/\\(\d)/g, (_whole, group: string) => groups[Number(group)] ?? '');
      buffer.replaceAt(found.place, found.length, put);
      if (found.place.line === start.line && found.place.at < start.at) start.at += put.length - found.length;
      replaced += 1;
      place = { line: found.place.line, at: found.place.at + Math.max(put.length, 1) - 1 };
    }
    if (all) buffer.moveTo(start);
    if (replaced === 0 && this.message === '') this.say(`"${wanted}" not found`);
    else this.say(`Replaced ${replaced} ${replaced === 1 ? 'occurrence' : 'occurrences'}`);
  }

  private matchBracket(): void {
    const pairs = '()[]{}<>';
    const c = this.buffer.line[this.buffer.cursor.at] ?? '';
    const index = pairs.indexOf(c);
    if (c === '' || index < 0) {
      this.say('Not a bracket');
      return;
    }
    const direction = index % 2 === 0 ? 1 : -1;
    const other = pairs[index + direction]!;
    let depth = 0;
    let { line, at } = this.buffer.cursor;
    for (;;) {
      const here = this.buffer.lines[line]![at];
      if (here === c) depth += 1;
      else if (here === other) depth -= 1;
      if (depth === 0) {
        this.buffer.moveTo({ line, at });
        return;
      }
      at += direction;
      while (at < 0 || at >= this.buffer.lines[line]!.length) {
        line += direction;
        if (line < 0 || line >= this.buffer.lines.length) {
          this.say('No matching bracket');
          return;
        }
        at = direction > 0 ? 0 : this.buffer.lines[line]!.length - 1;
        if (this.buffer.lines[line] !== '') break;
      }
    }
  }

  private switchBuffer(by: number): void {
    if (this.buffers.length < 2) {
      this.say('No more open file buffers');
      return;
    }
    this.current = (this.current + by + this.buffers.length) % this.buffers.length;
    this.centre();
    this.say(`${this.buffer.name === '' ? 'New Buffer' : this.buffer.name} -- ${lines(this.buffer.lines.length - 1)}`);
  }

  private location(): string {
    const { buffer } = this;
    const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((100 * part) / whole));
    const lineCount = buffer.lines.length;
    const column = buffer.column() + 1;
    const width = columnOf(buffer.line, buffer.line.length) + 1;
    const size = buffer.lines.reduce((sum, line) => sum + [...line].length + 1, -1);
    const before = buffer.lines.slice(0, buffer.cursor.line).reduce((sum, line) => sum + [...line].length + 1, 0) + [...buffer.line.slice(0, buffer.cursor.at)].length;
    const line = buffer.cursor.line + 1;
    const pad = (value: number, like: number): string => String(value).padStart(String(like).length);
    const lineText = `${String(line).padStart(String(lineCount).length)}/${lineCount}`;
    return `line ${lineText} (${pad2(line === 1 ? 0 : percent(line, lineCount))}%), col ${String(column).padStart(2)}/${String(width).padStart(2)} (${pad3(percent(column, width))}%), char ${pad(before, size)}/${size} (${pad2(percent(before, size))}%)`;
  }

  // ---- help

  private async help(): Promise<void> {
    const text = helpText.split('\n');
    const rows = this.screen.rows - 3;
    let top = 0;
    const hints: readonly Hint[] = [['^L', 'Refresh'], ['^X', 'Close'], ['^W', 'Where Is'], ['^Q', 'Where Was'], ['M-Q', 'Previous'], ['M-W', 'Next'], ['^P', 'Prev Line'], ['^N', 'Next Line'], ['^Y', 'Prev Page'], ['^V', 'Next Page'], ['M-\\', 'First Line'], ['M-/', 'Last Line']];
    for (;;) {
      const { columns } = this.screen;
      let out = `${moveTo(0, 0)}\x1b[7m${helpTitle(columns)}\x1b[27m`;
      for (let row = 0; row < rows; row += 1) out += `${moveTo(row + 1, 0)}${(text[top + row] ?? '').slice(0, columns)}${clearToEndOfLine}`;
      this.screen.write(out + this.hints(hints) + moveTo(1, 0));
      const event = await this.screen.next();
      if (event.kind === 'eof') return;
      if (event.kind !== 'key') continue;
      const last = Math.max(0, text.length - rows);
      const { key } = event;
      if (key === 'ctrl-x' || key === 'q' || key === 'ctrl-c' || key === 'ctrl-g') return;
      if (key === 'down' || key === 'ctrl-n') top = Math.min(last, top + 1);
      else if (key === 'up' || key === 'ctrl-p') top = Math.max(0, top - 1);
      else if (key === 'page-down' || key === 'ctrl-v' || key === ' ') top = Math.min(last, top + rows - 2);
      else if (key === 'page-up' || key === 'ctrl-y' || key === '-') top = Math.max(0, top - rows + 2);
      else if (key === 'home' || key === 'alt-\\') top = 0;
      else if (key === 'end' || key === 'alt-/') top = last;
    }
  }
}

function lines(count: number): string {
  return `${count} ${count === 1 ? 'line' : 'lines'}`;
}

function pad2(value: number): string {
  return String(value).padStart(2);
}

function pad3(value: number): string {
  return String(value).padStart(3);
}

function shownKey(key: Key): string {
  if (key.startsWith('ctrl-')) return `^${key.slice(5).toUpperCase()}`;
  if (key.startsWith('alt-')) return `M-${key.slice(4).toUpperCase()}`;
  return key.toUpperCase();
}

function markedPart(region: [Place, Place] | undefined, line: number, length: number): readonly [number, number] | undefined {
  if (region === undefined || line < region[0].line || line > region[1].line) return undefined;
  return [line === region[0].line ? region[0].at : 0, line === region[1].line ? region[1].at : length + 1];
}
