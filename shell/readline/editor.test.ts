/** Keys in, screen out: the editor against a headless terminal. */
import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import type { Completer } from './api.ts';
import { History } from './history.ts';
import { createLineEditor } from './line-editor.ts';
import { EditSession } from './session.ts';

const prompt = 'learner@debian:~$ ';

interface Shown {
  readonly screen: string;
  readonly cursor: [number, number];
  readonly text: string;
  readonly outcome: string;
}

/** Types keys (ended by a pause that shows the screen) and answers what stands there. */
async function type(keys: string, settings: { readonly history?: readonly string[]; readonly completer?: Completer; readonly before?: string; readonly columns?: number; readonly rows?: number } = {}): Promise<Shown> {
  const terminal = new headless.Terminal({ cols: settings.columns ?? 80, rows: settings.rows ?? 24, allowProposedApi: true });
  const write = (text: string): Promise<void> => new Promise((done) => terminal.write(text.replaceAll(/(?<!\r)\n/g, '\r\n'), done));
  if (settings.before !== undefined) await write(settings.before);
  const bytes = [...new TextEncoder().encode(keys)];
  const history = new History();
  for (const line of settings.history ?? []) history.push(line);
  let shown: Shown | undefined;
  const session: EditSession = new EditSession({
    readByte: async () => {
      const byte = bytes.shift();
      if (byte !== undefined) return byte;
      shown = snapshot(terminal, session);
      return 'timeout';
    },
    write, columns: () => settings.columns ?? 80, rows: () => settings.rows ?? 24,
  }, { prompt, editor: createLineEditor(), history, completer: settings.completer, initialText: '' });
  const outcome = await session.run();
  return { ...(shown ?? snapshot(terminal, session)), outcome: outcome.kind };
}

function snapshot(terminal: InstanceType<typeof headless.Terminal>, session: EditSession): Shown {
  const buffer = terminal.buffer.active;
  const rows: string[] = [];
  for (let y = 0; y < terminal.rows; y += 1) rows.push((buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? '').trimEnd());
  while (rows.at(-1) === '') rows.pop();
  return { screen: rows.join('\n'), cursor: [Math.min(buffer.cursorX, terminal.cols - 1), buffer.cursorY], text: session.text, outcome: '' };
}

const alphabet = 'abcdefghij';
const meta = '\x1b';

describe('editing', () => {
  it.each<[string, string, string, [number, number]]>([
    ['moves to both ends and inserts', 'cho one two three\x01e\x05 four', 'echo one two three four', [41, 0]],
    ['inserts in the middle', 'echo one two three four\x02\x02\x02\x02\x02\x06X', 'echo one two three Xfour', [38, 0]],
    ['swaps two characters', 'ehco hello world\x01\x06\x06\x14', 'echo hello world', [21, 0]],
    ['kills to the end', `echo hello world\x01${meta}f\x0b`, 'echo', [22, 0]],
    ['yanks what was killed', `echo hello world\x01${meta}f\x0b\x01\x06\x06\x06\x06 \x19`, 'echo  hello world', [35, 0]],
    ['moves and kills by words', `echo alpha beta gamma${meta}b${meta}b${meta}d`, 'echo alpha  gamma', [29, 0]],
    ['rubs out words', `echo alpha beta gamma\x17\x17`, 'echo alpha ', [29, 0]],
    ['joins kills in the order of the line', 'one two three\x17\x17\x17\x19', 'one two three', [31, 0]],
    ['pops older kills', `one two\x15x y\x15\x19${meta}y`, 'one two', [25, 0]],
    ['undoes typing as a whole', 'abc\x1f', '', [18, 0]],
    ['changes the case of words', `hello big world\x01${meta}u${meta}c${meta}l`, 'HELLO Big world', [33, 0]],
    ['repeats by a numeric argument', `${meta}5x`, 'xxxxx', [23, 0]],
    ['inserts a control character as it is', '\x16\x01b', '^Ab', [21, 0]],
    ['deletes over and under the cursor', 'abc\x02\x02\x7f\x1b[3~', 'c', [18, 0]],
    ['transposes words', `one two${meta}t`, 'two one', [25, 0]],
    ['swallows an unknown escape sequence', 'a\x1b[17;2~b', 'ab', [20, 0]],
  ])('%s', async (_name, keys, line, cursor) => {
    const shown = await type(keys);
    expect({ screen: shown.screen, cursor: shown.cursor }).toEqual({ screen: (prompt + line).trimEnd(), cursor });
  });

  it('keeps wide and combining characters whole', async () => {
    expect((await type('echo é漢字b\x1b[D\x1b[D\x7fx')).screen).toBe(`${prompt}echo éx字b`);
    expect((await type('ae\u0301\x7fb')).text).toBe('ab');
  });

  it('edits in place after output without a newline', async () => {
    expect((await type('ab\x02c', { before: 'no newline' })).screen).toBe(`no newline${prompt}acb`);
  });

  it('ends at an empty line only on Ctrl+D', async () => {
    expect((await type('\x04')).outcome).toBe('eof');
    expect((await type('a\x04')).outcome).toBe('timeout');
  });
});

