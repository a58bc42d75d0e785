/** JSON Schemas of everything an author writes as YAML, and of a pack's manifest; docs/schemas/ holds them as files. */
import { z } from 'zod';
import { CourseFile, LessonFile, LessonHead, PackManifest, ProofFile, SolutionFile } from '../../contracts/course.ts';
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
    'manifest.schema.json': asWritten(PackManifest),
  };
}

/** As files. A JSON file has no first line to say that it is generated: its `$comment` does. */
export function schemaTexts(): Record<string, string> {
  return Object.fromEntries(Object.entries(authorSchemas()).map(([name, schema]) => [name, `${JSON.stringify({ $comment: 'Generated from contracts/course.ts and grading/checks/.', ...(schema as object) }, null, 2)}\n`]));
}
