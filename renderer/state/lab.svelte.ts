/**
 * The lab the learner works at: a session in a worker or at the host. What it says becomes state here; terminal bytes go straight to whoever
 * shows that terminal.
 */
import type { CommandMark, LabChannel, LabEvent, LabRequestInput, NetworkView, TerminalView, TimelineEntry, VisitView } from '../../contracts/lab.ts';
import { CourseFiles, type LessonProgress, type Settings } from '../../contracts/host.ts';
import type { Report } from '../../contracts/report.ts';
import { download } from '../ui/download.ts';
import { host, HostRefusal } from './host.svelte.ts';
import { openHostChannel } from './host-channel.ts';
import { playCourse } from './plays.svelte.ts';
import { typing } from './typing.ts';
import { openWorkerChannel, type LogNews } from './worker-channel.ts';

type Sink = (bytes: Uint8Array) => void;
type Opened = Extract<LabEvent, { type: 'opened' }>;

export class LabState {
  readonly course: string;
  readonly lesson: string;
  private readonly scenario: string | undefined;
  readonly backend: Settings['backend'];
  status = $state<'opening' | 'open' | 'taken' | 'failed'>('opening');
  failure = $state<{ code: string; message: string }>();
  /** A request that could not be done: said once, beside what was asked (`asked`: the run block, if it was one). */
  notice = $state<string>();
  asked = $state<string>();
  opened = $state<Opened>();
  terminals = $state<TerminalView[]>([]);
  network = $state.raw<NetworkView>();
  report = $state.raw<Report>();
  commands = $state.raw<CommandMark[]>([]);
  /** What undo and redo would do, in words. */
  history = $state.raw<{ undo: string | null; redo: string | null }>({ undo: null, redo: null });
  /** While somebody looks at it: what has been typed, and what that did. */
  timeline = $state.raw<TimelineEntry[]>();
  /** What the browser shows, and whether its window is open. */
  visit = $state.raw<VisitView | null>(null);
  isBrowsing = $state(false);
  outputs = $state.raw<Record<string, string | null>>({});
  clock = $state.raw<Extract<LabEvent, { type: 'clock' }>>();
  screen = $state(1);
  savedEvents = $state(0);
  saveFailed = $state<string>();
  private channel: LabChannel | undefined;
  private readonly sinks = new Map<string, Sink>();
  private readonly held = new Map<string, Uint8Array[]>();
  private readonly clearers = new Map<string, () => void>();

  /** `scenario`: of a lab without a lesson that has no log yet. `backend`: where it runs. */
  constructor(course: string, lesson: string, { backend, scenario }: { backend: Settings['backend']; scenario?: string | undefined }) {
    this.backend = backend;
    this.scenario = scenario;
    this.course = course;
    this.lesson = lesson;
  }

