/** Making, changing and deleting links. Read first: net/core/rtnetlink.c (rtnl_newlink, do_setlink), net/core/dev.c, drivers/net/{veth,tun}.c */
import { done, fail, ok, type Result } from '../result.ts';
import type { LinkChange, LinkIndex, LinkKind, LinkSpec, Mac, NetnsId } from '../kernel/api.ts';
import { INFO, printk } from '../kernel/log.ts';
import { netnsIdOf } from '../kernel/netns-ids.ts';
import { notifyLink } from '../kernel/notify.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { removeAddress4 } from '../ip/addresses4.ts';
import { linkDown6, linkReady6 } from '../ip/autoconf6.ts';
import { flushNeighbours } from '../neighbour/neighbour.ts';
import { deviceDown4 } from '../routing/device-events.ts';
import { deviceDown6 } from '../routing/device-events6.ts';
import { parseIp4 } from '../wire/ip4.ts';
import { isMulticastMac, parseMac, ZERO_MAC } from '../wire/mac.ts';
import { applyBridgeOptions, applyPortOptions } from './bridge-options.ts';
import { moveJunctionEnd } from '../world/junction.ts';
import { joinAllNodes6 } from '../ip/groups.ts';
import { addPort, adjustMtu, changeBridgeMac, makeBridge, portMacChanged, removePort } from './bridge-ports.ts';
import { operStateOf } from './carrier.ts';
import { changePromiscuity, deviceByName, freeName, hasIp4, makeDevice, newIndex, randomMac, writeMac } from './device.ts';
import { closeDevice, openDevice } from './lifecycle.ts';

const NAME_PREFIXES: Readonly<Partial<Record<LinkKind, string>>> = { veth: 'veth', bridge: 'bridge', dummy: 'dummy', tap: 'tap', tun: 'tun', vlan: 'vlan', macvlan: 'macvlan', vxlan: 'vxlan', ether: 'eth', ifb: 'ifb' };

/** RFC 8200: what a link must carry for IPv6. */
const LEAST_MTU6 = 1280;

export function addLink(kernel: Kernel, caller: NamespaceState, spec: LinkSpec): Result<LinkIndex> {
  const namespace = spec.netns === undefined ? caller : kernel.state.namespaces.get(spec.netns);
  if (namespace === undefined) return fail('EINVAL', 'Invalid target network namespace FD/PID/ID');
  const refused = checkSpec(namespace, spec);
  if (refused !== undefined) return refused;
  if (spec.kind === 'loopback' || spec.kind === 'ipip' || spec.kind === 'gre') return fail('EOPNOTSUPP', 'Unknown device type');
  if (spec.kind === 'veth') return addVeth(kernel, namespace, spec);
  const lower = spec.link === undefined ? undefined : caller.devices.get(spec.link);
  const stacked = checkStacked(kernel, caller, spec, lower);
  if (stacked !== undefined) return stacked;
  const device = create(kernel, namespace, spec.kind, spec);
  switch (spec.kind) {
    case 'bridge':
      device.bridge = makeBridge();
      device.maxMtu = 65535;
      break;
    case 'tap': case 'tun':
      device.tun = { mode: spec.kind, persist: true, user: spec.tun?.user, group: spec.tun?.group, multiQueue: spec.tun?.multiQueue ?? false, pi: spec.tun?.pi ?? false, vnetHdr: spec.tun?.vnetHdr ?? false, attached: false };
      // ip tuntap closes the device again: without a program it has no carrier.
      device.carrier = false;
      device.operState = 'DOWN';
      break;
    case 'ether':
      device.permanentMac = device.mac;
      break;
    case 'vlan':
      device.vlan = { id: spec.vlanId!, protocol: spec.vlanProtocol ?? '802.1Q' };
      stackOn(caller, lower!, device);
      if (spec.mac === undefined) writeMac(device, lower!.mac);
      device.mtu = spec.mtu ?? lower!.mtu;
      break;
    case 'macvlan':
      device.macvlanMode = spec.macvlanMode ?? 'vepa';
      stackOn(caller, lower!, device);
      device.mtu = spec.mtu ?? lower!.mtu;
      break;
    case 'vxlan':
      setUpVxlan(caller, device, spec, lower);
      break;
    default:
      break;
  }
  enter(kernel, namespace, device);
  if (spec.kind === 'bridge') {
    if (spec.bridge !== undefined) applyBridgeOptions(kernel, namespace, device, spec.bridge);
    if (spec.mac !== undefined) changeBridgeMac(kernel, namespace, device, device.mac);
  }
  return finishCreation(kernel, namespace, device, spec);
}

