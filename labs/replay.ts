/** A log played again, flat out: what the session shown to a learner did, without anybody watching. */
import type { LabEvent } from '../contracts/lab.ts';
import type { Report } from '../contracts/report.ts';
import type { Backend } from './backend.ts';
import { decodeLog, type LogRecord } from './log.ts';
import { createSession, type Wall } from './session.ts';

export interface Replayed {
  readonly lesson: string;
  readonly records: number;
  readonly isFaithful: boolean;
  readonly atMs: number;
  readonly report: Report | undefined;
  /** What each terminal got, in order (its newest 400,000 bytes). */
  readonly shown: ReadonlyMap<string, Uint8Array[]>;
  readonly torn: string | undefined;
}

/** Stands still: a replay is driven by its records alone. */
const standingWall: Wall = { nowMs: () => 0, after: () => () => undefined, breathe: () => Promise.resolve() };

/** @throws Error when the log holds no header or its lesson is not in the course. */
export async function replayLog(log: Uint8Array, files: Readonly<Record<string, string>>, backend: Backend): Promise<Replayed> {
  const { records, torn } = decodeLog(log);
  const header = records[0];
  if (header?.kind !== 'header') throw new Error(`this is not a session log: ${torn ?? 'it has no header'}`);
  const shown = new Map<string, Uint8Array[]>();
  let report: Report | undefined;
  let opened: Extract<LabEvent, { type: 'opened' }> | undefined;
  let failure: string | undefined;
  await new Promise<void>((resolve) => {
    const session = createSession({
      backend, wall: standingWall, storesItself: true,
      emit: (event) => {
        if (event.type === 'opened') opened = event;
        else if (event.type === 'data') shown.set(event.terminal, [...(shown.get(event.terminal) ?? []), event.bytes]);
        else if (event.type === 'failed') {
          failure = event.message;
          resolve();
        } else if (event.type === 'report') {
          report = event.report;
          session.close();
          resolve();
        }
      },
    });
    session.handle({ type: 'open', files: { ...files }, lesson: header.lesson, seed: header.seed, log });
  });
  if (failure !== undefined || opened === undefined) throw new Error(failure ?? 'the session did not open');
  return { lesson: header.lesson, records: records.length, isFaithful: opened.resumed?.isFaithful ?? false, atMs: opened.resumed?.atMs ?? 0, report, shown, torn };
}

export function lessonOfLog(log: Uint8Array): Extract<LogRecord, { kind: 'header' }> | undefined {
  const header = decodeLog(log).records[0];
  return header?.kind === 'header' ? header : undefined;
}
