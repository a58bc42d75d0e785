/** The host's clock and timers, handed in: whoever paces a lab knows real time, a lab never does. */
export interface Wall {
  nowMs(): number;
  /** Answers the function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Lets the host take input. */
  breathe(): Promise<void>;
}
