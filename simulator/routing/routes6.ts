/** Adding and deleting IPv6 routes. Read first: net/ipv6/route.c (ip6_route_info_create, ip6_route_del) */
import { done, fail, ok, type Result } from '../result.ts';
import type { NextHop, RouteMode, RouteSpec } from '../kernel/api.ts';
import { notifyRoute6 } from '../kernel/notify.ts';
import type { Kernel, NamespaceState, NextHop6, Route6 } from '../kernel/state.ts';
import { ANY_IP6, isLinkLocalIp6, isMulticastIp6, LOOPBACK_IP6, networkOf6, parseIp6 } from '../wire/ip6.ts';
import { TABLE_LOCAL, TABLE_MAIN } from './fib.ts';
import { setTable6, table6Of } from './fib6.ts';
import { routeOutput6 } from './lookup6.ts';

const DEAD_END_TYPES: ReadonlySet<string> = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

export function addRoute6(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec, mode: RouteMode): Result {
  const destination = parseIp6(spec.destination);
  if (destination === undefined || spec.prefixLength > 128) return fail('EINVAL', 'Invalid prefix length');
  if (networkOf6(destination, spec.prefixLength) !== destination) return fail('EINVAL', 'Invalid prefix for given prefix length');
  const type = spec.type ?? 'unicast';
  const tableId = spec.table ?? (type === 'local' ? TABLE_LOCAL : TABLE_MAIN);
  const hops: NextHop6[] = [];
  for (const wanted of spec.nextHops.length === 0 ? [{}] : spec.nextHops) {
    if (DEAD_END_TYPES.has(type)) {
      hops.push({ gateway: ANY_IP6, device: 1, weight: 1, onlink: false, isDead: false, isLinkDown: false });
      break;
    }
    const hop = checkHop6(kernel, namespace, wanted);
    if (!hop.ok) return hop;
    hops.push(hop.value);
  }
  const preferredSource = spec.preferredSource === undefined ? ANY_IP6 : (parseIp6(spec.preferredSource) ?? ANY_IP6);
  const route: Route6 = {
    type, destination, prefixLength: spec.prefixLength, table: tableId, protocol: spec.protocol ?? 'boot', metric: spec.metric !== undefined && spec.metric !== 0 ? spec.metric : 1024, preferredSource, nextHops: hops, preference: 'medium', expiresAtUs: undefined, mtu: spec.mtu ?? 0,
  };
  const table = table6Of(namespace, tableId);
  const at = table.findIndex((one) => one.destination === destination && one.prefixLength === route.prefixLength && one.metric === route.metric);
  if (at === -1 && mode === 'change') return fail('ENOENT');
  if (at !== -1 && mode === 'add') return fail('EEXIST');
  setTable6(namespace, tableId, at !== -1 && (mode === 'replace' || mode === 'change') ? table.with(at, route) : [...table, route]);
  notifyRoute6(kernel, namespace, route);
  return done;
}

/** fib6_nh_init, ip6_route_check_nh */
export function checkHop6(kernel: Kernel, namespace: NamespaceState, wanted: NextHop): Result<NextHop6> {
  const gateway = wanted.gateway === undefined ? ANY_IP6 : (parseIp6(wanted.gateway) ?? ANY_IP6);
  let index = wanted.device;
  if (gateway !== ANY_IP6) {
    if (isMulticastIp6(gateway)) return fail('EINVAL', 'Invalid gateway address');
    if (isLinkLocalIp6(gateway) && index === undefined) return fail('EINVAL', 'Egress device not specified');
    const route = routeOutput6(kernel, namespace, { destination: gateway, source: '', oif: index ?? 0, mark: 0 });
    if (typeof route === 'string' || route.type === 'local' || route.gateway !== ANY_IP6) {
      const isLocal = typeof route !== 'string' && route.type === 'local';
      if (isLocal && gateway === LOOPBACK_IP6) return fail('EINVAL', 'Egress device can not be loopback device for this route');
      if (wanted.onlink !== true) return isLocal ? fail('EINVAL', 'Gateway can not be a local address') : fail('EHOSTUNREACH');
    } else index ??= route.device;
  }
  const device = index === undefined ? undefined : namespace.devices.get(index);
  if (device === undefined) return fail('ENODEV');
  if (!device.isUp) return fail('ENETDOWN', 'Nexthop device is not up');
  return ok({ gateway, device: device.index, weight: wanted.weight ?? 1, onlink: wanted.onlink ?? false, isDead: false, isLinkDown: !device.carrier });
}

export function addKernelRoute6(kernel: Kernel, namespace: NamespaceState, route: Route6): void {
  const table = table6Of(namespace, route.table);
  if (table.some((one) => one.destination === route.destination && one.prefixLength === route.prefixLength && one.metric === route.metric && one.nextHops[0]?.device === route.nextHops[0]?.device)) return;
  setTable6(namespace, route.table, [...table, route]);
  notifyRoute6(kernel, namespace, route);
}

export function deleteRoute6(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec): Result {
  const destination = parseIp6(spec.destination);
  const tableId = spec.table ?? (spec.type === 'local' ? TABLE_LOCAL : TABLE_MAIN);
  const table = table6Of(namespace, tableId);
  const hop = spec.nextHops[0];
  const gateway = hop?.gateway === undefined ? undefined : parseIp6(hop.gateway);
  const found = table.find((route) => {
    if (route.destination !== destination || route.prefixLength !== spec.prefixLength) return false;
    if (spec.metric !== undefined && spec.metric !== 0 && spec.metric !== route.metric) return false;
    if (spec.type !== undefined && spec.type !== route.type) return false;
    if (hop?.device !== undefined && !route.nextHops.some((one) => one.device === hop.device)) return false;
    return gateway === undefined || route.nextHops.some((one) => one.gateway === gateway);
  });
  if (found === undefined) return fail('ESRCH');
  setTable6(namespace, tableId, table.filter((route) => route !== found));
  notifyRoute6(kernel, namespace, found, true);
  return done;
}

export function deleteRoutes6Where(kernel: Kernel, namespace: NamespaceState, isDoomed: (route: Route6) => boolean): void {
  for (const [id, table] of namespace.fib6) {
    const doomed = table.filter(isDoomed);
    if (doomed.length === 0) continue;
    setTable6(namespace, id, table.filter((route) => !doomed.includes(route)));
    for (const route of doomed) notifyRoute6(kernel, namespace, route, true);
  }
}
