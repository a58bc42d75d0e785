/**
 * What a client says of a manifest before it sends it: unknown fields, values of other types, fields that are missing
 * (kube-openapi/pkg/util/proto/validation/types.go, kubectl/pkg/util/openapi/validation).
 */
import { definitionName, scalarSchema, structOfKind } from './openapi.ts';
import { resources, servedVersions } from './resources.ts';
import type { Field, Scalar, Struct, Type } from './schema.ts';
import { isObject, type JsonObject } from './values.ts';

/** In the order in which they are found; none for kinds that the server does not describe. */
export function manifestProblems(object: unknown, minor: number): readonly string[] {
  const kind = kindOf(object);
  if (Array.isArray(kind)) return kind;
  if (kind.apiVersion !== 'v1' || kind.kind !== 'List') return problemsOf(object as JsonObject, kind, minor);
  const { items } = object as { items?: unknown };
  if (!Array.isArray(items)) return ['invalid object to validate'];
  return items.flatMap((item: unknown) => {
    const own = kindOf(item);
    return Array.isArray(own) ? own : problemsOf(item as JsonObject, own, minor);
  });
}

/** As an aggregate of Go prints its errors: each once, several in brackets. */
export function toldTogether(problems: readonly string[]): string {
  const once = [...new Set(problems)];
  return once.length === 1 ? once[0]! : `[${once.join(', ')}]`;
}

interface NamedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

function kindOf(object: unknown): NamedKind | string[] {
  if (!isObject(object)) return ['invalid object to validate'];
  const problems = ['apiVersion', 'kind'].flatMap((name) => {
    const value = object[name] ?? null;
    return value === null ? [`${name} not set`] : typeof value === 'string' ? [] : [`${name} isn't string type`];
  });
  return problems.length > 0 ? problems : object as unknown as NamedKind;
}

function problemsOf(object: JsonObject, { apiVersion, kind }: NamedKind, minor: number): readonly string[] {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const isServed = [...resources.values()].some((info) => info.kind === kind && info.group === group && servedVersions(info, minor).includes(version));
  const struct = isServed ? structOfKind(group, version, kind) : undefined;
  return struct === undefined ? [] : new Check(minor).struct(object, struct, kind);
}

class Check {
  private readonly minor: number;

  constructor(minor: number) {
    this.minor = minor;
  }

  /** `path` is where the value is; `place` the definition that speaks of it. */
  private value(value: unknown, type: Type, path: string, place: string): readonly string[] {
    switch (type.is) {
      case 'struct': return this.struct(value, type.struct, path);
      case 'scalar': return scalarProblems(value, type.scalar, path, place);
      case 'list':
        if (!Array.isArray(value)) return [wrongType(path, place, value, 'array')];
        return value.flatMap((item: unknown, index) => (item === null ? [`ValidationError(${path}): ${unknownType(`${path}[${index}]`)}`] : this.value(item, type.item, `${path}[${index}]`, place)));
      case 'map':
        if (!isObject(value)) return [wrongType(path, place, value, 'map')];
        return keysOf(value).flatMap((key) => ((value[key] ?? null) === null ? [unknownType(`${path}.${key}`)] : this.value(value[key], type.item, `${path}.${key}`, place)));
    }
  }

  struct(value: unknown, struct: Struct, path: string): readonly string[] {
    const name = definitionName(struct);
    if (!isObject(value)) return [wrongType(path, name, value, 'map')];
    const isKnown = (field: Field | undefined): field is Field => field !== undefined && field.sinceMinor <= this.minor;
    const inside = keysOf(value).filter((key) => (value[key] ?? null) !== null).flatMap((key) => {
      const field = struct.fields.get(key);
      return isKnown(field) ? this.value(value[key], field.type, `${path}.${key}`, `${name}.${key}`) : [`ValidationError(${path}): unknown field "${key}" in ${name}`];
    });
    const missing = [...struct.fields.values()].filter((field) => field.isRequired && isKnown(field) && (value[field.name] ?? null) === null);
    return [...inside, ...missing.map((field) => `ValidationError(${path}): missing required field "${field.name}" in ${name}`)];
  }
}

function scalarProblems(value: unknown, scalar: Scalar, path: string, place: string): readonly string[] {
  const [name = place, { type }] = scalarSchema(scalar);
  const found = kindOfValue(value);
  // Whatever is written as one value can be text.
  const fits = type === 'object' ? found === 'map' : type === 'string' ? found !== 'map' && found !== 'array'
    : type === 'boolean' ? found === 'boolean' : found === 'integer' || found === 'number';
  return fits ? [] : [wrongType(path, name, value, type === 'object' ? 'map' : type ?? '')];
}

function wrongType(path: string, place: string, value: unknown, expected: string): string {
  return `ValidationError(${path}): invalid type for ${place}: got "${kindOfValue(value)}", expected "${expected}"`;
}

function unknownType(path: string): string {
  return `unknown object type "nil" in ${path}`;
}

function kindOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'map' : typeof value;
}

function keysOf(object: JsonObject): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined).sort();
}
