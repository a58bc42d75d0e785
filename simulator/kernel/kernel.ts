/** One machine's network kernel: its first state, and the call table programs get. */
import { createNetfilterCalls } from '../netfilter/hooks.ts';
import { socketCalls } from '../sockets/calls.ts';
import type { SimulatedWorld } from '../world/world.ts';
import type { NetKernel } from './api.ts';
import { createNamespace, namespaceCalls } from './namespaces.ts';
import { netlinkCalls } from './netlink.ts';
import { makeServices } from './services.ts';
import type { Kernel, KernelState } from './state.ts';
import { sysctlCalls } from './sysctl-calls.ts';

export function createKernelState(world: SimulatedWorld, id: number, name: string): KernelState {
  const state: KernelState = {
    id, name, namespaces: new Map(), nextNamespaceId: 0, nextInode: 4026532177, sockets: new Map(), nextSocketId: 1, nextSocketInode: 15000 + world.dice.below(5000), lastPingId: 0, icmpGlobalCredit: 0, icmpGlobalStampUs: -1_000_000, sysctls: new Map([['net/core/default_qdisc', 'pfifo_fast']]),
  };
  createNamespace(world, state);
  return state;
}

/** The kernel as its own functions pass it around. */
export function openKernel(state: KernelState, world: SimulatedWorld): Kernel {
  const kernel: Kernel = { state, world, netfilter: makeServices(state, world, () => kernel) };
  return kernel;
}

/** Each table is made when it is first asked for: of a copy of the world, a question needs one or two. */
export function kernelCalls(kernel: Kernel): NetKernel {
  const made: { -readonly [Table in keyof NetKernel]?: NetKernel[Table] } = {};
  return {
    id: kernel.state.id,
    get namespaces() {
      return (made.namespaces ??= namespaceCalls(kernel));
    },
    get netlink() {
      return (made.netlink ??= netlinkCalls(kernel));
    },
    get sockets() {
      return (made.sockets ??= socketCalls(kernel));
    },
    get sysctl() {
      return (made.sysctl ??= sysctlCalls(kernel));
    },
    get netfilter() {
      return (made.netfilter ??= createNetfilterCalls(kernel.netfilter));
    },
  };
}
