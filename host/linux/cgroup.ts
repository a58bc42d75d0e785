/**
 * A control group for all of a sandbox together, where this machine lends us a part of the tree: what limits of single processes cannot hold back.
 * Read first: Documentation/admin-guide/cgroup-v2.rst, "Delegation", "No Internal Process Constraint" and "Memory"; cgroups(7).
 *
 * A group that has processes gives its children no controllers, so ours is made beside us, below the nearest folder above that is ours to write and
 * hands both controllers down: on a desktop with systemd the user's own `app.slice`. Whoever moves a process must be allowed to at both ends and
 * above, and what a process has started meanwhile stays behind: so each process moves itself, first of all.
 */
import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textOf } from './identity.ts';

const CONTROLLERS = ['memory', 'pids'];
const MOVE_IN = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';

/** What is asked of this machine; tests hand in another. */
export interface Tree {
  read(path: string): string;
  isWritable(path: string): boolean;
}

const thisTree: Tree = {
  read: textOf,
  isWritable(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
};

/** Where groups of ours may be made, and what they limit; or why nowhere. */
export type Lent = { readonly folder: string; readonly controllers: readonly string[] } | { readonly because: string };

export function delegated(tree: Tree = thisTree, controllers: readonly string[] = CONTROLLERS): Lent {
  const mounted = /^\d+ \d+ \S+ \/ (\S+) .* - cgroup2 /m.exec(tree.read('/proc/self/mountinfo'))?.[1];
  const own = /^0::(\/.*)$/m.exec(tree.read('/proc/self/cgroup'))?.[1];
  if (mounted === undefined || own === undefined) return { because: 'this machine has none of version 2' };
  for (let folder = join(mounted, own); folder.startsWith(mounted) && folder !== '/'; folder = dirname(folder)) {
    const handedDown = tree.read(join(folder, 'cgroup.subtree_control')).split(/\s+/);
    const isOurs = tree.isWritable(folder) && tree.isWritable(join(folder, 'cgroup.procs'));
    if (isOurs && controllers.every((name) => handedDown.includes(name))) return { folder, controllers };
  }
  return { because: 'none that limits memory and processes is delegated to this user' };
}

export class ControlGroup {
  readonly #folder: string;
  static #made = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** `limits` by controller. Undefined where it cannot be made, or not after all. */
  static make(lent: Lent, limits: Readonly<Record<string, number>>): ControlGroup | undefined {
    if ('because' in lent) return undefined;
    clearAway(lent.folder);
    const group = new ControlGroup(join(lent.folder, `podwire-${process.pid}-${ControlGroup.#made++}`));
    try {
      mkdirSync(group.#folder);
      for (const name of lent.controllers) writeFileSync(join(group.#folder, `${name}.max`), String(limits[name]));
      return group;
    } catch {
      group.close();
      return undefined;
    }
  }

  /** The words that run `argv` in the group. */
  words(argv: readonly string[]): string[] {
    return ['sh', '-c', MOVE_IN, 'podwire', this.#folder, ...argv];
  }

  /** It goes when the last process in it has ended, which takes a moment longer than the first. */
  close(triesLeft = 40): void {
    if (!remove(this.#folder) && triesLeft > 0) setTimeout(() => this.close(triesLeft - 1), 50).unref();
  }
}

/** A killed app's sandboxes end by themselves; their groups are still there, empty. */
function clearAway(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^podwire-(\d+)-\d+$/.exec(name)?.[1];
    if (pid !== undefined && textOf(`/proc/${pid}/stat`) === '') remove(join(parent, name));
  }
}

/** False while somebody is in it. */
function remove(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'EBUSY';
  }
  return true;
}
