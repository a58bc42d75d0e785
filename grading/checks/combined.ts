/** Statements made of statements: all, any, not. */
import { z } from 'zod';
import { Assertion } from '../../contracts/course.ts';
import { defineCheck, fail, pass } from '../define.ts';
import { CannotTell } from '../look.ts';

export const all = defineCheck({
  kind: 'all',
  summary: 'every statement of a list holds; the first that does not is named',
  spec: z.strictObject({ of: z.array(Assertion).min(1) }),
  places: () => [],
  async judge({ of }, { judge }) {
    const expected: string[] = [];
    for (const part of of) {
      const finding = await judge(part);
      if (!finding.passed) return finding;
      expected.push(finding.expected);
    }
    return pass(expected.join('; '));
  },
});

export const any = defineCheck({
  kind: 'any',
  summary: 'one statement of a list holds; when none does, the first is named',
  spec: z.strictObject({ of: z.array(Assertion).min(1) }),
  places: () => [],
  async judge({ of }, { judge }) {
    let first: Awaited<ReturnType<typeof judge>> | undefined;
    let unknown: CannotTell | undefined;
    for (const part of of) {
      try {
        const finding = await judge(part);
        if (finding.passed) return finding;
        first ??= finding;
      } catch (error) {
        if (!(error instanceof CannotTell)) throw error;
        unknown ??= error;
      }
    }
    // What could not be looked at might have held, so "none holds" is not known.
    if (unknown !== undefined || first === undefined) throw unknown ?? new CannotTell('nothing to judge');
    return first;
  },
});

export const not = defineCheck({
  kind: 'not',
  summary: 'a statement does not hold',
  spec: z.strictObject({ of: Assertion }),
  places: () => [],
  async judge({ of }, { judge }) {
    const finding = await judge(of);
    const expected = `not: ${finding.expected}`;
    if (!finding.passed) return pass(expected, finding.found);
    return fail({ ...finding, expected, because: `${finding.found} still holds.` });
  },
});
