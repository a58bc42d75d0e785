/**
 * What `require('electron')` answers in the main process of the double. What is missing throws by name: add it here
 * when the application begins to use it, as Electron's documentation describes it.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrowserWindowDouble } from './browser-window.ts';
import type { WindowSurroundings } from './browser-window.ts';
import { menuDouble } from './menu.ts';
import type { Pages } from './pages.ts';
import { onlyWhatIsImplemented } from './unimplemented.ts';

export interface Surroundings {
  readonly pages: Pages;
  /** The folder that holds package.json, as Electron is given it. */
  readonly appPath: string;
  readonly userDataDir: string;
  readonly isPackaged: boolean;
  readonly onWindow: (window: BrowserWindowDouble) => void;
  readonly onExit: (code: number) => void;
}

type PermissionRequest = (contents: unknown, permission: string, answer: (isAllowed: boolean) => void, details: unknown) => void;
type PermissionCheck = (contents: unknown, permission: string, origin: string, details: unknown) => boolean;

interface AppDouble extends EventEmitter {
  readonly name: string;
  readonly isPackaged: boolean;
  whenReady(): Promise<void>;
  isReady(): boolean;
  getVersion(): string;
  getName(): string;
  getAppPath(): string;
  getPath(name: string): string;
  requestSingleInstanceLock(): boolean;
  quit(): void;
  exit(code: number): void;
}

/** Applications of this process that hold their single-instance lock, by user data folder. */
const locks = new Map<string, EventEmitter>();

