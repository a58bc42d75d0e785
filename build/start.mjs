/**
 * `npm start`: builds what is out of date, then opens the application. In Electron where its binary is installed,
 * otherwise the same pages from a server on this machine, in your browser. Nothing is downloaded unasked.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from './build.mjs';
import { electronBinary } from './electron-binary.mjs';

const root = resolve(import.meta.dirname, '..');
const passed = process.argv.slice(2);

await build(undefined, { onlyIfStale: true });

const binary = electronBinary();
const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
const why = !binary.path ? binary.why : !display ? 'this session has no display' : undefined;

const [command, args] = why === undefined
  ? [binary.path, [root, ...passed]]
  : [process.execPath, [join(root, 'dist/cli/podwire.js'), 'serve', ...passed]];
if (why !== undefined) {
  const remedy = binary.path ? '' : ` For the desktop window: ${binary.remedy}.`;
  console.log(`podwire: ${why}, so the application opens in your browser.${remedy}`);
}
if (why !== undefined && !existsSync(join(root, 'dist/cli/podwire.js'))) {
  console.error('podwire: the command line has not been built (dist/cli/podwire.js is missing): run npm run build');
  process.exit(1);
}

const child = spawn(command, args, { stdio: 'inherit', cwd: process.cwd() });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`podwire: could not start ${command}: ${error.message}`);
  process.exit(1);
});
child.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
