/**
 * One learner at one lab: messages in, messages out (contracts/lab.ts). Paces virtual time by the wall, writes every outside influence to the
 * log before it takes effect, judges at virtual instants, and can be rebuilt from its log alone.
 *
 * Order is everything. An input is stamped with a virtual instant not yet passed, its record goes to the store, and time does not pass that
 * stamp until the store has said it has it. A replay then does the same things at the same instants.
 */
import type { Lesson, RunBlock } from '../contracts/course.ts';
import { LabRequest, type LabEvent, type LabRequestInput } from '../contracts/lab.ts';
import { createGrader, stateOfEarned, type Grader, type GraderState } from '../grading/index.ts';
import { concat } from '../simulator/bytes.ts';
import type { Backend, Lab, RunOptions } from './backend.ts';
import { loadLesson, problemText } from './course/index.ts';
import { lastLine } from './history.ts';
import { keyNamed } from './keys.ts';
import { decodeLog, encodeRecord, engineVersion, type LogRecord } from './log.ts';
import { networkView } from './network-view.ts';
import { commandMarks, outputsOf } from './shown.ts';

/** The host's clock and timers, handed in. */
export interface Wall {
  nowMs(): number;
  /** Answers the function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Lets the host take input. */
  breathe(): Promise<void>;
}

export interface SessionOptions {
  readonly backend: Backend;
  readonly wall: Wall;
  readonly emit: (event: LabEvent) => void;
  /** The store is this process's own business (command line, tests): records count as stored at once. */
  readonly storesItself?: boolean;
}

export interface LabSession {
  handle(request: LabRequestInput): void;
  close(): void;
}

const JUDGE_AFTER_US = 250_000;
const JUDGE_AT_LATEST_US = 1_000_000;
const CATCH_UP_AT_MOST_US = 250_000;
const LIVE_SLICE_US = 20_000;
const LIVE_SLICE_AT_LEAST_US = 50;
const SLICE_AT_MOST_MS = 4;
const SKIP_SLICE_US = 1_000_000;
const BREATHE_EVERY_MS = 4;
const HASH_EVERY_INPUTS = 50;
const SHOW_NETWORK_EVERY_MS = 100;
const SKIP_US = 30_000_000;
/** A terminal whose page is this far behind stops the clock until it has caught up to the lower mark. */
const UNSHOWN_HIGH = 96_000;
const UNSHOWN_LOW = 32_000;
const KEPT_WHEN_RESUMED = 400_000;

type Stamped = Exclude<LogRecord, { kind: 'header' }>;
type Pending = { readonly record: Stamped; readonly sequence: number; isStored: boolean };

export function createSession(options: SessionOptions): LabSession {
  return new Session(options);
}

class Session implements LabSession {
  private readonly options: SessionOptions;
  private readonly emit: (event: LabEvent) => void;
  private lesson!: Lesson;
  private lessons: ReadonlyMap<string, Lesson> = new Map();
  private lab!: Lab;
  private spare: Promise<Lab> | undefined;
  private grader!: Grader;
  private seed = 0;
  private size = { columns: 80, rows: 24 };
  private isOpen = false;
  private isClosed = false;

  private sequence = 0;
  private pending: Pending[] = [];
  /** What has taken effect since the lab last began anew. */
  private life: Stamped[] = [];
  /** What undo took back, the newest last; each can be redone. */
  private undone: Stamped[][] = [];
  private graderAtBirth: GraderState | undefined;
  private readonly sizes = new Map<string, { columns: number; rows: number }>();
  private inputs = 0;
  private events = 0;
  private screen = 1;
  private openedTerminals = 0;

  private mode: 'live' | 'paused' = 'live';
  private anchor = { wallMs: 0, virtualUs: 0 };
  private runTargetUs = 0;
  private isDriving = false;
  private driveAgain = false;
  private cancelTimer: (() => void) | undefined;
  private skipUntilUs: number | undefined;

  private firstChangeUs: number | undefined;
  private lastChangeUs = 0;
  private networkDueMs: number | undefined;
  private lastReport = '';
  private lastNetwork = '';
  private lastMarks = '';
  private lastOutputs = '';
  private lastTerminals = '';
  private lastHistory = '';

