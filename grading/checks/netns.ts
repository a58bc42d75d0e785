/** A named network namespace. See ip-netns(8). */
import { z } from 'zod';
import { defineCheck, fail, listed, pass } from '../define.ts';

export const netns = defineCheck({
  kind: 'netns',
  summary: 'a machine has a network namespace of a name',
  spec: z.strictObject({ at: z.string(), name: z.string() }),
  places: ({ at }) => [at],
  async judge({ at, name }, { look }) {
    const expected = `a network namespace called ${name}`;
    const names = (await look.namespaces(at)).map((each) => each.name);
    const see = [{ kind: 'netns' as const, label: name, place: look.place(at) }];
    if (names.includes(name)) return pass(expected, expected, { see });
    const found = names.length === 0 ? 'no named namespace' : `only ${listed(names)}`;
    return fail({ expected, found, because: `Nothing called ${name} has been made yet.`, layer: 'link', values: { names: listed(names) } });
  },
});
