/** What is wrong with an object, in Kubernetes' words (pkg/apis/*\/validation). Objects come here with their defaults. */
import type { AnyObject, Resource, StoredAny, StoredObject } from '../kinds.ts';
import type { FieldCause } from '../status.ts';
import { checkMetadata, checkMetadataUpdate, type NameRule } from './metadata.ts';
import {
  checkBudget, checkConfigMap, checkEvent, checkIngress, checkIngressClass, checkLease, checkNetworkPolicy, checkNode, checkRole, checkRoleBinding, checkSecret,
} from './others.ts';
import { checkPodSpec, checkPodUpdate } from './pods.ts';
import { Problems } from './problems.ts';
import { checkEndpoints, checkEndpointSlice, checkMixedProtocols, checkService, checkServiceStatus, checkServiceUpdate } from './services.ts';
import { checkAutoscaler, checkCronJob, checkDaemonSet, checkDeployment, checkJob, checkReplicaSet, checkReplicationController, checkStatefulSet } from './workloads.ts';

/** Everything else must be a subdomain. */
const nameRules: Partial<Record<Resource, NameRule>> = {
  services: 'label1035', namespaces: 'label', roles: 'path', rolebindings: 'path', clusterroles: 'path', clusterrolebindings: 'path',
};

type Check = (object: never, old: never, problems: Problems, minor: number) => void;

/** What each kind must be, made or changed. */
const checks: Partial<Record<Resource, Check>> = {
  pods(pod: StoredObject<'pods'>, old: StoredObject<'pods'> | undefined, problems) {
    checkPodSpec('spec', pod.spec!, problems);
    if (old !== undefined) {
      checkPodUpdate(pod, old, problems);
      return;
    }
    // Only when they are made: templates and old pods have been let through with it.
    for (const field of ['containers', 'initContainers'] as const) {
      for (const [index, { image = '' }] of (pod.spec?.[field] ?? []).entries()) {
        if (image !== '' && image !== image.trim()) problems.invalid(`spec.${field}[${index}].image`, image, 'must not have leading or trailing whitespace');
      }
    }
  },
  services(service: StoredObject<'services'>, old: StoredObject<'services'> | undefined, problems, minor) {
    if (old === undefined) checkService(service, problems);
    else checkServiceUpdate(service, old, problems);
    checkMixedProtocols(service, old, minor, problems);
  },
  endpoints: (object: StoredObject<'endpoints'>, _old, problems) => { checkEndpoints(object, problems); },
  endpointslices: checkOf(checkEndpointSlice),
  configmaps: checkOf(checkConfigMap),
  secrets: checkOf(checkSecret),
  nodes: checkOf(checkNode),
  events: (object: StoredObject<'events'>, _old, problems) => { checkEvent(object, problems); },
  leases: (object: StoredObject<'leases'>, _old, problems) => { checkLease(object, problems); },
  replicationcontrollers: (object: StoredObject<'replicationcontrollers'>, _old, problems) => { checkReplicationController(object, problems); },
  deployments: checkOf(checkDeployment),
  replicasets: checkOf(checkReplicaSet),
  daemonsets: checkOf(checkDaemonSet),
  statefulsets: checkOf(checkStatefulSet),
  jobs: checkJob as Check,
  cronjobs: (object: StoredObject<'cronjobs'>, _old, problems) => { checkCronJob(object, problems); },
  horizontalpodautoscalers: (object: StoredObject<'horizontalpodautoscalers'>, _old, problems) => { checkAutoscaler(object, problems); },
  ingresses: (object: StoredObject<'ingresses'>, _old, problems) => { checkIngress(object, problems); },
  ingressclasses: checkOf(checkIngressClass),
  networkpolicies: (object: StoredObject<'networkpolicies'>, _old, problems) => { checkNetworkPolicy(object, problems); },
  poddisruptionbudgets: (object: StoredObject<'poddisruptionbudgets'>, _old, problems) => { checkBudget(object, problems); },
  roles: (object: StoredObject<'roles'>, _old, problems) => { checkRole(object, true, problems); },
  clusterroles: (object: StoredObject<'clusterroles'>, _old, problems) => { checkRole(object, false, problems); },
  rolebindings: (object: StoredObject<'rolebindings'>, old: StoredObject<'rolebindings'> | undefined, problems) => { checkRoleBinding(object, old, true, problems); },
  clusterrolebindings: (object: StoredObject<'clusterrolebindings'>, old: StoredObject<'clusterrolebindings'> | undefined, problems) => { checkRoleBinding(object, old, false, problems); },
};

function checkOf<T>(check: (object: T, old: T | undefined, problems: Problems) => void): Check {
  return check as Check;
}

export function validateCreate(resource: Resource, object: AnyObject, minor: number): readonly FieldCause[] {
  const problems = new Problems();
  checkMetadata(object.metadata ?? {}, nameRules[resource] ?? 'subdomain', problems);
  checks[resource]?.(object as never, undefined as never, problems, minor);
  return problems.list;
}

export function validateUpdate(resource: Resource, object: AnyObject, old: StoredAny, minor: number, subresource?: string): readonly FieldCause[] {
  const problems = new Problems();
  checkMetadataUpdate(object.metadata ?? {}, old.metadata, problems);
  if (subresource === 'status') {
    if (resource === 'services') checkServiceStatus(object as StoredObject<'services'>, problems);
  } else if (subresource !== 'binding' && subresource !== 'finalize') checks[resource]?.(object as never, old as never, problems, minor);
  return problems.list;
}
