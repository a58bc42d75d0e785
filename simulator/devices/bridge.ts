/**
 * A Linux software bridge: learns source addresses, floods what it has not learnt, passes its own frames up.
 * Read first: net/bridge/br_input.c, br_forward.c, br_fdb.c, br_netfilter_hooks.c
 */
import { copyPacket } from '../kernel/packets.ts';
import { died, point } from '../kernel/trace.ts';
import type { LinkIndex, Mac } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { BridgeState, Device, FdbEntry, Kernel, NamespaceState } from '../kernel/state.ts';
import * as ethernet from '../wire/ethernet.ts';
import { macAt } from '../wire/mac.ts';
import { bridgeForward, bridgePostRouting, bridgePreRouting } from './bridge-netfilter.ts';
import { isMacOf, macKeyAt, macKeyOf } from './device.ts';
import { overhear } from './multicast-snooping.ts';
import { receiveClassified } from './receive.ts';
import { receiveBpdu } from './stp.ts';
import { transmit } from './transmit.ts';

const GC_APART_US = 10_000;

/** br_handle_frame: a frame has come in by a port. */
export function receiveAtPort(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const port = device.port!;
  const bridgeDevice = namespace.devices.get(port.bridge);
  if (bridgeDevice === undefined) return died(kernel, namespace.id, packet, 'link', 'the bridge is gone', device.name);
  const { frame } = packet;
  if (isReserved(frame)) {
    const last = frame[5]!;
    const isForwarded = last === 0 ? !bridgeDevice.bridge!.stp : (bridgeDevice.bridge!.groupFwdMask & (1 << last)) !== 0;
    if (!isForwarded) {
      if (last === 0) receiveBpdu(kernel, namespace, bridgeDevice, device, packet);
      else died(kernel, namespace.id, packet, 'link', 'a bridge does not forward link-local group addresses', device.name);
      return;
    }
  }
  if (port.state !== 'forwarding' && port.state !== 'learning') {
    device.stats.rxDropped += 1;
    return died(kernel, namespace.id, packet, 'link', `the bridge port is ${port.state}`, device.name);
  }
  if (isMacOf(bridgeDevice, frame, 0)) packet.type = 'host';
  if (!bridgePreRouting(kernel, namespace, bridgeDevice, device, packet)) return;
  finishAtPort(kernel, namespace, bridgeDevice, device, packet);
}

/** br_handle_frame_finish: learn, then pass up, forward or flood. */
export function finishAtPort(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device, packet: Packet): void {
  const bridge = bridgeDevice.bridge!;
  const port = device.port!;
  const { frame } = packet;
  const nowUs = kernel.world.nowUs;
  if (port.learning) learn(kernel, bridge, device.index, frame, nowUs);
  if (port.state === 'learning') return died(kernel, namespace.id, packet, 'link', 'the bridge port is learning', device.name);
  const isGroup = ethernet.isMulticast(frame);
  if (isGroup) {
    if (!ethernet.isBroadcast(frame)) bridgeDevice.stats.rxMulticast += 1;
    overhear(kernel, bridge, device.index, frame);
    trace(kernel, namespace, bridgeDevice, device, packet, 'flood');
    flood(kernel, namespace, bridgeDevice, packet, device, 'group');
    return passUp(kernel, namespace, bridgeDevice, packet);
  }
  const entry = findEntry(bridge, macKeyAt(frame, 0), nowUs);
  if (entry?.isLocal === true) {
    trace(kernel, namespace, bridgeDevice, device, packet, 'local');
    return passUp(kernel, namespace, bridgeDevice, packet);
  }
  if (bridgeDevice.promiscuity > 0) passUp(kernel, namespace, bridgeDevice, copyPacket(packet));
  if (entry !== undefined) {
    entry.usedAtUs = nowUs;
    const egress = namespace.devices.get(entry.port);
    trace(kernel, namespace, bridgeDevice, device, packet, 'forward', egress);
    if (egress?.port !== undefined && mayLeave(egress, device)) return forwardTo(kernel, namespace, bridgeDevice, egress, packet);
    return died(kernel, namespace.id, packet, 'link', egress === device ? 'it would leave by the port it came in by (hairpin is off)' : 'the port it should leave by does not forward', device.name);
  }
  trace(kernel, namespace, bridgeDevice, device, packet, 'flood');
  if (flood(kernel, namespace, bridgeDevice, packet, device, 'unknown') === 0) died(kernel, namespace.id, packet, 'link', 'no other port to flood to', bridgeDevice.name);
}

