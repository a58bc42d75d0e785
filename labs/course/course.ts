/**
 * A course as it is written, to a Course. Files arrive as text by path (`u1/u1-take-stock/lesson.md`); whoever calls has
 * read them from disk, a pack or the page's own bundle.
 */
import { type Course, CourseFile, type CourseProblem, type Lesson, type Unit } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';
import { scenarios } from '../scenarios/index.ts';
import { readLesson } from './lesson.ts';
import { readBySchema, readYaml } from './problems.ts';

export interface LoadedCourse {
  /** Null when course.yaml itself cannot be read. Lessons with problems are left out. */
  readonly course: Course | null;
  readonly problems: readonly CourseProblem[];
}

export function loadCourse(files: ReadonlyMap<string, string>): LoadedCourse {
  const problems: CourseProblem[] = [];
  const text = files.get('course.yaml');
  if (text === undefined) return { course: null, problems: [{ file: 'course.yaml', line: 1, key: '', wanted: 'a file', found: 'nothing', nearest: null }] };
  const yaml = readYaml('course.yaml', text, problems);
  const head = yaml === null ? null : readBySchema(yaml, CourseFile, problems);
  if (yaml === null || head === null) return { course: null, problems };

  const ids = head.units.flatMap(({ lessons }) => lessons);
  const read = new Map<string, Lesson>();
  const units: Unit[] = head.units.map((unit, unitIndex) => {
    const lessons = unit.lessons.flatMap((id, index): Lesson[] => {
      const folder = `${unit.id}/${id}`;
      if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push({ file: 'course.yaml', line: yaml.lineOf(['units', unitIndex, 'lessons', index]), key: 'lessons', wanted: 'a lesson once', found: id, nearest: null });
      const lesson = readLesson({ folder, id, unit: unit.id, text: (name) => files.get(`${folder}/${name}`) }, problems);
      if (lesson === null) return [];
      if (lesson.start.kind === 'after' && !ids.includes(lesson.start.name)) {
        problems.push({ file: `${folder}/lesson.md`, line: 2, key: 'start', wanted: 'after: a lesson of this course', found: lesson.start.name, nearest: nearestWord(lesson.start.name, ids) });
        return [];
      }
      read.set(id, lesson);
      return [lesson];
    });
    return { id: unit.id, title: unit.title, summary: unit.summary, lessons };
  });
  for (const lesson of read.values()) {
    if (leadsBack(lesson, read)) problems.push({ file: `${lesson.unit}/${lesson.id}/lesson.md`, line: 2, key: 'start', wanted: 'a chain of lessons that begins at a scenario', found: `after:${lesson.start.name}, which leads back here`, nearest: null });
  }
  // What starts after a lesson that cannot be read cannot start either.
  const startable = units.map((unit) => ({ ...unit, lessons: unit.lessons.filter((lesson) => chainOf(lesson, read) !== null).map((lesson) => ({ ...lesson, simulatorOnly: whySimulatorOnly(lesson, read) })) }));
  const { units: _, ...rest } = head;
  return { course: { ...rest, units: startable }, problems };
}

export interface LoadedLesson {
  /** Null, with problems, when the lesson or one it starts after cannot be read. */
  readonly lesson: Lesson | null;
  /** The lesson and, briefly (without screens), those its start leads back to. */
  readonly lessons: ReadonlyMap<string, Lesson>;
  readonly problems: readonly CourseProblem[];
}

/** One lesson and what it starts after, without reading the rest of the course: what opening a lab needs, fast. */
export function loadLesson(files: ReadonlyMap<string, string>, id: string): LoadedLesson {
  const problems: CourseProblem[] = [];
  const lessons = new Map<string, Lesson>();
  const unitOf = (lesson: string): string | undefined => [...files.keys()].find((path) => path.endsWith(`/${lesson}/lesson.md`))?.split('/')[0];
  for (let wanted: string | undefined = id; wanted !== undefined && !lessons.has(wanted); ) {
    const unit = unitOf(wanted) ?? '';
    const folder = `${unit}/${wanted}`;
    const lesson = readLesson({ folder, id: wanted, unit, text: (name) => files.get(`${folder}/${name}`) }, problems, { isBrief: wanted !== id });
    if (lesson === null) return { lesson: null, lessons, problems };
    lessons.set(wanted, lesson);
    wanted = lesson.start.kind === 'after' ? lesson.start.name : undefined;
  }
  return { lesson: lessons.get(id) ?? null, lessons, problems };
}

/**
 * How a lesson's lab comes about: the scenario, then for each earlier lesson of the chain its setup and solution, and
 * last the lesson's own setup. Null when the chain does not end at a scenario.
 */
export function chainOf(lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): { scenario: string; earlier: Lesson[] } | null {
  const earlier: Lesson[] = [];
  let at: Lesson | undefined = lesson;
  while (at !== undefined) {
    if (at.start.kind === 'scenario') return { scenario: at.start.name, earlier };
    const previous: Lesson | undefined = lessons.get(at.start.name);
    if (previous === undefined || previous === lesson || earlier.includes(previous)) return null;
    earlier.unshift(previous);
    at = previous;
  }
  return null;
}

const IN_CLOUD = 'This lesson takes place in a cloud, which only the simulator has.';

/** A lesson is where the lessons are that it goes on from; undefined when real Linux can have it too. */
export function whySimulatorOnly(lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): string | undefined {
  const chain = chainOf(lesson, lessons);
  const said = [...(chain?.earlier ?? []), lesson].find(({ simulatorOnly }) => simulatorOnly !== undefined)?.simulatorOnly;
  return said ?? (scenarios.find(({ id }) => id === chain?.scenario)?.cloud === undefined ? undefined : IN_CLOUD);
}

function leadsBack(lesson: Lesson, lessons: ReadonlyMap<string, Lesson>): boolean {
  const passed = new Set<Lesson>();
  for (let at: Lesson | undefined = lesson; at?.start.kind === 'after'; at = lessons.get(at.start.name)) {
    if (passed.has(at)) return true;
    passed.add(at);
  }
  return false;
}

export function lessonsOf(course: Course): Map<string, Lesson> {
  return new Map(course.units.flatMap(({ lessons }) => lessons).map((lesson) => [lesson.id, lesson]));
}
