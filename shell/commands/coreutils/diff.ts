/** diff(1) and cmp(1): normal and unified output over the longest common subsequence. Read first: the diffutils manual, chapter 2. */
import type { ExitCode } from '../../../machine/sys.ts';
import { formatTime } from '../../lib/calendar.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { defineCommand, notSimulated } from '../define.ts';

interface Change { readonly from: number; readonly to: number; readonly newFrom: number; readonly newTo: number }

/** Runs of lines that differ: [from, to) of the old, [newFrom, newTo) of the new. */
function changes(left: readonly string[], right: readonly string[]): Change[] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let [endLeft, endRight] = [left.length, right.length];
  while (endLeft > start && endRight > start && left[endLeft - 1] === right[endRight - 1]) {
    endLeft -= 1;
    endRight -= 1;
  }
  const [a, b] = [left.slice(start, endLeft), right.slice(start, endRight)];
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
  const found: Change[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1;
      j += 1;
      continue;
    }
    const [from, newFrom] = [i, j];
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      if (j >= b.length || (i < a.length && table[i + 1]![j]! >= table[i]![j + 1]!)) i += 1;
      else j += 1;
    }
    found.push({ from: from + start, to: i + start, newFrom: newFrom + start, newTo: j + start });
  }
  return found;
}

export const diff = defineCommand({
  name: 'diff', summary: 'compare files line by line', package: 'diffutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'uU:qsibwBrNc', long: { unified: 'optional=u', brief: 'none=q', 'report-identical-files': 'none=s', 'ignore-case': 'none=i', 'ignore-all-space': 'none=w', recursive: 'none=r', 'new-file': 'none=N', color: 'optional' } });
    if (options === undefined) return 2;
    if (options.has('r') || options.has('c')) return notSimulated(call, 'option -r');
    const [oldName, newName] = options.operands;
    if (oldName === undefined || newName === undefined) {
      call.err(`diff: missing operand after '${oldName ?? 'diff'}'\ndiff: Try 'diff --help' for more information.`);
      return 2;
    }
    const texts: string[] = [];
    for (const path of [oldName, newName]) {
      const got = await readWhole(call.sys, path);
      if (!got.ok && !(options.has('N') && got.error === 'ENOENT')) {
        call.err(`diff: ${path}: ${strerror(got.error)}`);
        return 2;
      }
      texts.push(got.ok ? fromUtf8(got.value) : '');
    }
    const split = (text: string): string[] => (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
    const [left, right] = [split(texts[0]!), split(texts[1]!)];
    const plain = (line: string): string => {
      let made = line;
      if (options.has('w')) made = made.replace(/[ \t]+/g, '');
      else if (options.has('b')) made = made.replace(/[ \t]+/g, ' ').replace(/ \n/, '\n');
      return options.has('i') ? made.toLowerCase() : made;
    };
    const found = changes(left.map(plain), right.map(plain));
    if (found.length === 0) {
      if (options.has('s')) call.out(`Files ${oldName} and ${newName} are identical`);
      return 0;
    }
    if (options.has('q')) {
      call.out(`Files ${oldName} and ${newName} differ`);
      return 1;
    }
    const put = (mark: string, line: string): void => call.write(line.endsWith('\n') ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`);
    if (options.has('u') || options.has('U')) {
      const context = Number(options.value('U') ?? options.value('u') ?? '3');
      for (const [mark, path] of [['---', oldName], ['+++', newName]] as const) {
        const stat = call.sys.stat(path);
        const us = stat.ok ? stat.value.modifiedUs : 0;
        call.out(`${mark} ${path}\t${formatTime('%Y-%m-%d %H:%M:%S', us / 1e6)}.${String(us % 1_000_000).padStart(6, '0')}000 +0000`);
      }
      for (let at = 0; at < found.length;) {
        let last = at;
        while (last + 1 < found.length && found[last + 1]!.from - found[last]!.to <= context * 2) last += 1;
        const [from, to] = [Math.max(0, found[at]!.from - context), Math.min(left.length, found[last]!.to + context)];
        const [newFrom, newTo] = [Math.max(0, found[at]!.newFrom - context), Math.min(right.length, found[last]!.newTo + context)];
        const range = (start: number, end: number): string => (end - start === 1 ? String(start + 1) : `${end === start ? start : start + 1},${end - start}`);
        call.out(`@@ -${range(from, to)} +${range(newFrom, newTo)} @@`);
        let line = from;
        for (const change of found.slice(at, last + 1)) {
          for (; line < change.from; line += 1) put(' ', left[line]!);
          for (; line < change.to; line += 1) put('-', left[line]!);
          for (let index = change.newFrom; index < change.newTo; index += 1) put('+', right[index]!);
        }
        for (; line < to; line += 1) put(' ', left[line]!);
        at = last + 1;
      }
      return 1;
    }
    for (const change of found) {
      const range = (start: number, end: number): string => (end - start <= 1 ? String(end === start ? start : start + 1) : `${start + 1},${end}`);
      const letter = change.from === change.to ? 'a' : change.newFrom === change.newTo ? 'd' : 'c';
      call.out(`${range(change.from, change.to)}${letter}${range(change.newFrom, change.newTo)}`);
      for (let index = change.from; index < change.to; index += 1) put('< ', left[index]!);
      if (letter === 'c') call.out('---');
      for (let index = change.newFrom; index < change.newTo; index += 1) put('> ', right[index]!);
    }
    return 1;
  },
});

export const cmp = defineCommand({
  name: 'cmp', summary: 'compare files byte by byte', package: 'diffutils',
  run: async (call): Promise<ExitCode> => {
    const options = gnuOptions(call, { short: 'sbl', long: { silent: 'none=s', quiet: 'none=s' } });
    if (options === undefined) return 2;
    const [first, second = '-'] = options.operands;
    if (first === undefined) {
      call.err("cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.");
      return 2;
    }
    const [left, right] = [await readWhole(call.sys, first), await readWhole(call.sys, second)];
    if (!left.ok || !right.ok) {
      call.err(`cmp: ${left.ok ? second : first}: ${strerror(left.ok ? (right.ok ? 'EIO' : right.error) : left.error)}`);
      return 2;
    }
    const length = Math.min(left.value.length, right.value.length);
    let line = 1;
    for (let i = 0; i < length; i += 1) {
      if (left.value[i] !== right.value[i]) {
        if (!options.has('s')) call.out(`${first} ${second} differ: byte ${i + 1}, line ${line}`);
        return 1;
      }
      if (left.value[i] === 10) line += 1;
    }
    if (left.value.length === right.value.length) return 0;
    if (!options.has('s')) call.err(`cmp: EOF on ${left.value.length < right.value.length ? first : second} after byte ${length}, ${left.value[length - 1] === 10 ? `line ${line - 1}` : `in line ${line}`}`);
    return 1;
  },
});
