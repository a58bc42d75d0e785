/** column(1) of util-linux 2.38: lists in columns, tables, tables as JSON. Read first: column(1); text-utils/column.c of util-linux. */
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { textWidth } from '../../terminal/width.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { help } from './help.ts';

class Wrong extends Error {}

interface Column {
  readonly name: string | undefined;
  isRight: boolean;
  isHidden: boolean;
  /** Its width does not follow the widest cell. */
  isExtreme: boolean;
}

const TABLE_ONLY = ['n', 'O', 'N', 'l', 'E', 'd', 'e', 'H', 'R', 'T', 'W', 'L'];

export const column = defineCommand({
  name: 'column', summary: 'arrange lines in columns', package: 'bsdextrautils',
  run: async (call) => {
    const options = parseOptions(call.args, {
      short: 'dE:eH:hi:Jl:LN:n:O:o:p:R:r:s:T:tVW:c:x',
      long: {
        columns: 'required=c', 'fillrows': 'none=x', help: 'none=h', json: 'none=J', 'keep-empty-lines': 'none=L', 'output-separator': 'required=o', 'output-width': 'required=c', separator: 'required=s',
        table: 'none=t', 'table-columns': 'required=N', 'table-columns-limit': 'required=l', 'table-header-repeat': 'none=e', 'table-hide': 'required=H', 'table-name': 'required=n', 'table-noextreme': 'required=E',
        'table-noheadings': 'none=d', 'table-order': 'required=O', 'table-right': 'required=R', 'table-truncate': 'required=T', 'table-wrap': 'required=W', 'table-empty-lines': 'none=L',
        tree: 'required=r', 'tree-id': 'required=i', 'tree-parent': 'required=p', version: 'none=V',
      },
    });
    try {
      if (options.error !== undefined) throw new Wrong(`${options.error}\nTry 'column --help' for more information.`);
      if (options.has('h')) {
        call.write(help);
        return 0;
      }
      if (options.has('V')) {
        call.out('column from util-linux 2.38.1');
        return 0;
      }
      const isTable = options.has('t') || options.has('J');
      if (isTable && options.has('x')) throw new Wrong('mutually exclusive arguments: --table --fillrows');
      if (!isTable && TABLE_ONLY.some((name) => options.has(name))) throw new Wrong('option --table required for all --table-*');
      if (options.has('J') && !options.has('N')) throw new Wrong('option --table-columns required for --json');
      if (options.has('r') && !(options.has('i') && options.has('p'))) throw new Wrong('options --tree-id and --tree-parent are required for tree formatting');
      if (options.has('r')) return notSimulated(call, 'option --tree');
      const width = outputWidth(call, options);
      const limit = options.has('l') ? columnsLimit(options.value('l')!) : Number.POSITIVE_INFINITY;
      const { lines, isRead } = await readLines(call, options);
      if (lines.length > 0 && isTable) return table(call, options, lines, limit);
      if (lines.length > 0) list(call, lines, width, options.has('x'));
      return isRead ? 0 : 1;
    } catch (problem) {
      if (!(problem instanceof Wrong)) throw problem;
      call.err(`column: ${problem.message}`);
      return 1;
    }
  },
});

function outputWidth(call: Invocation, options: ParsedOptions): number {
  const given = options.value('c');
  if (given !== undefined && !/^\d+$/.test(given)) throw new Wrong(`invalid columns argument: '${given}'`);
  return Number(given ?? call.env.get('COLUMNS') ?? '80');
}

function columnsLimit(given: string): number {
  if (!/^\d+$/.test(given)) throw new Wrong(`invalid columns limit argument: '${given}'`);
  if (Number(given) === 0) throw new Wrong('columns limit must be greater than zero');
  return Number(given);
}

async function readLines(call: Invocation, options: ParsedOptions): Promise<{ lines: string[]; isRead: boolean }> {
  const lines: string[] = [];
  let isRead = true;
  for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
    const got = await readWhole(call.sys, path);
    if (!got.ok) {
      call.err(`column: ${path}: ${strerror(got.error)}`);
      isRead = false;
      continue;
    }
    const text = fromUtf8(got.value);
    lines.push(...(text.endsWith('\n') ? text.slice(0, -1) : text).split('\n').filter((line) => options.has('L') || line.trim() !== ''));
  }
  return { lines, isRead };
}

