// https://vite.dev/config/
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { licenceText } from './licences.mjs';

const root = resolve(import.meta.dirname, '..');

/** Writes licences.txt beside the page, of what the page and its worker are made of. */
function licences() {
  const modules = new Set();
  const collect = (bundle) => {
    for (const chunk of Object.values(bundle)) for (const path of Object.keys(chunk.modules ?? {})) modules.add(path);
  };
  return {
    ofWorker: { name: 'podwire-licences-of-worker', generateBundle: (_options, bundle) => collect(bundle) },
    // The worker has been bundled by the time the page is.
    ofPage: {
      name: 'podwire-licences',
      generateBundle(_options, bundle) {
        collect(bundle);
        for (const path of this.getModuleIds()) modules.add(path);
        this.emitFile({ type: 'asset', fileName: 'licences.txt', source: licenceText(modules) });
      },
    },
  };
}

/**
 * Headless xterm takes whatever is not Node for a page and looks for idle callbacks in `window`, which a worker lacks.
 * Where there are none it uses a timer, which is what happens in Node too.
 */
const xtermInWorker = {
  name: 'podwire-xterm-in-worker',
  transform(code, id) {
    if (!id.includes('@xterm/headless')) return undefined;
    const found = '"requestIdleCallback"in window';
    if (!code.includes(found)) throw new Error(`@xterm/headless no longer says ${found}: see whether a worker can load it as it is`);
    return { code: code.replace(found, '"requestIdleCallback"in globalThis'), map: null };
  },
};

/** How the pages are bundled: relative addresses, so that app:// and the loopback server serve the same files. */
export function rendererConfig({ version }) {
  const { ofPage, ofWorker } = licences();
  return {
    configFile: false,
    root: resolve(root, 'renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [svelte({ configFile: false }), ofPage],
    resolve: {
      alias: {
        'jq-wasm': 'jq-wasm/inline',
        // Its browser build asks `document` for entities when it is loaded; the lab's worker has none.
        'decode-named-character-reference': resolve(root, 'node_modules/decode-named-character-reference/index.js'),
      },
    },
    define: { PODWIRE_VERSION: JSON.stringify(version) },
    worker: { format: 'es', plugins: () => [svelte({ configFile: false }), xtermInWorker, ofWorker] },
    build: {
      outDir: resolve(root, 'dist/renderer'),
      emptyOutDir: true,
      // Electron's Chromium, and the browser of whoever has no Electron.
      target: 'es2022',
      sourcemap: true,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 4000,
      // A content security policy without data: in script-src; small assets stay files.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { checks: { pluginTimings: false } },
    },
  };
}
