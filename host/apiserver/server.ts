/**
 * A simulated cluster's API on a loopback port, for a real kubectl: plain HTTP, watches as chunks, exec, attach and port-forward over SPDY/3.1 and
 * WebSockets (apiserver/pkg/util/{httpstream,wsstream}; KEP-4006). What is answered is decided in kube/apiserver; this only carries it.
 *
 * There is no password: kubectl sends none over HTTP. Nobody but this machine gets in, and no web page: a request must name a
 * loopback host and come from no other origin.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ApiAnswer, ApiRequest, ApiResponse, ApiStream } from '../../kube/apiserver/http.ts';
import { SpdyServer, type ByteLine, type SpdyStream } from './spdy.ts';

export interface ApiListener {
  readonly url: string;
  close(): Promise<void>;
}

export type Handle = (request: ApiRequest) => ApiResponse;

/** A little more than the API takes, so that it can say so itself. */
const mostBytes = 4_000_000;
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
const webSocketProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io', 'SPDY/3.1+portforward.k8s.io'];

export async function listen(handle: Handle, port: number): Promise<ApiListener> {
  const server = createServer((request, response) => { void answer(handle, request, response); });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostBytes, handleProtocols: (offered) => webSocketProtocols.find((one) => offered.has(one)) ?? false });
  // Upgraded sockets are no longer the server's to close.
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    socket.on('close', () => { upgraded.delete(socket); });
    upgrade(handle, request, socket, head, sockets);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => {
      for (const socket of upgraded) socket.destroy();
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

function isWelcome({ headers }: IncomingMessage): boolean {
  const isLoopback = (host: string): boolean => /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
  return isLoopback(headers.host ?? '') && (headers.origin === undefined || isLoopback(headers.origin.replace(/^https?:\/\//, '')));
}

function requestOf(message: IncomingMessage, body: Uint8Array): ApiRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return { method: message.method ?? 'GET', path: message.url ?? '/', headers, body };
}

async function answer(handle: Handle, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isWelcome(message)) {
    response.writeHead(403).end();
    return;
  }
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of message as AsyncIterable<Buffer>) {
      // What is too much is read to its end, and dropped.
      if (length <= mostBytes) parts.push(part);
      length += part.length;
    }
  } catch {
    return;
  }
  const result = handle(requestOf(message, Buffer.concat(parts)));
  if (result.stream === undefined) {
    response.writeHead(result.status, { ...result.headers, 'content-length': String(result.body.length) }).end(result.body);
    return;
  }
  const { stream } = result;
  if (stream.framing === 'channels') {
    stream.close();
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Upgrade request required","reason":"BadRequest","code":400}');
    return;
  }
  const begin = (status: number, headers: Readonly<Record<string, string>>): void => {
    response.writeHead(status, headers);
    response.flushHeaders();
  };
  if (stream.onHead === undefined) begin(result.status, result.headers);
  else stream.onHead(begin);
  response.on('close', () => { stream.close(); });
  stream.onData((bytes) => { response.write(bytes); });
  stream.onEnd(() => { response.end(); });
}

