/** cat, tac, head, tail, tee, wc, nl, yes, seq: what passes lines on. Read first: coreutils manual, chapters 3 to 6. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { compileRegex } from '../../lib/regex/regex.ts';
import { closeInput, linesOf, openInput, readWhole } from '../../lib/input.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';
import { characterWidth } from '../../terminal/width.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { formatOne } from '../system/facts.ts';
import { named, quoted } from './quote.ts';

export const cat = defineCommand({
  name: 'cat', summary: 'concatenate files', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'benstuvAET', long: { number: 'none=n', 'number-nonblank': 'none=b', 'squeeze-blank': 'none=s', 'show-all': 'none=A', 'show-ends': 'none=E', 'show-tabs': 'none=T', 'show-nonprinting': 'none=v' } });
    if (options === undefined) return 1;
    const has = (letters: string): boolean => [...letters].some((letter) => options.has(letter));
    const style = { numbers: has('n') && !has('b'), nonBlank: has('b'), squeeze: has('s'), ends: has('AEe'), tabs: has('ATt'), visible: has('Avet') };
    const isPlain = !Object.values(style).includes(true);
    let code: ExitCode = 0;
    let number = 0;
    let blanks = 0;
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const opened = await openInput(call.sys, path);
      if (!opened.ok) {
        call.err(`cat: ${path}: ${strerror(opened.error)}`);
        code = 1;
        continue;
      }
      if (isPlain) {
        for (;;) {
          const got = await call.sys.read(opened.value, 65536);
          if (!got.ok) {
            if (got.error === 'EINTR') continue;
            call.err(`cat: ${path}: ${strerror(got.error)}`);
            code = 1;
            break;
          }
          if (got.value.length === 0) break;
          call.write(got.value);
          await call.flush();
        }
      } else {
        const reader = linesOf(call.sys, opened.value);
        let step = await reader.next();
        for (; step.done !== true; step = await reader.next()) {
          const { text, isTerminated } = step.value;
          blanks = text === '' ? blanks + 1 : 0;
          if (style.squeeze && blanks > 1) continue;
          const counts = style.numbers || (style.nonBlank && text !== '');
          if (counts) number += 1;
          const body = style.visible ? visible(text) : text;
          call.write(`${counts ? `${String(number).padStart(6)}\t` : ''}${style.tabs ? body.replaceAll('\t', '^I') : body}${isTerminated ? `${style.ends ? '$' : ''}\n` : ''}`);
          await call.flush();
        }
        if (!step.value.ok) {
          call.err(`cat: ${path}: ${strerror(step.value.error)}`);
          code = 1;
        }
      }
      closeInput(call.sys, opened.value);
    }
    return code;
  },
});

/** cat -v: ^X and M-X, tabs and newlines aside. */
function visible(text: string): string {
  let shown = '';
  for (const byte of utf8(text)) {
    const low = byte & 0x7f;
    const mark = byte >= 128 ? 'M-' : '';
    if (byte === 9) shown += '\t';
    else if (low < 32) shown += `${mark}^${String.fromCharCode(low + 64)}`;
    else shown += mark + (low === 127 ? '^?' : String.fromCharCode(low));
  }
  return shown;
}

export const tac = defineCommand({
  name: 'tac', summary: 'print files backwards, by lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'brs:', long: { before: 'none=b', regex: 'none=r', separator: 'required=s' } });
    if (options === undefined) return 1;
    if (options.has('b') || options.has('r')) return notSimulated(call, `option -${options.has('b') ? 'b' : 'r'}`);
    const separator = options.value('s') ?? '\n';
    let code: ExitCode = 0;
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const got = await readWhole(call.sys, path);
      if (!got.ok) {
        call.err(`tac: failed to open '${path}' for reading: ${strerror(got.error)}`);
        code = 1;
        continue;
      }
      const parts = fromUtf8(got.value).split(separator);
      const last = parts.pop()!;
      call.write(last + parts.map((part) => part + separator).reverse().join(''));
    }
    return code;
  },
});

