/**
 * The simulator and this kernel, given unit 1's solutions and made-up sessions. `podwire diff` shows one again, by a lesson's name or
 * `--random 1 --seed N`; PODWIRE_SESSIONS says how many sessions.
 */
import { join } from 'node:path';
import { test } from 'vitest';
import { compareSession, shrink, type Difference } from '../../host/linux/differential.ts';
import { compareLesson } from '../../host/linux/differential-lessons.ts';
import { RealSessions } from '../../host/linux/differential-sessions.ts';
import { inParallel } from '../../host/linux/differential-jobs.ts';
import { readCourse } from '../../host/course-files.ts';
import { lessonsOf, loadCourse } from '../../labs/course/index.ts';
import { randomCommands } from '../../labs/random-commands.ts';
import { describeOnLinux } from '../linux.ts';
import { expectNoDefect, tell, ToldApart } from './told-apart.ts';

const sessions = Number(process.env.PODWIRE_SESSIONS ?? 300);
const FIRST_SEED = 1;
/** Sessions mostly wait for the kernel to fall silent. */
const AT_ONCE = 16;

describeOnLinux('the simulator and real Linux', () => {
  test('say the same when the solutions of unit 1 are typed', { timeout: 800_000 }, async () => {
    const told = new ToldApart();
    const { course } = loadCourse(new Map(Object.entries(readCourse(join(import.meta.dirname, '../../courses/gke-networking')))));
    const lessons = lessonsOf(course!);
    await inParallel([...lessons.values()].filter(({ unit }) => unit === 'u1'), lessons.size, async (lesson) => {
      await told.compare(() => compareLesson(lesson, lessons));
    });
    told.expectNoDefect();
  });

  test(`say the same in ${sessions} made-up sessions`, { timeout: 60_000 + 2_000 * sessions }, async () => {
    const onLinux = await RealSessions.open();
    const found: string[] = [];
    let steps = 0;
    try {
      await inParallel(Array.from({ length: sessions }, (_, index) => FIRST_SEED + index), AT_ONCE, async (seed) => {
        const tryIt = async (commands: readonly string[]): Promise<readonly Difference[]> => (await compareSession(`random-${seed}`, commands, onLinux)).differences;
        const commands = randomCommands(seed);
        steps += commands.length;
        if ((await tryIt(commands)).length === 0) return;
        const { commands: shortest, differences: [first] } = await shrink(commands, tryIt);
        if (first !== undefined) found.push(tell(`seed ${seed}: ${shortest.join('; ')}\n  ${first.command}`, first));
      });
    } finally {
      await onLinux.close();
    }
    expectNoDefect(found, steps);
  });
});
