/** The kernel's network calls bound to one process: its namespace, its privileges, and waiting. Read first: capabilities(7), socket(7) */
import type { Errno, Result } from '../simulator/result.ts';
import { done, fail, ok } from '../simulator/result.ts';
import type { ConntrackEvent, ConntrackView, TableName, TableState } from '../simulator/netfilter/api.ts';
import type { Datagram, Endpoint, Family, NetKernel, NetlinkEvent, NetnsId, Readiness, SocketErrorReport, SocketId, SocketOptions, SocketType, SocketView } from '../simulator/kernel/api.ts';
import { SocketFile } from './files/socket-file.ts';
import type { Fd } from './sys.ts';
import type { NetPorts, NetfilterPort, NetlinkPort, SocketPort, SysctlPort } from './net-ports.ts';
import type { Process } from './process.ts';
import type { WaitQueue } from './scheduler.ts';

const NETLINK_CHANGES = new Set(['addLink', 'setLink', 'deleteLink', 'addAddress', 'deleteAddress', 'addRoute', 'deleteRoute', 'addRule', 'deleteRule', 'addNeighbour', 'deleteNeighbour', 'addFdb', 'deleteFdb', 'flushFdb', 'addMdb', 'deleteMdb', 'setLinkGroup', 'setQdisc', 'setNetnsId']);
const NETFILTER_PRIVILEGED = new Set(['replaceTable', 'deleteTable', 'putIpSet', 'deleteIpSet', 'deleteConntrack', 'updateConntrack', 'createConntrack']);
const IP_UNPRIVILEGED_PORT_START = 1024;

type AnyCall = (...args: unknown[]) => unknown;

export class NetworkCalls implements NetPorts {
  // Bound when first asked for: most programs never touch the network.
  private boundNetlink: NetlinkPort | undefined;
  private boundNetfilter: NetfilterPort | undefined;
  private boundSockets: SocketPort | undefined;
  private boundSysctl: SysctlPort | undefined;
  private readonly by: Process;

  constructor(by: Process) {
    this.by = by;
  }

  get netlink(): NetlinkPort {
    return (this.boundNetlink ??= bindNetlink(this.by, this.by.machine.kernel));
  }

  get netfilter(): NetfilterPort {
    return (this.boundNetfilter ??= bindNetfilter(this.by, this.by.machine.kernel));
  }

  get sockets(): SocketPort {
    return (this.boundSockets ??= new Sockets(this.by));
  }

  get sysctl(): SysctlPort {
    return (this.boundSysctl ??= this.bindSysctl());
  }

  private bindSysctl(): SysctlPort {
    const { by } = this;
    const { kernel } = by.machine;
    return {
      keys: () => kernel.sysctl.keys(by.netns.id),
      get: (key) => {
        by.enterSync();
        return by.machine.sysctl(by.netns.id, key);
      },
      set: (key, value) => {
        by.enterSync();
        // /proc/sys is read only in a container that is not privileged.
        if (!by.can('SYS_ADMIN')) return fail(by.uid === 0 ? 'EROFS' : 'EACCES');
        return by.machine.setSysctl(by.netns.id, key, value, by);
      },
      isWritable: (key) => kernel.sysctl.isWritable(by.netns.id, key),
    };
  }

  netnsName(id: NetnsId): string | undefined {
    return this.by.machine.netnsName(id);
  }

  netnsNameById(nsid: number): string | undefined {
    const { machine, netns } = this.by;
    for (const { name, ref } of machine.namedNetns()) if (machine.kernel.netlink.netnsId(netns.id, ref.id) === nsid) return name;
    return undefined;
  }
}

