/**
 * `podwire apiserver`: the simulated cluster's API on a loopback port, for a real kubectl. Time is the wall's here: nothing is replayed.
 *
 * The cluster is its control plane with three nodes that report themselves ready; their machines are not simulated, so that pods are
 * scheduled and then wait for a kubelet.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../host/apiserver/server.ts';
import { createApiServer, type ApiServer } from '../kube/apiserver/server.ts';
import type { CloudProvider } from '../kube/cloud-provider.ts';
import { startControllers } from '../kube/controllers/index.ts';
import { profiles, type Profile, type ProfileName } from '../kube/profiles/index.ts';
import { microTimestamp, timestamp, type KubeRuntime } from '../kube/runtime.ts';
import type { CliCommand } from './command.ts';

const profileOfLab: Readonly<Record<string, ProfileName>> = { gke: '2018', 'gke-vpc-native': 'vpc-native' };

export const apiserver: CliCommand = {
  name: 'apiserver',
  usage: 'apiserver --lab gke [--port N]',
  summary: "serve a cluster's API for kubectl, on a loopback port",
  async run(args) {
    const valueOf = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] ?? '' : undefined);
    const lab = valueOf('--lab') ?? 'gke';
    const port = Number(valueOf('--port') ?? 0);
    const profile = profileOfLab[lab];
    if (profile === undefined) {
      process.stderr.write(`podwire: apiserver: there is no lab ${JSON.stringify(lab)}; the labs with a cluster are ${Object.keys(profileOfLab).join(', ')}\n`);
      return 2;
    }
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      process.stderr.write(`podwire: apiserver: --port wants a number from 0 to 65535, found ${valueOf('--port') || 'nothing'}\n`);
      return 2;
    }
    const server = startCluster(profiles[profile]);
    const listener = await listen((request) => server.handle(request), port);
    const folder = mkdtempSync(join(tmpdir(), 'podwire-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigFor(listener.url), { mode: 0o600 });
    process.stdout.write(`${JSON.stringify({ url: listener.url, kubeconfig })}\n`);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      process.stdin.once('end', resolve).resume();
    });
    await listener.close();
    rmSync(folder, { recursive: true, force: true });
    // The control plane's timers would go on for ever.
    process.exit(0);
  },
};

function kubeconfigFor(url: string): string {
  return [
    'apiVersion: v1', 'kind: Config', 'clusters:', '- name: podwire', '  cluster:', `    server: ${url}`, 'contexts:', '- name: podwire', '  context:', '    cluster: podwire',
    '    user: podwire', 'current-context: podwire', 'preferences: {}', 'users:', '- name: podwire', '  user: {}', '',
  ].join('\n');
}

const wallClock: KubeRuntime = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => { clearTimeout(timer); };
  },
  dice: { below: (limit) => randomInt(Math.max(1, limit)), bytes: (length) => new Uint8Array(randomBytes(length)) },
};

const machines = [
  { name: 'gke-lab-cluster-default-pool-9e4ce61e-2jdh', internal: '10.142.0.8', external: '35.231.173.178' },
  { name: 'gke-lab-cluster-default-pool-9e4ce61e-m69d', internal: '10.142.0.7', external: '35.231.173.177' },
  { name: 'gke-lab-cluster-default-pool-9e4ce61e-33fg', internal: '10.142.0.6', external: '35.231.173.176' },
];

function startCluster(profile: Profile): ApiServer {
  const server = createApiServer({ runtime: wallClock, version: profile.server, serviceRange: profile.serviceRange, advertise: { ip: '35.185.97.52', port: 443 }, hasServiceAccounts: true });
  startControllers(server.client(), wallClock, cloudOf(), {
    clusterCidr: profile.clusterCidr, nodeMask: profile.nodeMask, isRouted: profile.isRouted, hasTokenSecrets: profile.server.minor < 24,
  });
  for (const machine of machines) bootNode(server, machine, profile);
  return server;
}

type MachineEntry = (typeof machines)[number];

function addressesOf({ name, internal, external }: MachineEntry): { readonly type: 'InternalIP' | 'ExternalIP' | 'Hostname'; readonly address: string }[] {
  return [{ type: 'InternalIP', address: internal }, { type: 'ExternalIP', address: external }, { type: 'Hostname', address: name }];
}

/** The machines there are; nothing balances load, so that external addresses stay pending. */
function cloudOf(): CloudProvider {
  const done = { ok: true, value: undefined } as const;
  return {
    instance(nodeName) {
      const machine = machines.find(({ name }) => name === nodeName);
      return machine === undefined ? undefined : {
        providerId: `gce://podwire/us-east1-b/${nodeName}`, zone: 'us-east1-b', region: 'us-east1', machineType: 'n1-standard-1', addresses: addressesOf(machine), isRunning: true,
      };
    },
    ensureRoute: (_name, _cidr, tell) => { wallClock.after(100, () => { tell(done); }); },
    deleteRoute: (_name, tell) => { wallClock.after(100, () => { tell(done); }); },
    ensureLoadBalancer: () => undefined,
    updateLoadBalancer: (_service, _nodes, tell) => { wallClock.after(100, () => { tell(done); }); },
    deleteLoadBalancer: (_service, tell) => { wallClock.after(100, () => { tell(done); }); },
  };
}

/** Registers a node and keeps its lease. */
function bootNode(server: ApiServer, machine: MachineEntry, profile: Profile): void {
  const { name } = machine;
  const client = server.client().as(`system:node:${name}`);
  const now = timestamp(wallClock.nowMs());
  const capacity = { cpu: '1', 'ephemeral-storage': '98868448Ki', memory: '3785940Ki', pods: '110' };
  client.create('nodes', {
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name, 'cloud.google.com/gke-nodepool': 'default-pool',
        'failure-domain.beta.kubernetes.io/region': 'us-east1', 'failure-domain.beta.kubernetes.io/zone': 'us-east1-b',
      },
    },
    spec: { providerID: `gce://podwire/us-east1-b/${name}` },
    status: {
      capacity, allocatable: { ...capacity, cpu: '940m', memory: '2700500Ki' }, addresses: addressesOf(machine),
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', lastHeartbeatTime: now, lastTransitionTime: now }],
      nodeInfo: {
        machineID: '', systemUUID: '', bootID: '', kernelVersion: profile.kernelVersion, osImage: profile.osImage, containerRuntimeVersion: `${profile.runtime.kind}://${profile.runtime.version}`,
        kubeletVersion: profile.kubeletVersion, kubeProxyVersion: profile.kubeletVersion, operatingSystem: 'linux', architecture: 'amd64',
      },
    },
  });
  const key = { namespace: 'kube-node-lease', name };
  client.create('leases', { metadata: key, spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(wallClock.nowMs()) } });
  const renew = (): void => {
    wallClock.after(10_000, () => {
      if (client.find('leases', key) !== undefined) client.edit('leases', key, (draft) => { draft.spec!.renewTime = microTimestamp(wallClock.nowMs()); });
      renew();
    });
  };
  renew();
}
