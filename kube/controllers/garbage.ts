/**
 * What nobody owns any more: dependants of a deleted owner, contents of a deleted namespace, pods of nodes that are gone.
 * Read first: pkg/controller/garbagecollector, pkg/controller/namespace, pkg/controller/podgc
 */
import type { Resource, StoredAny } from '../api/kinds.ts';
import { isReason } from '../api/status.ts';
import type { ControllerContext } from './controller.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

/** Kinds that own or are owned; events and leases are neither. */
const OWNED: readonly Resource[] = ['pods', 'replicasets', 'deployments', 'daemonsets', 'statefulsets', 'controllerrevisions', 'cronjobs', 'jobs', 'replicationcontrollers', 'services', 'endpointslices', 'configmaps', 'secrets', 'ingresses', 'serviceaccounts'];
const IN_NAMESPACES: readonly Resource[] = [...OWNED, 'endpoints', 'events', 'networkpolicies', 'poddisruptionbudgets', 'horizontalpodautoscalers', 'roles', 'rolebindings', 'leases'];
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';
/** Pods of a node that is gone are removed by force after a while (podgc: quarantineTime). */
const QUARANTINE_MS = 40_000;

export function startGarbageCollector({ client, runtime }: ControllerContext): void {
  /** `resource key` of dependants by owner uid, and the uids there are. */
  const dependants = new Map<string, Set<string>>();
  const alive = new Map<string, string>();
  const identify = (resource: Resource, object: StoredAny): string => `${resource} ${keyOf(object)}`;
  const read = (id: string | undefined): { resource: Resource; object: StoredAny } | undefined => {
    if (id === undefined) return undefined;
    const [resource, key] = id.split(' ') as [Resource, string];
    const object = client.find(resource, parseKey(key)) as StoredAny | undefined;
    return object === undefined ? undefined : { resource, object };
  };
  const queue = new WorkQueue(runtime, (id) => {
    const found = read(id);
    if (found === undefined) return;
    const { resource, object } = found;
    if (object.metadata.deletionTimestamp !== undefined) return finalize(resource, object);
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    // An owner waiting for its dependants to go keeps none of them.
    const isKept = owners.some(({ uid }) => {
      const now = read(alive.get(uid))?.object;
      return now !== undefined && !(now.metadata.deletionTimestamp !== undefined && now.metadata.finalizers?.includes(FOREGROUND) === true);
    });
    if (isKept) return;
    const isForeground = owners.some(({ uid }) => read(alive.get(uid))?.object.metadata.finalizers?.includes(FOREGROUND) === true);
    client.delete(resource, object.metadata, { uid: object.metadata.uid, propagationPolicy: isForeground ? 'Foreground' : 'Background' });
  });

  /** An owner that waits: in the foreground for its dependants to be gone, as an orphan-maker for them to forget it. */
  const finalize = (resource: Resource, object: StoredAny): void => {
    const { finalizers = [], uid } = object.metadata;
    const own = [...(dependants.get(uid) ?? [])].flatMap((id) => read(id) ?? []);
    if (finalizers.includes(ORPHAN)) {
      for (const dependant of own) {
        client.edit(dependant.resource, dependant.object.metadata, ({ metadata }) => {
          metadata.ownerReferences = (metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
          if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences;
        });
      }
    } else if (!finalizers.includes(FOREGROUND)) return;
    else if (own.some(({ object: { metadata } }) => metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true))) {
      for (const dependant of own) queue.add(identify(dependant.resource, dependant.object));
      return;
    }
    client.edit(resource, object.metadata, ({ metadata }) => void (metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== ORPHAN && name !== FOREGROUND)));
  };

  // Nodes own their leases and the mirrors of their static pods.
  for (const resource of ['nodes', ...OWNED] as const) {
    client.watch(resource, {}, (event) => {
      const object = event.object as StoredAny;
      const id = identify(resource, object);
      const { uid } = object.metadata;
      if (event.type === 'MODIFIED') {
        for (const owner of (event.previous as StoredAny).metadata.ownerReferences ?? []) dependants.get(owner.uid)?.delete(id);
      }
      for (const owner of object.metadata.ownerReferences ?? []) {
        const set = dependants.get(owner.uid);
        if (event.type === 'DELETED') set?.delete(id);
        else if (set === undefined) dependants.set(owner.uid, new Set([id]));
        else set.add(id);
        // A waiting owner may now be free.
        const waiting = alive.get(owner.uid);
        if (waiting !== undefined && event.type === 'DELETED' && read(waiting)?.object.metadata.deletionTimestamp !== undefined) queue.add(waiting);
      }
      if (event.type === 'DELETED') {
        alive.delete(uid);
        for (const dependant of dependants.get(uid) ?? []) queue.add(dependant);
        dependants.delete(uid);
      } else {
        alive.set(uid, id);
        const isOrphan = (object.metadata.ownerReferences ?? []).length > 0 && event.type === 'ADDED';
        if (isOrphan || object.metadata.deletionTimestamp !== undefined) queue.add(id);
      }
    });
  }
}

/** Empties namespaces that are being deleted, then lets them go. */
export function startNamespaceController({ client, runtime }: ControllerContext): void {
  const queue = new WorkQueue(runtime, (name) => {
    const namespace = client.find('namespaces', { name });
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    let isEmpty = true;
    for (const resource of IN_NAMESPACES) {
      for (const object of client.list(resource, { namespace: name }) as readonly StoredAny[]) {
        isEmpty = false;
        if (object.metadata.deletionTimestamp === undefined) client.delete(resource, object.metadata, { propagationPolicy: 'Background' });
      }
    }
    if (!isEmpty) return queue.addAfter(name, 1000);
    try {
      client.finalize(name);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  });
  client.watch('namespaces', {}, ({ object }) => {
    if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
  });
}

/** Pods whose node is gone, and terminating pods that never had one. */
export function startPodGarbageCollector({ client, runtime }: ControllerContext): void {
  client.watch('nodes', { fromNow: true }, ({ type, object }) => {
    if (type !== 'DELETED') return;
    runtime.after(QUARANTINE_MS, () => {
      if (client.find('nodes', object.metadata) !== undefined) return;
      for (const pod of client.list('pods', { fieldSelector: `spec.nodeName=${object.metadata.name}` })) client.delete('pods', pod.metadata, { gracePeriodSeconds: 0 });
    });
  });
  client.watch('pods', {}, ({ type, object }) => {
    if (type !== 'DELETED' && object.metadata.deletionTimestamp !== undefined && object.spec?.nodeName === undefined) {
      runtime.after(0, () => {
        const now = client.find('pods', object.metadata);
        if (now?.metadata.uid === object.metadata.uid && now.spec?.nodeName === undefined) client.delete('pods', now.metadata, { gracePeriodSeconds: 0 });
      });
    }
  });
}
