import { afterEach, describe, expect, it } from 'vitest';
import type { NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import type { ServiceSpec } from 'kubernetes-types/core/v1';
import { fromUtf8, get16, get32, utf8 } from '../../../simulator/bytes.ts';
import { formatIp4 } from '../../../simulator/wire/ip4.ts';
import type { SimulatedWorld } from '../../../simulator/index.ts';
import { ANETD_IMAGE } from '../node.ts';
import { must, nodeLab, type NodeLab } from '../test-node.ts';

const HELLO = 'gcr.io/google-samples/hello-app:1.0';
const NODE_PORT = '31830';
const [FIRST, SECOND] = ['10.142.0.8', '10.142.0.9'];
const LB = '35.231.121.11';
let lab: NodeLab;
afterEach(() => expect(lab.faults).toEqual([]));

/** `web` and `near` are on the first node, `far` on the second and in another namespace. The agent runs on both. */
async function dataplaneLab(service: ServiceSpec = {}): Promise<string> {
  lab = await nodeLab({ profile: 'dpv2', nodes: 2 });
  for (const node of lab.nodes) startAgent(node.name);
  lab.client.create('namespaces', { metadata: { name: 'blue', labels: { team: 'blue' } } });
  await lab.run(2);
  const pod = (name: string, node: number, image: string, namespace = 'default'): void => void lab.client.create('pods', {
    metadata: { name, namespace, labels: { app: name } }, spec: { nodeName: lab.nodes[node]!.name, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }], ...(image === HELLO ? {} : { command: ['sleep', '100000'] }) }] },
  });
  pod('web', 0, HELLO);
  pod('near', 0, 'alpine');
  pod('far', 1, 'alpine', 'blue');
  await lab.run(5);
  lab.client.create('services', { metadata: { name: 'web', namespace: 'default' }, spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, nodePort: Number(NODE_PORT) }], ...service } });
  await lab.run(5);
  return lab.client.get('services', { name: 'web', namespace: 'default' }).spec!.clusterIP!;
}

function startAgent(node: string): void {
  lab.client.create('pods', { metadata: { name: `anetd-${node}`, namespace: 'kube-system' }, spec: { nodeName: node, hostNetwork: true, containers: [{ name: 'cilium-agent', image: ANETD_IMAGE }] } });
}

/** `eth0 in 10.142.0.1 > 10.40.0.2:8080` for the first packet of each way, at every device outside pods. */
function watch(world: SimulatedWorld, client: string): () => string[] {
  const seen = new Set<string>();
  world.traceSink = (event) => {
    if (event.kind !== 'device' || event.netns !== 0 || event.name === 'lo' || event.kernelId === 0 || event.frame[23] !== 6) return;
    const [source, destination] = [get32(event.frame, 26), get32(event.frame, 30)].map(formatIp4);
    if (![get16(event.frame, 34), get16(event.frame, 36)].some((port) => port === 8080 || port === 80 || port === Number(NODE_PORT))) return;
    seen.add(`${event.kernelId} ${event.name.replace(/^gke.*/, 'gke')} ${event.direction} ${source === client ? 'client' : source} > ${destination === client ? 'client' : destination}:${get16(event.frame, 36) > 32_767 ? 'port' : get16(event.frame, 36)}`);
  };
  return () => {
    world.traceSink = undefined;
    return [...seen];
  };
}

