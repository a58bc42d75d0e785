/** Where somebody sits: terminals and screen sessions, and the shells nested in them. See screen(1). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const session = defineCheck({
  kind: 'session',
  summary: 'a terminal or screen session stands at a place, so many shells deep, attached or not',
  spec: z.strictObject({
    at: z.string(),
    /** The name of a screen session; without it, terminals are meant. */
    screen: z.string().optional(),
    attached: z.boolean().optional(),
    /** At least so many nested shells in this very namespace. */
    shells: z.number().int().positive().default(1),
  }),
  places: ({ at }) => [at],
  async judge({ at, screen, attached, shells }, { look }) {
    const place = look.place(at);
    const what = screen === undefined ? 'a terminal' : `the screen session ${screen}`;
    const expected = `${what} in ${look.title(at)}${shells > 1 ? `, ${shells} shells deep` : ''}${attached === undefined ? '' : attached ? ', attached' : ', detached'}`;
    const all = (await look.sessions()).filter((each) => each.machine === place.machine && (screen === undefined ? each.kind === 'terminal' : each.name === screen));
    const match = all.find((each) => {
      const inside = each.shells.filter(({ netns }) => netns === place.netns).length;
      const isHere = each.shells.at(-1)?.netns === place.netns;
      return isHere && inside >= shells && (attached === undefined || each.isAttached === attached);
    });
    if (match !== undefined) return pass(expected, expected, { see: [{ kind: 'session', label: match.name ?? match.terminal, place }], values: { session: match.name ?? match.terminal } });
    const other = all[0];
    const where = other === undefined ? 'none' : look.nameOf({ machine: other.machine, netns: other.shells.at(-1)?.netns ?? '' });
    return fail({
      expected, found: other === undefined ? `there is no ${screen ?? 'terminal'}` : `${what} is in ${where}${screen === undefined ? '' : other.isAttached ? ', attached' : ', detached'}`,
      because: other === undefined ? `There is no ${screen === undefined ? 'terminal' : `screen session called ${screen}`} on ${look.title(at)}.` : `You are in ${where}.`,
      layer: 'application', values: { session: where },
    });
  },
});
