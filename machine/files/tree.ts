/** The file tree: path walks, permissions and what changes directories. Read first: path_resolution(7) */
import type { Result } from '../../simulator/result.ts';
import { done, fail, ok } from '../../simulator/result.ts';
import { utf8 } from '../../simulator/bytes.ts';
import type { FileStat } from '../sys.ts';
import type { Process } from '../process.ts';
import type { FileSystem, Inode } from './inode.ts';

/** Who asks: what a permission check needs. */
export interface Credentials { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

const MAX_LINKS = 40;

export interface Parent { readonly directory: Inode; readonly name: string; readonly child: Inode | undefined; readonly mustBeDirectory: boolean }

export class FileTree {
  readonly root: Inode;
  readonly fileSystems: FileSystem[] = [];
  private nextInode = 2;
  private nextDevice = 0x801;
  private readonly nowUs: () => number;

  constructor(nowUs: () => number, root: { type: string; source: string; options: string }) {
    this.nowUs = nowUs;
    const fs = this.fileSystem({ ...root, target: '/' });
    this.root = this.newInode(fs, 'directory', 0o755, 0, 0);
    this.root.parent = this.root;
    this.root.name = '';
  }

  private fileSystem(spec: { type: string; source: string; options: string; target: string }): FileSystem {
    const fs: FileSystem = { ...spec, device: this.nextDevice, newestFirst: spec.type === 'tmpfs', isReadOnly: spec.options.split(',').includes('ro') };
    this.nextDevice = this.fileSystems.length === 0 ? 0x15 : this.nextDevice + 1;
    this.fileSystems.push(fs);
    return fs;
  }

  /** What is mounted at or below a path is gone (umount(8) in a tree that goes away with it). */
  forgetFileSystems(path: string): void {
    for (let at = this.fileSystems.length - 1; at >= 0; at -= 1) {
      const { target } = this.fileSystems[at]!;
      if (target === path || target.startsWith(`${path}/`)) this.fileSystems.splice(at, 1);
    }
  }

  newInode(fs: FileSystem, kind: FileStat['kind'], mode: number, uid: number, gid: number): Inode {
    const now = this.nowUs();
    const number = this.nextInode;
    this.nextInode += 1;
    const inode: Inode = { number, kind, fs, mode, uid, gid, links: kind === 'directory' ? 2 : 1, accessedUs: now, modifiedUs: now, changedUs: now, size: 0 };
    if (kind === 'directory') inode.entries = new Map();
    return inode;
  }

  /** Mounts a fresh file system on a directory that exists and answers its root. */
  mount(at: string, spec: { type: string; source: string; options: string }, root?: (fs: FileSystem) => Inode): Inode {
    const point = this.makeDirectories(at);
    const fs = this.fileSystem({ ...spec, target: at });
    const made = root?.(fs) ?? this.newInode(fs, 'directory', 0o755, 0, 0);
    made.parent = point.parent!;
    made.name = point.name!;
    point.mounted = made;
    return made;
  }

  /** Shows a directory at a second place, as a bind mount does: the same entries below a root of their own. */
  bind(from: Inode, at: string, isReadOnly = false): void {
    const point = this.makeDirectories(at);
    const { type, source, options } = from.fs;
    const root = this.newInode(this.fileSystem({ type, source, options: isReadOnly ? options.replace(/^rw\b/, 'ro') : options, target: at }), 'directory', from.mode, from.uid, from.gid);
    if (from.entries !== undefined) root.entries = from.entries;
    root.parent = point.parent!;
    root.name = point.name!;
    point.mounted = root;
  }

  /** For building images: every directory on the way is made. No permissions asked. */
  makeDirectories(path: string, mode = 0o755, uid = 0, gid = 0): Inode {
    let at = this.root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      let next = at.entries!.get(name);
      if (next?.kind === 'symlink') {
        at = this.makeDirectories(next.target!.startsWith('/') ? next.target! : `${this.pathOf(at)}/${next.target!}`);
        continue;
      }
      if (next === undefined) {
        next = this.newInode(at.fs, 'directory', mode, uid, gid);
        this.attach(at, name, next);
      }
      at = next.mounted ?? next;
    }
    return at;
  }

  attach(directory: Inode, name: string, inode: Inode): void {
    directory.entries!.set(name, inode);
    if (inode.kind === 'directory') {
      inode.parent = directory;
      inode.name = name;
      directory.links += 1;
    }
    this.touch(directory);
  }

  touch(inode: Inode): void {
    const now = this.nowUs();
    inode.modifiedUs = now;
    inode.changedUs = now;
  }

