/** Runs attached programs, and what an agent may do with them. Read first: net/core/dev.c (sch_handle_ingress, sch_handle_egress), net/core/filter.c, kernel/bpf/cgroup.c */
import { get16, get32 } from '../bytes.ts';
import type { Dice } from '../world/api.ts';
import type { Errno } from '../result.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died, point } from '../kernel/trace.ts';
import { outputVia4 } from '../neighbour/neighbour.ts';
import { rewrite } from '../netfilter/nat/rewrite.ts';
import { routeOutput4 } from '../routing/lookup4.ts';
import type { TraceEvent } from '../world/trace.ts';
import { formatIp4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';
import type { BpfCalls, BpfContext, BpfObjectKind, BpfState, SocketAddress4, SocketCall, TcContext, TcDirection, TcVerdict } from './state.ts';

class Context implements BpfContext {
  protected readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  get agentMaps(): unknown {
    return this.kernel.state.bpf!.agentMaps;
  }

  get flowMaps(): unknown {
    return this.kernel.state.bpf!.flowMaps;
  }

  get nowUs(): number {
    return this.kernel.world.nowUs;
  }

  get dice(): Dice {
    return this.kernel.world.dice;
  }
}

class DeviceContext extends Context implements TcContext {
  private readonly namespace: NamespaceState;
  private readonly section: string;
  readonly device: Device;

  constructor(kernel: Kernel, namespace: NamespaceState, device: Device, section: string) {
    super(kernel);
    this.section = section;
    this.namespace = namespace;
    this.device = device;
  }

  translate(packet: Packet, end: 'source' | 'destination', to: SocketAddress4, reason: string): void {
    const { frame } = packet;
    const transportAt = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET);
    const before = endText(frame, transportAt, end);
    rewrite(
      { frame, family: 'inet', at: NETWORK_OFFSET, transportAt, protocol: ipv4.protocol(frame, NETWORK_OFFSET), end: NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET), checksumPartial: packet.checksumPartial },
      { source: to.address, destination: to.address, sport: to.port, dport: to.port }, end,
    );
    this.kernel.world.traceSink?.({ ...point(this.kernel, this.namespace.id, packet), kind: 'nat', manipulation: end, before, after: endText(frame, transportAt, end), reason, program: this.section });
  }

  redirect(packet: Packet): TcVerdict {
    const { kernel, namespace } = this;
    const { frame } = packet;
    const destination = ipv4.destination(frame, NETWORK_OFFSET);
    const route = routeOutput4(kernel, namespace, { destination, source: 0, oif: 0, mark: 0, tos: 0, uid: 0, protocol: ipv4.protocol(frame, NETWORK_OFFSET), sport: 0, dport: 0 });
    const egress = typeof route === 'string' ? undefined : namespace.devices.get(route.device);
    if (typeof route === 'string' || egress === undefined) return this.shoot(packet, 'route', `no route to ${formatIp4(destination)}`);
    if (ipv4.timeToLive(frame, NETWORK_OFFSET) <= 1) return this.shoot(packet, 'ttl', 'its time to live is over');
    ipv4.decrementTimeToLive(frame, NETWORK_OFFSET);
    packet.outDevice = egress.index;
    packet.type = 'outgoing';
    outputVia4(kernel, namespace, egress, route.gateway === 0 ? destination : route.gateway, packet);
    return 'redirect';
  }

  shoot(packet: Packet, layer: Extract<TraceEvent, { kind: 'died' }>['layer'], reason: string): TcVerdict {
    died(this.kernel, this.namespace.id, packet, layer, reason, this.device.name);
    return 'shot';
  }
}

/** True when the packet goes on in this stack. Called only for devices that have an attachment. */
export function runTc(kernel: Kernel, namespace: NamespaceState, device: Device, direction: TcDirection, packet: Packet): boolean {
  const program = device.tc?.[direction];
  return program === undefined || kindOf(kernel, kernel.state.bpf!).tc(program.section, new DeviceContext(kernel, namespace, device, program.section), packet) === 'ok';
}

/** Where a socket really goes that asks for an address; undefined: there. */
export function runConnect4(kernel: Kernel, call: SocketCall): SocketAddress4 | Errno | undefined {
  const { bpf } = kernel.state;
  return bpf?.isOnSockets === true ? kindOf(kernel, bpf).connect4(new Context(kernel), call) : undefined;
}

export function runPeer4(kernel: Kernel, call: SocketCall): SocketAddress4 | undefined {
  const { bpf } = kernel.state;
  return bpf?.isOnSockets === true ? kindOf(kernel, bpf).peer4(new Context(kernel), call) : undefined;
}

function kindOf(kernel: Kernel, { kind }: BpfState): BpfObjectKind {
  return kernel.world.bpfObject(kind);
}

export function bpfCalls(kernel: Kernel): BpfCalls {
  const { state, world } = kernel;
  const deviceAt = (ns: number, index: number): Device => {
    const device = state.namespaces.get(ns)?.devices.get(index);
    if (device === undefined) throw new Error(`no device ${index} in namespace ${ns}`);
    return device;
  };
  const object = (): BpfState => {
    if (state.bpf === undefined) throw new Error('no object is loaded');
    return state.bpf;
  };
  return {
    load(kind) {
      if (state.bpf?.kind === kind) return;
      state.bpf = { kind, ...world.bpfObject(kind).emptyMaps(), nextProgramId: 1, isOnSockets: false };
    },
    get loaded() {
      return state.bpf;
    },
    attachToSockets() {
      object().isOnSockets = true;
    },
    attach(ns, index, direction, section) {
      if (!world.bpfObject(object().kind).sections.includes(section)) throw new Error(`the loaded object has no section ${section}`);
      const bpf = object();
      (deviceAt(ns, index).tc ??= { ingress: undefined, egress: undefined })[direction] = { section, id: bpf.nextProgramId };
      bpf.nextProgramId += 1;
    },
    agentMaps: () => object().agentMaps,
    setAgentMaps(maps) {
      object().agentMaps = maps;
    },
    flowMaps: () => object().flowMaps,
  };
}

function endText(frame: Uint8Array, transportAt: number, end: 'source' | 'destination'): string {
  const isSource = end === 'source';
  return `${formatIp4(get32(frame, NETWORK_OFFSET + (isSource ? 12 : 16)))}:${get16(frame, transportAt + (isSource ? 0 : 2))}`;
}
