/** look and colrm of util-linux 2.38. Read first: look(1), colrm(1). */
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { linesOf, readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { characterWidth } from '../../terminal/width.ts';
import { defineCommand } from '../define.ts';

const WORDS = '/usr/share/dict/words';

export const look = defineCommand({
  name: 'look', summary: 'show lines that begin with a text', package: 'bsdextrautils',
  run: async (call) => {
    const options = parseOptions(call.args, { short: 'adft:hV', long: { alternative: 'none=a', alphanum: 'none=d', 'ignore-case': 'none=f', terminate: 'required=t', help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined || (options.operands.length === 0 && !options.has('h') && !options.has('V'))) {
      call.err(`look: ${options.error ?? 'bad usage'}\nTry 'look --help' for more information.`);
      return 1;
    }
    if (options.has('h') || options.has('V')) {
      call.write(options.has('h') ? lookHelp : 'look from util-linux 2.38.1\n');
      return 0;
    }
    const [asked = '', file = WORDS] = options.operands;
    const isDictionary = options.operands.length < 2;
    const end = options.value('t');
    const text = end === undefined || !asked.includes(end) ? asked : asked.slice(0, asked.indexOf(end) + 1);
    const compared = (line: string): string => {
      const kept = options.has('d') || isDictionary ? line.replace(/[^A-Za-z0-9 \t]/g, '') : line;
      return options.has('f') || isDictionary ? kept.toLowerCase() : kept;
    };
    const got = await readWhole(call.sys, file);
    if (!got.ok) {
      call.err(`look: ${file}: ${strerror(got.error)}`);
      return 1;
    }
    const wanted = compared(text);
    const found = fromUtf8(got.value).split('\n').filter((line) => line !== '' && compared(line).startsWith(wanted));
    for (const line of found) call.out(line);
    return found.length > 0 ? 0 : 1;
  },
});

export const colrm = defineCommand({
  name: 'colrm', summary: 'remove columns of lines', package: 'bsdextrautils',
  run: async (call) => {
    const options = parseOptions(call.args, { short: 'hV', long: { help: 'none=h', version: 'none=V' } });
    if (options.error !== undefined) {
      call.err(`colrm: ${options.error}\nTry 'colrm --help' for more information.`);
      return 1;
    }
    if (options.has('h') || options.has('V')) {
      call.write(options.has('h') ? colrmHelp : 'colrm from util-linux 2.38.1\n');
      return 0;
    }
    for (const [index, word] of options.operands.slice(0, 2).entries()) {
      if (/^\d+$/.test(word)) continue;
      call.err(`colrm: ${index === 0 ? 'first' : 'second'} argument: '${word}'`);
      return 1;
    }
    const [first = 0, last = 0] = options.operands.map(Number);
    for await (const { text, isTerminated } of linesOf(call.sys, 0)) call.write(`${first === 0 ? text : withoutColumns(text, first, last)}${isTerminated ? '\n' : ''}`);
    return 0;
  },
});

/** `last` 0: to the end of the line. A tab that reaches into what stays is blanks there. */
function withoutColumns(line: string, first: number, last: number): string {
  let shown = '';
  let column = 0;
  for (const character of line) {
    if (character === '\b') {
      column = Math.max(0, column - 1);
      if (column < first) shown += character;
      continue;
    }
    const before = column;
    column += character === '\t' ? 8 - (column % 8) : characterWidth(character);
    if (column < first) shown += character;
    else if (character === '\t' && before + 1 < first) shown += ' '.repeat(first - 1 - before);
    else if (last > 0 && before >= last) shown += character;
    else if (last > 0 && column > last) shown += ' '.repeat(column - Math.max(last, before));
  }
  return shown;
}

const lookHelp = `
Usage:
 look [options] <string> [<file>...]

Display lines beginning with a specified string.

Options:
 -a, --alternative        use the alternative dictionary
 -d, --alphanum           compare only blanks and alphanumeric characters
 -f, --ignore-case        ignore case differences when comparing
 -t, --terminate <char>   define the string-termination character

 -h, --help               display this help
 -V, --version            display version

For more details see look(1).
`;
const colrmHelp = `
Usage:
 colrm [startcol [endcol]]

Filter out the specified columns.

Options:
 -h, --help     display this help
 -V, --version  display version
colrm reads from standard input and writes to standard output


For more details see colrm(1).
`;
