/**
 * Strategic merge patches (apimachinery/pkg/util/strategicpatch/patch.go): a merge patch that knows which lists are sets and which are
 * maps, with the directives `$patch`, `$retainKeys`, `$setElementOrder/...` and `$deleteFromPrimitiveList/...`.
 */
import type { Type } from '../schema.ts';
import { copy, equal, isObject, put, type JsonObject } from '../values.ts';
import { PatchProblem } from './json.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

export function strategicMergePatch(target: unknown, patch: unknown, type: Type): unknown {
  if (!isObject(patch)) throw new PatchProblem(`json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`);
  return mergeObjects(isObject(target) ? target : {}, patch, type);
}

/** How the field of an object merges. A map's values have no strategies of their own. */
function metaOf(type: Type | undefined, name: string): { readonly type: Type | undefined; readonly strategies: readonly string[]; readonly mergeKey: string | undefined } {
  if (type?.is === 'struct') {
    const field = type.struct.fields.get(name);
    return { type: field?.type, strategies: field?.patchStrategies ?? [], mergeKey: field?.mergeKey };
  }
  return { type: type?.is === 'map' ? type.item : undefined, strategies: [], mergeKey: undefined };
}

function mergeObjects(original: JsonObject, patch: JsonObject, type: Type | undefined): JsonObject {
  const directive = patch['$patch'];
  if (directive !== undefined) {
    if (directive === 'replace') {
      const { $patch: _, ...rest } = patch;
      return copy(rest);
    }
    if (directive === 'delete') return {};
    throw new PatchProblem(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  const merged = retained(original, patch);
  const done = new Set(['$retainKeys']);
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = key.slice(orderPrefix.length);
    done.add(key);
    done.add(name);
    reorder(merged, name, order, patch[name], type);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (done.has(key)) continue;
    if (key.startsWith(deletePrefix)) {
      const name = key.slice(deletePrefix.length);
      const list = merged[name];
      if (Array.isArray(list) && Array.isArray(value)) merged[name] = (list as unknown[]).filter((item) => !(value as unknown[]).some((gone) => equal(gone, item)));
    } else if (value === null) delete merged[key];
    else put(merged, key, mergeField(Object.hasOwn(merged, key) ? merged[key] : undefined, value, key, type));
  }
  return merged;
}

/** What is new, or of another type, comes as it is written, directives and all. */
function mergeField(original: unknown, value: unknown, key: string, type: Type | undefined): unknown {
  const meta = metaOf(type, key);
  if (isObject(value) && isObject(original) && !meta.strategies.includes('replace')) return mergeObjects(original, value, meta.type);
  if (Array.isArray(value) && Array.isArray(original) && meta.strategies.includes('merge')) return mergeLists(original, value, meta);
  return copy(value);
}

type ListMeta = ReturnType<typeof metaOf>;

function mergeLists(original: readonly unknown[], patch: readonly unknown[], meta: ListMeta): unknown[] {
  const { merged, isReplaced, patchItems } = mergeItems(original, patch, meta);
  if (isReplaced) return merged;
  return ordered(merged, patchItems, original, meta.mergeKey);
}

function mergeItems(original: readonly unknown[], patch: readonly unknown[], { type, mergeKey }: ListMeta): { readonly merged: unknown[]; readonly isReplaced: boolean; readonly patchItems: readonly unknown[] } {
  const isOfObjects = [...original, ...patch].some(isObject);
  if (!isOfObjects) {
    const merged: unknown[] = [];
    for (const item of [...original, ...patch]) if (!merged.some((one) => equal(one, item))) merged.push(item);
    return { merged, isReplaced: false, patchItems: patch };
  }
  if (mergeKey === undefined) throw new PatchProblem(`cannot merge lists without merge key for ${type?.is === 'list' && type.item.is === 'struct' ? type.item.struct.name : ''}`);
  const itemType = type?.is === 'list' ? type.item : undefined;
  let merged: unknown[] = [...original];
  const patchItems: JsonObject[] = [];
  let isReplaced = false;
  for (const item of patch) {
    if (!isObject(item)) throw new PatchProblem('list element types are not identical: map[string]interface {}, ' + typeof item);
    const directive = item['$patch'];
    if (directive === undefined) patchItems.push(item);
    else if (directive === 'delete') {
      if (item[mergeKey] === undefined) throw missingKey(item, mergeKey);
      merged = merged.filter((one) => !(isObject(one) && equal(one[mergeKey], item[mergeKey])));
    } else if (directive === 'replace') isReplaced = true;
    else if (directive === 'merge') throw new PatchProblem('merging lists cannot yet be specified in the patch');
    else throw new PatchProblem(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
  }
  if (isReplaced) return { merged: copy(patchItems), isReplaced, patchItems };
  for (const item of patchItems) {
    if (item[mergeKey] === undefined) throw missingKey(item, mergeKey);
    const at = merged.findIndex((one) => isObject(one) && equal(one[mergeKey], item[mergeKey]));
    if (at >= 0) merged[at] = mergeObjects(merged[at] as JsonObject, item, itemType);
    else merged.push(copy(item));
  }
  return { merged, isReplaced, patchItems };
}

function missingKey(item: JsonObject, mergeKey: string): PatchProblem {
  return new PatchProblem(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

function sameItem(mergeKey: string | undefined): (one: unknown, other: unknown) => boolean {
  if (mergeKey === undefined) return equal;
  return (one, other) => isObject(one) && isObject(other) && equal(one[mergeKey], other[mergeKey]);
}

/** Items of the patch in the patch's order, the server's own in the server's, woven by where both stood before. */
function ordered(merged: readonly unknown[], wantedOrder: readonly unknown[], serverOrder: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const isSame = sameItem(mergeKey);
  const indexIn = (list: readonly unknown[], item: unknown): number => list.findIndex((one) => isSame(one, item));
  const byOrder = (list: readonly unknown[], order: readonly unknown[]): unknown[] => [...list].sort((one, other) => indexIn(order, one) - indexIn(order, other));
  const fromPatch = byOrder(merged.filter((item) => indexIn(wantedOrder, item) >= 0), wantedOrder);
  const fromServer = byOrder(merged.filter((item) => indexIn(wantedOrder, item) < 0), serverOrder);
  const woven: unknown[] = [];
  while (fromPatch.length > 0 && fromServer.length > 0) {
    const server = indexIn(serverOrder, fromServer[0]);
    const patched = indexIn(serverOrder, fromPatch[0]);
    woven.push(server >= 0 && patched >= 0 && server < patched ? fromServer.shift() : fromPatch.shift());
  }
  return [...woven, ...fromServer, ...fromPatch];
}

function reorder(merged: JsonObject, name: string, order: unknown, patch: unknown, type: Type | undefined): void {
  const meta = metaOf(type, name);
  if (!Array.isArray(order)) throw new PatchProblem(`expected a []interface {}, but received a ${typeof order}`);
  const original = merged[name];
  if (!Array.isArray(original) && !Array.isArray(patch)) return;
  const before: readonly unknown[] = Array.isArray(original) ? original : [];
  if (Array.isArray(patch)) checkOrder(patch, order, meta.mergeKey);
  const list = !Array.isArray(patch) ? before : Array.isArray(original) ? mergeItems(before, patch, meta).merged : copy(patch);
  merged[name] = ordered(list, order, before, meta.mergeKey);
}

/** The items of a patch must follow each other as its directive says. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return;
  const items = patch.filter((item) => !isObject(item) || item['$patch'] === undefined);
  const isSame = sameItem(mergeKey);
  let next = 0;
  for (const wanted of order) if (next < items.length && isSame(items[next], wanted)) next += 1;
  if (next < items.length) throw new PatchProblem(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}

function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  if (keys === undefined) return { ...original };
  const isListed = (name: string): boolean => Array.isArray(keys) && keys.includes(name);
  const strays = Object.entries(patch).filter(([name, value]) => value !== null && !name.startsWith('$') && !isListed(name));
  if (!Array.isArray(keys) || strays.length > 0) throw new PatchProblem('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(original).filter(([name]) => isListed(name)));
}

/** As %v of Go prints a JSON value: map[a:1 b:[x y]]. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isObject(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
  return value === null ? '<nil>' : String(value);
}
