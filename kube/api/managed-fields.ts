/**
 * Who owns which field (sigs.k8s.io/structured-merge-diff v4 and apiserver/pkg/endpoints/handlers/fieldmanager): sets of paths as the trees
 * that metadata.managedFields holds. `f:name` is a field, `k:{...}` an item of a list by its keys, `v:...` an item of a set; `.` says
 * that the thing itself, not only parts of it, is owned.
 */
import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1';
import type { Field, Struct, Type } from './schema.ts';
import { equal, isObject, type JsonObject } from './values.ts';

/** Paths as a tree; an empty tree that is not owned is never kept. */
export interface FieldSet {
  isOwned: boolean;
  readonly children: Map<string, FieldSet>;
}

export function emptySet(): FieldSet {
  return { isOwned: false, children: new Map() };
}

export function isEmptySet(set: FieldSet): boolean {
  return !set.isOwned && set.children.size === 0;
}

function combine(one: FieldSet | undefined, other: FieldSet | undefined, keep: (inOne: boolean, inOther: boolean) => boolean): FieldSet {
  const result: FieldSet = { isOwned: keep(one?.isOwned === true, other?.isOwned === true), children: new Map() };
  for (const key of new Set([...one?.children.keys() ?? [], ...other?.children.keys() ?? []])) {
    const child = combine(one?.children.get(key), other?.children.get(key), keep);
    if (!isEmptySet(child)) result.children.set(key, child);
  }
  return result;
}

export const union = (one: FieldSet, other: FieldSet): FieldSet => combine(one, other, (a, b) => a || b);
export const intersection = (one: FieldSet, other: FieldSet): FieldSet => combine(one, other, (a, b) => a && b);
export const difference = (one: FieldSet, other: FieldSet): FieldSet => combine(one, other, (a, b) => a && !b);

/** FieldsV1: the whole of an object is never owned itself. */
function toFields(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  if (set.isOwned && set.children.size > 0) fields['.'] = {};
  for (const key of [...set.children.keys()].sort()) fields[key] = toFields(set.children.get(key)!);
  return fields;
}

function fromFields(fields: unknown): FieldSet {
  const set = emptySet();
  if (!isObject(fields)) return set;
  for (const [key, inner] of Object.entries(fields)) {
    if (key === '.') set.isOwned = true;
    else {
      const child = fromFields(inner);
      if (isEmptySet(child)) child.isOwned = true;
      set.children.set(key, child);
    }
  }
  return set;
}

/** How the items of a list are told apart: by keys, by value, or not at all. */
export function listKeysOf(field: Field): { readonly keys: readonly string[] } | 'set' | 'atomic' {
  if (field.listType === 'map') return { keys: field.listKeys };
  if (field.listType === 'set') return 'set';
  if (field.listType !== undefined || !field.patchStrategies.includes('merge')) return 'atomic';
  return field.mergeKey === undefined ? 'set' : { keys: [field.mergeKey] };
}

export function itemKey(item: unknown, keys: readonly string[]): string {
  const chosen: JsonObject = {};
  // A protocol that is not written is TCP, whether or not the object has been given its defaults.
  for (const key of [...keys].sort()) chosen[key] = (item as JsonObject | null)?.[key] ?? (key === 'protocol' ? 'TCP' : null);
  return `k:${JSON.stringify(chosen)}`;
}

/** Structs that have an owner as a whole. */
const atomicStructs = new Set(['LabelSelector']);

interface Node {
  readonly type: Type;
  /** The field whose list or map this is. */
  readonly field?: Field;
}

/** The parts of a value that have owners of their own; undefined: it has none. */
function partsOf(value: unknown, { type, field }: Node): Map<string, { readonly value: unknown; readonly node: Node }> | undefined {
  const parts = new Map<string, { readonly value: unknown; readonly node: Node }>();
  switch (type.is) {
    case 'scalar': return undefined;
    case 'struct':
      if (atomicStructs.has(type.struct.name)) return undefined;
      if (!isObject(value)) return parts;
      for (const [name, inner] of Object.entries(value)) {
        const declared = type.struct.fields.get(name);
        if (declared !== undefined && inner !== undefined) parts.set(`f:${name}`, { value: inner, node: { type: declared.type, field: declared } });
      }
      return parts;
    case 'map':
      if (field?.listType === 'atomic') return undefined;
      if (isObject(value)) for (const [name, inner] of Object.entries(value)) parts.set(`f:${name}`, { value: inner, node: { type: type.item } });
      return parts;
    case 'list': {
      const how = field === undefined ? 'atomic' : listKeysOf(field);
      if (how === 'atomic') return undefined;
      for (const item of Array.isArray(value) ? value as unknown[] : []) {
        parts.set(how === 'set' ? `v:${JSON.stringify(item)}` : itemKey(item, how.keys), { value: item, node: { type: type.item } });
      }
      return parts;
    }
  }
}

/** Everything that is in a value: what applying it makes one the owner of. */
export function fieldsIn(value: unknown, struct: Struct): FieldSet {
  return stripped(setOf(value, { type: { is: 'struct', struct, isPointer: false } }, false));
}

function setOf(value: unknown, node: Node, isListItem: boolean): FieldSet {
  const parts = partsOf(value, node);
  const set = emptySet();
  if (parts === undefined || parts.size === 0) set.isOwned = true;
  else {
    // Structs and maps are owned through their fields; an item of a list also as itself.
    set.isOwned = isListItem;
    for (const [key, part] of parts) set.children.set(key, setOf(part.value, part.node, !key.startsWith('f:')));
  }
  return set;
}

