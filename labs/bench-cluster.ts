/**
 * What `podwire bench` measures of clusters. Where a promise is about waiting, wall time stands beside the processor's: on a busy machine only the latter tells.
 * The biggest cluster has a whole control plane and kubelets that report what they were given, as kubemark's hollow nodes do; no machines stand behind them.
 */
import type { Lesson } from '../contracts/course.ts';
import { createApiServer, type ApiServer } from '../kube/apiserver/server.ts';
import type { CloudProvider } from '../kube/cloud-provider.ts';
import { startControllers } from '../kube/controllers/index.ts';
import { applyPlan, natChains, restorePort } from '../kube/node/rules.ts';
import { worldRuntime } from '../kube/node/world-runtime.ts';
import type { GenerationName } from '../kube/proxy/generation.ts';
import { generations } from '../kube/proxy/generations.ts';
import { Proxier } from '../kube/proxy/proxier.ts';
import { microTimestamp, timestamp, type KubeRuntime } from '../kube/runtime.ts';
import { utf8 } from '../simulator/bytes.ts';
import { createWorld, type NetKernel } from '../simulator/index.ts';
import { formatIp4 } from '../simulator/wire/ip4.ts';
import { replayTime, twoHours } from './bench-session.ts';
import type { Figure } from './bench.ts';
import { Attempt } from './course/attempt.ts';
import { ExecCase, runCase } from './exec.ts';
import { scenarioNamed } from './scenarios/index.ts';
import { SimulatedLab } from './simulated-lab.ts';
import { simulatorBackend } from './simulator-backend.ts';

interface Clocks {
  readonly nowMs: () => number;
  /** What the processor has spent on us. */
  readonly cpuMs: () => number;
  /** Bytes in use once everything that can be collected has been. */
  readonly heapBytes: () => number;
}

interface Spent { readonly wallMs: number; readonly cpuMs: number }

const IDLE_LESSON = 'u2-expose';
const OPENED_BY_US = 300_000_000;
const CREATE = 'gcloud config set compute/zone us-east1-b && gcloud --quiet container clusters create lab-cluster && kubectl create deployment hello --image=gcr.io/google-samples/hello-app:1.0 --replicas=3 && kubectl rollout status deployment hello';
const FLOWS = 200;
const BIG = { nodes: 1000, pods: 10_000, services: 500 };

