/** kubectl's side of HTTP: one connection to the API server, kept while the command runs, through the machine's own network. */
import type { Sys } from '../../../machine/sys.ts';
import { concat, fromUtf8, utf8 } from '../../ports/bytes.ts';
import { Connection, connectTcp, header, parseUrl, requestBytes, socketStream, type ResponseHead } from '../../lib/http.ts';
import { resolveHost } from '../../lib/resolve.ts';
import { connectTls } from '../../lib/tls.ts';
import { KubectlProblem, ServerProblem, type StatusBody } from './problem.ts';

const DIAL_TIMEOUT_US = 30_000_000;
const JSON_TYPE = 'application/json';
export const TABLE_TYPE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

export interface RequestOptions { readonly accept?: string; readonly contentType?: string; readonly body?: unknown; readonly headers?: readonly (readonly [string, string])[] }

export type JsonObject = Record<string, unknown>;

/** Both ways after `101 Switching Protocols`: one channel byte, four bytes of length, the data. */
export interface ChannelStream {
  send(channel: number, bytes: Uint8Array): Promise<boolean>;
  /** Undefined at the end. */
  next(): Promise<{ readonly channel: number; readonly bytes: Uint8Array } | undefined>;
  /** What can be read without waiting: the stream itself, other sockets, file descriptors. Nothing when time is over or a signal came. */
  wait(others: { readonly fds?: readonly number[]; readonly sockets?: readonly number[] }, timeoutUs?: number): Promise<{ readonly stream: boolean; readonly fds: readonly number[]; readonly sockets: readonly number[] }>;
  close(): void;
}

export class ApiConnection {
  readonly server: string;
  private readonly sys: Sys;
  private readonly url: NonNullable<ReturnType<typeof parseUrl>>;
  /** Headers that say who asks. */
  private readonly credentials: readonly (readonly [string, string])[];
  private readonly warn: (text: string) => void;
  private readonly warned = new Set<string>();
  private idle: Connection | undefined;
  /** Of the connection dialled last. */
  private socket: number | undefined;

  /** `warn` is told what the server warns of, each thing once. */
  constructor(sys: Sys, server: string, credentials: readonly (readonly [string, string])[], warn: (text: string) => void) {
    this.sys = sys;
    this.credentials = credentials;
    this.warn = warn;
    this.server = server;
    const url = parseUrl(server);
    if (url === undefined) throw new KubectlProblem(`parse "${server}": invalid URL`);
    this.url = url;
  }

  get(path: string, accept = JSON_TYPE): Promise<JsonObject> {
    return this.json('GET', path, { accept });
  }

  /** The object answered; throws what the server refuses. */
  async json(method: string, path: string, options: RequestOptions = {}): Promise<JsonObject> {
    const { text } = await this.exchange(method, path, options);
    return text === '' ? {} : (JSON.parse(text) as JsonObject);
  }

  async text(path: string): Promise<string> {
    return (await this.exchange('GET', path, { accept: '*/*' })).text;
  }

