/**
 * Programs in a kernel (eBPF) as data: which object is loaded, what its maps hold, where its sections are attached. The simulator knows no object;
 * whoever makes the world brings their code, looked up by kind, so that a world with programs is cloned like any other.
 * Read first: bpf(2); tc-bpf(8); bpf-helpers(7); Documentation/bpf/prog_cgroup_sockopt.rst
 */
import type { Dice } from '../world/api.ts';
import type { Errno } from '../result.ts';
import type { LinkIndex, NetnsId, SocketId } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { TraceEvent } from '../world/trace.ts';
import type { Ip4 } from '../wire/ip4.ts';

/** The one object of a kernel, absent where none is loaded. */
export interface BpfState {
  kind: string;
  /** Maps that only user space writes: replaced whole, never written in place, so that clones may share them. */
  agentMaps: unknown;
  /** Maps that the programs write. */
  flowMaps: unknown;
  nextProgramId: number;
  /** Its cgroup sections are attached to the root cgroup: every socket of the machine. */
  isOnSockets: boolean;
}

/** A section as loaded once more for one device. */
export interface TcProgram { readonly section: string; readonly id: number }
/** What is attached to a device by tc (clsact). */
export interface TcAttachments { ingress: TcProgram | undefined; egress: TcProgram | undefined }
export type TcDirection = keyof TcAttachments;

/** TC_ACT_OK, TC_ACT_SHOT, TC_ACT_REDIRECT (the program has sent it elsewhere). */
export type TcVerdict = 'ok' | 'shot' | 'redirect';

export interface SocketAddress4 { readonly address: Ip4; readonly port: number }
/** What a cgroup program sees of a socket (struct bpf_sock_addr); `cookie` names the socket. */
export interface SocketCall extends SocketAddress4 { readonly cookie: SocketId; readonly ns: NetnsId; readonly protocol: 6 | 17 }

/** The helpers a program may call. */
export interface BpfContext<AgentMaps = unknown, FlowMaps = unknown> {
  readonly agentMaps: AgentMaps;
  readonly flowMaps: FlowMaps;
  readonly nowUs: number;
  readonly dice: Dice;
}

export interface TcContext<AgentMaps = unknown, FlowMaps = unknown> extends BpfContext<AgentMaps, FlowMaps> {
  readonly device: { readonly index: LinkIndex; readonly name: string };
  /** Rewrites an end of the packet, checksums kept right. `reason` is for traces. */
  translate(packet: Packet, end: 'source' | 'destination', to: SocketAddress4, reason: string): void;
  /** bpf_fib_lookup and bpf_redirect_neigh: out by the device of the route, past the rest of this stack. */
  redirect(packet: Packet): TcVerdict;
  /** TC_ACT_SHOT, with what a trace should say. */
  shoot(packet: Packet, layer: Extract<TraceEvent, { kind: 'died' }>['layer'], reason: string): TcVerdict;
}

export interface BpfObjectKind<AgentMaps = unknown, FlowMaps = unknown> {
  readonly kind: string;
  emptyMaps(): { agentMaps: AgentMaps; flowMaps: FlowMaps };
  /** What of it can be attached to devices. */
  readonly sections: readonly string[];
  tc(section: string, context: TcContext<AgentMaps, FlowMaps>, packet: Packet): TcVerdict;
  /** cgroup/connect4 and cgroup/sendmsg4: another address instead of the one asked for, or refused. */
  connect4(context: BpfContext<AgentMaps, FlowMaps>, call: SocketCall): SocketAddress4 | Errno | undefined;
  /** cgroup/recvmsg4 and cgroup/getpeername4: who the other end is said to be. */
  peer4(context: BpfContext<AgentMaps, FlowMaps>, call: SocketCall): SocketAddress4 | undefined;
}

/** bpf(2) and tc's netlink, as an agent uses them. */
export interface BpfCalls {
  /** Loads an object with empty maps, unless it is there. */
  load(kind: string): void;
  /** Undefined while nothing is loaded. */
  readonly loaded: { readonly kind: string; readonly isOnSockets: boolean } | undefined;
  attachToSockets(): void;
  attach(ns: NetnsId, index: LinkIndex, direction: TcDirection, section: string): void;
  agentMaps(): unknown;
  setAgentMaps(maps: unknown): void;
  flowMaps(): unknown;
}
