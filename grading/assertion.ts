/** Judging one assertion: fill its placeholders, read its fields by its kind's schema, look. */
import type { Assertion, CheckSpec } from '../contracts/course.ts';
import { CheckCommon } from '../contracts/course.ts';
import { checkKinds } from './checks/index.ts';
import { fail, type Finding } from './define.ts';
import { CannotTell, type Look } from './look.ts';
import { fillTree } from './values.ts';

const commonKeys = new Set(Object.keys(CheckCommon.shape));

/** The part of a check that is its kind's own. */
export function assertionOf(check: CheckSpec): Assertion {
  const own = Object.entries(check).filter(([key]) => !commonKeys.has(key));
  return { ...Object.fromEntries(own), kind: check.kind };
}

/** @throws CannotTell when the lab cannot answer, or when the assertion is not one (which the parser refuses). */
export async function judgeAssertion(assertion: Assertion, look: Look, checkId: string): Promise<Finding> {
  const kind = checkKinds.get(assertion.kind);
  if (kind === undefined) throw new CannotTell(`there is no check kind called ${assertion.kind}`);
  const { kind: _, ...fields } = assertion;
  const isCombined = 'of' in fields && typeof fields['of'] === 'object';
  const { tree, missing } = isCombined ? { tree: fields, missing: [] } : await fillTree(fields, look);
  if (missing.length > 0) return notThereYet(assertion, missing);
  const spec = kind.spec.safeParse(tree);
  if (!spec.success) throw new CannotTell(`${assertion.kind}: ${spec.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  return kind.judge(spec.data, { look, checkId, judge: (nested) => judgeAssertion(nested, look, checkId) });
}

/** What an assertion speaks of does not exist, so it does not hold. */
function notThereYet(assertion: Assertion, missing: readonly string[]): Finding {
  const things = [...new Set(missing.map((name) => name.slice(0, name.lastIndexOf('.'))))];
  return fail({ expected: `${things.join(', ')} to be there`, found: `the lab has no ${missing.join(', ')} yet`, because: `${things[0] ?? assertion.kind} does not exist yet, or lacks what is asked.` });
}
