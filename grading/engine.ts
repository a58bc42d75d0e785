/**
 * Grading one lesson: which goals are reached, why the others are not, and what the answers are worth.
 *
 * The engine holds plain data (GraderState) and looks at the lab only when asked to judge; whoever owns the lab decides
 * when (250 virtual ms after the last change), so that a replay judges at the same instants. It turns what a check could
 * not find out into "can't tell", never into "not yet".
 */
import type { Diagnosis, Hint, Lesson, QuestionSpec } from '../contracts/course.ts';
import type { Observer } from '../contracts/observer.ts';
import type { CheckVerdict, QuestionVerdict, Report } from '../contracts/report.ts';
import { assertionOf, judgeAssertion } from './assertion.ts';
import type { Finding } from './define.ts';
import { type Answers, CannotTell, Look } from './look.ts';
import { type AskedQuestion, askedQuestions, explainChoice, isRightChoice, judgeTyped } from './questions.ts';
import { fill, resolveValue } from './values.ts';

export type AnswerGiven = readonly number[] | string;

/** Everything the engine remembers. Plain data: it goes into a replica, and an undo puts an older one back. */
export interface GraderState {
  /** Goals that hold once, by id: when they were reached. */
  readonly reachedAtMs: Record<string, number>;
  readonly hintsTaken: Record<string, number>;
  readonly answers: Record<string, { given: number[] | string; attempts: number; passed: boolean }>;
  /** Fields of forms (`c3.serviceIP`) and marked evidence of point checks (`c2`). */
  readonly typed: Record<string, string>;
}

export interface JudgeOptions {
  readonly nowMs: number;
  /** Bounds one look in the real world's time, where a backend may hang; the default does not. */
  limit?<Value>(work: Promise<Value>): Promise<Value>;
}

export type GradedLesson = Pick<Lesson, 'id' | 'places' | 'checks' | 'questions' | 'screens' | 'values'>;

export interface Grader {
  judge(observer: Observer, options: JudgeOptions): Promise<Report>;
  /** As `judge`, for nobody to read: only what is remembered comes of it. A replay passes a thousand such instants. */
  note(observer: Observer, options: JudgeOptions): Promise<void>;
  /** Takes the next hint of a check; false when there is none left. It appears in the next report. */
  takeHint(checkId: string): boolean;
  /** Answers a question or a prediction; a value or mark is judged in the next report, against the lab as it then is. */
  answer(questionId: string, given: AnswerGiven): void;
  /** Fills a form's field or marks evidence for a check. */
  type(key: string, text: string): void;
  state(): GraderState;
}

const hintLevels = 3;

export function createGrader(lesson: GradedLesson, from?: GraderState): Grader {
  const state: GraderState = from === undefined ? { reachedAtMs: {}, hintsTaken: {}, answers: {}, typed: {} } : structuredClone(from);
  const asked = askedQuestions(lesson.screens);

  return {
    async judge(observer, { nowMs, limit = (work) => work }) {
      const answers: Answers = { ...state.typed };
      const look = await Look.settled(observer, lesson.places, answers);
      const checks = await judgeChecks(lesson, look, state, nowMs, limit);
      const questions: QuestionVerdict[] = [];
      for (const question of asked) questions.push(await judgeQuestion(question, lesson.questions[question.id], state, look, limit));
      const values: Record<string, string | null> = {};
      for (const name of lesson.values) values[name] = await orNull(limit(resolveValue(name, look)));
      const verdicts = [...checks, ...questions];
      return {
        lesson: lesson.id,
        atMs: nowMs,
        checks,
        questions,
        points: sum(verdicts.map(({ points }) => points)),
        pointsEarned: sum(verdicts.map(({ pointsEarned }) => pointsEarned)),
        hintsUsed: sum(Object.values(state.hintsTaken)),
        isComplete: verdicts.every(({ points, pointsEarned }) => points === pointsEarned),
        values,
      };
    },
    async note(observer, { nowMs, limit = (work) => work }) {
      const look = await Look.settled(observer, lesson.places, { ...state.typed });
      const isReached = new Set<string>();
      for (const check of lesson.checks) await orNull(judgeCheck(check, isReached, look, state, nowMs, limit));
      for (const { id } of asked) {
        const answer = state.answers[id];
        if (typeof answer?.given === 'string' && !answer.passed) await orNull(judgeAnswer(id, answer.given, lesson.questions[id], state, look, limit));
      }
    },
    takeHint(checkId) {
      const check = lesson.checks.find(({ id }) => id === checkId);
      const taken = state.hintsTaken[checkId] ?? 0;
      if (check === undefined || taken >= Math.min(hintLevels, check.hints.length)) return false;
      state.hintsTaken[checkId] = taken + 1;
      return true;
    },
    answer(questionId, given) {
      const before = state.answers[questionId];
      const question = asked.find(({ id }) => id === questionId);
      if (question === undefined || (question.isPrediction && before !== undefined)) return;
      const copy = typeof given === 'string' ? given : [...given];
      const passed = typeof copy !== 'string' && isRightChoice(question, copy);
      state.answers[questionId] = { given: copy, attempts: (before?.attempts ?? 0) + 1, passed: passed || (before?.passed ?? false) };
    },
    type(key, text) {
      state.typed[key] = text;
    },
    state: () => structuredClone(state),
  };
}

