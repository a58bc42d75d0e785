/**
 * Neighbours and their states: INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED. One machine for ARP and neighbour discovery.
 * Read first: net/core/neighbour.c (__neigh_event_send, neigh_timer_handler, __neigh_update), RFC 4861 section 7.3
 */
import { put16 } from '../bytes.ts';
import { died, point } from '../kernel/trace.ts';
import type { LinkIndex, NeighbourState } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState, Neighbour, NeighbourParameters } from '../kernel/state.ts';
import { notifyNeighbour } from '../kernel/notify.ts';
import { putDeviceMac } from '../devices/device.ts';
import { transmit } from '../devices/transmit.ts';
import { reportUnreachableHost4 } from '../ip/icmp4.ts';
import { reportUnreachableHost6 } from '../ip/icmp6.ts';
import * as ethernet from '../wire/ethernet.ts';
import { formatIp4, isMulticastIp4, type Ip4 } from '../wire/ip4.ts';
import { formatIp6, isMulticastIp6, type Ip6 } from '../wire/ip6.ts';
import { BROADCAST_MAC, macOfIp4Multicast, macOfIp6Multicast, putMac, ZERO_MAC, type Mac } from '../wire/mac.ts';
import { solicitArp } from './arp.ts';
import { solicitNd } from './nd.ts';

export type Ip = Ip4 | Ip6;

const VALID: ReadonlySet<NeighbourState> = new Set(['PERMANENT', 'NOARP', 'REACHABLE', 'PROBE', 'STALE', 'DELAY']);
const CONNECTED: ReadonlySet<NeighbourState> = new Set(['PERMANENT', 'NOARP', 'REACHABLE']);
const IN_TIMER: ReadonlySet<NeighbourState> = new Set(['INCOMPLETE', 'REACHABLE', 'DELAY', 'PROBE']);

export function isValid(neighbour: Neighbour): boolean {
  return VALID.has(neighbour.state);
}

function tableOf(namespace: NamespaceState, family: 'inet' | 'inet6'): Map<LinkIndex, Map<Ip, Neighbour>> {
  return (family === 'inet' ? namespace.neighbours4 : namespace.neighbours6) as Map<LinkIndex, Map<Ip, Neighbour>>;
}

export function findNeighbour(namespace: NamespaceState, family: 'inet' | 'inet6', device: LinkIndex, address: Ip): Neighbour | undefined {
  return tableOf(namespace, family).get(device)?.get(address);
}

export function parametersOf(device: Device, family: 'inet' | 'inet6'): NeighbourParameters {
  return family === 'inet' ? device.neigh4 : device.neigh6;
}

export function makeNeighbour(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6', device: Device, address: Ip): Neighbour {
  const nowUs = kernel.world.nowUs;
  const made: Neighbour = {
    index: device.index, family, address, mac: undefined, state: 'NONE', isRouter: false, usedAtUs: nowUs, confirmedAtUs: nowUs - parametersOf(device, family).baseReachableMs * 2000, updatedAtUs: nowUs,
    probes: 0, queue: [], timerGeneration: 0, isTimerRunning: false,
  };
  const table = tableOf(namespace, family);
  let ofDevice = table.get(device.index);
  if (ofDevice === undefined) {
    ofDevice = new Map();
    table.set(device.index, ofDevice);
  }
  ofDevice.set(address, made);
  return made;
}

/** ip_finish_output2: writes the Ethernet header and transmits, or waits for an answer. `address` is the next hop, which may be one that IPv6 finds. */
export function outputVia4(kernel: Kernel, namespace: NamespaceState, device: Device, address: Ip4 | Ip6, packet: Packet): void {
  const { frame } = packet;
  packet.protocol = ethernet.TYPE_IPV4;
  put16(frame, 12, ethernet.TYPE_IPV4);
  if (device.noArp || device.kind === 'loopback') return sendTo(kernel, namespace, device, packet, device.kind === 'loopback' ? ZERO_MAC : device.mac);
  if (typeof address !== 'number') return output(kernel, namespace, 'inet6', device, address, packet);
  if (isMulticastIp4(address)) return sendTo(kernel, namespace, device, packet, macOfIp4Multicast(address));
  if (packet.type === 'broadcast') return sendTo(kernel, namespace, device, packet, device.broadcast === '' ? BROADCAST_MAC : device.broadcast);
  output(kernel, namespace, 'inet', device, address, packet);
}