function list(call: Invocation, lines: readonly string[], total: number, fillsRows: boolean): void {
  const width = (Math.floor(Math.max(...lines.map(textWidth)) / 8) + 1) * 8;
  const columns = Math.max(1, Math.floor(total / width));
  const rows = Math.ceil(lines.length / columns);
  for (let row = 0; row < rows; row += 1) {
    const cells = fillsRows ? lines.slice(row * columns, (row + 1) * columns) : lines.filter((_, index) => index % rows === row);
    call.out(cells.map((cell, index) => (index === cells.length - 1 ? cell : cell + '\t'.repeat(Math.ceil((width - textWidth(cell)) / 8)))).join(''));
  }
}

function table(call: Invocation, options: ParsedOptions, lines: readonly string[], limit: number): number {
  const separator = options.value('s');
  const rows = lines.map((line) => cellsOf(line, separator, limit));
  const names = options.value('N')?.split(',') ?? [];
  const columns: Column[] = Array.from({ length: Math.max(names.length, ...rows.map((row) => row.length)) }, (_, index) => ({ name: names[index], isRight: false, isHidden: false, isExtreme: false }));
  for (const index of chosen(columns, options.value('R'))) columns[index]!.isRight = true;
  for (const index of chosen(columns, options.value('H'))) columns[index]!.isHidden = true;
  for (const index of chosen(columns, options.value('E'))) columns[index]!.isExtreme = true;
  const first = chosen(columns, options.value('O'));
  const order = [...first, ...columns.keys()].filter((index, at, all) => all.indexOf(index) === at && !columns[index]!.isHidden);
  if (options.has('J')) {
    const unnamed = rows.findIndex((row) => row.length > names.length);
    if (unnamed !== -1) throw new Wrong(`line ${unnamed + 1}: for JSON the name of the column ${names.length + 1} is required`);
    const objects = rows.map((row) => `      {\n${order.map((index) => `         ${JSON.stringify(names[index])}: ${row[index] === undefined ? 'null' : JSON.stringify(row[index])}`).join(',\n')}\n      }`.trimStart());
    call.out(`{\n   ${JSON.stringify(options.value('n') ?? 'table')}: [\n      ${objects.join(',')}\n   ]\n}`);
    return 0;
  }
  if (options.has('N') && !options.has('d')) rows.unshift([...names]);
  const widths = columns.map((_, index) => Math.max(0, ...rows.map((row) => textWidth(row[index] ?? ''))));
  const gap = options.value('o') ?? '  ';
  const whole = order.reduce((sum, index) => sum + widths[index]!, gap.length * (order.length - 1));
  const squeezes = ['T', 'W', 'E'].find((name) => options.has(name));
  if (squeezes !== undefined && options.has('c') && whole > Number(options.value('c'))) return notSimulated(call, `option -${squeezes} in a table wider than -c`);
  for (const row of rows) {
    call.out(order.map((index, at) => {
      const cell = row[index] ?? '';
      const padding = ' '.repeat(widths[index]! - textWidth(cell));
      if (columns[index]!.isRight) return padding + cell;
      return at === order.length - 1 ? cell : cell + padding;
    }).join(gap));
  }
  return 0;
}

/** Blanks in a row part two cells once; separators of one's own part each time. The last of a limited number of columns takes the rest. */
function cellsOf(line: string, separator: string | undefined, limit: number): string[] {
  const isOwn = separator !== undefined;
  const letters = separator ?? ' \t';
  const cells: string[] = [];
  let rest = isOwn ? line : line.trim();
  while (cells.length + 1 < limit) {
    const end = [...rest].findIndex((letter) => letters.includes(letter));
    if (end === -1) break;
    const at = [...rest].slice(0, end).join('').length;
    cells.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
    while (!isOwn && rest !== '' && letters.includes(rest[0]!)) rest = rest.slice(1);
  }
  return [...cells, rest];
}

/** Columns by number or name; 0 is all of them, and numbers of columns that are not there say nothing. */
function chosen(columns: readonly Column[], list: string | undefined): number[] {
  if (list === undefined) return [];
  return list.split(',').flatMap((word) => {
    if (word === '0') return [...columns.keys()];
    if (/^\d+$/.test(word)) return Number(word) <= columns.length ? [Number(word) - 1] : [];
    const index = columns.findIndex(({ name }) => name === word);
    if (index === -1) throw new Wrong(`undefined column name '${word}'`);
    return [index];
  });
}
