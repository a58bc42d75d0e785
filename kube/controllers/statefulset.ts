/**
 * Pods with names of their own, made and taken away in order (pkg/controller/statefulset/stateful_set_control.go). Each template is kept as a
 * ControllerRevision, so that a pod that a rollout has not reached comes back as it was.
 */
import type { StatefulSetStatus } from 'kubernetes-types/apps/v1';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1';
import type { StoredObject } from '../api/kinds.ts';
import { StatusError } from '../api/status.ts';
import { copy, equal } from '../api/values.ts';
import { isFinished, isReady, isTerminating, ownerReference, type ControllerContext, type StoredPod } from './controller.ts';
import { byController, type ObjectIndex } from './object-index.ts';
import { keyOf, parseKey, TryAgain, WorkQueue } from './queue.ts';
import { templateHash } from './template-hash.ts';

const REVISION_LABEL = 'controller-revision-hash';
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';

type StatefulSet = StoredObject<'statefulsets'> & { apiVersion: string; kind: string };
type Revision = StoredObject<'controllerrevisions'>;

export function startStatefulSetController(context: ControllerContext): void {
  const { client, runtime } = context;
  const pods = byController(client, 'pods');
  const revisions = byController(client, 'controllerrevisions');
  const queue = new WorkQueue(runtime, (key) => sync(context, pods, revisions, key));
  client.watch('statefulsets', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('pods', {}, ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.kind === 'StatefulSet') queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

function sync(context: ControllerContext, podIndex: ObjectIndex<'pods'>, revisionIndex: ObjectIndex<'controllerrevisions'>, key: string): void {
  const { client } = context;
  const found = client.find('statefulsets', parseKey(key));
  if (found === undefined || isTerminating(found)) return;
  const set: StatefulSet = { ...found, apiVersion: 'apps/v1', kind: 'StatefulSet' };
  const update = revisionOf(context, revisionIndex, set);
  const current = revisionIndex.get(set.metadata.uid).find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const act = new Act(context, podIndex, set, current, update);
  try {
    act.inOrder();
  } finally {
    report(context, set, podIndex.get(set.metadata.uid), current, update);
    forgetOld(context, set, revisionIndex.get(set.metadata.uid), podIndex.get(set.metadata.uid), current, update);
  }
}

/** One look at the pods of a set: at most one is changed, unless they may be managed in parallel. */
class Act {
  private readonly context: ControllerContext;
  private readonly index: ObjectIndex<'pods'>;
  private readonly set: StatefulSet;
  private readonly current: Revision;
  private readonly update: Revision;

  constructor(context: ControllerContext, index: ObjectIndex<'pods'>, set: StatefulSet, current: Revision, update: Revision) {
    this.context = context;
    this.index = index;
    this.set = set;
    this.current = current;
    this.update = update;
  }

  inOrder(): void {
    const { set } = this;
    const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
    const wanted = set.spec?.replicas ?? 1;
    const byOrdinal = new Map(this.index.get(set.metadata.uid).map((pod) => [ordinalOf(pod), pod]));
    for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
      let pod = byOrdinal.get(ordinal);
      if (pod !== undefined && isFinished(pod) && !isTerminating(pod)) {
        this.context.record(set, 'Warning', 'RecreatingFailedPod', `StatefulSet ${keyOf(set)} is recreating failed Pod ${pod.metadata.name}`);
        this.remove(pod);
        pod = this.index.get(set.metadata.uid).find((one) => ordinalOf(one) === ordinal);
      }
      if (pod === undefined) {
        this.create(ordinal);
        if (isOrdered) return;
      } else if (isOrdered && (isTerminating(pod) || !isRunning(pod))) return;
    }
    const condemned = [...byOrdinal].filter(([ordinal]) => ordinal >= wanted).sort(([one], [other]) => other - one).map(([, pod]) => pod);
    const firstUnhealthy = [...byOrdinal].sort(([one], [other]) => one - other).map(([, pod]) => pod).find((pod) => !isRunning(pod) || isTerminating(pod));
    for (const pod of condemned) {
      if (isTerminating(pod)) {
        if (isOrdered) return;
        continue;
      }
      if (isOrdered && !isRunning(pod) && pod !== firstUnhealthy) return;
      this.remove(pod);
      if (isOrdered) return;
    }
    if (set.spec?.updateStrategy?.type !== 'OnDelete') this.replaceOld(byOrdinal, wanted);
  }

  /** From the last one down, each when the one after it is well again. */
  private replaceOld(byOrdinal: ReadonlyMap<number, StoredPod>, wanted: number): void {
    const partition = this.set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (let ordinal = wanted - 1; ordinal >= partition; ordinal -= 1) {
      const pod = byOrdinal.get(ordinal);
      if (pod === undefined) return;
      if (pod.metadata.labels?.[REVISION_LABEL] !== this.update.metadata.name && !isTerminating(pod)) {
        this.remove(pod);
        return;
      }
      if (!isRunning(pod) || isTerminating(pod)) return;
    }
  }

  private create(ordinal: number): void {
    const { client, record } = this.context;
    const { set } = this;
    const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
    const isOld = set.spec?.updateStrategy?.type !== 'OnDelete' && ordinal < (set.spec?.updateStrategy?.rollingUpdate === undefined ? set.status?.currentReplicas ?? 0 : partition);
    const revision = isOld ? this.current : this.update;
    const template = copy((revision.data as unknown as { spec: { template: PodTemplateSpec } }).spec.template);
    const { namespace } = set.metadata;
    const name = `${set.metadata.name}-${ordinal}`;
    const [claim] = set.spec?.volumeClaimTemplates ?? [];
    if (claim !== undefined) {
      record(set, 'Warning', 'FailedCreate', `create Claim ${claim.metadata?.name ?? ''}-${name} for Pod ${name} in StatefulSet ${set.metadata.name} failed error: the server could not find the requested resource (post persistentvolumeclaims)`);
      throw new TryAgain('this cluster has no storage to claim');
    }
    const { annotations, labels } = template.metadata ?? {};
    try {
      this.index.note(client.create('pods', {
        metadata: {
          name, namespace, labels: { ...labels, [REVISION_LABEL]: revision.metadata.name, [NAME_LABEL]: name }, ...(annotations === undefined ? {} : { annotations }),
          ownerReferences: [ownerReference(set, set.apiVersion, set.kind)],
        },
        spec: { ...template.spec!, hostname: name, subdomain: set.spec?.serviceName ?? '' },
      }));
    } catch (error) {
      if (error instanceof StatusError) record(set, 'Warning', 'FailedCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${error.message}`);
      throw error;
    }
    record(set, 'Normal', 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  }

  private remove(pod: StoredPod): void {
    this.context.client.delete('pods', pod.metadata);
    this.context.record(this.set, 'Normal', 'SuccessfulDelete', `delete Pod ${pod.metadata.name} in StatefulSet ${this.set.metadata.name} successful`);
  }
}

/** The template as a revision: an old one that is the same again, or a new one. */
function revisionOf({ client }: ControllerContext, index: ObjectIndex<'controllerrevisions'>, set: StatefulSet): Revision {
  const known = index.get(set.metadata.uid).toSorted((one, other) => one.revision - other.revision);
  const template = { ...copy(set.spec!.template), $patch: 'replace' };
  const next = (known.at(-1)?.revision ?? 0) + 1;
  const same = known.findLast(({ data }) => equal((data as unknown as { spec: { template: unknown } }).spec.template, template));
  if (same !== undefined) return same === known.at(-1) ? same : client.edit('controllerrevisions', same.metadata, (draft) => void (draft.revision = next));
  const hash = templateHash(set.spec!.template, set.status?.collisionCount);
  const made = client.create('controllerrevisions', {
    metadata: {
      name: `${set.metadata.name}-${hash}`, namespace: set.metadata.namespace, labels: { ...set.spec!.template.metadata?.labels, 'controller.kubernetes.io/hash': hash },
      ...(set.metadata.annotations === undefined ? {} : { annotations: set.metadata.annotations }), ownerReferences: [ownerReference(set, set.apiVersion, set.kind)],
    },
    data: { spec: { template } } as never, revision: next,
  });
  index.note(made);
  return made;
}

function report({ client }: ControllerContext, set: StatefulSet, pods: readonly StoredPod[], current: Revision, update: Revision): void {
  const live = pods.filter((pod) => !isTerminating(pod));
  const count = (test: (pod: StoredPod) => boolean): number => live.filter(test).length;
  const of = (revision: Revision) => (pod: StoredPod): boolean => pod.metadata.labels?.[REVISION_LABEL] === revision.metadata.name;
  const replicas = live.length;
  const ready = count(isRunning);
  const updated = count(of(update));
  // A rollout is over when all pods are new and well.
  const isOver = updated === replicas && ready === replicas && replicas === (set.spec?.replicas ?? 1);
  const now = isOver ? update : current;
  const currents = count(of(now));
  const status: StatefulSetStatus = {
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }), replicas, ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(currents === 0 ? {} : { currentReplicas: currents }), ...(updated === 0 ? {} : { updatedReplicas: updated }), currentRevision: now.metadata.name, updateRevision: update.metadata.name, collisionCount: 0,
  };
  if (!equal(status, set.status)) client.editStatus('statefulsets', set.metadata, (draft) => void (draft.status = status));
}

function forgetOld({ client }: ControllerContext, set: StatefulSet, revisions: readonly Revision[], pods: readonly StoredPod[], current: Revision, update: Revision): void {
  const used = new Set([current.metadata.name, update.metadata.name, ...pods.map(({ metadata }) => metadata.labels?.[REVISION_LABEL])]);
  const unused = revisions.filter(({ metadata }) => !used.has(metadata.name)).sort((one, other) => one.revision - other.revision);
  for (const revision of unused.slice(0, Math.max(0, unused.length - (set.spec?.revisionHistoryLimit ?? 10)))) client.delete('controllerrevisions', revision.metadata);
}

function ordinalOf({ metadata }: StoredPod): number {
  return Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? -1);
}

function isRunning(pod: StoredPod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod);
}
