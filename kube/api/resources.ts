/**
 * The resources as data: under which group and versions each is served, what it is called and what may be done with it
 * (pkg/registry/*\/rest/storage_*.go of Kubernetes 1.20, and what `kubectl api-resources` prints).
 */
import type { Resource } from './kinds.ts';

export interface ServedVersion {
  readonly version: string;
  /** Served by servers of these minor versions only: [from, to], `to` left out when it still is. */
  readonly minors?: readonly [from: number, to?: number];
}

export interface ResourceInfo {
  readonly resource: Resource;
  readonly group: string;
  /** The first one served is the one that discovery prefers and that the store keeps. */
  readonly versions: readonly ServedVersion[];
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly hasStatus: boolean;
  readonly hasScale: boolean;
  /** metadata.generation counts changes of the specification. */
  readonly countsGenerations: boolean;
  /** Left out of the ordinary verbs. */
  readonly lacks?: readonly string[];
  readonly storageVersionHash?: string;
}

type Detail = Partial<Omit<ResourceInfo, 'resource' | 'group' | 'kind' | 'singular' | 'versions'>> & { readonly versions?: readonly ServedVersion[] };

function declare(resource: Resource, group: string, kind: string, detail: Detail = {}): ResourceInfo {
  return {
    resource, group, kind, singular: kind.toLowerCase(), versions: [{ version: 'v1' }], shortNames: [], categories: [], isNamespaced: true,
    hasStatus: false, hasScale: false, countsGenerations: false, ...detail,
  };
}

