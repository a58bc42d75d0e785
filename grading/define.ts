/**
 * What a check kind is: a name, the schema of its fields, and how to judge them. A kind looks, compares and says what
 * it expected and found; points, needs, hints and diagnoses are the engine's.
 */
import type { z } from 'zod';
import type { Assertion } from '../contracts/course.ts';
import type { Evidence } from '../contracts/report.ts';
import type { Layer } from '../contracts/trace.ts';
import type { Look } from './look.ts';

/** The result of one look. `values` are the check's own placeholders for hints and diagnoses. */
export interface Finding {
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
  readonly because?: string;
  readonly layer?: Layer;
  readonly see?: readonly Evidence[];
  readonly values?: Readonly<Record<string, string>>;
}

export interface JudgeCall {
  readonly look: Look;
  /** The id of the check being judged, for kinds that read answers. */
  readonly checkId: string;
  /** Judges a nested assertion. */
  judge(assertion: Assertion): Promise<Finding>;
}

export interface CheckKind<Spec = unknown> {
  readonly kind: string;
  /** For authors: one line, what the check states. */
  readonly summary: string;
  readonly spec: z.ZodType<Spec>;
  /** The names of places a spec refers to, so that a lesson can be refused before it runs. */
  places(spec: Spec): readonly string[];
  judge(spec: Spec, call: JudgeCall): Promise<Finding>;
}

export function defineCheck<Schema extends z.ZodType>(definition: {
  kind: string;
  summary: string;
  spec: Schema;
  places(spec: z.infer<Schema>): readonly string[];
  judge(spec: z.infer<Schema>, call: JudgeCall): Promise<Finding>;
}): CheckKind {
  return definition as unknown as CheckKind;
}

export function pass(expected: string, found: string = expected, more: Partial<Finding> = {}): Finding {
  return { ...more, passed: true, expected, found };
}

export function fail(finding: Omit<Finding, 'passed'>): Finding {
  return { ...finding, passed: false };
}

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'nothing';
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
