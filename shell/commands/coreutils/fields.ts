/** sort, uniq, cut, tr, paste, join, comm, fold, rev, shuf, expand: what rearranges lines. Read first: coreutils manual, chapters 7 to 9. */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { linesOf, openInput, readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { named } from './quote.ts';

async function allLines(call: Invocation, files: readonly string[], failure: (path: string, reason: string) => string, ending = '\n'): Promise<string[] | undefined> {
  const lines: string[] = [];
  for (const path of files.length === 0 ? ['-'] : files) {
    const got = await readWhole(call.sys, path);
    if (!got.ok) {
      call.err(failure(path, strerror(got.error)));
      return undefined;
    }
    const text = fromUtf8(got.value);
    if (text !== '') for (const line of (text.endsWith(ending) ? text.slice(0, -1) : text).split(ending)) lines.push(line);
  }
  return lines;
}

// ---------------------------------------------------------------- sort
interface Key { startField: number; startChar: number; endField: number | undefined; endChar: number; flags: string; ignoresStart: boolean }

export const sort = defineCommand({
  name: 'sort', summary: 'sort lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'bdfghiMnRrVcCk:mo:sS:t:T:uz', long: { 'ignore-leading-blanks': 'none=b', 'dictionary-order': 'none=d', 'ignore-case': 'none=f', 'numeric-sort': 'none=n', 'general-numeric-sort': 'none=g', 'human-numeric-sort': 'none=h', 'month-sort': 'none=M', reverse: 'none=r', 'version-sort': 'none=V', check: 'optional=c', 'zero-terminated': 'none=z', parallel: 'required', 'buffer-size': 'required=S', 'temporary-directory': 'required=T', debug: 'none', key: 'required=k', output: 'required=o', stable: 'none=s', 'field-separator': 'required=t', unique: 'none=u', 'random-sort': 'none=R', merge: 'none=m' } });
    if (options === undefined) return 2;
    for (const [name, typed] of [['R', '-R'], ['debug', '--debug']] as const) if (options.has(name)) return notSimulated(call, `option ${typed}`);
    const kinds = [...'ghnMV'].filter((letter) => options.has(letter)).sort();
    if (kinds.length > 1) {
      call.err(`sort: options '-${kinds.join('')}' are incompatible`);
      return 2;
    }
    const ending = options.has('z') ? '\0' : '\n';
    const separator = options.value('t');
    if (separator !== undefined && separator !== '\\0' && [...separator].length !== 1) {
      call.err(separator === '' ? 'sort: empty tab' : `sort: multi-character tab ${named(separator)}`);
      return 2;
    }
    const globals = [...'bdfghiMnrV'].filter((letter) => options.has(letter)).join('');
    const keys: Key[] = [];
    for (const text of options.values('k')) {
      const match = /^(\d+)(?:\.(\d+))?([bdfghiMnrRV]*)(?:,(\d+)(?:\.(\d+))?([bdfghiMnrRV]*))?$/.exec(text);
      if (match === null) {
        call.err(`sort: invalid number at field start: invalid count at start of ${named(text)}`);
        return 2;
      }
      if (match[1] === '0') {
        call.err(`sort: field number is zero: invalid field specification ${named(text)}`);
        return 2;
      }
      if (match[2] !== undefined && Number(match[2]) === 0) {
        call.err(`sort: character offset is zero: invalid field specification ${named(text)}`);
        return 2;
      }
      const flags = `${match[3] ?? ''}${match[6] ?? ''}`;
      keys.push({ startField: Number(match[1]) - 1, startChar: Number(match[2] ?? '1') - 1, endField: match[4] === undefined ? undefined : Number(match[4]), endChar: Number(match[5] ?? '0'), flags: flags === '' ? globals : flags, ignoresStart: flags.includes('b') || (flags === '' && globals.includes('b')) });
    }
    const lines = await allLines(call, options.operands, (path, reason) => (reason === 'Is a directory' ? `sort: read failed: ${path}: ${reason}` : `sort: cannot read: ${path}: ${reason}`), ending);
    if (lines === undefined) return 2;
    const byKeys = (left: string, right: string): number => {
      if (keys.length === 0) return compareBy(globals, left, right);
      for (const key of keys) {
        const order = compareBy(key.flags, keyOf(left, key, separator), keyOf(right, key, separator));
        if (order !== 0) return order;
      }
      return 0;
    };
    const isPlain = keys.length === 0 && globals.replace('r', '') === '';
    const compare = (left: string, right: string): number => {
      const order = byKeys(left, right);
      if (order !== 0 || options.has('s') || options.has('u') || isPlain) return order;
      const last = left < right ? -1 : left > right ? 1 : 0;
      return globals.includes('r') ? -last : last;
    };
    const isQuietCheck = options.has('C') || /^(quiet|silent)$/.test(options.value('c') ?? '');
    if (options.has('c') || options.has('C')) {
      for (let i = 1; i < lines.length; i += 1) {
        const order = compare(lines[i - 1]!, lines[i]!);
        if (order > 0 || (order === 0 && options.has('u'))) {
          if (!isQuietCheck) call.err(`sort: ${options.operands[0] ?? '-'}:${i + 1}: disorder: ${lines[i]!}`);
          return 1;
        }
      }
      return 0;
    }
    lines.sort(compare);
    const kept = options.has('u') ? lines.filter((line, index) => index === 0 || byKeys(lines[index - 1]!, line) !== 0) : lines;
    const text = kept.map((line) => line + ending).join('');
    const output = options.value('o');
    if (output === undefined) call.write(text);
    else {
      const written = await call.sys.writeFile(output, text);
      if (!written.ok) {
        call.err(`sort: open failed: ${output}: ${strerror(written.error)}`);
        return 2;
      }
    }
    return 0;
  },
});

