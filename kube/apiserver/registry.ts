/**
 * Where every write goes through, whoever makes it: decoding, defaults, admission, validation, managed fields, the store
 * (apiserver/pkg/registry/generic/registry/store.go and registry/rest/{create,update,delete}.go).
 */
import type { Namespace, Pod, Service } from 'kubernetes-types/core/v1';
import { decode, type DecodeOptions } from '../api/decode.ts';
import { defaulters } from '../api/defaults.ts';
import type { AnyObject, Resource, StoredAny } from '../api/kinds.ts';
import { afterUpdate, compare, readManaged, writeManaged, type Managed } from '../api/managed-fields.ts';
import { infoOf, servedVersions, type ResourceInfo } from '../api/resources.ts';
import { structNamed, type Struct } from '../api/schema.ts';
import { alreadyExists, conflict, forbidden, invalid, notFound, objectModified, StatusError } from '../api/status.ts';
import { validateCreate, validateUpdate } from '../api/validation/index.ts';
import { copy, equal, type Mutable } from '../api/values.ts';
import type { DeleteOptions } from '../client.ts';
import { timestamp, type KubeRuntime } from '../runtime.ts';
import { objectKey, type Store } from '../store/store.ts';
import { admitCreate, tolerateTrouble } from './admission.ts';
import { ServiceAllocation } from './service-allocation.ts';

/** Who writes, and how it is to be recorded. */
export interface Writer {
  readonly user: string;
  readonly manager: string;
  readonly isDryRun?: boolean;
}

export type Subresource = 'status' | 'scale' | 'finalize' | 'binding';

/** An object on its way in: decoded, and nobody else's. */
export type Draft = Mutable<AnyObject>;

export interface RegistryConfig {
  readonly minor: number;
  readonly serviceRange: string;
  readonly hasServiceAccounts: boolean;
}

/** Kubernetes' alphabet for random suffixes: no vowels, nothing that looks like something else. */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const eventsKeptMs = 3_600_000;

export class Registry {
  readonly store: Store;
  readonly runtime: KubeRuntime;
  readonly config: RegistryConfig;
  readonly services: ServiceAllocation;
  private readonly eventsWrittenMs = new Map<string, number>();

  constructor(runtime: KubeRuntime, store: Store, config: RegistryConfig) {
    this.runtime = runtime;
    this.store = store;
    this.config = config;
    this.services = new ServiceAllocation(runtime.dice, config.serviceRange, config.minor);
  }

  /** The shape in which a resource is stored. */
  structOf(resource: Resource): Struct {
    return structNamed(`${storageGroups[infoOf(resource).group] ?? 'core/v1'}.${infoOf(resource).kind}`);
  }

  decode(resource: Resource, given: unknown, onUnknown?: DecodeOptions['onUnknown']): Draft {
    const draft = decode(given, this.structOf(resource), { minor: this.config.minor, ...(onUnknown === undefined ? {} : { onUnknown }) }) as Draft;
    // Kind and version are said by where an object is kept.
    delete draft.kind;
    delete draft.apiVersion;
    return draft;
  }

  find(resource: Resource, name: string, namespace?: string): StoredAny | undefined {
    return this.store.get(resource, objectKey(name, infoOf(resource).isNamespaced ? namespace : undefined));
  }

  get(resource: Resource, name: string, namespace?: string): StoredAny {
    const found = this.find(resource, name, namespace);
    if (found === undefined) throw notFound(infoOf(resource), name);
    return found;
  }

