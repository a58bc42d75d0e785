/** The application as a learner has it: a served Podwire with a folder of its own, a real browser, and what hands do there. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import type { Lesson, SolutionStep, VisitStep } from '../../contracts/course.ts';
import { readCourse } from '../../host/course-files.ts';
import { lessonsOf, loadCourse } from '../../labs/course/index.ts';
import { launchChromium } from '../chromium.ts';

const root = resolve(import.meta.dirname, '../..');
/** PODWIRE_DIST: another build than this tree's. */
export const dist = process.env.PODWIRE_DIST ?? join(root, 'dist');

export function shippedLessons(): Map<string, Lesson> {
  const { course, problems } = loadCourse(new Map(Object.entries(readCourse(join(root, 'courses/gke-networking')))));
  if (course === null) throw new Error(JSON.stringify(problems));
  return new Map(lessonsOf(course));
}

/** Looks again until it holds, or says what it was waiting for and what it last saw. */
export async function until(what: string, look: () => Promise<boolean> | boolean, { timeoutMs = 20_000, seen = () => Promise.resolve('') }: { timeoutMs?: number; seen?: () => Promise<string> } = {}): Promise<void> {
  const startedMs = Date.now();
  while (!(await look())) {
    if (Date.now() - startedMs > timeoutMs) throw new Error(`waited ${timeoutMs} ms for ${what}\n${await seen()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  readonly exit: Promise<void>;
}

/** `podwire serve` on a free port, its data in `folder`. */
export function serve(folder: string, ...words: string[]): Promise<Served> {
  return serveAs(undefined, folder, words);
}

async function serveAs(way: Way | undefined, folder: string, words: readonly string[]): Promise<Served> {
  const [program = '', ...rest] = [...(way === 'range' ? inRange(folder) : []), process.execPath, join(dist, 'cli/podwire.js'), 'serve', '--no-open', ...words];
  const child = spawn(program, rest, { env: { ...process.env, PODWIRE_DATA: folder }, ...(way === 'single' ? nobody : {}) });
  let said = '';
  const exit = new Promise<void>((settle) => child.on('close', () => settle()));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { said += String(chunk); });
  await until('the address of the server', () => /http:\/\/\S+/.test(said), { timeoutMs: 30_000, seen: () => Promise.resolve(said) });
  return { url: /http:\S+/.exec(said)![0], process: child, exit };
}

export interface World {
  readonly folder: string;
  readonly served: Served;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Somebody without rights, on every Linux, to whom no other users are lent: his labs have a single one. */
const nobody = { uid: 65_534, gid: 65_534 };
/** Somebody to whom a range of users is lent. */
const lender = { uid: 64_321, gid: 64_321 };

/** How an ordinary user's labs come to their users: host/linux/identity.ts. */
export type Way = 'single' | 'range';

/** Why Podwire cannot be run here as such a user; undefined where it can. Only root can become somebody else. */
export function whyNotAs(way: Way): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  if (spawnSync('test', ['-r', join(dist, 'cli/podwire.js')], nobody).status !== 0) return `only root may read ${dist}`;
  if (way === 'single') return undefined;
  const missing = ['/usr/bin/newuidmap', '/etc/subuid', '/etc/subgid'].find((path) => !existsSync(path));
  return missing === undefined ? undefined : `${missing} is missing (package uidmap)`;
}

/** The words that run something as the lender: the files of users and of what is lent to them are others for it, and for nobody else. */
function inRange(folder: string): string[] {
  const files = { passwd: `${readFileSync('/etc/passwd', 'utf8')}lender:x:${lender.uid}:${lender.gid}::/nonexistent:/bin/sh\n`, subuid: 'lender:1800000000:65536\n', subgid: 'lender:1800000000:65536\n' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const bind = Object.keys(files).map((name) => `mount --bind ${join(folder, name)} /etc/${name}`).join(' && ');
  return ['unshare', '--mount', '--propagation', 'private', '--', 'bash', '-c', `${bind} && exec setpriv --reuid=${lender.uid} --regid=${lender.gid} --clear-groups "$@"`, 'serve'];
}

/** `as`: which ordinary user Podwire is run as; absent: whoever runs the tests. */
export async function openWorld({ as }: { as?: Way } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-e2e-'));
  const owner = as === undefined ? undefined : as === 'single' ? nobody : lender;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const [served, browser] = await Promise.all([serveAs(as, folder, []), launchChromium()]);
  return {
    folder, served, browser,
    async close() {
      await browser.close();
      served.process.kill('SIGINT');
      await served.exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Window = BrowserContext;
interface TestHook { text(id: string): string; focus(id: string): void; ids(): string[]; values(): Record<string, string | null> }
declare const podwireTest: TestHook;

/** A bare prompt at the end of what is shown, behind a text without an end of line too; busybox's is a path and a #. */
const PROMPT = /(\S+@[^\n]*|(^|\n)gke-\S+ [^\n]*|(^|\n)\/\S* )[$#]$/;

export class Learner {
  readonly page: Page;
  readonly context: Window;
  /** What the browser complained of. */
  readonly complaints: string[] = [];
  /** Every address asked for. */
  readonly requests: string[] = [];

  private constructor(context: Window, page: Page) {
    this.context = context;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content Security Policy/.test(message.text())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('websocket', (socket) => this.requests.push(socket.url()));
  }

  static async enter(browser: Browser, url: string, options: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {}): Promise<Learner> {
    const { width = 1280, height = 800, colorScheme = 'dark' } = options;
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, permissions: ['clipboard-read', 'clipboard-write'] });
    const learner = new Learner(context, await context.newPage());
    await learner.page.goto(url);
    await learner.page.getByRole('heading', { level: 1 }).waitFor({ timeout: 30_000 });
    return learner;
  }

  /** Opens a lesson and waits until its lab is up: goals judged, a prompt shown at its first terminal. */
  async open(lesson: string, terminal = 'vm'): Promise<void> {
    // By way of the course: a lesson that is left stays in sight until the next one has come.
    await this.page.evaluate(() => { location.hash = '#/'; });
    await until('the course', async () => (await this.page.locator('#goals-list').count()) === 0);
    await this.page.evaluate((id) => { location.hash = `#/lesson/${id}`; }, lesson);
    await this.labIsUp(terminal);
  }
  async labIsUp(terminal = 'vm'): Promise<void> {
    await until('the goals of the lab', async () => {
      const trouble = await this.page.locator('.trouble').allInnerTexts();
      if (trouble.length > 0) throw new Error(trouble.join('\n'));
      return this.page.locator('#goals-list li').first().isVisible();
    }, { timeoutMs: 40_000 });
    await this.prompts(terminal);
  }

  text(terminal = 'vm'): Promise<string> {
    return this.page.evaluate((id) => podwireTest.text(id), terminal);
  }
  async prompts(terminal = 'vm', timeoutMs = 40_000): Promise<void> {
    await until(`a prompt at ${terminal}`, async () => PROMPT.test(await this.text(terminal)), { timeoutMs, seen: () => this.tail(terminal) });
  }
  async shows(wanted: RegExp, terminal = 'vm', timeoutMs = 20_000): Promise<void> {
    await until(`${String(wanted)} at ${terminal}`, async () => wanted.test(await this.text(terminal)), { timeoutMs, seen: () => this.tail(terminal) });
  }
  private async tail(terminal: string): Promise<string> {
    const goals = await this.page.locator('#goals-list').innerText({ timeout: 500 }).catch(() => '(no goals)');
    return `terminal ${terminal}:\n${(await this.text(terminal)).split('\n').slice(-12).join('\n')}\ngoals:\n${goals}`;
  }

  /** Brought to the front first, where more terminals are open than are shown at once. */
  async focus(terminal = 'vm'): Promise<void> {
    if (await this.page.evaluate((id) => document.getElementById(`panel-${id}`)?.hidden === true, terminal)) await this.page.locator(`#tab-${terminal}`).click();
    await this.page.evaluate((id) => podwireTest.focus(id), terminal);
  }

  /** Waits as a learner who knows what takes long: after a while by skipping lab time, where it can be skipped. */
  private async promptsAgain(terminal: string): Promise<void> {
    const skip = this.page.getByRole('button', { name: 'Skip wait' });
    for (let patienceMs = 2000, skips = 0; skips < 40; patienceMs = 500, skips++) {
      const isThere = await this.prompts(terminal, patienceMs).then(() => true, () => false);
      if (isThere) return;
      if (await skip.isEnabled()) await skip.click();
    }
    return this.prompts(terminal);
  }

  /** Types a line, sees it echoed, presses Enter. */
  async type(line: string, terminal = 'vm', { isSilent = false } = {}): Promise<void> {
    await this.focus(terminal);
    await this.page.keyboard.type(line);
    const stands = async (): Promise<boolean> => squeeze((await this.text(terminal)).split('\n').slice(-3).join('')).endsWith(squeeze(line));
    await until(`the echo of ${line}`, stands, { seen: () => this.tail(terminal) });
    await this.page.keyboard.press('Enter');
    if (isSilent) return;
    await until(`the line after ${line}`, async () => !(await stands()), { seen: () => this.tail(terminal) });
  }

  /** Types an address into the browser of the lab, opening it first if need be. */
  async visit(address: string): Promise<void> {
    const bar = this.page.getByLabel('Address', { exact: true });
    if (!(await bar.isVisible())) await this.page.getByRole('button', { name: 'Browser', exact: true }).click();
    await bar.fill(address);
    await bar.press('Enter');
  }

  private async visitFrom(lesson: Lesson, { visit, from }: VisitStep): Promise<void> {
    await this.page.getByRole('button', { name: 'Browser', exact: true }).click();
    const { machine, netns } = lesson.places[from]!;
    await this.page.getByLabel('From', { exact: true }).selectOption(`${machine}/${netns}`);
    await this.visit(await this.filled(visit));
    await this.page.getByRole('region', { name: 'Browser' }).getByText('HTTP/1.1 200 OK').waitFor();
  }

  async press(keys: readonly string[], terminal = 'vm'): Promise<void> {
    await this.focus(terminal);
    for (const key of keys) await this.page.keyboard.press(/^ctrl-/.test(key) ? `Control+${key.slice(5)}` : key);
  }

  async step(number: number): Promise<void> {
    await this.page.getByRole('button', { name: new RegExp(`^Step ${number}:`) }).click();
  }

  /** One step of a solution, as hands do it: by the block's button where the text has one and `byButton`, else typed. */
  async do(lesson: Lesson, step: SolutionStep, byButton: boolean): Promise<void> {
    if ('wait' in step) return this.wait(step.wait);
    if ('answer' in step) {
      for (const [id, answer] of Object.entries(step.answer)) await this.answer(lesson, id, typeof answer === 'string' && answer !== 'right' ? await this.filled(answer) : undefined);
      return;
    }
    if ('visit' in step) return this.visitFrom(lesson, step);
    const terminal = step.at ?? lesson.terminals[0]!.id;
    if ('keys' in step) await this.press(step.keys, terminal);
    else if (!(byButton && (await this.pressRun(lesson, step.type)))) await this.type(await this.filled(step.type), terminal, { isSilent: step.until === 'running' });
    if ('interruptAfter' in step && step.interruptAfter !== undefined) {
      await this.wait(step.interruptAfter);
      await this.press(['ctrl-c'], terminal);
    }
    if (step.until === 'running') await this.page.waitForTimeout(1500);
    else if (step.until === 'quiet') await this.page.waitForTimeout(400);
    else await this.promptsAgain(terminal);
  }

  /** Presses Run of the block that holds just this line; false when the text has none. */
  private async pressRun(lesson: Lesson, line: string): Promise<boolean> {
    const at = lesson.screens.findIndex(({ blocks }) => blocks.some((block) => block.kind === 'run' && block.keys === null && block.lines.length === 1 && block.lines[0]!.text === line));
    if (at < 0) return false;
    const before = await this.text();
    await this.step(at + 1);
    const block = this.page.locator('.cmd', { has: this.page.locator('pre', { hasText: line }) }).first();
    await block.getByRole('button', { name: /^Run/ }).click();
    // A fresh window of screen looks just like the prompt before it: then the block's own mark tells.
    await until(`Run of ${line}`, async () => (await this.text()) !== before || (await block.locator('.ran').count()) > 0, { seen: () => this.tail('vm') });
    return true;
  }

  /** Lab time: where there is much of it, as a learner skips it, half a minute at a press. */
  private async wait(seconds: number): Promise<void> {
    if (seconds < 8) return this.page.waitForTimeout(seconds * 1000);
    for (let left = seconds; left > 0; left -= 30) {
      await this.page.getByRole('button', { name: /Skip/ }).click();
      await this.page.getByText('skipping').waitFor({ timeout: 2000 }).catch(() => undefined);
      await this.page.getByText('skipping').waitFor({ state: 'detached', timeout: 30_000 });
    }
  }

  /** With the lab's own values in the place of their names, once the lab has them. */
  private async filled(text: string): Promise<string> {
    const fill = async (): Promise<string> => {
      const values = await this.page.evaluate(() => podwireTest.values());
      return text.replace(/\{\{([A-Za-z][\w.-]*)\}\}/g, (whole, name: string) => values[name] ?? whole);
    };
    await until(`the values of ${text}`, async () => !/\{\{[A-Za-z]/.test(await fill()), { seen: fill });
    return fill();
  }

  async answer(lesson: Lesson, question: string, typed?: string): Promise<void> {
    const at = lesson.screens.findIndex(({ blocks }) => blocks.some((block) => (block.kind === 'question' || block.kind === 'predict') && block.id === question));
    const block = lesson.screens[at]!.blocks.find((each) => (each.kind === 'question' || each.kind === 'predict') && each.id === question)!;
    if (block.kind !== 'question' && block.kind !== 'predict') throw new Error(`${question} is no question`);
    await this.step(at + 1);
    const shown = this.page.locator(`[data-question="${question}"]`);
    if (typed !== undefined) await shown.getByRole('textbox').fill(typed);
    for (const [index, { isRight }] of block.options.entries()) if (isRight) await shown.locator('[role=radio], [role=checkbox]').nth(index).click();
    if (typed !== undefined || (block.kind === 'question' && block.type === 'multiple')) await shown.getByRole('button', { name: 'Answer', exact: true }).click();
  }

  goals(): Promise<string> {
    return this.page.locator('#goals-title .count').innerText();
  }
  async reaches(count: number): Promise<void> {
    await until(`all ${count} goals`, async () => (await this.goals()) === `${count} of ${count} reached`, { seen: () => this.tail('vm') });
  }
  /** Every goal is reached, and every question that scores is answered. */
  async completes(lesson: Lesson): Promise<void> {
    await this.reaches(lesson.checks.length);
    await until('every question to be answered', async () => (await this.page.getByText('still open in the text').count()) === 0, { seen: () => this.page.locator('#goals-list').innerText() });
  }
  /** What the goals panel gives as the reason of what is not reached yet. */
  because(): Promise<string[]> {
    return this.page.locator('#goals-list dl').evaluateAll((lists) => lists.flatMap((list) => [...list.querySelectorAll('dt')].filter((term) => term.textContent === 'Because').map((term) => term.nextElementSibling?.textContent ?? '')));
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, '');
}
