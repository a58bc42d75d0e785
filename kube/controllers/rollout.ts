/**
 * The arithmetic of rolling updates: how many replicas each ReplicaSet of a Deployment should have now
 * (pkg/controller/deployment/util/deployment_util.go, rolling.go). Pure functions over numbers; deployment.ts carries them out.
 */
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1';
import { scaled } from './controller.ts';

export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

export const isRolling = (deployment: Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate';

/** How far the number of pods may leave the wished one; both never zero (ResolveFenceposts). */
export function fences(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const replicas = deployment.spec?.replicas ?? 1;
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, replicas, 'up');
  const unavailable = scaled(maxUnavailable, replicas, 'down');
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

export const replicasOf = (set: ReplicaSet): number => set.spec?.replicas ?? 0;
export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number => sets.reduce((total, set) => total + count(set), 0);

/** NewRSNewReplicas: as many as the surge lets in. */
export function newReplicas(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const wished = deployment.spec?.replicas ?? 1;
  if (!isRolling(deployment)) return wished;
  const total = sum(sets, replicasOf);
  const most = wished + fences(deployment).surge;
  if (total >= most) return current;
  return current + Math.min(most - total, wished - current);
}

/** proportionally scaling when a deployment is scaled in the middle of a rollout (GetProportion). */
export function proportion(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === 0 || toAdd === added) return 0;
  const wished = (deployment.spec?.replicas ?? 1) + fences(deployment).surge;
  const before = Number(set.metadata?.annotations?.[MAX_REPLICAS] ?? deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const fraction = Math.round((replicasOf(set) * wished) / before) - replicasOf(set);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}
