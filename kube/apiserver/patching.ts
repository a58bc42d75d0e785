/** PATCH: JSON patch, merge patch, strategic merge patch and server-side apply (apiserver/pkg/endpoints/handlers/patch.go). */
import { WrongType } from '../api/decode.ts';
import type { Resource, StoredAny } from '../api/kinds.ts';
import { readManaged } from '../api/managed-fields.ts';
import { applyConfiguration, type FieldConflict } from '../api/patches/apply.ts';
import { jsonPatch, PatchProblem } from '../api/patches/json.ts';
import { mergePatch } from '../api/patches/merge.ts';
import { jsonProblem } from '../api/go-json.ts';
import { goText, strategicMergePatch } from '../api/patches/strategic.ts';
import { goTypeName, type Struct } from '../api/schema.ts';
import { badRequest, invalid, notFound, StatusError } from '../api/status.ts';
import { copy, equal, isObject, type JsonObject } from '../api/values.ts';
import type { PatchType } from '../client.ts';
import { timestamp } from '../runtime.ts';
import { checkDepth, mediaType, readYaml, textOf, unsupportedMediaType } from './bodies.ts';
import { groupVersion, shown, structForVersion } from './convert.ts';
import { typeProblem } from './decode-problems.ts';
import { apiVersionOf, type Draft, type Registry, type Subresource, type Writer } from './registry.ts';
import { decodeGiven, type Call } from './call.ts';
import { infoOf } from '../api/resources.ts';

const mediaTypes: Record<string, PatchType> = {
  'application/json-patch+json': 'json', 'application/merge-patch+json': 'merge', 'application/strategic-merge-patch+json': 'strategic', 'application/apply-patch+yaml': 'apply',
};

export function patchTypeOf(call: Pick<Call, 'request'>): PatchType {
  const type = mediaTypes[mediaType(call.request)];
  if (type === undefined) throw unsupportedMediaType();
  return type;
}

/** The body of a patch as a value. */
export function readPatch(call: Pick<Call, 'request'>, type: PatchType): unknown {
  const text = textOf(call.request);
  if (type === 'apply') return readYaml(text);
  checkDepth(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (type === 'merge') throw new StatusError(500, '', 'Invalid JSON Patch');
    const problem = jsonProblem(text);
    throw badRequest(type === 'strategic' && problem === 'unexpected end of JSON input' ? 'unexpected EOF' : problem);
  }
}

/** A value with a patch applied to it; what does not fit is answered as the real server does. */
export function patched(current: JsonObject, patch: unknown, type: Exclude<PatchType, 'apply'>, struct: Struct): JsonObject {
  try {
    const result = type === 'json' ? jsonPatch(current, patch) : type === 'merge' ? mergePatch(current, patch)
      : strategicMergePatch(current, patch, { is: 'struct', struct, isPointer: false });
    if (!isObject(result)) throw new PatchProblem('json: cannot unmarshal into an object');
    return result;
  } catch (error) {
    if (!(error instanceof PatchProblem)) throw error;
    if (type !== 'json') throw error.message.startsWith('invalid patch') || error.message.startsWith('json:') ? badRequest(error.message) : new StatusError(500, '', error.message);
    if (error.message.startsWith('json:')) throw badRequest(error.message);
    // What is wrong with it the real server keeps to itself.
    throw new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
  }
}

export function patchObject(call: Call, subresource?: Subresource): { readonly object: StoredAny; readonly isNew: boolean } {
  const { registry, path } = call;
  const { resource } = path.info;
  const type = patchTypeOf(call);
  const patch = readPatch(call, type);
  if (type === 'apply') return applyPatch(call, patch, subresource);
  const old = registry.get(resource, path.name!, path.namespace);
  const result = patched(shown(path.info, path.version, old), patch, type, structForVersion(path.info, path.version) ?? registry.structOf(resource));
  const draft = decodePatched(call, result, type === 'strategic' ? patch : undefined);
  checkName(call, draft.metadata?.name, draft.metadata?.namespace);
  const uid = draft.metadata?.uid;
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw invalid(path.info, path.name!, [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`, field: 'metadata.uid' }]);
  }
  return { object: registry.update(resource, draft, call.writer, subresource), isNew: false };
}

/** A patch that makes of an object what it cannot be is answered as a field of that name. */
function decodePatched(call: Call, result: JsonObject, patch: unknown): Draft {
  const text = JSON.stringify(result);
  try {
    return decodeGiven(call, result, text);
  } catch (error) {
    if (!(error instanceof StatusError) || !(error.cause instanceof WrongType)) throw error;
    const { cause } = error;
    const shown = patch === undefined ? text : goText(patch);
    const why = patch === undefined ? typeProblem(cause, text, call.registry.config.minor)
      : cause.expected.is === 'scalar' ? cause.message || `unrecognized type: ${goTypeName(cause.expected)}` : `cannot restore ${cause.expected.is === 'list' ? 'slice' : cause.expected.is} from: ${typeof cause.found}`;
    throw invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(shown)}: ${why}`, field: 'patch' }]);
  }
}

