/**
 * A process: identity, descriptors, signals, and how it waits. What it may ask for is in system-calls.ts.
 * Read first: credentials(7), signal(7), kernel/signal.c, kernel/exit.c
 */
import type { Disposition, SignalName, WaitStatus } from './sys.ts';
import type { Capability, MountNamespace, PidNamespace, Uts } from './container.ts';
import type { Inode } from './files/inode.ts';
import type { OpenFile } from './files/open-file.ts';
import type { Machine } from './machine.ts';
import { Members } from './members.ts';
import type { NetnsRef } from './namespaces.ts';
import type { Task } from './scheduler.ts';
import { WaitQueue } from './scheduler.ts';
import { SIGNAL_NUMBERS, defaultAction } from './signals.ts';
import type { Tty } from './tty/tty.ts';
import { ORDINARY, type Scheduling } from './scheduling.ts';

/** Thrown out of a system call of a process that has ended. Never catch it: use `finally`. */
export class ProcessDeath {
  readonly status: WaitStatus;
  constructor(status: WaitStatus) {
    this.status = status;
  }
}

export interface Session { readonly id: number; leader: Process | undefined; tty: Tty | undefined }
export interface Descriptor { readonly file: OpenFile; closeOnExec: boolean }

export const SYSTEM_CALL_US = 10;
/** What copying costs beyond a page, at 16 bytes a microsecond: a program that writes without end must not do so in no time. */
const FREE_BYTES = 4096;
const BYTES_PER_US = 16;

/** The cost of a system call that moves so many bytes. */
export function transferUs(bytes: number): number {
  return SYSTEM_CALL_US + (bytes <= FREE_BYTES ? 0 : Math.ceil((bytes - FREE_BYTES) / BYTES_PER_US));
}
export const FORK_US = 500;
export const EXEC_US = 500;
/** Debts are paid once they reach this. */
const PAY_DAY_US = 1000;
const RUNAWAY_US = 1_000_000;
const HARD_RUNAWAY_US = 10_000_000;
/** No more is paid at once: signals reach a program in the middle of long work, too. */
const PAID_AT_ONCE_US = 100_000;

export class Process {
  readonly machine: Machine;
  readonly pid: number;
  parent: Process | undefined;
  readonly children = new Members<Process>();
  group: number;
  session: Session;
  uid = 0;
  realUid = 0;
  savedUid = 0;
  gid = 0;
  groups: readonly number[] = [];
  argv: readonly string[] = [];
  env = new Map<string, string>();
  executable = '';
  name = '';
  fds = new Map<number, Descriptor>();
  cwd: Inode;
  umask = 0o022;
  netns: NetnsRef;
  /** Undefined: the machine's own. */
  mounts: MountNamespace | undefined;
  uts: Uts | undefined;
  pids: PidNamespace | undefined;
  /** Where its children go instead, after unshare(CLONE_NEWPID). */
  childPids: PidNamespace | undefined;
  /** Numbers of namespaces it left the machine's for and of which nothing but the number shows, by the name in /proc/PID/ns. */
  namespaceInodes: ReadonlyMap<string, number> = new Map();
  /** What root may do; undefined: everything. */
  capabilities: ReadonlySet<Capability> | undefined;
  /** Namespace handles this process opened; they are let go when it ends. */
  readonly netnsHandles: NetnsRef[] = [];
  readonly sockets = new Set<number>();
  task!: Task;
  state: 'alive' | 'stopped' | 'zombie' | 'dead' = 'alive';
  status: WaitStatus | undefined;
  /** Changes that wait(2) has not reported yet. */
  stopReport: SignalName | undefined;
  continueReport = false;
  /** Its parent died; init took it in. */
  adopted = false;
  readonly childChanged = new WaitQueue();
  readonly dispositions = new Map<SignalName, Disposition>();
  readonly pending = new Set<SignalName>();
  readonly blocked = new Set<SignalName>();
  scheduling: Scheduling = ORDINARY;
  readonly startedUs: number;
  userUs = 0;
  systemUs = 0;
  /** Its time passes, although its task waits for that. */
  isOnProcessor = false;
  childrenUserUs = 0;
  childrenSystemUs = 0;
  /** CPU time used that virtual time does not show yet. */
  debtUs = 0;
  settle: (() => Promise<void>) | undefined;
  onEnd: ((status: WaitStatus) => void) | undefined;
  private readonly continued = new WaitQueue();
  private isSettling = false;
  private lastBlockedUs: number;
  private deathThrows = 0;

