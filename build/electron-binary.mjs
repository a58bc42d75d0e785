import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../node_modules/electron');

/**
 * Where Electron's binary is: { path } or { why, remedy }. The electron package comes without it and
 * `require('electron')` would start a download, so this only looks (node_modules/electron/index.js does the same).
 */
export function electronBinary() {
  const remedy = 'npx install-electron (about 120 MB, once)';
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const note = join(folder, 'path.txt');
  const name = existsSync(note) ? readFileSync(note, 'utf8').trim() : process.platform === 'win32' ? 'electron.exe' : 'electron';
  const path = join(override ?? join(folder, 'dist'), name);
  if (existsSync(path)) return { path };
  if (!existsSync(folder)) return { why: 'the electron package is not installed', remedy: 'npm ci' };
  return { why: 'Electron\'s binary is not installed', remedy };
}
