/**
 * Active questions: asked of a copy of the world, so they cost little and leave no trace. No process runs in a copy; its kernels answer
 * echo requests and complete handshakes of listening sockets by themselves.
 */
import type { ConnectQuestion, ConnectView, PingQuestion, PingView, TraceQuestion } from '../../contracts/observer.ts';
import type { Death, PacketTrace, Place, TraceStep } from '../../contracts/trace.ts';
import type { Endpoint, Family, NetKernel, SocketId, SocketType } from '../../simulator/kernel/api.ts';
import type { Errno } from '../../simulator/result.ts';
import type { World } from '../../simulator/world/api.ts';
import { checksum } from '../../simulator/bytes.ts';
import { parseIp6 } from '../../simulator/wire/ip6.ts';
import { Journal, type PlaceOf } from './trace.ts';

/** An ARP that nobody answers fails after three seconds. */
const PATIENCE_US = 3_600_000;

export interface ActiveWorld {
  readonly world: World;
  readonly placeOf: PlaceOf;
  /** The kernel and namespace of a place; undefined when there is no such place. */
  find(place: Place): { kernelId: number; ns: number } | undefined;
  /** A name from /etc/hosts of that machine, or the address itself; undefined: unknown. */
  resolve(machine: string, host: string): string | undefined;
}

const errorTexts: Partial<Record<Errno, string>> = {
  ENETUNREACH: 'Network is unreachable', EHOSTUNREACH: 'Destination Host Unreachable', EPERM: 'Operation not permitted', EACCES: 'Do you want to ping broadcast?', EINVAL: 'Invalid argument',
  ECONNREFUSED: 'Connection refused', ETIMEDOUT: 'Connection timed out', EADDRNOTAVAIL: 'Cannot assign requested address', EMSGSIZE: 'Message too long',
};

export function ping(active: ActiveWorld, { from, to, sizeBytes = 56, ttl }: PingQuestion): PingView {
  const family = familyOf(to);
  return ask(active, from, { type: 'ping', family }, ({ kernel, id, world, journal }) => {
    if (ttl !== undefined) kernel.sockets.setOptions(id, { ttl });
    const connected = kernel.sockets.connect(id, { address: to, port: 0 });
    if (!connected.ok) return { outcome: 'error', error: errorTexts[connected.error] ?? connected.error, ...noWay(from, connected.error, to) };
    kernel.sockets.setOptions(id, { receiveError: true });
    const sent = kernel.sockets.send(id, echoRequest(family, sizeBytes));
    if (!sent.ok) return { outcome: 'error', error: errorTexts[sent.error] ?? sent.error, ...journal.journeys() };
    const isOver = runUntil(world, () => {
      const { readable, error, errorQueue } = kernel.sockets.readiness(id);
      return readable || error || errorQueue;
    });
    const { request, reply, died } = journal.journeys();
    if (isOver && kernel.sockets.receiveDatagram(id).ok) return { outcome: 'reply', request, ...(reply === undefined ? {} : { reply }) };
    const report = kernel.sockets.receiveErrorReport(id);
    const error = report.ok ? icmpText(family, report.value.type, report.value.code) ?? errorTexts[report.value.error] : undefined;
    return { outcome: error === undefined ? 'silence' : 'error', ...(error === undefined ? {} : { error }), request, ...(reply === undefined ? {} : { reply }), ...(died === undefined ? {} : { died }) };
  }) ?? { outcome: 'error', error: 'no such place', ...noWay(from, 'ENOENT', to) };
}

