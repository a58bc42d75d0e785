/** split: a file in pieces. Read first: split(1); src/split.c of coreutils 9.1. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromLatin1, latin1 } from '../../ports/bytes.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { named, quoted, quotedIfNeeded } from './quote.ts';

const RANGE = ': Numerical result out of range';
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

interface Names { readonly prefix: string; readonly digits: string; readonly start: number; readonly length: number | undefined; readonly suffix: string }
/** How a text is cut: the pieces in order. With `chunk` only that one is wanted, on standard output. */
interface Cut { readonly pieces: (text: string) => string[]; readonly chunks?: number; readonly chunk?: number }

export const split = defineCommand({
  name: 'split', summary: 'split a file into pieces', package: 'coreutils',
  run: async (call) => {
    // `split -5 file` is the old way to say -l 5.
    const args = call.args.map((word) => (/^-\d+$/.test(word) ? `-l${word.slice(1)}` : word));
    const options = gnuOptions(call, { short: 'C:a:b:del:n:t:ux', long: {
      bytes: 'required=b', lines: 'required=l', 'line-bytes': 'required=C', number: 'required=n', 'elide-empty-files': 'none=e', unbuffered: 'none=u', 'suffix-length': 'required=a', 'additional-suffix': 'required',
      'numeric-suffixes': 'optional', 'hex-suffixes': 'optional', filter: 'required', verbose: 'none', separator: 'required=t' } }, args);
    if (options === undefined) return 1;
    const complain = (text: string, isUsage = false): ExitCode => {
      call.err(`split: ${text}${isUsage ? "\nTry 'split --help' for more information." : ''}`);
      return 1;
    };
    if (options.operands.length > 2) return complain(`extra operand ${named(options.operands[2]!)}`, true);
    const suffix = options.value('additional-suffix') ?? '';
    if (suffix.includes('/')) return complain(`invalid suffix ${named(suffix)}, contains directory separator`, true);
    const separator = options.value('t') === undefined ? '\n' : options.value('t') === '\\0' ? '\0' : options.value('t')!;
    if (separator.length !== 1) return complain(separator === '' ? 'empty record separator' : `multi-character separator ${named(separator)}`);
    if (options.options.filter(({ name }) => 'lbCn'.includes(name)).length > 1) return complain('cannot split in more than one way', true);
    const cut = cutOf(options, separator);
    if (typeof cut === 'string') return complain(cut);
    const [path = '-', prefix = 'x'] = options.operands;
    const names = namesOf(options, prefix, suffix, cut.chunks);
    if (typeof names === 'string') return complain(names);
    const got = await readWhole(call.sys, path);
    if (!got.ok) return complain(got.error === 'EISDIR' ? `${quotedIfNeeded(path)}: ${strerror(got.error)}` : `cannot open ${quoted(path)} for reading: ${strerror(got.error)}`);
    const pieces = cut.pieces(fromLatin1(got.value));
    if (cut.chunk !== undefined) {
      call.write(latin1(pieces[cut.chunk - 1] ?? ''));
      return 0;
    }
    return writePieces(call, options, names, options.has('e') ? pieces.filter((piece) => piece !== '') : pieces);
  },
});

/** 10, 2k, 1MB, 3b; undefined for what is no number. */
function size(text: string): number | undefined {
  const match = /^(\d+)(b|[KkMmGgTPEZY](?:i?B)?)?$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] ?? '';
  return Number(match[1]) * (unit === '' ? 1 : unit === 'b' ? 512 : (unit.endsWith('B') && !unit.includes('i') ? 1000 : 1024) ** ('KMGTPEZY'.indexOf(unit[0]!.toUpperCase()) + 1));
}

