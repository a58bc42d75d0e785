/** JSON Merge Patch: RFC 7386. */
import { copy, isObject, put, type JsonObject } from '../values.ts';

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return copy(patch);
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else put(merged, field, mergePatch(Object.hasOwn(merged, field) ? merged[field] : undefined, value));
  }
  return merged;
}
