/**
 * A Deployment moves its pods from one template to the next (pkg/controller/deployment): one ReplicaSet per template, scaled up and down
 * against each other, numbered, kept for rollback, and reported in conditions.
 */
import type { DeploymentCondition, DeploymentStatus } from 'kubernetes-types/apps/v1';
import type { StoredObject } from '../api/kinds.ts';
import { isReason } from '../api/status.ts';
import { copy, equal, type Mutable } from '../api/values.ts';
import { parseTimestamp, timestamp } from '../runtime.ts';
import { isTerminating, ownerReference, selects, type ControllerContext } from './controller.ts';
import { byController, orphansOf, type ObjectIndex } from './object-index.ts';
import { keyOf, parseKey, WorkQueue } from './queue.ts';
import { DESIRED_REPLICAS, fences, isRolling, MAX_REPLICAS, newReplicas, proportion, replicasOf, REVISION, REVISION_HISTORY, sum } from './rollout.ts';
import { templateHash } from './template-hash.ts';

const HASH_LABEL = 'pod-template-hash';
const NOT_COPIED = new Set(['kubectl.kubernetes.io/last-applied-configuration', REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, 'deprecated.deployment.rollback.to']);

type Deployment = StoredObject<'deployments'>;
type ReplicaSet = StoredObject<'replicasets'>;
interface Sets { newest: ReplicaSet | undefined; old: ReplicaSet[] }

export function startDeploymentController(context: ControllerContext): void {
  const { client, runtime } = context;
  const sets = byController(client, 'replicasets');
  const pods = byController(client, 'pods');
  const controller = new DeploymentController(context, sets, pods);
  const queue = new WorkQueue(runtime, (key) => controller.sync(key, (delayMs) => queue.addAfter(key, delayMs)));
  client.watch('deployments', {}, ({ object }) => queue.add(keyOf(object)));
  client.watch('replicasets', {}, ({ object }) => {
    const owner = object.metadata.ownerReferences?.find(({ controller: isController }) => isController === true);
    if (owner?.kind === 'Deployment') queue.add(`${object.metadata.namespace}/${owner.name}`);
    else if (owner === undefined) {
      for (const deployment of client.list('deployments', { namespace: object.metadata.namespace })) if (selects(deployment.spec?.selector, object.metadata.labels)) queue.add(keyOf(deployment));
    }
  });
  // Recreate waits for the last old pod to be gone.
  client.watch('pods', { fromNow: true }, ({ type, object }) => {
    const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet');
    const set = type === 'DELETED' && owner !== undefined ? client.find('replicasets', { namespace: object.metadata.namespace, name: owner.name }) : undefined;
    const deployment = set?.metadata.ownerReferences?.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) return;
    const key = `${object.metadata.namespace}/${deployment.name}`;
    const found = client.find('deployments', parseKey(key));
    if (found !== undefined && !isRolling(found)) queue.add(key);
  });
}

class DeploymentController {
  private readonly context: ControllerContext;
  private readonly sets: ObjectIndex<'replicasets'>;
  private readonly pods: ObjectIndex<'pods'>;

  constructor(context: ControllerContext, sets: ObjectIndex<'replicasets'>, pods: ObjectIndex<'pods'>) {
    this.context = context;
    this.sets = sets;
    this.pods = pods;
  }

  sync(key: string, again: (delayMs: number) => void): void {
    const deployment = this.context.client.find('deployments', parseKey(key));
    if (deployment === undefined) return;
    const owned = this.claim(deployment);
    if (isTerminating(deployment)) return this.report(deployment, this.sort(deployment, owned), again);
    const current = this.pausedCondition(deployment);
    if (current.spec?.paused === true || this.isScaled(current, owned)) this.scaleOnly(current, owned, again);
    else if (isRolling(current)) this.roll(current, owned, again);
    else this.recreate(current, owned, again);
  }

  // ---------------------------------------------------------------- which sets are ours

  private claim(deployment: Deployment): ReplicaSet[] {
    const { client } = this.context;
    const { uid, namespace = '' } = deployment.metadata;
    const kept = this.sets.get(uid).filter((set) => selects(deployment.spec?.selector, set.metadata.labels));
    if (isTerminating(deployment)) return kept;
    for (const set of this.sets.get(orphansOf(namespace))) {
      if (isTerminating(set) || !selects(deployment.spec?.selector, set.metadata.labels)) continue;
      const adopted = client.edit('replicasets', set.metadata, ({ metadata }) => void (metadata.ownerReferences = [...(metadata.ownerReferences ?? []), ownerReference(deployment, 'apps/v1', 'Deployment')]));
      this.sets.note(adopted);
      kept.push(adopted);
    }
    return kept;
  }

