/** Link-layer and network groups every interface joins when it goes up. Read first: net/ipv4/igmp.c (ip_mc_up), net/ipv6/mcast.c */
import { ALL_NODES, type Ip6 } from '../wire/ip6.ts';
import { macOfIp4Multicast, macOfIp6Multicast } from '../wire/mac.ts';
import { withEntry, withoutEntry } from '../kernel/replace.ts';
import type { Device } from '../kernel/state.ts';
import { done, fail, type Result } from '../result.ts';

/** 224.0.0.1 */
export const ALL_HOSTS = 0xe0000001;

/** IGMP never reports 224.0.0.1 (RFC 3376 section 6), so a plain machine sends no IGMP at all. */
export function joinGroups(device: Device): void {
  if (!device.multicast && device.kind !== 'loopback') return;
  if (!device.groups4.has(ALL_HOSTS)) device.groups4 = withEntry(device.groups4, ALL_HOSTS, 1);
  if (device.kind !== 'loopback') countLinkGroup(device, macOfIp4Multicast(ALL_HOSTS), 1);
}

export function leaveGroups(device: Device): void {
  if (!device.groups4.has(ALL_HOSTS)) return;
  device.groups4 = withoutEntry(device.groups4, ALL_HOSTS);
  if (device.kind !== 'loopback') countLinkGroup(device, macOfIp4Multicast(ALL_HOSTS), -1);
}

export function joinGroup6(device: Device, group: Ip6): boolean {
  const users = device.groups6.get(group) ?? 0;
  device.groups6 = withEntry(device.groups6, group, users + 1);
  if (users === 0 && device.kind !== 'loopback') countLinkGroup(device, macOfIp6Multicast(group), 1);
  return users === 0;
}

export function leaveGroup6(device: Device, group: Ip6): void {
  const users = device.groups6.get(group) ?? 0;
  if (users === 0) return;
  device.groups6 = users > 1 ? withEntry(device.groups6, group, users - 1) : withoutEntry(device.groups6, group);
  if (users === 1 && device.kind !== 'loopback') countLinkGroup(device, macOfIp6Multicast(group), -1);
}

/** 224.0.0.106 and ff02::6a, RFC 4286: a bridge that snoops listens there (br_multicast_join_snoopers). */
const ALL_SNOOPERS = 0xe000006a;
const ALL_SNOOPERS_6: Ip6 = 'ff02000000000000000000000000006a';

export function joinSnoopers(device: Device): void {
  if (device.bridge?.multicastSnooping !== true || device.groups4.has(ALL_SNOOPERS)) return;
  device.groups4 = withEntry(device.groups4, ALL_SNOOPERS, 1);
  countLinkGroup(device, macOfIp4Multicast(ALL_SNOOPERS), 1);
  joinGroup6(device, ALL_SNOOPERS_6);
}

export function leaveSnoopers(device: Device): void {
  if (!device.groups4.has(ALL_SNOOPERS)) return;
  device.groups4 = withoutEntry(device.groups4, ALL_SNOOPERS);
  countLinkGroup(device, macOfIp4Multicast(ALL_SNOOPERS), -1);
  leaveGroup6(device, ALL_SNOOPERS_6);
}

/** ff01::1, the all-nodes group of the interface itself, and ff02::1, that of its link: joined when the interface is made (ipv6_add_dev). */
const INTERFACE_LOCAL_ALL_NODES: Ip6 = 'ff010000000000000000000000000001';
const ALL_NODES_MAC = macOfIp6Multicast(ALL_NODES);

export function joinAllNodes6(device: Device): void {
  for (const group of [INTERFACE_LOCAL_ALL_NODES, ALL_NODES]) if (!device.groups6.has(group)) device.groups6 = withEntry(device.groups6, group, 1);
  if (device.kind !== 'loopback' && !device.groupsLink.has(ALL_NODES_MAC)) countLinkGroup(device, ALL_NODES_MAC, 1);
}

/** ipv6_mc_down: the memberships of the interface stay, the filter of its hardware goes. */
export function leaveAllButAllNodes6(device: Device): void {
  for (const group of device.groups6.keys()) {
    if (group === ALL_NODES) countLinkGroup(device, ALL_NODES_MAC, -1);
    else if (group !== INTERFACE_LOCAL_ALL_NODES) {
      device.groups6 = withEntry(device.groups6, group, 1);
      leaveGroup6(device, group);
    }
  }
}

/** dev_mc_add_global, dev_mc_del_global */
export function setLinkGroup(device: Device, mac: string, isJoined: boolean): Result {
  if (isJoined === device.staticGroupsLink.has(mac)) return isJoined ? done : fail('ENOENT');
  device.staticGroupsLink = new Set(isJoined ? [...device.staticGroupsLink, mac] : [...device.staticGroupsLink].filter((one) => one !== mac));
  countLinkGroup(device, mac, isJoined ? 1 : -1);
  return done;
}

function countLinkGroup(device: Device, mac: string, change: number): void {
  const users = (device.groupsLink.get(mac) ?? 0) + change;
  device.groupsLink = users > 0 ? withEntry(device.groupsLink, mac, users) : withoutEntry(device.groupsLink, mac);
}
