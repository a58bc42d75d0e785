/**
 * Keys come first. Chromium draws at most one frame in 16 ms, so a frame drawn for anything else just before an echo arrives makes the echo late.
 * While somebody types, what else wants the screen is therefore drawn right behind the echo, and where no echo comes a quarter of a second late.
 * https://developer.chrome.com/docs/chromium/renderingng-architecture
 */
const TYPING_FOR_MS = 1000;
/** Longer than a frame: the echo is on the screen by then. */
const BEHIND_ECHO_MS = 20;
const AT_LATEST_MS = 250;

class Typing {
  private terminal = '';
  private keyMs = -Infinity;
  private readonly waiting = new Map<string, () => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueMs = Infinity;

  /** A key was sent to that terminal. */
  key(terminal: string): void {
    this.terminal = terminal;
    this.keyMs = performance.now();
  }

  /** Something is about to be drawn at that terminal. */
  drawn(terminal: string): void {
    if (terminal === this.terminal && this.waiting.size > 0) this.runIn(BEHIND_ECHO_MS);
  }

  /** Whether somebody types at another terminal than this. */
  isElsewhere(terminal: string): boolean {
    return terminal !== this.terminal && this.isTyping();
  }

  /** Runs at once where nobody types; else later, and of several with one name only the last. */
  after(name: string, run: () => void): void {
    this.waiting.delete(name);
    if (!this.isTyping()) return run();
    this.waiting.set(name, run);
    this.runIn(AT_LATEST_MS);
  }

  private isTyping(): boolean {
    return performance.now() - this.keyMs < TYPING_FOR_MS;
  }

  /** At that time, or when it was to be done anyway. */
  private runIn(ms: number): void {
    const dueMs = performance.now() + ms;
    if (dueMs >= this.dueMs) return;
    clearTimeout(this.timer);
    this.dueMs = dueMs;
    this.timer = setTimeout(() => {
      this.dueMs = Infinity;
      const due = [...this.waiting.values()];
      this.waiting.clear();
      for (const run of due) run();
    }, ms);
  }
}

export const typing = new Typing();
