/** One Podwire per data folder: progress has one connection, a log one writer. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class AlreadyRunning extends Error {
  readonly pid: number;
  readonly url: string | undefined;
  constructor(pid: number, url: string | undefined) {
    super(`Podwire is already running (process ${pid})${url === undefined ? '' : ` at ${url}`}`);
    this.pid = pid;
    this.url = url;
  }
}

/** Answers the function that gives the lock back. A lock whose process is gone is taken over. */
export function takeInstanceLock(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'running.json');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, JSON.stringify({ pid: process.pid }), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      const holder = readHolder(path);
      if (holder !== undefined && holder.pid !== process.pid && isAlive(holder.pid)) throw new AlreadyRunning(holder.pid, holder.url);
      rmSync(path, { force: true });
    }
  }
  throw new Error(`${path} can't be made`);
}

/** Says in the lock where a browser finds this instance. */
export function noteAddress(directory: string, url: string): void {
  writeFileSync(join(directory, 'running.json'), JSON.stringify({ pid: process.pid, url }));
}

function readHolder(path: string): { pid: number; url?: string } | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; url?: unknown };
    if (typeof holder.pid !== 'number') return undefined;
    return typeof holder.url === 'string' ? { pid: holder.pid, url: holder.url } : { pid: holder.pid };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