  private readonly unshown = new Map<string, number>();
  private isHeldBack = false;
  /** While a log is replayed: output is kept here, not sent. */
  private replayed: Map<string, Uint8Array[]> | undefined;
  private queue: Promise<void> = Promise.resolve();
  private typing: { terminal: string; lines: string[] } | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.emit = (event) => {
      if (!this.isClosed) options.emit(event);
    };
  }

  handle(raw: LabRequestInput): void {
    const parsed = LabRequest.safeParse(raw);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      this.fail('bad-message', `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'of no known shape'}`, false);
      return;
    }
    const request = parsed.data;
    if (request.type === 'close') return this.close();
    if (request.type === 'stored') return this.stored(request.sequence);
    if (request.type === 'shown') return this.shown(request.terminal, request.bytes);
    this.queue = this.queue.then(() => this.serve(request)).catch((cause: unknown) => this.fail('internal', messageOf(cause), true));
  }

  close(): void {
    this.isClosed = true;
    this.cancelTimer?.();
    if (this.isOpen) this.lab.close();
    void this.spare?.then((lab) => lab.close(), () => undefined);
  }

  private async serve(request: Exclude<LabRequest, { type: 'close' | 'stored' | 'shown' }>): Promise<void> {
    if (this.isClosed) return;
    if (request.type === 'open') return this.open(request);
    if (!this.isOpen) return this.fail('not-now', 'the lab is not open', false);
    switch (request.type) {
      case 'input':
        if (this.typing?.terminal === request.terminal && request.data === '\x03') this.typing = undefined;
        return this.accept({ kind: 'input', atUs: 0, terminal: request.terminal, data: request.data });
      case 'resize':
        return this.accept({ kind: 'resize', atUs: 0, terminal: request.terminal, columns: request.columns, rows: request.rows });
      case 'open-terminal':
        if (!(request.place in this.lesson.places)) return this.fail('no-such-terminal', `the lesson has no place ${request.place}; it has ${Object.keys(this.lesson.places).join(', ')}`, false);
        return this.accept({ kind: 'open-terminal', atUs: 0, place: request.place });
      case 'close-terminal': return this.accept({ kind: 'close-terminal', atUs: 0, terminal: request.terminal });
      case 'answer': return this.accept({ kind: 'answer', atUs: 0, question: request.question, answer: request.answer });
      case 'hint': return this.accept({ kind: 'hint', atUs: 0, check: request.check });
      case 'screen': return this.accept({ kind: 'screen', atUs: 0, number: request.number });
      case 'reset': return this.accept({ kind: 'reset', atUs: 0, what: request.what });
      case 'undo': {
        const last = lastLine(this.life);
        return last === undefined || !this.options.backend.canReplay ? this.fail('not-now', 'there is nothing to undo', false) : this.accept({ kind: 'undo', atUs: 0, keep: last.keep });
      }
      case 'redo': return this.undone.length === 0 ? this.fail('not-now', 'there is nothing to redo', false) : this.accept({ kind: 'redo', atUs: 0 });
      case 'run': return this.run(request.block, request.line, request.terminal);
      case 'pace': return this.pace(request.mode);
      default: return request satisfies never;
    }
  }

  // ---------------------------------------------------------------- opening and resuming

  private async open(request: Extract<LabRequest, { type: 'open' }>): Promise<void> {
    if (this.isOpen) return this.fail('not-now', 'the lab is open already', false);
    const files = new Map(Object.entries(request.files));
    if (![...files.keys()].some((path) => path.endsWith(`/${request.lesson}/lesson.md`))) return this.fail('no-such-lesson', `the course has no lesson ${request.lesson}`, true);
    const { lesson, lessons, problems } = loadLesson(files, request.lesson);
    if (lesson === null) return this.fail('bad-course', problems.map(problemText).join('\n'), true);
    this.lesson = lesson;
    this.lessons = lessons;

    const log = request.log === undefined ? undefined : decodeLog(request.log);
    const header = log?.records[0];
    if (log !== undefined && log.records.length > 0 && (header?.kind !== 'header' || header.lesson !== request.lesson)) {
      return this.fail('bad-log', `the log is not of lesson ${request.lesson}`, true);
    }
    this.seed = header?.kind === 'header' ? header.seed : request.seed;
    this.size = header?.kind === 'header' ? { columns: header.columns, rows: header.rows } : { columns: request.columns, rows: request.rows };
    const earned = [...new Set([...(header?.kind === 'header' ? header.earned : []), ...request.earned])];
    this.grader = createGrader(lesson, stateOfEarned(lesson, earned));
    this.graderAtBirth = this.grader.state();
    const resumes = header !== undefined && this.options.backend.canReplay;
    if (resumes) this.replayed = new Map();
    this.adopt(await this.freshLab());
    const resumed = resumes ? await this.replay(log!.records.slice(1) as Stamped[]) : null;
    this.isOpen = true;
    this.sequence = log?.records.length ?? 0;
    this.emit({
      type: 'opened', lesson: lesson.id, seed: this.seed, backend: this.options.backend.name, canUndo: this.options.backend.canReplay, canReset: true, canSkip: this.options.backend.canReplay,
      resumed, screen: this.screen, engine: engineVersion,
    });
    this.showTerminals();
    this.sendReplayed();
    if (header === undefined) this.store({ kind: 'header', format: 1, engine: engineVersion, lesson: lesson.id, seed: this.seed, ...this.size, earned });
    else this.store({ kind: 'resumed', atUs: this.lab.nowUs });
    this.reanchor();
    await this.judge();
    this.prepareSpare();
    this.wake();
  }

  private freshLab(): Promise<Lab> {
    return this.options.backend.open(this.lesson, this.lessons, { seed: this.seed, ...this.size, ...this.yielding() });
  }

  private adopt(lab: Lab): void {
    this.lab = lab;
    this.life = [];
    this.openedTerminals = 0;
    lab.onData = (terminal, bytes) => this.data(terminal, bytes);
    lab.onChange = () => this.changed();
    this.runTargetUs = lab.nowUs;
    this.changed();
  }

  private async replay(records: readonly Stamped[]): Promise<{ records: number; isFaithful: boolean; atMs: number }> {
    let isFaithful = true;
    for (const record of records) {
      await this.advance(record.atUs);
      if (record.kind === 'hash' && record.hash !== this.lab.hash()) isFaithful = false;
      await this.apply(record);
    }
    return { records: records.length, isFaithful, atMs: Math.round(this.lab.nowUs / 1000) };
  }

  private sendReplayed(): void {
    const kept = this.replayed;
    this.replayed = undefined;
    for (const [terminal, chunks] of kept ?? []) {
      const whole = concat(...chunks);
      const from = whole.length > KEPT_WHEN_RESUMED ? whole.indexOf(10, whole.length - KEPT_WHEN_RESUMED) + 1 : 0;
      this.data(terminal, whole.subarray(from));
    }
  }

  // ---------------------------------------------------------------- inputs

  private accept(record: Stamped): void {
    if (this.isRebuilding) {
      this.deferred.push(record);
      return;
    }
    this.isRebuilding = rebuilds.has(record.kind);
    const lastUs = this.pending.at(-1)?.record.atUs ?? 0;
    const earliest = this.isDriving ? this.runTargetUs : Math.max(this.lab.nowUs, this.liveTargetUs());
    this.enqueue({ ...record, atUs: Math.max(lastUs, earliest) });
    if (record.kind === 'input' && ++this.inputs % HASH_EVERY_INPUTS === 0) this.enqueueHash = true;
    this.wake();
  }
  private enqueueHash = false;
  /** Between the wish for another lab and that lab: stamps of the old one mean nothing in the new one, so what comes meanwhile waits. */
  private isRebuilding = false;
  private deferred: Stamped[] = [];

  private enqueue(record: Stamped): void {
    const sequence = this.store(record);
    this.pending.push({ record, sequence, isStored: this.options.storesItself === true });
  }

  private store(record: LogRecord): number {
    const sequence = this.sequence++;
    this.events++;
    this.emit({ type: 'store', sequence, bytes: encodeRecord(record) });
    return sequence;
  }

  private noteHash(): void {
    const hash = this.lab.hash();
    if (hash !== undefined) this.store({ kind: 'hash', atUs: this.lab.nowUs, hash });
  }

  private stored(sequence: number): void {
    for (const entry of this.pending) if (entry.sequence <= sequence) entry.isStored = true;
    this.wake();
  }

  private async apply(record: Stamped): Promise<void> {
    if (!outsideLife.has(record.kind)) this.life.push(record);
    // Whoever goes on typing has taken another way.
    if (record.kind === 'input') this.undone = [];
    switch (record.kind) {
      case 'input': return this.lab.input(record.terminal, record.data);
      case 'resize':
        this.sizes.set(record.terminal, { columns: record.columns, rows: record.rows });
        return this.lab.resize(record.terminal, record.columns, record.rows);
      case 'open-terminal': return this.openTerminal(record.place);
      case 'close-terminal': return this.lab.closeTerminal(record.terminal);
      case 'answer': {
        const isQuestion = this.lesson.screens.some(({ blocks }) => blocks.some((block) => (block.kind === 'question' || block.kind === 'predict') && block.id === record.question));
        if (isQuestion) this.grader.answer(record.question, record.answer);
        else if (typeof record.answer === 'string') this.grader.type(record.question, record.answer);
        return this.judge();
      }
      case 'hint':
        this.grader.takeHint(record.check);
        return this.judge();
      case 'screen':
        this.screen = record.number;
        return;
      case 'reset': return this.reset(record.what);
      case 'undo': return this.undo(record.keep);
      case 'redo': return this.redo();
      case 'resumed': case 'hash': return;
      default: return record satisfies never;
    }
  }

  private openTerminal(place: string): void {
    const number = ++this.openedTerminals;
    const { machine, netns } = this.lesson.places[place] ?? { machine: place, netns: '' };
    this.lab.openTerminal({ id: `extra-${number}`, title: `${place} ${number + 1}`, place: netns === '' ? machine : `${machine}/${netns}` }, this.size);
    this.changed();
  }

  private async reset(what: 'step' | 'lab'): Promise<void> {
    const kept = what === 'lab' ? [] : this.life.slice(0, Math.max(0, this.life.findIndex((record) => record.kind === 'screen' && record.number >= this.screen) + 1));
    this.undone = [];
    await this.rebuild(kept, what);
    this.graderAtBirth = this.grader.state();
  }

  /** Goals reached only by what is taken back are open again. */
  private async undo(keep: number): Promise<void> {
    const { life } = this;
    this.grader = createGrader(this.lesson, this.graderAtBirth);
    this.undone.push(life.slice(keep));
    await this.rebuild(life.slice(0, keep), 'undo');
  }

  private async redo(): Promise<void> {
    const records = this.undone.pop() ?? [];
    const rest = this.undone;
    const laterUs = Math.max(0, this.lab.nowUs - (records[0]?.atUs ?? 0));
    for (const record of records) {
      await this.advance(record.atUs + laterUs);
      await this.apply({ ...record, atUs: record.atUs + laterUs });
    }
    this.undone = rest;
    if (this.replayed === undefined) this.emit({ type: 'reset-done', what: 'redo' });
  }

  /** A fresh lab in place of this one, in which the kept records take effect again. */
  private async rebuild(kept: readonly Stamped[], what: 'step' | 'lab' | 'undo'): Promise<void> {
    const old = this.lab;
    const isLive = this.replayed === undefined;
    this.typing = undefined;
    const spare = this.spare;
    this.spare = undefined;
    const fresh = spare === undefined ? await this.freshLab() : await spare;
    old.onData = () => undefined;
    old.onChange = () => undefined;
    for (const terminal of old.terminals()) {
      if (isLive) this.emit({ type: 'cleared', terminal: terminal.id });
      this.unshown.delete(terminal.id);
      this.replayed?.delete(terminal.id);
    }
    old.close();
    const { screen } = this;
    const { undone } = this;
    if (isLive) this.replayed = new Map();
    this.adopt(fresh);
    const sizes = new Map(this.sizes);
    await this.replay(kept);
    // The learner's windows keep their size whatever the lab goes back to.
    for (const [terminal, size] of sizes) {
      this.sizes.set(terminal, size);
      this.lab.resize(terminal, size.columns, size.rows);
    }
    this.screen = screen;
    this.undone = undone;
    if (!isLive) return;
    this.showTerminals();
    this.sendReplayed();
    this.reanchor();
    this.emit({ type: 'reset-done', what });
    await this.judge();
    this.prepareSpare();
  }

  /** A reset should not be waited for: the next fresh lab is built while nothing else is to do. */
  private prepareSpare(): void {
    if (!this.options.backend.canReplay || this.options.storesItself === true) return;
    this.options.wall.after(1500, () => {
      if (this.isClosed || this.spare !== undefined) return;
      this.spare = this.freshLab();
      this.spare.catch(() => {
        this.spare = undefined;
      });
    });
  }

  // ---------------------------------------------------------------- run blocks

  private run(blockId: string, line: number | undefined, terminalId: string | undefined): void {
    const block = this.lesson.screens.flatMap(({ blocks }) => blocks).find((candidate): candidate is RunBlock => candidate.kind === 'run' && candidate.id === blockId);
    if (block === undefined) return this.fail('not-now', `the lesson has no commands ${blockId}`, false);
    const terminal = terminalId ?? block.terminal;
    if (!this.lab.terminals().some(({ id }) => id === terminal)) return this.fail('no-such-terminal', `there is no terminal ${terminal}`, false);
    if (block.keys !== null) {
      this.accept({ kind: 'input', atUs: 0, terminal, data: block.keys.map(keyNamed).join('') });
      return;
    }
    if (!this.lab.isPrompting(terminal)) {
      const view = this.lab.terminals().find(({ id }) => id === terminal);
      return this.fail('not-now', `${view?.title ?? terminal} is busy${view?.running === null || view?.running === undefined ? '' : ` with ${view.running}`}; end it with Ctrl+C, or type in another terminal`, false);
    }
    const values = this.values;
    const texts = block.lines.map(({ text }) => text.replace(/\{\{([A-Za-z][\w.-]*)\}\}/g, (whole, name: string) => values[name] ?? whole));
    this.typing = { terminal, lines: line === undefined ? texts : texts.slice(line, line + 1) };
    this.typeNext();
  }
  private values: Record<string, string | null> = {};

  /** The next line of a run block, as soon as the shell asks for it. */
  private typeNext(): void {
    const typing = this.typing;
    if (typing === undefined || !this.lab.isPrompting(typing.terminal)) return;
    if (this.pending.some(({ record }) => record.kind === 'input')) return;
    const line = typing.lines.shift();
    if (typing.lines.length === 0) this.typing = undefined;
    if (line !== undefined) this.accept({ kind: 'input', atUs: 0, terminal: typing.terminal, data: `${line}\r` });
  }

  // ---------------------------------------------------------------- time

  private pace(mode: 'live' | 'paused' | 'skip'): void {
    if (mode === 'skip') {
      this.mode = 'live';
      this.skipUntilUs = this.lab.nowUs + SKIP_US;
    } else {
      this.mode = mode;
      this.reanchor();
    }
    this.wake();
  }

  private reanchor(): void {
    this.anchor = { wallMs: this.options.wall.nowMs(), virtualUs: this.lab.nowUs };
  }

  /** Where a watched lab's clock should be now. After a stall or a sleep it catches up a quarter of a second, no more. */
  private liveTargetUs(): number {
    if (this.mode === 'paused') return this.lab.nowUs;
    const target = Math.floor(this.anchor.virtualUs + (this.options.wall.nowMs() - this.anchor.wallMs) * 1000);
    const most = this.lab.nowUs + CATCH_UP_AT_MOST_US;
    if (target <= most) return Math.max(target, this.lab.nowUs);
    // The idle part of a gap costs nothing: only what is due counts as being behind.
    const dueUs = this.lab.nextDueUs();
    if (dueUs === undefined || dueUs >= target) return target;
    this.anchor.virtualUs -= target - most;
    return most;
  }

  private wake(): void {
    if (!this.isOpen || this.isClosed) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (this.isDriving) {
      this.driveAgain = true;
      return;
    }
    this.isDriving = true;
    this.drive().then(
      () => {
        this.isDriving = false;
        if (this.driveAgain) {
          this.driveAgain = false;
          this.wake();
        } else this.sleep();
      },
      (cause: unknown) => this.fail('internal', cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), true),
    );
  }

  private async drive(): Promise<void> {
    for (;;) {
      if (this.isClosed) return;
      const barrier = this.pending[0];
      const target = this.isHeldBack ? this.lab.nowUs : this.skipUntilUs ?? this.liveTargetUs();
      const to = barrier === undefined ? target : Math.min(Math.max(target, barrier.isStored ? barrier.record.atUs : target), barrier.record.atUs);
      if (to > this.lab.nowUs) await this.advanceSlice(to);
      if (this.skipUntilUs !== undefined && this.lab.nowUs >= this.skipUntilUs) {
        this.skipUntilUs = undefined;
        this.reanchor();
      }
      let applied = false;
      while (this.pending[0]?.isStored === true && this.pending[0].record.atUs <= this.lab.nowUs) {
        const { record } = this.pending.shift()!;
        applied = true;
        await this.apply(record);
        if (!rebuilds.has(record.kind)) continue;
        this.isRebuilding = false;
        for (const waiting of this.deferred.splice(0)) this.accept(waiting);
        break;
      }
      if (this.enqueueHash && this.pending.length === 0) {
        this.enqueueHash = false;
        this.noteHash();
      }
      this.typeNext();
      this.show();
      // What an input sets in motion is done at once, not at the next beat.
      if (applied && !this.isHeldBack) continue;
      if (to <= this.lab.nowUs || this.isHeldBack) return;
      await this.options.wall.breathe();
    }
  }

  /** A piece of the way to `toUs` that takes a few milliseconds of the wall: a key that arrives meanwhile is stamped with its end. */
  private async advanceSlice(toUs: number): Promise<void> {
    const isSkipping = this.skipUntilUs !== undefined;
    const startedMs = this.options.wall.nowMs();
    await this.advance(Math.min(toUs, this.lab.nowUs + (isSkipping ? SKIP_SLICE_US : this.sliceUs)));
    if (isSkipping) return;
    const tookMs = this.options.wall.nowMs() - startedMs;
    if (tookMs > SLICE_AT_MOST_MS) this.sliceUs = Math.max(LIVE_SLICE_AT_LEAST_US, this.sliceUs >> 1);
    else if (tookMs < SLICE_AT_MOST_MS / 4) this.sliceUs = Math.min(LIVE_SLICE_US, this.sliceUs << 1);
  }
  private sliceUs = LIVE_SLICE_US;

  private sleep(): void {
    if (this.isClosed || (this.mode === 'paused' && this.pending.length === 0)) return;
    if (this.isHeldBack) return;
    const barrier = this.pending[0];
    if (barrier !== undefined && !barrier.isStored && barrier.record.atUs <= this.lab.nowUs) return;
    const dues = [this.lab.nextDueUs(), this.judgeDueUs(), barrier?.record.atUs].filter((due) => due !== undefined);
    const due = dues.length === 0 ? Infinity : Math.min(...dues);
    const inMs = (due - this.liveTargetUs()) / 1000;
    this.cancelTimer = this.options.wall.after(Math.min(1000, Math.max(1, inMs)), () => this.wake());
  }

  /** Moves time to exactly `toUs`, judging at every instant that is due on the way. */
  private async advance(toUs: number): Promise<void> {
    while (this.lab.nowUs < toUs) {
      const judgeUs = this.judgeDueUs();
      if (judgeUs !== undefined && judgeUs <= this.lab.nowUs) await this.judge();
      const dueUs = this.lab.nextDueUs();
      const isIdle = judgeUs === undefined && (dueUs === undefined || dueUs > toUs);
      const next = isIdle ? toUs : Math.min(toUs, this.judgeDueUs() ?? Infinity, this.lab.nowUs + JUDGE_AFTER_US);
      this.runTargetUs = next;
      await this.lab.runUntil(next, this.yielding());
      if (this.judgeDueUs() === this.lab.nowUs) await this.judge();
    }
    this.runTargetUs = this.lab.nowUs;
  }

  private yielding(): RunOptions {
    let since = this.options.wall.nowMs();
    return {
      shouldYield: () => this.options.wall.nowMs() - since >= BREATHE_EVERY_MS,
      yieldToHost: async () => {
        this.show();
        await this.options.wall.breathe();
        since = this.options.wall.nowMs();
      },
    };
  }

  // ---------------------------------------------------------------- judging and showing

  private changed(): void {
    this.lastChangeUs = this.lab.nowUs;
    this.firstChangeUs ??= this.lab.nowUs;
    this.networkDueMs ??= this.options.wall.nowMs();
  }

  private judgeDueUs(): number | undefined {
    if (this.firstChangeUs === undefined) return undefined;
    return Math.max(this.lab.nowUs, Math.min(this.lastChangeUs + JUDGE_AFTER_US, this.firstChangeUs + JUDGE_AT_LATEST_US));
  }

  private async judge(): Promise<void> {
    this.firstChangeUs = undefined;
    const report = await this.grader.judge(this.lab.observer, { nowMs: Math.round(this.lab.nowUs / 1000) });
    this.values = report.values;
    if (this.replayed !== undefined) return;
    const text = JSON.stringify({ ...report, atMs: 0 });
    if (text !== this.lastReport) {
      this.lastReport = text;
      this.emit({ type: 'report', report });
      // A replay must come to the same verdict: it has to pass this instant, in this state.
      this.enqueueHash = this.isOpen;
    }
    const commands = await this.lab.observer.commands();
    if (!('value' in commands)) return;
    const marks = commandMarks(commands.value);
    this.emitIfNew('lastMarks', marks, () => this.emit({ type: 'commands', commands: marks }));
    const outputs = outputsOf(this.lesson, commands.value);
    this.emitIfNew('lastOutputs', outputs, () => this.emit({ type: 'outputs', outputs }));
  }

  private emitIfNew(slot: 'lastMarks' | 'lastOutputs' | 'lastNetwork' | 'lastTerminals' | 'lastHistory', value: unknown, emit: () => void): void {
    const text = JSON.stringify(value);
    if (text === this[slot]) return;
    this[slot] = text;
    emit();
  }

  private show(): void {
    if (this.replayed !== undefined || !this.isOpen) return;
    this.showTerminals();
    this.showHistory();
    const nowMs = this.options.wall.nowMs();
    if (this.networkDueMs !== undefined && nowMs >= this.networkDueMs && !this.isShowingNetwork) {
      this.networkDueMs = undefined;
      this.isShowingNetwork = true;
      void networkView(this.lab.observer, Math.round(this.lab.nowUs / 1000)).then((network) => {
        this.isShowingNetwork = false;
        this.networkShownMs = this.options.wall.nowMs();
        this.emitIfNew('lastNetwork', { ...network, atMs: 0 }, () => this.emit({ type: 'network', network }));
      }, () => {
        this.isShowingNetwork = false;
      });
    } else if (this.networkDueMs !== undefined) this.networkDueMs = Math.max(this.networkDueMs, this.networkShownMs + SHOW_NETWORK_EVERY_MS);
    if (nowMs - this.clockShownMs >= 250) {
      this.clockShownMs = nowMs;
      this.emit({ type: 'clock', atMs: Math.round(this.lab.nowUs / 1000), epochMs: this.lab.epochMs, mode: this.skipUntilUs === undefined ? this.mode : 'skip', events: this.events });
    }
  }
  private isShowingNetwork = false;
  private networkShownMs = 0;
  private clockShownMs = 0;

  private showTerminals(): void {
    const terminals = this.lab.terminals();
    this.emitIfNew('lastTerminals', terminals, () => this.emit({ type: 'terminals', terminals, active: terminals[0]?.id ?? '' }));
  }

  private showHistory(): void {
    const redo = this.undone.at(-1);
    const history = { undo: this.options.backend.canReplay ? (lastLine(this.life)?.text ?? null) : null, redo: redo === undefined ? null : (lastLine(redo)?.text ?? null) };
    this.emitIfNew('lastHistory', history, () => this.emit({ type: 'history', ...history }));
  }

  private data(terminal: string, bytes: Uint8Array): void {
    if (this.replayed !== undefined) {
      const chunks = this.replayed.get(terminal);
      if (chunks === undefined) this.replayed.set(terminal, [bytes]);
      else chunks.push(bytes);
      return;
    }
    if (bytes.length === 0) return;
    const unshown = (this.unshown.get(terminal) ?? 0) + bytes.length;
    this.unshown.set(terminal, unshown);
    if (unshown > UNSHOWN_HIGH && this.options.storesItself !== true) this.isHeldBack = true;
    this.emit({ type: 'data', terminal, bytes });
  }

  private shown(terminal: string, bytes: number): void {
    this.unshown.set(terminal, Math.max(0, (this.unshown.get(terminal) ?? 0) - bytes));
    if (!this.isHeldBack || [...this.unshown.values()].some((count) => count > UNSHOWN_LOW)) return;
    this.isHeldBack = false;
    this.reanchor();
    this.wake();
  }

  private fail(code: Extract<LabEvent, { type: 'failed' }>['code'], message: string, isFatal: boolean): void {
    this.emit({ type: 'failed', code, message, isFatal });
    if (isFatal) this.close();
  }
}

const rebuilds: ReadonlySet<LogRecord['kind']> = new Set(['reset', 'undo', 'redo']);

/** Records that do nothing to the lab, or more than happen in it: undo counts what remains. */
const outsideLife: ReadonlySet<LogRecord['kind']> = new Set(['reset', 'undo', 'redo', 'hash', 'resumed']);

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
