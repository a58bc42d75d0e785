import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createGrader } from '../grading/index.ts';
import { scriptedBackend } from '../test/scripted-backend.ts';
import { loadLesson } from './course/index.ts';
import { Life } from './life.ts';

const folder = join(import.meta.dirname, '..', 'courses', 'gke-networking');
const files = new Map(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(md|yaml)$/.test(name)).map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]));

it('says, while it judges on the way, how far time goes without being asked again', async () => {
  const { lesson, lessons } = loadLesson(files, 'u0-first-five-minutes');
  const size = { columns: 80, rows: 24 };
  const lab = await scriptedBackend.open(lesson!, lessons, { seed: 1, ...size });
  const life = new Life(lab, { lesson: lesson!, size, grader: createGrader(lesson!).state(), graded: 0 });
  const promised: number[] = [];
  life.watch({ data: () => undefined, changed: () => undefined, judged: async () => { promised.push(life.targetUs); } });
  for (const [at, data] of [...'sudo ip link set toy0 up\r'].entries()) await life.take({ kind: 'input', atUs: 1000 * at, terminal: 'vm', data }, {});
  await life.advance(2_000_000, {});
  expect(promised.length).toBeGreaterThan(0);
  expect(promised.filter((atUs) => atUs < 2_000_000)).toEqual([]);
});
