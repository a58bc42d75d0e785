/**
 * A junction: what stands between machines where a wire is too little, a provider's network for instance. Its state is plain data inside
 * the world, so that it is cloned and hashed with the kernels; its code is looked up by kind and is the same for every clone.
 * The simulator knows none of the kinds: whoever makes the world brings them.
 */
import { carrierOff, carrierOn } from '../devices/carrier.ts';
import { fillChecksum } from '../ip/checksum.ts';
import type { LinkIndex, NetnsId } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import { makePacket as newPacket } from '../kernel/packets.ts';
import type { Device } from '../kernel/state.ts';
import type { Dice } from './api.ts';
import type { TraceEvent } from './trace.ts';
import type { SimulatedWorld } from './world.ts';

export interface JunctionKind<Data = unknown> {
  readonly kind: string;
  /** A frame has come in by a port. The packet is the junction's to change and to send on. */
  receive(junction: Junction<Data>, port: number, packet: Packet): void;
  /** A timer set with `setTimer` is due. */
  timer(junction: Junction<Data>, timer: string): void;
}

export interface JunctionState {
  kind: string;
  name: string;
  /** The device behind each port; undefined where nothing is plugged in any more. */
  ports: (JunctionPort | undefined)[];
  data: unknown;
}

export interface JunctionPort { kernelId: number; ns: NetnsId; index: LinkIndex; latencyUs: number }

/** Where a device leads that is plugged into a junction. */
export interface JunctionLink { id: number; port: number; latencyUs: number }

type Died = Extract<TraceEvent, { kind: 'died' }>;
type Step = Extract<TraceEvent, { kind: 'junction' }>['step'];

/** What a kind's code is given: its data, and what it may do. */
export class Junction<Data = unknown> {
  readonly id: number;
  private readonly world: SimulatedWorld;

  constructor(world: SimulatedWorld, id: number) {
    this.world = world;
    this.id = id;
  }

  private get state(): JunctionState {
    return this.world.state.junctions![this.id]!;
  }

  get data(): Data {
    return this.state.data as Data;
  }

  get nowUs(): number {
    return this.world.state.nowUs;
  }

  get epochUs(): number {
    return this.world.state.epochUs;
  }

  get dice(): Dice {
    return this.world.dice;
  }

  get isTraced(): boolean {
    return this.world.traceSink !== undefined;
  }

  isPlugged(port: number): boolean {
    return this.state.ports[port] !== undefined;
  }

  /** Whether a packet socket is open where the port's device is. */
  isWatched(port: number): boolean {
    const end = this.state.ports[port];
    const namespace = end === undefined ? undefined : this.world.inner[end.kernelId]?.state.namespaces.get(end.ns);
    if (namespace === undefined) return false;
    if (namespace.taps.length > 0) return true;
    for (const device of namespace.devices.values()) if (device.taps.length > 0) return true;
    return false;
  }

  /** Out of a port; the frame is complete. It is at the device's door after the cable's latency and `delayUs`. */
  send(port: number, packet: Packet, delayUs = 0): void {
    const end = this.state.ports[port];
    if (end === undefined) return this.died(packet, 'link', 'nothing is plugged in there', `port ${port}`);
    packet.inDevice = 0;
    packet.outDevice = 0;
    packet.type = 'outgoing';
    this.world.post(end.latencyUs + delayUs, { kind: 'arrival', kernelId: end.kernelId, ns: end.ns, device: end.index, packet });
  }

  /** A packet of the junction's own; `frame` begins with an Ethernet header. */
  makePacket(frame: Uint8Array, protocol: number): Packet {
    return newPacket({ world: this.world }, frame, protocol);
  }

  setTimer(delayUs: number, timer: string): void {
    this.world.post(delayUs, { kind: 'junction-timer', junction: this.id, timer });
  }

  /** Tells a trace what the junction did. Test `isTraced` first where building the text costs something. */
  tell(packet: Packet, step: Step, text: string): void {
    this.world.traceSink?.({ ...this.point(packet), kind: 'junction', step, text });
  }

  died(packet: Packet, layer: Died['layer'], reason: string, at: string): void {
    this.world.traceSink?.({ ...this.point(packet), kind: 'died', layer, reason, at });
  }

  private point(packet: Packet): { atUs: number; kernelId: number; netns: number; traceId: number; frame: Uint8Array; junction: string } {
    return { atUs: this.nowUs, kernelId: -1, netns: 0, traceId: packet.traceId, frame: packet.frame.slice(), junction: this.state.name };
  }
}

/** Takes a frame from a device; the queueing discipline is behind it. */
export function toJunction(world: SimulatedWorld, link: JunctionLink, packet: Packet): void {
  if (packet.checksumPartial) fillChecksum(packet);
  packet.conntrack = undefined;
  packet.mark = 0;
  // That it crossed a bridge is nobody's business outside its machine.
  packet.physicalIn = 0;
  packet.physicalOut = 0;
  world.post(link.latencyUs, { kind: 'junction-arrival', junction: link.id, port: link.port, packet });
}

/** Plugs a physical device into the next free port; answers the port. */
export function plug(world: SimulatedWorld, junction: number, end: Omit<JunctionPort, 'latencyUs'>, latencyUs: number): number {
  const state = stateOf(world, junction);
  const device = physicalAt(world, end);
  const port = state.ports.length;
  state.ports.push({ ...end, latencyUs });
  device.junction = { id: junction, port, latencyUs };
  carrierOn(world.inner[end.kernelId]!, device);
  return port;
}

/** Pulls a cable out. Port numbers are not given again. */
export function unplug(world: SimulatedWorld, junction: number, port: number): void {
  const state = stateOf(world, junction);
  const end = state.ports[port];
  if (end === undefined) return;
  state.ports[port] = undefined;
  const device = physicalAt(world, end);
  device.junction = undefined;
  carrierOff(world.inner[end.kernelId]!, device);
}

/** The device has got another number or namespace. */
export function moveJunctionEnd(world: SimulatedWorld, device: Device): void {
  if (device.junction === undefined) return;
  const end = stateOf(world, device.junction.id).ports[device.junction.port]!;
  end.ns = device.ns;
  end.index = device.index;
}

function stateOf(world: SimulatedWorld, junction: number): JunctionState {
  const state = world.state.junctions?.[junction];
  if (state === undefined) throw new Error(`no junction ${junction}`);
  return state;
}

function physicalAt(world: SimulatedWorld, { kernelId, ns, index }: Omit<JunctionPort, 'latencyUs'>): Device {
  const device = world.inner[kernelId]?.state.namespaces.get(ns)?.devices.get(index);
  if (device?.kind !== 'ether') throw new Error(`no physical device ${index} in namespace ${ns} of kernel ${kernelId}`);
  return device;
}
