/** Into a device: eth_type_trans, the taps, rx handlers, then the protocols. Read first: net/core/dev.c (__netif_receive_skb_core), net/ethernet/eth.c */
import { runTc } from '../bpf/run.ts';
import { get16 } from '../bytes.ts';
import { died } from '../kernel/trace.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { receiveArp } from '../neighbour/arp.ts';
import { receiveIp4 } from '../ip/input4.ts';
import { receiveIp6 } from '../ip/input6.ts';
import * as ethernet from '../wire/ethernet.ts';
import { receiveAtPort } from './bridge.ts';
import { isMacOf } from './device.ts';
import { macvlanTargets } from './macvlan.ts';
import { tap } from './taps.ts';

/** A frame has come to the device from outside. */
export function receive(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (!device.isUp) return died(kernel, namespace.id, packet, 'link', 'the device is down', device.name);
  const { frame } = packet;
  const isLoopback = device.kind === 'loopback';
  device.stats.rxPackets += 1;
  device.stats.rxBytes += isLoopback ? frame.length - 14 : frame.length;
  classify(device, packet);
  if (packet.type === 'multicast' && device.kind === 'ether') device.stats.rxMulticast += 1;
  packet.protocol = get16(frame, 12);
  if (packet.protocol === ethernet.TYPE_VLAN && frame.length >= 18) stripTag(packet);
  receiveClassified(kernel, namespace, device, packet);
}

/** Goes on as `device`, which may be the port itself, or a bridge, VLAN or macvlan above it. */
export function receiveClassified(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  packet.inDevice = device.index;
  tap(kernel, namespace, device, packet, false);
  if (device.tc !== undefined && !runTc(kernel, namespace, device, 'ingress', packet)) return;
  if (packet.vlan !== undefined && receiveAsVlan(kernel, device, packet)) return;
  if (device.port !== undefined) return receiveAtPort(kernel, namespace, device, packet);
  if (device.uppers.length > 0 && macvlanTargets(kernel, device, packet)) return;
  if (packet.vlan !== undefined && (packet.vlan & 0xfff) !== 0) {
    packet.type = 'otherhost';
    return died(kernel, namespace.id, packet, 'link', `no VLAN ${packet.vlan & 0xfff} on this device`, device.name);
  }
  deliver(kernel, namespace, device, packet);
}

/** To the protocol that the type names. */
function deliver(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  switch (packet.protocol) {
    case ethernet.TYPE_IPV4:
      return receiveIp4(kernel, namespace, device, packet);
    case ethernet.TYPE_ARP:
      return receiveArp(kernel, namespace, device, packet);
    case ethernet.TYPE_IPV6:
      return receiveIp6(kernel, namespace, device, packet);
    default:
      died(kernel, namespace.id, packet, 'link', 'nobody here speaks this protocol', device.name);
  }
}

/** eth_type_trans: for whom the frame is. */
export function classify(device: Device, packet: Packet): void {
  const { frame } = packet;
  if (device.kind === 'loopback') packet.type = 'host';
  else if ((frame[0]! & 1) === 1) packet.type = ethernet.isBroadcast(frame) ? 'broadcast' : 'multicast';
  else packet.type = isMacOf(device, frame, 0) ? 'host' : 'otherhost';
}

function stripTag(packet: Packet): void {
  const { frame } = packet;
  packet.vlan = get16(frame, 14);
  const bare = new Uint8Array(frame.length - 4);
  bare.set(frame.subarray(0, 12), 0);
  bare.set(frame.subarray(16), 12);
  packet.frame = bare;
  packet.protocol = get16(bare, 12);
}

/** vlan_do_receive: the tagged frame becomes one of the VLAN device. */
function receiveAsVlan(kernel: Kernel, device: Device, packet: Packet): boolean {
  const id = packet.vlan! & 0xfff;
  for (const above of device.uppers) {
    const upper = kernel.state.namespaces.get(above.ns)?.devices.get(above.index);
    if (upper?.vlan?.id !== id) continue;
    const namespace = kernel.state.namespaces.get(above.ns)!;
    packet.vlan = undefined;
    if (!upper.isUp) {
      died(kernel, namespace.id, packet, 'link', 'the VLAN device is down', upper.name);
      return true;
    }
    upper.stats.rxPackets += 1;
    upper.stats.rxBytes += packet.frame.length - 14;
    classify(upper, packet);
    receiveClassified(kernel, namespace, upper, packet);
    return true;
  }
  return false;
}
