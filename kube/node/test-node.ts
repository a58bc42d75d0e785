/** For tests: nodes on one wire, an API server, and the reconcilers, all in one simulated world. */
import { createMachine, type Machine } from '../../machine/machine.ts';
import { Scheduler } from '../../machine/scheduler.ts';
import type { Program } from '../../machine/sys.ts';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import { createWorld, type NetKernel, type Result, type SimulatedWorld } from '../../simulator/index.ts';
import { createApiServer, type ApiServer } from '../apiserver/server.ts';
import type { ApiClient } from '../client.ts';
import { startControllers } from '../controllers/index.ts';
import { profiles, type ProfileName } from '../profiles/index.ts';
import type { KubeRuntime } from '../runtime.ts';
import { datapath } from './dataplane-v2/programs.ts';
import { standardImages, type ContainerImage, type UserLand } from './images.ts';
import { KubeNode } from './node.ts';
import { streamsByNode } from './streams.ts';
import { worldRuntime } from './world-runtime.ts';

/** 2018-07-14T19:45:00Z */
const EPOCH_US = 1_531_597_500_000_000;

/** `get ADDRESS PORT PATH`: what a server says, or why not. */
const get: Program = async (sys) => {
  const [, address = '', port = '80', path = '/'] = sys.argv;
  const { sockets } = sys.net;
  const opened = sockets.open({ type: 'tcp', family: 'inet' });
  if (!opened.ok) return 1;
  const connected = await sockets.connect(opened.value, { address, port: Number(port) }, 3_000_000);
  if (!connected.ok) {
    await sys.write(1, utf8(connected.error));
    return 7;
  }
  await sockets.send(opened.value, utf8(`GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`));
  for (;;) {
    const got = await sockets.receive(opened.value, 65_536, 3_000_000);
    if (!got.ok || got.value.length === 0) return 0;
    await sys.write(1, got.value);
  }
};
const sleep: Program = async (sys) => {
  await sys.sleep(Number(sys.argv[1]) * 1e6);
  return Number(sys.argv[2] ?? 0);
};
const echo: Program = async (sys) => {
  await sys.write(1, utf8(`${sys.argv.slice(1).join(' ')}\n`));
  return 0;
};
const env: Program = async (sys) => {
  await sys.write(1, utf8([...sys.env].map(([name, value]) => `${name}=${value}\n`).join('')));
  return 0;
};
const cat: Program = async (sys) => {
  if (sys.argv[1] !== undefined) {
    const text = await sys.readFile(sys.argv[1]);
    if (!text.ok) return 1;
    await sys.write(1, text.value);
    return 0;
  }
  for (;;) {
    const got = await sys.read(0, 4096);
    if (!got.ok || got.value.length === 0) return 0;
    await sys.write(1, got.value);
  }
};
export const testTools: ReadonlyMap<string, Program> = new Map([['/bin/get', get], ['/bin/sleep', sleep], ['/bin/echo', echo], ['/bin/env', env], ['/bin/cat', cat]]);
const alpine: UserLand = { name: 'alpine', programs: testTools, files: [], packages: [], users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/ash', gecos: 'root' }], groups: [{ name: 'root', gid: 0, members: [] }] };

export interface NodeLab {
  readonly world: SimulatedWorld;
  readonly time: KubeRuntime;
  readonly server: ApiServer;
  readonly client: ApiClient;
  readonly machines: readonly Machine[];
  readonly nodes: readonly KubeNode[];
  run(seconds: number): Promise<void>;
  /** A program's output on a node, in a pod's container when `pod` is given. */
  ask(node: number, argv: readonly string[], pod?: string): Promise<string>;
  events(about?: string): string[];
  podAddress(name: string): string;
  faults: string[];
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected success, found ${result.error}`);
  return result.value;
}

export interface LabOptions {
  readonly nodes?: number; readonly profile?: ProfileName; readonly images?: readonly ContainerImage[]; readonly seed?: number;
  /** What nodes have besides, and containers of Alpine. */
  readonly programs?: ReadonlyMap<string, Program>; readonly containerPrograms?: ReadonlyMap<string, Program>;
}

export async function nodeLab(options: LabOptions = {}): Promise<NodeLab> {
  const world = createWorld({ seed: options.seed ?? 1, epochUs: EPOCH_US, bpfObjects: [datapath] });
  const scheduler = new Scheduler(world);
  const time = worldRuntime(world);
  const profile = profiles[options.profile ?? '2018'];
  const nodes: KubeNode[] = [];
  const server = createApiServer({ runtime: time, version: profile.server, serviceRange: profile.serviceRange, streams: streamsByNode((name) => nodes.find((node) => node.name === name)) });
  const client = server.client('admin', 'kubectl');
  const faults: string[] = [];
  const count = options.nodes ?? 1;
  const router = world.addKernel('router');
  must(router.netlink.setLink(0, 1, { up: true }));
  router.sysctl.set(0, 'net/ipv4/ip_forward', '1');
  const machines = Array.from({ length: count }, (_, index) => makeMachine(world, scheduler, router, index, faults, options.programs ?? new Map()));
  const addRoute = (index: number, cidr: string): void => {
    const [destination = '', length = ''] = cidr.split('/');
    must(router.netlink.addRoute(0, { family: 'inet', destination, prefixLength: Number(length), nextHops: [{ gateway: `10.142.0.${8 + index}`, device: router.netlink.link(0, `to${index}`)!.index }] }, 'replace'));
  };
  // Alias ranges are the network's own; it knows the way to each from the beginning.
  const aliasOf = (index: number): string => `10.40.${index}.0/24`;
  if (!profile.isRouted) for (const index of machines.keys()) addRoute(index, aliasOf(index));
  startControllers(client, time, {
    instance: (name) => ({ providerId: `gce://lab/us-east1-b/${name}`, zone: 'us-east1-b', region: 'us-east1', machineType: 'n1-standard-1', addresses: [], isRunning: true, podRange: profile.isRouted ? undefined : aliasOf(machines.findIndex((machine) => machine.name === name)) }),
    ensureRoute(name, cidr, done) {
      addRoute(machines.findIndex((machine) => machine.name === name), cidr);
      time.after(100, () => done({ ok: true, value: undefined }));
    },
    deleteRoute: (_name, done) => void time.after(100, () => done({ ok: true, value: undefined })),
    ensureLoadBalancer: (_service, _nodes, done) => void time.after(1000, () => done({ ok: true, value: [{ ip: '35.231.121.11' }] })),
    updateLoadBalancer: (_service, _nodes, done) => void time.after(100, () => done({ ok: true, value: undefined })),
    deleteLoadBalancer: (_service, done) => void time.after(100, () => done({ ok: true, value: undefined })),
  }, { clusterCidr: profile.clusterCidr, nodeMask: profile.nodeMask, isRouted: profile.isRouted, hasTokenSecrets: true });
  const catalog = standardImages({ ...alpine, programs: new Map([...alpine.programs, ...(options.containerPrograms ?? [])]) }, options.images);
  for (const [index, machine] of machines.entries()) {
    nodes.push(new KubeNode({
      machine, time, client, profile, catalog, apiServer: '35.231.231.234',
      identity: {
        name: machine.name, labels: {}, providerId: `gce://lab/us-east1-b/${machine.name}`, machineId: '0123456789abcdef0123456789abcdef', addresses: [{ type: 'InternalIP', address: `10.142.0.${8 + index}` }, { type: 'Hostname', address: machine.name }],
        capacity: { cpu: '1', memory: '3787608Ki', pods: '110', 'ephemeral-storage': '98868448Ki' }, allocatable: { cpu: '940m', memory: '2702168Ki', pods: '110', 'ephemeral-storage': '47093746742' },
      },
      names: { dns: profile.clusterDns, domain: 'cluster.local', hostSearch: ['c.lab.internal', 'google.internal'], hostDns: ['169.254.169.254'] },
    }));
  }
  for (const node of nodes) node.start();
  const run = (seconds: number): Promise<void> => scheduler.runUntil(world.nowUs + Math.round(seconds * 1e6));
  const lab: NodeLab = {
    world, time, server, client, machines, nodes, run, faults,
    async ask(node, argv, pod) {
      let text = '';
      const io = { stdout: (bytes: Uint8Array) => void (text += fromUtf8(bytes)), stderr: (bytes: Uint8Array) => void (text += fromUtf8(bytes)) };
      if (pod === undefined) {
        const handle = machines[node]!.run({ argv, env: new Map([['PATH', '/bin']]), cwd: '/', ...io });
        for (let left = 200; left > 0 && handle.status === undefined; left -= 1) await run(0.05);
        return text;
      }
      const record = [...nodes[node]!.runtime.containers.values()].findLast(({ sandbox, state }) => sandbox.pod.name === pod && state === 'running');
      if (record === undefined) throw new Error(`no running container of ${pod} on node ${node}`);
      let isOver = false;
      const started = nodes[node]!.runtime.exec(record, argv, { ...io, exit: () => void (isOver = true) });
      if ('error' in started) return started.error;
      if ('endInput' in started) started.endInput();
      for (let left = 200; left > 0 && !isOver; left -= 1) await run(0.05);
      return text;
    },
    events: (about) => client.list('events').toSorted((one, other) => Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion)).filter(({ involvedObject, source }) => source?.component === 'kubelet' && (about === undefined || involvedObject.name === about)).map(({ type, reason, message, count: times }) => `${type} ${reason} ${message}${(times ?? 1) > 1 ? ` (x${times})` : ''}`),
    podAddress: (name) => client.get('pods', { name, namespace: 'default' }).status?.podIP ?? '',
  };
  await run(5);
  return lab;
}

