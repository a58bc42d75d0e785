/**
 * Exercises 2 to 4 as a learner does them in the page, with several terminals and the lab's browser: every goal and question of every lesson with
 * numbered commands. PODWIRE_ALL_LESSONS=1 does the lessons beyond the exercises, too.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lesson } from '../../contracts/course.ts';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, shippedLessons, until, type World } from './learner.ts';

const hasNumberedCommands = ({ screens }: Lesson): boolean => screens.some(({ blocks }) => blocks.some((block) => block.kind === 'run' && block.rows.length > 0));
const all = shippedLessons();
const lessons = [...all.values()].filter((lesson) => ['u2', 'u3', 'u4'].includes(lesson.unit) && (hasNumberedCommands(lesson) || process.env.PODWIRE_ALL_LESSONS === '1'));
const WITH_A_BROWSER = 'u2-loadbalancer-walk';

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
    await learner.completes(lesson);
    expect(learner.complaints).toEqual([]);
  });

  test('a lab that was left is met again as it was, and its browser visits from outside, from a pod, and in vain', { timeout: 120_000 }, async () => {
    const { page } = learner;
    await learner.open(WITH_A_BROWSER, all.get(WITH_A_BROWSER)!.terminals[0]!.id);
    await until('the lab to have been picked up', async () => (await page.locator('.resumed').allInnerTexts()).some((text) => /^Picked up after \d+ events$/.test(text)));
    await page.getByRole('button', { name: 'Browser', exact: true }).click();
    const browser = page.getByRole('region', { name: 'Browser' });
    await browser.getByText('HTTP/1.1 200 OK').waitFor();
    const address = /^http:\/\/([\d.]+)\/$/.exec(await page.getByLabel('Address', { exact: true }).inputValue())?.[1] ?? '';
    expect(await browser.locator('.page .body').innerText()).toMatch(/^Hello, world!\nVersion: 1\.0\.0\nHostname: hello-server-/);
    const drawn = (await page.getByRole('region', { name: 'Service hello-server' }).innerText()).replace(/\s+/g, ' ');
    expect(drawn).toMatch(new RegExp(`${address}:80 load balancer :\\d+ any node 10\\.43\\.[\\d.]+:80 ClusterIP \\w hello-server-\\S+ 10\\.40\\.[\\d.]+:8080 on node `));
    await page.getByRole('button', { name: "Answer's headers" }).click();
    await page.getByText('text/plain; charset=utf-8').waitFor();
    const from = page.getByLabel('From', { exact: true });
    await from.selectOption(await from.locator('option', { hasText: /from hello-server-/ }).getAttribute('value'));
    await learner.visit('http://hello-server/');
    await until('the page by the name of its Service', async () => (await browser.getByRole('status').innerText()).includes('200 OK') && (await page.getByLabel('Address', { exact: true }).inputValue()) === 'http://hello-server/');
    // The check's port is not forwarded: from outside there is silence.
    await from.selectOption({ label: 'from a laptop outside' });
    await learner.visit(`${address}:10256/healthz`);
    await page.getByText('Connecting…').waitFor();
    await until('the browser to give up', async () => {
      const skip = page.getByRole('button', { name: 'Skip wait' });
      if (await skip.isEnabled()) await skip.click();
      return (await page.getByText(`${address} took too long to respond.`).count()) > 0;
    }, { timeoutMs: 60_000, seen: () => browser.getByRole('status').innerText() });
    await page.getByText('ERR_CONNECTION_TIMED_OUT').first().waitFor();
    expect(learner.complaints).toEqual([]);
    // All the while nobody but the application was asked for anything.
    const { host } = new URL(world.served.url);
    expect(learner.requests.filter((each) => new URL(each).host !== host && !each.startsWith('data:') && !each.startsWith('blob:'))).toEqual([]);
  });
});
