/** A tree as instructions of a machine that may be in many places at once. Read first: Russ Cox, "Regular Expression Matching: the Virtual Machine Approach". */
import { RegexProblem } from './parse.ts';
import { wordCharacters, type CharacterSet } from './sets.ts';
import type { Assertion, Tree } from './tree.ts';

export type Instruction =
  /** Takes one character of the set. */
  | { readonly kind: 'character'; readonly set: CharacterSet; next: number }
  | { readonly kind: 'assertion'; readonly assertion: Assertion; next: number }
  /** Two ways, the first preferred. */
  | { readonly kind: 'split'; next: number; other: number }
  /** A repetition's head: into its body, preferred, or out. `loop` numbers the heads. */
  | { readonly kind: 'loop'; readonly loop: number; next: number; other: number }
  | { readonly kind: 'open'; readonly group: number; next: number }
  /** `isOptional`: the group is what a repetition may leave out. */
  | { readonly kind: 'close'; readonly group: number; readonly isOptional: boolean; next: number }
  | { readonly kind: 'reference'; readonly group: number; next: number }
  | { readonly kind: 'accept' };

export interface Program {
  readonly code: readonly Instruction[];
  readonly start: number;
  readonly groups: number;
  readonly loops: number;
  readonly references: readonly number[];
  readonly characters: CharacterClasses;
  readonly isMultiline: boolean;
  readonly ignoreCase: boolean;
}

/** What the C library would take megabytes for. */
const INSTRUCTIONS_AT_MOST = 120_000;

export function compileProgram(tree: Tree, options: { groups: number; isMultiline: boolean; ignoreCase: boolean }): Program {
  const code: Instruction[] = [{ kind: 'accept' }];
  let loops = 0;
  const references = new Set<number>();

  const put = (instruction: Instruction): number => {
    if (code.length >= INSTRUCTIONS_AT_MOST) throw new RegexProblem('Regular expression too big');
    code.push(instruction);
    return code.length - 1;
  };

  /** Built from the end: answers where `of` begins when it goes on at `next`. */
  const build = (of: Tree, next: number, isOptional = false): number => {
    switch (of.kind) {
      case 'empty': return next;
      case 'set': return put({ kind: 'character', set: of.set, next });
      case 'assertion': return put({ kind: 'assertion', assertion: of.assertion, next });
      case 'sequence': {
        let at = next;
        for (let index = of.parts.length - 1; index >= 0; index -= 1) at = build(of.parts[index]!, at);
        return at;
      }
      case 'choice': {
        // glibc tries an empty first branch behind the second.
        const [first, second, ...others] = of.parts;
        const parts = first!.kind === 'empty' && second !== undefined ? [second, first!, ...others] : of.parts;
        let at = build(parts.at(-1)!, next);
        for (let index = parts.length - 2; index >= 0; index -= 1) at = put({ kind: 'split', next: build(parts[index]!, next), other: at });
        return at;
      }
      case 'group': return put({ kind: 'open', group: of.number, next: build(of.of, put({ kind: 'close', group: of.number, isOptional, next })) });
      case 'reference':
        references.add(of.number);
        return put({ kind: 'reference', group: of.number, next });
      case 'repeat': return repeat(of, next);
      case 'not': throw new Error('no program says what does not match');
    }
  };

  /** x{2,4} is xx((x)?x)?, x{2,} is xxx*. */
  const repeat = ({ of, least, most }: Extract<Tree, { kind: 'repeat' }>, next: number): number => {
    let at = next;
    if (most === Number.POSITIVE_INFINITY) {
      const head: Instruction = { kind: 'loop', loop: loops++, next: 0, other: next };
      at = put(head);
      head.next = build(of, at, true);
    } else {
      at = atMost(of, most - least, next);
    }
    for (let count = least; count > 0; count -= 1) at = build(of, at);
    return at;
  };

  /** The splits stand in a row before the rounds: each leaves out the rounds up to its own. */
  const atMost = (of: Tree, count: number, next: number): number => {
    const behind = [next];
    for (let left = count; left > 0; left -= 1) behind.push(build(of, behind.at(-1)!, left === 1));
    let at = behind.pop()!;
    for (const other of behind.reverse()) at = put({ kind: 'split', next: at, other });
    return at;
  };

  const start = build(tree, 0);
  return { code, start, groups: options.groups, loops, references: [...references].sort((left, right) => left - right), characters: new CharacterClasses(code), isMultiline: options.isMultiline, ignoreCase: options.ignoreCase };
}

/** The characters no instruction tells apart, as one class each. */
export class CharacterClasses {
  readonly count: number;
  /** Of ASCII, which is most of what is read. */
  readonly ascii = new Uint16Array(128);
  /** A code point of each class. */
  readonly samples: Int32Array;
  private readonly starts: Int32Array;

  constructor(code: readonly Instruction[]) {
    const starts = new Set([0, 10, 11]);
    const cut = (set: CharacterSet): void => {
      for (let at = 0; at < set.length; at += 2) starts.add(set[at]!).add(set[at + 1]! + 1);
    };
    for (const instruction of code) {
      if (instruction.kind === 'character') cut(instruction.set);
      else if (instruction.kind === 'assertion' && instruction.assertion.includes('word')) cut(wordCharacters);
    }
    this.starts = Int32Array.from(starts).sort();
    this.samples = this.starts;
    this.count = this.starts.length;
    for (let character = 0; character < 128; character += 1) this.ascii[character] = this.search(character);
  }

  of(code: number): number {
    return code < 128 ? this.ascii[code]! : this.search(code);
  }

  private search(code: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
