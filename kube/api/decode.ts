/**
 * From what a client sent to what Go would have made of it: fields checked against their types, empty ones left out or filled with
 * zero values as `omitempty` says, quantities and times in canonical form. What the store keeps has been through here.
 */
import { canonicalQuantity, parseQuantity } from './quantity.ts';
import type { Field, Scalar, Struct, Type } from './schema.ts';
import { isObject, put, type JsonObject } from './values.ts';

/** A value that its field cannot hold. */
export class WrongType extends Error {
  readonly steps: readonly Step[];
  readonly expected: Type;
  readonly found: unknown;

  constructor(steps: readonly Step[], expected: Type, found: unknown, message = '') {
    super(message);
    this.steps = steps;
    this.expected = expected;
    this.found = found;
  }
}

/** One step from the whole object to a value inside it. */
export type Step =
  | { readonly in: 'struct'; readonly struct: Struct; readonly field: Field }
  | { readonly in: 'list'; readonly index: number; readonly type: Type }
  | { readonly in: 'map'; readonly key: string; readonly type: Type };

export interface DecodeOptions {
  readonly minor: number;
  /** Told of every field that is in no schema: `spec.template.spec.containers[0].imge`. */
  readonly onUnknown?: (path: string) => void;
}

export function decode(value: unknown, struct: Struct, options: DecodeOptions): JsonObject {
  return decodeStruct(value, { is: 'struct', struct, isPointer: false }, [], options);
}

function decodeStruct(value: unknown, type: Type & { is: 'struct' }, steps: readonly Step[], options: DecodeOptions): JsonObject {
  if (value !== null && !isObject(value)) throw new WrongType(steps, type, value);
  const { struct } = type;
  const given = value ?? {};
  const decoded: JsonObject = {};
  for (const field of struct.fields.values()) {
    if (field.sinceMinor > options.minor) continue;
    const inner = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    const result = decodeValue(inner ?? null, field.type, inner === undefined || inner === null ? steps : [...steps, { in: 'struct', struct, field }], options);
    if (!field.isOmittedWhenEmpty || !isEmpty(result, field.type)) decoded[field.name] = result;
  }
  if (options.onUnknown !== undefined) {
    for (const name of Object.keys(given)) {
      const field = struct.fields.get(name);
      if (given[name] !== undefined && (field === undefined || field.sinceMinor > options.minor)) options.onUnknown(pathOf(steps, name));
    }
  }
  return decoded;
}

/** As strict decoding names it: dots, indices in brackets. */
export function pathOf(steps: readonly Step[], last?: string): string {
  let path = '';
  for (const step of steps) {
    if (step.in === 'list') path += `[${step.index}]`;
    else path += `${path === '' ? '' : '.'}${step.in === 'map' ? step.key : step.field.name}`;
  }
  return last === undefined ? path : `${path}${path === '' ? '' : '.'}${last}`;
}

/** `null` is Go's zero value. */
function decodeValue(value: unknown, type: Type, steps: readonly Step[], options: DecodeOptions): unknown {
  switch (type.is) {
    case 'scalar': return decodeScalar(value, type, steps);
    case 'list':
      if (value === null) return null;
      if (!Array.isArray(value)) throw new WrongType(steps, type, value);
      return value.map((item: unknown, index) => decodeValue(item ?? null, type.item, [...steps, { in: 'list', index, type }], options));
    case 'map': {
      if (value === null) return null;
      if (!isObject(value)) throw new WrongType(steps, type, value);
      const decoded: JsonObject = {};
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) put(decoded, key, decodeValue(item, type.item, [...steps, { in: 'map', key, type }], options));
      }
      return decoded;
    }
    case 'struct': return value === null && type.isPointer ? null : decodeStruct(value, type, steps, options);
  }
}

const integerLimits: Partial<Record<Scalar, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

function decodeScalar(value: unknown, type: Type & { is: 'scalar' }, steps: readonly Step[]): unknown {
  const { scalar } = type;
  if (scalar === 'Raw') return value;
  if (value === null) return type.isPointer ? null : zeroOf(scalar);
  switch (scalar) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'int32':
    case 'int64': {
      const limit = integerLimits[scalar]!;
      if (typeof value === 'number' && Number.isInteger(value) && value < limit && value >= -limit) return value;
      break;
    }
    case 'float64':
      if (typeof value === 'number') return value;
      break;
    case 'bytes':
      if (typeof value === 'string') {
        if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) throw new WrongType(steps, type, value, `decode base64: illegal base64 data at input byte ${badBase64(value)}`);
        return value;
      }
      break;
    case 'Time':
    case 'MicroTime': {
      if (typeof value !== 'string') break;
      // Seconds and UTC are all a metav1.Time keeps; whatever else is valid RFC 3339 comes back so.
      if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) || (scalar === 'MicroTime' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value))) return value;
      throw new WrongType(steps, type, value, `parsing time "${JSON.stringify(value).replaceAll('"', String.raw`\"`)}" as "\\"2006-01-02T15:04:05Z07:00\\""`);
    }
    case 'Quantity': {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text !== 'string') break;
      const quantity = parseQuantity(text.trim());
      if (typeof quantity === 'string') throw new WrongType(steps, type, value, quantity);
      return canonicalQuantity(text.trim());
    }
    case 'IntOrString':
      if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31)) return value;
      break;
  }
  throw new WrongType(steps, type, value);
}

function zeroOf(scalar: Scalar): unknown {
  switch (scalar) {
    case 'string': return '';
    case 'bool': return false;
    case 'Quantity': return '0';
    case 'bytes':
    case 'Time':
    case 'MicroTime':
    case 'Raw': return null;
    default: return 0;
  }
}

/** What `omitempty` leaves out. Structs are never empty, and so neither are the types that Go has as structs. */
function isEmpty(value: unknown, type: Type): boolean {
  switch (type.is) {
    case 'struct': return value === null;
    case 'list': return value === null || (value as unknown[]).length === 0;
    case 'map': return value === null || Object.keys(value as object).length === 0;
    case 'scalar':
      if (type.isPointer) return value === null;
      switch (type.scalar) {
        case 'Time':
        case 'MicroTime':
        case 'Quantity':
        case 'IntOrString': return false;
        default: return value === null || value === '' || value === 0 || value === false;
      }
  }
}

function badBase64(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/]/);
  return at < 0 ? text.length : at;
}
