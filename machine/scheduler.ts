/**
 * Who runs when. Tasks are async functions that block only on wait queues, one runs at a time, first come first served; when
 * none is runnable the next event of the world happens. That a task has blocked is known because it says so, never by a timer, so
 * everything between two events happens on microtasks and a replay takes the same turns at any pace.
 * Read first: wait queues in kernel/sched/wait.c
 */
import type { World } from '../simulator/world/api.ts';
import { Members } from './members.ts';

export type WakeReason = 'woken' | 'timeout' | 'signal';

/** Tasks that wait for one condition. Waking makes them runnable; they look at the condition again themselves. */
export class WaitQueue {
  readonly waiting = new Members<Task>();
  /** Plain listeners (poll on the outside of a terminal). */
  wake(): void {
    if (this.waiting.size === 0) return;
    if (this.waiting.size === 1) this.waiting.at(0)!.wake('woken');
    else for (const task of this.waiting.copy()) task.wake('woken');
  }
}

const NO_QUEUES: readonly WaitQueue[] = [];

export class Task {
  readonly name: string;
  state: 'runnable' | 'running' | 'blocked' | 'ended' = 'runnable';
  private readonly scheduler: Scheduler;
  private body: (() => Promise<void>) | undefined;
  private queues: readonly WaitQueue[] = NO_QUEUES;
  private resumeWith: ((reason: WakeReason) => void) | undefined;
  private reason: WakeReason = 'woken';
  private isInterruptible = true;
  /** Which block this is: a timer of an earlier one is stale. */
  blocks = 0;

  constructor(scheduler: Scheduler, name: string, body: () => Promise<void>) {
    this.scheduler = scheduler;
    this.name = name;
    this.body = body;
  }

  /** The one way to wait: until one of the queues wakes, the deadline (absolute, virtual) passes, or a signal arrives. */
  block(queues: readonly WaitQueue[], deadlineUs?: number, isInterruptible = true): Promise<WakeReason> {
    if (this.state !== 'running') throw new Error(`task ${this.name} waits for two things at once: a program awaits one system call at a time`);
    this.state = 'blocked';
    this.blocks += 1;
    this.isInterruptible = isInterruptible;
    this.queues = queues;
    for (const queue of queues) queue.waiting.add(this);
    if (deadlineUs !== undefined) this.scheduler.setTimer(deadlineUs, this);
    return new Promise((resolve) => {
      this.resumeWith = resolve;
      this.scheduler.switchBack();
    });
  }

  /** Makes a blocked task runnable. */
  wake(reason: WakeReason): void {
    if (this.state !== 'blocked') return;
    if (reason === 'signal' && !this.isInterruptible) return;
    for (const queue of this.queues) queue.waiting.delete(this);
    this.queues = NO_QUEUES;
    this.state = 'runnable';
    this.reason = reason;
    this.scheduler.enqueue(this);
  }

  /** Called by the scheduler only. */
  continueRun(): void {
    this.state = 'running';
    const body = this.body;
    if (body === undefined) {
      const resume = this.resumeWith!;
      this.resumeWith = undefined;
      resume(this.reason);
      return;
    }
    this.body = undefined;
    body().then(
      () => this.end(),
      (error: unknown) => {
        this.scheduler.failure ??= { error };
        this.end();
      },
    );
  }

  /** Gives the processor up for good (also for a task whose code refuses to end). */
  end(): void {
    if (this.state === 'ended') return;
    const wasRunning = this.state === 'running';
    for (const queue of this.queues) queue.waiting.delete(this);
    this.queues = NO_QUEUES;
    this.state = 'ended';
    if (wasRunning) this.scheduler.switchBack();
  }
}

interface Timer { readonly dueUs: number; readonly order: number; readonly task: Task; readonly block: number }

export interface RunOptions {
  /** Asked after each turn and each virtual millisecond of work: is it time to let the host breathe? */
  readonly shouldYield?: () => boolean;
  readonly yieldToHost?: () => Promise<void>;
  /** Looked at after every turn: stops at this very instant, without moving time on. */
  readonly stopWhen?: () => boolean;
}

export class Scheduler {
  readonly world: World;
  /** An exception that escaped a task: a bug in the product. The run in progress throws it. */
  failure: { error: unknown } | undefined;
  /** Virtual time at which a task last had a turn. */
  lastTurnUs = 0;
  private runnable: Task[] = [];
  private head = 0;
  private readonly timers: Timer[] = [];
  private timerOrder = 0;
  private loopContinues: (() => void) | undefined;
  private targetUs = 0;
  private options: RunOptions = {};
  private isRunning = false;
  private readonly readyListeners = new Map<number, (socketId: number) => void>();

  constructor(world: World) {
    this.world = world;
    world.onReady = (kernelId, socketId) => this.readyListeners.get(kernelId)?.(socketId);
  }

  onReady(kernelId: number, listener: (socketId: number) => void): void {
    this.readyListeners.set(kernelId, listener);
  }

