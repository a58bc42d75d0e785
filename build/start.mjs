/**
 * `npm start`: builds what is out of date, then opens the application. In Electron where its binary is installed,
 * otherwise the same pages from a server on this machine, in your browser. Nothing is downloaded unasked.
 */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { build } from './build.mjs';
import { electronBinary } from './electron-binary.mjs';

const root = resolve(import.meta.dirname, '..');
const passed = process.argv.slice(2);

const { failed } = await build(undefined, { onlyIfStale: true });
if (failed.length > 0) {
  console.error(`podwire: could not build ${failed.join(', ')}`);
  process.exit(1);
}

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
const child = spawn(command, args, { stdio: 'inherit', cwd: process.cwd() });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`podwire: could not start ${command}: ${error.message}`);
  process.exit(1);
});
child.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
