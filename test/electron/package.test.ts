/**
 * Packs the application on a stub in place of Electron's binary, then runs what is inside the archive on the double:
 * this proves the packaged file set. Installers proper need downloads (docs: CONTRIBUTING.md, "Releases").
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'electron-builder';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packaging } from '../../build/electron-builder.mjs';
import { describeInChromium } from '../chromium.ts';
import { closeBrowser, launchDouble } from './double/application.ts';
import { freshUserData, root } from './launch.ts';

// Both come with electron-builder.
const require = createRequire(import.meta.url);
const { extractAll } = require('@electron/asar') as { extractAll(archive: string, folder: string): void };
const { getCurrentFuseWire, FuseV1Options } = require('@electron/fuses') as {
  getCurrentFuseWire(path: string): Promise<Record<number, number>>;
  FuseV1Options: Record<string, number>;
};

/** How the binary marks its fuses: a sentinel, the version of the scheme, how many, and a digit for each. */
const fuseSentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const factoryFuses = `${fuseSentinel}\x01\x0810110011`;

function writeStub(folder: string, electronVersion: string): void {
  mkdirSync(join(folder, 'locales'), { recursive: true });
  mkdirSync(join(folder, 'resources'));
  writeFileSync(join(folder, 'electron'), `stub ${factoryFuses} end`, { mode: 0o755 });
  writeFileSync(join(folder, 'chrome-sandbox'), 'stub', { mode: 0o755 });
  writeFileSync(join(folder, 'version'), electronVersion);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) writeFileSync(join(folder, name), 'stub');
}

describeInChromium('the packed application', () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-packed-'));
  const unpacked = join(folder, 'out/linux-unpacked');
  const extracted = join(folder, 'extracted');
  const listing = (path: string): string[] => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

  beforeAll(async () => {
    const stub = join(folder, 'stub');
    writeStub(stub, packaging.electronVersion ?? '');
    await build({
      projectDir: root, linux: ['dir'], x64: true, publish: 'never',
      config: { ...packaging, electronDist: stub, directories: { ...packaging.directories, output: join(folder, 'out') } },
    });
    extractAll(join(unpacked, 'resources/app.asar'), extracted);
  });
  afterAll(async () => {
    await closeBrowser();
    rmSync(folder, { recursive: true, force: true });
  });

  test('holds the built application and what it loads at run time, and no sources', () => {
    const files = listing(extracted);
    for (const wanted of ['dist/electron/main.cjs', 'dist/electron/preload.cjs', 'dist/renderer/index.html',
      'node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm', 'package.json', 'LICENSE']) expect(files).toContain(wanted);
    const modules = readdirSync(join(extracted, 'node_modules'));
    expect(modules.filter((name) => !['node-sqlite3-wasm', 'node-pty'].includes(name))).toEqual([]);
    expect(files.filter((name) => /\.(ts|svelte|map)$/.test(name) && !name.startsWith('node_modules/'))).toEqual([]);
  });

  test('keeps WebAssembly and native programs outside the archive, courses beside it', () => {
    expect(listing(join(unpacked, 'resources/app.asar.unpacked'))).toContain('node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm');
    expect(existsSync(join(unpacked, 'resources/courses/gke-networking/course.yaml'))).toBe(true);
  });

  test('its fuses are set', async () => {
    const fuses = await getCurrentFuseWire(join(unpacked, 'podwire'));
    const state = (name: string): string => String.fromCharCode(fuses[FuseV1Options[name] ?? -1] ?? 0);
    const wanted = {
      RunAsNode: '0', EnableCookieEncryption: '1', EnableNodeOptionsEnvironmentVariable: '0', EnableNodeCliInspectArguments: '0',
      EnableEmbeddedAsarIntegrityValidation: '1', OnlyLoadAppFromAsar: '1', LoadBrowserProcessSpecificV8Snapshot: '0', GrantFileProtocolExtraPrivileges: '0',
    };
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, state(name)]))).toEqual(wanted);
  });

  test('asks nobody for updates', () => {
    expect(existsSync(join(unpacked, 'resources/app-update.yml'))).toBe(false);
    expect(readFileSync(join(extracted, 'dist/electron/main.cjs'), 'utf8')).not.toMatch(/autoUpdater|electron-updater|crashReporter/);
  });

  test('runs from the archive\'s own files', async () => {
    const userData = freshUserData();
    const application = await launchDouble({ appPath: extracted, userDataDir: userData.path, isPackaged: true, resourcesPath: join(unpacked, 'resources') });
    try {
      const page = await application.firstWindow();
      await expect.poll(() => page.title()).toMatch(/Podwire/);
      const hello = await page.evaluate(() => new Promise((settle) => {
        const { podwire } = globalThis as unknown as { podwire: { send(message: unknown): void; onMessage(listener: (message: unknown) => void): void } };
        podwire.onMessage((message) => { if ((message as { id?: number }).id === 900_001) settle(message); });
        podwire.send({ id: 900_001, type: 'hello' });
      }));
      expect(hello).toMatchObject({ ok: { shell: 'electron', courses: [{ id: 'gke-networking' }] } });
      expect(application.shownDialogs).toEqual([]);
      await application.close();
    } finally {
      await application.dispose();
      userData.remove();
    }
  });
});
