/** 802.1Q devices. Tags travel beside the frame, as with VLAN offload. Read first: net/8021q/vlan_dev.c */
import { died } from '../kernel/trace.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { transmit } from './transmit.ts';

export function transmitVlan(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const below = kernel.state.namespaces.get(device.lowerNs);
  const lower = below?.devices.get(device.lower);
  if (below === undefined || lower === undefined) return died(kernel, namespace.id, packet, 'link', 'the device below is gone', device.name);
  device.stats.txPackets += 1;
  device.stats.txBytes += packet.frame.length;
  packet.vlan = device.vlan!.id;
  transmit(kernel, below, lower, packet);
}