  async open(takeOver = false): Promise<void> {
    try {
      const files = this.course === playCourse ? {} : CourseFiles.parse(await host.ask({ type: 'course', course: this.course })).files;
      if (this.backend === 'linux') return this.openAtHost(files);
      if (this.isClosed) return;
      const earned = [...(host.progressOf(this.course, this.lesson)?.earned ?? [])];
      const request = { type: 'open' as const, files, lesson: this.lesson, earned, ...(this.scenario === undefined ? {} : { scenario: this.scenario }) };
      this.channel = openWorkerChannel({ course: this.course, takeOver, request }, (news) => this.hear(news));
      this.channel.onEvent((event) => this.receive(event));
    } catch (cause) {
      this.refused(cause instanceof HostRefusal ? cause.code : 'internal', cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** Nothing is replayed there, so there is no log: a session begins anew, with the goals reached before. */
  private openAtHost(files: Record<string, string>): void {
    if (this.isClosed) return;
    this.channel = openHostChannel();
    this.channel.onEvent((event) => this.receive(event));
    this.channel.send({ type: 'open', files, lesson: this.lesson, seed: 1, earned: [...(host.progressOf(this.course, this.lesson)?.earned ?? [])] });
  }

  private refused(code: string, message: string): void {
    this.status = code === 'in-use' ? 'taken' : 'failed';
    this.failure = { code, message };
  }

  private hear(news: LogNews): void {
    switch (news.type) {
      case 'saved': return typing.after('saved', () => { this.savedEvents = news.events; });
      case 'save-trouble':
        this.saveFailed = news.message ?? undefined;
        return;
      case 'taken':
        this.status = 'taken';
        this.failure = undefined;
        return this.channel?.close();
      case 'refused':
        this.refused(news.code, news.message);
        return this.channel?.close();
      case 'ended': return;
      default: news satisfies never;
    }
  }

  send(request: LabRequestInput): void {
    this.notice = undefined;
    this.asked = request.type === 'run' ? request.block : undefined;
    if (this.status === 'open') this.channel?.send(request);
  }

  read(screen: number): void {
    this.screen = screen;
    this.send({ type: 'screen', number: screen });
    void this.saveProgress();
  }

  /** Whoever draws a terminal takes its bytes from here; `done` tells the session they are on the screen. */
  attach(terminal: string, sink: Sink, clear: () => void): () => void {
    this.sinks.set(terminal, sink);
    this.clearers.set(terminal, clear);
    for (const bytes of this.held.get(terminal) ?? []) sink(bytes);
    this.held.delete(terminal);
    return () => {
      if (this.sinks.get(terminal) === sink) this.sinks.delete(terminal);
    };
  }

  close(): void {
    this.isClosed = true;
    this.channel?.close();
  }
  isClosed = false;

  private receive(event: LabEvent): void {
    switch (event.type) {
      case 'opened':
        this.opened = event;
        this.screen = event.screen;
        this.status = 'open';
        void this.saveProgress();
        return;
      case 'terminals': this.terminals = event.terminals; return;
      case 'data': return this.data(event.terminal, event.bytes);
      case 'cleared':
        this.held.delete(event.terminal);
        this.clearers.get(event.terminal)?.();
        return;
      case 'store': return;
      case 'network': return typing.after('network', () => { this.network = event.network; });
      case 'report':
        this.report = event.report;
        void this.saveProgress();
        return;
      case 'commands': this.commands = event.commands; return;
      case 'outputs': this.outputs = event.outputs; return;
      case 'timeline': this.timeline = event.entries; return;
      case 'visit':
        this.visit = event.visit;
        if (event.visit !== null) this.isBrowsing = true;
        return;
      case 'file': return download(event.name, event.mediaType, event.bytes);
      case 'clock': return typing.after('clock', () => { this.clock = event; });
      case 'history':
        return typing.after('history', () => { this.history = { undo: event.undo, redo: event.redo }; });
      case 'reset-done': return;
      case 'failed':
        if (!event.isFatal) {
          this.notice = event.message;
          return;
        }
        this.status = 'failed';
        this.failure = { code: event.code, message: event.message };
        return;
      default: event satisfies never;
    }
  }

  private data(terminal: string, bytes: Uint8Array): void {
    const sink = this.sinks.get(terminal);
    if (sink !== undefined) return sink(bytes);
    const chunks = this.held.get(terminal);
    if (chunks === undefined) this.held.set(terminal, [bytes]);
    else chunks.push(bytes);
    this.channel?.send({ type: 'shown', terminal, bytes: bytes.length });
  }

  private async saveProgress(): Promise<void> {
    const report = this.report;
    if (this.status !== 'open' && report === undefined) return;
    const before = host.progressOf(this.course, this.lesson);
    const earned = [...(report?.checks ?? []), ...(report?.questions ?? [])].filter(({ passed, points, pointsEarned }) => passed === true && points === pointsEarned).map(({ id }) => id);
    const progress: LessonProgress = {
      course: this.course, lesson: this.lesson, screen: this.screen, hintsUsed: report?.hintsUsed ?? before?.hintsUsed ?? 0,
      status: report?.isComplete === true || before?.status === 'done' ? 'done' : 'started',
      points: report?.points ?? before?.points ?? 0, pointsEarned: Math.max(report?.pointsEarned ?? 0, before?.pointsEarned ?? 0),
      earned: [...new Set([...(before?.earned ?? []), ...earned])], updatedAtMs: Date.now(),
    };
    const { updatedAtMs: _, ...same } = progress;
    const { updatedAtMs: __, ...was } = before ?? { updatedAtMs: 0 };
    if (JSON.stringify(same) === JSON.stringify(was)) return;
    await host.saveProgress(progress).catch(() => undefined);
  }
}
