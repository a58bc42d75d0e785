/** A wall clock moved by hand. */
import type { Wall } from '../labs/wall.ts';

export class HandWall implements Wall {
  ms = 0;
  private timers: { atMs: number; run: () => void }[] = [];
  nowMs(): number {
    return this.ms;
  }
  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.ms + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  breathe(): Promise<void> {
    return Promise.resolve();
  }
  async pass(ms: number, stepMs = 10): Promise<void> {
    const until = this.ms + ms;
    while (this.ms < until) {
      this.ms = Math.min(until, this.ms + stepMs);
      for (const timer of this.timers.filter(({ atMs }) => atMs <= this.ms)) {
        this.timers = this.timers.filter((other) => other !== timer);
        timer.run();
      }
      await settled();
    }
  }
}

/** Everything that waits for nothing but its turn has had it. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
