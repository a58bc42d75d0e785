/** Makes and copies packets. All fields are always present, so that every packet has one hidden class. */
import { copyOf } from '../frames.ts';
import type { Kernel } from './state.ts';
import type { Packet } from './packet.ts';

/** `frame` has NETWORK_OFFSET bytes of room before the network header. */
export function makePacket(kernel: Pick<Kernel, 'world'>, frame: Uint8Array, protocol: number): Packet {
  const state = kernel.world.state;
  const traceId = state.nextTraceId;
  state.nextTraceId += 1;
  return {
    frame, protocol, vlan: undefined, mark: 0, inDevice: 0, outDevice: 0, physicalIn: 0, physicalOut: 0, bridgedFrom: 0, type: 'outgoing', conntrack: undefined, checksumPartial: false, uid: -1, maxFragment: 0, socketId: 0, traceId, nfTrace: false,
  };
}

/** An independent packet with the same bytes; it keeps the trace number. */
export function copyPacket(packet: Packet): Packet {
  const { conntrack } = packet;
  return { ...packet, frame: copyOf(packet.frame), conntrack: typeof conntrack === 'object' ? { ...conntrack } : conntrack };
}
