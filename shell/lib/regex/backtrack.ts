/**
 * What the groups hold: one path through the expression, preferring more repetitions and earlier alternatives, among those that end where
 * the longest match ends. That is glibc's order (set_regs and update_regs in posix/regexec.c); POSIX's own rule differs in rare cases.
 * References are honoured here and nowhere else, so with them the end is found here too.
 */
import { holds, RegexExhausted, sideBefore, EDGE, sideOf } from './automaton.ts';
import type { Program } from './program.ts';
import { contains } from './sets.ts';

const BITS_AT_MOST = 2 ** 28;
/** With references, over all beginnings in one text: a second or two. */
const STEPS_AT_MOST = 5_000_000;
const REMEMBERED_AT_MOST = 1_000_000;

interface Path {
  place: number;
  at: number;
  /** Start and end of each group, -1 where there is none. */
  slots: Int32Array;
  /** The slots as the last group that took text left them. */
  kept: Int32Array;
  /** Where each repetition's body was entered last. */
  entered: Int32Array;
}

export interface Found { readonly end: number; readonly slots: Int32Array }

/** From `from` to `end`, or as far as it goes when the program has references (`end` is then no more than an upper bound). */
export function findGroups(program: Program, text: string, from: number, end: number, spent = { steps: 0 }): Found | undefined {
  const { code, references } = program;
  const hasReferences = references.length > 0;
  const seen = hasReferences ? new SeenWithGroups(references, end + 2) : new SeenPlaces(code.length + program.loops, from, end);
  const slots = new Int32Array(2 * (program.groups + 1)).fill(-1);
  const paths: Path[] = [{ place: program.start, at: from, slots, kept: slots, entered: new Int32Array(program.loops).fill(-1) }];
  let best: Found | undefined;
  while (paths.length > 0) {
    const path = paths.pop()!;
    for (let isAlive = true; isAlive; ) {
      spent.steps += 1;
      if (hasReferences && spent.steps > STEPS_AT_MOST) throw new RegexExhausted();
      const instruction = code[path.place]!;
      switch (instruction.kind) {
        case 'accept':
          if (path.at === end) return { end, slots: path.slots };
          if (hasReferences && (best === undefined || path.at > best.end)) best = { end: path.at, slots: path.slots };
          isAlive = false;
          break;
        case 'character': {
          const character = path.at < end ? text.codePointAt(path.at)! : -1;
          isAlive = character !== -1 && contains(instruction.set, character);
          path.at += character > 0xffff ? 2 : 1;
          path.place = instruction.next;
          break;
        }
        case 'assertion':
          isAlive = holds(instruction.assertion, sideBefore(text, path.at), path.at === text.length ? EDGE : sideOf(text.codePointAt(path.at)!), program.isMultiline);
          path.place = instruction.next;
          break;
        case 'split':
          isAlive = seen.isNew(path.place, path);
          if (isAlive) paths.push({ ...path, place: instruction.other });
          path.place = instruction.next;
          break;
        case 'loop':
          if (path.entered[instruction.loop] === path.at) {
            // The body took nothing: it would go on so for ever.
            isAlive = seen.isNew(code.length + instruction.loop, path);
            path.place = instruction.other;
          } else {
            isAlive = seen.isNew(path.place, path);
            if (isAlive) paths.push({ ...path, place: instruction.other });
            path.entered = path.entered.with(instruction.loop, path.at);
            path.place = instruction.next;
          }
          break;
        case 'open':
          path.slots = path.slots.slice();
          path.slots[2 * instruction.group] = path.at;
          path.slots[2 * instruction.group + 1] = -1;
          path.place = instruction.next;
          break;
        case 'close': {
          const start = path.slots[2 * instruction.group]!;
          if (start === path.at && instruction.isOptional && path.kept[2 * instruction.group] !== -1) {
            // One more round that took nothing does not count.
            path.slots = path.kept;
          } else {
            path.slots = path.slots.with(2 * instruction.group + 1, path.at);
            if (start < path.at) path.kept = path.slots;
          }
          path.place = instruction.next;
          break;
        }
        case 'reference': {
          const size = sizeOfReference(program, text, path, instruction.group, end);
          isAlive = size !== undefined;
          path.at += size ?? 0;
          path.place = instruction.next;
          break;
        }
      }
    }
  }
  return best;
}

function sizeOfReference(program: Program, text: string, path: Path, group: number, end: number): number | undefined {
  const [start, stop] = [path.slots[2 * group]!, path.slots[2 * group + 1]!];
  if (start === -1 || stop === -1 || path.at + stop - start > end) return undefined;
  const wanted = text.slice(start, stop);
  const found = text.slice(path.at, path.at + wanted.length);
  return found === wanted || (program.ignoreCase && found.toLowerCase() === wanted.toLowerCase()) ? wanted.length : undefined;
}

/** A place of the program at a place in the text need not be tried twice: what follows cannot depend on how it was reached. */
class SeenPlaces {
  private readonly bits: Uint32Array;
  private readonly from: number;
  private readonly width: number;

  constructor(places: number, from: number, end: number) {
    this.from = from;
    this.width = end - from + 1;
    if (places * this.width > BITS_AT_MOST) throw new RegexExhausted();
    this.bits = new Uint32Array((places * this.width + 31) >> 5);
  }

  isNew(place: number, path: Path): boolean {
    const bit = place * this.width + path.at - this.from;
    const mask = 1 << (bit & 31);
    if ((this.bits[bit >> 5]! & mask) !== 0) return false;
    this.bits[bit >> 5]! |= mask;
    return true;
  }
}

/** With references what follows depends on the groups referred to as well. */
class SeenWithGroups {
  private readonly seen = new Set<number | string>();
  private readonly references: readonly number[];
  private readonly width: number;

  constructor(references: readonly number[], width: number) {
    this.references = references;
    this.width = width;
  }

  isNew(place: number, path: Path): boolean {
    const [first] = this.references;
    let key: number | string = ((place * this.width + path.at) * this.width + path.slots[2 * first!]! + 1) * this.width + path.slots[2 * first! + 1]! + 1;
    if (this.references.length > 1 || key > Number.MAX_SAFE_INTEGER) key = `${place},${path.at},${this.references.flatMap((group) => [path.slots[2 * group]!, path.slots[2 * group + 1]!]).join()}`;
    if (this.seen.has(key)) return false;
    if (this.seen.size > REMEMBERED_AT_MOST) throw new RegexExhausted();
    this.seen.add(key);
    return true;
  }
}
