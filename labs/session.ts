/**
 * One learner at one lab: messages in, messages out (contracts/lab.ts). Paces virtual time by the wall, writes every outside influence to the
 * log before it takes effect, judges at virtual instants, and can be rebuilt from its log alone.
 *
 * Order is everything. An input is stamped with a virtual instant not yet passed, its record goes to the store, and time does not pass that
 * stamp until the store has said it has it. A replay then does the same things at the same instants.
 */
import type { Lesson, RunBlock } from '../contracts/course.ts';
import { LabRequest, type LabEvent, type LabRequestInput, type VisitView } from '../contracts/lab.ts';
import type { Report } from '../contracts/report.ts';
import { stateOfEarned } from '../grading/index.ts';
import { concat, utf8 } from '../simulator/bytes.ts';
import type { Backend, Lab, RunOptions } from './backend.ts';
import { loadLesson, problemText } from './course/index.ts';
import { castOf } from './cast.ts';
import { freePlayLesson } from './free-play.ts';
import { History, isInfluence, lastLine, type Stamped } from './history.ts';
import { keyNamed } from './keys.ts';
import { Life, type Birth, type Watcher } from './life.ts';
import { decodeLog, encodeRecord, engineVersion, type LogRecord } from './log.ts';
import { networkView } from './network-view.ts';
import { relive } from './relive.ts';
import { Replicas } from './replicas.ts';
import { readScenario } from './scenarios/text.ts';
import type { Scenario } from './scenarios/index.ts';
import { commandMarks, outputsOf } from './shown.ts';
import { keptBefore, Timeline } from './timeline.ts';
import type { Wall } from './wall.ts';

export type { Wall } from './wall.ts';

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

const CATCH_UP_AT_MOST_US = 250_000;
const LIVE_SLICE_US = 2_000;
const LIVE_SLICE_AT_LEAST_US = 50;
const SLICE_AT_MOST_MS = 4;
/** In steps so short, and no longer than this, a key's echo is waited for while the clock is held back: whoever floods a terminal goes on meanwhile. */
const ECHO_STEP_US = 100;
const ECHO_STEPS = 20;
const SKIP_SLICE_US = 1_000_000;
const BREATHE_EVERY_MS = 4;
const HASH_EVERY_INPUTS = 50;
/** So much lab time at most, in which something happened, is waited for anew when a session was cut off and is resumed. */
const HASH_AFTER_US = 10_000_000;
const SHOW_NETWORK_EVERY_MS = 100;
/** Where time is real a prompt may be on the screen before its shell's word of it has been heard. */
const REAL_PROMPT_SEEN_WITHIN_MS = 500;
const TIMELINE_AFTER_MS = 200;
const SKIP_US = 30_000_000;
/** A terminal whose page is this far behind stops the clock until it has caught up to the lower mark. */
const UNSHOWN_HIGH = 96_000;
const UNSHOWN_LOW = 32_000;
const KEPT_WHEN_RESUMED = 400_000;

type Pending = { readonly record: Stamped; readonly sequence: number; isStored: boolean };

export function createSession(options: SessionOptions): LabSession {
  return new Session(options);
}

class Session implements LabSession {
  private readonly options: SessionOptions;
  private readonly emit: (event: LabEvent) => void;
  private lesson!: Lesson;
  private lessons: ReadonlyMap<string, Lesson> = new Map();
  /** What the learner sees, what it began with, and what has happened in it. */
  private life!: Life;
  private birth!: Birth;
  private history = new History();
  private replicas: Replicas | undefined;
  /** What is played in freely, in place of a lesson's lab. */
  private scenario: Scenario | undefined;
  private timeline: Timeline | undefined;
  private seed = 0;
  private size = { columns: 80, rows: 24 };
  private isOpen = false;
  private isClosed = false;

  private sequence = 0;
  private pending: Pending[] = [];
  private readonly sizes = new Map<string, { columns: number; rows: number }>();
  private inputs = 0;
  private events = 0;
  private screen = 1;

  private mode: 'live' | 'paused' = 'live';
  private anchor = { wallMs: 0, virtualUs: 0 };
  private isDriving = false;
  private driveAgain = false;
  private cancelTimer: (() => void) | undefined;
  private skipUntilUs: number | undefined;

