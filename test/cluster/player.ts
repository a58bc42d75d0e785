/** Types a transcript at a lab's terminals, key by key, and hands back what each line printed. */
import type { SimulatedLab } from '../../labs/simulated-lab.ts';

/**
 * One thing a learner types, and what must then be shown. Patterns are those of lessons: each covers a line, `*` is any run of characters, a blank any run of
 * blanks. `{{name}}` stands for a value that an earlier line kept.
 */
export interface Line {
  /** The rows of the exercises this performs. */
  readonly rows?: readonly number[];
  /** A terminal; it is opened where `TERMINALS` says when first used. */
  readonly at: string;
  /** Typed, with Enter. */
  readonly type?: string;
  /** Typed as they stand. */
  readonly keys?: string;
  readonly shows: readonly string[];
  readonly lacks?: readonly string[];
  /** The first group of each pattern is kept under its name. */
  readonly keeps?: Readonly<Record<string, RegExp>>;
  /** Seconds to wait before, and for the answer where no prompt is to come. */
  readonly after?: number;
  readonly seconds?: number;
  /** Where what is shown was taken from: the sample of the exercise, a recording of the real tool, its code. */
  readonly source: string;
}

const SIZE = { columns: 160, rows: 50 };
const KEY_US = 1_000;
const AT_MOST_US = 90_000_000;
const ansi = /\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>()][0-9A-B]?/g;

export class Player {
  private readonly lab: SimulatedLab;
  private readonly places: Readonly<Record<string, string>>;
  private readonly shown = new Map<string, Uint8Array[]>();
  private readonly kept = new Map<string, string>();

  /** `places`: each terminal's, a machine or what the lab chooses. */
  constructor(lab: SimulatedLab, places: Readonly<Record<string, string>>) {
    this.lab = lab;
    this.places = places;
    lab.onData = (terminal, bytes) => void this.shown.get(terminal)?.push(bytes);
  }

  filled(text: string): string {
    return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => this.kept.get(name) ?? whole);
  }

  async play({ at, type, keys, keeps = {}, after = 0, seconds }: Line): Promise<string> {
    const { lab } = this;
    await lab.runUntil(lab.nowUs + after * 1_000_000);
    if (!this.shown.has(at)) {
      lab.openTerminal({ id: at, title: at, place: this.places[at]! }, SIZE);
      await lab.settle();
    }
    this.shown.set(at, []);
    for (const key of keys ?? `${this.filled(type!)}\r`) {
      lab.input(at, key);
      await lab.runUntil(lab.nowUs + KEY_US);
    }
    if (seconds === undefined) await lab.runWhile(() => !lab.isPrompting(at), lab.nowUs + AT_MOST_US);
    await lab.runUntil(lab.nowUs + (seconds ?? 0.3) * 1_000_000);
    const printed = Buffer.concat(this.shown.get(at)!).toString('utf8').replace(ansi, '').replace(/\r+\n/g, '\n').replace(/[^\n]*\r/g, '');
    for (const [name, pattern] of Object.entries(keeps)) this.kept.set(name, pattern.exec(printed)?.[1] ?? '');
    return printed;
  }
}
