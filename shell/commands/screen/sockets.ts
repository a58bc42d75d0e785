/** The session sockets in /run/screen/S-USER. Read first: screen's socket.c (FindSocket): the owner's x bit says that somebody is attached. */
import { formatTime } from '../../lib/calendar.ts';
import type { Sys } from '../../../machine/sys.ts';

export interface Session {
  /** PID.NAME */
  readonly name: string;
  readonly path: string;
  readonly isAttached: boolean;
  readonly isDead: boolean;
  readonly createdUs: number;
}

export function userName(sys: Sys): string {
  return sys.machine.users().find(({ uid }) => uid === sys.realUid)?.name ?? String(sys.realUid);
}

export function socketFolder(sys: Sys): string {
  return `/run/screen/S-${userName(sys)}`;
}

/** Newest first. */
export async function sessions(sys: Sys, match?: string): Promise<Session[]> {
  const folder = socketFolder(sys);
  const list = sys.list(folder);
  const found: Session[] = [];
  for (const name of list.ok ? list.value : []) {
    const path = `${folder}/${name}`;
    const stat = sys.stat(path);
    if (!stat.ok || stat.value.kind !== 'socket' || !/^\d+\./.test(name)) continue;
    if (match !== undefined && !matches(name, match)) continue;
    const server = sys.process(Number(name.split('.')[0]));
    found.push({ name, path, isAttached: (stat.value.mode & 0o100) !== 0, isDead: server === undefined || server.state === 'Z', createdUs: stat.value.modifiedUs });
  }
  return found.sort((a, b) => b.createdUs - a.createdUs || Number(b.name.split('.')[0]) - Number(a.name.split('.')[0]));
}

/** `match` may be PID, PID.NAME, NAME or the start of them. */
export function matches(name: string, match: string): boolean {
  return name.startsWith(match) || name.slice(name.indexOf('.') + 1).startsWith(match);
}

/** An exact name wins over longer ones that start alike. */
export function bestMatches(found: readonly Session[], match: string | undefined): readonly Session[] {
  if (match === undefined) return found;
  const exact = found.filter(({ name }) => name === match || name.slice(name.indexOf('.') + 1) === match || name.split('.')[0] === match);
  return exact.length > 0 ? exact : found;
}

export function sessionRow({ name, createdUs, isDead, isAttached }: Session): string {
  return `\t${name}\t(${formatTime('%m/%d/%y %H:%M:%S', Math.floor(createdUs / 1_000_000))})\t(${isDead ? 'Dead ???' : isAttached ? 'Attached' : 'Detached'})`;
}
