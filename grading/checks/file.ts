/** A file and what stands in it. */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';
import { findLine } from '../pattern.ts';

export const file = defineCheck({
  kind: 'file',
  summary: 'a file exists and holds lines',
  spec: z.strictObject({ at: z.string(), path: z.string(), holds: z.array(z.string()).optional(), absent: z.boolean().optional() }),
  places: ({ at }) => [at],
  async judge({ at, path, holds = [], absent = false }, { look }) {
    const expected = absent ? `no ${path} on ${look.title(at)}` : `${path} on ${look.title(at)}${holds.length === 0 ? '' : ` with: ${holds.join('; ')}`}`;
    const file = await look.file(at, path);
    const see = [{ kind: 'file' as const, label: path, place: look.place(at) }];
    if (absent) return file === null ? pass(expected) : fail({ expected, found: `${path} exists`, because: `${path} is still there.`, see });
    if (file === null) return fail({ expected, found: `there is no ${path}`, because: `There is no ${path} on ${look.title(at)}.` });
    const missing = holds.find((pattern) => findLine(pattern, file.text ?? '') === undefined);
    if (missing === undefined) return pass(expected, expected, { see });
    return fail({ expected, found: `${path} has no such line`, because: `No line of ${path} reads: ${missing}`, see, values: { missing } });
  },
});
