/**
 * Draws build/icons/*.png from renderer/public/icon.svg with the system's Chromium; run it by hand after changing the drawing.
 * Sizes after https://www.electron.build/docs/features/icons
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

const folder = join(import.meta.dirname, 'icons');
const svg = readFileSync(join(import.meta.dirname, '../renderer/public/icon.svg'), 'utf8');
const browser = await chromium.launch({ executablePath: process.env.PODWIRE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
for (const size of [16, 32, 48, 64, 128, 256, 512, 1024]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: join(folder, `${size}x${size}.png`), omitBackground: true });
}
await browser.close();
