/** The Compute API v1: paths to collections, verbs to changes. https://cloud.google.com/compute/docs/reference/rest/v1 */
import { collections, type Collection, type ScopeKind, type Target } from './collections.ts';
import { pick, type ApiContext } from './context.ts';
import { matcher } from './filter.ts';
import { images, machineTypes, zonesOf } from './geography.ts';
import { ApiError, alreadyExists, bodyOf, json, notFound, required, type CloudRequest, type CloudResponse } from './http.ts';
import { machineTypeObject, shown } from './instances.ts';
import { child, regionOfZone, text, type JsonObject } from './json.ts';
import type { Operations } from './operations.ts';
import { linkTo, type ComputeObject } from './store.ts';

export interface ComputeApi {
  /** `segments` are those below /compute/v1. */
  handle(request: CloudRequest, segments: readonly string[], query: ReadonlyMap<string, string>): CloudResponse;
  /** What a handler of the cloud itself uses; throws ApiError. Answers the operation's path. */
  insert(collection: string, scope: string, body: JsonObject): string;
  remove(collection: string, scope: string, name: string): string;
  patch(collection: string, scope: string, name: string, body: JsonObject): string;
  /** Creates an object that has been there all along, with no operation; answers its path. */
  put(collection: string, scope: string, body: JsonObject): string;
  verb(collection: string, scope: string, name: string, verb: string, body: JsonObject): string;
}

export function createComputeApi(context: ApiContext, operations: Operations, changed: () => void): ComputeApi {
  return new Compute(context, operations, changed);
}

class Compute implements ComputeApi {
  private readonly context: ApiContext;
  private readonly operations: Operations;
  private readonly changed: () => void;

  constructor(context: ApiContext, operations: Operations, changed: () => void) {
    this.context = context;
    this.operations = operations;
    this.changed = changed;
  }

  handle(request: CloudRequest, segments: readonly string[], query: ReadonlyMap<string, string>): CloudResponse {
    const { project, store, regions } = this.context;
    const [word, name, ...rest] = segments;
    if (word !== 'projects' || name === undefined) throw notFound(`/compute/v1/${segments.join('/')}`);
    if (name !== project) {
      const image = imageIn(name, rest);
      if (image !== undefined && request.method === 'GET') return json(200, image);
      if (images.some((one) => one.project === name)) throw notFound(segments.join('/'));
      throw new ApiError(404, 'notFound', `Failed to find project ${name}`);
    }
    if (rest.length === 0) return json(200, store.get(`projects/${project}`));
    if (rest[0] === 'setCommonInstanceMetadata') return this.setProjectMetadata(request);
    if (rest[0] === 'aggregated' && rest.length === 2) return this.aggregated(rest[1]!, query);
    const scope = rest[0] === 'global' ? 'global' : rest.slice(0, 2).join('/');
    const below = rest[0] === 'global' ? rest.slice(1) : rest.slice(2);
    const place = this.placeOf(rest[0]!, rest[1]);
    if (place !== undefined && below.length === 0) return json(200, place);
    if (rest[0] === 'zones' || rest[0] === 'regions') {
      if (rest.length === 1) return this.page(rest[0] === 'zones' ? 'zone' : 'region', (rest[0] === 'zones' ? zonesOf(regions) : regions.map((one) => one.name)).map((one) => this.placeOf(rest[0]!, one)!), linkTo(`projects/${project}/${rest[0]}`), query);
      if (place === undefined) throw notFound(`projects/${project}/${scope}`);
    }
    const [collectionName = '', object, verb] = below;
    if (collectionName === 'machineTypes') return this.machineTypes(rest[1] ?? '', object, query);
    if (collectionName === 'operations') return this.operation(`projects/${project}/${scope}/operations`, scope, object, query);
    const collection = collectionNamed(collectionName, rest[0] as ScopeKind);
    if (collection === undefined) throw new ApiError(404, 'notFound', `The requested URL /compute/v1/${segments.join('/')} was not found on this server.`);
    const path = `projects/${project}/${scope}/${collectionName}`;
    if (object === undefined) {
      if (request.method === 'GET') return this.page(collection.kind, store.list(collectionName, scope), linkTo(path), query);
      if (request.method === 'POST') return json(200, this.operationAt(this.insert(collectionName, scope, bodyOf(request))));
      throw new ApiError(405, 'methodNotAllowed', 'Method not allowed');
    }
    const target: Target = { path: `${path}/${object}`, scope, name: object };
    if (verb !== undefined) return this.runVerb(collection, target, verb, bodyOf(request), query);
    switch (request.method) {
      case 'GET': return json(200, shown(store.get(target.path)));
      case 'DELETE': return json(200, this.operationAt(this.remove(collectionName, scope, object)));
      case 'PATCH': case 'PUT': return json(200, this.operationAt(this.patch(collectionName, scope, object, bodyOf(request))));
      default: throw new ApiError(405, 'methodNotAllowed', 'Method not allowed');
    }
  }