  /** The absolute path of a directory, links resolved. */
  pathOf(directory: Inode, root = this.root): string {
    let path = '';
    for (let at = directory; at !== root && at.parent !== undefined && at.parent !== at; at = at.parent) path = `/${at.name ?? '?'}${path}`;
    return path === '' ? '/' : path;
  }

  may(who: Credentials, inode: Inode, want: number): boolean {
    if (who.uid === 0) return (want & 1) === 0 || inode.kind === 'directory' || (inode.mode & 0o111) !== 0;
    const bits = inode.uid === who.uid ? inode.mode >> 6 : inode.gid === who.gid || who.groups.includes(inode.gid) ? inode.mode >> 3 : inode.mode;
    return (bits & want) === want;
  }

  /** The file a path names. */
  resolve(by: Process, path: string, follow = true): Result<Inode> {
    if (path === '') return fail('ENOENT');
    const found = this.walk(by, path, follow, { left: MAX_LINKS });
    if (!found.ok) return found;
    if (found.value.child === undefined) return fail('ENOENT');
    if (found.value.mustBeDirectory && found.value.child.kind !== 'directory') return fail('ENOTDIR');
    return ok(found.value.child);
  }

  /** The directory a path's last name is in, for making, renaming and removing. */
  resolveParent(by: Process, path: string, follow = false): Result<Parent> {
    if (path === '') return fail('ENOENT');
    return this.walk(by, path, follow, { left: MAX_LINKS });
  }

  private walk(by: Process, path: string, follow: boolean, links: { left: number }, from?: Inode): Result<Parent> {
    if (path.length > 4096) return fail('ENAMETOOLONG');
    const { root } = by;
    let directory = path.startsWith('/') ? root : (from ?? by.cwd);
    const names = path.split('/').filter((name) => name !== '');
    const mustBeDirectory = path.endsWith('/') || names.at(-1) === '.' || names.at(-1) === '..';
    if (names.length === 0) return ok({ directory: root, name: '/', child: root, mustBeDirectory: true });
    for (let i = 0; ; i += 1) {
      const name = names[i]!;
      const isLast = i === names.length - 1;
      if (directory.kind !== 'directory') return fail('ENOTDIR');
      if (!this.may(by, directory, 1)) return fail('EACCES');
      if (name.length > 85 && utf8(name).length > 255) return fail('ENAMETOOLONG');
      let child = this.child(by, directory, name);
      if (child?.kind === 'symlink' && (!isLast || follow || mustBeDirectory)) {
        if (links.left === 0) return fail('ELOOP');
        links.left -= 1;
        const jump = child.synthetic?.follow?.(by);
        if (jump !== undefined) {
          child = jump;
        } else {
          const text = child.synthetic?.target?.(by) ?? ok(child.target!);
          if (!text.ok) return text;
          const through = this.walk(by, text.value, true, links, directory);
          if (!through.ok || isLast) return through.ok && mustBeDirectory ? ok({ ...through.value, mustBeDirectory: true }) : through;
          if (through.value.child === undefined) return fail('ENOENT');
          child = through.value.child;
        }
      }
      if (isLast) return ok({ directory, name, child, mustBeDirectory });
      if (child === undefined) return fail('ENOENT');
      directory = child;
    }
  }

  child(by: Process, directory: Inode, name: string): Inode | undefined {
    if (name === '.') return directory;
    if (name === '..') return directory === by.root ? directory : (directory.parent ?? directory);
    const found = directory.synthetic?.lookup === undefined ? directory.entries?.get(name) : directory.synthetic.lookup(name, by);
    return found?.mounted ?? found;
  }

  names(by: Process, directory: Inode): string[] {
    if (directory.synthetic?.list !== undefined) return directory.synthetic.list(by);
    const names = [...directory.entries!.keys()];
    return directory.fs.newestFirst ? names.reverse() : names;
  }

  /** Puts a new file, directory, link or node at a path that does not exist yet. */
  create(by: Process, path: string, kind: FileStat['kind'], mode: number): Result<Inode> {
    const at = this.resolveParent(by, path, kind === 'file');
    if (!at.ok) return at;
    if (at.value.child !== undefined) return fail('EEXIST');
    if (at.value.mustBeDirectory && kind !== 'directory') return fail(kind === 'file' ? 'EISDIR' : 'ENOENT');
    return this.createIn(by, at.value, kind, mode);
  }

  createIn(by: Process, at: Parent, kind: FileStat['kind'], mode: number): Result<Inode> {
    const { directory, name } = at;
    if (name === '.' || name === '..') return fail('EEXIST');
    if (directory.synthetic !== undefined) return fail(directory.fs.type === 'sysfs' ? 'EPERM' : 'ENOENT');
    if (directory.fs.isReadOnly) return fail('EROFS');
    if (!this.may(by, directory, 3)) return fail('EACCES');
    const setgid = (directory.mode & 0o2000) !== 0;
    const inode = this.newInode(directory.fs, kind, (mode & 0o7777) | (setgid && kind === 'directory' ? 0o2000 : 0), by.uid, setgid ? directory.gid : by.gid);
    this.attach(directory, name, inode);
    return ok(inode);
  }

