/** A tracked flow by its two tuples. See conntrack(8). */
import { z } from 'zod';
import type { ConntrackTuple, ConntrackView } from '../../contracts/observer.ts';
import { defineCheck, fail, pass } from '../define.ts';

const tuple = z.strictObject({
  source: z.string().optional(),
  destination: z.string().optional(),
  sourcePort: z.number().optional(),
  destinationPort: z.number().optional(),
});

export const conntrack = defineCheck({
  kind: 'conntrack',
  summary: 'conntrack holds (or no longer holds) a flow',
  spec: z.strictObject({
    at: z.string(),
    protocol: z.string().optional(),
    original: tuple.optional(),
    reply: tuple.optional(),
    replied: z.boolean().optional(),
    absent: z.boolean().optional(),
  }),
  places: ({ at }) => [at],
  async judge({ at, protocol, original, reply, replied, absent = false }, { look }) {
    const of = [protocol ?? '', words('from', original), words('answered as', reply), replied === undefined ? '' : replied ? 'with replies' : 'without replies'].filter((part) => part !== '').join(' ');
    const expected = `${absent ? 'no' : 'a'} tracked flow ${of}`.trim();
    const entries = await look.conntrack(at);
    const isAsked = (entry: ConntrackView) => (protocol === undefined || entry.protocol === protocol) && fits(original, entry.original);
    const match = entries.find((entry) => isAsked(entry) && fits(reply, entry.reply) && (replied === undefined || entry.isReplied === replied));
    const near = match ?? entries.find(isAsked);
    const see = near === undefined ? [] : [{ kind: 'conntrack' as const, label: near.text, place: look.place(at) }];
    if ((match !== undefined) !== absent) return pass(expected, match?.text ?? expected, { see });
    return fail({
      expected, found: near === undefined ? `none of ${entries.length} entries` : near.text,
      because: absent ? 'Nothing has deleted the entry, and its timer still runs.' : near === undefined ? 'Conntrack has seen no such flow.' : 'The flow is known, but otherwise.',
      layer: 'nat', see,
    });
  },
});

function fits(wanted: z.infer<typeof tuple> | undefined, real: ConntrackTuple): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => real[key as keyof ConntrackTuple] === value);
}

function words(before: string, wanted: z.infer<typeof tuple> | undefined): string {
  if (wanted === undefined) return '';
  const { source, destination, sourcePort, destinationPort } = wanted;
  const from = [source, sourcePort].filter((part) => part !== undefined).join(':');
  const to = [destination, destinationPort].filter((part) => part !== undefined).join(':');
  return `${before} ${from === '' ? 'any' : from}${to === '' ? '' : ` to ${to}`}`;
}
