/** What servers of two generations say of fields that they do not know. */
import { describe, expect, test } from 'vitest';
import { testCluster } from '../test-cluster.ts';

const body = new TextEncoder().encode(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'm' }, spec: { replica: 2, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'b', prot: [] }] } } } }));

function create(minor: number, query: string): { readonly status: number; readonly warning: string | undefined; readonly message: string | undefined } {
  const { server } = testCluster({ version: { minor, gitVersion: `v1.${minor}.0` } });
  const answer = server.handle({ method: 'POST', path: `/apis/apps/v1/namespaces/default/deployments${query}`, headers: { 'content-type': 'application/json' }, body });
  const { message } = JSON.parse(new TextDecoder().decode(answer.body)) as { message?: string };
  return { status: answer.status, warning: answer.headers['warning'], message };
}

const unknown = ['unknown field "spec.replica"', 'unknown field "spec.template.spec.containers[0].prot"'];
const warnings = unknown.map((text) => `299 - ${JSON.stringify(text)}`);

describe('unknown fields', () => {
  test.each([
    { minor: 20, query: '', told: { status: 201, warning: undefined, message: undefined } },
    { minor: 27, query: '?fieldValidation=Ignore', told: { status: 201, warning: undefined, message: undefined } },
    { minor: 27, query: '', told: { status: 201, warning: expect.stringContaining(warnings[0]!) as string, message: undefined } },
    { minor: 27, query: '?fieldValidation=Warn', told: { status: 201, warning: expect.stringContaining(warnings[1]!) as string, message: undefined } },
    { minor: 27, query: '?fieldValidation=Strict', told: { status: 400, warning: undefined, message: expect.stringMatching(/^Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field /) as string } },
  ])('a server of 1.$minor, asked with "$query"', ({ minor, query, told }) => {
    expect(create(minor, query)).toEqual(told);
  });
});
