/** One xterm.js bound to one terminal of the lab: bytes in order, acknowledged once drawn; keys, size and theme out. https://xtermjs.org/docs/guides/flowcontrol/ */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal, type ITheme } from '@xterm/xterm';
import type { Settings } from '../../../contracts/host.ts';
import type { CommandMark } from '../../../contracts/lab.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import { chordOf, isPageKey, overlays } from '../../state/overlays.svelte.ts';
import { CommandMarks, type VisibleMark } from './command-marks.ts';

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
/** 18 px rows at 13 px, and the like at other sizes. */
const LINE_HEIGHT = 1.06;
const POINTED_FOR_MS = 4000;
const COLUMNS_AT_LEAST = 20;
const ROWS_AT_LEAST = 2;

function themeFromTokens(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--x-${name}`).trim();
  const palette = Object.fromEntries(colours.flatMap((colour) => [[colour, token(colour)], [`bright${colour[0]!.toUpperCase()}${colour.slice(1)}`, token(`br-${colour}`)]]));
  return { background: token('bg'), foreground: token('fg'), cursor: token('cursor'), cursorAccent: token('bg'), selectionBackground: token('sel'), ...palette };
}

export class TerminalScreen {
  readonly id: string;
  readonly lab: LabState;
  readonly xterm: Terminal;
  readonly search = new SearchAddon();
  /** Told when the gutter may look different: scrolled, written, commands begun or ended. */
  onGutter: () => void = () => undefined;
  onFind: () => void = () => undefined;
  private readonly element = document.createElement('div');
  private readonly fit = new FitAddon();
  private readonly marks: CommandMarks;
  private readonly undo: (() => void)[] = [];
  private commands: readonly CommandMark[] = [];
  private resizeTimer: ReturnType<typeof setTimeout> | undefined;
  private isSizeKnown = false;

  constructor(id: string, lab: LabState, settings: Settings, label: string) {
    this.id = id;
    this.lab = lab;
    this.element.className = 'xterm-home';
    this.xterm = new Terminal({
      allowProposedApi: true, scrollback: 20_000, minimumContrastRatio: 4.5, macOptionIsMeta: true, drawBoldTextInBrightColors: false, lineHeight: LINE_HEIGHT,
      cursorInactiveStyle: 'outline', theme: themeFromTokens(), ...this.optionsFrom(settings),
    });
    this.xterm.loadAddon(this.fit);
    this.xterm.loadAddon(this.search);
    this.xterm.loadAddon(new Unicode11Addon());
    this.xterm.loadAddon(new WebLinksAddon((_event, address) => {
      overlays.link = address;
      overlays.show('link');
    }));
    this.xterm.unicode.activeVersion = '11';
    this.xterm.attachCustomKeyEventHandler((event) => this.isForShell(event));
    this.xterm.onData((data) => lab.send({ type: 'input', terminal: id, data }));
    this.xterm.onBinary((data) => lab.send({ type: 'input', terminal: id, data }));
    this.marks = new CommandMarks(this.xterm);
    this.xterm.onRender(() => this.onGutter());
    this.xterm.onScroll(() => this.onGutter());
    const onTheme = (): void => {
      this.xterm.options.theme = themeFromTokens();
    };
    document.addEventListener('podwire-theme', onTheme);
    this.undo.push(() => document.removeEventListener('podwire-theme', onTheme));
    this.label = label;
  }
  private readonly label: string;
  private isOpen = false;

  /** Shows the screen in this place; answers what takes it out again. */
  mount(place: HTMLElement): () => void {
    place.append(this.element);
    if (!this.isOpen) {
      this.isOpen = true;
      this.xterm.open(this.element);
      this.xterm.textarea?.setAttribute('aria-label', this.label);
      this.undo.push(this.lab.attach(this.id, (bytes) => this.write(bytes), () => this.clear()));
      void document.fonts.ready.then(() => this.fitSoon(0));
    }
    const observer = new ResizeObserver(() => this.fitSoon());
    observer.observe(place);
    this.fitSoon();
    return () => {
      observer.disconnect();
      this.onGutter = () => undefined;
      this.onFind = () => undefined;
      if (this.element.parentElement === place) this.element.remove();
    };
  }

  apply(settings: Settings): void {
    Object.assign(this.xterm.options, this.optionsFrom(settings));
    this.fitSoon();
  }

  show(commands: readonly CommandMark[]): void {
    this.commands = commands.filter(({ terminal }) => terminal === this.id);
    this.marks.update(this.commands);
    this.onGutter();
  }

  gutter(): { marks: VisibleMark[]; rowHeight: number } {
    const screen = this.element.querySelector('.xterm-screen');
    return { marks: this.marks.visible(), rowHeight: screen === null ? 0 : screen.clientHeight / this.xterm.rows };
  }

  reveal(line: string): boolean {
    if (!this.marks.reveal(line)) return false;
    this.onGutter();
    setTimeout(() => {
      this.marks.unpoint();
      this.onGutter();
    }, POINTED_FOR_MS);
    return true;
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
    this.element.remove();
  }

  private write(bytes: Uint8Array): void {
    this.xterm.write(bytes, () => {
      this.lab.send({ type: 'shown', terminal: this.id, bytes: bytes.length });
      // A command is often told of before its echo is drawn.
      this.marks.update(this.commands);
    });
  }

  private clear(): void {
    this.marks.clear();
    this.xterm.reset();
  }

  private optionsFrom(settings: Settings): { fontFamily: string; fontSize: number; cursorBlink: boolean; screenReaderMode: boolean } {
    return { fontFamily: `'${settings.terminalFont}', 'JetBrains Mono Variable', monospace`, fontSize: settings.terminalFontSize, cursorBlink: settings.cursorBlink && !settings.reducedMotion, screenReaderMode: settings.screenReader };
  }

  private fitSoon(delayMs = 60): void {
    clearTimeout(this.resizeTimer);
    this.resizeTimer = setTimeout(() => {
      if (!this.element.isConnected || this.element.clientWidth === 0) return;
      const size = this.fit.proposeDimensions();
      // Panes pass through odd sizes while they are being laid out.
      if (size === undefined || !(size.cols >= COLUMNS_AT_LEAST) || !(size.rows >= ROWS_AT_LEAST)) return;
      if (size.cols === this.xterm.cols && size.rows === this.xterm.rows && this.isSizeKnown) return;
      this.xterm.resize(size.cols, size.rows);
      this.isSizeKnown = true;
      this.lab.send({ type: 'resize', terminal: this.id, columns: size.cols, rows: size.rows });
    }, delayMs);
  }

  private isForShell(event: KeyboardEvent): boolean {
    const chord = chordOf(event);
    // The browser's own paste reaches the terminal as a paste event, which needs nobody's permission.
    if (chord === 'Ctrl Shift V') return false;
    const own = this.ownKey(chord);
    if (own !== undefined) {
      if (event.type === 'keydown') {
        event.preventDefault();
        own();
      }
      return false;
    }
    return !isPageKey(event);
  }

  private ownKey(chord: string): (() => void) | undefined {
    if (chord === 'Ctrl F') return () => this.onFind();
    if (chord === 'Ctrl Shift C') return () => void (this.xterm.hasSelection() && navigator.clipboard.writeText(this.xterm.getSelection()));
    return undefined;
  }
}