/** The old style: `-5` and `-5f` become `-n 5`, `-5c` becomes `-c 5`; with a plus sign, from the fifth on. */
function modernize(args: readonly string[], letters: string, mayBePlus: boolean): string[] {
  const match = new RegExp(`^([-${mayBePlus ? '+' : ''}])(\\d+)([bcl]?)([${letters}]*)$`).exec(args[0] ?? '');
  if (match === null) return [...args];
  const [, sign, count, unit, flags] = match;
  return [unit === 'c' || unit === 'b' ? '-c' : '-n', `${sign === '+' ? '+' : ''}${count!}${unit === 'b' ? 'b' : ''}`, ...[...flags!].map((letter) => `-${letter}`), ...args.slice(1)];
}

/** 10, 10k, 2M, 3b. */
function parseCount(text: string): number | undefined {
  const match = /^(\d+)(b|[kKMGT](?:i?B)?)?$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] ?? '';
  const power = ' KMGT'.indexOf(unit[0]?.toUpperCase() ?? ' ');
  return Number(match[1]) * (unit === 'b' ? 512 : power > 0 ? (unit.endsWith('B') && !unit.includes('i') ? 1000 : 1024) ** power : 1);
}

export const head = defineCommand({
  name: 'head', summary: 'print the first part of files', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'n:c:qvz', long: { lines: 'required=n', bytes: 'required=c', quiet: 'none=q', silent: 'none=q', verbose: 'none=v', 'zero-terminated': 'none=z' } }, modernize(call.args, 'qvz', false));
    if (options === undefined) return 1;
    const isBytes = (options.options.findLast((option) => option.name === 'n' || option.name === 'c')?.name ?? 'n') === 'c';
    const word = options.value(isBytes ? 'c' : 'n') ?? '10';
    const isAllBut = word.startsWith('-');
    const count = parseCount(word.replace(/^[-+]/, ''));
    if (count === undefined) {
      call.err(`head: invalid number of ${isBytes ? 'bytes' : 'lines'}: ${named(word)}`);
      return 1;
    }
    const files = options.operands.length === 0 ? ['-'] : options.operands;
    let code: ExitCode = 0;
    let isFirst = true;
    for (const path of files) {
      const opened = await openInput(call.sys, path);
      if (!opened.ok) {
        call.err(`head: cannot open ${quoted(path)} for reading: ${strerror(opened.error)}`);
        code = 1;
        continue;
      }
      if ((files.length > 1 && !options.has('q')) || options.has('v')) call.out(`${isFirst ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==`);
      isFirst = false;
      const error = await headOne(call, opened.value, count, isBytes, isAllBut, options.has('z') ? 0 : 10);
      if (error !== undefined) {
        call.err(`head: error reading ${quoted(path)}: ${error}`);
        code = 1;
      }
      closeInput(call.sys, opened.value);
    }
    return code;
  },
});

async function headOne(call: Invocation, fd: number, count: number, isBytes: boolean, isAllBut: boolean, separator: number): Promise<string | undefined> {
  if (isAllBut) return isBytes ? headAllButBytes(call, fd, count) : headAllButLines(call, fd, count, separator);
  if (isBytes) {
    for (let taken = 0; taken < count; ) {
      const got = await call.sys.read(fd, Math.min(65536, count - taken));
      if (!got.ok) return strerror(got.error);
      if (got.value.length === 0) break;
      taken += got.value.length;
      call.write(got.value);
      await call.flush();
    }
    return undefined;
  }
  const reader = linesOf(call.sys, fd, separator);
  const end = String.fromCharCode(separator);
  for (let i = 0; i < count; i += 1) {
    const step = await reader.next();
    if (step.done === true) return step.value.ok ? undefined : strerror(step.value.error);
    call.write(`${step.value.text}${step.value.isTerminated ? end : ''}`);
  }
  return undefined;
}

/** What a process has of memory for what it may not show yet. */
const MOST_HELD = 1 << 26;

