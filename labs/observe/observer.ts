/** The observer of a simulated lab: everything is read from the kernels and machines at this very instant; active questions go to a copy. */
import { unavailableObserver, type Answer, type FileView, type Observer, type ProcessView } from '../../contracts/observer.ts';
import type { Place } from '../../contracts/trace.ts';
import type { Machine } from '../../machine/machine.ts';
import { fromUtf8 } from '../../simulator/bytes.ts';
import type { NetKernel } from '../../simulator/kernel/api.ts';
import { parseIp4 } from '../../simulator/wire/ip4.ts';
import { parseIp6 } from '../../simulator/wire/ip6.ts';
import type { World } from '../../simulator/world/api.ts';
import { connect, ping, trace, type ActiveWorld } from './active.ts';
import type { Evidence } from './evidence.ts';
import * as network from './network.ts';

export interface ObservedLab {
  readonly world: World;
  readonly machines: ReadonlyMap<string, Machine>;
  /** Machines the learner does not see. */
  readonly hidden: ReadonlySet<string>;
  readonly evidence: Evidence;
  /** The cloud and the cluster around the machines, if there is one. */
  readonly cluster?: () => ClusterView | undefined;
}

/** What an observer asks of a cluster; places such as `node-of app=hello-server` are where the lab has put them. */
export interface ClusterView {
  resolve(name: string): Place | undefined;
  podOf(machine: string, netns: number): string | undefined;
  netnsOf(machine: string, pod: string): number | undefined;
  objects(kind: string, namespace: string | undefined, name: string | undefined): readonly Readonly<Record<string, unknown>>[] | undefined;
  cloudObjects(kind: string): readonly Readonly<Record<string, unknown>>[] | undefined;
}

const TEXT_KEPT = 65_536;
const processStates: Readonly<Record<string, ProcessView['state']>> = { R: 'running', S: 'sleeping', D: 'sleeping', I: 'sleeping', T: 'stopped', Z: 'zombie' };

