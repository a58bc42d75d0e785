/**
 * The packs a learner has opened: one file each, named after the SHA-256 of its bytes, written beside its place and moved there.
 * A pack is there whole or not at all, and one whose bytes have changed since is not read.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { PackManifest } from '../../contracts/course.ts';
import { type PackFiles, readManifest, textOf } from '../../labs/course/index.ts';
import { readPackZip, sha256 } from './read-pack.ts';

const packName = /^([0-9a-f]{64})\.podwire$/;

interface KeptPack { readonly digest: string; readonly manifest: PackManifest }

export class PackStore {
  private readonly directory: string;
  private readonly packs = new Map<string, KeptPack>();

  /** What cannot be read is not listed, and stays where it is. */
  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(directory)) if (name.endsWith('.arriving')) rmSync(join(directory, name));
    const names = readdirSync(directory).filter((name) => packName.test(name)).map((name) => ({ digest: name.slice(0, 64), writtenMs: statSync(join(directory, name)).mtimeMs }));
    // Whoever was ended between writing a newer version and removing the older one has both: the newer counts.
    for (const { digest } of names.sort((a, b) => a.writtenMs - b.writtenMs)) {
      const files = this.filesOf(digest);
      const manifest = files === undefined ? undefined : manifestOf(files);
      if (manifest !== undefined) this.packs.set(manifest.course, { digest, manifest });
    }
  }

  all(): PackManifest[] {
    return [...this.packs.values()].map(({ manifest }) => manifest).sort((a, b) => (a.course < b.course ? -1 : 1));
  }

  find(course: string): KeptPack | undefined {
    return this.packs.get(course);
  }

  /** Throws what the file system says, and when the file is not what it was. */
  files(course: string): PackFiles | undefined {
    const kept = this.packs.get(course);
    if (kept === undefined) return undefined;
    const files = this.filesOf(kept.digest);
    if (files === undefined) throw new Error(`The pack of ${kept.manifest.title} has been changed or lost on the disk. Open it again from its file.`);
    return files;
  }

  /** `bytes` as sealPack makes them. Takes the place of another pack of the same course. */
  keep(bytes: Uint8Array, manifest: PackManifest): void {
    const digest = sha256(bytes);
    const older = this.packs.get(manifest.course);
    const arriving = join(this.directory, `${digest}.arriving`);
    const fd = openSync(arriving, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(arriving, this.pathOf(digest));
    this.packs.set(manifest.course, { digest, manifest });
    if (older !== undefined && older.digest !== digest) rmSync(this.pathOf(older.digest), { force: true });
  }

  remove(course: string): boolean {
    const kept = this.packs.get(course);
    if (kept === undefined) return false;
    rmSync(this.pathOf(kept.digest), { force: true });
    return this.packs.delete(course);
  }

  private pathOf(digest: string): string {
    return join(this.directory, `${digest}.podwire`);
  }

  private filesOf(digest: string): PackFiles | undefined {
    try {
      const bytes = readFileSync(this.pathOf(digest));
      if (sha256(bytes) !== digest) return undefined;
      const read = readPackZip(digest, bytes);
      return 'files' in read ? read.files : undefined;
    } catch {
      return undefined;
    }
  }
}

export function manifestOf(files: PackFiles): PackManifest | undefined {
  const bytes = files.get('manifest.json');
  const manifest = bytes === undefined ? undefined : readManifest(textOf(bytes) ?? '');
  return manifest !== undefined && 'course' in manifest ? manifest : undefined;
}
