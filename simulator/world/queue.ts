/** The event queue: a binary heap ordered by time, then by the order of scheduling, so that equal times keep their order. */
import type { WorldEvent } from './events.ts';

export interface QueueEntry { atUs: number; sequence: number; event: WorldEvent }

export function push(heap: QueueEntry[], entry: QueueEntry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (isBefore(above, entry)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

export function pop(heap: QueueEntry[]): QueueEntry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || first === last || first === undefined) return first;
  const length = heap.length;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= length) break;
    const right = child + 1;
    if (right < length && isBefore(heap[right]!, heap[child]!)) child = right;
    if (isBefore(last, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}

function isBefore(left: QueueEntry, right: QueueEntry): boolean {
  return left.atUs < right.atUs || (left.atUs === right.atUs && left.sequence < right.sequence);
}
