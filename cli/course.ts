/** `podwire course new|validate|test|pack`: a course from nothing, to proved, to one file that can be handed out. docs/authoring.md. */
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Course, CourseProblem, Lesson } from '../contracts/course.ts';
import { type ReadPack, readPackAt, sha256, textsOf } from '../host/packs/read-pack.ts';
import { sealPack } from '../host/packs/seal-pack.ts';
import { productDir } from '../host/paths.ts';
import { version } from '../host/version.ts';
import { judgePack, lessonsOf, type PackFiles, type LessonProof, problemText, proveLesson, turnsOf } from '../labs/course/index.ts';
import { linuxBackend } from '../host/linux/backend.ts';
import { simulatorBackend } from '../labs/simulator-backend.ts';
import type { CliCommand } from './command.ts';
import { opensOn, takeBackend, type BackendName } from './backend-option.ts';
import { newCourse } from './course-new.ts';

const verbs: Readonly<Record<string, (args: readonly string[]) => number | Promise<number>>> = { new: newCourse, validate, test, pack };

export const course: CliCommand = {
  name: 'course',
  usage: 'course new|validate|test|pack PATH',
  summary: 'write, check, prove and pack a course',
  async run([verb = '', ...args]) {
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (run !== undefined) return run(args);
    process.stderr.write(`podwire: course: there is no ${verb === '' ? 'verb given' : `verb ${JSON.stringify(verb)}`}; say ${Object.keys(verbs).join(', ')}\n`);
    return 2;
  },
};

interface OpenedCourse { readonly course: Course; readonly files: PackFiles }

/** Null when it has problems, which have been told. */
function openCourse(path: string): OpenedCourse | null {
  const read: ReadPack = readPackAt(path);
  if ('problems' in read) return tell(read.problems);
  const judged = judgePack(textsOf(read.files), version);
  return judged.course === null ? tell(judged.problems) : { course: judged.course, files: read.files };
}

function tell(problems: readonly CourseProblem[]): null {
  for (const problem of problems) process.stderr.write(`${problemText(problem)}\n`);
  return null;
}

const shipped = (): string => join(productDir(), 'courses', 'gke-networking');

function validate([path]: readonly string[]): number {
  const opened = openCourse(path === undefined ? shipped() : resolve(path));
  if (opened === null) return 1;
  process.stdout.write(`${opened.course.id}: ${lessonsOf(opened.course).size} lessons, well formed\n`);
  return 0;
}

/** The first word is a folder or pack where there is one of that name, else a lesson of the course that ships. */
async function test(words: readonly string[]): Promise<number> {
  const { backend, args, problem } = takeBackend(words);
  if (problem !== undefined) {
    process.stderr.write(`podwire: course test: ${problem}\n`);
    return 2;
  }
  const [first, ...rest] = args;
  const isPath = first !== undefined && (existsSync(first) || /[/.]/.test(first));
  const opened = openCourse(isPath ? resolve(first) : shipped());
  return opened === null ? 1 : prove(opened.course, isPath ? rest : args, backend);
}

function pack(args: readonly string[]): number {
  const at = args.indexOf('-o');
  const [folder] = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const file = at < 0 ? `${basename(resolve(folder ?? '.'))}.podwire` : args[at + 1];
  if (folder === undefined || file === undefined) {
    process.stderr.write('podwire: course pack: wants a folder, and after -o the name of the pack to write\n');
    return 2;
  }
  const opened = openCourse(resolve(folder));
  if (opened === null) return 1;
  const bytes = sealPack(opened.files, opened.course);
  writeFileSync(file, bytes);
  process.stdout.write(`${file}: ${opened.course.title}, version ${opened.course.version}, ${lessonsOf(opened.course).size} lessons, ${bytes.length} bytes\nSHA-256 ${sha256(bytes)}\n`);
  return 0;
}

/** What is proved where time is real: that the goals are out of reach, reached, and reached by nothing less. */
const rulesOnLinux = ['start', 'solution', 'essential', 'alternate', 'mistake'] as const;

async function prove(parsed: Course, wanted: readonly string[], on: BackendName): Promise<number> {
  // A real lab mostly waits. A simulated one computes: two at once would only take turns.
  const how = on === 'simulator' ? { backend: simulatorBackend, turns: undefined } : { backend: linuxBackend(await opensOn(on)), rules: rulesOnLinux, turns: turnsOf(2 * availableParallelism()) };
  const lessons = lessonsOf(parsed);
  const unknown = wanted.find((id) => !lessons.has(id));
  if (unknown !== undefined) {
    process.stderr.write(`podwire: course test: there is no lesson ${unknown}; the lessons are ${[...lessons.keys()].join(', ')}\n`);
    return 2;
  }
  const chosen = [...lessons.values()].filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  const given = chosen.filter(({ simulatorOnly }) => on === 'simulator' || simulatorOnly === undefined);
  for (const { id, simulatorOnly } of chosen.filter((lesson) => !given.includes(lesson))) process.stdout.write(`left out ${id}: ${simulatorOnly}\n`);
  let failures = 0;
  const told = async (lesson: Lesson): Promise<void> => {
    const startedMs = performance.now();
    const proof = await proveLesson(lesson, { ...how, lessons, seed: 1 });
    failures += proof.failures.length;
    tellProof(proof, (performance.now() - startedMs) / 1000);
  };
  if (how.turns !== undefined) await Promise.all(given.map(told));
  else for (const lesson of given) await told(lesson);
  return failures === 0 ? 0 : 1;
}

function tellProof({ lesson, attempts, failures }: LessonProof, seconds: number): void {
  process.stdout.write(`${failures.length === 0 ? 'proved' : 'FAILED'} ${lesson} (${attempts} labs, ${seconds.toFixed(1)} s)\n`);
  for (const { rule, of, wanted, found } of failures) process.stdout.write(`  ${rule}: ${of}: wanted ${wanted}, found ${found}\n`);
}
