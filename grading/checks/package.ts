/** Installed packages, as dpkg or apk knows them. */
import { z } from 'zod';
import { defineCheck, fail, listed, pass } from '../define.ts';

export const installed = defineCheck({
  kind: 'package',
  summary: 'packages are installed on a machine',
  spec: z.strictObject({ at: z.string(), has: z.array(z.string()).min(1) }),
  places: ({ at }) => [at],
  async judge({ at, has }, { look }) {
    const expected = `${listed(has)} installed`;
    const names = new Set((await look.packages(at)).map(({ name }) => name));
    const missing = has.filter((name) => !names.has(name));
    if (missing.length === 0) return pass(expected);
    const are = missing.length === 1 ? 'is' : 'are';
    return fail({
      expected, found: `${listed(missing)} ${are} missing`, because: `${listed(missing)} ${are} not installed on ${look.title(at)}.`,
      layer: 'application', values: { missing: listed(missing) }, see: missing.map((label) => ({ kind: 'package', label, place: look.place(at) })),
    });
  },
});