/** Where the fields of a line begin and end: without -t a field includes the blanks before it. */
function keyOf(line: string, key: Key, separator: string | undefined): string {
  const fields: [number, number][] = [];
  if (separator !== undefined) {
    let start = 0;
    for (const part of line.split(separator)) {
      fields.push([start, start + part.length]);
      start += part.length + separator.length;
    }
  } else {
    for (const match of line.matchAll(/[ \t]*[^ \t]+|[ \t]+$/g)) fields.push([match.index, match.index + match[0].length]);
  }
  const first = fields[key.startField];
  if (first === undefined) return '';
  let [from] = first;
  if (key.ignoresStart) while (from < first[1] && /[ \t]/.test(line[from]!)) from += 1;
  from += key.startChar;
  let to = line.length;
  if (key.endField !== undefined) {
    const last = fields[key.endField - 1];
    if (last !== undefined) to = key.endChar === 0 ? last[1] : Math.min(last[1], last[0] + key.endChar);
  }
  return line.slice(from, Math.max(from, to));
}

function compareBy(flags: string, left: string, right: string): number {
  const sign = flags.includes('r') ? -1 : 1;
  let [a, b] = [left, right];
  if (flags.includes('b')) [a, b] = [a.replace(/^[ \t]+/, ''), b.replace(/^[ \t]+/, '')];
  if (flags.includes('n')) return sign * order(numeric(a), numeric(b));
  if (flags.includes('g')) return sign * order(Number.parseFloat(a) || 0, Number.parseFloat(b) || 0);
  if (flags.includes('h')) return sign * order(human(a), human(b));
  if (flags.includes('M')) return sign * order(month(a), month(b));
  if (flags.includes('V')) return sign * compareVersions(a, b);
  if (flags.includes('d')) [a, b] = [a.replace(/[^A-Za-z0-9 \t]/g, ''), b.replace(/[^A-Za-z0-9 \t]/g, '')];
  if (flags.includes('f')) [a, b] = [a.toUpperCase(), b.toUpperCase()];
  return sign * (a < b ? -1 : a > b ? 1 : 0);
}

