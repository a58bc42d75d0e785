/** What other rooms use of the course parser. */
export { chainOf, lessonsOf, loadCourse, type LoadedCourse } from './course.ts';
export { problemText } from './problems.ts';
export { authorSchemas } from './schemas.ts';
