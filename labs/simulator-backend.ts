/** The simulator as a backend: a lesson's lab is its scenario, then the solutions of the lessons it comes after, then its own setup. */
import type { Lesson } from '../contracts/course.ts';
import type { Backend, Lab, RunOptions } from './backend.ts';
import { Attempt } from './course/attempt.ts';
import { chainOf } from './course/course.ts';
import { scenarioNamed } from './scenarios/index.ts';
import { SimulatedLab } from './simulated-lab.ts';

const SETUP_AT_MOST_US = 30_000_000;

export const simulatorBackend: Backend = {
  name: 'simulator',
  canReplay: true,
  async open(lesson, lessons, { seed, columns, rows, ...running }): Promise<Lab> {
    const chain = chainOf(lesson, lessons);
    if (chain === null) throw new Error(`${lesson.id} starts after a lesson that leads back to it`);
    const lab = await SimulatedLab.open(scenarioNamed(chain.scenario), { seed, ...running });
    for (const earlier of chain.earlier) {
      await setUp(lab, earlier, running);
      await workThrough(lab, earlier, { columns, rows }, running);
    }
    await setUp(lab, lesson, running);
    lab.forgetEvidence();
    for (const terminal of lesson.terminals) lab.openTerminal(placed(terminal, lesson), { columns, rows });
    await lab.settle(running);
    return lab;
  },
};

async function setUp(lab: SimulatedLab, { id, setup }: Lesson, running: RunOptions): Promise<void> {
  for (const { run } of setup) {
    const command = lab.start(['bash', '-c', run], { cwd: '/root', env: { HOME: '/root', TERM: 'dumb', LANG: 'C.UTF-8', TZ: 'UTC' } });
    await lab.runWhile(() => command.status === undefined, lab.nowUs + SETUP_AT_MOST_US, running);
    if (command.status?.kind !== 'exited' || command.status.code !== 0) throw new Error(`the setup of ${id} fails at ${run}: ${command.stderr()}`);
  }
}

/** Does a lesson's solution at terminals of its own, which are closed again; what it left running in screen runs on. */
async function workThrough(lab: SimulatedLab, lesson: Lesson, size: { columns: number; rows: number }, running: RunOptions): Promise<void> {
  for (const terminal of lesson.terminals) lab.openTerminal(placed(terminal, lesson), size);
  await lab.settle(running);
  const attempt = Attempt.on(lesson, lab);
  for (const step of lesson.solution) if (!step.optional && !('answer' in step)) await attempt.do(step);
  if (attempt.stuck.length > 0) throw new Error(`the solution of ${lesson.id} is stuck at ${attempt.stuck[0]}`);
  for (const terminal of lesson.terminals) lab.closeTerminal(terminal.id);
  await lab.settle(running);
}

/** Lessons name places; a lab knows machines and namespaces. */
function placed(terminal: Lesson['terminals'][number], { places }: Lesson): Lesson['terminals'][number] {
  const place = places[terminal.place];
  return place === undefined ? terminal : { ...terminal, place: place.netns === '' ? place.machine : `${place.machine}/${place.netns}` };
}