/** br_nf_pre_routing_finish_bridge_slow: the new neighbour of a translated frame is known now. */
export function resumeAtPort(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, packet: Packet): void {
  const device = namespace.devices.get(packet.bridgedFrom!);
  packet.bridgedFrom = 0;
  if (device?.port === undefined) return died(kernel, namespace.id, packet, 'link', 'the port it came in by is gone', bridgeDevice.name);
  finishAtPort(kernel, namespace, bridgeDevice, device, packet);
}

/** br_dev_xmit: the machine itself sends through the bridge device. */
export function transmitFromBridge(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, packet: Packet): void {
  const bridge = bridgeDevice.bridge!;
  const { frame } = packet;
  if (ethernet.isMulticast(frame)) {
    overhear(kernel, bridge, bridgeDevice.index, frame);
    trace(kernel, namespace, bridgeDevice, undefined, packet, 'flood');
    flood(kernel, namespace, bridgeDevice, packet, undefined, 'group');
    return;
  }
  const entry = findEntry(bridge, macKeyAt(frame, 0), kernel.world.nowUs);
  const egress = entry === undefined || entry.port === bridgeDevice.index ? undefined : namespace.devices.get(entry.port);
  if (egress?.port !== undefined) {
    entry!.usedAtUs = kernel.world.nowUs;
    trace(kernel, namespace, bridgeDevice, undefined, packet, 'forward', egress);
    if (mayLeave(egress, undefined)) return transmit(kernel, namespace, egress, packet);
    return died(kernel, namespace.id, packet, 'link', 'the port it should leave by does not forward', egress.name);
  }
  trace(kernel, namespace, bridgeDevice, undefined, packet, 'flood');
  if (flood(kernel, namespace, bridgeDevice, packet, undefined, 'unknown') === 0) died(kernel, namespace.id, packet, 'link', 'no port of the bridge forwards', bridgeDevice.name);
}

/** Out of every port that may; answers how many. The packet itself stays with the caller. */
function flood(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, packet: Packet, ingress: Device | undefined, why: 'group' | 'unknown'): number {
  let count = 0;
  for (const index of bridgeDevice.bridge!.ports) {
    const egress = namespace.devices.get(index);
    if (egress?.port === undefined || !mayLeave(egress, ingress)) continue;
    if (why === 'unknown' ? !egress.port.flood : ethernet.isBroadcast(packet.frame) ? !egress.port.broadcastFlood : !egress.port.multicastFlood) continue;
    count += 1;
    const copy = copyPacket(packet);
    if (ingress === undefined) transmit(kernel, namespace, egress, copy);
    else forwardTo(kernel, namespace, bridgeDevice, egress, copy);
  }
  return count;
}

function forwardTo(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, egress: Device, packet: Packet): void {
  if (!bridgeForward(kernel, namespace, bridgeDevice, egress, packet)) return;
  if (!bridgePostRouting(kernel, namespace, bridgeDevice, egress, packet)) return;
  transmit(kernel, namespace, egress, packet);
}

/** should_deliver */
function mayLeave(egress: Device, ingress: Device | undefined): boolean {
  const port = egress.port!;
  if (port.state !== 'forwarding') return false;
  if (ingress === undefined) return true;
  return (port.hairpin || egress !== ingress) && !(port.isolated && ingress.port?.isolated === true);
}

/** br_pass_frame_up: from now on the frame came in by the bridge device. */
export function passUp(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, packet: Packet): void {
  if (!bridgeDevice.isUp) return died(kernel, namespace.id, packet, 'link', 'the bridge device is down', bridgeDevice.name);
  bridgeDevice.stats.rxPackets += 1;
  bridgeDevice.stats.rxBytes += packet.frame.length - 14;
  receiveClassified(kernel, namespace, bridgeDevice, packet);
}

function isReserved(frame: Uint8Array): boolean {
  return frame[0] === 0x01 && frame[1] === 0x80 && frame[2] === 0xc2 && frame[3] === 0 && frame[4] === 0 && frame[5]! < 16;
}

/** br_fdb_update */
function learn(kernel: Kernel, bridge: BridgeState, port: LinkIndex, frame: Uint8Array, nowUs: number): void {
  if ((frame[6]! & 1) === 1) return;
  const key = macKeyAt(frame, 6);
  noteGc(bridge, nowUs);
  const known = bridge.fdb.get(key);
  if (known === undefined) {
    bridge.fdb.set(key, { mac: macAt(frame, 6), port, vlan: 0, isLocal: false, isStatic: false, updatedAtUs: nowUs, usedAtUs: nowUs, addedByUser: false });
    kernel.world.announceChange(kernel.state.id);
    return;
  }
  if (known.isLocal) return;
  if (known.port !== port && !known.isStatic) {
    known.port = port;
    kernel.world.announceChange(kernel.state.id);
  }
  known.updatedAtUs = nowUs;
}

