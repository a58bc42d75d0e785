/** What a comparison of the simulator with this kernel found that nobody has given a reason for. */
import { expect } from 'vitest';
import type { Comparison, Difference } from '../../host/linux/differential.ts';
import { knownDifferences, onRealLinux } from './known-differences.ts';

/** One step in so many may come out otherwise on a kernel that is busy, or of another release: it is told and let pass. A defect shows at more. */
const STEPS_PER_CHANCE = 500;

export class ToldApart {
  private readonly found: string[] = [];
  private steps = 0;

  /** Some steps depend on seconds, which a busy machine stretches: what is different is different again, and again. */
  async compare(tryIt: () => Promise<Comparison>): Promise<void> {
    let told: string[] = [];
    let suspects: ReadonlySet<number> | undefined;
    for (let again = 0; again < 3 && (suspects === undefined || suspects.size > 0); again++) {
      const { id, steps, differences } = await tryIt();
      if (suspects === undefined) this.steps += steps;
      const hasReason = ({ step }: Difference): boolean => `${id} ${step}` in knownDifferences || `${id} ${step}` in onRealLinux;
      const found = differences.filter((difference) => suspects?.has(difference.step) !== false && !hasReason(difference) && !isStatusOfPs(difference) && !isOrderOfSockets(difference));
      suspects = new Set(found.map(({ step }) => step));
      told = found.map((difference) => tell(`${id} ${difference.step}: ${difference.command}`, difference));
    }
    this.found.push(...told);
  }

  expectNoDefect(): void {
    expectNoDefect(this.found, this.steps);
  }
}

export function expectNoDefect(found: readonly string[], steps: number): void {
  if (found.length <= Math.max(1, Math.floor(steps / STEPS_PER_CHANCE))) {
    for (const one of found) console.warn(`differs here, by chance or not: ${one}`);
  } else {
    expect(found).toEqual([]);
  }
}

export function tell(title: string, { simulator, linux }: Difference): string {
  return `${title}\n  simulator: ${simulator.join(' / ')}\n  real Linux: ${linux.join(' / ')}`;
}

/** procps closes its standard error as it ends, and ends with 1 when that fails: here it does so now and then, whatever ps was asked. */
function isStatusOfPs({ command, simulator, linux }: Difference): boolean {
  return /\bps\b/.test(command) && simulator.at(-1) === '= 0' && linux.at(-1) === '= 1' && simulator.slice(0, -1).join('\n') === linux.slice(0, -1).join('\n');
}

/** The tables of sockets and flows are hashed with what each namespace draws at its birth (`net_hash_mix`). */
function isOrderOfSockets({ command, simulator, linux }: Difference): boolean {
  return /\b(ss|netstat|conntrack)\b/.test(command) && simulator.toSorted().join('\n') === linux.toSorted().join('\n');
}
