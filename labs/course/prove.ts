/**
 * How a lesson proves itself, on a given seed:
 *
 * 1. its start is not its goal, and what needs something else says "waiting";
 * 2. the solution reaches every goal and answers every question, twice with the same bytes;
 * 3. without any one essential step it does not;
 * 4. every alternate reaches every goal, every mistake gets exactly its diagnosis;
 * 5. what a prediction marks right is what the lab then does;
 * 6. every `::output` and placeholder has something to show, and whoever obeys hint 3 passes the check.
 */
import type { Alternate, Lesson, Mistake, SolutionStep } from '../../contracts/course.ts';
import type { Report } from '../../contracts/report.ts';
import { matchesLine } from '../../grading/index.ts';
import { Attempt, type AttemptOptions, stepText } from './attempt.ts';

export const proofRules = ['start', 'solution', 'essential', 'alternate', 'mistake', 'prediction', 'output', 'value', 'hint'] as const;
export type ProofRule = (typeof proofRules)[number];

export interface ProofFailure {
  readonly rule: ProofRule;
  /** Which step, alternate, mistake, prediction or check. */
  readonly of: string;
  readonly wanted: string;
  readonly found: string;
}

export interface LessonProof {
  readonly lesson: string;
  readonly seed: number;
  /** How many labs were opened for it. */
  readonly attempts: number;
  readonly failures: readonly ProofFailure[];
}

export interface ProofOptions extends AttemptOptions {
  /** Only these parts; all of them when absent. */
  readonly rules?: readonly ProofRule[];
  /** Lets labs open as it sees fit; one at a time when absent. Where time is real most of a lab is waiting, and several may run at once. */
  readonly turns?: Turns;
}

export type Turns = <Found>(work: () => Promise<Found>) => Promise<Found>;

