/** What other rooms use of the course parser. */
export { chainOf, lessonsOf, loadCourse, loadLesson, type LoadedCourse, type LoadedLesson, whySimulatorOnly } from './course.ts';
export { isWithin, type JudgedPack, judgePack, readCourseFacts, readManifest } from './pack.ts';
export { fileProblem, judgeFiles, judgeNames, mostBytes, packLimits, type PackFiles, textOf } from './pack-files.ts';
export { kindOfPath } from './pack-paths.ts';
export { readPicture } from './pack-pictures.ts';
export { type LessonProof, type ProofFailure, type ProofOptions, type ProofRule, proofRules, proveLesson, turnsOf } from './prove.ts';
export { problemText } from './problems.ts';
export { authorSchemas, schemaTexts } from './schemas.ts';
