/** One pod on each node that can take it (pkg/controller/daemon): created with its node already in the affinity, replaced a few at a time when the template changes. */
import type { DaemonSetStatus } from 'kubernetes-types/apps/v1';
import type { PodTemplateSpec, Toleration } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../api/kinds.ts';
import { copy, equal } from '../api/values.ts';
import { isAvailable, isFinished, isReady, isTerminating, scaled, type ControllerContext, type StoredPod } from './controller.ts';
import { byController, type ObjectIndex } from './object-index.ts';
import { createPod, deletePod, slowStart } from './pod-control.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { matchesNode, tolerates } from './scheduler.ts';
import { templateHash } from './template-hash.ts';

const HASH_LABEL = 'controller-revision-hash';
type DaemonSet = StoredObject<'daemonsets'>;
type Node = StoredObject<'nodes'>;

/** AddOrUpdateDaemonPodTolerations. */
const TOLERATED: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

export function startDaemonSetController(context: ControllerContext): void {
  const { client, runtime } = context;
  const pods = byController(client, 'pods');
  const queue = new WorkQueue(runtime, (key) => sync(context, pods, key));
  client.watch('daemonsets', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.kind === 'DaemonSet') queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
  client.watch('nodes', {}, (event) => {
    if (event.type === 'MODIFIED' && equal(event.previous.spec, event.object.spec) && equal(event.previous.metadata.labels, event.object.metadata.labels)) return;
    for (const set of client.list('daemonsets')) queue.add(keyOf(set));
  });
}

function sync(context: ControllerContext, index: ObjectIndex<'pods'>, key: string): void {
  const { client, runtime } = context;
  const set = client.find('daemonsets', parseKey(key));
  if (set === undefined || isTerminating(set)) return;
  const owner = about(set);
  const hash = templateHash(set.spec!.template, set.status?.collisionCount);
  const nodes = client.list('nodes');
  const byNode = new Map<string, StoredPod[]>();
  for (const pod of index.get(set.metadata.uid)) {
    const node = nodeOf(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  const missing: string[] = [];
  for (const node of nodes) {
    const here = byNode.get(node.metadata.name) ?? [];
    const { shouldRun, shouldContinue } = wants(set, node);
    const alive = here.filter((pod) => !isTerminating(pod));
    if (shouldRun && here.length === 0) missing.push(node.metadata.name);
    for (const pod of alive) {
      if (!shouldContinue) deletePod(context, owner, pod);
      else if (pod.status?.phase === 'Failed') {
        context.record(owner, 'Warning', 'FailedDaemonPod', `Found failed daemon pod ${keyOf(pod)} on node ${node.metadata.name}, will try to kill it`);
        deletePod(context, owner, pod);
      }
    }
    for (const pod of alive.slice(1)) if (shouldContinue) deletePod(context, owner, pod);
  }
  slowStart(missing.length, () => index.note(createPod(context, owner, templateFor(set, missing.shift()!, hash))));
  if (set.spec?.updateStrategy?.type !== 'OnDelete') replaceOld(context, set, index.get(set.metadata.uid), hash, nodes.filter((node) => wants(set, node).shouldRun).length, runtime.nowMs());
  report(context, set, nodes, index.get(set.metadata.uid), hash);
}

/** Where a pod is, or is meant to be before the scheduler has spoken. */
function nodeOf(pod: StoredPod): string | undefined {
  return pod.spec?.nodeName ?? pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
}

function wants(set: DaemonSet, node: Node): { readonly shouldRun: boolean; readonly shouldContinue: boolean } {
  const spec = set.spec!.template.spec!;
  if (!matchesNode({ spec }, node)) return { shouldRun: false, shouldContinue: false };
  const tolerations = [...(spec.tolerations ?? []), ...TOLERATED];
  const bad = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)));
  return { shouldRun: bad.length === 0, shouldContinue: bad.every(({ effect }) => effect !== 'NoExecute') };
}

function templateFor(set: DaemonSet, nodeName: string, hash: string): PodTemplateSpec {
  const template = copy(set.spec!.template);
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH_LABEL]: hash, 'pod-template-generation': String(set.metadata.generation ?? 1) } };
  const spec = template.spec!;
  spec.tolerations = [...(spec.tolerations ?? []), ...TOLERATED, ...(spec.hostNetwork === true ? [{ key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }] : [])];
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }] } },
  };
  return template;
}

function replaceOld(context: ControllerContext, set: DaemonSet, pods: readonly StoredPod[], hash: string, wanted: number, nowMs: number): void {
  const owner = about(set);
  const most = Math.max(1, scaled(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted, 'up'));
  const live = pods.filter((pod) => !isTerminating(pod));
  const isOld = (pod: StoredPod): boolean => pod.metadata.labels?.[HASH_LABEL] !== hash;
  let unavailable = wanted - live.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length;
  for (const pod of live.filter((one) => isOld(one) && !isReady(one))) deletePod(context, owner, pod);
  for (const pod of live.filter((one) => isOld(one) && isReady(one))) {
    if (unavailable >= most) break;
    unavailable += 1;
    deletePod(context, owner, pod);
  }
}

function report({ client, runtime }: ControllerContext, set: DaemonSet, nodes: readonly Node[], pods: readonly StoredPod[], hash: string): void {
  const wanted = new Set(nodes.filter((node) => wants(set, node).shouldRun).map(({ metadata }) => metadata.name));
  const live = pods.filter((pod) => !isTerminating(pod) && !isFinished(pod));
  const right = live.filter((pod) => wanted.has(nodeOf(pod) ?? ''));
  const ready = right.filter(isReady).length;
  const available = right.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, runtime.nowMs())).length;
  const updated = right.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash).length;
  const status: DaemonSetStatus = {
    currentNumberScheduled: right.length, numberMisscheduled: live.length - right.length, desiredNumberScheduled: wanted.size, numberReady: ready,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }), ...(available === 0 ? {} : { numberAvailable: available }),
    ...(wanted.size === available ? {} : { numberUnavailable: wanted.size - available }),
  };
  if (!equal(status, set.status)) client.editStatus('daemonsets', set.metadata, (draft) => void (draft.status = status));
}

function about(set: DaemonSet): DaemonSet & { apiVersion: string; kind: string } {
  return { ...set, apiVersion: 'apps/v1', kind: 'DaemonSet' };
}
