/** Routes and rules as netlink shows them. Read first: net/ipv4/fib_semantics.c (fib_dump_info), net/ipv6/route.c (rt6_fill_node) */
import type { Family, NextHop, RouteView, RuleView } from '../kernel/api.ts';
import type { Kernel, NamespaceState, Route4, Route6, Rule } from '../kernel/state.ts';
import { formatIp4, type Ip4 } from '../wire/ip4.ts';
import { ANY_IP6, formatIp6, type Ip6 } from '../wire/ip6.ts';
import { sortedRoutes, sortedTables } from './fib.ts';
import { sortedRoutes6 } from './fib6.ts';

export function route4View(route: Route4): RouteView {
  return {
    family: 'inet', type: route.type, destination: formatIp4(route.destination), prefixLength: route.prefixLength, table: route.table, protocol: route.protocol, scope: route.scope, metric: route.metric,
    preferredSource: route.preferredSource === 0 ? undefined : formatIp4(route.preferredSource), tos: route.tos,
    nextHops: route.nextHops.map((hop): NextHop => ({
      device: hop.device, weight: hop.weight, ...(hop.gateway6 !== undefined ? { gateway: formatIp6(hop.gateway6) } : hop.gateway === 0 ? {} : { gateway: formatIp4(hop.gateway) }), ...(hop.onlink ? { onlink: true } : {}), ...(hop.isDead ? { isDead: true } : {}), ...(hop.isLinkDown ? { isLinkDown: true } : {}),
    })),
    ...(route.mtu === 0 ? {} : { mtu: route.mtu }), ...(route.advMss === 0 ? {} : { advMss: route.advMss }), ...(route.window === 0 ? {} : { window: route.window }), ...(route.rttMs === 0 ? {} : { rttMs: route.rttMs }), ...(route.initcwnd === 0 ? {} : { initcwnd: route.initcwnd }),
    ...(route.lockMtu ? { lockMtu: true } : {}),
  };
}

export function route6View(kernel: Kernel, route: Route6): RouteView {
  return {
    family: 'inet6', type: route.type, destination: formatIp6(route.destination), prefixLength: route.prefixLength, table: route.table, protocol: route.protocol, scope: 'global', metric: route.metric,
    preferredSource: route.preferredSource === ANY_IP6 ? undefined : formatIp6(route.preferredSource), tos: 0,
    nextHops: route.nextHops.map((hop): NextHop => ({
      device: hop.device, weight: hop.weight, ...(hop.gateway === ANY_IP6 ? {} : { gateway: formatIp6(hop.gateway) }), ...(hop.onlink ? { onlink: true } : {}), ...(hop.isDead ? { isDead: true } : {}), ...(hop.isLinkDown ? { isLinkDown: true } : {}),
    })),
    preference: route.preference, ...(route.mtu === 0 ? {} : { mtu: route.mtu }), ...(route.expiresAtUs === undefined ? {} : { expiresSeconds: Math.max(0, Math.floor((route.expiresAtUs - kernel.world.nowUs) / 1e6)) }),
  };
}

export function routeViews(kernel: Kernel, namespace: NamespaceState, family: Family, table: number | undefined): RouteView[] {
  if (family === 'inet') return sortedTables(namespace).filter((one) => table === undefined || one.id === table).flatMap((one) => sortedRoutes(one).map(route4View));
  const views: RouteView[] = [];
  for (const [id, routes] of [...namespace.fib6].sort(([left], [right]) => (left & 255) - (right & 255))) {
    if (table !== undefined && id !== table) continue;
    for (const route of sortedRoutes6(routes)) views.push(route6View(kernel, route));
  }
  return views;
}

export function ruleView(family: Family, rule: Rule): RuleView {
  const prefix = (one: { address: Ip4 | Ip6; prefixLength: number }): { address: string; prefixLength: number } => ({ address: typeof one.address === 'number' ? formatIp4(one.address) : formatIp6(one.address), prefixLength: one.prefixLength });
  return {
    family, priority: rule.priority, not: rule.not, action: rule.action, table: rule.table, protocol: rule.protocol,
    ...(rule.from === undefined ? {} : { from: prefix(rule.from) }), ...(rule.to === undefined ? {} : { to: prefix(rule.to) }), ...(rule.iif === undefined ? {} : { iif: rule.iif }), ...(rule.oif === undefined ? {} : { oif: rule.oif }),
    ...(rule.mark === undefined ? {} : { mark: { ...rule.mark } }), ...(rule.tos === 0 ? {} : { tos: rule.tos }), ...(rule.ipProtocol === 0 ? {} : { ipProtocol: rule.ipProtocol }), ...(rule.uidRange === undefined ? {} : { uidRange: rule.uidRange }),
    ...(rule.sport === undefined ? {} : { sport: rule.sport }), ...(rule.dport === undefined ? {} : { dport: rule.dport }), ...(rule.goto === undefined ? {} : { goto: rule.goto }),
    ...(rule.suppressPrefixLength < 0 ? {} : { suppressPrefixLength: rule.suppressPrefixLength }),
  };
}
