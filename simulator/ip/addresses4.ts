/** IPv4 addresses of devices, the routes that come with them, and which one a packet takes. Read first: net/ipv4/devinet.c, net/ipv4/fib_frontend.c (fib_add_ifaddr) */
import { done, fail, type Result } from '../result.ts';
import { masqueradeAddressGone } from '../netfilter/hooks.ts';
import type { AddressSpec, LinkIndex, RouteType, Scope } from '../kernel/api.ts';
import { notifyAddress4 } from '../kernel/notify.ts';
import { replaced } from '../kernel/replace.ts';
import type { Address4, Device, Kernel, NamespaceState, Route4 } from '../kernel/state.ts';
import { hasIp4 } from '../devices/device.ts';
import { scopeNumber, TABLE_LOCAL, TABLE_MAIN } from '../routing/fib.ts';
import { addKernelRoute, deleteExactRoute, deleteRoutesWhere } from '../routing/routes4.ts';
import { deviceDown4 } from '../routing/device-events.ts';
import { isLocalAddress } from '../routing/lookup4.ts';
import { announceAddress } from '../neighbour/arp.ts';
import { BROADCAST_IP4, broadcastOf, formatIp4, isInPrefix4, networkOf, parseIp4, type Ip4 } from '../wire/ip4.ts';

/** inet_select_addr: the first primary address in reach of `towards` (0: any), then one of any other device. */
export function selectAddress(namespace: NamespaceState, index: LinkIndex, towards: Ip4, scope: Scope = 'global'): Ip4 | undefined {
  const limit = scopeNumber(scope);
  const device = namespace.devices.get(index);
  let first: Ip4 | undefined;
  for (const one of device?.addresses4 ?? []) {
    if (one.isSecondary || Math.min(scopeNumber(one.scope), 254) > limit) continue;
    if (towards === 0 || isInPrefix4(towards, one.peer, one.prefixLength)) return one.local;
    first ??= one.local;
  }
  if (first !== undefined) return first;
  for (const other of namespace.devices.values()) {
    for (const one of other.addresses4) if (!one.isSecondary && one.scope !== 'link' && scopeNumber(one.scope) <= limit) return one.local;
  }
  return undefined;
}

export function addAddress4(kernel: Kernel, namespace: NamespaceState, spec: AddressSpec, mode: 'add' | 'replace' | 'change'): Result {
  const device = namespace.devices.get(spec.index);
  if (device === undefined) return fail('ENODEV', 'ipv4: Device not found');
  const local = parseIp4(spec.address);
  if (local === undefined) return fail('EINVAL', 'ipv4: Local address is not supplied');
  if (!hasIp4(device)) return fail('ENOBUFS');
  if (spec.prefixLength < 0 || spec.prefixLength > 32) return fail('EINVAL', 'ipv4: Invalid prefix length');
  const peer = spec.peer === undefined ? local : (parseIp4(spec.peer) ?? local);
  const nowUs = kernel.world.nowUs;
  const address: Address4 = {
    local, peer, prefixLength: spec.prefixLength, broadcast: spec.broadcast === undefined ? undefined : parseIp4(spec.broadcast), anycast: spec.anycast === undefined ? undefined : parseIp4(spec.anycast),
    // iproute2 sends the scope; 127.0.0.0/8 is host scope by default.
    scope: spec.scope ?? (local >>> 24 === 127 ? 'host' : 'global'), label: spec.label ?? device.name, isSecondary: false, noPrefixRoute: spec.noPrefixRoute ?? false, metric: spec.metric,
    validUntilUs: spec.validSeconds === undefined ? undefined : nowUs + spec.validSeconds * 1e6, preferredUntilUs: spec.preferredSeconds === undefined ? undefined : nowUs + spec.preferredSeconds * 1e6, proto: undefined,
  };
  const present = device.addresses4.find((one) => one.prefixLength === address.prefixLength && one.local === local && isInPrefix4(peer, one.peer, one.prefixLength));
  if (present !== undefined) {
    if (mode === 'add') return fail('EEXIST', 'ipv4: Address already assigned');
    const { validUntilUs, preferredUntilUs, metric } = address;
    const changed = { ...present, validUntilUs, preferredUntilUs, metric };
    device.addresses4 = replaced(device.addresses4, present, changed);
    scheduleExpiry(kernel, namespace, address);
    notifyAddress4(kernel, namespace, device, changed);
    return done;
  }
  // inet_insert_ifa drops an address of zero in silence.
  if (local === 0) return done;
  return insertAddress(kernel, namespace, device, address);
}