  create(resource: Resource, object: Draft, writer: Writer, managed?: Managed[]): StoredAny {
    const info = infoOf(resource);
    this.default(resource, object);
    const meta = object.metadata!;
    if ((meta.name ?? '') === '' && (meta.generateName ?? '') !== '') meta.name = meta.generateName!.slice(0, 58) + this.suffix();
    if (!info.isNamespaced) delete meta.namespace;
    const name = meta.name ?? '';
    if (info.isNamespaced) this.checkNamespace(info, name, meta.namespace ?? '');
    meta.uid = this.uid();
    meta.creationTimestamp = timestamp(this.runtime.nowMs());
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'resourceVersion', 'selfLink', 'generation', 'managedFields'] as const) delete meta[field];
    // Owned is what the client sent, not what the server adds to it.
    this.manage(resource, undefined, object, writer, undefined, managed);
    admitCreate(this, resource, object);
    this.resetForCreate(info, object);
    const causes = validateCreate(resource, object, this.config.minor);
    if (causes.length > 0) throw invalid(kindOf(info, this.config.minor), name, causes);
    if (resource === 'services') this.services.prepareCreate(object as Mutable<Service>);
    const key = this.keyOf(info, name, meta.namespace);
    if (this.store.get(resource, key) !== undefined) throw alreadyExists(info, name);
    return this.commit(resource, key, object, writer);
  }

  /** `object` carries the name; status is that of the old object, or, for the status subresource, all but status is. */
  update(resource: Resource, object: Draft, writer: Writer, subresource?: Subresource, managed?: Managed[]): StoredAny {
    const info = infoOf(resource);
    const name = object.metadata?.name ?? '';
    const old = this.get(resource, name, object.metadata?.namespace);
    const meta = object.metadata!;
    if (meta.uid !== undefined && meta.uid !== old.metadata.uid) throw uidConflict(info, name, meta.uid, old.metadata.uid);
    if ((meta.resourceVersion ?? '') !== '' && meta.resourceVersion !== old.metadata.resourceVersion) throw conflict(info, name, objectModified);
    // Annotations may be written with the status: controllers keep a revision there.
    const next = subresource === 'status' ? withStatus(old, object) : this.prepareUpdate(info, object, old, subresource);
    // Of all status only nodes' and namespaces' have defaults.
    if (subresource === 'status' && (resource === 'nodes' || resource === 'namespaces')) this.default(resource, next, old);
    // Before 1.22 what came through scale was nobody's.
    const isManaged = subresource !== 'binding' && (subresource !== 'scale' || this.config.minor >= 22);
    if (isManaged) this.manage(resource, old, next, writer, subresource, managed);
    if (subresource !== 'status' && subresource !== 'binding') settleUpdate(info, next, old);
    const causes = validateUpdate(resource, next, old, this.config.minor, subresource);
    if (causes.length > 0) throw invalid(kindOf(info, this.config.minor), name, causes);
    if (resource === 'services' && subresource === undefined) this.services.prepareUpdate(next as Mutable<Service>, old as Service);
    if (equal(next, old)) return old;
    const key = this.keyOf(info, name, old.metadata.namespace);
    if (isFinished(next, info) && writer.isDryRun !== true) {
      this.store.write(resource, key, next as StoredAny);
      return this.remove(resource, key)!;
    }
    return this.commit(resource, key, next, writer);
  }

  /** What is left of the object, or, when nothing is, what it was. */
  delete(resource: Resource, name: string, namespace: string | undefined, options: DeleteOptions & { readonly resourceVersion?: string }, writer: Writer): { readonly object: StoredAny; readonly isGone: boolean } {
    const info = infoOf(resource);
    const old = this.get(resource, name, namespace);
    if (options.uid !== undefined && options.uid !== old.metadata.uid) {
      throw conflict({ group: info.group, resource: info.kind }, name, `the UID in the precondition (${options.uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`);
    }
    if (options.resourceVersion !== undefined && options.resourceVersion !== old.metadata.resourceVersion) {
      throw conflict(info, name, `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`);
    }
    const key = this.keyOf(info, name, old.metadata.namespace);
    const next = copy(old) as Draft;
    const meta = next.metadata!;
    const propagation = options.propagationPolicy ?? (resource === 'jobs' || resource === 'replicationcontrollers' ? 'Orphan' : 'Background');
    const finalizers = new Set(meta.finalizers ?? []);
    finalizers.delete('foregroundDeletion');
    finalizers.delete('orphan');
    if (propagation === 'Foreground') finalizers.add('foregroundDeletion');
    if (propagation === 'Orphan') finalizers.add('orphan');
    if (meta.deletionTimestamp === undefined) {
      if (finalizers.size > 0) meta.finalizers = [...finalizers];
      else delete meta.finalizers;
    }
    const graceSeconds = resource === 'pods' ? podGrace(next as Pod, options.gracePeriodSeconds) : 0;
    const isShorter = meta.deletionTimestamp === undefined || graceSeconds < (meta.deletionGracePeriodSeconds ?? 0);
    if (isShorter) {
      meta.deletionTimestamp = timestamp(this.runtime.nowMs() + graceSeconds * 1000);
      if (resource !== 'namespaces') meta.deletionGracePeriodSeconds = graceSeconds;
      if (info.countsGenerations) meta.generation = (meta.generation ?? 0) + 1;
    }
    if (resource === 'namespaces') (next as Mutable<Namespace>).status = { ...(next as Namespace).status, phase: 'Terminating' };
    if (isFinished(next, info)) {
      if (writer.isDryRun !== true) this.remove(resource, key);
      return { object: resource === 'pods' ? next as StoredAny : old, isGone: true };
    }
    if (equal(next, old)) return { object: old, isGone: false };
    return { object: this.commit(resource, key, next, writer), isGone: false };
  }

  private prepareUpdate(info: ResourceInfo, object: Draft, old: StoredAny, subresource: Subresource | undefined): Draft {
    this.default(info.resource, object, old);
    const meta = object.metadata!;
    const { namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation, managedFields } = old.metadata;
    Object.assign(meta, { namespace, uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, generation, managedFields });
    delete meta.selfLink;
    for (const field of ['namespace', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'managedFields'] as const) {
      if (meta[field] === undefined) delete meta[field];
    }
    if (info.hasStatus && subresource !== 'binding') {
      if (old.status === undefined) delete object.status;
      else object.status = old.status;
    }
    if (info.resource === 'namespaces' && subresource !== 'finalize') object.spec = old.spec;
    return object;
  }

  private default(resource: Resource, object: Draft, old?: StoredAny): void {
    (defaulters[resource] as ((object: Draft, minor: number, old?: StoredAny) => void) | undefined)?.(object, this.config.minor, old);
  }

  /** What only the server decides (PrepareForCreate of the strategies). */
  private resetForCreate(info: ResourceInfo, object: Draft): void {
    if (info.countsGenerations) object.metadata!.generation = 1;
    switch (info.resource) {
      case 'pods':
        object.status = { phase: 'Pending', qosClass: qosOf(object as Pod) };
        break;
      case 'namespaces': {
        object.status = { phase: 'Active' };
        const spec = object.spec as { finalizers?: string[] };
        spec.finalizers = [...new Set([...spec.finalizers ?? [], 'kubernetes'])];
        break;
      }
      case 'nodes':
        break;
      case 'services':
        object.status = { loadBalancer: {} };
        break;
      case 'jobs': {
        prepareJob(object);
        object.status = {};
        break;
      }
      default:
        if (info.hasStatus) object.status = this.decode(info.resource, { metadata: {} }).status;
    }
  }

  /** Notes who owns what. Nothing is noted for a write that changes nothing. */
  private manage(resource: Resource, old: StoredAny | undefined, next: Draft, writer: Writer, subresource: Subresource | undefined, managed: Managed[] | undefined): void {
    const info = infoOf(resource);
    const before = old ?? this.zeroOf(resource);
    const { minor } = this.config;
    const entries = managed ?? afterUpdate(readManaged(old?.metadata.managedFields), compare(before, next, this.structOf(resource)), {
      name: writer.manager, operation: 'Update', apiVersion: apiVersionOf(info, minor), subresource: minor >= 22 ? subresource : undefined,
    }, timestamp(this.runtime.nowMs()));
    const written = writeManaged(entries);
    const metadata = next.metadata!;
    if (written.length > 0) metadata.managedFields = written as typeof metadata.managedFields & object;
    else delete metadata.managedFields;
  }

  private readonly zeros = new Map<Resource, Draft>();
  private zeroOf(resource: Resource): Draft {
    let zero = this.zeros.get(resource);
    if (zero === undefined) {
      zero = this.decode(resource, {});
      this.zeros.set(resource, zero);
    }
    return zero;
  }

  private commit(resource: Resource, key: string, object: Draft, writer: Writer): StoredAny {
    if (writer.isDryRun === true) return object as StoredAny;
    if (resource === 'services') {
      const previous = this.store.get(resource, key) as Service | undefined;
      if (previous !== undefined) this.services.release(previous);
      this.services.claim(object as Service);
    }
    if (resource === 'events') this.keepEvent(key);
    return this.store.write(resource, key, object as StoredAny);
  }

  private remove(resource: Resource, key: string): StoredAny | undefined {
    const removed = this.store.remove(resource, key);
    if (resource === 'services' && removed !== undefined) {
      this.services.release(removed as Service);
      // The endpoints of a Service go with it.
      this.store.remove('endpoints', key);
    }
    if (resource === 'events') this.eventsWrittenMs.delete(key);
    return removed;
  }

  /** Events last an hour after they were last written (--event-ttl). */
  private keepEvent(key: string): void {
    if (this.eventsWrittenMs.size === 0) this.runtime.after(eventsKeptMs, () => { this.forgetEvents(); });
    this.eventsWrittenMs.delete(key);
    this.eventsWrittenMs.set(key, this.runtime.nowMs());
  }

  private forgetEvents(): void {
    const nowMs = this.runtime.nowMs();
    for (const [key, writtenMs] of this.eventsWrittenMs) {
      if (writtenMs + eventsKeptMs > nowMs) {
        this.runtime.after(writtenMs + eventsKeptMs - nowMs, () => { this.forgetEvents(); });
        return;
      }
      this.remove('events', key);
    }
  }

  private checkNamespace(info: ResourceInfo, name: string, namespace: string): void {
    const found = this.store.get('namespaces', namespace) as Namespace | undefined;
    if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
    if (found.metadata?.deletionTimestamp === undefined || info.resource === 'events') return;
    const error = forbidden(info, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
    throw new StatusError(403, 'Forbidden', error.message, {
      ...error.details, causes: [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    });
  }

  keyOf(info: ResourceInfo, name: string, namespace: string | undefined): string {
    return objectKey(name, info.isNamespaced ? namespace : undefined);
  }

  suffix(): string {
    let text = '';
    for (let i = 0; i < 5; i += 1) text += safeAlphabet[this.runtime.dice.below(safeAlphabet.length)]!;
    return text;
  }

  private uid(): string {
    const bytes = this.runtime.dice.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    let digits = '';
    for (const byte of bytes) digits += (byte + 256).toString(16).slice(1);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
  }
}

const storageGroups: Record<string, string> = {
  apps: 'apps/v1', autoscaling: 'autoscaling/v1', batch: 'batch/v1', 'coordination.k8s.io': 'coordination/v1', 'discovery.k8s.io': 'discovery/v1', 'networking.k8s.io': 'networking/v1',
  policy: 'policy/v1beta1', 'rbac.authorization.k8s.io': 'rbac/v1',
};

/** `apps/v1`: what discovery prefers. */
export function apiVersionOf(info: ResourceInfo, minor: number): string {
  const version = servedVersions(info, minor)[0] ?? 'v1';
  return info.group === '' ? version : `${info.group}/${version}`;
}

/** The kind as errors name it: before 1.22 by the group that networking came from. */
function kindOf({ group, kind }: ResourceInfo, minor: number): { readonly group: string; readonly kind: string } {
  return { group: minor < 22 && (kind === 'Ingress' || kind === 'NetworkPolicy') ? 'extensions' : group, kind };
}

function uidConflict(info: ResourceInfo, name: string, wanted: string, found: string): StatusError {
  return conflict(info, name, `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`);
}

/** Being deleted, and nothing holds it back. */
function isFinished(object: Draft, info: ResourceInfo): boolean {
  const meta = object.metadata!;
  if (meta.deletionTimestamp === undefined || (meta.finalizers ?? []).length > 0) return false;
  if (info.resource === 'namespaces') return ((object as Namespace).spec?.finalizers ?? []).length === 0;
  return (meta.deletionGracePeriodSeconds ?? 0) === 0;
}

function isNewGeneration(resource: Resource, next: Draft, old: StoredAny): boolean {
  if (resource === 'endpointslices') {
    return !equal(next.endpoints, old.endpoints) || !equal(next.ports, old.ports) || !equal(next.metadata?.labels, old.metadata.labels)
      || !equal(next.metadata?.annotations, old.metadata.annotations);
  }
  return !equal(next.spec, old.spec) || (resource === 'deployments' && !equal(next.metadata?.annotations, old.metadata.annotations));
}

/** With the status of another; annotations may come along, as kubelets and controllers send them so. */
function withStatus(old: StoredAny, { status, metadata }: Draft): Draft {
  const meta = { ...old.metadata, annotations: metadata?.annotations };
  if (meta.annotations === undefined) delete meta.annotations;
  return { ...old, metadata: meta, status } as Draft;
}

/** What the strategies of updates do to an object that is otherwise as the client wants it. */
function settleUpdate(info: ResourceInfo, next: Draft, old: StoredAny): void {
  if (info.resource === 'pods') tolerateTrouble(next as Mutable<Pod>);
  if (info.resource === 'services') prepareServiceUpdate(next as Mutable<Service>, old as Service);
  if (info.countsGenerations && isNewGeneration(info.resource, next, old)) next.metadata!.generation = (old.metadata.generation ?? 0) + 1;
}

/** How long a pod may take to end (pod strategy, CheckGracefulDelete). */
function podGrace(pod: Pod, asked: number | undefined): number {
  const isOver = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  if (isOver || (pod.spec?.nodeName ?? '') === '') return 0;
  return asked ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

/** pkg/apis/core/helper/qos: Guaranteed when every container limits what it asks for, BestEffort when none asks for anything. */
function qosOf(pod: Pod): string {
  const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
  const asks = containers.map(({ resources }) => ({ requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }));
  const counted = ['cpu', 'memory'];
  if (asks.every(({ requests, limits }) => counted.every((name) => requests[name] === undefined && limits[name] === undefined))) return 'BestEffort';
  const isGuaranteed = asks.every(({ requests, limits }) => counted.every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]));
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** A Job's pods are told by its uid, unless it says that it does this itself. */
function prepareJob(object: Draft): void {
  const spec = object.spec as { manualSelector?: boolean; selector?: { matchLabels?: Record<string, string> }; template: { metadata?: { labels?: Record<string, string> } } };
  if (spec.manualSelector === true) return;
  const uid = object.metadata!.uid!;
  const metadata = spec.template.metadata ??= {};
  metadata.labels = { ...metadata.labels, 'controller-uid': uid, 'job-name': object.metadata!.name ?? '' };
  spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, 'controller-uid': uid } };
  object.metadata!.labels ??= { ...metadata.labels };
}

