/** Types a transcript at a lab's terminals, key by key, and hands back what each line printed. */
import type { SimulatedLab } from '../../labs/simulated-lab.ts';

/** `for`: a regular expression per line that must be among what is printed. `after`: seconds to wait first. `keys` are typed as they stand, without Enter. */
export interface Line { readonly at: string; readonly type?: string; readonly keys?: string; readonly expect: readonly RegExp[]; readonly not?: readonly RegExp[]; readonly after?: number; readonly seconds?: number; readonly source: string }

const SIZE = { columns: 160, rows: 50 };
const KEY_US = 1_000;
const AT_MOST_US = 60_000_000;
const ansi = /\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>()][0-9A-B]?/g;

export class Player {
  private readonly lab: SimulatedLab;
  private readonly shown = new Map<string, Uint8Array[]>();

  constructor(lab: SimulatedLab) {
    this.lab = lab;
    lab.onData = (terminal, bytes) => void this.shown.get(terminal)?.push(bytes);
  }

  /** A terminal of a machine, or of a place the lab chooses. */
  async open(id: string, place: string): Promise<void> {
    this.shown.set(id, []);
    this.lab.openTerminal({ id, title: id, place }, SIZE);
    await this.lab.settle();
  }

  async play({ at, type, keys, after = 0, seconds }: Line): Promise<string> {
    const { lab } = this;
    await lab.runUntil(lab.nowUs + after * 1_000_000);
    this.shown.set(at, []);
    for (const key of keys ?? `${type}\r`) {
      lab.input(at, key);
      await lab.runUntil(lab.nowUs + KEY_US);
    }
    if (seconds === undefined) await lab.runWhile(() => !lab.isPrompting(at), lab.nowUs + AT_MOST_US);
    await lab.runUntil(lab.nowUs + (seconds ?? 0.3) * 1_000_000);
    return Buffer.concat(this.shown.get(at)!).toString('utf8').replace(ansi, '').replace(/\r+\n/g, '\n').replace(/[^\n]*\r/g, '');
  }
}
