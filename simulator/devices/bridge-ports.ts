/** Ports joining and leaving a bridge, and the bridge's own address. Read first: net/bridge/br_if.c, br_stp_if.c */
import { done, fail, type Result } from '../result.ts';
import type { Mac } from '../kernel/api.ts';
import type { BridgeState, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { notifyLink } from '../kernel/notify.ts';
import { ZERO_MAC } from '../wire/mac.ts';
import { addLocalEntry, deleteEntriesOf } from './bridge.ts';
import { bridgeIdText } from './bridge-id.ts';
import { changePromiscuity, isRunning, macKeyOf, writeMac } from './device.ts';
import { forgetMemberships } from './multicast-snooping.ts';
import { becomeRootIfNew, configurationUpdate, disablePort, enablePort, initPort, isRootBridge, setPortState, stateSelection } from './stp.ts';

export function makeBridge(): BridgeState {
  return {
    ports: [], fdb: new Map(), ageingMs: 300_000, forwardDelayMs: 15_000, helloTimeMs: 2_000, maxAgeMs: 20_000, rootForwardDelayMs: 15_000, rootHelloTimeMs: 2_000, rootMaxAgeMs: 20_000,
    stp: false, priority: 0x8000, vlanFiltering: false, multicastSnooping: true, nfCallIptables: false, groupFwdMask: 0, mtuSetByHand: false, bridgeMac: ZERO_MAC,
    designatedRoot: bridgeIdText(0x8000, ZERO_MAC), rootPathCost: 0, rootPort: 0, topologyChange: false, topologyChangeDetected: false,
    helloDueUs: undefined, tcnDueUs: undefined, topologyDueUs: undefined, gcDueUs: undefined, mdb: [],
  };
}

/** br_add_if */
export function addPort(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): Result {
  if (device.kind === 'loopback' || device.kind === 'tun' || device.mac === ZERO_MAC) return fail('EINVAL');
  if (device.bridge !== undefined) return fail('ELOOP', 'Can not enslave a bridge to a bridge');
  if (device.master !== 0) return fail('EBUSY');
  const bridge = bridgeDevice.bridge!;
  device.master = bridgeDevice.index;
  device.port = {
    bridge: bridgeDevice.index, number: freeNumber(namespace, bridge), state: 'disabled', pathCost: defaultCost(device), costSetByHand: false, priority: 32,
    hairpin: false, guard: false, rootBlock: false, fastLeave: false, learning: true, flood: true, multicastFlood: true, broadcastFlood: true, proxyArp: false, isolated: false,
    designatedRoot: '', designatedBridge: '', designatedPort: 0, designatedCost: 0, topologyChangeAck: false, configPending: false, messageAgeDueUs: undefined, forwardDelayDueUs: undefined, holdDueUs: undefined,
  };
  bridge.ports.unshift(device.index);
  initPort(bridge, device.port);
  setPortState(kernel, bridgeDevice, device, 'blocking');
  setPortState(kernel, bridgeDevice, device, 'disabled');
  changePromiscuity(kernel, device, 1);
  addLocalEntry(bridge, device.mac, device.index, kernel.world.nowUs);
  recalculateBridgeMac(kernel, namespace, bridgeDevice);
  if (bridgeDevice.isUp && isRunning(device) && device.carrier) enablePort(kernel, namespace, bridgeDevice, device);
  adjustMtu(kernel, namespace, bridgeDevice);
  notifyLink(kernel, namespace, device);
  return done;
}

/** br_del_if */
export function removePort(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  const { port } = device;
  if (port === undefined) return;
  const bridgeDevice = namespace.devices.get(port.bridge)!;
  const bridge = bridgeDevice.bridge!;
  changePromiscuity(kernel, device, -1);
  if (port.state === 'disabled') setPortState(kernel, bridgeDevice, device, 'disabled');
  disablePort(kernel, namespace, bridgeDevice, device);
  bridge.ports = bridge.ports.filter((index) => index !== device.index);
  deleteEntriesOf(bridge, device.index, true);
  forgetMemberships(bridge, device.index, true);
  device.port = undefined;
  device.master = 0;
  adjustMtu(kernel, namespace, bridgeDevice);
  recalculateBridgeMac(kernel, namespace, bridgeDevice);
  notifyLink(kernel, namespace, device);
}

/** br_port_carrier_check */
export function checkPortCarrier(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  const port = device.port!;
  const bridgeDevice = namespace.devices.get(port.bridge);
  if (bridgeDevice === undefined || !bridgeDevice.isUp) return;
  if (isRunning(device) && device.carrier) {
    if (port.state === 'disabled') enablePort(kernel, namespace, bridgeDevice, device);
  } else if (port.state !== 'disabled') disablePort(kernel, namespace, bridgeDevice, device);
}

/** br_stp_recalculate_bridge_id: the lowest address of the ports, unless somebody has chosen one. */
export function recalculateBridgeMac(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  if (bridgeDevice.macSetByHand) return;
  let lowest: Mac = ZERO_MAC;
  for (const index of bridgeDevice.bridge!.ports) {
    const { mac } = namespace.devices.get(index)!;
    if (lowest === ZERO_MAC || mac < lowest) lowest = mac;
  }
  if (lowest !== bridgeDevice.bridge!.bridgeMac) changeBridgeMac(kernel, namespace, bridgeDevice, lowest);
}

/** br_stp_change_bridge_id */
export function changeBridgeMac(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, mac: Mac): void {
  const bridge = bridgeDevice.bridge!;
  const old = bridgeIdText(bridge.priority, bridge.bridgeMac);
  const wasRoot = isRootBridge(bridge);
  const key = macKeyOf(bridgeDevice.mac);
  const entry = bridge.fdb.get(key);
  if (entry?.isLocal === true && entry.port === bridgeDevice.index) bridge.fdb.delete(key);
  bridge.bridgeMac = mac;
  writeMac(bridgeDevice, mac);
  if (mac !== ZERO_MAC) addLocalEntry(bridge, mac, bridgeDevice.index, kernel.world.nowUs);
  const id = bridgeIdText(bridge.priority, mac);
  if (bridge.designatedRoot === old) bridge.designatedRoot = id;
  for (const index of bridge.ports) {
    const port = namespace.devices.get(index)?.port;
    if (port === undefined) continue;
    if (port.designatedBridge === old) port.designatedBridge = id;
    if (port.designatedRoot === old) port.designatedRoot = id;
  }
  configurationUpdate(namespace, bridgeDevice);
  stateSelection(kernel, namespace, bridgeDevice);
  if (!wasRoot) becomeRootIfNew(kernel, namespace, bridgeDevice);
  // IPv6 keeps the link-local address it made when the link became ready, whatever the hardware address is now.
  notifyLink(kernel, namespace, bridgeDevice);
}

/** br_fdb_changeaddr and the bridge's own choice after a port got another address. */
export function portMacChanged(kernel: Kernel, namespace: NamespaceState, device: Device, before: Mac): void {
  const bridgeDevice = namespace.devices.get(device.port!.bridge)!;
  const bridge = bridgeDevice.bridge!;
  const key = macKeyOf(before);
  if (bridge.fdb.get(key)?.port === device.index) bridge.fdb.delete(key);
  addLocalEntry(bridge, device.mac, device.index, kernel.world.nowUs);
  recalculateBridgeMac(kernel, namespace, bridgeDevice);
}

/** br_mtu_auto_adjust: the smallest of the ports, 1500 without ports. */
export function adjustMtu(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  if (bridgeDevice.bridge!.mtuSetByHand) return;
  let lowest = 0;
  for (const index of bridgeDevice.bridge!.ports) {
    const { mtu } = namespace.devices.get(index)!;
    if (lowest === 0 || mtu < lowest) lowest = mtu;
  }
  const mtu = lowest === 0 ? 1500 : lowest;
  if (mtu === bridgeDevice.mtu) return;
  bridgeDevice.mtu = mtu;
  notifyLink(kernel, namespace, bridgeDevice);
}

function freeNumber(namespace: NamespaceState, bridge: BridgeState): number {
  const taken = new Set(bridge.ports.map((index) => namespace.devices.get(index)?.port?.number));
  let number = 1;
  while (taken.has(number)) number += 1;
  return number;
}

/** port_cost: by link speed as ethtool tells it (veth says 10 Gb/s, a tap 10 Mb/s). */
function defaultCost(device: Device): number {
  return device.kind === 'veth' || device.kind === 'vlan' || device.kind === 'macvlan' ? 2 : 100;
}
