/** What a comparison of the simulator with this kernel found that nobody has given a reason for. */
import type { Comparison, Difference } from '../../host/linux/differential.ts';
import { knownDifferences, onRealLinux } from './known-differences.ts';

/** The differences without a reason. Some steps depend on seconds, which a busy machine stretches: what is different is different again, and again. */
export async function toldApart(tryIt: () => Promise<Comparison>): Promise<string[]> {
  let told: string[] = [];
  let steps: ReadonlySet<number> | undefined;
  for (let again = 0; again < 3 && (steps === undefined || steps.size > 0); again++) {
    const { id, differences } = await tryIt();
    const found = differences.filter((difference) => !isStatusOfPs(difference)).filter(({ step }) => steps?.has(step) !== false && !(`${id} ${step}` in knownDifferences) && !(`${id} ${step}` in onRealLinux));
    steps = new Set(found.map(({ step }) => step));
    told = found.map(({ step, command, simulator, linux }) => `${id} ${step}: ${command}\n  simulator: ${simulator.join(' / ')}\n  real Linux: ${linux.join(' / ')}`);
  }
  return told;
}

/** procps closes its standard error as it ends, and ends with 1 when that fails: here it does so now and then, whatever ps was asked. */
function isStatusOfPs({ command, simulator, linux }: Difference): boolean {
  return /\bps\b/.test(command) && simulator.at(-1) === '= 0' && linux.at(-1) === '= 1' && simulator.slice(0, -1).join('\n') === linux.slice(0, -1).join('\n');
}
