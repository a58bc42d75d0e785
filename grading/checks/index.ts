/** Every kind of check there is. A new one is a file here and a line below. */
import type { CheckKind } from '../define.ts';
import { addr } from './addr.ts';
import { all, any, not } from './combined.ts';
import { connects } from './connects.ts';
import { conntrack } from './conntrack.ts';
import { fdb } from './fdb.ts';
import { file } from './file.ts';
import { form } from './form.ts';
import { link } from './link.ts';
import { master } from './master.ts';
import { neigh } from './neigh.ts';
import { netns } from './netns.ts';
import { cloud, object } from './object.ts';
import { installed } from './package.ts';
import { ping } from './ping.ts';
import { point } from './point.ts';
import { process } from './process.ts';
import { route } from './route.ts';
import { rule } from './rule.ts';
import { seen } from './seen.ts';
import { serves } from './serves.ts';
import { session } from './session.ts';
import { sysctl } from './sysctl.ts';
import { trace } from './trace.ts';

export const checkKinds: ReadonlyMap<string, CheckKind> = listOnce([
  link, addr, route, master, netns, neigh, fdb, sysctl, rule, conntrack,
  installed, process, session, file,
  ping, connects, serves, trace, seen,
  object, cloud,
  form, point,
  all, any, not,
]);

/** @throws when two kinds share a name: a lesson would silently mean the later one. */
export function listOnce(kinds: readonly CheckKind[]): Map<string, CheckKind> {
  const byName = new Map<string, CheckKind>();
  for (const kind of kinds) {
    if (byName.has(kind.kind)) throw new Error(`two check kinds are called ${kind.kind}; known: ${[...byName.keys()].join(', ')}`);
    byName.set(kind.kind, kind);
  }
  return byName;
}
