/**
 * A Chromium for tests: the system's own, never a downloaded one.
 * Without one, browser tests are skipped aloud; under CI=1 they fail.
 */
import { existsSync } from 'node:fs';
import type { Browser } from '@playwright/test';
import { chromium } from '@playwright/test';
import { describe, test } from 'vitest';

const places = [
  process.env.PODWIRE_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
].filter((place) => place !== undefined);

export const chromiumPath = places.find((place) => existsSync(place));

const missing = 'no Chromium or Chrome was found (apt-get install chromium, or set PODWIRE_CHROMIUM to its path)';

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(missing);
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A describe block that needs a browser. */
export function describeInChromium(name: string, body: () => void): void {
  if (chromiumPath !== undefined) return void describe(name, body);
  if (process.env.CI) {
    describe(name, () => {
      test('has a browser', () => {
        throw new Error(missing);
      });
    });
    return;
  }
  console.warn(`SKIPPED: ${name}: ${missing}`);
  describe.skip(name, body);
}