  private networkDueMs: number | undefined;
  private lastReport = '';
  private lastNetwork = '';
  private lastMarks = '';
  private lastOutputs = '';
  private lastTerminals = '';
  private lastHistory = '';

  private readonly unshown = new Map<string, number>();
  private isHeldBack = false;
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
    this.replicas?.close();
    this.timeline?.close();
    if (this.isOpen) this.life.close();
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
      case 'visit':
        if (this.lab.visit === undefined) return this.fail('not-now', 'this lab has no browser', false);
        return this.accept({ kind: 'visit', atUs: 0, from: request.from, address: request.address });
      case 'stop-visit': return this.accept({ kind: 'stop-visit', atUs: 0 });
      case 'answer': return this.accept({ kind: 'answer', atUs: 0, question: request.question, answer: request.answer });
      case 'hint': return this.accept({ kind: 'hint', atUs: 0, check: request.check });
      case 'screen': return this.accept({ kind: 'screen', atUs: 0, number: request.number });
      case 'reset': return this.accept({ kind: 'reset', atUs: 0, what: request.what });
      case 'undo': {
        // One that waits to happen takes its line with it.
        const waiting = [...this.pending.map(({ record }) => record), ...this.deferred].findLast((record) => record.kind === 'undo');
        const keep = request.before === undefined ? lastLine(this.history.records, waiting?.keep)?.keep : await this.keptBefore(request.before);
        return keep === undefined || !this.options.backend.canReplay ? this.fail('not-now', 'there is nothing to undo', false) : this.accept({ kind: 'undo', atUs: 0, keep });
      }
      case 'redo': return !this.history.canRedo ? this.fail('not-now', 'there is nothing to redo', false) : this.accept({ kind: 'redo', atUs: 0 });
      case 'run': return this.run(request.block, request.line, request.terminal);
      case 'pace': return this.pace(request.mode);
      case 'watch-timeline': return this.watchTimeline(request.isWatched);
      case 'save-capture': return this.saveCapture(request.capture);
      case 'save-terminal':
        void this.saveTerminal(request.terminal).catch((cause: unknown) => this.fail('internal', messageOf(cause), false));
        return;
      default: return request satisfies never;
    }
  }

  // ---------------------------------------------------------------- opening and resuming

  private async open(request: Extract<LabRequest, { type: 'open' }>): Promise<void> {
    if (this.isOpen) return this.fail('not-now', 'the lab is open already', false);
    const log = request.log === undefined ? undefined : decodeLog(request.log);
    const header = log?.records[0];
    const play = (header?.kind === 'header' ? header.scenario : undefined) ?? request.scenario;
    const files = new Map(Object.entries(request.files));
    if (play !== undefined) {
      const { scenario, problems } = readScenario(play);
      if (scenario === null) return this.fail('bad-course', problems.map(problemText).join('\n'), true);
      this.scenario = scenario;
    } else if (![...files.keys()].some((path) => path.endsWith(`/${request.lesson}/lesson.md`))) return this.fail('no-such-lesson', `the course has no lesson ${request.lesson}`, true);
    const { lesson, lessons, problems } = this.scenario === undefined ? loadLesson(files, request.lesson) : { lesson: freePlayLesson(request.lesson, this.scenario), lessons: new Map(), problems: [] };
    if (lesson === null) return this.fail('bad-course', problems.map(problemText).join('\n'), true);
    this.lesson = lesson;
    this.lessons = lessons;

    if (log !== undefined && log.records.length > 0 && (header?.kind !== 'header' || header.lesson !== request.lesson)) {
      return this.fail('bad-log', `the log is not of lesson ${request.lesson}`, true);
    }
    this.seed = header?.kind === 'header' ? header.seed : request.seed;
    this.size = header?.kind === 'header' ? { columns: header.columns, rows: header.rows } : { columns: request.columns, rows: request.rows };
    const earned = [...new Set([...(header?.kind === 'header' ? header.earned : []), ...request.earned])];
    this.birth = { lesson, size: this.size, grader: stateOfEarned(lesson, earned), graded: 0 };
    const records = log?.records.slice(1) as Stamped[] | undefined;
    let resumed: { records: number; isFaithful: boolean; atMs: number } | null = null;
    let life: Life;
    if (records !== undefined && header !== undefined && this.options.backend.canReplay) {
      const past = await relive(records, this.birth, async (birth) => new Life(await this.freshLab(), birth), this.yielding());
      ({ life, birth: this.birth, history: this.history, screen: this.screen } = past);
      for (const [terminal, size] of past.sizes) this.sizes.set(terminal, size);
      this.inputs = records.filter(({ kind }) => kind === 'input').length;
      resumed = { records: records.length, isFaithful: past.isFaithful, atMs: Math.round(life.lab.nowUs / 1000) };
    } else life = new Life(await this.freshLab(), this.birth);
    if (this.isClosed) return life.close();
    this.isOpen = true;
    this.sequence = log?.records.length ?? 0;
    this.emit({
      type: 'opened', lesson: lesson.id, seed: this.seed, backend: this.options.backend.name, canUndo: this.options.backend.canReplay, canReset: true, canSkip: this.options.backend.canReplay, canBrowse: life.lab.visit !== undefined,
      resumed, screen: this.screen, engine: engineVersion,
      ...(this.scenario === undefined || play === undefined ? {} : { play: { title: this.scenario.title, text: play, places: Object.keys(lesson.places) } }),
    });
    this.adopt(life);
    if (header === undefined) this.store({ kind: 'header', format: 1, engine: engineVersion, lesson: lesson.id, seed: this.seed, ...this.size, earned, ...(play === undefined ? {} : { scenario: play }) });
    else this.store({ kind: 'resumed', atUs: this.lab.nowUs });
    await this.showReport(await life.report());
    if (this.options.backend.canReplay && this.options.storesItself !== true) {
      this.replicas = new Replicas((running) => this.freshLab(running), this.options.wall, this.history, this.birth);
      this.replicas.tend();
    }
    this.wake();
  }

  private freshLab(running = this.yielding()): Promise<Lab> {
    return this.options.backend.open(this.lesson, this.lessons, { seed: this.seed, ...this.size, ...(this.scenario === undefined ? {} : { scenario: this.scenario }), ...running });
  }

  private get lab(): Lab {
    return this.life.lab;
  }

  /** Shows this life from now on, and all that its terminals have shown so far. */
  private adopt(life: Life): void {
    this.life = life;
    this.notedUs = this.lab.nowUs;
    this.reanchor();
    const shown = life.watch(this.watcher);
    this.showTerminals();
    for (const [terminal, chunks] of shown) {
      const whole = concat(...chunks);
      const from = whole.length > KEPT_WHEN_RESUMED ? whole.indexOf(10, whole.length - KEPT_WHEN_RESUMED) + 1 : 0;
      this.data(terminal, whole.subarray(from));
    }
    this.watcher.changed();
  }
  private readonly watcher: Watcher = {
    data: (terminal, bytes) => this.data(terminal, bytes),
    changed: () => {
      this.networkDueMs ??= this.options.wall.nowMs();
      this.isUnnoted = true;
      if (this.life.lab.isRealTime !== true || !this.isOpen) return;
      this.typeNext();
      this.wake();
    },
    judged: (report) => this.showReport(report, true),
  };

  // ---------------------------------------------------------------- inputs

  private accept(record: Stamped): void {
    if (this.life.lab.isRealTime === true && this.tookAtOnce(record)) return;
    if (this.isRebuilding) {
      this.deferred.push(record);
      return;
    }
    this.isRebuilding = rebuilds.has(record.kind);
    const lastUs = this.pending.at(-1)?.record.atUs ?? 0;
    const earliest = this.isDriving ? this.life.targetUs : this.isHeldBack ? this.lab.nowUs : Math.max(this.lab.nowUs, this.liveTargetUs());
    this.enqueue({ ...record, atUs: Math.max(lastUs, earliest) });
    if (record.kind === 'input' && ++this.inputs % HASH_EVERY_INPUTS === 0) this.enqueueHash = true;
    this.wake();
  }
  /** Where time is real no instant is waited for, and no replay will need one. */
  private tookAtOnce(record: Stamped): boolean {
    if (record.kind === 'input') this.lab.input(record.terminal, record.data);
    else if (record.kind === 'resize') {
      this.sizes.set(record.terminal, { columns: record.columns, rows: record.rows });
      this.lab.resize(record.terminal, record.columns, record.rows);
    } else return false;
    return true;
  }
  private enqueueHash = false;
  /** Something has happened since the state was noted last. */
  private isUnnoted = false;
  private notedUs = 0;
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
    this.isUnnoted = false;
    this.notedUs = this.lab.nowUs;
    const hash = this.lab.hash();
    if (hash !== undefined) this.store({ kind: 'hash', atUs: this.lab.nowUs, hash });
  }

  private stored(sequence: number): void {
    for (const entry of this.pending) if (entry.sequence <= sequence) entry.isStored = true;
    this.wake();
  }

  private async apply(record: Stamped): Promise<void> {
    if (isInfluence(record)) {
      this.history.add(record);
      if (record.kind === 'resize') this.sizes.set(record.terminal, { columns: record.columns, rows: record.rows });
      if (record.kind === 'screen') this.screen = record.number;
      await this.life.take(record, this.yielding());
      this.replicas?.tend();
      return;
    }
    switch (record.kind) {
      case 'reset': return this.reset(record.what);
      case 'undo': return this.undo(record.keep);
      case 'redo': return this.redo(record.atUs);
      case 'resumed': case 'hash': return;
      default: return record satisfies never;
    }
  }

  private async reset(what: 'step' | 'lab'): Promise<void> {
    this.history.reset(what, this.screen);
    this.birth = { ...this.birth, grader: this.life.grader.state(), graded: this.history.records.length };
    this.replicas?.begin(this.history, this.birth);
    await this.replace(await this.anotherLife(), what);
  }

  /** Goals reached only by what is taken back are open again. */
  private async undo(keep: number): Promise<void> {
    this.history.takeBack(keep);
    await this.replace((await this.replicas?.take(keep)) ?? (await this.anotherLife()), 'undo');
  }

  private async redo(atUs: number): Promise<void> {
    this.history.bringBack(atUs);
    await this.life.follow(this.history.records, this.history.records.length, this.yielding());
    this.reanchor();
    this.replicas?.tend();
    this.emit({ type: 'reset-done', what: 'redo' });
  }

  private async anotherLife(): Promise<Life> {
    return new Life((await this.replicas?.takeLab()) ?? (await this.freshLab()), this.birth);
  }

  /** Another life in place of this one, once all that is left of the history has happened in it. */
  private async replace(life: Life, what: 'step' | 'lab' | 'undo'): Promise<void> {
    const old = this.life;
    this.typing = undefined;
    await life.follow(this.history.records, this.history.records.length, this.yielding());
    if (this.isClosed) return life.close();
    for (const { id } of old.lab.terminals()) {
      this.emit({ type: 'cleared', terminal: id });
      this.unshown.delete(id);
    }
    old.close();
    this.adopt(life);
    this.emit({ type: 'reset-done', what });
    await this.showReport(await life.report());
    this.replicas?.tend();
    // The learner's windows keep their size whatever the lab goes back to.
    for (const { id } of life.lab.terminals()) {
      const size = this.sizes.get(id);
      const { columns, rows } = life.sizeOf(id);
      if (size !== undefined && (size.columns !== columns || size.rows !== rows)) this.deferred.push({ kind: 'resize', atUs: 0, terminal: id, ...size });
    }
  }

  // ---------------------------------------------------------------- looking back

  private async keptBefore(id: number): Promise<number | undefined> {
    const commands = await this.lab.observer.commands();
    const command = 'value' in commands ? commands.value.find((candidate) => candidate.id === id) : undefined;
    return command === undefined ? undefined : keptBefore(this.history.records, command);
  }

  private watchTimeline(isWatched: boolean): void {
    this.timeline?.close();
    this.timeline = isWatched && this.options.backend.canReplay ? new Timeline(async (running) => new Life(await this.freshLab(running), this.birth)) : undefined;
    this.updateTimeline();
  }

  /** A moment after a command began or ended, not while the last wish is still being looked into. */
  private updateTimeline(): void {
    const { timeline } = this;
    if (timeline === undefined || this.isUpdatingTimeline) return;
    this.isUpdatingTimeline = true;
    this.options.wall.after(TIMELINE_AFTER_MS, () => {
      const { lastMarks } = this;
      void timeline.entries(this.history.records, this.lab.nowUs, this.yielding()).then((entries) => {
        this.isUpdatingTimeline = false;
        if (timeline === this.timeline) this.emit({ type: 'timeline', entries });
        if (timeline !== this.timeline || lastMarks !== this.lastMarks) this.updateTimeline();
      }, (cause: unknown) => {
        this.isUpdatingTimeline = false;
        this.fail('internal', messageOf(cause), false);
      });
    });
  }
  private isUpdatingTimeline = false;

  private saveCapture(id: number): void {
    const file = this.lab.captureFile?.(id);
    if (file === undefined) return this.fail('not-now', 'that capture cannot be saved: its packets are not kept here', false);
    this.emit({ type: 'file', mediaType: 'application/vnd.tcpdump.pcap', ...file });
  }

  private async saveTerminal(terminal: string): Promise<void> {
    const view = this.lab.terminals().find(({ id }) => id === terminal);
    if (view === undefined) return this.fail('no-such-terminal', `there is no terminal ${terminal}`, false);
    if (!this.options.backend.canReplay) return this.fail('not-now', 'only a simulated lab can be played again, so this session cannot be saved as a recording', false);
    const wish = { terminal, title: `${this.lesson.title}: ${view.title}`, records: [...this.history.records], untilUs: this.lab.nowUs };
    const life = new Life(await this.freshLab(), this.birth);
    const text = await castOf(life, wish, this.yielding());
    life.close();
    this.emit({ type: 'file', name: `${this.lesson.id}-${terminal}.cast`, mediaType: 'application/x-asciicast', bytes: utf8(text) });
  }

  // ---------------------------------------------------------------- run blocks

  private run(blockId: string, line: number | undefined, terminalId: string | undefined, patienceMs = REAL_PROMPT_SEEN_WITHIN_MS): void {
    if (this.isClosed) return;
    const block = this.lesson.screens.flatMap(({ blocks }) => blocks).find((candidate): candidate is RunBlock => candidate.kind === 'run' && candidate.id === blockId);
    if (block === undefined) return this.fail('not-now', `the lesson has no commands ${blockId}`, false);
    const terminal = terminalId ?? block.terminal;
    if (!this.lab.terminals().some(({ id }) => id === terminal)) return this.fail('no-such-terminal', `there is no terminal ${terminal}`, false);
    if (block.keys !== null) {
      this.accept({ kind: 'input', atUs: 0, terminal, data: block.keys.map(keyNamed).join('') });
      return;
    }
    if (!this.lab.isPrompting(terminal)) {
      if (this.lab.isRealTime === true && patienceMs > 0) return void this.options.wall.after(50, () => this.run(blockId, line, terminalId, patienceMs - 50));
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
      let applied: Stamped | undefined;
      while (this.pending[0]?.isStored === true && this.pending[0].record.atUs <= this.lab.nowUs) {
        const { record } = this.pending.shift()!;
        applied = record;
        await this.apply(record);
        if (!rebuilds.has(record.kind)) continue;
        this.isRebuilding = false;
        for (const waiting of this.deferred.splice(0)) this.accept(waiting);
        break;
      }
      if (this.isUnnoted && this.lab.nowUs - this.notedUs >= HASH_AFTER_US) this.enqueueHash = true;
      if (this.enqueueHash && this.pending.length === 0) {
        this.enqueueHash = false;
        this.noteHash();
      }
      this.typeNext();
      this.show();
      // What an input sets in motion is done at once, not at the next beat; where the clock is held back, just its echo.
      if (applied !== undefined && !this.isHeldBack) continue;
      if (applied !== undefined) await this.echo(applied);
      if (to <= this.lab.nowUs || this.isHeldBack) return;
      await this.options.wall.breathe();
    }
  }

  private async echo(record: Stamped): Promise<void> {
    if (record.kind !== 'input') return;
    const unshown = (): number => this.unshown.get(record.terminal) ?? 0;
    const before = unshown();
    for (let step = 0; step < ECHO_STEPS && unshown() <= before; step++) {
      await this.life.advance(Math.min(this.lab.nowUs + ECHO_STEP_US, this.pending[0]?.record.atUs ?? Infinity), this.yielding());
    }
  }

  /** A piece of the way to `toUs` that takes a few milliseconds of the wall: a key that arrives meanwhile is stamped with its end. */
  private async advanceSlice(toUs: number): Promise<void> {
    const isSkipping = this.skipUntilUs !== undefined;
    const startedMs = this.options.wall.nowMs();
    const fromUs = Math.max(this.lab.nowUs, this.lab.nextDueUs() ?? toUs);
    await this.life.advance(Math.min(toUs, fromUs + (isSkipping ? SKIP_SLICE_US : this.sliceUs)), this.yielding());
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
    const dues = [this.lab.nextDueUs(), this.life.judgeDueUs(), barrier?.record.atUs].filter((due) => due !== undefined);
    const due = dues.length === 0 ? Infinity : Math.min(...dues);
    const inMs = (due - this.liveTargetUs()) / 1000;
    this.cancelTimer = this.options.wall.after(Math.min(1000, Math.max(1, inMs)), () => this.wake());
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

  /** `isNoted`: the grader remembers what it has found at this instant. */
  private async showReport(report: Report, isNoted = false): Promise<void> {
    this.values = report.values;
    const text = JSON.stringify({ ...report, atMs: 0 });
    if (text !== this.lastReport) {
      this.lastReport = text;
      this.emit({ type: 'report', report });
      // A replay must come to the same verdict: it has to pass this instant, in this state.
      this.enqueueHash ||= isNoted;
    }
    const commands = await this.lab.observer.commands();
    if (!('value' in commands)) return;
    const marks = commandMarks(commands.value);
    this.emitIfNew('lastMarks', marks, () => {
      this.emit({ type: 'commands', commands: marks });
      this.updateTimeline();
    });
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
    if (!this.isOpen) return;
    this.showTerminals();
    this.showVisit();
    this.showHistory();
    const nowMs = this.options.wall.nowMs();
    if (this.networkDueMs !== undefined && nowMs >= this.networkDueMs && !this.isShowingNetwork) {
      this.networkDueMs = undefined;
      this.isShowingNetwork = true;
      void networkView(this.lab.observer, Math.round(this.lab.nowUs / 1000), { places: this.lesson.places, ...(this.lab.titles === undefined ? {} : { titles: this.lab.titles }), ...(this.lab.outside === undefined ? {} : { outside: this.lab.outside }) }).then((network) => {
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

  private showVisit(): void {
    const visit = this.lab.shownVisit?.() ?? null;
    if (visit === this.lastVisit) return;
    this.lastVisit = visit;
    this.emit({ type: 'visit', visit });
  }
  private lastVisit: VisitView | null = null;

  private showHistory(): void {
    const { undo, redo } = this.history;
    const history = { undo: this.options.backend.canReplay ? (undo?.text ?? null) : null, redo: redo?.text ?? null };
    this.emitIfNew('lastHistory', history, () => this.emit({ type: 'history', ...history }));
  }

  private data(terminal: string, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const unshown = (this.unshown.get(terminal) ?? 0) + bytes.length;
    this.unshown.set(terminal, unshown);
    if (unshown > UNSHOWN_HIGH) {
      if (this.lab.holdBack !== undefined) this.lab.holdBack(terminal, true);
      else if (this.options.storesItself !== true) this.isHeldBack = true;
    }
    this.emit({ type: 'data', terminal, bytes });
  }

  private shown(terminal: string, bytes: number): void {
    const unshown = Math.max(0, (this.unshown.get(terminal) ?? 0) - bytes);
    this.unshown.set(terminal, unshown);
    if (this.isOpen && unshown <= UNSHOWN_LOW) this.lab.holdBack?.(terminal, false);
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
