/**
 * A pack's files, judged one by one before anything reads what they mean: names, sizes, and that each is what its name says.
 * The numbers are far above what a course needs and far below what hurts: the longest lesson that ships is 6 KB of Markdown.
 */
import type { CourseProblem } from '../../contracts/course.ts';
import { clashes, type FileKind, kindOfPath, shownName } from './pack-paths.ts';
import { readPicture } from './pack-pictures.ts';

export const packLimits = {
  /** A whole pack, as it is kept or sent. */
  packBytes: 10_000_000,
  files: 1500,
  markdownBytes: 32_000,
  yamlBytes: 64_000,
  otherTextBytes: 400_000,
  pictureBytes: 1_000_000,
  pictureSide: 4096,
} as const;

export type PackFiles = ReadonlyMap<string, Uint8Array>;

export function fileProblem(file: string, wanted: string, found: string, nearest: string | null = null, line = 0): CourseProblem {
  return { file: shownName(file), line, key: '', wanted, found, nearest };
}

/** What a file of that name may hold at most; for what may not be there at all, nothing. */
export function mostBytes(path: string): number {
  const kind = kindOfPath(path);
  if (typeof kind !== 'string') return 0;
  return kind === 'picture' ? packLimits.pictureBytes : kind === 'signature' ? 1000 : path.endsWith('.md') ? packLimits.markdownBytes : path.endsWith('.yaml') ? packLimits.yamlBytes : packLimits.otherTextBytes;
}

/** Faults of the list of names alone: what can be said before a byte of content is read. */
export function judgeNames(paths: readonly string[]): CourseProblem[] {
  if (paths.length > packLimits.files) return [fileProblem('the pack', `at most ${packLimits.files} files`, `${paths.length}`)];
  const problems: CourseProblem[] = [];
  for (const path of paths) {
    const kind = kindOfPath(path);
    if (typeof kind !== 'string') problems.push(fileProblem(path, kind.wanted, kind.found, kind.nearest));
  }
  for (const { path, fault } of clashes(paths)) problems.push(fileProblem(path, fault.wanted, fault.found, fault.nearest));
  return problems;
}

export function judgeFiles(files: PackFiles): CourseProblem[] {
  const problems = judgeNames([...files.keys()]);
  if (problems.length > 0) return problems;
  let total = 0;
  for (const [path, bytes] of files) {
    total += bytes.length;
    problems.push(...judgeFile(path, kindOfPath(path) as FileKind, bytes));
  }
  if (total > packLimits.packBytes) problems.push(fileProblem('the pack', `at most ${packLimits.packBytes} bytes`, `${total}`));
  return problems;
}

function judgeFile(path: string, kind: FileKind, bytes: Uint8Array): CourseProblem[] {
  const most = mostBytes(path);
  if (bytes.length > most) return [fileProblem(path, `at most ${most} bytes`, `${bytes.length}`)];
  return kind === 'text' ? judgeText(path, bytes) : kind === 'picture' ? judgePicture(path, bytes) : [];
}

function judgeText(path: string, bytes: Uint8Array): CourseProblem[] {
  const text = textOf(bytes);
  if (text === null) return [fileProblem(path, 'text in UTF-8', 'bytes that are none')];
  // Controls have no place in text, and those that turn the direction of reading make a command look like another.
  const odd = /[\0-\x08\v\f\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]/.exec(text);
  return odd === null ? [] : [fileProblem(path, 'visible text', shownName(odd[0]), null, text.slice(0, odd.index).split('\n').length)];
}

const kindsByEnding: Readonly<Record<string, string>> = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg', webp: 'webp' };

function judgePicture(path: string, bytes: Uint8Array): CourseProblem[] {
  const picture = readPicture(bytes);
  const ending = /[^.]*$/.exec(path)?.[0] ?? '';
  if (picture === null) return [fileProblem(path, `a picture: ${Object.keys(kindsByEnding).join(', ')}`, 'something else')];
  if (picture.kind !== kindsByEnding[ending]) return [fileProblem(path, `what its name says, ${ending}`, picture.kind)];
  const { width, height } = picture;
  if (width < 1 || height < 1 || width > packLimits.pictureSide || height > packLimits.pictureSide) return [fileProblem(path, `1 to ${packLimits.pictureSide} dots on each side`, `${width} by ${height}`)];
  return [];
}

/** Null when the bytes are no UTF-8. A byte order mark at the start is dropped. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
