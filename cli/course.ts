/** `podwire course test|validate [path]`: proves courses, and says what is malformed in one. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readCourse } from '../host/course-files.ts';
import { productDir } from '../host/paths.ts';
import type { Course } from '../contracts/course.ts';
import { lessonsOf, loadCourse, problemText, proveLesson } from '../labs/course/index.ts';
import { simulatorBackend } from '../labs/simulator-backend.ts';
import type { CliCommand } from './command.ts';

export const course: CliCommand = {
  name: 'course',
  usage: 'course test|validate [FOLDER] [LESSON...]',
  summary: 'prove a course, or say what is malformed in it',
  async run([verb, folder, ...lessons]) {
    if (verb !== 'test' && verb !== 'validate') {
      process.stderr.write(`podwire: course: there is no ${verb === undefined ? 'verb given' : `verb ${JSON.stringify(verb)}`}; say test or validate\n`);
      return 2;
    }
    const isFolder = folder !== undefined && existsSync(join(folder, 'course.yaml'));
    const path = isFolder ? resolve(folder) : join(productDir(), 'courses', 'gke-networking');
    const wanted = isFolder || folder === undefined ? lessons : [folder, ...lessons];
    const loaded = loadCourse(new Map(Object.entries(readCourse(path))));
    for (const problem of loaded.problems) process.stderr.write(`${problemText(problem)}\n`);
    if (loaded.course === null || loaded.problems.length > 0) return 1;
    if (verb === 'test') return prove(loaded.course, wanted);
    process.stdout.write(`${loaded.course.id}: ${lessonsOf(loaded.course).size} lessons, well formed\n`);
    return 0;
  },
};

async function prove(parsed: Course, wanted: readonly string[]): Promise<number> {
  const lessons = lessonsOf(parsed);
  const unknown = wanted.find((id) => !lessons.has(id));
  if (unknown !== undefined) {
    process.stderr.write(`podwire: course test: there is no lesson ${unknown}; the lessons are ${[...lessons.keys()].join(', ')}\n`);
    return 2;
  }
  let failures = 0;
  for (const lesson of lessons.values()) {
    if (wanted.length > 0 && !wanted.includes(lesson.id)) continue;
    const startedMs = performance.now();
    const proof = await proveLesson(lesson, { backend: simulatorBackend, lessons, seed: 1 });
    failures += proof.failures.length;
    process.stdout.write(`${proof.failures.length === 0 ? 'proved' : 'FAILED'} ${lesson.id} (${proof.attempts} labs, ${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
    for (const { rule, of, wanted: expected, found } of proof.failures) process.stdout.write(`  ${rule}: ${of}: wanted ${expected}, found ${found}\n`);
  }
  return failures === 0 ? 0 : 1;
}
