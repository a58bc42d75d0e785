/** Faults of course files, worded for their author: file, line, key, wanted, found, nearest right word. */
import { isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { CourseProblem } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';

export type Path = readonly (string | number)[];

/** "lessons/x/lesson.yaml:14: kind: wanted a check kind, found pingg. Did you mean ping?" */
export function problemText({ file, line, key, wanted, found, nearest }: CourseProblem): string {
  const meant = nearest === null ? '' : ` Did you mean ${nearest}?`;
  return `${file}:${line}: ${key === '' ? '' : `${key}: `}wanted ${wanted}, found ${found}.${meant}`;
}

export interface YamlText {
  readonly file: string;
  readonly value: unknown;
  /** The line of a key or item; of its nearest known ancestor where it is absent. */
  lineOf(path: Path): number;
}

/** Reads YAML and keeps where everything stands. Aliases are refused beyond 100, so a small file cannot become a large one. */
export function readYaml(file: string, text: string, problems: CourseProblem[], firstLine = 1): YamlText | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number) => lines.linePos(offset).line + firstLine - 1;
  for (const error of document.errors) {
    problems.push({ file, line: lineAt(error.pos[0]), key: '', wanted: 'valid YAML', found: error.message.split('\n')[0] ?? error.code, nearest: null });
  }
  if (document.errors.length > 0) return null;
  const lineOf = (path: Path): number => {
    for (let length = path.length; length > 0; length--) {
      const parent = document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
        if (pair !== undefined && isScalar(pair.key) && pair.key.range) return lineAt(pair.key.range[0]);
      }
      const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] | null } | undefined;
      if (node?.range) return lineAt(node.range[0] as number);
    }
    return firstLine;
  };
  return { file, value: document.toJS({ maxAliasCount: 100 }), lineOf };
}

/** Reads a YAML value by a schema; null, with problems, when it does not fit. */
export function readBySchema<Schema extends z.ZodType>(yaml: YamlText, schema: Schema, problems: CourseProblem[]): z.infer<Schema> | null {
  const read = schema.safeParse(yaml.value);
  if (read.success) return read.data;
  for (const issue of read.error.issues) problems.push(...fromIssue(yaml, issue, schema));
  return null;
}

function fromIssue(yaml: YamlText, issue: z.core.$ZodIssue, schema: z.ZodType): CourseProblem[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      file: yaml.file, line: yaml.lineOf([...path, key]), key: [...path, key].join('.'), wanted: known.length === 0 ? 'a known key' : `one of ${known.join(', ')}`, found: key, nearest: nearestWord(key, known),
    }));
  }
  if (issue.code === 'invalid_union') {
    // The alternative that came furthest is what the author meant.
    const branches = issue.errors.filter((errors) => errors.length > 0);
    const best = branches.sort((a, b) => score(a) - score(b))[0];
    if (best !== undefined) return best.flatMap((nested) => fromIssue(yaml, { ...nested, path: [...path, ...nested.path] } as z.core.$ZodIssue, schema));
  }
  const found = valueAt(yaml.value, path);
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  return [{
    file: yaml.file, line: yaml.lineOf(path), key: path.join('.'), wanted: wantedBy(issue), found: found === undefined ? 'nothing' : shortened(found),
    nearest: typeof found === 'string' ? nearestWord(found, choices) : null,
  }];
}

/** Fewer and deeper complaints mean a nearer miss; a missing key of the alternative itself means it was not meant. */
function score(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : issue.path.length === 1 && issue.code === 'invalid_type' ? 3 : 1), 0);
}

function wantedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `${issue.expected}`;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format') return issue.message;
  return issue.message;
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path) found = (found as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return found;
}

function shortened(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The keys a strict object schema knows at a path, for "did you mean". */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let at: unknown = schema;
  for (const part of path) {
    at = unwrapped(at);
    if (at instanceof z.ZodObject) at = at.shape[String(part)];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return [];
  }
  at = unwrapped(at);
  if (at instanceof z.ZodUnion) return [...new Set(at.options.flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : [])))];
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodDefault || at instanceof z.ZodOptional) at = at.unwrap();
  return at;
}
