/** The netem queueing discipline: delay, jitter, loss, duplication, rate. Read first: net/sched/sch_netem.c, tc-netem(8) */
import { copyPacket } from '../kernel/packets.ts';
import { died } from '../kernel/trace.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';

/** True when the packet goes out at once; else it is queued ('departure') or lost. */
export function delayByNetem(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): boolean {
  const netem = device.netem!;
  const { dice } = kernel.world;
  if (netem.lossPercent > 0 && dice.fraction() * 100 < netem.lossPercent) {
    netem.dropped += 1;
    died(kernel, namespace.id, packet, 'link', 'lost by netem', device.name);
    return false;
  }
  if (netem.duplicatePercent > 0 && dice.fraction() * 100 < netem.duplicatePercent) enqueue(kernel, namespace, device, copyPacket(packet));
  if (netem.delayUs === 0 && netem.jitterUs === 0 && netem.rateBitsPerSecond === 0) {
    count(netem, packet);
    return true;
  }
  if (netem.queued >= netem.limit) {
    netem.dropped += 1;
    died(kernel, namespace.id, packet, 'link', 'the queue of netem is full', device.name);
    return false;
  }
  enqueue(kernel, namespace, device, packet);
  return false;
}

function count(netem: NonNullable<Device['netem']>, packet: Packet): void {
  netem.sentBytes += packet.frame.length;
  netem.sentPackets += 1;
}

function enqueue(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const netem = device.netem!;
  const { dice, nowUs } = kernel.world;
  const jitterUs = netem.jitterUs === 0 ? 0 : Math.round((dice.fraction() * 2 - 1) * netem.jitterUs);
  const isReordered = netem.reorderPercent > 0 && dice.fraction() * 100 < netem.reorderPercent;
  let dueUs = isReordered ? nowUs : nowUs + Math.max(0, netem.delayUs + jitterUs);
  if (netem.rateBitsPerSecond > 0) {
    const startUs = Math.max(nowUs, netem.lastDueUs - netem.delayUs);
    dueUs = Math.max(dueUs, startUs + netem.delayUs) + Math.round((packet.frame.length * 8e6) / netem.rateBitsPerSecond);
    netem.lastDueUs = dueUs;
  }
  netem.queued += 1;
  count(netem, packet);
  kernel.world.post(dueUs - nowUs, { kind: 'departure', kernelId: kernel.state.id, ns: namespace.id, device: device.index, packet });
}
