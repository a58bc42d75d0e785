/**
 * How long a key takes to its echo in a real browser, and `npm start` to the first echo. Called by `podwire bench` where a Chromium is at hand;
 * prints one JSON object of figures. A sample runs from the key's event (when the browser made it) to the end of the first frame that shows the
 * character: the terminal's row has changed, and style, layout and paint are done. Nothing here asks for a frame: after a key whose handlers asked
 * for one, Chromium holds messages to the page back until it is drawn, and the watch would slow down what it watches. A machine that is shared
 * stands still at times: each figure is taken three times, the calmest counts and the note has all.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from '@playwright/test';

const root = resolve(import.meta.dirname, '..');
const LESSON = 'u1-software-switch';
const KEYS = 80;
const ROUNDS = 3;
/** As people type: 7 to 16 keys a second, none in step with the screen. */
const keyEveryMs = (key) => 60 + (key * 37) % 83;
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
const server = spawn(process.execPath, (process.env.PODWIRE_DIST === undefined ? [join(root, 'build/start.mjs'), '--no-open'] : [join(process.env.PODWIRE_DIST, 'cli/podwire.js'), 'serve', '--no-open']), { env: { ...process.env, PODWIRE_DATA: folder, ELECTRON_OVERRIDE_DIST_PATH: folder } });
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
    addEventListener('keydown', ({ key, timeStamp }) => {
      if (!globalThis.isSampling || key !== 'a') return;
      const { cursor } = globalThis.podwireTest;
      const before = cursor('extra-1');
      const rows = new MutationObserver(() => {
        if (cursor('extra-1') === before) return;
        rows.disconnect();
        // The rows change while the frame is made; a task posted now runs when it is done.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => globalThis.samples.push(performance.now() - timeStamp);
        port2.postMessage(0);
      });
      rows.observe(document.querySelector('[data-terminal="extra-1"] .xterm-rows'), { subtree: true, childList: true, characterData: true });
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
      await page.waitForTimeout(keyEveryMs(key));
    }
    await page.waitForTimeout(1000);
    const samples = await page.evaluate(() => { globalThis.isSampling = false; return globalThis.samples; });
    await page.keyboard.press('Control+u');
    await page.evaluate(() => globalThis.podwireTest.focus('vm'));
    await page.keyboard.press('Control+c');
    await shows('vm', /\$$/);
    return { p95: Math.round(samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] * 10) / 10, count: samples.length };
  };
  // Whoever has just opened the page has not typed yet; its code is compiled as it runs.
  await echo('true');
  const rounds = { Idle: [], Tcpdump: [], Yes: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rounds.Idle.push(await echo('true'));
    rounds.Tcpdump.push(await echo('sudo ping -i 0.02 127.0.0.1 > /dev/null & sudo tcpdump -ni lo icmp'));
    await page.evaluate(() => globalThis.podwireTest.focus('vm'));
    await page.keyboard.type('sudo kill %1\n');
    rounds.Yes.push(await echo('yes'));
  }
  const during = { Idle: 'nothing runs', Tcpdump: 'tcpdump prints 100 packets a second in the other terminal', Yes: 'yes in the other terminal' };
  const figures = Object.entries(rounds).map(([when, taken]) => [`keyToEchoP95${when}`, {
    value: Math.min(...taken.map(({ p95 }) => p95)), unit: 'ms',
    note: `${during[when]}; rounds: ${taken.map(({ p95, count }) => `${p95} (${count} of ${KEYS} keys)`).join(', ')}`,
  }]);
  console.log(JSON.stringify({
    ...Object.fromEntries(figures),
    startToFirstEcho: { value: Math.round(startToEchoMs), unit: 'ms', note: 'npm start until the first key is shown, the browser being open' },
  }));
} finally {
  await browser.close();
  const ended = new Promise((settle) => server.on('close', settle));
  server.kill('SIGINT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
