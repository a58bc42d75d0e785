/**
 * One attached terminal: what it shows of its window, the message or question in its last row, and the keys after Ctrl+A.
 * Only rows that changed are sent. Read first: screen's display.c, layer.c.
 */
import type { Channel, ToClient, ToServer } from './channel.ts';
import { rowOf } from './grid.ts';
import type { ScreenWindow } from './window.ts';

/** Messages stay so long (msgwait). */
export const messageUs = 5_000_000;

/** A picture in front of the window that takes the keys: help, window list, copy mode. */
export interface Overlay {
  rows(display: Display): string[];
  cursor(display: Display): [column: number, row: number];
  /** One key (a character, or an escape sequence). Answers true when the overlay is done. */
  key(display: Display, key: string): boolean | Promise<boolean>;
}

export interface Question {
  readonly prompt: string;
  text: string;
  /** One key decides (y/n). */
  readonly isSingleKey: boolean;
  readonly answer: (text: string | undefined) => void | Promise<void>;
}

export class Display {
  columns: number;
  rows: number;
  window: ScreenWindow | undefined;
  other: ScreenWindow | undefined;
  readonly channel: Channel<ToServer, ToClient>;
  readonly terminal: string;
  message: { readonly text: string; readonly untilUs: number } | undefined;
  lastMessage = '';
  question: Question | undefined;
  overlay: Overlay | undefined;
  /** Ctrl+A was pressed. */
  isCommand = false;
  private shown: string[] = [];
  private modes = { paste: false, hidden: false };
  partial = '';

  constructor(channel: Channel<ToServer, ToClient>, attach: Extract<ToServer, { kind: 'attach' }>) {
    this.channel = channel;
    this.columns = attach.columns;
    this.rows = attach.rows;
    this.terminal = attach.terminal;
  }

  /** Everything anew at the next draw. */
  forget(): void {
    this.shown = [];
  }

  say(text: string, nowUs: number): void {
    this.message = { text, untilUs: nowUs + messageUs };
    this.lastMessage = text;
  }

  show(window: ScreenWindow | undefined): void {
    if (window === this.window) return;
    if (this.window !== undefined) this.other = this.window;
    this.window = window;
    this.forget();
  }

  async draw(): Promise<void> {
    const { window } = this;
    let rows: string[];
    let cursor: [number, number] = [0, 0];
    if (this.overlay !== undefined) {
      rows = this.overlay.rows(this);
      cursor = this.overlay.cursor(this);
    } else if (window === undefined) rows = [];
    else {
      const buffer = window.terminal.xterm.buffer.active;
      rows = Array.from({ length: this.rows }, (_, y) => rowOf(window.terminal, buffer.baseY + y, this.columns));
      cursor = [Math.min(buffer.cursorX, this.columns - 1), Math.min(buffer.cursorY, this.rows - 1)];
    }
    while (rows.length < this.rows) rows.push('');
    const bottom = this.question === undefined ? this.message?.text : this.question.prompt + this.question.text;
    if (bottom !== undefined) {
      const text = bottom.slice(0, this.columns - 1);
      rows[this.rows - 1] = `\x1b[7m${text}\x1b[0m`;
      cursor = [text.length, this.rows - 1];
    }
    let out = '';
    if (this.shown.length === 0) {
      out += '\x1b[H\x1b[2J';
      this.shown = Array.from({ length: this.rows }, () => '');
    }
    for (let y = 0; y < this.rows; y += 1) {
      if (rows[y] === this.shown[y]) continue;
      out += `\x1b[${y + 1};1H${rows[y]}\x1b[K`;
      this.shown[y] = rows[y]!;
    }
    const isPaste = this.overlay === undefined && window?.terminal.xterm.modes.bracketedPasteMode === true;
    if (isPaste !== this.modes.paste) out += `\x1b[?2004${isPaste ? 'h' : 'l'}`;
    this.modes.paste = isPaste;
    if (window?.rang === true) {
      out += '\x07';
      window.rang = false;
    }
    out += `\x1b[${cursor[1] + 1};${cursor[0] + 1}H`;
    await this.channel.send({ kind: 'output', data: out });
  }

  /** What a fresh terminal is sent, as the real program's initialisation. */
  async take(): Promise<void> {
    await this.channel.send({ kind: 'output', data: `\x1b[?1049h\x1b[22;0;0t\x1b[4l\x1b[?1h\x1b=\x1b[0m\x1b(B\x1b[1;${this.rows}r\x1b[H\x1b[2J` });
    this.shown = Array.from({ length: this.rows }, () => '');
  }

  /** Gives the terminal back. */
  async leave(): Promise<void> {
    await this.channel.send({ kind: 'output', data: `${this.modes.paste ? '\x1b[?2004l' : ''}\x1b[r\x1b[?1l\x1b>\x1b[${this.rows};1H\r\n\x1b[?1049l\x1b[23;0;0t` });
  }
}
