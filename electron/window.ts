/**
 * The application's window, hidden until it has something to show, locked down from the first one on.
 * https://www.electronjs.org/docs/latest/tutorial/security
 */
import { join } from 'node:path';
import { BrowserWindow, nativeTheme } from 'electron';
import { firstPage, pageOrigin } from './page-protocol.ts';

/** UI.md's app colours, so that nothing flashes before the page has painted. */
const background = { dark: '#0f1216', light: '#eeece7' };

export function createWindow(): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 640,
    minHeight: 480,
    show: false,
    title: 'Podwire',
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload: join(import.meta.dirname, 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      // Dictionaries would be downloaded.
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  keepInside(window);
  window.loadURL(firstPage).catch((error: unknown) => {
    // Closed before its page had come: nobody is left to show it to.
    if (!window.isDestroyed()) throw error;
  });
  return window;
}

/** No other page, no other window, no embedded content. */
function keepInside(window: BrowserWindow): void {
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => {
    if (!event.url.startsWith(`${pageOrigin}/`)) event.preventDefault();
  });
  webContents.on('will-redirect', (event) => {
    if (!event.url.startsWith(`${pageOrigin}/`)) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());
}
