/** Addresses as netlink shows them. Read first: net/ipv4/devinet.c (inet_fill_ifaddr), net/ipv6/addrconf.c (inet6_fill_ifaddr) */
import type { AddressView, Family } from '../kernel/api.ts';
import type { Address4, Address6, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { formatIp4 } from '../wire/ip4.ts';
import { formatIp6 } from '../wire/ip6.ts';

function secondsLeft(kernel: Kernel, untilUs: number | undefined): number | undefined {
  return untilUs === undefined ? undefined : Math.max(0, Math.ceil((untilUs - kernel.world.nowUs) / 1e6));
}

export function address4View(kernel: Kernel, device: Device, address: Address4): AddressView {
  return {
    index: device.index, family: 'inet', address: formatIp4(address.local), prefixLength: address.prefixLength, peer: address.peer === address.local ? undefined : formatIp4(address.peer),
    broadcast: address.broadcast === undefined ? undefined : formatIp4(address.broadcast), anycast: address.anycast === undefined ? undefined : formatIp4(address.anycast), scope: address.scope, label: address.label, isSecondary: address.isSecondary,
    isTentative: false, isDadFailed: false, isDeprecated: address.preferredUntilUs !== undefined && address.preferredUntilUs <= kernel.world.nowUs, isTemporary: false, isDynamic: address.validUntilUs !== undefined,
    isNoPrefixRoute: address.noPrefixRoute, proto: address.proto, metric: address.metric, validSeconds: secondsLeft(kernel, address.validUntilUs), preferredSeconds: secondsLeft(kernel, address.preferredUntilUs),
  };
}

export function address6View(kernel: Kernel, device: Device, address: Address6): AddressView {
  return {
    index: device.index, family: 'inet6', address: formatIp6(address.address), prefixLength: address.prefixLength, peer: address.peer === undefined ? undefined : formatIp6(address.peer), broadcast: undefined, anycast: undefined,
    scope: address.scope, label: undefined, isSecondary: false, isTentative: address.isTentative, isDadFailed: address.isDadFailed, isDeprecated: address.preferredUntilUs !== undefined && address.preferredUntilUs <= kernel.world.nowUs,
    isTemporary: false, isDynamic: address.validUntilUs !== undefined, isNoPrefixRoute: address.noPrefixRoute, isNoDad: address.noDad, proto: address.proto, metric: address.metric,
    validSeconds: secondsLeft(kernel, address.validUntilUs), preferredSeconds: secondsLeft(kernel, address.preferredUntilUs),
  };
}

export function addressViews(kernel: Kernel, namespace: NamespaceState, family: Family | undefined): AddressView[] {
  const views: AddressView[] = [];
  for (const device of namespace.devices.values()) {
    if (family !== 'inet6') for (const address of device.addresses4) views.push(address4View(kernel, device, address));
    if (family !== 'inet') for (const address of device.addresses6) views.push(address6View(kernel, device, address));
  }
  return views;
}