function order(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function numeric(text: string): number {
  const match = /^[ \t]*(-?\d*\.?\d*)/.exec(text);
  return Number.parseFloat(match?.[1] ?? '') || 0;
}

function human(text: string): number {
  const match = /^[ \t]*(-?\d*\.?\d*)([KkMGTPEZY]?)/.exec(text);
  return (Number.parseFloat(match?.[1] ?? '') || 0) * 1024 ** Math.max(0, ' KMGTPEZY'.indexOf((match?.[2] ?? '').toUpperCase() || ' '));
}

function month(text: string): number {
  return ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'].indexOf(text.trim().slice(0, 3).toUpperCase());
}

/** filevercmp: runs of digits by value. */
export function compareVersions(left: string, right: string): number {
  const parts = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
  const [a, b] = [parts(left), parts(right)];
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [x, y] = [a[i] ?? '', b[i] ?? ''];
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = order(Number(x), Number(y));
      if (difference !== 0) return difference;
      continue;
    }
    return x < y ? -1 : 1;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

// ---------------------------------------------------------------- uniq
export const uniq = defineCommand({
  name: 'uniq', summary: 'leave out repeated lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'cdDuif:s:w:z', long: { count: 'none=c', repeated: 'none=d', 'all-repeated': 'optional=D', group: 'optional', 'zero-terminated': 'none=z', unique: 'none=u', 'ignore-case': 'none=i', 'skip-fields': 'required=f', 'skip-chars': 'required=s', 'check-chars': 'required=w' } });
    if (options === undefined) return 1;
    if (options.operands.length > 2) {
      call.err(`uniq: extra operand ${named(options.operands[2]!)}\nTry 'uniq --help' for more information.`);
      return 1;
    }
    for (const [letter, what] of [['f', 'fields to skip'], ['s', 'bytes to skip'], ['w', 'bytes to compare']] as const) {
      const text = options.value(letter);
      if (text === undefined || /^\d+$/.test(text)) continue;
      call.err(`uniq: ${text}: invalid number of ${what}`);
      return 1;
    }
    const grouping = options.has('group') ? options.value('group') ?? 'separate' : undefined;
    const delimiting = options.value('D') ?? 'none';
    for (const [option, value, known] of [['--group', grouping ?? 'separate', ['prepend', 'append', 'separate', 'both']], ['--all-repeated', delimiting, ['none', 'prepend', 'separate']]] as const) {
      if ((known as readonly string[]).includes(value)) continue;
      call.err(`uniq: invalid argument ${named(value)} for ${named(option)}\nValid arguments are:\n${known.map((each) => `  - ${named(each)}`).join('\n')}\nTry 'uniq --help' for more information.`);
      return 1;
    }
    const ending = options.has('z') ? '\0' : '\n';
    const opened = await openInput(call.sys, options.operands[0] ?? '-');
    if (!opened.ok) {
      call.err(`uniq: ${options.operands[0]!}: ${strerror(opened.error)}`);
      return 1;
    }
    const keyOfLine = (line: string): string => {
      let key = line;
      for (let i = 0; i < Number(options.value('f') ?? '0'); i += 1) key = key.replace(/^[ \t]*[^ \t]+/, '');
      key = key.slice(Number(options.value('s') ?? '0'));
      if (options.has('w')) key = key.slice(0, Number(options.value('w')));
      return options.has('i') ? key.toLowerCase() : key;
    };
    const written: string[] = [];
    let isFirst = true;
    const emit = (group: readonly string[]): void => {
      if (group.length === 0) return;
      const how = grouping ?? delimiting;
      if (grouping !== undefined || (options.has('D') && group.length > 1)) {
        if (how === 'prepend' || (how === 'both' && isFirst) || (how === 'separate' && !isFirst)) put('');
        for (const line of group) put(line);
        if (how === 'append' || how === 'both') put('');
        isFirst = false;
      }
      if (grouping !== undefined || options.has('D')) return;
      if ((options.has('d') && group.length === 1) || (options.has('u') && group.length > 1)) return;
      put(options.has('c') ? `${String(group.length).padStart(7)} ${group[0]!}` : group[0]!);
    };
    const put = (line: string): void => {
      if (options.operands[1] === undefined) call.write(line + ending);
      else written.push(line + ending);
    };
    let group: string[] = [];
    let key: string | undefined;
    const reader = linesOf(call.sys, opened.value, ending.charCodeAt(0));
    for (let step = await reader.next(); step.done !== true; step = await reader.next()) {
      const next = keyOfLine(step.value.text);
      if (key !== undefined && next !== key) {
        emit(group);
        group = [];
      }
      key = next;
      group.push(step.value.text);
    }
    emit(group);
    if (options.operands[1] !== undefined) await call.sys.writeFile(options.operands[1], written.join(''));
    return 0;
  },
});

// ---------------------------------------------------------------- cut
type Ranges = readonly (readonly [low: number, high: number])[];

