/**
 * HTTP as Go's net/http serves it: status line, the handler's own headers in alphabetical order, then Date, Content-Length and the type that was found by looking.
 * One process, one loop over all its sockets. Read first: Go net/http/server.go (chunkWriter.writeHeader, extraHeader.Write), RFC 9112
 */
import type { Sys } from '../../../machine/sys.ts';
import { concat, fromLatin1, utf8 } from '../../../simulator/bytes.ts';
import { civilOf } from './civil.ts';

export interface HttpRequest { readonly method: string; readonly path: string; readonly query: string; readonly headers: ReadonlyMap<string, string>; readonly body: Uint8Array }
export interface HttpAnswer {
  readonly status?: number;
  /** By the names they are sent with. A Content-Type given here stands among them; left out it is text/plain at the end. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}
export type HttpHandler = (request: HttpRequest, from: string) => HttpAnswer | Promise<HttpAnswer>;
export interface HttpListener { readonly port: number; /** Left out: all addresses. */ readonly address?: string; readonly handler: HttpHandler }

const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 301: 'Moved Permanently', 304: 'Not Modified', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 500: 'Internal Server Error', 503: 'Service Unavailable' };
const MOST_HEADER_BYTES = 1 << 20;
const MOST_HEAD_BYTES = 1 << 16;
const BACKLOG = 128;
/** How long one who says nothing is listened to. */
const IDLE_US = 180_000_000;
const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Connection { readonly id: number; readonly handler: HttpHandler; unread: Uint8Array; heardUs: number }
export interface ServeOptions {
  /** Go's listener on all addresses is one IPv6 socket that takes IPv4 too. */
  readonly family?: 'inet' | 'inet6';
  /** Looked at before each wait: what it says is served, what it no longer says is closed. Wake the process with SIGUSR1 after a change. */
  readonly listeners: () => readonly HttpListener[];
  readonly onRefused?: (listener: HttpListener, error: string) => void;
  /** Run before each wait. */
  readonly onTurn?: () => Promise<void>;
}

/** Serves until the process ends. */
export async function serveHttp(sys: Sys, options: ServeOptions): Promise<never> {
  const { sockets } = sys.net;
  const open = new Map<HttpListener, number>();
  const refused = new Set<HttpListener>();
  const connections = new Map<number, Connection>();
  sys.onSignal('USR1', () => {});
  const family = options.family ?? 'inet6';
  for (;;) {
    await options.onTurn?.();
    const wanted = options.listeners();
    for (const [listener, id] of open) {
      if (wanted.includes(listener)) continue;
      sockets.close(id);
      open.delete(listener);
    }
    for (const listener of wanted) {
      if (open.has(listener) || refused.has(listener)) continue;
      const id = listen(sys, listener, family);
      if (typeof id === 'number') open.set(listener, id);
      else {
        refused.add(listener);
        options.onRefused?.(listener, id);
      }
    }
    const watched = [...open.values(), ...connections.keys()].map((id) => ({ id, read: true }));
    const ready = await sockets.poll(watched, [], connections.size === 0 ? undefined : IDLE_US);
    if (!ready.ok) continue;
    for (const [listener, id] of open) {
      if (!ready.value.sockets.includes(id)) continue;
      const accepted = await sockets.accept(id, 0);
      if (accepted.ok) connections.set(accepted.value, { id: accepted.value, handler: listener.handler, unread: new Uint8Array(0), heardUs: sys.monotonicUs() });
    }
    for (const id of ready.value.sockets) {
      const connection = connections.get(id);
      if (connection !== undefined && !(await hear(sys, connection))) drop(sys, connections, id);
    }
    for (const { id, heardUs } of connections.values()) if (sys.monotonicUs() - heardUs >= IDLE_US) drop(sys, connections, id);
  }
}

function listen(sys: Sys, { port, address }: HttpListener, family: 'inet' | 'inet6'): number | string {
  const { sockets } = sys.net;
  const isWildcard = address === undefined;
  const opened = sockets.open({ type: 'tcp', family: isWildcard ? family : 'inet' });
  if (!opened.ok) return opened.error;
  sockets.setOptions(opened.value, { reuseAddress: true });
  const bound = sockets.bind(opened.value, { address: address ?? (family === 'inet6' ? '::' : '0.0.0.0'), port });
  const listening = bound.ok ? sockets.listen(opened.value, BACKLOG) : bound;
  if (listening.ok) return opened.value;
  sockets.close(opened.value);
  return listening.error;
}

