/** A window's cells as rows a terminal can be sent: text with colours, trailing blanks left out. Read first: ECMA-48 SGR. */
import type { VirtualTerminal } from '../../terminal/virtual-terminal.ts';

type Buffer = VirtualTerminal['xterm']['buffer']['active'];
type Line = NonNullable<ReturnType<Buffer['getLine']>>;

/** Row `index` counts from the top of the scrollback. */
export function rowOf(terminal: VirtualTerminal, index: number, columns: number): string {
  const line = terminal.xterm.buffer.active.getLine(index);
  if (line === undefined) return '';
  return lineText(line, Math.min(columns, terminal.xterm.cols));
}

export function plainRow(terminal: VirtualTerminal, index: number): string {
  return terminal.xterm.buffer.active.getLine(index)?.translateToString(true) ?? '';
}

function lineText(line: Line, columns: number): string {
  let out = '';
  let style = '';
  let end = columns;
  const cell = line.getCell(0);
  if (cell === undefined) return '';
  // Find the last cell that shows something.
  while (end > 0) {
    const last = line.getCell(end - 1, cell);
    if (last === undefined || ((last.getChars() === '' || last.getChars() === ' ') && last.isBgDefault() && last.isInverse() === 0 && last.isUnderline() === 0)) end -= 1;
    else break;
  }
  for (let x = 0; x < end; x += 1) {
    const here = line.getCell(x, cell);
    if (here === undefined) break;
    if (here.getWidth() === 0) continue;
    const wanted = styleOf(here);
    if (wanted !== style) {
      out += wanted === '' ? '\x1b[0m' : `\x1b[0;${wanted}m`;
      style = wanted;
    }
    out += here.getChars() === '' ? ' ' : here.getChars();
  }
  return style === '' ? out : `${out}\x1b[0m`;
}

function styleOf(cell: NonNullable<ReturnType<Line['getCell']>>): string {
  const codes: string[] = [];
  if (cell.isBold() !== 0) codes.push('1');
  if (cell.isDim() !== 0) codes.push('2');
  if (cell.isItalic() !== 0) codes.push('3');
  if (cell.isUnderline() !== 0) codes.push('4');
  if (cell.isBlink() !== 0) codes.push('5');
  if (cell.isInverse() !== 0) codes.push('7');
  if (cell.isInvisible() !== 0) codes.push('8');
  if (!cell.isFgDefault()) codes.push(colour(cell.getFgColor(), cell.isFgRGB(), 3));
  if (!cell.isBgDefault()) codes.push(colour(cell.getBgColor(), cell.isBgRGB(), 4));
  return codes.join(';');
}

function colour(value: number, isTrueColour: boolean, base: 3 | 4): string {
  if (isTrueColour) return `${base}8;2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`;
  if (value < 8) return `${base}${value}`;
  if (value < 16) return `${base === 3 ? 9 : 10}${value - 8}`;
  return `${base}8;5;${value}`;
}
