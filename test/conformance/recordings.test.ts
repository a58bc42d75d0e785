/** What real Linux and its tools printed, against what the simulator prints, step by step. Known differences are listed, each with its reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExecCase, runCase } from '../../labs/exec.ts';
import { knownDifferences } from './known-differences.ts';
import { answerLines, Normaliser } from '../../labs/normalise.ts';

interface Screen { screen: string; cursor: [number, number]; marks?: string[] }
interface RecordedStep { cmd?: string; ns?: string; wait?: string; stop?: string; signal?: string; compare?: 'unordered' | 'noseq'; stdout?: string; stderr?: string; exit?: number; screen?: string; want?: Screen }
interface Recorded { id: string; title: string; steps: RecordedStep[] }

const folder = join(import.meta.dirname, 'recordings');
const load = (kind: string): Recorded[] => readdirSync(join(folder, kind)).map((name) => JSON.parse(readFileSync(join(folder, kind, name), 'utf8')) as Recorded);

function stripped(recorded: Recorded): ExecCase {
  return ExecCase.parse({ ...recorded, steps: recorded.steps.map(({ stdout, stderr, exit, want, compare, ...step }) => step) });
}

describe('recorded commands', () => {
  // accounts/ was recorded with files in /etc of its own, and is not tried on the kernel at hand: it would make and remove users there.
  for (const recorded of [...load('linux'), ...load('accounts')]) {
    it(`${recorded.id}: ${recorded.title}`, async () => {
      const { steps } = await runCase(stripped(recorded));
      const [wanted, found] = [new Normaliser(), new Normaliser()];
      recorded.steps.forEach((step, index) => {
        if (step.exit === undefined) return;
        const want = answerLines(wanted, step, step);
        const have = answerLines(found, step, steps[index] as RecordedStep);
        const label = `${recorded.id} ${index}`;
        const line = `$ ${step.ns ?? 'host'}: ${step.cmd ?? step.wait ?? step.stop}`;
        if (label in knownDifferences) expect([line, ...have], `${label} is listed as different but agrees: take it off the list`).not.toEqual([line, ...want]);
        else expect([line, ...have]).toEqual([line, ...want]);
      });
    });
  }
});

describe('recorded screens', () => {
  for (const recorded of load('tty')) {
    it(`${recorded.id}: ${recorded.title}`, async () => {
      const { steps } = await runCase(stripped(recorded));
      const [wanted, found] = [new Normaliser(), new Normaliser()];
      recorded.steps.forEach((step, index) => {
        if (step.want === undefined) return;
        const want = seen(wanted, step.want);
        const have = seen(found, steps[index] as unknown as Screen);
        const label = `${recorded.id} ${index}`;
        if (label in knownDifferences) expect(have, `${label} is listed as different but agrees: take it off the list`).not.toEqual(want);
        else expect(have).toEqual(want);
      });
    });
  }
});

function seen(normaliser: Normaliser, { screen, cursor, marks }: Screen): string[] {
  return [...rows(normaliser, screen), `cursor ${cursor.join(',')}`, ...(marks ?? [])];
}

function rows(normaliser: Normaliser, screen: string): string[] {
  return normaliser.applyToScreen(screen).split('\n').filter((row, index, all) => row !== '' || index < all.length - 1);
}
