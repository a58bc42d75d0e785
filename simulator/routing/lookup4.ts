/**
 * Which way an IPv4 packet goes: policy rules, longest prefix, next hop; whether a packet that came in may have come that way.
 * Read first: net/ipv4/route.c (ip_route_output_key_hash_rcu, ip_route_input_slow), net/ipv4/fib_frontend.c (fib_validate_source)
 */
import type { LinkIndex, RouteType, Scope } from '../kernel/api.ts';
import type { Device, FibTable4, Kernel, NamespaceState, NextHop4, Route4, Rule } from '../kernel/state.ts';
import { deviceByName, hasIp4 } from '../devices/device.ts';
import { selectAddress } from '../ip/addresses4.ts';
import { ALL_HOSTS } from '../ip/groups.ts';
import { BROADCAST_IP4, isInPrefix4, isLoopbackIp4, isMulticastIp4, LOOPBACK_IP4, maskOf, type Ip4 } from '../wire/ip4.ts';
import type { Ip6 } from '../wire/ip6.ts';
import { scopeNumber, TABLE_LOCAL, TABLE_MAIN } from './fib.ts';

export interface Flow4 {
  destination: Ip4;
  source: Ip4;
  oif: LinkIndex;
  mark: number;
  tos: number;
  uid: number;
  protocol: number;
  sport: number;
  dport: number;
}
export type InputFlow4 = Omit<Flow4, 'oif' | 'uid'>;

export interface RouteResult4 {
  type: 'unicast' | 'local' | 'broadcast' | 'multicast';
  device: LinkIndex;
  /** 0: the destination itself is the next hop. */
  gateway: Ip4;
  gateway6: Ip6 | undefined;
  /** What a socket without an address takes. */
  source: Ip4;
  route: Route4 | undefined;
  /** The way leads back by the device it came from, to a directly reachable sender: worth an ICMP redirect. */
  redirect: boolean;
}
/** EHOSTUNREACH, ENETUNREACH, EACCES, EINVAL; a martian is dropped in silence. */
export type RouteError = 'EHOSTUNREACH' | 'ENETUNREACH' | 'EACCES' | 'EINVAL' | 'martian source' | 'martian destination' | 'reverse path';

interface Found { route: Route4; hop: NextHop4 | undefined }

export function routeOutput4(_kernel: Kernel, namespace: NamespaceState, flow: Flow4): RouteResult4 | RouteError {
  let { destination, source } = flow;
  let { oif } = flow;
  if (source !== 0) {
    if (isMulticastIp4(source) || source === BROADCAST_IP4) return 'EINVAL';
    if (oif === 0 && (isMulticastIp4(destination) || destination === BROADCAST_IP4)) {
      const owner = deviceOfAddress(namespace, source);
      if (owner !== undefined) oif = owner.index;
    }
  }
  if (oif !== 0) {
    const device = namespace.devices.get(oif);
    if (device === undefined) return 'ENETUNREACH';
    if (!device.isUp || !hasIp4(device)) return 'ENETUNREACH';
    if (destination >>> 8 === 0xe00000 || destination === BROADCAST_IP4) {
      return made(destination === BROADCAST_IP4 ? 'broadcast' : 'multicast', oif, 0, source !== 0 ? source : (selectAddress(namespace, oif, 0, 'link') ?? 0), undefined);
    }
    if (source === 0 && isMulticastIp4(destination)) source = selectAddress(namespace, oif, 0, 'global') ?? 0;
    else if (source === 0 && destination === 0) source = selectAddress(namespace, oif, 0, 'host') ?? 0;
  }
  if (destination === 0) {
    destination = source !== 0 ? source : LOOPBACK_IP4;
    const lo = namespace.devices.get(1);
    return lo?.isUp === true ? made('local', 1, 0, source !== 0 ? source : LOOPBACK_IP4, undefined) : 'ENETUNREACH';
  }
  const found = lookup(namespace, destination, source, oif, 1, flow.tos, flow.mark, flow.protocol, flow.sport, flow.dport, flow.uid);
  if (typeof found === 'string') {
    if (oif !== 0 && found === 'ENETUNREACH') {
      // The tables may be wrong, but the device was named: assume that the destination is on its link.
      const type = isMulticastIp4(destination) ? 'multicast' : 'unicast';
      return made(type, oif, 0, source !== 0 ? source : (selectAddress(namespace, oif, 0, 'link') ?? 0), undefined);
    }
    return found;
  }
  const { route, hop } = found;
  if (route.type === 'local') return made('local', 1, 0, source !== 0 ? source : route.preferredSource !== 0 ? route.preferredSource : destination, route);
  const isBroadcast = route.type === 'broadcast' || destination === BROADCAST_IP4;
  const type = isBroadcast ? 'broadcast' : isMulticastIp4(destination) ? 'multicast' : 'unicast';
  const device = oif !== 0 ? oif : hop!.device;
  // __mkroute_output: no gateway stands between a broadcast, or a group the default route leads to, and its link.
  if (isBroadcast || (type === 'multicast' && route.prefixLength < 4)) return made(type, device, 0, source !== 0 ? source : preferredSource(namespace, route, hop!), route);
  return made(type, device, gatewayOf(hop!), source !== 0 ? source : preferredSource(namespace, route, hop!), route, hop!.gateway6);
}

