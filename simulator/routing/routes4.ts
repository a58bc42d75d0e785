/** Adding and deleting IPv4 routes with the kernel's own checks and words. Read first: net/ipv4/fib_semantics.c (fib_create_info), fib_trie.c (fib_table_insert) */
import { hasIp4 } from '../devices/device.ts';
import { done, fail, ok, type Result } from '../result.ts';
import type { RouteMode, RouteSpec, Scope } from '../kernel/api.ts';
import { notifyRoute4 } from '../kernel/notify.ts';
import type { Kernel, NamespaceState, NextHop4, Route4 } from '../kernel/state.ts';
import { networkOf, parseIp4, type Ip4 } from '../wire/ip4.ts';
import { parseIp6 } from '../wire/ip6.ts';
import { insertRoute, removeRoute, routesOf, scopeNumber, TABLE_LOCAL, TABLE_MAIN } from './fib.ts';
import { addressType4, lookupScoped } from './lookup4.ts';
import { checkHop6 } from './routes6.ts';

const LOCAL_TYPES: ReadonlySet<string> = new Set(['local', 'broadcast', 'nat', 'anycast']);
const DEAD_END_TYPES: ReadonlySet<string> = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

function defaultScope(spec: RouteSpec): Scope {
  if (spec.type === 'local' || spec.type === 'nat') return 'host';
  if (spec.type === 'broadcast' || spec.type === 'multicast' || spec.type === 'anycast') return 'link';
  const isDirect = !DEAD_END_TYPES.has(spec.type ?? 'unicast') && spec.nextHops.length > 0 && spec.nextHops.every((hop) => hop.gateway === undefined);
  return isDirect ? 'link' : 'global';
}

export function addRoute4(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec, mode: RouteMode): Result {
  const checked = check(kernel, namespace, spec);
  if (!checked.ok) return checked;
  const route = checked.value;
  const table = namespace.fib4.get(route.table);
  const present = (table === undefined ? undefined : routesOf(table, route.destination, route.prefixLength))?.filter((one) => one.tos === route.tos && one.metric === route.metric) ?? [];
  if (present.length > 0) {
    if (mode === 'add') return fail('EEXIST');
    const same = present.find((one) => isSame(one, route));
    if (mode === 'replace' || mode === 'change') {
      const old = present[0]!;
      if (same !== undefined) return same === old ? done : fail('EEXIST');
      insertRoute(namespace, route, true);
      removeRoute(namespace, old);
      notifyRoute4(kernel, namespace, route);
      return done;
    }
    if (same !== undefined) return fail('EEXIST');
  } else if (mode === 'change') return fail('ENOENT');
  insertRoute(namespace, route, mode === 'prepend');
  notifyRoute4(kernel, namespace, route);
  return done;
}

/** What the kernel itself adds for an address (fib_magic): appended, and nothing said when it is there. */
export function addKernelRoute(kernel: Kernel, namespace: NamespaceState, route: Route4): void {
  const table = namespace.fib4.get(route.table);
  const present = table === undefined ? undefined : routesOf(table, route.destination, route.prefixLength);
  if (present?.some((one) => isSame(one, route) && one.metric === route.metric && one.tos === route.tos) === true) return;
  insertRoute(namespace, route);
  notifyRoute4(kernel, namespace, route);
}

export function deleteRoute4(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec): Result {
  const destination = parseIp4(spec.destination);
  if (destination === undefined) return fail('EINVAL');
  if (networkOf(destination, spec.prefixLength) !== destination) return fail('EINVAL', 'Invalid prefix for given prefix length');
  const table = namespace.fib4.get(spec.table ?? (LOCAL_TYPES.has(spec.type ?? '') ? TABLE_LOCAL : TABLE_MAIN));
  const source = spec.preferredSource === undefined ? 0 : parseIp4(spec.preferredSource)!;
  const found = table === undefined ? undefined : routesOf(table, destination, spec.prefixLength)?.find((route) => {
    if ((spec.tos ?? 0) !== route.tos) return false;
    if (spec.type !== undefined && spec.type !== route.type) return false;
    if (spec.scope !== undefined && spec.scope !== 'nowhere' && spec.scope !== route.scope) return false;
    if (source !== 0 && source !== route.preferredSource) return false;
    if (spec.protocol !== undefined && spec.protocol !== route.protocol) return false;
    if (spec.metric !== undefined && spec.metric !== 0 && spec.metric !== route.metric) return false;
    return spec.nextHops.length === 0 || spec.nextHops.every((wanted, at) => matchesHop(route, wanted, spec.nextHops.length === 1 ? undefined : at));
  });
  if (found === undefined) return fail('ESRCH');
  removeRoute(namespace, found);
  notifyRoute4(kernel, namespace, found, true);
  return done;
}