export async function measureClusters(clocks: Clocks, courseFiles: Readonly<Record<string, string>>, lessons: ReadonlyMap<string, Lesson>): Promise<Record<string, Figure>> {
  const opened = await several(5, clocks, async () => (await openCluster()).close());
  const made = await several(3, clocks, async () => {
    const { steps } = await runCase(ExecCase.parse({ id: 'bench', lab: 'gke-2018', steps: [{ cmd: CREATE, timeout: 1000 }] }));
    if (steps[0]?.['exit'] !== 0) throw new Error(`bench: a cluster cannot be made: ${JSON.stringify(steps[0])}`);
  });
  const exercises = await exerciseTimes(clocks, lessons);
  const idle = twoHours(IDLE_LESSON, OPENED_BY_US, []);
  const rested = await several(3, clocks, async () => void (await replayTime(idle, courseFiles, clocks.nowMs)));
  const requests = await requestRate(clocks);
  const few = proxyTimes('2018', 10, clocks);
  const many = proxyTimes('2018', 10_000, clocks);
  const before = clocks.heapBytes();
  const built: ApiServer[] = [];
  const big = await spent(clocks, async () => void built.push(buildBig()));
  const bigBytes = clocks.heapBytes() - before;
  if (built[0]?.client().list('nodes').length !== BIG.nodes) throw new Error('bench: nodes are missing');
  return {
    clusterLabOpenToPrompt: { value: opened.wallMs, unit: 'ms', limit: 300, note: `three nodes; ${opened.cpuMs} ms of CPU` },
    clusterCreated: { value: made.cpuMs, unit: 'ms of CPU', limit: 1000, note: 'gcloud container clusters create, a deployment, its pods Running; the lab is opened first' },
    exercises2To4ReplayedAndGraded: { value: exercises.cpuMs, unit: 'ms of CPU', limit: 2000, note: `the solutions of ${EXERCISES.length} lessons, judged after every step, in labs that stand at their first prompt; ${exercises.wallMs} ms` },
    twoIdleClusterHoursReplayed: { value: rested.wallMs, unit: 'ms', limit: 2000, note: `three nodes, the lab is opened first; ${rested.cpuMs} ms of CPU` },
    apiServerRequests: { value: requests, unit: '1/s', limit: 5000, note: 'a pod and a namespace read; a ConfigMap made, patched and deleted; by CPU time' },
    kubeProxySync: { value: many.sync.cpuMs, unit: 'ms of CPU', limit: 2000, note: `10,000 Services of two endpoints written and loaded; ${many.sync.wallMs} ms` },
    firstPacketsManyServices: { value: rounded(many.flowMs / few.flowMs), unit: 'times', limit: 3, note: `${FLOWS} new connections spread over 10,000 Services, right after a sync, against ${FLOWS} over 10; medians ${rounded(many.flowMs)} and ${rounded(few.flowMs)} ms` },
    veryFirstPacketManyServices: { value: rounded(many.firstMs), unit: 'ms', note: `after the sync of 10,000; ${rounded(few.firstMs)} ms after one of 10` },
    controlPlaneOf1000Nodes: { value: big.wallMs, unit: 'ms', limit: 30_000, note: `1,000 nodes, 10,000 pods, 500 Services; ${big.cpuMs} ms of CPU; kubelets only report` },
    controlPlaneOf1000NodesMemory: { value: Math.round(bigBytes / 1e6), unit: 'MB', limit: 1500, note: 'what it holds once it stands' },
  };
}

async function spent({ nowMs, cpuMs }: Clocks, work: () => Promise<void>): Promise<Spent> {
  const [wall, cpu] = [nowMs(), cpuMs()];
  await work();
  return { wallMs: Math.round(nowMs() - wall), cpuMs: Math.round(cpuMs() - cpu) };
}

/** Medians; a first time that compiles the engine is left out. */
async function several(times: number, clocks: Clocks, work: () => Promise<void>): Promise<Spent> {
  await work();
  const all: Spent[] = [];
  for (let turn = 0; turn < times; turn++) all.push(await spent(clocks, work));
  return { wallMs: median(all.map(({ wallMs }) => wallMs)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) };
}

async function openCluster(): Promise<SimulatedLab> {
  const lab = await SimulatedLab.open(scenarioNamed('gke'), { seed: 1 });
  lab.openTerminal({ id: 'shell', title: 'Cloud Shell', place: 'cloudshell' }, { columns: 80, rows: 24 });
  await lab.settle();
  return lab;
}

/** What exercises 2 to 4 became; the other lessons of their units go beyond them. */
const EXERCISES = ['u2-first-pod', 'u2-inside-the-pod', 'u2-toolbox', 'u2-expose', 'u2-three-doors', 'u2-nodeport-walk', 'u2-clusterip-walk', 'u2-loadbalancer-walk', 'u3-who-built-it', 'u3-health-probes', 'u4-visit-by-pid'];

async function exerciseTimes(clocks: Clocks, lessons: ReadonlyMap<string, Lesson>): Promise<Spent> {
  const total = { wallMs: 0, cpuMs: 0 };
  for (const id of EXERCISES) {
    const lesson = lessons.get(id);
    if (lesson === undefined) throw new Error(`bench: the course has no ${id}`);
    const attempt = await Attempt.open(lesson, { backend: simulatorBackend, lessons, seed: 1 });
    const { wallMs, cpuMs } = await spent(clocks, async () => {
      const { isComplete, pointsEarned, points } = await attempt.run(lesson.solution);
      if (!isComplete) throw new Error(`bench: the solution of ${lesson.id} earns ${pointsEarned} of ${points} points`);
    });
    total.wallMs += wallMs;
    total.cpuMs += cpuMs;
    attempt.close();
  }
  return total;
}

