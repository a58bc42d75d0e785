/**
 * Work queues of controllers (client-go/util/workqueue): a key waits at most once, a key that fails comes back later and
 * later, and one key is worked on at a time. A controller is told which object to look at, never what happened to it.
 */
import type { Cancel, KubeRuntime } from '../runtime.ts';

/** DefaultControllerRateLimiter: 5 ms doubled with each failure, at most 1000 s. */
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 1_000_000;

export interface RetryDelays { readonly firstMs: number; readonly longestMs: number }

export class WorkQueue {
  private readonly runtime: KubeRuntime;
  private readonly work: (key: string) => void;
  private readonly delays: RetryDelays;
  /** Keys to look at, oldest first. */
  private readonly waiting = new Set<string>();
  private readonly timers = new Map<string, { readonly dueMs: number; readonly cancel: Cancel }>();
  private readonly failures = new Map<string, number>();
  private isScheduled = false;

  /** `work` throws to be called again with the same key later. */
  constructor(runtime: KubeRuntime, work: (key: string) => void, delays: RetryDelays = { firstMs: FIRST_RETRY_MS, longestMs: LONGEST_RETRY_MS }) {
    this.runtime = runtime;
    this.work = work;
    this.delays = delays;
  }

  add(key: string): void {
    this.waiting.add(key);
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.runtime.after(0, () => this.run());
  }

  /** Looks at `key` after a while; of several such wishes the earliest holds. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key);
    const dueMs = this.runtime.nowMs() + delayMs;
    const before = this.timers.get(key);
    if (before !== undefined) {
      if (before.dueMs <= dueMs) return;
      before.cancel();
    }
    const cancel = this.runtime.after(delayMs, () => {
      this.timers.delete(key);
      this.add(key);
    });
    this.timers.set(key, { dueMs, cancel });
  }

  private run(): void {
    this.isScheduled = false;
    // What is added meanwhile waits for its own turn.
    for (const key of [...this.waiting]) {
      this.waiting.delete(key);
      try {
        this.work(key);
        this.failures.delete(key);
      } catch (error) {
        if (!(error instanceof Error) || !isExpected(error)) throw error;
        const failed = this.failures.get(key) ?? 0;
        this.failures.set(key, failed + 1);
        this.addAfter(key, Math.min(this.delays.firstMs * 2 ** failed, this.delays.longestMs));
      }
    }
  }
}

/** What a controller answers by trying again: a refusal of the API server, or its own `TryAgain`. Anything else is a bug and must be seen. */
function isExpected(error: Error): boolean {
  return error.name === 'StatusError' || error instanceof TryAgain;
}

export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

/** `namespace/name`, or the bare name of what has no namespace (cache.MetaNamespaceKeyFunc). */
export function keyOf({ metadata }: { readonly metadata: { readonly name: string; readonly namespace?: string | undefined } }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

export function parseKey(key: string): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
