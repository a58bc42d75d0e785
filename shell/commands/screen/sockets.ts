/** The session sockets in /run/screen/S-USER. Read first: screen's socket.c (FindSocket): the owner's x bit says that somebody is attached. */
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

/** (11/23/26 01:14:14) */
function stamp(us: number): string {
  const seconds = Math.floor(us / 1_000_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  let day = Math.floor(seconds / 86_400);
  let year = 1970;
  const length = (y: number): number => (y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 366 : 365);
  while (day >= length(year)) {
    day -= length(year);
    year += 1;
  }
  const months = [31, length(year) === 366 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  let month = 0;
  while (day >= months[month]!) {
    day -= months[month]!;
    month += 1;
  }
  const time = seconds % 86_400;
  return `${two(month + 1)}/${two(day + 1)}/${two(year % 100)} ${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}`;
}

export function sessionRow({ name, createdUs, isDead, isAttached }: Session): string {
  return `\t${name}\t(${stamp(createdUs)})\t(${isDead ? 'Dead ???' : isAttached ? 'Attached' : 'Detached'})`;
}
