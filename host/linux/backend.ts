/** Real Linux as a backend. Time is real and nothing can be played again: a reset is a fresh sandbox. */
import { createRequire as requireFrom } from 'node:module';
import type { Backend, Lab } from '../../labs/backend.ts';
import { chainOf, whySimulatorOnly } from '../../labs/course/course.ts';
import { startLesson } from '../../labs/lesson-start.ts';
import { scenarioNamed } from '../../labs/scenarios/index.ts';
import { LinuxLab, type SpawnTerminal } from './lab.ts';
import { Sandbox, type OpenSandbox } from './sandbox.ts';

/** `openSandbox`: on this machine, unless said otherwise. */
export function linuxBackend(openSandbox: OpenSandbox = Sandbox.open): Backend {
  return {
    name: 'linux',
    canReplay: false,
    async open(lesson, lessons, { columns, rows, ...running }): Promise<Lab> {
      const chain = chainOf(lesson, lessons);
      if (chain === null) throw new Error(`${lesson.id} starts after a lesson that leads back to it`);
      const why = whySimulatorOnly(lesson, lessons);
      if (why !== undefined) throw new Error(why);
      const spawnTerminal = terminalSpawner();
      if (spawnTerminal === undefined) throw new Error('terminals on real Linux need node-pty, which was not built when Podwire was installed');
      const lab = new LinuxLab(await openSandbox(scenarioNamed(chain.scenario)), spawnTerminal);
      try {
        await startLesson(lab, lesson, chain.earlier, { columns, rows }, running);
      } catch (cause) {
        lab.close();
        throw cause;
      }
      return lab;
    },
  };
}

/** node-pty is compiled when the app is installed, and not everywhere it can be. */
export function terminalSpawner(): SpawnTerminal | undefined {
  try {
    return (requireFrom(import.meta.url)('node-pty') as { spawn: SpawnTerminal }).spawn;
  } catch {
    return undefined;
  }
}
