/**
 * An Electron without Electron: runs a main script in this process against a double of the `electron` module, with a
 * Chromium of the system for its windows. Looks like Playwright's ElectronApplication, so that one specification runs
 * on the double and on the real binary.
 *
 * It cannot show: context isolation and the sandbox themselves, reading from an archive, native menus and dialogs,
 * utility processes, native modules inside Electron. Those are for the real binary (npm run test:electron).
 */
import Module, { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from '@playwright/test';
import { launchChromium } from '../../chromium.ts';
import type { BrowserWindowDouble } from './browser-window.ts';
import { createElectron } from './electron-module.ts';
import { Pages } from './pages.ts';

export interface LaunchOptions {
  /** The folder with package.json, as one gives it to `electron`. */
  readonly appPath: string;
  readonly userDataDir: string;
  readonly isPackaged?: boolean;
  /** What process.resourcesPath is to be in a packaged application. */
  readonly resourcesPath?: string;
}

type Electron = ReturnType<typeof createElectron>['module'];
type Loader = (request: string, parent: unknown, isMain: boolean) => unknown;
const loader = Module as unknown as { _load: Loader };

let browser: Promise<Browser> | undefined;

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

export async function launchDouble(options: LaunchOptions): Promise<ElectronApplicationDouble> {
  browser ??= launchChromium();
  const context = await (await browser).newContext();
  const pages = new Pages(context);
  await pages.start();
  return new ElectronApplicationDouble(pages, options);
}

export class ElectronApplicationDouble {
  private readonly pages: Pages;
  private readonly electron: ReturnType<typeof createElectron>;
  private readonly opened: Page[] = [];
  private readonly waiting: ((page: Page) => void)[] = [];
  private readonly exit: Promise<number>;
  private readonly undo: (() => void)[] = [];

  constructor(pages: Pages, options: LaunchOptions) {
    this.pages = pages;
    let announceExit: (code: number) => void = () => undefined;
    this.exit = new Promise((settle) => { announceExit = settle; });
    this.electron = createElectron({
      pages,
      appPath: options.appPath,
      userDataDir: options.userDataDir,
      isPackaged: options.isPackaged ?? false,
      onWindow: (window) => void this.remember(window),
      onExit: announceExit,
    });
    if (options.resourcesPath !== undefined) {
      const host = process as unknown as { resourcesPath?: string };
      host.resourcesPath = options.resourcesPath;
      this.undo.push(() => { delete host.resourcesPath; });
    }
    this.run(options.appPath);
  }

  private run(appPath: string): void {
    const { main } = JSON.parse(readFileSync(join(appPath, 'package.json'), 'utf8')) as { main: string };
    const script = resolve(appPath, main);
    const original = loader._load;
    loader._load = (request, parent, isMain) => (request === 'electron' ? this.electron.module : original(request, parent, isMain));
    this.undo.push(() => { loader._load = original; });
    const require = createRequire(script);
    delete require.cache[script];
    require(script);
    this.electron.becomeReady();
  }

  private async remember(window: BrowserWindowDouble): Promise<void> {
    const page = await window.page;
    if (this.opened.includes(page)) return;
    this.opened.push(page);
    for (const settle of this.waiting.splice(0)) settle(page);
  }

  firstWindow(): Promise<Page> {
    const [first] = this.opened;
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((settle, fail) => {
      this.waiting.push(settle);
      setTimeout(() => fail(new Error(`no window was opened within 30 s; dialogs shown: ${JSON.stringify(this.electron.shownDialogs)}`)), 30_000).unref();
    });
  }

  windows(): Page[] {
    return this.opened.filter((page) => !page.isClosed());
  }

  /** The function travels as text, as it does to the real main process: it sees its arguments and nothing else. */
  async evaluate<Result, Argument>(pageFunction: (electron: Electron, argument: Argument) => Result | Promise<Result>, argument?: Argument): Promise<Result> {
    const rebuilt = new Function(`return (${String(pageFunction)});`)() as typeof pageFunction;
    return structuredClone(await rebuilt(this.electron.module, structuredClone(argument) as Argument));
  }

  /** Settles with the exit code when the application has ended. */
  exited(): Promise<number> {
    return this.exit;
  }

  async close(): Promise<void> {
    this.electron.module.app.quit();
    await this.exit;
    await this.dispose();
  }

  /** Ends without asking anybody, as a crash does. */
  async dispose(): Promise<void> {
    for (const step of this.undo.splice(0)) step();
    // A tab closed while it loads can keep its context waiting; nobody needs to wait with it.
    await Promise.race([this.pages.context.close(), new Promise((settle) => { setTimeout(settle, 2_000).unref(); })]);
  }

  /** Only on the double: answers for dialogs to come, dialogs shown, addresses refused, permissions. */
  get dialogAnswers(): unknown[] {
    return this.electron.dialogAnswers;
  }

  get shownDialogs(): readonly { kind: string; args: unknown[] }[] {
    return this.electron.shownDialogs;
  }

  get refusedAddresses(): readonly string[] {
    return this.pages.refused;
  }

  isAllowed(permission: string): boolean {
    return this.electron.isAllowed(permission);
  }
}