  constructor(machine: Machine, pid: number, parent: Process | undefined, session: Session, group: number, cwd: Inode, netns: NetnsRef) {
    this.machine = machine;
    this.pid = pid;
    this.parent = parent;
    this.session = session;
    this.group = group;
    this.cwd = cwd;
    this.netns = netns;
    this.startedUs = machine.world.nowUs;
    this.lastBlockedUs = this.startedUs;
    parent?.children.add(this);
  }

  get isAlive(): boolean {
    return this.state === 'alive' || this.state === 'stopped';
  }

  // ---- namespaces

  /** Where its absolute paths begin. */
  get root(): Inode {
    return this.mounts?.root ?? this.machine.tree.root;
  }

  can(capability: Capability): boolean {
    return this.uid === 0 && this.capabilities?.has(capability) !== false;
  }

  /** A process, group or session of the machine as this process knows it by number; 0 when its pid namespace does not hold it. */
  numberOf(pid: number): number {
    return this.pids === undefined ? pid : this.pids.numberOf(pid);
  }

  /** The other way; undefined when there is none. */
  pidOf(number: number): number | undefined {
    return this.pids === undefined ? number : this.pids.pidOf(number);
  }

  /** Shown in its /proc and by its ps. */
  sees(other: Process): boolean {
    return this.pids === undefined || other.pids === this.pids;
  }

  /** The first process of a pid namespace: what it has no handler for does not reach it from inside, and only SIGKILL and SIGSTOP do from outside. */
  get isInit(): boolean {
    return this.pid === 1 || this.pids?.init === this;
  }

  /** Nominal: nothing here counts pages. */
  get memoryKb(): number {
    return 2300 + (this.executable.length * 37) % 900;
  }

  // ---- time

  /** Every system call begins here: costs time, delivers what can be delivered at once, and tells whether there is something to await. */
  enter(costUs = SYSTEM_CALL_US): Promise<void> | undefined {
    this.systemUs += costUs;
    return this.charge(costUs);
  }

  charge(costUs: number): Promise<void> | undefined {
    if (!this.isAlive) this.throwDeath();
    this.debtUs += costUs;
    return this.debtUs >= PAY_DAY_US || this.pending.size > 0 ? this.pay() : undefined;
  }

  /** A system call that answers at once. */
  enterSync(costUs = SYSTEM_CALL_US): void {
    if (!this.isAlive) this.throwDeath();
    this.debtUs += costUs;
    this.systemUs += costUs;
    if (this.pending.size > 0) this.deliverNow(false);
  }

  private async pay(): Promise<void> {
    do {
      if (this.debtUs >= PAY_DAY_US) {
        const { world, scheduler } = this.machine;
        const ranUs = world.nowUs - this.lastBlockedUs;
        const rate = ranUs >= HARD_RUNAWAY_US ? 100 : ranUs >= RUNAWAY_US ? 10 : 1;
        const paidUs = Math.min(this.debtUs, PAID_AT_ONCE_US / rate);
        const dueUs = world.nowUs + paidUs * rate;
        // Whoever runs away keeps the processor all that time.
        this.userUs += paidUs * (rate - 1);
        this.debtUs -= paidUs;
        this.isOnProcessor = true;
        if (!scheduler.skipTo(dueUs)) await this.task.block([], dueUs, false);
        this.isOnProcessor = false;
      }
      if (this.pending.size > 0) await this.deliver();
    } while (this.debtUs >= PAY_DAY_US);
  }

  /** Lets all time used so far pass: what leaves the process now is seen by others, who read the clock. */
  async settleDebt(): Promise<void> {
    if (this.debtUs === 0) return;
    const dueUs = this.machine.world.nowUs + this.debtUs;
    this.debtUs = 0;
    if (!this.machine.scheduler.skipTo(dueUs)) await this.task.block([], dueUs, false);
    if (this.pending.size > 0) await this.deliver();
  }

  /** Waits. 'interrupted' when a handler ran, which system calls answer with EINTR; otherwise look at the condition again. */
  async block(queues: readonly WaitQueue[], deadlineUs?: number): Promise<'woken' | 'timeout' | 'interrupted'> {
    if (!this.isAlive) this.throwDeath();
    const { world } = this.machine;
    if (this.settle !== undefined && !this.isSettling) {
      const before = this.task.blocks;
      this.isSettling = true;
      try {
        await this.settle();
      } finally {
        this.isSettling = false;
      }
      if (this.task.blocks !== before) return 'woken';
    }
    if (this.pending.size > 0) {
      const before = this.task.blocks;
      if (await this.deliver()) return 'interrupted';
      if (this.task.blocks !== before) return 'woken';
    }
    const startedUs = world.nowUs;
    const reason = await this.task.block(queues, deadlineUs);
    this.debtUs = Math.max(0, this.debtUs - (world.nowUs - startedUs));
    this.lastBlockedUs = world.nowUs;
    if (this.pending.size > 0 && (await this.deliver())) return 'interrupted';
    return reason === 'timeout' ? 'timeout' : 'woken';
  }

