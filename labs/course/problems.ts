/** Faults of course files, worded for their author: file, line, key, wanted, found, nearest right word. */
import { Composer, type CST, type Document, isMap, isPair, isScalar, LineCounter, Parser, visit } from 'yaml';
import { z } from 'zod';
import type { CourseProblem } from '../../contracts/course.ts';
import { nearestWord } from '../../grading/index.ts';

export type Path = readonly (string | number)[];

/** "lessons/x/lesson.yaml:14: kind: wanted a check kind, found pingg. Did you mean ping?" */
export function problemText({ file, line, key, wanted, found, nearest }: CourseProblem): string {
  const meant = nearest === null ? '' : ` Did you mean ${nearest}?`;
  return `${line === 0 ? file : `${file}:${line}`}: ${key === '' ? '' : `${key}: `}wanted ${wanted}, found ${found}.${meant}`;
}

export interface YamlText {
  readonly file: string;
  readonly value: unknown;
  /** The line of a key or item; of its nearest known ancestor where it is absent. */
  lineOf(path: Path): number;
}

/** Far above what course files need, far below what makes a reader's stack or memory overflow. */
const DEEPEST = 32;
const MOST_ALIASES = 100;
/** A file that is not YAML at all would otherwise bring a complaint for each of its characters. */
const MOST_COMPLAINTS = 20;

/** Reads YAML and keeps where everything stands. A small file cannot become a large, deep or endless value. */
export function readYaml(file: string, text: string, problems: CourseProblem[], firstLine = 1): YamlText | null {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line + firstLine - 1;
  const complain = (offset: number, wanted: string, found: string) => void problems.push({ file, line: lineAt(offset), key: '', wanted, found, nearest: null });
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = tokenBelow(tokens, DEEPEST);
  if (deep !== null) {
    complain(deep, `values nested at most ${DEEPEST} deep`, 'deeper ones');
    return null;
  }
  const [document, second] = new Composer({ prettyErrors: false, uniqueKeys: true }).compose(tokens, true, text.length);
  if (document === undefined) throw new Error('the composer makes a document of any text');
  for (const error of document.errors.slice(0, MOST_COMPLAINTS)) complain(error.pos[0], 'valid YAML', error.message.split('\n')[0] ?? error.code);
  if (second !== undefined) complain(second.range[0], 'one document', 'a second one, after ---');
  for (const warning of document.warnings.slice(0, MOST_COMPLAINTS)) complain(warning.pos[0], 'plain YAML', warning.message.split('\n')[0] ?? warning.code);
  const endless = aliasOfItsOwn(document);
  if (endless !== null) complain(endless.offset, 'an alias of something else', `*${endless.name} inside &${endless.name}`);
  if (document.errors.length > 0 || document.warnings.length > 0 || second !== undefined || endless !== null) return null;
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    complain(0, `at most ${MOST_ALIASES} values by alias`, 'aliases of aliases that make many more');
    return null;
  }
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
  return { file, value, lineOf };
}

/** Where something stands deeper than `deepest`, or null. No recursion: that is what it guards. */
function tokenBelow(tokens: readonly CST.Token[], deepest: number): number | null {
  const left: [token: CST.Token, depth: number][] = tokens.map((token) => [token, 0]);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [token, depth] = next;
    if (depth > deepest) return token.offset;
    if (token.type === 'document') {
      if (token.value !== undefined) left.push([token.value, depth]);
    } else if ('items' in token) {
      for (const { key, value } of token.items) {
        if (key !== undefined && key !== null) left.push([key, depth + 1]);
        if (value !== undefined) left.push([value, depth + 1]);
      }
    }
  }
  return null;
}

function aliasOfItsOwn(document: Document.Parsed): { offset: number; name: string } | null {
  let found: { offset: number; name: string } | null = null;
  visit(document, {
    Alias(_key, alias, path) {
      const target = alias.resolve(document);
      if (target === undefined || !path.includes(target)) return undefined;
      found = { offset: alias.range?.[0] ?? 0, name: alias.source };
      return visit.BREAK;
    },
  });
  return found;
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
  const misspelt = found === undefined ? misspeltKey(yaml.value, path) : null;
  if (misspelt !== null) {
    const key = String(path.at(-1));
    return [{ file: yaml.file, line: yaml.lineOf([...path.slice(0, -1), misspelt]), key: path.join('.'), wanted: `${key}: ${wantedBy(issue)}`, found: misspelt, nearest: key }];
  }
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

/** A key beside the missing one that was most likely meant to be it. */
function misspeltKey(value: unknown, path: Path): string | null {
  const parent = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof key !== 'string' || typeof parent !== 'object' || parent === null) return null;
  return Object.keys(parent).find((given) => nearestWord(given, [key]) === key) ?? null;
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
