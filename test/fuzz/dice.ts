/** Dice for made-up inputs: seeded, so that a finding can be thrown again. */
import { roll, seedDice } from '../../simulator/world/dice.ts';

export class FuzzDice {
  private readonly words: Uint32Array;

  constructor(seed: number) {
    this.words = seedDice(seed);
  }

  /** An integer in [0, below). */
  below(below: number): number {
    return Math.floor((roll(this.words) / 2 ** 32) * below);
  }
  /** True once in `outOf`. */
  once(outOf: number): boolean {
    return this.below(outOf) === 0;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  /** Between `least` and `most` of what `make` makes. */
  many<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
