/** The simulator and this kernel, given the recorded cases: in CI, whose time is limited, every second one. `podwire diff FILE` shows one again. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { compare } from '../../host/linux/differential.ts';
import { inParallel } from '../../host/linux/differential-jobs.ts';
import { ExecCase } from '../../labs/exec.ts';
import { describeOnLinux } from '../linux.ts';
import { ToldApart } from './told-apart.ts';

/** They mostly wait. */
const CASES_AT_ONCE = 8;

const EVERY = process.env.CI === undefined ? 1 : 2;

const recordings = join(import.meta.dirname, 'recordings', 'linux');

describeOnLinux('the simulator and real Linux', () => {
  test('say the same at every recorded step, but for those with a reason', { timeout: 1_200_000 }, async () => {
    const told = new ToldApart();
    await inParallel(readdirSync(recordings).filter((_, index) => index % EVERY === 0), CASES_AT_ONCE, async (name) => {
      const recorded = JSON.parse(readFileSync(join(recordings, name), 'utf8')) as { id: string; steps: object[] };
      await told.compare(() => compare(ExecCase.parse(recorded), recorded.steps));
    });
    told.expectNoDefect();
  });
});