describe('lines longer than the screen', () => {
  const long = `echo ${alphabet.repeat(6)}`;
  it('puts the cursor into the next row when the last column is filled', async () => {
    const exact = 'x'.repeat(80 - prompt.length);
    expect(await type(exact)).toMatchObject({ screen: prompt + exact, cursor: [0, 1] });
  });
  it('wraps and comes back over the edge', async () => {
    expect(await type(long)).toMatchObject({ screen: `${prompt}echo ${alphabet.repeat(5)}abcdefg\nhij`, cursor: [3, 1] });
    expect(await type(`${long}${'\x7f'.repeat(4)}`)).toMatchObject({ screen: `${prompt}echo ${alphabet.repeat(5)}abcdef`, cursor: [79, 0] });
    expect(await type(`${long}${'\x7f'.repeat(5)}XYZ`)).toMatchObject({ screen: `${prompt}echo ${alphabet.repeat(5)}abcdeXY\nZ`, cursor: [1, 1] });
  });
  it('pushes the tail of a wrapped line along', async () => {
    expect(await type(`${long}\x01${meta}f INS`)).toMatchObject({ screen: `${prompt}echo INS ${alphabet.repeat(5)}abc\ndefghij`, cursor: [26, 0] });
  });
  it('moves a wide character that does not fit to the next row', async () => {
    expect((await type(`${'x'.repeat(61)}漢`)).screen).toBe(`${prompt}${'x'.repeat(61)}\n漢`);
  });
  it('goes below the last row on Enter in the first', async () => {
    expect((await type(`${long}\x01\r`)).cursor).toEqual([0, 2]);
  });
});

describe('history', () => {
  const history = ['echo apple', 'echo banana', 'echo apricot'];
  it.each<[string, string, string, [number, number]]>([
    ['goes up and keeps the cursor at the end', '\x1b[A\x1b[A', `${prompt}echo banana`, [29, 0]],
    ['comes back to the line that was being typed', 'part\x1b[A\x1b[B', `${prompt}part`, [22, 0]],
    ['searches backwards as one types', '\x12ap', "(reverse-i-search)`ap': echo apricot", [29, 0]],
    ['searches again', '\x12ap\x12', "(reverse-i-search)`ap': echo apple", [29, 0]],
    ['gives up a search', '\x12ap\x12\x07', prompt.trimEnd(), [18, 0]],
    ['says that a search failed', '\x12zz', "(failed reverse-i-search)`zz':", [31, 0]],
    ['takes a match to be edited', '\x12ban\x05s', `${prompt}echo bananas`, [30, 0]],
    ['yanks the last argument, and the one before', `x ${meta}.${meta}.`, `${prompt}x banana`, [26, 0]],
  ])('%s', async (_name, keys, screen, cursor) => {
    const shown = await type(keys, { history });
    expect({ screen: shown.screen, cursor: shown.cursor }).toEqual({ screen, cursor });
  });
});

describe('completion', () => {
  const files = ['notes-1.txt', 'notes-2.txt', 'notes-old.txt', 'my file', 'reports'];
  const completer: Completer = async ({ line, point }) => {
    const start = line.slice(0, point).search(/\S*$/);
    const word = line.slice(start, point);
    return { start, areFiles: true, candidates: files.filter((name) => name.startsWith(word)).map((text) => ({ text, isDirectory: text === 'reports' })) };
  };
  it.each<[string, string, string, [number, number]]>([
    ['completes the common part', 'cat no\t', `${prompt}cat notes-`, [28, 0]],
    ['only rings at the Tab after a change', 'cat no\t\t', `${prompt}cat notes-`, [28, 0]],
    ['lists at the third', 'cat no\t\t\t', `${prompt}cat notes-\nnotes-1.txt    notes-2.txt    notes-old.txt\n${prompt}cat notes-`, [28, 2]],
    ['adds a blank after a single match', 'cat notes-o\t|', `${prompt}cat notes-old.txt |`, [37, 0]],
    ['adds a slash after a directory', 'cat rep\t', `${prompt}cat reports/`, [30, 0]],
    ['quotes blanks', 'cat my\t', `${prompt}cat my\\ file`, [31, 0]],
    ['keeps what follows the cursor', 'cat rep x\x02\x02\t', `${prompt}cat reports/ x`, [30, 0]],
  ])('%s', async (_name, keys, screen, cursor) => {
    const shown = await type(keys, { completer });
    expect({ screen: shown.screen, cursor: shown.cursor }).toEqual({ screen, cursor });
  });
  it('asks before it lists a hundred', async () => {
    const many: Completer = async () => ({ start: 0, areFiles: false, candidates: Array.from({ length: 150 }, (_, i) => ({ text: `item${String(i).padStart(3, '0')}` })) });
    expect((await type('item\t\t', { completer: many })).screen).toContain('Display all 150 possibilities? (y or n)');
    expect((await type('item\t\tn', { completer: many })).screen).toBe(`${prompt}item\nDisplay all 150 possibilities? (y or n)\n${prompt}item`);
  });
});

describe('a numeric argument', () => {
  it('repeats no more often than anybody could see', async () => {
    expect((await type(`${meta}99999999999x`, { columns: 200, rows: 60 })).text).toBe('x'.repeat(10_000));
  });
});

describe('paste', () => {
  it('waits for Enter and shows each line on its own row', async () => {
    expect(await type('\x1b[200~echo one\recho two\x1b[201~')).toMatchObject({ screen: `${prompt}echo one\necho two`, cursor: [8, 1], text: 'echo one\necho two' });
  });
  it('leaves the cursor on an empty row after a final newline', async () => {
    expect((await type('\x1b[200~echo one\r\x1b[201~')).cursor).toEqual([0, 1]);
  });
});