async function headAllButBytes(call: Invocation, fd: number, count: number): Promise<string | undefined> {
  const held: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const got = await call.sys.read(fd, 65536);
    if (!got.ok) return strerror(got.error);
    if (got.value.length === 0) break;
    held.push(got.value);
    size += got.value.length;
    for (; held.length > 0 && size - held[0]!.length >= count; held.shift()) {
      size -= held[0]!.length;
      call.write(held[0]!);
    }
    if (size > MOST_HELD) return strerror('ENOMEM');
    await call.flush();
  }
  if (size > count) call.write(held[0]!.subarray(0, size - count));
  return undefined;
}

async function headAllButLines(call: Invocation, fd: number, count: number, separator: number): Promise<string | undefined> {
  const held: string[] = [];
  let from = 0;
  let size = 0;
  const reader = linesOf(call.sys, fd, separator);
  const end = String.fromCharCode(separator);
  for (;;) {
    const step = await reader.next();
    if (step.done === true) return step.value.ok ? undefined : strerror(step.value.error);
    const line = `${step.value.text}${step.value.isTerminated ? end : ''}`;
    held.push(line);
    size += line.length;
    if (size > MOST_HELD) return strerror('ENOMEM');
    if (held.length - from <= count) continue;
    const first = held[from]!;
    size -= first.length;
    call.write(first);
    held[from] = '';
    from += 1;
    if (from === 1024) {
      held.splice(0, from);
      from = 0;
      await call.flush();
    }
  }
}

export const tail = defineCommand({
  name: 'tail', summary: 'print the last part of files', package: 'coreutils',
  run: (call) => runTail(call),
});

async function runTail(call: Invocation): Promise<ExitCode> {
  const options = gnuOptions(call, { short: 'n:c:fFqvs:z', long: { lines: 'required=n', bytes: 'required=c', follow: 'optional=f', quiet: 'none=q', verbose: 'none=v', retry: 'none', pid: 'required', 'sleep-interval': 'required=s' } }, modernize(call.args, 'f', true));
  if (options === undefined) return 1;
  const isBytes = (options.options.findLast((option) => option.name === 'n' || option.name === 'c')?.name ?? 'n') === 'c';
  const word = options.value(isBytes ? 'c' : 'n') ?? '10';
  const isFrom = word.startsWith('+');
  const count = parseCount(word.replace(/^[-+]/, ''));
  if (count === undefined) {
    call.err(`tail: invalid number of ${isBytes ? 'bytes' : 'lines'}: ${named(word)}`);
    return 1;
  }
  const files = options.operands.length === 0 ? ['-'] : options.operands;
  const isNamed = (files.length > 1 && !options.has('q')) || options.has('v');
  let code: ExitCode = 0;
  const followed: { path: string; fd: number; size: number }[] = [];
  let isFirst = true;
  for (const path of files) {
    const opened = await openInput(call.sys, path);
    if (!opened.ok) {
      call.err(`tail: cannot open ${quoted(path)} for reading: ${strerror(opened.error)}`);
      code = 1;
      continue;
    }
    if (isNamed) call.out(`${isFirst ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==`);
    isFirst = false;
    const size = await tailOne(call, path, opened.value, count, isBytes, isFrom, options.has('z') ? 0 : 10);
    if (size === undefined) {
      code = 1;
      closeInput(call.sys, opened.value);
    } else if (options.has('f') || options.has('F')) followed.push({ path, fd: opened.value, size });
    else closeInput(call.sys, opened.value);
  }
  if (!options.has('f') && !options.has('F')) return code;
  if (followed.length === 0) {
    call.err('tail: no files remaining');
    return 1;
  }
  if (followed.length === 1 && followed[0]!.path === '-') return code;
  let last = followed.at(-1);
  for (;;) {
    await call.flush();
    await call.sys.sleep(Math.round(Number(options.value('s') ?? '1') * 1e6) || 1_000_000);
    for (const file of followed) {
      const stat = call.sys.statFd(file.fd);
      if (stat.ok && stat.value.size < file.size) {
        call.err(`tail: ${file.path}: file truncated`);
        call.sys.seek(file.fd, 0, 'set');
        file.size = 0;
      }
      for (;;) {
        const got = await call.sys.read(file.fd, 65536);
        if (!got.ok || got.value.length === 0) break;
        if (isNamed && last !== file) call.out(`\n==> ${file.path} <==`);
        last = file;
        file.size += got.value.length;
        call.write(got.value);
      }
    }
  }
}

