/**
 * What `apply` sends: the changes from what is live to what the manifest says, and the removal of what an earlier manifest had and this one
 * has not (apimachinery/pkg/util/strategicpatch CreateThreeWayMergePatch).
 */
import { equalJson, fieldOf, isObject, structNamed, type Field, type Type } from '../../ports/kube.ts';
import type { JsonObject } from './rest.ts';

const DIRECTIVE = '$patch';

/** `apps/v1.Deployment`; undefined for kinds without a schema, whose lists are then replaced whole. */
export function schemaOf(apiVersion: string, kind: string): Type | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')).split('.')[0]! : 'core';
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  try {
    return { is: 'struct', struct: structNamed(`${group}/${version}.${kind}`), isPointer: false };
  } catch {
    return undefined;
  }
}

export function threeWayPatch(original: JsonObject, modified: JsonObject, current: JsonObject, type: Type | undefined): JsonObject {
  return difference(original, modified, current, type);
}

function difference(original: JsonObject, modified: JsonObject, current: JsonObject, type: Type | undefined): JsonObject {
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(modified)) {
    if (value === undefined) continue;
    if (!(name in current)) {
      if (value !== null) patch[name] = value;
      continue;
    }
    const live = current[name];
    const field = fieldOf(type, name);
    const inner = field?.type ?? (type?.is === 'map' ? type.item : undefined);
    if (isObject(value) && isObject(live)) {
      const sub = difference(isObject(original[name]) ? original[name] : {}, value, live, inner);
      if (Object.keys(sub).length > 0) patch[name] = sub;
    } else if (Array.isArray(value) && Array.isArray(live) && field?.patchStrategies.includes('merge') === true) {
      Object.assign(patch, listDifference(name, field, Array.isArray(original[name]) ? (original[name] as unknown[]) : [], value, live));
    } else if (!equalJson(value, live)) patch[name] = value;
  }
  for (const name of Object.keys(original)) if (!(name in modified) && name in current) patch[name] = null;
  return patch;
}

function listDifference(name: string, field: Field, original: readonly unknown[], modified: readonly unknown[], current: readonly unknown[]): JsonObject {
  const { mergeKey } = field;
  if (mergeKey === undefined) {
    const added = modified.filter((value) => !current.includes(value));
    const removed = original.filter((value) => !modified.includes(value) && current.includes(value));
    return { ...(added.length === 0 ? {} : { [name]: added }), ...(removed.length === 0 ? {} : { [`$deleteFromPrimitiveList/${name}`]: removed }) };
  }
  const keyOf = (item: unknown): unknown => (item as JsonObject)[mergeKey];
  const find = (list: readonly unknown[], key: unknown): JsonObject | undefined => list.find((item) => keyOf(item) === key) as JsonObject | undefined;
  const item = field.type.is === 'list' ? field.type.item : undefined;
  const changes: JsonObject[] = [];
  for (const value of modified as JsonObject[]) {
    const live = find(current, keyOf(value));
    if (live === undefined) {
      changes.push(value);
      continue;
    }
    const sub = difference(find(original, keyOf(value)) ?? {}, value, live, item);
    if (Object.keys(sub).length > 0) changes.push({ ...sub, [mergeKey]: keyOf(value) });
  }
  for (const value of original) {
    const key = keyOf(value);
    if (find(modified, key) === undefined && find(current, key) !== undefined) changes.push({ [DIRECTIVE]: 'delete', [mergeKey]: key });
  }
  if (changes.length === 0) return {};
  return { [`$setElementOrder/${name}`]: modified.map((value) => ({ [mergeKey]: keyOf(value) })), [name]: changes };
}
