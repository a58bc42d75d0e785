/** A log's records, done again. What undo took back is never done: only what led to the end is. */
import type { RunOptions } from './backend.ts';
import { History, isInfluence, type Stamped } from './history.ts';
import type { Birth, Life } from './life.ts';

export interface Relived {
  readonly life: Life;
  readonly birth: Birth;
  readonly history: History;
  /** The screen being read, and the size each terminal's window had. */
  readonly screen: number;
  readonly sizes: ReadonlyMap<string, { columns: number; rows: number }>;
  /** Every state that the log noted was come to again. */
  readonly isFaithful: boolean;
}

export async function relive(records: readonly Stamped[], first: Birth, begin: (birth: Birth) => Promise<Life>, running: RunOptions): Promise<Relived> {
  const history = new History();
  const sizes = new Map<string, { columns: number; rows: number }>();
  let birth = first;
  let screen = 1;
  let isFaithful = true;
  /** Instants the lab passed after `after` records, and the state it was in. */
  let passed: { after: number; atUs: number; hash: string | undefined }[] = [];

  const catchUp = async (): Promise<Life> => {
    const life = await begin(birth);
    for (const { after, atUs, hash } of passed.splice(0)) {
      await life.follow(history.records, after, running);
      await life.advance(atUs, running);
      if (hash !== undefined && hash !== life.lab.hash()) isFaithful = false;
    }
    await life.follow(history.records, history.records.length, running);
    return life;
  };

  for (const record of records) {
    if (isInfluence(record)) {
      history.add(record);
      if (record.kind === 'resize') sizes.set(record.terminal, { columns: record.columns, rows: record.rows });
      if (record.kind === 'screen') screen = record.number;
      continue;
    }
    switch (record.kind) {
      case 'reset': {
        const life = await catchUp();
        history.reset(record.what, screen);
        birth = { ...birth, grader: life.grader.state(), graded: history.records.length };
        life.close();
        break;
      }
      case 'undo':
        history.takeBack(record.keep);
        passed = passed.filter(({ after }) => after < record.keep);
        break;
      case 'redo':
        history.bringBack(record.atUs);
        break;
      case 'resumed': case 'hash':
        passed.push({ after: history.records.length, atUs: record.atUs, hash: record.kind === 'hash' ? record.hash : undefined });
        break;
      default: record satisfies never;
    }
  }
  return { life: await catchUp(), birth, history, screen, sizes, isFaithful };
}
