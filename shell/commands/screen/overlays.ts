/** What may stand in front of a window: pages of text, the list of windows, copy mode. Read first: screen's help.c, list_window.c, mark.c. */
import type { Overlay } from './display.ts';
import { plainRow, rowOf } from './grid.ts';
import { lastPage, nextPage } from './texts.ts';
import type { ScreenWindow } from './window.ts';

export function pages(list: readonly (readonly string[])[]): Overlay {
  let page = 0;
  return {
    rows: (display) => {
      const rows = [...list[page]!];
      while (rows.length < display.rows - 2) rows.push('');
      return [...rows.slice(0, display.rows - 2), page < list.length - 1 ? nextPage : lastPage];
    },
    cursor: (display) => [0, display.rows - 1],
    key: (_display, key) => {
      if (key === ' ') {
        page += 1;
        return page >= list.length;
      }
      return key === '\r' || key === '\n' || key === '\x1b' || key === '\x07' || key === 'q';
    },
  };
}

/** Ctrl+A " */
export function windowList(windows: readonly ScreenWindow[], current: ScreenWindow | undefined, choose: (window: ScreenWindow) => void): Overlay {
  let at = Math.max(0, windows.findIndex((window) => window === current));
  return {
    rows: (display) => [
      ` Num Name${' '.repeat(Math.max(1, display.columns - 14))}Flags`, '',
      ...windows.map((window, index) => {
        const text = ` ${String(window.number).padStart(3)} ${window.title}`.padEnd(display.columns - 1).slice(0, display.columns - 1);
        const row = `${text}$`;
        return index === at ? `\x1b[7m${row}\x1b[0m` : row;
      }),
    ],
    cursor: () => [0, at + 2],
    key: (_display, key) => {
      if (/^\x1b[[O]A$/.test(key) || key === 'k' || key === '\x10') at = Math.max(0, at - 1);
      else if (/^\x1b[[O]B$/.test(key) || key === 'j' || key === '\x0e') at = Math.min(windows.length - 1, at + 1);
      else if (/^\d$/.test(key)) {
        const wanted = windows.findIndex((window) => window.number === Number(key));
        if (wanted >= 0) at = wanted;
      } else if (key === '\r' || key === '\n' || key === ' ') {
        choose(windows[at]!);
        return true;
      } else return key === '\x1b' || key === '\x07' || key === 'q';
      return false;
    },
  };
}

/** Ctrl+A [ : goes through the scrollback; two Spaces copy. Lines are counted from the oldest. */
export function copyMode(window: ScreenWindow, ended: (copied: string | undefined) => void, say: (text: string) => void): Overlay {
  const buffer = window.terminal.xterm.buffer.active;
  const { baseY } = buffer;
  const total = baseY + window.terminal.xterm.rows;
  let top = baseY;
  let row = baseY + buffer.cursorY;
  let column = buffer.cursorX;
  let mark: { row: number; column: number } | undefined;
  let search = '';
  let typing: string | undefined;
  const height = window.terminal.xterm.rows;
  const clampTop = (): void => {
    if (row < top) top = row;
    else if (row >= top + height) top = row - height + 1;
    top = Math.max(0, Math.min(baseY, top));
  };
  /** What is seen moves as far as the cursor does. */
  const scroll = (by: number): void => {
    row = Math.max(0, Math.min(total - 1, row + by));
    top = Math.max(0, Math.min(baseY, top + by));
  };
  const find = (direction: 1 | -1): void => {
    for (let line = row + direction; line >= 0 && line < total; line += direction) {
      const at = plainRow(window.terminal, line).indexOf(search);
      if (at < 0) continue;
      row = line;
      column = at;
      return;
    }
    say('Pattern not found');
  };
  return {
    rows: (display) => {
      clampTop();
      const rows = Array.from({ length: height }, (_, y) => {
        const index = top + y;
        if (mark !== undefined && index >= Math.min(mark.row, row) && index <= Math.max(mark.row, row)) {
          const [first, last] = mark.row < row || (mark.row === row && mark.column <= column) ? [mark, { row, column }] : [{ row, column }, mark];
          const text = plainRow(window.terminal, index).padEnd(display.columns).slice(0, display.columns);
          const from = index === first.row ? first.column : 0;
          const to = index === last.row ? last.column + 1 : plainRow(window.terminal, index).length;
          return `${text.slice(0, from)}\x1b[7m${text.slice(from, to)}\x1b[0m${text.slice(Math.max(from, to)).trimEnd()}`;
        }
        return rowOf(window.terminal, index, display.columns);
      });
      if (typing !== undefined) rows[height - 1] = `\x1b[7m${typing}\x1b[0m`;
      return rows;
    },
    cursor: (display) => [Math.min(column, display.columns - 1), Math.min(row - top, display.rows - 1)],
    key: (_display, key) => {
      if (typing !== undefined) {
        if (key === '\r' || key === '\n') {
          const direction = typing.startsWith('/') ? 1 : -1;
          search = typing.slice(1) === '' ? search : typing.slice(1);
          typing = undefined;
          if (search !== '') find(direction);
        } else if (key === '\x7f' || key === '\b') typing = typing.length > 1 ? typing.slice(0, -1) : undefined;
        else if (key === '\x1b' || key === '\x07') typing = undefined;
        else typing += key;
        return false;
      }
      const line = plainRow(window.terminal, row);
      const last = window.terminal.xterm.cols - 1;
      switch (key) {
        case 'h': case '\x08': case '\x1b[D': case '\x1bOD': column = Math.max(0, column - 1); break;
        case 'l': case '\x1b[C': case '\x1bOC': column = Math.min(last, column + 1); break;
        case 'k': case '\x10': case '\x1b[A': case '\x1bOA': row = Math.max(0, row - 1); break;
        case 'j': case '\n': case '\x0e': case '\x1b[B': case '\x1bOB': row = Math.min(total - 1, row + 1); break;
        case '0': case '\x1b[H': case '\x1bOH': case '\x1b[1~': column = 0; break;
        case '$': case '\x1b[F': case '\x1bOF': case '\x1b[4~': column = Math.max(0, line.length - 1); break;
        case '^': column = Math.max(0, line.search(/\S/)); break;
        case '\x02': case '\x1b[5~': scroll(-height); break;
        case '\x06': case '\x1b[6~': scroll(height); break;
        case '\x15': scroll(-Math.floor(height / 2)); break;
        case '\x04': scroll(Math.floor(height / 2)); break;
        case 'g': row = 0; column = 0; break;
        case 'G': row = total - 1; column = 0; break;
        case 'H': row = top; column = 0; break;
        case 'M': row = top + Math.floor((height - 1) / 2); column = 0; break;
        case 'L': row = top + height - 1; column = 0; break;
        case 'w': {
          const next = /^\S*\s+/.exec(line.slice(column));
          if (next !== null && column + next[0].length < line.length) column += next[0].length;
          else if (row < total - 1) {
            row += 1;
            column = 0;
          }
          break;
        }
        case 'b': column = line.slice(0, column).replace(/\S+\s*$/, '').length; break;
        case '/': case '?': typing = key; break;
        case 'n': if (search !== '') find(1); break;
        case 'N': if (search !== '') find(-1); break;
        case ' ': case '\r':
          if (mark === undefined) {
            mark = { row, column };
            say(`First mark set - Column ${column + 1} Line ${row - baseY + 1}`);
            break;
          }
          ended(copied(window, mark, { row, column }));
          return true;
        case '\x1b': case 'q': case '\x07': case '\x03':
          ended(undefined);
          return true;
        default:
      }
      clampTop();
      return false;
    },
  };
}

function copied(window: ScreenWindow, a: { row: number; column: number }, b: { row: number; column: number }): string {
  const [from, to] = a.row < b.row || (a.row === b.row && a.column <= b.column) ? [a, b] : [b, a];
  const rows: string[] = [];
  for (let row = from.row; row <= to.row; row += 1) {
    const text = plainRow(window.terminal, row);
    rows.push(text.slice(row === from.row ? from.column : 0, row === to.row ? to.column + 1 : undefined));
  }
  return rows.join('\n');
}
