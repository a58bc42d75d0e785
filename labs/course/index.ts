/** What other rooms use of the course parser. */
export { chainOf, lessonsOf, loadCourse, loadLesson, type LoadedCourse, type LoadedLesson } from './course.ts';
export { type LessonProof, type ProofFailure, type ProofOptions, type ProofRule, proofRules, proveLesson } from './prove.ts';
export { problemText } from './problems.ts';
export { authorSchemas } from './schemas.ts';
