import { afterEach, describe, expect, it } from 'vitest';
import type { NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import { CALICO_IMAGE } from './node.ts';
import { nodeLab, type NodeLab } from './test-node.ts';

const HELLO = 'gcr.io/google-samples/hello-app:1.0';
let lab: NodeLab;
afterEach(() => expect(lab.faults).toEqual([]));

/** `web` (its port is called http) and `other` serve on the first node; `near` asks from the same node, `far` from the second, which is in another namespace. */
async function policyLab(profile: '2018' | 'vpc-native'): Promise<void> {
  lab = await nodeLab({ profile, nodes: 2 });
  if (profile === 'vpc-native') for (const node of lab.nodes) lab.client.create('pods', { metadata: { name: `calico-${node.name}`, namespace: 'kube-system' }, spec: { nodeName: node.name, hostNetwork: true, containers: [{ name: 'calico-node', image: CALICO_IMAGE }] } });
  lab.client.create('namespaces', { metadata: { name: 'blue', labels: { team: 'blue' } } });
  const pod = (name: string, node: number, image: string, namespace = 'default'): void => void lab.client.create('pods', {
    metadata: { name, namespace, labels: { app: name } }, spec: { nodeName: lab.nodes[node]!.name, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }], ...(image === HELLO ? {} : { command: ['sleep', '100000'] }) }] },
  });
  await lab.run(1);
  pod('web', 0, HELLO);
  pod('other', 0, HELLO);
  pod('near', 0, 'alpine');
  pod('far', 1, 'alpine', 'blue');
  await lab.run(5);
}

/** Who reaches what: `near>web far>web ...` of all four flows. */
async function reached(): Promise<string> {
  const flows: string[] = [];
  for (const [from, node] of [['near', 0], ['far', 1]] as const) for (const to of ['web', 'other']) if ((await lab.ask(node, ['get', lab.podAddress(to), '8080'], from)).includes('Hello')) flows.push(`${from}>${to}`);
  return flows.join(' ');
}

async function under(spec: NetworkPolicySpec): Promise<string> {
  lab.client.create('networkpolicies', { metadata: { name: 'p', namespace: 'default' }, spec });
  await lab.run(1);
  const flows = await reached();
  lab.client.delete('networkpolicies', { name: 'p', namespace: 'default' });
  await lab.run(1);
  return flows;
}

const web = { matchLabels: { app: 'web' } };
const near = { podSelector: { matchLabels: { app: 'near' } } };
const cases: readonly (readonly [string, NetworkPolicySpec, string])[] = [
  ['selected pods are closed to all by default deny', { podSelector: {}, policyTypes: ['Ingress'] }, ''],
  ['others are not concerned', { podSelector: web, policyTypes: ['Ingress'] }, 'near>other far>other'],
  ['a podSelector is about the policy\'s own namespace', { podSelector: web, ingress: [{ from: [near] }] }, 'near>web near>other far>other'],
  ['a namespaceSelector opens to the pods of others', { podSelector: web, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }] }, 'near>other far>web far>other'],
  ['both in one peer are both needed', { podSelector: web, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } }, podSelector: { matchLabels: { app: 'near' } } }] }] }, 'near>other far>other'],
  ['an ipBlock leaves out what it excepts', { podSelector: web, ingress: [{ from: [{ ipBlock: { cidr: '10.40.0.0/16', except: ['10.40.1.0/24'] } }] }] }, 'near>web near>other far>other'],
  ['a port opens to everybody', { podSelector: web, ingress: [{ ports: [{ port: 8080 }] }] }, 'near>web near>other far>web far>other'],
  ['another port does not', { podSelector: web, ingress: [{ ports: [{ port: 80 }] }] }, 'near>other far>other'],
  ['a port may go by its name', { podSelector: web, ingress: [{ ports: [{ port: 'http' }] }] }, 'near>web near>other far>web far>other'],
  ['an empty rule allows everything', { podSelector: {}, ingress: [{}] }, 'near>web near>other far>web far>other'],
  ['egress is the sender\'s', { podSelector: near.podSelector, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: web }] }] }, 'near>web far>web far>other'],
  ['egress by port and block', { podSelector: near.podSelector, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 8080, protocol: 'UDP' }] }] }, 'far>web far>other'],
];

describe('NetworkPolicies', () => {
  it('are enforced on nodes that run Calico', async () => {
    await policyLab('vpc-native');
    const found: [string, string][] = [];
    for (const [name, spec] of cases) found.push([name, await under(spec)]);
    expect(found).toEqual(cases.map(([name, , flows]) => [name, flows]));
    const { netfilter } = lab.machines[0]!.kernel;
    expect(netfilter.ipSets(0)).toEqual([]);
    expect(netfilter.table(0, 'inet', 'filter').chains.filter(({ name }) => /^cali-p[io]-/.test(name))).toEqual([]);
  });

  it('follow pods that come, and hold while nobody looks after them', async () => {
    await policyLab('vpc-native');
    lab.client.create('networkpolicies', { metadata: { name: 'p', namespace: 'default' }, spec: { podSelector: web, ingress: [{ from: [near] }] } });
    await lab.run(1);
    lab.client.delete('pods', { name: 'near', namespace: 'default' });
    await lab.run(1);
    lab.client.create('pods', { metadata: { name: 'near', namespace: 'default', labels: { app: 'near' } }, spec: { nodeName: lab.nodes[0]!.name, containers: [{ name: 'c', image: 'alpine', command: ['sleep', '100000'] }] } });
    await lab.run(4);
    expect(await reached()).toBe('near>web near>other far>other');
    for (const { name } of lab.nodes) lab.client.delete('pods', { name: `calico-${name}`, namespace: 'kube-system' }, { gracePeriodSeconds: 0 });
    lab.client.delete('networkpolicies', { name: 'p', namespace: 'default' });
    await lab.run(3);
    expect(await reached()).toBe('near>web near>other far>other');
  });

  it('are kept and mean nothing where nobody enforces them', async () => {
    await policyLab('2018');
    expect(await under({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })).toBe('near>web near>other far>web far>other');
  });
});
