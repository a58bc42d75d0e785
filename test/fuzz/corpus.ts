/** What people and recordings typed: the seeds of mutation. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface RecordedItem { cmd?: string; type?: string; ns?: string | null }
interface Recorded { setup?: (string | RecordedItem)[]; steps?: RecordedItem[] }

const recordings = join(import.meta.dirname, '../conformance/recordings');

function items(): RecordedItem[] {
  const files = (readdirSync(recordings, { recursive: true }) as string[]).filter((name) => name.endsWith('.json')).sort();
  return files.flatMap((name) => {
    const { setup = [], steps = [] } = JSON.parse(readFileSync(join(recordings, name), 'utf8')) as Recorded;
    return [...setup.map((item) => (typeof item === 'string' ? { cmd: item } : item)), ...steps];
  });
}

const all = items();
export const recordedCommands: readonly string[] = [...new Set(all.flatMap(({ cmd }) => (cmd === undefined ? [] : [cmd])))];
export const recordedKeys: readonly string[] = [...new Set(all.flatMap(({ type }) => (type === undefined ? [] : [type])))];
/** The command lines of one program or more, as single lines. */
export function linesOf(...programs: readonly string[]): string[] {
  const begins = new RegExp(`^\\s*(sudo\\s+)?(${programs.join('|')})\\b`);
  return [...new Set(recordedCommands.flatMap((command) => command.split(/\n|;|&&|\|/)).map((line) => line.trim()).filter((line) => begins.test(line)))];
}
