/**
 * BrowserWindow and webContents on a Playwright page.
 * https://www.electronjs.org/docs/latest/api/browser-window and .../api/web-contents
 */
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Frame, Page } from '@playwright/test';
import type { Pages } from './pages.ts';
import { bindingName, deliveryKey, preloadScript } from './preload-runtime.ts';
import { onlyWhatIsImplemented } from './unimplemented.ts';

interface WebPreferences {
  preload?: string;
  [name: string]: unknown;
}

interface WindowOptions {
  show?: boolean;
  title?: string;
  width?: number;
  height?: number;
  webPreferences?: WebPreferences;
  [name: string]: unknown;
}

export interface WindowSurroundings {
  readonly pages: Pages;
  readonly platform: NodeJS.Platform;
  readonly ipcMain: EventEmitter & { handlers: Map<string, (event: unknown, ...args: unknown[]) => unknown> };
  readonly isAllowed: (permission: string) => boolean;
  readonly session: unknown;
  readonly windows: Set<BrowserWindowDouble>;
  readonly onWindow: (window: BrowserWindowDouble) => void;
  readonly onLastClosed: () => void;
}

const required: Record<string, boolean> = { contextIsolation: true, sandbox: true, webSecurity: true };
const forbidden = ['nodeIntegration', 'nodeIntegrationInWorker', 'nodeIntegrationInSubFrames', 'allowRunningInsecureContent',
  'experimentalFeatures', 'enableBlinkFeatures', 'webviewTag', 'enableRemoteModule', 'navigateOnDragDrop'];
const known = new Set(['preload', 'spellcheck', 'devTools', 'backgroundThrottling', ...Object.keys(required), ...forbidden]);

/** Refuses what Electron's security checklist refuses, so that no window can drop its guard unseen. */
function refuseUnsafe(preferences: WebPreferences): void {
  for (const [name, value] of Object.entries(preferences)) {
    if (!known.has(name)) throw new Error(`the Electron double does not implement webPreferences.${name}`);
    if (forbidden.includes(name) && Boolean(value)) throw new Error(`unsafe webPreferences: ${name} must not be set`);
    if (name in required && value !== required[name]) throw new Error(`unsafe webPreferences: ${name} must be ${required[name]}`);
  }
}

class WebContentsDouble extends EventEmitter {
  readonly id: number;
  readonly session: unknown;
  readonly mainFrame: { readonly url: string };
  readonly openedWindows: { url: string; action: string }[] = [];
  private readonly window: BrowserWindowDouble;
  private openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });

  constructor(window: BrowserWindowDouble, id: number, session: unknown) {
    super();
    this.window = window;
    this.id = id;
    this.session = session;
    this.mainFrame = { get url() { return window.address; } };
  }

  send(channel: string, ...args: unknown[]): void {
    if (this.isDestroyed()) throw new TypeError('Object has been destroyed');
    void this.window.deliver(channel, structuredClone(args));
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }

  askToOpen(url: string): void {
    const { action } = this.openHandler({ url });
    this.openedWindows.push({ url, action });
    if (action !== 'deny') throw new Error(`the Electron double does not implement a second window for ${url}: setWindowOpenHandler answered ${action}`);
  }

  getURL(): string {
    return this.window.address;
  }

  isDestroyed(): boolean {
    return this.window.isDestroyed();
  }

  reload(): void {
    void this.window.reload();
  }
}

export class BrowserWindowDouble extends EventEmitter {
  readonly id: number;
  readonly webContents: WebContentsDouble;
  readonly page: Promise<Page>;
  readonly options: WindowOptions;
  address = '';
  openedPage: Page | undefined;
  private readonly around: WindowSurroundings;
  private visible: boolean;
  private minimized = false;
  private destroyed = false;
  private ownNavigation: string | undefined;
  private deliveries: Promise<unknown> = Promise.resolve();

  constructor(around: WindowSurroundings, options: WindowOptions) {
    super();
    refuseUnsafe(options.webPreferences ?? {});
    this.around = around;
    this.options = options;
    this.visible = options.show !== false;
    this.id = around.windows.size + 1;
    this.webContents = onlyWhatIsImplemented('webContents', new WebContentsDouble(this, this.id, around.session));
    const guarded = onlyWhatIsImplemented('BrowserWindow', this);
    this.page = guarded.open();
    this.page.catch(() => undefined);
    around.windows.add(guarded);
    return guarded;
  }

