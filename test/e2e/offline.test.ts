/** The page asks nobody but its own origin, breaks no content security policy and complains of nothing while a learner uses everything. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import { Learner, openWorld, until, type World } from './learner.ts';

declare global {
  var violations: string[];
}

describeInChromium('offline', () => {
  let world: World;
  let learner: Learner;
  beforeAll(async () => {
    world = await openWorld();
    learner = await Learner.enter(world.browser, world.served.url);
    await learner.context.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    await learner.page.reload();
  });
  afterAll(() => world?.close());

  test('the home page, a lesson with its lab, jq in it, every dialog and every panel', async () => {
    const { page } = learner;
    await learner.open('u0-first-five-minutes');
    await learner.type('ip -j link | jq length');
    await learner.shows(/\n3\n/);
    for (const keys of ['F1', 'Control+k', 'Control+,']) {
      await page.keyboard.press(keys);
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    for (const name of ['Routes', 'iptables', 'conntrack', 'Captures', 'Network']) await page.getByRole('tab', { name, exact: true }).click();
    await page.getByRole('button', { name: /^Hint 1/ }).click();
    await page.getByText('Hint 1', { exact: true }).waitFor();
    await page.getByRole('button', { name: /Light theme|Dark theme/ }).click();
    await page.evaluate(() => { location.hash = '#/'; });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    expect((await download).suggestedFilename()).toBe('podwire-progress.json');

    const { host } = new URL(world.served.url);
    const elsewhere = learner.requests.filter((address) => !/^(data|blob):/.test(address) && new URL(address).host !== host);
    expect(elsewhere).toEqual([]);
    expect(learner.requests.some((address) => address.startsWith('ws:'))).toBe(true);
    expect(await page.evaluate(() => globalThis.violations)).toEqual([]);
    expect(learner.complaints).toEqual([]);
  });

  test('an address in a terminal is not opened without a word', async () => {
    const { page } = learner;
    await learner.open('u0-first-five-minutes');
    await learner.type('echo see https://example.org/here');
    await learner.prompts();
    const row = page.locator('.xterm-rows > div', { hasText: /^see https/ }).first();
    const box = await row.boundingBox();
    await page.mouse.move(box!.x + 90, box!.y + box!.height / 2);
    await page.mouse.move(box!.x + 96, box!.y + box!.height / 2);
    await page.mouse.click(box!.x + 96, box!.y + box!.height / 2);
    await page.getByRole('dialog', { name: /outside Podwire/ }).waitFor();
    await page.getByRole('button', { name: 'Stay here' }).click();
    expect(learner.context.pages()).toHaveLength(1);
  });

  test('a host that cannot save is said, and what was typed is saved once it can', async () => {
    const { page } = learner;
    await learner.open('u0-first-five-minutes');
    // The lab's worker has a line of its own, for its log.
    const lab = page.workers().find((worker) => worker.url().includes('lab-worker'))!;
    await lab.evaluate(() => { (globalThis as unknown as { realSend: unknown }).realSend = WebSocket.prototype.send; WebSocket.prototype.send = function refuse(this: WebSocket, data: string): void {
      const message = JSON.parse(data) as { id: number; type: string };
      if (message.type === 'append-log') this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ id: message.id, error: { code: 'io', message: 'ENOSPC: no space left on device' } }) }));
      else ((globalThis as unknown as { realSend: typeof WebSocket.prototype.send }).realSend).call(this, data);
    }; });
    await learner.focus();
    await page.keyboard.type('echo kept=$((40+2))');
    await page.getByRole('alert').filter({ hasText: 'no space left' }).waitFor();
    expect(await learner.text()).not.toContain('echo kept');
    await lab.evaluate(() => { WebSocket.prototype.send = (globalThis as unknown as { realSend: typeof WebSocket.prototype.send }).realSend; });
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await learner.shows(/kept=42/);
    await until('no complaint but ours', () => learner.complaints.length === 0);
  });
});