  /** The set of today's template, if there is one, and the others, oldest first. */
  private sort(deployment: Deployment, owned: readonly ReplicaSet[]): Sets {
    const byAge = owned.toSorted((one, other) => compare(one.metadata.creationTimestamp, other.metadata.creationTimestamp) || compare(one.metadata.name, other.metadata.name));
    const newest = byAge.find((set) => isSameTemplate(set, deployment));
    return { newest, old: byAge.filter((set) => set !== newest) };
  }

  /** getAllReplicaSetsAndSyncRevision. */
  private numbered(deployment: Deployment, owned: readonly ReplicaSet[], isCreating: boolean): { deployment: Deployment; sets: Sets } {
    const { client, runtime } = this.context;
    const sets = this.sort(deployment, owned);
    const revision = String(Math.max(0, ...sets.old.map(({ metadata }) => Number(metadata.annotations?.[REVISION] ?? 0))) + 1);
    if (sets.newest !== undefined) {
      const marked = client.edit('replicasets', sets.newest.metadata, (draft) => void this.annotate(draft, deployment, revision));
      this.sets.note(marked);
      const numberedAs = marked.metadata.annotations?.[REVISION] ?? revision;
      let now = client.editStatus('deployments', deployment.metadata, ({ metadata }) => void (metadata.annotations = { ...metadata.annotations, [REVISION]: numberedAs }));
      if (conditionOf(now, 'Progressing') === undefined && deadlineOf(now) !== undefined) {
        now = this.setCondition(now, progressing('True', 'FoundNewReplicaSet', `Found new replica set "${marked.metadata.name}"`, runtime.nowMs()));
      }
      return { deployment: now, sets: { newest: marked, old: sets.old } };
    }
    if (!isCreating) return { deployment, sets };
    const created = this.createSet(deployment, sets.old, revision);
    if (created === undefined) return { deployment: client.get('deployments', deployment.metadata), sets };
    let now = client.editStatus('deployments', deployment.metadata, ({ metadata }) => void (metadata.annotations = { ...metadata.annotations, [REVISION]: revision }));
    if (deadlineOf(now) !== undefined) now = this.setCondition(now, progressing('True', 'NewReplicaSetCreated', `Created new replica set "${created.metadata.name}"`, runtime.nowMs()));
    return { deployment: now, sets: { newest: created, old: sets.old } };
  }

