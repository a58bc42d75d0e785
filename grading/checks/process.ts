/** A running program. See ps(1). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';
import { matchesLine } from '../pattern.ts';

export const process = defineCheck({
  kind: 'process',
  summary: 'a program runs at a place (or is stopped there)',
  spec: z.strictObject({
    at: z.string(),
    /** A pattern over the words of its command line. */
    runs: z.string(),
    state: z.enum(['alive', 'stopped']).default('alive'),
    absent: z.boolean().optional(),
  }),
  places: ({ at }) => [at],
  async judge({ at, runs, state, absent = false }, { look }) {
    const { netns } = look.place(at);
    const what = runs.replaceAll('*', ' ').trim();
    const expected = absent ? `no ${what} in ${look.title(at)}` : `${what} ${state === 'alive' ? 'running' : 'stopped'} in ${look.title(at)}`;
    const all = (await look.processes(at)).filter((each) => each.state !== 'zombie' && matchesLine(runs, each.argv.join(' ')));
    const here = all.filter((each) => each.netns === netns);
    const match = here.find((each) => (each.state === 'stopped') === (state === 'stopped'));
    const see = match === undefined ? [] : [{ kind: 'process' as const, label: `${match.pid} ${match.argv.join(' ')}`, place: look.place(at) }];
    if ((match !== undefined) !== absent) return pass(expected, expected, { see });
    if (absent) return fail({ expected, found: `${what} runs`, because: `${what} is still running.`, layer: 'application', see });
    const stopped = here.find((each) => each.state === 'stopped');
    const abroad = all.find((each) => each.netns !== netns);
    return fail({
      expected,
      found: stopped !== undefined ? `${what} is stopped` : abroad !== undefined ? `${what} runs outside ${look.title(at)}` : `no ${what} runs in ${look.title(at)}`,
      because: stopped !== undefined ? `${what} is suspended, so it sends nothing.`
        : abroad !== undefined ? `${what} runs in ${abroad.netns === '' ? look.nameOf({ machine: look.place(at).machine, netns: '' }) : abroad.netns ?? 'a namespace without a name'}.`
        : `Nothing like ${what} runs in ${look.title(at)}.`,
      layer: 'application',
    });
  },
});
