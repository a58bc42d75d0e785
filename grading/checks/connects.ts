/** Reachability by TCP or UDP, tried on a copy of the lab whose listening sockets still answer. */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const connects = defineCheck({
  kind: 'connects',
  summary: 'a connection from a place to a host and port ends in an outcome',
  spec: z.strictObject({
    from: z.string(),
    to: z.strictObject({ host: z.string(), port: z.union([z.number(), z.string()]).transform(Number) }),
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
    expect: z.enum(['connected', 'refused', 'timeout', 'unreachable', 'unknown-host']).default('connected'),
  }),
  places: ({ from }) => [from],
  async judge({ from, to, protocol, expect }, { look }) {
    const expected = `${look.title(from)} to ${to.host}:${to.port} (${protocol}): ${expect}`;
    const { outcome, died } = await look.connect({ from: look.place(from), host: to.host, port: to.port, protocol });
    const see = [{ kind: 'trace' as const, label: `${look.title(from)} to ${to.host}:${to.port}`, place: look.place(from) }];
    if (outcome === expect) return pass(expected, outcome, { see });
    return fail({ expected, found: outcome, because: died?.reason ?? `The connection ends in: ${outcome}.`, layer: died?.layer ?? 'application', see, values: { outcome } });
  },
});
