/**
 * TCP connections of a daemon that does not block: the kubelet's probes and forwarded ports. Everything happens in callbacks of the runtime, never in the middle of a packet.
 */
import type { Machine } from '../../machine/machine.ts';
import type { Errno, NetnsId } from '../../simulator/index.ts';
import type { Cancel, KubeRuntime } from '../runtime.ts';

export interface TcpHandlers {
  onOpen(): void;
  onData(bytes: Uint8Array): void;
  /** Undefined: the other side is done. After it, or after `close`, nothing more comes. */
  onEnd(error: Errno | 'timeout' | undefined): void;
}

export class TcpConnection {
  private readonly machine: Machine;
  private readonly time: KubeRuntime;
  private readonly socket: number | undefined;
  private readonly handlers: TcpHandlers;
  private readonly deadline: Cancel | undefined;
  private unsent: Uint8Array[] = [];
  private isOpen = false;
  private isOver = false;
  private isLookPlanned = false;
  private endsOutput = false;

  /** `owner` is the pid whose socket it counts as. */
  constructor(machine: Machine, time: KubeRuntime, to: { readonly ns: NetnsId; readonly address: string; readonly port: number; readonly owner?: number; readonly timeoutMs?: number }, handlers: TcpHandlers) {
    this.machine = machine;
    this.time = time;
    this.handlers = handlers;
    const { sockets } = machine.kernel;
    const opened = sockets.open(to.ns, { type: 'tcp', family: 'inet' }, 0);
    if (!opened.ok) {
      time.after(0, () => this.finish(opened.error));
      return;
    }
    this.socket = opened.value;
    if (to.owner !== undefined) machine.processes.get(to.owner)?.sockets.add(this.socket);
    machine.watchSocket(this.socket, () => this.plan());
    const started = sockets.connect(this.socket, { address: to.address, port: to.port });
    if (!started.ok && started.error !== 'EINPROGRESS') time.after(0, () => this.finish(started.error));
    if (to.timeoutMs !== undefined) this.deadline = time.after(to.timeoutMs, () => this.finish('timeout'));
    this.plan();
  }

  write(bytes: Uint8Array): void {
    this.unsent.push(bytes);
    this.plan();
  }

  /** No more will be written. */
  end(): void {
    this.endsOutput = true;
    this.plan();
  }

  close(): void {
    this.isOver = true;
    this.deadline?.();
    if (this.socket === undefined) return;
    this.machine.watchSocket(this.socket, undefined);
    for (const process of this.machine.processes.values()) process.sockets.delete(this.socket);
    this.machine.dropSocket(this.socket);
  }

  private finish(error: Errno | 'timeout' | undefined): void {
    if (this.isOver) return;
    this.close();
    this.handlers.onEnd(error);
  }

  private plan(): void {
    if (this.isLookPlanned || this.isOver) return;
    this.isLookPlanned = true;
    this.time.after(0, () => {
      this.isLookPlanned = false;
      if (!this.isOver) this.look();
    });
  }

  private look(): void {
    const { sockets } = this.machine.kernel;
    const id = this.socket!;
    const { writable, readable, error, hangup } = sockets.readiness(id);
    if (error) {
      this.finish(sockets.takeError(id) ?? 'ECONNRESET');
      return;
    }
    if (!this.isOpen && (writable || hangup)) {
      this.isOpen = true;
      this.handlers.onOpen();
      if (this.isOver) return;
    }
    if (!this.isOpen) return;
    this.flush(id);
    while (readable || hangup) {
      const got = sockets.receive(id, 65_536);
      if (!got.ok) {
        if (got.error !== 'EAGAIN') this.finish(got.error);
        return;
      }
      if (got.value.length === 0) {
        this.finish(undefined);
        return;
      }
      this.handlers.onData(got.value);
      if (this.isOver) return;
    }
  }

  private flush(id: number): void {
    const { sockets } = this.machine.kernel;
    while (this.unsent.length > 0) {
      const sent = sockets.send(id, this.unsent[0]!);
      if (!sent.ok) return;
      if (sent.value < this.unsent[0]!.length) {
        this.unsent[0] = this.unsent[0]!.subarray(sent.value);
        return;
      }
      this.unsent.shift();
    }
    if (!this.endsOutput) return;
    this.endsOutput = false;
    sockets.shutdown(id, 'write');
  }
}
