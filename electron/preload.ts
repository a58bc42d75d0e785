/**
 * The only thing a page sees of Electron: `window.podwire`, a transport of contract messages.
 * https://www.electronjs.org/docs/latest/tutorial/context-isolation
 */
import { contextBridge, ipcRenderer } from 'electron';
import { toHost, toPage } from './channels.ts';

contextBridge.exposeInMainWorld('podwire', {
  platform: process.platform,
  send(message: unknown): void {
    ipcRenderer.send(toHost, message);
  },
  /** Answers a function that stops the listening. */
  onMessage(listener: (message: unknown) => void): () => void {
    const receive = (_event: unknown, message: unknown): void => listener(message);
    ipcRenderer.on(toPage, receive);
    return () => ipcRenderer.off(toPage, receive);
  },
  /** The line lives as long as the window does, so nobody is ever told. */
  onClose(_listener: () => void): void {},
});
