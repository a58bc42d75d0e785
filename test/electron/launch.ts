/**
 * Starts the application for a specification: on the double, or with PODWIRE_ELECTRON=<binary> on the real thing
 * (npm run test:electron), where Playwright's own driver takes the place of the double.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import type * as Electron from 'electron';
import { _electron } from '@playwright/test';
import type { LaunchOptions } from './double/application.ts';
import { launchDouble } from './double/application.ts';

export const root = resolve(import.meta.dirname, '../..');
export const realElectron = process.env.PODWIRE_ELECTRON;

/** What specifications use of either. */
export interface Application {
  firstWindow(): Promise<Page>;
  windows(): Page[];
  // The real driver types its argument as the electron module; the double's module is a part of it.
  evaluate<Result, Argument>(pageFunction: (electron: typeof Electron, argument: Argument) => Result | Promise<Result>, argument?: Argument): Promise<Result>;
  close(): Promise<void>;
}


export async function launch(options: Partial<LaunchOptions> & { userDataDir: string }): Promise<Application> {
  const appPath = options.appPath ?? root;
  if (realElectron === undefined) return (await launchDouble({ ...options, appPath })) as unknown as Application;
  return (await _electron.launch({
    executablePath: realElectron,
    args: [appPath, `--user-data-dir=${options.userDataDir}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })) as unknown as Application;
}

/** A user data folder of its own, for Electron and for what the learner keeps; removed at the end. */
export function freshUserData(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'podwire-user-'));
  process.env.PODWIRE_DATA = join(path, 'data');
  return {
    path,
    remove() {
      delete process.env.PODWIRE_DATA;
      rmSync(path, { recursive: true, force: true });
    },
  };
}
