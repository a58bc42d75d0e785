/** What service accounts and others may do, and what they are told when they may not. */
import { beforeEach, describe, expect, test } from 'vitest';
import { accountOf, accountToken } from '../api/account-token.ts';
import { testCluster } from '../test-cluster.ts';
import type { ApiServer } from './server.ts';

let server: ApiServer;
beforeEach(() => {
  ({ server } = testCluster({ hasServiceAccounts: true }));
  server.client().create('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } });
});

const token = accountToken({ namespace: 'default', name: 'default' }, Uint8Array.of(1, 2, 3));
const asAccount = { authorization: `Bearer ${token}` };

function ask(method: string, path: string, headers: Record<string, string>, body?: object): { readonly status: number; readonly body: { message?: string; status?: { allowed?: boolean; reason?: string }; details?: object } } {
  const answer = server.handle({ method, path, headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body)) });
  answer.stream?.close();
  return { status: answer.status, body: JSON.parse(new TextDecoder().decode(answer.body)) as object };
}

function grant(kind: 'Role' | 'ClusterRole', name: string, rule: object): void {
  const client = server.client();
  const rules = [rule] as never;
  if (kind === 'Role') client.create('roles', { metadata: { name, namespace: 'default' }, rules });
  else client.create('clusterroles', { metadata: { name }, rules });
  client.create('rolebindings', { metadata: { name: 'b', namespace: 'default' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name }, subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }] });
}

test('a token names its account', () => {
  expect(accountOf(token)).toEqual({ namespace: 'default', name: 'default' });
  expect(['', 'a.b.c', 'secret', `x.${btoa('{}')}.y`].map(accountOf)).toEqual([undefined, undefined, undefined, undefined]);
});

describe('without rights', () => {
  test.each([
    ['GET', '/api/v1/namespaces/default/pods', 'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"'],
    ['GET', '/api/v1/namespaces/default/pods?watch=true', 'pods is forbidden: User "system:serviceaccount:default:default" cannot watch resource "pods" in API group "" in the namespace "default"'],
    ['GET', '/api/v1/namespaces/default/pods/web', 'pods "web" is forbidden: User "system:serviceaccount:default:default" cannot get resource "pods" in API group "" in the namespace "default"'],
    ['GET', '/api/v1/namespaces/default/pods/web/log', 'pods "web" is forbidden: User "system:serviceaccount:default:default" cannot get resource "pods/log" in API group "" in the namespace "default"'],
    ['GET', '/apis/apps/v1/deployments', 'deployments.apps is forbidden: User "system:serviceaccount:default:default" cannot list resource "deployments" in API group "apps" at the cluster scope'],
    ['DELETE', '/api/v1/nodes/node-1', 'nodes "node-1" is forbidden: User "system:serviceaccount:default:default" cannot delete resource "nodes" in API group "" at the cluster scope'],
    ['GET', '/metrics', 'forbidden: User "system:serviceaccount:default:default" cannot get path "/metrics"'],
  ])('%s %s', (method, path, message) => {
    expect(ask(method, path, asAccount)).toMatchObject({ status: 403, body: { reason: 'Forbidden', message } });
  });

  test('everybody may look around, and ask what they may do', () => {
    expect(['/api', '/apis', '/version', '/api/v1'].map((path) => ask('GET', path, asAccount).status)).toEqual([200, 200, 200, 200]);
    expect(ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', asAccount, { spec: { resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'default' } } }).body.status).toEqual({ allowed: false });
  });

  test('nobody in particular may see the version, and no more', () => {
    const none = { 'impersonate-user': 'system:anonymous' };
    expect(ask('GET', '/version', none).status).toBe(200);
    expect(ask('GET', '/api', none)).toMatchObject({ status: 403, body: { message: 'forbidden: User "system:anonymous" cannot get path "/api"' } });
  });
});

describe('with a role', () => {
  test.each(['Role', 'ClusterRole'] as const)('%s: what it allows, and no more', (kind) => {
    grant(kind, 'reader', { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] });
    expect(ask('GET', '/api/v1/namespaces/default/pods', asAccount).status).toBe(200);
    expect(ask('GET', '/api/v1/namespaces/default/pods/none', asAccount).status).toBe(404);
    expect(ask('GET', '/api/v1/namespaces/kube-system/pods', asAccount).status).toBe(403);
    expect(ask('DELETE', '/api/v1/namespaces/default/pods/none', asAccount).status).toBe(403);
    expect(ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', asAccount, { spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'default' } } }).body.status)
      .toEqual({ allowed: true, reason: `RBAC: allowed by RoleBinding "b/default" of ${kind} "reader" to ServiceAccount "default/default"` });
  });

  test('of some names only', () => {
    grant('Role', 'one', { apiGroups: [''], resources: ['configmaps'], resourceNames: ['notes'], verbs: ['get'] });
    expect(['notes', 'others'].map((name) => ask('GET', `/api/v1/namespaces/default/configmaps/${name}`, asAccount).status)).toEqual([404, 403]);
  });

  test('that is not there: the refusal says so', () => {
    grant('Role', 'gone', { apiGroups: [''], resources: ['pods'], verbs: ['get'] });
    server.client().delete('roles', { name: 'gone', namespace: 'default' });
    expect(ask('GET', '/api/v1/namespaces/default/pods', asAccount).body.message).toMatch(/in the namespace "default": RBAC: role.rbac.authorization.k8s.io "gone" not found$/);
  });

  test('of the cluster: view sees no secrets, cluster-admin sees all', () => {
    const client = server.client();
    client.create('clusterrolebindings', { metadata: { name: 'v' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', name: 'jane' }] });
    const jane = { 'impersonate-user': 'jane' };
    expect([ask('GET', '/api/v1/pods', jane).status, ask('GET', '/api/v1/secrets', jane).status]).toEqual([200, 403]);
    expect(ask('GET', '/api/v1/secrets', { 'impersonate-user': 'eve', 'impersonate-group': 'system:masters' }).status).toBe(200);
  });
});

test('a token of an account that is gone is refused', () => {
  server.client().delete('serviceaccounts', { name: 'default', namespace: 'default' });
  expect(ask('GET', '/api', asAccount)).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
});
