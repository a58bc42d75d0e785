/** A lab that is only told, never run: for the tests of grading. Not reachable from the product. */
import type {
  AddressView, Answer, CaptureView, ChainView, CommandView, ConntrackView, FdbView, FileView, LinkView, NeighbourView, Observer, PingView, ProcessView,
  RouteView, SessionView,
} from '../contracts/observer.ts';
import { unavailableObserver } from '../contracts/observer.ts';
import type { PacketTrace, Place } from '../contracts/trace.ts';

export const places = { vm: { machine: 'host', netns: '' }, demo: { machine: 'host', netns: 'demo-ns' } };

export interface Told {
  links?: Record<string, LinkView[]>;
  addresses?: Record<string, AddressView[]>;
  routes?: Record<string, RouteView[]>;
  neighbours?: Record<string, NeighbourView[]>;
  fdb?: Record<string, FdbView[]>;
  chains?: Record<string, ChainView[]>;
  conntrack?: Record<string, ConntrackView[]>;
  sysctls?: Record<string, Record<string, string>>;
  namespaces?: string[];
  processes?: ProcessView[];
  packages?: string[];
  sessions?: SessionView[];
  commands?: CommandView[];
  captures?: CaptureView[];
  files?: Record<string, string>;
  ping?: PingView;
  trace?: PacketTrace;
}

/** What is not told is unavailable, except namespaces, of which there are none. Keys of records: vm, demo. */
export function scripted(told: Told): Observer {
  const keyOf = (place: Place) => (place.netns === '' ? 'vm' : 'demo');
  const say = <Value>(value: Value | undefined): Promise<Answer<Value>> =>
    Promise.resolve(value === undefined ? { unavailable: 'it was not told' } : { atMs: 0, value });
  const inPlace = <Value>(record: Record<string, Value[]> | undefined) => (place: Place) => say(record === undefined ? undefined : (record[keyOf(place)] ?? []));
  return {
    ...unavailableObserver('scripted', 'it was not told'),
    links: inPlace(told.links),
    addresses: inPlace(told.addresses),
    routes: inPlace(told.routes),
    neighbours: inPlace(told.neighbours),
    fdb: inPlace(told.fdb),
    chains: inPlace(told.chains),
    conntrack: inPlace(told.conntrack),
    sysctl: (place, key) => say(told.sysctls === undefined ? undefined : (told.sysctls[keyOf(place)]?.[key] ?? null)),
    namespaces: () => say((told.namespaces ?? []).map((name) => ({ name, id: null }))),
    processes: () => say(told.processes),
    packages: () => say(told.packages?.map((name) => ({ name, version: '1' }))),
    sessions: () => say(told.sessions),
    commands: () => say(told.commands),
    captures: () => say(told.captures),
    file: (_, path) => say(told.files === undefined ? undefined : fileOf(path, told.files[path])),
    ping: () => say(told.ping),
    trace: () => say(told.trace),
  };
}

export function aLink(name: string, more: Partial<LinkView> = {}): LinkView {
  return { name, index: 5, kind: 'ether', mac: '02:00:00:00:00:05', flags: [], isUp: true, hasCarrier: true, operstate: 'UP', master: null, peer: null, mtu: 1500, alias: null, ...more };
}

export function anAddress(device: string, prefix: string): AddressView {
  const [address = '', length] = prefix.split('/');
  return { device, family: address.includes(':') ? 6 : 4, address, prefixLength: Number(length), scope: 'global' };
}

export function aRoute(destination: string, gateway: string | null, device: string): RouteView {
  return { family: 4, table: 'main', destination, kind: 'unicast', gateway, device, scope: 'global', source: null, metric: 0, protocol: 'boot' };
}

export function aCommand(line: string, output: string, more: Partial<CommandView> = {}): CommandView {
  return { id: 1, terminal: 'vm', machine: 'host', netns: '', user: 'learner', line, programs: [line.split(' ')], output, startedAtMs: 0, endedAtMs: 1, exit: 0, ...more };
}

export function aProcess(command: string, more: Partial<ProcessView> = {}): ProcessView {
  return { pid: 9, parentPid: 1, processGroup: 9, session: 1, tty: 'pts/0', netns: '', user: 'root', argv: command.split(' '), cwd: '/', state: 'sleeping', startedAtMs: 0, ...more };
}

export const noPacket: PacketTrace = { steps: [], outcome: 'died' };

function fileOf(path: string, text: string | undefined): FileView | null {
  return text === undefined ? null : { path, kind: 'file', mode: 0o644, owner: 'root', group: 'root', sizeBytes: text.length, text };
}