/** Answers how much has been read, undefined after an error. */
async function tailOne(call: Invocation, path: string, fd: number, count: number, isBytes: boolean, isFrom: boolean, separator: number): Promise<number | undefined> {
  let size = 0;
  const held: string[] = [];
  let bytes: Uint8Array[] = [];
  if (isBytes) {
    for (;;) {
      const got = await call.sys.read(fd, 65536);
      if (!got.ok) return failRead(call, path, got.error);
      if (got.value.length === 0) break;
      size += got.value.length;
      bytes.push(got.value);
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const chunk of bytes) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    bytes = [];
    call.write(whole.subarray(isFrom ? Math.max(0, count - 1) : Math.max(0, size - count)));
    return size;
  }
  const reader = linesOf(call.sys, fd, separator);
  let number = 0;
  let step = await reader.next();
  for (; step.done !== true; step = await reader.next()) {
    const line = `${step.value.text}${step.value.isTerminated ? String.fromCharCode(separator) : ''}`;
    size += utf8(line).length;
    number += 1;
    if (isFrom) {
      if (number >= count) call.write(line);
      continue;
    }
    held.push(line);
    if (held.length > count) held.shift();
  }
  if (!step.value.ok) return failRead(call, path, step.value.error);
  call.write(held.join(''));
  return size;
}

function failRead(call: Invocation, path: string, error: Parameters<typeof strerror>[0]): undefined {
  call.err(`tail: error reading ${quoted(path)}: ${strerror(error)}`);
  return undefined;
}

export const tee = defineCommand({
  name: 'tee', summary: 'copy standard input to files and to standard output', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'aip', long: { append: 'none=a', 'ignore-interrupts': 'none=i' } });
    if (options === undefined) return 1;
    if (options.has('i')) call.sys.onSignal('INT', 'ignore');
    let code: ExitCode = 0;
    const outputs: number[] = [];
    for (const path of options.operands) {
      const opened = await call.sys.open(path, { write: true, create: true, mode: 0o666, ...(options.has('a') ? { append: true } : { truncate: true }) });
      if (opened.ok) outputs.push(opened.value);
      else {
        call.err(`tee: ${path}: ${strerror(opened.error)}`);
        code = 1;
      }
    }
    for (;;) {
      const got = await call.sys.read(0, 65536);
      if (!got.ok || got.value.length === 0) return code;
      call.write(got.value);
      await call.flush();
      for (const [index, fd] of outputs.entries()) {
        const written = await call.sys.write(fd, got.value);
        if (written.ok) continue;
        call.err(`tee: ${options.operands[index]!}: ${strerror(written.error)}`);
        code = 1;
      }
    }
  },
});