// ---------------------------------------------------------------- the API server

async function requestRate({ cpuMs }: Clocks): Promise<number> {
  const lab = await openCluster();
  const server = lab.apiServer()!;
  const pod = server.client().list('pods', { namespace: 'kube-system' })[0]!;
  const maps = '/api/v1/namespaces/default/configmaps';
  const round = (at: number): void => {
    ask(server, 'GET', `/api/v1/namespaces/kube-system/pods/${pod.metadata.name}`);
    ask(server, 'GET', '/api/v1/namespaces/default');
    ask(server, 'POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${at}` }, data: { a: 'b' } });
    ask(server, 'PATCH', `${maps}/c${at}`, { data: { a: 'c' } }, 'application/merge-patch+json');
    ask(server, 'DELETE', `${maps}/c${at}`);
  };
  for (let at = 0; at < 300; at++) round(at);
  const startedMs = cpuMs();
  for (let at = 0; at < 2000; at++) round(at);
  const rate = Math.round((2000 * 5 * 1000) / (cpuMs() - startedMs));
  lab.close();
  return rate;
}

function ask(server: ApiServer, method: string, path: string, body?: object, type = 'application/json'): void {
  const { status } = server.handle({ method, path, headers: { accept: 'application/json', 'content-type': type, 'user-agent': 'kubectl' }, body: body === undefined ? new Uint8Array(0) : utf8(JSON.stringify(body)) });
  if (status >= 300) throw new Error(`bench: ${method} ${path}: ${status}`);
}

// ---------------------------------------------------------------- kube-proxy

interface ProxyTimes { readonly sync: Spent; readonly flowMs: number; readonly firstMs: number }

function proxyTimes(generation: GenerationName, services: number, { nowMs, cpuMs }: Clocks): ProxyTimes {
  const proxier = new Proxier(generations[generation], { hostname: 'node-1', clusterCidr: '10.40.0.0/14', nodeIp: '10.142.0.8', nodePortAddresses: [], localhostNodePorts: true, masqueradeAll: false, randomFully: false });
  for (let at = 0; at < services; at++) {
    const metadata = { name: `web-${at}`, namespace: 'default' };
    proxier.setService({ metadata, spec: { type: 'ClusterIP', clusterIP: serviceAddress(at), ports: [{ port: 80, protocol: 'TCP' }] } });
    proxier.setEndpoints({ metadata, subsets: [{ addresses: [0, 1].map((pod) => ({ ip: formatIp4(0x0a28_0002 + at * 2 + pod), nodeName: 'node-2' })), ports: [{ port: 8080, protocol: 'TCP' }] }] });
  }
  const kernel = createWorld({ seed: 1 }).addKernel('node-1');
  kernel.netlink.setLink(0, 1, { up: true });
  kernel.netlink.addAddress(0, { index: 1, family: 'inet', address: '10.142.0.8', prefixLength: 32 });
  kernel.netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ device: 1 }] }, 'add');
  const port = restorePort(kernel, 0);
  const [wall, cpu] = [nowMs(), cpuMs()];
  const refused = applyPlan(port, proxier.sync({ localAddresses: ['127.0.0.1', '10.142.0.8'], natChains: natChains(port) }));
  if (refused !== undefined) throw new Error(`bench: ${refused}`);
  const sync = { wallMs: Math.round(nowMs() - wall), cpuMs: Math.round(cpuMs() - cpu) };
  const flows = Array.from({ length: FLOWS }, (_, at) => connectTime(kernel, serviceAddress(Math.floor((at * services) / FLOWS)), nowMs));
  return { sync, flowMs: median(flows), firstMs: flows[0]! };
}

function serviceAddress(at: number): string {
  return formatIp4(0x0a2c_0001 + at);
}

/** How long the first packet of a connection keeps the node busy. */
function connectTime(kernel: NetKernel, address: string, nowMs: () => number): number {
  const socket = kernel.sockets.open(0, { type: 'tcp', family: 'inet' }, 0);
  if (!socket.ok) throw new Error(`bench: ${socket.error}`);
  const startedMs = nowMs();
  kernel.sockets.connect(socket.value, { address, port: 80 });
  return nowMs() - startedMs;
}

