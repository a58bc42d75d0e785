/**
 * Queueing disciplines other than netem: a token bucket holds packets back, and queues that nothing ever holds up count.
 * Read first: net/sched/sch_tbf.c, sch_fifo.c, sch_generic.c; psched in include/net/pkt_sched.h; tc-tbf(8)
 */
import { died } from '../kernel/trace.ts';
import type { QueueSpec } from '../kernel/api.ts';
import { printk, WARNING } from '../kernel/log.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState, QueueState } from '../kernel/state.ts';

const HEADER_LENGTH = 14;

/** The queue as asked for; one of the same kind keeps its counters, its handle and what was not said anew. */
export function makeQueue(kernel: Kernel, device: Device, spec: QueueSpec, before: QueueState | undefined, handle: number): QueueState {
  const mtu = device.mtu + HEADER_LENGTH;
  const plain = spec.kind === 'pfifo' ? device.txQueueLength || 1 : spec.kind === 'bfifo' ? (device.txQueueLength || 1) * mtu : 0;
  const kept = before?.kind === spec.kind ? before : undefined;
  const burstNs = spec.burstNs ?? 0;
  if (spec.kind === 'tbf') {
    const burst = Math.floor(((spec.rateBytesPerSecond ?? 0) * burstNs) / 1e9);
    if (burst < mtu) printk(kernel, WARNING, `sch_tbf: burst ${burst} is lower than device ${device.name} mtu (${mtu}) !`);
  }
  return {
    kind: spec.kind, handle, limit: spec.limit ?? kept?.limit ?? plain, rateBytesPerSecond: spec.rateBytesPerSecond ?? 0, burstNs,
    sentBytes: kept?.sentBytes ?? 0, sentPackets: kept?.sentPackets ?? 0, dropped: kept?.dropped ?? 0, overlimits: kept?.overlimits ?? 0, queuedBytes: kept?.queuedBytes ?? 0, queuedPackets: kept?.queuedPackets ?? 0,
    tokensNs: burstNs, checkedAtNs: kernel.world.nowUs * 1000,
  };
}

/** True when the packet goes out at once; else it waits ('departure') or is dropped. */
export function passQueue(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): boolean {
  const queue = device.queue!;
  const { length } = packet.frame;
  if (queue.kind === 'noqueue') return true;
  if (queue.kind !== 'tbf') {
    count(queue, length);
    return true;
  }
  const costNs = Math.floor((length * 1e9) / queue.rateBytesPerSecond);
  if (costNs > queue.burstNs || queue.queuedBytes + length > queue.limit) {
    queue.dropped += 1;
    died(kernel, namespace.id, packet, 'link', costNs > queue.burstNs ? 'larger than the burst tbf allows' : 'the queue of tbf is full', device.name);
    return false;
  }
  const nowNs = kernel.world.nowUs * 1000;
  // checkedAtNs lies ahead while packets wait: each leaves when the one before has left and there are tokens for it.
  const fromNs = Math.max(nowNs, queue.checkedAtNs);
  const tokensNs = Math.min(queue.burstNs, queue.tokensNs + fromNs - queue.checkedAtNs);
  const dueNs = fromNs + Math.max(0, costNs - tokensNs);
  queue.tokensNs = Math.max(0, tokensNs - costNs);
  queue.checkedAtNs = dueNs;
  if (dueNs === nowNs) {
    count(queue, length);
    return true;
  }
  queue.overlimits += 1;
  queue.queuedBytes += length;
  queue.queuedPackets += 1;
  kernel.world.post(Math.ceil((dueNs - nowNs) / 1000), { kind: 'departure', kernelId: kernel.state.id, ns: namespace.id, device: device.index, packet });
  return false;
}

/** A packet that waited goes. */
export function leaveQueue(queue: QueueState, packet: Packet): void {
  const { length } = packet.frame;
  queue.queuedBytes = Math.max(0, queue.queuedBytes - length);
  queue.queuedPackets = Math.max(0, queue.queuedPackets - 1);
  count(queue, length);
}

function count(queue: QueueState, length: number): void {
  queue.sentBytes += length;
  queue.sentPackets += 1;
}
