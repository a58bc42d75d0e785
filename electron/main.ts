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
import { connectPage } from './page-channel.ts';
import { pagePrivileges, servePages } from './page-protocol.ts';
import { createWindow } from './window.ts';

// The progress store and the input logs have one writer: the second start only shows the first one's window.
if (app.requestSingleInstanceLock()) start();
else app.quit();

function start(): void {
  let host: Host | undefined;
  let window: BrowserWindow | undefined;

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

  app.on('second-instance', () => {
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
