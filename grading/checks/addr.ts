/** An address with its mask on a device. See ip-address(8). */
import { z } from 'zod';
import { defineCheck, fail, listed, pass } from '../define.ts';

export const addr = defineCheck({
  kind: 'addr',
  summary: 'a device carries an address with a prefix length',
  spec: z.strictObject({
    at: z.string(),
    dev: z.string(),
    /** address/prefix; an address alone accepts any prefix. */
    is: z.string(),
    absent: z.boolean().optional(),
  }),
  places: ({ at }) => [at],
  async judge({ at, dev, is, absent = false }, { look }) {
    const [address, prefix] = is.split('/');
    const expected = absent ? `no ${is} on ${dev} in ${look.title(at)}` : `${is} on ${dev} in ${look.title(at)}`;
    const all = await look.addresses(at);
    const holders = all.filter((each) => each.address === address);
    const isThere = holders.some((each) => each.device === dev && (prefix === undefined || each.prefixLength === Number(prefix)));
    const onDevice = all.filter((each) => each.device === dev && each.family === (is.includes(':') ? 6 : 4)).map((each) => `${each.address}/${each.prefixLength}`);
    const see = [{ kind: 'address' as const, label: dev, place: look.place(at) }];
    if (isThere !== absent) return pass(expected, expected, { see });
    if (absent) return fail({ expected, found: `${dev} has ${is}`, because: `${dev} has ${is}.`, layer: 'address', see, values: { port: dev } });

    const misplaced = holders.find((each) => each.device !== dev);
    const wrongMask = holders.find((each) => each.device === dev);
    const found = wrongMask !== undefined ? `${dev} has ${address}/${wrongMask.prefixLength}`
      : misplaced !== undefined ? `${address} is on ${misplaced.device}`
      : `${dev} has ${listed(onDevice) === 'nothing' ? 'no address' : listed(onDevice)}`;
    const because = wrongMask !== undefined
      ? `${dev} has the address with /${wrongMask.prefixLength}: the mask decides which neighbours are reached directly.`
      : misplaced !== undefined ? `${address} sits on ${misplaced.device}, not on ${dev}.`
      : `${dev} has no such address yet.`;
    return fail({ expected, found, because, layer: 'address', see, values: { port: misplaced?.device ?? dev, prefix: String(wrongMask?.prefixLength ?? '') } });
  },
});
