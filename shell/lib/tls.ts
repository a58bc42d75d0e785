/**
 * TLS 1.3 as it looks on the wire: record and handshake framing are those of RFC 8446, so captures show a ClientHello with its server
 * name and then application data of the right sizes. The secrets are not real: both keys come from the two randoms, which anybody may
 * read, and no certificate is checked. It keeps payloads from being read by eye, nothing more; nothing leaves the lab.
 */
import { concat, utf8 } from '../ports/bytes.ts';
import type { Result } from '../ports/result.ts';

/** A connected byte stream. `receive` answers no bytes at the end of the stream. */
export interface ByteStream {
  send(bytes: Uint8Array): Promise<Result>;
  receive(timeoutUs?: number): Promise<Result<Uint8Array>>;
  close(): void;
}

const CHANGE_CIPHER = 0x14;
const HANDSHAKE = 0x16;
const APPLICATION = 0x17;
const MOST_IN_RECORD = 16_384;
/** The AEAD tag and the inner content type. */
const TAG_BYTES = 17;
/** EncryptedExtensions, Certificate, CertificateVerify, Finished of a usual ECDSA chain; the client's Finished. */
const SERVER_FLIGHT_BYTES = 1178;
const FINISHED_BYTES = 36;

export interface Randomness { randomBytes(length: number): Uint8Array }

export async function connectTls(stream: ByteStream, serverName: string, dice: Randomness, timeoutUs?: number): Promise<Result<ByteStream>> {
  const own = dice.randomBytes(32);
  const sent = await stream.send(record(HANDSHAKE, 0x0301, clientHello(own, serverName, dice)));
  if (!sent.ok) return sent;
  const secure = new TlsStream(stream);
  const hello = await secure.handshakeRecord(HANDSHAKE, timeoutUs);
  if (!hello.ok) return hello;
  secure.agree(own, hello.value.slice(6, 38), 'client');
  const rest = await secure.handshakeRecord(APPLICATION, timeoutUs);
  if (!rest.ok) return rest;
  const finished = await stream.send(concat(record(CHANGE_CIPHER, 0x0303, Uint8Array.of(1)), secure.seal(dice.randomBytes(FINISHED_BYTES))));
  return finished.ok ? { ok: true, value: secure } : finished;
}

export async function acceptTls(stream: ByteStream, dice: Randomness, timeoutUs?: number): Promise<Result<ByteStream>> {
  const secure = new TlsStream(stream);
  const hello = await secure.handshakeRecord(HANDSHAKE, timeoutUs);
  if (!hello.ok) return hello;
  const own = dice.randomBytes(32);
  secure.agree(hello.value.slice(6, 38), own, 'server');
  const session = hello.value.slice(39, 71);
  const keyShare = concat(Uint8Array.of(0, 0x2e, 0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 0x24, 0, 0x1d, 0, 0x20), dice.randomBytes(32));
  const body = concat(Uint8Array.of(3, 3), own, Uint8Array.of(32), session, Uint8Array.of(0x13, 0x01, 0), keyShare);
  const sent = await stream.send(concat(
    record(HANDSHAKE, 0x0303, handshake(2, body)), record(CHANGE_CIPHER, 0x0303, Uint8Array.of(1)), secure.seal(dice.randomBytes(SERVER_FLIGHT_BYTES)),
  ));
  if (!sent.ok) return sent;
  const finished = await secure.handshakeRecord(APPLICATION, timeoutUs);
  return finished.ok ? { ok: true, value: secure } : finished;
}

class TlsStream implements ByteStream {
  private readonly stream: ByteStream;
  private buffer: Uint8Array = new Uint8Array(0);
  private writeKey = 0;
  private readKey = 0;
  private written = 0;
  private readCount = 0;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  agree(client: Uint8Array, server: Uint8Array, side: 'client' | 'server'): void {
    let hash = 0x811c9dc5;
    for (const byte of concat(client, server)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    const other = (hash ^ 0x5bd1e995) >>> 0;
    this.writeKey = side === 'client' ? hash : other;
    this.readKey = side === 'client' ? other : hash;
  }

  async send(bytes: Uint8Array): Promise<Result> {
    const records: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += MOST_IN_RECORD) records.push(this.seal(bytes.subarray(at, at + MOST_IN_RECORD)));
    return records.length === 0 ? { ok: true, value: undefined } : this.stream.send(concat(...records));
  }

