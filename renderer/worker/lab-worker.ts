/**
 * The simulated lab's home in the page: a session, its input log at the host, the worker's clock, and messages. The one file of the renderer that
 * knows labs/.
 */
import '../zod-without-eval.ts';
import type { LabRequest } from '../../contracts/lab.ts';
import { createSession, type Wall } from '../../labs/session.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';
import { HostLine, HostRefusal } from '../state/host-line.ts';
import { openWorkerTransport } from '../state/transport.ts';
import type { Begin, LogNews } from '../state/worker-channel.ts';
import { SessionLog } from './session-log.ts';

/** How far the log has come is news for a status bar. */
const TELL_SAVED_AFTER_MS = 50;

/** A macrotask as soon as possible: setTimeout is held to 4 ms when nested. */
const breaths: (() => void)[] = [];
const breather = new MessageChannel();
breather.port1.onmessage = () => breaths.shift()?.();

const wall: Wall = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  breathe: () =>
    new Promise((resolve) => {
      breaths.push(resolve);
      breather.port2.postMessage(0);
    }),
};

const say = (news: LogNews): void => postMessage(news);
let log: SessionLog | undefined;
let isClosed = false;
let saved = 0;
let savedTimer: ReturnType<typeof setTimeout> | undefined;
let isInTrouble = false;

const session = createSession({
  backend: simulatorBackend, wall,
  emit: (event) => {
    if (event.type === 'store') log!.append(event.sequence, event.bytes);
    else postMessage(event);
  },
});

const listener = {
  stored(sequence: number): void {
    session.handle({ type: 'stored', sequence });
    saved = sequence + 1;
    savedTimer ??= setTimeout(() => {
      savedTimer = undefined;
      say({ type: 'saved', events: saved });
    }, TELL_SAVED_AFTER_MS);
  },
  trouble(message: string | undefined): void {
    if (message === undefined && !isInTrouble) return;
    isInTrouble = message !== undefined;
    say({ type: 'save-trouble', message: message ?? null });
  },
  taken(): void {
    session.close();
    say({ type: 'taken' });
  },
};

async function begin({ course, takeOver, request }: Begin, lent: MessagePort | undefined): Promise<void> {
  try {
    log = await SessionLog.open(new HostLine(openWorkerTransport(lent)), { course, lesson: request.lesson, takeOver }, listener);
  } catch (cause) {
    return say({ type: 'refused', code: cause instanceof HostRefusal ? cause.code : 'internal', message: cause instanceof Error ? cause.message : String(cause) });
  }
  if (isClosed) return end();
  session.handle({ ...request, seed: log.seed, ...(log.bytes.length > 0 ? { log: log.bytes } : {}) });
}

async function end(): Promise<void> {
  isClosed = true;
  session.close();
  await log?.close();
  say({ type: 'ended' });
}

addEventListener('message', ({ data, ports }: MessageEvent<Begin | LabRequest>) => {
  if (data.type === 'begin') void begin(data, ports[0]);
  else if (data.type === 'close') void end();
  else session.handle(data);
});