function parseRanges(text: string): Ranges | undefined {
  const ranges: [number, number][] = [];
  for (const part of text.split(/[, ]/)) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null || part === '' || part === '-') return undefined;
    const low = match[1] === '' ? 1 : Number(match[1]);
    const high = match[2] === '' ? low : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (low < 1 || high < low) return undefined;
    ranges.push([low, high]);
  }
  return ranges;
}

export const cut = defineCommand({
  name: 'cut', summary: 'print parts of lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'b:c:d:f:nsz', long: { bytes: 'required=b', characters: 'required=c', delimiter: 'required=d', fields: 'required=f', 'only-delimited': 'none=s', complement: 'none', 'output-delimiter': 'required' } });
    if (options === undefined) return 1;
    const problem = (text: string): ExitCode => {
      call.err(`cut: ${text}`);
      call.err("Try 'cut --help' for more information.");
      return 1;
    };
    const kinds = ['b', 'c', 'f'].filter((letter) => options.has(letter));
    if (kinds.length === 0) return problem('you must specify a list of bytes, characters, or fields');
    if (kinds.length > 1) return problem('only one list may be specified');
    const [kind] = kinds;
    const delimiter = options.value('d') === '' ? '\0' : options.value('d') ?? '\t';
    if (options.has('d') && kind !== 'f') return problem('an input delimiter may be specified only when operating on fields');
    if ([...delimiter].length > 1) return problem('the delimiter must be a single character');
    const list = options.value(kind!)!;
    const ranges = parseRanges(list);
    if (ranges === undefined && list.split(/[, ]/).some((part) => /^\d+-\d+$/.test(part) && Number(part.split('-')[0]) > Number(part.split('-')[1]) && !part.startsWith('0'))) return problem('invalid decreasing range');
    if (ranges === undefined && /\d*-\d*-/.test(list)) return problem(kind === 'f' ? 'invalid field range' : 'invalid byte or character range');
    if (ranges === undefined) return problem(/^0|[, ]0|^[, ]|[, ]$/.test(list) ? (kind === 'f' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1') : kind === 'f' ? `invalid field value ${named(list)}` : `invalid byte/character position ${named(list)}`);
    const wanted = (index: number): boolean => ranges.some(([low, high]) => index >= low && index <= high) !== options.has('complement');
    let code: ExitCode = 0;
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const opened = await openInput(call.sys, path);
      if (!opened.ok) {
        call.err(`cut: ${path}: ${strerror(opened.error)}`);
        code = 1;
        continue;
      }
      const reader = linesOf(call.sys, opened.value);
      let step = await reader.next();
      for (; step.done !== true; step = await reader.next()) {
        const { text } = step.value;
        if (kind !== 'f') {
          call.out([...text].filter((_, index) => wanted(index + 1)).join(''));
          continue;
        }
        if (!text.includes(delimiter)) {
          if (!options.has('s')) call.out(text);
          continue;
        }
        call.out(text.split(delimiter).filter((_, index) => wanted(index + 1)).join(options.value('output-delimiter') === '' ? '\0' : options.value('output-delimiter') ?? delimiter));
      }
      if (!step.value.ok) {
        call.err(`cut: ${path}: ${strerror(step.value.error)}`);
        code = 1;
      }
    }
    return code;
  },
});

// ---------------------------------------------------------------- tr
const setClasses: Readonly<Record<string, (code: number) => boolean>> = {
  alpha: (c) => (c >= 65 && c <= 90) || (c >= 97 && c <= 122), digit: (c) => c >= 48 && c <= 57, alnum: (c) => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122),
  upper: (c) => c >= 65 && c <= 90, lower: (c) => c >= 97 && c <= 122, space: (c) => (c >= 9 && c <= 13) || c === 32, blank: (c) => c === 9 || c === 32,
  punct: (c) => c > 32 && c < 127 && !/[A-Za-z0-9]/.test(String.fromCharCode(c)), print: (c) => c >= 32 && c < 127, graph: (c) => c > 32 && c < 127, cntrl: (c) => c < 32 || c === 127,
  xdigit: (c) => /[0-9A-Fa-f]/.test(String.fromCharCode(c)),
};

