/** For tests: an API server on a clock that is turned by hand. */
import { createApiServer, type ApiServer, type ApiServerConfig } from './apiserver/server.ts';
import type { KubeRuntime } from './runtime.ts';

export interface TestRuntime extends KubeRuntime {
  /** Runs what is due within `forMs` (default 100 ms), in order; time moves on by as much. */
  run(forMs?: number): void;
}

export function testRuntime(startMs = 1_531_597_500_000): TestRuntime {
  let nowMs = startMs;
  let state = 1;
  let order = 0;
  const due: { atMs: number; order: number; run: () => void }[] = [];
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return {
    nowMs: () => nowMs,
    after(delayMs, run) {
      const item = { atMs: nowMs + Math.max(0, delayMs), order: order += 1, run };
      due.push(item);
      return () => {
        const at = due.indexOf(item);
        if (at >= 0) due.splice(at, 1);
      };
    },
    dice: { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)) },
    run(forMs = 100) {
      const untilMs = nowMs + forMs;
      for (;;) {
        due.sort((one, other) => one.atMs - other.atMs || one.order - other.order);
        const next = due[0];
        if (next === undefined || next.atMs > untilMs) break;
        due.shift();
        nowMs = next.atMs;
        next.run();
      }
      nowMs = untilMs;
    },
  };
}

export function testCluster(config: Partial<ApiServerConfig> = {}, startMs?: number): { readonly server: ApiServer; readonly runtime: TestRuntime } {
  const runtime = testRuntime(startMs);
  return { runtime, server: createApiServer({ runtime, ...config }) };
}
