/** Values the learner typed, compared with the lab's own. An answer has the key `<check>.<field>`. */
import { z } from 'zod';
import { defineCheck, fail, listed, pass } from '../define.ts';

export const form = defineCheck({
  kind: 'form',
  summary: 'typed values equal what the lab has',
  spec: z.strictObject({ fields: z.record(z.string(), z.string()) }),
  places: () => [],
  async judge({ fields }, { look, checkId }) {
    const names = Object.keys(fields);
    const expected = `${listed(names)} as the lab has them`;
    const typed = (name: string) => (look.answers[`${checkId}.${name}`] ?? '').trim();
    const wrong = names.find((name) => typed(name) !== fields[name]);
    if (wrong === undefined) return pass(expected);
    const found = typed(wrong);
    return fail({ expected, found: found === '' ? `${wrong} is empty` : `${wrong} is ${found}`, because: found === '' ? `${wrong} has not been filled in.` : `${wrong} differs from the lab.`, values: { field: wrong, typed: found } });
  },
});