/** rt_set_nexthop: an address of our own is no gateway, though routes may name one; the destination is looked for on the link. */
function gatewayOf(hop: NextHop4): Ip4 {
  return hop.scope === 'link' ? hop.gateway : 0;
}

/** fib_result_prefsrc */
function preferredSource(namespace: NamespaceState, route: Route4, hop: NextHop4): Ip4 {
  if (route.preferredSource !== 0) return route.preferredSource;
  return selectAddress(namespace, hop.device, hop.gateway, route.scope) ?? 0;
}

/** ip_route_input_slow, for packets that did not come by lo. */
export function routeInput4(_kernel: Kernel, namespace: NamespaceState, device: Device, flow: InputFlow4): RouteResult4 | RouteError {
  const { destination, source } = flow;
  if (isMulticastIp4(destination)) {
    if (isMulticastIp4(source) || source === BROADCAST_IP4) return 'martian source';
    return device.groups4.has(destination) || destination === ALL_HOSTS ? made('local', device.index, 0, destination, undefined) : 'EINVAL';
  }
  if (isMulticastIp4(source) || source === BROADCAST_IP4) return 'martian source';
  if (destination === BROADCAST_IP4 || (source === 0 && destination === 0)) return made('local', device.index, 0, destination, undefined);
  if (source >>> 24 === 0) return 'martian source';
  if (destination >>> 24 === 0) return 'martian destination';
  const allowsLoopback = device.conf4.route_localnet !== 0 || namespace.conf4All.route_localnet !== 0;
  if (!allowsLoopback && isLoopbackIp4(destination)) return 'martian destination';
  if (!allowsLoopback && isLoopbackIp4(source)) return 'martian source';
  const found = lookup(namespace, destination, source, 0, device.index, flow.tos, flow.mark, flow.protocol, flow.sport, flow.dport);
  const forwards = device.conf4.forwarding !== 0;
  if (typeof found === 'string') return forwards ? found : 'EHOSTUNREACH';
  const { route, hop } = found;
  if (route.type === 'broadcast') {
    const validity = validateSource(namespace, device, flow, 0);
    return typeof validity === 'string' ? validity : made('local', device.index, 0, destination, route);
  }
  if (route.type === 'local') {
    const validity = validateSource(namespace, device, flow, 0);
    return typeof validity === 'string' ? validity : made('local', device.index, 0, destination, route);
  }
  if (!forwards) return 'EHOSTUNREACH';
  const validity = validateSource(namespace, device, flow, hop!.device);
  if (typeof validity === 'string') return validity;
  const result = made('unicast', hop!.device, gatewayOf(hop!), 0, route, hop!.gateway6);
  if (hop!.device === device.index && validity) {
    const sends = device.conf4.send_redirects !== 0 || namespace.conf4All.send_redirects !== 0;
    const shared = device.conf4.shared_media !== 0 || namespace.conf4All.shared_media !== 0;
    result.redirect = sends && (shared || device.addresses4.some((one) => isInPrefix4(source, one.local, one.prefixLength) && isInPrefix4(result.gateway, one.local, one.prefixLength)));
  }
  return result;
}

