/**
 * The verbs of the API on requests: get, list, create, update, patch, delete, deletecollection
 * (apiserver/pkg/endpoints/handlers/*.go). Watches are in watches.ts, parts of objects in subresources.ts.
 */
import { badRequest, StatusError, type Status } from '../api/status.ts';
import { isObject, type JsonObject } from '../api/values.ts';
import type { AnyObject, StoredAny } from '../api/kinds.ts';
import type { DeleteOptions, PropagationPolicy } from '../client.ts';
import { readObject } from './bodies.ts';
import { answer, methodNotAllowed, readDraft, settleNamespace, type Call } from './call.ts';
import { groupVersion, shown } from './convert.ts';
import type { ApiAnswer } from './http.ts';
import { filterOf } from './in-process-client.ts';
import type { Query } from './paths.ts';
import { patchObject } from './patching.ts';
import type { Subresource } from './registry.ts';
import { partialMetadata, tableOf } from './tables.ts';

export function serveResource(call: Call): ApiAnswer {
  const { path, request } = call;
  const isObjectPath = path.name !== undefined;
  switch (request.method) {
    case 'GET': return isObjectPath ? get(call) : list(call);
    case 'HEAD': return { ...(isObjectPath ? get(call) : list(call)), body: new Uint8Array() };
    case 'POST':
      if (isObjectPath || (path.info.isNamespaced && path.namespace === undefined)) throw methodNotAllowed();
      return create(call);
    case 'PUT':
      if (!isObjectPath) throw methodNotAllowed();
      return update(call);
    case 'PATCH':
      if (!isObjectPath) throw methodNotAllowed();
      return patch(call);
    case 'DELETE':
      if (isObjectPath) return remove(call);
      if (path.info.lacks?.includes('deletecollection') === true || (path.info.isNamespaced && path.namespace === undefined)) throw methodNotAllowed();
      return removeAll(call);
    default: throw methodNotAllowed();
  }
}

/** One object in the form that was asked for. */
export function answerObject(call: Call, status: number, object: StoredAny): ApiAnswer {
  const { path, form } = call;
  const { metadata } = object;
  switch (form.as) {
    case 'Table': return answer(call, status, table(call, [object], { resourceVersion: metadata.resourceVersion }));
    case 'PartialObjectMetadata': return answer(call, status, partialMetadata(object, form.version));
    case 'object': return answer(call, status, shown(path.info, path.version, object));
    default: throw new StatusError(406, 'NotAcceptable', '406: Not Acceptable', {});
  }
}

export function table(call: Call, objects: readonly StoredAny[], metadata: JsonObject, hasColumns = true): JsonObject {
  const { registry, path, query, form } = call;
  const include = query.get('includeObject') ?? 'Metadata';
  if (include !== 'Metadata' && include !== 'Object' && include !== 'None') throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  return tableOf(path.info.resource, objects, {
    nowMs: registry.runtime.nowMs(), minor: registry.config.minor, version: form.version, includeObject: include, metadata, hasColumns,
    show: (object) => shown(path.info, path.version, object),
  });
}

function get(call: Call): ApiAnswer {
  const { registry, path } = call;
  return answerObject(call, 200, registry.get(path.info.resource, path.name!, path.namespace));
}