/** At most so many at once, in the order they came. */
export function turnsOf(count: number): Turns {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

export async function proveLesson(lesson: Lesson, options: ProofOptions): Promise<LessonProof> {
  const proof = new Proof(lesson, options);
  await proof.run();
  return { lesson: lesson.id, seed: options.seed, attempts: proof.attempts, failures: proof.failures };
}

class Proof {
  readonly #lesson: Lesson;
  readonly #options: ProofOptions;
  readonly #turns: Turns;
  readonly failures: ProofFailure[] = [];
  attempts = 0;

  constructor(lesson: Lesson, options: ProofOptions) {
    this.#lesson = lesson;
    this.#options = options;
    this.#turns = options.turns ?? turnsOf(1);
  }

  async run(): Promise<void> {
    const parts: Readonly<Record<ProofRule, () => Promise<void>>> = {
      start: () => this.#start(),
      solution: () => this.#solution(),
      essential: () => this.#essential(),
      alternate: () => this.#alternates(),
      mistake: () => this.#mistakes(),
      prediction: () => this.#predictions(),
      output: () => this.#outputs(),
      value: () => this.#values(),
      hint: () => this.#hints(),
    };
    const isProvable = async (rule: ProofRule): Promise<boolean> => {
      if (this.#options.rules?.includes(rule) === false) return true;
      try {
        await parts[rule]();
        return true;
      } catch (error) {
        this.#fail(rule, this.#lesson.id, 'a lab that can be proved', error instanceof Error ? error.message : 'a failure');
        return false;
      }
    };
    const [start, ...others] = proofRules;
    // A start that cannot be reached breaks every rule in the same way.
    if (await isProvable(start)) await every(others.map(isProvable));
    this.failures.sort((a, b) => proofRules.indexOf(a.rule) - proofRules.indexOf(b.rule));
  }

  async #start(): Promise<void> {
    await this.#attempt(async (attempt) => {
      const report = await attempt.judge();
      if (report.pointsEarned >= report.points) this.#fail('start', 'points', `below ${report.points}`, `${report.pointsEarned}`);
      const early = report.checks.filter(({ passed }) => passed === true);
      for (const { id, goal } of early) this.#fail('start', id, 'not reached yet', goal);
      for (const { id, status } of report.checks) {
        const needs = this.#lesson.checks.find((check) => check.id === id)?.needs ?? [];
        if (needs.length > 0 && status !== 'waiting' && status !== 'reached') this.#fail('start', id, 'waiting', status);
      }
      for (const { id, cause } of report.checks) if (cause !== undefined) this.#fail('start', id, 'a verdict', cause);
    });
  }

  async #solution(): Promise<void> {
    const { solution } = this.#lesson;
    const again = this.#attempt((attempt) => walkThrough(attempt, solution));
    await every([this.#whole(), this.#bare(), again]);
    for (const [of, walk] of [['every step', this.#whole()], ['the essential steps', this.#bare()], ['the same again', again]] as const) {
      const { report, stuck } = await walk;
      this.#expectComplete('solution', of, report);
      for (const step of stuck) this.#fail('solution', of, 'a prompt after the step', step);
    }
    const [first, second] = [(await this.#whole()).hash, (await again).hash];
    if (first !== second) this.#fail('solution', 'the same again', `state ${first ?? 'none'}`, `state ${second ?? 'none'}`);
  }

  /** The solution with every step, and what its outputs have to show at the end; walked once for all rules that ask. */
  readonly #whole = once(() => this.#attempt(async (attempt) => {
    const walk = await walkThrough(attempt, this.#lesson.solution);
    return { ...walk, empty: await this.#emptyOutputs(attempt) };
  }));

  /** The solution without what may be left out. */
  readonly #bare = once(() => this.#attempt((attempt) => walkThrough(attempt, essentials(this.#lesson.solution))));

  async #essential(): Promise<void> {
    const { solution } = this.#lesson;
    await every(solution.map(async (step, index) => {
      if (step.optional || step.tidy || 'wait' in step) return;
      await this.#attempt(async (attempt) => {
        const report = await attempt.run(essentials(solution.filter((_, at) => at !== index)));
        if (report.isComplete) {
          this.#fail('essential', stepText(step), `below ${report.points} without it`, `${report.pointsEarned}`);
          return;
        }
        const first = report.checks.find(({ status }) => status !== 'reached');
        if (first !== undefined && (first.because ?? first.cause ?? '') === '') this.#fail('essential', stepText(step), `a reason at ${first.id}`, 'none');
      });
    }));
  }

  async #alternates(): Promise<void> {
    await every(this.#lesson.alternates.map((alternate) =>
      this.#attempt(async (attempt) => {
        const report = await attempt.run(essentials(stepsOfAlternate(this.#lesson, alternate)));
        this.#expectComplete('alternate', alternate.name, report);
      })));
  }

  async #mistakes(): Promise<void> {
    await every(this.#lesson.mistakes.map((mistake) =>
      this.#attempt(async (attempt) => {
        const report = await attempt.run(essentials(stepsOfMistake(this.#lesson, mistake)));
        const verdict = report.checks.find(({ id }) => id === mistake.check);
        if (verdict?.status !== 'not-yet') this.#fail('mistake', mistake.name, `${mistake.check} not reached`, verdict?.status ?? 'no such check');
        else if (!matchesLine(mistake.because, verdict.because ?? '')) this.#fail('mistake', mistake.name, mistake.because, verdict.because ?? 'no reason');
      })));
  }

  async #predictions(): Promise<void> {
    await every(Object.entries(this.#lesson.predictions).map(([id, { after, steps, truth }]) =>
      this.#attempt(async (attempt) => {
        await attempt.run(essentials([...upTo(this.#lesson.solution, after), ...steps]));
        const { passed, found } = await attempt.truth(truth);
        if (!passed) this.#fail('prediction', id, 'the lab to do what is marked right', found);
      })));
  }

  async #outputs(): Promise<void> {
    for (const of of (await this.#whole()).empty) this.#fail('output', of, 'something to show', 'nothing');
  }

  /** Each output's command is run at the end where the learner has not run it on the way: it must have something to say. */
  async #emptyOutputs(attempt: Attempt): Promise<string[]> {
    const outputs = this.#lesson.screens.flatMap(({ blocks }) => blocks).flatMap((block) => (block.kind === 'output' ? [block] : []));
    const empty: string[] = [];
    for (const { of, terminal } of outputs) {
      if (!(await hasOutput(attempt, of))) await attempt.do({ type: of, at: terminal, until: 'prompt', optional: false, tidy: false });
      if (!(await hasOutput(attempt, of))) empty.push(of);
    }
    return empty;
  }

  async #values(): Promise<void> {
    const { values } = await this.#whole();
    for (const name of this.#lesson.values) if (!values.has(name)) this.#fail('value', name, 'a value at some point of the solution', 'none');
  }

  /** The lab as it is just before the solution reaches a check, then hint 3 done at a fresh terminal. */
  async #hints(): Promise<void> {
    const { reachedBy } = await this.#bare();
    const steps = essentials(this.#lesson.solution);
    await every(this.#lesson.checks.map(async ({ id }) => {
      const index = reachedBy.get(id);
      if (index === undefined) return;
      await this.#attempt(async (attempt) => {
        await attempt.run(steps.slice(0, index));
        const hint = (await attempt.hints(id))[2] ?? '';
        const first = this.#lesson.terminals[0];
        if (first === undefined) return;
        const { machine } = this.#lesson.places[placeOfHint(hint, this.#lesson) ?? first.place] ?? { machine: first.place };
        attempt.lab.openTerminal({ id: 'hint', title: 'hint', place: machine }, { columns: 80, rows: 24 });
        await attempt.do({ wait: 1, optional: false, tidy: false });
        const obeyed = stepsOfHint(hint, this.#lesson);
        const report = await attempt.run(obeyed);
        const verdict = report.checks.find((check) => check.id === id);
        if (verdict?.status !== 'reached') this.#fail('hint', `${id}: ${hint}`, 'reached', `${verdict?.status ?? 'none'}: ${verdict?.because ?? verdict?.cause ?? ''} (did: ${obeyed.map(stepText).join('; ')})`);
      });
    }));
  }

  #expectComplete(rule: ProofRule, of: string, report: Report): void {
    if (report.isComplete) return;
    const open = report.checks.filter(({ status }) => status !== 'reached').map(({ id, status, because, cause }) => `${id} ${status}: ${because ?? cause ?? ''}`);
    const unanswered = report.questions.filter(({ points, pointsEarned }) => pointsEarned < points).map(({ id }) => `${id} unanswered`);
    this.#fail(rule, of, `${report.points} points`, `${report.pointsEarned} (${[...open, ...unanswered].join('; ')})`);
  }

  async #attempt<Found>(work: (attempt: Attempt) => Promise<Found>): Promise<Found> {
    this.attempts++;
    return this.#turns(async () => {
      const attempt = await Attempt.open(this.#lesson, this.#options);
      try {
        return await work(attempt);
      } finally {
        attempt.close();
      }
    });
  }

  #fail(rule: ProofRule, of: string, wanted: string, found: string): void {
    this.failures.push({ rule, of, wanted, found });
  }
}

