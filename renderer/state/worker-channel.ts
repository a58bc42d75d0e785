/** A lab session in a Web Worker, behind the channel of contracts/lab.ts. */
import { LabEvent, type LabChannel } from '../../contracts/lab.ts';

export function openWorkerChannel(): LabChannel {
  const worker = new Worker(new URL('../worker/lab-worker.ts', import.meta.url), { type: 'module', name: 'lab' });
  const listeners: ((event: LabEvent) => void)[] = [];
  const tell = (event: LabEvent): void => listeners.forEach((listener) => listener(event));
  worker.addEventListener('message', ({ data }) => {
    const parsed = LabEvent.safeParse(data);
    if (parsed.success) tell(parsed.data);
    else tell({ type: 'failed', code: 'internal', message: `the lab said something unknown: ${parsed.error.issues[0]?.path.join('.')}`, isFatal: false });
  });
  worker.addEventListener('error', ({ message }) => tell({ type: 'failed', code: 'internal', message, isFatal: true }));
  return {
    send: (request) => worker.postMessage(request),
    onEvent: (listener) => void listeners.push(listener),
    close: () => {
      worker.postMessage({ type: 'close' });
      setTimeout(() => worker.terminate(), 50);
    },
  };
}
