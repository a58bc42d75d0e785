/** One question to one name server, and what came back or why nothing did. Read first: RFC 1035 section 4.2, RFC 6891, RFC 7873 */
import type { Sys } from '../../../machine/sys.ts';
import { concat, put16 } from '../../ports/bytes.ts';
import { dns } from '../../ports/wire.ts';

export interface Question { readonly name: string; readonly type: number; readonly wantsRecursion: boolean; readonly hasEdns: boolean; readonly hasCookie: boolean; readonly overTcp: boolean }
export interface Exchange { readonly message: dns.DnsMessage; readonly bytes: Uint8Array; readonly us: number }
/** `connect`: it came to no question at all. */
export type Failure = { readonly isConnect: boolean; readonly reason: string };

export const TYPE_OPT = 41;
const COOKIE = 10;
const EDNS_SIZE = 1232;
/** "Authentic data" in the flags: dig asks for it. */
const AD = 0x20;

export function emitQuestion(sys: Sys, question: Question, id = sys.random(65536)): Uint8Array {
  const cookie = question.hasCookie ? concat(new Uint8Array([0, COOKIE, 0, 8]), sys.randomBytes(8)) : new Uint8Array(0);
  const additionals: dns.DnsRecord[] = question.hasEdns ? [{ name: '', class: EDNS_SIZE, ttlS: 0, data: { kind: 'other', type: TYPE_OPT, bytes: cookie } }] : [];
  const bytes = dns.emit({ ...dns.query(id, question.name, question.type), recursionDesired: question.wantsRecursion, additionals });
  bytes[3] = bytes[3]! | AD;
  return bytes;
}

export async function exchange(sys: Sys, server: string, port: number, question: Question, sent: Uint8Array, timeoutUs: number, source?: string): Promise<Exchange | Failure> {
  const { sockets } = sys.net;
  const startUs = sys.monotonicUs();
  const opened = sockets.open({ type: question.overTcp ? 'tcp' : 'udp', family: server.includes(':') ? 'inet6' : 'inet' });
  if (!opened.ok) return { isConnect: true, reason: wording(opened.error) };
  const socket = opened.value;
  try {
    const bound = source === undefined ? undefined : sockets.bind(socket, { address: source, port: 0 });
    if (bound?.ok === false) return { isConnect: true, reason: wording(bound.error) };
    const connected = await sockets.connect(socket, { address: server, port }, timeoutUs);
    if (!connected.ok) return { isConnect: question.overTcp, reason: wording(connected.error) };
    const length = new Uint8Array(2);
    put16(length, 0, sent.length);
    await sockets.send(socket, question.overTcp ? concat(length, sent) : sent);
    let gathered: Uint8Array = new Uint8Array(0);
    for (;;) {
      const leftUs = startUs + timeoutUs - sys.monotonicUs();
      if (leftUs <= 0) return { isConnect: false, reason: 'timed out' };
      const got = question.overTcp ? await sockets.receive(socket, 65536, leftUs) : await sockets.receiveDatagram(socket, leftUs);
      if (!got.ok && got.error === 'EINTR') continue;
      if (!got.ok) return { isConnect: false, reason: got.error === 'EAGAIN' ? 'timed out' : wording(got.error) };
      if (question.overTcp && (got.value as Uint8Array).length === 0) return { isConnect: false, reason: 'end of file' };
      gathered = question.overTcp ? concat(gathered, got.value as Uint8Array) : (got.value as { bytes: Uint8Array }).bytes;
      const bytes = question.overTcp ? gathered.subarray(2) : gathered;
      if (question.overTcp && (gathered.length < 2 || bytes.length < gathered[0]! * 256 + gathered[1]!)) continue;
      const message = dns.parse(bytes);
      if (typeof message === 'string' || !message.isResponse || bytes[0] !== sent[0] || bytes[1] !== sent[1]) continue;
      return { message, bytes, us: sys.monotonicUs() - startUs };
    }
  } finally {
    sockets.close(socket);
  }
}

function wording(error: string): string {
  return { ECONNREFUSED: 'connection refused', ETIMEDOUT: 'timed out', EHOSTUNREACH: 'host unreachable', ENETUNREACH: 'network unreachable', EADDRNOTAVAIL: 'address not available', ECONNRESET: 'connection reset', EACCES: 'permission denied' }[error] ?? error.toLowerCase();
}

/**
 * Every server in turn: the first is tried as often as asked, the others once. `onFailure` is told of each attempt that came to nothing.
 * Undefined: none answered.
 */
export async function askAll<T extends { readonly server: string }>(servers: readonly T[], tries: number, attempt: (server: T) => Promise<Exchange | Failure>, onFailure: (server: T, failure: Failure) => void): Promise<(Exchange & { readonly from: T }) | undefined> {
  for (const [index, server] of servers.entries()) {
    for (let left = index === 0 ? tries : 1; left > 0; left -= 1) {
      const got = await attempt(server);
      if ('message' in got) return { ...got, from: server };
      onFailure(server, got);
    }
  }
  return undefined;
}
