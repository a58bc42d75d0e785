/**
 * SPDY/3.1 as far as `kubectl exec`, `attach` and `port-forward` need it: streams with headers, data both ways, no flow control, as in
 * github.com/moby/spdystream. The protocol: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';

/** A line of bytes: a socket, or the messages of a WebSocket. */
export interface ByteLine {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface SpdyStream {
  readonly id: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  write(bytes: Uint8Array): void;
  /** Nothing more from this side. */
  end(): void;
}

export interface SpdyHandlers {
  onStream(stream: SpdyStream): void;
  onData(stream: SpdyStream, bytes: Uint8Array): void;
  /** Nothing more from the other side; a reset counts. */
  onEnd(stream: SpdyStream): void;
}

const version = 3;
const frame = { synStream: 1, synReply: 2, reset: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const;
const finFlag = 1;
const largestFrame = 1 << 20;

/** The words that begin the dictionary, each after its length. */
const words = `
options, head, post, put, delete, trace, accept, accept-charset, accept-encoding, accept-language, accept-ranges, age, allow, authorization,
cache-control, connection, content-base, content-encoding, content-language, content-length, content-location, content-md5, content-range,
content-type, date, etag, expect, expires, from, host, if-match, if-modified-since, if-none-match, if-range, if-unmodified-since, last-modified,
location, max-forwards, pragma, proxy-authenticate, proxy-authorization, range, referer, retry-after, server, te, trailer, transfer-encoding, upgrade,
user-agent, vary, via, warning, www-authenticate, method, get, status, 200 OK, version, HTTP/1.1, url, public, set-cookie, keep-alive, origin`.trim().split(/,\s+/);
const tail = [
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301',
  ' Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailab',
  'leJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,imag',
  'e/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1',
  ',utf-,*,enq=0.',
].join('');

function dictionary(): Buffer {
  const parts = words.map((word) => {
    const part = Buffer.alloc(4 + word.length);
    part.writeUInt32BE(word.length);
    part.write(word, 4);
    return part;
  });
  return Buffer.concat([...parts, Buffer.from(tail, 'latin1')]);
}

/** One end of a connection, the one that waits for streams. */
export class SpdyServer {
  private readonly line: ByteLine;
  private readonly handlers: SpdyHandlers;
  private readonly inflate: Inflate = createInflate({ dictionary: dictionary(), finishFlush: constants.Z_SYNC_FLUSH });
  private readonly deflate: Deflate = createDeflate({ dictionary: dictionary() });
  private readonly streams = new Map<number, SpdyStream>();
  private pending: Buffer = Buffer.alloc(0);
  /** Header blocks share one compression context each way: frames are taken one after the other. */
  private queue: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(line: ByteLine, handlers: SpdyHandlers) {
    this.line = line;
    this.handlers = handlers;
    this.inflate.on('error', () => { this.close(); });
  }

  receive(bytes: Uint8Array): void {
    this.pending = Buffer.concat([this.pending, bytes]);
    while (this.pending.length >= 8) {
      const length = this.pending.readUIntBE(5, 3);
      if (length > largestFrame) {
        this.close();
        return;
      }
      if (this.pending.length < 8 + length) return;
      const whole = this.pending.subarray(0, 8 + length);
      this.pending = this.pending.subarray(8 + length);
      this.queue = this.queue.then(() => this.take(whole)).catch(() => { this.close(); });
    }
  }

  /** When what has been written is on its way. */
  close(): void {
    if (this.isClosed) return;
    this.queue = this.queue.then(() => {
      if (this.isClosed) return;
      this.isClosed = true;
      this.control(frame.goAway, 0, Buffer.alloc(8));
      this.line.end();
    });
  }

  private async take(whole: Buffer): Promise<void> {
    if (this.isClosed) return;
    const flags = whole[4]!;
    const payload = whole.subarray(8);
    if ((whole[0]! & 0x80) === 0) {
      const stream = this.streams.get(whole.readUInt32BE(0) & 0x7fffffff);
      if (stream === undefined) return;
      if (payload.length > 0) this.handlers.onData(stream, payload);
      if ((flags & finFlag) !== 0) this.handlers.onEnd(stream);
      return;
    }
    switch (whole.readUInt16BE(2)) {
      case frame.synStream: {
        const id = payload.readUInt32BE(0) & 0x7fffffff;
        const headers = parseHeaders(await this.through(this.inflate, payload.subarray(10)));
        const reply = await this.through(this.deflate, Buffer.alloc(4));
        const head = Buffer.alloc(4);
        head.writeUInt32BE(id);
        this.control(frame.synReply, 0, Buffer.concat([head, reply]));
        const stream: SpdyStream = { id, headers, write: (bytes) => { this.data(id, bytes, 0); }, end: () => { this.data(id, new Uint8Array(), finFlag); } };
        this.streams.set(id, stream);
        this.handlers.onStream(stream);
        if ((flags & finFlag) !== 0) this.handlers.onEnd(stream);
        break;
      }
      case frame.headers:
        // Read all the same: the compression context goes on.
        await this.through(this.inflate, payload.subarray(4));
        break;
      case frame.reset: {
        const stream = this.streams.get(payload.readUInt32BE(0) & 0x7fffffff);
        if (stream !== undefined) this.handlers.onEnd(stream);
        break;
      }
      case frame.ping:
        this.control(frame.ping, 0, payload);
        break;
      default:
    }
  }

  private data(id: number, bytes: Uint8Array, flags: number): void {
    if (this.isClosed) return;
    // A frame's length has 24 bits; smaller ones let streams take turns.
    for (let from = 0; from === 0 || from < bytes.length; from += 65_536) {
      const part = bytes.subarray(from, from + 65_536);
      const head = Buffer.alloc(8);
      head.writeUInt32BE(id);
      head[4] = flags;
      head.writeUIntBE(part.length, 5, 3);
      this.line.write(Buffer.concat([head, part]));
    }
  }

  private control(type: number, flags: number, payload: Uint8Array): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8000 | version);
    head.writeUInt16BE(type, 2);
    head[4] = flags;
    head.writeUIntBE(payload.length, 5, 3);
    this.line.write(Buffer.concat([head, payload]));
  }

  private through(machine: Inflate | Deflate, bytes: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const onData = (part: Buffer): void => { parts.push(part); };
      machine.on('data', onData);
      machine.once('error', reject);
      machine.write(bytes);
      machine.flush(constants.Z_SYNC_FLUSH, () => {
        machine.off('data', onData);
        machine.off('error', reject);
        resolve(Buffer.concat(parts));
      });
    });
  }
}

function parseHeaders(block: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    const from = at + 4;
    at = from + length;
    return block.toString('latin1', from, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left -= 1) {
    const name = text();
    headers[name.toLowerCase()] = text();
  }
  return headers;
}
