/** One xterm.js bound to one terminal of the lab: bytes in order, acknowledged once drawn; keys, size and theme out. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { Terminal, type ITheme } from '@xterm/xterm';
import type { Settings } from '../../../contracts/host.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import { isPageKey } from '../../state/overlays.svelte.ts';

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

function themeFromTokens(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--x-${name}`).trim();
  const palette = Object.fromEntries(colours.flatMap((colour) => [[colour, token(colour)], [`bright${colour[0]!.toUpperCase()}${colour.slice(1)}`, token(`br-${colour}`)]]));
  return { background: token('bg'), foreground: token('fg'), cursor: token('cursor'), cursorAccent: token('bg'), selectionBackground: token('sel'), ...palette };
}

export class TerminalScreen {
  readonly id: string;
  readonly xterm: Terminal;
  readonly search = new SearchAddon();
  private readonly fit = new FitAddon();
  private readonly lab: LabState;
  private readonly undo: (() => void)[] = [];
  private resizeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, lab: LabState, settings: Settings) {
    this.id = id;
    this.lab = lab;
    this.xterm = new Terminal({ allowProposedApi: true, scrollback: 20_000, minimumContrastRatio: 4.5, macOptionIsMeta: true, lineHeight: 1.2, theme: themeFromTokens(), ...this.optionsFrom(settings) });
    this.xterm.loadAddon(this.fit);
    this.xterm.loadAddon(this.search);
    this.xterm.loadAddon(new Unicode11Addon());
    this.xterm.unicode.activeVersion = '11';
    this.xterm.attachCustomKeyEventHandler((event) => this.isForShell(event));
    this.xterm.onData((data) => lab.send({ type: 'input', terminal: id, data }));
    this.xterm.onBinary((data) => lab.send({ type: 'input', terminal: id, data }));
  }

  mount(element: HTMLElement, label: string): void {
    this.xterm.open(element);
    this.xterm.textarea?.setAttribute('aria-label', label);
    this.undo.push(this.lab.attach(this.id, (bytes) => this.xterm.write(bytes, () => this.lab.send({ type: 'shown', terminal: this.id, bytes: bytes.length })), () => this.xterm.reset()));
    const observer = new ResizeObserver(() => this.fitSoon());
    observer.observe(element);
    const onTheme = (): void => {
      this.xterm.options.theme = themeFromTokens();
    };
    document.addEventListener('podwire-theme', onTheme);
    this.undo.push(() => observer.disconnect(), () => document.removeEventListener('podwire-theme', onTheme));
    this.fitSoon(0);
    void document.fonts.ready.then(() => this.fitSoon(0));
  }

  apply(settings: Settings): void {
    Object.assign(this.xterm.options, this.optionsFrom(settings));
    this.fitSoon();
  }

  /** The whole buffer as lines, wrapped ones joined. */
  text(): string {
    const buffer = this.xterm.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < buffer.length; row++) {
      const line = buffer.getLine(row);
      if (line === undefined) continue;
      const text = line.translateToString(true);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.join('\n').trimEnd();
  }

  dispose(): void {
    clearTimeout(this.resizeTimer);
    for (const undo of this.undo) undo();
    this.xterm.dispose();
  }

  private optionsFrom(settings: Settings): { fontFamily: string; fontSize: number; cursorBlink: boolean; screenReaderMode: boolean } {
    return { fontFamily: `'${settings.terminalFont}', 'JetBrains Mono Variable', monospace`, fontSize: settings.terminalFontSize, cursorBlink: settings.cursorBlink && !settings.reducedMotion, screenReaderMode: settings.screenReader };
  }

  private fitSoon(delayMs = 60): void {
    clearTimeout(this.resizeTimer);
    this.resizeTimer = setTimeout(() => {
      const size = this.fit.proposeDimensions();
      if (size === undefined || !(size.cols > 1) || !(size.rows > 1)) return;
      if (size.cols === this.xterm.cols && size.rows === this.xterm.rows && this.isSizeKnown) return;
      this.xterm.resize(size.cols, size.rows);
      this.isSizeKnown = true;
      this.lab.send({ type: 'resize', terminal: this.id, columns: size.cols, rows: size.rows });
    }, delayMs);
  }
  private isSizeKnown = false;

  private isForShell(event: KeyboardEvent): boolean {
    if (event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.key.toUpperCase() === 'C') {
      event.preventDefault();
      if (this.xterm.hasSelection()) void navigator.clipboard.writeText(this.xterm.getSelection());
      return false;
    }
    if (event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.key.toUpperCase() === 'V') {
      event.preventDefault();
      void navigator.clipboard.readText().then((text) => this.xterm.paste(text));
      return false;
    }
    return !isPageKey(event);
  }
}
