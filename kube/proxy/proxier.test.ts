import { describe, expect, it } from 'vitest';
import { endpointHash, portProtocolHash } from './chain-names.ts';
import type { EndpointSliceObject } from './endpoints.ts';
import type { GenerationName, ProxyConfig } from './generation.ts';
import { generations } from './generations.ts';
import { Proxier, type NodeView } from './proxier.ts';
import type { ServiceObject } from './services.ts';

const CONFIG: ProxyConfig = { hostname: 'node-a', clusterCidr: '10.40.0.0/14', nodeIp: '10.142.0.8', nodePortAddresses: [], localhostNodePorts: true, masqueradeAll: false, randomFully: false };
const NODE: NodeView = { localAddresses: ['127.0.0.1', '10.142.0.8'], natChains: [] };
const service = (name: string, change: ServiceObject['spec'] = {}, ingress?: string): ServiceObject => ({ metadata: { name, namespace: 'default' }, spec: { type: 'ClusterIP', clusterIP: '10.43.0.1', ports: [{ port: 80, protocol: 'TCP' }], ...change }, ...(ingress === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip: ingress }] } } }) });
const slice = (name: string, addresses: readonly string[], protocol = 'TCP', suffix = '1'): EndpointSliceObject => ({ metadata: { name: `${name}-${suffix}`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } }, addressType: 'IPv4', endpoints: addresses.map((address) => ({ addresses: [address] })), ports: [{ name: '', protocol, port: 8080 }] });
const make = (generation: GenerationName, config: Partial<ProxyConfig> = {}): Proxier => new Proxier(generations[generation], { ...CONFIG, ...config });
const rules = (text: string, chain: string): string[] => text.split('\n').filter((line) => line.startsWith(`-A ${chain} `));

describe('names of chains', () => {
  it.each([
    [portProtocolHash('default/hello-server:', 'tcp'), 'AZMBASOGS4B7PAAL'], [endpointHash('default/hello-server:', 'tcp', '10.40.0.6:8080'), 'WGEM4BP3ARCHJ5MF'], [portProtocolHash('default/hello-server', 'tcp'), '7D6H5YV7GTUSLGXR'],
    [portProtocolHash('ns1/svc1:p80', 'tcp'), 'XPGD46QRK7WJZT7O'], [portProtocolHash('default/kubernetes:https', 'tcp'), 'NPX46M4PTMTKRN6Y'], [portProtocolHash('kube-system/kube-dns:dns', 'udp'), 'TCOU7JCQXEZGVUNU'],
    // Longer than one block of the digest.
    [portProtocolHash(`${'n'.repeat(63)}/${'s'.repeat(63)}:${'p'.repeat(15)}`, 'tcp').length, 16],
  ])('%s', (found, wanted) => expect(found).toBe(wanted));
});