/** An entry that has not aged out; one that has is forgotten here. */
export function findEntry(bridge: BridgeState, key: number, nowUs: number): FdbEntry | undefined {
  const entry = bridge.fdb.get(key);
  if (entry === undefined || entry.isLocal || entry.isStatic) return entry;
  if (nowUs - entry.updatedAtUs < holdUs(bridge)) return entry;
  noteGc(bridge, nowUs);
  bridge.fdb.delete(key);
  return undefined;
}

/** Forgets what has aged, as br_fdb_cleanup does in the background. */
export function expireEntries(bridge: BridgeState, nowUs: number): void {
  noteGc(bridge, nowUs);
  const limitUs = holdUs(bridge);
  for (const [key, entry] of bridge.fdb) if (!entry.isLocal && !entry.isStatic && nowUs - entry.updatedAtUs >= limitUs) bridge.fdb.delete(key);
}

/**
 * br_fdb_cleanup clears away at once what ages at different times: it runs when the first entry it saw would be due, and nobody sees it run but by the timer
 * that leads to its next run. So nothing runs here: when entries change, and when somebody looks, it is worked out when that would have been.
 */
export function gcDueUs(bridge: BridgeState, nowUs: number): number | undefined {
  let dueUs = bridge.gcDueUs;
  const holdsUs = holdUs(bridge);
  while (dueUs !== undefined && dueUs <= nowUs) {
    const ranAtUs = dueUs;
    const emptyUs = Math.max(holdsUs, GC_APART_US);
    const ageAtUs = [...bridge.fdb.values()].filter(({ isStatic }) => !isStatic).map(({ updatedAtUs }) => updatedAtUs + holdsUs).filter((atUs) => atUs > ranAtUs);
    if (ageAtUs.length === 0) dueUs += emptyUs * (Math.floor((nowUs - ranAtUs) / emptyUs) + 1);
    else dueUs = Math.max(Math.min(ranAtUs + emptyUs, ...ageAtUs), ranAtUs + GC_APART_US);
  }
  return dueUs;
}

/** Before an entry changes. */
export function noteGc(bridge: BridgeState, nowUs: number): void {
  if (bridge.gcDueUs !== undefined && bridge.gcDueUs <= nowUs) bridge.gcDueUs = gcDueUs(bridge, nowUs);
}

/** hold_time: after a topology change entries live only for the forward delay. */
function holdUs(bridge: BridgeState): number {
  return (bridge.topologyChange ? bridge.rootForwardDelayMs : bridge.ageingMs) * 1000;
}

/** fdb_insert of a port's or the bridge's own address. */
export function addLocalEntry(bridge: BridgeState, mac: Mac, port: LinkIndex, nowUs: number): void {
  const key = macKeyOf(mac);
  const known = bridge.fdb.get(key);
  if (known?.isLocal === true) return;
  bridge.fdb.delete(key);
  bridge.fdb.set(key, { mac, port, vlan: 0, isLocal: true, isStatic: true, updatedAtUs: nowUs, usedAtUs: nowUs, addedByUser: false });
}

/** br_fdb_delete_by_port; with `all` permanent ones too. */
export function deleteEntriesOf(bridge: BridgeState, port: LinkIndex, all: boolean): void {
  for (const [key, entry] of bridge.fdb) if (entry.port === port && (all || !entry.isStatic)) bridge.fdb.delete(key);
}

function trace(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, ingress: Device | undefined, packet: Packet, decision: 'forward' | 'flood' | 'local', egress?: Device): void {
  const sink = kernel.world.traceSink;
  if (sink === undefined) return;
  const leaving = decision === 'local' ? [] : decision === 'forward' ? (egress === undefined ? [] : [egress.name]) : bridgeDevice.bridge!.ports.map((index) => namespace.devices.get(index)).filter((one) => one !== undefined && mayLeave(one, ingress)).map((one) => one!.name);
  sink({ ...point(kernel, namespace.id, packet), kind: 'bridge', bridge: bridgeDevice.name, port: ingress?.name ?? bridgeDevice.name, decision, egress: leaving });
}
