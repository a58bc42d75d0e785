/**
 * Copies plain data: objects, arrays, Map, Set and typed arrays. State is a tree, so no table of what was seen is kept;
 * that makes a copy cheap enough to take one for every question an observer asks.
 */

/**
 * An independent copy, but for members named in `shared`, which nobody writes in place. Throws on what is not plain data: a function in state would
 * be a promise that a clone cannot keep.
 */
export function cloneData<T>(value: T, shared: ReadonlySet<string> = NONE): T {
  return copy(value, shared) as T;
}

const NONE: ReadonlySet<string> = new Set();

function copy(value: unknown, shared: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function') throw new Error('state holds a function, which cannot be cloned');
    return value;
  }
  if (Array.isArray(value)) {
    const length = value.length;
    const made: unknown[] = new Array<unknown>(length);
    for (let i = 0; i < length; i += 1) {
      const item: unknown = value[i];
      made[i] = typeof item === 'object' && item !== null ? copy(item, shared) : item;
    }
    return made;
  }
  if (value instanceof Map) {
    const made = new Map<unknown, unknown>();
    for (const [key, item] of value) made.set(key, typeof item === 'object' && item !== null ? copy(item, shared) : item);
    return made;
  }
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Set) return new Set(value);
  if (value instanceof Uint32Array) return value.slice();
  if (value instanceof Uint16Array) return value.slice();
  if (value instanceof Int32Array) return value.slice();
  if (value instanceof Float64Array) return value.slice();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new Error('state holds an instance of a class, which cannot be cloned');
  // Spreading keeps the hidden class and beats writing key by key.
  const made = { ...(value as Record<string, unknown>) };
  for (const key in made) {
    const item = made[key];
    if (typeof item === 'object' && item !== null) {
      if (!shared.has(key)) made[key] = copy(item, shared);
    } else if (typeof item === 'function') throw new Error(`state holds a function at ${key}, which cannot be cloned`);
  }
  return made;
}
