/** JSON Schemas of everything an author writes as YAML, for editors; published with each release. */
import { z } from 'zod';
import { CourseFile, LessonFile, LessonHead, ProofFile, SolutionFile } from '../../contracts/course.ts';
import { checksJsonSchema } from '../../grading/index.ts';

export function authorSchemas(): Record<string, unknown> {
  const asWritten = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });
  const lesson = asWritten(LessonFile) as unknown as { properties: { checks: { items: unknown } } };
  lesson.properties.checks.items = checksJsonSchema();
  return {
    'course.schema.json': asWritten(CourseFile),
    'lesson.schema.json': lesson,
    'lesson-head.schema.json': asWritten(LessonHead),
    'solution.schema.json': asWritten(SolutionFile),
    'proof.schema.json': asWritten(ProofFile),
  };
}