/** fib_validate_source: true when the sender is directly reachable by `device`, false when only plausible. */
function validateSource(namespace: NamespaceState, device: Device, flow: InputFlow4, oif: LinkIndex): boolean | RouteError {
  const reversePath = Math.max(namespace.conf4All.rp_filter, device.conf4.rp_filter);
  const acceptsLocal = device.conf4.accept_local !== 0 || namespace.conf4All.accept_local !== 0;
  if (reversePath === 0 && (device.index !== oif || (device.conf4.send_redirects === 0 && namespace.conf4All.send_redirects === 0))) {
    if (acceptsLocal) return false;
    return isLocalAddress(namespace, flow.source) ? 'martian source' : false;
  }
  const found = lookup(namespace, flow.source, flow.destination, 0, 1, flow.tos, device.conf4.src_valid_mark !== 0 ? flow.mark : 0, 0, 0, 0);
  if (typeof found === 'string') return reversePath !== 0 ? 'reverse path' : false;
  const { route } = found;
  if (route.type !== 'unicast' && !(route.type === 'local' && acceptsLocal)) return 'martian source';
  const own = route.nextHops.find((hop) => hop.device === device.index && !hop.isDead);
  if (own !== undefined) return scopeNumber(own.scope) >= 254;
  if (device.addresses4.length === 0) return reversePath !== 0 ? 'reverse path' : false;
  if (reversePath === 1) return 'reverse path';
  const again = lookup(namespace, flow.source, flow.destination, device.index, 1, flow.tos, 0, 0, 0, 0);
  return typeof again !== 'string' && again.route.type === 'unicast' && again.hop !== undefined && scopeNumber(again.hop.scope) >= 254;
}

function made(type: RouteResult4['type'], device: LinkIndex, gateway: Ip4, source: Ip4, route: Route4 | undefined, gateway6?: Ip6): RouteResult4 {
  return { type, device, gateway, gateway6, source, route, redirect: false };
}

/** fib_lookup over the rules. */
function lookup(namespace: NamespaceState, destination: Ip4, source: Ip4, oif: LinkIndex, iif: LinkIndex, tos: number, mark: number, protocol: number, sport: number, dport: number, uid = 0): Found | RouteError {
  const { rules4 } = namespace;
  for (let at = 0; at < rules4.length; at += 1) {
    const rule = rules4[at]!;
    if (!matchesRule(namespace, rule, destination, source, oif, iif, tos, mark, protocol, sport, dport, uid)) continue;
    switch (rule.action) {
      case 'table': {
        const table = namespace.fib4.get(rule.table);
        if (table === undefined) continue;
        const found = lookupTable(namespace, table, destination, source, oif, tos, 0, false);
        if (found === undefined) continue;
        if (typeof found !== 'string' && rule.suppressPrefixLength >= 0 && found.route.prefixLength <= rule.suppressPrefixLength) continue;
        return found;
      }
      case 'unreachable': return 'ENETUNREACH';
      case 'prohibit': return 'EACCES';
      case 'blackhole': return 'EINVAL';
      case 'goto': {
        const target = rules4.findIndex((one) => one.priority >= rule.goto!);
        if (target > at) at = target - 1;
        continue;
      }
      case 'nop': continue;
    }
  }
  return 'ENETUNREACH';
}

function matchesRule(namespace: NamespaceState, rule: Rule, destination: Ip4, source: Ip4, oif: LinkIndex, iif: LinkIndex, tos: number, mark: number, protocol: number, sport: number, dport: number, uid: number): boolean {
  const { from, to } = rule;
  let matches = true;
  if (from !== undefined && !isInPrefix4(source, from.address as Ip4, from.prefixLength)) matches = false;
  else if (to !== undefined && !isInPrefix4(destination, to.address as Ip4, to.prefixLength)) matches = false;
  else if (rule.iif !== undefined && deviceByName(namespace, rule.iif)?.index !== iif) matches = false;
  else if (rule.oif !== undefined && deviceByName(namespace, rule.oif)?.index !== oif) matches = false;
  else if (rule.mark !== undefined && ((mark ^ rule.mark.value) & rule.mark.mask) !== 0) matches = false;
  else if (rule.tos !== 0 && rule.tos !== tos) matches = false;
  else if (rule.ipProtocol !== 0 && rule.ipProtocol !== protocol) matches = false;
  else if (rule.uidRange !== undefined && (uid < rule.uidRange[0] || uid > rule.uidRange[1])) matches = false;
  else if (rule.sport !== undefined && (sport < rule.sport[0] || sport > rule.sport[1])) matches = false;
  else if (rule.dport !== undefined && (dport < rule.dport[0] || dport > rule.dport[1])) matches = false;
  return matches !== rule.not;
}

/** fib_table_lookup; undefined: nothing here (or a throw route), go on with the next rule. */
export function lookupTable(namespace: NamespaceState, table: FibTable4, destination: Ip4, source: Ip4, oif: LinkIndex, tos: number, minScope: number, ignoreLinkState: boolean): Found | RouteError | undefined {
  const { lengths } = table;
  for (let i = 0; i < lengths.length; i += 1) {
    const length = lengths[i]!;
    const routes = table.byLength[length]!.get((destination & maskOf(length)) >>> 0);
    if (routes === undefined) continue;
    for (let j = 0; j < routes.length; j += 1) {
      const route = routes[j]!;
      if (route.tos !== 0 && route.tos !== tos) continue;
      if (minScope !== 0 && scopeNumber(route.scope) < minScope) continue;
      switch (route.type) {
        case 'throw': return undefined;
        case 'unreachable': return 'EHOSTUNREACH';
        case 'prohibit': return 'EACCES';
        case 'blackhole': return 'EINVAL';
        default: break;
      }
      const hop = chooseHop(namespace, route, destination, source, oif, ignoreLinkState);
      if (hop !== undefined) return { route, hop };
    }
  }
  return undefined;
}