function checkName({ path }: Call, name: string | undefined, namespace: string | undefined): void {
  if (name !== path.name) throw badRequest(`the name of the object (${name ?? ''}) does not match the name on the URL (${path.name!})`);
  if (path.info.isNamespaced && namespace !== path.namespace) throw badRequest(`the namespace of the object (${namespace ?? ''}) does not match the namespace on the URL (${path.namespace ?? ''})`);
}

function applyPatch(call: Call, patch: unknown, subresource: Subresource | undefined): { readonly object: StoredAny; readonly isNew: boolean } {
  const { registry, path, query } = call;
  if (query.get('fieldManager') === undefined) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason: 'FieldValueRequired', message: 'Required value: is required for apply patch', field: 'fieldManager' }]);
  }
  if (!isObject(patch)) throw badRequest('error decoding YAML: the patch is no object');
  const wanted = groupVersion(path.info, path.version);
  if (patch['apiVersion'] !== wanted || patch['kind'] !== path.info.kind) {
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${String(patch['apiVersion'] ?? '')}, expected: ${wanted}`);
  }
  const metadata = isObject(patch['metadata']) ? patch['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) throw badRequest('metadata.managedFields must be nil');
  // Checks types and unknown fields; the merge works on what was written, without zero values.
  decodeGiven(call, patch, JSON.stringify(patch));
  if (metadata['name'] !== undefined && metadata['name'] !== path.name) checkName(call, String(metadata['name']), path.namespace);
  const body = { ...patch, metadata: { ...metadata, name: path.name!, ...(path.info.isNamespaced ? { namespace: path.namespace } : {}) } };
  return applyTo(registry, path.info.resource, body, call.writer, query.is('force'), subresource);
}

/** Applies a configuration that carries its name; makes the object when it is not there. */
export function applyTo(
  registry: Registry, resource: Resource, configuration: JsonObject, writer: Writer, isForced: boolean, subresource?: Subresource,
): { readonly object: StoredAny; readonly isNew: boolean } {
  const { kind: _, apiVersion: __, ...wanted } = configuration;
  const metadata = wanted['metadata'] as { name: string; namespace?: string };
  const info = infoOf(resource);
  const { minor } = registry.config;
  const old = registry.find(resource, metadata.name, metadata.namespace);
  if (old === undefined && subresource !== undefined) throw notFound(info, metadata.name);
  const manager = { name: writer.manager, operation: 'Apply' as const, apiVersion: apiVersionOf(info, minor), subresource: minor >= 22 ? subresource : undefined };
  const live = (old ?? {}) as JsonObject;
  const outcome = applyConfiguration(copy(live), copy(wanted), registry.structOf(resource), readManaged(old?.metadata.managedFields), manager, timestamp(registry.runtime.nowMs()), isForced);
  if (!('object' in outcome)) throw applyConflict(outcome);
  const draft = registry.decode(resource, outcome.object);
  if (old === undefined) return { object: registry.create(resource, draft, writer, outcome.managed), isNew: true };
  const isSame = equal(outcome.object, live);
  if (isSame && equal(readManaged(old.metadata.managedFields).map(({ time }) => time), outcome.managed.map(({ time }) => time))) return { object: old, isNew: false };
  return { object: registry.update(resource, draft, writer, subresource, outcome.managed), isNew: false };
}

function applyConflict(conflicts: readonly FieldConflict[]): StatusError {
  // Those who only update own fields in one version; those who apply in all.
  const who = ({ name, operation, apiVersion }: FieldConflict['manager']): string => JSON.stringify(name) + (operation === 'Update' ? ` using ${apiVersion}` : '');
  const byManager = new Map<string, string[]>();
  for (const { manager, path } of conflicts) byManager.set(who(manager), [...byManager.get(who(manager)) ?? [], path]);
  const parts = [...byManager].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, paths]) => (
    paths.length === 1 ? `conflict with ${name}: ${paths[0]!}` : `conflicts with ${name}:\n- ${paths.join('\n- ')}`
  ));
  const message = `Apply failed with ${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}: ${parts.join('\n')}`;
  return new StatusError(409, 'Conflict', message, {
    causes: conflicts.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who(manager)}`, field: path })),
  });
}
