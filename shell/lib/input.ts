/** Reading files or standard input piece by piece, so that endless input stays endless. */
import type { Sys } from '../../machine/sys.ts';
import type { Result } from '../ports/result.ts';
import { fail } from '../ports/result.ts';
import { concat, fromUtf8 } from '../ports/bytes.ts';

/** What a program may hold of its input; an endless one ends it with ENOMEM, as real memory does in the end. */
const MEMORY_BYTES = 64 * 1024 * 1024;

export interface Line { readonly text: string; readonly isTerminated: boolean }

/** `-` is standard input. */
export async function openInput(sys: Pick<Sys, 'open'>, path: string): Promise<Result<number>> {
  return path === '-' ? { ok: true, value: 0 } : sys.open(path, { read: true });
}

export function closeInput(sys: Pick<Sys, 'close'>, fd: number): void {
  if (fd > 2) sys.close(fd);
}

/** Lines as they arrive; the generator's return value is the read error, if there was one. */
export async function* linesOf(sys: Pick<Sys, 'read'>, fd: number, separator = 10): AsyncGenerator<Line, Result> {
  let rest: Uint8Array = new Uint8Array(0);
  /** Of a line that has no end yet. */
  let unended: Uint8Array[] = [];
  let unendedSize = 0;
  for (;;) {
    const got = await sys.read(fd, 65536);
    if (!got.ok) return got;
    if (got.value.length === 0) break;
    unended.push(got.value);
    unendedSize += got.value.length;
    if (unendedSize > MEMORY_BYTES) return fail('ENOMEM');
    if (!got.value.includes(separator)) continue;
    rest = concat(...unended);
    let start = 0;
    for (let end = rest.indexOf(separator, start); end >= 0; end = rest.indexOf(separator, start)) {
      yield { text: fromUtf8(rest.subarray(start, end)), isTerminated: true };
      start = end + 1;
    }
    rest = rest.subarray(start);
    unended = [rest];
    unendedSize = rest.length;
  }
  rest = concat(...unended);
  if (rest.length > 0) yield { text: fromUtf8(rest), isTerminated: false };
  return { ok: true, value: undefined };
}

/** A whole file or standard input. */
export async function readWhole(sys: Pick<Sys, 'open' | 'read' | 'close'>, path: string): Promise<Result<Uint8Array>> {
  const opened = await openInput(sys, path);
  if (!opened.ok) return opened;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const got = await sys.read(opened.value, 65536);
      if (!got.ok) return got;
      if (got.value.length === 0) return { ok: true, value: concat(...chunks) };
      chunks.push(got.value);
      size += got.value.length;
      if (size > MEMORY_BYTES) return fail('ENOMEM');
    }
  } finally {
    closeInput(sys, opened.value);
  }
}
