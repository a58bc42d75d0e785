/** Out of a device: dev_queue_xmit, the taps, then what the driver does. Read first: net/core/dev.c (__dev_queue_xmit), drivers/net/{veth,loopback}.c */
import { runTc } from '../bpf/run.ts';
import { died } from '../kernel/trace.ts';
import { copyPacket } from '../kernel/packets.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { fillChecksum } from '../ip/checksum.ts';
import { resumeAtPort, transmitFromBridge } from './bridge.ts';
import { delayByNetem } from './netem.ts';
import { passQueue } from './queue.ts';
import { transmitMacvlan } from './macvlan.ts';
import { transmitVlan } from './vlan.ts';
import { transmitVxlan } from './vxlan.ts';
import { toJunction } from '../world/junction.ts';
import { tap } from './taps.ts';

/** How long a frame needs from one end of a veth (or of lo) to the other: enough to keep timestamps in true order. */
export const VIRTUAL_HOP_US = 5;

/** The frame is complete, Ethernet header included; the packet is consumed. */
export function transmit(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (!device.isUp) return died(kernel, namespace.id, packet, 'link', 'the device is down', device.name);
  if (device.tc !== undefined && !runTc(kernel, namespace, device, 'egress', packet)) return;
  // Without carrier linkwatch has put noop in place of the queue.
  if (!device.carrier) {
    device.stats.txDropped += 1;
    return died(kernel, namespace.id, packet, 'link', 'the device has no carrier', device.name);
  }
  // is_skb_forwardable leaves room for a VLAN tag.
  if (packet.frame.length > device.mtu + 18 && device.kind !== 'loopback') {
    device.stats.txDropped += 1;
    return died(kernel, namespace.id, packet, 'mtu', `the frame is longer than the device's MTU of ${device.mtu}`, device.name);
  }
  packet.outDevice = device.index;
  if (device.netem !== undefined && !delayByNetem(kernel, namespace, device, packet)) return;
  if (device.queue !== undefined && !passQueue(kernel, namespace, device, packet)) return;
  transmitNow(kernel, namespace, device, packet);
}

/** Past the queueing discipline. */
export function transmitNow(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  tap(kernel, namespace, device, packet, true);
  const length = packet.frame.length;
  const { stats } = device;
  switch (device.kind) {
    case 'loopback':
      stats.txPackets += 1;
      stats.txBytes += length - 14;
      arrive(kernel, namespace.id, device.index, packet, VIRTUAL_HOP_US);
      return;
    case 'veth': {
      const { peer } = device;
      const other = peer === undefined ? undefined : kernel.state.namespaces.get(peer.ns)?.devices.get(peer.index);
      if (peer === undefined || other === undefined || !other.isUp) {
        stats.txDropped += 1;
        return died(kernel, namespace.id, packet, 'link', 'the other end of the veth pair is down', device.name);
      }
      stats.txPackets += 1;
      stats.txBytes += length;
      packet.conntrack = undefined;
      if (peer.ns !== namespace.id) packet.mark = 0;
      arrive(kernel, peer.ns, peer.index, packet, VIRTUAL_HOP_US);
      return;
    }
    case 'ether': {
      stats.txPackets += 1;
      stats.txBytes += length;
      const { wire, junction } = device;
      if (junction !== undefined) return toJunction(kernel.world, junction, packet);
      if (wire === undefined) return died(kernel, namespace.id, packet, 'link', 'no wire is plugged in', device.name);
      const other = kernel.world.inner[wire.kernelId]!;
      if (packet.checksumPartial) fillChecksum(packet);
      packet.conntrack = undefined;
      packet.mark = 0;
      arrive(other, wire.ns, wire.index, packet, wire.latencyUs);
      return;
    }
    case 'bridge':
      if (packet.bridgedFrom !== undefined && packet.bridgedFrom !== 0) return resumeAtPort(kernel, namespace, device, packet);
      stats.txPackets += 1;
      stats.txBytes += length;
      return transmitFromBridge(kernel, namespace, device, packet);
    case 'vlan':
      return transmitVlan(kernel, namespace, device, packet);
    case 'macvlan':
      return transmitMacvlan(kernel, namespace, device, packet);
    case 'vxlan':
      return transmitVxlan(kernel, namespace, device, packet);
    case 'dummy':
      stats.txPackets += 1;
      stats.txBytes += length;
      return died(kernel, namespace.id, packet, 'link', 'a dummy device swallows what it is given', device.name);
    case 'tap': case 'tun': case 'ipip': case 'gre': case 'ifb':
      stats.txDropped += 1;
      return died(kernel, namespace.id, packet, 'link', 'no program has the device open', device.name);
  }
}

/** The frame is at the door of a device after `delayUs`. */
export function arrive(kernel: Kernel, ns: number, index: number, packet: Packet, delayUs: number): void {
  packet.inDevice = 0;
  packet.outDevice = 0;
  packet.physicalIn = 0;
  packet.physicalOut = 0;
  kernel.world.post(delayUs, { kind: 'arrival', kernelId: kernel.state.id, ns, device: index, packet });
}

/** A copy out of one more device (flooding). */
export function transmitCopy(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  transmit(kernel, namespace, device, copyPacket(packet));
}
