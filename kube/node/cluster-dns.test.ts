import { describe, expect, it } from 'vitest';
import * as dns from '../../simulator/wire/dns.ts';
import { formatIp4 } from '../../simulator/wire/ip4.ts';
import { testCluster } from '../test-cluster.ts';
import { answerFor } from './cluster-dns.ts';

const client = testCluster().server.client();
client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { clusterIP: '10.43.246.223', ports: [{ port: 80 }] } });
client.create('services', { metadata: { name: 'alone', namespace: 'default' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } });
client.create('services', { metadata: { name: 'away', namespace: 'default' }, spec: { type: 'ExternalName', externalName: 'example.com' } });
client.create('endpoints', { metadata: { name: 'alone', namespace: 'default' }, subsets: [{ addresses: [{ ip: '10.40.0.6', hostname: 'one' }, { ip: '10.40.1.4' }], ports: [{ port: 8080 }] }] });

function ask(name: string, type: number = dns.TYPE_A): string {
  const answer = answerFor(dns.query(7, name, type), { client, domain: 'cluster.local' });
  if (answer === undefined) return 'not ours';
  const texts = answer.answers.map(({ data }) => (data.kind === 'a' ? formatIp4(data.address) : 'name' in data ? data.name : data.kind));
  return answer.responseCode === dns.NAME_ERROR ? 'NXDOMAIN' : `${answer.isAuthoritative ? '' : '?'}${texts.join(' ')}`;
}

describe("the cluster's names", () => {
  it.each([
    ['web.default.svc.cluster.local', '10.43.246.223'], ['WEB.default.svc.cluster.local.', '10.43.246.223'], ['alone.default.svc.cluster.local', '10.40.0.6 10.40.1.4'], ['one.alone.default.svc.cluster.local', '10.40.0.6'], ['10-40-1-4.alone.default.svc.cluster.local', '10.40.1.4'],
    ['away.default.svc.cluster.local', 'example.com'], ['10-40-0-9.default.pod.cluster.local', '10.40.0.9'], ['kubernetes.default.svc.cluster.local', '10.43.240.1'],
    ['nothing.default.svc.cluster.local', 'NXDOMAIN'], ['web.nowhere.svc.cluster.local', 'NXDOMAIN'], ['web.default.svc.cluster.local.default.svc.cluster.local', 'NXDOMAIN'], ['x.web.default.svc.cluster.local', 'NXDOMAIN'], ['x.default.pod.cluster.local', 'NXDOMAIN'],
    ['default.svc.cluster.local', ''], ['example.com', 'not ours'], ['mycluster.local', 'not ours'],
  ])('%s: %s', (name, wanted) => expect(ask(name)).toBe(wanted));

  it('have no IPv6 addresses, which is no mistake', () => expect(ask('web.default.svc.cluster.local', dns.TYPE_AAAA)).toBe(''));
  it('are found by address', () => {
    expect(ask('223.246.43.10.in-addr.arpa', dns.TYPE_PTR)).toBe('web.default.svc.cluster.local');
    expect(ask('8.8.8.8.in-addr.arpa', dns.TYPE_PTR)).toBe('not ours');
  });
});