// ---------------------------------------------------------------- a thousand nodes

const ALLOCATABLE = { cpu: '940m', memory: '2702168Ki', pods: '110' };

/** Until every pod runs and stands behind its Service. */
function buildBig(): ApiServer {
  const world = createWorld({ seed: 1 });
  const runtime = worldRuntime(world);
  const server = createApiServer({ runtime, hasServiceAccounts: true });
  const client = server.client();
  startControllers(client, runtime, quickCloud(runtime), { clusterCidr: '10.40.0.0/14', nodeMask: 24, isRouted: true, hasTokenSecrets: true });
  world.runUntil(1_000_000);
  for (let at = 0; at < BIG.nodes; at++) startHollowNode(server, runtime, `node-${String(at).padStart(4, '0')}`);
  world.runUntil(6_000_000);
  for (let at = 0; at < BIG.services; at++) {
    const labels = { app: `web-${at}` };
    const metadata = { name: `web-${at}`, namespace: 'default' };
    client.create('deployments', { metadata, spec: { replicas: BIG.pods / BIG.services, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'gcr.io/google-samples/hello-app:1.0' }] } } } });
    client.create('services', { metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } });
  }
  const behind = (): number => client.list('endpoints', { namespace: 'default' }).reduce((sum, { metadata, subsets = [] }) => sum + (metadata.name === 'kubernetes' ? 0 : subsets.reduce((inside, { addresses = [] }) => inside + addresses.length, 0)), 0);
  for (let second = 7; behind() < BIG.pods; second++) {
    if (second > 100) throw new Error(`bench: ${behind()} of ${BIG.pods} pods stand behind their Services`);
    world.runUntil(second * 1_000_000);
  }
  return server;
}

function quickCloud(time: KubeRuntime): CloudProvider {
  return {
    instance: (name) => ({ providerId: `gce://lab/us-east1-b/${name}`, zone: 'us-east1-b', region: 'us-east1', machineType: 'n1-standard-1', addresses: [], isRunning: true }),
    ensureRoute: (_node, _cidr, done) => void time.after(1500, () => done({ ok: true, value: undefined })),
    deleteRoute: (_node, done) => void time.after(1500, () => done({ ok: true, value: undefined })),
    ensureLoadBalancer: (_service, _nodes, done) => void time.after(1500, () => done({ ok: true, value: [] })),
    updateLoadBalancer: (_service, _nodes, done) => void time.after(1500, () => done({ ok: true, value: undefined })),
    deleteLoadBalancer: (_service, done) => void time.after(1500, () => done({ ok: true, value: undefined })),
  };
}

/** Registers, renews its lease, and says of each pod that it runs, two seconds after it was bound. */
function startHollowNode(server: ApiServer, time: KubeRuntime, name: string): void {
  const client = server.client(`system:node:${name}`);
  client.create('nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
  client.editStatus('nodes', { name }, (draft) => {
    draft.status = { ...draft.status, allocatable: ALLOCATABLE, capacity: ALLOCATABLE, conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: timestamp(time.nowMs()) }] };
  });
  const lease = { name, namespace: 'kube-node-lease' };
  client.create('leases', { metadata: lease, spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(time.nowMs()) } });
  const renew = (): void => {
    client.edit('leases', lease, (draft) => void (draft.spec = { ...draft.spec, renewTime: microTimestamp(time.nowMs()) }));
    time.after(10_000, renew);
  };
  time.after(10_000, renew);
  let host = 1;
  client.watch('pods', { fieldSelector: `spec.nodeName=${name}` }, ({ type, object }) => {
    if (type !== 'ADDED') return;
    time.after(2000, () => {
      const range = client.get('nodes', { name }).spec!.podCIDR!;
      host += 1;
      client.editStatus('pods', object.metadata, (draft) => {
        draft.status = { ...draft.status, phase: 'Running', podIP: range.replace(/\d+\/\d+$/, String(host)), conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(time.nowMs()) }] };
      });
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
