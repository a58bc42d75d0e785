/** The simulator as a backend. */
import type { Backend, Lab } from './backend.ts';
import { chainOf } from './course/course.ts';
import { startLesson, type FreshLab } from './lesson-start.ts';
import { scenarioNamed } from './scenarios/index.ts';
import { SimulatedLab } from './simulated-lab.ts';

const SETUP_AT_MOST_US = 30_000_000;

export const simulatorBackend: Backend = {
  name: 'simulator',
  canReplay: true,
  async open(lesson, lessons, { seed, columns, rows, scenario, ...running }): Promise<Lab> {
    const chain = chainOf(lesson, lessons);
    if (chain === null) throw new Error(`${lesson.id} starts after a lesson that leads back to it`);
    const lab = await SimulatedLab.open(scenario ?? scenarioNamed(chain.scenario), { seed, ...running });
    await startLesson(inTheMaking(lab), lesson, chain.earlier, { columns, rows }, running);
    return lab;
  },
};

function inTheMaking(lab: SimulatedLab): FreshLab {
  return Object.assign(lab, {
    async runAsRoot(command: string, running: Parameters<FreshLab['runAsRoot']>[1], place?: string) {
      const started = lab.start(['bash', '-c', command], { place, cwd: '/root', env: { HOME: '/root', TERM: 'dumb', LANG: 'C.UTF-8', TZ: 'UTC' } });
      await lab.runWhile(() => started.status === undefined, lab.nowUs + SETUP_AT_MOST_US, running);
      return { exit: started.status?.kind === 'exited' ? started.status.code : -1, stderr: started.stderr() };
    },
  });
}
