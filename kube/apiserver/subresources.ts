/**
 * Parts of objects and things done to them: status, scale, binding, eviction, finalize, log, exec, attach, port-forward
 * (pkg/registry/core/pod/rest, pkg/registry/apps/deployment/storage).
 */
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1';
import type { Pod } from 'kubernetes-types/core/v1';
import { decode, WrongType } from '../api/decode.ts';
import type { StoredAny } from '../api/kinds.ts';
import { selectorText } from './printers.ts';
import { matchesSelector } from '../api/selectors.ts';
import { structNamed } from '../api/schema.ts';
import { badRequest, invalid, noSuchResource, StatusError } from '../api/status.ts';
import { copy, isObject, type JsonObject } from '../api/values.ts';
import { bindPod } from './binding.ts';
import { readObject } from './bodies.ts';
import { typeProblem } from './decode-problems.ts';
import type { ApiResponse } from './http.ts';
import { patched, patchTypeOf, readPatch } from './patching.ts';
import { serveAttach, serveExec, serveLog, servePortForward } from './pod-connections.ts';
import { serveProxy } from './proxying.ts';
import type { Draft } from './registry.ts';
import { answer, methodNotAllowed, type Call } from './call.ts';
import { answerObject, deleteOptions, patch, update } from './rest.ts';
import type { PodStreams } from '../pod-streams.ts';

export function serveSubresource(call: Call, streams: PodStreams | undefined): ApiResponse {
  const { path, request } = call;
  const { info } = path;
  switch (path.subresource) {
    case 'status':
      if (!info.hasStatus) throw noSuchResource();
      if (request.method === 'GET') return answerObject(call, 200, call.registry.get(info.resource, path.name!, path.namespace));
      if (request.method === 'PUT') return update(call, 'status');
      if (request.method === 'PATCH') return patch(call, 'status');
      throw methodNotAllowed();
    case 'scale':
      if (!info.hasScale) throw noSuchResource();
      return scale(call);
    case 'finalize':
      if (info.resource !== 'namespaces') throw noSuchResource();
      if (request.method !== 'PUT') throw methodNotAllowed();
      return update(call, 'finalize');
    default:
  }
  if (path.subresource === 'proxy' && (info.resource === 'pods' || info.resource === 'services')) return serveProxy(call, streams);
  if (info.resource !== 'pods') throw noSuchResource();
  switch (path.subresource) {
    case 'binding':
      if (request.method !== 'POST') throw methodNotAllowed();
      return bind(call);
    case 'eviction':
      if (request.method !== 'POST') throw methodNotAllowed();
      return evict(call);
    case 'log':
      if (request.method !== 'GET') throw methodNotAllowed();
      return serveLog(call, streams);
    case 'exec':
    case 'attach':
    case 'portforward':
      if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed();
      return path.subresource === 'exec' ? serveExec(call, streams) : path.subresource === 'attach' ? serveAttach(call, streams) : servePortForward(call, streams);
    default: throw noSuchResource();
  }
}

