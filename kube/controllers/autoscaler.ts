/** HorizontalPodAutoscalers (pkg/controller/podautoscaler/{horizontal,replica_calculator}.go): replicas by how busy the pods' CPUs are, as the metrics-server tells. */
import type { HorizontalPodAutoscalerStatus } from 'kubernetes-types/autoscaling/v1';
import type { Pod } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../api/kinds.ts';
import { milliValue } from '../api/quantity.ts';
import { matchesSelector } from '../api/selectors.ts';
import { copy, equal } from '../api/values.ts';
import { isServed, type MetricsServer } from '../metrics-server.ts';
import { timestamp } from '../runtime.ts';
import { isActive, isReady, isTerminating, type ControllerContext } from './controller.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

/** --horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;
const UNABLE = 'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: ';
/** --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;
/** --horizontal-pod-autoscaler-downscale-stabilization: the highest number of this time counts. */
const STABILIZATION_MS = 300_000;
const DEFAULT_TARGET_PERCENT = 80;
/** One step may double them, or lead to so many (scaleUpLimitFactor, scaleUpLimitMinimum). */
const SCALE_UP_AT_LEAST = 4;

export interface AutoscalerOptions {
  /** Left out: nothing measures how busy pods are. */
  readonly metrics?: MetricsServer;
}
interface Recommendation { readonly atMs: number; readonly replicas: number }

/** What can be scaled, and by which resource. */
const scalable = { Deployment: 'deployments', ReplicaSet: 'replicasets', StatefulSet: 'statefulsets' } as const;

export function startAutoscaler(context: ControllerContext, options: AutoscalerOptions): void {
  const { client, runtime } = context;
  const recommended = new Map<string, Recommendation[]>();
  const queue = new WorkQueue(runtime, (key) => {
    if (sync(context, options, key, recommended)) queue.addAfter(key, SYNC_MS);
    else recommended.delete(key);
  });
  client.watch('horizontalpodautoscalers', {}, (event) => {
    // Its own status is no news.
    if (event.type !== 'MODIFIED' || !equal(event.previous.spec, event.object.spec)) queue.addAfter(keyOf(event.object), event.type === 'ADDED' ? SYNC_MS : 0);
  });
}

/** Whether to look again. */
function sync({ client, runtime, record }: ControllerContext, { metrics }: AutoscalerOptions, key: string, recommended: Map<string, Recommendation[]>): boolean {
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
  const current = target.spec?.replicas ?? 1;
  let [replicas, reason] = current === 0 ? [0, ''] : current > maxReplicas ? [maxReplicas, 'Current number of replicas above Spec.MaxReplicas']
    : current < minReplicas ? [minReplicas, 'Current number of replicas below Spec.MinReplicas'] : [current, ''];
  let utilization: number | undefined;
  if (current > 0 && replicas === current) {
    const isSelected = matchesSelector(target.spec?.selector);
    const pods = client.list('pods', { namespace: found.metadata.namespace }).filter((pod) => isSelected(pod.metadata.labels) && isActive(pod));
    const wanted = metrics === undefined ? `${UNABLE}the server could not find the requested resource (get pods.metrics.k8s.io)`
      : isServed(client.list('pods', { namespace: 'kube-system' })) ? byBusyness(metrics, pods, current, found.spec!.targetCPUUtilizationPercentage ?? DEFAULT_TARGET_PERCENT)
        : `${UNABLE}the server is currently unable to handle the request (get pods.metrics.k8s.io)`;
    if (typeof wanted === 'string') {
      record(owner, 'Warning', 'FailedGetResourceMetric', wanted);
      record(owner, 'Warning', 'FailedComputeMetricsReplicas', `invalid metrics (1 invalid out of 1), first error is: failed to get cpu utilization: ${wanted}`);
    } else {
      ({ utilization } = wanted);
      const nowMs = runtime.nowMs();
      const recent = [...(recommended.get(key) ?? []).filter(({ atMs }) => atMs > nowMs - STABILIZATION_MS), { atMs: nowMs, replicas: wanted.replicas }];
      recommended.set(key, recent);
      const stable = Math.max(wanted.replicas, Math.min(current, Math.max(...recent.map((one) => one.replicas))));
      replicas = Math.max(minReplicas, Math.min(maxReplicas, Math.max(2 * current, SCALE_UP_AT_LEAST), stable));
      reason = replicas > current ? 'cpu resource utilization (percentage of request) above target' : 'All metrics below target';
    }
  }
  let { lastScaleTime } = found.status ?? {};
  let desiredReplicas = found.status?.desiredReplicas ?? 0;
  if (replicas !== current) {
    client.edit(resource, target.metadata, (draft) => void ((draft as { spec: { replicas: number } }).spec.replicas = replicas));
    record(owner, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    lastScaleTime = timestamp(runtime.nowMs());
  }
  if (replicas !== current || utilization !== undefined) desiredReplicas = replicas;
  const status: HorizontalPodAutoscalerStatus = {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }), currentReplicas: target.status?.replicas ?? 0, desiredReplicas, ...(utilization === undefined ? {} : { currentCPUUtilizationPercentage: utilization }),
  };
  if (!equal(status, found.status)) client.editStatus('horizontalpodautoscalers', found.metadata, (draft) => void (draft.status = copy(status)));
  return true;
}

/** How many replicas would be as busy as is wanted, or why that can not be told. */
function byBusyness(metrics: MetricsServer, pods: readonly Pod[], current: number, targetPercent: number): { replicas: number; utilization: number } | string {
  const measured: { usedMilli: number; requestedMilli: number }[] = [];
  const unmeasured: number[] = [];
  for (const pod of pods) {
    const requests = pod.spec?.containers.map(({ resources }) => resources?.requests?.['cpu']) ?? [];
    if (requests.includes(undefined)) return 'missing request for cpu';
    const requestedMilli = requests.reduce((sum, request) => sum + milliValue(request), 0);
    const seen = metrics.pods.find(({ namespace, name }) => namespace === pod.metadata?.namespace && name === pod.metadata?.name);
    if (seen === undefined || !isReady(pod)) unmeasured.push(requestedMilli);
    else measured.push({ usedMilli: seen.containers.reduce((sum, { usage }) => sum + Math.ceil(usage.cpuNanocores / 1e6), 0), requestedMilli });
  }
  if (measured.length === 0) return 'did not receive metrics for any ready pods';
  const ratioOf = (usedMilli: number, requestedMilli: number): [utilization: number, ratio: number] => {
    const percent = Math.trunc((usedMilli * 100) / requestedMilli);
    return [percent, percent / targetPercent];
  };
  const used = measured.reduce((sum, { usedMilli }) => sum + usedMilli, 0);
  const requested = measured.reduce((sum, { requestedMilli }) => sum + requestedMilli, 0);
  const [utilization, ratio] = ratioOf(used, requested);
  if (unmeasured.length === 0) return { utilization, replicas: Math.abs(1 - ratio) <= TOLERANCE ? current : Math.ceil(ratio * measured.length) };
  // Whoever is not measured is taken for as busy as speaks against a change.
  const unknown = unmeasured.reduce((sum, one) => sum + one, 0);
  const [, cautious] = ratioOf(used + (ratio < 1 ? unknown : 0), requested + unknown);
  const isTelling = Math.abs(1 - cautious) > TOLERANCE && ratio > 1 === cautious > 1;
  return { utilization, replicas: isTelling ? Math.ceil(cautious * pods.length) : current };
}
