/** Full-screen programs on a simulated terminal; the expected rows are those of the real programs in Debian 12. */
import { describe, expect, it } from 'vitest';
import { clear } from '../commands/clear/clear.ts';
import { less } from '../commands/less/less.ts';
import { nano } from '../commands/nano/nano.ts';
import { screen } from '../commands/screen/screen.ts';
import { vi } from '../commands/vi/vi.ts';
import { watch } from '../commands/watch/watch.ts';
import { testSession } from './test-session.ts';
import type { TestSession } from './test-session.ts';

const prompt = 'learner@debian:~$ ';
const files = {
  '/home/learner/long.txt': Array.from({ length: 100 }, (_, i) => `line ${i + 1}\n`).join(''),
  '/home/learner/wide.txt': `${'x'.repeat(1500)}\n`.repeat(4) + 'last\n',
  '/home/learner/short.txt': 'one\ntwo\nthree\n',
};

async function session(): Promise<TestSession> {
  const made = testSession([less, nano, screen, watch, clear, vi], files);
  await made.pass(500_000);
  return made;
}
const rows = (made: TestSession): string[] => made.screen().split('\n');

describe('vi on lines of many rows', () => {
  it('goes to the last of them', async () => {
    const made = await session();
    await made.type('vi wide.txt\rG');
    expect(made.screen()).toContain('\nlast');
    await made.type(':q\r');
  });
});

describe('less', () => {
  it('starts a short text in the row of the cursor and leaves the old screen behind', async () => {
    const made = await session();
    await made.type('less short.txt\r');
    expect(rows(made)).toEqual(['', 'one', 'two', 'three', 'short.txt (END)']);
    await made.type('g');
    expect(rows(made).slice(0, 4)).toEqual(['one', 'two', 'three', '~']);
    await made.type('q');
    expect(rows(made)).toEqual([`${prompt}less short.txt`, prompt.trimEnd()]);
  });
  it.each<[string, string, string, string]>([
    ['scrolls by a screen', ' ', 'line 24', ':'],
    ['searches', '/line 50\r', 'line 50', ':'],
    ['searches back from the bottom of the screen', ' ?line 3\r', 'line 39', ':'],
    ['goes to the end', 'G', 'line 78', '(END)'],
    ['goes to a line', '42g', 'line 42', ':'],
    ['says what was not found', '/nosuch\r', 'line 1', 'Pattern not found  (press RETURN)'],
    ['shows only lines that match', '&line 5.\r', 'line 50', '& (END)'],
    ['stops waiting for more at Ctrl+C', 'F\x03', 'line 78', '(END)'],
  ])('%s', async (_name, keys, first, last) => {
    const made = await session();
    await made.type(`less long.txt\r${keys}`);
    expect([rows(made)[0], rows(made).at(-1)]).toEqual([first, last]);
  });
});

describe('nano', () => {
  it('writes what was typed', async () => {
    const made = await session();
    await made.type('nano new.txt\rfirst\rsecnd\x1b[D\x1b[Do\x0f\r\x18');
    await made.type('cat new.txt\r');
    expect(rows(made).slice(1)).toEqual([`${prompt}cat new.txt`, 'first', 'second', prompt.trimEnd()]);
  });
  it.each<[string, string, number, string]>([
    ['centres the name', '', 0, '  GNU nano 7.2                        short.txt'],
    ['marks a changed text', 'x', 0, '  GNU nano 7.2                        short.txt *'],
    ['says how much it read', '', 21, '                                [ Read 3 lines ]'],
    ['says where one is', '\x03', 21, '             [ line 1/4 ( 0%), col  1/ 4 ( 25%), char  0/14 ( 0%) ]'],
    ['asks before it leaves', 'x\x18', 21, 'Save modified buffer?'],
    ['cuts and pastes lines', '\x0b\x1b[B\x15', 2, 'one'],
    ['replaces everywhere and stops', '\x1b[B\x1c' + 'o\rO\ra', 21, '                           [ Replaced 2 occurrences ]'],
  ])('%s', async (_name, keys, row, expected) => {
    const made = await session();
    await made.type(`nano short.txt\r${keys}`);
    expect(rows(made)[row]).toBe(expected);
  });
});

describe('screen', () => {
  it('goes on while nobody is attached', async () => {
    const made = await session();
    await made.type('screen -S demo\r');
    await made.type('seq 3\r');
    expect(rows(made)).toEqual([`${prompt}seq 3`, '1', '2', '3', prompt.trimEnd()]);
    await made.type('\x01d');
    expect(rows(made)[1]).toMatch(/^\[detached from \d+\.demo\]$/);
    await made.type('screen -ls\r');
    expect(made.screen()).toMatch(/There is a screen on:\n {8}\d+\.demo\s+\(\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\)\s+\(Detached\)\n1 Socket in \/run\/screen\/S-learner\./);
    await made.type('screen -r demo\r');
    expect(rows(made)).toEqual([`${prompt}seq 3`, '1', '2', '3', prompt.trimEnd()]);
    await made.type('exit\r');
    expect(rows(made).at(-2)).toBe('[screen is terminating]');
  });
  it('is stopped by Ctrl+A z like a job, shows as detached, and comes back', async () => {
    const made = await session();
    await made.type('screen -S demo\r\x01z');
    expect(rows(made).slice(-2)).toEqual(['[1]+  Stopped', prompt.trimEnd()]);
    await made.type('screen -ls\r');
    expect(made.screen()).toContain('(Detached)');
    await made.type('fg\r');
    expect(rows(made)).toEqual([prompt.trimEnd()]);
  });
  it('has windows', async () => {
    const made = await session();
    await made.type('screen -S demo\rseq 1\r\x01c\x01w');
    expect(rows(made)[23]).toBe('0-$ bash  1*$ bash');
    await made.type('\x01p');
    expect(rows(made)[0]).toBe(`${prompt}seq 1`);
    await made.type('\x01ky');
    expect(rows(made).at(-1)).toBe('Window 0 (bash) killed.');
  });
  it('says when there is nothing to resume', async () => {
    const made = await session();
    await made.type('screen -r\rscreen -S nosuch -X quit\r');
    expect(rows(made)).toEqual([`${prompt}screen -r`, 'There is no screen to be resumed.', `${prompt}screen -S nosuch -X quit`, 'No screen session found.', prompt.trimEnd()]);
  });
});

describe('watch and vi', () => {
  it('parks the cursor in the last corner and ends at Ctrl+C', async () => {
    const made = await session();
    await made.type('watch -t -x cat short.txt\r');
    expect({ screen: made.screen(), cursor: made.cursor() }).toEqual({ screen: 'one\ntwo\nthree', cursor: [79, 23] });
    await made.type('\x03');
    expect(rows(made)).toEqual([`${prompt}watch -t -x cat short.txt`, prompt.trimEnd()]);
  });
  it('edits and writes', async () => {
    const made = await session();
    await made.type('vi short.txt\r');
    expect([rows(made)[0], rows(made)[3], rows(made)[23]]).toEqual(['one', '~', '"short.txt" 3 lines, 14 bytes']);
    await made.type('ddAX\x1b:wq\r');
    await made.type('cat short.txt\r');
    expect(rows(made).slice(-3)).toEqual(['twoX', 'three', prompt.trimEnd()]);
  });
});
