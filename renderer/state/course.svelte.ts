/** The course the learner takes, parsed once. */
import type { Course, Lesson, Unit } from '../../contracts/course.ts';
import { CourseFiles } from '../../contracts/host.ts';
import { host } from './host.svelte.ts';

class CourseState {
  id = $state('gke-networking');
  course = $state.raw<Course>();
  problems = $state.raw<string[]>([]);
  private loading: Promise<void> | undefined;

  load(): Promise<void> {
    this.loading ??= this.read();
    return this.loading;
  }

  get lessons(): { unit: Unit; unitNumber: number; lesson: Lesson; number: string }[] {
    return (this.course?.units ?? []).flatMap((unit, unitNumber) => unit.lessons.map((lesson, index) => ({ unit, unitNumber, lesson, number: `${unitNumber}.${index + 1}` })));
  }

  find(id: string): CourseState['lessons'][number] | undefined {
    return this.lessons.find(({ lesson }) => lesson.id === id);
  }

  private async read(): Promise<void> {
    const { files } = CourseFiles.parse(await host.ask({ type: 'course', course: this.id }));
    const worker = new Worker(new URL('../worker/course-worker.ts', import.meta.url), { type: 'module', name: 'course' });
    const { course, problems } = await new Promise<{ course: Course | null; problems: string[] }>((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', ({ message }) => reject(new Error(message)));
      worker.postMessage(files);
    });
    worker.terminate();
    this.problems = problems;
    if (course === null) throw new Error(problems.join('\n'));
    this.course = course;
  }
}

export const courses = new CourseState();
