/** The text a pager shows, read as far as it is needed. Read first: less's ch.c, linenum.c. */
import type { Fd, Sys } from '../../../machine/sys.ts';
import { fromUtf8 } from '../../ports/bytes.ts';

export class TextSource {
  readonly lines: string[] = [];
  /** Bytes up to and including each line. */
  readonly ends: number[] = [];
  isComplete = false;
  /** From the file's size; undefined for a pipe not yet read to its end. */
  size: number | undefined;
  private rest: Uint8Array = new Uint8Array(0);
  private total = 0;
  private readonly sys: Sys;
  readonly fd: Fd;
  readonly name: string | undefined;

  constructor(sys: Sys, fd: Fd, name: string | undefined, size: number | undefined) {
    this.sys = sys;
    this.fd = fd;
    this.name = name;
    this.size = size;
  }

  static ofText(sys: Sys, text: string, name: string): TextSource {
    const source = new TextSource(sys, -1, name, undefined);
    source.add(new TextEncoder().encode(text));
    source.finish();
    return source;
  }

  /** Reads one piece; answers false at the end or when interrupted. */
  async readMore(): Promise<boolean> {
    if (this.isComplete) return false;
    const got = await this.sys.read(this.fd, 65536);
    if (!got.ok) {
      if (got.error !== 'EINTR') this.finish();
      return false;
    }
    if (got.value.length === 0) {
      this.finish();
      return false;
    }
    this.add(got.value);
    return true;
  }

  /** Until line `index` is there or the text ends. */
  async ensure(index: number): Promise<void> {
    while (this.lines.length <= index && !this.isComplete) if (!(await this.readMore())) return;
  }

  async readAll(): Promise<void> {
    while (!this.isComplete) if (!(await this.readMore())) return;
  }

  /** F: more may have been appended. */
  reopen(): void {
    this.isComplete = false;
  }

  private finish(): void {
    if (this.rest.length > 0) {
      this.push(fromUtf8(this.rest), this.rest.length);
      this.rest = new Uint8Array(0);
    }
    this.isComplete = true;
    this.size = this.total;
  }

  private push(line: string, length: number): void {
    this.total += length;
    this.lines.push(line);
    this.ends.push(this.total);
  }

  private add(bytes: Uint8Array): void {
    let data = bytes;
    if (this.rest.length > 0) {
      data = new Uint8Array(this.rest.length + bytes.length);
      data.set(this.rest);
      data.set(bytes, this.rest.length);
    }
    let start = 0;
    for (let end = data.indexOf(10, start); end >= 0; end = data.indexOf(10, start)) {
      this.push(fromUtf8(data.subarray(start, end)), end + 1 - start);
      start = end + 1;
    }
    this.rest = data.slice(start);
  }
}
