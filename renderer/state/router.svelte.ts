/** Where one is, in the address after #: a course's home, a lesson, or free play. The course that ships is not named. Reload and back return there. */
export const shippedCourse = 'gke-networking';

export type Route = { readonly page: 'home'; readonly course: string } | { readonly page: 'play'; readonly course: string; readonly name: string | undefined } | { readonly page: 'lesson'; readonly course: string; readonly lesson: string };

function read(): Route {
  const parts = location.hash.split('/').slice(1).map(decodeURIComponent);
  if (parts[0] === 'play') return { page: 'play', course: shippedCourse, name: parts[1] === '' ? undefined : parts[1] };
  const course = parts[0] === 'course' && parts[1] !== undefined && parts[1] !== '' ? parts[1] : shippedCourse;
  const [page, lesson] = course === shippedCourse ? parts : parts.slice(2);
  return page === 'lesson' && lesson !== undefined && lesson !== '' ? { page, course, lesson } : { page: 'home', course };
}

class Router {
  route = $state<Route>(read());
  constructor() {
    addEventListener('hashchange', () => {
      this.route = read();
    });
  }
  home(course = this.route.course): void {
    location.hash = courseAddress(course);
  }
  open(lesson: string): void {
    location.hash = lessonAddress(lesson);
  }
}

export const router = new Router();
export const playsAddress = '#/play';
export const playAddress = (name: string): string => `${playsAddress}/${encodeURIComponent(name)}`;
export const courseAddress = (course: string): string => (course === shippedCourse ? '#/' : `#/course/${encodeURIComponent(course)}`);
/** Of the course in front. */
export const lessonAddress = (lesson: string): string => `${courseAddress(router.route.course).replace(/\/$/, '')}/lesson/${encodeURIComponent(lesson)}`;