/** A tr set, spelt out; a string tells what is wrong with it. `fill` is where `[x*]` stands. */
function expandSet(text: string, length: number): string[] | { error: string } {
  const points: string[] = [];
  const characters = [...text];
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\' };
  const units: { value: string; isEscaped: boolean }[] = [];
  for (let i = 0; i < characters.length; i += 1) {
    if (characters[i] !== '\\') {
      units.push({ value: characters[i]!, isEscaped: false });
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(characters.slice(i + 1, i + 4).join(''));
    if (octal !== null) {
      units.push({ value: String.fromCharCode(Number.parseInt(octal[0], 8)), isEscaped: true });
      i += octal[0].length;
    } else {
      i += 1;
      units.push({ value: escapes[characters[i] ?? '\\'] ?? characters[i] ?? '\\', isEscaped: true });
    }
  }
  for (let i = 0; i < units.length; i += 1) {
    const rest = units.slice(i).map((unit) => unit.value).join('');
    const group = units[i]!.isEscaped ? null : /^\[:(\w+):\]/.exec(rest);
    if (group !== null) {
      const members = setClasses[group[1]!];
      if (members === undefined) return { error: `invalid character class ${named(group[1]!)}` };
      for (let code = 0; code < 128; code += 1) if (members(code)) points.push(String.fromCharCode(code));
      i += group[0].length - 1;
      continue;
    }
    const repeated = units[i]!.isEscaped ? null : /^\[(.)\*(\d*)\]/u.exec(rest);
    if (repeated !== null) {
      const count = repeated[2] === '' || repeated[2] === '0' ? Math.max(0, length - points.length - (units.length - i - [...repeated[0]].length)) : Number.parseInt(repeated[2]!, repeated[2]!.startsWith('0') ? 8 : 10);
      for (let n = 0; n < count; n += 1) points.push(repeated[1]!);
      i += [...repeated[0]].length - 1;
      continue;
    }
    if (units[i + 1]?.value === '-' && !units[i + 1]!.isEscaped && units[i + 2] !== undefined) {
      const [low, high] = [units[i]!.value.codePointAt(0)!, units[i + 2]!.value.codePointAt(0)!];
      if (low > high) return { error: `range-endpoints of '${units[i]!.value}-${units[i + 2]!.value}' are in reverse collating sequence order` };
      for (let code = low; code <= high; code += 1) points.push(String.fromCodePoint(code));
      i += 2;
      continue;
    }
    points.push(units[i]!.value);
  }
  return points;
}

export const tr = defineCommand({
  name: 'tr', summary: 'translate, squeeze or delete characters', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '+cCdst', long: { complement: 'none=c', delete: 'none=d', 'squeeze-repeats': 'none=s', 'truncate-set1': 'none=t' } });
    if (options === undefined) return 1;
    const [first, second] = options.operands;
    const needs = options.has('d') ? (options.has('s') ? 2 : 1) : options.has('s') ? 1 : 2;
    const problem = (...lines: string[]): ExitCode => {
      for (const line of lines) call.err(line);
      call.err("Try 'tr --help' for more information.");
      return 1;
    };
    if (first === undefined) return problem('tr: missing operand');
    if (options.operands.length < needs) return problem(`tr: missing operand after ${named(first)}`, needs === 2 && !options.has('d') ? 'Two strings must be given when translating.' : 'Two strings must be given when both deleting and squeezing repeats.');
    const extra = options.operands[options.has('d') && !options.has('s') ? 1 : 2];
    if (extra !== undefined) return problem(`tr: extra operand ${named(extra)}`, ...(options.has('d') && !options.has('s') ? ['Only one string may be given when deleting without squeezing repeats.'] : []));
    const from = expandSet(first, 0);
    if ('error' in from) {
      call.err(`tr: ${from.error}`);
      return 1;
    }
    const to = second === undefined ? undefined : expandSet(second, from.length);
    if (to !== undefined && 'error' in to) {
      call.err(`tr: ${to.error}`);
      return 1;
    }
    const isComplement = options.has('c') || options.has('C');
    const members = new Set(from);
    const inFirst = (character: string): boolean => members.has(character) !== isComplement;
    const isTranslating = !options.has('d') && to !== undefined;
    const map = new Map<string, string>();
    if (isTranslating && !isComplement) {
      if (to.length === 0) {
        call.err('tr: when not truncating set1, string2 must be non-empty');
        return 1;
      }
      from.forEach((character, index) => {
        if (options.has('t') && index >= to.length) return;
        map.set(character, to[Math.min(index, to.length - 1)]!);
      });
    }
    const classes = [...(second ?? '').matchAll(/\[:(\w+):\]/g)].map(([, name]) => name!);
    if (isTranslating && classes.some((name) => name !== 'upper' && name !== 'lower')) {
      call.err("tr: when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'");
      return 1;
    }
    const squeezed = new Set(options.has('s') ? (to ?? from) : []);
    const squeezes = (character: string): boolean => options.has('s') && (to === undefined ? inFirst(character) : squeezed.has(character));
    let previous = '';
    let pending = new Uint8Array(0);
    for (;;) {
      const got = await call.sys.read(0, 65536);
      if (!got.ok || got.value.length === 0) break;
      // A character may end in the next block.
      let bytes = got.value;
      if (pending.length > 0) {
        const joined = new Uint8Array(pending.length + bytes.length);
        joined.set(pending);
        joined.set(bytes, pending.length);
        bytes = joined;
      }
      let end = bytes.length;
      while (end > 0 && bytes.length - end < 4 && (bytes[end - 1]! & 0xc0) === 0x80) end -= 1;
      if (end > 0 && bytes[end - 1]! >= 0xc0) end -= 1;
      else end = bytes.length;
      pending = bytes.slice(end);
      let out = '';
      for (const character of fromUtf8(bytes.subarray(0, end))) {
        let made = character;
        if (options.has('d')) {
          if (inFirst(character)) continue;
        } else if (isTranslating) made = isComplement ? (inFirst(character) ? to.at(-1)! : character) : map.get(character) ?? character;
        if (made === previous && squeezes(made)) continue;
        previous = made;
        out += made;
      }
      call.write(out);
      await call.flush();
    }
    if (pending.length > 0) call.write(pending);
    return 0;
  },
});

