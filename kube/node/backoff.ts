/** Waiting longer each time. Read first: client-go util/flowcontrol/backoff.go; kubelet's 10 seconds to 5 minutes */

const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;

/** Of a container that ends again and again: the first restart is at once. */
export class RestartBackoff {
  currentMs = 0;
  private sinceMs = 0;

  leftMs(nowMs: number): number {
    return this.currentMs === 0 ? 0 : Math.max(0, this.sinceMs + this.currentMs - nowMs);
  }

  /** A run that lasted long enough wipes the slate. */
  next(nowMs: number, endedMs: number): void {
    const isForgotten = this.currentMs === 0 || endedMs - this.sinceMs > 2 * LONGEST_MS;
    this.currentMs = isForgotten ? FIRST_MS : Math.min(this.currentMs * 2, LONGEST_MS);
    this.sinceMs = nowMs;
  }
}

export class ImageBackoff {
  private currentMs = 0;
  private sinceMs = 0;

  leftMs(nowMs: number): number {
    return this.currentMs === 0 ? 0 : Math.max(0, this.sinceMs + this.currentMs - nowMs);
  }

  next(nowMs: number): void {
    this.currentMs = this.currentMs === 0 ? FIRST_MS : Math.min(this.currentMs * 2, LONGEST_MS);
    this.sinceMs = nowMs;
  }

  reset(): void {
    this.currentMs = 0;
  }
}