  private async open(): Promise<Page> {
    const { pages, platform, isAllowed } = this.around;
    const page = await pages.context.newPage();
    this.openedPage = page;
    await page.setViewportSize({ width: this.options.width ?? 800, height: this.options.height ?? 600 });
    await page.exposeBinding(bindingName, ({ frame }, kind: string, channel: string, args: unknown[]) => this.receive(frame, kind, channel, args));
    const { preload } = this.options.webPreferences ?? {};
    if (preload !== undefined) {
      if (!existsSync(preload)) throw new Error(`Unable to load preload script: ${preload}`);
      await page.addInitScript({ content: preloadScript(readFileSync(preload, 'utf8'), platform) });
    }
    const granted = [['clipboard-read', 'clipboard-read'], ['clipboard-sanitized-write', 'clipboard-write']] as const;
    await pages.context.grantPermissions(granted.filter(([name]) => isAllowed(name)).map(([, name]) => name));
    page.on('popup', (popup) => {
      this.webContents.askToOpen(pages.fromBrowser(popup.url()));
      void popup.close();
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.address = pages.fromBrowser(frame.url());
    });
    page.on('crash', () => this.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }));
    page.on('close', () => this.gone());
    return page;
  }

  /** A main frame is about to go somewhere: false stops it. */
  mayNavigate(address: string): boolean {
    const isOwn = this.ownNavigation === address || this.address === address;
    this.ownNavigation = undefined;
    let prevented = false;
    if (!isOwn) this.webContents.emit('will-navigate', { url: address, preventDefault: () => { prevented = true; } });
    if (!prevented) this.webContents.emit('did-start-navigation', { url: address, isMainFrame: true, isSameDocument: false });
    return !prevented;
  }

  private async receive(frame: Frame, kind: string, channel: string, args: unknown[]): Promise<unknown> {
    const page = await this.page;
    const senderFrame = frame === page.mainFrame() ? this.webContents.mainFrame : { url: this.around.pages.fromBrowser(frame.url()) };
    const event = { sender: this.webContents, senderFrame, reply: this.webContents.send.bind(this.webContents) };
    if (kind === 'send') {
      this.around.ipcMain.emit(channel, event, ...args);
      return undefined;
    }
    const handler = this.around.ipcMain.handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return structuredClone(await handler(event, ...args));
  }

  /** In order, as IPC is; a page that is gone or just being replaced misses what was sent to it. */
  deliver(channel: string, args: unknown[]): Promise<unknown> {
    this.deliveries = this.deliveries.then(async () => {
      const page = await this.page;
      await page.evaluate(([key, name, values]) => {
        const deliver = (globalThis as unknown as Record<symbol, ((channel: string, args: unknown[]) => void) | undefined>)[Symbol.for(key)];
        deliver?.(name, values);
      }, [deliveryKey, channel, args] as const);
    }).catch(() => undefined);
    return this.deliveries;
  }

  async loadURL(address: string): Promise<void> {
    const page = await this.page;
    this.ownNavigation = address;
    await page.goto(this.around.pages.toBrowser(address), { waitUntil: 'commit' });
    this.around.onWindow(this);
    await page.waitForLoadState('load').catch((error: unknown) => {
      if (!this.destroyed) throw error;
    });
    if (!this.destroyed) this.emit('ready-to-show');
  }

  async reload(): Promise<void> {
    await (await this.page).reload();
  }

  show(): void {
    this.visible = true;
    this.emit('show');
  }

  hide(): void {
    this.visible = false;
    this.emit('hide');
  }

  isVisible(): boolean {
    return this.visible;
  }

  focus(): void {
    this.emit('focus');
  }

  minimize(): void {
    this.minimized = true;
    this.emit('minimize');
  }

  restore(): void {
    this.minimized = false;
    this.emit('restore');
  }

  isMinimized(): boolean {
    return this.minimized;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  getTitle(): string {
    return this.options.title ?? '';
  }

  close(): void {
    let prevented = false;
    this.emit('close', { preventDefault: () => { prevented = true; } });
    if (!prevented) this.destroy();
  }

  destroy(): void {
    setImmediate(() => this.gone());
    // The tab follows in its own time: one that is just loading may be slow to go.
    this.page.then((page) => page.close()).catch(() => undefined);
  }

  private gone(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.around.windows.delete(this);
    this.emit('closed');
    if (this.around.windows.size === 0) this.around.onLastClosed();
  }
}