/** The state of somebody who has earned these checks and questions before, in a lab that begins anew. */
export function stateOfEarned(lesson: GradedLesson, earned: readonly string[]): GraderState {
  const checks = lesson.checks.filter(({ id, holds }) => holds === 'once' && earned.includes(id));
  const questions = askedQuestions(lesson.screens).filter(({ id, isPrediction }) => !isPrediction && earned.includes(id));
  return {
    reachedAtMs: Object.fromEntries(checks.map(({ id }) => [id, 0])),
    hintsTaken: {},
    answers: Object.fromEntries(questions.map((question) => [question.id, { given: rightAnswer(question), attempts: 1, passed: true }])),
    typed: {},
  };
}

/** The right options; what was typed or marked is not kept, only that it was right. */
function rightAnswer({ options }: AskedQuestion): number[] | string {
  return options.length === 0 ? '' : options.flatMap(({ isRight }, index) => (isRight ? [index] : []));
}

type Limit = NonNullable<JudgeOptions['limit']>;

async function judgeChecks(lesson: GradedLesson, look: Look, state: GraderState, nowMs: number, limit: Limit): Promise<CheckVerdict[]> {
  const verdicts: CheckVerdict[] = [];
  const isReached = new Set<string>();
  for (const check of lesson.checks) {
    const taken = state.hintsTaken[check.id] ?? 0;
    const left = Math.min(hintLevels, check.hints.length) - taken;
    const goal = (await orNull(fill(check.goal, look)))?.text ?? check.goal;
    const common = { id: check.id, goal, points: check.points, hintsLeft: Math.max(0, left), see: [], waitingFor: [], ...typedFor(check, state) };
    try {
      const finding = await judgeCheck(check, isReached, look, state, nowMs, limit);
      if (finding === 'reached before') {
        verdicts.push({ ...common, status: 'reached', passed: true, pointsEarned: check.points, hints: await hintTexts(check.hints, taken, look, check.id, {}), reachedAtMs: state.reachedAtMs[check.id] ?? null });
        continue;
      }
      if (finding === 'waiting') {
        const waitingFor = check.needs.filter((need) => !isReached.has(need));
        verdicts.push({ ...common, status: 'waiting', passed: false, pointsEarned: 0, waitingFor, hints: await hintTexts(check.hints, taken, look, check.id, {}), reachedAtMs: null });
        continue;
      }
      verdicts.push({
        ...common,
        status: finding.passed ? 'reached' : 'not-yet',
        passed: finding.passed,
        pointsEarned: finding.passed ? check.points : 0,
        expected: finding.expected,
        found: finding.found,
        because: finding.passed ? undefined : await limit(reason(check.diagnoses, finding, look, check.id)),
        layer: finding.passed ? undefined : finding.layer,
        see: [...(finding.see ?? [])],
        hints: await hintTexts(check.hints, taken, look, check.id, finding.values ?? {}),
        reachedAtMs: state.reachedAtMs[check.id] ?? null,
      });
    } catch (error) {
      verdicts.push({ ...common, status: 'cannot-tell', passed: null, pointsEarned: 0, cause: causeOf(error), hints: await hintTexts(check.hints, taken, look, check.id, {}), reachedAtMs: null });
    }
  }
  return verdicts;
}

function typedFor({ id, kind, ...spec }: Lesson['checks'][number], { typed }: GraderState): { typed?: Record<string, string> } {
  if (kind === 'point') return { typed: { '': typed[id] ?? '' } };
  if (kind !== 'form') return {};
  const names = Object.keys((spec as { fields?: object }).fields ?? {});
  return { typed: Object.fromEntries(names.map((name) => [name, typed[`${id}.${name}`] ?? ''])) };
}

