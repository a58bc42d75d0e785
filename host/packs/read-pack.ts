/**
 * A pack's files from a zip archive, a folder or a page's upload: names, sizes and kinds judged, hashes compared. Nothing is
 * written and nothing is run; what the files mean is judged by labs/course.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CourseProblem } from '../../contracts/course.ts';
import { fileProblem, judgeFiles, judgeNames, kindOfPath, mostBytes, packLimits, type PackFiles, readManifest, readPicture, textOf } from '../../labs/course/index.ts';
import { isZip, readZip } from './zip-reader.ts';

export type ReadPack = { readonly files: PackFiles } | { readonly problems: readonly CourseProblem[] };

/** What systems leave in folders and archives unasked. A path that climbs is looked at, whatever it ends in. */
const litter = /^(?!.*\.\.)(?:|.*\/)(__MACOSX|\.[^./][^/]*|Thumbs\.db|desktop\.ini)(\/|$)/;

export function readPackAt(path: string): ReadPack {
  const name = basename(path);
  let isFolder: boolean;
  try {
    const status = statSync(path);
    isFolder = status.isDirectory();
    if (!isFolder && !status.isFile()) return refuse(name, 'a pack: a zip archive or a folder', 'neither');
    if (!isFolder && status.size > packLimits.packBytes) return refuse(name, `at most ${packLimits.packBytes} bytes`, `${status.size}`);
  } catch (cause) {
    return refuse(name, 'a pack: a zip archive or a folder', (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'nothing' : (cause as Error).message);
  }
  return isFolder ? readPackFolder(path) : readPackZip(name, readFileSync(path));
}

export function readPackZip(name: string, bytes: Uint8Array): ReadPack {
  if (bytes.length > packLimits.packBytes) return refuse(name, `at most ${packLimits.packBytes} bytes`, `${bytes.length}`);
  if (!isZip(bytes)) return refuse(name, 'a zip archive, as podwire course pack makes it', 'something else');
  const read = readZip(bytes, { entries: packLimits.files, bytes: packLimits.packBytes });
  if ('fault' in read) return refuse(read.fault.entry ?? name, read.fault.wanted, read.fault.found);
  const paths = read.entries.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) return refuse(twice, 'each name once, capitals or not', 'it twice');
  return checked(withoutTop(new Map(read.entries.filter(({ path }) => !litter.test(path)).map(({ path, bytes: content }) => [path, content]))));
}

/** Files that a page was given, by their path below the folder. */
export function readPackFiles(files: PackFiles): ReadPack {
  return checked(withoutTop(new Map([...files].filter(([path]) => !litter.test(path)))));
}

function readPackFolder(folder: string): ReadPack {
  const paths: string[] = [];
  const problems: CourseProblem[] = [];
  const visit = (directory: string, prefix: string, depth: number): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = `${prefix}${entry.name}`;
      // A folder that is no course at all may be a whole disk.
      if (paths.length > packLimits.files || problems.length > packLimits.files) return;
      if (litter.test(path)) continue;
      if (entry.isDirectory() && depth < 10) visit(join(directory, entry.name), `${path}/`, depth + 1);
      else if (entry.isFile()) paths.push(path);
      else problems.push(fileProblem(path, 'a file', entry.isSymbolicLink() ? 'a symbolic link' : entry.isDirectory() ? 'folders beyond all measure' : 'a device, pipe or socket'));
    }
  };
  visit(folder, '', 0);
  problems.push(...judgeNames(paths));
  if (problems.length > 0) return { problems };
  const files = new Map<string, Uint8Array>();
  for (const path of paths.sort()) {
    const bytes = readBounded(join(folder, path), mostBytes(path));
    if (typeof bytes === 'number') return refuse(path, `at most ${mostBytes(path)} bytes`, `${bytes}`);
    files.set(path, bytes);
  }
  return checked(files);
}

/** The bytes, or how many there are when that is too many. A link that has taken the file's place since is not followed. */
function readBounded(path: string, most: number): Uint8Array | number {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { size } = fstatSync(fd);
    return size > most ? size : readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Who zips a folder by hand gets the folder's name in front of everything. */
function withoutTop(files: PackFiles): PackFiles {
  const [first = ''] = files.keys();
  const top = `${first.split('/')[0] ?? ''}/`;
  if (files.has('course.yaml') || !files.has(`${top}course.yaml`) || ![...files.keys()].every((path) => path.startsWith(top))) return files;
  return new Map([...files].map(([path, bytes]) => [path.slice(top.length), bytes]));
}

function checked(files: PackFiles): ReadPack {
  const problems = judgeFiles(files);
  if (problems.length === 0) problems.push(...judgeHashes(files));
  return problems.length > 0 ? { problems } : { files };
}

function judgeHashes(files: PackFiles): CourseProblem[] {
  const text = files.get('manifest.json');
  if (text === undefined) return [];
  const manifest = readManifest(textOf(text) ?? '');
  if (!('course' in manifest)) return [manifest];
  const listed = new Map(Object.entries(manifest.files));
  const problems = [...files].flatMap(([path, bytes]) => {
    if (path === 'manifest.json' || path === 'manifest.sig') return [];
    const said = listed.get(path);
    listed.delete(path);
    if (said === undefined) return [fileProblem(path, 'a file that manifest.json lists', 'one that it does not')];
    return said.bytes === bytes.length && said.sha256 === sha256(bytes) ? [] : [fileProblem(path, `SHA-256 ${said.sha256.slice(0, 12)}..., as manifest.json says`, `${sha256(bytes).slice(0, 12)}...: it was changed since it was packed`)];
  });
  return [...problems, ...[...listed.keys()].map((path) => fileProblem(path, 'a file, as manifest.json says', 'nothing'))];
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A pack as the course reader wants it: texts, and pictures as data: addresses. */
export function textsOf(files: PackFiles): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [path, bytes] of files) {
    const kind = kindOfPath(path);
    if (kind === 'text') texts.set(path, textOf(bytes) ?? '');
    else if (kind === 'picture') texts.set(path, `data:image/${readPicture(bytes)?.kind ?? 'png'};base64,${Buffer.from(bytes).toString('base64')}`);
  }
  return texts;
}

function refuse(file: string, wanted: string, found: string): ReadPack {
  return { problems: [fileProblem(file, wanted, found)] };
}
