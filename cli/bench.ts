/** `podwire bench`: figures with units, one JSON object. Medians of several runs; no figure is a test. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { measureLinux } from '../host/linux/bench.ts';
import { readCourse } from '../host/course-files.ts';
import { productDir } from '../host/paths.ts';
import { measureAll } from '../labs/bench.ts';
import type { CliCommand } from './command.ts';

export const bench: CliCommand = {
  name: 'bench',
  usage: 'bench',
  summary: 'measure speed; one JSON object of figures',
  async run() {
    const figures = await measureAll({ nowMs: () => performance.now(), cpuMs, courseFiles: readCourse(join(productDir(), 'courses', 'gke-networking')), heapBytes });
    process.stdout.write(`${JSON.stringify({ ...figures, ...(await measureLinux()), ...inBrowser() }, null, 2)}\n`);
    return 0;
  },
};

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** After collections, so that only what is held counts; what finalizers let go of goes with the second. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What only a browser can tell; nothing where this is no checkout, or no Chromium is at hand. */
function inBrowser(): object {
  const script = join(productDir(), 'build', 'bench-echo.mjs');
  if (!existsSync(script)) return {};
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return JSON.parse(stdout) as object;
  process.stderr.write(`podwire: bench: the browser's figures are missing: ${stderr.trim().split('\n')[0] ?? ''}\n`);
  return {};
}