const list: readonly ResourceInfo[] = [
  declare('configmaps', '', 'ConfigMap', { shortNames: ['cm'], storageVersionHash: 'qFsyl6wFWjQ=' }),
  declare('endpoints', '', 'Endpoints', { shortNames: ['ep'], storageVersionHash: 'fWeeMqaN/OA=' }),
  declare('events', '', 'Event', { shortNames: ['ev'], storageVersionHash: 'r2yiGXH7wu8=' }),
  declare('namespaces', '', 'Namespace', {
    shortNames: ['ns'], isNamespaced: false, hasStatus: true, lacks: ['deletecollection'], storageVersionHash: 'Q3oi5N2YM8M=',
  }),
  declare('nodes', '', 'Node', { shortNames: ['no'], isNamespaced: false, hasStatus: true, storageVersionHash: 'XwShjMxG9Fs=' }),
  declare('pods', '', 'Pod', { shortNames: ['po'], categories: ['all'], hasStatus: true, storageVersionHash: 'xPOwRZ+Yhw8=' }),
  declare('replicationcontrollers', '', 'ReplicationController', {
    shortNames: ['rc'], categories: ['all'], hasStatus: true, hasScale: true, countsGenerations: true, storageVersionHash: 'Jond2If31h0=',
  }),
  declare('secrets', '', 'Secret', { storageVersionHash: 'S6u1pOWzb84=' }),
  declare('serviceaccounts', '', 'ServiceAccount', { shortNames: ['sa'], storageVersionHash: 'pbx9ZvyFpBE=' }),
  declare('services', '', 'Service', {
    shortNames: ['svc'], categories: ['all'], hasStatus: true, lacks: ['deletecollection'], storageVersionHash: '0/CO1lhkEBI=',
  }),
  declare('controllerrevisions', 'apps', 'ControllerRevision', { storageVersionHash: '85nkx63pcBU=' }),
  declare('daemonsets', 'apps', 'DaemonSet', {
    shortNames: ['ds'], categories: ['all'], hasStatus: true, countsGenerations: true, storageVersionHash: 'dd7pWHUlMKQ=',
  }),
  declare('deployments', 'apps', 'Deployment', {
    shortNames: ['deploy'], categories: ['all'], hasStatus: true, hasScale: true, countsGenerations: true, storageVersionHash: '8aSe+NMegvE=',
  }),
  declare('replicasets', 'apps', 'ReplicaSet', {
    shortNames: ['rs'], categories: ['all'], hasStatus: true, hasScale: true, countsGenerations: true, storageVersionHash: 'P1RzHs8/mWQ=',
  }),
  declare('statefulsets', 'apps', 'StatefulSet', {
    shortNames: ['sts'], categories: ['all'], hasStatus: true, hasScale: true, countsGenerations: true, storageVersionHash: 'H+vl74LkKdo=',
  }),
  declare('horizontalpodautoscalers', 'autoscaling', 'HorizontalPodAutoscaler', {
    shortNames: ['hpa'], categories: ['all'], hasStatus: true, storageVersionHash: 'oQlkt7f5j/A=',
  }),
  declare('cronjobs', 'batch', 'CronJob', {
    versions: [{ version: 'v1', minors: [21] }, { version: 'v1beta1', minors: [8, 24] }], shortNames: ['cj'], categories: ['all'], hasStatus: true, storageVersionHash: 'h/JlFAZkyyY=',
  }),
  declare('jobs', 'batch', 'Job', { categories: ['all'], hasStatus: true, storageVersionHash: 'mudhfqk/qZY=' }),
  declare('leases', 'coordination.k8s.io', 'Lease', { storageVersionHash: 'gqkMMb/YqFM=' }),
  declare('endpointslices', 'discovery.k8s.io', 'EndpointSlice', {
    versions: [{ version: 'v1', minors: [21] }, { version: 'v1beta1', minors: [16, 24] }], countsGenerations: true,
    storageVersionHash: 'Nx3SIv6I0mE=',
  }),
  declare('ingressclasses', 'networking.k8s.io', 'IngressClass', {
    isNamespaced: false, versions: [{ version: 'v1', minors: [19] }], countsGenerations: true, storageVersionHash: 'l/iqIbDgFyQ=',
  }),
  declare('ingresses', 'networking.k8s.io', 'Ingress', {
    versions: [{ version: 'v1', minors: [19] }, { version: 'v1beta1', minors: [14, 21] }], shortNames: ['ing'], hasStatus: true, countsGenerations: true, storageVersionHash: '39NQlfNR+bo=',
  }),
  declare('networkpolicies', 'networking.k8s.io', 'NetworkPolicy', { shortNames: ['netpol'], countsGenerations: true, storageVersionHash: 'YpfwF18m1G8=' }),
  declare('poddisruptionbudgets', 'policy', 'PodDisruptionBudget', {
    versions: [{ version: 'v1', minors: [21] }, { version: 'v1beta1', minors: [5, 24] }], shortNames: ['pdb'], hasStatus: true, countsGenerations: true,
    storageVersionHash: '6BGBu0kpHtk=',
  }),
  declare('clusterrolebindings', 'rbac.authorization.k8s.io', 'ClusterRoleBinding', { isNamespaced: false, storageVersionHash: '48tpQ8gZHFc=' }),
  declare('clusterroles', 'rbac.authorization.k8s.io', 'ClusterRole', { isNamespaced: false, storageVersionHash: 'bYE5ZWDrJ44=' }),
  declare('rolebindings', 'rbac.authorization.k8s.io', 'RoleBinding', { storageVersionHash: 'eGsCzGH6b1g=' }),
  declare('roles', 'rbac.authorization.k8s.io', 'Role', { storageVersionHash: '7FuwZcIIItM=' }),
];

export const resources: ReadonlyMap<Resource, ResourceInfo> = new Map(list.map((info) => [info.resource, info]));

/** The same objects under the group they came from. */
const formerly: readonly ResourceInfo[] = [{ ...resources.get('ingresses')!, group: 'extensions', versions: [{ version: 'v1beta1', minors: [8, 21] }] }];

/** Every place a resource is served at. */
export const places: readonly ResourceInfo[] = [...list, ...formerly];

export function infoOf(resource: Resource): ResourceInfo {
  const info = resources.get(resource);
  if (info === undefined) throw new Error(`no such resource: ${resource}`);
  return info;
}

/** The versions a server of this minor version serves, the preferred one first. */
export function servedVersions(info: ResourceInfo, minor: number): readonly string[] {
  return info.versions
    .filter(({ minors }) => minors === undefined || (minor >= minors[0] && (minors[1] === undefined || minor <= minors[1])))
    .map(({ version }) => version);
}
