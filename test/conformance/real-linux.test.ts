/**
 * The simulator and this kernel, given the same steps: every recorded case, unit 1's solutions, made-up sessions. `podwire diff` shows one again, by a
 * recording's file, a lesson's name or `--random 1 --seed N`; PODWIRE_SESSIONS says how many sessions.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare, compareSession, shrink, type Comparison, type Difference } from '../../host/linux/differential.ts';
import { compareLesson } from '../../host/linux/differential-lessons.ts';
import { RealSessions } from '../../host/linux/differential-sessions.ts';
import { inParallel } from '../../host/linux/differential-jobs.ts';
import { readCourse } from '../../host/course-files.ts';
import { lessonsOf, loadCourse } from '../../labs/course/index.ts';
import { ExecCase } from '../../labs/exec.ts';
import { randomCommands } from '../../labs/random-commands.ts';
import { describeOnLinux } from '../linux.ts';
import { knownDifferences, onRealLinux } from './known-differences.ts';

const sessions = Number(process.env.PODWIRE_SESSIONS ?? 300);
const FIRST_SEED = 1;
/** Sessions mostly wait for the kernel to fall silent. */
const AT_ONCE = 16;
const CASES_AT_ONCE = 8;

const recordings = join(import.meta.dirname, 'recordings', 'linux');

describeOnLinux('the simulator and real Linux', () => {
  // Both mostly wait.
  test.concurrent('say the same at every recorded step, but for those with a reason', { timeout: 600_000 }, async ({ expect }) => {
    const found: string[] = [];
    await inParallel(readdirSync(recordings), CASES_AT_ONCE, async (name) => {
      const recorded = JSON.parse(readFileSync(join(recordings, name), 'utf8')) as { id: string; steps: object[] };
      found.push(...(await toldApart(() => compare(ExecCase.parse(recorded), recorded.steps))));
    });
    expect(found).toEqual([]);
  });

  test.concurrent('say the same when the solutions of unit 1 are typed', { timeout: 400_000 }, async ({ expect }) => {
    const found: string[] = [];
    const { course } = loadCourse(new Map(Object.entries(readCourse(join(import.meta.dirname, '../../courses/gke-networking')))));
    const lessons = lessonsOf(course!);
    await inParallel([...lessons.values()].filter(({ unit }) => unit === 'u1'), lessons.size, async (lesson) => {
      found.push(...(await toldApart(() => compareLesson(lesson, lessons))));
    });
    expect(found).toEqual([]);
  });

  test(`say the same in ${sessions} made-up sessions`, { timeout: 60_000 + 2_000 * sessions }, async () => {
    const onLinux = await RealSessions.open();
    const found: string[] = [];
    try {
      await inParallel(Array.from({ length: sessions }, (_, index) => FIRST_SEED + index), AT_ONCE, async (seed) => {
        const tryIt = async (commands: readonly string[]): Promise<readonly Difference[]> => (await compareSession(`random-${seed}`, commands, onLinux)).differences;
        const commands = randomCommands(seed);
        if ((await tryIt(commands)).length === 0) return;
        const { commands: shortest, differences: [first] } = await shrink(commands, tryIt);
        if (first !== undefined) found.push(`seed ${seed}: ${shortest.join('; ')}\n  ${first.command}\n  simulator: ${first.simulator.join(' / ')}\n  real Linux: ${first.linux.join(' / ')}`);
      });
    } finally {
      await onLinux.close();
    }
    expect(found).toEqual([]);
  });
});

/** The differences without a reason. Some steps depend on seconds, which a busy machine stretches: what is different is different again, and again. */
async function toldApart(tryIt: () => Promise<Comparison>): Promise<string[]> {
  let told: string[] = [];
  let steps: ReadonlySet<number> | undefined;
  for (let again = 0; again < 3 && (steps === undefined || steps.size > 0); again++) {
    const { id, differences } = await tryIt();
    const found = differences.filter(({ step }) => steps?.has(step) !== false && !(`${id} ${step}` in knownDifferences) && !(`${id} ${step}` in onRealLinux));
    steps = new Set(found.map(({ step }) => step));
    told = found.map(({ step, command, simulator, linux }) => `${id} ${step}: ${command}\n  simulator: ${simulator.join(' / ')}\n  real Linux: ${linux.join(' / ')}`);
  }
  return told;
}