// ---------------------------------------------------------------- paste, join, comm
export const paste = defineCommand({
  name: 'paste', summary: 'merge lines of files', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'd:sz', long: { delimiters: 'required=d', serial: 'none=s' } });
    if (options === undefined) return 1;
    const delimiters = [...(options.value('d') ?? '\t').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\0', '\0')];
    const columns: string[][] = [];
    const files = options.operands.length === 0 ? ['-'] : options.operands;
    const dashes = files.filter((path) => path === '-').length;
    const shared = dashes > 0 ? await allLines(call, ['-'], (path, reason) => `paste: ${path}: ${reason}`) : undefined;
    let dash = 0;
    for (const path of files) {
      if (path === '-') {
        const turn = dash;
        dash += 1;
        columns.push(options.has('s') ? (turn === 0 ? shared! : []) : shared!.filter((_, index) => index % dashes === turn));
        continue;
      }
      const lines = await allLines(call, [path], (name, reason) => `paste: ${name}: ${reason}`);
      if (lines === undefined) return 1;
      columns.push(lines);
    }
    const join = (parts: readonly string[]): string => parts.map((part, index) => part + (index < parts.length - 1 ? (delimiters[index % delimiters.length] ?? '').replace('\0', '') : '')).join('');
    if (options.has('s')) for (const lines of columns) call.out(join(lines));
    else for (let row = 0; row < Math.max(...columns.map((lines) => lines.length)); row += 1) call.out(join(columns.map((lines) => lines[row] ?? '')));
    return 0;
  },
});

