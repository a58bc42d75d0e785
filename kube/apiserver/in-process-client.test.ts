import { expect, test } from 'vitest';
import { isReason } from '../api/status.ts';
import { testCluster } from '../test-cluster.ts';

test('gives an object a uid, a version, a time and a name, and tells those who watch', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  const seen: string[] = [];
  client.create('namespaces', { metadata: { name: 'blue' } });
  client.watch('namespaces', {}, ({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
  expect(seen).toEqual([]);
  runtime.run();
  expect(seen).toContain('ADDED blue');
  const made = client.create('configmaps', { metadata: { namespace: 'blue', generateName: 'notes-' }, data: { a: '1' } });
  expect(made.metadata.name).toMatch(/^notes-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(made.metadata.creationTimestamp).toBe('2018-07-14T19:45:00Z');
  const edited = client.edit('configmaps', made.metadata, (draft) => { draft.data!.a = '2'; });
  expect(Number(edited.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
  expect(() => client.update('configmaps', made)).toThrow(/the object has been modified/);
  client.delete('configmaps', made.metadata);
  expect(client.find('configmaps', made.metadata)).toBeUndefined();
});

test('says what is missing', () => {
  const { server } = testCluster();
  try {
    server.client().get('pods', { namespace: 'default', name: 'nope' });
    expect.unreachable();
  } catch (error) {
    expect(isReason(error, 'NotFound')).toBe(true);
    expect((error as Error).message).toBe('pods "nope" not found');
  }
});

test('patches in all four ways, and knows who owns what', () => {
  const { server } = testCluster();
  const client = server.client().as('system:kube-controller-manager');
  const key = { namespace: 'default', name: 'web' };
  client.create('services', { metadata: key, spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80 }] } });
  client.patch('services', key, { spec: { ports: [{ port: 443, name: 'https' }] } }, { type: 'strategic' });
  client.patch('services', key, { spec: { selector: { app: null, tier: 'b' } } }, { type: 'merge' });
  client.patch('services', key, [{ op: 'replace', path: '/spec/sessionAffinity', value: 'ClientIP' }], { type: 'json' });
  client.patch('services', key, { metadata: { labels: { mine: 'yes' } } }, { type: 'apply' });
  const { metadata, spec } = client.patch('services', key, { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }, { type: 'merge', subresource: 'status' });
  expect(spec).toMatchObject({ selector: { tier: 'b' }, sessionAffinity: 'ClientIP' });
  expect(spec!.ports!.map(({ name }) => name).sort()).toEqual(['http', 'https']);
  expect(metadata.labels).toEqual({ mine: 'yes' });
  expect(metadata.managedFields?.map(({ manager, operation }) => `${operation} ${manager}`)).toEqual(['Apply kube-controller-manager', 'Update kube-controller-manager']);
  expect(() => client.as('somebody').patch('services', key, { metadata: { labels: { mine: 'no' } } }, { type: 'apply' })).toThrow(/conflict with "kube-controller-manager": \.metadata\.labels\.mine/);
});