export function createObserver(lab: ObservedLab): Observer {
  const { world, machines, hidden, evidence } = lab;
  const cluster = (): ClusterView | undefined => lab.cluster?.();
  const named = (machine: Machine, ns: number): string | null => nameOf(machine, ns) ?? cluster()?.podOf(machine.name, ns) ?? null;
  const settle = (place: Place): Place => cluster()?.resolve(place.machine) ?? place;
  const namespace = (machine: Machine, netns: string): number | undefined => namespaceOf(machine, netns) ?? cluster()?.netnsOf(machine.name, netns);
  const answer = <Value>(value: Value): Promise<Answer<Value>> => Promise.resolve({ atMs: Math.round(world.nowUs / 1000), value });
  const unknown = (cause: string): Promise<{ unavailable: string }> => Promise.resolve({ unavailable: cause });

  const onMachine = <Value>(name: string, look: (machine: Machine) => Value): Promise<Answer<Value>> => {
    const machine = machines.get(settle({ machine: name, netns: '' }).machine);
    return machine === undefined ? unknown(`there is no machine ${name}`) : answer(look(machine));
  };
  const at = <Value>(asked: Place, look: (kernel: NetKernel, ns: number, machine: Machine) => Value): Promise<Answer<Value>> => {
    const place = settle(asked);
    const machine = machines.get(place.machine);
    if (machine === undefined) return unknown(`there is no machine ${place.machine}`);
    const ns = namespace(machine, place.netns);
    return ns === undefined ? unknown(`${place.machine} has no namespace ${place.netns}`) : answer(look(machine.kernel, ns, machine));
  };

  const active: ActiveWorld = {
    world,
    placeOf: (kernelId, netns) => {
      const machine = [...machines.values()].find(({ kernel }) => kernel.id === kernelId);
      return { machine: machine?.name ?? `kernel ${kernelId}`, netns: machine === undefined ? '' : (named(machine, netns) ?? `net:[${netns}]`) };
    },
    find: (asked) => {
      const place = settle(asked);
      const machine = machines.get(place.machine);
      const ns = machine === undefined ? undefined : namespace(machine, place.netns);
      return machine === undefined || ns === undefined ? undefined : { kernelId: machine.kernel.id, ns };
    },
    resolve: (machine, host) => (parseIp4(host) !== undefined || parseIp6(host) !== undefined ? host : hostsEntry(machines.get(machine), host)),
  };
  const asked = <Value>(place: Place, question: () => Value): Promise<Answer<Value>> => (active.find(place) === undefined ? unknown(`there is no ${place.netns === '' ? place.machine : place.netns}`) : answer(question()));

  return {
    ...unavailableObserver('simulator', 'this lab has no cluster'),
    capabilities: { backend: 'simulator', activeQuestions: 'copy' },
    machines: () => answer([...machines.keys()].filter((name) => !hidden.has(name))),
    namespaces: (name) => onMachine(name, (machine) => machine.namedNetns().map(({ name: netns, ref }) => ({ name: netns, id: machine.kernel.netlink.netnsId(0, ref.id) ?? null })).reverse()),
    links: (place) => at(place, (kernel, ns, machine) => network.links(kernel, ns, (id) => named(machine, id))),
    addresses: (place) => at(place, network.addresses),
    routes: (place) => at(place, network.routes),
    policyRules: (place) => at(place, network.policyRules),
    neighbours: (place) => at(place, network.neighbours),
    fdb: (place) => at(place, network.fdb),
    chains: (place) => at(place, network.chains),
    conntrack: (place) => at(place, network.conntrack),
    sysctl: (place, key) => at(place, (_, ns, machine) => {
      const value = machine.sysctl(ns, key.replaceAll('.', '/'));
      return value.ok ? value.value : null;
    }),
    sockets: (place) => at(place, (kernel, ns, machine) => network.sockets(kernel, ns, (id) => [...machine.processes.values()].find((process) => process.sockets.has(id))?.pid ?? null)),
    processes: (name) => onMachine(name, (machine) => machine.processViews().map((view): ProcessView => ({
      pid: view.pid, parentPid: view.ppid, processGroup: view.processGroup, session: view.session, tty: view.terminal ?? null, netns: named(machine, view.netns), user: userName(machine, view.uid),
      argv: [...view.argv], cwd: view.cwd, state: processStates[view.state] ?? 'sleeping', startedAtMs: Math.round((view.startedUs - world.epochUs) / 1000),
    }))),
    sessions: () => answer(evidence.sessions()),
    packages: (name) => onMachine(name, (machine) => machine.ports.packages().filter(({ installed }) => installed).map(({ name: packageName, version }) => ({ name: packageName, version }))),
    file: (name, path) => onMachine(name, (machine) => fileView(machine, path)),
    commands: () => answer(evidence.commands()),
    captures: () => answer(evidence.captures()),
    ping: (question) => asked(question.from, () => ping(active, question)),
    connect: (question) => asked(question.from, () => connect(active, question)),
    trace: (question) => asked(question.from, () => trace(active, question)),
    settle: (place) => answer(settle(place)),
    objects: ({ kind, namespace: inside, name }) => {
      const view = cluster();
      if (view === undefined) return unknown('this lab has no cluster');
      const found = view.objects(kind, inside, name);
      return found === undefined ? unknown(`the cluster knows no kind ${kind}`) : answer([...found]);
    },
    cloud: ({ kind, name }) => {
      const view = cluster();
      if (view === undefined) return unknown('this lab has no cloud');
      const found = view.cloudObjects(kind);
      return found === undefined ? unknown(`the cloud has no ${kind}`) : answer(found.filter((one) => name === undefined || one['name'] === name));
    },
  };
}

function namespaceOf(machine: Machine, netns: string): number | undefined {
  return netns === '' ? 0 : machine.namedNetns().find(({ name }) => name === netns)?.ref.id;
}

function nameOf(machine: Machine, ns: number): string | null {
  return ns === 0 ? '' : (machine.netnsName(ns) ?? null);
}

function userName(machine: Machine, uid: number): string {
  return machine.ports.users().find((user) => user.uid === uid)?.name ?? String(uid);
}

function hostsEntry(machine: Machine | undefined, host: string): string | undefined {
  const text = fromUtf8(machine?.readFileAt('/etc/hosts') ?? new Uint8Array(0));
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address !== undefined && names.includes(host) && parseIp4(address) !== undefined) return address;
  }
  return undefined;
}

function fileView(machine: Machine, path: string): FileView | null {
  const found = machine.tree.resolve(machine.init, path);
  if (!found.ok) return null;
  const inode = found.value;
  const content = inode.kind === 'file' ? machine.readFileAt(path) : undefined;
  const kind = inode.kind === 'file' || inode.kind === 'directory' ? inode.kind : inode.kind === 'symlink' ? 'link' : 'other';
  const group = machine.ports.groups().find(({ gid }) => gid === inode.gid)?.name ?? String(inode.gid);
  return { path, kind, mode: inode.mode, owner: userName(machine, inode.uid), group, sizeBytes: content?.length ?? inode.size, text: content === undefined ? null : fromUtf8(content.subarray(0, TEXT_KEPT)) };
}
