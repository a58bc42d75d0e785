/** Forwarding tables as `bridge fdb` and `brctl showmacs` read and write them. Read first: net/bridge/br_fdb.c, net/core/rtnetlink.c (ndo_dflt_fdb_dump) */
import { done, fail, type Result } from '../result.ts';
import type { FdbFilter, FdbView, LinkIndex, NetlinkCalls } from '../kernel/api.ts';
import { withEntry, withoutEntry } from '../kernel/replace.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { isMulticastMac } from '../wire/mac.ts';
import { hexByte } from '../bytes.ts';
import { expireEntries, noteGc } from './bridge.ts';
import { macKeyOf } from './device.ts';

type Entry = Parameters<NetlinkCalls['addFdb']>[1];

export function fdbViews(kernel: Kernel, namespace: NamespaceState): FdbView[] {
  const views: FdbView[] = [];
  const nowUs = kernel.world.nowUs;
  const self = (device: Device): void => {
    // dev->uc comes before dev->mc.
    const macs = [...device.groupsLink.keys()];
    for (const mac of [...macs.filter((each) => !isMulticastMac(each)), ...macs.filter(isMulticastMac)]) views.push({ link: device.index, master: undefined, mac, vlan: undefined, isLocal: false, isPermanent: true, isStatic: false, isSelf: true, ageSeconds: 0 });
    for (const [key, entry] of device.vxlan?.fdb ?? []) {
      views.push({ link: device.index, master: undefined, mac: macText(key), vlan: undefined, isLocal: false, isPermanent: entry.permanent, isStatic: false, isSelf: true, ageSeconds: (nowUs - entry.seenAtUs) / 1e6, destination: formatIp4(entry.remote) });
    }
    for (const remote of device.vxlan?.defaultRemotes ?? []) {
      views.push({ link: device.index, master: undefined, mac: '00:00:00:00:00:00', vlan: undefined, isLocal: false, isPermanent: true, isStatic: false, isSelf: true, ageSeconds: 0, destination: formatIp4(remote) });
    }
  };
  /** br_fdb_dump for one port (or the bridge itself): the newest first. */
  const ofPort = (master: Device, port: number): void => {
    expireEntries(master.bridge!, nowUs);
    for (const entry of [...master.bridge!.fdb.values()].reverse()) {
      if (entry.port !== port) continue;
      views.push({
        link: entry.port, master: master.index, mac: entry.mac, vlan: entry.vlan === 0 ? undefined : entry.vlan, isLocal: entry.isLocal, isPermanent: entry.isLocal, isStatic: entry.isStatic && !entry.isLocal, isSelf: false,
        ageSeconds: entry.isLocal || entry.isStatic ? 0 : (nowUs - entry.updatedAtUs) / 1e6,
      });
    }
  };
  for (const device of [...namespace.devices.values()].sort((left, right) => left.index - right.index)) {
    const master = device.master === 0 ? undefined : namespace.devices.get(device.master);
    if (master?.bridge !== undefined) ofPort(master, device.index);
    self(device);
    if (device.bridge !== undefined) ofPort(device, device.index);
  }
  return views;
}

function macText(key: number): string {
  const high = Math.floor(key / 0x100000000);
  const low = key % 0x100000000;
  return [high >>> 8, high, low >>> 24, low >>> 16, low >>> 8, low].map(hexByte).join(':');
}

