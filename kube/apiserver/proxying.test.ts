/** Requests passed on to pods, by pod and by service. */
import { beforeEach, expect, test } from 'vitest';
import type { PodStreams } from '../pod-streams.ts';
import { testCluster } from '../test-cluster.ts';
import type { ApiServer } from './server.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const answers: Readonly<Record<number, string | undefined>> = {
  8080: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n',
  8081: 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n5\r\n here\r\n0\r\n\r\n',
};
let heard: string;
let server: ApiServer;

/** A pod that answers on two ports, a few bytes at a time, and refuses on the others. */
const streams = {
  portForward: (_target, port, output) => ({
    data(given) {
      heard += new TextDecoder().decode(given);
      const text = answers[port];
      if (text === undefined) return output.end('dial tcp4 127.0.0.1:81: connection refused');
      for (let at = 0; at < text.length; at += 7) output.data(bytes(text.slice(at, at + 7)));
      output.end();
    },
    end: () => undefined, close: () => undefined,
  }),
} as PodStreams;

beforeEach(() => {
  heard = '';
  ({ server } = testCluster({ streams }));
  const client = server.client();
  client.create('pods', { metadata: { name: 'web', namespace: 'default' }, spec: { nodeName: 'node-1', containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 8080 }] }] } });
  client.editStatus('pods', { name: 'web', namespace: 'default' }, (draft) => { draft.status = { phase: 'Running', podIP: '10.40.0.6' }; });
  client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }, { name: 'other', port: 81, targetPort: 8081 }] } });
  client.create('endpoints', { metadata: { name: 'web', namespace: 'default' }, subsets: [{ addresses: [{ ip: '10.40.0.6', targetRef: { kind: 'Pod', name: 'web', namespace: 'default' } }], ports: [{ name: 'http', port: 8080 }, { name: 'other', port: 8081 }] }] });
  client.create('services', { metadata: { name: 'none', namespace: 'default' }, spec: { ports: [{ port: 80 }] } });
});

function ask(path: string): { status: number; text: string } {
  const answer = server.handle({ method: 'GET', path: `/api/v1/namespaces/default/${path}`, headers: { accept: '*/*', authorization: 'Bearer secret' }, body: new Uint8Array() });
  let { status } = answer;
  let text = answer.body === undefined ? '' : new TextDecoder().decode(answer.body);
  answer.stream?.onHead?.((is) => { status = is; });
  answer.stream?.onData((data) => { text += new TextDecoder().decode(data); });
  return { status, text: text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : text };
}

test.each([
  ['pods/web/proxy/', 200, 'hello\n'], ['pods/web:8080/proxy/', 200, 'hello\n'], ['services/web:http/proxy/', 200, 'hello\n'], ['services/web:80/proxy/', 200, 'hello\n'], ['services/http:web:http/proxy/', 200, 'hello\n'],
  ['services/web:other/proxy/', 404, 'not here'], ['pods/web:81/proxy/', 503, 'error trying to reach service: dial tcp 10.40.0.6:81: connect: connection refused'],
  ['services/none/proxy/', 503, 'no endpoints available for service "none"'], ['services/web:nope/proxy/', 503, 'no endpoints available for service "web:nope"'], ['services/gone/proxy/', 404, 'services "gone" not found'],
  ['pods/gone/proxy/', 404, 'pods "gone" not found'], ['configmaps/a/proxy/', 404, 'the server could not find the requested resource'],
])('%s', (path, status, text) => {
  expect(ask(path)).toEqual({ status, text });
});

test('the pod hears the rest of the path, and nothing of who asked', () => {
  ask('pods/web:8080/proxy/a/b?c=d');
  expect(heard.split('\r\n').slice(0, 2)).toEqual(['GET /a/b?c=d HTTP/1.1', 'Host: 10.40.0.6:8080']);
  expect(heard).not.toMatch(/secret/);
});