/** Every call gets the namespace put in front; changes ask for CAP_NET_ADMIN. */
function bindNetlink(by: Process, kernel: NetKernel): NetlinkPort {
  const calls = kernel.netlink;
  const bound: Record<string, AnyCall> = {};
  for (const key of methodNames(calls)) {
    if (key === 'takeEvents' || key === 'subscribe') continue;
    const call = (calls as unknown as Record<string, AnyCall>)[key]!;
    const isChange = NETLINK_CHANGES.has(key);
    bound[key] = (...args) => {
      by.enterSync();
      if (isChange && !by.can('NET_ADMIN')) return fail('EPERM');
      return call.call(calls, by.netns.id, ...args);
    };
  }
  bound['subscribe'] = (kinds) => {
    by.enterSync();
    const id = calls.subscribe(by.netns.id, kinds as readonly NetlinkEvent['kind'][]);
    by.sockets.add(id);
    return id;
  };
  bound['takeEvents'] = (id) => {
    by.enterSync();
    return calls.takeEvents(id as SocketId);
  };
  return bound as unknown as NetlinkPort;
}

function bindNetfilter(by: Process, kernel: NetKernel): NetfilterPort {
  const calls = kernel.netfilter;
  const bound: Record<string, AnyCall> = {};
  for (const key of methodNames(calls)) {
    const call = (calls as unknown as Record<string, AnyCall>)[key]!;
    bound[key] = (...args) => {
      by.enterSync();
      if (NETFILTER_PRIVILEGED.has(key) && !by.can('NET_ADMIN')) return fail('EPERM');
      return call.call(calls, by.netns.id, ...args);
    };
  }
  const own: Pick<NetfilterPort, 'table' | 'conntrack' | 'subscribeConntrack' | 'takeConntrackEvents'> = {
    table: (family: Family, name: TableName): Result<TableState> => {
      by.enterSync();
      return by.can('NET_ADMIN') ? ok(calls.table(by.netns.id, family, name)) : fail('EPERM');
    },
    conntrack: (): Result<ConntrackView[]> => {
      by.enterSync();
      return by.can('NET_ADMIN') ? ok(calls.conntrack(by.netns.id)) : fail('EPERM');
    },
    subscribeConntrack: (): Result<SocketId> => {
      by.enterSync();
      if (!by.can('NET_ADMIN')) return fail('EPERM');
      const id = calls.subscribeConntrack(by.netns.id);
      by.sockets.add(id);
      return ok(id);
    },
    takeConntrackEvents: (id: SocketId): ConntrackEvent[] => calls.takeConntrackEvents(id),
  };
  return Object.assign(bound, own) as unknown as NetfilterPort;
}

const namesOf = new WeakMap<object, readonly string[]>();

function methodNames(object: object): readonly string[] {
  const known = namesOf.get(object);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const descriptor = Object.getOwnPropertyDescriptor(at, name);
      if (name !== 'constructor' && typeof descriptor?.value === 'function') names.add(name);
    }
  }
  const found = [...names];
  namesOf.set(object, found);
  return found;
}

class Sockets implements SocketPort {
  private readonly by: Process;
  private readonly kernel: NetKernel;

  constructor(by: Process) {
    this.by = by;
    this.kernel = by.machine.kernel;
  }

  private get calls(): NetKernel['sockets'] {
    return this.kernel.sockets;
  }

  open(type: SocketType): Result<SocketId> {
    this.by.enterSync();
    if ((type.type === 'raw' || type.type === 'packet') && !this.by.can('NET_RAW')) return fail('EPERM');
    const opened = this.calls.open(this.by.netns.id, type, this.by.uid);
    if (opened.ok) this.by.sockets.add(opened.value);
    return opened;
  }

  close(id: SocketId): void {
    this.by.enterSync();
    this.by.sockets.delete(id);
    this.by.machine.dropSocket(id);
  }

  bind(id: SocketId, to: Endpoint): Result {
    this.by.enterSync();
    if (to.port > 0 && to.port < this.privilegedBelow() && !this.by.can('NET_BIND_SERVICE')) return fail('EACCES');
    return this.calls.bind(id, to);
  }

  private privilegedBelow(): number {
    const set = this.kernel.sysctl.get(this.by.netns.id, 'net/ipv4/ip_unprivileged_port_start');
    return set.ok ? Number(set.value) : IP_UNPRIVILEGED_PORT_START;
  }

