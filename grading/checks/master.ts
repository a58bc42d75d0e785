/** Ports of a bridge (IFLA_MASTER). See ip-link(8), brctl(8). */
import { z } from 'zod';
import { defineCheck, fail, listed, pass } from '../define.ts';

export const master = defineCheck({
  kind: 'master',
  summary: 'devices are ports of a bridge',
  spec: z.strictObject({ at: z.string(), ports: z.array(z.string()).min(1), of: z.string() }),
  places: ({ at }) => [at],
  async judge({ at, ports, of }, { look }) {
    const expected = `${listed(ports)} ${ports.length === 1 ? 'is a port' : 'are ports'} of ${of}`;
    const links = await look.links(at);
    const loose = ports.filter((port) => links.find(({ name }) => name === port)?.master !== of);
    if (loose.length === 0) return pass(expected);
    const port = loose[0] as string;
    const link = links.find(({ name }) => name === port);
    const found = link === undefined ? `there is no ${port} in ${look.title(at)}` : `${port} is a port of ${link.master ?? 'nothing'}`;
    return fail({
      expected, found,
      because: link === undefined ? `There is no ${port} in ${look.title(at)}.` : link.master === null ? `${port} is not plugged in.` : `${port} is plugged into ${link.master}.`,
      layer: 'link', see: [{ kind: 'link', label: port, place: look.place(at) }], values: { port },
    });
  },
});