function checkSpec(namespace: NamespaceState, spec: { name?: string; mac?: Mac; mtu?: number; index?: number }): ReturnType<typeof fail> | undefined {
  if (spec.name !== undefined) {
    const refused = checkName(spec.name);
    if (refused !== undefined) return refused;
    if (deviceByName(namespace, spec.name) !== undefined) return fail('EEXIST');
  }
  if (spec.mac !== undefined && !isUsableMac(spec.mac)) return fail('EADDRNOTAVAIL');
  if (spec.index !== undefined && namespace.devices.has(spec.index)) return fail('EEXIST');
  if (spec.mtu !== undefined && spec.mtu < 68) return fail('EINVAL', 'mtu less than device minimum');
  if (spec.mtu !== undefined && spec.mtu > 65535) return fail('EINVAL', 'mtu greater than device maximum');
  return undefined;
}

/** dev_valid_name, and the length that netlink's policy allows. */
function checkName(name: string): ReturnType<typeof fail> | undefined {
  if (name.length > 15) return fail('ERANGE', 'Attribute failed policy validation');
  if (name === '' || name === '.' || name === '..' || /[/:\s]/.test(name)) return fail('EINVAL');
  return undefined;
}

function isUsableMac(mac: Mac): boolean {
  return parseMac(mac) !== undefined && !isMulticastMac(mac) && mac !== ZERO_MAC;
}

function checkStacked(kernel: Kernel, namespace: NamespaceState, spec: LinkSpec, lower: Device | undefined): ReturnType<typeof fail> | undefined {
  if (spec.link !== undefined && lower === undefined) return fail('ENODEV', spec.kind === 'vlan' ? '8021q: link does not exist' : undefined);
  if (spec.kind === 'vlan') {
    if (spec.vlanId === undefined) return fail('EINVAL', '8021q: VLAN id not specified');
    if (lower === undefined) return fail('EINVAL', '8021q: link not specified');
    if (spec.vlanId < 0 || spec.vlanId > 4094) return fail('ERANGE', '8021q: Invalid VLAN id');
    if (uppersOf(kernel, lower).some((one) => one.vlan?.id === spec.vlanId)) return fail('EEXIST', '8021q: VLAN device already exists');
    if (spec.mtu !== undefined && spec.mtu > lower.mtu) return fail('ERANGE');
  }
  if (spec.kind === 'macvlan') {
    if (lower === undefined) return fail('EINVAL');
    if (lower.port !== undefined || lower.kind === 'loopback') return fail('EBUSY');
  }
  if (spec.kind === 'vxlan' && spec.vxlan === undefined) return fail('EINVAL', 'Required attributes not provided to perform the operation');
  if (spec.kind === 'vxlan') {
    // vxlan_vni_in_use: one device to a VNI and port.
    const port = spec.vxlan!.port ?? 8472;
    for (const one of namespace.devices.values()) if (one.vxlan?.id === spec.vxlan!.id && one.vxlan.port === port) return fail('EEXIST', 'A VXLAN device with the specified VNI already exists');
  }
  return undefined;
}

function uppersOf(kernel: Kernel, lower: Device): Device[] {
  return lower.uppers.map((one) => kernel.state.namespaces.get(one.ns)?.devices.get(one.index)).filter((one) => one !== undefined);
}

function create(kernel: Kernel, namespace: NamespaceState, kind: LinkKind, spec: { name?: string; index?: number; mac?: Mac; mtu?: number; txQueueLength?: number; alias?: string; group?: string; arp?: boolean; noQueue?: boolean }): Device {
  const index = spec.index ?? newIndex(namespace);
  const device = makeDevice(kernel, namespace, kind, index, spec.name ?? freeName(namespace, NAME_PREFIXES[kind] ?? kind));
  if (kind !== 'tun') writeMac(device, spec.mac ?? randomMac(kernel));
  else device.mac = '';
  device.macSetByHand = spec.mac !== undefined;
  if (spec.mtu !== undefined) device.mtu = spec.mtu;
  if (spec.txQueueLength !== undefined) device.txQueueLength = spec.txQueueLength;
  if (spec.noQueue !== undefined) device.noQueue = spec.noQueue;
  if (spec.alias !== undefined) device.alias = spec.alias;
  if (spec.group !== undefined) device.group = spec.group;
  if (spec.arp !== undefined) device.noArp = !spec.arp;
  return device;
}

