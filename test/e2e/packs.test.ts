/** Course packs as a learner meets them: opened by button, by drop and from the command line; refused with the place of the fault; removed. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCourse } from '../../host/course-files.ts';
import { writeZip } from '../../host/packs/zip-writer.ts';
import { describeInChromium } from '../chromium.ts';
import { dist, Learner, openWorld, serve, until, type World } from './learner.ts';

const podwire = (...args: string[]): void => void execFileSync(process.execPath, [join(dist, 'cli/podwire.js'), ...args]);

describeInChromium('a course pack', () => {
  let world: World;
  let good: string;
  let broken: Buffer;
  beforeAll(async () => {
    world = await openWorld();
    const folder = join(world.folder, 'authored');
    mkdirSync(folder);
    podwire('course', 'new', join(folder, 'wires'));
    copyFileSync(resolve(import.meta.dirname, '../../build/icons/64x64.png'), join(folder, 'wires/basics/a-switch/box.png'));
    appendFileSync(join(folder, 'wires/basics/a-switch/lesson.md'), '\n![Two boxes and a wire](box.png)\n');
    good = join(folder, 'wires.podwire');
    podwire('course', 'pack', join(folder, 'wires'), '-o', good);
    // Zipped by hand, without a manifest.
    const files = new Map(Object.entries(readCourse(join(folder, 'wires'))).filter(([path]) => !path.startsWith('.')).map(([path, text]) => [path, Buffer.from(text)]));
    const lesson = 'basics/a-wire/lesson.yaml';
    broken = writeZip(files.set(lesson, Buffer.from(String(files.get(lesson)).replace('kind: netns', 'kind: netn'))));
  });
  afterAll(() => world?.close());

  const pick = (page: Page, name: string, buffer: Buffer): Promise<void> => page.getByLabel('Course pack').setInputFiles({ name, mimeType: 'application/zip', buffer });

  test('is opened by its file, listed beside the course that ships, and its first step done', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await pick(page, 'wires.podwire', readFileSync(good));
    await page.getByRole('heading', { level: 1, name: 'Two ends of a wire' }).waitFor();
    expect(await page.getByRole('region', { name: 'Courses' }).getByRole('link').allInnerTexts()).toEqual(['How packets reach pods\ncame with Podwire', 'Two ends of a wire\npack, version 0.1.0']);
    await page.getByRole('link', { name: /Begin: A switch of your own/ }).click();
    await learner.labIsUp();
    expect(page.url()).toMatch(/#\/course\/wires\/lesson\/a-switch$/);
    await learner.type('sudo ip link add desk0 type bridge');
    await learner.prompts();
    await learner.type('sudo ip link set desk0 up');
    await until('the first goal', async () => (await learner.goals()) === '1 of 2 reached');
    await page.reload();
    await learner.labIsUp();
    await learner.step(3);
    expect(await page.getByAltText('Two boxes and a wire').evaluate((picture) => (picture as HTMLImageElement).naturalWidth)).toBe(64);
    await until('the first goal', async () => (await learner.goals()) === '1 of 2 reached');
    expect(learner.complaints).toEqual([]);
    await learner.close();
  });

  test('that is broken is refused with file, line, what was found and the nearest right word; nothing is added', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    const listed = await page.getByRole('region', { name: 'Courses' }).getByRole('link').count();
    await pick(page, 'broken.zip', broken);
    const dialog = page.getByRole('dialog', { name: "This pack can't be opened" });
    await dialog.waitFor();
    const said = await dialog.innerText();
    expect(said).toContain('Nothing was added, and nothing in it has run.');
    expect(said).toMatch(/basics\/a-wire\/lesson\.yaml:9\s*checks\.0\.kind/);
    expect(said).toMatch(/Found\s+netn\n/);
    expect(said).toMatch(/Nearest\s+netns/);
    await page.waitForTimeout(250);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id)).toEqual([]);
    await page.keyboard.press('Escape');
    await pick(page, 'holiday.zip', Buffer.from('just some words'));
    await dialog.waitFor();
    expect(await dialog.innerText()).toMatch(/holiday\.zip[^]*something else/);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await page.getByRole('region', { name: 'Courses' }).getByRole('link').count()).toBe(listed);
    await learner.close();
  });

  test('dropped on the window is opened; a newer version asks, and keeps the progress', async () => {
    const folder = join(world.folder, 'authored/newer');
    podwire('course', 'new', folder);
    for (const [from, to] of [['id: newer', 'id: wires'], ['version: 0.1.0', 'version: 0.2.0']] as const) writeFileSync(join(folder, 'course.yaml'), readFileSync(join(folder, 'course.yaml'), 'utf8').replace(from, to));
    podwire('course', 'pack', folder, '-o', join(world.folder, 'authored/newer.podwire'));
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    const bytes = readFileSync(join(world.folder, 'authored/newer.podwire')).toString('base64');
    await page.evaluate((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))], 'newer.podwire'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, bytes);
    const dialog = page.getByRole('dialog', { name: 'Replace the pack that is here?' });
    await dialog.waitFor();
    expect(await dialog.innerText()).toContain('is here in version 0.1.0. newer.podwire holds version 0.2.0. Your progress stays.');
    expect(await dialog.getByRole('button').first().innerText()).toBe('Keep what is here');
    await dialog.getByRole('button', { name: 'Replace it' }).click();
    await page.getByText('pack, version 0.2.0').waitFor();
    await page.getByText('5 of 10 points').first().waitFor();
    await learner.close();
  });

  test('in its folder is opened as one', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await page.getByLabel('Course folder').setInputFiles(join(world.folder, 'authored/newer'));
    await page.getByRole('heading', { level: 1, name: 'A switch of your own' }).waitFor();
    expect(await page.getByRole('region', { name: 'Courses' }).getByRole('link').count()).toBe(2);
    await learner.close();
  });

  test('named on the command line is opened by the first page that comes', async () => {
    const served = await serve(join(world.folder, 'elsewhere'), '--pack', join(world.folder, 'authored/newer'));
    try {
      const learner = await Learner.enter(world.browser, served.url);
      await learner.page.getByRole('heading', { level: 1, name: 'Two ends of a wire' }).waitFor();
      await learner.close();
    } finally {
      served.process.kill('SIGINT');
      await served.exit;
    }
  });

  test('is removed when asked twice, and its address says so', async () => {
    const learner = await Learner.enter(world.browser, world.served.url);
    const { page } = learner;
    await page.getByRole('button', { name: 'Remove Two ends of a wire' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the pack' }).click();
    await until('one course', async () => (await page.getByRole('region', { name: 'Courses' }).getByRole('link').count()) === 1);
    await page.evaluate(() => { location.hash = '#/course/wires'; });
    await page.getByRole('heading', { name: "This course can't be shown" }).waitFor();
    await page.getByRole('button', { name: 'To the course that came with Podwire' }).click();
    await page.getByRole('heading', { level: 2, name: 'How packets reach pods' }).waitFor();
    await learner.close();
  });
});
