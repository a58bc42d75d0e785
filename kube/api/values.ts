/** Plain JSON values: copied, compared, frozen. Objects are what JSON.parse makes; `undefined` counts as absent. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };
export type JsonObject = Record<string, unknown>;

/** A copy all of whose parts may be changed, whatever was frozen. Absent fields are left out. */
export function copy<T>(value: T): Mutable<T> {
  return copyValue(value) as Mutable<T>;
}

export type Mutable<T> = T extends (...args: never) => unknown ? T
  : T extends readonly (infer Item)[] ? Mutable<Item>[]
  : T extends object ? { -readonly [Field in keyof T]: Mutable<T[Field]> }
  : T;

function copyValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyValue);
  const fields: JsonObject = {};
  for (const [field, inner] of Object.entries(value)) if (inner !== undefined) put(fields, field, copyValue(inner));
  return fields;
}

/** Sets a field whatever it is called: a plain assignment to `__proto__` would set something else. */
export function put(target: JsonObject, field: string, value: unknown): void {
  if (field === '__proto__') Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  else target[field] = value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deep equality; the order of fields means nothing, that of items does. */
export function equal(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, index) => equal(item, other[index]));
  }
  if (Array.isArray(other)) return false;
  let fields = 0;
  for (const [field, value] of Object.entries(one)) {
    if (value === undefined) continue;
    fields += 1;
    if (!Object.hasOwn(other, field) || !equal(value, (other as JsonObject)[field])) return false;
  }
  for (const field of Object.keys(other)) if ((other as JsonObject)[field] !== undefined) fields -= 1;
  return fields === 0;
}

export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
}
