/**
 * What has taken effect since the lab began anew, and what can be undone of it: the lines typed, newest first. A line begins with the first
 * key after the last Enter at its terminal; a visit of the browser counts as one. Undoing it takes back everything since then. See the input
 * log: nothing is erased there, an undo is a record too.
 */
import { BROWSER } from '../contracts/lab.ts';
import type { LogRecord } from './log.ts';

export type Stamped = Exclude<LogRecord, { kind: 'header' }>;
/** What changes the course of a lab's life rather than happening in it, or does nothing to it. */
type Outside = 'reset' | 'undo' | 'redo' | 'hash' | 'resumed';
export type Influence = Exclude<Stamped, { kind: Outside }>;

const outside: ReadonlySet<string> = new Set<Outside>(['reset', 'undo', 'redo', 'hash', 'resumed']);

export function isInfluence(record: Stamped): record is Influence {
  return !outside.has(record.kind);
}

export interface LastLine {
  /** How many records stay. */
  readonly keep: number;
  readonly terminal: string;
  /** As it was typed; keys that are no text are left out. */
  readonly text: string;
}

export class History {
  records: Influence[] = [];
  /** What undo took back, the newest last; each can be redone. */
  private undone: Influence[][] = [];

  add(record: Influence): void {
    this.records.push(record);
    // Whoever goes on typing has taken another way.
    if (record.kind === 'input' || record.kind === 'visit') this.undone = [];
  }

  /** The record whose effect is what `undo` would take back, as a learner calls it. */
  get undo(): LastLine | undefined {
    return lastLine(this.records);
  }
  get redo(): LastLine | undefined {
    const records = this.undone.at(-1);
    return records === undefined ? undefined : lastLine(records);
  }
  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  takeBack(keep: number): void {
    this.undone.push(this.records.splice(keep));
  }

  /** What was undone last happens again, from `atUs` on, at its old pace. */
  bringBack(atUs: number): void {
    const records = this.undone.pop() ?? [];
    const laterUs = Math.max(0, atUs - (records[0]?.atUs ?? 0));
    for (const record of records) this.records.push({ ...record, atUs: record.atUs + laterUs });
  }

  /** Back to the start, or to where the screen being read was first reached. */
  reset(what: 'step' | 'lab', screen: number): void {
    this.undone = [];
    const reached = what === 'lab' ? -1 : this.records.findIndex((record) => record.kind === 'screen' && record.number >= screen);
    this.records = this.records.slice(0, reached + 1);
  }
}

/** Of the first `end` records. */
export function lastLine(records: readonly Influence[], end = records.length): LastLine | undefined {
  let at = end - 1;
  for (; at >= 0; at--) {
    const record = records[at]!;
    if (record.kind === 'visit' || (record.kind === 'input' && isText(record.data))) break;
  }
  const last = records[at];
  if (last?.kind === 'visit') return { keep: at, terminal: BROWSER, text: `visit ${last.address}` };
  if (last?.kind !== 'input') return undefined;
  let keep = at;
  let text = last.data;
  for (at--; at >= 0; at--) {
    const record = records[at]!;
    if (record.kind !== 'input' || record.terminal !== last.terminal) continue;
    if (record.data.includes('\r')) break;
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
