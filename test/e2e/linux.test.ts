/** Units 0 and 1 on this machine's own Linux, in the browser: the switch in the settings, then the same lessons to the same goals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { describeOnLinux } from '../linux.ts';
import { Learner, openWorld, shippedLessons, until, type World } from './learner.ts';

/** One lesson, or with PODWIRE_LINUX_LESSONS=1 every lesson that real Linux can give; they take minutes, for waits are real there. */
const taken = [...shippedLessons().values()].filter(({ id, unit }) => (process.env.PODWIRE_LINUX_LESSONS === '1' ? unit === 'u0' || unit === 'u1' : id === 'u1-software-switch'));

describeOnLinux('exercise 1 on real Linux', () => {
  describeInChromium('in the browser', () => {
    let world: World;
    let learner: Learner;
    beforeAll(async () => {
      world = await openWorld({ asOrdinaryUser: true });
      learner = await Learner.enter(world.browser, world.served.url);
    });
    afterAll(() => world?.close());

    test('the settings offer it, and say what works here', async () => {
      const { page } = learner;
      await page.keyboard.press('Control+,');
      await page.getByRole('button', { name: 'What works here?' }).click();
      await page.getByText('Real Linux: works.').waitFor();
      await page.getByRole('radio', { name: "on this machine's own Linux" }).check();
      await page.getByRole('button', { name: 'Done' }).click();
    });

    test.each(taken.map((lesson) => [lesson.title, lesson] as const))('%s: every goal and question', async (_title, lesson) => {
      await learner.open(lesson.id);
      expect(await learner.page.getByText('No undo on real Linux').isVisible()).toBe(true);
      for (const [index, step] of lesson.solution.entries()) {
        if (step.optional && 'type' in step && /tcpdump|-c 4/.test(step.type)) continue;
        await learner.do(lesson, step, index % 2 === 0);
      }
      await learner.reaches(lesson.checks.length);
    });

    test('a lesson in a cloud is given in the simulator, and says so', async () => {
      await learner.open('u2-first-pod', 'shell');
      await learner.page.getByText('This lesson takes place in a cloud, which only the simulator has.').waitFor();
      expect(await learner.page.getByText('No undo on real Linux').count()).toBe(0);
    });

    test('a reset is a fresh machine, and goals once reached stay', async () => {
      const { page } = learner;
      await learner.open(taken[0]!.id);
      const before = await learner.goals();
      await learner.type('ip link add left0 type dummy; sudo ip link add left1 type dummy; ip -br link');
      await learner.shows(/left1/);
      await page.getByRole('button', { name: /^Reset/ }).click();
      await page.getByRole('button', { name: "To the lesson's start" }).click();
      await until('a fresh terminal', async () => !(await learner.text()).includes('left1'));
      await learner.prompts();
      await learner.type('ip -br link');
      await learner.shows(/eth0/);
      expect(await learner.text()).not.toContain('left1');
      expect(await learner.goals()).toBe(before);
    });
  });
});
