/**
 * Everything but tests: types, lint, rooms, svelte-check, tidy. `npm run check -- rooms lint` runs some of them.
 * Quiet when all is well; a failing part prints what it found and what to do instead.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rooms } from './rooms.mjs';
import { run } from './run.mjs';
import { checkTypes } from './types.mjs';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);
mkdirSync('node_modules/.cache', { recursive: true });

const bin = (path) => join(root, 'node_modules', path);
const folders = rooms.map((room) => room.name).filter((name) => existsSync(name));

const parts = {
  types: checkTypes,
  lint: () => run(process.execPath, [bin('eslint/bin/eslint.js'), '.', '--max-warnings=0', '--cache', '--cache-strategy=content', '--cache-location=node_modules/.cache/eslint/']),
  rooms: () => run(process.execPath, [bin('dependency-cruiser/bin/dependency-cruise.mjs'), ...folders, '--config', 'build/dependency-cruiser.mjs', '--output-type', 'err-long']),
  svelte: () => (existsSync('renderer')
    ? run(process.execPath, [bin('svelte-check/bin/svelte-check'), '--workspace', 'renderer', '--tsconfig', resolve('build/tsconfig/renderer.json'), '--output', 'human', '--fail-on-warnings'])
    : { ok: true, output: '' }),
  tidy: () => run(process.execPath, [bin('vitest/vitest.mjs'), 'run', '--project=tidy']),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`check: there is no part called ${unknown.join(', ')}; the parts are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

// Two at a time: the parts are each single-threaded, and two cores is what a small machine has.
const queue = Object.entries(parts).filter(([name]) => wanted.length === 0 || wanted.includes(name));
let failures = 0;
async function worker() {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, part] = next;
    const startedAtMs = Date.now();
    const { ok, output } = await part();
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
    if (!ok) {
      failures += 1;
      console.log(`${output}\n`);
    }
  }
}
await Promise.all([worker(), worker()]);
process.exitCode = failures === 0 ? 0 : 1;
