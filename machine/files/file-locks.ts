/** Locks on whole files. Read first: flock(2), fs/locks.c (flock_lock_inode) */
import { WaitQueue } from '../scheduler.ts';
import type { Inode } from './inode.ts';
import type { TreeFile } from './open-file.ts';

export type LockKind = 'shared' | 'exclusive' | 'none';
export interface FileLocks { readonly holders: { readonly file: TreeFile; readonly isExclusive: boolean; readonly pid: number }[]; readonly changed: WaitQueue }

/** Takes, changes or drops the lock of an open file. A change drops the old lock first, so that it may be lost; false: others are in the way. */
export function tryLock(file: TreeFile, kind: LockKind, pid: number): boolean {
  const locks = locksOf(file.inode);
  dropLock(file);
  if (kind === 'none') return true;
  const isExclusive = kind === 'exclusive';
  if (isExclusive ? locks.holders.length > 0 : locks.holders.some((holder) => holder.isExclusive)) return false;
  locks.holders.push({ file, isExclusive, pid });
  return true;
}

export function locksOf(inode: Inode): FileLocks {
  inode.locks ??= { holders: [], changed: new WaitQueue() };
  return inode.locks;
}

export function dropLock(file: TreeFile): void {
  const { locks } = file.inode;
  const at = locks?.holders.findIndex((holder) => holder.file === file) ?? -1;
  if (at < 0) return;
  locks!.holders.splice(at, 1);
  locks!.changed.wake();
}