export function connect(active: ActiveWorld, { from, host, port, protocol = 'tcp' }: ConnectQuestion): ConnectView {
  const address = active.resolve(from.machine, host);
  if (address === undefined) return { outcome: 'unknown-host', ...noWay(from, 'ENOENT', host) };
  return ask(active, from, { type: protocol, family: familyOf(address) }, ({ kernel, ns, id, world, journal }): ConnectView => {
    const started = kernel.sockets.connect(id, { address, port });
    if (!started.ok && isEmptyService(kernel, ns, started.error, address)) return { outcome: 'unreachable', ...emptyService(from, { address, port }) };
    if (!started.ok && started.error !== 'EINPROGRESS') return { outcome: started.error === 'ECONNREFUSED' ? 'refused' : 'unreachable', ...noWay(from, started.error, address) };
    const exchange = exchangeAt({ kernel, ns, id, world }, from, { address, port });
    if (protocol === 'udp') kernel.sockets.send(id, new Uint8Array(1));
    runUntil(world, () => {
      const { readable, writable, error, hangup } = kernel.sockets.readiness(id);
      return error || hangup || readable || (protocol === 'tcp' && writable);
    });
    const { readable, writable } = kernel.sockets.readiness(id);
    const error = kernel.sockets.takeError(id);
    const outcome = error === 'ECONNREFUSED' ? 'refused' : error !== undefined ? 'unreachable' : protocol === 'tcp' ? (writable ? 'connected' : 'timeout') : readable ? 'connected' : 'timeout';
    const { request, reply, died } = journal.journeys();
    return { outcome, request: { ...request, steps: [...exchange, ...request.steps] }, ...(reply === undefined ? {} : { reply }), ...(outcome === 'connected' || died === undefined ? {} : { died }) };
  }) ?? { outcome: 'unreachable', ...noWay(from, 'ENOENT', host) };
}

/** One new packet of a new flow, as far as it gets. */
export function trace(active: ActiveWorld, { from, to, protocol, port = 33434, sourcePort }: TraceQuestion): PacketTrace {
  const family = familyOf(to);
  const type: SocketType = { type: protocol === 'icmp' ? 'ping' : protocol, family };
  return ask(active, from, type, ({ kernel, ns, id, world, journal }) => {
    const target: Endpoint = { address: to, port: protocol === 'icmp' ? 0 : port };
    if (sourcePort !== undefined) kernel.sockets.bind(id, { address: family === 'inet' ? '0.0.0.0' : '::', port: sourcePort });
    const connected = kernel.sockets.connect(id, target);
    if (!connected.ok && isEmptyService(kernel, ns, connected.error, to)) return emptyService(from, target).request;
    if (!connected.ok && connected.error !== 'EINPROGRESS') return noWay(from, connected.error, to).request;
    const exchange = exchangeAt({ kernel, ns, id, world }, from, target);
    if (protocol === 'icmp') kernel.sockets.send(id, echoRequest(family, 56));
    else if (protocol === 'udp') kernel.sockets.send(id, new Uint8Array(32));
    runUntil(world, () => {
      const { readable, error, errorQueue, hangup } = kernel.sockets.readiness(id);
      return readable || error || errorQueue || hangup;
    });
    const request = journal.request();
    return { ...request, steps: [...exchange, ...request.steps] };
  }) ?? noWay(from, 'ENOENT', to).request;
}

interface Asking { readonly world: World; readonly kernel: NetKernel; readonly ns: number; readonly id: SocketId; readonly journal: Journal }

function ask<Value>(active: ActiveWorld, from: Place, type: SocketType, question: (asking: Asking) => Value): Value | undefined {
  const found = active.find(from);
  if (found === undefined) return undefined;
  const world = active.world.clone();
  const kernel = world.kernel(found.kernelId);
  const opened = kernel.sockets.open(found.ns, type, 0);
  if (!opened.ok) return undefined;
  const journal = new Journal(active.placeOf);
  world.traceSink = (event) => journal.add(event);
  return question({ world, kernel, ns: found.ns, id: opened.value, journal });
}

function runUntil(world: World, isOver: () => boolean): boolean {
  const limitUs = world.nowUs + PATIENCE_US;
  while (!isOver()) {
    const nextUs = world.nextEventUs();
    if (nextUs === undefined || nextUs > limitUs) return false;
    world.step();
  }
  return true;
}

