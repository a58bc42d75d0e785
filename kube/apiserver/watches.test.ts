import { expect, test } from 'vitest';
import { testCluster } from '../test-cluster.ts';
import type { ApiServer } from './server.ts';

interface Seen {
  readonly lines: string[];
  isOver: boolean;
  readonly close: () => void;
}

/** Type and name of each event, or what a table's row says. */
function watch(server: ApiServer, path: string, accept = 'application/json'): Seen {
  const response = server.handle({ method: 'GET', path, headers: { accept }, body: new Uint8Array() });
  if (response.stream === undefined) throw new Error(new TextDecoder().decode(response.body));
  const { stream } = response;
  const seen: Seen = { lines: [], isOver: false, close: stream.close };
  stream.onData((bytes) => {
    for (const line of new TextDecoder().decode(bytes).trim().split('\n')) {
      const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name?: string; annotations?: Record<string, string> }; rows?: { cells: unknown[] }[]; columnDefinitions?: unknown[] | null; code?: number; message?: string } };
      const about = object.rows !== undefined ? `${String(object.rows[0]!.cells[0])}${object.columnDefinitions === null ? '' : ' with columns'}`
        : object.message ?? object.metadata.name ?? Object.keys(object.metadata.annotations ?? {}).join();
      seen.lines.push(`${type} ${about}`.trim());
    }
  });
  stream.onEnd(() => { seen.isOver = true; });
  return seen;
}

const configMap = (name: string, labels: Record<string, string> = {}): { metadata: { namespace: string; name: string; labels: Record<string, string> } } => ({ metadata: { namespace: 'default', name, labels } });
const path = '/api/v1/namespaces/default/configmaps?watch=true';

test('tells what there is, then what happens', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  client.create('configmaps', configMap('old'));
  const all = watch(server, path);
  const later = watch(server, `${path}&resourceVersion=${client.get('configmaps', { namespace: 'default', name: 'old' }).metadata.resourceVersion}`);
  client.create('configmaps', configMap('new'));
  client.delete('configmaps', { namespace: 'default', name: 'old' });
  expect(all.lines).toEqual([]);
  runtime.run();
  expect(all.lines).toEqual(['ADDED old', 'ADDED new', 'DELETED old']);
  expect(later.lines).toEqual(['ADDED new', 'DELETED old']);
});

test('calls it added or deleted when an object begins or ceases to match', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  const seen = watch(server, `${path}&labelSelector=tier%3Dweb`);
  client.create('configmaps', configMap('a'));
  for (const tier of ['web', 'web', 'db']) {
    client.edit('configmaps', { namespace: 'default', name: 'a' }, (draft) => {
      draft.metadata.labels = { tier };
      draft.data = { tier };
    });
  }
  client.edit('configmaps', { namespace: 'default', name: 'a' }, (draft) => { draft.metadata.labels = { tier: 'web' }; });
  client.edit('configmaps', { namespace: 'default', name: 'a' }, (draft) => { draft.data = { more: '1' }; });
  runtime.run();
  expect(seen.lines).toEqual(['ADDED a', 'DELETED a', 'ADDED a', 'MODIFIED a']);
});

test('writes nothing for an update that changes nothing', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  const made = client.create('configmaps', { ...configMap('a'), data: { a: '1' } });
  const seen = watch(server, `${path}&resourceVersion=${made.metadata.resourceVersion}`);
  expect(client.update('configmaps', { ...configMap('a'), data: { a: '1' } }).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  runtime.run();
  expect(seen.lines).toEqual([]);
});

test('ends when its time is over or the client goes, and sends bookmarks only to those who want them', () => {
  const { server, runtime } = testCluster();
  const short = watch(server, `${path}&timeoutSeconds=5`);
  const marked = watch(server, `${path}&allowWatchBookmarks=true`);
  const plain = watch(server, path);
  runtime.run(4900);
  expect(short.isOver).toBe(false);
  runtime.run(200);
  expect(short.isOver).toBe(true);
  runtime.run(120_000);
  expect(marked.lines).toEqual(['BOOKMARK', 'BOOKMARK']);
  expect(plain.lines).toEqual([]);
  plain.close();
  server.client().create('configmaps', configMap('late'));
  runtime.run();
  expect(plain.lines).toEqual([]);
});

test('says 410 for a version whose successors are forgotten', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  client.create('configmaps', configMap('a'));
  for (let count = 0; count < 2100; count += 1) client.edit('configmaps', { namespace: 'default', name: 'a' }, (draft) => { draft.data = { count: String(count) }; });
  const seen = watch(server, `${path}&resourceVersion=1`);
  runtime.run();
  expect(seen.lines).toHaveLength(1);
  expect(seen.lines[0]).toMatch(/^ERROR too old resource version: 1 \(\d+\)$/);
  expect(seen.isOver).toBe(true);
});

test('sends a table with one row, its columns once', () => {
  const { server, runtime } = testCluster();
  const client = server.client();
  client.create('configmaps', configMap('a'));
  const seen = watch(server, path, 'application/json;as=Table;v=v1;g=meta.k8s.io');
  client.create('configmaps', configMap('b'));
  runtime.run();
  expect(seen.lines).toEqual(['ADDED a with columns', 'ADDED b']);
});

test('begins with what there is and says so, where clients ask for it', () => {
  const { server, runtime } = testCluster({ version: { minor: 32, gitVersion: 'v1.32.0' } });
  server.client().create('configmaps', configMap('a'));
  const seen = watch(server, `${path}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`);
  runtime.run();
  expect(seen.lines).toEqual(['ADDED a', 'BOOKMARK k8s.io/initial-events-end']);
});
