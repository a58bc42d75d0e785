/** What a bridge has learnt: which MAC is behind which port. See bridge(8). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const fdb = defineCheck({
  kind: 'fdb',
  summary: 'a bridge has learnt a MAC on a port',
  spec: z.strictObject({ at: z.string(), bridge: z.string(), mac: z.string(), port: z.string().optional() }),
  places: ({ at }) => [at],
  async judge({ at, bridge, mac, port }, { look }) {
    const expected = `${bridge} has learnt ${mac}${port === undefined ? '' : ` on ${port}`}`;
    const known = (await look.fdb(at)).filter((each) => each.bridge === bridge && each.mac === mac && !each.isLocal);
    const see = [{ kind: 'fdb' as const, label: mac, place: look.place(at) }];
    if (known.some((each) => port === undefined || each.port === port)) return pass(expected, expected, { see });
    const other = known[0];
    return fail({
      expected, found: other === undefined ? `${bridge} has no entry for ${mac}` : `${mac} is on ${other.port}`,
      because: other === undefined ? `${bridge} has seen no frame from ${mac}, or has forgotten it.` : `${bridge} last saw ${mac} on ${other.port}.`,
      layer: 'link', see,
    });
  },
});
