/** One xterm.js bound to one terminal of the lab: bytes in order, acknowledged once drawn; keys, size and theme out. https://xtermjs.org/docs/guides/flowcontrol/ */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal, type ITheme } from '@xterm/xterm';
import type { Settings } from '../../../contracts/host.ts';
import type { CommandMark } from '../../../contracts/lab.ts';
import type { LabState } from '../../state/lab.svelte.ts';
import { chordOf, isApple, isPageKey, overlays } from '../../state/overlays.svelte.ts';
import { typing } from '../../state/typing.ts';
import { CommandMarks, type VisibleMark } from './command-marks.ts';
import { CursorBlink } from './cursor-blink.ts';

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
/** 18 px rows at 13 px, and the like at other sizes. */
const LINE_HEIGHT = 1.06;
/** Keys that mean the same to every program, whatever modes it has set. */
const plainKeys: Readonly<Record<string, string>> = { Enter: '\r', Backspace: '\x7f', Tab: '\t' };
const DRAWN_AT_ONCE = 32_000;
const DRAWN_IN_A_TURN = 16_000;
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
  /** In px; measured when it may change, for asking while a frame is drawn makes the page be laid out twice. */
  private rowHeight = 0;
  private readonly blink = new CursorBlink(this.element);
  /** Not given to xterm yet. */
  private queue: Uint8Array[] = [];
  /** Bytes xterm has not drawn yet. */
  private drawing = 0;
  /** Bytes that may be drawn although somebody types elsewhere. */
  private turn = 0;
  private isAfterDeadKey = false;

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
    this.xterm.onData((data) => this.send(data));
    this.xterm.onBinary((data) => this.send(data));
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
    this.blink.want(settings.cursorBlink && !settings.reducedMotion);
    this.fitSoon();
  }

  show(commands: readonly CommandMark[]): void {
    this.commands = commands.filter(({ terminal }) => terminal === this.id);
    this.marks.update(this.commands);
    this.onGutter();
  }

  gutter(): { marks: VisibleMark[]; rowHeight: number } {
    return { marks: this.marks.visible(), rowHeight: this.rowHeight };
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
    this.blink.stop();
    for (const undo of this.undo) undo();
    this.xterm.dispose();
    this.element.remove();
  }

  private write(bytes: Uint8Array): void {
    this.queue.push(bytes);
    this.drawMore();
  }

  /** xterm gets a little at a time: what it has it draws, and who begins to type at another terminal would have to wait for it. */
  private drawMore(): void {
    while (this.queue.length > 0 && this.drawing < DRAWN_AT_ONCE) {
      if (typing.isElsewhere(this.id)) {
        if (this.turn <= 0) return typing.after(`terminal ${this.id}`, () => this.takeTurn());
        this.turn -= this.queue[0]!.length;
      }
      this.draw(this.queue.shift()!);
    }
  }
  private takeTurn(): void {
    this.turn = DRAWN_IN_A_TURN;
    this.drawMore();
    this.turn = 0;
  }
  private draw(bytes: Uint8Array): void {
    this.drawing += bytes.length;
    this.xterm.write(bytes, () => {
      this.drawing -= bytes.length;
      typing.drawn(this.id);
      this.lab.send({ type: 'shown', terminal: this.id, bytes: bytes.length });
      // A command is often told of before its echo is drawn.
      this.marks.update(this.commands);
      this.drawMore();
    });
  }

  private clear(): void {
    this.queue = [];
    this.marks.clear();
    this.xterm.reset();
  }

  private optionsFrom(settings: Settings): { fontFamily: string; fontSize: number; screenReaderMode: boolean } {
    return { fontFamily: `'${settings.terminalFont}', 'JetBrains Mono Variable', monospace`, fontSize: settings.terminalFontSize, screenReaderMode: settings.screenReader };
  }

  private fitSoon(delayMs = 60): void {
    clearTimeout(this.resizeTimer);
    this.resizeTimer = setTimeout(() => {
      if (!this.element.isConnected || this.element.clientWidth === 0) return;
      const size = this.fit.proposeDimensions();
      // Panes pass through odd sizes while they are being laid out.
      if (size === undefined || !(size.cols >= COLUMNS_AT_LEAST) || !(size.rows >= ROWS_AT_LEAST)) return;
      if (size.cols !== this.xterm.cols || size.rows !== this.xterm.rows || !this.isSizeKnown) {
        this.xterm.resize(size.cols, size.rows);
        this.isSizeKnown = true;
        this.lab.send({ type: 'resize', terminal: this.id, columns: size.cols, rows: size.rows });
      }
      const rowHeight = (this.element.querySelector('.xterm-screen')?.clientHeight ?? 0) / size.rows;
      if (rowHeight === this.rowHeight) return;
      this.rowHeight = rowHeight;
      this.onGutter();
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
    if (isPageKey(event)) return false;
    // Whatever a key's release would do, beyond telling of modifiers, would ask for a frame too.
    if (event.type === 'keyup') return event.key.length > 1;
    return !(event.type === 'keydown' && this.sendAtOnce(event));
  }

  private send(data: string): void {
    typing.key(this.id);
    this.blink.restart();
    this.lab.send({ type: 'input', terminal: this.id, data });
  }

  /**
   * Plain keys go out without xterm, which would clear a selection that is not there and ask for a frame to draw that: until a frame asked for by a key's
   * handler is drawn, Chromium holds every message to the page back, the echo too.
   */
  private sendAtOnce(event: KeyboardEvent): boolean {
    const { key } = event;
    const { isAfterDeadKey } = this;
    this.isAfterDeadKey = key === 'Dead' || key === 'AltGraph';
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isAfterDeadKey) return false;
    const data = [...key].length === 1 ? key : event.shiftKey ? undefined : plainKeys[key];
    const { baseY, viewportY } = this.xterm.buffer.active;
    // Input methods of macOS compose from capital letters; a screen reader reads what the text area receives.
    if (data === undefined || (isApple && /[A-Z]/.test(data)) || this.xterm.options.screenReaderMode === true || this.xterm.hasSelection() || baseY !== viewportY) return false;
    event.preventDefault();
    this.send(data);
    return true;
  }

  private ownKey(chord: string): (() => void) | undefined {
    if (chord === 'Ctrl F') return () => this.onFind();
    if (chord === 'Ctrl Shift C') return () => void (this.xterm.hasSelection() && navigator.clipboard.writeText(this.xterm.getSelection()));
    return undefined;
  }
}
