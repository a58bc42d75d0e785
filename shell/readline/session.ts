/**
 * One line being edited: text, cursor, undo, and the reading of key sequences. Read first: readline's readline.c
 * (_rl_dispatch_subseq), undo.c, kill.c. The functions that keys are bound to live in functions/.
 */
import type { Binding, Completer, LineEditor, ReadLineOptions, ReadLineOutcome } from './api.ts';
import { Display } from './display.ts';
import type { History } from './history.ts';
import { editorFunctions } from './functions/index.ts';
import { endViCommand } from './functions/vi.ts';

/** What the terminal gives: a byte, or why there is none. */
export type InputEvent = number | 'eof' | 'interrupted' | 'timeout';

export interface EditorTerminal {
  readByte(): Promise<InputEvent>;
  /** Is there a byte, or does one come within so long? Absent: there is. */
  inputWithin?(us: number): Promise<boolean>;
  write(text: string): Promise<void>;
  columns(): number;
  rows(): number;
}

interface Snapshot {
  readonly text: string;
  readonly point: number;
}
/** A numeric argument may be any number; doing something more often than this shows nothing new and would fill the memory. */
const MOST_REPEATS = 10_000;
/** Typed characters are undone together, up to so many (readline merges them while shorter than this). */
const mergedInsertions = 20;

export class EditSession {
  text = '';
  point = 0;
  mark = 0;
  /** The region between mark and point is shown reversed until the next key (a paste). */
  isRegionActive = false;
  overwrites = false;
  /** Numeric argument: explicit, else 1. */
  argument: number | undefined;
  thisFunction = '';
  lastFunction = '';
  /** Set by a kill so that the next one adds to it. */
  killedLast = false;
  killedNow = false;
  ended: ReadLineOutcome | undefined;
  historyIndex: number;
  /** Lines of the history as edited in this session, and the new line under history.length. */
  readonly edited = new Map<number, string>();
  lastYank: { index: number; start: number; length: number; argument: number; explicit: boolean } | undefined;
  completionChangedLine = false;
  menu: { readonly choices: readonly string[]; index: number; readonly start: number } | undefined;
  undoStack: Snapshot[] = [];
  private undoGroup = 0;
  private mergeCount = 0;
  private pushedBack: string = '';
  private isPlayedBack = false;
  private recordedMacro: string | undefined;
  /** The keys of the vi command under way, with what was typed after it. */
  viKeys: string | undefined;
  /** How much there was to undo when vi's insert mode was entered: all of an insertion is undone at once. */
  viInsertionStart: number | undefined;
  readonly viMarks = new Map<string, number>();
  private readonly onCommand: ReadLineOptions['onCommand'];
  readonly onReread: ReadLineOptions['onReread'];
  readonly editor: LineEditor;
  readonly history: History | undefined;
  readonly completer: Completer | undefined;
  readonly display: Display;
  readonly terminal: EditorTerminal;
  readonly prompt: string;
  private readonly trapsInterrupt: boolean;
  /** False after `stty -echo`: the line is not shown. */
  private readonly echoes: boolean;

  constructor(terminal: EditorTerminal, settings: { readonly prompt: string; readonly editor: LineEditor; readonly history: History | undefined; readonly completer: Completer | undefined; readonly initialText: string; readonly trapsInterrupt?: boolean; readonly echoes?: boolean; readonly onCommand?: ReadLineOptions['onCommand']; readonly onReread?: ReadLineOptions['onReread'] }) {
    this.terminal = terminal;
    this.editor = settings.editor;
    this.history = settings.history;
    this.completer = settings.completer;
    this.prompt = settings.prompt;
    this.display = new Display(terminal.columns());
    this.echoes = settings.echoes !== false;
    this.trapsInterrupt = settings.trapsInterrupt === true;
    this.onCommand = settings.onCommand;
    this.onReread = settings.onReread;
    this.text = settings.initialText;
    this.point = this.text.length;
    this.historyIndex = this.history?.length ?? 0;
  }

