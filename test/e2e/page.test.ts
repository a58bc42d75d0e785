/** How the page behaves around a lab: other windows, reloading, resetting, panes, predictions, what is remembered. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, until, type World } from './learner.ts';

const LESSON = 'u0-first-five-minutes';

describeInChromium('the page', () => {
  let world: World;
  beforeAll(async () => { world = await openWorld(); });
  afterAll(() => world?.close());

  test('a second window takes over visibly, and what was typed is there', async () => {
    const first = await Learner.enter(world.browser, world.served.url);
    await first.open(LESSON);
    await first.type('echo mine=$((3+4))');
    await first.shows(/mine=7/);
    const second = await Learner.enter(world.browser, world.served.url);
    await second.page.evaluate((id) => { location.hash = `#/lesson/${id}`; }, LESSON);
    await second.page.getByRole('heading', { name: 'This lesson goes on in another window' }).waitFor();
    await second.page.getByRole('button', { name: 'Take over here' }).click();
    await second.labIsUp();
    await second.shows(/mine=7/);
    await first.page.getByRole('heading', { name: 'This lesson goes on in another window' }).waitFor();
    await second.type('echo yours=$((4+4))');
    await second.shows(/yours=8/);
    await first.close();
    await second.close();
  });

  test('a reload returns to the step, the screen and the look', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.step(3);
    await page.getByRole('button', { name: 'Light theme' }).click();
    await learner.type('echo before=$((1+1))');
    await learner.shows(/before=2/);
    await page.waitForTimeout(500);
    await page.reload();
    await learner.labIsUp();
    await learner.shows(/before=2/);
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
    await until('step 3', async () => (await page.locator('.lesson .count').first().innerText()) === 'Step 3 of 8');
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await learner.close();
  });

  test('a guess locks, and the command it is about settles it', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.step(4);
    await page.locator('[role=radio]').nth(1).click();
    await page.getByText('Now run the command below.').waitFor();
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('it happened').waitFor();
    await page.getByText('you guessed').waitFor();
    await learner.close();
  });

  test('reset asks first, and keeps what was reached', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.type('sudo ip link set toy0 up');
    await learner.reaches(1);
    await page.getByRole('button', { name: /^Reset/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.getByRole('button').first().innerText()).toBe('Keep going');
    await dialog.getByRole('button', { name: "To the lesson's start" }).click();
    await until('an empty screen', async () => /^\S+\$$/.test((await learner.text()).trim()));
    await until('toy0 off', async () => (await page.locator('.dock tr', { hasText: 'toy0' }).innerText()).includes('off'));
    expect(await learner.goals()).toBe('1 of 1 reached');
    await learner.close();
  });

  test('another terminal opens beside the first; folding and splitting lose nothing', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.type('echo kept=$((5+5))');
    await learner.shows(/kept=10/);
    await page.getByRole('button', { name: 'Open another terminal' }).click();
    await learner.prompts('extra-1');
    expect(await page.locator('.pane').count()).toBe(2);
    await page.getByRole('button', { name: 'All terminals at once' }).click();
    await learner.type('echo second=$((6+6))', 'extra-1');
    await learner.shows(/second=12/, 'extra-1');
    await page.keyboard.press('F8');
    await page.keyboard.press('F7');
    await page.keyboard.press('Control+1');
    await learner.shows(/kept=10/);
    await page.keyboard.press('F7');
    await page.keyboard.press('F8');
    await page.getByRole('button', { name: 'All terminals at once' }).click();
    await learner.shows(/second=12/, 'extra-1');
    await page.getByRole('button', { name: /^Close vm 2/ }).click();
    await until('one terminal', async () => (await page.locator('.pane').count()) === 1);
    expect(learner.complaints).toEqual([]);
    await learner.close();
  });

  test('every command has its dot in the gutter, hollow when it ended badly', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await learner.open(LESSON);
    await learner.type('clear');
    await learner.prompts();
    await learner.type('true');
    await learner.prompts();
    await learner.type('ls /nowhere');
    await learner.prompts();
    await until('two dots', async () => (await page.locator('.gutter i').count()) >= 2);
    await until('one of them bad', async () => (await page.locator('.gutter i.bad').count()) === 1);
    await learner.close();
  });
});
