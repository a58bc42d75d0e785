/**
 * Puts the cloud, the control plane and the nodes of a lab together: instances become machines, clusters become an API server with its reconcilers and a
 * kubelet on each node. Everything happens in the lab's own time.
 */
import { Cloud } from '../../cloud/cloud.ts';
import { placeholderCertificate, type ClusterFactory, type ClusterNode, type ClusterSpec } from '../../cloud/api/container.ts';
import type { GuestHost, GuestSpec } from '../../cloud/runtime.ts';
import { createApiServer, type ApiServer } from '../../kube/apiserver/server.ts';
import type { CloudProvider } from '../../kube/cloud-provider.ts';
import { startControllers } from '../../kube/controllers/index.ts';
import { ingressGenerations } from '../../kube/controllers/ingress-generations.ts';
import { standardImages } from '../../kube/node/images.ts';
import { KubeNode } from '../../kube/node/node.ts';
import { MetricsServer } from '../../kube/metrics-server.ts';
import { streamsByNode } from '../../kube/node/streams.ts';
import { worldRuntime } from '../../kube/node/world-runtime.ts';
import { resources } from '../../kube/api/resources.ts';
import type { Resource } from '../../kube/api/kinds.ts';
import { profiles, type Profile } from '../../kube/profiles/index.ts';
import type { KubeRuntime } from '../../kube/runtime.ts';
import type { Container } from '../../machine/container.ts';
import type { Machine } from '../../machine/machine.ts';
import { md5 } from '../../shell/commands/coreutils/hashes.ts';
import { connectCloud } from '../../shell/ports/cloud.ts';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import type { SimulatedWorld } from '../../simulator/index.ts';
import { alpine } from '../images/alpine.ts';
import { TOOLBOX_IMAGE, toolboxImage } from '../images/toolbox.ts';
import type { CloudScenario, ImageName, MachineSpec } from '../scenarios/scenario.ts';
import { installAddons } from './addons.ts';
import { apiEndpoint } from './api-endpoint.ts';

/** A virtual machine needs this long to boot; a control plane to be built and healthy. */
const BOOT_MS = 9000;
const CONTROL_PLANE_MS = 45_000;
const LOOK_MS = 500;
const API_PORT = 443;

export interface LabHost {
  readonly world: SimulatedWorld;
  build(spec: MachineSpec): Machine;
  remove(name: string): void;
}

interface RunningCluster { readonly spec: ClusterSpec; readonly server: ApiServer; readonly metrics: MetricsServer; readonly nodes: Map<string, KubeNode> }

export class ClusterLab implements ClusterFactory, GuestHost {
  readonly cloud: Cloud;
  readonly time: KubeRuntime;
  private readonly host: LabHost;
  private readonly scenario: CloudScenario;
  private readonly profile: Profile;
  private readonly guests = new Map<string, Machine>();
  private readonly clusters = new Map<string, RunningCluster>();
  private readonly images = standardImages(alpine);

  constructor(host: LabHost, scenario: CloudScenario) {
    this.host = host;
    this.scenario = scenario;
    this.profile = profiles[scenario.profile];
    this.time = worldRuntime(host.world);
    const { profile } = this;
    this.cloud = new Cloud({
      project: scenario.project, projectNumber: scenario.projectNumber, account: scenario.account, regions: [scenario.region], world: host.world, runtime: this.time, guests: this, clusters: this,
      container: {
        version: profile.server.gitVersion.replace(/^v/, ''), machineType: scenario.machineType, nodeImageFamily: 'cos-stable', isVpcNative: !profile.isRouted, podRange: profile.clusterCidr, serviceRange: profile.serviceRange,
        identity: { hash: scenario.cluster.hash, endpoint: scenario.cluster.endpoint, nodes: scenario.cluster.nodes },
      },
      services: {
        clusterId: scenario.cluster.id, region: scenario.region, network: 'default', nodeTag: `gke-${scenario.cluster.name}-${scenario.cluster.hash}-node`,
        legacyCheck: scenario.profile === '2018' ? { checkIntervalSec: 2, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 5 } : { checkIntervalSec: 8, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 3 },
      },
    });
    this.cloud.addInternetHost('8.8.8.8', true);
    this.cloud.addInternetHost('1.1.1.1', true);
  }

  /** The API server of a running cluster; the first one unless named. */
  server(name?: string): ApiServer | undefined {
    return (name === undefined ? [...this.clusters.values()][0] : this.clusters.get(name))?.server;
  }

