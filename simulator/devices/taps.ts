/** Where packet sockets look: dev_queue_xmit_nit on the way out, the ptype_all list on the way in. Read first: net/core/dev.c, net/packet/af_packet.c */
import { copyOf } from '../frames.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { deliverToPacketSocket } from '../sockets/packet.ts';

export function tap(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, isOutgoing: boolean): void {
  const sink = kernel.world.traceSink;
  if (sink !== undefined) {
    sink({
      atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: packet.traceId, frame: copyOf(packet.frame),
      kind: 'device', device: device.index, name: device.name, direction: isOutgoing ? 'out' : 'in',
    });
  }
  if (device.taps.length === 0 && namespace.taps.length === 0) return;
  for (const id of device.taps) deliverToPacketSocket(kernel, id, device, packet, isOutgoing);
  for (const id of namespace.taps) deliverToPacketSocket(kernel, id, device, packet, isOutgoing);
}
