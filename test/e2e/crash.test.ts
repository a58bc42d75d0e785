/**
 * `kill -9` while somebody types. What was shown is in the log, a torn last record is dropped, the lab goes on. Here this process is the
 * page: a session, its log at a served Podwire over the same line a browser uses; then three times through a real browser.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LabEvent } from '../../contracts/lab.ts';
import { OpenedLog } from '../../contracts/host.ts';
import { readCourse } from '../../host/course-files.ts';
import { decodeLog, encodeRecord } from '../../labs/log.ts';
import { createSession } from '../../labs/session.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';
import { describeInChromium, launchChromium } from '../chromium.ts';
import { Learner, serve, until, type Served } from './learner.ts';

const KILLS = 50;
const LESSON = 'u0-first-five-minutes';
const files = readCourse(resolve(import.meta.dirname, '../../courses/gke-networking'));
const seed = Number(process.env.PODWIRE_TEST_SEED ?? 20261);

function dice(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
const logOf = (folder: string): string => join(folder, 'logs/gke-networking', `${LESSON}.log`);
function keysIn(folder: string): string {
  return decodeLog(readFileSync(logOf(folder))).records.map((record) => (record.kind === 'input' ? record.data : '')).join('');
}
const pause = (ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, ms));

/** What the page does, without a page: the host's line, a session, each record stored before it takes effect. */
async function openLab(url: string): Promise<{ events: LabEvent[]; shown(): string; type(key: string): void; isCut(): boolean; close(): void; tornBytes: number }> {
  const signIn = await fetch(url, { redirect: 'manual' });
  const { host, origin } = new URL(url);
  const socket = new WebSocket(`ws://${host}/host`, { headers: { cookie: signIn.headers.get('set-cookie')!.split(';')[0]!, origin } });
  await new Promise((settle, fail) => {
    socket.on('open', settle);
    socket.on('error', fail);
  });
  let nextId = 1;
  let isCut = false;
  const waiting = new Map<number, (answer: unknown) => void>();
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { id: number; ok?: unknown; error?: { message: string } };
    if (message.error !== undefined) throw new Error(message.error.message);
    waiting.get(message.id)?.(message.ok);
  });
  socket.on('close', () => { isCut = true; });
  socket.on('error', () => { isCut = true; });
  const ask = (request: object): Promise<unknown> => new Promise((settle) => {
    const id = nextId++;
    waiting.set(id, settle);
    if (!isCut) socket.send(JSON.stringify({ ...request, id }));
  });

  const { log, bytes, seed: labSeed, tornBytes } = OpenedLog.parse(await ask({ type: 'open-log', course: 'gke-networking', lesson: LESSON }));
  const events: LabEvent[] = [];
  let shown = '';
  const session = createSession({
    backend: simulatorBackend,
    wall: { nowMs: () => performance.now(), breathe: () => new Promise((settle) => setImmediate(settle)), after: (ms, run) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); } },
    emit: (event) => {
      events.push(event);
      // Nothing may show once the line is cut but what had been stored.
      if (event.type === 'data') shown += Buffer.from(event.bytes).toString('utf8');
      if (event.type === 'store') void ask({ type: 'append-log', log, sequence: event.sequence, bytes: Buffer.from(event.bytes).toString('base64') }).then(() => session.handle({ type: 'stored', sequence: event.sequence }));
    },
  });
  const stored = Buffer.from(bytes, 'base64');
  session.handle({ type: 'open', files, lesson: LESSON, seed: labSeed, ...(stored.length > 0 ? { log: new Uint8Array(stored) } : {}) });
  await until('the lab', () => events.some(({ type }) => type === 'report') && /\$ /.test(shown), { seen: () => Promise.resolve(`${JSON.stringify(shown)}\n${events.map((event) => (event.type === 'failed' ? event.message : event.type)).join(', ')}`) });
  return {
    events, tornBytes, shown: () => shown, isCut: () => isCut,
    type: (data) => session.handle({ type: 'input', terminal: 'vm', data }),
    close: () => {
      session.close();
      socket.terminate();
    },
  };
}