function chooseHop(namespace: NamespaceState, route: Route4, destination: Ip4, source: Ip4, oif: LinkIndex, ignoreLinkState: boolean): NextHop4 | undefined {
  const hops = route.nextHops;
  if (hops.length === 1) return isUsable(namespace, hops[0]!, oif, ignoreLinkState) ? hops[0] : undefined;
  const usable = hops.filter((hop) => isUsable(namespace, hop, oif, ignoreLinkState));
  if (usable.length <= 1) return usable[0];
  // fib_select_multipath: weights share out a 31-bit hash of the addresses.
  let total = 0;
  for (const hop of usable) total += hop.weight;
  let mixed = Math.imul(source ^ Math.imul(destination, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2b2ae35) >>> 1;
  let upper = 0;
  for (const hop of usable) {
    upper += hop.weight;
    if (mixed < (upper / total) * 0x80000000) return hop;
  }
  return usable[usable.length - 1];
}

function isUsable(namespace: NamespaceState, hop: NextHop4, oif: LinkIndex, ignoreLinkState: boolean): boolean {
  if (hop.isDead) return false;
  if (oif !== 0 && hop.device !== oif) return false;
  if (hop.isLinkDown && !ignoreLinkState) {
    const device = namespace.devices.get(hop.device);
    if (namespace.conf4All.ignore_routes_with_linkdown !== 0 || device?.conf4.ignore_routes_with_linkdown !== 0) return false;
  }
  return true;
}

/** For gateways: only routes at least as near as `scope` count. */
export function lookupScoped(namespace: NamespaceState, tableId: number, destination: Ip4, oif: LinkIndex, scope: Scope): Found | RouteError {
  const minScope = scopeNumber(scope);
  // Until there are rules of one's own the local table is part of main.
  const preferred = tableId === TABLE_MAIN && !namespace.hasOwnRules4 ? undefined : namespace.fib4.get(tableId);
  const first = preferred === undefined ? undefined : lookupTable(namespace, preferred, destination, 0, oif, 0, minScope, true);
  if (first !== undefined && typeof first !== 'string') return first;
  for (const rule of namespace.rules4) {
    if (rule.action !== 'table' || rule.from !== undefined || rule.mark !== undefined) continue;
    const table = namespace.fib4.get(rule.table);
    const found = table === undefined ? undefined : lookupTable(namespace, table, destination, 0, oif, 0, minScope, true);
    if (found !== undefined) return found;
  }
  return 'ENETUNREACH';
}

/** inet_addr_type: by the local table alone. With a device: only what belongs to it. */
export function addressType4(namespace: NamespaceState, address: Ip4, device: LinkIndex): RouteType {
  if (address >>> 24 === 0 || address === BROADCAST_IP4) return 'broadcast';
  if (isMulticastIp4(address)) return 'multicast';
  const table = namespace.fib4.get(TABLE_LOCAL);
  if (table === undefined) return 'unicast';
  for (const length of table.lengths) {
    const routes = table.byLength[length]!.get((address & maskOf(length)) >>> 0);
    if (routes === undefined) continue;
    for (const route of routes) if (device === 0 || route.nextHops.some((hop) => hop.device === device)) return route.type;
  }
  return 'unicast';
}

export function isLocalAddress(namespace: NamespaceState, address: Ip4): boolean {
  const routes = namespace.fib4.get(TABLE_LOCAL)?.byLength[32]?.get(address);
  if (routes !== undefined) for (const route of routes) if (route.type === 'local') return true;
  return false;
}

/** inet_iif: what was sent to an address of our own came in by the device that has the address, for sockets; it was lo that carried it. */
export function arrivalDevice4(namespace: NamespaceState, device: Device, destination: Ip4): LinkIndex {
  return device.kind === 'loopback' ? (deviceOfAddress(namespace, destination)?.index ?? device.index) : device.index;
}

export function deviceOfAddress(namespace: NamespaceState, address: Ip4): Device | undefined {
  for (const device of namespace.devices.values()) for (const one of device.addresses4) if (one.local === address) return device;
  return undefined;
}
