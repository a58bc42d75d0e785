/** The desktop shell's promises, on the double in CI and on the real binary with `npm run test:electron`. */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { describeInChromium } from '../chromium.ts';
import type { ElectronApplicationDouble } from './double/application.ts';
import { closeBrowser, launchDouble } from './double/application.ts';
import type { Application } from './launch.ts';
import { freshUserData, launch, realElectron, root } from './launch.ts';

interface PageTransport {
  platform: string;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
}

/** Asks from inside the page and answers the host's reply to that id. */
const ask = (message: { id: number; type?: string }): Promise<unknown> => new Promise((settle) => {
  const { podwire } = globalThis as unknown as { podwire: PageTransport };
  const stop = podwire.onMessage((answer) => {
    if ((answer as { id?: number }).id !== message.id) return;
    stop();
    settle(answer);
  });
  podwire.send(message);
});

describeInChromium('the desktop application', () => {
  let userData: ReturnType<typeof freshUserData>;
  let application: Application;

  beforeEach(async () => {
    userData = freshUserData();
    application = await launch({ userDataDir: userData.path });
  });
  afterEach(async () => {
    await application.close();
    userData.remove();
  });
  afterAll(closeBrowser);

  test('opens one window on its own page, with a title', async () => {
    const page = await application.firstWindow();
    await expect.poll(() => page.title()).toMatch(/Podwire/);
    expect(application.windows()).toHaveLength(1);
    const addresses = await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.webContents.getURL()));
    expect(addresses[0]).toMatch(/^app:\/\/podwire\//);
  });

  test('the first run opens on the course, ready to begin', async () => {
    const page = await application.firstWindow();
    await page.getByRole('heading', { level: 1, name: /packets reach pods/i }).waitFor();
    await page.getByText('What does this machine own?').waitFor();
  });

  test('a lesson opens and its terminal answers', async () => {
    const page = await application.firstWindow();
    await page.getByText('What does this machine own?').click();
    const shown = (): Promise<string> => page.evaluate(() => {
      const { podwireTest } = globalThis as unknown as { podwireTest?: { text(terminal: string): string } };
      const { terminal } = (document.querySelector<HTMLElement>('[data-terminal]')?.dataset ?? {}) as { terminal?: string };
      return terminal === undefined ? '' : podwireTest?.text(terminal) ?? '';
    });
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/\$\s*$/);
    await page.locator('.xterm-helper-textarea').first().focus();
    await page.keyboard.type('echo sum=$((40+2))\n');
    await expect.poll(shown, { timeout: 10_000 }).toContain('sum=42');
  });

  test('shows the window only once it has something to show', async () => {
    await application.firstWindow();
    await expect.poll(() => application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible()))).toEqual([true]);
  });

  test('gives the page a transport and nothing of Node', async () => {
    const page = await application.firstWindow();
    const seen = await page.evaluate(() => ({
      node: ['require', 'module', 'Buffer', 'global', 'process'].filter((name) => name in globalThis),
      transport: Object.keys((globalThis as unknown as { podwire: object }).podwire).sort(),
    }));
    expect(seen).toEqual({ node: [], transport: ['onClose', 'onMessage', 'platform', 'send'] });
  });

  test('the host answers what the page asks', async () => {
    const page = await application.firstWindow();
    expect(await page.evaluate(ask, { id: 900_001, type: 'hello' })).toMatchObject({ id: 900_001, ok: { shell: 'electron' } });
  });

  test('a message of unknown shape is answered with an error, not passed on', async () => {
    const page = await application.firstWindow();
    expect(await page.evaluate(ask, { id: 900_002, type: 'format-disk' })).toMatchObject({ id: 900_002, error: { code: 'bad-message' } });
  });

  test('refuses new windows and foreign pages', async () => {
    const page = await application.firstWindow();
    const before = page.url();
    expect(await page.evaluate(() => window.open('https://example.com/') === null || true)).toBe(true);
    await page.evaluate(() => { window.location.href = 'https://example.com/'; });
    await page.waitForTimeout(300);
    expect(page.url()).toBe(before);
    await expect.poll(() => application.windows().length).toBe(1);
  });

  test('the policy of the page names no origin but its own and allows no inline script', async () => {
    const page = await application.firstWindow();
    const policy = await page.evaluate(async () => (await fetch(window.location.href)).headers.get('content-security-policy'));
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|ws:/);
    expect(policy?.split('; ').find((part) => part.startsWith('script-src'))).not.toContain('unsafe-inline');
    const isBlocked = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.head.append(script);
      return !('inlineRan' in window);
    });
    expect(isBlocked).toBe(true);
  });

  test('serves files of its own folder only', async () => {
    const page = await application.firstWindow();
    const statuses = await page.evaluate(() => Promise.all(['/../main.cjs', '/%2e%2e/electron/main.cjs', '/..%2felectron%2fmain.cjs', '/nothing.js']
      .map(async (path) => (await fetch(path)).status)));
    expect(statuses).toEqual([404, 404, 404, 404]);
  });

  test('answers no request for a permission', async () => {
    const page = await application.firstWindow();
    const state = await page.evaluate(() => Promise.all((['geolocation', 'notifications', 'camera', 'microphone'] as PermissionName[])
      .map(async (name) => (await navigator.permissions.query({ name })).state)));
    expect(state).not.toContain('granted');
  });

  test('the menu takes no key that a shell needs', async () => {
    await application.firstWindow();
    const taken = await application.evaluate(({ Menu }) => {
      const entries = (Menu.getApplicationMenu()?.items ?? []).flatMap((item) => {
        const submenu = item.submenu as unknown as { items?: unknown[] } | unknown[] | undefined;
        return (Array.isArray(submenu) ? submenu : submenu?.items ?? []) as { role?: string; registerAccelerator?: boolean }[];
      });
      const dangerous = ['copy', 'cut', 'paste', 'selectall', 'reload', 'close', 'quit', 'minimize'];
      return entries.filter((entry) => dangerous.includes((entry.role ?? '').toLowerCase()) && entry.registerAccelerator !== false).map((entry) => entry.role);
    });
    if (process.platform !== 'darwin') expect(taken).toEqual([]);
  });
});

