/**
 * Which pods stand behind a Service, twice: as Endpoints (pkg/controller/endpoint) and as EndpointSlices of at most 100
 * (pkg/controller/endpointslice). A pod belongs when the selector matches and it has an address; it is ready when it says so.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset, Service, ServicePort } from 'kubernetes-types/core/v1';
import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1';
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import { hasLabels, isFinished, isReady, isTerminating, type ControllerContext, type StoredPod } from './controller.ts';
import { byController, labelValues, ObjectIndex, PodsByLabel, selectorValue, type ObjectIndex as Index } from './object-index.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { timestamp } from '../runtime.ts';

const MOST_IN_A_SLICE = 100;
const MOST_IN_ENDPOINTS = 1000;
const SLICE_MANAGER = 'endpointslice-controller.k8s.io';
const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const HEADLESS = 'service.kubernetes.io/headless';

/** Tells which Services a change of a pod concerns; a Service is looked at at most once per round. */
export function startEndpointControllers(context: ControllerContext): void {
  const { client, runtime } = context;
  const pods = new PodsByLabel(client);
  const services = new ObjectIndex(client, 'services', ({ metadata, spec }) => (spec?.selector === undefined ? undefined : selectorValue(metadata.namespace ?? '', spec.selector)));
  const slices = byController(client, 'endpointslices');
  const queue = new WorkQueue(runtime, (key) => sync(context, pods, slices, key));
  client.watch('services', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, (event) => {
    const { object } = event;
    if (event.type === 'MODIFIED' && !concerns(event.previous, object)) return;
    const seen = [object.metadata, ...(event.type === 'MODIFIED' ? [event.previous.metadata] : [])];
    for (const value of new Set(seen.flatMap(labelValues))) {
      for (const service of services.get(value)) if (seen.some(({ labels }) => hasLabels(service.spec?.selector, labels))) queue.add(keyOf(service));
    }
  });
}

/** podEndpointsChanged. */
function concerns(before: StoredPod, after: StoredPod): boolean {
  return before.status?.podIP !== after.status?.podIP || isReady(before) !== isReady(after) || isTerminating(before) !== isTerminating(after)
    || isFinished(before) !== isFinished(after) || before.spec?.nodeName !== after.spec?.nodeName || !equal(before.metadata.labels, after.metadata.labels);
}

interface Backend { readonly pod: StoredPod; readonly address: string; readonly isReady: boolean; readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[] }

function sync(context: ControllerContext, pods: PodsByLabel, slices: Index<'endpointslices'>, key: string): void {
  const { client } = context;
  const service = client.find('services', parseKey(key));
  if (service === undefined) {
    // Endpoints have no owner: they go with their Service by name. Slices are the garbage collector's.
    if (client.find('endpoints', parseKey(key)) !== undefined) client.delete('endpoints', parseKey(key));
    return;
  }
  if (service.spec?.selector === undefined || service.spec.type === 'ExternalName') return;
  const backends = pods.get(service.metadata.namespace ?? '', service.spec.selector).filter((pod) => hasLabels(service.spec!.selector, pod.metadata.labels)).flatMap((pod) => backendOf(service, pod));
  writeEndpoints(context, service, backends);
  writeSlices(context, slices, service, backends);
}

function backendOf(service: Service, pod: StoredPod): Backend[] {
  const address = pod.status?.podIP ?? '';
  if (address === '' || isFinished(pod)) return [];
  const isAlways = service.spec?.publishNotReadyAddresses === true;
  if (isTerminating(pod) && !isAlways) return [];
  const ports = (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    return number === undefined ? [] : [{ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP' }];
  });
  return [{ pod, address, isReady: isAlways || isReady(pod), ports }];
}

/** podutil.FindPort: by number, or by the name of a container's port. */
function targetPort(port: ServicePort, pod: StoredPod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  for (const container of pod.spec?.containers ?? []) {
    const found = container.ports?.find(({ name, protocol = 'TCP' }) => name === target && protocol === (port.protocol ?? 'TCP'));
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

const reference = ({ metadata }: StoredPod): { kind: string; namespace: string; name: string; uid: string; resourceVersion: string } =>
  ({ kind: 'Pod', namespace: metadata.namespace!, name: metadata.name, uid: metadata.uid, resourceVersion: metadata.resourceVersion });

// ---------------------------------------------------------------- Endpoints

function writeEndpoints({ client }: ControllerContext, service: StoredObject<'services'>, backends: readonly Backend[]): void {
  const subsets = subsetsOf(service, backends);
  const { name, namespace } = service.metadata;
  const labels = { ...service.metadata.labels, ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}) };
  const before = client.find('endpoints', service.metadata);
  if (before === undefined) {
    client.create('endpoints', { metadata: { name, namespace, ...(Object.keys(labels).length === 0 ? {} : { labels }) }, ...(subsets.length === 0 ? {} : { subsets }) });
  } else if (!equal(withoutVersions(before.subsets ?? []), withoutVersions(subsets)) || !equal(before.metadata.labels ?? {}, labels)) {
    client.edit('endpoints', before.metadata, (draft) => {
      if (subsets.length === 0) delete draft.subsets;
      else draft.subsets = copy(subsets);
      if (Object.keys(labels).length > 0) draft.metadata.labels = labels;
      else delete draft.metadata.labels;
    });
  }
}

/** A pod's resourceVersion alone is no reason to write (endpointutil.EndpointSubsetsEqualIgnoreResourceVersion). */
function withoutVersions(subsets: readonly EndpointSubset[]): unknown {
  const address = (one: EndpointAddress): unknown => ({ ...one, targetRef: { ...one.targetRef, resourceVersion: '' } });
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => ({ addresses: addresses.map(address), notReadyAddresses: notReadyAddresses.map(address), ports }));
}

