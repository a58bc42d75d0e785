/** Course texts as an author in a hurry leaves them: loading answers problems, never an exception. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'vitest';
import { loadCourse, loadLesson, problemText } from '../../labs/course/index.ts';
import { Campaign, FUZZ_TIMEOUT_MS } from './campaign.ts';
import { mutateText } from './mutate.ts';

const root = join(import.meta.dirname, '../../courses/gke-networking');
const paths = (readdirSync(root, { recursive: true }) as string[]).map((name) => join(root, name)).filter((path) => statSync(path).isFile() && /\.(md|yaml|sh)$|solution$/.test(path)).sort();
const texts = new Map(paths.map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
/** Single lines, to be put where others stood. */
const lines = [...texts.values()].flatMap((text) => text.split('\n')).filter((line) => line !== '');
const AUTHORS_SLIPS = [
  'a: &x [*x]', '<<: *none', '- - - -', '? {}: 1', 'key: !!binary |', '!!js/function x', '{{{{', '&a *a', '"unclosed', "'", '\t- tab', 'id: [', 'id: {a: 1}', 'id: null', 'id: 1e999', 'points: -1', 'points: .nan', 'checks: 3', 'checks:\n  - ', '---', '...', ':::', '::::', ':::run', '::check{#x', ':value[', ':value[a]{b=}', '::run{}', ':::question{#q1}\n:::', '```', '~~~', '[x]: y', '| a |\n|--|', '<script>', '<!--', '![](javascript:x)', '[^1]', '# ', '- [ ] x', '&amp;&#0;', '\0', '\ufeff', 'start: after:u1-way-out', 'start: ', 'constructor: 1', '__proto__: {a: 1}', 'toString: x',
];

describe('fuzzed course texts', () => {
  it('are loaded or refused with problems that can be said', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const campaign = new Campaign('course', 15);
    await campaign.each((dice, _number, begin) => {
      const path = dice.pick([...texts.keys()]);
      const before = texts.get(path)!.split('\n');
      for (let left = 1 + dice.below(3); left > 0; left -= 1) {
        const at = dice.below(before.length);
        const line = before[at] ?? '';
        before.splice(at, dice.below(3), ...dice.pick([[], [mutateText(dice, line, lines)], [dice.pick(AUTHORS_SLIPS)], [dice.pick(lines)], [`${/^\s*/.exec(line)![0]}${dice.pick(AUTHORS_SLIPS)}`], [line, line]]));
      }
      const text = dice.once(10) ? mutateText(dice, texts.get(path)!.slice(0, 3000), lines) : before.join('\n');
      begin(`${path}\n${text}`);
      const files = new Map(texts).set(path, text);
      const lesson = path.split('/')[1];
      const { problems } = lesson === undefined ? loadCourse(files) : loadLesson(files, lesson);
      for (const problem of problems) problemText(problem);
    });
    campaign.report();
  });
});