/** Looks at one goal, unless it is reached for good or others come first, and remembers what was found. */
async function judgeCheck(check: Lesson['checks'][number], isReached: Set<string>, look: Look, state: GraderState, nowMs: number, limit: Limit): Promise<'reached before' | 'waiting' | Finding> {
  if (check.holds === 'once' && state.reachedAtMs[check.id] !== undefined) {
    isReached.add(check.id);
    return 'reached before';
  }
  if (check.needs.some((need) => !isReached.has(need))) return 'waiting';
  const finding = await limit(judgeAssertion(assertionOf(check), look, check.id));
  if (finding.passed) {
    isReached.add(check.id);
    state.reachedAtMs[check.id] ??= nowMs;
  } else {
    delete state.reachedAtMs[check.id];
  }
  return finding;
}

/** The lesson's diagnosis of this very mistake, else what the kind itself found out. */
async function reason(diagnoses: readonly Diagnosis[], finding: Finding, look: Look, checkId: string): Promise<string | undefined> {
  for (const diagnosis of diagnoses) {
    const found = await orNull(judgeAssertion('when' in diagnosis ? diagnosis.when : diagnosis.unless, look, checkId));
    if ('when' in diagnosis && found?.passed === true) return (await fill(diagnosis.say, look, { ...finding.values, ...found.values })).text;
    if ('unless' in diagnosis && found?.passed === false && found.because !== undefined) return found.because;
  }
  return finding.because;
}

/** The hints taken so far; one that depends on the lab is chosen anew each time, as the lab moves on. */
async function hintTexts(hints: readonly Hint[], taken: number, look: Look, checkId: string, values: Readonly<Record<string, string>>): Promise<string[]> {
  const texts: string[] = [];
  for (const hint of hints.slice(0, taken)) {
    const say = typeof hint === 'string' ? hint : await firstFitting(hint, look, checkId);
    texts.push((await orNull(fill(say, look, values)))?.text ?? say);
  }
  return texts;
}

async function firstFitting(choices: readonly { when?: { kind: string }; say: string }[], look: Look, checkId: string): Promise<string> {
  for (const { when, say } of choices) {
    if (when === undefined || (await orNull(judgeAssertion(when, look, checkId)))?.passed === true) return say;
  }
  return choices.at(-1)?.say ?? '';
}

async function judgeQuestion(question: AskedQuestion, spec: QuestionSpec | undefined, state: GraderState, look: Look, limit: Limit): Promise<QuestionVerdict> {
  const { id, isPrediction, points } = question;
  const answer = state.answers[id];
  const open = { id, isPrediction, points, pointsEarned: 0 };
  if (answer === undefined) return { ...open, answer: null, passed: null, attempts: 0 };
  const given = { ...open, answer: answer.given, attempts: answer.attempts };
  if (typeof answer.given !== 'string') {
    const because = (await fill(explainChoice(question, answer.given), look)).text;
    return { ...given, passed: answer.passed, pointsEarned: answer.passed ? points : 0, because };
  }
  try {
    const { isRight, because } = await judgeAnswer(id, answer.given, spec, state, look, limit);
    const passed = isRight || answer.passed;
    return { ...given, passed, pointsEarned: passed ? points : 0, because };
  } catch (error) {
    return { ...given, passed: answer.passed ? true : null, pointsEarned: answer.passed ? points : 0, cause: causeOf(error) };
  }
}

/** Judges what was typed in the lab as it is now; right once is right for good. */
async function judgeAnswer(id: string, given: string, spec: QuestionSpec | undefined, state: GraderState, look: Look, limit: Limit): Promise<{ isRight: boolean; because: string | undefined }> {
  const found = await limit(judgeTyped(spec, given, look));
  if (found.isRight) state.answers[id] = { ...state.answers[id]!, passed: true };
  return found;
}

/** For what is only shown beside a verdict (values, hints, diagnoses): it is left out when it cannot be known. */
async function orNull<Value>(work: Promise<Value>): Promise<Value | null> {
  try {
    return await work;
  } catch {
    return null;
  }
}

function causeOf(error: unknown): string {
  if (error instanceof CannotTell) return error.message;
  return error instanceof Error ? `the check broke: ${error.message}` : 'the check broke';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