  bindDevice(id: SocketId, name: string): Result {
    this.by.enterSync();
    const link = name === '' || name === 'any' ? undefined : this.kernel.netlink.link(this.by.netns.id, name);
    if (link === undefined && name !== '' && name !== 'any') return fail('ENODEV');
    return this.calls.bindDevice(id, link?.index ?? 0);
  }

  private queue(id: SocketId): WaitQueue {
    return this.by.machine.socketQueue(id);
  }

  private deadline(timeoutUs: number | undefined): number | undefined {
    return timeoutUs === undefined ? undefined : this.by.machine.world.nowUs + Math.max(0, timeoutUs);
  }

  private isLate(deadlineUs: number | undefined): boolean {
    return deadlineUs !== undefined && this.by.machine.world.nowUs >= deadlineUs;
  }

  async connect(id: SocketId, to: Endpoint, timeoutUs?: number): Promise<Result> {
    const entered = this.by.enter();
    if (entered !== undefined) await entered;
    const started = this.calls.connect(id, to);
    if (started.ok || started.error !== 'EINPROGRESS') return started;
    const deadlineUs = this.deadline(timeoutUs);
    for (;;) {
      const { writable, error, hangup } = this.calls.readiness(id);
      if (error || hangup || writable) {
        const failed = this.calls.takeError(id);
        return failed === undefined ? done : fail(failed);
      }
      if (this.isLate(deadlineUs)) return fail('ETIMEDOUT');
      if ((await this.by.block([this.queue(id)], deadlineUs)) === 'interrupted') return fail('EINTR');
    }
  }

  listen(id: SocketId, backlog: number): Result {
    this.by.enterSync();
    return this.calls.listen(id, backlog);
  }

  private async retry<T>(id: SocketId, timeoutUs: number | undefined, attempt: () => Result<T>): Promise<Result<T>> {
    const entered = this.by.enter();
    if (entered !== undefined) await entered;
    const deadlineUs = this.deadline(timeoutUs);
    for (;;) {
      const outcome = attempt();
      if (outcome.ok || outcome.error !== 'EAGAIN' || this.isLate(deadlineUs)) return outcome;
      if ((await this.by.block([this.queue(id)], deadlineUs)) === 'interrupted') return fail('EINTR');
    }
  }

  async accept(id: SocketId, timeoutUs?: number): Promise<Result<SocketId>> {
    const accepted = await this.retry(id, timeoutUs, () => this.calls.accept(id));
    if (accepted.ok) this.by.sockets.add(accepted.value);
    return accepted;
  }

  async send(id: SocketId, bytes: Uint8Array, to?: Endpoint): Promise<Result<number>> {
    let sent = 0;
    await this.by.settleDebt();
    for (;;) {
      const part = await this.retry(id, undefined, () => this.calls.send(id, sent === 0 ? bytes : bytes.subarray(sent), to));
      if (!part.ok) {
        if (part.error === 'EPIPE') {
          this.by.post('PIPE');
          const entered = this.by.enter(0);
          if (entered !== undefined) await entered;
        }
        return sent > 0 ? ok(sent) : part;
      }
      sent += part.value;
      if (sent >= bytes.length || part.value === 0) return ok(sent);
    }
  }

  receive(id: SocketId, max: number, timeoutUs?: number): Promise<Result<Uint8Array>> {
    return this.retry(id, timeoutUs, () => this.calls.receive(id, max));
  }

  receiveDatagram(id: SocketId, timeoutUs?: number): Promise<Result<Datagram>> {
    return this.retry(id, timeoutUs, () => {
      const got = this.calls.receiveDatagram(id);
      if (got.ok) return ok(this.stamped(got.value));
      if (got.error !== 'EAGAIN') return got;
      // An asynchronous error (ICMP) is the answer to the next receive.
      const failed = this.calls.takeError(id);
      return failed === undefined ? got : fail(failed);
    });
  }

