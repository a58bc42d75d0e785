/**
 * The fields of every object, read from the generated table: what a decoder checks, what an encoder leaves out, how patches
 * and field owners treat lists and maps.
 */
import { schemaText } from './generated/schema.ts';
import { laterFields } from './later-fields.ts';

export type Scalar = 'string' | 'bool' | 'int32' | 'int64' | 'float64' | 'bytes' | 'Time' | 'MicroTime' | 'Quantity' | 'IntOrString' | 'Raw';

export type Type =
  | { readonly is: 'scalar'; readonly scalar: Scalar; readonly isPointer: boolean }
  | { readonly is: 'list'; readonly item: Type }
  | { readonly is: 'map'; readonly item: Type }
  | { readonly is: 'struct'; readonly struct: Struct; readonly isPointer: boolean };

export interface Struct {
  /** `PodSpec` */
  readonly name: string;
  /** `core/v1` */
  readonly place: string;
  /** `v1`: what Go prints before the name. */
  readonly goPackage: string;
  readonly fields: ReadonlyMap<string, Field>;
}

export interface Field {
  readonly name: string;
  readonly goName: string;
  readonly type: Type;
  readonly isOmittedWhenEmpty: boolean;
  /** A manifest must have it. */
  readonly isRequired: boolean;
  readonly patchStrategies: readonly string[];
  /** The field that tells the items of a list apart, for strategic merge patches. */
  readonly mergeKey: string | undefined;
  /** How field owners see it: `atomic`, `set`, `map` by `listKeys`; undefined: as patches do. */
  readonly listType: string | undefined;
  readonly listKeys: readonly string[];
  /** The first minor version that has this field. */
  readonly sinceMinor: number;
  /** `3`, or `2.3` for the third field of an embedded message; undefined: it has no binary form. */
  readonly number: string | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const scalars = new Set<string>(['string', 'bool', 'int32', 'int64', 'float64', 'Time', 'MicroTime', 'Quantity', 'IntOrString', 'Raw']);

let structs: Map<string, Struct> | undefined;

/** `core/v1.Pod`. */
export function structNamed(name: string): Struct {
  structs ??= read(`${schemaText}${laterFields}`);
  const found = structs.get(name);
  if (found === undefined) throw new Error(`no schema for ${name}`);
  return found;
}

function read(text: string): Map<string, Struct> {
  const all = new Map<string, Struct>();
  const struct = (name: string): Struct => {
    let found = all.get(name);
    if (found === undefined) {
      const [place = '', own = ''] = name.split('.');
      found = { name: own, place, goPackage: place.split('/')[1] ?? '', fields: new Map() };
      all.set(name, found);
    }
    return found;
  };
  let place = '';
  let current: Struct | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# ')) place = line.slice(2);
    else if (!line.startsWith(' ')) current = struct(`${place}.${line}`);
    else {
      const [goName = '', type = '', json = '', ...extras] = line.trim().split(' ');
      const extra = (key: string): string | undefined => extras.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1);
      const name = json.replace('?', '');
      const field: Field = {
        name, goName, type: typeOf(type, place, struct), isOmittedWhenEmpty: json.endsWith('?'), isRequired: !json.endsWith('?') && !extras.includes('optional'), patchStrategies: extra('patch')?.split(',') ?? [],
        mergeKey: extra('key'), listType: extra('list'), listKeys: extra('keys')?.split(',') ?? [], sinceMinor: Number(extra('since') ?? 0), number: extra('pb'),
      };
      (current!.fields as Mutable<Map<string, Field>>).set(name, field);
    }
  }
  return all;
}

function typeOf(text: string, place: string, struct: (name: string) => Struct): Type {
  if (text === '[]byte') return { is: 'scalar', scalar: 'bytes', isPointer: false };
  if (text.startsWith('[]')) return { is: 'list', item: typeOf(text.slice(2), place, struct) };
  if (text.startsWith('map[string]')) return { is: 'map', item: typeOf(text.slice('map[string]'.length), place, struct) };
  const isPointer = text.startsWith('*');
  const name = isPointer ? text.slice(1) : text;
  if (scalars.has(name)) return { is: 'scalar', scalar: name as Scalar, isPointer };
  if (name.startsWith('map[')) return typeOf(name, place, struct);
  return { is: 'struct', struct: struct(name.includes('.') ? name : `${place}.${name}`), isPointer };
}

/** What is at a field of a struct, item of a list or key of a map. */
export function fieldOf(type: Type | undefined, name: string): Field | undefined {
  return type?.is === 'struct' ? type.struct.fields.get(name) : undefined;
}

/** As Go names it in messages: `[]v1.Container`, `map[string]string`. */
export function goTypeName(type: Type): string {
  switch (type.is) {
    case 'scalar':
      switch (type.scalar) {
        case 'bytes': return '[]uint8';
        case 'Time': return 'v1.Time';
        case 'MicroTime': return 'v1.MicroTime';
        case 'Quantity': return 'resource.Quantity';
        case 'IntOrString': return 'intstr.IntOrString';
        case 'Raw': return 'runtime.RawExtension';
        default: return type.scalar;
      }
    case 'list': return `[]${goTypeName(type.item)}`;
    case 'map': return `map[string]${goTypeName(type.item)}`;
    case 'struct': return `${type.struct.goPackage}.${type.struct.name}`;
  }
}
