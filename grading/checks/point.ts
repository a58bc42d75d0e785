/** A line or entry the learner marked as the evidence. The answer is the marked text, under the check's id. */
import { z } from 'zod';
import { defineCheck, fail, pass } from '../define.ts';
import { matchesLine } from '../pattern.ts';

export const point = defineCheck({
  kind: 'point',
  summary: 'the marked line or entry is the right one',
  spec: z.strictObject({ marks: z.array(z.string()).min(1), what: z.string() }),
  places: () => [],
  async judge({ marks, what }, { look, checkId }) {
    const marked = look.answers[checkId];
    if (marked === undefined) return fail({ expected: what, found: 'nothing is marked', because: 'Nothing is marked yet.' });
    if (marks.some((pattern) => matchesLine(pattern, marked))) return pass(what, marked);
    return fail({ expected: what, found: marked, because: 'The marked line is not it.', values: { marked } });
  },
});