export const comm = defineCommand({
  name: 'comm', summary: 'compare two sorted files line by line', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '123z', long: { 'output-delimiter': 'required', 'check-order': 'none', 'nocheck-order': 'none', total: 'none' } });
    if (options === undefined) return 1;
    if (options.operands.length !== 2) {
      call.err(options.operands.length === 0 ? 'comm: missing operand' : options.operands.length === 1 ? `comm: missing operand after ${named(options.operands[0]!)}` : `comm: extra operand ${named(options.operands[2]!)}`);
      call.err("Try 'comm --help' for more information.");
      return 1;
    }
    const failure = (path: string, reason: string): string => `comm: ${path}: ${reason}`;
    const left = await allLines(call, [options.operands[0]!], failure);
    const right = left === undefined ? undefined : await allLines(call, [options.operands[1]!], failure);
    if (left === undefined || right === undefined) return 1;
    const tab = options.value('output-delimiter') ?? '\t';
    const counts = [0, 0, 0];
    const put = (column: 1 | 2 | 3, line: string): void => {
      counts[column - 1]! += 1;
      if (options.has(String(column))) return;
      const before = [1, 2].filter((each) => each < column && !options.has(String(each))).length;
      call.out(`${tab.repeat(before)}${line}`);
    };
    let [i, j] = [0, 0];
    while (i < left.length || j < right.length) {
      if (j >= right.length || (i < left.length && left[i]! < right[j]!)) put(1, left[i++]!);
      else if (i >= left.length || left[i]! > right[j]!) put(2, right[j++]!);
      else {
        put(3, left[i++]!);
        j += 1;
      }
    }
    if (options.has('total')) call.out(`${counts.join(tab)}${tab}total`);
    const isUnsorted = (lines: readonly string[]): boolean => lines.some((line, at) => at > 0 && line < lines[at - 1]!);
    const unsorted = [left, right].flatMap((lines, index) => (isUnsorted(lines) ? [index + 1] : []));
    if (unsorted.length === 0 || options.has('nocheck-order')) return 0;
    await call.flush();
    for (const index of unsorted) call.err(`comm: file ${index} is not in sorted order`);
    call.err('comm: input is not in sorted order');
    return 1;
  },
});

export const join = defineCommand({
  name: 'join', summary: 'join lines of two files on a field', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'a:v:t:1:2:j:o:e:i' });
    if (options === undefined) return 1;
    if (options.has('i')) return notSimulated(call, 'option -i');
    const order = options.value('o')?.split(/[ ,]+/);
    const bad = order?.find((each) => !/^(0|auto|[12]\.[1-9]\d*)$/.test(each));
    if (bad === 'auto' || order?.includes('auto') === true) return notSimulated(call, 'option -o auto');
    if (bad !== undefined) {
      call.err(`join: invalid field specifier: ${named(bad)}`);
      return 1;
    }
    const empty = options.value('e') ?? '';
    if (options.operands.length !== 2) {
      call.err(options.operands.length === 0 ? 'join: missing operand' : `join: missing operand after ${named(options.operands.at(-1)!)}`);
      call.err("Try 'join --help' for more information.");
      return 1;
    }
    const failure = (path: string, reason: string): string => `join: ${path}: ${reason}`;
    const left = await allLines(call, [options.operands[0]!], failure);
    const right = left === undefined ? undefined : await allLines(call, [options.operands[1]!], failure);
    if (left === undefined || right === undefined) return 1;
    const separator = options.value('t');
    const split = (line: string): string[] => (separator === undefined ? line.trim().split(/[ \t]+/) : line.split(separator));
    const [f1, f2] = [Number(options.value('1') ?? options.value('j') ?? '1') - 1, Number(options.value('2') ?? options.value('j') ?? '1') - 1];
    const glue = separator ?? ' ';
    const only = options.values('v');
    const also = [...options.values('a'), ...only];
    const matched = new Set<number>();
    const show = (fields: readonly string[] | undefined, theirs: readonly string[] | undefined): void => {
      const key = fields?.[f1] ?? theirs?.[f2] ?? '';
      const filled = (text: string | undefined): string => (text === undefined || text === '' ? empty : text);
      if (order !== undefined) call.out(order.map((each) => (each === '0' ? key : filled((each.startsWith('1') ? fields : theirs)?.[Number(each.slice(2)) - 1]))).join(glue));
      else call.out([key, ...(fields ?? []).filter((_, at) => at !== f1).map(filled), ...(theirs ?? []).filter((_, at) => at !== f2).map(filled)].join(glue));
    };
    for (const line of left) {
      const fields = split(line);
      let isPaired = false;
      right.forEach((other, index) => {
        const theirs = split(other);
        if (theirs[f2] !== fields[f1]) return;
        isPaired = true;
        matched.add(index);
        if (only.length === 0) show(fields, theirs);
      });
      if (!isPaired && also.includes('1')) show(fields, undefined);
    }
    right.forEach((line, index) => {
      if (!matched.has(index) && also.includes('2')) show(undefined, split(line));
    });
    return 0;
  },
});

