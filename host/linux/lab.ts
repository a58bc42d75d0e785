/**
 * A lab on real Linux: a sandbox, its terminals, and what can be observed of it. Its time is the wall's: `runUntil` waits for an instant, it does not
 * bring it about, and things happen between calls. Terminals are opened inside by script(1), under a terminal of ours that carries keys and sizes.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { IPty } from 'node-pty';
import type { Terminal } from '../../contracts/course.ts';
import type { TerminalView } from '../../contracts/lab.ts';
import type { Observer } from '../../contracts/observer.ts';
import type { Lab } from '../../labs/backend.ts';
import { quote } from './boot-script.ts';
import { Evidence } from './evidence.ts';
import { observeLinux, type LinuxObserver } from './observer.ts';
import type { Sandbox } from './sandbox.ts';

const PROMPT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 15;
const WINDOWS_EVERY_MS = 120;
const FULL_READ_EVERY_MS = 5000;

export type SpawnTerminal = typeof import('node-pty').spawn;
/** Closes our end, and with it what runs at the other: only killing the process we started would leave the one inside. */
type Pty = IPty & { destroy(): void };
interface Open { readonly definition: Terminal; readonly pty: Pty; readonly hangUp: (() => void) | undefined; isOpen: boolean }

export class LinuxLab implements Lab {
  readonly isRealTime = true;
  readonly observer: Observer;
  readonly #sandbox: Sandbox;
  readonly #spawnTerminal: SpawnTerminal;
  readonly #evidence: Evidence;
  readonly #observing: LinuxObserver;
  readonly #open = new Map<string, Open>();
  readonly #bornMs = performance.now();
  readonly #epochMs = Date.now();
  readonly #monitors: ChildProcess[];
  readonly #timer: NodeJS.Timeout;
  /** Moved by whoever holds the lab, never by what happens in it: they may be behind the wall, and must not be overtaken. */
  #nowUs = 0;
  #movedAtMs = 0;
  #windowsAtMs = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #early: { terminal: string; bytes: Uint8Array }[] | undefined = [];
  #listener: Lab['onData'] = () => undefined;
  onChange: () => void = () => undefined;

