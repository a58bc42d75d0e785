/** Route tables of IPv4: longest prefix first, and the order in which Linux keeps and lists equal prefixes. Read first: net/ipv4/fib_trie.c */
import type { Scope } from '../kernel/api.ts';
import type { FibTable4, NamespaceState, Route4 } from '../kernel/state.ts';
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
  return { id, lengths: [], byLength: new Array<Map<Ip4, Route4[]> | undefined>(33).fill(undefined), count: 0 };
}

export function tableOf(namespace: NamespaceState, id: number): FibTable4 {
  let table = namespace.fib4.get(id);
  if (table === undefined) {
    table = makeTable(id);
    namespace.fib4.set(id, table);
  }
  return table;
}

/** The routes of exactly this prefix, best first. */
export function routesOf(table: FibTable4, destination: Ip4, length: number): Route4[] | undefined {
  return table.byLength[length]?.get(networkOf(destination, length));
}

/** Sorted in by TOS (higher first), then metric; among equals after the present ones unless `first`. */
export function insertRoute(table: FibTable4, route: Route4, first = false): void {
  let networks = table.byLength[route.prefixLength];
  if (networks === undefined) {
    networks = new Map();
    table.byLength[route.prefixLength] = networks;
    table.lengths.push(route.prefixLength);
    table.lengths.sort((left, right) => right - left);
  }
  let routes = networks.get(route.destination);
  if (routes === undefined) {
    routes = [];
    networks.set(route.destination, routes);
  }
  const at = routes.findIndex((one) => (first ? order(one, route) >= 0 : order(one, route) > 0));
  routes.splice(at === -1 ? routes.length : at, 0, route);
  table.count += 1;
}

function order(left: Route4, right: Route4): number {
  return right.tos - left.tos || left.metric - right.metric;
}

export function removeRoute(table: FibTable4, route: Route4): void {
  const networks = table.byLength[route.prefixLength];
  const routes = networks?.get(route.destination);
  const at = routes?.indexOf(route) ?? -1;
  if (networks === undefined || routes === undefined || at === -1) return;
  routes.splice(at, 1);
  table.count -= 1;
  if (routes.length > 0) return;
  networks.delete(route.destination);
  if (networks.size > 0) return;
  table.byLength[route.prefixLength] = undefined;
  table.lengths = table.lengths.filter((length) => length !== route.prefixLength);
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
