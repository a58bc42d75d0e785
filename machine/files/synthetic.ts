/** Inodes that are made when somebody looks. The same path has the same number as long as the machine lives. */
import type { FileStat } from '../sys.ts';
import type { Process } from '../process.ts';
import type { FileSystem, Inode, Synthetic } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import type { PipeBuffer } from './pipe.ts';

export class SyntheticNodes {
  private readonly fs: FileSystem;
  private readonly nowUs: () => number;
  private readonly numbers = new Map<string, number>();

  constructor(fs: FileSystem, nowUs: () => number) {
    this.fs = fs;
    this.nowUs = nowUs;
  }

  private make(key: string, kind: FileStat['kind'], mode: number, synthetic: Synthetic | undefined, owner?: Process, fixedNumber?: number): Inode {
    let number = fixedNumber ?? this.numbers.get(key);
    if (number === undefined) {
      number = 4_026_532_000 + 10_000 + this.numbers.size;
      this.numbers.set(key, number);
    }
    const now = this.nowUs();
    return {
      number, kind, fs: this.fs, mode, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, links: kind === 'directory' ? 2 : 1,
      accessedUs: now, modifiedUs: now, changedUs: now, size: 0, ...(synthetic === undefined ? {} : { synthetic }),
    };
  }

  /** Children learn who their parent is, so that `..` and getcwd(3) work. */
  directory(key: string, synthetic: Synthetic, owner?: Process): Inode {
    const inode = this.make(key, 'directory', 0o555, {
      ...synthetic,
      lookup: (name, by) => {
        const child = synthetic.lookup?.(name, by);
        if (child?.kind === 'directory') {
          child.parent = inode;
          child.name = name;
        }
        return child;
      },
    }, owner);
    inode.entries = new Map();
    return inode;
  }

  file(key: string, mode: number, synthetic: Synthetic, owner?: Process, fixedNumber?: number): Inode {
    return this.make(key, 'file', mode, synthetic, owner, fixedNumber);
  }

  link(key: string, synthetic: Synthetic, owner?: Process, mode = 0o777): Inode {
    return this.make(key, 'symlink', mode, synthetic, owner);
  }

  pipe(key: string, pipe: PipeBuffer): Inode {
    const inode = this.make(`${key}|`, 'fifo', 0o666, undefined, undefined, pipe.number);
    inode.pipe = pipe;
    return inode;
  }

  shared(key: string, file: OpenFile): Inode {
    const inode = this.make(`${key}|`, 'fifo', 0o666, undefined);
    inode.shared = file;
    return inode;
  }
}