  // ---------------------------------------------------------------- changes

  insert(collectionName: string, scope: string, body: JsonObject): string {
    const { context } = this;
    const collection = collectionNamed(collectionName, scope.split('/')[0] as ScopeKind)!;
    const name = text(body, 'name');
    if (name === '') throw required('resource.name');
    const target = this.targetOf(collectionName, scope, name);
    if (context.store.find(target.path) !== undefined) throw alreadyExists(target.path);
    const fields = collection.create(context, target, body);
    context.store.create(target.path, collection.kind, { ...fields, 'x-pending': true });
    collection.begun?.(context, target);
    return this.begin('insert', target, () => {
      if (context.store.find(target.path) === undefined) return;
      context.store.change(target.path, { 'x-pending': undefined });
      collection.created?.(context, target);
    });
  }

  put(collectionName: string, scope: string, body: JsonObject): string {
    const { context } = this;
    const collection = collectionNamed(collectionName, scope.split('/')[0] as ScopeKind)!;
    const target = this.targetOf(collectionName, scope, text(body, 'name'));
    context.store.create(target.path, collection.kind, { ...collection.create(context, target, body), ...pick(body, 'creationTimestamp', 'id') });
    collection.created?.(context, target);
    return target.path;
  }

  private targetOf(collectionName: string, scope: string, name: string): Target {
    return { path: `projects/${this.context.project}/${scope}/${collectionName}/${name}`, scope, name };
  }

  remove(collectionName: string, scope: string, name: string): string {
    const { context } = this;
    const collection = collectionNamed(collectionName, scope.split('/')[0] as ScopeKind)!;
    const target = this.targetOf(collectionName, scope, name);
    context.store.get(target.path);
    collection.mayDelete?.(context, target);
    collection.deleting?.(context, target);
    return this.begin('delete', target, () => {
      const was = context.store.find(target.path);
      if (was === undefined) return;
      context.store.delete(target.path);
      collection.deleted?.(context, target, was);
    });
  }

  patch(collectionName: string, scope: string, name: string, body: JsonObject): string {
    const { context } = this;
    const collection = collectionNamed(collectionName, scope.split('/')[0] as ScopeKind)!;
    const target = this.targetOf(collectionName, scope, name);
    context.store.get(target.path);
    if (collection.patch === undefined) throw new ApiError(405, 'methodNotAllowed', 'Method not allowed');
    const fields = collection.patch(context, target, body);
    return this.begin('patch', target, () => {
      if (context.store.find(target.path) !== undefined) context.store.change(target.path, fields);
    });
  }

  verb(collectionName: string, scope: string, name: string, verb: string, body: JsonObject): string {
    const collection = collectionNamed(collectionName, scope.split('/')[0] as ScopeKind)!;
    const target = this.targetOf(collectionName, scope, name);
    const result = this.resultOf(collection, target, verb, body, new Map());
    return 'change' in result ? this.applyChange(verb, target, result.change) : '';
  }

