/**
 * Where packs come in: read and judged as files here, judged as courses by the page that asks (a parser that a text keeps busy
 * can be ended there), and kept when it says so.
 */
import { basename } from 'node:path';
import type { PackOpened } from '../../contracts/host.ts';
import { fileProblem, type PackFiles, readCourseFacts } from '../../labs/course/index.ts';
import { manifestOf, PackStore } from './pack-store.ts';
import { type ReadPack, readPackAt, readPackFiles, readPackZip, sha256, textsOf } from './read-pack.ts';
import { sealPack } from './seal-pack.ts';
import { readZip } from './zip-reader.ts';

export type PackContent = { readonly zip: string } | { readonly files: Readonly<Record<string, string>> };

export class PackDesk {
  readonly store: PackStore;
  private readonly shippedCourses: () => readonly string[];
  private readonly offered: string[] = [];
  private readonly read = new Map<number, Uint8Array>();
  private nextPack = 1;

  constructor(directory: string, shippedCourses: () => readonly string[]) {
    this.store = new PackStore(directory);
    this.shippedCourses = shippedCourses;
  }

  /** A path that came from the system or the command line. A page never names one. */
  offer(path: string): void {
    if (!this.offered.includes(path)) this.offered.push(path);
  }

  openOffered(): PackOpened | null {
    const path = this.offered.shift();
    return path === undefined ? null : this.opened(basename(path), readPackAt(path));
  }

  open(name: string, content: PackContent): PackOpened {
    if ('zip' in content) return this.opened(name, readPackZip(name, Buffer.from(content.zip, 'base64')));
    return this.opened(name, readPackFiles(new Map(Object.entries(content.files).map(([path, bytes]) => [path, Buffer.from(bytes, 'base64')]))));
  }

  /** Answers the course's id; undefined when that pack is no longer in hand. */
  keep(pack: number): string | undefined {
    const bytes = this.read.get(pack);
    const files = bytes === undefined ? undefined : filesOf(bytes);
    const manifest = files === undefined ? undefined : manifestOf(files);
    if (bytes === undefined || manifest === undefined) return undefined;
    this.store.keep(bytes, manifest);
    this.read.delete(pack);
    return manifest.course;
  }

  private opened(name: string, read: ReadPack): PackOpened {
    if ('problems' in read) return { status: 'refused', name, problems: [...read.problems] };
    const course = readCourseFacts(textsOf(read.files).get('course.yaml'));
    if ('problems' in course) return { status: 'refused', name, problems: [...course.problems] };
    const { id } = course.facts;
    if (this.shippedCourses().includes(id)) return { status: 'refused', name, problems: [{ ...fileProblem('course.yaml', 'an id of its own', `${id}, a course that comes with Podwire`, null, course.idLine), key: 'id' }] };
    const bytes = sealPack(read.files, course.facts);
    const installed = this.store.find(id);
    // One at a time: whoever opens another has let go of the last.
    this.read.clear();
    const pack = this.nextPack++;
    this.read.set(pack, bytes);
    return { status: 'read', name, pack, files: Object.fromEntries(textsOf(filesOf(bytes))), installed: installed === undefined ? null : { version: installed.manifest.version, isSame: installed.digest === sha256(bytes) } };
  }
}

/** Of bytes that sealPack made. */
function filesOf(bytes: Uint8Array): PackFiles {
  const read = readZip(bytes, { entries: Infinity, bytes: Infinity });
  if ('fault' in read) throw new Error(`a sealed pack cannot be read: ${read.fault.found}`);
  return new Map(read.entries.map((entry) => [entry.path, entry.bytes]));
}
