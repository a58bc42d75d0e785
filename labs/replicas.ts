/**
 * Lives parked behind the one that is shown, for undo to go back to. A process is an async function and cannot be copied, so a replica is a
 * second lab that takes the same records later: the nearest stands where the last line begins, others further back for whoever undoes again,
 * and a fresh lab waits for a reset. They are moved on in the pauses of the host, a few milliseconds at a time.
 */
import type { Lab, RunOptions } from './backend.ts';
import { lastLine, type History, type Influence } from './history.ts';
import { Life, type Birth } from './life.ts';
import type { Wall } from './wall.ts';

const SLICE_MS = 3;
const PAUSE_MS = 12;
/** After a reset or an undo the page has much to draw. */
const BEGIN_AFTER_MS = 1_500;
/** How far behind the end of the history replicas stand, at least. */
const BEHIND_US = [0, 120_000_000, 600_000_000];

export class Replicas {
  private readonly openLab: (running: RunOptions) => Promise<Lab>;
  private readonly wall: Wall;
  private history: History;
  private birth: Birth;
  /** The nearest first. */
  private lives: Life[] = [];
  private spare: Lab | undefined;
  private opening: Promise<Lab> | undefined;
  private step: { readonly life: Life; readonly from: number; readonly done: Promise<void> } | undefined;
  /** Where lives should stand; undefined: to be found out. */
  private places: readonly number[] | undefined;
  private isWorking = false;
  private isHurried = false;
  private isClosed = false;
  private cancelPause: (() => void) | undefined;
  private endPause: (() => void) | undefined;
  private sinceMs = 0;

  constructor(openLab: (running: RunOptions) => Promise<Lab>, wall: Wall, history: History, birth: Birth) {
    this.openLab = openLab;
    this.wall = wall;
    this.history = history;
    this.birth = birth;
  }

  /** Sees to it, before long, that replicas are where they should be by now. */
  tend(): void {
    this.places = undefined;
    if (this.isWorking || this.isClosed) return;
    this.isWorking = true;
    // Undo can do without, if need be.
    void this.pause(BEGIN_AFTER_MS).then(() => this.work()).catch(() => undefined).finally(() => {
      this.isWorking = false;
    });
  }

  /** The nearest life that has taken no more than `keep` records; it is the caller's from now on. */
  async take(keep: number): Promise<Life | undefined> {
    this.places = undefined;
    const nearest = (): Life | undefined => this.lives.find((life) => this.reachOf(life) <= keep);
    // Its record under way has to be done with first.
    for (let step = this.step; step !== undefined && step.life === nearest(); step = this.step) await this.hurried(step.done);
    const taken = nearest();
    for (const life of this.lives) if (this.reachOf(life) > keep) life.close();
    this.lives = this.lives.filter((life) => life !== taken && this.reachOf(life) <= keep);
    return taken;
  }

  /** A lab as the lesson starts. */
  async takeLab(): Promise<Lab | undefined> {
    const { spare, opening } = this;
    this.spare = undefined;
    this.opening = undefined;
    return spare ?? (opening === undefined ? undefined : this.hurried(opening));
  }

  /** Another life has begun: what was parked is of no use to it. */
  begin(history: History, birth: Birth): void {
    this.history = history;
    this.birth = birth;
    for (const life of this.lives) life.close();
    this.lives = [];
  }

  close(): void {
    this.isClosed = true;
    this.cancelPause?.();
    for (const life of this.lives) life.close();
    this.spare?.close();
    void this.opening?.then((lab) => lab.close(), () => undefined);
  }

  private async hurried<Value>(work: Promise<Value>): Promise<Value> {
    this.isHurried = true;
    this.cancelPause?.();
    this.endPause?.();
    const value = await work;
    this.isHurried = false;
    return value;
  }

  /** How many records it will have taken when it stands still. */
  private reachOf(life: Life): number {
    return life.taken + (this.step?.life === life && life.taken === this.step.from ? 1 : 0);
  }

  private async work(): Promise<void> {
    while (!this.isClosed) {
      const { records } = this.history;
      const places = (this.places ??= placesIn(records));
      const life = this.lives.find((one, index) => one.taken < (places[index] ?? 0));
      if (life !== undefined) {
        this.step = { life, from: life.taken, done: life.take(records[life.taken]!, this.running) };
        await this.step.done;
        this.step = undefined;
      } else if (this.spare === undefined) await this.openSpare();
      else if (this.lives.length < places.length) {
        this.lives.push(new Life(this.spare, this.birth));
        this.spare = undefined;
      } else break;
      if (this.running.shouldYield!()) await this.running.yieldToHost!();
    }
  }

  private async openSpare(): Promise<void> {
    const opening = this.openLab(this.running);
    this.opening = opening;
    const lab = await opening;
    // Whoever took it meanwhile has it.
    if (this.opening !== opening) return;
    this.opening = undefined;
    if (this.isClosed) lab.close();
    else this.spare = lab;
  }

  private readonly running: RunOptions = {
    shouldYield: () => this.wall.nowMs() - this.sinceMs >= SLICE_MS,
    yieldToHost: async () => {
      await (this.isHurried ? this.wall.breathe() : this.pause(PAUSE_MS));
      this.sinceMs = this.wall.nowMs();
    },
  };

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.endPause = resolve;
      this.cancelPause = this.wall.after(ms, resolve);
    });
  }
}

/** Where replicas should stand, the nearest first: each at least a line behind the one before it. What would stand at the start is the spare lab's. */
function placesIn(records: readonly Influence[]): number[] {
  const places: number[] = [];
  const endUs = records.at(-1)?.atUs ?? 0;
  let end = records.length;
  for (const behindUs of BEHIND_US) {
    const line = lastLine(records, end);
    if (line === undefined) break;
    end = line.keep;
    const place = Math.min(end, records.findLastIndex(({ atUs }) => atUs <= endUs - behindUs) + 1);
    if (place > 0) places.push(place);
  }
  return places;
}
