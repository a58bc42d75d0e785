/**
 * What full-screen programs (less, nano, vi, watch, top) share: raw keys from the terminal, the window's size and its changes,
 * and the way back. Read first: termios(3), the alternate screen in ctlseqs.
 */
import type { Fd, Sys, TerminalModes } from '../../machine/sys.ts';
import { utf8 } from '../ports/bytes.ts';
import type { Key } from './escape.ts';
import { KeyDecoder, keyModes } from './escape.ts';

/** How long an ESC may stand alone before it is the Escape key. */
const escapeWaitUs = 100_000;

export type ScreenEvent = { readonly kind: 'key'; readonly key: Key } | { readonly kind: 'resize' } | { readonly kind: 'interrupt' } | { readonly kind: 'timeout' } | { readonly kind: 'eof' } | { readonly kind: 'resumed' } | { readonly kind: 'readable' };

export interface FullScreenOptions {
  /** Ctrl+C and Ctrl+Z stay signals (less); else they are keys (nano, vi). */
  readonly signals: boolean;
  /** Written when the program takes and leaves the screen. */
  readonly enter: string;
  readonly leave: () => string;
  readonly mapCr?: boolean;
}

export class FullScreen {
  rows = 24;
  columns = 80;
  private readonly sys: Sys;
  readonly fd: Fd;
  private readonly ownsFd: boolean;
  private readonly output: Fd;
  private saved: TerminalModes | undefined;
  private readonly options: FullScreenOptions;
  private readonly decoder = new KeyDecoder();
  private keys: Key[] = [];
  private isResized = false;
  private isInterrupted = false;
  private isResumed = false;
  private text = '';

  private constructor(sys: Sys, fd: Fd, ownsFd: boolean, output: Fd, options: FullScreenOptions) {
    this.sys = sys;
    this.fd = fd;
    this.ownsFd = ownsFd;
    this.output = output;
    this.options = options;
  }

  /** Keys come from standard input, or from /dev/tty where that is a pipe. undefined: there is no terminal. */
  static async open(sys: Sys, options: FullScreenOptions): Promise<FullScreen | undefined> {
    let fd: Fd = 0;
    let ownsFd = false;
    if (!sys.isTerminal(0)) {
      const opened = await sys.open('/dev/tty', { read: true, write: true, closeOnExec: true });
      if (!opened.ok) return undefined;
      fd = opened.value;
      ownsFd = true;
    }
    const screen = new FullScreen(sys, fd, ownsFd, sys.isTerminal(1) ? 1 : fd, options);
    screen.measure();
    const modes = sys.terminalModes(fd);
    if (!modes.ok) return undefined;
    screen.saved = modes.value;
    screen.takeTerminal();
    sys.onSignal('WINCH', () => {
      screen.isResized = true;
    });
    sys.onSignal('INT', () => {
      screen.isInterrupted = true;
    });
    sys.onSignal('CONT', () => {
      screen.isResumed = true;
    });
    return screen;
  }

  private measure(): void {
    const size = this.sys.windowSize(this.fd);
    if (!size.ok || size.value.columns === 0) return;
    this.rows = size.value.rows;
    this.columns = size.value.columns;
  }

  private takeTerminal(): void {
    if (this.saved !== undefined) this.sys.setTerminalModes(this.fd, keyModes(this.saved, { signals: this.options.signals, mapCr: this.options.mapCr }), 'drain');
    this.text += this.options.enter;
  }

  write(text: string): void {
    this.text += text;
  }

  async flush(): Promise<void> {
    const { text } = this;
    this.text = '';
    if (text !== '') await this.sys.write(this.output, utf8(text));
  }

  /** Writes what is pending and waits for the next event; also for `watched` to become readable. */
  async next(timeoutUs?: number, watched?: Fd): Promise<ScreenEvent> {
    await this.flush();
    const deadlineUs = timeoutUs === undefined ? undefined : this.sys.monotonicUs() + timeoutUs;
    for (;;) {
      const pressed = this.keys.shift();
      if (pressed !== undefined) return { kind: 'key', key: pressed };
      if (this.isResumed) {
        this.isResumed = false;
        this.measure();
        this.takeTerminal();
        await this.flush();
        return { kind: 'resumed' };
      }
      if (this.isResized) {
        this.isResized = false;
        this.measure();
        return { kind: 'resize' };
      }
      if (this.isInterrupted) {
        this.isInterrupted = false;
        return { kind: 'interrupt' };
      }
      const left = deadlineUs === undefined ? undefined : Math.max(0, deadlineUs - this.sys.monotonicUs());
      const patience = this.decoder.hasPartial ? Math.min(escapeWaitUs, left ?? escapeWaitUs) : left;
      const requests = [{ fd: this.fd, read: true }, ...(watched === undefined ? [] : [{ fd: watched, read: true }])];
      const ready = await this.sys.poll(requests, patience);
      if (!ready.ok) {
        if (ready.error === 'EINTR') continue;
        return { kind: 'eof' };
      }
      if (ready.value.length === 0) {
        if (this.decoder.hasPartial) {
          this.keys.push(...this.decoder.flushEscape());
          if (this.keys.length > 0) continue;
        }
        if (deadlineUs !== undefined && this.sys.monotonicUs() >= deadlineUs) return { kind: 'timeout' };
        continue;
      }
      if (ready.value.some(({ fd }) => fd === this.fd)) {
        const got = await this.sys.read(this.fd, 256);
        if (!got.ok) {
          if (got.error === 'EINTR') continue;
          return { kind: 'eof' };
        }
        if (got.value.length === 0) return { kind: 'eof' };
        this.keys.push(...this.decoder.push(got.value));
        continue;
      }
      return { kind: 'readable' };
    }
  }

  /** Puts a key back, to be read next. */
  unread(key: Key): void {
    this.keys.unshift(key);
  }

  /** Gives the terminal back: for the end, before a suspension, or around another program. */
  async release(): Promise<void> {
    this.text += this.options.leave();
    await this.flush();
    if (this.saved !== undefined) this.sys.setTerminalModes(this.fd, this.saved, 'drain');
  }

  async retake(): Promise<void> {
    this.measure();
    this.takeTerminal();
    await this.flush();
  }

  /** Reads keys again, on the screen as another program has left it. */
  async retakeModes(): Promise<void> {
    this.measure();
    const { text } = this;
    this.takeTerminal();
    this.text = text;
    await this.flush();
  }

  async close(): Promise<void> {
    await this.release();
    for (const signal of ['WINCH', 'INT', 'CONT'] as const) this.sys.onSignal(signal, 'default');
    if (this.ownsFd) this.sys.close(this.fd);
  }

  /** Ctrl+Z in a program that reads it as a key. */
  async suspend(): Promise<void> {
    await this.release();
    this.sys.kill(0, 'TSTP');
    await this.sys.sleep(0);
  }
}
