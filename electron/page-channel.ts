/**
 * One window's line to the host. What a page sends is believed only when it comes from the window's main frame, shows
 * the application's own page; the host itself parses it against contracts/host.ts and answers what has no known shape.
 * https://www.electronjs.org/docs/latest/tutorial/security#17-validate-the-sender-of-all-ipc-messages
 */
import type { BrowserWindow, IpcMain, IpcMainEvent } from 'electron';
import type { Host, HostConnection } from '../host/host.ts';
import { toHost, toPage } from './channels.ts';
import { pageOrigin } from './page-protocol.ts';

/** Answers a function that cuts the line. */
export function connectPage(ipcMain: IpcMain, window: BrowserWindow, host: Host): () => void {
  const { webContents } = window;
  let connection: HostConnection | undefined;

  const cut = (): void => {
    connection?.close();
    connection = undefined;
  };
  const open = (): HostConnection => {
    const opened = host.connect();
    opened.onMessage((message) => {
      if (opened === connection && !webContents.isDestroyed()) webContents.send(toPage, message);
    });
    return opened;
  };
  const receive = (event: IpcMainEvent, message: unknown): void => {
    if (event.sender !== webContents) return;
    const complaint = unwelcome(event, window);
    if (complaint !== undefined) {
      console.error(`podwire: a message was refused: ${complaint}`);
      return;
    }
    connection ??= open();
    connection.send(message);
  };

  ipcMain.on(toHost, receive);
  // A page that is loaded again begins a new conversation.
  webContents.on('did-start-navigation', (details) => {
    if (details.isMainFrame && !details.isSameDocument) cut();
  });
  webContents.on('render-process-gone', cut);
  return () => {
    ipcMain.off(toHost, receive);
    cut();
  };
}

function unwelcome(event: IpcMainEvent, window: BrowserWindow): string | undefined {
  if (event.senderFrame === null || event.senderFrame !== window.webContents.mainFrame) return 'it did not come from the main frame';
  if (!event.senderFrame.url.startsWith(`${pageOrigin}/`)) return `it came from ${event.senderFrame.url}`;
  return undefined;
}
