/**
 * Units 0 and 1 on this machine's own Linux, in the browser: the switch in the settings, then the same lessons to the same goals. As an ordinary user,
 * with each kind of users a sandbox can have, each kind in a file of its own: they mostly wait, and files run side by side.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { engines, stateOf } from '../../host/linux/container.ts';
import { describeOnLinux, describeUnless } from '../linux.ts';
import { Learner, openWorld, shippedLessons, until, type Way, whyNotAs, type World } from './learner.ts';

/** Waits are real there. So each lesson is done one way, by what it needs; with PODWIRE_LINUX_LESSONS=1 both ways and step by step. */
const isWhole = process.env.PODWIRE_LINUX_LESSONS === '1';
const lessons = [...shippedLessons().values()].filter(({ unit }) => unit === 'u0' || unit === 'u1');

const ways: Readonly<Record<Way, { turn: number; name: string; prompt: string; users: string; refusal: RegExp | undefined }>> = {
  single: { turn: 0, name: 'with a single user', prompt: 'root@', users: 'In labs everybody is root', refusal: undefined },
  range: { turn: 1, name: 'with a range of users', prompt: 'learner@', users: 'Labs have users of their own', refusal: /Operation not permitted/ },
};

export function describeLessonsOnLinux(way: Way): void {
  const { turn, name, prompt, users, refusal } = ways[way];
  describeInChromium('in the browser', () => {
    describeOnLinux(`on real Linux, as an ordinary user ${name}`, () => {
      const taken = lessons.filter((_, index) => isWhole || index % 2 === turn);
      let world: World;
      let learner: Learner;
      beforeAll(async () => {
        world = await openWorld({ as: way });
        learner = await Learner.enter(world.browser, world.served.url);
      });
      afterAll(() => world?.close());

      test('the settings offer it, and say what works here', async () => {
        const { page } = learner;
        await page.keyboard.press('Control+,');
        await page.getByRole('button', { name: 'What works here?' }).click();
        await page.getByText('Real Linux: works.').waitFor();
        await page.getByText(users).waitFor();
        await page.getByRole('radio', { name: "on this machine's own Linux" }).check();
        await page.getByRole('button', { name: 'Done' }).click();
      });

      test.each(taken.map((lesson) => [lesson.title, lesson] as const))('%s: every goal and question', async (_title, lesson) => {
        await learner.open(lesson.id);
        expect(await learner.page.getByText('No undo on real Linux').isVisible()).toBe(true);
        for (const [index, step] of lesson.solution.entries()) {
          // A capture of so many packets may be of packets that never come.
          if (step.optional && (!isWhole || ('type' in step && /tcpdump|-c 4/.test(step.type)))) continue;
          await learner.do(lesson, step, index % 2 === 0);
        }
        await learner.reaches(lesson.checks.length);
      });

      test('without sudo no more may be done than such a user may', async () => {
        await learner.open(lessons[0]!.id);
        expect(await learner.text()).toContain(prompt);
        await learner.type('ip link add mine0 type bridge; ip -br link');
        await learner.shows(refusal ?? /mine0 .*DOWN/);
      });

      test('a reset is a fresh machine, and goals once reached stay', async () => {
        const { page } = learner;
        await learner.open(taken[0]!.id);
        const before = await learner.goals();
        await learner.type('ip link show left0; sudo ip link add left0 type bridge; ip -br link');
        await learner.shows(/left0 +DOWN/);
        await page.getByRole('button', { name: /^Reset/ }).click();
        await page.getByRole('button', { name: "To the lesson's start" }).click();
        await until('a fresh terminal', async () => !(await learner.text()).includes('left0'));
        await learner.prompts();
        await learner.type('ip -br link');
        await learner.shows(/eth0/);
        expect(await learner.text()).not.toContain('left0');
        expect(await learner.goals()).toBe(before);
      });

      test('a lesson in a cloud is given in the simulator, and says so', async () => {
        await learner.open('u2-first-pod', 'shell');
        await learner.page.getByText('This lesson takes place in a cloud, which only the simulator has.').waitFor();
        expect(await learner.page.getByText('No undo on real Linux').count()).toBe(0);
      });
    }, whyNotAs(way));
  });
}

/** One lesson, as the lab is the same: what differs is how it is chosen, and that it is there. */
export async function describeLessonInContainer(): Promise<void> {
  const states = await Promise.all(engines.map(stateOf));
  const whyNot = states.some(({ isReady }) => isReady) ? undefined : states.map((state) => (state.isReady ? '' : state.because)).join(' ');
  describeInChromium('in the browser', () => {
    describeUnless(whyNot, 'on real Linux in a container', () => {
      let world: World;
      let learner: Learner;
      beforeAll(async () => {
        world = await openWorld();
        learner = await Learner.enter(world.browser, world.served.url);
      });
      afterAll(() => world?.close());

      test('the settings offer it, and a lesson is done in it to every goal', async () => {
        const { page } = learner;
        await page.keyboard.press('Control+,');
        await page.getByRole('radio', { name: "on this machine's own Linux" }).check();
        await page.getByLabel('made').selectOption('in a container');
        await page.getByText('Labs run in containers of').waitFor();
        await page.getByRole('button', { name: 'Done' }).click();
        const lesson = lessons.find(({ id }) => id === 'u1-software-switch')!;
        await learner.open(lesson.id);
        expect(await learner.text()).toContain('learner@');
        await learner.type('head -c 20 /sys/class/net/eth0/address; findmnt -n -o FSTYPE /usr');
        await learner.shows(/overlay|vfs/);
        for (const step of lesson.solution) if (!step.optional) await learner.do(lesson, step, false);
        await learner.reaches(lesson.checks.length);
      }, 120_000);
    });
  });
}
