import { describe, expect, it } from 'vitest';
import { generations } from '../proxy/generations.ts';
import type { GenerationName, ProxyConfig } from '../proxy/generation.ts';
import type { EndpointSliceObject } from '../proxy/endpoints.ts';
import { Proxier } from '../proxy/proxier.ts';
import type { Protocol, ServiceObject } from '../proxy/services.ts';
import { proxyBench, walkFlow } from './proxy-flows.ts';

const CONFIG: ProxyConfig = { hostname: 'node-a', clusterCidr: '10.40.0.0/14', nodeIp: '10.142.0.8', nodePortAddresses: [], localhostNodePorts: true, masqueradeAll: false, randomFully: false };
const [POD, OTHER_POD, NODE, OUTSIDE, CLUSTER_IP, LB] = ['10.40.0.9', '10.40.1.4', '10.142.0.8', '104.132.0.90', '10.43.0.1', '35.231.121.11'];

type Ready = { address: string; node?: string; ready?: boolean; serving?: boolean; terminating?: boolean };
const slice = (endpoints: readonly Ready[], protocol = 'TCP'): EndpointSliceObject => ({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', ports: [{ name: '', protocol, port: 8080 }],
  endpoints: endpoints.map(({ address, node = 'node-a', ...conditions }) => ({ addresses: [address], nodeName: node, conditions })),
});
const LOCAL: Ready = { address: '10.40.0.6' };
const REMOTE: Ready = { address: OTHER_POD, node: 'node-b' };

/** `endpoints | masq`, for each of the places packets come from and go to. */
function outcomes(generation: GenerationName, spec: ServiceObject['spec'], endpoints: readonly Ready[], flows: readonly (readonly [from: string, to: string])[], config: Partial<ProxyConfig> = {}): string[] {
  const proxier = new Proxier(generations[generation], { ...CONFIG, ...config });
  const protocol = spec?.ports?.[0]?.protocol ?? 'TCP';
  proxier.setService({ metadata: { name: 'web', namespace: 'default' }, spec: { clusterIP: CLUSTER_IP, ports: [{ protocol: 'TCP', port: 80, nodePort: 31830 }], ...spec }, ...(spec?.type === 'LoadBalancer' ? { status: { loadBalancer: { ingress: [{ ip: LB }] } } } : {}) });
  proxier.setEndpointSlice(slice(endpoints, protocol));
  const bench = proxyBench({ ...CONFIG, ...config }, proxier.sync({ localAddresses: ['127.0.0.1', NODE], natChains: [] }), [LB]);
  return flows.map(([from, to]) => {
    const [address = '', port = ''] = to.split(':');
    const { outputs, isMasqueraded } = walkFlow(bench, { sourceIp: from, destinationIp: address, port: Number(port), protocol: protocol.toLowerCase() as Protocol });
    return `${outputs.map((output) => output.replace(/:8080$/, '')).join(' ')}${isMasqueraded ? ' masq' : ''}`;
  });
}
const BOTH = '10.40.0.6 10.40.1.4';

