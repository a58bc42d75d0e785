/** A course's files to its tree, in a worker that is ended when a text keeps it busy. */
import type { Course, CourseProblem } from '../../contracts/course.ts';

/** Reading the course that ships takes a fraction of a second. */
const LONGEST_READING_MS = 30_000;

export interface CourseRead { readonly course: Course | null; readonly problems: readonly CourseProblem[]; /** The problems in words. */ readonly lines: readonly string[] }

/** `packFor`, Podwire's version: the files are judged as a pack's. Throws when the reader breaks or does not end. */
export function readCourse(files: Readonly<Record<string, string>>, packFor?: string): Promise<CourseRead> {
  const worker = new Worker(new URL('../worker/course-worker.ts', import.meta.url), { type: 'module', name: 'course' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<CourseRead>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`reading the lessons was ended after ${LONGEST_READING_MS / 1000} seconds`)), LONGEST_READING_MS);
    worker.addEventListener('message', ({ data }: MessageEvent<CourseRead>) => resolve(data));
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.postMessage({ files, ...(packFor === undefined ? {} : { packFor }) });
  }).finally(() => {
    clearTimeout(timer);
    worker.terminate();
  });
}