if (realElectron === undefined) {
  describeInChromium('the desktop application on the double', () => {
    const opened: ElectronApplicationDouble[] = [];
    let userData: ReturnType<typeof freshUserData>;
    const start = async (): Promise<ElectronApplicationDouble> => {
      const application = await launchDouble({ appPath: root, userDataDir: userData.path });
      opened.push(application);
      return application;
    };
    beforeEach(() => { userData = freshUserData(); });
    afterEach(async () => {
      for (const application of opened.splice(0)) await application.dispose();
      userData.remove();
    });
    afterAll(closeBrowser);

    test('a second start shows the first window and ends', async () => {
      const first = await start();
      await first.firstWindow();
      await first.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
      const second = await start();
      expect(await second.exited()).toBe(0);
      expect(second.windows()).toEqual([]);
      expect(await first.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(false);
      await first.close();
    });

    test('closing the last window ends the application', async () => {
      if (process.platform === 'darwin') return;
      const application = await start();
      await application.firstWindow();
      await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
      expect(await application.exited()).toBe(0);
    });

    test('a page loaded again begins a new conversation', async () => {
      const application = await start();
      const page = await application.firstWindow();
      expect(await page.evaluate(ask, { id: 900_003, type: 'hello' })).toMatchObject({ id: 900_003 });
      await page.reload();
      expect(await page.evaluate(ask, { id: 900_004, type: 'hello' })).toMatchObject({ id: 900_004 });
      await application.close();
    });

    test('asks for nothing beyond its own origin', async () => {
      const application = await start();
      const page = await application.firstWindow();
      await page.waitForLoadState('networkidle');
      expect(application.refusedAddresses).toEqual([]);
      await application.close();
    });

    test('only writing to the clipboard is permitted', async () => {
      const application = await start();
      await application.firstWindow();
      const granted = ['clipboard-sanitized-write', 'clipboard-read', 'geolocation', 'media', 'notifications', 'midi', 'openExternal', 'fullscreen']
        .filter((permission) => application.isAllowed(permission));
      expect(granted).toEqual(['clipboard-sanitized-write']);
      await application.close();
    });
  });
}
