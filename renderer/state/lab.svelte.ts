/**
 * The lab the learner works at: a session in a worker, its input log at the host. What the session says becomes state here;
 * terminal bytes go straight to whoever shows that terminal.
 */
import type { CommandMark, LabChannel, LabEvent, LabRequestInput, NetworkView, TerminalView } from '../../contracts/lab.ts';
import { OpenedLog, CourseFiles, type LessonProgress } from '../../contracts/host.ts';
import type { Report } from '../../contracts/report.ts';
import { host, HostRefusal } from './host.svelte.ts';
import { openWorkerChannel } from './worker-channel.ts';

type Sink = (bytes: Uint8Array) => void;
type Opened = Extract<LabEvent, { type: 'opened' }>;

export class LabState {
  readonly course: string;
  readonly lesson: string;
  status = $state<'opening' | 'open' | 'taken' | 'failed'>('opening');
  failure = $state<{ code: string; message: string }>();
  /** A request that could not be done: said once, beside what was asked. */
  notice = $state<string>();
  opened = $state<Opened>();
  terminals = $state<TerminalView[]>([]);
  network = $state.raw<NetworkView>();
  report = $state.raw<Report>();
  commands = $state.raw<CommandMark[]>([]);
  outputs = $state.raw<Record<string, string | null>>({});
  clock = $state.raw<Extract<LabEvent, { type: 'clock' }>>();
  screen = $state(1);
  savedEvents = $state(0);
  saveFailed = $state<string>();
  private log: number | undefined;
  private channel: LabChannel | undefined;
  private readonly sinks = new Map<string, Sink>();
  private readonly held = new Map<string, Uint8Array[]>();
  private readonly clearers = new Map<string, () => void>();
  private readonly stopListening: () => void;
  private appends: Promise<void> = Promise.resolve();

  constructor(course: string, lesson: string) {
    this.course = course;
    this.lesson = lesson;
    this.stopListening = host.onLogTaken((log) => {
      if (log !== this.log) return;
      this.status = 'taken';
      this.channel?.close();
    });
  }

  async open(takeOver = false): Promise<void> {
    try {
      const { files } = CourseFiles.parse(await host.ask({ type: 'course', course: this.course }));
      const { log, bytes, seed } = OpenedLog.parse(await host.ask({ type: 'open-log', course: this.course, lesson: this.lesson, takeOver }));
      this.log = log;
      this.channel = openWorkerChannel();
      this.channel.onEvent((event) => this.receive(event));
      const earned = host.progressOf(this.course, this.lesson)?.earned ?? [];
      const stored = fromBase64(bytes);
      this.channel.send({ type: 'open', files, lesson: this.lesson, seed, earned: [...earned], ...(stored.length > 0 ? { log: stored } : {}) });
    } catch (cause) {
      this.status = cause instanceof HostRefusal && cause.code === 'in-use' ? 'taken' : 'failed';
      this.failure = { code: cause instanceof HostRefusal ? cause.code : 'internal', message: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  send(request: LabRequestInput): void {
    this.notice = undefined;
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
    this.stopListening();
    this.channel?.close();
    const log = this.log;
    if (log !== undefined && this.status !== 'taken') void this.appends.then(() => host.ask({ type: 'close-log', log })).catch(() => undefined);
  }

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
      case 'store': return this.store(event.sequence, event.bytes);
      case 'network': this.network = event.network; return;
      case 'report':
        this.report = event.report;
        void this.saveProgress();
        return;
      case 'commands': this.commands = event.commands; return;
      case 'outputs': this.outputs = event.outputs; return;
      case 'clock': this.clock = event; return;
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

  private store(sequence: number, bytes: Uint8Array): void {
    const log = this.log;
    if (log === undefined) return;
    const appended = host.ask({ type: 'append-log', log, sequence, bytes: toBase64(bytes) });
    this.appends = appended.then(
      () => {
        this.savedEvents = sequence + 1;
        this.saveFailed = undefined;
        this.channel?.send({ type: 'stored', sequence });
      },
      (cause: Error) => {
        this.saveFailed = cause.message;
      },
    );
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

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
