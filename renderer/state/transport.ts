/**
 * The line to the host: Electron's preload where there is one, else the loopback server's WebSocket. A worker that keeps a log has a line of its
 * own, so that a key's way to the log and back does not lead through the page's thread; where only the page has one, the page lends it.
 */
import type { HostRequest, Transport } from '../../contracts/host.ts';
import { HostRefusal, type HostLine } from './host-line.ts';

interface Preload {
  readonly platform: string;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
}
const preload = (globalThis as { podwire?: Preload }).podwire;

export function openTransport(): Transport {
  return preload === undefined ? overWebSocket() : { send: (message) => preload.send(message), onMessage: (listener) => void preload.onMessage(listener), onClose: () => undefined };
}

/** A worker's end of what `lend` answered, or a line of its own. */
export function openWorkerTransport(lent: MessagePort | undefined): Transport {
  if (lent === undefined) return overWebSocket();
  return { send: (message) => lent.postMessage(message), onMessage: (listener) => { lent.onmessage = ({ data }) => listener(data); }, onClose: () => undefined };
}

/** The other end for a worker that cannot open a line itself, and a function that takes it back. */
export function lend(line: HostLine): { port: MessagePort; takeBack: () => void } | undefined {
  if (preload === undefined) return undefined;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data: { id, ...asked } }: MessageEvent<HostRequest>) => {
    line.ask(asked).then(
      (ok) => port1.postMessage({ id, ok }),
      (cause: unknown) => port1.postMessage({ id, error: cause instanceof HostRefusal ? { code: cause.code, message: cause.message } : { code: 'io', message: String(cause) } }),
    );
  };
  const stop = line.onNews((news) => port1.postMessage(news));
  return {
    port: port2,
    takeBack: () => {
      stop();
      port1.close();
    },
  };
}

function overWebSocket(): Transport {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/host`);
  const waiting: HostRequest[] = [];
  socket.addEventListener('open', () => {
    for (const message of waiting.splice(0)) socket.send(JSON.stringify(message));
  });
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(message);
      else if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    onMessage: (listener) => socket.addEventListener('message', ({ data }) => listener(JSON.parse(String(data)))),
    onClose: (listener) => socket.addEventListener('close', listener),
  };
}
