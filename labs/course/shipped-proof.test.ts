/** The shipped course proves itself on the simulator, as `podwire course test` does; the seed is printed in the test's name. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simulatorBackend } from '../simulator-backend.ts';
import { lessonsOf, loadCourse, proveLesson } from './index.ts';

const root = join(import.meta.dirname, '../../courses/gke-networking');
const paths = (readdirSync(root, { recursive: true }) as string[]).map((name) => join(root, name)).filter((path) => statSync(path).isFile());
const { course } = loadCourse(new Map(paths.map((path) => [relative(root, path), readFileSync(path, 'utf8')])));
const lessons = course === null ? new Map() : lessonsOf(course);
const seed = 1;

describe(`on seed ${seed}`, () => {
  it.each([...lessons.keys()])('%s proves itself', { timeout: 180_000 }, async (id) => {
    const { failures } = await proveLesson(lessons.get(id), { backend: simulatorBackend, lessons, seed });
    expect(failures.map(({ rule, of, wanted, found }) => `${rule}: ${of}: wanted ${wanted}, found ${found}`)).toEqual([]);
  });
});