function matchesHop(route: Route4, wanted: RouteSpec['nextHops'][number], at: number | undefined): boolean {
  const gateway = wanted.gateway === undefined ? 0 : parseIp4(wanted.gateway);
  const gateway6 = gateway === undefined ? parseIp6(wanted.gateway!) : undefined;
  const candidates = at === undefined ? route.nextHops.slice(0, 1) : route.nextHops.slice(at, at + 1);
  return candidates.some((hop) => (wanted.device === undefined || hop.device === wanted.device) && (gateway === 0 || (hop.gateway === (gateway ?? 0) && hop.gateway6 === gateway6)));
}

function isSame(left: Route4, right: Route4): boolean {
  if (left.type !== right.type || left.scope !== right.scope || left.protocol !== right.protocol || left.preferredSource !== right.preferredSource || left.nextHops.length !== right.nextHops.length) return false;
  if (left.mtu !== right.mtu || left.advMss !== right.advMss) return false;
  return left.nextHops.every((hop, at) => hop.device === right.nextHops[at]!.device && hop.gateway === right.nextHops[at]!.gateway && hop.gateway6 === right.nextHops[at]!.gateway6 && hop.weight === right.nextHops[at]!.weight);
}

function check(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec): Result<Route4> {
  const destination = parseIp4(spec.destination);
  if (destination === undefined || spec.prefixLength < 0 || spec.prefixLength > 32) return fail('EINVAL', 'Invalid prefix length');
  if (networkOf(destination, spec.prefixLength) !== destination) return fail('EINVAL', 'Invalid prefix for given prefix length');
  const type = spec.type ?? 'unicast';
  const scope = spec.scope ?? defaultScope(spec);
  const table = spec.table ?? (LOCAL_TYPES.has(type) ? TABLE_LOCAL : TABLE_MAIN);
  // fib_props: routes for translation went with Linux 2.6, and no scope fits them.
  if (scope === 'nowhere' || type === 'nat') return fail('EINVAL', 'Invalid scope');
  const hops = checkHops(kernel, namespace, spec, type, scope, table);
  if (!hops.ok) return hops;
  let preferredSource = 0;
  if (spec.preferredSource !== undefined) {
    preferredSource = parseIp4(spec.preferredSource) ?? 0;
    if (addressType4(namespace, preferredSource, 0) !== 'local' && !(type === 'local' && preferredSource === destination)) return fail('EINVAL', 'Invalid prefsrc address');
  }
  const route: Route4 = {
    type, destination, prefixLength: spec.prefixLength, table, protocol: spec.protocol ?? 'boot', scope, metric: spec.metric ?? 0, tos: spec.tos ?? 0, preferredSource, nextHops: hops.value,
    mtu: spec.mtu ?? 0, lockMtu: spec.lockMtu ?? false, advMss: spec.advMss ?? 0, window: spec.window ?? 0, rttMs: spec.rttMs ?? 0, initcwnd: spec.initcwnd ?? 0,
  };
  return ok(route);
}

function checkHops(kernel: Kernel, namespace: NamespaceState, spec: RouteSpec, type: string, scope: Scope, table: number): Result<NextHop4[]> {
  if (DEAD_END_TYPES.has(type)) {
    if (spec.nextHops.some((hop) => hop.gateway !== undefined || hop.device !== undefined)) return fail('EINVAL', 'Gateway, device and multipath can not be specified for this route type');
    return ok([]);
  }
  const wanted = spec.nextHops.length === 0 ? [{}] : spec.nextHops;
  const hops: NextHop4[] = [];
  for (const hop of wanted) {
    const checked = checkHop(kernel, namespace, hop, scope, table);
    if (!checked.ok) return checked;
    hops.push(checked.value);
  }
  return ok(hops);
}

