/** A double click on a course pack: the system names it on the command line, of the first start or of a second one. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { firstCourse } from '../../cli/course-template.ts';
import { writeZip } from '../../host/packs/zip-writer.ts';
import { describeInChromium } from '../chromium.ts';
import { closeBrowser } from './double/application.ts';
import type { Application } from './launch.ts';
import { freshUserData, launch } from './launch.ts';

describeInChromium('a double click on a course pack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-click-'));
  const pack = join(folder, 'wires of mine.podwire');
  writeFileSync(pack, writeZip(new Map(Object.entries(firstCourse('wires', '.schemas')).map(([path, text]) => [path, Buffer.from(text)]))));
  let userData: ReturnType<typeof freshUserData>;
  let application: Application;
  beforeEach(async () => {
    userData = freshUserData();
    application = await launch({ userDataDir: userData.path });
  });
  afterEach(async () => {
    await application.close();
    userData.remove();
  });
  afterAll(async () => {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
  });
  const clicked = (words: readonly string[]) => application.evaluate(({ app }, given) => app.emit('second-instance', {}, ['podwire', ...given.words], given.folder), { words: [...words], folder });

  test('opens it in the window that is there', async () => {
    const page = await application.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await clicked(['--some-switch', 'wires of mine.podwire']);
    await page.getByRole('heading', { level: 1, name: 'Two ends of a wire' }).waitFor();
  });

  test('says why a broken one is not opened', async () => {
    const page = await application.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    copyFileSync(import.meta.filename, join(folder, 'broken.podwire'));
    await clicked(['broken.podwire', 'nothing-here.podwire', 'other.txt']);
    const dialog = page.getByRole('dialog', { name: "This pack can't be opened" });
    await dialog.waitFor();
    expect(await dialog.innerText()).toMatch(/broken\.podwire[^]*something else/);
  });

  test('on macOS comes as an event', async () => {
    const page = await application.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await application.evaluate(({ app }, path) => app.emit('open-file', { preventDefault: () => undefined }, path), pack);
    await page.getByRole('heading', { level: 1, name: 'Two ends of a wire' }).waitFor();
  });
});