function cutOf(options: ParsedOptions, separator: string): Cut | string {
  const records = (text: string): string[] => {
    const parts = text.split(separator);
    const last = parts.pop()!;
    return [...parts.map((part) => part + separator), ...(last === '' ? [] : [last])];
  };
  const chosen = options.options.find(({ name }) => 'lbCn'.includes(name)) ?? { name: 'l', value: '1000' };
  const text = chosen.value ?? '';
  if (chosen.name === 'n') return chunksOf(text, records);
  const count = size(text);
  const what = chosen.name === 'l' ? 'lines' : chosen.name === 'b' ? 'bytes' : 'bytes';
  if (count === undefined) return `invalid number of ${what}: ${named(text)}`;
  if (count === 0) return `invalid number of ${what}: ${named(text)}${RANGE}`;
  if (chosen.name === 'b') return { pieces: (whole) => Array.from({ length: Math.ceil(whole.length / count) }, (_, index) => whole.slice(index * count, (index + 1) * count)) };
  if (chosen.name === 'l') {
    return { pieces: (whole) => {
      const all = records(whole);
      return Array.from({ length: Math.ceil(all.length / count) }, (_, index) => all.slice(index * count, (index + 1) * count).join(''));
    } };
  }
  return { pieces: (whole) => packed(records(whole), count) };
}

/** -C: as many whole records as fit; one that never fits is broken. */
function packed(records: readonly string[], count: number): string[] {
  const pieces: string[] = [];
  let held = '';
  for (const record of records) {
    if (held !== '' && held.length + record.length > count) {
      pieces.push(held);
      held = '';
    }
    held += record;
    for (; held.length > count; held = held.slice(count)) pieces.push(held.slice(0, count));
  }
  return held === '' ? pieces : [...pieces, held];
}

/** -n: N, K/N, l/N, l/K/N, r/N, r/K/N. */
function chunksOf(text: string, records: (text: string) => string[]): Cut | string {
  const match = /^(?:([lr])\/)?(?:([^/]*)\/)?([^/]*)$/.exec(text);
  const [, kind = 'b', chunkText, countText = ''] = match ?? [];
  const count = size(countText);
  if (count === undefined) return `invalid number of chunks: ${named(countText)}`;
  if (count === 0) return `invalid number of chunks: ${named(countText)}${RANGE}`;
  const chunk = chunkText === undefined ? undefined : size(chunkText);
  if (chunkText !== undefined && chunk === undefined) return `invalid chunk number: ${named(chunkText)}`;
  if (chunk !== undefined && (chunk === 0 || chunk > count)) return `invalid chunk number: ${named(chunkText!)}${RANGE}`;
  const pieces = (whole: string): string[] => {
    if (kind === 'r') return Array.from({ length: count }, (_, index) => records(whole).filter((_record, at) => at % count === index).join(''));
    const each = Math.floor(whole.length / count);
    const start = (index: number): number => (index === count ? whole.length : index * each);
    if (kind === 'b') return Array.from({ length: count }, (_, index) => whole.slice(start(index), start(index + 1)));
    // A record belongs to the chunk in which it begins.
    const filled = Array.from({ length: count }, () => '');
    let at = 0;
    for (const record of records(whole)) {
      const index = each === 0 ? count - 1 : Math.min(count - 1, Math.floor(at / each));
      filled[index] += record;
      at += record.length;
    }
    return filled;
  };
  return { pieces, chunks: count, ...(chunk === undefined ? {} : { chunk }) };
}

function namesOf(options: ParsedOptions, prefix: string, suffix: string, chunks: number | undefined): Names | string {
  const style = options.options.findLast(({ name }) => ['d', 'x', 'numeric-suffixes', 'hex-suffixes'].includes(name));
  const isHex = style?.name === 'x' || style?.name === 'hex-suffixes';
  const digits = style === undefined ? ALPHABET : isHex ? '0123456789abcdef' : '0123456789';
  const startText = style?.value ?? '0';
  const start = Number.parseInt(startText, isHex ? 16 : 10);
  if (style?.value !== undefined && !(isHex ? /^[0-9a-fA-F]+$/ : /^\d+$/).test(startText)) return `invalid start value for ${isHex ? 'hexadecimal' : 'numerical'} suffix: ${named(startText)}`;
  const asked = options.value('a');
  if (asked !== undefined && !/^\d+$/.test(asked)) return `invalid suffix length: ${named(asked)}`;
  let length = asked === undefined || Number(asked) === 0 ? undefined : Number(asked);
  if (chunks !== undefined) {
    let needed = 1;
    while (digits.length ** needed < chunks + (start < chunks ? start : 0)) needed += 1;
    if (length !== undefined && length < needed) return `the suffix length needs to be at least ${needed}`;
    length ??= Math.max(2, needed);
  } else if (style?.value !== undefined) length ??= Math.max(2, startText.length);
  return { prefix, digits, start, length, suffix };
}

