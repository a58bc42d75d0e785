/** One network device: its record, as alloc_netdev and the drivers' setup functions fill it. Read first: net/core/dev.c, drivers/net/{veth,dummy,loopback,tun}.c */
import { get16, get32 } from '../bytes.ts';
import type { LinkIndex, LinkKind, Mac, NetnsId } from '../kernel/api.ts';
import { INFO, printk } from '../kernel/log.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { BROADCAST_MAC, ZERO_MAC } from '../wire/mac.ts';
import { hexByte } from '../bytes.ts';

/** A device record that is not yet in a namespace. */
export function makeDevice(kernel: Kernel, namespace: NamespaceState, kind: LinkKind, index: LinkIndex, name: string): Device {
  const isLoopback = kind === 'loopback';
  const device: Device = {
    index, ns: namespace.id, name, kind,
    mac: ZERO_MAC, macHigh: 0, macLow: 0, macSetByHand: false, permanentMac: undefined, broadcast: isLoopback ? ZERO_MAC : BROADCAST_MAC,
    mtu: isLoopback ? 65536 : 1500, minMtu: 68, maxMtu: 65535,
    txQueueLength: kind === 'tun' ? 500 : 1000,
    noQueue: !(kind === 'ether' || kind === 'tap' || kind === 'tun' || kind === 'ifb'),
    isUp: false, noArp: kind === 'dummy' || kind === 'tun', multicast: !isLoopback, allMulticast: 0, promiscuity: 0, promiscuousByHand: false, dynamic: false,
    carrier: kind !== 'veth' && kind !== 'ether', operState: kind === 'veth' || kind === 'ether' ? 'DOWN' : 'UNKNOWN', qdisc: 'noop', group: 'default', alias: undefined, altNames: [], master: 0,
    stats: { rxPackets: 0, rxBytes: 0, rxErrors: 0, rxDropped: 0, rxMulticast: 0, txPackets: 0, txBytes: 0, txErrors: 0, txDropped: 0, txCarrierErrors: 0, collisions: 0 },
    createdAtUs: kernel.world.state.nowUs,
    conf4: namespace.conf4Default, conf4Pinned: new Set(), conf4PinnedAll: false, conf6: namespace.conf6Default, neigh4: namespace.neigh4Default, neigh6: namespace.neigh6Default,
    addresses4: [], addresses6: [], groups4: new Map(), groups6: new Map(), groupsLink: new Map(), staticGroupsLink: new Set(), solicitationGeneration: 0, isIpv6Ready: false,
    taps: [], linkWatchPending: false, netem: undefined, queue: undefined, peer: undefined, wire: undefined, junction: undefined, lower: 0, lowerNs: namespace.id, uppers: [],
    vlan: undefined, macvlanMode: undefined, vxlan: undefined, tun: undefined, bridge: undefined, port: undefined, tc: undefined,
  };
  if (isLoopback) {
    device.minMtu = 0;
    device.maxMtu = 0;
    device.conf4 = { ...device.conf4, disable_policy: 1, disable_xfrm: 1 };
    device.conf6 = { ...device.conf6, accept_dad: -1, use_tempaddr: -1, mtu: 65536 };
  }
  if (kind === 'dummy') device.maxMtu = 0;
  if (kind === 'tap') device.maxMtu = 65521;
  if (kind === 'tun') {
    device.broadcast = '';
    device.maxMtu = 65535;
  }
  return device;
}

/** __dev_set_promiscuity */
export function changePromiscuity(kernel: Kernel, device: Device, by: 1 | -1): void {
  device.promiscuity += by;
  if (device.promiscuity === (by > 0 ? 1 : 0)) printk(kernel, INFO, `device ${device.name} ${by > 0 ? 'entered' : 'left'} promiscuous mode`);
}

/** dev_new_index: the next number of the namespace that nobody uses. */
export function newIndex(namespace: NamespaceState): LinkIndex {
  do namespace.lastIndex += 1;
  while (namespace.devices.has(namespace.lastIndex));
  return namespace.lastIndex;
}

/** eth_random_addr: unicast, locally administered. */
export function randomMac(kernel: Kernel): Mac {
  const bytes = kernel.world.dice.bytes(6);
  bytes[0] = (bytes[0]! & 0xfe) | 0x02;
  return Array.from(bytes, hexByte).join(':');
}

export function writeMac(device: Device, mac: Mac): void {
  device.mac = mac;
  device.macHigh = Number.parseInt(mac.slice(0, 2) + mac.slice(3, 5), 16);
  device.macLow = Number.parseInt(mac.slice(6, 8) + mac.slice(9, 11) + mac.slice(12, 14) + mac.slice(15, 17), 16);
}

/** Writes a device's own address into a frame. */
export function putDeviceMac(bytes: Uint8Array, at: number, device: Device): void {
  bytes[at] = device.macHigh >>> 8;
  bytes[at + 1] = device.macHigh;
  bytes[at + 2] = device.macLow >>> 24;
  bytes[at + 3] = device.macLow >>> 16;
  bytes[at + 4] = device.macLow >>> 8;
  bytes[at + 5] = device.macLow;
}

export function isMacOf(device: Device, bytes: Uint8Array, at: number): boolean {
  return get16(bytes, at) === device.macHigh && get32(bytes, at + 2) === device.macLow;
}

/** 48 bits as one number: the key of forwarding tables. */
export function macKeyAt(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x100000000 + get32(bytes, at + 2);
}

export function macKeyOf(mac: Mac): number {
  return Number.parseInt(mac.replaceAll(':', ''), 16);
}

/** inetdev_valid_mtu: only the loopback device may have less. */
export function hasIp4(device: Device): boolean {
  return device.mtu >= 68;
}

export function deviceByName(namespace: NamespaceState, name: string): Device | undefined {
  for (const device of namespace.devices.values()) if (device.name === name || device.altNames.includes(name)) return device;
  return undefined;
}

/** alloc_name: the first free number for `veth%d`. */
export function freeName(namespace: NamespaceState, prefix: string): string {
  const taken = new Set<string>();
  for (const { name, altNames } of namespace.devices.values()) for (const each of [name, ...altNames]) taken.add(each);
  for (let number = 0; ; number += 1) if (!taken.has(prefix + number)) return prefix + number;
}

export function findDevice(kernel: Kernel, ns: NetnsId, index: LinkIndex): Device | undefined {
  return kernel.state.namespaces.get(ns)?.devices.get(index);
}

/** dev_get_iflink: the number of the device this one sits on or leads to, else its own. */
export function linkNumberOf(device: Device): LinkIndex {
  if (device.peer !== undefined) return device.peer.index;
  return device.lower !== 0 ? device.lower : device.index;
}

/** netif_oper_up */
export function isOperational(device: Device): boolean {
  return device.operState === 'UP' || device.operState === 'UNKNOWN';
}

/** netif_running && netif_oper_up, as IFF_RUNNING says. */
export function isRunning(device: Device): boolean {
  return device.isUp && isOperational(device);
}
