/** A lab session in a Web Worker, behind the channel of contracts/lab.ts; the worker keeps its log, and says how that goes. */
import { z } from 'zod';
import { LabEvent, type LabChannel, type LabRequestInput } from '../../contracts/lab.ts';
import { host } from './host.svelte.ts';

/** The first message to the worker; the log and its seed are the worker's to find. */
export interface Begin {
  readonly type: 'begin';
  readonly course: string;
  readonly takeOver: boolean;
  readonly request: Omit<Extract<LabRequestInput, { type: 'open' }>, 'seed' | 'log'>;
}

const LogNews = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('saved'), events: z.number().int() }),
  /** Null: it is all right again. */
  z.strictObject({ type: z.literal('save-trouble'), message: z.string().nullable() }),
  /** Another window took the log over. */
  z.strictObject({ type: z.literal('taken') }),
  /** The log could not be opened. */
  z.strictObject({ type: z.literal('refused'), code: z.string(), message: z.string() }),
  /** All is written, and the log closed. */
  z.strictObject({ type: z.literal('ended') }),
]);
export type LogNews = z.infer<typeof LogNews>;

const END_WITHIN_MS = 1000;
/** Labs that were left: another is begun when their logs are closed. */
let ending: Promise<unknown> = Promise.resolve();

export function openWorkerChannel(begin: Omit<Begin, 'type'>, hear: (news: LogNews) => void): LabChannel {
  const worker = new Worker(new URL('../worker/lab-worker.ts', import.meta.url), { type: 'module', name: 'lab' });
  const loan = host.lendLine();
  const listeners: ((event: LabEvent) => void)[] = [];
  const tell = (event: LabEvent): void => listeners.forEach((listener) => listener(event));
  let ended = (): void => undefined;
  worker.addEventListener('message', ({ data }) => {
    const event = LabEvent.safeParse(data);
    if (event.success) return tell(event.data);
    const news = LogNews.safeParse(data);
    if (!news.success) tell({ type: 'failed', code: 'internal', message: `the lab said something unknown: ${event.error.issues[0]?.path.join('.')}`, isFatal: false });
    else if (news.data.type === 'ended') ended();
    else hear(news.data);
  });
  worker.addEventListener('error', ({ message }) => tell({ type: 'failed', code: 'internal', message, isFatal: true }));
  void ending.then(() => worker.postMessage({ type: 'begin', ...begin } satisfies Begin, loan === undefined ? [] : [loan.port]));
  return {
    send: (request) => worker.postMessage(request),
    onEvent: (listener) => void listeners.push(listener),
    close: () => {
      const end = new Promise<void>((resolve) => {
        ended = resolve;
        setTimeout(resolve, END_WITHIN_MS);
      }).then(() => {
        worker.terminate();
        loan?.takeBack();
      });
      ending = Promise.all([ending, end]);
      worker.postMessage({ type: 'close' });
    },
  };
}
