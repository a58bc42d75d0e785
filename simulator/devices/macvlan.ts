/** macvlan: several addresses on one device. Read first: drivers/net/macvlan.c */
import { died } from '../kernel/trace.ts';
import { copyPacket } from '../kernel/packets.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { isMulticast } from '../wire/ethernet.ts';
import { isMacOf } from './device.ts';
import { classify, receiveClassified } from './receive.ts';
import { arrive, transmit, VIRTUAL_HOP_US } from './transmit.ts';

export function transmitMacvlan(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const below = kernel.state.namespaces.get(device.lowerNs);
  const lower = below?.devices.get(device.lower);
  if (below === undefined || lower === undefined) return died(kernel, namespace.id, packet, 'link', 'the device below is gone', device.name);
  device.stats.txPackets += 1;
  device.stats.txBytes += packet.frame.length;
  if (device.macvlanMode === 'bridge') {
    for (const upper of macvlansOn(kernel, lower)) {
      if (upper === device || upper.macvlanMode !== 'bridge' || !upper.isUp) continue;
      if (isMulticast(packet.frame)) arrive(kernel, upper.ns, upper.index, copyPacket(packet), VIRTUAL_HOP_US);
      else if (isMacOf(upper, packet.frame, 0)) return arrive(kernel, upper.ns, upper.index, packet, VIRTUAL_HOP_US);
    }
  }
  packet.conntrack = undefined;
  transmit(kernel, below, lower, packet);
}

/** macvlan_handle_frame: true when the frame belongs to a macvlan alone; copies of multicast go to each and to the device itself. */
export function macvlanTargets(kernel: Kernel, lower: Device, packet: Packet): boolean {
  for (const upper of macvlansOn(kernel, lower)) {
    const isForAll = isMulticast(packet.frame);
    if (!upper.isUp || (!isForAll && !isMacOf(upper, packet.frame, 0))) continue;
    const own = isForAll ? copyPacket(packet) : packet;
    upper.stats.rxPackets += 1;
    upper.stats.rxBytes += own.frame.length;
    own.conntrack = undefined;
    classify(upper, own);
    receiveClassified(kernel, kernel.state.namespaces.get(upper.ns)!, upper, own);
    if (!isForAll) return true;
  }
  return false;
}

function macvlansOn(kernel: Kernel, lower: Device): Device[] {
  const found: Device[] = [];
  for (const above of lower.uppers) {
    const upper = kernel.state.namespaces.get(above.ns)?.devices.get(above.index);
    if (upper?.kind === 'macvlan') found.push(upper);
  }
  return found;
}
