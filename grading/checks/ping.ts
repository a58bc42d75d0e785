/** Reachability by ICMP echo, tried on a copy of the lab: the learner's tables stay as they are. */
import { z } from 'zod';
import type { Layer } from '../../contracts/trace.ts';
import { defineCheck, fail, pass } from '../define.ts';

export const ping = defineCheck({
  kind: 'ping',
  summary: 'an address answers (or does not) when pinged from a place',
  spec: z.strictObject({ from: z.string(), to: z.string(), expect: z.enum(['reply', 'silence', 'error']).default('reply') }),
  places: ({ from }) => [from],
  async judge({ from, to, expect }, { look }) {
    const expected = `${expect === 'reply' ? 'an answer' : expect === 'silence' ? 'silence' : 'an error'} from ${to} in ${look.title(from)}`;
    if (!(await look.exists(from))) return fail({ expected, found: `there is no ${look.title(from)}`, because: `${look.title(from)} does not exist yet.`, layer: 'link' });
    const { outcome, error, died } = await look.ping({ from: look.place(from), to });
    const see = [{ kind: 'trace' as const, label: `${look.title(from)} to ${to}`, place: look.place(from) }];
    const found = outcome === 'reply' ? `${to} answers` : outcome === 'silence' ? 'no answer' : (error ?? 'an error');
    if (outcome === expect) return pass(expected, found, { see });
    return fail({ expected, found, because: died?.reason ?? found, layer: died?.layer ?? ('route' satisfies Layer), see, values: { found, layer: died?.layer ?? '' } });
  },
});