/** autoscaling/v1 Scale of anything that has replicas. */
function scaleOf(object: StoredAny): JsonObject {
  const spec = object['spec'] as { replicas?: number; selector?: JsonObject };
  const status = object['status'] as { replicas?: number } | undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = spec.selector === undefined ? '' : isObject(spec.selector['matchLabels']) || spec.selector['matchExpressions'] !== undefined
    ? selectorText(spec.selector as never, '') : selectorText({ matchLabels: spec.selector as Record<string, string> }, '');
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { ...(spec.replicas === undefined || spec.replicas === 0 ? {} : { replicas: spec.replicas }) },
    status: { replicas: status?.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

function scale(call: Call): ApiResponse {
  const { registry, path, request } = call;
  const { resource } = path.info;
  const old = registry.get(resource, path.name!, path.namespace);
  const before = scaleOf(old);
  let next: JsonObject;
  switch (request.method) {
    case 'GET': return answer(call, 200, before);
    case 'PUT':
      next = readObject(request, 'Scale', 'autoscaling/v1.Scale');
      break;
    case 'PATCH': {
      const type = patchTypeOf(call);
      if (type === 'apply') throw new StatusError(415, 'UnsupportedMediaType', 'apply patches of scale are not served', {});
      next = patched(before, readPatch(call, type), type, structNamed('autoscaling/v1.Scale'));
      break;
    }
    default: throw methodNotAllowed();
  }
  const decoded = decodeScale(call, next);
  const replicas = ((decoded['spec'] as JsonObject | undefined)?.['replicas'] ?? 0) as number;
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, path.name!, [{
      reason: 'FieldValueInvalid', message: `Invalid value: ${replicas}: must be greater than or equal to 0`, field: 'spec.replicas',
    }]);
  }
  const draft = copy(old) as Draft;
  (draft['spec'] as { replicas?: number }).replicas = replicas;
  const version = (decoded['metadata'] as JsonObject | undefined)?.['resourceVersion'];
  if (typeof version === 'string') (draft.metadata as { resourceVersion?: string }).resourceVersion = version;
  return answer(call, 200, scaleOf(registry.update(resource, draft, call.writer, 'scale')));
}

function decodeScale({ registry }: Call, given: JsonObject): JsonObject {
  const { minor } = registry.config;
  try {
    return decode(given, structNamed('autoscaling/v1.Scale'), { minor });
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${typeProblem(error, JSON.stringify(given), minor)}`);
    throw error;
  }
}

function created(call: Call): ApiResponse {
  return answer(call, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

function bind(call: Call): ApiResponse {
  const { registry, path, request } = call;
  const target = readObject(request, 'Binding', 'core/v1.Binding')['target'];
  const name = isObject(target) ? target['name'] : undefined;
  if (typeof name !== 'string' || name === '') {
    throw new StatusError(500, '', 'target.name: Required value');
  }
  bindPod(registry, { name: path.name!, namespace: path.namespace }, name, call.writer);
  return created(call);
}

/** Deletes a pod unless a disruption budget forbids it. */
function evict(call: Call): ApiResponse {
  const { registry, path, request } = call;
  const body = readObject(request, 'Eviction', 'policy/v1beta1.Eviction');
  const pod = registry.get('pods', path.name!, path.namespace) as Pod;
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.status?.phase === 'Pending';
  const budgets = isOver ? [] : (registry.store.list('poddisruptionbudgets', path.namespace) as PodDisruptionBudget[])
    .filter(({ spec }) => matchesSelector(spec?.selector)(pod.metadata?.labels));
  if (budgets.length > 1) throw new StatusError(500, 'InternalError', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  const [budget] = budgets;
  if (budget !== undefined) {
    const status: Partial<PodDisruptionBudgetStatus> = budget.status ?? {};
    if ((status.disruptionsAllowed ?? 0) <= 0) {
      throw new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
        causes: [{ reason: 'DisruptionBudget', message: `The disruption budget ${budget.metadata?.name ?? ''} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently` }],
      });
    }
    const draft = copy(budget) as Draft;
    (draft['status'] as { disruptionsAllowed: number }).disruptionsAllowed -= 1;
    registry.update('poddisruptionbudgets', draft, call.writer, 'status');
  }
  const given = isObject(body['deleteOptions']) ? body['deleteOptions'] : {};
  const options = deleteOptions({ ...call, request: { ...request, body: new TextEncoder().encode(JSON.stringify(given)) } });
  registry.delete('pods', path.name!, path.namespace, options, call.writer);
  return created(call);
}

/** POST namespaces/NS/bindings: the same as pods/NAME/binding, the pod named in the body. */
export function serveBindings(call: Call): ApiResponse {
  const body = readObject(call.request, 'Binding', 'core/v1.Binding');
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  if (typeof metadata['name'] !== 'string') throw badRequest('name must be provided');
  return bind({ ...call, path: { ...call.path, name: metadata['name'] } });
}
