/**
 * The menu. In a terminal Ctrl+W erases a word, Ctrl+R searches and Ctrl+C interrupts, so outside macOS (whose menu
 * keys use Command) entries that would take those keys have none.
 * https://www.electronjs.org/docs/latest/api/menu
 */
import type { MenuItemConstructorOptions } from 'electron';
import { Menu } from 'electron';

export function installMenu(platform: NodeJS.Platform, isPackaged: boolean): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform, isPackaged)));
}

export function menuTemplate(platform: NodeJS.Platform, isPackaged: boolean): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const keyless = (entry: MenuItemConstructorOptions): MenuItemConstructorOptions =>
    isMac ? entry : { ...entry, registerAccelerator: false, accelerator: '' };
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' },
  ];
  if (!isPackaged) view.push({ type: 'separator' }, keyless({ role: 'reload' }), keyless({ role: 'toggleDevTools' }));
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: [isMac ? { role: 'close' } : keyless({ role: 'quit' })] },
    {
      label: 'Edit',
      submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }].map((entry) => keyless(entry as MenuItemConstructorOptions)),
    },
    { label: 'View', submenu: view },
    { label: 'Window', submenu: [{ role: 'minimize' }, ...(isMac ? [{ role: 'front' } as const] : [])].map((entry) => keyless(entry as MenuItemConstructorOptions)) },
    { role: 'help', submenu: [{ role: 'about' }] },
  ];
}
