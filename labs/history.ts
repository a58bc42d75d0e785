/**
 * What can be undone: the lines typed since the lab began anew, newest first. A line begins with the first key after the last Enter at its
 * terminal; undoing it takes back everything since then. See the input log: nothing is erased, an undo is a record too.
 */
import type { LogRecord } from './log.ts';

type Stamped = Exclude<LogRecord, { kind: 'header' }>;

export interface LastLine {
  /** How many records stay. */
  readonly keep: number;
  readonly terminal: string;
  /** As it was typed; keys that are no text are left out. */
  readonly text: string;
}

export function lastLine(life: readonly Stamped[]): LastLine | undefined {
  const end = life.findLastIndex((record) => record.kind === 'input' && isText(record.data));
  const last = life[end];
  if (last?.kind !== 'input') return undefined;
  let keep = end;
  let text = '';
  for (let at = end; at >= 0; at--) {
    const record = life[at]!;
    if (record.kind !== 'input' || record.terminal !== last.terminal) continue;
    if (at !== end && record.data.includes('\r')) break;
    keep = at;
    text = record.data + text;
  }
  return { keep, terminal: last.terminal, text: shown(text) };
}

/** An Enter, or anything that draws: a lone arrow or Ctrl+L is not worth an undo of its own. */
function isText(data: string): boolean {
  return data.includes('\r') || /^[^\x00-\x1f\x7f]/.test(data);
}

/** The typed line with its corrections applied, as far as backspaces and Ctrl+U go. */
function shown(keys: string): string {
  let line = '';
  for (const key of keys.replace(/\x1b\[20[01]~/g, '').replace(/\x1b(?:\[[0-9;?]*[ -/]*[@-~]|.)/g, '')) {
    if (key === '\x7f' || key === '\b') line = line.slice(0, -1);
    else if (key === '\x15') line = '';
    else if (key >= ' ') line += key;
  }
  return line.trim();
}