export function createElectron(around: Surroundings) {
  const windows = new Set<BrowserWindowDouble>();
  const manifest = JSON.parse(readFileSync(join(around.appPath, 'package.json'), 'utf8')) as { name: string; productName?: string; version: string };
  let isReady = false;
  let isQuitting = false;
  let exited = false;
  let announceReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => { announceReady = resolve; });

  const exit = (code: number): void => {
    if (exited) return;
    exited = true;
    if (locks.get(around.userDataDir) === app) locks.delete(around.userDataDir);
    around.onExit(code);
  };

  const app: AppDouble = onlyWhatIsImplemented('app', Object.assign(new EventEmitter(), {
    name: manifest.productName ?? manifest.name,
    isPackaged: around.isPackaged,
    commandLine: onlyWhatIsImplemented('app.commandLine', { appendSwitch: () => undefined, hasSwitch: () => false }),
    whenReady: () => ready,
    isReady: () => isReady,
    getVersion: () => manifest.version,
    getName: () => manifest.productName ?? manifest.name,
    getAppPath: () => around.appPath,
    getLocale: () => 'en-GB',
    getPath(name: string): string {
      if (name === 'userData' || name === 'sessionData') return around.userDataDir;
      if (name === 'temp' || name === 'logs' || name === 'crashDumps') return join(around.userDataDir, name);
      if (name === 'exe') return process.execPath;
      throw new Error(`the Electron double does not implement app.getPath('${name}')`);
    },
    requestSingleInstanceLock(): boolean {
      const holder = locks.get(around.userDataDir);
      if (holder !== undefined && holder !== app) {
        holder.emit('second-instance', {}, process.argv, process.cwd(), null);
        return false;
      }
      locks.set(around.userDataDir, app);
      return true;
    },
    releaseSingleInstanceLock: () => void locks.delete(around.userDataDir),
    focus: () => undefined,
    quit(): void {
      if (isQuitting) return;
      isQuitting = true;
      const event = preventable();
      app.emit('before-quit', event);
      if (event.defaultPrevented) {
        isQuitting = false;
        return;
      }
      for (const window of windows) window.close();
      if (windows.size === 0) finishQuit();
    },
    exit,
  }));

  const finishQuit = (): void => {
    const event = preventable();
    app.emit('will-quit', event);
    if (event.defaultPrevented) return;
    app.emit('quit', {}, 0);
    exit(0);
  };

  let permissionRequest: PermissionRequest | undefined;
  let permissionCheck: PermissionCheck | undefined;
  const defaultSession = onlyWhatIsImplemented('session', Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: (handler: PermissionRequest) => { permissionRequest = handler; },
    setPermissionCheckHandler: (handler: PermissionCheck) => { permissionCheck = handler; },
    setSpellCheckerEnabled: () => undefined,
  }));
  /** As Electron decides: without a handler everything is allowed. */
  const isAllowed = (permission: string): boolean => {
    let isGranted = permissionRequest === undefined;
    permissionRequest?.(null, permission, (answer) => { isGranted = answer; }, {});
    return isGranted && (permissionCheck?.(null, permission, '', {}) ?? true);
  };

  const ipcMain = Object.assign(new EventEmitter(), {
    handlers: new Map<string, (event: unknown, ...args: unknown[]) => unknown>(),
    handle(channel: string, handler: (event: unknown, ...args: unknown[]) => unknown): void {
      if (ipcMain.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
      ipcMain.handlers.set(channel, handler);
    },
    removeHandler: (channel: string) => void ipcMain.handlers.delete(channel),
  });

  const privileged = new Set<string>();
  const protocol = onlyWhatIsImplemented('protocol', {
    registerSchemesAsPrivileged(schemes: readonly { scheme: string; privileges?: { standard?: boolean; secure?: boolean } }[]): void {
      if (isReady) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
      for (const { scheme, privileges } of schemes) {
        if (privileges?.standard !== true || privileges.secure !== true) throw new Error(`the Electron double serves standard, secure schemes only, not ${scheme}`);
        privileged.add(scheme);
      }
    },
    handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
      if (!isReady) throw new Error('protocol.handle can only be called after app is ready');
      if (!privileged.has(scheme)) throw new Error(`the Electron double serves privileged schemes only, not ${scheme}`);
      around.pages.handlers.set(scheme, handler);
    },
    isProtocolHandled: (scheme: string) => around.pages.handlers.has(scheme),
  });

  /** Dialogs answer from this queue; one that nobody prepared for throws. */
  const dialogAnswers: unknown[] = [];
  const shownDialogs: { kind: string; args: unknown[] }[] = [];
  const ask = (kind: string) => async (...args: unknown[]): Promise<unknown> => {
    shownDialogs.push({ kind, args: args.filter((arg) => !(arg instanceof BrowserWindowDouble)) });
    if (dialogAnswers.length === 0) throw new Error(`dialog.${kind} was called, and the test prepared no answer`);
    return dialogAnswers.shift();
  };
  const dialog = onlyWhatIsImplemented('dialog', {
    showOpenDialog: ask('showOpenDialog'),
    showSaveDialog: ask('showSaveDialog'),
    showMessageBox: ask('showMessageBox'),
    showErrorBox(title: string, content: string): void {
      shownDialogs.push({ kind: 'showErrorBox', args: [title, content] });
    },
  });

  const surroundings: WindowSurroundings = {
    pages: around.pages, platform: process.platform, ipcMain, isAllowed, session: defaultSession, windows,
    onWindow: around.onWindow,
    onLastClosed: () => {
      if (isQuitting) return finishQuit();
      if (!app.emit('window-all-closed')) app.quit();
    },
  };
  class BrowserWindow extends BrowserWindowDouble {
    static getAllWindows(): BrowserWindowDouble[] {
      return [...windows];
    }

    static getFocusedWindow(): BrowserWindowDouble | null {
      return [...windows].at(-1) ?? null;
    }

    static fromWebContents(contents: unknown): BrowserWindowDouble | null {
      return [...windows].find((window) => window.webContents === contents) ?? null;
    }

    constructor(options: ConstructorParameters<typeof BrowserWindowDouble>[1] = {}) {
      if (!isReady) throw new Error('Cannot create BrowserWindow before app is ready');
      super(surroundings, options);
    }
  }

  around.pages.onNavigation = (request, address) => {
    for (const window of windows) {
      if (window.openedPage === request.frame().page()) return window.mayNavigate(address);
    }
    return false; // a popup: its opener is asked in `askToOpen`
  };
  const module = onlyWhatIsImplemented('electron', {
    app, BrowserWindow, ipcMain: onlyWhatIsImplemented('ipcMain', ipcMain), protocol, dialog,
    Menu: menuDouble(),
    session: onlyWhatIsImplemented('session', { defaultSession }),
    nativeTheme: onlyWhatIsImplemented('nativeTheme', Object.assign(new EventEmitter(), { shouldUseDarkColors: false, themeSource: 'system' })),
    shell: onlyWhatIsImplemented('shell', {}),
  });

  return {
    module,
    dialogAnswers,
    shownDialogs,
    isAllowed,
    /** Readiness comes after the main script has run, as in Electron. */
    becomeReady(): void {
      isReady = true;
      app.emit('will-finish-launching');
      app.emit('ready', {}, {});
      announceReady();
    },
  };
}

function preventable() {
  const event = { defaultPrevented: false, preventDefault: () => { event.defaultPrevented = true; } };
  return event;
}
