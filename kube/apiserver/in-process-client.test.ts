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
