/** `podwire replay FILE`: plays a session's log again and says what came of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCourse } from '../host/course-files.ts';
import { productDir } from '../host/paths.ts';
import { replayLog, type Replayed } from '../labs/replay.ts';
import { simulatorBackend } from '../labs/simulator-backend.ts';
import type { CliCommand } from './command.ts';

export const replay: CliCommand = {
  name: 'replay',
  usage: 'replay FILE [--json]',
  summary: 'play a session again',
  async run(args) {
    const file = args.find((word) => !word.startsWith('-'));
    if (file === undefined) {
      process.stderr.write('podwire: replay: name the session log to play\n');
      return 2;
    }
    const played = await playFile(file);
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ lesson: played.lesson, records: played.records, isFaithful: played.isFaithful, atMs: played.atMs, torn: played.torn ?? null, report: played.report ?? null })}\n`);
    else {
      for (const [terminal, chunks] of played.shown) process.stdout.write(`--- ${terminal}\n${Buffer.concat(chunks).toString('utf8')}\n`);
      process.stdout.write(`${played.lesson}: ${played.records} records, ${(played.atMs / 1000).toFixed(1)} s of lab time, ${played.isFaithful ? 'same as it was' : 'NOT the same as it was'}${played.torn === undefined ? '' : ` (${played.torn})`}\n`);
    }
    return played.isFaithful ? 0 : 1;
  },
};

export function playFile(file: string, course = 'gke-networking'): Promise<Replayed> {
  return replayLog(readFileSync(file), readCourse(join(productDir(), 'courses', course)), simulatorBackend);
}
