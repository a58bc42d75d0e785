/** Which way an IPv6 packet goes. Read first: net/ipv6/route.c (ip6_pol_route), RFC 6724 for sources */
import type { LinkIndex, RouteType } from '../kernel/api.ts';
import type { Kernel, NamespaceState, Route6 } from '../kernel/state.ts';
import { deviceByName } from '../devices/device.ts';
import { selectAddress6 } from '../ip/addresses6.ts';
import { ANY_IP6, isInPrefix6, isLinkLocalIp6, isMulticastIp6, type Ip6 } from '../wire/ip6.ts';
import { TABLE_LOCAL } from './fib.ts';

export interface Flow6 { destination: Ip6; source: Ip6; oif: LinkIndex; mark: number }
export interface RouteResult6 { type: 'unicast' | 'local' | 'multicast'; device: LinkIndex; gateway: Ip6; source: Ip6; route: Route6 | undefined }
export type RouteError6 = 'ENETUNREACH' | 'EHOSTUNREACH' | 'EACCES' | 'EINVAL';

export function routeOutput6(_kernel: Kernel, namespace: NamespaceState, flow: Flow6): RouteResult6 | RouteError6 {
  const found = lookup(namespace, flow.destination, flow.source, flow.oif, 1, flow.mark);
  if (typeof found === 'string') return found;
  const hop = found.nextHops[0]!;
  const type = found.type === 'local' ? 'local' : isMulticastIp6(flow.destination) ? 'multicast' : 'unicast';
  const device = type === 'local' ? 1 : hop.device;
  const source = flow.source !== '' && flow.source !== ANY_IP6 ? flow.source : type === 'local' ? flow.destination : found.preferredSource !== ANY_IP6 ? found.preferredSource : (selectAddress6(namespace, hop.device, flow.destination) ?? ANY_IP6);
  return { type, device, gateway: hop.gateway, source, route: found };
}

export function routeInput6(namespace: NamespaceState, device: LinkIndex, destination: Ip6, source: Ip6, mark: number): RouteResult6 | RouteError6 {
  // A link-local address belongs to its link.
  const found = lookup(namespace, destination, source, isLinkLocalIp6(destination) ? device : 0, device, mark);
  if (typeof found === 'string') return found;
  const hop = found.nextHops[0]!;
  return { type: found.type === 'local' ? 'local' : 'unicast', device: hop.device, gateway: hop.gateway, source: ANY_IP6, route: found };
}

function lookup(namespace: NamespaceState, destination: Ip6, source: Ip6, oif: LinkIndex, iif: LinkIndex, mark: number): Route6 | RouteError6 {
  for (const rule of namespace.rules6) {
    if (rule.from !== undefined && (source === '' || !isInPrefix6(source, rule.from.address as Ip6, rule.from.prefixLength)) !== rule.not) continue;
    if (rule.to !== undefined && !isInPrefix6(destination, rule.to.address as Ip6, rule.to.prefixLength) !== rule.not) continue;
    if (rule.mark !== undefined && ((mark ^ rule.mark.value) & rule.mark.mask) !== 0) continue;
    if (rule.iif !== undefined && deviceByName(namespace, rule.iif)?.index !== iif) continue;
    if (rule.oif !== undefined && deviceByName(namespace, rule.oif)?.index !== oif) continue;
    if (rule.action === 'unreachable') return 'EHOSTUNREACH';
    if (rule.action === 'prohibit') return 'EACCES';
    if (rule.action === 'blackhole') return 'EINVAL';
    if (rule.action !== 'table') continue;
    const best = bestOf(namespace, rule.table, destination, oif);
    if (best === undefined || best.type === 'throw') continue;
    if (best.type === 'unreachable') return 'EHOSTUNREACH';
    if (best.type === 'prohibit') return 'EACCES';
    if (best.type === 'blackhole') return 'EINVAL';
    return best;
  }
  return 'ENETUNREACH';
}

function bestOf(namespace: NamespaceState, table: number, destination: Ip6, oif: LinkIndex): Route6 | undefined {
  let best: Route6 | undefined;
  for (const route of namespace.fib6.get(table) ?? []) {
    if (!isInPrefix6(destination, route.destination, route.prefixLength)) continue;
    if (oif !== 0 && route.nextHops.length > 0 && route.type !== 'local' && !route.nextHops.some((hop) => hop.device === oif)) continue;
    if (oif !== 0 && route.type === 'local' && isLinkLocalIp6(destination) && !route.nextHops.some((hop) => hop.device === oif)) continue;
    if (best === undefined || route.prefixLength > best.prefixLength || (route.prefixLength === best.prefixLength && route.metric < best.metric)) best = route;
  }
  return best;
}

export function addressType6(namespace: NamespaceState, address: Ip6, device: LinkIndex): RouteType {
  if (isMulticastIp6(address)) return 'multicast';
  for (const route of namespace.fib6.get(TABLE_LOCAL) ?? []) {
    if (route.type === 'local' && route.destination === address && route.prefixLength === 128 && (device === 0 || route.nextHops[0]?.device === device)) return 'local';
  }
  return 'unicast';
}
