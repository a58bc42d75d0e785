/** How many pods of a PodDisruptionBudget may go now (pkg/controller/disruption). */
import type { PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1';
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import { isFinished, isReady, isTerminating, scaled, selects, type ControllerContext, type StoredPod } from './controller.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';

export function startDisruptionController(context: ControllerContext): void {
  const { client, runtime } = context;
  const queue = new WorkQueue(runtime, (key) => sync(context, key));
  const addAbout = ({ metadata }: StoredPod): void => {
    for (const budget of client.list('poddisruptionbudgets', { namespace: metadata.namespace })) if (selects(budget.spec?.selector, metadata.labels)) queue.add(keyOf(budget));
  };
  client.watch('poddisruptionbudgets', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, ({ object }) => addAbout(object));
}

function sync({ client, record }: ControllerContext, key: string): void {
  const budget = client.find('poddisruptionbudgets', parseKey(key));
  if (budget === undefined || isTerminating(budget)) return;
  const owner = { ...budget, apiVersion: 'policy/v1beta1', kind: 'PodDisruptionBudget' };
  const pods = client.list('pods', { namespace: budget.metadata.namespace }).filter((pod) => !isFinished(pod) && selects(budget.spec?.selector, pod.metadata.labels));
  if (pods.length === 0) record(owner, 'Normal', 'NoPods', 'No matching pods found');
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const isCounted = maxUnavailable === undefined && typeof minAvailable !== 'string';
  const expectedPods = isCounted ? pods.length : expectedScale(client, pods);
  const desiredHealthy = maxUnavailable === undefined ? scaled(minAvailable, expectedPods, 'up') : Math.max(0, expectedPods - scaled(maxUnavailable, expectedPods, 'up'));
  const currentHealthy = pods.filter((pod) => !isTerminating(pod) && isReady(pod)).length;
  const status: PodDisruptionBudgetStatus = {
    ...(budget.metadata.generation === undefined ? {} : { observedGeneration: budget.metadata.generation }),
    disruptionsAllowed: expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy), currentHealthy, desiredHealthy, expectedPods,
  };
  if (!equal(status, budget.status)) client.editStatus('poddisruptionbudgets', budget.metadata, (draft) => void (draft.status = copy(status)));
}

/** The sum of what the controllers of these pods want; each of them once. */
function expectedScale(client: ControllerContext['client'], pods: readonly StoredPod[]): number {
  const scales = new Map<string, number>();
  for (const { metadata: { ownerReferences, namespace } } of pods) {
    const owner = ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined || scales.has(owner.uid)) continue;
    const key = { name: owner.name, namespace };
    const found: StoredObject<'replicasets' | 'statefulsets' | 'deployments'> | undefined = owner.kind === 'ReplicaSet' ? client.find('replicasets', key) : owner.kind === 'StatefulSet' ? client.find('statefulsets', key) : undefined;
    const above = found?.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const deployment = above?.kind === 'Deployment' ? client.find('deployments', { name: above.name, namespace }) : undefined;
    scales.set(deployment?.metadata.uid ?? owner.uid, deployment?.spec?.replicas ?? found?.spec?.replicas ?? 0);
  }
  return [...scales.values()].reduce((sum, count) => sum + count, 0);
}
