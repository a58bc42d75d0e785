/** Course folders as text. A pack is data: only text files are read, nothing is run, sizes are bounded. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const TEXT_FILE = /\.(md|ya?ml|txt|json)$/;
const MOST_FILES = 5_000;
const MOST_BYTES = 2_000_000;

/** Paths are relative to the course folder, with forward slashes. */
export function readCourse(directory: string): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (folder: string, prefix: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) visit(path, `${name}/`);
      else if (entry.isFile() && TEXT_FILE.test(entry.name)) {
        if (statSync(path).size > MOST_BYTES) throw new Error(`${name}: larger than ${MOST_BYTES} bytes`);
        if (Object.keys(files).length >= MOST_FILES) throw new Error(`${directory}: more than ${MOST_FILES} files`);
        files[name] = readFileSync(path, 'utf8');
      }
    }
  };
  visit(directory, '');
  return files;
}

/** The courses below a folder: those with a course.yaml. */
export function listCourses(directory: string): { id: string; title: string; path: string }[] {
  const courses: { id: string; title: string; path: string }[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    try {
      const file = parse(readFileSync(join(path, 'course.yaml'), 'utf8')) as { title?: unknown };
      courses.push({ id: entry.name, title: typeof file.title === 'string' ? file.title : entry.name, path });
    } catch {
      // A folder without a readable course.yaml is not a course; `podwire course validate` says why.
    }
  }
  return courses.sort((a, b) => (a.id < b.id ? -1 : 1));
}
