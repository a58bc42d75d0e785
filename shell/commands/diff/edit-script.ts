/**
 * Which lines differ, as GNU diff finds them: not any shortest script, but the one its users know. Read first: E. Myers, "An O(ND) difference
 * algorithm and its variations"; diffutils src/analyze.c; gnulib lib/diffseq.h.
 */

/** Lines [from, to) of the old file become lines [newFrom, newTo) of the new one. */
export interface Change { readonly from: number; readonly to: number; readonly newFrom: number; readonly newTo: number }

interface Side {
  /** A number for each line; equal lines have equal ones. */
  readonly classes: number[];
  /** Whether a line changed; one more at either end, which never does. */
  readonly changed: Flags;
  /** Lines worth comparing, and where they are. */
  kept: number[];
  places: number[];
}

/**
 * `horizon` lines of what the files begin and end with alike are looked at too: a change may move among them. `exact` compares lines as they
 * are, `plain` gives what remains of a line when differences that do not count are taken away.
 */
export function editScript(left: readonly string[], right: readonly string[], plain: (line: string) => string, options: { readonly horizon: number; readonly isMinimal: boolean }): Change[] {
  const shortest = Math.min(left.length, right.length);
  let start = 0;
  while (start < shortest && left[start] === right[start]) start += 1;
  start = Math.max(0, start - options.horizon);
  let ending = 0;
  while (ending < shortest - start && left[left.length - 1 - ending] === right[right.length - 1 - ending]) ending += 1;
  ending = Math.max(0, ending - options.horizon);
  const numbers = new Map<string, number>();
  const side = (lines: readonly string[]): Side => {
    const classes = lines.slice(start, lines.length - ending).map((line) => {
      const key = plain(line);
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    return { classes, changed: new Flags(classes.length), kept: [], places: [] };
  };
  const [old, young] = [side(left), side(right)];
  discard(old, young, numbers.size, options.isMinimal);
  new Comparison(old, young, options.isMinimal).run();
  shift(old, young);
  shift(young, old);
  return changes(old, young, start);
}

class Flags {
  private readonly bytes: Uint8Array;
  constructor(length: number) {
    this.bytes = new Uint8Array(length + 2);
  }
  get(at: number): boolean {
    return this.bytes[at + 1] === 1;
  }
  set(at: number, value: boolean): void {
    this.bytes[at + 1] = value ? 1 : 0;
  }
}

function changes(old: Side, young: Side, start: number): Change[] {
  const found: Change[] = [];
  let [i, j] = [0, 0];
  while (i < old.classes.length || j < young.classes.length) {
    if (old.changed.get(i) || young.changed.get(j)) {
      const [from, newFrom] = [i, j];
      while (old.changed.get(i)) i += 1;
      while (young.changed.get(j)) j += 1;
      found.push({ from: from + start, to: i + start, newFrom: newFrom + start, newTo: j + start });
    }
    i += 1;
    j += 1;
  }
  return found;
}

// ---------------------------------------------------------------- lines not worth comparing
const KEEP = 0;
const DISCARD = 1;
const PERHAPS = 2;

/** A line without a match in the other file is a change in any case; one with very many is set aside within a run of those. */
function discard(old: Side, young: Side, classCount: number, isMinimal: boolean): void {
  const counts = [old, young].map(({ classes }) => {
    const count = new Uint32Array(classCount);
    for (const each of classes) count[each]! += 1;
    return count;
  });
  for (const [index, side] of [old, young].entries()) {
    const marks = marksOf(side.classes, counts[1 - index]!);
    cancelProvisional(marks);
    marks.forEach((mark, at) => {
      if (isMinimal || mark === KEEP) {
        side.kept.push(side.classes[at]!);
        side.places.push(at);
      } else side.changed.set(at, true);
    });
  }
}

function marksOf(classes: readonly number[], matches: Uint32Array): Uint8Array {
  let many = 5;
  for (let rest = Math.floor(classes.length / 64); (rest >>= 2) > 0;) many *= 2;
  return Uint8Array.from(classes, (each) => (matches[each] === 0 ? DISCARD : matches[each]! > many ? PERHAPS : KEEP));
}

function cancelProvisional(marks: Uint8Array): void {
  for (let i = 0; i < marks.length; i += 1) {
    if (marks[i] === PERHAPS) marks[i] = KEEP;
    if (marks[i] === KEEP) continue;
    let end = i;
    let provisional = 0;
    for (; end < marks.length && marks[end] !== KEEP; end += 1) if (marks[end] === PERHAPS) provisional += 1;
    for (; end > i && marks[end - 1] === PERHAPS; end -= 1) {
      marks[end - 1] = KEEP;
      provisional -= 1;
    }
    const length = end - i;
    if (provisional * 4 > length) {
      for (let j = i; j < end; j += 1) if (marks[j] === PERHAPS) marks[j] = KEEP;
      continue;
    }
    cancelLongRuns(marks, i, length);
    cancelNearEnd(marks, i, length, 1);
    i += length - 1;
    cancelNearEnd(marks, i, length, -1);
  }
}

function cancelLongRuns(marks: Uint8Array, start: number, length: number): void {
  let minimum = 1;
  for (let rest = length >> 2; (rest >>= 2) > 0;) minimum *= 2;
  minimum += 1;
  let consecutive = 0;
  for (let j = 0; j < length; j += 1) {
    if (marks[start + j] !== PERHAPS) consecutive = 0;
    else {
      consecutive += 1;
      if (consecutive === minimum) j -= consecutive;
      else if (consecutive > minimum) marks[start + j] = KEEP;
    }
  }
}

function cancelNearEnd(marks: Uint8Array, start: number, length: number, step: 1 | -1): void {
  let consecutive = 0;
  for (let j = 0; j < length && consecutive < 3; j += 1) {
    const at = start + j * step;
    if (j >= 8 && marks[at] === DISCARD) return;
    if (marks[at] === PERHAPS) marks[at] = KEEP;
    consecutive = marks[at] === DISCARD ? consecutive + 1 : 0;
  }
}

// ---------------------------------------------------------------- the comparison
class Comparison {
  private readonly x: readonly number[];
  private readonly y: readonly number[];
  private readonly old: Side;
  private readonly young: Side;
  /** How far the search from either end has come on each diagonal (x - y). */
  private readonly forward: Int32Array;
  private readonly backward: Int32Array;
  private readonly middle: number;
  private readonly tooExpensive: number;
  private readonly isMinimal: boolean;

  constructor(old: Side, young: Side, isMinimal: boolean) {
    [this.old, this.young, this.x, this.y] = [old, young, old.kept, young.kept];
    const diagonals = this.x.length + this.y.length + 3;
    this.forward = new Int32Array(diagonals);
    this.backward = new Int32Array(diagonals);
    this.middle = this.y.length + 1;
    let cost = 1;
    for (let rest = diagonals; rest > 0; rest >>= 2) cost *= 2;
    this.tooExpensive = Math.max(4096, cost);
    this.isMinimal = isMinimal;
  }

  run(): void {
    this.compare(0, this.x.length, 0, this.y.length, this.isMinimal);
  }

  private compare(xFrom: number, xTo: number, yFrom: number, yTo: number, isMinimal: boolean): void {
    let [xLow, xHigh, yLow, yHigh] = [xFrom, xTo, yFrom, yTo];
    while (xLow < xHigh && yLow < yHigh && this.x[xLow] === this.y[yLow]) {
      xLow += 1;
      yLow += 1;
    }
    while (xLow < xHigh && yLow < yHigh && this.x[xHigh - 1] === this.y[yHigh - 1]) {
      xHigh -= 1;
      yHigh -= 1;
    }
    if (xLow === xHigh) for (; yLow < yHigh; yLow += 1) this.young.changed.set(this.young.places[yLow]!, true);
    else if (yLow === yHigh) for (; xLow < xHigh; xLow += 1) this.old.changed.set(this.old.places[xLow]!, true);
    else {
      const { xMiddle, yMiddle, isLowMinimal, isHighMinimal } = this.meeting(xLow, xHigh, yLow, yHigh, isMinimal);
      this.compare(xLow, xMiddle, yLow, yMiddle, isLowMinimal);
      this.compare(xMiddle, xHigh, yMiddle, yHigh, isHighMinimal);
    }
  }

  /** The midpoint of a shortest path: searches from both ends until they meet. */
  private meeting(xLow: number, xHigh: number, yLow: number, yHigh: number, isMinimal: boolean): { xMiddle: number; yMiddle: number; isLowMinimal: boolean; isHighMinimal: boolean } {
    const { x, y, forward, backward, middle } = this;
    const [least, most] = [xLow - yHigh, xHigh - yLow];
    const [forwardMiddle, backwardMiddle] = [xLow - yLow, xHigh - yHigh];
    let [forwardLeast, forwardMost, backwardLeast, backwardMost] = [forwardMiddle, forwardMiddle, backwardMiddle, backwardMiddle];
    const isOdd = ((forwardMiddle - backwardMiddle) & 1) === 1;
    forward[middle + forwardMiddle] = xLow;
    backward[middle + backwardMiddle] = xHigh;
    for (let cost = 1; ; cost += 1) {
      if (forwardLeast > least) forward[middle + --forwardLeast - 1] = -1;
      else forwardLeast += 1;
      if (forwardMost < most) forward[middle + ++forwardMost + 1] = -1;
      else forwardMost -= 1;
      for (let diagonal = forwardMost; diagonal >= forwardLeast; diagonal -= 2) {
        const [below, above] = [forward[middle + diagonal - 1]!, forward[middle + diagonal + 1]!];
        let at = below < above ? above : below + 1;
        while (at < xHigh && at - diagonal < yHigh && x[at] === y[at - diagonal]) at += 1;
        forward[middle + diagonal] = at;
        if (isOdd && backwardLeast <= diagonal && diagonal <= backwardMost && backward[middle + diagonal]! <= at) return { xMiddle: at, yMiddle: at - diagonal, isLowMinimal: true, isHighMinimal: true };
      }
      if (backwardLeast > least) backward[middle + --backwardLeast - 1] = 0x7fffffff;
      else backwardLeast += 1;
      if (backwardMost < most) backward[middle + ++backwardMost + 1] = 0x7fffffff;
      else backwardMost -= 1;
      for (let diagonal = backwardMost; diagonal >= backwardLeast; diagonal -= 2) {
        const [below, above] = [backward[middle + diagonal - 1]!, backward[middle + diagonal + 1]!];
        let at = below < above ? below : above - 1;
        while (xLow < at && yLow < at - diagonal && x[at - 1] === y[at - diagonal - 1]) at -= 1;
        backward[middle + diagonal] = at;
        if (!isOdd && forwardLeast <= diagonal && diagonal <= forwardMost && at <= forward[middle + diagonal]!) return { xMiddle: at, yMiddle: at - diagonal, isLowMinimal: true, isHighMinimal: true };
      }
      if (isMinimal || cost < this.tooExpensive) continue;
      let [bestForward, xForward, bestBackward, xBackward] = [-1, 0, 0x7fffffff, 0];
      for (let diagonal = forwardMost; diagonal >= forwardLeast; diagonal -= 2) {
        const at = Math.min(forward[middle + diagonal]!, xHigh, yHigh + diagonal);
        if (bestForward < 2 * at - diagonal) [bestForward, xForward] = [2 * at - diagonal, at];
      }
      for (let diagonal = backwardMost; diagonal >= backwardLeast; diagonal -= 2) {
        const at = Math.max(backward[middle + diagonal]!, xLow, yLow + diagonal);
        if (2 * at - diagonal < bestBackward) [bestBackward, xBackward] = [2 * at - diagonal, at];
      }
      const isForward = xHigh + yHigh - bestBackward < bestForward - (xLow + yLow);
      return isForward ? { xMiddle: xForward, yMiddle: bestForward - xForward, isLowMinimal: true, isHighMinimal: false } : { xMiddle: xBackward, yMiddle: bestBackward - xBackward, isLowMinimal: false, isHighMinimal: true };
    }
  }
}

/** Of equal lines either may be the changed one: runs of changes are joined, and moved down as far as they go or to where the other file changes too. */
function shift(side: Side, other: Side): void {
  const { classes, changed } = side;
  const end = classes.length;
  let [i, j] = [0, 0];
  for (;;) {
    while (i < end && !changed.get(i)) {
      while (other.changed.get(j)) j += 1;
      j += 1;
      i += 1;
    }
    if (i === end) return;
    let start = i;
    while (changed.get(i)) i += 1;
    while (other.changed.get(j)) j += 1;
    let length: number;
    let corresponding: number;
    do {
      length = i - start;
      while (start > 0 && classes[start - 1] === classes[i - 1]) {
        changed.set(--start, true);
        changed.set(--i, false);
        while (changed.get(start - 1)) start -= 1;
        do j -= 1; while (other.changed.get(j));
      }
      corresponding = other.changed.get(j - 1) ? i : end;
      while (i !== end && classes[start] === classes[i]) {
        changed.set(start++, false);
        changed.set(i++, true);
        while (changed.get(i)) i += 1;
        for (j += 1; other.changed.get(j); j += 1) corresponding = i;
      }
    } while (length !== i - start);
    while (corresponding < i) {
      changed.set(--start, true);
      changed.set(--i, false);
      do j -= 1; while (other.changed.get(j));
    }
  }
}