  async receive(timeoutUs?: number): Promise<Result<Uint8Array>> {
    const next = await this.record(timeoutUs);
    if (!next.ok || next.value === undefined) return next.ok ? { ok: true, value: new Uint8Array(0) } : next;
    if (next.value.type !== APPLICATION) return { ok: false, error: 'EPROTO' };
    return { ok: true, value: this.open(next.value.body) };
  }

  close(): void {
    this.stream.close();
  }

  /** The next record that is not a ChangeCipherSpec; EPROTO when it is of another type, ECONNRESET when there is none. */
  async handshakeRecord(type: number, timeoutUs: number | undefined): Promise<Result<Uint8Array>> {
    for (;;) {
      const next = await this.record(timeoutUs);
      if (!next.ok) return next;
      if (next.value === undefined) return { ok: false, error: 'ECONNRESET' };
      if (next.value.type === CHANGE_CIPHER) continue;
      if (next.value.type !== type) return { ok: false, error: 'EPROTO' };
      return { ok: true, value: type === APPLICATION ? this.open(next.value.body) : next.value.body };
    }
  }

  seal(plain: Uint8Array): Uint8Array {
    const body = new Uint8Array(plain.length + TAG_BYTES);
    body.set(plain);
    scramble(body, this.writeKey, this.written++);
    return record(APPLICATION, 0x0303, body);
  }

  private open(body: Uint8Array): Uint8Array {
    const plain = body.slice();
    scramble(plain, this.readKey, this.readCount++);
    return plain.subarray(0, Math.max(0, plain.length - TAG_BYTES));
  }

  private async record(timeoutUs: number | undefined): Promise<Result<{ type: number; body: Uint8Array } | undefined>> {
    for (;;) {
      const length = this.buffer.length < 5 ? Infinity : this.buffer[3]! * 256 + this.buffer[4]!;
      if (this.buffer.length >= 5 + length) {
        const found = { type: this.buffer[0]!, body: this.buffer.subarray(5, 5 + length) };
        this.buffer = this.buffer.subarray(5 + length);
        return { ok: true, value: found };
      }
      if (this.buffer.length > 0 && (this.buffer[0]! < CHANGE_CIPHER || this.buffer[0]! > APPLICATION)) return { ok: false, error: 'EPROTO' };
      const more = await this.stream.receive(timeoutUs);
      if (!more.ok) return more;
      if (more.value.length === 0) return { ok: true, value: undefined };
      this.buffer = this.buffer.length === 0 ? more.value : concat(this.buffer, more.value);
    }
  }
}

function record(type: number, version: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, version >> 8, version & 255, body.length >> 8, body.length & 255), body);
}

function handshake(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body);
}

/** With the extensions a Go or OpenSSL client sends, in length if not in every bit. */
function clientHello(random: Uint8Array, serverName: string, dice: Randomness): Uint8Array {
  const name = utf8(serverName);
  const extension = (type: number, body: Uint8Array): Uint8Array => concat(Uint8Array.of(type >> 8, type & 255, body.length >> 8, body.length & 255), body);
  const listed = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
  const isAddress = /^[\d.]+$|:/.test(serverName);
  const extensions = concat(
    ...(isAddress ? [] : [extension(0, listed(concat(Uint8Array.of(0), listed(name))))]),
    extension(43, Uint8Array.of(4, 3, 4, 3, 3)),
    extension(10, listed(Uint8Array.of(0, 0x1d, 0, 0x17, 0, 0x18))),
    extension(13, listed(Uint8Array.of(8, 4, 4, 3, 8, 7, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1))),
    extension(16, listed(Uint8Array.of(2, 0x68, 0x32, 8, 0x68, 0x74, 0x74, 0x70, 0x2f, 0x31, 0x2e, 0x31))),
    extension(51, listed(concat(Uint8Array.of(0, 0x1d, 0, 0x20), dice.randomBytes(32)))),
  );
  return handshake(1, concat(Uint8Array.of(3, 3), random, Uint8Array.of(32), dice.randomBytes(32), listed(Uint8Array.of(0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f)), Uint8Array.of(1, 0), listed(extensions)));
}

/** xorshift32 over the payload; record numbers keep equal payloads from looking equal. */
function scramble(bytes: Uint8Array, key: number, sequence: number): void {
  let state = (Math.imul(key ^ (sequence + 1), 0x9e3779b1) >>> 0) || 1;
  for (let at = 0; at < bytes.length; at++) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    bytes[at] = bytes[at]! ^ (state & 255);
  }
}
