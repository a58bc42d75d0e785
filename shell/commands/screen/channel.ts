/** Messages between screen's clients and its server: one JSON text a line over the session's socket. Read first: screen's socket.c. */
import type { Fd, Sys } from '../../../machine/sys.ts';
import { fromUtf8, utf8 } from '../../ports/bytes.ts';

export type ToServer =
  | { readonly kind: 'attach'; readonly columns: number; readonly rows: number; readonly terminal: string; readonly detachesOthers: 'no' | 'remote' | 'power'; readonly allowsOthers: boolean; readonly window?: string }
  /** What was typed, one character a byte. */
  | { readonly kind: 'input'; readonly data: string }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly window: string | undefined; readonly wantsAnswer: boolean };
export type Ending = 'detached' | 'remote detached' | 'remote power detached' | 'power detached' | 'suspended' | 'terminating' | 'refused';
export type ToClient =
  | { readonly kind: 'output'; readonly data: string }
  | { readonly kind: 'end'; readonly how: Ending }
  | { readonly kind: 'answer'; readonly text: string; readonly code: number };

export class Channel<In, Out> {
  private readonly sys: Sys;
  readonly fd: Fd;
  private rest = '';
  constructor(sys: Sys, fd: Fd) {
    this.sys = sys;
    this.fd = fd;
  }

  async send(message: Out): Promise<boolean> {
    const sent = await this.sys.write(this.fd, utf8(`${asciiJson(message)}\n`));
    return sent.ok;
  }

  /** What has arrived; undefined when the other side has gone. Blocks when nothing is there. */
  async receive(): Promise<In[] | undefined> {
    const got = await this.sys.read(this.fd, 65536);
    if (!got.ok) return got.error === 'EINTR' || got.error === 'EAGAIN' ? [] : undefined;
    if (got.value.length === 0) return undefined;
    const text = this.rest + fromUtf8(got.value);
    const lines = text.split('\n');
    this.rest = lines.pop()!;
    return lines.map((line) => JSON.parse(line) as In);
  }

  close(): void {
    this.sys.close(this.fd);
  }
}

/** Only ASCII on the wire, so that a message cut anywhere by a read can be joined again. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
