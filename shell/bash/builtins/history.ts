/** history, fc, bind. Read first: bash(1) "HISTORY" */
import type { Shell } from '../shell.ts';
import { errnoText } from '../../../machine/errno.ts';
import { editAndRun, editorOf } from '../edit-commands.ts';
import { runProgram } from '../run.ts';
import { expandHistory } from '../../readline/history-expansion.ts';
import { History } from '../../readline/history.ts';
import { createLineEditor } from '../../readline/line-editor.ts';
import { formatLocalTime } from '../local-time.ts';
import { parseOptions } from './options.ts';

export function historyOf(shell: Shell): History {
  shell.interactive ??= { history: new History(), editor: createLineEditor() };
  return shell.interactive.history;
}

export async function historyBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const options = await parseOptions(shell, 'history', args, 'cd:anrwps', 'history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]');
  if (options === undefined) return 2;
  const history = historyOf(shell);
  const size = shell.get('HISTSIZE');
  if (size !== undefined && size !== '') history.maximum = Number(size) < 0 ? undefined : Number(size);
  history.stifle();
  const { flags, rest, values } = options;
  if (flags.has('c')) {
    history.clear();
    if (flags.size === 1) return 0;
  }
  if (values.has('d')) {
    const word = values.get('d')!;
    const range = /^(-?[0-9]+)-(-?[0-9]+)$/.exec(word);
    const from = /^-?[0-9]+$/.test(range?.[1] ?? word) ? history.indexOfNumber(Number(range?.[1] ?? word)) : undefined;
    const to = range === null ? from : history.indexOfNumber(Number(range[2]));
    if (from === undefined || to === undefined) {
      await shell.error(`history: ${word}: history position out of range`);
      return 1;
    }
    for (let index = to; index >= from; index -= 1) history.removeAt(index);
    return 0;
  }
  if (flags.has('s')) {
    if (rest.length > 0) history.push(rest.join(' '), Math.floor(shell.sys.now() / 1_000_000));
    return 0;
  }
  if (flags.has('p')) {
    for (const word of rest) {
      const expanded = expandHistory(history, word);
      if (expanded.kind === 'error') {
        await shell.error(`history: ${word}: history expansion failed`);
        return 1;
      }
      shell.out(`${'text' in expanded ? expanded.text : word}\n`);
    }
    return 0;
  }
  const file = rest[0] ?? shell.get('HISTFILE');
  if (file === undefined && (flags.has('r') || flags.has('n') || flags.has('a') || flags.has('w'))) return 1;
  if (file !== undefined && (flags.has('r') || flags.has('n'))) {
    const text = await shell.sys.readText(file);
    if (!text.ok) {
      await shell.error(`history: ${file}: ${errnoText(text.error)}`);
      return 1;
    }
    history.load(text.value);
    return 0;
  }
  if (file !== undefined && (flags.has('w') || flags.has('a'))) return (await history.save(shell.sys, file, { append: flags.has('a'), withStamps: shell.get('HISTTIMEFORMAT') !== undefined })) ? 0 : 1;
  let count = history.length;
  if (rest[0] !== undefined) {
    if (!/^\+?[0-9]+$/.test(rest[0])) {
      await shell.error(`history: ${rest[0]}: numeric argument required`);
      return rest[0].startsWith('-') ? 2 : 1;
    }
    if (rest.length > 1) {
      await shell.error('history: too many arguments');
      return 1;
    }
    count = Math.min(count, Number(rest[0]));
  }
  const format = shell.get('HISTTIMEFORMAT');
  history.entries.slice(history.length - count).forEach((entry, index) => {
    const number = history.base + history.length - count + index;
    const stamp = format === undefined || entry.stampS === undefined ? '' : formatLocalTime(shell, format, entry.stampS);
    shell.out(`${String(number).padStart(5)}${entry.isEdited === true ? '*' : ' '} ${stamp}${entry.text}\n`);
  });
  return 0;
}

export async function fcBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const history = historyOf(shell);
  const letters: string[] = [];
  let i = 0;
  let editor: string | undefined;
  for (; i < args.length && /^-[a-z]/.test(args[i]!); i += 1) {
    for (const letter of args[i]!.slice(1)) {
      if (!'elnrs'.includes(letter)) {
        await shell.error(`fc: -${letter}: invalid option`);
        await shell.write(2, 'fc: usage: fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]\n');
        return 2;
      }
      letters.push(letter);
    }
    if (args[i]!.endsWith('e')) {
      i += 1;
      editor = args[i];
    }
  }
  const words = args.slice(i).filter((word) => word !== '--');
  // The fc command itself does not count.
  const end = history.length - (shell.historyEnabled ? 1 : 0);
  const find = (word: string | undefined, fallback: number): number | undefined => {
    if (word === undefined) return fallback;
    // What lies beyond the last is the first one, where a list is asked for.
    if (letters.includes('l') && /^[0-9]+$/.test(word) && Number(word) - history.base >= end) return 0;
    if (/^-?[0-9]+$/.test(word)) return Math.max(0, Math.min(end - 1, Number(word) < 0 ? end + Number(word) : Number(word) - history.base));
    for (let index = end - 1; index >= 0; index -= 1) if (history.entries[index]!.text.startsWith(word)) return index;
    return undefined;
  };
  if (letters.includes('s') || editor === '-') {
    const change = words[0]?.includes('=') === true ? words[0] : undefined;
    const index = find(change === undefined ? words[0] : words[1], end - 1);
    const entry = index === undefined ? undefined : history.entries[index];
    if (entry === undefined) {
      await shell.error('fc: no command found');
      return 1;
    }
    const text = change === undefined ? entry.text : entry.text.replaceAll(change.slice(0, change.indexOf('=')), change.slice(change.indexOf('=') + 1));
    await shell.write(2, `${text}\n`);
    // The command that was run stands in the place of fc itself.
    if (shell.historyEnabled) history.removeAt(history.length - 1);
    history.add(text, { control: shell.get('HISTCONTROL') ?? '' }, entry.stampS);
    return runProgram(shell, text, shell.line, { label: 'eval' });
  }
  if (!letters.includes('l')) {
    const first = find(words[0], end - 1);
    const last = find(words[1], first ?? 0);
    if (first === undefined || last === undefined || end === 0) {
      await shell.error('fc: no command found');
      return 1;
    }
    const chosen = (first <= last ? range(first, last) : range(last, first).reverse()).map((index) => history.entries[index]!.text);
    if (letters.includes('r')) chosen.reverse();
    // What is run in its place is remembered, not fc.
    if (shell.historyEnabled) history.removeAt(history.length - 1);
    return editAndRun(shell, editor ?? editorOf(shell, 'FCEDIT', 'EDITOR'), `${chosen.join('\n')}\n`);
  }
  const from = find(words[0], Math.max(0, end - 16));
  const to = find(words[1], end - 1);
  if (from === undefined || to === undefined || end === 0) {
    if (end === 0) return 0;
    await shell.error('fc: no command found');
    return 1;
  }
  const order = from <= to ? range(from, to) : range(to, from).reverse();
  for (const index of letters.includes('r') ? order.reverse() : order) shell.out(`${letters.includes('n') ? '' : history.base + index}\t ${history.entries[index]!.text}\n`);
  return 0;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_value, index) => from + index);
}
