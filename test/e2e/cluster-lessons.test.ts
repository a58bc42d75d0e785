/**
 * Exercises 2 to 4 as a learner does them in the page: several terminals, one lesson of each exercise, every goal and question.
 * PODWIRE_ALL_LESSONS=1 does every lesson of theirs.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, shippedLessons, type World } from './learner.ts';

const some = ['u2-first-pod', 'u2-three-doors', 'u3-health-probes', 'u4-visit-by-pid'];
const lessons = [...shippedLessons().values()].filter(({ id, unit }) => (process.env.PODWIRE_ALL_LESSONS === '1' ? ['u2', 'u3', 'u4'].includes(unit) : some.includes(id)));

describeInChromium('exercises 2 to 4 in the browser', () => {
  let world: World;
  let learner: Learner;
  beforeAll(async () => {
    world = await openWorld();
    learner = await Learner.enter(world.browser, world.served.url);
  });
  afterAll(() => world?.close());

  test.each(lessons.map((lesson) => [lesson.id, lesson] as const))('%s: every goal and question', { timeout: 240_000 }, async (id, lesson) => {
    await learner.open(id, lesson.terminals[0]!.id);
    for (const step of lesson.solution) if (!step.optional) await learner.do(lesson, step, false);
    await learner.reaches(lesson.checks.length);
    expect(learner.complaints).toEqual([]);
  });
});