function makeMachine(world: SimulatedWorld, scheduler: Scheduler, router: NetKernel, index: number, faults: string[], programs: ReadonlyMap<string, Program>): Machine {
  const name = `node-${index + 1}`;
  const kernel = world.addKernel(name);
  must(kernel.netlink.setLink(0, 1, { up: true }));
  const address = `10.142.0.${8 + index}`;
  const eth0 = must(kernel.netlink.addLink(0, { kind: 'ether', name: 'eth0', mac: `42:01:0a:8e:00:${(8 + index).toString(16).padStart(2, '0')}`, mtu: 1460 }));
  const port = must(router.netlink.addLink(0, { kind: 'ether', name: `to${index}`, mtu: 1460 }));
  world.connect({ kernel, ns: 0, index: eth0 }, { kernel: router, ns: 0, index: port });
  must(kernel.netlink.setLink(0, eth0, { up: true }));
  must(kernel.netlink.addAddress(0, { index: eth0, family: 'inet', address, prefixLength: 32 }));
  must(kernel.netlink.addRoute(0, { family: 'inet', destination: '10.142.0.1', prefixLength: 32, scope: 'link', nextHops: [{ device: eth0 }] }, 'add'));
  must(kernel.netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway: '10.142.0.1', device: eth0 }] }, 'add'));
  must(router.netlink.setLink(0, port, { up: true }));
  must(router.netlink.addAddress(0, { index: port, family: 'inet', address: '10.142.0.1', prefixLength: 32 }));
  must(router.netlink.addRoute(0, { family: 'inet', destination: address, prefixLength: 32, scope: 'link', nextHops: [{ device: port }] }, 'add'));
  const machine = createMachine({
    world, kernel, scheduler, name, hostname: name, firstPid: 1200,
    image: {
      files: [], programs: new Map([...testTools, ...programs]), packages: [], users: [{ name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash', gecos: 'root' }, { name: 'learner', uid: 1000, gid: 1000, home: '/home/learner', shell: '/bin/bash', gecos: '' }],
      groups: [{ name: 'root', gid: 0, members: [] }, { name: 'docker', gid: 412, members: ['learner'] }],
    },
  });
  machine.onFault = (process, thrown) => {
    faults.push(`${process.name}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
  };
  return machine;
}