  private runVerb(collection: Collection, target: Target, verb: string, body: JsonObject, query: ReadonlyMap<string, string>): CloudResponse {
    const result = this.resultOf(collection, target, verb, body, query);
    return json(200, 'answer' in result ? result.answer : this.operationAt(this.applyChange(verb, target, result.change)));
  }

  private resultOf(collection: Collection, target: Target, verb: string, body: JsonObject, query: ReadonlyMap<string, string>): { change: JsonObject } | { answer: JsonObject } {
    this.context.store.get(target.path);
    const run = collection.verbs?.[verb];
    if (run === undefined) throw new ApiError(404, 'notFound', `${collection.name}.${verb} is not simulated yet`);
    return run(this.context, target, body, query);
  }

  private applyChange(verb: string, target: Target, change: JsonObject): string {
    this.context.store.change(target.path, change);
    return this.begin(verb, target, () => undefined);
  }

  private setProjectMetadata(request: CloudRequest): CloudResponse {
    const { project, store } = this.context;
    const path = `projects/${project}`;
    const body = bodyOf(request);
    const given = text(body, 'fingerprint');
    if (given !== '' && given !== text(child(store.get(path), 'commonInstanceMetadata'), 'fingerprint')) throw new ApiError(412, 'conditionNotMet', 'Supplied fingerprint does not match current metadata fingerprint.');
    store.change(path, { commonInstanceMetadata: { items: body['items'] ?? [], fingerprint: store.fingerprint(), kind: 'compute#metadata' } });
    return json(200, this.operationAt(this.begin('compute.projects.setCommonInstanceMetadata', { path, scope: 'global', name: project }, () => undefined)));
  }

  private begin(type: string, target: Target, finish: () => void): string {
    const operation = this.operations.begin(type, target.path, () => {
      finish();
      this.changed();
    });
    return operation.selfLink.slice(linkTo('').length);
  }

  private operationAt(path: string): JsonObject {
    return this.context.store.get(path);
  }

  // ---------------------------------------------------------------- lists

  private page(kind: string, all: readonly JsonObject[], selfLink: string, query: ReadonlyMap<string, string>): CloudResponse {
    const keep = matcherOf(query);
    const most = Number(query.get('maxResults') ?? '500');
    const from = Number(query.get('pageToken') ?? '0');
    const items = all.filter(keep);
    const part = items.slice(from, from + most).map(shown);
    return json(200, { kind: `compute#${kind}List`, id: selfLink.slice(linkTo('').length), items: part, selfLink, ...(items.length > from + most ? { nextPageToken: String(from + most) } : {}) });
  }

  private aggregated(name: string, query: ReadonlyMap<string, string>): CloudResponse {
    const { project, store, regions } = this.context;
    const items: Record<string, JsonObject> = {};
    const kinds: ReadonlySet<string> = new Set(name === 'machineTypes' ? ['zones'] : name === 'operations' ? ['global', 'regions', 'zones'] : (collections.find((one) => one.name === name)?.scopes ?? []));
    if (kinds.size === 0) throw notFound(`projects/${project}/aggregated/${name}`);
    const scopes = [...(kinds.has('global') ? ['global'] : []), ...(kinds.has('regions') ? regions.map((one) => `regions/${one.name}`) : []), ...(kinds.has('zones') ? zonesOf(regions).map((zone) => `zones/${zone}`) : [])];
    const keep = matcherOf(query);
    for (const scope of scopes) {
      const all = name === 'machineTypes' ? machineTypes.map((type) => machineTypeObject(project, scope.slice('zones/'.length), type.name)!) : store.list(name, scope).map(shown);
      const found = all.filter(keep);
      if (found.length > 0) items[scope] = { [name]: found };
      else if (query.get('includeAllScopes')?.toLowerCase() === 'true') items[scope] = { warning: { code: 'NO_RESULTS_ON_PAGE', data: [{ key: 'scope', value: scope }], message: `There are no results for scope '${scope}' on this page.` } };
    }
    const kind = collections.find((one) => one.name === name)?.kind ?? name.slice(0, -1);
    return json(200, { kind: `compute#${kind}AggregatedList`, id: `projects/${project}/aggregated/${name}`, items, selfLink: linkTo(`projects/${project}/aggregated/${name}`) });
  }