  start(name: string, body: () => Promise<void>): Task {
    const task = new Task(this, name, body);
    this.enqueue(task);
    return task;
  }

  enqueue(task: Task): void {
    this.runnable.push(task);
  }

  switchBack(): void {
    const go = this.loopContinues;
    this.loopContinues = undefined;
    go?.();
  }

  get isIdle(): boolean {
    return this.head >= this.runnable.length;
  }

  /** When something will happen next, or undefined when nothing is due at all. */
  nextDueUs(): number | undefined {
    if (!this.isIdle) return this.world.nowUs;
    const event = this.world.nextEventUs();
    const timer = this.nextTimerUs();
    if (event === undefined) return timer;
    return timer === undefined ? event : Math.min(event, timer);
  }

  /**
   * Lets the running task's own time pass without a turn of the loop when nothing else could happen before `dueUs`.
   * Answers false when the task must block for it.
   */
  skipTo(dueUs: number): boolean {
    if (!this.isIdle || dueUs > this.targetUs) return false;
    const event = this.world.nextEventUs();
    if (event !== undefined && event <= dueUs) return false;
    const timer = this.nextTimerUs();
    if (timer !== undefined && timer <= dueUs) return false;
    if (this.options.shouldYield?.() === true) return false;
    this.world.advanceTo(dueUs);
    // As if it had blocked and had its turn then: whether the host wanted to breathe here must not show.
    this.lastTurnUs = dueUs;
    return true;
  }

  /** Everything due up to and including `targetUs` happens; then it is exactly `targetUs` (unless `stopWhen` said stop). */
  async runUntil(targetUs: number, options: RunOptions = {}): Promise<void> {
    if (this.isRunning) throw new Error('the scheduler runs already: one run at a time');
    this.isRunning = true;
    this.targetUs = Math.max(targetUs, this.world.nowUs);
    this.options = options;
    try {
      for (;;) {
        while (this.head < this.runnable.length) {
          // What arrives at this very instant is there before anybody it woke gets the processor.
          if (this.world.nextEventUs() === this.world.nowUs) {
            this.world.step();
            continue;
          }
          const task = this.runnable[this.head]!;
          this.head += 1;
          // A busy machine is never idle: what has had its turn must not be kept here, or every collection copies it.
          if (this.head >= 32) {
            this.runnable.splice(0, this.head);
            this.head = 0;
          }
          if (task.state === 'ended') continue;
          this.lastTurnUs = this.world.nowUs;
          await new Promise<void>((resolve) => {
            this.loopContinues = resolve;
            task.continueRun();
          });
          this.throwFailure();
          if (options.stopWhen?.() === true) return;
          if (options.shouldYield?.() === true) await options.yieldToHost?.();
        }
        this.runnable.length = 0;
        this.head = 0;
        const eventUs = this.world.nextEventUs();
        const timerUs = this.nextTimerUs();
        if (eventUs !== undefined && eventUs <= this.targetUs && (timerUs === undefined || eventUs <= timerUs)) {
          this.world.step();
          if (options.stopWhen?.() === true) return;
          if (options.shouldYield?.() === true) await options.yieldToHost?.();
          continue;
        }
        if (timerUs === undefined || timerUs > this.targetUs) break;
        if (timerUs > this.world.nowUs) this.world.advanceTo(timerUs);
        this.popTimer()!.task.wake('timeout');
      }
      if (this.world.nowUs < this.targetUs) this.world.advanceTo(this.targetUs);
    } finally {
      this.isRunning = false;
    }
  }

  /** Runs until no task has had a turn for `quietUs`, at most until `limitUs` (absolute). */
  async runUntilQuiet(quietUs: number, limitUs: number, options: RunOptions = {}): Promise<void> {
    this.lastTurnUs = this.world.nowUs;
    for (;;) {
      const quietAt = Math.min(limitUs, this.lastTurnUs + quietUs);
      const before = this.lastTurnUs;
      await this.runUntil(quietAt, options);
      if (options.stopWhen?.() === true) return;
      if (this.world.nowUs >= limitUs || this.lastTurnUs === before) return;
    }
  }

  setTimer(dueUs: number, task: Task): void {
    const timer: Timer = { dueUs, order: (this.timerOrder += 1), task, block: task.blocks };
    const heap = this.timers;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  private nextTimerUs(): number | undefined {
    for (;;) {
      const first = this.timers[0];
      if (first === undefined) return undefined;
      if (first.task.state === 'blocked' && first.task.blocks === first.block) return Math.max(first.dueUs, this.world.nowUs);
      this.popTimer();
    }
  }

  private popTimer(): Timer | undefined {
    const heap = this.timers;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  private throwFailure(): void {
    if (this.failure === undefined) return;
    const { error } = this.failure;
    this.failure = undefined;
    throw error;
  }
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.dueUs < right.dueUs || (left.dueUs === right.dueUs && left.order < right.order);
}
