/** What a machine is made of: files, users, packages, programs. Data only; labs/ puts images together. */
import type { MachinePorts, Program } from './sys.ts';

export interface ImageFile {
  readonly path: string;
  /** Absent: a directory, unless `link` is given. */
  readonly content?: string | Uint8Array;
  /** Text of a symbolic link. */
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export type ImageUser = ReturnType<MachinePorts['users']>[number];
export type ImageGroup = ReturnType<MachinePorts['groups']>[number];
export type ImagePackage = ReturnType<MachinePorts['packages']>[number];

export interface MachineImage {
  /** Which base tree to start from; 'none' gives /dev, /proc, /sys, /run, /tmp and what `files` say. */
  readonly base?: 'debian' | 'none';
  readonly files: readonly ImageFile[];
  readonly users: readonly ImageUser[];
  readonly groups: readonly ImageGroup[];
  readonly packages: readonly ImagePackage[];
  /** Path -> program. A file whose package is not installed is absent until it is. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly setuid?: ReadonlySet<string>;
}