export function outputVia6(kernel: Kernel, namespace: NamespaceState, device: Device, address: Ip6, packet: Packet): void {
  packet.protocol = ethernet.TYPE_IPV6;
  put16(packet.frame, 12, ethernet.TYPE_IPV6);
  if (device.noArp || device.kind === 'loopback') return sendTo(kernel, namespace, device, packet, device.kind === 'loopback' ? ZERO_MAC : device.mac);
  if (isMulticastIp6(address)) return sendTo(kernel, namespace, device, packet, macOfIp6Multicast(address));
  output(kernel, namespace, 'inet6', device, address, packet);
}

function sendTo(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, mac: Mac): void {
  putMac(packet.frame, 0, mac);
  // A bridged frame keeps its sender.
  if (packet.bridgedFrom === undefined || packet.bridgedFrom === 0) putDeviceMac(packet.frame, 6, device);
  transmit(kernel, namespace, device, packet);
}

function output(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6', device: Device, address: Ip, packet: Packet): void {
  const neighbour = findNeighbour(namespace, family, device.index, address) ?? makeNeighbour(kernel, namespace, family, device, address);
  neighbour.usedAtUs = kernel.world.nowUs;
  if (!mayUse(kernel, namespace, device, neighbour, packet)) return;
  sendTo(kernel, namespace, device, packet, neighbour.mac!);
}

/** For a bridged frame whose destination was translated: rewrites its destination and lets it go on, or answers false. */
export function resolveForBridge(kernel: Kernel, namespace: NamespaceState, device: Device, address: Ip4, packet: Packet): boolean {
  const neighbour = findNeighbour(namespace, 'inet', device.index, address) ?? makeNeighbour(kernel, namespace, 'inet', device, address);
  neighbour.usedAtUs = kernel.world.nowUs;
  packet.bridgedFrom = packet.physicalIn;
  if (!mayUse(kernel, namespace, device, neighbour, packet)) return false;
  packet.bridgedFrom = 0;
  putMac(packet.frame, 0, neighbour.mac!);
  return true;
}

/** __neigh_event_send: true when the address is known well enough to send at once. */
function mayUse(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour, packet: Packet): boolean {
  const nowUs = kernel.world.nowUs;
  const parameters = parametersOf(device, neighbour.family);
  const { state } = neighbour;
  let isFirstProbe = false;
  switch (state) {
    case 'REACHABLE': case 'PERMANENT': case 'NOARP': case 'DELAY': case 'PROBE':
      return true;
    case 'STALE':
      neighbour.state = 'DELAY';
      neighbour.updatedAtUs = nowUs;
      startTimer(kernel, namespace, neighbour, parameters.delayFirstProbeMs * 1000);
      notifyNeighbour(kernel, namespace, neighbour);
      return true;
    case 'NONE': case 'FAILED':
      neighbour.probes = parameters.unicastProbes;
      neighbour.state = 'INCOMPLETE';
      neighbour.updatedAtUs = nowUs;
      startTimer(kernel, namespace, neighbour, parameters.retransmitMs * 1000);
      isFirstProbe = true;
      break;
    case 'INCOMPLETE':
      break;
  }
  if (neighbour.queue.length >= parameters.queueLength) {
    const oldest = neighbour.queue.shift()!;
    died(kernel, namespace.id, oldest, 'neighbour', `too many packets wait for ${textOf(neighbour)}`, device.name);
  }
  neighbour.queue.push(packet);
  traceNeighbour(kernel, namespace, device, neighbour, packet, 'queued');
  if (isFirstProbe) probe(kernel, namespace, device, neighbour);
  return false;
}

function probe(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour): void {
  const about = neighbour.queue[neighbour.queue.length - 1];
  const isUnicast = neighbour.probes < parametersOf(device, neighbour.family).unicastProbes;
  neighbour.probes += 1;
  if (neighbour.family === 'inet') solicitArp(kernel, namespace, device, neighbour, about, isUnicast);
  else solicitNd(kernel, namespace, device, neighbour, about, isUnicast);
}

function startTimer(kernel: Kernel, namespace: NamespaceState, neighbour: Neighbour, delayUs: number): void {
  neighbour.timerGeneration += 1;
  neighbour.isTimerRunning = true;
  kernel.world.post(delayUs, {
    kind: 'neighbour', kernelId: kernel.state.id, ns: namespace.id, family: neighbour.family, device: neighbour.index, address: neighbour.address, generation: neighbour.timerGeneration,
  });
}

