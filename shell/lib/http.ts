/** An HTTP/1.x exchange over one TCP connection. Read first: RFC 9112. Times are in microseconds of the machine's clock. */
import type { Sys } from '../../machine/sys.ts';
import { concat, fromUtf8, utf8 } from '../ports/bytes.ts';
import type { Endpoint, SocketId } from '../ports/kernel.ts';
import type { Errno, Result } from '../ports/result.ts';
import type { ByteStream } from './tls.ts';

export interface Url { readonly scheme: string; readonly host: string; readonly port: number; readonly hasPort: boolean; readonly path: string; readonly user: string | undefined }

export function parseUrl(text: string, base?: Url): Url | undefined {
  let rest = text;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(rest);
  if (scheme === null && base !== undefined) {
    if (rest.startsWith('//')) return parseUrl(`${base.scheme}:${rest}`);
    return { ...base, path: rest.startsWith('/') ? rest : `${base.path.replace(/[^/]*$/, '')}${rest}` };
  }
  if (scheme !== null) rest = rest.slice(scheme[0].length);
  const name = (scheme?.[1] ?? (rest.startsWith('ftp.') ? 'ftp' : 'http')).toLowerCase();
  const match = /^(?:([^/?#@]*)@)?(\[[^\]]+\]|[^/?#:]*)(?::(\d*))?([/?#].*)?$/s.exec(rest);
  if (match === null || match[2] === '') return undefined;
  const port = match[3] === undefined || match[3] === '' ? { http: 80, https: 443, ftp: 21 }[name] ?? 0 : Number(match[3]);
  if (port > 65535) return undefined;
  const path = (match[4] ?? '/').replace(/#.*$/s, '');
  if (/[\s\u0000-\u001f]/.test(rest)) return undefined;
  return { scheme: name, host: match[2]!.replace(/^\[|\]$/g, ''), port, hasPort: match[3] !== undefined && match[3] !== '', path: path.startsWith('/') ? path : `/${path}`, user: match[1] };
}

export interface ResponseHead { readonly statusLine: string; readonly version: string; readonly status: number; readonly reason: string; readonly headers: readonly (readonly [name: string, value: string])[]; readonly raw: string }

export function header(head: ResponseHead, name: string): string | undefined {
  return head.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** A connection with what has been read ahead of need. */
export class Connection {
  private buffer: Uint8Array = new Uint8Array(0);
  private readonly sys: Pick<Sys, 'monotonicUs'>;
  private readonly stream: ByteStream;
  /** Received so far. */
  received = 0;
  constructor(sys: Pick<Sys, 'monotonicUs'>, stream: ByteStream) {
    this.sys = sys;
    this.stream = stream;
  }

  close(): void {
    this.stream.close();
  }

  send(bytes: Uint8Array): Promise<Result> {
    return this.stream.send(bytes);
  }

  /** What comes next, whole or in part, for protocols that take over from HTTP; empty at the end. */
  async next(timeoutUs?: number): Promise<Result<Uint8Array>> {
    if (this.buffer.length === 0) return this.stream.receive(timeoutUs);
    const ahead = this.buffer;
    this.buffer = new Uint8Array(0);
    return { ok: true, value: ahead };
  }

  /** More bytes into the buffer; false at the end. */
  private async more(deadlineUs: number | undefined): Promise<Result<boolean>> {
    const leftUs = deadlineUs === undefined ? undefined : deadlineUs - this.sys.monotonicUs();
    if (leftUs !== undefined && leftUs <= 0) return { ok: false, error: 'ETIMEDOUT' };
    const got = await this.stream.receive(leftUs);
    if (!got.ok) return { ok: false, error: got.error === 'EAGAIN' ? 'ETIMEDOUT' : got.error };
    if (got.value.length === 0) return { ok: true, value: false };
    this.received += got.value.length;
    this.buffer = this.buffer.length === 0 ? got.value : concat(this.buffer, got.value);
    return { ok: true, value: true };
  }

  private async line(deadlineUs: number | undefined): Promise<Result<string | undefined>> {
    for (;;) {
      const end = this.buffer.indexOf(10);
      if (end >= 0) {
        const text = fromUtf8(this.buffer.subarray(0, end + 1));
        this.buffer = this.buffer.subarray(end + 1);
        return { ok: true, value: text };
      }
      const more = await this.more(deadlineUs);
      if (!more.ok) return more;
      if (!more.value) return { ok: true, value: undefined };
    }
  }

  /** undefined value: closed without an answer. */
  async head(deadlineUs: number | undefined): Promise<Result<ResponseHead | undefined>> {
    const first = await this.line(deadlineUs);
    if (!first.ok) return first;
    if (first.value === undefined) return { ok: true, value: undefined };
    const match = /^(HTTP\/[\d.]+)\s+(\d{3})\s*(.*?)\r?\n$/.exec(first.value);
    let raw = first.value;
    const headers: [string, string][] = [];
    for (;;) {
      const next = await this.line(deadlineUs);
      if (!next.ok) return next;
      if (next.value === undefined) break;
      raw += next.value;
      const text = next.value.replace(/\r?\n$/, '');
      if (text === '') break;
      const colon = text.indexOf(':');
      headers.push([text.slice(0, colon), text.slice(colon + 1).trim()]);
    }
    return { ok: true, value: { statusLine: first.value.replace(/\r?\n$/, ''), version: match?.[1] ?? 'HTTP/0.9', status: Number(match?.[2] ?? '0'), reason: match?.[3] ?? '', headers, raw } };
  }

  /** The body piece by piece; answers how it ended. */
  async body(head: ResponseHead, isHeadRequest: boolean, deadlineUs: number | undefined, take: (chunk: Uint8Array) => Promise<void>): Promise<'complete' | 'short' | Errno> {
    if (isHeadRequest || head.status === 204 || head.status === 304 || head.status < 200) return 'complete';
    if (/chunked/i.test(header(head, 'transfer-encoding') ?? '')) return this.chunks(deadlineUs, take);
    const length = header(head, 'content-length');
    let left = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
    while (left > 0) {
      if (this.buffer.length === 0) {
        const more = await this.more(deadlineUs);
        if (!more.ok) return more.error;
        if (!more.value) return length === undefined ? 'complete' : 'short';
      }
      const piece = this.buffer.subarray(0, Math.min(left, this.buffer.length));
      this.buffer = this.buffer.subarray(piece.length);
      left -= piece.length;
      await take(piece);
    }
    return 'complete';
  }

  private async chunks(deadlineUs: number | undefined, take: (chunk: Uint8Array) => Promise<void>): Promise<'complete' | 'short' | Errno> {
    for (;;) {
      const size = await this.line(deadlineUs);
      if (!size.ok) return size.error;
      if (size.value === undefined) return 'short';
      let left = Number.parseInt(size.value, 16);
      if (Number.isNaN(left)) return 'short';
      if (left === 0) {
        await this.line(deadlineUs);
        return 'complete';
      }
      while (left > 0) {
        if (this.buffer.length === 0) {
          const more = await this.more(deadlineUs);
          if (!more.ok) return more.error;
          if (!more.value) return 'short';
        }
        const piece = this.buffer.subarray(0, Math.min(left, this.buffer.length));
        this.buffer = this.buffer.subarray(piece.length);
        left -= piece.length;
        await take(piece);
      }
      await this.line(deadlineUs);
    }
  }
}

export function requestBytes(method: string, path: string, headers: readonly (readonly [string, string])[], body: Uint8Array | undefined, version = '1.1'): Uint8Array {
  const text = `${method} ${path} HTTP/${version}\r\n${headers.map(([name, value]) => `${name}:${value === '' ? '' : ` ${value}`}\r\n`).join('')}\r\n`;
  return body === undefined ? utf8(text) : concat(utf8(text), body);
}

export function hostHeader(url: Url): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  const isUsual = (url.scheme === 'http' && url.port === 80) || (url.scheme === 'https' && url.port === 443);
  return isUsual ? host : `${host}:${url.port}`;
}

export function socketStream({ net }: Pick<Sys, 'net'>, socket: SocketId): ByteStream {
  return {
    async send(bytes) {
      let at = 0;
      while (at < bytes.length) {
        const sent = await net.sockets.send(socket, bytes.subarray(at));
        if (!sent.ok) return sent;
        at += sent.value;
      }
      return { ok: true, value: undefined };
    },
    receive: (timeoutUs) => net.sockets.receive(socket, 65_536, timeoutUs),
    close: () => net.sockets.close(socket),
  };
}

/** A connected stream socket; the error tells why not. */
export async function connectTcp(sys: Sys, to: Endpoint, timeoutUs?: number, prepare?: (socket: SocketId) => Result): Promise<Result<SocketId>> {
  const { sockets } = sys.net;
  const opened = sockets.open({ type: 'tcp', family: to.address.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) return opened;
  // curl, Go and OpenSSH do: a key typed into a stream must not wait for the acknowledgement of the one before.
  sockets.setOptions(opened.value, { noDelay: true });
  const prepared = prepare?.(opened.value);
  const connected = prepared !== undefined && !prepared.ok ? prepared : await sockets.connect(opened.value, to, timeoutUs);
  if (connected.ok) return opened;
  sockets.close(opened.value);
  return connected;
}