  private mayRemove(by: Process, directory: Inode, child: Inode): Result {
    if (directory.synthetic !== undefined) return fail('EPERM');
    if (directory.fs.isReadOnly) return fail('EROFS');
    if (!this.may(by, directory, 3)) return fail('EACCES');
    if ((directory.mode & 0o1000) !== 0 && by.uid !== 0 && by.uid !== child.uid && by.uid !== directory.uid) return fail('EPERM');
    return done;
  }

  unlink(by: Process, path: string): Result {
    const at = this.resolveParent(by, path);
    if (!at.ok) return at;
    const { directory, name, child, mustBeDirectory } = at.value;
    if (child === undefined) return fail('ENOENT');
    if (child.kind === 'directory') return fail('EISDIR');
    if (mustBeDirectory) return fail('ENOTDIR');
    const allowed = this.mayRemove(by, directory, child);
    if (!allowed.ok) return allowed;
    if (child.netns !== undefined) return fail('EBUSY');
    directory.entries!.delete(name);
    child.links -= 1;
    child.changedUs = this.nowUs();
    this.touch(directory);
    return done;
  }

  removeDirectory(by: Process, path: string): Result {
    const at = this.resolveParent(by, path);
    if (!at.ok) return at;
    const { directory, name, child } = at.value;
    if (child === undefined) return fail('ENOENT');
    if (child.kind !== 'directory') return fail('ENOTDIR');
    if (name === '.') return fail('EINVAL');
    if (name === '..') return fail('ENOTEMPTY');
    if (child === by.root || directory.entries?.get(name)?.mounted !== undefined) return fail('EBUSY');
    const allowed = this.mayRemove(by, directory, child);
    if (!allowed.ok) return allowed;
    if (child.entries!.size > 0) return fail('ENOTEMPTY');
    directory.entries!.delete(name);
    directory.links -= 1;
    child.links = 0;
    this.touch(directory);
    return done;
  }

  link(by: Process, from: string, to: string): Result {
    const source = this.resolve(by, from, false);
    if (!source.ok) return source;
    if (source.value.kind === 'directory') return fail('EPERM');
    const at = this.resolveParent(by, to);
    if (!at.ok) return at;
    if (at.value.child !== undefined) return fail('EEXIST');
    if (at.value.directory.fs !== source.value.fs) return fail('EXDEV');
    if (!this.may(by, at.value.directory, 3)) return fail('EACCES');
    this.attach(at.value.directory, at.value.name, source.value);
    source.value.links += 1;
    return done;
  }

  rename(by: Process, from: string, to: string): Result {
    const source = this.resolveParent(by, from);
    if (!source.ok) return source;
    const target = this.resolveParent(by, to);
    if (!target.ok) return target;
    const moved = source.value.child;
    const replaced = target.value.child;
    if (moved === undefined) return fail('ENOENT');
    if (['.', '..', '/'].includes(source.value.name) || ['.', '..', '/'].includes(target.value.name)) return fail('EBUSY');
    if (target.value.mustBeDirectory && moved.kind !== 'directory') return fail('ENOTDIR');
    if (source.value.directory.fs !== target.value.directory.fs) return fail('EXDEV');
    const leave = this.mayRemove(by, source.value.directory, moved);
    if (!leave.ok) return leave;
    if (!this.may(by, target.value.directory, 3)) return fail('EACCES');
    for (let at: Inode = target.value.directory; moved.kind === 'directory'; at = at.parent!) {
      if (at === moved) return fail('EINVAL');
      if (at === by.root || at.parent === undefined) break;
    }
    if (replaced === moved) return done;
    if (replaced !== undefined) {
      const gone = this.mayRemove(by, target.value.directory, replaced);
      if (!gone.ok) return gone;
      if (replaced.kind === 'directory') {
        if (moved.kind !== 'directory') return fail('EISDIR');
        if (replaced.entries!.size > 0) return fail('ENOTEMPTY');
        target.value.directory.links -= 1;
        replaced.links = 0;
      } else {
        if (moved.kind === 'directory') return fail('ENOTDIR');
        replaced.links -= 1;
      }
    }
    source.value.directory.entries!.delete(source.value.name);
    if (moved.kind === 'directory') source.value.directory.links -= 1;
    this.touch(source.value.directory);
    this.attach(target.value.directory, target.value.name, moved);
    moved.changedUs = this.nowUs();
    return done;
  }
}