/** The router asks, who is no machine of the cluster: what it hears, or nothing. */
async function outsider(address: string, port: string): Promise<string> {
  const { sockets } = lab.world.kernel(0);
  const id = must(sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
  sockets.connect(id, { address, port: Number(port) });
  await lab.run(0.1);
  sockets.send(id, utf8('GET / HTTP/1.0\r\n\r\n'));
  await lab.run(0.1);
  const got = sockets.receive(id, 65_536);
  const error = sockets.takeError(id);
  sockets.close(id);
  return got.ok && fromUtf8(got.value).includes('Hello') ? 'Hello' : error ?? 'nothing';
}

function cilium(...args: string[]): Promise<string> {
  return lab.ask(0, ['/usr/bin/cilium', ...args], 'anetd-node-1');
}

describe('Services of Dataplane V2', () => {
  it('answer pods and nodes at every address, and the packets never carry it', async () => {
    const clusterIp = await dataplaneLab();
    const found: [string, string][] = [];
    const frames = watch(lab.world, '');
    for (const [address, port] of [[clusterIp, '80'], [LB, '80'], [FIRST, NODE_PORT], [SECOND, NODE_PORT], ['127.0.0.1', NODE_PORT]] as const) {
      for (const [node, pod] of [[0, 'near'], [1, 'far'], [0, undefined], [1, undefined]] as const) found.push([`${pod ?? `node ${node}`} to ${address}`, (await lab.ask(node, ['get', address, port], pod)).includes('Hello') ? 'Hello' : 'nothing']);
    }
    expect(found.filter(([, answer]) => answer !== 'Hello')).toEqual([]);
    expect(frames().filter((line) => !line.includes('10.40.0.2'))).toEqual([]);
  });

  it('are led to the pod by the node it is on, with the client\'s own address', async () => {
    await dataplaneLab();
    const frames = watch(lab.world, '10.142.0.1');
    expect(await outsider(FIRST!, NODE_PORT)).toBe('Hello');
    expect(frames()).toEqual([`1 eth0 in client > ${FIRST}:${NODE_PORT}`, '1 gke out client > 10.40.0.2:8080', '1 gke in 10.40.0.2 > client:port', `1 eth0 out ${FIRST} > client:port`]);
  });

  it('take the name of a node that has no pod, which brings the answer back', async () => {
    await dataplaneLab();
    const frames = watch(lab.world, '10.142.0.1');
    expect(await outsider(SECOND!, NODE_PORT)).toBe('Hello');
    expect(frames()).toEqual([
      `2 eth0 in client > ${SECOND}:${NODE_PORT}`, `2 eth0 out ${SECOND} > 10.40.0.2:8080`, `1 eth0 in ${SECOND} > 10.40.0.2:8080`, `1 gke out ${SECOND} > 10.40.0.2:8080`,
      `1 gke in 10.40.0.2 > ${SECOND}:port`, `1 eth0 out 10.40.0.2 > ${SECOND}:port`, `2 eth0 in 10.40.0.2 > ${SECOND}:port`, `2 eth0 out ${SECOND} > client:port`,
    ]);
  });

  it('tell a trace which program changed what', async () => {
    await dataplaneLab();
    const seen = new Set<string>();
    lab.world.traceSink = (event) => {
      if (event.kind === 'nat') seen.add(`${event.program} ${event.manipulation} ${event.before.replace(/:\d{5}$/, '')} ${event.after.replace(/:\d{5}$/, '')}`);
    };
    await outsider(SECOND!, NODE_PORT);
    lab.world.traceSink = undefined;
    expect([...seen]).toEqual([
      `cil_from_netdev destination ${SECOND} 10.40.0.2:8080`, `cil_from_netdev source 10.142.0.1 ${SECOND}`, `cil_from_netdev destination ${SECOND} 10.142.0.1`, `cil_from_netdev source 10.40.0.2:8080 ${SECOND}`,
    ]);
  });

  it('are no business of netfilter', async () => {
    const clusterIp = await dataplaneLab();
    await lab.ask(0, ['get', clusterIp, '80'], 'near');
    await outsider(FIRST!, NODE_PORT);
    const { netfilter } = lab.machines[0]!.kernel;
    expect(netfilter.table(0, 'inet', 'nat').chains.flatMap(({ name, rules }) => (name.startsWith('KUBE-') ? [`${name} ${rules.length}`] : []))).toEqual(['KUBE-KUBELET-CANARY 0']);
    expect(netfilter.conntrack(0).filter(({ original, reply }) => original.destination !== reply.source || original.dport !== reply.sport)).toEqual([]);
    expect([...lab.machines[0]!.processes.values()].filter(({ name }) => name === 'kube-proxy')).toEqual([]);
  });

  it('keep a ClusterIP from whoever is outside', async () => {
    const clusterIp = await dataplaneLab();
    must(lab.world.kernel(0).netlink.addRoute(0, { family: 'inet', destination: clusterIp, prefixLength: 32, nextHops: [{ gateway: FIRST!, device: lab.world.kernel(0).netlink.link(0, 'to0')!.index }] }, 'add'));
    expect(await outsider(clusterIp, '80')).toBe('nothing');
  });

  it.each([
    ['Local sends only to pods of the node', { externalTrafficPolicy: 'Local' }, ['Hello', 'nothing']],
    ['Cluster sends everywhere', {}, ['Hello', 'Hello']],
  ] as const)('under externalTrafficPolicy %s', async (_, spec, expected) => {
    await dataplaneLab(spec);
    expect([await outsider(FIRST!, NODE_PORT), await outsider(SECOND!, NODE_PORT)]).toEqual(expected);
    expect(await lab.ask(1, ['get', LB, '80'], 'far')).toContain('Hello');
    const health = lab.client.get('services', { name: 'web', namespace: 'default' }).spec?.healthCheckNodePort;
    if (health === undefined) return;
    const answers: (string | undefined)[] = [];
    for (const node of [0, 1]) answers.push((await lab.ask(node, ['get', '127.0.0.1', String(health)])).split('\r\n')[0]);
    expect(answers).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 503 Service Unavailable']);
  });

  it('follow their pods, and refuse where there is none', async () => {
    const clusterIp = await dataplaneLab();
    lab.client.delete('pods', { name: 'web', namespace: 'default' });
    await lab.run(2);
    expect(await lab.ask(0, ['get', clusterIp, '80'], 'near')).toBe('EHOSTUNREACH');
    expect(await outsider(FIRST!, NODE_PORT)).toBe('nothing');
    lab.client.create('pods', { metadata: { name: 'web2', namespace: 'default', labels: { app: 'web' } }, spec: { nodeName: lab.nodes[1]!.name, containers: [{ name: 'c', image: HELLO }] } });
    await lab.run(4);
    expect(await lab.ask(0, ['get', clusterIp, '80'], 'near')).toContain('web2');
    expect(await outsider(FIRST!, NODE_PORT)).toBe('Hello');
  });

  it('work while the agent is away, as they were', async () => {
    const clusterIp = await dataplaneLab();
    lab.client.delete('pods', { name: 'anetd-node-1', namespace: 'kube-system' }, { gracePeriodSeconds: 0 });
    await lab.run(2);
    lab.client.create('services', { metadata: { name: 'late', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } });
    await lab.run(1);
    const late = lab.client.get('services', { name: 'late', namespace: 'default' }).spec!.clusterIP!;
    expect(await lab.ask(0, ['get', clusterIp, '80'], 'near')).toContain('Hello');
    expect(await lab.ask(0, ['get', late, '80'], 'near')).not.toContain('Hello');
    startAgent('node-1');
    await lab.run(4);
    expect((await cilium('service', 'list')).match(/^\d+ +\S+/gm)?.map((row) => row.replace(/ +/, ' '))).toEqual(['1 34.118.224.1:443', `2 ${clusterIp}:80`, `3 ${FIRST}:31830`, '4 0.0.0.0:31830', `5 ${LB}:80`, `6 ${late}:80`]);
    expect(await lab.ask(0, ['get', late, '80'], 'near')).toContain('Hello');
    expect(await lab.ask(0, ['get', '127.0.0.1', '10256', '/healthz'])).toContain('200 OK');
  });

  it('keep a client with its pod under ClientIP affinity', async () => {
    const clusterIp = await dataplaneLab({ sessionAffinity: 'ClientIP' });
    lab.client.create('pods', { metadata: { name: 'web2', namespace: 'default', labels: { app: 'web' } }, spec: { nodeName: lab.nodes[1]!.name, containers: [{ name: 'c', image: HELLO }] } });
    await lab.run(4);
    const answers = new Set<string>();
    for (let left = 8; left > 0; left -= 1) answers.add(/Hostname: (.*)/.exec(await lab.ask(0, ['get', clusterIp, '80'], 'near'))?.[1] ?? '');
    expect(answers.size).toBe(1);
  });

  it('answer in a copy of the world', async () => {
    const clusterIp = await dataplaneLab();
    const copy = lab.world.clone();
    expect(copy.hash()).toBe(lab.world.hash());
    const { sockets } = copy.kernel(lab.machines[1]!.kernel.id);
    const id = must(sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    sockets.connect(id, { address: clusterIp, port: 80 });
    copy.runUntil(copy.nowUs + 100_000);
    expect(sockets.readiness(id)).toMatchObject({ writable: true, error: false });
    expect(sockets.remote(id)).toEqual({ address: clusterIp, port: 80 });
    expect(sockets.sockets(0).find((one) => one.id === id)).toMatchObject({ remote: { address: '10.40.0.2', port: 8080 } });
  });
});

const web = { matchLabels: { app: 'web' } };
const near = { podSelector: { matchLabels: { app: 'near' } } };

const policies: readonly (readonly [string, NetworkPolicySpec, string])[] = [
  ['nothing is closed without one', { podSelector: { matchLabels: { app: 'nobody' } } }, 'near far node outsider'],
  ['selected pods are closed, but to their own node', { podSelector: web, policyTypes: ['Ingress'] }, 'node'],
  ['a podSelector opens', { podSelector: web, ingress: [{ from: [near] }] }, 'near node'],
  ['a namespaceSelector opens', { podSelector: web, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }] }, 'far node'],
  ['a block means who is not in the cluster', { podSelector: web, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }, 'node outsider'],
  ['but for what it leaves out', { podSelector: web, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.142.0.0/24'] } }] }] }, 'node'],
  ['a port opens by name', { podSelector: web, ingress: [{ ports: [{ port: 'http' }] }] }, 'near far node outsider'],
  ['another does not', { podSelector: web, ingress: [{ ports: [{ port: 80 }] }] }, 'node'],
  ['egress is the sender\'s', { podSelector: near.podSelector, policyTypes: ['Egress'] }, 'far node outsider'],
  ['and is judged by the pod a Service leads to', { podSelector: near.podSelector, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: web }], ports: [{ port: 8080 }] }] }, 'near far node outsider'],
];

