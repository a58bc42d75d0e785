/** `podwire course new FOLDER`: two small lessons that are well formed and proved as they stand, to be changed into others. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { schemaTexts } from '../labs/course/index.ts';
import { firstCourse } from './course-template.ts';

/** Not part of the course: what an editor needs to complete and check the YAML, offline. */
const schemasFolder = '.schemas';

export function newCourse(args: readonly string[]): number {
  const [folder] = args;
  if (folder === undefined) {
    process.stderr.write('podwire: course new: wants the name of a folder to make\n');
    return 2;
  }
  const path = resolve(folder);
  if (existsSync(path) && readdirSync(path).length > 0) {
    process.stderr.write(`podwire: course new: ${folder} is there already and not empty; nothing was changed\n`);
    return 1;
  }
  const schemas = Object.entries(schemaTexts()).map(([name, text]) => [`${schemasFolder}/${name}`, text] as const);
  for (const [name, text] of [...Object.entries(firstCourse(idOf(basename(path)), schemasFolder)), ...schemas]) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  process.stdout.write(`${folder}: a course of two lessons\n\n  podwire course validate ${folder}\n  podwire course test ${folder}\n  podwire course pack ${folder}\n  podwire serve --pack ${folder}\n`);
  return 0;
}

/** A course's id out of a folder's name. */
function idOf(name: string): string {
  const id = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '');
  return id === '' ? 'my-course' : id;
}