export function addFdb(kernel: Kernel, namespace: NamespaceState, entry: Entry, mode: 'add' | 'append' | 'replace'): Result {
  const device = namespace.devices.get(entry.link);
  if (device === undefined) return fail('ENODEV');
  const key = macKeyOf(entry.mac);
  const nowUs = kernel.world.nowUs;
  if (device.vxlan !== undefined && entry.master !== true) {
    const remote = entry.destination === undefined ? undefined : parseIp4(entry.destination);
    if (remote === undefined) return fail('EINVAL');
    if (key === 0) {
      if (!device.vxlan.defaultRemotes.includes(remote)) device.vxlan.defaultRemotes.push(remote);
      return done;
    }
    if (mode === 'add' && device.vxlan.fdb.has(key)) return fail('EEXIST');
    device.vxlan.fdb.set(key, { remote, seenAtUs: nowUs, permanent: entry.kind === 'permanent' });
    return done;
  }
  if (entry.master !== true && device.bridge === undefined) {
    if (entry.kind !== 'permanent') return fail('EINVAL', 'FDB only supports static addresses');
    if (device.groupsLink.has(entry.mac)) return fail('EEXIST');
    device.groupsLink = withEntry(device.groupsLink, entry.mac, 1);
    return done;
  }
  const bridgeDevice = device.bridge !== undefined ? device : namespace.devices.get(device.master);
  const bridge = bridgeDevice?.bridge;
  if (bridge === undefined) return fail('EOPNOTSUPP');
  const known = bridge.fdb.get(key);
  if (known !== undefined && mode === 'add') return fail('EEXIST');
  noteGc(bridge, nowUs);
  bridge.fdb.set(key, { mac: entry.mac, port: device.index, vlan: entry.vlan ?? 0, isLocal: entry.kind === 'permanent', isStatic: entry.kind !== 'dynamic', updatedAtUs: nowUs, usedAtUs: nowUs, addedByUser: true });
  kernel.world.announceChange(kernel.state.id);
  return done;
}

export function deleteFdb(kernel: Kernel, namespace: NamespaceState, entry: Omit<Entry, 'kind'>): Result {
  const device = namespace.devices.get(entry.link);
  if (device === undefined) return fail('ENODEV');
  const key = macKeyOf(entry.mac);
  if (device.vxlan !== undefined && entry.master !== true) return device.vxlan.fdb.delete(key) ? done : fail('ENOENT');
  if (entry.master !== true && device.bridge === undefined) {
    if (!device.groupsLink.has(entry.mac)) return fail('ENOENT');
    device.groupsLink = withoutEntry(device.groupsLink, entry.mac);
    return done;
  }
  const bridge = (device.bridge !== undefined ? device : namespace.devices.get(device.master))?.bridge;
  if (bridge === undefined) return fail('EOPNOTSUPP');
  if (bridge.fdb.get(key)?.port !== device.index) return fail('ENOENT');
  noteGc(bridge, kernel.world.nowUs);
  bridge.fdb.delete(key);
  kernel.world.announceChange(kernel.state.id);
  return done;
}

/** br_fdb_delete_bulk */
export function flushFdb(kernel: Kernel, namespace: NamespaceState, index: LinkIndex, to: 'self' | 'master', filter: FdbFilter): Result {
  const device = namespace.devices.get(index);
  if (device === undefined) return fail('ENODEV');
  if (device.kind === 'loopback') return fail('EINVAL', 'FDB delete only supported for Ethernet devices.');
  const bridgeDevice = to === 'self' ? device : namespace.devices.get(device.master);
  const bridge = bridgeDevice?.bridge;
  if (bridge === undefined) return fail('EOPNOTSUPP');
  const port = to === 'master' ? index : filter.port;
  if (port !== undefined && port !== bridgeDevice!.index && namespace.devices.get(port)?.port?.bridge !== bridgeDevice!.index) return fail('EINVAL', 'bridge: Flush device is not a bridge or bridge port.');
  noteGc(bridge, kernel.world.nowUs);
  const isWanted = (wanted: unknown, found: unknown): boolean => wanted === undefined || wanted === found;
  for (const [key, entry] of bridge.fdb) {
    if (isWanted(port, entry.port) && isWanted(filter.vlan, entry.vlan) && isWanted(filter.isLocal, entry.isLocal) && isWanted(filter.isStatic, entry.isStatic) && isWanted(filter.byUser, entry.addedByUser)) bridge.fdb.delete(key);
  }
  kernel.world.announceChange(kernel.state.id);
  return done;
}