  receiveErrorReport(id: SocketId): Result<SocketErrorReport> {
    this.by.enterSync();
    const report = this.calls.receiveErrorReport(id);
    return report.ok ? ok(this.stamped(report.value)) : report;
  }

  /** SO_TIMESTAMP is of the real-time clock; the kernel's is virtual time. */
  private stamped<T extends { readonly receivedAtUs: number }>(received: T): T {
    return { ...received, receivedAtUs: received.receivedAtUs + this.by.machine.world.epochUs };
  }

  shutdown(id: SocketId, how: 'read' | 'write' | 'both'): Result {
    this.by.enterSync();
    return this.calls.shutdown(id, how);
  }

  setOptions(id: SocketId, options: SocketOptions): Result {
    this.by.enterSync();
    if (!this.by.can('NET_ADMIN') && (options.mark !== undefined || options.transparent !== undefined)) return fail('EPERM');
    return this.calls.setOptions(id, options);
  }

  attachFilter(id: SocketId, accepts: ((frame: Uint8Array, info: { direction: string; device: number }) => boolean) | undefined): void {
    this.by.enterSync();
    this.calls.attachFilter(id, accepts);
  }

  readiness(id: SocketId): Readiness {
    return this.calls.readiness(id);
  }

  async poll(sockets: readonly { id: SocketId; read?: boolean; write?: boolean }[], fds: readonly { fd: Fd; read?: boolean; write?: boolean }[] = [], timeoutUs?: number): Promise<Result<{ sockets: SocketId[]; fds: number[] }>> {
    const entered = this.by.enter();
    if (entered !== undefined) await entered;
    const deadlineUs = this.deadline(timeoutUs);
    for (;;) {
      const ready: { sockets: SocketId[]; fds: number[] } = { sockets: [], fds: [] };
      const queues: WaitQueue[] = [];
      for (const { id, read, write } of sockets) {
        const state = this.calls.readiness(id);
        if ((read === true && state.readable) || (write === true && state.writable) || state.error || state.hangup || state.errorQueue) ready.sockets.push(id);
        queues.push(this.queue(id));
      }
      for (const { fd, read, write } of fds) {
        const file = this.by.fds.get(fd)?.file;
        if (file === undefined) return fail('EBADF');
        const state = file.readiness(this.by);
        if ((read === true && state.readable) || (write === true && state.writable) || state.hangup || state.error) ready.fds.push(fd);
        queues.push(...file.queues());
      }
      if (ready.sockets.length > 0 || ready.fds.length > 0 || this.isLate(deadlineUs)) return ok(ready);
      if ((await this.by.block(queues, deadlineUs)) === 'interrupted') return fail('EINTR');
    }
  }

  takeError(id: SocketId): Errno | undefined {
    return this.calls.takeError(id);
  }
  local(id: SocketId): Endpoint | undefined {
    return this.calls.local(id);
  }
  remote(id: SocketId): Endpoint | undefined {
    return this.calls.remote(id);
  }
  packetStatistics(id: SocketId): { received: number; dropped: number } {
    return this.calls.packetStatistics(id);
  }
  pathMtu(id: SocketId): number | undefined {
    return this.calls.pathMtu(id);
  }

  sockets(): (SocketView & { readonly process: { pid: number; name: string; fd: number } | undefined })[] {
    this.by.enterSync();
    const owners = new Map<SocketId, { pid: number; name: string; fd: number }>();
    for (const process of this.by.machine.processes.values()) {
      if ((this.by.uid !== 0 && this.by.uid !== process.uid) || !this.by.sees(process)) continue;
      let fd = 3;
      for (const id of process.sockets) {
        if (!owners.has(id)) owners.set(id, { pid: this.by.numberOf(process.pid), name: process.name, fd });
        fd += 1;
      }
      for (const [number, { file }] of process.fds) if (file instanceof SocketFile) owners.set(file.id, { pid: this.by.numberOf(process.pid), name: process.name, fd: number });
    }
    return this.calls.sockets(this.by.netns.id).map((view) => ({ ...view, process: owners.get(view.id) }));
  }
}