/** A program at the socket may have put another address into the call: then the journey begins with that. */
function exchangeAt({ kernel, ns, id, world }: Pick<Asking, 'kernel' | 'ns' | 'id' | 'world'>, from: Place, asked: Endpoint): readonly TraceStep[] {
  if (kernel.bpf.loaded === undefined) return [];
  const real = kernel.sockets.sockets(ns).find((one) => one.id === id && one.type !== 'ping')?.remote;
  if (real === undefined || (real.address === asked.address && real.port === asked.port)) return [];
  return [{ kind: 'hook', place: from, atUs: world.nowUs, text: `Before there is a packet, a program at the socket exchanges its destination: ${asked.address}:${asked.port} becomes ${real.address}:${real.port}.` }];
}

/** The program refuses what the routes would allow. */
function isEmptyService(kernel: NetKernel, ns: number, error: Errno, address: string): boolean {
  return error === 'EHOSTUNREACH' && kernel.bpf.loaded !== undefined && kernel.netlink.lookupRoute(ns, { family: 'inet', to: address }).ok;
}

function emptyService(from: Place, { address, port }: Endpoint): { request: PacketTrace; died: Death } {
  const reason = `The program at the socket refuses: ${address}:${port} has no endpoints.`;
  const died: Death = { cause: 'has-no-endpoints', reason, at: { place: from }, layer: 'service' };
  return { request: { steps: [{ kind: 'drop', place: from, atUs: 0, text: reason }], outcome: 'died', died }, died };
}

/** The kernel refused before any packet was made. */
function noWay(from: Place, error: Errno, to: string): { request: PacketTrace; died: Death } {
  const where = from.netns === '' ? from.machine : from.netns;
  const reason = error === 'ENETUNREACH' ? `${where} has no route to ${to}.` : error === 'ENOENT' ? `${where} does not exist.` : `${where} refuses: ${errorTexts[error] ?? error}.`;
  const died: Death = { cause: error === 'ENETUNREACH' ? 'no-route' : error.toLowerCase(), reason, at: { place: from }, layer: error === 'ENETUNREACH' ? 'route' : 'address' };
  return { request: { steps: [{ kind: 'drop', place: from, atUs: 0, text: reason }], outcome: 'died', died }, died };
}

function familyOf(address: string): Family {
  return parseIp6(address) === undefined ? 'inet' : 'inet6';
}

/** The kernel writes the checksum of ICMPv6, whose pseudo-header only it knows. */
function echoRequest(family: Family, size: number): Uint8Array {
  const bytes = new Uint8Array(8 + size);
  bytes[0] = family === 'inet' ? 8 : 128;
  bytes[7] = 1;
  for (let at = 8; at < bytes.length; at++) bytes[at] = at & 255;
  if (family === 'inet6') return bytes;
  const sum = checksum(bytes);
  bytes[2] = sum >> 8;
  bytes[3] = sum & 255;
  return bytes;
}

function icmpText(family: Family, type: number, code: number): string | undefined {
  if (family === 'inet6') return type === 3 ? 'Time exceeded' : type === 1 ? unreachable6[code] : type === 2 ? 'Packet too big' : undefined;
  if (type === 11) return 'Time to live exceeded';
  return type === 3 ? unreachable4[code] : undefined;
}

const unreachable4: Readonly<Record<number, string>> = { 0: 'Destination Net Unreachable', 1: 'Destination Host Unreachable', 2: 'Destination Protocol Unreachable', 3: 'Destination Port Unreachable', 4: 'Frag needed and DF set', 9: 'Destination Net Prohibited', 10: 'Destination Host Prohibited', 13: 'Packet filtered' };
/** iputils: ping/ping6_common.c (print_icmp) */
const unreachable6: Readonly<Record<number, string>> = { 0: 'No route', 1: 'Administratively prohibited', 2: 'Beyond scope of source address', 3: 'Address unreachable', 4: 'Port unreachable' };