function list(call: Call): ApiAnswer {
  const { registry, path, query, form } = call;
  const { store } = registry;
  const wantedVersion = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(wantedVersion)) throw new StatusError(500, '', `resourceVersion: Invalid value: ${JSON.stringify(wantedVersion)}: strconv.ParseUint: parsing ${JSON.stringify(wantedVersion)}: invalid syntax`);
  if (Number(wantedVersion) > store.version) {
    throw new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wantedVersion}, current: ${store.version}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1,
    });
  }
  const limit = wholeNumber(query, 'limit') ?? 0;
  const token = query.get('continue') ?? '';
  let found = selected(call);
  let version = store.version;
  if (token !== '') {
    const match = /^(\d+):(.*)$/s.exec(token);
    if (match === null) throw badRequest('continue key is not valid: illegal base64 data at input byte 0');
    version = Number(match[1]);
    const after = match[2]!;
    found = found.filter((object) => registry.keyOf(path.info, object.metadata.name, object.metadata.namespace) > after);
  }
  const metadata: JsonObject = { resourceVersion: String(version) };
  if (limit > 0 && found.length > limit) {
    const last = found[limit - 1]!.metadata;
    metadata['continue'] = `${version}:${registry.keyOf(path.info, last.name, last.namespace)}`;
    // How many are left is only known when nothing is filtered out.
    if (query.get('labelSelector') === undefined && query.get('fieldSelector') === undefined) metadata['remainingItemCount'] = found.length - limit;
    found = found.slice(0, limit);
  }
  switch (form.as) {
    case 'Table': return answer(call, 200, table(call, found, metadata));
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return answer(call, 200, { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${form.version}`, metadata, items: found.map((object) => partialMetadata(object, form.version)) });
    default:
      return answer(call, 200, {
        kind: `${path.info.kind}List`, apiVersion: groupVersion(path.info, path.version), metadata, items: found.map((object) => shown(path.info, path.version, object, true)),
      });
  }
}

/** A parameter that must be a number. */
function wholeNumber(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** The objects of a path that its selectors let through, in order. */
export function selected({ registry, path, query }: Call): StoredAny[] {
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  const isWanted = filterOf(path.info.resource, { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) });
  const all = registry.store.list(path.info.resource, path.namespace);
  return isWanted === undefined ? all : all.filter(isWanted);
}

function create(call: Call): ApiAnswer {
  const draft = readDraft(call);
  settleNamespace(call, draft);
  return answerObject(call, 201, call.registry.create(call.path.info.resource, draft, call.writer));
}

/** Kinds that a PUT also makes. */
const madeByUpdate = new Set(['services', 'endpoints', 'events', 'leases', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']);

export function update(call: Call, subresource?: Subresource): ApiAnswer {
  const { registry, path } = call;
  const draft = readDraft(call);
  settleNamespace(call, draft);
  const name = draft.metadata?.name ?? '';
  if (name !== path.name) {
    if (name === '') throw badRequest('name must be provided');
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name!})`);
  }
  if (subresource === undefined && madeByUpdate.has(path.info.resource) && registry.find(path.info.resource, name, path.namespace) === undefined) {
    return answerObject(call, 201, registry.create(path.info.resource, draft, call.writer));
  }
  return answerObject(call, 200, registry.update(path.info.resource, draft, call.writer, subresource));
}

export function patch(call: Call, subresource?: Subresource): ApiAnswer {
  const { object, isNew } = patchObject(call, subresource);
  return answerObject(call, isNew ? 201 : 200, object);
}

interface DeleteRequest extends DeleteOptions {
  readonly resourceVersion?: string;
}

export function deleteOptions({ request, query }: Pick<Call, 'request' | 'query'>): DeleteRequest {
  const body = request.body.length === 0 ? {} : readObject(request, 'DeleteOptions', 'meta/v1.DeleteOptions');
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  const propagation = body['propagationPolicy'] ?? query.get('propagationPolicy');
  const isOrphan = body['orphanDependents'] ?? (query.get('orphanDependents') === undefined ? undefined : query.is('orphanDependents'));
  const grace = body['gracePeriodSeconds'] ?? wholeNumber(query, 'gracePeriodSeconds');
  if (propagation !== undefined && !['Background', 'Foreground', 'Orphan'].includes(String(propagation))) {
    throw new StatusError(422, 'Invalid', `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "${String(propagation)}": supported values: "Foreground", "Background", "Orphan", "nil"`, {
      group: 'meta.k8s.io', kind: 'DeleteOptions', causes: [{ reason: 'FieldValueNotSupported', message: `Unsupported value: "${String(propagation)}": supported values: "Foreground", "Background", "Orphan", "nil"`, field: 'propagationPolicy' }],
    });
  }
  return {
    ...(typeof grace === 'number' ? { gracePeriodSeconds: Math.max(0, grace) } : {}),
    ...(propagation === undefined ? isOrphan === undefined ? {} : { propagationPolicy: isOrphan === true ? 'Orphan' as const : 'Background' as const } : { propagationPolicy: propagation as PropagationPolicy }),
    ...(typeof preconditions['uid'] === 'string' ? { uid: preconditions['uid'] } : {}),
    ...(typeof preconditions['resourceVersion'] === 'string' ? { resourceVersion: preconditions['resourceVersion'] } : {}),
  };
}

function remove(call: Call): ApiAnswer {
  const { registry, path } = call;
  const options = deleteOptions(call);
  const { object, isGone } = registry.delete(path.info.resource, path.name!, path.namespace, options, { ...call.writer, isDryRun: call.writer.isDryRun === true });
  if (!isGone || path.info.resource === 'pods') return answerObject(call, 200, object);
  return answer(call, 200, deletedStatus(call, object));
}

function deletedStatus({ path }: Call, { metadata }: AnyObject): Status {
  return {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
    details: { name: metadata?.name ?? '', ...(path.info.group === '' ? {} : { group: path.info.group }), kind: path.info.resource, uid: metadata?.uid ?? '' },
  };
}

function removeAll(call: Call): ApiAnswer {
  const { registry, path } = call;
  const options = deleteOptions(call);
  const items = selected(call).map(({ metadata }) => registry.delete(path.info.resource, metadata.name, metadata.namespace, options, call.writer).object);
  return answer(call, 200, {
    kind: `${path.info.kind}List`, apiVersion: groupVersion(path.info, path.version), metadata: { resourceVersion: String(registry.store.version) },
    items: items.map((object) => shown(path.info, path.version, object, true)),
  });
}
