/**
 * A 64-bit hash of plain data (two FNV-1a style lanes over a canonical walk). Keys of objects are visited in sorted order, Maps and
 * Sets in insertion order, which is part of the state: it decides what a listing prints.
 */

interface Lanes { low: number; high: number }

/** 16 hex digits; equal states have equal hashes. */
export function hashData(value: unknown): string {
  const lanes: Lanes = { low: 0x811c9dc5, high: 0x9747b28c };
  walk(lanes, value);
  return finish(lanes.low, lanes.high) + finish(lanes.high, lanes.low);
}

function mix(lanes: Lanes, word: number): void {
  lanes.low = Math.imul(lanes.low ^ word, 0x01000193);
  lanes.high = Math.imul(lanes.high ^ word ^ (lanes.low >>> 15), 0x85ebca6b);
  lanes.high ^= lanes.high >>> 13;
}

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

function walk(lanes: Lanes, value: unknown): void {
  switch (typeof value) {
    case 'number':
      if ((value | 0) === value) {
        mix(lanes, 1);
        mix(lanes, value);
        return;
      }
      scratch[0] = value;
      mix(lanes, 2);
      mix(lanes, words[0]!);
      mix(lanes, words[1]!);
      return;
    case 'string':
      mixText(lanes, value);
      return;
    case 'boolean':
      mix(lanes, value ? 4 : 5);
      return;
    case 'undefined':
      mix(lanes, 6);
      return;
    case 'object':
      walkObject(lanes, value);
      return;
    default:
      throw new Error(`state holds a ${typeof value}, which cannot be hashed`);
  }
}

function mixText(lanes: Lanes, text: string): void {
  mix(lanes, 3);
  mix(lanes, text.length);
  for (let i = 0; i < text.length; i += 1) mix(lanes, text.charCodeAt(i));
}

function walkObject(lanes: Lanes, value: object | null): void {
  if (value === null) return mix(lanes, 7);
  if (Array.isArray(value)) {
    mix(lanes, 8);
    mix(lanes, value.length);
    for (const item of value) walk(lanes, item);
    return;
  }
  if (value instanceof Map) {
    mix(lanes, 9);
    mix(lanes, value.size);
    for (const [key, item] of value) {
      walk(lanes, key);
      walk(lanes, item);
    }
    return;
  }
  if (value instanceof Set) {
    mix(lanes, 10);
    mix(lanes, value.size);
    for (const item of value) walk(lanes, item);
    return;
  }
  if (value instanceof Uint8Array || value instanceof Uint32Array || value instanceof Uint16Array || value instanceof Int32Array || value instanceof Float64Array) {
    mix(lanes, 11);
    mix(lanes, value.length);
    for (const item of value) walk(lanes, item);
    return;
  }
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort();
  mix(lanes, 12);
  for (const key of keys) {
    // A missing key and an undefined one are the same state.
    if (record[key] === undefined) continue;
    mixText(lanes, key);
    walk(lanes, record[key]);
  }
  mix(lanes, 13);
}

function finish(word: number, other: number): string {
  let mixed = word ^ (other >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return (mixed >>> 0).toString(16).padStart(8, '0');
}
