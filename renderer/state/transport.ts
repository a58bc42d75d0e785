/** The line to the host: Electron's preload where there is one, else the loopback server's WebSocket. */
import type { HostRequest, Transport } from '../../contracts/host.ts';

interface Preload {
  readonly platform: string;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
}

export function openTransport(): Transport {
  const preload = (globalThis as { podwire?: Preload }).podwire;
  return preload === undefined ? overWebSocket() : { send: (message) => preload.send(message), onMessage: (listener) => void preload.onMessage(listener), onClose: () => undefined };
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
