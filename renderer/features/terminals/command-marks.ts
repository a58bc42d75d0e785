/**
 * Where commands began on a terminal's screen, for the dots in its gutter. The lab tells of commands by their line; the screen is searched
 * for it, downwards from the last one found, so that a resumed or reset lab gets its dots too. https://xtermjs.org/docs/api/terminal/interfaces/imarker/
 */
import type { IMarker, Terminal } from '@xterm/xterm';
import type { CommandMark } from '../../../contracts/lab.ts';

interface Placed { readonly id: number; readonly marker: IMarker; mark: CommandMark }
export interface VisibleMark { readonly id: number; readonly row: number; readonly exit: number | null; readonly line: string; readonly isPointed: boolean }

/** A command not found in this many rows was cleared away, or typed in a program of its own screen. */
const ROWS_SEARCHED = 2000;
const TRIES = 6;

export class CommandMarks {
  private readonly xterm: Terminal;
  private placed: Placed[] = [];
  private readonly tries = new Map<number, number>();
  private pointed: number | undefined;

  constructor(xterm: Terminal) {
    this.xterm = xterm;
  }

  /** Called when commands are told of and again when something was drawn: an echo may be drawn later than the command is told of. */
  update(marks: readonly CommandMark[]): void {
    if (this.xterm.buffer.active.type !== 'normal') return;
    this.placed = this.placed.filter(({ marker }) => !marker.isDisposed);
    for (const entry of this.placed) entry.mark = marks.find(({ id }) => id === entry.id) ?? entry.mark;
    const buffer = this.xterm.buffer.normal;
    const bottom = buffer.baseY + buffer.cursorY;
    let row = Math.max(bottom - ROWS_SEARCHED, (this.placed.at(-1)?.marker.line ?? -1) + 1, 0);
    for (const mark of marks) {
      const tries = this.tries.get(mark.id) ?? 0;
      if (tries >= TRIES) continue;
      const found = this.find(squeeze(mark.line), row, bottom);
      this.tries.set(mark.id, found === undefined ? tries + 1 : TRIES);
      if (found === undefined) continue;
      const marker = this.xterm.registerMarker(found - bottom);
      if (marker !== undefined) this.placed.push({ id: mark.id, marker, mark });
      row = found + 1;
    }
  }

  clear(): void {
    for (const { marker } of this.placed) marker.dispose();
    this.placed = [];
    this.tries.clear();
  }

  visible(): VisibleMark[] {
    const buffer = this.xterm.buffer.active;
    if (buffer.type !== 'normal') return [];
    return this.placed.flatMap(({ id, marker, mark }) => {
      const row = marker.line - buffer.viewportY;
      return marker.isDisposed || row < 0 || row >= this.xterm.rows ? [] : [{ id, row, exit: mark.endedAtMs === null ? null : mark.exit, line: mark.line, isPointed: id === this.pointed }];
    });
  }

  /** Scrolls to the newest run of that line. */
  reveal(line: string): boolean {
    const found = this.placed.findLast(({ mark, marker }) => !marker.isDisposed && squeeze(mark.line) === squeeze(line));
    if (found === undefined) return false;
    this.pointed = found.id;
    this.xterm.scrollToLine(Math.max(0, found.marker.line - 2));
    return true;
  }
  unpoint(): void {
    this.pointed = undefined;
  }

  private find(line: string, from: number, to: number): number | undefined {
    const buffer = this.xterm.buffer.normal;
    for (let row = from; row <= to; row++) {
      if (buffer.getLine(row)?.isWrapped === true) continue;
      let text = buffer.getLine(row)?.translateToString(true) ?? '';
      for (let next = row + 1; buffer.getLine(next)?.isWrapped === true; next++) text += buffer.getLine(next)!.translateToString(true);
      const typed = squeeze(text);
      // Before the command stands a prompt; the command itself may be a part of a line that was typed as one.
      if (/[$#>] /.test(typed) && typed.endsWith(` ${line}`)) return row;
    }
    return undefined;
  }
}

function squeeze(line: string): string {
  return line.trim().replace(/\s+/g, ' ').replace(/\s*\|\s*/g, ' | ');
}