/** fib_check_nh */
function checkHop(kernel: Kernel, namespace: NamespaceState, hop: RouteSpec['nextHops'][number], scope: Scope, table: number): Result<NextHop4> {
  const device = hop.device === undefined ? undefined : namespace.devices.get(hop.device);
  if (hop.device !== undefined && device === undefined) return fail('ENODEV');
  const gateway = hop.gateway === undefined ? 0 : parseIp4(hop.gateway);
  const weight = hop.weight ?? 1;
  const onlink = hop.onlink ?? false;
  if (scope === 'host') {
    if (gateway !== 0) return fail('EINVAL', 'Route with host scope can not have a gateway');
    if (device === undefined) return fail('ENODEV');
    return ok({ gateway: 0, device: device.index, weight, onlink, isDead: false, isLinkDown: false, scope: 'nowhere' });
  }
  if (gateway === undefined) {
    // fib_check_nh_v6_gw
    const checked = checkHop6(kernel, namespace, hop);
    return checked.ok ? ok({ gateway: 0, gateway6: checked.value.gateway, device: checked.value.device, weight, onlink, isDead: false, isLinkDown: checked.value.isLinkDown, scope: 'link' }) : checked;
  }
  if (gateway === 0) {
    if (hop.onlink === true) return fail('EINVAL', 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set');
    if (device === undefined || !hasIp4(device)) return fail('ENODEV');
    if (!device.isUp) return fail('ENETDOWN', 'Device for nexthop is not up');
    return ok({ gateway: 0, device: device.index, weight, onlink, isDead: false, isLinkDown: !device.carrier, scope: 'host' });
  }
  if (onlink) {
    if (scopeNumber(scope) >= scopeNumber('link')) return fail('EINVAL', 'Nexthop has invalid scope');
    if (device === undefined) return fail('ENODEV', 'Nexthop device required for onlink');
    if (!device.isUp) return fail('ENETDOWN', 'Nexthop device is not up');
    if (addressType4(namespace, gateway, 0) !== 'unicast') return fail('EINVAL', 'Nexthop has invalid gateway');
    return ok({ gateway, device: device.index, weight, onlink, isDead: false, isLinkDown: !device.carrier, scope: 'link' });
  }
  if (scopeNumber(scope) >= scopeNumber('link')) return fail('EINVAL', 'Nexthop has invalid scope');
  const found = lookupScoped(namespace, table, gateway, hop.device ?? 0, 'link');
  if (typeof found === 'string') return fail(found === 'EHOSTUNREACH' || found === 'EACCES' || found === 'EINVAL' ? found : 'ENETUNREACH', 'Nexthop has invalid gateway');
  if (found.route.type !== 'unicast' && found.route.type !== 'local') return fail('EINVAL', 'Nexthop has invalid gateway');
  const egress = namespace.devices.get(hop.device ?? found.hop!.device);
  if (egress === undefined) return fail('ENODEV', 'No egress device for nexthop');
  if (!egress.isUp) return fail('ENETDOWN');
  return ok({ gateway, device: egress.index, weight, onlink, isDead: false, isLinkDown: !egress.carrier, scope: found.route.scope });
}

/** Deletes the routes a predicate names, in all tables. */
export function deleteRoutesWhere(kernel: Kernel, namespace: NamespaceState, isDoomed: (route: Route4) => boolean): void {
  for (const table of namespace.fib4.values()) {
    const doomed: Route4[] = [];
    for (const length of table.lengths) for (const routes of table.byLength[length]!.values()) for (const route of routes) if (isDoomed(route)) doomed.push(route);
    for (const route of doomed) {
      removeRoute(namespace, route);
      notifyRoute4(kernel, namespace, route, true);
    }
  }
}

export function deleteExactRoute(kernel: Kernel, namespace: NamespaceState, tableId: number, destination: Ip4, prefixLength: number, matches: (route: Route4) => boolean): void {
  const table = namespace.fib4.get(tableId);
  const route = table === undefined ? undefined : routesOf(table, destination, prefixLength)?.find(matches);
  if (route === undefined) return;
  removeRoute(namespace, route);
  notifyRoute4(kernel, namespace, route, true);
}
