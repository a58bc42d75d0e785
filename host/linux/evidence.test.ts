import { expect, test } from 'vitest';
import { Evidence } from './evidence.ts';

/** What a shell with process id 9 writes: a prompt after `status`, a line about to run. */
const prompt = (status: number): string => `\x1b]7717;P;9;${status};1000;;/home/learner\x07$ `;
const run = (line: string): string => `\x1b]7717;S;9;    1  ${line}\x07`;

function shown(...pieces: readonly string[]): Evidence {
  const evidence = new Evidence('host', () => 0);
  for (const piece of pieces) evidence.take('vm', Buffer.from(piece));
  return evidence;
}

test('fg goes on with what was stopped, and shows as that', () => {
  const before = [prompt(0), run('screen -S demo'), prompt(148)];
  expect(shown(...before, run('fg')).foregroundOf('vm')).toMatchObject({ line: 'fg', programs: [['fg'], ['screen', '-S', 'demo']] });
  expect(shown(...before, run('ls'), prompt(0), run('fg')).foregroundOf('vm')?.programs).toEqual([['fg'], ['screen', '-S', 'demo']]);
  expect(shown(...before, run('fg'), prompt(148), run('fg')).foregroundOf('vm')?.programs).toContainEqual(['screen', '-S', 'demo']);
  expect(shown(...before, run('fg'), prompt(0), run('fg')).foregroundOf('vm')?.programs).toEqual([['fg']]);
});
