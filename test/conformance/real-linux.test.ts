/**
 * The simulator and this kernel, given the same steps: every recorded case, solutions of lessons, made-up sessions. `podwire diff` shows one again, by a
 * recording's file, a lesson's name or `--random 1 --seed N`; PODWIRE_SESSIONS says how many sessions.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare, compareSession, shrink, type Difference } from '../../host/linux/differential.ts';
import { RealSessions } from '../../host/linux/differential-sessions.ts';
import { inParallel } from '../../host/linux/differential-jobs.ts';
import { ExecCase } from '../../labs/exec.ts';
import { randomCommands } from '../../labs/random-commands.ts';
import { describeOnLinux } from '../linux.ts';
import { knownDifferences, onRealLinux } from './known-differences.ts';

const sessions = Number(process.env.PODWIRE_SESSIONS ?? 300);
const FIRST_SEED = 1;
/** Sessions mostly wait for the kernel to fall silent. */
const AT_ONCE = 16;
const CASES_AT_ONCE = 8;

const recordings = join(import.meta.dirname, 'recordings', 'linux');

describeOnLinux('the simulator and real Linux', () => {
  test('say the same at every recorded step, but for those with a reason', { timeout: 400_000 }, async () => {
    const found: string[] = [];
    await inParallel(readdirSync(recordings), CASES_AT_ONCE, async (name) => {
      const recorded = JSON.parse(readFileSync(join(recordings, name), 'utf8')) as { id: string; steps: object[] };
      const tryIt = async (): Promise<Difference[]> => (await compare(ExecCase.parse(recorded), recorded.steps)).differences.filter(({ step }) => !(`${recorded.id} ${step}` in knownDifferences) && !(`${recorded.id} ${step}` in onRealLinux));
      // Some cases depend on seconds, which a busy machine stretches: what is different is different again, and again.
      let differences = await tryIt();
      for (let again = 0; again < 2 && differences.length > 0; again++) {
        const before = new Set(differences.map(({ step }) => step));
        differences = (await tryIt()).filter(({ step }) => before.has(step));
      }
      for (const { step, command, simulator, linux } of differences) {
        found.push(`${recorded.id} ${step}: ${command}\n  simulator: ${simulator.join(' / ')}\n  real Linux: ${linux.join(' / ')}`);
      }
    });
    expect(found).toEqual([]);
  });

  test(`say the same in ${sessions} made-up sessions`, { timeout: 60_000 + 2_000 * sessions }, async () => {
    const onLinux = await RealSessions.open();
    const found: string[] = [];
    try {
      await inParallel(Array.from({ length: sessions }, (_, index) => FIRST_SEED + index), AT_ONCE, async (seed) => {
        const tryIt = async (commands: readonly string[]): Promise<readonly Difference[]> => (await compareSession(`random-${seed}`, commands, onLinux)).differences;
        const commands = randomCommands(seed);
        if ((await tryIt(commands)).length === 0) return;
        const { commands: shortest, differences: [first] } = await shrink(commands, tryIt);
        if (first !== undefined) found.push(`seed ${seed}: ${shortest.join('; ')}\n  ${first.command}\n  simulator: ${first.simulator.join(' / ')}\n  real Linux: ${first.linux.join(' / ')}`);
      });
    } finally {
      await onLinux.close();
    }
    expect(found).toEqual([]);
  });
});
