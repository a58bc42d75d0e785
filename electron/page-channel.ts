/**
 * One window's line to the host. What a page sends is believed only when it comes from the window's main frame, shows
 * the application's own page, and has the shape of a contract message.
 * https://www.electronjs.org/docs/latest/tutorial/security#17-validate-the-sender-of-all-ipc-messages
 */
import type { BrowserWindow, IpcMain, IpcMainEvent } from 'electron';
import { z } from 'zod';
import type { HostMessage } from '../contracts/host.ts';
import { HostRequest } from '../contracts/host.ts';
import { toHost, toPage } from './channels.ts';
import { pageOrigin } from './page-protocol.ts';

export interface HostConnection {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  close(): void;
}

interface Host {
  connect(): HostConnection;
}

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
    const parsed = HostRequest.safeParse(message);
    if (!parsed.success) {
      webContents.send(toPage, badMessage(message, parsed.error.issues));
      return;
    }
    connection ??= open();
    connection.send(parsed.data);
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

function badMessage(message: unknown, issues: readonly z.core.$ZodIssue[]): HostMessage {
  const { id } = z.object({ id: z.number().int() }).catch({ id: -1 }).parse(message);
  const [issue] = issues;
  return { id, error: { code: 'bad-message', message: issue === undefined ? 'no known shape' : `${issue.path.join('.') || 'message'}: ${issue.message}` } };
}
