/** A small HTTP/1.0 server as a program: one request a connection, always the same page. For labs that need somebody to answer. */
import type { Program, Sys } from '../machine/sys.ts';
import { concat, fromUtf8, utf8 } from '../simulator/bytes.ts';

const REQUEST_PATIENCE_US = 3_000_000;
const MOST_REQUEST_BYTES = 65_536;

export function httpServer(port: number, body: string): Program {
  const page = utf8(body);
  const answer = concat(utf8(`HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${page.length}\r\n\r\n`), page);
  return async (sys) => {
    const { sockets } = sys.net;
    const opened = sockets.open({ type: 'tcp', family: 'inet' });
    if (!opened.ok) return 1;
    sockets.setOptions(opened.value, { reuseAddress: true });
    if (!sockets.bind(opened.value, { address: '0.0.0.0', port }).ok) return 1;
    if (!sockets.listen(opened.value, 64).ok) return 1;
    for (;;) {
      const accepted = await sockets.accept(opened.value);
      if (accepted.ok) await serve(sys, accepted.value, answer);
    }
  };
}

async function serve(sys: Sys, connection: number, answer: Uint8Array): Promise<void> {
  const { sockets } = sys.net;
  let request: Uint8Array = new Uint8Array(0);
  while (!fromUtf8(request).includes('\r\n\r\n') && request.length < MOST_REQUEST_BYTES) {
    const got = await sockets.receive(connection, 4096, REQUEST_PATIENCE_US);
    // Who says nothing for too long is hung up on, and the next one is served at once.
    if (!got.ok) {
      sockets.close(connection);
      return;
    }
    if (got.value.length === 0) break;
    request = concat(request, got.value);
  }
  if (request.length > 0) await sockets.send(connection, answer);
  sockets.shutdown(connection, 'write');
  await sockets.receive(connection, 16, 500_000);
  sockets.close(connection);
}