function enter(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (device.mtu >= 1280) joinAllNodes6(device);
  namespace.devices.set(device.index, device);
  notifyLink(kernel, namespace, device);
}

function finishCreation(kernel: Kernel, namespace: NamespaceState, device: Device, spec: LinkSpec): Result<LinkIndex> {
  if (spec.master !== undefined && spec.master !== 0) {
    const bridgeDevice = namespace.devices.get(spec.master);
    const enslaved = bridgeDevice?.bridge === undefined ? fail('EINVAL', 'Device type can not be enslaved to that master') : addPort(kernel, namespace, bridgeDevice, device);
    if (!enslaved.ok) {
      remove(kernel, namespace, device);
      return enslaved;
    }
  }
  if (spec.up === true) {
    const opened = openDevice(kernel, namespace, device);
    if (!opened.ok) return opened;
  }
  return ok(device.index);
}

/** The peer is made first, so it has the lower number. */
function addVeth(kernel: Kernel, namespace: NamespaceState, spec: LinkSpec): Result<LinkIndex> {
  const peerSpec = spec.peer ?? {};
  const peerSpace = peerSpec.netns === undefined ? namespace : kernel.state.namespaces.get(peerSpec.netns);
  if (peerSpace === undefined) return fail('EINVAL', 'Invalid target network namespace FD/PID/ID');
  const refused = checkSpec(peerSpace, peerSpec);
  if (refused !== undefined) return refused;
  if (peerSpace === namespace && spec.name !== undefined && spec.name === peerSpec.name) return fail('EEXIST');
  const peer = create(kernel, peerSpace, 'veth', peerSpec);
  enter(kernel, peerSpace, peer);
  const device = create(kernel, namespace, 'veth', spec);
  enter(kernel, namespace, device);
  peer.peer = { ns: namespace.id, index: device.index };
  device.peer = { ns: peerSpace.id, index: peer.index };
  peer.operState = operStateOf(peerSpace, peer);
  device.operState = operStateOf(namespace, device);
  numberEachOther(kernel, namespace, peerSpace);
  notifyLink(kernel, peerSpace, peer);
  if (peerSpec.up === true) openDevice(kernel, peerSpace, peer);
  return finishCreation(kernel, namespace, device, spec);
}

/** rtnetlink's announcement names the other namespace, which gives it a number. */
function numberEachOther(kernel: Kernel, left: NamespaceState, right: NamespaceState): void {
  if (left === right) return;
  netnsIdOf(kernel, left, right.id);
  netnsIdOf(kernel, right, left.id);
}

function stackOn(lowerSpace: NamespaceState, lower: Device, device: Device): void {
  device.lower = lower.index;
  device.lowerNs = lowerSpace.id;
  lower.uppers = [...lower.uppers, { ns: device.ns, index: device.index }];
  device.carrier = false;
  device.operState = lower.carrier ? 'DOWN' : 'LOWERLAYERDOWN';
}

function setUpVxlan(caller: NamespaceState, device: Device, spec: LinkSpec, lower: Device | undefined): void {
  const wanted = spec.vxlan!;
  device.lowerNs = caller.id;
  caller.hasTunnels = true;
  if (lower !== undefined) {
    device.lower = lower.index;
    lower.uppers = [...lower.uppers, { ns: device.ns, index: device.index }];
  }
  device.mtu = spec.mtu ?? (lower === undefined ? 1500 : lower.mtu - 50);
  device.vxlan = {
    id: wanted.id, local: wanted.local === undefined ? undefined : parseIp4(wanted.local), remote: wanted.remote === undefined ? undefined : parseIp4(wanted.remote), group: wanted.group === undefined ? undefined : parseIp4(wanted.group),
    port: wanted.port ?? 8472, device: lower?.index ?? 0, timeToLive: wanted.timeToLive ?? 0, learning: wanted.learning ?? true, fdb: new Map(), defaultRemotes: [],
  };
}

