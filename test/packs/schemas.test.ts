/** docs/schemas/ is what authors' editors read: it must be what the contracts say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { firstCourse } from '../../cli/course-template.ts';
import { schemaTexts } from '../../labs/course/index.ts';

const folder = join(import.meta.dirname, '../../docs/schemas');
const wanted = schemaTexts();

it('docs/schemas holds what the contracts say (npm run update-schemas)', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, text] of Object.entries(wanted)) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text);
});

it('every YAML file of a new course names a schema that is written beside it', () => {
  for (const [path, text] of Object.entries(firstCourse('wires', '.schemas')).filter(([name]) => name.endsWith('.yaml'))) {
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(Object.keys(wanted).map((name) => `.schemas/${name}`), path).toContain(join(path, '..', named));
  }
});
