/** `npm run test:electron`: the specifications of the desktop application on Electron's own binary. Part of every release. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { electronBinary } from './electron-binary.mjs';

const root = resolve(import.meta.dirname, '..');
const { path, why, remedy } = electronBinary();
if (path === undefined) {
  console.error(`test:electron: ${why}: ${remedy}`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project=electron', 'test/electron/application.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, PODWIRE_ELECTRON: path } });
process.exit(status ?? 1);