describe('NetworkPolicies', () => {
  it('are judged at the pods\' devices', async () => {
    const clusterIp = await dataplaneLab();
    const found: [string, string][] = [];
    for (const [name, spec] of policies) {
      lab.client.create('networkpolicies', { metadata: { name: 'p', namespace: 'default' }, spec });
      await lab.run(1);
      const who: string[] = [];
      for (const [from, node, pod] of [['near', 0, 'near'], ['far', 1, 'far'], ['node', 0, undefined]] as const) if ((await lab.ask(node, ['get', clusterIp, '80'], pod)).includes('Hello')) who.push(from);
      if ((await outsider(FIRST!, NODE_PORT)) === 'Hello') who.push('outsider');
      found.push([name, who.join(' ')]);
      lab.client.delete('networkpolicies', { name: 'p', namespace: 'default' });
    }
    expect(found).toEqual(policies.map(([name, , who]) => [name, who]));
  });
});

describe('cilium in the agent\'s container', () => {
  it('shows services and connections as the programs have them', async () => {
    const clusterIp = await dataplaneLab();
    await lab.ask(0, ['get', clusterIp, '80'], 'near');
    await outsider(FIRST!, NODE_PORT);
    expect((await cilium('service', 'list')).split('\n').map((line) => line.trimEnd().replace(/ {3,}/g, ' | '))).toEqual([
      'ID | Frontend | Service Type | Backend', '1 | 34.118.224.1:443 | ClusterIP | 1 => 192.0.2.2:443 (active)', `2 | ${clusterIp}:80 | ClusterIP | 1 => 10.40.0.2:8080 (active)`, `3 | ${FIRST}:31830 | NodePort | 1 => 10.40.0.2:8080 (active)`,
      '4 | 0.0.0.0:31830 | NodePort | 1 => 10.40.0.2:8080 (active)', `5 | ${LB}:80 | LoadBalancer | 1 => 10.40.0.2:8080 (active)`, '',
    ]);
    expect(await cilium('bpf', 'lb', 'list')).toMatch(new RegExp(`^${clusterIp}:80 +0\\.0\\.0\\.0:0 \\(2\\) \\(0\\) \\[ClusterIP, non-routable\\] *\\n +10\\.40\\.0\\.2:8080 \\(2\\) \\(1\\)`, 'm'));
    const connections = await cilium('bpf', 'ct', 'list', 'global');
    expect(connections.match(/^TCP (IN|OUT) 10\.40\.0\.3:\d+ -> 10\.40\.0\.2:8080 expires=\d+ .*RevNAT=0/gm)).toHaveLength(2);
    expect(connections).toMatch(/^TCP OUT 10\.142\.0\.1:\d+ -> 10\.142\.0\.8:31830 service expires=/m);
    expect(connections).toMatch(/^TCP OUT 10\.142\.0\.1:\d+ -> 10\.40\.0\.2:8080 .*Flags=0x0033 \[ RxClosing TxClosing SeenNonSyn NodePort \] RevNAT=3 SourceSecurityID=2 $/m);
    expect(await cilium('endpoint', 'list')).toMatch(/Disabled +Disabled +\d+ +k8s:app=web +10\.40\.0\.2 +ready/);
    expect(await cilium('status')).toContain('KubeProxyReplacement:    Strict   [eth0 10.142.0.8 (Direct Routing)]\n');
  });

  it('says what it cannot', async () => {
    await dataplaneLab();
    expect([await cilium('monitor'), await cilium('bpf', 'nat', 'list'), await cilium('status', '--verbose')]).toEqual(['podwire: cilium: command monitor is not simulated yet\n', 'podwire: cilium: command bpf nat list is not simulated yet\n', 'podwire: cilium: option --verbose is not simulated yet\n']);
  });
});