  constructor(sandbox: Sandbox, spawnTerminal: SpawnTerminal) {
    this.#sandbox = sandbox;
    this.#spawnTerminal = spawnTerminal;
    const nowMs = (): number => Math.round(performance.now() - this.#bornMs);
    this.#evidence = new Evidence(sandbox.scenario.home, nowMs);
    this.#observing = observeLinux(sandbox, this.#evidence, () => [...this.#open.keys()], nowMs);
    this.observer = this.#observing.observer;
    sandbox.onEnd = () => this.#ended();
    this.#monitors = [['ip', 'monitor', 'all-nsid', 'link', 'address', 'route', 'neigh', 'rule'], ['conntrack', '-E']].map((argv) => this.#monitor(argv));
    this.#timer = setInterval(() => this.#changed(), FULL_READ_EVERY_MS);
    this.#timer.unref();
  }

  // ---------------------------------------------------------------- time

  get nowUs(): number {
    return this.#nowUs;
  }
  get epochMs(): number {
    return this.#epochMs + Math.floor(this.#nowUs / 1000);
  }
  get #wallUs(): number {
    return Math.floor((performance.now() - this.#bornMs) * 1000);
  }
  catchUp(): void {
    this.#nowUs = Math.max(this.#nowUs, this.#wallUs);
  }
  nextDueUs(): undefined {
    return undefined;
  }

  async runUntil(targetUs: number): Promise<void> {
    while (this.#wallUs < targetUs) await sleep(Math.min(WINDOWS_EVERY_MS, Math.max(1, (targetUs - this.#wallUs) / 1000)));
    await this.#lookThroughWindows();
    this.#nowUs = Math.max(this.#nowUs, targetUs);
  }

  async runUntilQuiet(quietUs: number, limitUs: number): Promise<void> {
    while (this.#wallUs < limitUs && this.#wallUs - this.#movedAtMs * 1000 < quietUs) await sleep(LOOK_EVERY_MS);
    await this.#lookThroughWindows(true);
    this.#nowUs = Math.max(this.#nowUs, Math.min(this.#wallUs, limitUs));
  }

  /** Until every shell prompts that should. */
  async settle(): Promise<void> {
    const untilMs = performance.now() + PROMPT_WITHIN_MS;
    const isWaiting = (): boolean => [...this.#open].some(([id, { isOpen }]) => isOpen && !this.#evidence.isPrompting(id));
    while (isWaiting() && performance.now() < untilMs) await sleep(LOOK_EVERY_MS);
    this.catchUp();
  }

  // ---------------------------------------------------------------- terminals

  openTerminal(definition: Terminal, { columns, rows }: { columns: number; rows: number }): void {
    const { id, place } = definition;
    const isSingle = this.#sandbox.identity.way === 'single';
    const user = isSingle ? 'root' : (definition.user ?? 'learner');
    const netns = place === this.#sandbox.scenario.home ? undefined : place;
    const argv = ['script', '-q', '-e', '-c', `exec /run/podwire/login ${quote(user)}`, '/dev/null'];
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC', SHELL: '/bin/bash' };
    const { program, words, options, hangUp } = this.#sandbox.command(argv, { netns, env, isTerminal: true });
    const pty = this.#spawnTerminal(program, [...words], { name: 'xterm-256color', cols: columns, rows, cwd: '/', encoding: null, ...options }) as Pty;
    const open: Open = { definition, pty, hangUp, isOpen: true };
    this.#open.set(id, open);
    // What an earlier terminal of the same name still has to say is nobody's.
    pty.onData((data) => {
      if (this.#open.get(id) === open) this.#data(id, data as unknown as Uint8Array);
    });
    pty.onExit(() => {
      open.isOpen = false;
      this.#changed();
    });
  }

  closeTerminal(id: string): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    this.#evidence.leave(id);
    this.#early = this.#early?.filter(({ terminal }) => terminal !== id);
    if (open?.isOpen === true) {
      open.pty.destroy();
      open.hangUp?.();
    }
    this.#changed();
  }

  input(terminal: string, data: string): void {
    const open = this.#open.get(terminal);
    if (open?.isOpen !== true) return;
    this.#movedAtMs = this.#wallUs / 1000;
    this.#evidence.typed(terminal, data);
    const window = this.#windowShownAt(terminal);
    if (window !== undefined) this.#evidence.typed(window, data);
    open.pty.write(data);
  }

  resize(terminal: string, columns: number, rows: number): void {
    const open = this.#open.get(terminal);
    if (open?.isOpen === true) open.pty.resize(columns, rows);
  }

  /** Flow control: while held back, a terminal's programs wait for their output to be taken. */
  holdBack(terminal: string, isHeld: boolean): void {
    const open = this.#open.get(terminal);
    if (open?.isOpen !== true) return;
    if (isHeld) open.pty.pause();
    else open.pty.resume();
  }

  terminals(): TerminalView[] {
    return [...this.#open.values()].map(({ definition: { id, title }, isOpen }) => {
      const shells = this.#evidence.shellsOf(id);
      const inner = shells.at(-1);
      const foreground = this.#evidence.foregroundOf(id);
      return { id, title, machine: this.#sandbox.scenario.home, netns: inner?.netns ?? '', user: inner?.user ?? 'learner', cwd: inner?.cwd ?? '/', depth: Math.max(0, shells.length - 1), running: foreground?.line ?? null, sinceMs: foreground?.sinceMs ?? 0, isOpen };
    });
  }

  isPrompting(terminal: string): boolean {
    if (this.#open.get(terminal)?.isOpen !== true) return false;
    const window = this.#windowShownAt(terminal);
    return this.#evidence.isPrompting(window ?? terminal);
  }

  /** The window of screen that a terminal shows, if it shows one. */
  #windowShownAt(terminal: string): string | undefined {
    if (!this.#runsScreen(terminal)) return undefined;
    const attached = this.#observing.screens().findLast(({ isAttached }) => isAttached);
    return attached === undefined ? undefined : `screen:${attached.pid}.${attached.name}`;
  }

  #runsScreen(terminal: string): boolean {
    const foreground = this.#evidence.foregroundOf(terminal);
    return foreground !== undefined && foreground.line !== null && foreground.programs.some(([program]) => program?.endsWith('screen') === true);
  }

  async #lookThroughWindows(isNow = false): Promise<void> {
    if (!isNow && performance.now() - this.#windowsAtMs < WINDOWS_EVERY_MS) return;
    if (![...this.#open.keys()].some((id) => this.#runsScreen(id))) return;
    this.#windowsAtMs = performance.now();
    await this.#observing.refreshWindows();
  }

  /** What screen draws, one of its windows has written: perhaps a prompt. */
  #lookSoon(): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      void this.#lookThroughWindows(true).then(() => this.#changed());
    }, LOOK_EVERY_MS);
  }

  // ---------------------------------------------------------------- what happens

  set onData(listener: Lab['onData']) {
    this.#listener = listener;
    for (const { terminal, bytes } of this.#early ?? []) listener(terminal, bytes);
    this.#early = undefined;
  }
  get onData(): Lab['onData'] {
    return this.#listener;
  }

  #data(terminal: string, data: Uint8Array): void {
    this.#movedAtMs = this.#wallUs / 1000;
    for (const bytes of this.#evidence.take(terminal, data)) {
      if (this.#early === undefined) this.#listener(terminal, bytes);
      else this.#early.push({ terminal, bytes });
    }
    if (this.#runsScreen(terminal)) this.#lookSoon();
    this.#changed();
  }

  #changed(): void {
    this.onChange();
  }

  /** Anything it says is a reason to look again, but for what our own packets set off. */
  #monitor(argv: readonly string[]): ChildProcess {
    const child = this.#sandbox.startBeside(argv) as ChildProcess & { stdout: Readable };
    child.stdout.on('data', () => {
      if (!this.#observing.isAsking()) this.#changed();
    });
    child.once('error', () => undefined);
    return child;
  }

  #ended(): void {
    for (const open of this.#open.values()) open.isOpen = false;
    this.#changed();
  }

  // ---------------------------------------------------------------- the whole

  /** A command as root, beside every terminal. */
  runAsRoot(command: string): Promise<{ exit: number; stderr: string }> {
    const child = this.#sandbox.start(['bash', '-c', command], { cwd: '/root', env: { HOME: '/root', TERM: 'dumb' }, stdio: ['ignore', 'ignore', 'pipe'] }) as ChildProcess & { stderr: Readable };
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    return new Promise((resolve, reject) => {
      child.once('close', (code) => resolve({ exit: code ?? -1, stderr }));
      child.once('error', reject);
    });
  }

  /** A lesson begins: what was typed and shown before it is nobody's evidence. */
  forgetEvidence(): void {
    this.#evidence.forget();
  }

  hash(): undefined {
    return undefined;
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#lookTimer);
    this.onChange = () => undefined;
    this.#listener = () => undefined;
    this.#observing.close();
    for (const monitor of this.#monitors) monitor.kill('SIGKILL');
    for (const { pty, isOpen } of this.#open.values()) if (isOpen) pty.destroy();
    this.#open.clear();
    void this.#sandbox.close();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