/** Without a fixed length suffixes grow before they run out: xyz is followed by xzaaa. undefined: there are no more. */
function nameOf({ prefix, digits, start, length, suffix }: Names, index: number): string | undefined {
  let [number, width, lead] = [index + start, length ?? 2, ''];
  if (length === undefined) {
    // Those that begin with the last digit are kept for longer names.
    for (let room = digits.length ** width - digits.length ** (width - 1); number >= room; room = digits.length ** width - digits.length ** (width - 1)) {
      number -= room;
      lead += digits.at(-1)!;
      width += 1;
    }
  } else if (number >= digits.length ** width) return undefined;
  let text = '';
  for (let at = 0; at < width; at += 1) {
    text = digits[number % digits.length]! + text;
    number = Math.floor(number / digits.length);
  }
  return `${prefix}${lead}${text}${suffix}`;
}

async function writePieces(call: Invocation, options: ParsedOptions, names: Names, pieces: readonly string[]): Promise<ExitCode> {
  const filter = options.value('filter');
  for (const [index, piece] of pieces.entries()) {
    const name = nameOf(names, index);
    if (name === undefined) {
      call.err('split: output file suffixes exhausted');
      return 1;
    }
    if (options.has('verbose')) call.out(`${filter === undefined ? 'creating' : 'executing with FILE='}${filter === undefined ? ' file ' : ''}${quoted(name)}`);
    if (filter !== undefined) {
      await call.flush();
      const code = await feed(call, filter, name, latin1(piece));
      if (code !== 0) return code;
      continue;
    }
    const wrote = await call.sys.writeFile(name, latin1(piece));
    if (wrote.ok) continue;
    call.err(`split: ${quotedIfNeeded(name)}: ${strerror(wrote.error)}`);
    return 1;
  }
  return 0;
}

/** --filter: a shell reads the piece from its standard input. */
async function feed(call: Invocation, command: string, name: string, bytes: Uint8Array): Promise<ExitCode> {
  const { sys } = call;
  const pipe = sys.pipe();
  if (!pipe.ok) return 1;
  const [readEnd, writeEnd] = pipe.value;
  sys.setCloseOnExec(writeEnd, true);
  const child = await sys.spawn(call.env.get('SHELL') ?? '/bin/sh', { argv: ['sh', '-c', command], env: new Map([...call.env, ['FILE', name]]), fds: new Map([[0, readEnd], [1, 1], [2, 2]]) });
  sys.close(readEnd);
  sys.onSignal('PIPE', 'ignore');
  if (child.ok) await sys.write(writeEnd, bytes);
  sys.close(writeEnd);
  if (!child.ok) {
    call.err(`split: failed to run command: "${call.env.get('SHELL') ?? '/bin/sh'} -c ${command}": ${strerror(child.error)}`);
    return 1;
  }
  const ended = await sys.wait(child.value);
  const status = ended.ok ? ended.value?.status : undefined;
  if (status?.kind === 'exited' && status.code === 0) return 0;
  const how = status?.kind === 'signalled' ? `signal ${status.signal}` : `exit status ${status?.kind === 'exited' ? status.code : 1}`;
  call.err(`split: with FILE=${name}, ${how} from command: ${command}`);
  return status?.kind === 'exited' ? status.code : 1;
}
