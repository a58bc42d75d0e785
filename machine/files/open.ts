/** open(2): from a path to an open file description. */
import type { Result } from '../../simulator/result.ts';
import { fail, ok } from '../../simulator/result.ts';
import type { OpenFlags } from '../sys.ts';
import type { Process } from '../process.ts';
import { MasterFile, TerminalFile } from '../tty/pty-files.ts';
import type { DeviceName } from './devices.ts';
import { DeviceFile, deviceOf } from './devices.ts';
import type { Inode } from './inode.ts';
import { resize, statOf } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { DirectoryFile, RegularFile, SyntheticFile } from './open-file.ts';
import { PipeBuffer, PipeEnd } from './pipe.ts';

export function openFile(by: Process, path: string, asked: OpenFlags): Result<OpenFile> {
  const { tree } = by.machine;
  const flags: OpenFlags = asked.read === true || asked.write === true ? asked : { ...asked, read: true };
  const at = tree.resolveParent(by, path, flags.noFollow !== true && !(flags.create === true && flags.exclusive === true));
  if (!at.ok) return at;
  let inode = at.value.child;
  if (inode === undefined) {
    if (flags.create !== true) return fail('ENOENT');
    if (at.value.mustBeDirectory) return fail('EISDIR');
    const made = tree.createIn(by, at.value, 'file', (flags.mode ?? 0o666) & ~by.umask);
    if (!made.ok) return made;
    inode = made.value;
    return ok(new RegularFile(inode, flags, pathOf(by, at.value.directory, at.value.name), () => by.machine.epochNowUs()));
  }
  if (flags.create === true && flags.exclusive === true) return fail('EEXIST');
  if (inode.kind === 'symlink') return fail('ELOOP');
  if (at.value.mustBeDirectory && inode.kind !== 'directory') return fail('ENOTDIR');
  if (flags.directory === true && inode.kind !== 'directory') return fail('ENOTDIR');
  if (inode.kind === 'directory' && (flags.write === true || flags.create === true)) return fail('EISDIR');
  if (!tree.may(by, inode, (flags.read === true ? 4 : 0) | (flags.write === true ? 2 : 0))) return fail('EACCES');
  // Where nothing can be written not even root's open succeeds (kernfs_fop_open, seq_open_net, proc_sys_permission).
  if (flags.write === true && inode.kind === 'file' && inode.synthetic !== undefined && inode.synthetic.write === undefined) return fail('EACCES');
  if (flags.write === true && inode.fs.isReadOnly && inode.kind === 'file') return fail('EROFS');
  return openInode(by, inode, flags, inode.kind === 'directory' ? tree.pathOf(inode, by.root) : pathOf(by, at.value.directory, at.value.name));
}

function pathOf(by: Process, directory: Inode, name: string): string {
  const base = by.machine.tree.pathOf(directory, by.root);
  return `${base === '/' ? '' : base}/${name}`;
}

function openInode(by: Process, inode: Inode, flags: OpenFlags, path: string): Result<OpenFile> {
  if (inode.shared !== undefined) return ok(inode.shared);
  switch (inode.kind) {
    case 'directory': return ok(new DirectoryFile(inode, flags, path));
    case 'fifo':
      // An anonymous pipe opened again through /proc/PID/fd does not wait for its other end.
      if (inode.pipe !== undefined && inode.fs.type === 'proc') return ok(new PipeEnd(inode.pipe, flags));
      inode.pipe ??= new PipeBuffer(inode.number);
      return ok(new PipeEnd(inode.pipe, flags, inode, path));
    case 'socket': return fail('ENXIO');
    case 'character': return openDevice(by, inode, flags, path);
    case 'file':
      if (inode.synthetic !== undefined) {
        return ok(new SyntheticFile(inode, flags, path));
      }
      if (flags.truncate === true && flags.write === true) {
        resize(inode, 0);
        by.machine.tree.touch(inode);
      }
      return ok(new RegularFile(inode, flags, path, () => by.machine.epochNowUs()));
    case 'block': case 'symlink': return fail('ENXIO');
  }
}

function openDevice(by: Process, inode: Inode, flags: OpenFlags, path: string): Result<OpenFile> {
  const { machine } = by;
  const [major, minor] = inode.rdev ?? [0, 0];
  if (major === 136) {
    const tty = machine.ttys.get(minor);
    if (tty === undefined) return fail('EIO');
    const file = new TerminalFile(tty, flags, () => statOf(inode));
    if (flags.noControllingTty !== true && by.session.leader === by && by.session.tty === undefined && tty.session === undefined) machine.takeTerminal(by, tty);
    return ok(file);
  }
  const device = deviceOf([major, minor]);
  switch (device) {
    case undefined: return fail('ENXIO');
    case 'tty': {
      const { tty } = by.session;
      return tty === undefined ? fail('ENXIO') : ok(new TerminalFile(tty, flags, () => statOf(inode)));
    }
    case 'ptmx': return ok(new MasterFile(machine.createTty({ columns: 80, rows: 24 }, by.uid), () => statOf(inode)));
    case 'console': return fail('EIO');
    default: return ok(new DeviceFile(inode, device as DeviceName, flags, path));
  }
}