// ---------------------------------------------------------------- fold, rev, expand, shuf, fmt
export const fold = defineCommand({
  name: 'fold', summary: 'wrap lines to a width', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'bsw:', long: { bytes: 'none=b', spaces: 'none=s', width: 'required=w' } }, call.args.map((word) => (/^-\d+$/.test(word) ? `-w${word.slice(1)}` : word)));
    if (options === undefined) return 1;
    const wide = options.value('w') ?? '80';
    const width = Number(wide);
    if (!/^\d+$/.test(wide) || width === 0) {
      call.err(`fold: invalid number of columns: ${named(wide)}${/^\d+$/.test(wide) ? ': Numerical result out of range' : ''}`);
      return 1;
    }
    const lines = await allLines(call, options.operands, (path, reason) => `fold: ${path}: ${reason}`);
    if (lines === undefined) return 1;
    for (let line of lines) {
      while (line.length > width) {
        const blank = options.has('s') ? line.lastIndexOf(' ', width - 1) : -1;
        const at = blank > 0 ? blank + 1 : width;
        call.out(line.slice(0, at));
        line = line.slice(at);
      }
      call.out(line);
    }
    return 0;
  },
});

export const rev = defineCommand({
  name: 'rev', summary: 'reverse the characters of each line', package: 'bsdextrautils',
  run: async (call) => {
    const lines = await allLines(call, call.args, (path, reason) => `rev: cannot open ${path}: ${reason}`);
    if (lines === undefined) return 1;
    for (const line of lines) call.out([...line].reverse().join(''));
    return 0;
  },
});

export const expand = defineCommand({
  name: 'expand', summary: 'turn tabs into blanks', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'it:', long: { tabs: 'required=t', initial: 'none=i' } });
    if (options === undefined) return 1;
    const size = options.value('t') ?? '8';
    const width = Number(size);
    if (!/^\d+$/.test(size) || width === 0) {
      if (/^\d+([, ]\d+)+$/.test(size)) return notSimulated(call, 'a list of tab stops');
      call.err(width === 0 ? 'expand: tab size cannot be 0' : `expand: tab size contains invalid character(s): ${named(size)}`);
      return 1;
    }
    let code: ExitCode = 0;
    for (const path of options.operands.length === 0 ? ['-'] : options.operands) {
      const got = await readWhole(call.sys, path);
      if (!got.ok) {
        call.err(`expand: ${path}: ${strerror(got.error)}`);
        code = 1;
        continue;
      }
      for (const line of fromUtf8(got.value).match(/[^\n]*\n|[^\n]+$/g) ?? []) {
        let made = '';
        let isLeading = true;
        for (const character of line) {
          if (character !== '\t' && character !== ' ') isLeading = false;
          made += character === '\t' && (isLeading || !options.has('i')) ? ' '.repeat(width - (made.length % width)) : character;
        }
        call.write(made);
      }
    }
    return code;
  },
});

/** All numbers of a range are kept at once. */
const MOST_SHUFFLED = 1 << 20;

export const shuf = defineCommand({
  name: 'shuf', summary: 'shuffle lines', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'ei:n:', long: { echo: 'none=e', 'input-range': 'required=i', 'head-count': 'required=n' } });
    if (options === undefined) return 1;
    const [asked, count] = [options.value('i'), options.value('n')];
    const range = /^(\d+)-(\d+)$/.exec(asked ?? '');
    if (asked !== undefined && (range === null || Number(range[1]) > Number(range[2]) + 1)) {
      call.err(`shuf: invalid input range: ${named(asked)}`);
      return 1;
    }
    if (count !== undefined && !/^\d+$/.test(count)) {
      call.err(`shuf: invalid line count: ${named(count)}`);
      return 1;
    }
    if (range !== null && Number(range[2]) - Number(range[1]) >= MOST_SHUFFLED) return notSimulated(call, 'a range of that many numbers');
    const lines = range !== null ? Array.from({ length: Number(range[2]) - Number(range[1]) + 1 }, (_, index) => String(Number(range[1]) + index))
      : options.has('e') ? [...options.operands] : await allLines(call, options.operands, (path, reason) => `shuf: ${path}: ${reason}`);
    if (lines === undefined) return 1;
    for (let i = lines.length - 1; i > 0; i -= 1) {
      const j = call.sys.random(i + 1);
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    }
    for (const line of lines.slice(0, count === undefined ? undefined : Number(count))) call.out(line);
    return 0;
  },
});
