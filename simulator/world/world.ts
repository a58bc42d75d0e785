/**
 * The world of a lab: virtual time, the queue of events, dice and the kernels. Its state is one tree of plain data; the object
 * around it holds only listeners and the kernels' call tables, which are made anew for a clone.
 */
import type { BpfObjectKind } from '../bpf/state.ts';
import { createKernelState, KernelCalls, openKernel } from '../kernel/kernel.ts';
import type { LinkIndex, NetKernel, NetnsId } from '../kernel/api.ts';
import { SHARED, type Kernel, type KernelState } from '../kernel/state.ts';
import { dispatch } from '../kernel/dispatch.ts';
import { attachWire } from '../devices/wire.ts';
import type { SocketFilter } from '../sockets/state.ts';
import type { Dice, World } from './api.ts';
import { cloneData } from './clone.ts';
import { diceOver, seedDice } from './dice.ts';
import type { WorldEvent } from './events.ts';
import { hashData } from './hash.ts';
import { Junction, plug, unplug, type JunctionKind, type JunctionState } from './junction.ts';
import { pop, push, type QueueEntry } from './queue.ts';
import type { TraceSink } from './trace.ts';

export interface WorldState {
  nowUs: number;
  epochUs: number;
  dice: Uint32Array;
  queue: QueueEntry[];
  sequence: number;
  /** Timers that can be cancelled and have not run. */
  pending: Set<number>;
  nextTraceId: number;
  kernels: KernelState[];
  /** Absent in a world without any. */
  junctions?: JunctionState[];
}

export interface WorldOptions { seed: number; epochUs?: number; /** Code for the junctions there will be. */ junctions?: readonly JunctionKind[]; /** Code of the programs that kernels may load. */ bpfObjects?: readonly BpfObjectKind[] }
export interface WireEnd { kernel: NetKernel | number; ns: NetnsId; index: LinkIndex }
export interface WireOptions { latencyUs?: number }

/** 2026-11-23T01:14:00Z */
const DEFAULT_EPOCH_US = 1795396440_000_000;

export function createWorld(options: WorldOptions): SimulatedWorld {
  return new SimulatedWorld({
    nowUs: 0, epochUs: options.epochUs ?? DEFAULT_EPOCH_US, dice: seedDice(options.seed), queue: [], sequence: 0, pending: new Set(), nextTraceId: 1, kernels: [],
  }, options.junctions, options.bpfObjects);
}

export class SimulatedWorld implements World {
  readonly state: WorldState;
  readonly dice: Dice;
  readonly kernels: NetKernel[] = [];
  /** The kernels as their own functions know them, by id. */
  readonly inner: Kernel[] = [];
  /** Filters of packet sockets by `kernel id, socket id`: code, so never cloned. */
  readonly filters: Map<string, SocketFilter> = new Map();
  onAlarm: ((token: number) => void) | undefined;
  onReady: ((kernelId: number, socketId: number) => void) | undefined;
  onStateChange: ((kernelId: number) => void) | undefined;
  traceSink: TraceSink | undefined;

  private readonly junctionKinds: readonly JunctionKind[];
  private readonly bpfObjects: readonly BpfObjectKind[];

  constructor(state: WorldState, junctionKinds: readonly JunctionKind[] = [], bpfObjects: readonly BpfObjectKind[] = []) {
    this.state = state;
    this.junctionKinds = junctionKinds;
    this.bpfObjects = bpfObjects;
    this.dice = diceOver(() => this.state.dice);
    for (const kernel of state.kernels) this.adopt(kernel);
  }

  get nowUs(): number {
    return this.state.nowUs;
  }

  get epochUs(): number {
    return this.state.epochUs;
  }

  kernel(id: number): NetKernel {
    const found = this.kernels[id];
    if (found === undefined) throw new Error(`no kernel ${id}`);
    return found;
  }

  /** A machine's kernel with its first namespace, which holds only lo. */
  addKernel(name: string): NetKernel {
    const state = createKernelState(this, this.state.kernels.length, name);
    this.state.kernels.push(state);
    return this.adopt(state);
  }

  /** Plugs a wire into two physical devices (kind 'ether'); both ends must exist. Replaces a wire that is there. */
  connect(left: WireEnd, right: WireEnd, options: WireOptions = {}): void {
    attachWire(this, end(left), end(right), options.latencyUs ?? 120);
  }

  /** A network of the given kind, nothing plugged in yet; answers its id. */
  addJunction(kind: string, name: string, data: unknown): number {
    this.kindOf(kind);
    const junctions = (this.state.junctions ??= []);
    junctions.push({ kind, name, ports: [], data });
    return junctions.length - 1;
  }

