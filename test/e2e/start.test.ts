/** `npm start`, as somebody who has just cloned the repository meets it. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Start {
  /** What it has said so far, both streams. */
  said(): string;
  stop(): void;
  readonly exit: Promise<number | null>;
}

describe('npm start', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'podwire-start-')); });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (args: readonly string[], env: NodeJS.ProcessEnv): Start => {
    const child = spawn(process.execPath, [join(root, 'build/start.mjs'), ...args], { cwd: folder, env: { ...process.env, PODWIRE_DATA: join(folder, 'data'), ...env } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { text += String(chunk); });
    return { said: () => text, stop: () => child.kill('SIGINT'), exit: new Promise((settle) => { child.on('close', settle); }) };
  };

  test('without Electron\'s binary serves the application, says why and how to get the window', async () => {
    const started = start(['--no-open'], { ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'nothing') });
    await expect.poll(started.said, { timeout: 60_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    expect(started.said().split('\n')[0]).toMatch(/^podwire: Electron's binary is not installed, so .*browser\. For the desktop window: npx install-electron/);

    const address = /http:\S+/.exec(started.said())?.[0] ?? '';
    const { origin } = new URL(address);
    expect((await fetch(origin)).status).toBe(403);
    const signIn = await fetch(address, { redirect: 'manual' });
    const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(origin, { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Podwire</title>');

    started.stop();
    expect(await started.exit).toBe(0);
  });

  test.skipIf(process.platform === 'win32')('with Electron\'s binary opens the window on this folder', async () => {
    const binary = join(folder, 'electron');
    writeFileSync(binary, '#!/bin/sh\necho "electron started with: $*"\nexit 7\n');
    chmodSync(binary, 0o755);
    const started = start([], { ELECTRON_OVERRIDE_DIST_PATH: folder, DISPLAY: ':0' });
    expect(await started.exit).toBe(7);
    expect(started.said().trim()).toBe(`electron started with: ${root}`);
  });
});
