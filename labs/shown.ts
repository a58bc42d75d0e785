/** What commands have shown, for the marks beside run blocks and the `::output` blocks of a lesson. */
import type { Lesson } from '../contracts/course.ts';
import type { CommandMark } from '../contracts/lab.ts';
import type { CommandView } from '../contracts/observer.ts';

const MARKS_KEPT = 400;

export function commandMarks(commands: readonly CommandView[]): CommandMark[] {
  return commands.slice(-MARKS_KEPT).map(({ id, terminal, netns, line, startedAtMs, endedAtMs, exit }) => ({ id, terminal, netns, line, startedAtMs, endedAtMs, exit }));
}

/** By `terminal|of`: the newest output of that very command there (at the block's place, if it names one), null while nobody has run it. */
export function outputsOf(lesson: Pick<Lesson, 'screens' | 'places'>, commands: readonly CommandView[]): Record<string, string | null> {
  const outputs: Record<string, string | null> = {};
  for (const { blocks } of lesson.screens) {
    for (const block of blocks) {
      if (block.kind !== 'output') continue;
      const wanted = squeeze(block.of);
      const place = block.place === null ? undefined : lesson.places[block.place];
      const fitting = commands.filter(({ line, machine, netns }) => squeeze(line) === wanted && (place === undefined || (machine === place.machine && netns === place.netns)));
      const found = fitting.findLast(({ terminal }) => terminal === block.terminal) ?? fitting.at(-1);
      outputs[`${block.terminal}|${block.of}`] = found?.output ?? null;
    }
  }
  return outputs;
}

/** sudo in front and the number of blanks make no difference to what is shown. */
function squeeze(line: string): string {
  return line.trim().replace(/\s+/g, ' ').replace(/^sudo /, '').replace(/\s*#.*$/, '');
}