  /** Plugs a physical device into a junction; answers the port. */
  plug(junction: number, device: WireEnd, options: WireOptions = {}): number {
    const { kernelId, ns, index } = end(device);
    return plug(this, junction, { kernelId, ns, index }, options.latencyUs ?? 60);
  }

  unplug(junction: number, port: number): void {
    unplug(this, junction, port);
  }

  /** The junction as its own code sees it. `Data` is what `addJunction` was given. */
  junction<Data>(id: number): Junction<Data> {
    return new Junction<Data>(this, id);
  }

  dispatchToJunction(event: Extract<WorldEvent, { kind: 'junction-arrival' | 'junction-timer' }>): void {
    const kind = this.kindOf(this.state.junctions![event.junction]!.kind);
    const junction = new Junction(this, event.junction);
    if (event.kind === 'junction-timer') kind.timer(junction, event.timer);
    else kind.receive(junction, event.port, event.packet);
  }

  private kindOf(name: string): JunctionKind {
    const found = this.junctionKinds.find(({ kind }) => kind === name);
    if (found === undefined) throw new Error(`no junction of kind ${name}: this world knows ${this.junctionKinds.map(({ kind }) => kind).join(', ') || 'none'}`);
    return found;
  }

  bpfObject(name: string): BpfObjectKind {
    const found = this.bpfObjects.find(({ kind }) => kind === name);
    if (found === undefined) throw new Error(`no object of kind ${name}: this world knows ${this.bpfObjects.map(({ kind }) => kind).join(', ') || 'none'}`);
    return found;
  }

  setAlarm(delayUs: number, token: number): number {
    return this.schedule(delayUs, { kind: 'alarm', token });
  }

  /** Like `post`, for an event that may be cancelled. */
  schedule(delayUs: number, event: WorldEvent): number {
    const id = this.post(delayUs, event);
    this.state.pending.add(id);
    if (event.kind !== 'alarm' && event.kind !== 'netfilter') throw new Error(`events of kind ${event.kind} cannot be cancelled: use post`);
    return id;
  }

  cancel(alarm: number): void {
    this.state.pending.delete(alarm);
  }

  /** Puts an event into the queue; answers its sequence number. */
  post(delayUs: number, event: WorldEvent): number {
    const state = this.state;
    const sequence = (state.sequence += 1);
    push(state.queue, { atUs: state.nowUs + Math.max(0, Math.round(delayUs)), sequence, event });
    return sequence;
  }

  nextEventUs(): number | undefined {
    const queue = this.state.queue;
    for (;;) {
      const first = queue[0];
      if (first === undefined) return undefined;
      if (this.isLive(first)) return first.atUs;
      pop(queue);
    }
  }

  step(): void {
    if (this.nextEventUs() !== undefined) this.run(pop(this.state.queue)!);
  }

  private run(entry: QueueEntry): void {
    this.state.nowUs = entry.atUs;
    const event = entry.event;
    if (event.kind === 'alarm') {
      this.state.pending.delete(entry.sequence);
      this.onAlarm?.(event.token);
      return;
    }
    if (event.kind === 'netfilter') this.state.pending.delete(entry.sequence);
    dispatch(this, event);
  }

  advanceTo(nowUs: number): void {
    const next = this.nextEventUs();
    if (next !== undefined && next < nowUs) throw new Error(`an event is due at ${next} us, before ${nowUs} us`);
    if (nowUs > this.state.nowUs) this.state.nowUs = nowUs;
  }

  /** Runs everything due up to an instant, then stands at it. For tests and for worlds without machines. */
  runUntil(untilUs: number): void {
    for (;;) {
      const next = this.nextEventUs();
      if (next === undefined || next > untilUs) break;
      this.run(pop(this.state.queue)!);
    }
    this.advanceTo(untilUs);
  }

  clone(): SimulatedWorld {
    return new SimulatedWorld(cloneData(this.state, SHARED), this.junctionKinds, this.bpfObjects);
  }

  hash(): string {
    return hashData(this.state);
  }

  announceReady(kernelId: number, socketId: number): void {
    this.onReady?.(kernelId, socketId);
  }

  announceChange(kernelId: number): void {
    this.onStateChange?.(kernelId);
  }

  private isLive(entry: QueueEntry): boolean {
    const kind = entry.event.kind;
    return (kind !== 'alarm' && kind !== 'netfilter') || this.state.pending.has(entry.sequence);
  }

  private adopt(state: KernelState): NetKernel {
    const kernel = openKernel(state, this);
    this.inner.push(kernel);
    const calls = new KernelCalls(kernel);
    this.kernels.push(calls);
    return calls;
  }
}

function end(given: WireEnd): { kernelId: number; ns: NetnsId; index: LinkIndex } {
  return { kernelId: typeof given.kernel === 'number' ? given.kernel : given.kernel.id, ns: given.ns, index: given.index };
}
