/** Go's text/tabwriter: cells end in a tab, and a column is as wide as its widest cell among lines that follow each other. Widths count characters. */

export interface TabStyle { readonly minimumWidth: number; readonly padding: number }

/** `get` and other tables (cli-runtime printers.GetNewTabWriter), and `describe`. */
export const TABLE: TabStyle = { minimumWidth: 6, padding: 3 };
export const DESCRIBE: TabStyle = { minimumWidth: 0, padding: 2 };

export class TabWriter {
  private readonly style: TabStyle;
  /** RememberWidths: a watch keeps the columns of what it has printed. */
  private remembered: number[] = [];

  constructor(style: TabStyle) {
    this.style = style;
  }

  /** Aligned text; `remember` keeps the outermost widths for the next call. */
  format(text: string, remember = false): string {
    const lines = text.split('\n').map((line) => line.split('\t'));
    const out: string[] = [];
    this.block(lines, 0, lines.length, [], out, remember);
    return out.join('\n');
  }

  private block(lines: readonly string[][], from: number, to: number, widths: readonly number[], out: string[], remember: boolean): void {
    const column = widths.length;
    let start = from;
    for (let at = from; at < to; at++) {
      if (column >= lines[at]!.length - 1) continue;
      write(lines, start, at, widths, out);
      start = at;
      let width = Math.max(this.style.minimumWidth, remember ? (this.remembered[column] ?? 0) : 0);
      while (at < to && column < lines[at]!.length - 1) {
        width = Math.max(width, [...lines[at]![column]!].length + this.style.padding);
        at += 1;
      }
      if (remember) this.remembered[column] = width;
      this.block(lines, start, at, [...widths, width], out, remember);
      start = at;
      at -= 1;
    }
    write(lines, start, to, widths, out);
  }
}

function write(lines: readonly string[][], from: number, to: number, widths: readonly number[], out: string[]): void {
  for (const cells of lines.slice(from, to)) out.push(cells.map((cell, column) => (column < widths.length ? cell + ' '.repeat(Math.max(0, widths[column]! - [...cell].length)) : cell)).join(''));
}