  /** Edits until the line is accepted or given up. */
  async run(): Promise<ReadLineOutcome> {
    const wanted = this.editor.nextHistoryIndex;
    this.editor.nextHistoryIndex = undefined;
    if (wanted !== undefined && this.history !== undefined) {
      const index = wanted - this.history.base;
      const entry = this.history.entries[index];
      if (entry !== undefined) {
        this.historyIndex = index;
        this.setLine(entry.text);
        this.undoStack = [];
      }
    }
    this.editor.keymap = this.editor.variables.editingMode === 'vi' ? 'vi-insert' : 'emacs';
    this.display.start(this.prompt, this.picture());
    await this.flush();
    while (this.ended === undefined) {
      const before = this.argument;
      await this.step();
      if (this.argument !== undefined && this.argument === before) this.argument = undefined;
    }
    if (this.ended.kind === 'line') this.display.finish();
    else if (this.ended.kind === 'interrupted' && this.trapsInterrupt) this.display.raw(this.editor.variables.echoControlCharacters ? '^C' : '');
    else if (this.ended.kind === 'interrupted') this.display.finishWith(this.editor.variables.echoControlCharacters ? '^C' : '');
    await this.flush();
    this.keepEdits();
    return this.ended;
  }

  /** Lines of the history edited and left behind stay edited; the accepted one goes back to what it was. */
  private keepEdits(): void {
    if (this.history === undefined || this.ended?.kind !== 'line') return;
    for (const [index, text] of this.edited) {
      const entry = this.history.entries[index];
      if (entry !== undefined && index !== this.historyIndex && !this.editor.variables.revertAllAtNewline) {
        entry.text = text;
        entry.isEdited = true;
      }
    }
  }

  picture(): { line: string; point: number; region?: [number, number] } {
    if (!this.echoes) return { line: '', point: 0 };
    if (!this.isRegionActive || !this.editor.variables.enableActiveRegion) return { line: this.text, point: this.point };
    return { line: this.text, point: this.point, region: [Math.min(this.mark, this.point), Math.max(this.mark, this.point)] };
  }

  async redraw(): Promise<void> {
    this.display.update(this.picture());
    await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.display.take();
    if (text !== '') await this.terminal.write(text);
  }

  ring(): void {
    if (this.editor.variables.bellStyle !== 'none') this.display.ring();
  }

  // ---- input

  /** One character (a code point); undefined when the line has ended meanwhile. */
  async readCharacter(): Promise<string | undefined> {
    if (this.pushedBack !== '') {
      const character = String.fromCodePoint(this.pushedBack.codePointAt(0)!);
      this.pushedBack = this.pushedBack.slice(character.length);
      this.isPlayedBack = true;
      if (this.viKeys !== undefined) this.viKeys += character;
      return character;
    }
    this.isPlayedBack = false;
    const first = await this.terminal.readByte();
    if (typeof first !== 'number') return this.end(first);
    let character = String.fromCharCode(first);
    if (first >= 0xc0) {
      const bytes = [first];
      const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
      while (bytes.length < length) {
        const next = await this.terminal.readByte();
        if (typeof next !== 'number') return this.end(next);
        bytes.push(next);
      }
      character = new TextDecoder('utf-8').decode(new Uint8Array(bytes));
    }
    if (this.recordedMacro !== undefined) this.recordedMacro += character;
    if (this.viKeys !== undefined) this.viKeys += character;
    return character;
  }

  private end(event: 'eof' | 'interrupted' | 'timeout'): undefined {
    if (event === 'eof') this.ended = this.text === '' ? { kind: 'eof' } : { kind: 'line', text: this.text };
    else this.ended = { kind: event };
    return undefined;
  }

  /** Does more follow a lone ESC? */
  async hasMoreInput(us: number): Promise<boolean> {
    return this.pushedBack !== '' || (await (this.terminal.inputWithin?.(us) ?? true));
  }

  pushBack(text: string): void {
    if (this.viKeys !== undefined && text !== '' && this.viKeys.endsWith(text)) this.viKeys = this.viKeys.slice(0, -text.length);
    this.pushedBack = text + this.pushedBack;
  }