  private createSet(deployment: Deployment, old: readonly ReplicaSet[], revision: string): ReplicaSet | undefined {
    const { client, record } = this.context;
    const template = copy(deployment.spec!.template);
    const hash = templateHash(deployment.spec!.template, deployment.status?.collisionCount);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH_LABEL]: hash } };
    const { selector, minReadySeconds } = deployment.spec!;
    const replicas = newReplicas(deployment, old, 0);
    const draft: Mutable<ReplicaSet> = copy({
      metadata: {
        name: `${deployment.metadata.name}-${hash}`, namespace: deployment.metadata.namespace, labels: template.metadata.labels,
        ownerReferences: [ownerReference(deployment, 'apps/v1', 'Deployment')],
      },
      spec: {
        replicas, template, selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
        ...(minReadySeconds === undefined || minReadySeconds === 0 ? {} : { minReadySeconds }),
      },
    } as unknown as ReplicaSet);
    this.annotate(draft, deployment, revision);
    try {
      const created = client.create('replicasets', draft);
      this.sets.note(created);
      if (replicas > 0) record(about(deployment), 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${created.metadata.name} to ${replicas}`);
      return created;
    } catch (error) {
      // Another template has the same hash, or a name from long ago: count, and hash again.
      if (!isReason(error, 'AlreadyExists')) throw error;
      client.editStatus('deployments', deployment.metadata, (now) => void (now.status = { ...now.status, collisionCount: (now.status?.collisionCount ?? 0) + 1 }));
      return undefined;
    }
  }

  /** SetNewReplicaSetAnnotations, SetReplicasAnnotations. */
  private annotate(set: Mutable<ReplicaSet>, deployment: Deployment, revision: string): void {
    const annotations = { ...set.metadata.annotations };
    for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!NOT_COPIED.has(name)) annotations[name] = value;
    const before = annotations[REVISION];
    if (before === undefined || Number(before) < Number(revision)) {
      if (before !== undefined) annotations[REVISION_HISTORY] = [annotations[REVISION_HISTORY], before].filter(Boolean).join(',');
      annotations[REVISION] = revision;
    }
    const replicas = deployment.spec?.replicas ?? 1;
    annotations[DESIRED_REPLICAS] = String(replicas);
    annotations[MAX_REPLICAS] = String(replicas + fences(deployment).surge);
    set.metadata.annotations = annotations;
  }

  // ---------------------------------------------------------------- scaling

  private scaleSet(set: ReplicaSet, replicas: number, deployment: Deployment): ReplicaSet {
    const before = replicasOf(set);
    const scaled = this.context.client.edit('replicasets', set.metadata, (draft) => {
      draft.spec!.replicas = replicas;
      const wished = deployment.spec?.replicas ?? 1;
      draft.metadata.annotations = { ...draft.metadata.annotations, [DESIRED_REPLICAS]: String(wished), [MAX_REPLICAS]: String(wished + fences(deployment).surge) };
    });
    if (before !== replicas) this.context.record(about(deployment), 'Normal', 'ScalingReplicaSet', `Scaled ${replicas > before ? 'up' : 'down'} replica set ${set.metadata.name} to ${replicas}`);
    return scaled;
  }

  private isScaled(deployment: Deployment, owned: readonly ReplicaSet[]): boolean {
    return owned.some((set) => replicasOf(set) > 0 && set.metadata.annotations?.[DESIRED_REPLICAS] !== undefined && Number(set.metadata.annotations[DESIRED_REPLICAS]) !== (deployment.spec?.replicas ?? 1));
  }

  /** A paused Deployment, and one that was scaled: sizes change, templates do not (sync.go, scale). */
  private scaleOnly(before: Deployment, owned: readonly ReplicaSet[], again: (delayMs: number) => void): void {
    const { deployment, sets } = this.numbered(before, owned, false);
    const all = [...sets.old, ...(sets.newest === undefined ? [] : [sets.newest])];
    const active = all.filter((set) => replicasOf(set) > 0);
    const wished = deployment.spec?.replicas ?? 1;
    if (active.length <= 1) {
      const only = active[0] ?? sets.newest ?? sets.old.at(-1);
      if (only !== undefined && (replicasOf(only) !== wished || only.metadata.annotations?.[DESIRED_REPLICAS] !== String(wished))) this.scaleSet(only, wished, deployment);
    } else if (sets.newest !== undefined && this.isSaturated(deployment, sets.newest)) {
      for (const set of sets.old) if (replicasOf(set) > 0) this.scaleSet(set, 0, deployment);
    } else if (isRolling(deployment)) {
      const allowed = wished > 0 ? wished + fences(deployment).surge : 0;
      const toAdd = allowed - sum(all, replicasOf);
      const bySize = active.toSorted((one, other) => replicasOf(other) - replicasOf(one) || (toAdd > 0 ? compare(other.metadata.creationTimestamp, one.metadata.creationTimestamp) : compare(one.metadata.creationTimestamp, other.metadata.creationTimestamp)));
      let added = 0;
      const sizes = bySize.map((set) => {
        const share = proportion(set, deployment, toAdd, added);
        added += share;
        return replicasOf(set) + share;
      });
      // What rounding left over goes to the largest.
      if (toAdd !== 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
      for (const [at, set] of bySize.entries()) this.scaleSet(set, sizes[at]!, deployment);
    }
    this.finish(deployment, again);
  }

  private isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
    const wished = deployment.spec?.replicas ?? 1;
    return replicasOf(set) === wished && Number(set.metadata.annotations?.[DESIRED_REPLICAS]) === wished && (set.status?.availableReplicas ?? 0) === wished;
  }

  // ---------------------------------------------------------------- strategies

  private roll(before: Deployment, owned: readonly ReplicaSet[], again: (delayMs: number) => void): void {
    const { deployment, sets } = this.numbered(before, owned, true);
    const { newest } = sets;
    if (newest === undefined) return;
    const all = [...sets.old, newest];
    const wished = deployment.spec?.replicas ?? 1;
    const target = replicasOf(newest) > wished ? wished : newReplicas(deployment, all, replicasOf(newest));
    if (target !== replicasOf(newest)) this.scaleSet(newest, target, deployment);
    else this.shrinkOld(deployment, sets.old, newest);
    this.finish(deployment, again);
  }

  /** reconcileOldReplicaSets: first what is unhealthy anyway, then as much as availability allows. */
  private shrinkOld(deployment: Deployment, old: readonly ReplicaSet[], newest: ReplicaSet): void {
    const total = sum([...old, newest], replicasOf);
    const minimum = (deployment.spec?.replicas ?? 1) - fences(deployment).unavailable;
    const newUnavailable = replicasOf(newest) - (newest.status?.availableReplicas ?? 0);
    const most = total - minimum - newUnavailable;
    if (most <= 0 || sum(old, replicasOf) === 0) return;
    let cleaned = 0;
    const left = old.filter((set) => replicasOf(set) > 0).map((set) => {
      const unhealthy = Math.min(most - cleaned, replicasOf(set) - (set.status?.availableReplicas ?? 0));
      if (unhealthy <= 0) return set;
      cleaned += unhealthy;
      return this.scaleSet(set, replicasOf(set) - unhealthy, deployment);
    });
    let spare = sum([...left, newest], (set) => set.status?.availableReplicas ?? 0) - minimum;
    for (const set of left) {
      if (spare <= 0) break;
      if (replicasOf(set) === 0) continue;
      const down = Math.min(replicasOf(set), spare);
      spare -= down;
      this.scaleSet(set, replicasOf(set) - down, deployment);
    }
  }

  private recreate(before: Deployment, owned: readonly ReplicaSet[], again: (delayMs: number) => void): void {
    const { deployment, sets } = this.numbered(before, owned, false);
    const live = sets.old.filter((set) => replicasOf(set) > 0);
    for (const set of live) this.scaleSet(set, 0, deployment);
    const isOldRunning = sets.old.some(({ metadata }) => this.pods.get(metadata.uid).some(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'));
    if (live.length > 0 || isOldRunning) return this.finish(deployment, again);
    const created = this.numbered(deployment, owned, true);
    const wished = created.deployment.spec?.replicas ?? 1;
    if (created.sets.newest !== undefined && replicasOf(created.sets.newest) !== wished) this.scaleSet(created.sets.newest, wished, created.deployment);
    this.finish(created.deployment, again);
  }

  // ---------------------------------------------------------------- status

  private finish(deployment: Deployment, again: (delayMs: number) => void): void {
    const now = this.context.client.find('deployments', deployment.metadata);
    if (now === undefined) return;
    const sets = this.sort(now, this.sets.get(now.metadata.uid));
    this.report(now, sets, again);
    const status = this.context.client.find('deployments', now.metadata);
    if (status !== undefined && isComplete(status)) this.forgetOld(status, sets.old);
  }

  /** cleanupDeployment: sets beyond the history limit go, oldest first. */
  private forgetOld(deployment: Deployment, old: readonly ReplicaSet[]): void {
    const idle = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && !isTerminating(set));
    const limit = deployment.spec?.revisionHistoryLimit ?? 10;
    for (const set of idle.toSorted((one, other) => Number(one.metadata.annotations?.[REVISION] ?? 0) - Number(other.metadata.annotations?.[REVISION] ?? 0)).slice(0, Math.max(0, idle.length - limit))) {
      this.context.client.delete('replicasets', set.metadata);
    }
  }

  private report(deployment: Deployment, { newest, old }: Sets, again: (delayMs: number) => void): void {
    const { client, runtime } = this.context;
    const nowMs = runtime.nowMs();
    const all = [...old, ...(newest === undefined ? [] : [newest])];
    const total = sum(all, (set) => set.status?.replicas ?? 0);
    const ready = sum(all, (set) => set.status?.readyReplicas ?? 0);
    const available = sum(all, (set) => set.status?.availableReplicas ?? 0);
    const updated = newest?.status?.replicas ?? 0;
    const wished = deployment.spec?.replicas ?? 1;
    const unavailable = Math.max(0, sum(all, replicasOf) - available);
    const conditions = [...(deployment.status?.conditions ?? [])];
    const minimum = wished - fences(deployment).unavailable;
    put(conditions, available >= minimum
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.', ...stamps(nowMs) }
      : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.', ...stamps(nowMs) });
    const status: DeploymentStatus = {
      ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
      ...(total === 0 ? {} : { replicas: total }), ...(updated === 0 ? {} : { updatedReplicas: updated }), ...(ready === 0 ? {} : { readyReplicas: ready }),
      ...(available === 0 ? {} : { availableReplicas: available }), ...(unavailable === 0 ? {} : { unavailableReplicas: unavailable }),
      ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
    };
    const progress = this.progress(deployment, status, newest, nowMs, again);
    if (progress !== undefined) put(conditions, progress);
    const next = { ...status, conditions };
    if (!equal(next, deployment.status)) client.editStatus('deployments', deployment.metadata, (draft) => void (draft.status = copy(next)));
  }

  /** syncRolloutStatus. */
  private progress(deployment: Deployment, status: DeploymentStatus, newest: ReplicaSet | undefined, nowMs: number, again: (delayMs: number) => void): DeploymentCondition | undefined {
    const deadlineMs = deadlineOf(deployment);
    const current = conditionOf(deployment, 'Progressing');
    if (deadlineMs === undefined || deployment.spec?.paused === true || isTerminating(deployment)) return undefined;
    const name = newest === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newest.metadata.name}"`;
    if (isComplete({ ...deployment, status })) {
      return current?.reason === 'NewReplicaSetAvailable' && status.replicas === status.updatedReplicas ? undefined : progressing('True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`, nowMs);
    }
    const before = deployment.status ?? {};
    const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
    const oldNow = (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
    const hasProgressed = (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || oldNow < oldBefore || (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) || (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0);
    if (hasProgressed) return { ...progressing('True', 'ReplicaSetUpdated', `${name} is progressing.`, nowMs), ...(current?.status === 'True' ? { lastTransitionTime: current.lastTransitionTime! } : {}) };
    if (current === undefined || current.reason === 'NewReplicaSetAvailable' || current.reason === 'ProgressDeadlineExceeded') return undefined;
    const dueMs = (parseTimestamp(current.lastUpdateTime) ?? nowMs) + deadlineMs;
    if (dueMs <= nowMs) return progressing('False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`, nowMs);
    again(dueMs - nowMs + 1000);
    return undefined;
  }

  private pausedCondition(deployment: Deployment): Deployment {
    const current = conditionOf(deployment, 'Progressing');
    if (deadlineOf(deployment) === undefined || current?.reason === 'ProgressDeadlineExceeded') return deployment;
    const nowMs = this.context.runtime.nowMs();
    const isPaused = deployment.spec?.paused === true;
    if (isPaused && current?.reason !== 'DeploymentPaused') return this.setCondition(deployment, progressing('Unknown', 'DeploymentPaused', 'Deployment is paused', nowMs));
    if (!isPaused && current?.reason === 'DeploymentPaused') return this.setCondition(deployment, progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed', nowMs));
    return deployment;
  }

  private setCondition(deployment: Deployment, condition: DeploymentCondition): Deployment {
    return this.context.client.editStatus('deployments', deployment.metadata, (draft) => {
      const conditions = draft.status?.conditions ?? [];
      put(conditions, condition);
      draft.status = { ...draft.status, conditions };
    });
  }
}

// ---------------------------------------------------------------- small questions

function about(deployment: Deployment): Deployment & { apiVersion: string; kind: string } {
  return { ...deployment, apiVersion: 'apps/v1', kind: 'Deployment' };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function conditionOf(deployment: Deployment, type: string): DeploymentCondition | undefined {
  return deployment.status?.conditions?.find((condition) => condition.type === type);
}

/** Undefined: no deadline (math.MaxInt32 stands for none). */
function deadlineOf(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === 0x7fffffff ? undefined : seconds * 1000;
}

function stamps(nowMs: number): { lastUpdateTime: string; lastTransitionTime: string } {
  const now = timestamp(nowMs);
  return { lastUpdateTime: now, lastTransitionTime: now };
}

function progressing(status: 'True' | 'False' | 'Unknown', reason: string, message: string, nowMs: number): DeploymentCondition {
  return { type: 'Progressing', status, reason, message, ...stamps(nowMs) };
}

/** SetDeploymentCondition: one that says the same for the same reason keeps its times; one that changes comes last, with its old time of transition if only the reason is new. */
function put(conditions: DeploymentCondition[], condition: DeploymentCondition): void {
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const before = conditions[at];
  if (before?.status === condition.status && before.reason === condition.reason && condition.reason !== 'ReplicaSetUpdated') return;
  if (at >= 0) conditions.splice(at, 1);
  conditions.push(before?.status === condition.status ? { ...condition, lastTransitionTime: before.lastTransitionTime! } : condition);
}

function isComplete({ spec, status, metadata }: { readonly spec?: Deployment['spec']; readonly status?: DeploymentStatus; readonly metadata: Deployment['metadata'] }): boolean {
  const wished = spec?.replicas ?? 1;
  return (status?.updatedReplicas ?? 0) === wished && (status?.replicas ?? 0) === wished && (status?.availableReplicas ?? 0) === wished && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** EqualIgnoreHash. */
function isSameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const labels = { ...set.spec?.template?.metadata?.labels };
  delete labels[HASH_LABEL];
  const own = { ...deployment.spec?.template.metadata?.labels };
  delete own[HASH_LABEL];
  if (!equal(labels, own) || !equal(set.spec?.template?.metadata?.annotations, deployment.spec?.template.metadata?.annotations)) return false;
  return equal(set.spec?.template?.spec, deployment.spec?.template.spec);
}
