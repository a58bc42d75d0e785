/** The course in front, parsed once. */
import type { Course, Lesson, Unit } from '../../contracts/course.ts';
import { CourseFiles } from '../../contracts/host.ts';
import { host } from './host.svelte.ts';
import { readCourse } from './read-course.ts';
import { shippedCourse } from './router.svelte.ts';

class CourseState {
  id = $state(shippedCourse);
  course = $state.raw<Course>();
  problems = $state.raw<readonly string[]>([]);
  private asked = 0;

  /** The course before stays in front until this one has been read. Throws when it cannot be. */
  async show(id: string): Promise<void> {
    const asked = ++this.asked;
    if (this.course !== undefined && this.id === id) return;
    const { files } = CourseFiles.parse(await host.ask({ type: 'course', course: id }));
    const { course, lines } = await readCourse(files);
    if (course === null) throw new Error(lines.join('\n'));
    if (asked !== this.asked) return;
    this.id = id;
    this.course = course;
    this.problems = lines;
  }

  /** What stood in front is no longer what the host has. */
  forget(id: string): void {
    if (this.id === id) this.course = undefined;
  }

  get lessons(): { unit: Unit; unitNumber: number; lesson: Lesson; number: string }[] {
    return (this.course?.units ?? []).flatMap((unit, unitNumber) => unit.lessons.map((lesson, index) => ({ unit, unitNumber, lesson, number: `${unitNumber}.${index + 1}` })));
  }

  find(id: string): CourseState['lessons'][number] | undefined {
    return this.lessons.find(({ lesson }) => lesson.id === id);
  }
}

export const courses = new CourseState();
