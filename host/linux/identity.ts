/**
 * Whose users a sandbox has. Read first: user_namespaces(7), newuidmap(1), subuid(5).
 *
 * Three ways to fill a user namespace: a range of users by newuidmap (the usual one), a range written by root itself, or the one user who started us.
 * With a range, `learner` is a user of his own and sudo means something; with a single user everybody is root in there, and nothing is refused.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Users 0..65535 of a sandbox that root starts: a part of the range nobody else takes, so that nothing outside belongs to them. */
export const ROOTS_RANGE = { start: 1_900_000_000, count: 65_536 };
export const LEARNER_ID = 1000;

interface Range { readonly start: number; readonly count: number }

export type Identity =
  | { readonly way: 'root'; readonly users: Range; readonly groups: Range }
  | { readonly way: 'range'; readonly uid: number; readonly gid: number; readonly users: Range; readonly groups: Range }
  | { readonly way: 'single'; readonly uid: number; readonly gid: number; readonly because: string };
/** In a container it is root's range, or what users the container itself was lent: known in there only. */
export type AnyIdentity = Identity | { readonly way: 'container' };

export function identify(preferred?: 'single'): Identity {
  const { uid, gid, username } = userInfo();
  if (uid === 0) return { way: 'root', users: ROOTS_RANGE, groups: ROOTS_RANGE };
  if (preferred === 'single') return { way: 'single', uid, gid, because: 'it was asked for' };
  if (findProgram('newuidmap') === undefined || findProgram('newgidmap') === undefined) return { way: 'single', uid, gid, because: 'newuidmap is not installed (package uidmap, or shadow-utils)' };
  const users = rangeOf(textOf('/etc/subuid'), username, uid);
  const groups = rangeOf(textOf('/etc/subgid'), username, uid);
  if (users === undefined || groups === undefined) return { way: 'single', uid, gid, because: `/etc/subuid and /etc/subgid give ${username} no range of ${LEARNER_ID + 1} users` };
  return { way: 'range', uid, gid, users, groups };
}

/** subuid(5): `name-or-uid:start:count`, the first that is big enough. */
export function rangeOf(text: string, name: string, uid: number): Range | undefined {
  for (const line of text.split('\n')) {
    const [owner, start, count] = line.split(':');
    if ((owner === name || owner === String(uid)) && Number(count) > LEARNER_ID) return { start: Number(start), count: Math.min(Number(count), 65_535) };
  }
  return undefined;
}

/** The user the sandbox's first process and everything we start in it run as, seen from outside. */
export function outsideUser(identity: Identity): { uid: number; gid: number } | undefined {
  return identity.way === 'root' ? { uid: identity.users.start, gid: identity.groups.start } : undefined;
}

/** Gives the user namespace of process `pid` its users. The single group is 5, tty, because screen insists on giving its terminals to that. */
export function writeMaps(pid: number, identity: Identity): void {
  switch (identity.way) {
    case 'root':
      writeFileSync(`/proc/${pid}/uid_map`, `0 ${identity.users.start} ${identity.users.count}`);
      writeFileSync(`/proc/${pid}/gid_map`, `0 ${identity.groups.start} ${identity.groups.count}`);
      return;
    case 'range':
      execFileSync('newuidmap', [pid, 0, identity.uid, 1, 1, identity.users.start, identity.users.count].map(String), { stdio: 'pipe' });
      execFileSync('newgidmap', [pid, 0, identity.gid, 1, 1, identity.groups.start, identity.groups.count].map(String), { stdio: 'pipe' });
      return;
    case 'single':
      writeFileSync(`/proc/${pid}/setgroups`, 'deny');
      writeFileSync(`/proc/${pid}/uid_map`, `0 ${identity.uid} 1`);
      writeFileSync(`/proc/${pid}/gid_map`, `${SINGLE_GROUP} ${identity.gid} 1`);
      return;
    default: identity satisfies never;
  }
}
export const SINGLE_GROUP = 5;

export function findProgram(name: string, path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`): string | undefined {
  for (const folder of path.split(':')) {
    if (folder === '') continue;
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** A file's text; empty where it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
