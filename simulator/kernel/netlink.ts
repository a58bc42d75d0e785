/** The rtnetlink call table of one kernel: each call finds the namespace and hands on. */
import { done, fail, ok, type Result } from '../result.ts';
import { addFdb, deleteFdb, fdbViews, flushFdb } from '../devices/fdb.ts';
import { deviceByName } from '../devices/device.ts';
import { makeQueue } from '../devices/queue.ts';
import { addLink, deleteLink, setLink } from '../devices/links.ts';
import { addMdb, deleteMdb, mdbViews } from '../devices/multicast-snooping.ts';
import { bridgePortViews, bridgeTimers, linkView } from '../devices/view.ts';
import { addAddress4, deleteAddress4 } from '../ip/addresses4.ts';
import { addAddress6, deleteAddress6 } from '../ip/addresses6.ts';
import { addressViews } from '../ip/address-view.ts';
import { mtuOf4 } from '../ip/output4.ts';
import { addNeighbour, deleteNeighbour, neighbourViews } from '../neighbour/view.ts';
import { isLocalAddress, routeInput4, routeOutput4 } from '../routing/lookup4.ts';
import { routeOutput6 } from '../routing/lookup6.ts';
import { setLinkGroup } from '../ip/groups.ts';
import { TABLE_LOCAL, TABLE_MAIN } from '../routing/fib.ts';
import { addRoute4, deleteRoute4 } from '../routing/routes4.ts';
import { addRoute6, deleteRoute6 } from '../routing/routes6.ts';
import { addRule, deleteRule } from '../routing/rules.ts';
import { route4View, route6View, routeViews, ruleView } from '../routing/view.ts';
import { openSubscription, takeSubscribed } from '../sockets/subscription.ts';
import { isMulticastMac } from '../wire/mac.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { ANY_IP6, formatIp6, parseIp6, type Ip6 } from '../wire/ip6.ts';
import type { NetlinkCalls, NetnsId, RouteAnswer, RouteQuery } from './api.ts';
import { setNetnsId } from './netns-ids.ts';
import { notifyLink } from './notify.ts';
import type { Kernel, NamespaceState } from './state.ts';

