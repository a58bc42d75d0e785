/**
 * Everything that runs, into dist/: the command line, Electron's main and preload, the pages.
 * `npm run build` builds all; `node build/build.mjs cli electron renderer` some; `--if-stale` only what is out of date.
 * https://esbuild.github.io/api/ and https://vite.dev/guide/api-javascript
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build as esbuild } from 'esbuild';
import { licenceText } from './licences.mjs';
import { rooms } from './rooms.mjs';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);

const version = JSON.parse(readFileSync('package.json', 'utf8')).version;

/** Native or WebAssembly-loading packages, which find their files beside themselves. */
const external = ['electron', 'node-pty', 'node-sqlite3-wasm', 'esbuild'];

const common = {
  bundle: true, platform: 'node', target: 'node20', external, logLevel: 'warning', sourcemap: true, metafile: true, legalComments: 'none',
  // jq's WebAssembly travels inside the bundle: no file to find, in an archive or anywhere else.
  alias: { 'jq-wasm': 'jq-wasm/inline' },
  define: { PODWIRE_VERSION: JSON.stringify(version) },
};

const parts = {
  cli: {
    entry: 'cli/podwire.ts',
    async build() {
      const { metafile } = await esbuild({
        ...common, entryPoints: ['cli/podwire.ts'], outfile: 'dist/cli/podwire.js', format: 'esm',
        // CommonJS packages inside an ES module still call require() for Node's own modules.
        banner: { js: "#!/usr/bin/env node\nimport { createRequire as podwireRequire } from 'node:module'; const require = podwireRequire(import.meta.url);" },
      });
      writeFileSync('dist/cli/licences.txt', licenceText(Object.keys(metafile.inputs)));
      chmodSync('dist/cli/podwire.js', 0o755);
    },
  },
  electron: {
    entry: 'electron/main.ts',
    async build() {
      const location = {
        define: { ...common.define, 'import.meta.url': 'podwireUrl', 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
        banner: { js: "const podwireUrl = require('node:url').pathToFileURL(__filename).href;" },
      };
      const [{ metafile }] = await Promise.all([
        esbuild({ ...common, ...location, entryPoints: ['electron/main.ts'], outfile: 'dist/electron/main.cjs', format: 'cjs' }),
        // The preload runs in Chromium's sandbox: its require() knows electron and little else.
        esbuild({ ...common, platform: 'browser', target: 'chrome140', sourcemap: false, entryPoints: ['electron/preload.ts'], outfile: 'dist/electron/preload.cjs', format: 'cjs' }),
      ]);
      writeFileSync('dist/electron/licences.txt', licenceText(Object.keys(metafile.inputs)));
    },
  },
  renderer: {
    entry: 'renderer/index.html',
    async build() {
      const { build } = await import('vite');
      const { rendererConfig } = await import('./renderer.mjs');
      await build(rendererConfig({ version }));
    },
  },
};

/** Changes when any source of the product changes: names, sizes and times are enough, contents are not read. */
function sourceStamp() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path}\0${mtimeMs}\0${size}\n`);
  };
  for (const folder of [...rooms.map((room) => room.name), 'build']) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !entry.name.endsWith('.test.ts')) add(join(entry.parentPath, entry.name));
    }
  }
  add('package-lock.json');
  return hash.digest('hex');
}

const stampPath = (name) => `dist/.stamps/${name}`;

async function buildPart(name) {
  const part = parts[name];
  const stamp = sourceStamp();
  await part.build();
  mkdirSync(dirname(stampPath(name)), { recursive: true });
  writeFileSync(stampPath(name), stamp);
}

const isFresh = (name, stamp) => existsSync(stampPath(name)) && readFileSync(stampPath(name), 'utf8') === stamp;

/** Builds the named parts, side by side, saying on standard error what went wrong. */
export async function build(names = Object.keys(parts), { onlyIfStale = false } = {}) {
  const stamp = onlyIfStale ? sourceStamp() : '';
  const due = names.filter((name) => existsSync(parts[name].entry) && !(onlyIfStale && isFresh(name, stamp)));
  const results = await Promise.allSettled(due.map(buildPart));
  const failed = due.filter((_, index) => results[index].status === 'rejected');
  for (const [index, result] of results.entries()) {
    // esbuild has printed its findings already; Vite leaves that to us.
    if (result.status === 'rejected' && (due[index] === 'renderer' || !result.reason.errors?.length)) console.error(`${due[index]}: ${result.reason.message ?? result.reason}`);
  }
  return { built: due.filter((name) => !failed.includes(name)), failed };
}

if (process.argv[1] && resolve(process.argv[1]) === import.meta.filename) {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const unknown = names.filter((name) => !(name in parts));
  if (unknown.length > 0) {
    console.error(`build: there is no part called ${unknown.join(', ')}; the parts are ${Object.keys(parts).join(', ')}`);
    process.exit(2);
  }
  const startedAtMs = Date.now();
  const { built, failed } = await build(names.length > 0 ? names : undefined, { onlyIfStale: process.argv.includes('--if-stale') });
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  console.log(built.length + failed.length === 0 ? 'built: nothing was out of date' : `built: ${built.join(', ') || 'nothing'} (${seconds} s)`);
  if (failed.length > 0) {
    console.error(`build: could not build ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}