export const wc = defineCommand({
  name: 'wc', summary: 'count lines, words and bytes', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'clmLw', long: { bytes: 'none=c', chars: 'none=m', lines: 'none=l', words: 'none=w', 'max-line-length': 'none=L', 'files0-from': 'required' } });
    if (options === undefined) return 1;
    const any = ['c', 'l', 'm', 'L', 'w'].some((letter) => options.has(letter));
    const wants = (letter: string): boolean => (any ? options.has(letter) : letter !== 'm' && letter !== 'L');
    let code: ExitCode = 0;
    const rows: { counts: number[]; name: string }[] = [];
    const list = options.value('files0-from');
    const listed = list === undefined ? undefined : await readWhole(call.sys, list);
    if (listed?.ok === false) {
      call.err(`wc: cannot open ${quoted(list!)} for reading: ${strerror(listed.error)}`);
      return 1;
    }
    const files = listed !== undefined ? fromUtf8(listed.value).split('\0').filter((name) => name !== '') : options.operands.length === 0 ? ['-'] : options.operands;
    let isRegular = true;
    let total = 0;
    for (const path of files) {
      const stat = path === '-' ? call.sys.statFd(0) : call.sys.stat(path);
      if (stat.ok && stat.value.kind !== 'file') isRegular = false;
      else if (stat.ok) total += stat.value.size;
      const got = await readWhole(call.sys, path);
      if (!got.ok) {
        call.err(`wc: ${path}: ${strerror(got.error)}`);
        code = 1;
        if (got.error !== 'EISDIR') continue;
      }
      const text = got.ok ? fromUtf8(got.value) : '';
      const lines = text.split('\n');
      rows.push({ name: options.operands.length === 0 && listed === undefined ? '' : path, counts: [
        ...(wants('l') ? [lines.length - 1] : []), ...(wants('w') ? [text.split(/\s+/).filter((word) => word !== '').length] : []),
        ...(wants('m') ? [[...text].length] : []), ...(wants('c') ? [got.ok ? got.value.length : 0] : []), ...(wants('L') ? [Math.max(...lines.map(columnsOf))] : []),
      ] });
    }
    if (files.length > 1) rows.push({ name: 'total', counts: (rows[0]?.counts ?? []).map((_, index) => rows.reduce((sum, row) => sum + row.counts[index]!, 0)) });
    const columns = rows[0]?.counts.length ?? 1;
    // Widths follow the sizes that stat tells: one number alone has no padding, unknown sizes take 7.
    const width = listed !== undefined || (files.length === 1 && columns === 1) ? 1 : isRegular ? String(total).length : 7;
    for (const row of rows) call.out(`${row.counts.map((count) => String(count).padStart(width)).join(' ')}${row.name === '' ? '' : ` ${row.name}`}`);
    return code;
  },
});

/** How far a line goes on a screen; control characters go nowhere. */
function columnsOf(line: string): number {
  let column = 0;
  for (const character of line) column += character === '\t' ? 8 - (column % 8) : character < ' ' ? 0 : characterWidth(character);
  return column;
}

/** No number is padded to more. */
const MOST_WIDE = 1 << 16;

export const nl = defineCommand({
  name: 'nl', summary: 'number lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'b:w:s:v:i:n:', long: { 'number-format': 'required=n', 'body-numbering': 'required=b', 'number-width': 'required=w', 'number-separator': 'required=s', 'starting-line-number': 'required=v', 'line-increment': 'required=i' } });
    if (options === undefined) return 1;
    const style = options.value('b') ?? 't';
    const format = options.value('n') ?? 'rn';
    const made = style.startsWith('p') ? compileRegex(style.slice(1), 'basic', { isForgiving: true }) : undefined;
    const wrong = made?.ok === false ? made.error : !/^([atn]$|p)/.test(style) ? `invalid body numbering style: ${named(style)}` : !/^(ln|rn|rz)$/.test(format) ? `invalid line numbering format: ${named(format)}` : undefined;
    if (wrong !== undefined) {
      call.err(`nl: ${wrong}\nTry 'nl --help' for more information.`);
      return 1;
    }
    const numbered = (value: number): string => (format === 'ln' ? String(value).padEnd(width) : String(value).padStart(width, format === 'rz' ? '0' : ' '));
    const width = Math.min(MOST_WIDE, Number(options.value('w') ?? '6'));
    const separator = options.value('s') ?? '\t';
    let number = Number(options.value('v') ?? '1');
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const got = await readWhole(call.sys, path);
      if (!got.ok) {
        call.err(`nl: ${path}: ${strerror(got.error)}`);
        return 1;
      }
      for (const whole of fromUtf8(got.value).match(/[^\n]*\n|[^\n]+$/g) ?? []) {
        const line = whole.endsWith('\n') ? whole : `${whole}\n`;
        const isCounted = style === 'a' || (style === 't' && line !== '\n') || (made?.ok === true && made.regex.test(line.replace(/\n$/, '')));
        call.write(isCounted ? `${numbered(number)}${separator}${line}` : `${' '.repeat(width + separator.length)}${line}`);
        if (isCounted) number += Number(options.value('i') ?? '1');
      }
    }
    return 0;
  },
});