export interface Difference {
  readonly touched: FieldSet;
  readonly removed: FieldSet;
}

/** Which paths are new or different in `next`, and which are gone. */
export function compare(previous: unknown, next: unknown, struct: Struct): Difference {
  const node: Node = { type: { is: 'struct', struct, isPointer: false } };
  const { touched, removed } = compareValues(previous, next, node);
  return { touched: stripped(touched), removed: stripped(removed) };
}

function compareValues(previous: unknown, next: unknown, node: Node): Difference {
  const touched = emptySet();
  const removed = emptySet();
  if (previous === next) return { touched, removed };
  const before = previous === undefined ? undefined : partsOf(previous, node);
  const after = next === undefined ? undefined : partsOf(next, node);
  const isWhole = before === undefined && after === undefined;
  if (isWhole) {
    if (next === undefined) removed.isOwned = true;
    else if (previous === undefined || !equal(previous, next)) touched.isOwned = true;
    return { touched, removed };
  }
  if (previous === undefined) touched.isOwned = true;
  if (next === undefined) removed.isOwned = true;
  for (const key of new Set([...before?.keys() ?? [], ...after?.keys() ?? []])) {
    const one = before?.get(key);
    const other = after?.get(key);
    const inner = compareValues(one?.value, other?.value, (other ?? one)!.node);
    if (!isEmptySet(inner.touched)) touched.children.set(key, inner.touched);
    if (!isEmptySet(inner.removed)) removed.children.set(key, inner.removed);
  }
  return { touched, removed };
}

const serverFields = ['f:name', 'f:namespace', 'f:creationTimestamp', 'f:selfLink', 'f:uid', 'f:clusterName', 'f:generation', 'f:managedFields', 'f:resourceVersion'];

/** Without what nobody owns: fields that the server sets. */
function stripped(set: FieldSet): FieldSet {
  set.isOwned = false;
  set.children.delete('f:apiVersion');
  set.children.delete('f:kind');
  const metadata = set.children.get('f:metadata');
  if (metadata !== undefined) {
    metadata.isOwned = false;
    for (const field of serverFields) metadata.children.delete(field);
    if (isEmptySet(metadata)) set.children.delete('f:metadata');
  }
  return set;
}

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

export interface Managed extends Manager {
  time: string | undefined;
  fields: FieldSet;
}

/** What was read or written once is not taken apart again: entries are frozen, and sets are never changed. */
const setsByFields = new WeakMap<object, FieldSet>();
const fieldsBySet = new WeakMap<FieldSet, JsonObject>();

export function readManaged(entries: readonly ManagedFieldsEntry[] | undefined): Managed[] {
  return (entries ?? []).map((entry) => ({
    name: entry.manager ?? '', operation: entry.operation === 'Apply' ? 'Apply' : 'Update', apiVersion: entry.apiVersion ?? '',
    subresource: (entry as { subresource?: string }).subresource, time: entry.time, fields: remembered(entry.fieldsV1),
  }));
}

function remembered(fields: object | undefined): FieldSet {
  if (fields === undefined) return emptySet();
  let set = setsByFields.get(fields);
  if (set === undefined) {
    set = fromFields(fields);
    if (Object.isFrozen(fields)) {
      setsByFields.set(fields, set);
      fieldsBySet.set(set, fields as JsonObject);
    }
  }
  return set;
}

export function writeManaged(managed: readonly Managed[]): ManagedFieldsEntry[] {
  const order = (entry: Managed): string => `${entry.operation} ${entry.time ?? ''} ${entry.name} ${entry.apiVersion}`;
  return managed.filter(({ fields }) => !isEmptySet(fields)).sort((one, other) => (order(one) < order(other) ? -1 : 1)).map((entry) => ({
    manager: entry.name, operation: entry.operation, apiVersion: entry.apiVersion, ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1', fieldsV1: fieldsBySet.get(entry.fields) ?? toFields(entry.fields), ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
  }));
}

function isSame(one: Manager, other: Manager): boolean {
  return one.name === other.name && one.operation === other.operation && one.subresource === other.subresource
    && (one.operation === 'Apply' || one.apiVersion === other.apiVersion);
}

/** After a create or update by `manager`: who changes a field owns it, and nobody else does. */
export function afterUpdate(managed: Managed[], { touched, removed }: Difference, manager: Manager, now: string): Managed[] {
  const isNothing = isEmptySet(touched);
  const others = managed.map((entry) => ({ ...entry, fields: without(isSame(entry, manager) ? entry.fields : without(entry.fields, touched), removed) }));
  if (isNothing) return others;
  const own = others.find((entry) => isSame(entry, manager));
  if (own === undefined) return [...others, { ...manager, time: now, fields: touched }];
  if (!isWithin(touched, own.fields)) own.fields = union(own.fields, touched);
  own.time = now;
  return others;
}

/** As `difference`, but the very same set when nothing goes. */
function without(set: FieldSet, gone: FieldSet): FieldSet {
  return isEmptySet(gone) || !meets(set, gone) ? set : difference(set, gone);
}

function meets(one: FieldSet, other: FieldSet): boolean {
  if (one.isOwned && other.isOwned) return true;
  for (const [key, child] of other.children) {
    const same = one.children.get(key);
    if (same !== undefined && meets(same, child)) return true;
  }
  return false;
}

function isWithin(part: FieldSet, whole: FieldSet): boolean {
  if (part.isOwned && !whole.isOwned) return false;
  for (const [key, child] of part.children) {
    const same = whole.children.get(key);
    if (same === undefined || !isWithin(child, same)) return false;
  }
  return true;
}

export { isSame as isSameManager };
