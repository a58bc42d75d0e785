/** Units 0 and 1 as a learner does them: reading on, pressing Run or typing, answering; and every goal of every lesson reached. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, shippedLessons, type World } from './learner.ts';

const lessons = shippedLessons();
const taken = [...lessons.values()].filter(({ unit }) => unit === 'u0' || unit === 'u1');

describeInChromium('exercise 1 in the browser', () => {
  let world: World;
  let learner: Learner;
  beforeAll(async () => {
    world = await openWorld();
    learner = await Learner.enter(world.browser, world.served.url);
  });
  afterAll(() => world?.close());

  test('begins at the course, with the first lesson one press away', async () => {
    await learner.page.getByRole('link', { name: /^Begin/ }).click();
    await learner.labIsUp();
    expect(await learner.page.title()).toContain(taken[0]!.title);
  });

  test.each(taken.map((lesson) => [lesson.title, lesson] as const))('%s: every goal and question', async (_title, lesson) => {
    await learner.open(lesson.id);
    expect(await learner.goals()).toMatch(/^\d+ of \d+ reached$/);
    for (const [index, step] of lesson.solution.entries()) {
      // Reading the wire takes seconds each time; once a lesson is enough.
      if (step.optional && 'type' in step && /tcpdump|-c 4/.test(step.type)) continue;
      await learner.do(lesson, step, index % 2 === 0);
    }
    await learner.reaches(lesson.checks.length);
    if (lesson !== taken.at(-1)) await learner.page.getByRole('link', { name: /^Next lesson(?!:)/ }).waitFor();
    else {
      await learner.step(lesson.screens.length);
      await learner.page.getByRole('region', { name: 'Lesson complete' }).waitFor();
    }
  });

  test('the course shows every lesson as done', async () => {
    await learner.page.evaluate(() => { location.hash = '#/'; });
    await expect.poll(() => learner.page.locator('#course-title + span').innerText()).toBe(`${taken.length} of ${lessons.size} lessons done`);
    expect(learner.complaints).toEqual([]);
  });
});