  private machineTypes(zone: string, name: string | undefined, query: ReadonlyMap<string, string>): CloudResponse {
    const { project } = this.context;
    if (name === undefined) return this.page('machineType', machineTypes.map((type) => machineTypeObject(project, zone, type.name)!), linkTo(`projects/${project}/zones/${zone}/machineTypes`), query);
    const found = machineTypeObject(project, zone, name);
    if (found === undefined) throw notFound(`projects/${project}/zones/${zone}/machineTypes/${name}`);
    return json(200, found);
  }

  private operation(path: string, scope: string, name: string | undefined, query: ReadonlyMap<string, string>): CloudResponse {
    if (name === undefined) return this.page('operation', this.context.store.list('operations', scope), linkTo(path), query);
    return json(200, this.context.store.get(`${path}/${name}`));
  }

  private placeOf(kind: string, name: string | undefined): ComputeObject | undefined {
    const { project, store, regions } = this.context;
    if (name === undefined || (kind !== 'zones' && kind !== 'regions')) return undefined;
    const known = kind === 'zones' ? zonesOf(regions) : regions.map((one) => one.name);
    const at = known.indexOf(name);
    if (at === -1) return undefined;
    const common = { creationTimestamp: '1969-12-31T16:00:00.000-08:00', description: name, id: String((kind === 'zones' ? 2000 : 1000) + 10 * at), name, selfLink: linkTo(`projects/${project}/${kind}/${name}`), status: 'UP' };
    if (kind === 'zones') return { ...common, kind: 'compute#zone', region: linkTo(`projects/${project}/regions/${regionOfZone(name)}`), supportsPzs: false, availableCpuPlatforms: ['Intel Broadwell', 'Intel Haswell', 'Intel Skylake'] };
    const used = { CPUS: 2 * store.list('instances').length, IN_USE_ADDRESSES: store.list('instances').length, STATIC_ADDRESSES: store.list('addresses', `regions/${name}`).length, DISKS_TOTAL_GB: 10 * store.list('disks').length };
    const quotas = Object.entries({ CPUS: 24, DISKS_TOTAL_GB: 4096, STATIC_ADDRESSES: 8, IN_USE_ADDRESSES: 8 }).map(([metric, limit]) => ({ limit, metric, usage: used[metric as keyof typeof used] }));
    return { ...common, kind: 'compute#region', quotas, zones: [...regions[at]!.zones].map((letter) => linkTo(`projects/${project}/zones/${name}-${letter}`)) };
  }
}

function matcherOf(query: ReadonlyMap<string, string>): (object: JsonObject) => boolean {
  const filter = query.get('filter') ?? '';
  return filter === '' ? () => true : matcher(filter);
}

function collectionNamed(name: string, scope: ScopeKind): Collection | undefined {
  return collections.find((one) => one.name === name && one.scopes.includes(scope));
}

/** Public images of other projects. */
function imageIn(project: string, rest: readonly string[]): JsonObject | undefined {
  const name = rest.at(-1);
  const found = images.find((image) => image.project === project && (image.name === name || (image.family === name && (rest.includes('family') || rest.includes('imageFamilyViews')))));
  if (found === undefined) return undefined;
  return { architecture: 'X86_64', diskSizeGb: String(found.diskSizeGb), family: found.family, kind: 'compute#image', name: found.name, selfLink: linkTo(`projects/${project}/global/images/${found.name}`), sourceType: 'RAW', status: 'READY' };
}
