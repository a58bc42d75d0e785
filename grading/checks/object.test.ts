import { describe, expect, it } from 'vitest';
import { judgeAssertion } from '../assertion.ts';
import { Look } from '../look.ts';
import { scripted } from '../test-observer.ts';
import { resolveValue } from '../values.ts';

const service = {
  metadata: { name: 'web', uid: '1e6e5ced-d089-4216-b249-6268eff90d08' },
  spec: { clusterIP: '10.43.0.9', type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30001 }, { port: 443, nodePort: 30002 }] },
};
const firewall = { name: 'door', allowed: [{ IPProtocol: 'tcp', ports: ['30001', '80'] }] };
const look = (): Look => new Look({
  ...scripted({}),
  objects: ({ kind }) => Promise.resolve({ atMs: 0, value: kind === 'services' ? [service] : [] }),
  cloud: ({ kind }) => Promise.resolve({ atMs: 0, value: kind === 'firewalls' ? [firewall] : [] }),
}, {});
const judge = (fields: object): ReturnType<typeof judgeAssertion> => judgeAssertion({ kind: 'object', what: 'it', ...fields }, look(), 'c1');

describe('objects', () => {
  it.each([
    ['a field fits', { of: 'services', has: { 'spec.type': 'LoadBalancer' } }, true],
    ['any element of a list fits', { of: 'services', has: { 'spec.ports.*.nodePort': 30002 } }, true],
    ['an element by its number', { of: 'services', has: { 'spec.ports.0.nodePort': 30002 } }, false],
    ['a field that is not set', { of: 'services', has: { 'status.ip': '*' } }, false],
    ['another name', { of: 'services', name: 'other' }, false],
    ['absent, and there', { of: 'services', name: 'web', absent: true }, false],
    ['absent, and not there', { of: 'services', name: 'other', absent: true }, true],
    ['the cloud is asked for its own', { kind: 'cloud', of: 'firewalls', has: { 'allowed.*.ports.*': '30001' } }, true],
  ])('%s', async (_, fields, passed) => {
    expect((await judge(fields)).passed).toBe(passed);
  });

  it('names the field that differs', async () => {
    expect((await judge({ of: 'services', has: { 'spec.type': 'NodePort' } })).because).toBe('web is not it: spec.type is LoadBalancer.');
  });
});

describe('values of a Service', () => {
  it.each([['ip', '10.43.0.9'], ['nodePort', '30001'], ['externalIp', null], ['loadBalancer', 'a1e6e5cedd0894216b2496268eff90d0']])('%s', async (field, value) => {
    expect(await resolveValue(`service.web.${field}`, look())).toBe(value);
  });
});
