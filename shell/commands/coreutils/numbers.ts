/** factor and tsort. Read first: factor(1); tsort(1), src/tsort.c of coreutils 9.1 (Knuth, volume 1, 2.2.3, algorithm T). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { gnuOptions } from '../../lib/getopt.ts';
import { readWhole } from '../../lib/input.ts';
import { fromUtf8 } from '../../ports/bytes.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { named, quotedIfNeeded } from './quote.ts';

export const factor = defineCommand({
  name: 'factor', summary: 'print prime factors', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: 'h', long: { exponents: 'none=h' } });
    if (options === undefined) return 1;
    const words = options.operands.length > 0 ? options.operands : (await call.stdinText()).split(/[ \t\n]+/).filter((word) => word !== '');
    let code: ExitCode = 0;
    for (const word of words) {
      if (!/^ *\+?\d+$/.test(word)) {
        call.err(`factor: ${named(word)} is not a valid positive integer`);
        code = 1;
        continue;
      }
      const number = BigInt(word.replace('+', ''));
      const found = [...factorsOf(number)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const shown = options.has('h') ? [...new Set(found)].map((prime) => [prime, found.filter((each) => each === prime).length] as const).map(([prime, times]) => (times > 1 ? `${prime}^${times}` : String(prime))) : found.map(String);
      call.out(`${number}:${shown.map((each) => ` ${each}`).join('')}`);
    }
    return code;
  },
});

/** Small primes by division, the rest by Pollard's rho. */
function factorsOf(number: bigint): bigint[] {
  const found: bigint[] = [];
  let rest = number;
  for (let divisor = 2n; divisor < 1000n && divisor * divisor <= rest; divisor += divisor === 2n ? 1n : 2n) {
    for (; rest % divisor === 0n; rest /= divisor) found.push(divisor);
  }
  return rest > 1n ? [...found, ...split(rest)] : found;
}

function split(number: bigint): bigint[] {
  if (number < 1_000_000n || isPrime(number)) return [number];
  for (let step = 1n; ; step += 1n) {
    const divisor = rho(number, step);
    if (divisor !== number) return [...split(divisor), ...split(number / divisor)];
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

function rho(number: bigint, step: bigint): bigint {
  let [slow, fast, divisor] = [2n, 2n, 1n];
  const next = (value: bigint): bigint => (value * value + step) % number;
  while (divisor === 1n) {
    let product = 1n;
    for (let i = 0; i < 64; i += 1) {
      slow = next(slow);
      fast = next(next(fast));
      const distance = slow > fast ? slow - fast : fast - slow;
      if (distance === 0n) break;
      product = (product * distance) % number;
    }
    if (product === 0n || slow === fast) return number;
    divisor = greatestCommonDivisor(product, number);
  }
  return divisor;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Miller and Rabin; these witnesses leave no doubt below 2^81. */
function isPrime(number: bigint): boolean {
  let [odd, twos] = [number - 1n, 0];
  for (; odd % 2n === 0n; odd /= 2n) twos += 1;
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n].every((witness) => {
    if (number % witness === 0n) return number === witness;
    let value = power(witness, odd, number);
    if (value === 1n || value === number - 1n) return true;
    for (let i = 1; i < twos; i += 1) {
      value = (value * value) % number;
      if (value === number - 1n) return true;
    }
    return false;
  });
}

interface Item { readonly name: string; before: number; readonly after: Item[]; isPrinted: boolean }

export const tsort = defineCommand({
  name: 'tsort', summary: 'order by pairs of what comes first', package: 'coreutils',
  run: async (call) => {
    const options = gnuOptions(call, { short: '' });
    if (options === undefined) return 1;
    const [path = '-', extra] = options.operands;
    if (extra !== undefined) {
      call.err(`tsort: extra operand ${named(extra)}\nTry 'tsort --help' for more information.`);
      return 1;
    }
    const got = await readWhole(call.sys, path);
    if (!got.ok) {
      call.err(`tsort: ${got.error === 'EISDIR' ? `${quotedIfNeeded(path)}: read error` : quotedIfNeeded(path)}: ${strerror(got.error)}`);
      return 1;
    }
    const words = fromUtf8(got.value).split(/[ \t\n]+/).filter((word) => word !== '');
    if (words.length % 2 === 1) {
      call.err(`tsort: ${quotedIfNeeded(path)}: input contains an odd number of tokens`);
      return 1;
    }
    return order(call, path, words);
  },
});

function order(call: Invocation, path: string, words: readonly string[]): ExitCode {
  const items = new Map<string, Item>();
  const itemOf = (name: string): Item => {
    const item = items.get(name) ?? { name, before: 0, after: [], isPrinted: false };
    items.set(name, item);
    return item;
  };
  for (let at = 0; at < words.length; at += 2) {
    const [first, second] = [itemOf(words[at]!), itemOf(words[at + 1]!)];
    if (first === second) continue;
    second.before += 1;
    first.after.unshift(second);
  }
  const sorted = [...items.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let code: ExitCode = 0;
  for (;;) {
    const queue = sorted.filter((item) => !item.isPrinted && item.before === 0);
    for (const item of queue) {
      call.out(item.name);
      item.isPrinted = true;
      for (const next of item.after) {
        next.before -= 1;
        if (next.before === 0) queue.push(next);
      }
    }
    const left = sorted.filter((item) => !item.isPrinted);
    if (left.length === 0) return code;
    code = 1;
    call.err(`tsort: ${quotedIfNeeded(path)}: input contains a loop:`);
    breakLoop(left, (name) => call.err(`tsort: ${name}`));
  }
}

/** Finds a loop, walking from each to one that must come before it, names its members, and lets go of one of its pairs. */
function breakLoop(left: readonly Item[], tell: (name: string) => void): void {
  const cameFrom = new Map<Item, Item>();
  let loop: Item | undefined;
  for (;;) {
    for (const item of left) {
      if (loop === undefined) {
        loop = item;
        continue;
      }
      const pair = item.after.indexOf(loop);
      if (pair === -1) continue;
      if (cameFrom.has(item)) {
        for (let at: Item | undefined = loop; at !== undefined; ) {
          tell(at.name);
          if (at === item) {
            item.after.splice(pair, 1);
            loop.before -= 1;
            return;
          }
          at = cameFrom.get(at);
        }
        return;
      }
      cameFrom.set(item, loop);
      loop = item;
      break;
    }
  }
}
