/** JSON Patch: RFC 6902, with the messages of the implementation that Kubernetes uses (github.com/evanphx/json-patch v4). */
import { copy, equal, isObject, put, type JsonObject } from '../values.ts';

export class PatchProblem extends Error {}

const mostOperations = 10_000;

export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new PatchProblem(`json: cannot unmarshal ${isObject(patch) ? 'object' : typeof patch} into Go value of type jsonpatch.Patch`);
  if (patch.length > mostOperations) throw new PatchProblem(`The allowed maximum operations in a JSON patch is ${mostOperations}, got ${patch.length}`);
  const root = { document: copy(document) as unknown };
  for (const operation of patch as unknown[]) apply(root, operation);
  return root.document;
}

interface Root {
  document: unknown;
}

function apply(root: Root, operation: unknown): void {
  const { op, path, from } = (isObject(operation) ? operation : {});
  if (typeof op !== 'string') throw new PatchProblem('Unexpected kind: unknown');
  if (typeof path !== 'string') throw new PatchProblem(`error in ${op} for path: '': missing value`);
  const value = (operation as JsonObject)['value'];
  switch (op) {
    case 'add':
      return add(root, path, value, 'add');
    case 'remove':
      remove(root, path, 'remove');
      return;
    case 'replace':
      return replace(root, path, value);
    case 'move': {
      const moved = remove(root, text(from), 'move');
      return add(root, path, moved, 'move');
    }
    case 'copy':
      return add(root, path, copy(get(root, text(from), 'copy')), 'copy');
    case 'test': {
      const found = find(root, path);
      if (equal(found ?? null, value ?? null)) return;
      throw new PatchProblem(`testing value ${path} failed: test failed`);
    }
    default: throw new PatchProblem(`Unexpected kind: ${op}`);
  }
}

function text(from: unknown): string {
  if (typeof from !== 'string') throw new PatchProblem('missing value');
  return from;
}

function steps(path: string): string[] {
  return path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parentOf(root: Root, path: string): { readonly parent: unknown; readonly last: string } {
  const all = steps(path);
  const last = all.pop() ?? '';
  let parent: unknown = root.document;
  for (const step of all) parent = child(parent, step);
  return { parent, last };
}

function child(parent: unknown, step: string): unknown {
  if (Array.isArray(parent)) return /^\d+$/.test(step) ? parent[Number(step)] as unknown : undefined;
  return isObject(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
}

function find(root: Root, path: string): unknown {
  if (path === '') return root.document;
  const { parent, last } = parentOf(root, path);
  return child(parent, last);
}

function get(root: Root, path: string, verb: string): unknown {
  const found = find(root, path);
  if (found !== undefined) return found;
  const { parent } = parentOf(root, path);
  // A field that is not there is copied as null.
  if (isObject(parent)) return null;
  throw Array.isArray(parent) ? new PatchProblem(`error in ${verb} for path: '${path}': missing value`) : missingDocument(verb, path);
}

/** The path is quoted, but for replace. */
function missingDocument(verb: string, path: string): PatchProblem {
  return new PatchProblem(`${verb} operation does not apply: doc is missing path: ${verb === 'replace' ? path : JSON.stringify(path)}: missing value`);
}

function add(root: Root, path: string, value: unknown, verb: string): void {
  if (path === '') {
    root.document = value;
    return;
  }
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : /^-?\d+$/.test(last) ? Number(last) : undefined;
    if (index === undefined) throw new PatchProblem(`error in ${verb} for path: '${path}': strconv.Atoi: parsing "${last}": invalid syntax`);
    const at = index < 0 ? parent.length + 1 + index : index;
    if (at < 0 || at > parent.length) throw new PatchProblem(`error in ${verb} for path: '${path}': Unable to access invalid index: ${index}: invalid index referenced`);
    parent.splice(at, 0, value);
  } else if (isObject(parent)) put(parent, last, value ?? null);
  else throw missingDocument(verb, path);
}

function remove(root: Root, path: string, verb: string): unknown {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) {
    const index = Number(last);
    if (!/^\d+$/.test(last) || index >= parent.length) {
      throw new PatchProblem(`error in remove for path: '${path}': Unable to access invalid index: ${last}: invalid index referenced`);
    }
    return parent.splice(index, 1)[0] as unknown;
  }
  if (!isObject(parent)) throw missingDocument(verb, path);
  if (!Object.hasOwn(parent, last)) throw new PatchProblem(`error in remove for path: '${path}': Unable to remove nonexistent key: ${last}: missing value`);
  const value = parent[last];
  delete parent[last];
  return value;
}

function replace(root: Root, path: string, value: unknown): void {
  if (path === '') {
    root.document = value;
    return;
  }
  const { parent, last } = parentOf(root, path);
  if (!Array.isArray(parent) && !isObject(parent)) throw missingDocument('replace', path);
  // A field that is not there is set all the same.
  if (Array.isArray(parent)) {
    if (child(parent, last) === undefined) throw missingDocument('replace', path);
    parent[Number(last)] = value;
  }
  else put(parent, last, value);
}
