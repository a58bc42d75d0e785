/** Route tables of IPv6: one list per table, which is enough for the handful of routes a lab has. Read first: net/ipv6/ip6_fib.c */
import type { NamespaceState, Route6 } from '../kernel/state.ts';
import { ANY_IP6, type Ip6 } from '../wire/ip6.ts';

export function table6Of(namespace: NamespaceState, id: number): readonly Route6[] {
  return namespace.fib6.get(id) ?? [];
}

/** Tables are replaced, never written in place: see SHARED. */
export function setTable6(namespace: NamespaceState, id: number, routes: readonly Route6[]): void {
  namespace.fib6 = new Map(namespace.fib6).set(id, routes);
}

/** In the order of a dump: by prefix, then metric, then as added. */
export function sortedRoutes6(routes: readonly Route6[]): Route6[] {
  return routes
    .map((route, at) => ({ route, at }))
    .sort((left, right) => compare(left.route, right.route) || left.at - right.at)
    .map((one) => one.route);
}

function compare(left: Route6, right: Route6): number {
  if (left.prefixLength === 0 || right.prefixLength === 0) return (left.prefixLength === 0 ? 1 : 0) - (right.prefixLength === 0 ? 1 : 0) || left.metric - right.metric;
  if (left.destination !== right.destination) return left.destination < right.destination ? -1 : 1;
  return right.prefixLength - left.prefixLength || left.metric - right.metric;
}

export function makeRoute6(type: Route6['type'], destination: Ip6, prefixLength: number, table: number, device: number, metric: number): Route6 {
  return {
    type, destination, prefixLength, table, protocol: 'kernel', metric, preferredSource: ANY_IP6, nextHops: [{ gateway: ANY_IP6, device, weight: 1, onlink: false, isDead: false, isLinkDown: false }], preference: 'medium', expiresAtUs: undefined, mtu: 0,
  };
}
