/**
 * As many pods as asked for (pkg/controller/replicaset): adopts pods that match its selector and belong to nobody, lets go of those
 * that match no longer, creates what is missing in growing batches, takes away the least useful, and reports.
 */
import type { ReplicaSetStatus } from 'kubernetes-types/apps/v1';
import type { StoredObject } from '../api/kinds.ts';
import { equal } from '../api/values.ts';
import { isActive, isAvailable, isReady, isTerminating, hasLabels, ownerReference, selects, type ControllerContext, type StoredPod } from './controller.ts';
import { byController, orphansOf, type ObjectIndex } from './object-index.ts';
import { createPod, deletePod, deletionOrder, slowStart } from './pod-control.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

/** BurstReplicas. */
const MOST_AT_ONCE = 500;

type ReplicaSet = StoredObject<'replicasets'>;

export function startReplicaSetController(context: ControllerContext): void {
  const { client, runtime } = context;
  const pods = byController(client, 'pods');
  const queue = new WorkQueue(runtime, (key) => sync(context, pods, queue, key));
  client.watch('replicasets', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, (event) => {
    const owners = [event.object, ...(event.type === 'MODIFIED' ? [event.previous] : [])].map(ownerOf);
    for (const owner of owners) if (owner !== undefined) queue.add(owner);
    if (owners[0] !== undefined || event.type === 'DELETED') return;
    // A pod nobody controls may be somebody's.
    for (const set of client.list('replicasets', { namespace: event.object.metadata.namespace })) {
      if (selects(set.spec?.selector, event.object.metadata.labels)) queue.add(keyOf(set));
    }
  });
}

function ownerOf(pod: StoredPod): string | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === 'ReplicaSet' ? `${pod.metadata.namespace}/${owner.name}` : undefined;
}

function sync(context: ControllerContext, index: ObjectIndex<'pods'>, queue: WorkQueue, key: string): void {
  const { client, runtime } = context;
  const set = client.find('replicasets', parseKey(key));
  if (set === undefined) return;
  const owned = claim(context, index, set);
  const active = owned.filter(isActive);
  if (!isTerminating(set)) scale(context, index, set, active);
  const now = isTerminating(set) ? owned : index.get(set.metadata.uid);
  const status = statusOf(set, now.filter((pod) => isActive(pod)), runtime.nowMs());
  if (!equal(status, { ...set.status })) client.editStatus('replicasets', set.metadata, (draft) => void (draft.status = status));
  const { minReadySeconds = 0 } = set.spec ?? {};
  if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas) queue.addAfter(key, minReadySeconds * 1000);
}

/** PodControllerRefManager.ClaimPods. */
function claim({ client }: ControllerContext, index: ObjectIndex<'pods'>, set: ReplicaSet): StoredPod[] {
  const { uid, namespace = '' } = set.metadata;
  const kept: StoredPod[] = [];
  for (const pod of index.get(uid)) {
    if (selects(set.spec?.selector, pod.metadata.labels)) kept.push(pod);
    else if (!isTerminating(set)) {
      index.note(client.edit('pods', pod.metadata, ({ metadata }) => void (metadata.ownerReferences = (metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid))));
    }
  }
  if (isTerminating(set)) return kept;
  for (const pod of index.get(orphansOf(namespace))) {
    if (!isActive(pod) || !selects(set.spec?.selector, pod.metadata.labels)) continue;
    const adopted = client.edit('pods', pod.metadata, ({ metadata }) => void (metadata.ownerReferences = [...(metadata.ownerReferences ?? []), ownerReference(set, 'apps/v1', 'ReplicaSet')]));
    index.note(adopted);
    kept.push(adopted);
  }
  return kept;
}

function scale(context: ControllerContext, index: ObjectIndex<'pods'>, set: ReplicaSet, active: readonly StoredPod[]): void {
  const missing = (set.spec?.replicas ?? 1) - active.length;
  const owner = { ...set, apiVersion: 'apps/v1', kind: 'ReplicaSet' };
  if (missing > 0) slowStart(Math.min(missing, MOST_AT_ONCE), () => index.note(createPod(context, owner, set.spec!.template!)));
  if (missing >= 0) return;
  const perNode = new Map<string, number>();
  for (const pod of active) if (pod.spec?.nodeName !== undefined) perNode.set(pod.spec.nodeName, (perNode.get(pod.spec.nodeName) ?? 0) + 1);
  const order = deletionOrder(active, (pod) => perNode.get(pod.spec?.nodeName ?? '') ?? 0);
  for (const pod of order.slice(0, Math.min(-missing, MOST_AT_ONCE))) deletePod(context, owner, pod);
}

/** calculateStatus: fields that are zero stay away, as Go's omitempty leaves them out. */
function statusOf(set: ReplicaSet, active: readonly StoredPod[], nowMs: number): ReplicaSetStatus {
  const template = set.spec?.template?.metadata?.labels;
  const labelled = active.filter((pod) => hasLabels(template, pod.metadata.labels)).length;
  const ready = active.filter(isReady).length;
  const available = active.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length;
  return {
    replicas: active.length,
    ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
}
