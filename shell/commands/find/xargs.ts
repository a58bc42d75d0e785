/** xargs(1) of findutils 4.9. Read first: xargs(1). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions } from '../../lib/getopt.ts';
import { utf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated } from '../define.ts';
import { statusCode } from '../system/run.ts';

export const xargs = defineCommand({
  name: 'xargs', summary: 'build and run command lines', package: 'findutils',
  run: async (call) => {
    const options = parseOptions(call.args, { short: '+0a:d:E:I:i::L:n:P:prs:tx', long: { eof: 'required=E', 'max-chars': 'required=s', exit: 'none=x', null: 'none=0', 'arg-file': 'required=a', delimiter: 'required=d', replace: 'optional=I', 'max-lines': 'optional=L', 'max-args': 'required=n', 'max-procs': 'required=P', 'no-run-if-empty': 'none=r', verbose: 'none=t', interactive: 'none=p' } });
    if (options.error !== undefined) {
      call.err(`xargs: ${options.error}\nTry 'xargs --help' for more information.`);
      return 1;
    }
    for (const name of ['n', 'L', 's']) {
      const given = options.value(name);
      if (given === undefined || /^[1-9]\d*$/.test(given)) continue;
      const problem = /^0+$/.test(given) ? `value ${given} for -${name} option should be >= 1` : `invalid number "${given}" for -${name} option`;
      call.err(`xargs: ${problem}\nTry 'xargs --help' for more information.`);
      return 1;
    }
    if (options.has('p')) return notSimulated(call, 'option -p');
    const file = options.value('a');
    const input = file === undefined ? { ok: true as const, value: await call.stdinText() } : await call.sys.readText(file);
    if (!input.ok) {
      call.err(`xargs: Cannot open input file ‘${file!}’: ${strerror(input.error)}`);
      return 1;
    }
    const replace = options.has('I') ? options.value('I') ?? '{}' : options.has('i') ? options.value('i') ?? '{}' : undefined;
    const delimiter = options.has('0') ? '\0' : options.value('d')?.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\0', '\0');
    const items = splitInput(input.value, delimiter, replace !== undefined || options.has('L'));
    if (typeof items === 'string') {
      call.err(`xargs: ${items}`);
      return 1;
    }
    const command = options.operands.length === 0 ? ['echo'] : options.operands;
    const lines: string[][] = [];
    if (replace !== undefined) for (const item of items) lines.push(command.map((word) => word.replaceAll(replace, item)));
    else {
      const most = Number(options.value('n') ?? options.value('L') ?? Number.MAX_SAFE_INTEGER);
      const bytes = Number(options.value('s') ?? Number.MAX_SAFE_INTEGER);
      const end = delimiter === undefined && options.has('E') ? items.indexOf(options.value('E')!) : -1;
      const words = end === -1 ? items : items.slice(0, end);
      for (let at = 0; at < words.length;) {
        const chunk: string[] = [];
        for (let size = sizeOf(command); at < words.length && chunk.length < most; at += 1) {
          size += sizeOf([words[at]!]);
          if (size > bytes) break;
          chunk.push(words[at]!);
        }
        if (chunk.length === 0 || (options.has('x') && chunk.length < most && at < words.length)) {
          call.err(`xargs: ${chunk.length === 0 ? 'cannot fit single argument within argument list size limit' : 'argument list too long'}`);
          return 1;
        }
        lines.push([...command, ...(options.has('L') ? chunk.flatMap((line) => line.trim().split(/[ \t]+/)) : chunk)]);
      }
      if (words.length === 0 && !options.has('r')) lines.push([...command]);
    }
    let code: ExitCode = 0;
    const { sys } = call;
    const nothing = await sys.open('/dev/null', { read: true });
    for (const argv of lines) {
      if (options.has('t')) call.err(argv.join(' '));
      await call.flush();
      const program = sys.findProgram(argv[0]!);
      const child = program.ok ? await sys.spawn(program.value, { argv, fds: new Map([[0, nothing.ok ? nothing.value : 0], [1, 1], [2, 2]]) }) : program;
      if (!child.ok) {
        call.err(`xargs: ${argv[0]!}: ${strerror(child.error)}`);
        return child.error === 'ENOENT' ? 127 : 126;
      }
      const done = await sys.wait(child.value);
      if (!done.ok || done.value === undefined) continue;
      const { status } = done.value;
      if (status.kind === 'signalled') {
        call.err(`xargs: ${argv[0]!}: terminated by signal ${statusCode(status) - 128}`);
        return 125;
      }
      const result = statusCode(status);
      if (result === 255) {
        call.err(`xargs: ${argv[0]!}: exited with status 255; aborting`);
        return 124;
      }
      if (result !== 0) code = 123;
    }
    return code;
  },
});

/** Each word ends in a zero byte, as the kernel counts them. */
function sizeOf(words: readonly string[]): number {
  return words.reduce((size, word) => size + utf8(word).length + 1, 0);
}

function splitInput(text: string, delimiter: string | undefined, byLines: boolean): string[] | string {
  if (delimiter !== undefined) return (text.endsWith(delimiter) ? text.slice(0, -delimiter.length) : text).split(delimiter).filter((item, index, all) => all.length > 1 || item !== '');
  if (byLines) return text.split('\n').map((line) => line.replace(/^[ \t]+/, '')).filter((line) => line !== '');
  const items: string[] = [];
  let item: string | undefined;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i]!;
    if (character === "'" || character === '"') {
      const end = text.indexOf(character, i + 1);
      const newline = text.indexOf('\n', i + 1);
      if (end === -1 || (newline !== -1 && newline < end)) return `unmatched ${character === "'" ? 'single' : 'double'} quote; by default quotes are special to xargs unless you use the -0 option`;
      item = (item ?? '') + text.slice(i + 1, end);
      i = end;
    } else if (character === '\\') {
      i += 1;
      item = (item ?? '') + (text[i] ?? '');
    } else if (/\s/.test(character)) {
      if (item !== undefined) items.push(item);
      item = undefined;
    } else item = (item ?? '') + character;
  }
  if (item !== undefined) items.push(item);
  return items;
}