/** __inet_insert_ifa */
function insertAddress(kernel: Kernel, namespace: NamespaceState, device: Device, wanted: Address4): Result {
  let address = wanted;
  for (const one of device.addresses4) {
    if (one.prefixLength !== address.prefixLength || !isInPrefix4(address.peer, one.peer, one.prefixLength)) continue;
    if (one.local === address.local) return fail('EEXIST', 'ipv4: Address already assigned');
    if (one.scope !== address.scope) return fail('EINVAL', 'ipv4: Invalid scope value');
    address = { ...address, isSecondary: true };
  }
  device.conf4PinnedAll = true;
  if (address.isSecondary) device.addresses4 = [...device.addresses4, address];
  else {
    // Primary addresses stand before secondary ones, those of narrower scope first.
    let at = 0;
    device.addresses4.forEach((one, index) => {
      if (!one.isSecondary && scopeNumber(address.scope) <= scopeNumber(one.scope)) at = index + 1;
    });
    device.addresses4 = device.addresses4.toSpliced(at, 0, address);
  }
  addAddressRoutes(kernel, namespace, device, address);
  scheduleExpiry(kernel, namespace, address);
  notifyAddress4(kernel, namespace, device, address);
  if (device.conf4.arp_notify !== 0 && device.isUp) announceAddress(kernel, namespace, device, address.local);
  return done;
}

/** lo gets 127.0.0.1/8 when it goes up without addresses (inetdev_event). */
export function addLoopbackAddress(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (device.addresses4.length > 0 || !hasIp4(device)) return;
  const address: Address4 = {
    local: 0x7f000001, peer: 0x7f000001, prefixLength: 8, broadcast: undefined, anycast: undefined, scope: 'host', label: device.name, isSecondary: false, noPrefixRoute: false, metric: undefined,
    validUntilUs: undefined, preferredUntilUs: undefined, proto: undefined,
  };
  insertAddress(kernel, namespace, device, address);
}

interface Wanted { type: RouteType; destination: Ip4; prefixLength: number; source: Ip4; metric: number }

/** The routes fib_add_ifaddr makes for an address. */
function routesFor(device: Device, address: Address4): Wanted[] {
  const { local, prefixLength } = address;
  const network = networkOf(address.peer, prefixLength);
  const primary = address.isSecondary ? device.addresses4.find((one) => !one.isSecondary && one.prefixLength === prefixLength && isInPrefix4(local, one.peer, prefixLength)) : address;
  const source = primary?.local ?? local;
  const wanted: Wanted[] = [{ type: 'local', destination: local, prefixLength: 32, source, metric: 0 }];
  if (!device.isUp) return wanted;
  if (address.broadcast !== undefined && address.broadcast !== BROADCAST_IP4) wanted.push({ type: 'broadcast', destination: address.broadcast, prefixLength: 32, source, metric: 0 });
  if (network >>> 24 !== 0 && !address.isSecondary && (network !== local || prefixLength < 32)) {
    if (!address.noPrefixRoute) wanted.push({ type: device.kind === 'loopback' ? 'local' : 'unicast', destination: network, prefixLength, source: local, metric: address.metric ?? 0 });
    if (prefixLength < 31) wanted.push({ type: 'broadcast', destination: broadcastOf(network, prefixLength), prefixLength: 32, source: local, metric: 0 });
  }
  return wanted;
}

export function addAddressRoutes(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address4): void {
  for (const wanted of routesFor(device, address)) addKernelRoute(kernel, namespace, toRoute(device, wanted));
}

function toRoute(device: Device, wanted: Wanted): Route4 {
  const isLocal = wanted.type === 'local';
  return {
    type: wanted.type, destination: wanted.destination, prefixLength: wanted.prefixLength, table: wanted.type === 'unicast' ? TABLE_MAIN : TABLE_LOCAL, protocol: 'kernel', scope: isLocal ? 'host' : 'link', metric: wanted.metric,
    tos: 0, preferredSource: wanted.source, nextHops: [{ gateway: 0, device: device.index, weight: 1, onlink: false, isDead: false, isLinkDown: !isLocal && !device.carrier, scope: isLocal ? 'nowhere' : 'host' }],
    mtu: 0, lockMtu: false, advMss: 0, window: 0, rttMs: 0, initcwnd: 0,
  };
}

