/**
 * A lab, the records of its log that have taken effect in it, each at its instant, and what its grader remembers: all that follows from the
 * log alone. The session shows one to the learner; replicas.ts keeps others parked behind that one. Checks are judged at virtual instants, so
 * every life that takes the same records passes the same ones.
 */
import type { Lesson } from '../contracts/course.ts';
import type { Report } from '../contracts/report.ts';
import { createGrader, type Grader, type GraderState } from '../grading/index.ts';
import type { Lab, RunOptions } from './backend.ts';
import type { Influence } from './history.ts';

const JUDGE_AFTER_US = 250_000;
const JUDGE_AT_LATEST_US = 1_000_000;
/** Of what a terminal showed while nobody watched; older output has scrolled out of everybody's reach. */
const KEPT_BYTES = 400_000;

/** What a life begins with, besides its lab. */
export interface Birth {
  readonly lesson: Lesson;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly grader: GraderState;
  /** How many records' answers and hints the grader's state holds already: a reset keeps them, and does their lines anew. */
  readonly graded: number;
}

export interface Watcher {
  data(terminal: string, bytes: Uint8Array): void;
  changed(): void;
  judged(report: Report): Promise<void>;
}

export class Life {
  readonly lab: Lab;
  readonly grader: Grader;
  /** How many records have taken effect. */
  taken = 0;
  /** Time goes on to here without being asked again, however long judging takes on the way: what comes meanwhile takes effect here or later. */
  targetUs: number;
  private readonly birth: Birth;
  private readonly sizes = new Map<string, { columns: number; rows: number }>();
  private openedTerminals = 0;
  private firstChangeUs: number | undefined;
  private lastChangeUs = 0;
  private watcher: Watcher | undefined;
  private readonly kept = new Map<string, { chunks: Uint8Array[]; length: number }>();

  constructor(lab: Lab, birth: Birth) {
    this.lab = lab;
    this.birth = birth;
    this.grader = createGrader(birth.lesson, birth.grader);
    this.targetUs = lab.nowUs;
    lab.onData = (terminal, bytes) => this.data(terminal, bytes);
    lab.onChange = () => this.changed();
    this.changed();
  }

  close(): void {
    this.lab.onData = () => undefined;
    this.lab.onChange = () => undefined;
    this.lab.close();
  }

  /** Somebody looks on from now on; answers what each terminal has shown so far, as far back as it was kept. */
  watch(watcher: Watcher): Map<string, Uint8Array[]> {
    this.watcher = watcher;
    const shown = new Map([...this.kept].map(([terminal, { chunks }]) => [terminal, chunks]));
    this.kept.clear();
    return shown;
  }

  sizeOf(terminal: string): { columns: number; rows: number } {
    return this.sizes.get(terminal) ?? this.birth.size;
  }

  // ---------------------------------------------------------------- records

  /** All of the records up to `end` that have not taken effect yet. */
  async follow(records: readonly Influence[], end: number, running: RunOptions): Promise<void> {
    while (this.taken < end) await this.take(records[this.taken]!, running);
  }

  async take(record: Influence, running: RunOptions): Promise<void> {
    await this.advance(record.atUs, running);
    const isGraded = this.taken < this.birth.graded;
    this.taken += 1;
    switch (record.kind) {
      case 'input': return this.lab.input(record.terminal, record.data);
      case 'resize':
        this.sizes.set(record.terminal, { columns: record.columns, rows: record.rows });
        return this.lab.resize(record.terminal, record.columns, record.rows);
      case 'open-terminal': return this.openTerminal(record.place);
      case 'close-terminal': return this.lab.closeTerminal(record.terminal);
      case 'visit': return this.lab.visit?.(record.from, record.address);
      case 'stop-visit': return this.lab.stopVisit?.();
      case 'answer':
        if (!isGraded) this.answer(record.question, record.answer);
        return this.judge();
      case 'hint':
        if (!isGraded) this.grader.takeHint(record.check);
        return this.judge();
      case 'screen': return;
      default: return record satisfies never;
    }
  }

  private openTerminal(place: string): void {
    const number = ++this.openedTerminals;
    const { machine, netns } = this.birth.lesson.places[place] ?? { machine: place, netns: '' };
    this.lab.openTerminal({ id: `extra-${number}`, title: `${place} ${number + 1}`, place: netns === '' ? machine : `${machine}/${netns}` }, this.birth.size);
    this.changed();
  }

  private answer(id: string, answer: readonly number[] | string): void {
    const isQuestion = this.birth.lesson.screens.some(({ blocks }) => blocks.some((block) => (block.kind === 'question' || block.kind === 'predict') && block.id === id));
    if (isQuestion) this.grader.answer(id, answer);
    else if (typeof answer === 'string') this.grader.type(id, answer);
  }

  // ---------------------------------------------------------------- time

  /** Moves time to exactly `toUs`, judging at every instant that is due on the way. */
  async advance(toUs: number, running: RunOptions): Promise<void> {
    const { lab } = this;
    this.targetUs = Math.max(lab.nowUs, toUs);
    while (lab.nowUs < toUs) {
      const judgeUs = this.judgeDueUs();
      if (judgeUs !== undefined && judgeUs <= lab.nowUs) await this.judge();
      // Nothing changes before something is due, and no change is judged sooner than JUDGE_AFTER_US later.
      await lab.runUntil(Math.min(toUs, this.judgeDueUs() ?? (lab.nextDueUs() ?? Infinity) + JUDGE_AFTER_US), running);
      if (this.judgeDueUs() === lab.nowUs) await this.judge();
    }
  }

  private changed(): void {
    this.lastChangeUs = this.lab.nowUs;
    this.firstChangeUs ??= this.lab.nowUs;
    this.watcher?.changed();
  }

  judgeDueUs(): number | undefined {
    if (this.firstChangeUs === undefined) return undefined;
    return Math.max(this.lab.nowUs, Math.min(this.lastChangeUs + JUDGE_AFTER_US, this.firstChangeUs + JUDGE_AT_LATEST_US));
  }

  private get nowMs(): number {
    return Math.round(this.lab.nowUs / 1000);
  }

  private async judge(): Promise<void> {
    this.firstChangeUs = undefined;
    if (this.watcher === undefined) return this.grader.note(this.lab.observer, { nowMs: this.nowMs });
    await this.watcher.judged(await this.grader.judge(this.lab.observer, { nowMs: this.nowMs }));
  }

  /** How things stand, at an instant that is none of the log's: nothing is remembered. */
  report(): Promise<Report> {
    return createGrader(this.birth.lesson, this.grader.state()).judge(this.lab.observer, { nowMs: this.nowMs });
  }

  // ---------------------------------------------------------------- output

  private data(terminal: string, bytes: Uint8Array): void {
    if (this.watcher !== undefined) return this.watcher.data(terminal, bytes);
    let kept = this.kept.get(terminal);
    if (kept === undefined) {
      kept = { chunks: [], length: 0 };
      this.kept.set(terminal, kept);
    }
    kept.chunks.push(bytes);
    kept.length += bytes.length;
    if (kept.length > 2 * KEPT_BYTES) forgetOldest(kept);
  }
}

/** Down to KEPT_BYTES, and to where a line begins. */
function forgetOldest(kept: { chunks: Uint8Array[]; length: number }): void {
  let at = 0;
  while (kept.length > KEPT_BYTES) kept.length -= kept.chunks[at++]!.length;
  while (at < kept.chunks.length - 1 && kept.chunks[at - 1]?.at(-1) !== 10) kept.length -= kept.chunks[at++]!.length;
  kept.chunks.splice(0, at);
}
