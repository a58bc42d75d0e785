/** Seeded dice: sfc32 (PractRand, Chris Doty-Humphrey), four words of plain state. */
import type { Dice } from './api.ts';

/** Spreads a seed over the four words (splitmix32), then warms up as the author advises. */
export function seedDice(seed: number): Uint32Array {
  const words = new Uint32Array(4);
  let mixed = seed | 0;
  for (let i = 0; i < 3; i += 1) {
    mixed = (mixed + 0x9e3779b9) | 0;
    let word = mixed ^ (mixed >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    words[i] = word ^ (word >>> 15);
  }
  words[3] = 1;
  for (let i = 0; i < 12; i += 1) roll(words);
  return words;
}

export function roll(words: Uint32Array): number {
  const sum = (words[0]! + words[1]! + words[3]!) >>> 0;
  words[3] = words[3]! + 1;
  words[0] = words[1]! ^ (words[1]! >>> 9);
  words[1] = (words[2]! + (words[2]! << 3)) | 0;
  words[2] = ((words[2]! << 21) | (words[2]! >>> 11)) + sum;
  return sum;
}

/** The state is read through `words()` at every roll: a world may not keep it anywhere else. */
export function diceOver(words: () => Uint32Array): Dice {
  return {
    next: () => roll(words()),
    below(below) {
      if (below <= 1) return 0;
      // Rejection keeps every value equally likely.
      const limit = 0x100000000 - (0x100000000 % below);
      let value = roll(words());
      while (value >= limit) value = roll(words());
      return value % below;
    },
    fraction: () => roll(words()) / 0x100000000,
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i += 4) {
        const word = roll(words());
        for (let j = i; j < i + 4 && j < length; j += 1) bytes[j] = word >>> ((j - i) * 8);
      }
      return bytes;
    },
  };
}
