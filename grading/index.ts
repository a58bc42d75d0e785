/** What other rooms use of grading. */
export { createGrader, stateOfEarned, type AnswerGiven, type GradedLesson, type Grader, type GraderState, type JudgeOptions } from './engine.ts';
export type { Finding } from './define.ts';
export { assertionOf, judgeAssertion } from './assertion.ts';
export { CannotTell, Look, type Places } from './look.ts';
export { checkKinds } from './checks/index.ts';
export { checksJsonSchema, nearestWord, validateAssertion, type AssertionProblem } from './validate.ts';
export { fill, placeholdersIn, resolveValue, deviceFields, objectFields, placeFields } from './values.ts';
export { matchesLine } from './pattern.ts';
