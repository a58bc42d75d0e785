/** Twelve typical mistakes of the course, made by hand in the page: each time the goals panel gives the right reason. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium, launchChromium } from '../chromium.ts';
import { Learner, serve, shippedLessons, until } from './learner.ts';

const lessons = shippedLessons();
const made: readonly (readonly [lesson: string, mistake: string])[] = [
  ['u0-first-five-minutes', 'forgets sudo'],
  ['u1-take-stock', 'makes a tun'],
  ['u1-take-stock', 'replaces PATH'],
  ['u1-take-stock', 'installs without a list'],
  ['u1-software-switch', 'the address goes to a port'],
  ['u1-software-switch', 'no mask'],
  ['u1-separate-room', 'looks on the host'],
  ['u1-separate-room', 'forgets the program'],
  ['u1-virtual-wire', 'sends the wrong end'],
  ['u1-nat-and-memory', 'the rule watches the wrong device'],
  ['u2-expose', 'forgets the target port'],
  ['u2-three-doors', 'nobody opened'],
];

describeInChromium('mistakes', () => {
  let browser: Browser;
  beforeAll(async () => { browser = await launchChromium(); });
  afterAll(() => browser?.close());

  test.each(made)('%s: %s', async (lessonId, name) => {
    const lesson = lessons.get(lessonId)!;
    const mistake = lesson.mistakes.find((each) => each.name === name);
    if (mistake === undefined) throw new Error(`${lessonId} has no mistake ${name}; it has ${lesson.mistakes.map((each) => each.name).join(', ')}`);
    const before = mistake.from === undefined ? 0 : lesson.solution.findIndex((step) => step.name === mistake.from);
    const folder = mkdtempSync(join(tmpdir(), 'podwire-mistake-'));
    const served = await serve(folder);
    const learner = await Learner.enter(browser, served.url);
    try {
      await learner.open(lessonId, lesson.terminals[0]!.id);
      for (const step of [...lesson.solution.slice(0, before).filter(({ optional }) => !optional), ...mistake.steps]) await learner.do(lesson, step, false);
      const more = learner.page.locator('#goals-list button.ask[aria-expanded=false]');
      while ((await more.count()) > 0) await more.first().click();
      await until(`the reason "${mistake.because}"`, async () => (await learner.because()).some((reason) => reason === mistake.because.replaceAll('`', '')), { timeoutMs: 8000, seen: async () => JSON.stringify(await learner.because()) });
      expect(learner.complaints).toEqual([]);
    } finally {
      await learner.close();
      served.process.kill('SIGINT');
      await served.exit;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
