/**
 * What realises a scenario: the simulator, a scripted one in tests, real Linux later. The session, grading and the page see a lab only
 * through this and `Observer`, and never know which they have.
 */
import type { Lesson, Terminal } from '../contracts/course.ts';
import type { TerminalView, VisitView } from '../contracts/lab.ts';
import type { Observer, Place } from '../contracts/observer.ts';
import type { Scenario } from './scenarios/index.ts';

export interface RunOptions {
  readonly shouldYield?: () => boolean;
  readonly yieldToHost?: () => Promise<void>;
}

/** A lab that runs. Time is virtual where the backend has its own, else the host's, in microseconds since the lab began. */
export interface Lab {
  readonly nowUs: number;
  /** Wall-clock time the lab's machines believe in, in epoch milliseconds. */
  readonly epochMs: number;
  readonly observer: Observer;
  /** Time is the wall's: things happen between calls, `onChange` is the only word of them, and keys are better not kept waiting for an instant. */
  readonly isRealTime?: true;
  /** Where time is real: `nowUs` becomes the wall's, which went on while nobody asked. */
  catchUp?(): void;
  /** When something happens next if nobody touches anything; undefined: never. */
  nextDueUs(): number | undefined;
  /** Everything due up to and including `targetUs` happens, then it is exactly `targetUs`. Real backends answer at once. */
  runUntil(targetUs: number, options?: RunOptions): Promise<void>;
  /** Until no process has had a turn for `quietUs`, at most until `limitUs` (absolute). */
  runUntilQuiet(quietUs: number, limitUs: number, options?: RunOptions): Promise<void>;

  openTerminal(terminal: Terminal, size: { columns: number; rows: number }): void;
  closeTerminal(id: string): void;
  input(terminal: string, data: string): void;
  resize(terminal: string, columns: number, rows: number): void;
  /** Real backends: while held back, nothing more is read from the terminal, and its programs wait. */
  holdBack?(terminal: string, isHeld: boolean): void;
  terminals(): TerminalView[];
  /** Whether a shell waits for a line there. */
  isPrompting(terminal: string): boolean;

  /** How people call its machines, and which of them are on the internet, the likeliest place of a browser first. */
  readonly titles?: Readonly<Record<string, string>>;
  readonly outside?: readonly string[];

  /** The browser, where there is one: what its window shows is another object whenever it is another page. */
  visit?(from: Place, address: string): void;
  stopVisit?(): void;
  shownVisit?(): VisitView | null;

  /** A capture as a pcap file, where its packets are kept. */
  captureFile?(id: number): { readonly name: string; readonly bytes: Uint8Array } | undefined;

  /** Called while time moves, in the order things happen. */
  onData: (terminal: string, bytes: Uint8Array) => void;
  /** State that somebody may show or judge has changed at `nowUs`. */
  onChange: () => void;
  /** 16 hex digits over all state and everything shown; undefined where the backend cannot replay. */
  hash(): string | undefined;
  close(): void;
}

export interface Backend {
  readonly name: string;
  readonly canReplay: boolean;
  /** A fresh lab as the lesson starts, its terminals open and prompting. `course` gives the lessons it may start after; `scenario` is in place of the one the lesson names. */
  open(lesson: Lesson, course: ReadonlyMap<string, Lesson>, options: { seed: number; columns: number; rows: number; scenario?: Scenario } & RunOptions): Promise<Lab>;
}