export function setLink(kernel: Kernel, namespace: NamespaceState, index: LinkIndex, change: LinkChange): Result {
  const device = namespace.devices.get(index);
  if (device === undefined) return fail('ENODEV');
  if (change.netns !== undefined && change.netns !== namespace.id) {
    const moved = moveDevice(kernel, namespace, device, change.netns, change.name);
    if (!moved.ok) return moved;
    const { netns: _netns, ...rest } = change;
    if (rest.name === device.name) delete rest.name;
    return Object.keys(rest).length === 0 ? done : setLink(kernel, kernel.state.namespaces.get(change.netns)!, device.index, rest);
  }
  const steps: (() => Result)[] = [
    () => (change.mac === undefined ? done : setMac(kernel, namespace, device, change.mac)),
    () => (change.mtu === undefined ? done : setMtu(kernel, namespace, device, change.mtu)),
    () => (change.name === undefined || change.name === device.name ? done : rename(kernel, namespace, device, change.name)),
    () => setPlain(kernel, namespace, device, change),
    () => (change.master === undefined ? done : setMaster(kernel, namespace, device, change.master)),
    () => (change.bridge === undefined ? done : device.bridge === undefined ? fail('EOPNOTSUPP') : applyBridgeOptions(kernel, namespace, device, change.bridge)),
    () => (change.bridgePort === undefined ? done : device.port === undefined ? fail('EOPNOTSUPP') : applyPortOptions(kernel, namespace, device, change.bridgePort)),
    () => setUp(kernel, namespace, device, change.up),
  ];
  for (const step of steps) {
    const result = step();
    if (!result.ok) return result;
  }
  return done;
}

function setUp(kernel: Kernel, namespace: NamespaceState, device: Device, up: boolean | undefined): Result {
  if (up === true) return openDevice(kernel, namespace, device);
  if (up === false) closeDevice(kernel, namespace, device);
  return done;
}

function setMac(kernel: Kernel, namespace: NamespaceState, device: Device, mac: Mac): Result {
  const parsed = parseMac(mac);
  if (parsed === undefined) return fail('EINVAL');
  if (device.kind === 'loopback' || device.kind === 'tun') return fail('EOPNOTSUPP');
  if (!isUsableMac(parsed)) return fail('EADDRNOTAVAIL');
  const before = device.mac;
  device.macSetByHand = true;
  if (device.bridge !== undefined) {
    if (before !== parsed || device.bridge.bridgeMac !== parsed) changeBridgeMac(kernel, namespace, device, parsed);
    return done;
  }
  writeMac(device, parsed);
  if (device.port !== undefined) portMacChanged(kernel, namespace, device, before);
  flushNeighbours(kernel, namespace, device, 'carrier');
  notifyLink(kernel, namespace, device);
  return done;
}

function setMtu(kernel: Kernel, namespace: NamespaceState, device: Device, mtu: number): Result {
  if (mtu === device.mtu) return done;
  if (mtu < device.minMtu) return fail('EINVAL', 'mtu less than device minimum');
  if (device.maxMtu > 0 && mtu > device.maxMtu) return fail('EINVAL', 'mtu greater than device maximum');
  const lower = device.lower === 0 ? undefined : kernel.state.namespaces.get(device.lowerNs)?.devices.get(device.lower);
  if (device.kind === 'vlan' && lower !== undefined && mtu > lower.mtu) return fail('ERANGE');
  const hadIp4 = hasIp4(device);
  const hadIp6 = device.mtu >= LEAST_MTU6;
  device.mtu = mtu;
  if (hadIp4 !== hasIp4(device)) changeIp4(kernel, namespace, device);
  if (hadIp6 && mtu < LEAST_MTU6) linkDown6(kernel, namespace, device);
  else if (!hadIp6 && mtu >= LEAST_MTU6 && device.kind !== 'loopback' && device.isUp && device.carrier) linkReady6(kernel, namespace, device);
  device.conf6 = { ...device.conf6, mtu };
  if (device.bridge !== undefined) device.bridge.mtuSetByHand = true;
  if (device.port !== undefined) adjustMtu(kernel, namespace, namespace.devices.get(device.port.bridge)!);
  // A VLAN cannot carry more than the device below.
  for (const upper of uppersOf(kernel, device)) if (upper.kind === 'vlan' && upper.mtu > mtu) upper.mtu = mtu;
  notifyLink(kernel, namespace, device);
  return done;
}

