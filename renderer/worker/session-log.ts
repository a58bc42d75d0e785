/** A session's input log at the host: opened, appended to in order, closed when all that was said is written. */
import { OpenedLog } from '../../contracts/host.ts';
import { HostRefusal, type HostLine } from '../state/host-line.ts';

const RETRY_OPENING_MS = 300;
const OPENING_ATTEMPTS = 5;
const RETRY_SAVING_MS = 1000;

export interface LogListener {
  stored(sequence: number): void;
  /** Undefined: it is all right again. */
  trouble(message: string | undefined): void;
  taken(): void;
}

export class SessionLog {
  /** What it held when it was opened, and the seed of its lab. */
  readonly bytes: Uint8Array;
  readonly seed: number;
  private readonly line: HostLine;
  private readonly log: number;
  private readonly listener: LogListener;
  private unsaved: { sequence: number; bytes: Uint8Array }[] = [];
  private isSaving = false;
  private isOver = false;

  private constructor(line: HostLine, opened: OpenedLog, listener: LogListener) {
    this.line = line;
    this.listener = listener;
    this.log = opened.log;
    this.seed = opened.seed;
    this.bytes = Uint8Array.from(atob(opened.bytes), (character) => character.charCodeAt(0));
    line.onNews((news) => {
      if (news.type !== 'log-taken' || news.log !== this.log) return;
      this.isOver = true;
      listener.taken();
    });
  }

  /**
   * A page that was just reloaded may meet its own former line, not yet closed: it asks again for a while before it speaks of another window.
   * @throws HostRefusal `in-use`: another window writes this log, and it is not to be taken over.
   */
  static async open(line: HostLine, wish: { readonly course: string; readonly lesson: string; readonly takeOver: boolean }, listener: LogListener): Promise<SessionLog> {
    for (let attempt = 1; ; attempt++) {
      try {
        return new SessionLog(line, OpenedLog.parse(await line.ask({ type: 'open-log', ...wish })), listener);
      } catch (cause) {
        if (!(cause instanceof HostRefusal) || cause.code !== 'in-use' || attempt >= OPENING_ATTEMPTS) throw cause;
        await new Promise((resolve) => setTimeout(resolve, RETRY_OPENING_MS));
      }
    }
  }

  append(sequence: number, bytes: Uint8Array): void {
    this.unsaved.push({ sequence, bytes });
    if (!this.isSaving) void this.save();
  }

  /** One append at a time, in order; what gathers meanwhile goes with the next. One that fails is tried again: a log never has a hole. */
  private async save(): Promise<void> {
    this.isSaving = true;
    while (this.unsaved.length > 0 && !this.isOver) {
      const batch = [...this.unsaved];
      const { sequence } = batch.at(-1)!;
      try {
        await this.line.ask({ type: 'append-log', log: this.log, sequence, bytes: toBase64(batch.map(({ bytes }) => bytes)) });
      } catch (cause) {
        if (this.isOver) break;
        this.listener.trouble(cause instanceof Error ? cause.message : String(cause));
        await new Promise((resolve) => setTimeout(resolve, RETRY_SAVING_MS));
        continue;
      }
      this.unsaved = this.unsaved.slice(batch.length);
      this.listener.trouble(undefined);
      this.listener.stored(sequence);
    }
    this.isSaving = false;
  }

  async close(): Promise<void> {
    // The host answers in order: what is on its way is written before the log is closed.
    if (!this.isOver) await this.line.ask({ type: 'close-log', log: this.log }).catch(() => undefined);
    this.isOver = true;
  }
}

function toBase64(chunks: readonly Uint8Array[]): string {
  let text = '';
  for (const bytes of chunks) for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
