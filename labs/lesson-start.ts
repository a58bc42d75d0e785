/** How a lesson's lab comes to be on any backend: the scenario, then the solutions of the lessons it comes after, then its own setup. */
import type { Lesson, SolutionStep, Terminal } from '../contracts/course.ts';
import type { Lab, RunOptions } from './backend.ts';
import { Attempt } from './course/attempt.ts';

/** A lab in the making. */
export interface FreshLab extends Lab {
  /** A command as root, beside every terminal, to its end; on the first machine when no place is given. */
  runAsRoot(command: string, running: RunOptions, place?: string): Promise<{ exit: number; stderr: string }>;
  /** Lets the shells come up to their prompts. */
  settle(running: RunOptions): Promise<void>;
  /** What was typed and shown before is nobody's evidence. */
  forgetEvidence(): void;
}

export async function startLesson(lab: FreshLab, lesson: Lesson, earlier: readonly Lesson[], size: { columns: number; rows: number }, running: RunOptions): Promise<void> {
  for (const each of earlier) {
    await setUp(lab, each, running);
    await workThrough(lab, each, size, running);
  }
  await setUp(lab, lesson, running);
  lab.forgetEvidence();
  for (const terminal of lesson.terminals) lab.openTerminal(placed(terminal, lesson), size);
  await lab.settle(running);
}

async function setUp(lab: FreshLab, { id, setup, places }: Lesson, running: RunOptions): Promise<void> {
  for (const { run, at } of setup) {
    const { exit, stderr } = await lab.runAsRoot(run, running, at === undefined ? undefined : places[at]?.machine);
    if (exit !== 0) throw new Error(`the setup of ${id} fails at ${run}: ${stderr}`);
  }
}

/** Does a lesson's solution at terminals of its own, which are closed again; what it left running in screen runs on. */
async function workThrough(lab: FreshLab, lesson: Lesson, size: { columns: number; rows: number }, running: RunOptions): Promise<void> {
  for (const terminal of lesson.terminals) lab.openTerminal(placed(terminal, lesson), size);
  await lab.settle(running);
  const attempt = Attempt.on(lesson, lab);
  for (const step of lesson.solution) {
    if (step.optional || 'answer' in step) continue;
    const done = lab.isRealTime === true ? withoutLooking(step) : step;
    if (done !== undefined) await attempt.do(done);
  }
  if (attempt.stuck.length > 0) throw new Error(`the solution of ${lesson.id} is stuck at ${attempt.stuck[0]}`);
  for (const terminal of lesson.terminals) lab.closeTerminal(terminal.id);
  await lab.settle(running);
}

/** Where time is real nobody waits for what was only looked at: who listens changes nothing, and what is interrupted has done all it does within a second. */
function withoutLooking(step: SolutionStep): SolutionStep | undefined {
  if (!('type' in step)) return step;
  if (/^sudo tcpdump /.test(step.type)) return undefined;
  return step.interruptAfter === undefined ? step : { ...step, interruptAfter: Math.min(1, step.interruptAfter) };
}

/** Lessons name places; a lab knows machines and namespaces. */
function placed(terminal: Terminal, { places }: Lesson): Terminal {
  const place = places[terminal.place];
  return place === undefined ? terminal : { ...terminal, place: place.netns === '' ? place.machine : `${place.machine}/${place.netns}` };
}
