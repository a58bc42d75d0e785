/**
 * The control plane's front door as a program: HTTPS on a port of its machine, one process per connection, the API server behind it. Watches and exec
 * keep their connection; what the server has to say wakes the process that holds it.
 */
import { anonymous } from '../../kube/apiserver/authorization.ts';
import type { ApiServer } from '../../kube/apiserver/server.ts';
import type { ApiStream } from '../../kube/apiserver/http.ts';
import { parseRequest } from '../../kube/node/programs/http.ts';
import type { Machine } from '../../machine/machine.ts';
import type { Program, Sys } from '../../machine/sys.ts';
import { socketStream } from '../../shell/lib/http.ts';
import { acceptTls, type ByteStream } from '../../shell/lib/tls.ts';
import { concat, utf8 } from '../../simulator/bytes.ts';

const BACKLOG = 128;
const HANDSHAKE_US = 10_000_000;
const IDLE_US = 90_000_000;
/** Frames of a two-way stream: a channel, four bytes of length, the data. This channel says that another one has ended. */
const CLOSE_CHANNEL = 255;

export function apiEndpoint(server: ApiServer, port: number, machine: Machine): Program {
  return async (sys) => {
    const { sockets } = sys.net;
    const opened = sockets.open({ type: 'tcp', family: 'inet' });
    if (!opened.ok) return 1;
    sockets.setOptions(opened.value, { reuseAddress: true });
    if (!sockets.bind(opened.value, { address: '0.0.0.0', port }).ok || !sockets.listen(opened.value, BACKLOG).ok) return 1;
    sys.onSignal('CHLD', 'ignore');
    for (;;) {
      const accepted = await sockets.accept(opened.value);
      if (!accepted.ok) continue;
      const id = accepted.value;
      sockets.setOptions(id, { noDelay: true });
      sys.fork(async (child) => {
        const secure = await acceptTls(socketStream(child, id), child, HANDSHAKE_US);
        if (secure.ok) await new Talk(child, server, secure.value, id, () => void machine.kill(machine.init, child.pid, 'USR1')).serve();
        child.net.sockets.close(id);
        return 0;
      });
    }
  };
}

class Talk {
  private readonly sys: Sys;
  private readonly server: ApiServer;
  private readonly stream: ByteStream;
  private readonly socket: number;
  private readonly wake: () => void;
  private unread: Uint8Array = new Uint8Array(0);

  constructor(sys: Sys, server: ApiServer, stream: ByteStream, socket: number, wake: () => void) {
    this.wake = wake;
    this.sys = sys;
    this.server = server;
    this.stream = stream;
    this.socket = socket;
  }

  async serve(): Promise<void> {
    for (;;) {
      const parsed = parseRequest(this.unread);
      if (parsed === 'bad') return;
      if (parsed === undefined) {
        const more = await this.stream.receive(IDLE_US);
        if (!more.ok || more.value.length === 0) return;
        this.unread = concat(this.unread, more.value);
        continue;
      }
      this.unread = this.unread.slice(parsed.length);
      const { method, path, query, headers, body } = parsed.request;
      const answer = this.server.handle({ method, path: query === '' ? path : `${path}?${query}`, headers: Object.fromEntries(headers), body, ...(headers.has('authorization') ? {} : { user: anonymous }) });
      if (answer.stream === undefined) {
        if (!(await this.stream.send(concat(head(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) }), method === 'HEAD' ? new Uint8Array(0) : answer.body))).ok) return;
        continue;
      }
      await this.stay(answer.status, answer.headers, answer.stream);
      return;
    }
  }

  /** Until either side is done. The stream speaks outside of any process, so it leaves its words here and wakes this one. */
  private async stay(status: number, headers: Readonly<Record<string, string>>, stream: ApiStream): Promise<void> {
    const { sys, wake } = this;
    const isBody = stream.framing === 'body';
    const outbox: Uint8Array[] = isBody ? [] : [head(101, { connection: 'Upgrade', upgrade: 'channels', ...headers })];
    let isOver = false;
    sys.onSignal('USR1', () => undefined);
    const begin = (is: number, told: Readonly<Record<string, string>>): void => void outbox.push(head(is, { ...told, 'transfer-encoding': 'chunked' }));
    if (stream.onHead !== undefined) stream.onHead(begin);
    else if (isBody) begin(status, headers);
    stream.onData((bytes, channel) => {
      outbox.push(isBody ? chunk(bytes) : frame(channel, bytes));
      wake();
    });
    stream.onChannelEnd((channel) => {
      if (!isBody) outbox.push(frame(CLOSE_CHANNEL, Uint8Array.of(channel)));
      wake();
    });
    stream.onEnd(() => {
      isOver = true;
      wake();
    });
    this.begin(stream, headers);
    try {
      for (;;) {
        if (outbox.length > 0 && !(await this.stream.send(concat(...outbox.splice(0)))).ok) return;
        if (isOver && outbox.length === 0) {
          if (isBody) await this.stream.send(utf8('0\r\n\r\n'));
          return;
        }
        if (outbox.length > 0) continue;
        const ready = await sys.net.sockets.poll([{ id: this.socket, read: true }]);
        if (!ready.ok || ready.value.sockets.length === 0) continue;
        const got = await this.stream.receive(0);
        if (!got.ok && (got.error === 'EAGAIN' || got.error === 'ETIMEDOUT' || got.error === 'EINTR')) continue;
        if (!got.ok || got.value.length === 0) return;
        if (!isBody) this.hear(stream, got.value);
      }
    } finally {
      stream.close();
    }
  }

  /** Port-forward has its port in the request; its first connection begins at once. */
  private begin(stream: ApiStream, headers: Readonly<Record<string, string>>): void {
    const port = headers['x-forward-port'];
    if (port !== undefined) stream.connect(0, Number(port));
  }

  private hear(stream: ApiStream, bytes: Uint8Array): void {
    this.unread = this.unread.length === 0 ? bytes : concat(this.unread, bytes);
    for (;;) {
      const length = this.unread.length < 5 ? Infinity : ((this.unread[1]! << 24) | (this.unread[2]! << 16) | (this.unread[3]! << 8) | this.unread[4]!) >>> 0;
      if (this.unread.length < 5 + length) return;
      const channel = this.unread[0]!;
      const data = this.unread.slice(5, 5 + length);
      this.unread = this.unread.slice(5 + length);
      if (channel === CLOSE_CHANNEL) stream.endChannel(data[0] ?? 0);
      else stream.write(data, channel);
    }
  }
}

const REASONS: Readonly<Record<number, string>> = { 101: 'Switching Protocols', 200: 'OK', 201: 'Created', 202: 'Accepted', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable', 409: 'Conflict', 410: 'Gone', 413: 'Request Entity Too Large', 415: 'Unsupported Media Type', 422: 'Unprocessable Entity', 429: 'Too Many Requests', 500: 'Internal Server Error' };

function head(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  return utf8(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
}

function chunk(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? bytes : concat(utf8(`${bytes.length.toString(16)}\r\n`), bytes, utf8('\r\n'));
}

function frame(channel: number, bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(channel, bytes.length >>> 24, (bytes.length >>> 16) & 255, (bytes.length >>> 8) & 255, bytes.length & 255), bytes);
}
