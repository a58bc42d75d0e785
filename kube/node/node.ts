/** A Kubernetes node on a machine: what its boot leaves behind, its daemons, its kubelet and kube-proxy. labs/ makes one for each instance of a cluster. */
import type { Pod } from 'kubernetes-types/core/v1';
import type { Machine } from '../../machine/machine.ts';
import type { Program } from '../../machine/sys.ts';
import type { ApiClient } from '../client.ts';
import type { NodeUsed } from '../metrics-server.ts';
import type { Profile } from '../profiles/index.ts';
import type { PodStreams } from '../pod-streams.ts';
import type { KubeRuntime } from '../runtime.ts';
import { calicoNodeProgram } from './calico-node.ts';
import { ContainerRuntime } from './container-runtime.ts';
import { anetdProgram } from './dataplane-v2/anetd.ts';
import { ciliumProgram } from './dataplane-v2/cilium-command.ts';
import { bootRules, kubeletRules } from './host-rules.ts';
import { clusterDnsProgram } from './cluster-dns.ts';
import { containerService } from './container-service.ts';
import { containerImage, ImageCatalog } from './images.ts';
import { kubeProxyProgram } from './kube-proxy.ts';
import { Kubelet } from './kubelet.ts';
import type { NodeIdentity } from './node-status.ts';
import type { ClusterNames } from './pod-environment.ts';
import { serveHttp } from './programs/http.ts';
import { goProgram, resident } from './programs/servers.ts';
import { usedOn } from './usage.ts';

export interface KubeNodeOptions {
  readonly machine: Machine;
  readonly time: KubeRuntime;
  readonly client: ApiClient;
  readonly profile: Profile;
  readonly catalog: ImageCatalog;
  readonly identity: NodeIdentity;
  readonly names: ClusterNames;
  /** Where the API server is, for who may be cut off from it. */
  readonly apiServer?: string | undefined;
}

/** systemd's RestartSec of the kubelet. */
const RESTART_MS = 10_000;
const RULES_MS = 60_000;
/** Of the DaemonSet that puts the agent on every node. */
export const CALICO_IMAGE = 'gcr.io/projectcalico-org/node:v3.19.1';
export const ANETD_IMAGE = 'gke.gcr.io/cilium/cilium:v1.12.10';
const DNS_IMAGE = 'k8s.gcr.io/k8s-dns-kube-dns-amd64:1.14.10';

export class KubeNode {
  readonly name: string;
  readonly runtime: ContainerRuntime;
  readonly kubelet: Kubelet;
  private readonly options: KubeNodeOptions;
  private kubeletPid: number | undefined;

  constructor(options: KubeNodeOptions) {
    this.options = options;
    const { machine, time, profile, identity, client } = options;
    this.name = identity.name;
    const nodeIp = this.address;
    const proxyImage = `k8s.gcr.io/kube-proxy:${profile.kubeletVersion}`;
    const proxyProgram = profile.proxy === undefined ? resident : kubeProxyProgram({
      client, time, machine, generation: profile.proxy,
      config: { hostname: identity.name, clusterCidr: profile.clusterCidr, nodeIp, nodePortAddresses: [], localhostNodePorts: true, masqueradeAll: false, randomFully: false },
    });
    const own = profile.proxy === undefined ? [] : [containerImage({ reference: proxyImage, sizeBytes: 101_000_000, base: undefined, programs: [['/usr/local/bin/kube-proxy', proxyProgram]], entrypoint: ['kube-proxy'] })];
    const calico = profile.policy === undefined ? [] : [containerImage({ reference: CALICO_IMAGE, sizeBytes: 58_700_000, base: undefined, programs: [['/usr/sbin/start_runit', calicoNodeProgram({ client, time, kernel: machine.kernel, nodeName: identity.name, devicePrefix: profile.hostLink.prefix })]], entrypoint: ['start_runit'] })];
    const anetd = profile.datapath === undefined ? [] : [containerImage({
      reference: ANETD_IMAGE, sizeBytes: 181_000_000, base: undefined, entrypoint: ['cilium-agent'],
      programs: [['/usr/bin/cilium-agent', anetdProgram({ client, time, machine, nodeName: identity.name, address: nodeIp, devicePrefix: profile.hostLink.prefix })], ['/usr/bin/cilium', ciliumProgram({ machine, profile, address: nodeIp, podRange: () => client.get('nodes', { name: identity.name }).spec?.podCIDR ?? '' })]],
    })];
    const dns = containerImage({ reference: DNS_IMAGE, sizeBytes: 49_549_457, base: undefined, programs: [['/kube-dns', clusterDnsProgram({ client, domain: options.names.domain, upstream: options.names.hostDns[0] ?? '169.254.169.254' })]], entrypoint: ['/kube-dns'] });
    this.runtime = new ContainerRuntime({ kind: profile.runtime.kind, machine, time, catalog: new ImageCatalog([...options.catalog.all(), ...own, ...calico, ...anetd, dns]), sandboxImage: profile.sandboxImage });
    // What the node's image brings along needs no pulling.
    for (const image of [...own, ...calico, ...anetd]) this.runtime.pulled.set(image.reference, image);
    this.kubelet = new Kubelet({
      client, time, profile, runtime: this.runtime, identity, names: options.names, staticPods: profile.proxy === undefined ? [] : [proxyPod(profile, proxyImage)], pid: () => this.kubeletPid,
      isConnected: () => this.isReachable,
    });
  }