  startMacro(): void {
    this.recordedMacro = '';
  }

  /** Ends recording; the keys that ended it are not part of the macro. */
  endMacro(endingKeys: string): boolean {
    if (this.recordedMacro === undefined) return false;
    this.editor.macro = this.recordedMacro.slice(0, Math.max(0, this.recordedMacro.length - endingKeys.length));
    this.recordedMacro = undefined;
    return true;
  }

  /** Reads one key sequence and runs what it is bound to. */
  async step(): Promise<void> {
    const read = await this.readSequence();
    if (read === undefined) return;
    await this.dispatch(read.sequence, read.binding);
  }

  /** The longest bound sequence; a prefix that leads nowhere rings, or does what it is bound to itself. */
  async readSequence(): Promise<{ readonly sequence: string; readonly binding: Binding | undefined } | undefined> {
    const { bindings, variables } = this.editor;
    let sequence = '';
    let shorter: { readonly sequence: string; readonly binding: Binding } | undefined;
    for (;;) {
      const character = await this.readCharacter();
      if (character === undefined) return undefined;
      sequence += character;
      const binding = bindings.find(sequence);
      if (bindings.isPrefix(sequence)) {
        if (binding !== undefined) shorter = { sequence, binding };
        // What is played back does not wait for more.
        if (shorter === undefined || (this.isPlayedBack ? this.pushedBack !== '' : await this.hasMoreInput(variables.keySequenceTimeoutMs * 1000))) continue;
      } else if (binding !== undefined) return { sequence, binding };
      if (shorter !== undefined) {
        this.pushBack(sequence.slice(shorter.sequence.length));
        return shorter;
      }
      // In vi's command mode an ESC that begins nothing is by itself.
      if (this.editor.keymap === 'vi-command' && sequence.startsWith('\x1b') && !/^\x1b[[O]/.test(sequence)) {
        this.pushBack(sequence.slice(1));
        return { sequence: '\x1b', binding: undefined };
      }
      // An unbound CSI sequence is swallowed whole.
      if (/^\x1b\[[0-9;?]*$/.test(sequence)) continue;
      if (/^\x1b[A-Z]$/.test(sequence) && bindings.find(sequence.toLowerCase()) !== undefined) return { sequence, binding: bindings.find(sequence.toLowerCase()) };
      return { sequence, binding: undefined };
    }
  }

  async dispatch(sequence: string, binding: Binding | undefined): Promise<void> {
    const wasActive = this.isRegionActive;
    this.isRegionActive = false;
    this.killedNow = false;
    const first = sequence.codePointAt(0)!;
    const isCommand = this.editor.keymap === 'vi-command';
    if (isCommand && this.viKeys === undefined) this.viKeys = sequence;
    if (binding === undefined) {
      if (!isCommand && first >= 0x20 && first !== 0x7f && !sequence.startsWith('\x1b')) await this.call('self-insert', sequence);
      else this.ring();
    } else if (binding.kind === 'macro') this.pushBack(binding.text);
    else if (binding.kind === 'function') await this.call(binding.name, sequence);
    else await this.runCommand(binding.command);
    if (isCommand) endViCommand(this);
    this.killedLast = this.killedNow;
    if (this.ended === undefined) {
      if (wasActive && this.thisFunction === 'bracketed-paste-begin') this.isRegionActive = true;
      await this.redraw();
    }
  }

  /** `bind -x`: in place of the line, which is then drawn below what the command prints. */
  private async runCommand(command: string): Promise<void> {
    if (this.onCommand === undefined) {
      this.ring();
      return;
    }
    this.display.raw('\r\x1b[K');
    await this.flush();
    const { text, point } = await this.onCommand(command, { text: this.text, point: this.point });
    if (text !== this.text) this.replace(0, this.text.length, text);
    this.point = Math.max(0, Math.min(this.text.length, point));
    this.display.redrawFresh(this.picture());
  }

  async call(name: string, keys: string): Promise<void> {
    const action = editorFunctions.get(name);
    this.thisFunction = name;
    if (action === undefined) this.ring();
    else {
      const isArgument = name === 'digit-argument' || name === 'universal-argument' || name === 'vi-arg-digit';
      const count = this.argument;
      if (!isArgument) this.argument = undefined;
      await action({ session: this, count: Math.max(-MOST_REPEATS, Math.min(MOST_REPEATS, count ?? 1)), isExplicit: count !== undefined, keys });
    }
    this.lastFunction = this.thisFunction;
    if (name !== 'self-insert') this.mergeCount = 0;
  }

  // ---- text

  /** Remembers the line before a change; `merge` joins it to the changes of the same kind just before. */
  remember(merge = false): void {
    if (this.undoGroup > 1) return;
    if (this.undoGroup === 1) this.undoGroup = 2;
    if (merge && this.mergeCount > 0 && this.mergeCount < mergedInsertions) {
      this.mergeCount += 1;
      return;
    }
    this.mergeCount = merge ? 1 : 0;
    this.undoStack.push({ text: this.text, point: this.point });
  }

  /** All changes inside are undone as one. */
  grouped(change: () => void): void {
    this.undoGroup = 1;
    change();
    this.undoGroup = 0;
  }

  undo(): boolean {
    const last = this.undoStack.pop();
    if (last === undefined) return false;
    // What was deleted ahead of the cursor comes back behind it.
    const back = last.text.length - this.text.length;
    const isDeletion = back > 0 && last.text.slice(0, last.point) === this.text.slice(0, last.point) && last.text.slice(last.point + back) === this.text.slice(last.point);
    this.text = last.text;
    this.point = isDeletion ? last.point + back : Math.min(last.point, last.text.length);
    this.mergeCount = 0;
    return true;
  }

  insert(text: string, merge = false): void {
    if (text === '') return;
    this.remember(merge);
    this.text = this.text.slice(0, this.point) + text + this.text.slice(this.point);
    if (this.mark > this.point) this.mark += text.length;
    this.point += text.length;
  }

  /** Removes a range; the cursor goes to its start. */
  remove(from: number, to: number): string {
    const [start, end] = from < to ? [from, to] : [to, from];
    const removed = this.text.slice(start, end);
    if (removed === '') return '';
    this.remember();
    this.text = this.text.slice(0, start) + this.text.slice(end);
    this.point = start;
    if (this.mark > this.text.length) this.mark = this.text.length;
    return removed;
  }

  replace(from: number, to: number, text: string): void {
    this.remember();
    this.text = this.text.slice(0, from) + text + this.text.slice(to);
    this.point = from + text.length;
  }

  setLine(text: string): void {
    this.text = text;
    this.point = text.length;
    this.mark = 0;
    this.mergeCount = 0;
  }

  /** Kills a range: consecutive kills make one entry, going back prepends. */
  kill(from: number, to: number): void {
    const backwards = to < from;
    const text = this.remove(from, to);
    if (text === '') return;
    const ring = this.editor.killRing;
    if (this.killedLast && ring.length > 0) ring[ring.length - 1] = backwards ? text + ring[ring.length - 1]! : ring[ring.length - 1]! + text;
    else {
      ring.push(text);
      if (ring.length > 10) ring.shift();
    }
    this.editor.killIndex = ring.length - 1;
    this.killedNow = true;
  }

  // ---- history

  /** Shows entry `index` (history.length: the new line), keeping what was edited here. */
  goToHistory(index: number): boolean {
    const history = this.history;
    if (history === undefined || index < 0 || index > history.length) return false;
    this.storeLine();
    const text = this.edited.get(index) ?? history.entries[index]?.text ?? '';
    this.historyIndex = index;
    const point = this.point;
    this.setLine(text);
    if (this.editor.variables.editingMode === 'vi') this.point = 0;
    if (this.editor.variables.historyPreservePoint) this.point = Math.min(point, text.length);
    this.undoStack = [];
    return true;
  }

  storeLine(): void {
    const original = this.history?.entries[this.historyIndex]?.text;
    if (this.text !== original) this.edited.set(this.historyIndex, this.text);
    else this.edited.delete(this.historyIndex);
  }
}