/** What an old client leaves out it does not want to change; what a new type has no use for goes (service strategy). */
function prepareServiceUpdate(service: Mutable<Service>, old: Service): void {
  const spec = service.spec!;
  const before = old.spec!;
  if (before.clusterIPs !== undefined && spec.clusterIPs === undefined && spec.clusterIP === before.clusterIP) spec.clusterIPs = [...before.clusterIPs];
  if (spec.clusterIP === undefined && before.clusterIP !== undefined && equal(spec.clusterIPs, before.clusterIPs)) delete spec.clusterIPs;
  else if (spec.clusterIP !== undefined && spec.clusterIP !== before.clusterIP && equal(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = [spec.clusterIP];
  if (before.type !== 'ExternalName' && spec.type === 'ExternalName') {
    if (spec.clusterIP === before.clusterIP) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (equal(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  const hasNodePorts = (type: string | undefined): boolean => type === 'NodePort' || type === 'LoadBalancer';
  const nodePorts = (one: Service): readonly unknown[] => (one.spec?.ports ?? []).map((port) => port.nodePort);
  if (hasNodePorts(before.type) && !hasNodePorts(spec.type) && equal(nodePorts(service), nodePorts(old))) for (const port of spec.ports ?? []) delete port.nodePort;
  const hasHealthCheck = ({ type, externalTrafficPolicy }: NonNullable<Service['spec']>): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
  if (hasHealthCheck(before) && !hasHealthCheck(spec) && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) {
    delete spec.allocateLoadBalancerNodePorts;
  }
}