/** What one way through has to tell. */
interface Walk {
  readonly report: Report;
  readonly stuck: readonly string[];
  readonly hash: string | undefined;
  /** Names of the live values that had a value at some point. */
  readonly values: ReadonlySet<string>;
  /** The step that reached each check, by its place. */
  readonly reachedBy: ReadonlyMap<string, number>;
}

async function walkThrough(attempt: Attempt, steps: readonly SolutionStep[]): Promise<Walk> {
  const values = new Set<string>();
  const reachedBy = new Map<string, number>();
  const report = await attempt.run(steps, (now, stepsDone) => {
    for (const [name, value] of Object.entries(now.values)) if (value !== null) values.add(name);
    for (const { id, status } of now.checks) if (status === 'reached' && !reachedBy.has(id)) reachedBy.set(id, Math.max(0, stepsDone - 1));
  });
  return { report, stuck: attempt.stuck, hash: attempt.lab.hash(), values, reachedBy };
}

function once<Found>(find: () => Promise<Found>): () => Promise<Found> {
  let found: Promise<Found> | undefined;
  return () => (found ??= find());
}

/** To the last one's end, whatever becomes of the others; then fails as the first that failed. */
async function every(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}

function essentials(steps: readonly SolutionStep[]): SolutionStep[] {
  return steps.filter(({ optional }) => !optional);
}

