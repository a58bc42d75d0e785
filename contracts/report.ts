/**
 * What grading says about a lab: one verdict per goal, the answers to questions, and the points.
 * `passed` is true, false or null; null means it could not be judged (with the cause), which is neither pass nor fail.
 */
import { z } from 'zod';
import { Layer, Place } from './trace.ts';

/** Something the learner can open: an entry of a table, a rule, a device, a packet, a command's output. */
export const Evidence = z.strictObject({
  kind: z.enum(['link', 'address', 'route', 'neighbour', 'fdb', 'rule', 'conntrack', 'process', 'session', 'file',
    'package', 'command', 'capture', 'trace', 'sysctl', 'netns', 'object']),
  label: z.string(),
  place: Place.optional(),
});
export type Evidence = z.infer<typeof Evidence>;

export const CheckStatus = z.enum(['reached', 'not-yet', 'waiting', 'cannot-tell']);
export type CheckStatus = z.infer<typeof CheckStatus>;

/** One goal. The four sentences are filled from the lab's state and are shown as Expected, Found, Because, See. */
export const CheckVerdict = z.strictObject({
  id: z.string(),
  /** The goal as a state: "veth0 is a port of cbr0". */
  goal: z.string(),
  status: CheckStatus,
  passed: z.boolean().nullable(),
  points: z.number(),
  pointsEarned: z.number(),
  /** The unmet needs, while waiting. */
  waitingFor: z.array(z.string()),
  expected: z.string().optional(),
  found: z.string().optional(),
  because: z.string().optional(),
  /** Why it could not be judged. */
  cause: z.string().optional(),
  layer: Layer.optional(),
  see: z.array(Evidence),
  /** The hints taken so far, the newest last; at most three. */
  hints: z.array(z.string()),
  hintsLeft: z.number(),
  reachedAtMs: z.number().nullable(),
  /** What the learner types for it: the fields of a form by name; of a check that wants a line marked, that line under ''. */
  typed: z.record(z.string(), z.string()).optional(),
});
export type CheckVerdict = z.infer<typeof CheckVerdict>;

export const QuestionVerdict = z.strictObject({
  id: z.string(),
  isPrediction: z.boolean(),
  /** Option numbers from 0 (choose, multiple, predict), a text (value) or a marked entry (point); null when open. */
  answer: z.union([z.array(z.number()), z.string()]).nullable(),
  passed: z.boolean().nullable(),
  attempts: z.number(),
  points: z.number(),
  pointsEarned: z.number(),
  /** What the chosen option, or the right answer once found, explains. */
  because: z.string().optional(),
  cause: z.string().optional(),
});
export type QuestionVerdict = z.infer<typeof QuestionVerdict>;

export const Report = z.strictObject({
  lesson: z.string(),
  atMs: z.number(),
  checks: z.array(CheckVerdict),
  questions: z.array(QuestionVerdict),
  points: z.number(),
  pointsEarned: z.number(),
  hintsUsed: z.number(),
  isComplete: z.boolean(),
  /** Values of the placeholders the lesson uses, by name; null where the lab has no such value yet. */
  values: z.record(z.string(), z.string().nullable()),
});
export type Report = z.infer<typeof Report>;