function drop(sys: Sys, connections: Map<number, Connection>, id: number): void {
  connections.delete(id);
  sys.net.sockets.close(id);
}

/** Takes what has come and answers what is complete. False: the connection is over. */
async function hear(sys: Sys, connection: Connection): Promise<boolean> {
  const { sockets } = sys.net;
  const got = await sockets.receive(connection.id, 65_536, 0);
  if (!got.ok) return got.error === 'EAGAIN';
  if (got.value.length === 0) return false;
  connection.heardUs = sys.monotonicUs();
  connection.unread = connection.unread.length === 0 ? got.value : concat(connection.unread, got.value);
  for (;;) {
    const parsed = parseRequest(connection.unread);
    if (parsed === undefined) return connection.unread.length <= MOST_HEADER_BYTES;
    if (parsed === 'bad') {
      await sockets.send(connection.id, utf8('HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request'));
      return false;
    }
    connection.unread = connection.unread.slice(parsed.length);
    const answer = await connection.handler(parsed.request, sockets.remote(connection.id)?.address ?? '');
    const isLast = parsed.isHttp10 ? parsed.request.headers.get('connection')?.toLowerCase() !== 'keep-alive' : parsed.request.headers.get('connection')?.toLowerCase() === 'close';
    const sent = await sockets.send(connection.id, formatAnswer(answer, { nowUs: sys.now(), isHead: parsed.request.method === 'HEAD', closes: isLast && !parsed.isHttp10 }));
    if (!sent.ok || isLast) return false;
    if (connection.unread.length === 0) return true;
  }
}

/** Undefined: not all there yet. */
export function parseRequest(bytes: Uint8Array): { request: HttpRequest; length: number; isHttp10: boolean } | 'bad' | undefined {
  // Asked again with each piece of a long body: only the head is read.
  const text = fromLatin1(bytes.subarray(0, MOST_HEAD_BYTES));
  const end = text.indexOf('\r\n\r\n') >= 0 ? text.indexOf('\r\n\r\n') + 4 : text.indexOf('\n\n') >= 0 ? text.indexOf('\n\n') + 2 : -1;
  if (end < 0) return /^[\x20-\x7e]*(\r?\n|$)/.test(text.slice(0, 4096)) ? undefined : 'bad';
  const [start = '', ...lines] = text.slice(0, end).split(/\r?\n/);
  const [, method, target, minor] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.([01])$/.exec(start) ?? [];
  if (method === undefined || target === undefined) return 'bad';
  const headers = new Map<string, string>();
  for (const line of lines) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon <= 0) return 'bad';
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  if (minor === '1' && !headers.has('host')) return 'bad';
  const size = Number(headers.get('content-length') ?? 0);
  if (!(size >= 0)) return 'bad';
  if (bytes.length < end + size) return undefined;
  const [path = '/', query = ''] = target.replace(/^http:\/\/[^/]*/, '').split('?');
  return { request: { method, path: path === '' ? '/' : path, query, headers, body: bytes.slice(end, end + size) }, length: end + size, isHttp10: minor === '0' };
}

export function formatAnswer({ status = 200, headers = {}, body }: HttpAnswer, { nowUs, isHead, closes }: { nowUs: number; isHead: boolean; closes: boolean }): Uint8Array {
  const bytes = typeof body === 'string' ? utf8(body) : body;
  const own = Object.entries(headers).sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, value]) => `${name}: ${value}\r\n`);
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const type = hasType || bytes.length === 0 ? '' : 'Content-Type: text/plain; charset=utf-8\r\n';
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}\r\n${own.join('')}Date: ${httpDate(nowUs)}\r\nContent-Length: ${bytes.length}\r\n${type}${closes ? 'Connection: close\r\n' : ''}\r\n`;
  return isHead ? utf8(head) : concat(utf8(head), bytes);
}

/** Sat, 14 Jul 2018 19:46:00 GMT. */
export function httpDate(epochUs: number): string {
  const { days, year, month, day, clock } = civilOf(epochUs);
  return `${DAYS[((days % 7) + 7) % 7]!}, ${String(day).padStart(2, '0')} ${MONTHS[month - 1]!} ${year} ${clock} GMT`;
}
