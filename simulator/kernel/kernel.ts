/** One machine's network kernel: its first state, and the call table programs get. */
import { bpfCalls } from '../bpf/run.ts';
import { createNetfilterCalls } from '../netfilter/hooks.ts';
import { socketCalls } from '../sockets/calls.ts';
import type { SimulatedWorld } from '../world/world.ts';
import type { NetKernel } from './api.ts';
import { logCalls, makeKernelLog } from './log.ts';
import { createNamespace, namespaceCalls } from './namespaces.ts';
import { netlinkCalls } from './netlink.ts';
import { Services } from './services.ts';
import type { Kernel, KernelState } from './state.ts';
import { sysctlCalls } from './sysctl-calls.ts';

export function createKernelState(world: SimulatedWorld, id: number, name: string): KernelState {
  const state: KernelState = {
    id, name, namespaces: new Map(), nextNamespaceId: 0, nextInode: 4026532177, sockets: new Map(), nextSocketId: 1, nextSocketInode: 15000 + world.dice.below(5000), lastPingId: 0, icmpGlobalCredit: 0, icmpGlobalStampUs: -1_000_000, log: makeKernelLog(), sysctls: new Map([['net/core/default_qdisc', 'pfifo_fast']]), bpf: undefined,
  };
  createNamespace(world, state);
  return state;
}

/** The kernel as its own functions pass it around. */
export function openKernel(state: KernelState, world: SimulatedWorld): Kernel {
  const kernel = { state, world } as { -readonly [Part in keyof Kernel]: Kernel[Part] };
  kernel.netfilter = new Services(kernel);
  return kernel;
}

/** Each table is made when it is first asked for: of a copy of the world, a question needs one or two. Why this is a class: see Services. */
export class KernelCalls implements NetKernel {
  readonly id: number;
  private readonly kernel: Kernel;
  private readonly made: { -readonly [Table in keyof NetKernel]?: NetKernel[Table] } = {};

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.id = kernel.state.id;
  }

  get namespaces(): NetKernel['namespaces'] {
    return (this.made.namespaces ??= namespaceCalls(this.kernel));
  }
  get netlink(): NetKernel['netlink'] {
    return (this.made.netlink ??= netlinkCalls(this.kernel));
  }
  get sockets(): NetKernel['sockets'] {
    return (this.made.sockets ??= socketCalls(this.kernel));
  }
  get sysctl(): NetKernel['sysctl'] {
    return (this.made.sysctl ??= sysctlCalls(this.kernel));
  }
  get log(): NetKernel['log'] {
    return (this.made.log ??= logCalls(this.kernel));
  }
  get netfilter(): NetKernel['netfilter'] {
    return (this.made.netfilter ??= createNetfilterCalls(this.kernel.netfilter));
  }
  get bpf(): NetKernel['bpf'] {
    return (this.made.bpf ??= bpfCalls(this.kernel));
  }
}