  /** Whole lines as they come; `take` answers false to stop. */
  async lines(path: string, accept: string, take: (line: string) => Promise<boolean> | boolean): Promise<void> {
    let rest = '';
    await this.stream(path, accept, async (chunk) => {
      rest += fromUtf8(chunk);
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        if (line !== '' && !(await take(line))) return false;
      }
      return true;
    });
  }

  async stream(path: string, accept: string, take: (chunk: Uint8Array) => Promise<boolean>): Promise<void> {
    const { connection, head } = await this.send('GET', path, { accept });
    if (head.status >= 400) throw await this.refusal(connection, head);
    const stop = new Error('stopped');
    try {
      await connection.body(head, false, undefined, async (chunk) => {
        if (!(await take(chunk))) throw stop;
      });
    } catch (error) {
      if (error !== stop) throw error;
    } finally {
      connection.close();
    }
  }

  /** A request of somebody else's, with what is answered to it, whatever that is. */
  async passOn(method: string, path: string, headers: readonly (readonly [string, string])[], body: string | undefined): Promise<{ readonly head: ResponseHead; readonly body: (take: (chunk: Uint8Array) => Promise<void>) => Promise<void> }> {
    const named = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
    const { connection, head } = await this.send(method, path, { accept: named('accept') ?? '*/*', ...(body === undefined ? {} : { body, contentType: named('content-type') ?? JSON_TYPE }) });
    return {
      head,
      body: async (take) => {
        await connection.body(head, method === 'HEAD', undefined, take);
        connection.close();
      },
    };
  }

  /** exec, attach, port-forward. */
  async upgrade(path: string): Promise<ChannelStream> {
    const { connection, head } = await this.send('POST', path, { headers: [['Connection', 'Upgrade'], ['Upgrade', 'channels'], ['X-Stream-Protocol-Version', 'v4.channel.k8s.io']] });
    if (head.status !== 101) throw await this.refusal(connection, head);
    const socket = this.socket!;
    let buffer: Uint8Array = new Uint8Array(0);
    return {
      send: async (channel, bytes) => (await connection.send(concat(frameHead(channel, bytes.length), bytes))).ok,
      next: async () => {
        for (;;) {
          const length = frameLength(buffer);
          if (buffer.length >= 5 + length) {
            const found = { channel: buffer[0]!, bytes: buffer.slice(5, 5 + length) };
            buffer = buffer.subarray(5 + length);
            return found;
          }
          const more = await connection.next();
          if (!more.ok || more.value.length === 0) return undefined;
          buffer = concat(buffer, more.value);
        }
      },
      wait: async ({ fds = [], sockets = [] }, timeoutUs) => {
        if (buffer.length >= 5 + frameLength(buffer)) return { stream: true, fds: [], sockets: [] };
        const ready = await this.sys.net.sockets.poll([socket, ...sockets].map((id) => ({ id, read: true })), fds.map((fd) => ({ fd, read: true })), timeoutUs);
        return ready.ok ? { stream: ready.value.sockets.includes(socket), fds: ready.value.fds, sockets: ready.value.sockets } : { stream: false, fds: [], sockets: [] };
      },
      close: () => connection.close(),
    };
  }

  close(): void {
    this.idle?.close();
    this.idle = undefined;
  }

  private async exchange(method: string, path: string, options: RequestOptions): Promise<{ readonly head: ResponseHead; readonly text: string }> {
    const { connection, head } = await this.send(method, path, options);
    if (head.status >= 400) throw await this.refusal(connection, head);
    const text = await bodyText(connection, head, method === 'HEAD');
    this.keep(connection, head);
    return { head, text };
  }

  private async refusal(connection: Connection, head: ResponseHead): Promise<KubectlProblem> {
    const text = await bodyText(connection, head, false);
    this.keep(connection, head);
    try {
      const status = JSON.parse(text) as StatusBody & { kind?: string };
      if (status.kind === 'Status') return new ServerProblem(status);
    } catch {
      // Not a Status: said in the server's own words below.
    }
    return new KubectlProblem(head.status === 404 ? 'the server could not find the requested resource' : `an error on the server (${JSON.stringify(text.trim())}) has prevented the request from succeeding`, { isWhole: false });
  }

  private keep(connection: Connection, head: ResponseHead): void {
    if (/close/i.test(header(head, 'connection') ?? '')) connection.close();
    else this.idle = connection;
  }

  private async send(method: string, path: string, { accept = JSON_TYPE, contentType = JSON_TYPE, body, headers = [] }: RequestOptions): Promise<{ readonly connection: Connection; readonly head: ResponseHead }> {
    const bytes = body === undefined ? undefined : utf8(typeof body === 'string' ? body : JSON.stringify(body));
    const { host, port } = this.url;
    const isUsual = port === (this.url.scheme === 'https' ? 443 : 80);
    const request = requestBytes(method, `${this.url.path.replace(/\/$/, '')}${path}`, [
      ['Host', isUsual ? host : `${host}:${port}`], ['User-Agent', 'kubectl/v1.20.2 (linux/amd64) kubernetes/faecb19'], ['Accept', accept], ...this.credentials,
      ...(bytes === undefined ? [] : ([['Content-Type', contentType], ['Content-Length', String(bytes.length)]] as const)), ...headers,
    ], bytes);
    for (const isFresh of [false, true]) {
      const connection = isFresh ? await this.dial() : this.idle;
      this.idle = undefined;
      if (connection === undefined) continue;
      if ((await connection.send(request)).ok) {
        const head = await connection.head(undefined);
        if (head.ok && head.value !== undefined) {
          this.passOnWarnings(head.value);
          return { connection, head: head.value };
        }
      }
      connection.close();
    }
    throw new KubectlProblem(`Unable to connect to the server: EOF`, { isWhole: true });
  }

  /** `299 - "unknown field \"spec.x\""` (RFC 7234 5.5), several with commas between them. */
  private passOnWarnings(head: ResponseHead): void {
    for (const [, quoted = '""'] of (header(head, 'warning') ?? '').matchAll(/299 \S+ ("(?:[^"\\]|\\.)*")/g)) {
      const text = JSON.parse(quoted) as string;
      if (!this.warned.has(text)) this.warn(text);
      this.warned.add(text);
    }
  }

  private async dial(): Promise<Connection> {
    const { host, port } = this.url;
    const found = await resolveHost(this.sys, host);
    const unable = (why: string): KubectlProblem => new KubectlProblem(`Unable to connect to the server: ${why}`, { isWhole: true });
    if (!found.ok) throw unable(`dial tcp: lookup ${host}: no such host`);
    const address = found.addresses.find(({ family }) => family === 'inet') ?? found.addresses[0]!;
    const socket = await connectTcp(this.sys, { address: address.address, port }, DIAL_TIMEOUT_US);
    if (!socket.ok) {
      const where = `dial tcp ${address.address}:${port}`;
      if (socket.error === 'ECONNREFUSED') throw new KubectlProblem(`The connection to the server ${host}:${port} was refused - did you specify the right host or port?`, { isWhole: true });
      throw unable(socket.error === 'EHOSTUNREACH' ? `${where}: connect: no route to host` : socket.error === 'ENETUNREACH' ? `${where}: connect: network is unreachable` : `${where}: i/o timeout`);
    }
    this.socket = socket.value;
    const plain = socketStream(this.sys, socket.value);
    if (this.url.scheme !== 'https') return new Connection(this.sys, plain);
    const secure = await connectTls(plain, host, this.sys, 10_000_000);
    if (!secure.ok) {
      plain.close();
      throw unable(secure.error === 'EAGAIN' || secure.error === 'ETIMEDOUT' ? 'net/http: TLS handshake timeout' : secure.error === 'EPROTO' ? 'http: server gave HTTP response to HTTPS client' : 'EOF');
    }
    return new Connection(this.sys, secure.value);
  }
}

async function bodyText(connection: Connection, head: ResponseHead, isHead: boolean): Promise<string> {
  const chunks: Uint8Array[] = [];
  await connection.body(head, isHead, undefined, (chunk) => {
    chunks.push(chunk.slice());
    return Promise.resolve();
  });
  return fromUtf8(concat(...chunks));
}

function frameHead(channel: number, length: number): Uint8Array {
  return Uint8Array.of(channel, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
}

function frameLength(buffer: Uint8Array): number {
  return buffer.length < 5 ? Infinity : ((buffer[1]! << 24) | (buffer[2]! << 16) | (buffer[3]! << 8) | buffer[4]!) >>> 0;
}
