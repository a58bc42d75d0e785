/** Making and taking away the pods of a ReplicaSet, DaemonSet or Job (pkg/controller/controller_utils.go). */
import type { PodTemplateSpec } from 'kubernetes-types/core/v1';
import type { StoredMeta } from '../api/kinds.ts';
import { StatusError } from '../api/status.ts';
import { condition, isReady, ownerReference, type ControllerContext, type StoredPod } from './controller.ts';
import type { EventObject } from './events.ts';
import { parseTimestamp } from '../runtime.ts';

/** SlowStartInitialBatchSize: 1, 2, 4 ... at once, and none after a batch in which one failed. */
export function slowStart(count: number, create: () => void): void {
  let made = 0;
  for (let batch = Math.min(count, 1); batch > 0; batch = Math.min(2 * batch, count - made)) {
    let failure: unknown;
    for (let index = 0; index < batch; index++) {
      try {
        create();
        made += 1;
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}

export interface PodOwner { readonly apiVersion: string; readonly kind: string; readonly metadata: StoredMeta }

/** A pod from a template; the owner's events say SuccessfulCreate or FailedCreate. */
export function createPod({ client, record }: ControllerContext, owner: PodOwner, template: PodTemplateSpec, change: { readonly nodeName?: string } = {}): StoredPod {
  const { labels, annotations } = template.metadata ?? {};
  try {
    const pod = client.create('pods', {
      metadata: {
        generateName: `${owner.metadata.name}-`, namespace: owner.metadata.namespace,
        ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [ownerReference(owner, owner.apiVersion, owner.kind)],
      },
      spec: { ...template.spec!, ...change },
    });
    record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    return pod;
  } catch (error) {
    if (error instanceof StatusError) record(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
    throw error;
  }
}

export function deletePod({ client, record }: ControllerContext, owner: EventObject, pod: StoredPod): void {
  client.delete('pods', pod.metadata);
  record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** ActivePodsWithRanks: who goes first when there are too many. `onSameNode` counts the owner's pods on each pod's node. */
export function deletionOrder(pods: readonly StoredPod[], onSameNode: (pod: StoredPod) => number): StoredPod[] {
  const since = (pod: StoredPod): number => parseTimestamp(condition(pod, 'Ready')?.lastTransitionTime) ?? 0;
  const restarts = (pod: StoredPod): number => Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
  const order = (one: StoredPod, other: StoredPod): number =>
    Number(one.spec?.nodeName !== undefined) - Number(other.spec?.nodeName !== undefined)
    || (phaseRank[one.status?.phase ?? ''] ?? 1) - (phaseRank[other.status?.phase ?? ''] ?? 1)
    || Number(isReady(one)) - Number(isReady(other))
    || onSameNode(other) - onSameNode(one)
    || (isReady(one) && isReady(other) ? since(other) - since(one) : 0)
    || restarts(other) - restarts(one)
    || (parseTimestamp(other.metadata.creationTimestamp) ?? 0) - (parseTimestamp(one.metadata.creationTimestamp) ?? 0);
  return pods.toSorted(order);
}
