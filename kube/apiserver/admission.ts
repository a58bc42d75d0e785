/**
 * The admission plugins that a GKE cluster has on and that a learner can see at work: service accounts, default tolerations,
 * priorities (plugin/pkg/admission/{serviceaccount,defaulttolerationseconds,priority}).
 */
import type { Pod, ServiceAccount } from 'kubernetes-types/core/v1';
import type { Resource } from '../api/kinds.ts';
import { forbidden } from '../api/status.ts';
import type { Mutable } from '../api/values.ts';
import type { Draft, Registry } from './registry.ts';

export function admitCreate(registry: Registry, resource: Resource, object: Draft): void {
  if (resource === 'nodes') {
    // TaintNodesByCondition: nothing is scheduled on a node before its controller has seen it ready.
    const spec = (object as { spec: { taints?: { key: string; effect: string }[] } }).spec;
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    if (!(spec.taints ?? []).some(({ key, effect }) => key === taint.key && effect === taint.effect)) (spec.taints ??= []).push(taint);
  }
  if (resource !== 'pods') return;
  const pod = object as Mutable<Pod>;
  if (registry.config.hasServiceAccounts) giveServiceAccount(registry, pod);
  tolerateTrouble(pod);
  const className = pod.spec!.priorityClassName ?? '';
  if (className !== '' && priorities[className] === undefined) {
    throw forbidden({ group: '', resource: 'pods' }, pod.metadata?.name ?? '', `no PriorityClass with name ${className} was found`);
  }
  pod.spec!.priority ??= priorities[className] ?? 0;
  pod.spec!.preemptionPolicy ??= 'PreemptLowerPriority';
}

const priorities: Record<string, number> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Also when a pod is changed: nobody takes these two away. */
export function tolerateTrouble(pod: Mutable<Pod>): void {
  tolerate(pod, 'node.kubernetes.io/not-ready');
  tolerate(pod, 'node.kubernetes.io/unreachable');
}

function tolerate(pod: Mutable<Pod>, key: string): void {
  const tolerations = pod.spec!.tolerations ??= [];
  const isThere = tolerations.some((toleration) => (toleration.key === key || toleration.key === undefined) && (toleration.effect === 'NoExecute' || toleration.effect === undefined));
  if (!isThere) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
}

/** Every pod has an account, whose token is mounted in its containers. */
function giveServiceAccount(registry: Registry, pod: Mutable<Pod>): void {
  const spec = pod.spec!;
  // A mirror of a pod that runs already is left as it is.
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return;
  const name = spec.serviceAccountName ?? 'default';
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const account = registry.find('serviceaccounts', name, pod.metadata!.namespace) as ServiceAccount | undefined;
  if (account === undefined) {
    throw forbidden({ group: '', resource: 'pods' }, pod.metadata?.name ?? '', `error looking up service account ${pod.metadata?.namespace ?? ''}/${name}: serviceaccount "${name}" not found`);
  }
  if ((spec.automountServiceAccountToken ?? account.automountServiceAccountToken) === false) return;
  // Until 1.21 the token is a Secret that lasts; since then it is a projected one that does not.
  const isProjected = registry.config.minor >= 21;
  const volume = isProjected ? `kube-api-access-${registry.suffix()}` : account.secrets?.[0]?.name;
  if (volume === undefined) return;
  const containers = [...spec.containers, ...spec.initContainers ?? []];
  if (containers.every(({ volumeMounts }) => (volumeMounts ?? []).some(({ mountPath }) => mountPath === tokenPath))) return;
  for (const container of containers) {
    if ((container.volumeMounts ?? []).some(({ mountPath }) => mountPath === tokenPath)) continue;
    (container.volumeMounts ??= []).push({ name: volume, readOnly: true, mountPath: tokenPath });
  }
  (spec.volumes ??= []).push(isProjected ? {
    name: volume,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 420,
    },
  } : { name: volume, secret: { secretName: volume, defaultMode: 420 } });
}