function upTo(steps: readonly SolutionStep[], name: string | undefined): SolutionStep[] {
  if (name === 'start') return [];
  if (name === undefined) return [...steps];
  return steps.slice(0, steps.findIndex((step) => step.name === name) + 1);
}

function stepsOfAlternate(lesson: Lesson, { from, to, steps }: Alternate): SolutionStep[] {
  if (from === undefined || to === undefined) return [...steps, ...lesson.solution.filter((step) => 'answer' in step)];
  const first = lesson.solution.findIndex(({ name }) => name === from);
  const last = lesson.solution.findIndex(({ name }) => name === to);
  return [...lesson.solution.slice(0, first), ...steps, ...lesson.solution.slice(last + 1)];
}

function stepsOfMistake(lesson: Lesson, { from, steps }: Mistake): SolutionStep[] {
  if (from === undefined) return [...steps];
  return [...lesson.solution.slice(0, lesson.solution.findIndex(({ name }) => name === from)), ...steps];
}

/** "`...`, on home": the hint's commands are for that place's own terminal. */
function placeOfHint(hint: string, { places }: Lesson): string | undefined {
  return [...hint.matchAll(/\bon ([a-z][\w-]*)/g)].map(([, name = '']) => name).find((name) => places[name]?.netns === '');
}

/** What a learner who obeys the hint does: the commands between backquotes and the chords, in order. */
function stepsOfHint(hint: string, lesson: Lesson): SolutionStep[] {
  const inside = /inside ([a-z][\w-]*)/.exec(hint)?.[1];
  const place = Object.values(lesson.places).find(({ netns }) => netns !== '' && netns === inside);
  const common = { at: 'hint', optional: false, tidy: false };
  return [...hint.matchAll(/`([^`]+)`|Ctrl\+([A-Z])(?: and ([A-Z]))?/g)].map(([, command, control, key]): SolutionStep => {
    if (command !== undefined && /^https?:/.test(command)) return { ...common, visit: command, from: [...hint.matchAll(/\bfrom ([a-z][\w-]*)/g)].map(([, name = '']) => name).find((name) => Object.hasOwn(lesson.places, name)) ?? '' };
    if (command === undefined) return { ...common, keys: [`ctrl-${(control ?? '').toLowerCase()}`, ...(key === undefined ? [] : [key.toLowerCase()])], until: 'quiet' };
    const type = place === undefined ? command : `sudo ip netns exec ${place.netns} ${command.replace(/^sudo /, '')}`;
    const staysOpen = /^(sudo .*)?ping (?!.*-c)|^screen /.test(type);
    return { ...common, type, until: staysOpen ? 'running' : 'prompt' };
  });
}

async function hasOutput(attempt: Attempt, of: string): Promise<boolean> {
  const commands = await attempt.lab.observer.commands();
  if (!('value' in commands)) return false;
  const wanted = squeezed(of);
  return commands.value.some(({ line, output }) => squeezed(line) === wanted && output.trim() !== '');
}

function squeezed(line: string): string {
  return line.trim().replace(/\s+/g, ' ').replace(/^sudo /, '');
}
