/** The column layout of ss. Read first: misc/ss.c, columns[] and render_calc_width(). */

interface Column { readonly title: string; readonly delimiter: string; readonly isRight: boolean; isHidden: boolean; longest: number; width: number }

export class Table {
  private readonly columns: Column[];
  private readonly rows: (readonly string[])[] = [];

  constructor(options: { netid: boolean; state: boolean; header: boolean }) {
    const column = (title: string, delimiter: string, isRight = false, isHidden = false): Column => ({ title, delimiter, isRight, isHidden, longest: 0, width: 0 });
    this.columns = [
      column('Netid', '', false, !options.netid), column('State', ' ', false, !options.state), column('Recv-Q', ' '), column('Send-Q', ' '),
      column('Local Address:', ' ', true), column('Port', ''), column('Peer Address:', ' ', true), column('Port', ''), column('Process', ''),
    ];
    if (options.header) this.row(this.columns.map((each) => each.title));
  }

  row(cells: readonly string[]): void {
    this.rows.push(cells);
    cells.forEach((cell, index) => {
      const column = this.columns[index]!;
      // A line break inside a cell ends what counts for the width.
      column.longest = Math.max(column.longest, ...cell.split('\n').slice(0, 1).map((line) => line.length));
    });
  }

  /** `screenWidth`: spread the columns over it, as on a terminal. */
  render(screenWidth: number | undefined): string {
    this.calculate(screenWidth);
    const shown = this.columns.filter((column) => !column.isHidden);
    return this.rows.map((row) => {
      let line = '';
      let isStarted = false;
      for (const [index, column] of this.columns.entries()) {
        if (column.isHidden || !shown.includes(column)) continue;
        const cell = row[index] ?? '';
        const lead = isStarted ? column.delimiter : '';
        isStarted = true;
        const room = Math.max(0, column.width - lead.length - cell.length);
        line += lead + (column.isRight ? ' '.repeat(room) + cell : cell + ' '.repeat(room));
      }
      return `${line}\n`;
    }).join('');
  }

  private calculate(screenWidth: number | undefined): void {
    const shown = this.columns.filter((column) => !column.isHidden);
    let isFirst = true;
    for (const column of shown) {
      column.width = column.longest + (!isFirst && column.longest > 0 ? column.delimiter.length : 0);
      if (screenWidth !== undefined) column.width = Math.min(column.width, screenWidth);
      if (column.width > 0) isFirst = false;
    }
    if (screenWidth === undefined) return;
    const used = shown.filter((column) => column.width > 0);
    let line: Column[] = [];
    let length = 0;
    const spread = (columns: Column[], taken: number): void => {
      const pad = screenWidth - taken;
      if (pad <= 0 || columns.length === 0) return;
      let remainder = pad % columns.length;
      for (const column of [...columns].reverse()) {
        column.width += Math.floor(pad / columns.length) + (remainder > 0 ? 1 : 0);
        if (remainder > 0) remainder -= 1;
      }
    };
    for (const [index, column] of used.entries()) {
      if (length + column.width > screenWidth && line.length > 0) {
        spread(line, length);
        line = [];
        length = 0;
      }
      line.push(column);
      length += column.width;
      if (index === used.length - 1) spread(line, length);
    }
  }
}
