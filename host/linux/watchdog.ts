/**
 * What limits of single processes cannot hold back: the memory of all of a sandbox together. Read first: proc(5) on /proc/PID/statm, task/TID/children
 * and mountinfo, tmpfs(5), getrlimit(2) RLIMIT_DATA.
 *
 * It looks from outside, at the tree of processes, where nobody in the sandbox can hide one: whatever runs in there was started by the sandbox's
 * launcher or by us. Shared pages are left out, so that four hundred idle shells do not count four hundred times for one bash.
 */
import { readdirSync, readlinkSync, statfsSync } from 'node:fs';
import { limits } from './boot-script.ts';
import { textOf } from './identity.ts';

const LOOK_EVERY_MS = 500;
const PAGE_KIB = 4;

interface Usage {
  /** What processes hold for themselves, the biggest first. */
  readonly processes: readonly { readonly pid: number; readonly kib: number }[];
  /** What stands in files of memory, in whichever of the sandbox's mount namespaces. */
  readonly filesKiB: number;
}

/** Over the limit the biggest processes go, as they would for want of memory; where files are what fills it, `end` is called. Answers how to stop. */
export function watch(launcher: number, end: () => void): () => void {
  const timer = setInterval(() => {
    const { kill, isFull } = verdict(usageOf(launcher), limits.memoryKiB);
    for (const pid of kill) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    if (isFull) end();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function verdict({ processes, filesKiB }: Usage, mostKiB: number): { kill: number[]; isFull: boolean } {
  if (filesKiB > mostKiB) return { kill: [], isFull: true };
  const kill: number[] = [];
  let held = processes.reduce((sum, { kib }) => sum + kib, filesKiB);
  for (const { pid, kib } of processes) {
    if (held <= mostKiB) break;
    kill.push(pid);
    held -= kib;
  }
  return { kill, isFull: false };
}

function usageOf(launcher: number): Usage {
  const at = `/proc/${launcher}`;
  const namespace = linkOf(`${at}/ns/pid_for_children`);
  const inside = descendantsOf(process.pid).filter((pid) => linkOf(`/proc/${pid}/ns/pid`) === namespace && namespace !== undefined);
  const processes = inside.map((pid) => {
    const [, resident = 0, shared = 0] = textOf(`/proc/${pid}/statm`).split(' ').map(Number);
    return { pid, kib: (resident - shared) * PAGE_KIB };
  }).sort((a, b) => b.kib - a.kib);
  return { processes, filesKiB: filesIn([launcher, ...inside]) };
}

export function descendantsOf(pid: number): number[] {
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  const children = threads.flatMap((thread) => textOf(`/proc/${pid}/task/${thread}/children`).trim().split(' ')).filter((word) => word !== '').map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** One look for each mount namespace; a file system mounted twice counts once. */
function filesIn(pids: readonly number[]): number {
  const namespaces = new Map(pids.map((pid) => [linkOf(`/proc/${pid}/ns/mnt`), pid]));
  const used = new Map<string, number>();
  for (const pid of namespaces.values()) {
    for (const [, device = '', where = ''] of textOf(`/proc/${pid}/mountinfo`).matchAll(/^\d+ \d+ (\d+:\d+) \S+ (\S+) .* - (?:tmpfs|ramfs) /gm)) {
      if (used.has(device)) continue;
      try {
        const { bsize, blocks, bfree } = statfsSync(`/proc/${pid}/root${where.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))}`);
        used.set(device, ((blocks - bfree) * bsize) / 1024);
      } catch {
        // Unmounted meanwhile.
      }
    }
  }
  return [...used.values()].reduce((sum, kib) => sum + kib, 0);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
