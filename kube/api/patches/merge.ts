/** JSON Merge Patch: RFC 7386; nulls in lists go too, as in github.com/evanphx/json-patch v4, which Kubernetes uses. */
import { isObject, put, type JsonObject } from '../values.ts';

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.filter((item) => item !== null).map((item) => mergePatch(undefined, item));
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else put(merged, field, mergePatch(Object.hasOwn(merged, field) ? merged[field] : undefined, value));
  }
  return merged;
}
