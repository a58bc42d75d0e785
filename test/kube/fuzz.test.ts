/** Recorded requests, bent at random: whatever comes in, the API server answers, and soon. */
import { expect, test } from 'vitest';
import { testCluster } from '../../kube/test-cluster.ts';
import { recordings, type Recorded } from './replay.ts';

const values = ['null', '0', '-1', '"x"', '[]', '{}', 'true', '1e99', '"\\u0000"', '9007199254740993', '[null]', '{"a":null}', '"__proto__"', '{"__proto__":{"a":1}}', `"${'a'.repeat(300)}"`];
const pieces = ['/', '%', '..', '?', '&', '=', 'x', '%00', '+'];
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'BOGUS'];

function bend(recorded: Recorded, below: (limit: number) => number): { readonly method: string; readonly path: string; readonly body: string } {
  let { path, body = '' } = recorded;
  for (let left = below(3); left >= 0; left -= 1) {
    const tokens = [...body.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+|true|false|null/g)];
    if (tokens.length > 0 && below(3) > 0) {
      const token = tokens[below(tokens.length)]!;
      const end = token.index + token[0].length;
      const value = values[below(values.length)]!;
      const isKey = /^\s*:/.test(body.slice(end));
      if (!isKey || value.startsWith('"')) body = body.slice(0, token.index) + value + body.slice(end);
    } else if (below(4) === 0) {
      const at = below(path.length);
      path = path.slice(0, at) + pieces[below(pieces.length)]! + path.slice(at + below(3));
    }
  }
  return { method: below(12) === 0 ? methods[below(methods.length)]! : recorded.method, path, body };
}

test.each([1, 2, 3])('never stumbles over a request (seed %i)', (seed) => {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const { server, runtime } = testCluster();
  for (const recorded of recordings('requests-1.20.2.jsonl')) {
    const { method, path, body } = bend(recorded, below);
    const response = server.handle({
      method, path, headers: { accept: recorded.accept ?? 'application/json', ...(recorded.type === undefined ? {} : { 'content-type': recorded.type }) }, body: new TextEncoder().encode(body),
    });
    response.stream?.close();
    const text = response.body === undefined ? '' : new TextDecoder().decode(response.body);
    expect(text.includes('"panic: '), `${method} ${path} ${body}\n${text}`).toBe(false);
    if (below(5) === 0) runtime.run(100);
  }
});

test('refuses what is too long, too deep or explodes', () => {
  const { server } = testCluster();
  const post = (body: string, type = 'application/json'): { readonly status: number; readonly message: string } => {
    const response = server.handle({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', headers: { 'content-type': type }, body: new TextEncoder().encode(body) });
    const { message } = JSON.parse(new TextDecoder().decode(response.body)) as { message: string };
    return { status: response.status, message };
  };
  expect(post(`{"data":{"a":"${'x'.repeat(3_200_000)}"}}`)).toEqual({ status: 413, message: 'Request entity too large: limit is 3145728' });
  expect(post(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)).toEqual({ status: 400, message: 'exceeded max depth' });
  expect(post(`${'['.repeat(1_500_000)}`).status).toBe(400);
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]`)].join('\n');
  expect(post(bomb, 'application/yaml')).toMatchObject({ status: 400, message: expect.stringContaining('yaml: document contains excessive aliasing') as string });
  expect(post('x', 'text/plain').status).toBe(415);
});