export const yes = defineCommand({
  name: 'yes', summary: 'print a line until killed', package: 'coreutils',
  run: async (call) => {
    const line = `${call.args.length === 0 ? 'y' : call.args.join(' ')}\n`;
    const block = line.repeat(Math.max(1, Math.floor(4096 / line.length)));
    for (;;) {
      const written = await call.sys.write(1, utf8(block));
      if (written.ok) continue;
      call.err(`yes: standard output: ${strerror(written.error)}`);
      return 1;
    }
  },
});

export const seq = defineCommand({
  name: 'seq', summary: 'print a sequence of numbers', package: 'coreutils',
  run: async (call) => {
    const args = [...call.args];
    let separator = '\n';
    let isEqualWidth = false;
    let format: string | undefined;
    while (args[0] !== undefined && /^-[^\d.]/.test(args[0])) {
      const option = args.shift()!;
      if (option === '--') break;
      if (option === '-s') separator = args.shift() ?? '\n';
      else if (option.startsWith('-s')) separator = option.slice(2);
      else if (option.startsWith('--separator=')) separator = option.slice(12);
      else if (option === '-w' || option === '--equal-width') isEqualWidth = true;
      else if (option === '-f') format = args.shift();
      else if (option.startsWith('-f')) format = option.slice(2);
      else {
        call.err(`seq: ${option.startsWith('--') ? `unrecognized option '${option}'` : `invalid option -- '${option[1]!}'`}`);
        call.err("Try 'seq --help' for more information.");
        return 1;
      }
    }
    if (args.length === 0 || args.length > 3) {
      call.err(args.length === 0 ? 'seq: missing operand' : `seq: extra operand ${named(args[3]!)}`);
      call.err("Try 'seq --help' for more information.");
      return 1;
    }
    for (const word of args) {
      if (/^[+-]?(0x[0-9a-f]+|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)$/i.test(word)) continue;
      call.err(`seq: invalid floating point argument: ${named(word)}`);
      call.err("Try 'seq --help' for more information.");
      return 1;
    }
    if (format !== undefined) {
      const directives = [...format.replaceAll('%%', '').matchAll(/%[-+ #0']*\d*(?:\.\d*)?(.?)/g)];
      const wrong = directives.length === 0 ? 'has no % directive' : !'aefgAEFG'.includes(directives[0]![1]!) || directives[0]![1] === '' ? `has unknown %${directives[0]![1]!} directive` : directives.length > 1 ? 'has too many % directives' : undefined;
      if (wrong !== undefined) {
        call.err(`seq: format ${named(format)} ${wrong}`);
        return 1;
      }
    }
    const toNumber = (word: string): number => (/^[+-]?inf/i.test(word) ? (word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(word));
    const decimals = Math.max(...args.slice(0, args.length === 3 ? 2 : 1).map((word) => word.split('.')[1]?.length ?? 0), args.length === 1 ? 0 : args.length === 2 ? 0 : 0);
    const [first, step, last] = (args.length === 1 ? ['1', '1', args[0]!] : args.length === 2 ? [args[0]!, '1', args[1]!] : args).map(toNumber) as [number, number, number];
    if (step === 0) {
      call.err(`seq: invalid Zero increment value: ${named(args[1]!)}\nTry 'seq --help' for more information.`);
      return 1;
    }
    const shown = (value: number): string => (format === undefined ? value.toFixed(args.length === 1 ? 0 : decimals) : format.replace(/%(%)|%([-+ #0']*)(\d*)(?:\.(\d*))?([aefgAEFG])/g, (_, percent: string | undefined, flags: string, digits: string, precision: string | undefined, letter: string) => (percent === undefined ? formatOne(letter, flags, Number(digits), precision === undefined ? undefined : Number(precision), '', value) : '%')));
    const width = isEqualWidth ? Math.max(shown(first).length, shown(last).length) : 0;
    const count = Math.floor((last - first) / step + 1e-9);
    for (let i = 0; i <= count; i += 1) {
      const text = shown(first + i * step);
      call.write(`${i === 0 ? '' : separator}${text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0')}`);
      if (i % 1000 === 999) await call.flush();
    }
    if (count >= 0) call.write('\n');
    return 0;
  },
});
