/**
 * The roles that every cluster has, and who has them, as far as people and pods meet them
 * (plugin/pkg/auth/authorizer/rbac/bootstrappolicy). What `view`, `edit` and `admin` gather from their parts is written out.
 */
import type { PolicyRule } from 'kubernetes-types/rbac/v1';
import type { Resource, StoredAny } from '../api/kinds.ts';
import { timestamp } from '../runtime.ts';
import type { Registry } from './registry.ts';

const group = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const rule = (apiGroup: string, resources: string, verbs: readonly string[]): PolicyRule => ({ apiGroups: [apiGroup], resources: resources.split(' '), verbs: [...verbs] });

const view: readonly PolicyRule[] = [
  rule('', 'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status', read),
  rule('', 'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status', read), rule('', 'namespaces', read),
  rule('apps', 'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status', read),
  rule('autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', read), rule('batch', 'cronjobs cronjobs/status jobs jobs/status', read),
  rule('policy', 'poddisruptionbudgets poddisruptionbudgets/status', read), rule('networking.k8s.io', 'ingresses ingresses/status networkpolicies', read), rule('discovery.k8s.io', 'endpointslices', read),
];
const edit: readonly PolicyRule[] = [
  rule('', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', read), rule('', 'serviceaccounts', ['impersonate']), rule('', 'pods pods/attach pods/exec pods/portforward pods/proxy', write),
  rule('', 'configmaps endpoints persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy', write),
  rule('apps', 'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale', write), rule('autoscaling', 'horizontalpodautoscalers', write),
  rule('batch', 'cronjobs jobs', write), rule('policy', 'poddisruptionbudgets', write), rule('networking.k8s.io', 'ingresses networkpolicies', write), ...view,
];
const admin: readonly PolicyRule[] = [rule('authorization.k8s.io', 'localsubjectaccessreviews', ['create']), rule(group, 'rolebindings roles', ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']), ...edit];
const health = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

const roles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] }],
  admin, edit, view,
  'system:basic-user': [rule('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', ['create'])],
  'system:discovery': [{ nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'], verbs: ['get'] }],
  'system:public-info-viewer': [{ nonResourceURLs: health, verbs: ['get'] }],
};
const bindings: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['system:masters'], 'system:basic-user': ['system:authenticated'], 'system:discovery': ['system:authenticated'],
  'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated'],
};

/** They were there before anything else: no version of the store is theirs. */
export function plantRoles({ store, runtime }: Registry): void {
  const creationTimestamp = timestamp(runtime.nowMs());
  let planted = 0;
  const plant = (resource: Resource, name: string, rest: object): void => {
    planted += 1;
    const uid = `00000000-0000-4000-8000-${String(planted).padStart(12, '0')}`;
    store.plant(resource, name, {
      metadata: { name, uid, resourceVersion: '1', creationTimestamp, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }, ...rest,
    } as StoredAny);
  };
  for (const [name, rules] of Object.entries(roles)) plant('clusterroles', name, { rules });
  for (const [name, groups] of Object.entries(bindings)) {
    plant('clusterrolebindings', name, { roleRef: { apiGroup: group, kind: 'ClusterRole', name }, subjects: groups.map((one) => ({ kind: 'Group', apiGroup: group, name: one })) });
  }
}
