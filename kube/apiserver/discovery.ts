/** What there is to ask for: /api, /apis and the lists of each version (apiserver/pkg/endpoints/discovery). */
import { places, servedVersions, type ResourceInfo } from '../api/resources.ts';
import type { JsonObject } from '../api/values.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Kinds that are asked but not kept. */
const virtual: Record<string, readonly JsonObject[]> = {
  'v1': [{ name: 'bindings', singularName: '', namespaced: true, kind: 'Binding', verbs: ['create'] }],
  'authorization.k8s.io/v1': ['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview', 'LocalSubjectAccessReview'].map((kind) => ({
    name: `${kind.toLowerCase()}s`, singularName: '', namespaced: kind.startsWith('Local'), kind, verbs: ['create'],
  })),
  'autoscaling/v1': [],
};

const groupOrder = ['apps', 'authorization.k8s.io', 'autoscaling', 'batch', 'networking.k8s.io', 'extensions', 'policy', 'rbac.authorization.k8s.io', 'coordination.k8s.io', 'discovery.k8s.io'];

export function apiVersions(address: string): JsonObject {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] };
}

function versionsOf(group: string, minor: number): readonly string[] {
  const found = new Set(places.filter((info) => info.group === group).flatMap((info) => servedVersions(info, minor)));
  for (const place of Object.keys(virtual)) if (place.startsWith(`${group}/`)) found.add(place.split('/')[1]!);
  return [...found].sort();
}

export function apiGroup(group: string, minor: number): JsonObject | undefined {
  const versions = versionsOf(group, minor).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return versions.length === 0 || group === '' ? undefined : { name: group, versions, preferredVersion: versions[0] };
}

/** `more`: groups that are handed on to other servers. */
export function apiGroupList(minor: number, more: readonly JsonObject[]): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groupOrder.flatMap((group) => apiGroup(group, minor) ?? []), ...more] };
}

export function apiResourceList(group: string, version: string, minor: number): JsonObject | undefined {
  if (!versionsOf(group, minor).includes(version)) return undefined;
  const place = group === '' ? version : `${group}/${version}`;
  const found = places.filter((info) => info.group === group && servedVersions(info, minor).includes(version));
  const entries = [...virtual[place] ?? [], ...found.flatMap((info) => entriesOf(info, minor))];
  return {
    kind: 'APIResourceList', ...(group === '' ? {} : { apiVersion: 'v1' }), groupVersion: place,
    resources: entries.sort((one, other) => (String(one['name']) < String(other['name']) ? -1 : 1)),
  };
}

function entriesOf(info: ResourceInfo, minor: number): JsonObject[] {
  const { resource, kind, isNamespaced: namespaced } = info;
  const singularName = minor >= 27 ? info.singular : '';
  const entry = (name: string, of: string, verbs: readonly string[], extra: JsonObject = {}): JsonObject => ({
    name: `${resource}/${name}`, singularName: '', namespaced, ...extra, kind: of, verbs,
  });
  const entries: JsonObject[] = [{
    name: resource, singularName, namespaced, kind, verbs: allVerbs.filter((verb) => info.lacks?.includes(verb) !== true),
    ...(info.shortNames.length === 0 ? {} : { shortNames: info.shortNames }), ...(info.categories.length === 0 ? {} : { categories: info.categories }),
    ...(info.storageVersionHash === undefined ? {} : { storageVersionHash: info.storageVersionHash }),
  }];
  const change = ['get', 'patch', 'update'];
  if (info.hasStatus) entries.push(entry('status', kind, change));
  if (info.hasScale) entries.push(entry('scale', 'Scale', change, { group: 'autoscaling', version: 'v1' }));
  if (resource === 'services') entries.push(entry('proxy', 'ServiceProxyOptions', ['create', 'delete', 'get', 'patch', 'update']));
  if (resource === 'namespaces') entries.push(entry('finalize', kind, ['update']));
  if (resource === 'pods') {
    entries.push(
      entry('attach', 'PodAttachOptions', ['create', 'get']), entry('binding', 'Binding', ['create']),
      entry('eviction', 'Eviction', ['create'], { group: 'policy', version: minor >= 22 ? 'v1' : 'v1beta1' }), entry('exec', 'PodExecOptions', ['create', 'get']),
      entry('log', kind, ['get']), entry('portforward', 'PodPortForwardOptions', ['create', 'get']), entry('proxy', 'PodProxyOptions', ['create', 'delete', 'get', 'patch', 'update']),
    );
  }
  return entries;
}

/** The list at `/`. */
export function paths(minor: number): JsonObject {
  const groups = groupOrder.flatMap((group) => [`/apis/${group}`, ...versionsOf(group, minor).map((version) => `/apis/${group}/${version}`)]);
  return { paths: ['/api', '/api/v1', '/apis', '/apis/', ...groups.sort(), '/healthz', '/livez', '/openapi/v2', '/readyz', '/version'] };
}
