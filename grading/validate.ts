/** Whether an assertion in a lesson file is one: its kind, its fields and the places it names, before any lab runs. */
import { z } from 'zod';
import type { Assertion } from '../contracts/course.ts';
import { CheckCommon } from '../contracts/course.ts';
import { checkKinds } from './checks/index.ts';

export interface AssertionProblem {
  readonly path: readonly (string | number)[];
  readonly wanted: string;
  readonly found: string;
  readonly nearest: string | null;
}

export function validateAssertion(assertion: Assertion, places: readonly string[], path: readonly (string | number)[] = []): AssertionProblem[] {
  const kind = checkKinds.get(assertion.kind);
  if (kind === undefined) {
    const known = [...checkKinds.keys()];
    return [{ path: [...path, 'kind'], wanted: `a check kind: ${known.join(', ')}`, found: assertion.kind, nearest: nearestWord(assertion.kind, known) }];
  }
  const { kind: _, ...fields } = assertion;
  const read = kind.spec.safeParse(fields);
  if (!read.success) return read.error.issues.flatMap((issue) => fromIssue(issue, fields, fieldNames(kind.spec), path));
  const nested = 'of' in fields && typeof fields['of'] === 'object' && fields['of'] !== null;
  if (nested) {
    const parts = Array.isArray(fields['of']) ? (fields['of'] as Assertion[]).map((part, index) => [part, [...path, 'of', index]] as const) : [[fields['of'] as Assertion, [...path, 'of']] as const];
    return parts.flatMap(([part, at]) => validateAssertion(part, places, at));
  }
  return kind.places(read.data)
    .filter((name) => !places.includes(name))
    .map((name) => ({ path: [...path, keyOf(fields, name)], wanted: `a place of this lesson: ${places.join(', ')}`, found: name, nearest: nearestWord(name, places) }));
}

/** JSON Schema (draft 2020-12) of everything a check may say, for editors. */
export function checksJsonSchema(): unknown {
  const kinds = [...checkKinds.values()].map((kind) => ({
    title: kind.kind,
    description: kind.summary,
    allOf: [z.toJSONSchema(CheckCommon, { io: 'input' }), z.toJSONSchema(kind.spec, { io: 'input' }), { properties: { kind: { const: kind.kind } } }].map(open),
    unevaluatedProperties: false,
  }));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', oneOf: kinds };
}

/** Joined schemas must each allow the other's keys. */
function open(schema: object): object {
  const { additionalProperties: _, $schema: __, ...rest } = schema as Record<string, unknown>;
  return rest;
}

/** The word of a list that a misspelt one most likely meant: the fewest edits, at most a third of its length. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestEdits = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editDistance(word, candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours, each one edit. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= a.length; row++) {
    const above = rows[row - 1] as number[];
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let edits = Math.min((above[column - 1] as number) + (isSame ? 0 : 1), (above[column] as number) + 1, (current[column - 1] as number) + 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) edits = Math.min(edits, ((rows[row - 2] as number[])[column - 2] as number) + 1);
      current.push(edits);
    }
    rows.push(current);
  }
  return (rows[a.length] as number[])[b.length] as number;
}

function fieldNames(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function fromIssue(issue: z.core.$ZodIssue, fields: Record<string, unknown>, known: readonly string[], path: readonly (string | number)[]): AssertionProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, ...(issue.path as (string | number)[]), key], wanted: `one of ${known.join(', ')}`, found: key, nearest: nearestWord(key, known) }));
  }
  let found: unknown = fields;
  for (const part of issue.path) found = (found as Record<PropertyKey, unknown> | undefined)?.[part];
  return [{ path: [...path, ...(issue.path as (string | number)[])], wanted: issue.message, found: found === undefined ? 'nothing' : JSON.stringify(found), nearest: null }];
}

function keyOf(fields: Record<string, unknown>, value: string): string {
  return Object.keys(fields).find((key) => fields[key] === value) ?? 'at';
}