export function netlinkCalls(kernel: Kernel): NetlinkCalls {
  const { namespaces } = kernel.state;
  const space = (ns: NetnsId): NamespaceState => {
    const namespace = namespaces.get(ns);
    if (namespace === undefined) throw new Error(`no network namespace ${ns} in kernel ${kernel.state.id}`);
    return namespace;
  };
  return {
    links: (ns) => sortedDevices(space(ns)).map((device) => linkView(kernel, space(ns), device)),
    link(ns, nameOrIndex) {
      const namespace = space(ns);
      const device = typeof nameOrIndex === 'number' ? namespace.devices.get(nameOrIndex) : deviceByName(namespace, nameOrIndex);
      return device === undefined ? undefined : linkView(kernel, namespace, device);
    },
    addLink: (ns, spec) => addLink(kernel, space(ns), spec),
    setLink: (ns, index, change) => setLink(kernel, space(ns), index, change),
    deleteLink: (ns, index) => deleteLink(kernel, space(ns), index),
    bridgePorts: (ns) => bridgePortViews(kernel, space(ns)),
    bridgeTimers: (ns, bridge) => bridgeTimers(kernel, space(ns), bridge),
    addresses: (ns, family) => addressViews(kernel, space(ns), family),
    addAddress: (ns, spec, mode = 'add') => (spec.family === 'inet' ? addAddress4(kernel, space(ns), spec, mode) : addAddress6(kernel, space(ns), spec, mode)),
    deleteAddress: (ns, spec) => (spec.family === 'inet' ? deleteAddress4(kernel, space(ns), spec) : deleteAddress6(kernel, space(ns), spec)),
    routes: (ns, family, table) => routeViews(kernel, space(ns), family, table),
    addRoute: (ns, spec, mode) => (spec.family === 'inet' ? addRoute4(kernel, space(ns), spec, mode) : addRoute6(kernel, space(ns), spec, mode)),
    deleteRoute: (ns, spec) => (spec.family === 'inet' ? deleteRoute4(kernel, space(ns), spec) : deleteRoute6(kernel, space(ns), spec)),
    lookupRoute: (ns, query) => (query.family === 'inet' ? answer4(kernel, space(ns), query) : answer6(kernel, space(ns), query)),
    rules: (ns, family) => (family === 'inet' ? space(ns).rules4 : space(ns).rules6).map((rule) => ruleView(family, rule)),
    addRule: (ns, rule) => addRule(kernel, space(ns), rule),
    deleteRule: (ns, rule) => deleteRule(kernel, space(ns), rule),
    neighbours: (ns, family) => neighbourViews(kernel, space(ns), family),
    addNeighbour: (ns, spec, mode) => addNeighbour(kernel, space(ns), spec, mode),
    deleteNeighbour: (ns, spec) => deleteNeighbour(kernel, space(ns), spec),
    fdb: (ns) => fdbViews(kernel, space(ns)),
    addFdb: (ns, entry, mode) => addFdb(kernel, space(ns), entry, mode),
    deleteFdb: (ns, entry) => deleteFdb(kernel, space(ns), entry),
    flushFdb: (ns, device, to, filter) => flushFdb(kernel, space(ns), device, to, filter),
    mdb: (ns) => mdbViews(kernel, space(ns)),
    addMdb: (ns, entry, isPermanent) => addMdb(kernel, space(ns), entry, isPermanent),
    deleteMdb: (ns, entry) => deleteMdb(kernel, space(ns), entry),
    multicastGroups(ns) {
      const groups: ReturnType<NetlinkCalls['multicastGroups']> = [];
      for (const device of sortedDevices(space(ns))) {
        for (const [address, users] of device.groupsLink) {
          const isStatic = device.staticGroupsLink.has(address);
          if (isStatic || isMulticastMac(address)) groups.push({ index: device.index, family: 'link', address, users, isStatic });
        }
        for (const [address, users] of device.groups4) groups.push({ index: device.index, family: 'inet', address: formatIp4(address), users });
        // /proc/net/igmp6 lists the newest first.
        for (const [address, users] of [...device.groups6].reverse()) groups.push({ index: device.index, family: 'inet6', address: formatIp6(address), users });
      }
      return groups;
    },
    setLinkGroup(ns, index, mac, isJoined) {
      const device = space(ns).devices.get(index);
      return device === undefined ? fail('ENODEV') : setLinkGroup(device, mac, isJoined);
    },
    setQdisc(ns, index, spec) {
      const namespace = space(ns);
      const device = namespace.devices.get(index);
      if (device === undefined) return fail('ENODEV');
      const isQueue = spec !== undefined && 'kind' in spec;
      const netem = isQueue ? undefined : spec;
      const handle = spec?.handle ?? (isQueue ? device.queue?.kind === spec.kind ? device.queue.handle : undefined : device.netem?.handle) ?? freeHandle(namespace);
      device.queue = isQueue ? makeQueue(kernel, device, spec, device.queue, handle) : undefined;
      device.netem = netem === undefined ? undefined : {
        delayUs: netem.delayUs ?? 0, jitterUs: netem.jitterUs ?? 0, lossPercent: netem.lossPercent ?? 0, rateBitsPerSecond: netem.rateBitsPerSecond ?? 0, duplicatePercent: netem.duplicatePercent ?? 0, reorderPercent: netem.reorderPercent ?? 0, limit: netem.limit ?? 1000, queued: device.netem?.queued ?? 0, lastDueUs: device.netem?.lastDueUs ?? 0,
        handle, sentBytes: device.netem?.sentBytes ?? 0, sentPackets: device.netem?.sentPackets ?? 0, dropped: device.netem?.dropped ?? 0,
      };
      const plain = !device.noQueue ? (kernel.state.sysctls.get('net/core/default_qdisc') ?? 'pfifo_fast') : 'noqueue';
      device.qdisc = netem !== undefined ? 'netem' : isQueue ? spec.kind : device.isUp ? plain : 'noop';
      notifyLink(kernel, namespace, device);
      return done;
    },
    qdisc(ns, index) {
      const device = space(ns).devices.get(index);
      if (device === undefined || device.qdisc === 'noop') return undefined;
      const { netem, queue } = device;
      // Besides the device itself, each of its transmit queues holds it; the one a device has by itself is held once.
      const references = (netem ?? queue) !== undefined && (device.kind === 'veth' || device.kind === 'ether') ? 3 : 2;
      if (queue !== undefined) return { kind: queue.kind, references, handle: queue.handle, queue: { limit: queue.limit, rateBytesPerSecond: queue.rateBytesPerSecond, burstNs: queue.burstNs }, sentBytes: queue.sentBytes, sentPackets: queue.sentPackets, dropped: queue.dropped, overlimits: queue.overlimits, backlogPackets: queue.queuedPackets, backlogBytes: queue.queuedBytes };
      if (netem === undefined) return { kind: device.qdisc, references, handle: 0, sentBytes: 0, sentPackets: 0, dropped: 0, backlogPackets: 0 };
      return { kind: 'netem', references, handle: netem.handle, netem: { ...netem }, sentBytes: netem.sentBytes, sentPackets: netem.sentPackets, dropped: netem.dropped, backlogPackets: netem.queued };
    },
    filters: (ns, index) => space(ns).devices.get(index)?.tc,
    netnsId: (ns, other) => space(ns).peerIds.get(other),
    netnsIdsOf(ns, target) {
      const other = [...space(ns).peerIds].find(([, id]) => id === target);
      if (other === undefined) return fail('EINVAL');
      return ok([...space(other[0]).peerIds].map(([peer, id]) => ({ id, here: space(ns).peerIds.get(peer) })).sort((left, right) => left.id - right.id));
    },
    setNetnsId: (ns, other, id) => setNetnsId(kernel, space(ns), other, id),
    subscribe: (ns, kinds) => openSubscription(kernel, space(ns), kinds),
    takeEvents: (id) => takeSubscribed(kernel, id),
  };
}

