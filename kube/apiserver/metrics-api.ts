/**
 * The group metrics.k8s.io, which the API server hands on to the metrics-server of the cluster: read-only, answered from its last look. While no pod
 * of it is ready nobody answers. Read first: k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go
 */
import type { Pod } from 'kubernetes-types/core/v1';
import { parseLabelSelector, everything, type Labels } from '../api/selectors.ts';
import { noSuchResource, notFound, StatusError } from '../api/status.ts';
import type { JsonObject } from '../api/values.ts';
import { isServed, RESOLUTION_MS, type MetricsServer, type Usage } from '../metrics-server.ts';
import { timestamp } from '../runtime.ts';
import type { Query } from './paths.ts';
import type { Registry } from './registry.ts';

export const METRICS_GROUP = 'metrics.k8s.io';
const API_VERSION = `${METRICS_GROUP}/v1beta1`;

export const metricsGroup: JsonObject = { name: METRICS_GROUP, versions: [{ groupVersion: API_VERSION, version: 'v1beta1' }], preferredVersion: { groupVersion: API_VERSION, version: 'v1beta1' } };

const metricsResources: JsonObject = {
  kind: 'APIResourceList', apiVersion: 'v1', groupVersion: API_VERSION,
  resources: [{ name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] }, { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }],
};

/** What is at /apis/metrics.k8s.io and below. */
export function metricsAnswer(segments: readonly string[], query: Query, server: MetricsServer, registry: Registry): JsonObject {
  const [version, ...rest] = segments.slice(2);
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...metricsGroup };
  if (version !== 'v1beta1') throw noSuchResource();
  if (rest.length === 0) return metricsResources;
  if (!isServed(registry.store.list('pods', 'kube-system') as Iterable<Pod>)) throw new StatusError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request');
  const namespace = rest[0] === 'namespaces' ? rest[1] : undefined;
  const [resource, name, ...more] = namespace === undefined ? rest : rest.slice(2);
  if (more.length > 0 || (resource !== 'nodes' && resource !== 'pods') || (resource === 'nodes' && namespace !== undefined)) throw noSuchResource();
  const items = resource === 'nodes' ? nodeItems(server, registry) : podItems(server, registry, namespace);
  if (name !== undefined) {
    const found = items.find(({ object }) => object.metadata.name === name);
    if (found === undefined) throw notFound({ group: METRICS_GROUP, resource }, namespace === undefined ? name : `${namespace}/${name}`);
    return { kind: kindOf(resource), apiVersion: API_VERSION, ...found.object };
  }
  const selector = query.get('labelSelector') ?? '';
  const isWanted = selector === '' ? everything : parseLabelSelector(selector);
  return { kind: `${kindOf(resource)}List`, apiVersion: API_VERSION, metadata: {}, items: items.filter(({ labels }) => isWanted(labels)).map(({ object }) => object) };
}

interface Item {
  readonly labels: Labels | undefined;
  readonly object: JsonObject & { readonly metadata: { readonly name: string } };
}

function nodeItems(server: MetricsServer, registry: Registry): Item[] {
  return server.nodes.flatMap(({ name, atMs, usage }) => {
    const node = registry.find('nodes', name);
    return node === undefined ? [] : [{ labels: node.metadata.labels, object: { ...heading({ name }, atMs), usage: amounts(usage) } }];
  });
}

function podItems(server: MetricsServer, registry: Registry, namespace: string | undefined): Item[] {
  return server.pods.filter((pod) => namespace === undefined || pod.namespace === namespace).flatMap(({ name, namespace: of, atMs, containers }) => {
    const pod = registry.find('pods', name, of);
    return pod === undefined ? [] : [{ labels: pod.metadata.labels, object: { ...heading({ name, namespace: of }, atMs), containers: containers.map(({ name: container, usage }) => ({ name: container, usage: amounts(usage) })) } }];
  });
}

function heading<Meta extends { name: string }>(metadata: Meta, atMs: number): { metadata: Meta & { creationTimestamp: string }; timestamp: string; window: string } {
  return { metadata: { ...metadata, creationTimestamp: timestamp(atMs) }, timestamp: timestamp(atMs), window: `${RESOLUTION_MS / 60_000}m0s` };
}

function amounts({ cpuNanocores, memoryKb }: Usage): JsonObject {
  return { cpu: cpuNanocores === 0 ? '0' : `${cpuNanocores}n`, memory: `${memoryKb}Ki` };
}

function kindOf(resource: 'nodes' | 'pods'): string {
  return resource === 'nodes' ? 'NodeMetrics' : 'PodMetrics';
}
