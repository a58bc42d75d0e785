/**
 * HorizontalPodAutoscalers (pkg/controller/podautoscaler/horizontal.go). Nothing here measures how busy pods are, so that the number of
 * replicas is only kept between its limits; for the rest the controller says, as on any cluster without a Metrics API, that it cannot tell.
 */
import type { HorizontalPodAutoscalerStatus } from 'kubernetes-types/autoscaling/v1';
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import { timestamp } from '../runtime.ts';
import { isTerminating, type ControllerContext } from './controller.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

/** --horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;
const NO_METRICS = 'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';

/** What can be scaled, and by which resource. */
const scalable = { Deployment: 'deployments', ReplicaSet: 'replicasets', StatefulSet: 'statefulsets' } as const;

export function startAutoscaler(context: ControllerContext): void {
  const { client, runtime } = context;
  const queue = new WorkQueue(runtime, (key) => {
    if (sync(context, key)) queue.addAfter(key, SYNC_MS);
  });
  client.watch('horizontalpodautoscalers', {}, (event) => {
    // Its own status is no news.
    if (event.type !== 'MODIFIED' || !equal(event.previous.spec, event.object.spec)) queue.addAfter(keyOf(event.object), event.type === 'ADDED' ? SYNC_MS : 0);
  });
}

/** Whether to look again. */
function sync({ client, runtime, record }: ControllerContext, key: string): boolean {
  const found = client.find('horizontalpodautoscalers', parseKey(key));
  if (found === undefined || isTerminating(found)) return false;
  const owner = { ...found, apiVersion: 'autoscaling/v2beta2', kind: 'HorizontalPodAutoscaler' };
  const { scaleTargetRef: { kind, name }, minReplicas = 1, maxReplicas } = found.spec!;
  const resource = scalable[kind as keyof typeof scalable] as (typeof scalable)[keyof typeof scalable] | undefined;
  const target = resource === undefined ? undefined : client.find(resource, { name, namespace: found.metadata.namespace }) as StoredObject<'deployments'> | undefined;
  if (resource === undefined || target === undefined) {
    record(owner, 'Warning', 'FailedGetScale', resource === undefined ? `no matches for kind "${kind}" in group "${found.spec!.scaleTargetRef.apiVersion?.split('/')[0] ?? ''}"` : `${resource}.apps "${name}" not found`);
    return true;
  }
  const wanted = target.spec?.replicas ?? 1;
  const [replicas, reason] = wanted === 0 ? [0, ''] : wanted > maxReplicas ? [maxReplicas, 'Current number of replicas above Spec.MaxReplicas']
    : wanted < minReplicas ? [minReplicas, 'Current number of replicas below Spec.MinReplicas'] : [wanted, ''];
  let { lastScaleTime } = found.status ?? {};
  let desiredReplicas = found.status?.desiredReplicas ?? 0;
  if (replicas !== wanted) {
    client.edit(resource, target.metadata, (draft) => void ((draft as { spec: { replicas: number } }).spec.replicas = replicas));
    record(owner, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    lastScaleTime = timestamp(runtime.nowMs());
    desiredReplicas = replicas;
  } else if (wanted > 0) {
    record(owner, 'Warning', 'FailedGetResourceMetric', NO_METRICS);
    record(owner, 'Warning', 'FailedComputeMetricsReplicas', `invalid metrics (1 invalid out of 1), first error is: failed to get cpu utilization: ${NO_METRICS}`);
  }
  const status: HorizontalPodAutoscalerStatus = { ...(lastScaleTime === undefined ? {} : { lastScaleTime }), currentReplicas: target.status?.replicas ?? 0, desiredReplicas };
  if (!equal(status, found.status)) client.editStatus('horizontalpodautoscalers', found.metadata, (draft) => void (draft.status = copy(status)));
  return true;
}