describe(`kill -9 of the server, ${KILLS} times (seed ${seed})`, () => {
  test('every key whose echo was shown is in the log, and the lab resumes', async () => {
    const roll = dice(seed);
    const folder = mkdtempSync(join(tmpdir(), 'podwire-crash-'));
    let torn = 0;
    let running: Served | undefined;
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const served = await serve(folder);
        running = served;
        const lab = await openLab(served.url);
        const opened = lab.events.find((event) => event.type === 'opened');
        expect(opened?.type === 'opened' && (kill === 0 ? opened.resumed === null : opened.resumed?.isFaithful), `kill ${kill}`).toBe(true);
        expect(lab.tornBytes, `torn bytes before kill ${kill}`).toBe(torn);
        const before = keysIn(folder).length;
        const shownBefore = lab.shown().length;
        const killAfterMs = roll() * 120;
        setTimeout(() => served.process.kill('SIGKILL'), killAfterMs);
        lab.type('\x15');
        for (let key = 0; key < 40 && !lab.isCut(); key++) {
          lab.type(String(Math.floor(roll() * 10)));
          await pause(roll() * 6);
        }
        await served.exit;
        await pause(10);
        lab.close();
        // Digits stand in no prompt: what is shown of them is the echo.
        const echoed = lab.shown().slice(shownBefore).replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\D/g, '');
        const logged = keysIn(folder).slice(before).replace(/\D/g, '');
        expect(logged.startsWith(echoed), `kill ${kill}: shown ${echoed}, logged ${logged}`).toBe(true);
        // Now and then the power goes in the middle of a write.
        const record = encodeRecord({ kind: 'input', atUs: 9_000_000_000, terminal: 'vm', data: 'x' });
        torn = roll() < 0.4 ? 1 + Math.floor(roll() * (record.length - 1)) : 0;
        if (torn > 0) appendFileSync(logOf(folder), record.subarray(0, torn));
      }
    } finally {
      running?.process.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);
});

describeInChromium('kill -9 behind a page', () => {
  let browser: Browser;
  beforeAll(async () => { browser = await launchChromium(); });
  afterAll(() => browser?.close());

  test('three times: what was on the screen is there again', async () => {
    const roll = dice(seed + 1);
    const folder = mkdtempSync(join(tmpdir(), 'podwire-crash-'));
    try {
      for (let kill = 0; kill < 3; kill++) {
        const served = await serve(folder);
        const learner = await Learner.enter(browser, served.url);
        await learner.open(LESSON);
        await learner.press(['ctrl-u']);
        await learner.page.evaluate(() => {
          const page = globalThis as unknown as { podwireTest: { text(id: string): string }; lastShown: string };
          setInterval(() => { page.lastShown = page.podwireTest.text('vm') || page.lastShown; }, 2);
        });
        setTimeout(() => served.process.kill('SIGKILL'), 100 + roll() * 400);
        for (let key = 0; key < 60; key++) await learner.page.keyboard.type(String(Math.floor(roll() * 10)));
        await learner.page.getByRole('heading', { name: 'Podwire has stopped' }).waitFor();
        const shown = /\$ (\d*)$/.exec(await learner.page.evaluate(() => (globalThis as unknown as { lastShown: string }).lastShown))?.[1] ?? '';
        await served.exit;
        await learner.close();
        expect(keysIn(folder).replace(/\D/g, ''), `kill ${kill}`).toContain(shown);

        const again = await serve(folder);
        const back = await Learner.enter(browser, again.url);
        await back.page.evaluate((id) => { location.hash = `#/lesson/${id}`; }, LESSON);
        await back.shows(new RegExp(`\\$ ?${shown}\\d*$`));
        await back.page.getByText(/^Picked up after/).waitFor();
        await back.press(['ctrl-u']);
        await back.type('echo alive=$((6*7))');
        await back.shows(/alive=42/);
        await back.close();
        again.process.kill('SIGINT');
        await again.exit;
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
