/**
 * Menus as data: labels, roles and accelerators checked, nothing drawn.
 * https://www.electronjs.org/docs/latest/api/menu-item
 */
import { onlyWhatIsImplemented } from './unimplemented.ts';

interface Item {
  label?: string;
  role?: string;
  type?: string;
  accelerator?: string;
  registerAccelerator?: boolean;
  submenu?: Item[];
  click?: () => void;
}

const roles = new Set(['undo', 'redo', 'cut', 'copy', 'paste', 'pasteAndMatchStyle', 'selectAll', 'delete', 'minimize', 'close', 'quit',
  'reload', 'forceReload', 'toggleDevTools', 'togglefullscreen', 'resetZoom', 'zoomIn', 'zoomOut', 'fileMenu', 'editMenu', 'viewMenu',
  'windowMenu', 'appMenu', 'about', 'hide', 'hideOthers', 'unhide', 'front', 'zoom', 'window', 'help', 'services']);

function check(items: readonly Item[]): void {
  for (const item of items) {
    if (item.role !== undefined && !roles.has(item.role)) throw new Error(`the Electron double does not know the menu role ${item.role}`);
    if (item.role === undefined && item.label === undefined && item.type !== 'separator') throw new Error('a menu item needs a label, a role, or to be a separator');
    check(item.submenu ?? []);
  }
}

export function menuDouble() {
  let applicationMenu: { items: Item[] } | null = null;
  return onlyWhatIsImplemented('Menu', {
    buildFromTemplate(template: Item[]): { items: Item[] } {
      check(template);
      return { items: template };
    },
    setApplicationMenu(menu: { items: Item[] } | null): void {
      applicationMenu = menu;
    },
    getApplicationMenu: () => applicationMenu,
  });
}
