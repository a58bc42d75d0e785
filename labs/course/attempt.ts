/** One way through a lesson, done by machine: steps typed at a fresh lab's terminals as a learner would, judged as they go. */
import type { KeysStep, Lesson, SolutionStep, TypeStep, VisitStep } from '../../contracts/course.ts';
import type { Report } from '../../contracts/report.ts';
import { createGrader, fill, type Finding, type Grader, judgeAssertion, Look } from '../../grading/index.ts';
import type { Backend, Lab } from '../backend.ts';
import { keyNamed } from '../keys.ts';

export interface AttemptOptions {
  readonly backend: Backend;
  readonly lessons: ReadonlyMap<string, Lesson>;
  readonly seed: number;
}

const SECOND_US = 1_000_000;
/** How long a shell may keep us waiting for its prompt. Longer than any command of a lesson, the making of a cluster included; where time is real no cluster is made. */
const PROMPT_WITHIN_US = 150 * SECOND_US;
const REAL_PROMPT_WITHIN_US = 20 * SECOND_US;
/** Where it did not come back in time there is nothing to wait for. */
const STUCK_FOR_US = SECOND_US;
const LOOK_EVERY_US = 20_000;
/** As the session does: judged when nothing has changed for this long. */
const JUDGE_AFTER_US = 300_000;
const RUNNING_FOR_US = 1_500_000;

export class Attempt {
  readonly #lesson: Lesson;
  readonly #grader: Grader;
  readonly lab: Lab;
  /** Steps whose terminal did not ask for a line again in time; only a broken attempt has any. */
  readonly stuck: string[] = [];
  readonly #stuckAt = new Set<string>();

  private constructor(lesson: Lesson, lab: Lab) {
    this.#lesson = lesson;
    this.lab = lab;
    this.#grader = createGrader(lesson);
  }

  static async open(lesson: Lesson, { backend, lessons, seed }: AttemptOptions): Promise<Attempt> {
    const lab = await backend.open(lesson, lessons, { seed, columns: 80, rows: 24 });
    return new Attempt(lesson, lab);
  }

  /** Goes on in a lab that runs already. */
  static on(lesson: Lesson, lab: Lab): Attempt {
    return new Attempt(lesson, lab);
  }

  /** Does the steps and judges before the first and after each; answers the last report. */
  async run(steps: readonly SolutionStep[], tell: (report: Report, stepsDone: number) => void = () => {}): Promise<Report> {
    let report = await this.judge();
    tell(report, 0);
    for (const [index, step] of steps.entries()) {
      await this.do(step);
      report = await this.judge();
      tell(report, index + 1);
    }
    return report;
  }

  async do(step: SolutionStep): Promise<void> {
    if ('wait' in step) return this.#pass(step.wait * SECOND_US);
    if ('answer' in step) {
      for (const [id, answer] of Object.entries(step.answer)) this.#answer(id, typeof answer === 'string' ? (await fill(answer, await this.#look())).text : answer);
      return;
    }
    if ('visit' in step) return this.#visit(step);
    const terminal = step.at ?? this.#lesson.terminals[0]?.id ?? '';
    if (!this.lab.terminals().some(({ id, isOpen }) => id === terminal && isOpen)) {
      this.stuck.push(stepText(step));
      return;
    }
    const text = 'keys' in step ? step.keys.map(keyNamed).join('') : `${(await fill(step.type, await this.#look())).text}\r`;
    this.lab.input(terminal, text);
    await this.#settle(terminal, step);
  }

  async judge(): Promise<Report> {
    await this.settleForJudging();
    return this.judgeNow();
  }

  /** Real terminals fall silent sooner than that. */
  settleForJudging(): Promise<void> {
    if (this.lab.isRealTime !== true) return this.#pass(JUDGE_AFTER_US);
    this.lab.catchUp?.();
    return this.lab.runUntilQuiet(100_000, this.lab.nowUs + JUDGE_AFTER_US);
  }

  judgeNow(): Promise<Report> {
    return this.#grader.judge(this.lab.observer, { nowMs: Math.round(this.lab.nowUs / 1000) });
  }

  async truth(assertion: { kind: string }): Promise<Finding> {
    return judgeAssertion(assertion, await this.#look(), '');
  }

  /** All three hints of a check, filled from the lab as it is now. */
  async hints(checkId: string): Promise<string[]> {
    while (this.#grader.takeHint(checkId));
    const { checks } = await this.judge();
    return checks.find(({ id }) => id === checkId)?.hints ?? [];
  }

  close(): void {
    this.lab.close();
  }

  #look(): Promise<Look> {
    return Look.settled(this.lab.observer, this.#lesson.places);
  }

  #answer(id: string, answer: string | number | number[]): void {
    if (answer !== 'right') {
      if (id.includes('.')) this.#grader.type(id, String(answer));
      else this.#grader.answer(id, typeof answer === 'number' ? [answer] : answer);
      return;
    }
    const block = this.#lesson.screens.flatMap(({ blocks }) => blocks).find((each) => (each.kind === 'question' || each.kind === 'predict') && each.id === id);
    if (block?.kind !== 'question' && block?.kind !== 'predict') return;
    this.#grader.answer(id, block.options.flatMap(({ isRight }, index) => (isRight ? [index] : [])));
  }

  async #visit({ visit, from }: VisitStep): Promise<void> {
    const look = await this.#look();
    this.lab.visit?.(look.place(from), (await fill(visit, look)).text);
    const limitUs = this.lab.nowUs + PROMPT_WITHIN_US;
    do await this.#pass(LOOK_EVERY_US);
    while (this.lab.shownVisit?.()?.progress !== 'done' && this.lab.nowUs < limitUs);
  }

  async #settle(terminal: string, step: TypeStep | KeysStep): Promise<void> {
    if ('interruptAfter' in step && step.interruptAfter !== undefined) {
      await this.#pass(step.interruptAfter * SECOND_US);
      if (!this.lab.isPrompting(terminal)) this.lab.input(terminal, keyNamed('ctrl-c'));
    }
    const until = 'until' in step ? step.until : 'prompt';
    if (until === 'running') return this.#pass(RUNNING_FOR_US);
    if (until === 'quiet') return this.lab.runUntilQuiet(200_000, this.lab.nowUs + 5 * SECOND_US);
    const limitUs = this.lab.nowUs + (this.lab.isRealTime !== true ? PROMPT_WITHIN_US : this.#stuckAt.has(terminal) ? STUCK_FOR_US : REAL_PROMPT_WITHIN_US);
    do await this.#pass(LOOK_EVERY_US);
    while (!this.lab.isPrompting(terminal) && this.lab.nowUs < limitUs && this.lab.terminals().some(({ id, isOpen }) => id === terminal && isOpen));
    if (this.lab.isPrompting(terminal)) return void this.#stuckAt.delete(terminal);
    this.stuck.push(stepText(step));
    this.#stuckAt.add(terminal);
  }

  #pass(us: number): Promise<void> {
    this.lab.catchUp?.();
    return this.lab.runUntil(this.lab.nowUs + us);
  }
}

export function stepText(step: SolutionStep): string {
  if ('type' in step) return step.type;
  if ('keys' in step) return step.keys.join(' ');
  if ('visit' in step) return `visit ${step.visit}`;
  if ('wait' in step) return `wait ${step.wait} s`;
  return `answer ${Object.keys(step.answer).join(', ')}`;
}
