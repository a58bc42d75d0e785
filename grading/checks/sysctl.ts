/** A kernel setting; each network namespace has its own net.* tree. See sysctl(8). */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';

export const sysctl = defineCheck({
  kind: 'sysctl',
  summary: 'a kernel setting has a value',
  spec: z.strictObject({ at: z.string(), key: z.string(), is: z.union([z.string(), z.number()]).transform(String) }),
  places: ({ at }) => [at],
  async judge({ at, key, is }, { look }) {
    const expected = `${key} = ${is} in ${look.title(at)}`;
    const value = await look.sysctl(at, key);
    const see = [{ kind: 'sysctl' as const, label: key, place: look.place(at) }];
    if (value === is) return pass(expected, expected, { see });
    return fail({ expected, found: value === null ? `${look.title(at)} has no ${key}` : `${key} = ${value}`, because: `${key} is ${value ?? 'missing'} in ${look.title(at)}.`, layer: 'forwarding', see, values: { value: value ?? '' } });
  },
});
