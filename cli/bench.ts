/** `podwire bench`: figures with units, one JSON object. Medians of several runs; no figure is a test. */
import { join } from 'node:path';
import { readCourse } from '../host/course-files.ts';
import { productDir } from '../host/paths.ts';
import { measureAll } from '../labs/bench.ts';
import type { CliCommand } from './command.ts';

export const bench: CliCommand = {
  name: 'bench',
  usage: 'bench',
  summary: 'measure speed; one JSON object of figures',
  async run() {
    const figures = await measureAll({ nowMs: () => performance.now(), courseFiles: readCourse(join(productDir(), 'courses', 'gke-networking')) });
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  },
};