/** inetdev_event, NETDEV_CHANGEMTU: IP leaves a device whose frames are too small for it, and begins anew when they are not. */
function changeIp4(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  for (const address of [...device.addresses4]) removeAddress4(kernel, namespace, device, address);
  deviceDown4(kernel, namespace, device, true);
  device.conf4 = { ...namespace.conf4Default };
}

function rename(kernel: Kernel, namespace: NamespaceState, device: Device, name: string): Result {
  const refused = checkName(name);
  if (refused !== undefined) return refused;
  if (device.altNames.includes(name)) return fail('EEXIST');
  const wanted = name.includes('%d') ? freeName(namespace, name.slice(0, name.indexOf('%d'))) : name;
  if (deviceByName(namespace, wanted) !== undefined) return fail('EEXIST');
  const before = device.name;
  device.name = wanted;
  printk(kernel, INFO, `${wanted}: renamed from ${before}`);
  device.addresses4 = device.addresses4.map((address) => (address.label === before ? { ...address, label: wanted } : address));
  notifyLink(kernel, namespace, device);
  return done;
}

function setPlain(kernel: Kernel, namespace: NamespaceState, device: Device, change: LinkChange): Result {
  if (change.txQueueLength !== undefined) device.txQueueLength = change.txQueueLength;
  if (change.alias !== undefined) device.alias = change.alias === '' ? undefined : change.alias;
  if (change.group !== undefined) device.group = change.group;
  if (change.arp !== undefined) device.noArp = !change.arp;
  if (change.multicast !== undefined) device.multicast = change.multicast;
  if (change.allMulticast !== undefined) device.allMulticast = change.allMulticast ? 1 : 0;
  if (change.dynamic !== undefined) device.dynamic = change.dynamic;
  if (change.promiscuous !== undefined && change.promiscuous !== device.promiscuousByHand) {
    device.promiscuousByHand = change.promiscuous;
    changePromiscuity(kernel, device, change.promiscuous ? 1 : -1);
  }
  if (change.addAltName !== undefined) {
    if (deviceByName(namespace, change.addAltName) !== undefined) return fail('EEXIST');
    device.altNames = [...device.altNames, change.addAltName];
  }
  if (change.deleteAltName !== undefined) {
    if (!device.altNames.includes(change.deleteAltName)) return fail('ENOENT');
    device.altNames = device.altNames.filter((one) => one !== change.deleteAltName);
  }
  if (change.txQueueLength !== undefined || change.alias !== undefined || change.group !== undefined || change.arp !== undefined || change.promiscuous !== undefined || change.addAltName !== undefined) notifyLink(kernel, namespace, device);
  return done;
}

function setMaster(kernel: Kernel, namespace: NamespaceState, device: Device, master: LinkIndex): Result {
  if (device.port !== undefined) {
    if (master === device.port.bridge) return done;
    removePort(kernel, namespace, device);
  }
  if (master === 0) return done;
  const bridgeDevice = namespace.devices.get(master);
  if (bridgeDevice === undefined) return fail('EINVAL');
  if (bridgeDevice.bridge === undefined) return fail('EOPNOTSUPP');
  return addPort(kernel, namespace, bridgeDevice, device);
}

/** dev_change_net_namespace: closed, stripped of addresses, renumbered only if its number is taken. */
export function moveDevice(kernel: Kernel, from: NamespaceState, device: Device, target: NetnsId, name?: string): Result {
  const to = kernel.state.namespaces.get(target);
  if (to === undefined) return fail('EINVAL');
  if (device.kind === 'loopback' || device.kind === 'bridge') return fail('EINVAL', 'The interface netns is immutable');
  // A new name is needed here only where the old one is taken; else it is given afterwards, and may be refused then.
  const wanted = deviceByName(to, device.name) === undefined ? device.name : name ?? device.name;
  if (deviceByName(to, wanted) !== undefined) return fail('EEXIST', name === undefined ? 'An interface with the same name exists in the target netns' : undefined);
  closeDevice(kernel, from, device);
  forget(kernel, from, device);
  from.devices.delete(device.index);
  notifyLink(kernel, from, device, true);
  const before = device.index;
  if (to.devices.has(device.index)) device.index = newIndex(to);
  device.ns = to.id;
  device.name = wanted;
  device.master = 0;
  device.conf4 = to.conf4Default;
  device.conf4Pinned = new Set();
  device.conf4PinnedAll = false;
  device.conf6 = to.conf6Default;
  device.neigh4 = to.neigh4Default;
  device.neigh6 = to.neigh6Default;
  device.linkWatchPending = false;
  device.operState = 'DOWN';
  // dev_shutdown: the queue stays behind.
  device.qdisc = 'noop';
  device.netem = undefined;
  device.queue = undefined;
  repoint(kernel, device, from.id, before);
  to.devices.set(device.index, device);
  if (device.peer !== undefined) {
    const other = kernel.state.namespaces.get(device.peer.ns)!;
    numberEachOther(kernel, to, other);
  } else if (device.lower !== 0) numberEachOther(kernel, to, kernel.state.namespaces.get(device.lowerNs)!);
  notifyLink(kernel, to, device);
  return done;
}