function stopTimer(neighbour: Neighbour): void {
  neighbour.timerGeneration += 1;
  neighbour.isTimerRunning = false;
}

/** neigh_timer_handler */
export function neighbourTimer(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6', index: LinkIndex, address: Ip, generation: number): void {
  const neighbour = findNeighbour(namespace, family, index, address);
  const device = namespace.devices.get(index);
  if (neighbour === undefined || device === undefined || neighbour.timerGeneration !== generation) return;
  neighbour.isTimerRunning = false;
  if (!IN_TIMER.has(neighbour.state)) return;
  const nowUs = kernel.world.nowUs;
  const parameters = parametersOf(device, family);
  const delayUs = parameters.delayFirstProbeMs * 1000;
  const before = neighbour.state;
  let nextUs: number | undefined;
  if (neighbour.state === 'REACHABLE') {
    if (nowUs < neighbour.confirmedAtUs + parameters.reachableMs * 1000) nextUs = neighbour.confirmedAtUs + parameters.reachableMs * 1000;
    else if (nowUs < neighbour.usedAtUs + delayUs) {
      neighbour.state = 'DELAY';
      neighbour.updatedAtUs = nowUs;
      nextUs = nowUs + delayUs;
    } else {
      neighbour.state = 'STALE';
      neighbour.updatedAtUs = nowUs;
    }
  } else if (neighbour.state === 'DELAY') {
    if (nowUs < neighbour.confirmedAtUs + delayUs) {
      neighbour.state = 'REACHABLE';
      neighbour.updatedAtUs = nowUs;
      nextUs = neighbour.confirmedAtUs + parameters.reachableMs * 1000;
    } else {
      neighbour.state = 'PROBE';
      neighbour.updatedAtUs = nowUs;
      neighbour.probes = 0;
      nextUs = nowUs + parameters.retransmitMs * 1000;
    }
  } else nextUs = nowUs + parameters.retransmitMs * 1000;

  const isAsking = neighbour.state === 'INCOMPLETE' || neighbour.state === 'PROBE';
  const maxProbes = parameters.unicastProbes + parameters.applicationProbes + (neighbour.state === 'PROBE' ? parameters.multicastReprobes : parameters.multicastProbes);
  if (isAsking && neighbour.probes >= maxProbes) {
    neighbour.state = 'FAILED';
    neighbour.updatedAtUs = nowUs;
    notifyNeighbour(kernel, namespace, neighbour);
    return invalidate(kernel, namespace, device, neighbour);
  }
  if (nextUs !== undefined) startTimer(kernel, namespace, neighbour, Math.max(10_000, nextUs - nowUs));
  if (isAsking) probe(kernel, namespace, device, neighbour);
  if (before !== neighbour.state) notifyNeighbour(kernel, namespace, neighbour);
}

/** neigh_invalidate: every waiting packet is answered with "host unreachable". */
function invalidate(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour): void {
  const queue = neighbour.queue;
  neighbour.queue = [];
  for (const packet of queue) {
    traceNeighbour(kernel, namespace, device, neighbour, packet, 'failed');
    if (packet.protocol === ethernet.TYPE_IPV4) reportUnreachableHost4(kernel, namespace, packet);
    else reportUnreachableHost6(kernel, namespace, packet);
    died(kernel, namespace.id, packet, 'neighbour', `nobody answered for ${textOf(neighbour)}`, device.name);
  }
}

export interface NeighbourUpdate { mac: Mac | undefined; state: NeighbourState; override?: boolean; weakOverride?: boolean; admin?: boolean; isRouter?: boolean }

