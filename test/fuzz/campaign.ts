/**
 * How many inputs, from which seed, and what became of them. `PODWIRE_FUZZ=100000` throws that many at each target (absent: a share
 * small enough for every run), `PODWIRE_FUZZ_SEED=7` begins elsewhere, `PODWIRE_FUZZ_LAST=FILE` keeps the input in progress in a file,
 * for one that never comes back.
 */
import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { FuzzDice } from './dice.ts';

const wanted = Number(process.env['PODWIRE_FUZZ'] ?? 0);
const firstSeed = Number(process.env['PODWIRE_FUZZ_SEED'] ?? 1);
const lastFile = process.env['PODWIRE_FUZZ_LAST'];

export const FUZZ_TIMEOUT_MS = wanted > 0 ? 24 * 3600_000 : 60_000;
const FINDINGS_AT_MOST = 40;

export interface Finding { seed: number; input: string; what: string }

/** The share of a target in every run; a weight of 1 is a quick input, such as a frame. */
export function inputsOf(share: number): number {
  return wanted > 0 ? wanted : share;
}

export class Campaign {
  readonly findings: Finding[] = [];
  readonly target: string;
  readonly count: number;
  private readonly known = new Set<string>();
  private slowest: { ms: number; input: string }[] = [];

  constructor(target: string, share: number) {
    this.target = target;
    this.count = inputsOf(share);
  }

  /** Each input has dice of its own: seed and number name it. */
  async each(run: (dice: FuzzDice, number: number, begin: (input: string) => void) => Promise<void> | void): Promise<void> {
    for (let number = 0; number < this.count && this.findings.length < FINDINGS_AT_MOST; number += 1) {
      const seed = firstSeed * 1_000_003 + number;
      let input = '';
      const startedMs = performance.now();
      const begin = (text: string): void => {
        input = text;
        if (lastFile !== undefined) writeFileSync(lastFile, `${this.target} ${seed}\n${text}\n`);
      };
      try {
        await run(new FuzzDice(seed), number, begin);
      } catch (error) {
        this.found(seed, input, textOf(error));
      }
      this.took(performance.now() - startedMs, input);
    }
  }

  /** The same trouble (by where it was thrown) is kept once. */
  found(seed: number, input: string, what: string): void {
    const place = what.split('\n').slice(0, 3).join('\n').replace(/\d+/g, '#');
    if (this.known.has(place)) return;
    this.known.add(place);
    this.findings.push({ seed, input, what });
    console.error(`fuzz ${this.target} ${seed}: ${JSON.stringify(input)}\n${what}`);
  }

  /** The test's verdict. */
  report(): void {
    const slow = this.slowest.map(({ ms, input }) => `\n    ${Math.round(ms)} ms: ${JSON.stringify(input.slice(0, 300))}`).join('');
    console.info(`fuzz ${this.target}: ${this.count} inputs from seed ${firstSeed}, ${this.findings.length} findings${wanted > 0 ? `; slowest:${slow}` : ''}`);
    expect(this.findings.map(({ seed, input, what }) => `${this.target} ${seed}: ${JSON.stringify(input)}\n${what}`)).toEqual([]);
  }

  private took(ms: number, input: string): void {
    if (this.slowest.length === 5 && ms < this.slowest[4]!.ms) return;
    this.slowest = [...this.slowest, { ms, input }].sort((a, b) => b.ms - a.ms).slice(0, 5);
  }
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.stack ?? error.message).split('\n').slice(0, 7).join('\n');
}
