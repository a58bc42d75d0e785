/** What a comparison of the simulator with this kernel found that nobody has given a reason for. */
import type { Comparison } from '../../host/linux/differential.ts';
import { knownDifferences, onRealLinux } from './known-differences.ts';

/** The differences without a reason. Some steps depend on seconds, which a busy machine stretches: what is different is different again, and again. */
export async function toldApart(tryIt: () => Promise<Comparison>): Promise<string[]> {
  let told: string[] = [];
  let steps: ReadonlySet<number> | undefined;
  for (let again = 0; again < 3 && (steps === undefined || steps.size > 0); again++) {
    const { id, differences } = await tryIt();
    const found = differences.filter(({ step }) => steps?.has(step) !== false && !(`${id} ${step}` in knownDifferences) && !(`${id} ${step}` in onRealLinux));
    steps = new Set(found.map(({ step }) => step));
    told = found.map(({ step, command, simulator, linux }) => `${id} ${step}: ${command}\n  simulator: ${simulator.join(' / ')}\n  real Linux: ${linux.join(' / ')}`);
  }
  return told;
}
