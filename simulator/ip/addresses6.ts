/** IPv6 addresses of devices. Read first: net/ipv6/addrconf.c, RFC 6724 (source selection) */
import { done, fail, type Result } from '../result.ts';
import type { AddressSpec, LinkIndex, Scope } from '../kernel/api.ts';
import { notifyAddress6 } from '../kernel/notify.ts';
import type { Address6, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { TABLE_LOCAL, TABLE_MAIN } from '../routing/fib.ts';
import { makeRoute6 } from '../routing/fib6.ts';
import { addKernelRoute6, deleteRoutes6Where } from '../routing/routes6.ts';
import { ANY_IP6, isLinkLocalIp6, isMulticastIp6, LOOPBACK_IP6, networkOf6, parseIp6, solicitedNodeOf, type Ip6 } from '../wire/ip6.ts';
import { startDad } from './autoconf6.ts';
import { leaveGroup6 } from './groups.ts';

/** ipv6_dev_get_saddr, in short: the destination's scope, the outgoing device, the longest common prefix. */
export function selectAddress6(namespace: NamespaceState, index: LinkIndex, towards: Ip6): Ip6 | undefined {
  const wantsLinkLocal = isLinkLocalIp6(towards) || towards.startsWith('ff02');
  let best: Ip6 | undefined;
  let bestPoints = -1;
  for (const device of namespace.devices.values()) {
    for (const one of device.addresses6) {
      if (one.isTentative || one.isDadFailed) continue;
      const isLinkLocal = isLinkLocalIp6(one.address);
      if (isLinkLocal && device.index !== index) continue;
      if (one.scope === 'host' && towards !== LOOPBACK_IP6) continue;
      let points = commonDigits(one.address, towards);
      if (isLinkLocal === wantsLinkLocal) points += 200;
      if (device.index === index) points += 100;
      if (one.address === towards) points += 1000;
      if (points > bestPoints) {
        best = one.address;
        bestPoints = points;
      }
    }
  }
  return best;
}

function commonDigits(left: Ip6, right: Ip6): number {
  let count = 0;
  while (count < 32 && left[count] === right[count]) count += 1;
  return count;
}

function scopeOf(address: Ip6): Scope {
  if (address === LOOPBACK_IP6) return 'host';
  if (isLinkLocalIp6(address)) return 'link';
  return address.startsWith('fec') || address.startsWith('fed') || address.startsWith('fee') || address.startsWith('fef') ? 'site' : 'global';
}

export function addAddress6(kernel: Kernel, namespace: NamespaceState, spec: AddressSpec, mode: 'add' | 'replace' | 'change'): Result {
  const device = namespace.devices.get(spec.index);
  if (device === undefined) return fail('ENODEV', 'ipv6: Unable to find the interface');
  const address = parseIp6(spec.address);
  if (address === undefined || spec.prefixLength > 128) return fail('EINVAL', 'ipv6: Invalid prefix length');
  if (isMulticastIp6(address)) return fail('EADDRNOTAVAIL', 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  if (device.conf6.disable_ipv6 !== 0) return fail('EACCES', 'ipv6: IPv6 is disabled on this device');
  if (address === ANY_IP6) return fail('EADDRNOTAVAIL', 'ipv6: Invalid address');
  const present = device.addresses6.find((one) => one.address === address);
  if (present !== undefined) {
    if (mode === 'add') return fail('EEXIST', 'ipv6: address already assigned');
    notifyAddress6(kernel, namespace, device, present);
    return done;
  }
  const nowUs = kernel.world.nowUs;
  insertAddress6(kernel, namespace, device, {
    address, peer: spec.peer === undefined ? undefined : parseIp6(spec.peer), prefixLength: spec.prefixLength, scope: scopeOf(address), isTentative: false, isDadFailed: false, noDad: spec.noDad ?? false, dadProbesLeft: 0, noPrefixRoute: spec.noPrefixRoute ?? false,
    metric: spec.metric, validUntilUs: spec.validSeconds === undefined ? undefined : nowUs + spec.validSeconds * 1e6, preferredUntilUs: spec.preferredSeconds === undefined ? undefined : nowUs + spec.preferredSeconds * 1e6, proto: undefined,
  });
  return done;
}

/** ipv6_add_addr and addrconf_dad_start: the route of its prefix now, and the address tentative until duplicate address detection is through. */
export function insertAddress6(kernel: Kernel, namespace: NamespaceState, device: Device, wanted: Address6): void {
  let address = wanted;
  // Wider scopes first (ipv6_link_dev_addr).
  const rank = (scope: Scope): number => (scope === 'global' ? 0 : scope === 'site' ? 1 : scope === 'link' ? 2 : 3);
  const at = device.addresses6.findIndex((one) => rank(one.scope) >= rank(address.scope));
  device.addresses6 = device.addresses6.toSpliced(at === -1 ? device.addresses6.length : at, 0, address);
  if (device.isUp || device.kind === 'loopback') address = startDad(kernel, namespace, device, address);
  addRoutesFor6(kernel, namespace, device, address);
  notifyAddress6(kernel, namespace, device, address);
}

export function addRoutesFor6(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6): void {
  if (!device.isUp) return;
  if (!address.isTentative) addLocalRoute6(kernel, namespace, device, address);
  // init_loopback adds ::1 without a route of its prefix; what a user adds gets one, a /128 too.
  if (address.noPrefixRoute || address.address === LOOPBACK_IP6) return;
  addKernelRoute6(kernel, namespace, makeRoute6('unicast', networkOf6(address.address, address.prefixLength), address.prefixLength, TABLE_MAIN, device.index, address.metric ?? 256));
}

/** __ipv6_ifa_notify: what comes for an address is taken in from the time on that it is ours. */
export function addLocalRoute6(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6): void {
  addKernelRoute6(kernel, namespace, makeRoute6('local', address.address, 128, TABLE_LOCAL, device.index, 0));
}

export function deleteAddress6(kernel: Kernel, namespace: NamespaceState, spec: AddressSpec): Result {
  const device = namespace.devices.get(spec.index);
  if (device === undefined) return fail('ENODEV', 'Unable to find the interface');
  const wanted = parseIp6(spec.address);
  const address = device.addresses6.find((one) => one.address === wanted && (spec.prefixLength < 0 || one.prefixLength === spec.prefixLength));
  if (address === undefined) return fail('EADDRNOTAVAIL', 'ipv6: address not found');
  removeAddress6(kernel, namespace, device, address);
  return done;
}

export function removeAddress6(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6): void {
  device.addresses6 = device.addresses6.filter((one) => one !== address);
  const network = networkOf6(address.address, address.prefixLength);
  const isShared = device.addresses6.some((one) => one.prefixLength === address.prefixLength && networkOf6(one.address, one.prefixLength) === network);
  deleteRoutes6Where(kernel, namespace, (route) => {
    if (route.protocol !== 'kernel' || route.nextHops[0]?.device !== device.index) return false;
    if (route.type === 'local') return route.destination === address.address;
    return !isShared && route.table === TABLE_MAIN && route.destination === network && route.prefixLength === address.prefixLength;
  });
  leaveGroup6(device, solicitedNodeOf(address.address));
  notifyAddress6(kernel, namespace, device, address, true);
}