  nodes(): readonly KubeNode[] {
    return [...this.clusters.values()].flatMap(({ nodes }) => [...nodes.values()]);
  }

  /** A machine of the scenario that stands on the internet, with gcloud where it is logged in. */
  attach(spec: MachineSpec, machine: Machine): void {
    if (spec.outside !== undefined) {
      const { addresses, inside, gatewayMac, distanceUs, hops } = spec.outside;
      this.cloud.plugOutside(machine, spec.devices[0]!.name, { name: spec.name, mac: spec.devices[0]!.mac, gatewayMac, addresses, ...(inside === undefined ? {} : { inside }), distanceUs, hops });
    }
    if (spec.isLoggedIn === true) this.connect(machine);
  }

  private connect(machine: Machine): void {
    const { account, project } = this.scenario;
    connectCloud(machine.ports, { account, project, request: (request) => this.cloud.handle(request) });
  }

  // ---------------------------------------------------------------- virtual machines

  boot(spec: GuestSpec, up: (machine: Machine, device: string) => void): void {
    this.time.after(BOOT_MS, () => up(this.makeGuest(spec), 'eth0'));
  }

  halt(name: string): void {
    this.guests.delete(name);
    for (const { nodes } of this.clusters.values()) {
      nodes.get(name)?.kubelet.stop();
      nodes.delete(name);
    }
    this.host.remove(name);
  }

