/** What other rooms may use of the simulator. Start reading at kernel/api.ts and world/api.ts. */
export { createWorld, SimulatedWorld, type WireEnd, type WireOptions, type WorldOptions } from './world/world.ts';
export type { Dice, World } from './world/api.ts';
export type { BpfCalls, BpfContext, BpfObjectKind, SocketAddress4, SocketCall, TcContext, TcVerdict } from './bpf/state.ts';
export type { Junction, JunctionKind } from './world/junction.ts';
export type * from './world/trace.ts';
export type * from './kernel/api.ts';
export type { Packet } from './kernel/packet.ts';
export type * from './netfilter/api.ts';
export { done, fail, ok, type Errno, type Result } from './result.ts';
