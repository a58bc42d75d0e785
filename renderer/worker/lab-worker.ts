/** The simulated lab's home in the page: a session, the worker's clock, and messages. The one file of the renderer that knows labs/. */
import '../zod-without-eval.ts';
import type { LabRequest } from '../../contracts/lab.ts';
import { createSession, type Wall } from '../../labs/session.ts';
import { simulatorBackend } from '../../labs/simulator-backend.ts';

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

const session = createSession({ backend: simulatorBackend, wall, emit: (event) => postMessage(event) });

addEventListener('message', ({ data }: MessageEvent<unknown>) => session.handle(data as LabRequest));
