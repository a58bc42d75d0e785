import { describe, expect, it } from 'vitest';
import { concat, utf8, fromUtf8 } from '../ports/bytes.ts';
import { acceptTls, connectTls, type ByteStream } from './tls.ts';

const dice = { randomBytes: (length: number) => Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 255) };

/** Two ends of a stream; `seen` is what passed from the first to the second. */
function pair(): { client: ByteStream; server: ByteStream; seen: () => Uint8Array } {
  const passed: Uint8Array[] = [];
  const end = (own: Uint8Array[], other: Uint8Array[], wake: { own: (() => void) | undefined; other: (() => void) | undefined }, isSeen: boolean): ByteStream => ({
    send: (bytes) => {
      other.push(bytes);
      if (isSeen) passed.push(bytes);
      wake.other?.();
      return Promise.resolve({ ok: true, value: undefined });
    },
    receive: async () => {
      while (own.length === 0) await new Promise<void>((resolve) => void (wake.own = resolve));
      return { ok: true, value: own.shift()! };
    },
    close: () => other.push(new Uint8Array(0)),
  });
  const one: Uint8Array[] = [];
  const two: Uint8Array[] = [];
  const wakes: { client: (() => void) | undefined; server: (() => void) | undefined } = { client: undefined, server: undefined };
  const view = (own: 'client' | 'server', other: 'client' | 'server') => ({
    get own() { return wakes[own]; }, set own(wake) { wakes[own] = wake; }, get other() { return wakes[other]; }, set other(wake) { wakes[other] = wake; },
  });
  return { client: end(one, two, view('client', 'server'), true), server: end(two, one, view('server', 'client'), false), seen: () => concat(...passed) };
}

describe('a TLS stream', () => {
  it('carries bytes of any length both ways, in records nobody reads by eye', async () => {
    const { client, server, seen } = pair();
    const [one, two] = await Promise.all([connectTls(client, 'master.example', dice), acceptTls(server, dice)]);
    if (!one.ok || !two.ok) throw new Error('no handshake');
    const text = 'GET /api/v1/pods HTTP/1.1\r\n\r\n';
    await one.value.send(utf8(text));
    const got = await two.value.receive();
    expect(got.ok && fromUtf8(got.value)).toBe(text);
    const long = Uint8Array.from({ length: 40_000 }, (_, at) => at & 255);
    await two.value.send(long);
    const pieces: Uint8Array[] = [];
    for (let length = 0; length < long.length; length = concat(...pieces).length) {
      const piece = await one.value.receive();
      if (piece.ok) pieces.push(piece.value);
    }
    expect(concat(...pieces)).toEqual(long);
    expect(fromUtf8(seen())).toContain('master.example');
    expect(fromUtf8(seen())).not.toContain('GET /api');
  });

  it('refuses a peer that does not speak it', async () => {
    const { client, server } = pair();
    await client.send(utf8('GET / HTTP/1.1\r\n\r\n'));
    expect(await acceptTls(server, dice)).toEqual({ ok: false, error: 'EPROTO' });
  });
});