describe.each(['2018', '1.20', '1.27'] as const)('under the rules of %s', (generation) => {
  it('a cluster IP keeps the source of pods and masks others', () => {
    expect(outcomes(generation, { type: 'ClusterIP', ports: [{ port: 80 }] }, [LOCAL, REMOTE], [[POD, `${CLUSTER_IP}:80`], ['10.40.0.6', `${CLUSTER_IP}:80`], [NODE, `${CLUSTER_IP}:80`], [OUTSIDE, `${CLUSTER_IP}:80`], [POD, `${CLUSTER_IP}:81`]]))
      .toEqual([BOTH, `${BOTH} masq`, `${BOTH} masq`, `${BOTH} masq`, '']);
  });

  it('a NodePort under the policy Cluster goes everywhere, masked', () => {
    expect(outcomes(generation, { type: 'NodePort' }, [LOCAL, REMOTE], [[OUTSIDE, `${NODE}:31830`], [NODE, `${NODE}:31830`], [OUTSIDE, `${NODE}:31380`]])).toEqual([`${BOTH} masq`, `${BOTH} masq`, '']);
  });

  it('a NodePort under the policy Local stays here and keeps the source', () => {
    expect(outcomes(generation, { type: 'NodePort', externalTrafficPolicy: 'Local' }, [LOCAL, REMOTE], [[OUTSIDE, `${NODE}:31830`]])).toEqual(['10.40.0.6']);
  });

  it("without endpoints the sender is told, except by 2018's forwarding", () => {
    expect(outcomes(generation, { type: 'NodePort' }, [], [[NODE, `${CLUSTER_IP}:80`], [POD, `${CLUSTER_IP}:80`], [OUTSIDE, `${NODE}:31830`]])).toEqual(['REJECT', generation === '2018' ? '' : 'REJECT', 'REJECT']);
  });

  it('endpoints that are not ready do not count', () => {
    expect(outcomes(generation, { type: 'ClusterIP' }, [{ ...LOCAL, ready: false }, REMOTE], [[POD, `${CLUSTER_IP}:80`]])).toEqual([OTHER_POD]);
  });

  it('a load balancer drops whom its source ranges leave out; NodePorts do not look', () => {
    const flows = [[OUTSIDE, `${LB}:80`], ['203.0.113.9', `${LB}:80`], ['203.0.113.9', `${NODE}:31830`]] as const;
    expect(outcomes(generation, { type: 'LoadBalancer', loadBalancerSourceRanges: ['104.132.0.0/16'] }, [LOCAL], flows).map((text) => text.replace(' masq', ''))).toEqual(['10.40.0.6', 'DROP', '10.40.0.6']);
  });

  it('UDP and SCTP are served alike', () => {
    for (const protocol of ['UDP', 'SCTP']) expect(outcomes(generation, { type: 'ClusterIP', ports: [{ port: 80, protocol }] }, [LOCAL, REMOTE], [[POD, `${CLUSTER_IP}:80`]])).toEqual([BOTH]);
  });

  it('an external IP that is routed here leads to the Service', () => {
    expect(outcomes(generation, { type: 'ClusterIP', externalIPs: ['192.168.99.11'] }, [LOCAL, REMOTE], [[OUTSIDE, '192.168.99.11:80']])).toEqual([`${BOTH} masq`]);
  });

  it('everything is masked when that is wanted', () => {
    expect(outcomes(generation, { type: 'ClusterIP' }, [LOCAL], [[POD, `${CLUSTER_IP}:80`]], { masqueradeAll: true })).toEqual(['10.40.0.6 masq']);
  });

  it('NodePorts answer only on the addresses they may', () => {
    expect(outcomes(generation, { type: 'NodePort' }, [LOCAL], [[OUTSIDE, `${NODE}:31830`]], { nodePortAddresses: ['10.142.0.0/20'] })).toEqual(['10.40.0.6 masq']);
    expect(outcomes(generation, { type: 'NodePort' }, [LOCAL], [[OUTSIDE, `${NODE}:31830`]], { nodePortAddresses: ['127.0.0.0/8'] })).toEqual(['']);
  });
});

describe('what came later', () => {
  it("pods and the node itself pass the policy Local by: the node since 1.15", () => {
    const flows = [[POD, `${LB}:80`], [NODE, `${LB}:80`], [OUTSIDE, `${LB}:80`]] as const;
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32123 };
    expect(outcomes('1.27', spec, [LOCAL, REMOTE], flows)).toEqual([BOTH, `${BOTH} masq`, '10.40.0.6']);
    expect(outcomes('1.20', spec, [LOCAL, REMOTE], flows)).toEqual([BOTH, `${BOTH} masq`, '10.40.0.6']);
    expect(outcomes('2018', spec, [LOCAL, REMOTE], flows)).toEqual([BOTH, '10.40.0.6', '10.40.0.6']);
  });

  it('a node without an endpoint of its own drops what the policy Local would keep', () => {
    expect(outcomes('1.27', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32123 }, [REMOTE], [[OUTSIDE, `${LB}:80`], [POD, `${LB}:80`], [OUTSIDE, `${NODE}:31830`], [OUTSIDE, `${NODE}:32123`]])).toEqual(['DROP', OTHER_POD, 'DROP', 'ACCEPT']);
  });

  it('internalTrafficPolicy Local keeps pods on their node (1.27)', () => {
    expect(outcomes('1.27', { type: 'ClusterIP', internalTrafficPolicy: 'Local' }, [LOCAL, REMOTE], [[POD, `${CLUSTER_IP}:80`]])).toEqual(['10.40.0.6']);
    expect(outcomes('1.27', { type: 'ClusterIP', internalTrafficPolicy: 'Local' }, [REMOTE], [[POD, `${CLUSTER_IP}:80`]])).toEqual(['DROP']);
  });

  it('endpoints that end but still serve are the last resort (1.27)', () => {
    const leaving = { ready: false, serving: true, terminating: true };
    expect(outcomes('1.27', { type: 'ClusterIP' }, [{ ...LOCAL, ...leaving }, { ...REMOTE, ...leaving }], [[POD, `${CLUSTER_IP}:80`]])).toEqual([BOTH]);
    expect(outcomes('1.27', { type: 'ClusterIP' }, [{ ...LOCAL, ...leaving }, REMOTE], [[POD, `${CLUSTER_IP}:80`]])).toEqual([OTHER_POD]);
  });

  it('NodePorts on localhost can be switched off (1.27)', () => {
    expect(outcomes('1.27', { type: 'NodePort' }, [LOCAL], [['127.0.0.1', '127.0.0.1:31830']])).toEqual(['10.40.0.6 masq']);
    expect(outcomes('1.27', { type: 'NodePort' }, [LOCAL], [['127.0.0.1', '127.0.0.1:31830']], { localhostNodePorts: false })).toEqual(['']);
  });
});