describe('a sync', () => {
  it('writes the same text for the same cluster, whatever order it was told in', () => {
    const texts = [['a', 'b'], ['b', 'a']].map((order) => {
      const proxier = make('1.27');
      for (const name of order) {
        proxier.setEndpointSlice(slice(name, ['10.40.0.6', '10.40.1.4']));
        proxier.setService(service(name, { clusterIP: name === 'a' ? '10.43.0.1' : '10.43.0.2' }));
      }
      return proxier.sync(NODE).text;
    });
    expect(texts[0]).toBe(texts[1]);
  });

  it('after the first writes only the chains of what changed, where the generation can', () => {
    for (const [generation, isFull] of [['1.27', false], ['1.20', true]] as const) {
      const proxier = make(generation);
      for (const [index, name] of ['a', 'b'].entries()) {
        proxier.setService(service(name, { clusterIP: `10.43.0.${index + 1}` }));
        proxier.setEndpointSlice(slice(name, [`10.40.0.${index + 5}`]));
      }
      const first = proxier.sync(NODE);
      expect([first.isFull, first.jumps.length > 0]).toEqual([true, true]);
      proxier.setEndpointSlice(slice('a', ['10.40.0.5', '10.40.0.9']));
      const natChains = first.text.split('\n').flatMap((line) => /^:(KUBE-(?:SVC|SEP)-\S+)/.exec(line)?.slice(1) ?? []);
      const second = proxier.sync({ ...NODE, natChains });
      expect(second.isFull).toBe(isFull);
      expect(second.text.includes('10.40.0.9:8080')).toBe(true);
      expect(second.text.includes('10.40.0.6:8080')).toBe(isFull);
      expect(second.text).not.toContain('-X ');
      proxier.forceFullSync();
      expect(proxier.sync(NODE).isFull).toBe(true);
    }
  });

  it('deletes its own chains that nobody wants, and no others', () => {
    const proxier = make('1.27');
    proxier.setService(service('a'));
    proxier.setEndpointSlice(slice('a', ['10.40.0.5']));
    const { text } = proxier.sync(NODE);
    const own = /:(KUBE-SVC-\S+)/.exec(text)![1]!;
    proxier.deleteService(service('a'));
    proxier.deleteEndpointSlice(slice('a', []));
    const after = proxier.sync({ ...NODE, natChains: [own, 'MINE', 'KUBE-MARK-DROP'] }).text;
    expect(after.split('\n').filter((line) => line.startsWith('-X'))).toEqual([`-X ${own}`]);
  });

  it('tells changes from repetitions', () => {
    const proxier = make('1.27');
    expect([proxier.setService(service('a')), proxier.setService(service('a')), proxier.setService(service('a', {}, '35.1.2.3')), proxier.setEndpointSlice(slice('a', ['10.40.0.5'])), proxier.setEndpointSlice(slice('a', ['10.40.0.5']))]).toEqual([true, false, true, true, false]);
  });

  it('counts an endpoint once that two slices hold', () => {
    const proxier = make('1.20');
    proxier.setService(service('a'));
    proxier.setEndpointSlice(slice('a', ['10.40.0.5', '10.40.0.6']));
    proxier.setEndpointSlice(slice('a', ['10.40.0.6', '10.40.0.7'], 'TCP', '2'));
    expect(proxier.sync(NODE).text.match(/DNAT --to-destination \S+/g)).toEqual(['5', '6', '7'].map((last) => `DNAT --to-destination 10.40.0.${last}:8080`));
  });

  it('leaves comments out of Services and endpoints above a thousand of them', () => {
    for (const [count, comments] of [[1000, true], [1001, false]] as const) {
      const proxier = make('1.27');
      proxier.setService(service('a'));
      proxier.setEndpointSlice(slice('a', Array.from({ length: count }, (_, index) => `10.40.${index >> 8}.${index & 255}`)));
      const { text } = proxier.sync(NODE);
      expect(rules(text, /:(KUBE-SEP-\S+)/.exec(text)![1]!)[0]!.includes('--comment')).toBe(comments);
    }
  });

  it('skips headless Services, names of others and those of another proxy', () => {
    const proxier = make('1.27');
    proxier.setService(service('headless', { clusterIP: 'None' }));
    proxier.setService(service('alias', { type: 'ExternalName', clusterIP: '' }));
    proxier.setService({ ...service('theirs'), metadata: { name: 'theirs', namespace: 'default', labels: { 'service.kubernetes.io/service-proxy-name': 'other' } } });
    expect(proxier.sync(NODE).text).not.toContain('default/');
  });
});

describe('beside the rules', () => {
  it('NodePorts and external IPs of this node are held open by the generations that do so', () => {
    for (const [generation, wanted] of [['2018', ['"nodePort for default/a:" :31830/tcp', '"externalIP for default/a:" 10.142.0.8:80/tcp']], ['1.27', []]] as const) {
      const proxier = make(generation);
      proxier.setService(service('a', { type: 'NodePort', externalIPs: ['10.142.0.8', '192.168.99.11'], ports: [{ port: 80, nodePort: 31830 }] }));
      expect(proxier.sync(NODE).localPorts.map(({ description, address, port, protocol }) => `"${description}" ${address}:${port}/${protocol}`).sort()).toEqual([...wanted].sort());
    }
  });

  it('a health check port tells how many endpoints are here', () => {
    const proxier = make('1.27');
    proxier.setService(service('a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32000, ports: [{ port: 80, nodePort: 31830 }] }, '35.1.2.3'));
    proxier.setEndpointSlice({ ...slice('a', []), endpoints: [{ addresses: ['10.40.0.5'], nodeName: 'node-a' }, { addresses: ['10.40.1.5'], nodeName: 'node-b' }] });
    expect(proxier.sync(NODE).healthChecks).toEqual([{ namespace: 'default', service: 'a', port: 32000, localEndpoints: 1 }]);
  });

  it('flows of UDP to endpoints that went away are forgotten, as are those that began too early', () => {
    const proxier = make('1.20');
    proxier.setService(service('dns', { ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }], type: 'NodePort' }));
    expect(proxier.sync(NODE).staleFlows).toEqual([]);
    proxier.setEndpointSlice(slice('dns', ['10.40.0.5'], 'UDP'));
    expect(proxier.sync(NODE).staleFlows).toEqual([{ kind: 'address', address: '10.43.0.1', protocol: 'udp' }, { kind: 'port', port: 30053, protocol: 'udp' }]);
    proxier.setEndpointSlice(slice('dns', ['10.40.0.7'], 'UDP'));
    expect(proxier.sync(NODE).staleFlows).toEqual([{ kind: 'port-translation', port: 30053, endpoint: '10.40.0.5', protocol: 'udp' }, { kind: 'translation', address: '10.43.0.1', endpoint: '10.40.0.5', protocol: 'udp' }]);
    proxier.deleteService(service('dns'));
    expect(proxier.sync(NODE).staleFlows).toEqual([{ kind: 'address', address: '10.43.0.1', protocol: 'udp' }]);
  });
});
