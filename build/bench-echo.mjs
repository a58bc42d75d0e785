/**
 * How long a key takes to its echo in a real browser, and `npm start` to the first echo. Called by `podwire bench` where a Chromium is at hand;
 * prints one JSON object of figures. A sample runs from the key's event in the page to the frame that shows the cursor moved.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from '@playwright/test';

const root = resolve(import.meta.dirname, '..');
const LESSON = 'u1-software-switch';
const KEYS = 80;
const KEY_EVERY_MS = 50;
const places = [process.env.PODWIRE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome'];
const executablePath = places.find((place) => place !== undefined && existsSync(place));
if (executablePath === undefined) {
  console.log('{}');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'podwire-bench-'));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
const startedMs = performance.now();
const server = spawn(process.execPath, [join(root, 'build/start.mjs'), '--no-open'], { env: { ...process.env, PODWIRE_DATA: folder, ELECTRON_OVERRIDE_DIST_PATH: folder } });
try {
  const url = await new Promise((settle, fail) => {
    let said = '';
    const hear = (chunk) => {
      said += String(chunk);
      const found = /http:\S+/.exec(said);
      if (found !== null) settle(found[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('close', () => fail(new Error(said)));
  });
  await page.goto(url);
  await page.evaluate((lesson) => { location.hash = `#/lesson/${lesson}`; }, LESSON);
  const text = (id) => page.evaluate((terminal) => globalThis.podwireTest?.text(terminal) ?? '', id);
  const shows = async (id, wanted) => {
    for (let look = 0; !wanted.test(await text(id)); look++) {
      if (look > 1500) throw new Error(`bench: ${wanted} is not at ${id}:\n${await text(id)}`);
      await page.waitForTimeout(20);
    }
  };
  await shows('vm', /\$$/);
  await page.evaluate(() => globalThis.podwireTest.focus('vm'));
  await page.keyboard.press('x');
  await shows('vm', /\$ x$/);
  const startToEchoMs = performance.now() - startedMs;
  await page.keyboard.press('Backspace');

  await page.getByRole('button', { name: 'Open another terminal' }).click();
  await shows('extra-1', /\$$/);
  await page.evaluate(() => {
    globalThis.samples = [];
    addEventListener('keydown', () => {
      if (!globalThis.isSampling) return;
      const { cursor } = globalThis.podwireTest;
      const [before, at] = [cursor('extra-1'), performance.now()];
      const look = () => (cursor('extra-1') === before ? requestAnimationFrame(look) : globalThis.samples.push(performance.now() - at));
      requestAnimationFrame(look);
    }, { capture: true });
  });
  /** p95 of keys typed at the second terminal while `line` runs at the first. */
  const echo = async (line) => {
    await page.evaluate(() => { globalThis.samples = []; globalThis.isSampling = false; globalThis.podwireTest.focus('vm'); });
    await page.keyboard.type(`${line}\n`);
    await page.waitForTimeout(400);
    await page.evaluate(() => { globalThis.podwireTest.focus('extra-1'); globalThis.isSampling = true; });
    for (let key = 0; key < KEYS; key++) {
      await page.keyboard.press('a');
      await page.waitForTimeout(KEY_EVERY_MS);
    }
    await page.waitForTimeout(1000);
    const samples = await page.evaluate(() => { globalThis.isSampling = false; return globalThis.samples; });
    await page.keyboard.press('Control+u');
    await page.evaluate(() => globalThis.podwireTest.focus('vm'));
    await page.keyboard.press('Control+c');
    await shows('vm', /\$$/);
    return { p95: Math.round(samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] * 10) / 10, count: samples.length };
  };
  const idle = await echo('true');
  const captured = await echo('sudo ping -i 0.02 127.0.0.1 > /dev/null & sudo tcpdump -ni lo icmp');
  await page.evaluate(() => globalThis.podwireTest.focus('vm'));
  await page.keyboard.type('sudo kill %1\n');
  const flooded = await echo('yes | head -n 200000');
  const figure = ({ p95, count }, note) => ({ value: p95, unit: 'ms', note: `${note}; ${count} of ${KEYS} keys` });
  console.log(JSON.stringify({
    keyToEchoP95Idle: figure(idle, 'nothing runs'),
    keyToEchoP95Tcpdump: figure(captured, 'tcpdump prints 100 packets a second in the other terminal'),
    keyToEchoP95Yes: figure(flooded, 'yes | head -n 200000 in the other terminal'),
    startToFirstEcho: { value: Math.round(startToEchoMs), unit: 'ms', note: 'npm start until the first key is shown, the browser being open' },
  }));
} finally {
  await browser.close();
  const ended = new Promise((settle) => server.on('close', settle));
  server.kill('SIGINT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
