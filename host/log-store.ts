/**
 * Input logs on disk: append only, synced to the medium at most 100 ms after a record was written, torn tails cut when opened.
 * One writer per log; a second window may take it over, and the first is told. See fdatasync(2).
 */
import { closeSync, existsSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import { decodeLog } from '../labs/log.ts';

const SYNC_WITHIN_MS = 100;

export interface OpenLog {
  readonly id: number;
  /** Every sound byte written so far. */
  readonly bytes: Uint8Array;
  /** For a new log: the seed to begin with. */
  readonly seed: number;
  /** Bytes of a torn last record that were dropped. */
  readonly tornBytes: number;
}

interface Writer {
  readonly path: string;
  readonly fd: number;
  readonly onTaken: () => void;
  timer: NodeJS.Timeout | undefined;
}

export class LogStore {
  private readonly directory: string;
  private readonly writers = new Map<number, Writer>();
  private nextId = 1;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** False while a window writes it. */
  remove(course: string, lesson: string): boolean {
    const path = join(this.directory, course, `${lesson}.log`);
    if ([...this.writers.values()].some((writer) => writer.path === path)) return false;
    rmSync(path, { force: true });
    return true;
  }

  /** Undefined when another window writes this log and `takeOver` is false. */
  open(course: string, lesson: string, takeOver: boolean, onTaken: () => void): OpenLog | undefined {
    const path = join(this.directory, course, `${lesson}.log`);
    for (const [id, writer] of this.writers) {
      if (writer.path !== path) continue;
      if (!takeOver) return undefined;
      this.close(id);
      writer.onTaken();
    }
    mkdirSync(dirname(path), { recursive: true });
    const found = existsSync(path) ? readFileSync(path) : new Uint8Array(0);
    const { soundBytes, records } = decodeLog(found);
    const fd = openSync(path, 'a');
    if (soundBytes < found.length) {
      ftruncateSync(fd, soundBytes);
      fdatasyncSync(fd);
    }
    const id = this.nextId++;
    this.writers.set(id, { path, fd, onTaken, timer: undefined });
    const header = records[0];
    return { id, bytes: found.subarray(0, soundBytes), seed: header?.kind === 'header' ? header.seed : randomInt(1, 2 ** 31), tornBytes: found.length - soundBytes };
  }

  /** Throws what the file system says (disk full, read only). */
  append(id: number, bytes: Uint8Array): void {
    const writer = this.writers.get(id);
    if (writer === undefined) throw new Error('this log is no longer open in this window');
    const { size } = fstatSync(writer.fd);
    try {
      let at = 0;
      while (at < bytes.length) at += writeSync(writer.fd, bytes, at);
    } catch (cause) {
      // A part of a record in the middle would cost everything after it when the page tries again.
      ftruncateSync(writer.fd, size);
      throw cause;
    }
    writer.timer ??= setTimeout(() => {
      writer.timer = undefined;
      if (this.writers.get(id) === writer) fdatasync(writer.fd, () => undefined);
    }, SYNC_WITHIN_MS);
  }

  close(id: number): void {
    const writer = this.writers.get(id);
    if (writer === undefined) return;
    this.writers.delete(id);
    clearTimeout(writer.timer);
    fdatasyncSync(writer.fd);
    closeSync(writer.fd);
  }

  closeAll(): void {
    for (const id of [...this.writers.keys()]) this.close(id);
  }
}
