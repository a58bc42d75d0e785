/** Typical mistakes of the course, made by hand in the page: each time the goals panel gives the right reason. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { matchesLine } from '../../grading/index.ts';
import { describeInChromium, launchChromium } from '../chromium.ts';
import { Learner, serve, shippedLessons, until, type Served } from './learner.ts';

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
  ['u2-expose', 'selects a label that no pod has'],
  ['u2-three-doors', 'nobody opened'],
  ['u2-clusterip-walk', 'calls without a route'],
  ['u2-loadbalancer-walk', 'a rule that lets nothing through to pods'],
  ['u4-visit-by-pid', 'another node'],
  ['u4-who-may-call', 'another label'],
];

interface Desk { readonly folder: string; readonly served: Served; readonly learner: Learner; readonly used: Set<string> }

describeInChromium('mistakes', () => {
  let browser: Browser;
  const desks: Desk[] = [];
  beforeAll(async () => { browser = await launchChromium(); });
  afterAll(async () => {
    for (const { folder, served } of desks) {
      served.process.kill('SIGINT');
      await served.exit;
      rmSync(folder, { recursive: true, force: true });
    }
    await browser?.close();
  });

  /** Where nobody has done that lesson yet: what was reached there would stay reached. */
  async function deskFor(lesson: string): Promise<Desk> {
    let desk = desks.find(({ used }) => !used.has(lesson));
    if (desk === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'podwire-mistake-'));
      const served = await serve(folder);
      desk = { folder, served, learner: await Learner.enter(browser, served.url), used: new Set() };
      desks.push(desk);
    }
    desk.used.add(lesson);
    return desk;
  }

  test.each(made)('%s: %s', async (lessonId, name) => {
    const lesson = lessons.get(lessonId)!;
    const mistake = lesson.mistakes.find((each) => each.name === name);
    if (mistake === undefined) throw new Error(`${lessonId} has no mistake ${name}; it has ${lesson.mistakes.map((each) => each.name).join(', ')}`);
    const before = mistake.from === undefined ? 0 : lesson.solution.findIndex((step) => step.name === mistake.from);
    const { learner } = await deskFor(lessonId);
    await learner.open(lessonId, lesson.terminals[0]!.id);
    for (const step of [...lesson.solution.slice(0, before).filter(({ optional }) => !optional), ...mistake.steps]) await learner.do(lesson, step, false);
    const more = learner.page.locator('#goals-list button.ask[aria-expanded=false]');
    while ((await more.count()) > 0) await more.first().click();
    const wanted = mistake.because.replaceAll('`', '');
    await until(`the reason "${mistake.because}"`, async () => (await learner.because()).some((reason) => matchesLine(wanted, reason)), { timeoutMs: 8000, seen: async () => JSON.stringify(await learner.because()) });
    expect(learner.complaints).toEqual([]);
  });
});
