/** What every controller is given, and small things several of them ask about pods and owners. */
import type { LabelSelector, OwnerReference } from 'kubernetes-types/meta/v1';
import type { Pod, PodCondition } from 'kubernetes-types/core/v1';
import type { ApiClient } from '../client.ts';
import type { StoredMeta, StoredObject } from '../api/kinds.ts';
import { parseTimestamp, type KubeRuntime } from '../runtime.ts';
import { EventRecorder, type RecordEvent } from './events.ts';

export interface ControllerContext {
  /** As the user this controller is: its name stands in managedFields. */
  readonly client: ApiClient;
  readonly runtime: KubeRuntime;
  readonly record: RecordEvent;
}

/** Builds contexts that share one recorder, so that events of one component are counted together. */
export function contexts(client: ApiClient, runtime: KubeRuntime): (component: string, user?: string) => ControllerContext {
  return (component, user = 'system:kube-controller-manager') => {
    const own = client.as(user);
    return { client: own, runtime, record: new EventRecorder(own, runtime).for({ component }) };
  };
}

// ---------------------------------------------------------------- pods

export function condition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((one) => one.type === type);
}

export function isReady(pod: Pod): boolean {
  return condition(pod, 'Ready')?.status === 'True';
}

/** podutil.IsPodAvailable: ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  return (parseTimestamp(condition(pod, 'Ready')?.lastTransitionTime) ?? Infinity) + minReadySeconds * 1000 <= nowMs;
}

export function isTerminating({ metadata }: { readonly metadata?: { readonly deletionTimestamp?: string } }): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** controller.IsPodActive. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

// ---------------------------------------------------------------- owners and labels

export function ownerReference(owner: { readonly metadata: StoredMeta }, apiVersion: string, kind: string): OwnerReference {
  return { apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true };
}

type Labels = Readonly<Record<string, string>> | undefined;

/** metav1.LabelSelectorAsSelector: an empty selector matches everything, an absent one nothing. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  for (const [name, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[name] !== value) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels?.[key];
    switch (operator) {
      case 'In': return value !== undefined && values.includes(value);
      case 'NotIn': return value === undefined || !values.includes(value);
      case 'Exists': return value !== undefined;
      case 'DoesNotExist': return value === undefined;
      default: return false;
    }
  });
}

export function hasLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => labels?.[name] === value);
}

/** metav1.FormatLabelSelector. */
export function controlledBy<T extends { readonly metadata: StoredMeta }>(objects: readonly T[], uid: string): T[] {
  return objects.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid));
}

export type StoredPod = StoredObject<'pods'>;

/** "25%" of `total`, or the number itself (intstr.GetScaledValueFromIntOrPercent). */
export function scaled(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (typeof value !== 'string') return value ?? 0;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