export function deleteAddress4(kernel: Kernel, namespace: NamespaceState, spec: AddressSpec): Result {
  const device = namespace.devices.get(spec.index);
  if (device === undefined) return fail('ENODEV', 'ipv4: Unable to find device');
  const local = parseIp4(spec.address);
  const peer = spec.peer === undefined ? undefined : parseIp4(spec.peer);
  // A negative prefix length is a wildcard, as iproute2 sends none for `ip address del 10.0.0.1 dev x`.
  const address = device.addresses4.find(
    (one) => one.local === local && (spec.label === undefined || spec.label === one.label) && (spec.prefixLength < 0 || spec.prefixLength === one.prefixLength) && (peer === undefined || isInPrefix4(peer, one.peer, one.prefixLength)),
  );
  if (address === undefined) return fail('EADDRNOTAVAIL', 'ipv4: Address not found');
  removeAddress4(kernel, namespace, device, address);
  return done;
}

/** __inet_del_ifa: a primary address takes its secondary ones along, unless they are promoted. */
export function removeAddress4(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address4): void {
  const promotes = device.conf4.promote_secondaries !== 0 || namespace.conf4All.promote_secondaries !== 0;
  const isDependent = (one: Address4): boolean => one.isSecondary && one.prefixLength === address.prefixLength && isInPrefix4(one.peer, address.peer, address.prefixLength);
  let first: Address4 | undefined;
  if (!address.isSecondary) {
    if (promotes) first = device.addresses4.find(isDependent);
    else for (const one of device.addresses4.filter(isDependent)) takeAway(kernel, namespace, device, one);
  }
  takeAway(kernel, namespace, device, address);
  if (first !== undefined) {
    const promoted = { ...first, isSecondary: false };
    device.addresses4 = replaced(device.addresses4, first, promoted);
    for (const one of [promoted, ...device.addresses4.filter((other) => other !== promoted && isDependent(other))]) {
      deleteRoutesWhere(kernel, namespace, (route) => route.table === TABLE_LOCAL && route.protocol === 'kernel' && route.destination === one.local && route.prefixLength === 32 && route.nextHops[0]?.device === device.index);
      addAddressRoutes(kernel, namespace, device, one);
    }
    notifyAddress4(kernel, namespace, device, promoted);
  }
  // The last address gone: nothing is routed by this device any more.
  if (device.addresses4.length === 0) deviceDown4(kernel, namespace, device, true);
}

function takeAway(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address4): void {
  const lost = routesFor(device, address);
  device.addresses4 = device.addresses4.filter((one) => one !== address);
  const kept = device.addresses4.flatMap((one) => routesFor(device, one));
  for (const wanted of lost) {
    if (kept.some((one) => one.type === wanted.type && one.destination === wanted.destination && one.prefixLength === wanted.prefixLength)) continue;
    deleteExactRoute(kernel, namespace, wanted.type === 'unicast' ? TABLE_MAIN : TABLE_LOCAL, wanted.destination, wanted.prefixLength, (route) => route.type === wanted.type && route.protocol === 'kernel' && route.nextHops[0]?.device === device.index);
  }
  if (!isLocalAddress(namespace, address.local)) deleteRoutesWhere(kernel, namespace, (route) => route.preferredSource === address.local);
  masqueradeAddressGone(kernel.netfilter, namespace.id, 'inet', device.index, formatIp4(address.local));
  notifyAddress4(kernel, namespace, device, address, true);
}

function scheduleExpiry(kernel: Kernel, namespace: NamespaceState, address: Address4): void {
  if (address.validUntilUs !== undefined) kernel.world.post(address.validUntilUs - kernel.world.nowUs, { kind: 'address-expiry', kernelId: kernel.state.id, ns: namespace.id });
}

/** check_lifetime */
export function expireAddresses4(kernel: Kernel, namespace: NamespaceState): void {
  const nowUs = kernel.world.nowUs;
  for (const device of namespace.devices.values()) {
    for (const address of [...device.addresses4]) if (address.validUntilUs !== undefined && address.validUntilUs <= nowUs && device.addresses4.includes(address)) removeAddress4(kernel, namespace, device, address);
  }
}
