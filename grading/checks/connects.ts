/** Reachability by TCP or UDP, tried on a copy of the lab whose listening sockets still answer. */
import { z } from 'zod';
import type { ConnectView } from '../../contracts/observer.ts';
import { defineCheck, fail, pass } from '../define.ts';

/** What comes of a call, for people. */
export const outcomeWords: Readonly<Record<ConnectView['outcome'], string>> = { connected: 'an answer', refused: 'the call is refused', timeout: 'no answer', unreachable: 'no way there', 'unknown-host': 'nobody knows that name' };

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
    const expected = `${look.title(from)} calls ${to.host}:${to.port}${protocol === 'tcp' ? '' : ` by ${protocol}`}: ${outcomeWords[expect]}`;
    const { outcome, died } = await look.connect({ from: look.place(from), host: to.host, port: to.port, protocol });
    const see = [{ kind: 'trace' as const, label: `${look.title(from)} to ${to.host}:${to.port}`, place: look.place(from) }];
    const found = outcomeWords[outcome];
    if (outcome === expect) return pass(expected, found, { see });
    return fail({ expected, found, because: died?.reason ?? `What comes of it: ${found}.`, layer: died?.layer ?? 'application', see, values: { outcome } });
  },
});
