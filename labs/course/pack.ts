/**
 * Whether a pack's texts make a course that this Podwire can teach. Its files have passed pack-files.ts by then; here is what
 * they mean, and that reading them ends: a small text must not keep a Markdown or YAML parser busy for long.
 */
import { type Course, CourseFile, type CourseProblem, PackManifest } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';
import { loadCourse } from './course.ts';
import { fileProblem } from './pack-files.ts';
import { readBySchema, readYaml } from './problems.ts';

const MOST_PROBLEMS = 40;
const DEEPEST_CONTAINER = 6;
/** Directives hold text, never each other; a few more for those shown in a fence. */
const MOST_OPEN_DIRECTIVES = 4;
const MOST_LESSONS = 200;
const LONGEST_LINE = 4000;

export interface JudgedPack {
  /** Null when there is a problem. */
  readonly course: Course | null;
  readonly problems: readonly CourseProblem[];
}

/** `version` is Podwire's own, to hold the pack's engine range against. */
export function judgePack(texts: ReadonlyMap<string, string>, version: string): JudgedPack {
  const problems = [...texts].flatMap(([path, text]) => (path.endsWith('.md') ? judgeMarkdown(path, text) : []));
  if (problems.length > 0) return refused(problems);
  let course: Course | null;
  try {
    const loaded = loadCourse(texts);
    course = loaded.course;
    problems.push(...loaded.problems);
  } catch (cause) {
    // The last wall: what no rule above foresaw is refused too.
    return refused([fileProblem('course.yaml', 'a course that can be read', cause instanceof Error ? cause.message : 'something that broke the reader')]);
  }
  if (course === null) return refused(problems);
  problems.push(...unlisted(texts), ...judgeManifest(texts.get('manifest.json'), course));
  if (course.engine !== undefined && !isWithin(version, course.engine)) problems.push(fileProblem('course.yaml', `a Podwire of ${course.engine}`, `Podwire ${version}`));
  return problems.length > 0 ? refused(problems) : { course, problems: [] };
}

/** What course.yaml says of the whole, without reading a lesson. */
export function readCourseFacts(text: string | undefined): { readonly facts: CourseFile; readonly idLine: number } | { readonly problems: readonly CourseProblem[] } {
  if (text === undefined) return { problems: [fileProblem('course.yaml', 'a file', 'nothing')] };
  const problems: CourseProblem[] = [];
  const yaml = readYaml('course.yaml', text, problems);
  const facts = yaml === null ? null : readBySchema(yaml, CourseFile, problems);
  return yaml === null || facts === null ? { problems } : { facts, idLine: yaml.lineOf(['id']) };
}

function refused(problems: readonly CourseProblem[]): JudgedPack {
  const more = problems.length - MOST_PROBLEMS;
  return { course: null, problems: more > 0 ? [...problems.slice(0, MOST_PROBLEMS), fileProblem('the pack', 'these mended first', `${more} more problems`)] : problems };
}

function judgeMarkdown(path: string, text: string): CourseProblem[] {
  let open = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const at = (wanted: string, found: string) => [fileProblem(path, wanted, found, null, index + 1)];
    if (line.length > LONGEST_LINE) return at(`lines of at most ${LONGEST_LINE} characters`, `${line.length}`);
    const prefix = /^(?:[ \t]*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s)|\[\^[^\]\s]*\]:))+/.exec(line)?.[0] ?? '';
    const depth = (prefix.match(/>|[-*+]|\d+[.)]|\[\^/g) ?? []).length;
    if (depth > DEEPEST_CONTAINER || /^(?:[ >]|\t){60}/.test(line)) return at(`lists and quotes at most ${DEEPEST_CONTAINER} deep`, 'deeper ones');
    const rest = line.slice(prefix.length).trimStart();
    if (/^:{3,}\s*$/.test(rest)) open = Math.max(0, open - 1);
    else if (/^:{3,}[A-Za-z]/.test(rest)) open += 1;
    if (open > MOST_OPEN_DIRECTIVES) return at('::: to close one directive before the next begins', `${open} open ones`);
  }
  return [];
}

/** A lesson that course.yaml does not list would never be seen: a slip of the author's. */
function unlisted(texts: ReadonlyMap<string, string>): CourseProblem[] {
  const read = readCourseFacts(texts.get('course.yaml'));
  if ('problems' in read) return [];
  const listed = read.facts.units.flatMap(({ id, lessons }) => lessons.map((lesson) => `${id}/${lesson}`));
  const problems = [...texts.keys()].flatMap((path) => {
    const folder = /^(.+)\/lesson\.md$/.exec(path)?.[1];
    return folder === undefined || listed.includes(folder) ? [] : [fileProblem(path, 'a lesson that course.yaml lists', folder, nearestWord(folder, listed))];
  });
  if (listed.length > MOST_LESSONS) problems.push(fileProblem('course.yaml', `at most ${MOST_LESSONS} lessons`, `${listed.length}`));
  return problems;
}

/** The manifest is what a list of packs shows: it must say what the course says. That its hashes are right, the host has found. */
function judgeManifest(text: string | undefined, course: Course): CourseProblem[] {
  if (text === undefined) return [];
  const manifest = readManifest(text);
  if (!('course' in manifest)) return [manifest];
  const pairs = [['course', course.id, manifest.course], ['title', course.title, manifest.title], ['version', course.version, manifest.version], ['engine', course.engine ?? null, manifest.engine], ['licence', course.licence, manifest.licence]] as const;
  return pairs.flatMap(([key, wanted, found]) => (wanted === found ? [] : [{ ...fileProblem('manifest.json', `${wanted ?? 'null'}, as course.yaml says`, `${found ?? 'null'}`), key }]));
}

/** The manifest, or the first thing wrong with it. */
export function readManifest(text: string): PackManifest | CourseProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fileProblem('manifest.json', 'JSON, as podwire course pack writes it', cause instanceof Error ? cause.message : 'none');
  }
  const read = PackManifest.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  return { ...fileProblem('manifest.json', issue?.message ?? 'a manifest', 'something else'), key: issue?.path.join('.') ?? '' };
}

/** Versions are compared by their three numbers. A Podwire that is being developed has none, and takes every pack. */
export function isWithin(version: string, range: string): boolean {
  const mine = numbersOf(version);
  if (mine === null) return true;
  return range.split(' ').every((comparison) => {
    const [, operator = '', wanted = ''] = /^([<>=]+)(.*)$/.exec(comparison) ?? [];
    const other = numbersOf(wanted) ?? [0, 0, 0];
    const difference = mine.map((number, index) => number - (other[index] ?? 0)).find((each) => each !== 0) ?? 0;
    return operator === '>=' ? difference >= 0 : operator === '<=' ? difference <= 0 : operator === '>' ? difference > 0 : operator === '<' ? difference < 0 : difference === 0;
  });
}

function numbersOf(version: string): number[] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? null : match.slice(1).map(Number);
}
