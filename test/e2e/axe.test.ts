/** Home, lesson and dialogs by axe-core in both themes, and every action by keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, until, type World } from './learner.ts';

async function findings(page: Page, where: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

describeInChromium('everybody can use it', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); });
  afterAll(() => world?.close());

  test.each(['light', 'dark'] as const)('axe finds nothing serious in %s', async (colorScheme) => {
    const learner = await Learner.enter(world.browser, world.served.url, { colorScheme });
    const { page } = learner;
    const found = await findings(page, 'home');
    await learner.open('u1-software-switch');
    found.push(...(await findings(page, 'lesson')));
    for (const name of ['Routes', 'iptables', 'Captures']) {
      await page.getByRole('tab', { name, exact: true }).click();
      found.push(...(await findings(page, name)));
    }
    for (const [keys, name] of [['Control+k', 'palette'], ['F1', 'keys'], ['Control+,', 'settings']] as const) {
      await page.keyboard.press(keys);
      await page.getByRole('dialog').waitFor();
      await page.waitForTimeout(250);
      found.push(...(await findings(page, name)));
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByRole('button', { name: /^Reset/ }).click();
    await page.getByRole('dialog').waitFor();
    await page.waitForTimeout(250);
    found.push(...(await findings(page, 'reset')));
    await learner.close();
    expect(found).toEqual([]);
  });

  test('Tab and F6 reach every button, link and field of the lesson', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open('u1-software-switch');
    await learner.step(2);
    // Marked in the page: what can be pressed, and what has had the focus. Arrow keys move inside a list of tabs.
    await page.evaluate(() => {
      document.addEventListener('focusin', ({ target }) => (target as HTMLElement).setAttribute('data-visited', ''));
      (document.activeElement as HTMLElement).blur();
    });
    const total = await page.locator('button, a, input').count();
    for (let press = 0; press < total * 2; press++) await page.keyboard.press((await page.evaluate(() => document.activeElement?.closest('.xterm') !== null && document.activeElement !== document.body)) ? 'F6' : 'Tab');
    const missed = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('button, a[href], input, [role=radio]')]
      .filter((element) => element.offsetParent !== null && !element.hasAttribute('disabled') && element.getAttribute('role') !== 'tab' && !element.hasAttribute('data-visited'))
      .map((element) => element.getAttribute('aria-label') ?? element.textContent));
    expect(missed).toEqual([]);
    await learner.close();
  });

  test('a lesson is done without a pointer: run by key, answer by number, turn the step', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open('u0-first-five-minutes');
    await page.keyboard.press('F6');
    await until('the focus to leave the terminal', () => page.evaluate(() => document.activeElement?.closest('.xterm') === null));
    // The fourth step asks for a guess, the fifth changes a fact.
    for (let step = 1; step < 4; step++) await page.keyboard.press('Control+]');
    await until('step 4', async () => (await page.locator('.lesson .count').first().innerText()) === 'Step 4 of 8');
    await page.locator('[role=radio]').first().focus();
    await page.keyboard.press('1');
    await until('the guess', () => page.locator('[role=radio][aria-checked=true]').isVisible());
    await page.keyboard.press('Control+]');
    await until('step 5', async () => (await page.locator('.lesson .count').first().innerText()) === 'Step 5 of 8');
    await page.getByRole('button', { name: /^Run/ }).focus();
    await page.keyboard.press('Control+Enter');
    await learner.reaches(1);
    await page.keyboard.press('Alt+g');
    await until('the goals to fold', async () => (await page.locator('#goals-title button').getAttribute('aria-expanded')) === 'false');
    await page.keyboard.press('F7');
    await page.locator('.lesson').waitFor({ state: 'detached' });
    await page.keyboard.press('F7');
    await page.locator('.lesson').waitFor();
    await page.keyboard.press('F8');
    await page.locator('.dock').waitFor({ state: 'detached' });
    expect(await learner.text()).toContain('toy0 up');
    await page.keyboard.press('F8');
    await learner.close();
  });

  test('at 640 px nothing is lost sideways', async () => {
    const learner = await Learner.enter(world.browser, world.served.url, { width: 640, height: 900 });
    await learner.open('u0-first-five-minutes');
    expect(await learner.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await learner.type('echo narrow=$((1+1))');
    await learner.shows(/narrow=2/);
    await learner.close();
  });
});
