/** A course's files to the bytes of a pack: a zip with a manifest that names the SHA-256 of each file. The same files give the same bytes. */
import type { CourseFile, PackManifest } from '../../contracts/course.ts';
import type { PackFiles } from '../../labs/course/index.ts';
import { sha256 } from './read-pack.ts';
import { writeZip } from './zip-writer.ts';

export type CourseFacts = Pick<CourseFile, 'id' | 'title' | 'version' | 'language' | 'licence' | 'engine'>;

/** A manifest that came with the files stays as it is, to the byte: a signature may stand on it. */
export function sealPack(files: PackFiles, course: CourseFacts): Buffer {
  return writeZip(files.has('manifest.json') ? files : new Map([...files, ['manifest.json', manifestText(files, course)]]));
}

function manifestText(files: PackFiles, { id, title, version, language, licence, engine }: CourseFacts): Uint8Array {
  const manifest: PackManifest = {
    podwire: 'pack', format: 1, course: id, title, version, engine: engine ?? null, licence, languages: [language],
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, { sha256: sha256(bytes), bytes: bytes.length }])),
  };
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
}