  get streams(): PodStreams {
    return this.kubelet.streams;
  }

  get address(): string {
    return this.options.identity.addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
  }

  get isReachable(): boolean {
    const { machine, apiServer } = this.options;
    return apiServer === undefined || hasWay(machine, apiServer);
  }

  /** What the kubelet tells the metrics-server; undefined when nobody answers there. */
  used(): NodeUsed | undefined {
    return this.kubeletPid === undefined || this.kubelet.isStopped || !this.isReachable ? undefined : usedOn(this.name, this.runtime);
  }

  start(): void {
    const { machine, profile, time } = this.options;
    machine.containerService = containerService(this.runtime, profile.runtime.version);
    bootRules(machine.kernel, profile);
    for (const [name, program] of [...daemons(profile)]) machine.runProgram({ argv: [name], env: new Map(), cwd: '/', program });
    if (profile.runtime.kind === 'docker') makeDockerBridge(this.runtime);
    const keepRules = (): void => {
      if (this.kubelet.isStopped) return;
      kubeletRules(machine.kernel, profile);
      time.after(RULES_MS, keepRules);
    };
    keepRules();
    this.startKubelet();
  }

  private startKubelet(): void {
    if (this.kubelet.isStopped) return;
    const { machine, time } = this.options;
    const handle = machine.runProgram({ argv: ['kubelet'], env: new Map(), cwd: '/', program: this.kubeletProgram() });
    this.kubeletPid = handle.pid;
    this.kubelet.start();
    handle.onExit(() => {
      this.kubeletPid = undefined;
      this.kubelet.pause();
      time.after(RESTART_MS, () => this.startKubelet());
    });
  }

  /** Its ports: 10250 speaks TLS, which nobody here does without the API server; 10255 is open to all. */
  private kubeletProgram(): Program {
    return goProgram((sys) => serveHttp(sys, {
      listeners: () => this.kubeletListeners,
    }));
  }

  private readonly kubeletListeners = [
    { port: 10250, handler: () => ({ status: 400, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Client sent an HTTP request to an HTTPS server.\n' }) },
    { port: 10255, handler: ({ path }: { path: string }) => this.readOnly(path) },
    { port: 10248, address: '127.0.0.1', handler: ({ path }: { path: string }) => (path === '/healthz' ? { body: 'ok' } : { status: 404, body: '404 page not found\n' }) },
  ];

  private readOnly(path: string): { status?: number; headers?: Record<string, string>; body: string } {
    if (path === '/healthz') return { body: 'ok' };
    if (path === '/pods' || path === '/pods/') {
      const items = [...this.kubelet.workers.values()].map(({ pod }) => pod);
      return { headers: { 'Content-Type': 'application/json' }, body: `${JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })}\n` };
    }
    return { status: 404, body: '404 page not found\n' };
  }
}

/** A route by a device that is up and has a carrier; filters on the way are not asked. */
function hasWay({ kernel: { netlink } }: Machine, destination: string): boolean {
  const route = netlink.lookupRoute(0, { family: 'inet', to: destination });
  const link = route.ok ? netlink.link(0, route.value.device) : undefined;
  return link?.isUp === true && link.flags.includes('LOWER_UP');
}

function daemons({ runtime }: Profile): readonly (readonly [string, Program])[] {
  return (runtime.kind === 'docker' ? ['dockerd', 'docker-containerd'] : ['containerd']).map((name) => [name, resident]);
}

/** docker's own bridge, which no pod uses: GKE gives it a link-local range. */
function makeDockerBridge({ machine }: ContainerRuntime): void {
  const { netlink } = machine.kernel;
  const made = netlink.addLink(0, { kind: 'bridge', name: 'docker0', mtu: 1500 });
  if (!made.ok) return;
  const digits = Array.from(machine.world.dice.bytes(2), (byte) => byte.toString(16).padStart(2, '0'));
  netlink.setLink(0, made.value, { mac: `02:42:${digits.join(':')}:8c:1f`, up: true });
  netlink.addAddress(0, { index: made.value, family: 'inet', address: '169.254.123.1', prefixLength: 24, broadcast: '169.254.123.255' });
}

function proxyPod({ clusterCidr }: Profile, image: string): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'kube-proxy', namespace: 'kube-system', labels: { component: 'kube-proxy', tier: 'node' } },
    spec: {
      priorityClassName: 'system-node-critical', hostNetwork: true,
      containers: [{
        name: 'kube-proxy', image, resources: { requests: { cpu: '100m' } }, securityContext: { privileged: true },
        command: ['kube-proxy', `--cluster-cidr=${clusterCidr}`, '--oom-score-adj=-998', '--v=2', '--iptables-sync-period=1m', '--iptables-min-sync-period=10s'],
      }],
    },
  };
}
