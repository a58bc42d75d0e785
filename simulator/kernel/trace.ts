/** Trace events of the packet path. Callers test `kernel.world.traceSink` first where building the arguments costs something. */
import { copyOf } from '../frames.ts';
import type { TraceEvent } from '../world/trace.ts';
import type { NetnsId } from './api.ts';
import type { Packet } from './packet.ts';
import type { Kernel } from './state.ts';

type Died = Extract<TraceEvent, { kind: 'died' }>;

/** The packet ends here. `at` is a device or a place in the stack. */
export function died(kernel: Kernel, ns: NetnsId, packet: Packet, layer: Died['layer'], reason: string, at: string): void {
  const sink = kernel.world.traceSink;
  if (sink === undefined) return;
  sink({ ...point(kernel, ns, packet), kind: 'died', layer, reason, at });
}

export function point(kernel: Kernel, ns: NetnsId, packet: Packet): { atUs: number; kernelId: number; netns: NetnsId; traceId: number; frame: Uint8Array } {
  return { atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: ns, traceId: packet.traceId, frame: copyOf(packet.frame) };
}
