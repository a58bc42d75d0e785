/**
 * Server-side apply (sigs.k8s.io/structured-merge-diff v4, merge/update.go): what somebody wants is merged into what there is; what he once
 * wanted, wants no longer and nobody else owns is taken away; what others own and he would change is a conflict.
 */
import {
  compare, difference, emptySet, fieldsIn, intersection, isEmptySet, isSameManager, itemKey, listKeysOf, union, type FieldSet, type Managed, type Manager,
} from '../managed-fields.ts';
import type { Field, Struct, Type } from '../schema.ts';
import { copy, equal, isObject, put, type JsonObject } from '../values.ts';

export interface FieldConflict {
  readonly manager: Manager;
  /** `.spec.replicas` */
  readonly path: string;
}

export interface Applied {
  readonly object: JsonObject;
  readonly managed: Managed[];
}

/** The object and its owners after `manager` has applied `wanted`, or the conflicts in the way of it. */
export function applyConfiguration(
  live: JsonObject, wanted: JsonObject, struct: Struct, managed: readonly Managed[], manager: Manager, now: string, isForced: boolean,
): Applied | readonly FieldConflict[] {
  const owned = fieldsIn(wanted, struct);
  const type: Type = { is: 'struct', struct, isPointer: false };
  const own = managed.find((entry) => isSameManager(entry, manager));
  const others = managed.filter((entry) => entry !== own);
  const object = mergeValue(live, wanted, type, undefined) as JsonObject;
  const { touched } = compare(live, object, struct);
  const conflicts = others.flatMap((entry) => pathsOf(intersection(entry.fields, touched)).map((path) => ({ manager: entry, path })));
  if (conflicts.length > 0 && !isForced) return conflicts;
  const left = others.map((entry) => ({ ...entry, fields: difference(entry.fields, touched) }));
  let kept: FieldSet = owned;
  for (const entry of left) kept = union(kept, entry.fields);
  const abandoned = difference(own?.fields ?? emptySet(), kept);
  prune(object, abandoned, kept, type, undefined);
  const isUnchanged = own !== undefined && isEmptySet(difference(own.fields, owned)) && isEmptySet(difference(owned, own.fields)) && equal(live, object);
  return { object, managed: [...left, { ...manager, time: isUnchanged ? own.time : now, fields: owned }] };
}

function mergeValue(live: unknown, wanted: unknown, type: Type, field: Field | undefined): unknown {
  if (type.is === 'struct' || type.is === 'map') {
    if (!isObject(wanted) || (type.is === 'struct' && type.struct.name === 'LabelSelector')) return copy(wanted);
    const merged: JsonObject = isObject(live) ? { ...live } : {};
    for (const [name, value] of Object.entries(wanted)) {
      const declared = type.is === 'struct' ? type.struct.fields.get(name) : undefined;
      const inner = type.is === 'map' ? type.item : declared?.type;
      put(merged, name, inner === undefined ? copy(value) : mergeValue(Object.hasOwn(merged, name) ? merged[name] : undefined, value, inner, declared));
    }
    return merged;
  }
  if (type.is === 'list' && field !== undefined && Array.isArray(wanted)) {
    const how = listKeysOf(field);
    if (how === 'atomic') return copy(wanted);
    const keyOf = (item: unknown): string => (how === 'set' ? JSON.stringify(item) : itemKey(item, how.keys));
    const before = new Map((Array.isArray(live) ? live : []).map((item: unknown) => [keyOf(item), item]));
    const merged = new Map(before);
    for (const item of wanted as unknown[]) merged.set(keyOf(item), mergeValue(before.get(keyOf(item)), item, type.item, undefined));
    return [...merged.values()];
  }
  return copy(wanted);
}

/** Takes away what is abandoned; an item goes as a whole when nobody owns anything in it. */
function prune(value: unknown, abandoned: FieldSet, kept: FieldSet, type: Type, field: Field | undefined): void {
  for (const [key, part] of abandoned.children) {
    const keptPart = kept.children.get(key);
    const isLeft = keptPart !== undefined;
    if (key.startsWith('f:') && isObject(value)) {
      const name = key.slice(2);
      const declared = type.is === 'struct' ? type.struct.fields.get(name) : undefined;
      const inner = type.is === 'map' ? type.item : declared?.type;
      if (!Object.hasOwn(value, name)) continue;
      if (!isLeft && (part.isOwned || inner?.is !== 'struct' || inner.isPointer)) delete value[name];
      else if (inner !== undefined) prune(value[name], part, keptPart ?? emptySet(), inner, declared);
    } else if (Array.isArray(value) && field !== undefined && type.is === 'list') {
      const how = listKeysOf(field);
      if (how === 'atomic') continue;
      const at = (value as unknown[]).findIndex((item) => (how === 'set' ? `v:${JSON.stringify(item)}` : itemKey(item, how.keys)) === key);
      if (at < 0) continue;
      if (!isLeft) value.splice(at, 1);
      else prune(value[at], part, keptPart, type.item, undefined);
    }
  }
}

function pathsOf(set: FieldSet, path = ''): string[] {
  const own = set.isOwned ? [path] : [];
  return [...own, ...[...set.children].flatMap(([key, child]) => pathsOf(child, path + stepText(key)))];
}

function stepText(key: string): string {
  if (key.startsWith('f:')) return `.${key.slice(2)}`;
  if (key.startsWith('v:')) return `[=${key.slice(2)}]`;
  const keys = JSON.parse(key.slice(2)) as JsonObject;
  return `[${Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}
