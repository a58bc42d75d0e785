/** What ARP has learnt. See ip-neighbour(8), arp(7). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const neigh = defineCheck({
  kind: 'neigh',
  summary: 'a place knows the MAC of a neighbour',
  spec: z.strictObject({ at: z.string(), address: z.string(), dev: z.string().optional(), mac: z.string().optional() }),
  places: ({ at }) => [at],
  async judge({ at, address, dev, mac }, { look }) {
    const expected = `${look.title(at)} knows ${address}${dev === undefined ? '' : ` on ${dev}`}${mac === undefined ? '' : ` as ${mac}`}`;
    const known = (await look.neighbours(at)).filter((each) => each.address === address);
    const match = known.find((each) => each.mac !== null && each.state !== 'FAILED' && each.state !== 'INCOMPLETE'
      && (dev === undefined || each.device === dev) && (mac === undefined || each.mac === mac));
    const see = [{ kind: 'neighbour' as const, label: address, place: look.place(at) }];
    if (match !== undefined) return pass(expected, expected, { see });
    const other = known[0];
    return fail({
      expected,
      found: other === undefined ? `${look.title(at)} has no entry for ${address}` : `${address} dev ${other.device} ${other.mac ?? other.state}`,
      because: other === undefined ? `${look.title(at)} has not talked to ${address}, so it never asked for its MAC.`
        : other.mac === null ? `${look.title(at)} asked for ${address} on ${other.device} and nobody answered.` : `The entry is another: ${address} is ${other.mac} on ${other.device}.`,
      layer: 'link', see,
    });
  },
});
