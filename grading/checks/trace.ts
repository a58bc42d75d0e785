/**
 * One new packet of a new flow, followed on a copy of the lab: by which device it leaves a place, under which addresses,
 * or where it dies. A new flow on purpose: what the learner's old flows do is the matter of `seen` and `conntrack`.
 */
import { z } from 'zod';
import type { TraceStep } from '../../contracts/trace.ts';
import { defineCheck, fail, pass } from '../define.ts';

export const trace = defineCheck({
  kind: 'trace',
  summary: 'a new packet leaves a place by a device, under given addresses',
  spec: z.strictObject({
    from: z.string(),
    to: z.string(),
    protocol: z.enum(['icmp', 'udp', 'tcp']).default('icmp'),
    port: z.number().optional(),
    leaves: z.strictObject({ at: z.string(), dev: z.string(), source: z.string().optional(), destination: z.string().optional() }),
  }),
  places: ({ from, leaves }) => [from, leaves.at],
  async judge({ from, to, protocol, port, leaves }, { look }) {
    const place = look.place(leaves.at);
    const under = `${leaves.source === undefined ? '' : ` as ${leaves.source}`}${leaves.destination === undefined ? '' : ` for ${leaves.destination}`}`;
    const expected = `a packet from ${look.title(from)} to ${to} leaves ${look.title(leaves.at)} by ${leaves.dev}${under}`;
    if (!(await look.exists(from))) return fail({ expected, found: `there is no ${look.title(from)}`, because: `${look.title(from)} does not exist yet.`, layer: 'link' });
    const { steps, died } = await look.trace({ from: look.place(from), to, protocol, port });
    const see = [{ kind: 'trace' as const, label: `${look.title(from)} to ${to}`, place: look.place(from) }];
    const sent = steps.filter((step) => step.kind === 'transmit' && step.place.machine === place.machine && step.place.netns === place.netns);
    const leaving = sent.find((step) => step.device === leaves.dev);
    if (leaving === undefined) {
      const last = sent.at(-1)?.device;
      return fail({
        expected, found: died === undefined ? `it leaves by ${last ?? 'no device'}` : `it dies in ${look.nameOf(died.at.place)}`,
        because: died?.reason ?? `The packet takes another way.`, layer: died?.layer ?? 'route', see, values: { layer: died?.layer ?? 'route' },
      });
    }
    const { source, destination } = header(leaving);
    const isSource = leaves.source === undefined || source === leaves.source;
    const isDestination = leaves.destination === undefined || destination === leaves.destination;
    if (isSource && isDestination) return pass(expected, `it leaves by ${leaves.dev} as ${source}`, { see });
    return fail({
      expected, found: isSource ? `it leaves for ${destination}` : `it leaves as ${source}`,
      because: isSource ? `Nothing rewrites the destination ${destination}.` : `Nothing rewrites the source: the packet leaves ${leaves.dev} as ${source}.`,
      layer: 'nat', see, values: { source, destination },
    });
  },
});

function header(step: TraceStep): { source: string; destination: string } {
  const { source = 'unknown', destination = 'unknown' } = step.after ?? step.before ?? {};
  return { source, destination };
}
