/**
 * What ssh and sshd say to each other. As on the wire: a banner line each (RFC 4253, 4.2), then packets nobody else can read. Within them this is
 * not the SSH protocol but records of our own (a kind byte and its content), and the cipher is a fixed keystream: it hides, it does not protect.
 */
import type { Sys } from '../../../machine/sys.ts';
import { concat, fromUtf8, get32, put32, utf8 } from '../../ports/bytes.ts';

const BANNER = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3';
const MOST_BYTES = 1 << 20;
/** OpenSSH pads packets to the cipher's block. */
const BLOCK = 16;

/** i: input, o: output, e: error output, f: end of input, w: window size, x: exit status, h: hello, k: host key, y: accepted, n: refused, c: a file. */
export type RecordKind = 'i' | 'o' | 'e' | 'f' | 'w' | 'x' | 'h' | 'k' | 'y' | 'n' | 'c';

export interface ChannelRecord { readonly kind: RecordKind; readonly content: Uint8Array }

export interface Hello {
  readonly user: string;
  /** Public keys the client can prove to have, `ssh-rsa AAAA...`. */
  readonly keys: readonly string[];
  readonly command: string | undefined;
  readonly terminal: { readonly name: string; readonly columns: number; readonly rows: number } | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

export class Channel {
  private readonly sys: Sys;
  readonly socket: number;
  private buffer: Uint8Array = new Uint8Array(0);
  private sent = 0;
  private received = 0;

  constructor(sys: Sys, socket: number) {
    this.sys = sys;
    this.socket = socket;
  }

  close(): void {
    this.sys.net.sockets.close(this.socket);
  }

  async sendBanner(): Promise<boolean> {
    return this.sendAll(utf8(`${BANNER}\r\n`));
  }

  /** The other end's banner; undefined when it is none or the connection ends. */
  async readBanner(timeoutUs: number): Promise<string | undefined> {
    for (;;) {
      const end = this.buffer.indexOf(10);
      if (end !== -1) {
        const line = fromUtf8(this.buffer.subarray(0, end)).replace(/\r$/, '');
        this.buffer = this.buffer.slice(end + 1);
        return line;
      }
      if (this.buffer.length > 255 || !(await this.more(timeoutUs))) return undefined;
    }
  }

  async send(kind: RecordKind, content: Uint8Array = new Uint8Array(0)): Promise<boolean> {
    const length = 5 + content.length;
    const packet = new Uint8Array(Math.ceil((length + 4) / BLOCK) * BLOCK);
    put32(packet, 0, packet.length - 4);
    put32(packet, 4, content.length);
    packet[8] = kind.charCodeAt(0);
    packet.set(content, 9);
    const whole = concat(packet, new Uint8Array(BLOCK));
    this.sent = hide(whole, this.sent);
    return this.sendAll(whole);
  }

  sendText(kind: RecordKind, text: string): Promise<boolean> {
    return this.send(kind, utf8(text));
  }

  /** The next record that is here whole; undefined: more must come first. Throws nothing: what cannot be a packet ends the connection as `closed`. */
  take(): ChannelRecord | 'closed' | undefined {
    if (this.buffer.length < BLOCK) return undefined;
    const head = this.buffer.slice(0, 4);
    hide(head, this.received);
    const size = get32(head, 0) + 4 + BLOCK;
    if (size > MOST_BYTES || size % BLOCK !== 0) return 'closed';
    if (this.buffer.length < size) return undefined;
    const packet = this.buffer.slice(0, size);
    this.received = hide(packet, this.received);
    this.buffer = this.buffer.slice(size);
    return { kind: String.fromCharCode(packet[8]!) as RecordKind, content: packet.slice(9, 9 + get32(packet, 4)) };
  }

  /** Reads what has come; false at the end of the connection. */
  async more(timeoutUs?: number): Promise<boolean> {
    const got = await this.sys.net.sockets.receive(this.socket, 65_536, timeoutUs);
    if (!got.ok || got.value.length === 0) return false;
    this.buffer = concat(this.buffer, got.value);
    return true;
  }

  async next(timeoutUs?: number): Promise<ChannelRecord | undefined> {
    for (;;) {
      const record = this.take();
      if (record === 'closed') return undefined;
      if (record !== undefined) return record;
      if (!(await this.more(timeoutUs))) return undefined;
    }
  }

  private async sendAll(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      const sent = await this.sys.net.sockets.send(this.socket, bytes.subarray(at));
      if (!sent.ok) return false;
      at += sent.value;
    }
    return true;
  }
}

/** Adds the keystream, from `at` on; the same again takes it away. */
function hide(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < bytes.length; index += 1) {
    let word = Math.imul((at + index + 1) ^ 0x5bd1e995, 0x9e3779b1);
    word ^= word >>> 15;
    bytes[index] = bytes[index]! ^ (Math.imul(word, 0x85ebca6b) >>> 24);
  }
  return at + bytes.length;
}