/** RepackSubsets: addresses that offer the same ports share a subset; addresses and ports in order. */
function subsetsOf(service: Service, backends: readonly Backend[]): EndpointSubset[] {
  const groups = new Map<string, { readonly ports: EndpointPort[]; readonly ready: EndpointAddress[]; readonly notReady: EndpointAddress[] }>();
  for (const { pod, address, isReady: ready, ports } of backends.slice(0, MOST_IN_ENDPOINTS)) {
    const isPortless = (service.spec?.ports ?? []).length === 0;
    if (ports.length === 0 && !isPortless) continue;
    const key = ports.map(({ name, port, protocol }) => `${name}:${port}/${protocol}`).toSorted().join();
    const group = groups.get(key) ?? { ports: ports.map(({ name, port, protocol }) => ({ ...(name === '' ? {} : { name }), port, protocol })), ready: [], notReady: [] };
    groups.set(key, group);
    const entry: EndpointAddress = { ip: address, ...(pod.spec?.hostname !== undefined && pod.spec.subdomain !== undefined ? { hostname: pod.spec.hostname } : {}), nodeName: pod.spec?.nodeName, targetRef: reference(pod) };
    (ready ? group.ready : group.notReady).push(entry);
  }
  const byAddress = (one: EndpointAddress, other: EndpointAddress): number => (one.ip < other.ip ? -1 : one.ip > other.ip ? 1 : 0);
  return [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, { ports, ready, notReady }]) => ({
    ...(ready.length === 0 ? {} : { addresses: ready.toSorted(byAddress) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.toSorted(byAddress) }),
    ...(ports.length === 0 ? {} : { ports: ports.toSorted((one, other) => ((one.name ?? '') < (other.name ?? '') ? -1 : 1)) }),
  }));
}

// ---------------------------------------------------------------- EndpointSlices

/** Slices are kept as they are where they are still right; what is new fills slices with room, then new ones (reconciler.go). */
function writeSlices({ client, runtime }: ControllerContext, index: Index<'endpointslices'>, service: StoredObject<'services'>, backends: readonly Backend[]): void {
  const existing = index.get(service.metadata.uid).filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === SLICE_MANAGER);
  const byPorts = new Map<string, { readonly ports: NonNullable<EndpointSlice['ports']>; readonly wanted: Map<string, Endpoint> }>();
  for (const backend of backends) {
    const ports = backend.ports.map(({ name, port, protocol }) => ({ name, port, protocol }));
    const key = JSON.stringify(ports);
    const group = byPorts.get(key) ?? { ports, wanted: new Map<string, Endpoint>() };
    byPorts.set(key, group);
    group.wanted.set(backend.address, endpointOf(backend));
  }
  if (byPorts.size === 0) byPorts.set('[]', { ports: [], wanted: new Map() });
  const labels = { ...service.metadata.labels, [MANAGED_BY]: SLICE_MANAGER, [SERVICE_NAME]: service.metadata.name, ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}) };
  const spare = new Set(existing);
  for (const { ports, wanted } of byPorts.values()) {
    const own = existing.filter((slice) => equal(slice.ports ?? [], ports));
    const left = new Map(wanted);
    for (const slice of own) {
      spare.delete(slice);
      const kept = slice.endpoints.flatMap((endpoint) => {
        const address = endpoint.addresses[0] ?? '';
        const now = left.get(address);
        left.delete(address);
        return now === undefined ? [] : [now];
      });
      while (kept.length < MOST_IN_A_SLICE && left.size > 0) {
        const [address, endpoint] = left.entries().next().value!;
        left.delete(address);
        kept.push(endpoint);
      }
      if (kept.length === 0 && own.length > 1) client.delete('endpointslices', slice.metadata);
      else if (!equal(withoutVersion(slice.endpoints), withoutVersion(kept)) || !equal(slice.metadata.labels, labels)) {
        client.edit('endpointslices', slice.metadata, (draft) => {
          draft.endpoints = copy(kept);
          draft.metadata.labels = labels;
          draft.metadata.annotations = { ...draft.metadata.annotations, 'endpoints.kubernetes.io/last-change-trigger-time': timestamp(runtime.nowMs()) };
        });
      }
    }
    const rest = [...left.values()];
    if (own.length > 0 && rest.length === 0) continue;
    for (let from = 0; from === 0 || from < rest.length; from += MOST_IN_A_SLICE) {
      index.note(client.create('endpointslices', {
        metadata: {
          generateName: `${service.metadata.name}-`, namespace: service.metadata.namespace, labels,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: service.metadata.name, uid: service.metadata.uid, controller: true, blockOwnerDeletion: true }],
          annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': timestamp(runtime.nowMs()) },
        },
        addressType: 'IPv4', endpoints: rest.slice(from, from + MOST_IN_A_SLICE), ports,
      }));
    }
  }
  for (const slice of spare) client.delete('endpointslices', slice.metadata);
}

function endpointOf({ pod, address, isReady: ready }: Backend): Endpoint {
  return {
    addresses: [address], conditions: { ready },
    ...(pod.spec?.hostname !== undefined && pod.spec.subdomain !== undefined ? { hostname: pod.spec.hostname } : {}),
    nodeName: pod.spec?.nodeName, targetRef: reference(pod),
  };
}

function withoutVersion(endpoints: readonly Endpoint[]): unknown {
  return endpoints.map((endpoint) => ({ ...endpoint, targetRef: { ...endpoint.targetRef, resourceVersion: '' } }));
}
