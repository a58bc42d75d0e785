/**
 * A terminal's session as an asciinema cast: one JSON line of head, then one per output or resize, with seconds of lab time.
 * https://docs.asciinema.org/manual/asciicast/v2/
 */
import { concat, fromUtf8 } from '../simulator/bytes.ts';
import type { RunOptions } from './backend.ts';
import type { Influence } from './history.ts';
import type { Life } from './life.ts';

export interface CastWish {
  readonly terminal: string;
  readonly title: string;
  readonly records: readonly Influence[];
  /** The lab is played up to here. */
  readonly untilUs: number;
}

/** Plays the records in `life`, a fresh one, and writes down what the terminal shows. */
export async function castOf(life: Life, { terminal, title, records, untilUs }: CastWish, running: RunOptions): Promise<string> {
  const startUs = life.lab.nowUs;
  const { columns, rows } = life.sizeOf(terminal);
  const lines = [JSON.stringify({ version: 2, width: columns, height: rows, timestamp: Math.floor(life.lab.epochMs / 1000), title, env: { TERM: 'xterm-256color', SHELL: '/bin/bash' } })];
  const text = new Utf8Pieces();
  const note = (kind: 'o' | 'r', data: string): void => {
    if (data !== '') lines.push(`[${((life.lab.nowUs - startUs) / 1e6).toFixed(6)}, "${kind}", ${JSON.stringify(data)}]`);
  };
  const before = life.watch({
    data: (id, bytes) => {
      if (id === terminal) note('o', text.take(bytes));
    },
    changed: () => undefined,
    judged: () => Promise.resolve(),
  });
  for (const bytes of before.get(terminal) ?? []) note('o', text.take(bytes));
  for (const record of records) {
    await life.advance(record.atUs, running);
    if (record.kind === 'resize' && record.terminal === terminal) note('r', `${record.columns}x${record.rows}`);
    await life.take(record, running);
  }
  await life.advance(untilUs, running);
  return `${lines.join('\n')}\n`;
}

/** Decodes a stream: a character cut in two by the end of a piece comes with the next one. */
class Utf8Pieces {
  private rest: Uint8Array = new Uint8Array(0);

  take(bytes: Uint8Array): string {
    const whole = concat(this.rest, bytes);
    const end = wholeCharacters(whole);
    this.rest = whole.slice(end);
    return fromUtf8(whole.subarray(0, end));
  }
}

function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