  /** Taking a child's status is waiting too, even if it had ended already. */
  waited(): void {
    this.lastBlockedUs = this.machine.world.nowUs;
  }

  // ---- signals

  post(signal: SignalName): void {
    if (!this.isAlive) return;
    if (signal === 'CONT') {
      for (const stop of STOPS) this.pending.delete(stop);
      if (this.state === 'stopped') this.resume();
    } else if (STOPS.has(signal)) {
      this.pending.delete('CONT');
    }
    if (!this.blocked.has(signal) && this.isIgnored(signal)) return;
    if (this.isInit && this.dispositions.get(signal) === undefined && (this.pid === 1 || (signal !== 'KILL' && signal !== 'STOP'))) return;
    this.pending.add(signal);
    if (!this.blocked.has(signal)) this.task.wake('signal');
  }

  private isIgnored(signal: SignalName): boolean {
    if (signal === 'KILL' || signal === 'STOP') return false;
    const disposition = this.dispositions.get(signal) ?? 'default';
    if (disposition === 'default') return signal === 'CONT' || defaultAction(signal) === 'ignore';
    return disposition === 'ignore';
  }

  private nextDeliverable(): SignalName | undefined {
    if (this.pending.has('KILL')) return 'KILL';
    let first: SignalName | undefined;
    for (const signal of this.pending) {
      if (this.blocked.has(signal) && signal !== 'STOP') continue;
      if (first === undefined || SIGNAL_NUMBERS[signal] < SIGNAL_NUMBERS[first]) first = signal;
    }
    return first;
  }

  /** Handlers and deaths; answers whether a handler ran. A stop needs `deliver`, which may wait. */
  private deliverNow(mayStop: boolean): { handled: boolean; stop?: SignalName } {
    let handled = false;
    for (;;) {
      const signal = this.nextDeliverable();
      if (signal === undefined) return { handled };
      const disposition = this.dispositions.get(signal) ?? 'default';
      const action = defaultAction(signal);
      if (signal !== 'KILL' && signal !== 'STOP' && disposition !== 'default') {
        this.pending.delete(signal);
        if (disposition === 'ignore') continue;
        disposition();
        handled = true;
        continue;
      }
      if (action === 'stop') {
        if (!mayStop) return { handled };
        this.pending.delete(signal);
        if (signal !== 'STOP' && this.machine.isOrphanedGroup(this.group, this.session)) continue;
        return { handled, stop: signal };
      }
      this.pending.delete(signal);
      if (action === 'ignore' || action === 'continue') continue;
      this.die({ kind: 'signalled', signal, coreDumped: false });
    }
  }

  private async deliver(): Promise<boolean> {
    let handled = false;
    for (;;) {
      const outcome = this.deliverNow(true);
      handled = outcome.handled || handled;
      if (outcome.stop === undefined) return handled;
      this.state = 'stopped';
      this.stopReport = outcome.stop;
      this.continueReport = false;
      this.tellParent();
      while (this.state === 'stopped') {
        await this.task.block([this.continued]);
        if (this.pending.has('KILL')) {
          this.state = 'alive';
          break;
        }
      }
      this.lastBlockedUs = this.machine.world.nowUs;
    }
  }

  private resume(): void {
    this.state = 'alive';
    this.stopReport = undefined;
    this.continueReport = true;
    this.tellParent();
    this.continued.wake();
  }

  private tellParent(): void {
    this.parent?.childChanged.wake();
    this.parent?.post('CHLD');
  }

  /** Forgets handlers, as execve(2) does. */
  resetHandlers(): void {
    for (const [signal, disposition] of this.dispositions) if (disposition !== 'ignore') this.dispositions.delete(signal);
    this.settle = undefined;
    this.isSettling = false;
  }

  // ---- the end

  /** Ends the process now: what it held is let go, its parent is told. */
  end(status: WaitStatus): void {
    if (!this.isAlive) return;
    this.status = status;
    this.state = 'zombie';
    this.pending.clear();
    this.settle = undefined;
    this.machine.processEnded(this);
    this.onEnd?.(status);
    this.tellParent();
  }

  die(status: WaitStatus): never {
    this.end(status);
    return this.throwDeath();
  }

  throwDeath(): never {
    this.deathThrows += 1;
    // Code that catches its own death would spin for ever: take the processor from it.
    if (this.deathThrows > 1000) this.task.end();
    throw new ProcessDeath(this.status!);
  }
}

const STOPS: ReadonlySet<SignalName> = new Set<SignalName>(['STOP', 'TSTP', 'TTIN', 'TTOU']);
