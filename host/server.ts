/**
 * The same application for a browser: static pages and one WebSocket on a loopback port. Nobody else gets in: requests must name
 * a loopback host (no DNS rebinding), carry the token of this start (cookie, set by the first visit with ?token=), and come from this origin.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Host } from './host.ts';
import { pageFile, pageHeaders } from './pages.ts';

export interface ServerOptions {
  readonly host: Host;
  /** The built pages (dist/renderer). */
  readonly pagesDir: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** A fixed token, for tests. */
  readonly token?: string;
}
export interface Server {
  /** With the token: opening it signs the browser in. */
  readonly url: string;
  close(): Promise<void>;
}

export async function serve({ host, pagesDir, port, token = randomBytes(24).toString('base64url') }: ServerOptions): Promise<Server> {
  const server = createServer((request, response) => answer(request, response, pagesDir, token));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 16_000_000 });
  server.on('upgrade', (request, socket, head) => {
    if (!isLoopbackHost(request) || !isSignedIn(request, token) || !isSameOrigin(request) || pathOf(request) !== '/host') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (line) => {
      const connection = host.connect();
      connection.onMessage((message) => line.readyState === line.OPEN && line.send(JSON.stringify(message)));
      line.on('message', (data) => {
        try {
          connection.send(JSON.parse(String(data)));
        } catch {
          connection.send({ id: -1 });
        }
      });
      line.on('close', () => connection.close());
      line.on('error', () => line.terminate());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        for (const line of sockets.clients) line.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, pagesDir: string, token: string): void {
  const refuse = (status: number, text: string): void => void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  if (!isLoopbackHost(request)) return refuse(403, 'This server answers only on the loopback address.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Only GET is answered here.');
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const given = url.searchParams.get('token');
  if (given !== null) {
    if (!isSame(given, token)) return refuse(403, 'This link is of an earlier start. Use the address Podwire printed last.');
    response.writeHead(302, { location: '/', 'set-cookie': `podwire=${token}; HttpOnly; SameSite=Strict; Path=/` }).end();
    return;
  }
  if (!isSignedIn(request, token)) return refuse(403, 'Open the address Podwire printed: it carries the key to this page.');
  const file = pageFile(pagesDir, url.pathname);
  if (file === undefined) return refuse(404, 'There is no such page.');
  response.writeHead(200, pageHeaders(file));
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
}
function isLoopbackHost(request: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '');
}
function isSameOrigin(request: IncomingMessage): boolean {
  return request.headers.origin === `http://${request.headers.host}`;
}
function isSignedIn(request: IncomingMessage, token: string): boolean {
  const cookie = /(?:^|;\s*)podwire=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  return cookie !== undefined && isSame(cookie, token);
}
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
