/** Accounts and packages of one root directory: the machine's, or a container's. Read first: passwd(5), group(5), dpkg(1) */
import type { Result } from '../simulator/result.ts';
import { done, fail } from '../simulator/result.ts';
import { equalBytes, fromUtf8 } from '../simulator/bytes.ts';
import type { ContainerService } from './container-service.ts';
import type { Inode } from './files/inode.ts';
import type { ImageGroup, ImagePackage, ImageUser, MachineImage } from './image.ts';
import type { Machine } from './machine.ts';
import type { MachinePorts } from './sys.ts';

export class RootPorts implements MachinePorts {
  private readonly machine: Machine;
  private readonly image: MachineImage;
  /** Where the root stands on the machine: '' for the machine's own. */
  private readonly path: string;
  /** In front of its programs' paths in the machine's table. */
  private readonly prefix: string;
  private readonly installed: Set<string>;
  private readonly knownUsers: { bytes: Uint8Array; entries: ImageUser[] } = { bytes: new Uint8Array(0), entries: [] };
  private readonly knownGroups: { bytes: Uint8Array; entries: ImageGroup[] } = { bytes: new Uint8Array(0), entries: [] };

  constructor(machine: Machine, image: MachineImage, path = '', prefix = '') {
    this.machine = machine;
    this.image = image;
    this.path = path;
    this.prefix = prefix;
    this.installed = new Set(image.packages.filter((entry) => entry.installed).map((entry) => entry.name));
  }

  /** Puts in place the programs of what is installed and of no package. */
  placePrograms(): void {
    const absent = new Set<string>();
    for (const entry of this.image.packages) if (!this.installed.has(entry.name)) for (const path of entry.files) absent.add(path);
    for (const entry of this.image.packages) if (this.installed.has(entry.name)) for (const path of entry.files) absent.delete(path);
    const directories = new Map<string, Inode>();
    for (const path of this.image.programs.keys()) if (!absent.has(path)) this.placeProgram(path, directories);
  }

  private placeProgram(path: string, directories?: Map<string, Inode>): void {
    this.machine.putProgram(`${this.path}${path}`, `${this.prefix}${path}`, this.image.setuid?.has(path) === true ? 0o4755 : 0o755, directories);
  }

  users(): ImageUser[] {
    return this.accounts('/etc/passwd', this.knownUsers, ([name = '', , uid = '0', gid = '0', gecos = '', home = '/', shell = '']) => ({ name, uid: Number(uid), gid: Number(gid), gecos, home, shell }));
  }

  groups(): ImageGroup[] {
    return this.accounts('/etc/group', this.knownGroups, ([name = '', , gid = '0', members = '']) => ({ name, gid: Number(gid), members: members === '' ? [] : members.split(',') }));
  }

  /** Asked for all the time (who is who), changed almost never: taken apart again only when the file's bytes differ. */
  private accounts<Entry>(path: string, known: { bytes: Uint8Array; entries: Entry[] }, entryOf: (fields: readonly string[]) => Entry): Entry[] {
    const bytes = this.machine.readFileAt(`${this.path}${path}`) ?? new Uint8Array(0);
    if (!equalBytes(known.bytes, bytes)) {
      known.bytes = bytes;
      known.entries = fromUtf8(bytes).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => entryOf(line.split(':')));
    }
    return known.entries;
  }

  packages(): ImagePackage[] {
    return this.image.packages.map((entry) => ({ ...entry, installed: this.installed.has(entry.name) }));
  }

  installPackage(name: string): Result {
    return this.change(name, true);
  }

  removePackage(name: string): Result {
    return this.change(name, false);
  }

  private change(name: string, install: boolean): Result {
    const entry = this.image.packages.find((known) => known.name === name);
    if (entry === undefined) return fail('ENOENT');
    if (this.installed.has(name) === install) return done;
    const { tree, init } = this.machine;
    for (const path of entry.files) {
      if (install && this.image.programs.has(path)) {
        this.placeProgram(path);
        continue;
      }
      const found = tree.resolve(init, `${this.path}${path}`, false);
      if (!install && found.ok && found.value.kind !== 'directory') tree.unlink(init, `${this.path}${path}`);
    }
    if (install) this.installed.add(name);
    else this.installed.delete(name);
    return done;
  }

  containers(): ContainerService | undefined {
    return this.path === '' ? this.machine.containerService : undefined;
  }

  bootedUs(): number {
    return this.machine.bootedUs();
  }
}
