/**
 * A terminal without a window: bytes in, a grid of characters out, written synchronously so that virtual time and the order of things do not
 * depend on the host's timers. xterm.js, headless; screen(1) keeps its windows in one, tests and the headless contract read screens from one.
 */
import xterm from '@xterm/headless';

export interface TerminalSize { readonly columns: number; readonly rows: number }
type XtermTerminal = InstanceType<typeof xterm.Terminal>;
/** The public write() parses on a timer; this is what it calls. */
interface SynchronousCore { writeSync(data: string | Uint8Array): void; readonly _writeBuffer?: { writeSync(data: string | Uint8Array): void }; readonly _logService?: { warn: () => void } }

export class VirtualTerminal {
  readonly xterm: XtermTerminal;
  private readonly core: SynchronousCore;

  /** `onReply`: what the terminal answers to queries (cursor position, device attributes). */
  constructor({ columns, rows }: TerminalSize, onReply: (text: string) => void = () => undefined, scrollback = 2000) {
    this.xterm = new xterm.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
    this.core = (this.xterm as unknown as { _core: SynchronousCore })._core;
    this.xterm.onData(onReply);
  }

  write(bytes: Uint8Array | string): void {
    this.core.writeSync(bytes);
  }

  resize({ columns, rows }: TerminalSize): void {
    this.xterm.resize(columns, rows);
  }

  /** The visible rows, trailing blanks and empty rows removed, and the cursor from 0,0. */
  snapshot(): { screen: string; cursor: [column: number, row: number] } {
    const buffer = this.xterm.buffer.active;
    const rows = Array.from({ length: this.xterm.rows }, (_, row) => (buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? '').trimEnd());
    while (rows.length > 0 && rows.at(-1) === '') rows.pop();
    return { screen: rows.join('\n'), cursor: [Math.min(buffer.cursorX, this.xterm.cols - 1), buffer.cursorY] };
  }

  /** What does not look plain, a stretch each: `row:first-last` and how it looks. */
  marks(): string[] {
    const buffer = this.xterm.buffer.active;
    const found: string[] = [];
    for (let row = 0; row < this.xterm.rows; row += 1) {
      const line = buffer.getLine(buffer.baseY + row);
      let from = 0;
      let look = '';
      for (let column = 0; column <= this.xterm.cols; column += 1) {
        const cell = column < this.xterm.cols ? line?.getCell(column) : undefined;
        const here = cell === undefined ? '' : [
          cell.isBold() !== 0 && 'bold', cell.isDim() !== 0 && 'dim', cell.isItalic() !== 0 && 'italic', cell.isUnderline() !== 0 && 'underline', cell.isInverse() !== 0 && 'reverse',
          !cell.isFgDefault() && `colour ${cell.getFgColor()}`, !cell.isBgDefault() && `on ${cell.getBgColor()}`,
        ].filter((word) => word !== false).join(' ');
        if (here === look) continue;
        if (look !== '') found.push(`${row}:${from}-${column - 1} ${look}`);
        from = column;
        look = here;
      }
    }
    return found;
  }
}
