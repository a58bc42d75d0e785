/** A lab session at the host (real Linux), behind the channel of contracts/lab.ts. Bytes come in base64. */
import { z } from 'zod';
import { LabEvent, type LabChannel, type LabRequestInput } from '../../contracts/lab.ts';
import { host } from './host.svelte.ts';

const Opened = z.object({ lab: z.number() });

export function openHostChannel(): LabChannel {
  const listeners: ((event: LabEvent) => void)[] = [];
  const tell = (event: LabEvent): void => listeners.forEach((listener) => listener(event));
  const fail = (cause: unknown): void => tell({ type: 'failed', code: 'internal', message: cause instanceof Error ? cause.message : String(cause), isFatal: true });
  let lab: number | undefined;
  let isClosed = false;
  let stopListening: () => void = () => undefined;
  const waiting: LabRequestInput[] = [];
  const send = (request: LabRequestInput): void => void host.ask({ type: 'lab-request', lab: lab!, request }).catch(fail);

  host.ask({ type: 'open-lab', backend: 'linux' }).then((answer) => {
    lab = Opened.parse(answer).lab;
    if (isClosed) return void host.ask({ type: 'close-lab', lab }).catch(() => undefined);
    stopListening = host.onLabEvent(lab, (raw) => {
      const parsed = LabEvent.safeParse(withBytes(raw));
      if (parsed.success) tell(parsed.data);
    });
    for (const request of waiting.splice(0)) send(request);
  }).catch(fail);

  return {
    send: (request) => {
      if (lab === undefined) waiting.push(request);
      else if (!isClosed) send(request);
    },
    onEvent: (listener) => void listeners.push(listener),
    close: () => {
      isClosed = true;
      stopListening();
      if (lab !== undefined) void host.ask({ type: 'close-lab', lab }).catch(() => undefined);
    },
  };
}

function withBytes(event: unknown): unknown {
  const { bytes } = (event ?? {}) as { bytes?: unknown };
  return typeof bytes === 'string' ? { ...(event as object), bytes: Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)) } : event;
}
