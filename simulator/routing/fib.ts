/** Route tables of IPv4: longest prefix first, and the order in which Linux keeps and lists equal prefixes. Read first: net/ipv4/fib_trie.c */
import type { Scope } from '../kernel/api.ts';
import type { FibTable4, NamespaceState, NextHop4, Route4 } from '../kernel/state.ts';
import { networkOf, type Ip4 } from '../wire/ip4.ts';

export const TABLE_DEFAULT = 253;
export const TABLE_MAIN = 254;
export const TABLE_LOCAL = 255;

const SCOPE_NUMBERS: Readonly<Record<Scope, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

/** RT_SCOPE_*: the nearer, the higher. */
export function scopeNumber(scope: Scope): number {
  return SCOPE_NUMBERS[scope];
}

export function makeTable(id: number): FibTable4 {
  return { id, lengths: [], byLength: new Array<undefined>(33).fill(undefined), count: 0 };
}

/** The routes of exactly this prefix, best first. */
export function routesOf(table: FibTable4, destination: Ip4, length: number): readonly Route4[] | undefined {
  return table.byLength[length]?.get(networkOf(destination, length));
}

/** Sorted in by TOS (higher first), then metric; among equals after the present ones unless `first`. */
export function insertRoute(namespace: NamespaceState, route: Route4, first = false): void {
  const table = namespace.fib4.get(route.table) ?? makeTable(route.table);
  const routes = routesOf(table, route.destination, route.prefixLength) ?? [];
  const at = routes.findIndex((one) => (first ? order(one, route) >= 0 : order(one, route) > 0));
  put(namespace, table, route, routes.toSpliced(at === -1 ? routes.length : at, 0, route));
}

function order(left: Route4, right: Route4): number {
  return right.tos - left.tos || left.metric - right.metric;
}

export function removeRoute(namespace: NamespaceState, route: Route4): void {
  const table = namespace.fib4.get(route.table);
  const routes = table === undefined ? undefined : routesOf(table, route.destination, route.prefixLength);
  if (table === undefined || routes?.includes(route) !== true) return;
  put(namespace, table, route, routes.filter((one) => one !== route));
}

/** Tables are replaced, never written in place: see SHARED. */
function put(namespace: NamespaceState, table: FibTable4, { destination, prefixLength }: Route4, routes: readonly Route4[]): void {
  const networks = new Map(table.byLength[prefixLength]);
  const count = table.count + routes.length - (networks.get(destination)?.length ?? 0);
  if (routes.length > 0) networks.set(destination, routes);
  else networks.delete(destination);
  const others = table.lengths.filter((length) => length !== prefixLength);
  const lengths = networks.size === 0 ? others : [...others, prefixLength].sort((left, right) => right - left);
  namespace.fib4 = new Map(namespace.fib4).set(table.id, { ...table, count, lengths, byLength: table.byLength.with(prefixLength, networks.size === 0 ? undefined : networks) });
}

/** Every next hop as `change` answers it. */
export function changeHops(namespace: NamespaceState, change: (hop: NextHop4) => NextHop4): void {
  const changedRoute = (route: Route4): Route4 => {
    const nextHops = route.nextHops.map(change);
    return nextHops.every((hop, at) => hop === route.nextHops[at]) ? route : { ...route, nextHops };
  };
  for (const table of namespace.fib4.values()) {
    for (const routes of table.byLength.flatMap((networks) => [...networks?.values() ?? []])) {
      const changed = routes.map(changedRoute);
      if (changed.some((route, at) => route !== routes[at])) put(namespace, namespace.fib4.get(table.id)!, routes[0]!, changed);
    }
  }
}

/** In the order of a dump: by network, longer prefixes first on the same network. */
export function sortedRoutes(table: FibTable4): Route4[] {
  const all: Route4[] = [];
  for (const length of table.lengths) for (const routes of table.byLength[length]!.values()) all.push(...routes);
  return all.sort((left, right) => left.destination - right.destination || right.prefixLength - left.prefixLength || right.tos - left.tos || left.metric - right.metric);
}

/** fib_table_hash has 256 buckets: tables are dumped by the low byte of their number. */
export function sortedTables(namespace: NamespaceState): FibTable4[] {
  return [...namespace.fib4.values()].sort((left, right) => (left.id & 255) - (right.id & 255) || right.id - left.id);
}