/** qdisc_alloc_handle: 8001: and on. */
function freeHandle(namespace: NamespaceState): number {
  let handle = 0x8001;
  for (const { netem, queue } of namespace.devices.values()) handle = Math.max(handle, (netem?.handle ?? 0) + 1, (queue?.handle ?? 0) + 1);
  return handle;
}

function sortedDevices(namespace: NamespaceState): NamespaceState['devices'] extends Map<number, infer Device> ? Device[] : never {
  return [...namespace.devices.values()].sort((left, right) => left.index - right.index);
}

/** inet_rtm_getroute */
function answer4(kernel: Kernel, namespace: NamespaceState, query: RouteQuery): Result<RouteAnswer> {
  const destination = parseIp4(query.to);
  const source = query.from === undefined ? 0 : parseIp4(query.from);
  if (destination === undefined || source === undefined) return fail('EINVAL');
  const common = { destination, source, mark: query.mark ?? 0, tos: query.tos ?? 0, protocol: query.ipProtocol ?? 0, sport: query.sport ?? 0, dport: query.dport ?? 0 };
  const iif = query.iif === undefined || query.iif === 0 ? undefined : namespace.devices.get(query.iif);
  if (query.iif !== undefined && query.iif !== 0 && iif === undefined) return fail('ENODEV');
  // ip_route_output_key: who asks without FLOWI_FLAG_ANYSRC may only name an address of its own.
  if (iif === undefined && source !== 0 && !isLocalAddress(namespace, source)) return fail('ENETUNREACH');
  const found = iif === undefined ? routeOutput4(kernel, namespace, { ...common, oif: query.oif ?? 0, uid: query.uid ?? 0 }) : routeInput4(kernel, namespace, iif, common);
  if (typeof found === 'string') {
    if (found === 'martian source' || found === 'martian destination') return fail('EINVAL');
    if (found === 'reverse path') return fail('EXDEV');
    return fail(found);
  }
  const route = found.route === undefined ? plainView(found.device) : { ...route4View(found.route), ...(namespace.hasOwnRules4 || found.route.table !== TABLE_LOCAL ? {} : { table: TABLE_MAIN }) };
  return ok({
    route, source: formatIp4(found.source !== 0 || iif === undefined ? found.source : source), gateway: found.gateway6 !== undefined ? formatIp6(found.gateway6) : found.gateway === 0 ? undefined : formatIp4(found.gateway), device: found.device, isLocal: found.type === 'local' || found.type === 'broadcast' || namespace.devices.get(found.device)?.kind === 'loopback', isBroadcast: found.type === 'broadcast' || route.type === 'broadcast', isMulticast: found.type === 'multicast', uid: query.uid ?? 0,
    mtu: mtuOf4(kernel, namespace, found, destination), iif: iif?.index,
  });
}

function answer6(kernel: Kernel, namespace: NamespaceState, query: RouteQuery): Result<RouteAnswer> {
  const destination = parseIp6(query.to);
  const source = query.from === undefined ? '' : parseIp6(query.from);
  if (destination === undefined || source === undefined) return fail('EINVAL');
  const found = routeOutput6(kernel, namespace, { destination, source, oif: query.oif ?? 0, mark: query.mark ?? 0 });
  if (typeof found === 'string') return fail(found);
  return ok({
    route: { ...route6View(kernel, found.route!), ...learntMtu(kernel, namespace, destination) }, source: formatIp6(found.source), gateway: found.gateway === ANY_IP6 ? undefined : formatIp6(found.gateway), device: found.device, isLocal: found.type === 'local', isBroadcast: false, uid: query.uid ?? 0,
    mtu: namespace.devices.get(found.device)?.mtu ?? 1500, iif: undefined,
  });
}

/** What a cached clone of the route would say. */
function learntMtu(kernel: Kernel, namespace: NamespaceState, destination: Ip6): { mtu: number; expiresSeconds: number } | undefined {
  const learnt = namespace.exceptions6.get(destination);
  if (learnt === undefined || learnt.expiresAtUs <= kernel.world.nowUs) return undefined;
  return { mtu: learnt.mtu, expiresSeconds: Math.floor((learnt.expiresAtUs - kernel.world.nowUs) / 1e6) };
}

function plainView(device: number): RouteAnswer['route'] {
  return { family: 'inet', type: 'unicast', destination: '0.0.0.0', prefixLength: 0, table: 0, protocol: 'unspec', scope: 'global', metric: 0, preferredSource: undefined, tos: 0, nextHops: [{ device }] };
}