/** Whoever leads to the device learns its new place. */
function repoint(kernel: Kernel, device: Device, oldNs: NetnsId, oldIndex: LinkIndex): void {
  if (device.peer !== undefined) {
    const peer = kernel.state.namespaces.get(device.peer.ns)?.devices.get(device.peer.index);
    if (peer !== undefined) peer.peer = { ns: device.ns, index: device.index };
  }
  if (device.wire !== undefined) {
    const other = kernel.world.inner[device.wire.kernelId]!.state.namespaces.get(device.wire.ns)?.devices.get(device.wire.index);
    if (other?.wire !== undefined) other.wire = { ...other.wire, ns: device.ns, index: device.index };
  }
  moveJunctionEnd(kernel.world, device);
  const lower = device.lower === 0 ? undefined : kernel.state.namespaces.get(device.lowerNs)?.devices.get(device.lower);
  if (lower !== undefined) lower.uppers = lower.uppers.map((one) => (one.ns === oldNs && one.index === oldIndex ? { ns: device.ns, index: device.index } : one));
  for (const upper of uppersOf(kernel, device)) {
    upper.lower = device.index;
    upper.lowerNs = device.ns;
  }
}

/** NETDEV_UNREGISTER: nothing in the namespace refers to the device any more. */
function forget(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (device.port !== undefined) removePort(kernel, namespace, device);
  for (const address of [...device.addresses4]) if (device.addresses4.includes(address)) removeAddress4(kernel, namespace, device, address);
  linkDown6(kernel, namespace, device);
  flushNeighbours(kernel, namespace, device, 'gone');
  namespace.neighbours4.delete(device.index);
  namespace.neighbours6.delete(device.index);
  deviceDown4(kernel, namespace, device, true);
  deviceDown6(kernel, namespace, device, true);
  for (const id of device.taps) {
    const socket = kernel.state.sockets.get(id);
    if (socket === undefined) continue;
    socket.error = 'ENETDOWN';
    socket.boundDevice = 0;
    kernel.world.announceReady(kernel.state.id, id);
  }
  device.taps = [];
}

export function deleteLink(kernel: Kernel, namespace: NamespaceState, index: LinkIndex): Result {
  const device = namespace.devices.get(index);
  if (device === undefined) return fail('ENODEV');
  if (device.kind === 'loopback' || device.kind === 'ether') return fail('EOPNOTSUPP');
  remove(kernel, namespace, device);
  return done;
}

/** unregister_netdevice, with what cannot live without the device: the other end of a veth, VLANs and macvlans above. */
export function remove(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (!namespace.devices.has(device.index)) return;
  closeDevice(kernel, namespace, device);
  if (device.bridge !== undefined) for (const index of [...device.bridge.ports]) removePort(kernel, namespace, namespace.devices.get(index)!);
  for (const upper of uppersOf(kernel, device)) remove(kernel, kernel.state.namespaces.get(upper.ns)!, upper);
  forget(kernel, namespace, device);
  namespace.devices.delete(device.index);
  const lower = device.lower === 0 ? undefined : kernel.state.namespaces.get(device.lowerNs)?.devices.get(device.lower);
  if (lower !== undefined) lower.uppers = lower.uppers.filter((one) => one.ns !== device.ns || one.index !== device.index);
  notifyLink(kernel, namespace, device, true);
  const { peer } = device;
  if (peer === undefined) return;
  const peerSpace = kernel.state.namespaces.get(peer.ns);
  const other = peerSpace?.devices.get(peer.index);
  if (peerSpace === undefined || other === undefined) return;
  other.peer = undefined;
  remove(kernel, peerSpace, other);
}

