/**
 * The desktop application's main process: wiring only. The services are in host/, the pages in renderer/.
 * https://www.electronjs.org/docs/latest/tutorial/process-model
 */
import { join } from 'node:path';
import type { BrowserWindow } from 'electron';
import { app, dialog, ipcMain, protocol, session } from 'electron';
import type { Host } from '../host/host.ts';
import { createHost } from '../host/host.ts';
import { dataDir } from '../host/paths.ts';
import { installMenu } from './menu.ts';
import { packsNamedIn } from './open-packs.ts';
import { connectPage } from './page-channel.ts';
import { pagePrivileges, servePages } from './page-protocol.ts';
import { createWindow } from './window.ts';

// The progress store and the input logs have one writer: the second start only shows the first one's window.
if (app.requestSingleInstanceLock()) start();
else app.quit();

function start(): void {
  let host: Host | undefined;
  let window: BrowserWindow | undefined;
  /** Packs that were double-clicked before the host was there. */
  const early = packsNamedIn(process.argv, process.cwd());

  protocol.registerSchemesAsPrivileged([pagePrivileges]);

  const openWindow = (): void => {
    if (host === undefined) return;
    const opened = createWindow();
    const cut = connectPage(ipcMain, opened, host);
    opened.on('closed', () => {
      cut();
      if (window === opened) window = undefined;
    });
    window = opened;
  };

  const openPack = (path: string): void => {
    if (host === undefined) early.push(path);
    else host.offerPack(path);
  };

  // macOS says so by an event, also before the application is ready; elsewhere the path stands on the command line.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openPack(path);
  });
  app.on('second-instance', (_event, words, directory) => {
    packsNamedIn(words, directory).forEach(openPack);
    if (window === undefined) return openWindow();
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('activate', () => {
    if (window === undefined) openWindow();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  // By now the windows are gone, and all they had to say has been written.
  app.on('will-quit', () => {
    const closing = host;
    host = undefined;
    closing?.close();
  });

  app.whenReady().then(() => {
    refusePermissions();
    servePages(protocol, join(import.meta.dirname, '../renderer'));
    installMenu(process.platform, app.isPackaged);
    host = createHost({
      shell: 'electron',
      // The same folder as the command line's: whoever moves from the browser to the window finds everything there.
      userDataDir: dataDir(),
      coursesDir: app.isPackaged ? join(process.resourcesPath, 'courses') : join(import.meta.dirname, '../../courses'),
    });
    early.splice(0).forEach(openPack);
    openWindow();
  }).catch((error: unknown) => {
    dialog.showErrorBox('Podwire could not start', error instanceof Error ? error.message : String(error));
    app.exit(1);
  });
}

/** Nothing here needs a camera, a place or a notification; the one thing asked for is writing to the clipboard. */
function refusePermissions(): void {
  const allowed = new Set(['clipboard-sanitized-write']);
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(allowed.has(permission)));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => allowed.has(permission));
}
