/** The double itself: it must refuse what Electron would refuse, or what it cannot do. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { describeInChromium } from '../../chromium.ts';
import type { ElectronApplicationDouble } from './application.ts';
import { closeBrowser, launchDouble } from './application.ts';

describeInChromium('the Electron double', () => {
  let folder: string;
  let application: ElectronApplicationDouble | undefined;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'double-')); });
  afterEach(async () => {
    await application?.dispose();
    application = undefined;
    rmSync(folder, { recursive: true, force: true });
  });
  afterAll(closeBrowser);

  const launch = async (main: string, preload = ''): Promise<ElectronApplicationDouble> => {
    mkdirSync(join(folder, 'user'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'probe', version: '1.2.3', main: 'main.cjs' }));
    writeFileSync(join(folder, 'preload.cjs'), preload);
    writeFileSync(join(folder, 'main.cjs'), `
      const { app, BrowserWindow, ipcMain, protocol, dialog } = require('electron');
      const preload = require('node:path').join(__dirname, 'preload.cjs');
      const html = { headers: { 'content-type': 'text/html' } };
      protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
      ${main}`);
    application = await launchDouble({ appPath: folder, userDataDir: join(folder, 'user') });
    return application;
  };
  const open = (body: string, preferences = 'preload'): string => `
    app.whenReady().then(() => {
      protocol.handle('app', (request) => new Response(${JSON.stringify(body)}, html));
      globalThis.doubleProbe = { window: new BrowserWindow({ webPreferences: { ${preferences} } }) };
      return globalThis.doubleProbe.window.loadURL('app://probe/');
    }).catch((error) => dialog.showErrorBox('failed', error.message));`;
  const complaint = async (preferences: string): Promise<unknown> => {
    const { shownDialogs } = await launch(open('<p>hello</p>', preferences));
    await expect.poll(() => shownDialogs.length).toBe(1);
    return shownDialogs[0]?.args[1];
  };

  for (const preferences of ['nodeIntegration: true', 'contextIsolation: false', 'sandbox: false', 'webSecurity: false', 'webviewTag: true']) {
    test(`refuses ${preferences}`, async () => {
      expect(await complaint(preferences)).toMatch(/^unsafe webPreferences: /);
    });
  }

  test('names what it does not implement', async () => {
    await expect(launch("app.setLoginItemSettings({});")).rejects.toThrow('the Electron double does not implement app.setLoginItemSettings');
  });

  test('carries messages both ways, in order and copied', async () => {
    const probe = await launch(`
      ipcMain.on('up', (event, value) => { value.seen = true; for (let n = 0; n < 20; n += 1) event.reply('down', n); });
      ipcMain.handle('add', (event, a, b) => a + b);
      ${open('<title>probe</title>')}`, `
      const { contextBridge, ipcRenderer } = require('electron');
      contextBridge.exposeInMainWorld('probe', {
        up: (value) => ipcRenderer.send('up', value),
        add: (a, b) => ipcRenderer.invoke('add', a, b),
        onDown: (listener) => { ipcRenderer.on('down', (event, n) => listener(n)); },
      });`);
    const page = await probe.firstWindow();
    await expect.poll(() => page.title()).toBe('probe');
    const result = await page.evaluate(async () => {
      const { probe } = globalThis as unknown as { probe: { up(value: unknown): void; add(a: number, b: number): Promise<number>; onDown(listener: (n: number) => void): void } };
      const got: number[] = [];
      const done = new Promise<void>((settle) => probe.onDown((n) => { if (got.push(n) === 20) settle(); }));
      const value = { seen: false };
      probe.up(value);
      await done;
      return { got, seen: value.seen, sum: await probe.add(40, 2) };
    });
    expect(result).toEqual({ got: Array.from({ length: 20 }, (_, n) => n), seen: false, sum: 42 });
  });

  test('a preload can require electron only', async () => {
    const probe = await launch(open('<title>probe</title>'), `
      let said = 'nothing';
      try { require('node:fs'); } catch (error) { said = error.message; }
      require('electron').contextBridge.exposeInMainWorld('said', { text: said });`);
    const page = await probe.firstWindow();
    await expect.poll(() => page.evaluate(() => (globalThis as unknown as { said?: { text: string } }).said?.text)).toMatch(/^module not found: node:fs/);
  });

  test('the main process is evaluated as text, so a closure is not there', async () => {
    const probe = await launch(open('<p>hello</p>'));
    const outside = 1;
    await expect(probe.evaluate(() => outside)).rejects.toThrow(ReferenceError);
    expect(await probe.evaluate(({ app }, add) => app.getVersion() + add, '!')).toBe('1.2.3!');
  });

  test('a request that leaves the application is refused and written down', async () => {
    const probe = await launch(open('<img src="https://example.com/x.png">'));
    await probe.firstWindow();
    await expect.poll(() => probe.refusedAddresses).toEqual(['https://example.com/x.png']);
  });
});