/** __neigh_update; false when an administrator asks for the impossible. */
export function updateNeighbour(kernel: Kernel, namespace: NamespaceState, neighbour: Neighbour, update: NeighbourUpdate): boolean {
  const device = namespace.devices.get(neighbour.index)!;
  const nowUs = kernel.world.nowUs;
  const old = neighbour.state;
  let wanted = update.state;
  if (update.admin !== true && (old === 'NOARP' || old === 'PERMANENT')) return false;
  if (!VALID.has(wanted)) {
    stopTimer(neighbour);
    neighbour.state = wanted;
    if (wanted !== old) neighbour.updatedAtUs = nowUs;
    if ((old === 'INCOMPLETE' || old === 'PROBE') && wanted === 'FAILED') invalidate(kernel, namespace, device, neighbour);
    notifyNeighbour(kernel, namespace, neighbour);
    return true;
  }
  let mac = update.mac;
  if (mac === undefined) {
    if (!VALID.has(old)) return false;
    mac = neighbour.mac;
  }
  if (CONNECTED.has(wanted)) neighbour.confirmedAtUs = nowUs;
  if (update.isRouter !== undefined) neighbour.isRouter = update.isRouter;
  if (VALID.has(old)) {
    if (mac !== neighbour.mac && update.override !== true) {
      if (update.weakOverride !== true || !CONNECTED.has(old)) return true;
      mac = neighbour.mac;
      wanted = 'STALE';
    } else if (mac === neighbour.mac && wanted === 'STALE' && update.admin !== true) wanted = old;
  }
  const hasChanged = wanted !== old || mac !== neighbour.mac;
  if (hasChanged) neighbour.updatedAtUs = nowUs;
  if (wanted !== old) {
    stopTimer(neighbour);
    neighbour.state = wanted;
    if (IN_TIMER.has(wanted)) startTimer(kernel, namespace, neighbour, wanted === 'REACHABLE' ? parametersOf(device, neighbour.family).reachableMs * 1000 : 0);
  }
  if (mac !== neighbour.mac) {
    neighbour.mac = mac;
    if (!CONNECTED.has(wanted)) neighbour.confirmedAtUs = nowUs - parametersOf(device, neighbour.family).baseReachableMs * 2000;
  }
  if (hasChanged) notifyNeighbour(kernel, namespace, neighbour);
  if (wanted !== old && !VALID.has(old)) flushQueue(kernel, namespace, device, neighbour);
  return true;
}

function flushQueue(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour): void {
  const queue = neighbour.queue;
  neighbour.queue = [];
  for (const packet of queue) {
    traceNeighbour(kernel, namespace, device, neighbour, packet, 'resolved');
    if (!mayUse(kernel, namespace, device, neighbour, packet)) continue;
    sendTo(kernel, namespace, device, packet, neighbour.mac!);
  }
}

/** dst_confirm: an upper layer has heard from the neighbour. */
export function confirmNeighbour(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6', device: LinkIndex, address: Ip): void {
  const neighbour = findNeighbour(namespace, family, device, address);
  if (neighbour !== undefined) neighbour.confirmedAtUs = kernel.world.nowUs;
}

/** neigh_ifdown and neigh_carrier_down; permanent entries survive a lost carrier only. */
export function flushNeighbours(kernel: Kernel, namespace: NamespaceState, device: Device, why: 'down' | 'carrier' | 'gone'): void {
  for (const family of ['inet', 'inet6'] as const) {
    if (why === 'carrier' && family === 'inet' && device.conf4.arp_evict_nocarrier === 0) continue;
    const ofDevice = tableOf(namespace, family).get(device.index);
    if (ofDevice === undefined) continue;
    for (const neighbour of ofDevice.values()) {
      if (why === 'carrier' && neighbour.state === 'PERMANENT') continue;
      removeNeighbour(kernel, namespace, neighbour);
    }
  }
}

export function removeNeighbour(kernel: Kernel, namespace: NamespaceState, neighbour: Neighbour): void {
  stopTimer(neighbour);
  const ofDevice = tableOf(namespace, neighbour.family).get(neighbour.index);
  ofDevice?.delete(neighbour.address);
  for (const packet of neighbour.queue) died(kernel, namespace.id, packet, 'neighbour', `the entry for ${textOf(neighbour)} was removed while packets waited`, '');
  neighbour.queue = [];
  notifyNeighbour(kernel, namespace, neighbour, true);
}

function textOf(neighbour: Neighbour): string {
  return typeof neighbour.address === 'number' ? formatIp4(neighbour.address) : formatIp6(neighbour.address);
}

function traceNeighbour(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour, packet: Packet, outcome: 'resolved' | 'queued' | 'failed'): void {
  const sink = kernel.world.traceSink;
  if (sink === undefined) return;
  sink({ ...point(kernel, namespace.id, packet), kind: 'neighbour', address: textOf(neighbour), device: device.name, outcome });
}