function upgrade(handle: Handle, message: IncomingMessage, socket: Duplex, head: Buffer, sockets: WebSocketServer): void {
  socket.on('error', () => { socket.destroy(); });
  if (!isWelcome(message)) {
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    return;
  }
  const result = handle(requestOf(message, new Uint8Array()));
  if (result.stream === undefined || result.stream.framing !== 'channels') {
    if (result.stream === undefined) refuse(socket, result);
    else {
      result.stream.close();
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    }
    return;
  }
  const { stream } = result;
  const protocol = (message.headers.upgrade ?? '').toLowerCase();
  const isForward = (message.url ?? '').split('?')[0]!.endsWith('/portforward');
  if (protocol === 'websocket') {
    sockets.handleUpgrade(message, socket, head, (line) => {
      if (line.protocol.startsWith('SPDY/')) tunnel(stream, line);
      else speakWebSocket(stream, line, isForward ? portsOf(message) : []);
    });
  } else if (protocol === 'spdy/3.1') {
    const offered = String(message.headers['x-stream-protocol-version'] ?? '').split(',').map((one) => one.trim());
    const chosen = isForward ? 'portforward.k8s.io' : ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'].find((one) => offered.includes(one));
    if (chosen === undefined) {
      stream.close();
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${chosen}\r\n\r\n`);
    const receive = isForward ? speakForward(stream, lineOf(socket)) : speakExec(stream, lineOf(socket), wantedStreams(message));
    socket.on('data', receive);
    socket.on('close', () => { stream.close(); });
    if (head.length > 0) receive(head);
  } else {
    stream.close();
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  }
}

/** An answer to an upgrade that is none, such as a Status. */
function refuse(socket: Duplex, { status, headers, body }: ApiAnswer): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 ${status} Refused\r\n${lines}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
  socket.end(body);
}

function lineOf(socket: Duplex): ByteLine {
  return { write: (bytes) => { if (socket.writable) socket.write(bytes); }, end: () => { socket.end(); } };
}

/** The streams that a client of exec opens before anything happens. */
function wantedStreams(message: IncomingMessage): readonly (keyof typeof channels)[] {
  const query = new URLSearchParams((message.url ?? '').split('?')[1] ?? '');
  const is = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  return ['error', ...(is('stdin') ? ['stdin' as const] : []), ...(is('stdout') ? ['stdout' as const] : []), ...(is('stderr') && !is('tty') ? ['stderr' as const] : []), ...(is('tty') ? ['resize' as const] : [])];
}

function speakExec(stream: ApiStream, line: ByteLine, wanted: readonly (keyof typeof channels)[]): (bytes: Uint8Array) => void {
  const opened = new Map<number, SpdyStream>();
  const channelOf = ({ headers }: SpdyStream): number | undefined => channels[headers['streamtype'] as keyof typeof channels];
  const spdy = new SpdyServer(line, {
    onStream(one) {
      const channel = channelOf(one);
      if (channel !== undefined) opened.set(channel, one);
      if (!wanted.every((name) => opened.has(channels[name]))) return;
      stream.onData((bytes, on) => { opened.get(on)?.write(bytes); });
      stream.onChannelEnd((on) => { opened.get(on)?.end(); });
      stream.onEnd(() => { spdy.close(); });
    },
    onData(one, bytes) {
      const channel = channelOf(one);
      if (channel === channels.stdin || channel === channels.resize) stream.write(bytes, channel);
    },
    onEnd(one) {
      if (channelOf(one) === channels.stdin) stream.endChannel(channels.stdin);
    },
  });
  return (bytes) => { spdy.receive(bytes); };
}

/** Each connection is a pair of streams with the same requestid: data and error. */
function speakForward(stream: ApiStream, line: ByteLine): (bytes: Uint8Array) => void {
  const numbers = new Map<string, number>();
  const byChannel = new Map<number, SpdyStream>();
  const channelOf = ({ headers }: SpdyStream): number => {
    const request = headers['requestid'] ?? headers['port'] ?? '';
    if (!numbers.has(request)) numbers.set(request, numbers.size);
    return numbers.get(request)! * 2 + (headers['streamtype'] === 'error' ? 1 : 0);
  };
  const spdy = new SpdyServer(line, {
    onStream(one) {
      const channel = channelOf(one);
      byChannel.set(channel, one);
      if (byChannel.has(channel ^ 1)) stream.connect(channel >> 1, Number(one.headers['port']));
    },
    onData(one, bytes) {
      if (one.headers['streamtype'] === 'data') stream.write(bytes, channelOf(one));
    },
    onEnd(one) {
      if (one.headers['streamtype'] === 'data') stream.endChannel(channelOf(one));
    },
  });
  stream.onData((bytes, on) => { byChannel.get(on)?.write(bytes); });
  stream.onChannelEnd((on) => {
    byChannel.get(on)?.end();
    byChannel.delete(on);
  });
  stream.onEnd(() => { spdy.close(); });
  return (bytes) => { spdy.receive(bytes); };
}

/** port-forward since 1.30: SPDY in the messages of a WebSocket. */
function tunnel(stream: ApiStream, line: WebSocket): void {
  const receive = speakForward(stream, { write: (bytes) => { line.send(bytes); }, end: () => { line.close(); } });
  line.on('message', (data) => { receive(data as Buffer); });
  line.on('close', () => { stream.close(); });
  line.on('error', () => { line.terminate(); });
}

function portsOf(message: IncomingMessage): readonly number[] {
  return new URLSearchParams((message.url ?? '').split('?')[1] ?? '').getAll('ports').flatMap((text) => text.split(',')).map(Number);
}

/** Messages whose first byte is the channel; 255 says that one is closed (v5). */
function speakWebSocket(stream: ApiStream, line: WebSocket, ports: readonly number[]): void {
  const send = (channel: number, bytes: Uint8Array): void => {
    if (line.readyState === line.OPEN) line.send(Buffer.concat([Uint8Array.of(channel), bytes]));
  };
  line.on('message', (data) => {
    const bytes = data as Buffer;
    if (bytes.length === 0) return;
    if (bytes[0] === 255) stream.endChannel(bytes[1] ?? 0);
    else stream.write(bytes.subarray(1), bytes[0]!);
  });
  line.on('close', () => { stream.close(); });
  line.on('error', () => { line.terminate(); });
  // An empty message says that the connection stands; port-forward tells its ports.
  if (ports.length === 0) send(channels.stdout, new Uint8Array());
  for (const [index, port] of ports.entries()) {
    const told = Uint8Array.of(port & 0xff, port >> 8);
    send(index * 2, told);
    send(index * 2 + 1, told);
    stream.connect(index, port);
  }
  stream.onData((bytes, on) => { send(on, bytes); });
  stream.onChannelEnd(() => undefined);
  stream.onEnd(() => { line.close(1000); });
}