  private makeGuest({ name, mac, address, gateway, mtu, imageFamily }: GuestSpec): Machine {
    const isNode = imageFamily.startsWith('cos');
    const image: ImageName = isNode ? (this.profile.runtime.kind === 'docker' ? 'cos-docker' : 'cos-containerd') : 'debian-vm';
    const machine = this.host.build({ name, hostname: name, image, devices: [{ name: 'eth0', mac, mtu }], boot: [] });
    const { netlink } = machine.kernel;
    const index = netlink.link(0, 'eth0')!.index;
    netlink.setLink(0, 1, { up: true });
    netlink.addAddress(0, { index, family: 'inet', address, prefixLength: 32 });
    netlink.setLink(0, index, { up: true });
    netlink.addRoute(0, { family: 'inet', destination: gateway, prefixLength: 32, scope: 'link', nextHops: [{ device: index }] }, 'add');
    netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway, device: index }] }, 'add');
    const { zone, project } = this.scenario;
    machine.putFile({ path: '/etc/resolv.conf', content: `domain c.${project}.internal\nsearch ${zone}.c.${project}.internal. c.${project}.internal. google.internal.\nnameserver 169.254.169.254\n` });
    if (isNode) machine.rootImages.set(TOOLBOX_IMAGE, toolboxImage());
    this.guests.set(name, machine);
    this.connect(machine);
    return machine;
  }

  // ---------------------------------------------------------------- clusters

  create(spec: ClusterSpec, done: (outcome: { readonly ok: true; readonly value: { readonly caCertificate: string } }) => void): void {
    this.time.after(CONTROL_PLANE_MS, () => {
      const cluster = this.start(spec);
      const look = (): void => {
        const ready = cluster.server.client().list('nodes').filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
        if (ready.length < spec.nodes.length) return void this.time.after(LOOK_MS, look);
        done({ ok: true, value: { caCertificate: placeholderCertificate(spec.name) } });
      };
      look();
    });
  }

  remove(name: string): void {
    const cluster = this.clusters.get(name);
    if (cluster === undefined) return;
    cluster.metrics.stop();
    for (const node of cluster.nodes.values()) node.kubelet.stop();
    this.clusters.delete(name);
    this.host.remove(masterName(name));
  }

  resized(name: string, _location: string, nodes: readonly ClusterNode[]): void {
    const cluster = this.clusters.get(name);
    if (cluster === undefined) return;
    for (const node of nodes) if (!cluster.nodes.has(node.name)) this.startNode(cluster, node);
  }

  private start(spec: ClusterSpec): RunningCluster {
    const { profile, time } = this;
    const nodes = new Map<string, KubeNode>();
    const metrics = new MetricsServer(time, () => [...nodes.values()].flatMap((node) => node.used() ?? []));
    const server = createApiServer({
      runtime: time, version: profile.server, serviceRange: spec.serviceRange, advertise: { ip: spec.endpoint, port: API_PORT }, hasServiceAccounts: true, streams: streamsByNode((name) => nodes.get(name)), metrics,
    });
    const cluster: RunningCluster = { spec, server, metrics, nodes };
    this.clusters.set(spec.name, cluster);
    startControllers(server.client(), time, this.provider(), { metrics, clusterCidr: spec.podRange, nodeMask: profile.nodeMask, isRouted: profile.isRouted, hasTokenSecrets: profile.server.minor < 24, cronJobVersion: profile.server.minor >= 21 ? 'batch/v1' : 'batch/v1beta1', ingress: { balancers: this.cloud.httpLoadBalancers, generation: ingressGenerations[profile.ingress], clusterId: this.scenario.cluster.id, md5: (text) => md5(utf8(text)) } });
    this.startMaster(spec, server);
    for (const node of spec.nodes) this.startNode(cluster, node);
    installAddons(server.client('system:addon-manager', 'kube-addon-manager'), profile);
    return cluster;
  }

  /** Google's own machine: on the internet, with nothing a learner could log in to. */
  private startMaster({ name, endpoint }: ClusterSpec, server: ApiServer): void {
    const mac = '42:01:23:e7:ea:1a';
    const machine = this.buildHidden(masterName(name), mac, [endpoint]);
    this.cloud.plugOutside(machine, 'eth0', { name: masterName(name), mac, gatewayMac: '42:01:23:e7:ea:01', addresses: [endpoint], distanceUs: 250, hops: 3 });
    machine.runProgram({ argv: ['kube-apiserver', `--advertise-address=${endpoint}`, `--secure-port=${API_PORT}`], env: new Map(), cwd: '/', program: apiEndpoint(server, API_PORT, machine) });
  }

  frontEnd(mac: string, addresses: readonly string[]): { readonly machine: Machine; readonly device: string } {
    return { machine: this.buildHidden('google-front-end', mac, addresses), device: 'eth0' };
  }

  /** With one interface that has these addresses, and everything behind a router. */
  private buildHidden(name: string, mac: string, addresses: readonly string[]): Machine {
    const machine = this.host.build({ name, hostname: name, image: 'control-plane', isHidden: true, devices: [{ name: 'eth0', mac, mtu: 1460 }], boot: [] });
    const { netlink } = machine.kernel;
    const index = netlink.link(0, 'eth0')!.index;
    netlink.setLink(0, 1, { up: true });
    for (const address of addresses) netlink.addAddress(0, { index, family: 'inet', address, prefixLength: 32 });
    netlink.setLink(0, index, { up: true });
    const gateway = '169.254.1.1';
    netlink.addRoute(0, { family: 'inet', destination: gateway, prefixLength: 32, scope: 'link', nextHops: [{ device: index }] }, 'add');
    netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway, device: index }] }, 'add');
    return machine;
  }

  private startNode(cluster: RunningCluster, { name, zone, address, external, pool }: ClusterNode): void {
    const machine = this.guests.get(name);
    if (machine === undefined) return;
    const { profile, scenario, time } = this;
    const { region, project } = scenario;
    const type = scenario.machineType;
    const node = new KubeNode({
      machine, time, profile, catalog: this.images, client: cluster.server.client(`system:node:${name}`),
      identity: {
        name, providerId: `gce://${project}/${zone}/${name}`, machineId: this.machineId(),
        addresses: [{ type: 'InternalIP', address }, ...(external === '' ? [] : [{ type: 'ExternalIP' as const, address: external }]), { type: 'Hostname', address: name }],
        labels: {
          'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/fluentd-ds-ready': 'true', 'beta.kubernetes.io/instance-type': type, 'beta.kubernetes.io/os': 'linux', 'cloud.google.com/gke-nodepool': pool, 'cloud.google.com/gke-os-distribution': 'cos',
          'failure-domain.beta.kubernetes.io/region': region, 'failure-domain.beta.kubernetes.io/zone': zone, 'kubernetes.io/hostname': name, ...(profile.policy === 'calico' ? { 'projectcalico.org/ds-ready': 'true' } : {}),
          ...(profile.server.minor < 20 || scenario.profile === '2018' ? {} : { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'node.kubernetes.io/instance-type': type, 'topology.kubernetes.io/region': region, 'topology.kubernetes.io/zone': zone }),
        },
        capacity: { cpu: '1', 'ephemeral-storage': '98868448Ki', memory: '3787608Ki', pods: '110' }, allocatable: { cpu: '940m', 'ephemeral-storage': '47093746742', memory: '2702168Ki', pods: '110' },
      },
      apiServer: cluster.spec.endpoint,
      names: { dns: profile.clusterDns, domain: 'cluster.local', hostSearch: [`c.${project}.internal`, 'google.internal'], hostDns: ['169.254.169.254'] },
    });
    cluster.nodes.set(name, node);
    node.start();
  }

  private machineId(): string {
    return [...this.time.dice.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** The cluster's view of the cloud (kube declares it). */
  private provider(): CloudProvider {
    const { cloud, scenario, time } = this;
    const { project, zone, region } = scenario;
    const routeName = (node: string): string => `gke-${scenario.cluster.name}-${scenario.cluster.hash}-${node.slice(-4)}`;
    const request = (method: string, path: string, body?: object): { readonly status: number; readonly text: string } => {
      const answer = cloud.handle({ method, path: `/compute/v1/projects/${project}/${path}`, ...(body === undefined ? {} : { body: utf8(JSON.stringify(body)) }) });
      return { status: answer.status, text: fromUtf8(answer.body) };
    };
    return {
      instance: (name) => {
        const found = request('GET', `zones/${zone}/instances/${name}`);
        if (found.status !== 200) return undefined;
        const { status, networkInterfaces = [] } = JSON.parse(found.text) as { status: string; networkInterfaces?: { networkIP: string; accessConfigs?: { natIP?: string }[]; aliasIpRanges?: { ipCidrRange: string }[] }[] };
        const [nic] = networkInterfaces;
        const external = nic?.accessConfigs?.[0]?.natIP;
        return {
          providerId: `gce://${project}/${zone}/${name}`, zone, region, machineType: scenario.machineType, isRunning: status === 'RUNNING', podRange: nic?.aliasIpRanges?.[0]?.ipCidrRange,
          addresses: [...(nic === undefined ? [] : [{ type: 'InternalIP' as const, address: nic.networkIP }]), ...(external === undefined ? [] : [{ type: 'ExternalIP' as const, address: external }])],
        };
      },
      ensureRoute(nodeName, podCidr, done) {
        const answer = request('POST', 'global/routes', { name: routeName(nodeName), description: 'k8s-node-route', network: 'global/networks/default', destRange: podCidr, priority: 1000, nextHopInstance: `projects/${project}/zones/${zone}/instances/${nodeName}` });
        time.after(1500, () => done(answer.status === 200 || answer.status === 409 ? { ok: true, value: undefined } : { ok: false, message: answer.text }));
      },
      deleteRoute(nodeName, done) {
        request('DELETE', `global/routes/${routeName(nodeName)}`);
        time.after(1500, () => done({ ok: true, value: undefined }));
      },
      ensureLoadBalancer: (service, nodes, done) => cloud.loadBalancers.ensure(service, nodes.map(({ metadata }) => metadata.name), done),
      updateLoadBalancer: (service, nodes, done) => cloud.loadBalancers.update(service, nodes.map(({ metadata }) => metadata.name), done),
      deleteLoadBalancer: (service, done) => cloud.loadBalancers.remove(service, done),
    };
  }

  // ---------------------------------------------------------------- what observers ask

  /** The pod whose network namespace this is on a node: its name. */
  podOf(machine: string, netns: number): string | undefined {
    for (const { name, runtime } of this.nodes()) {
      if (name !== machine) continue;
      for (const sandbox of runtime.sandboxes.values()) if (sandbox.netns === netns && sandbox.isReady) return sandbox.pod.name;
    }
    return undefined;
  }

  /** The namespace a pod has on its node. */
  netnsOf(machine: string, pod: string): number | undefined {
    const node = this.nodes().find(({ name }) => name === machine);
    return [...(node?.runtime.sandboxes.values() ?? [])].findLast((sandbox) => sandbox.pod.name === pod && sandbox.isReady)?.netns;
  }

  /** A running container of a pod, for what is to run with the pod's files. */
  containerOf(machine: string, pod: string): Container | undefined {
    const node = this.nodes().find(({ name }) => name === machine);
    return [...(node?.runtime.containers.values() ?? [])].findLast(({ sandbox, state }) => sandbox.pod.name === pod && state === 'running')?.root;
  }

  /**
   * Places that a lab chooses, by a selector of pods: `node-of app=x` the node one runs on, `node-beside app=x` the first node without one, `pod app=x` its
   * network namespace; `node-1` the first node. Undefined for other names, and while there is nothing to choose from.
   */
  resolve(name: string): { readonly machine: string; readonly netns: string } | undefined {
    const numbered = /^node-(\d)$/.exec(name);
    if (numbered !== null) {
      const node = this.nodes()[Number(numbered[1]) - 1];
      return node === undefined ? undefined : { machine: node.name, netns: '' };
    }
    const asked = /^(node-of|node-beside|pod) (.+)$/.exec(name);
    const server = this.server();
    if (asked === null || server === undefined) return undefined;
    const pods = server.client().list('pods', { labelSelector: asked[2]! }).filter(({ spec, metadata }) => spec?.nodeName !== undefined && metadata.deletionTimestamp === undefined);
    const pod = pods.find(({ status }) => status?.phase === 'Running') ?? pods[0];
    if (pod === undefined) return undefined;
    switch (asked[1]) {
      case 'node-of': return { machine: pod.spec!.nodeName!, netns: '' };
      case 'pod': return { machine: pod.spec!.nodeName!, netns: pod.metadata.name };
      default: {
        const taken = new Set(pods.map(({ spec }) => spec!.nodeName));
        const beside = this.nodes().find(({ name: node }) => !taken.has(node));
        return beside === undefined ? undefined : { machine: beside.name, netns: '' };
      }
    }
  }

  /** Objects as `kubectl get` would find them; undefined for a kind the cluster does not have. */
  objects(kind: string, namespace: string | undefined, name: string | undefined): readonly Readonly<Record<string, unknown>>[] | undefined {
    const server = this.server();
    if (server === undefined) return [];
    const resource = infoOfKind(kind);
    if (resource === undefined) return undefined;
    return server.client().list(resource, { namespace }).filter(({ metadata }) => name === undefined || metadata.name === name) as unknown as readonly Readonly<Record<string, unknown>>[];
  }

  /** Objects of the project as its APIs list them: instances, routes, firewalls, forwardingRules, targetPools, httpHealthChecks, clusters ... */
  cloudObjects(kind: string): readonly Readonly<Record<string, unknown>>[] | undefined {
    const { project } = this.scenario;
    if (kind === 'clusters') {
      const answer = this.cloud.handle({ method: 'GET', path: `/v1/projects/${project}/locations/-/clusters` });
      return (JSON.parse(fromUtf8(answer.body)) as { clusters?: Record<string, unknown>[] }).clusters ?? [];
    }
    const isKnown = this.cloud.store.list(kind);
    return isKnown as unknown as readonly Readonly<Record<string, unknown>>[];
  }

  /** Differs when the cloud or a cluster took another way: how much was written to each. */
  progress(): string {
    const versions = [...this.clusters.values()].map(({ server }) => {
      const answer = server.handle({ method: 'GET', path: '/api/v1/namespaces?limit=1', headers: {}, body: new Uint8Array(0) });
      return answer.stream === undefined ? (JSON.parse(fromUtf8(answer.body)) as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion : undefined;
    });
    return [this.cloud.store.changes, ...versions].join(' ');
  }

  /** The running cluster of a scenario that begins with one: made through the project's own API, as gcloud would. */
  begin(): void {
    const { cluster, project, zone } = this.scenario;
    const body = utf8(JSON.stringify({ cluster: { name: cluster.name, initialNodeCount: cluster.nodes.length } }));
    const answer = this.cloud.handle({ method: 'POST', path: `/v1/projects/${project}/zones/${zone}/clusters`, body });
    if (answer.status !== 200) throw new Error(`the lab's cluster cannot be made: ${fromUtf8(answer.body)}`);
  }

  /** The first cluster runs, and so does every pod it has. */
  get isSettled(): boolean {
    const { cluster, project, zone } = this.scenario;
    const answer = this.cloud.handle({ method: 'GET', path: `/v1/projects/${project}/zones/${zone}/clusters/${cluster.name}` });
    if (answer.status !== 200 || (JSON.parse(fromUtf8(answer.body)) as { status?: string }).status !== 'RUNNING') return false;
    const pods = this.server()!.client().list('pods');
    return pods.length > 0 && pods.every(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
  }
}

function masterName(cluster: string): string {
  return `${cluster}-control-plane`;
}

/** `deployments`, `deploy`, `Deployment`, `deployments.apps`. */
function infoOfKind(word: string): Resource | undefined {
  const name = word.split('.')[0]!.toLowerCase();
  return [...resources.values()].find((info) => info.resource === name || info.singular === name || info.kind.toLowerCase() === name || info.shortNames.includes(name))?.resource;
}
