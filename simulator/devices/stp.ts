/**
 * The spanning tree protocol as the Linux bridge runs it, and the port states of a bridge that does not.
 * Read first: IEEE 802.1D-1998 section 8, net/bridge/br_stp.c, br_stp_timer.c, br_stp_if.c
 */
import { put16 } from '../bytes.ts';
import { INFO, printk } from '../kernel/log.ts';
import { makePacket } from '../kernel/packets.ts';
import { died } from '../kernel/trace.ts';
import type { LinkIndex } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { BridgePortState, BridgeState, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import * as bpdu from '../wire/bpdu.ts';
import { putMac, STP_MAC } from '../wire/mac.ts';
import { bridgeIdParts, bridgeIdText } from './bridge-id.ts';
import { deleteEntriesOf, noteGc } from './bridge.ts';
import { carrierOff, carrierOn } from './carrier.ts';
import { isRunning, putDeviceMac } from './device.ts';
import { forgetMemberships } from './multicast-snooping.ts';
import { transmit } from './transmit.ts';
import { portIdOf } from './view.ts';

/** The longest a BPDU takes between bridges, 1/256 s as on the wire: what Linux adds to a message's age. */
const MESSAGE_AGE_INCREMENT_MS = 4;
const HOLD_MS = 1000;
const FIRST_GC_US = 100_000;
/** What a bridge with STP may wait between states. */
const FORWARD_DELAY_MS = { min: 2000, max: 30_000 };

interface Ports { device: Device; port: BridgePortState }

function portsOf(namespace: NamespaceState, bridge: BridgeState): Ports[] {
  const found: Ports[] = [];
  for (const index of bridge.ports) {
    const device = namespace.devices.get(index);
    if (device?.port !== undefined) found.push({ device, port: device.port });
  }
  return found;
}

export function ownId(bridge: BridgeState): string {
  return bridgeIdText(bridge.priority, bridge.bridgeMac);
}

export function isRootBridge(bridge: BridgeState): boolean {
  return ownId(bridge) === bridge.designatedRoot;
}

/** br_init_port */
export function initPort(bridge: BridgeState, port: BridgePortState): void {
  becomeDesignated(bridge, port);
  port.topologyChangeAck = false;
  port.configPending = false;
}

/** br_set_state: it tells of every state, a new one or not. */
export function setPortState(kernel: Kernel, bridgeDevice: Device, device: Device, state: BridgePortState['state']): void {
  const port = device.port!;
  port.state = state;
  printk(kernel, INFO, `${bridgeDevice.name}: port ${port.number}(${device.name}) entered ${state} state`);
}

/** br_stp_enable_port */
export function enablePort(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): void {
  const port = device.port!;
  initPort(bridgeDevice.bridge!, port);
  setPortState(kernel, bridgeDevice, device, 'blocking');
  stateSelection(kernel, namespace, bridgeDevice);
  kernel.world.announceChange(kernel.state.id);
}

/** br_stp_disable_port */
export function disablePort(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): void {
  const port = device.port!;
  if (port.state === 'disabled') return;
  const bridge = bridgeDevice.bridge!;
  const wasRoot = isRootBridge(bridge);
  becomeDesignated(bridge, port);
  setPortState(kernel, bridgeDevice, device, 'disabled');
  port.topologyChangeAck = false;
  port.configPending = false;
  port.messageAgeDueUs = undefined;
  port.forwardDelayDueUs = undefined;
  port.holdDueUs = undefined;
  noteGc(bridge, kernel.world.nowUs);
  deleteEntriesOf(bridge, device.index, false);
  forgetMemberships(bridge, device.index, false);
  configurationUpdate(namespace, bridgeDevice);
  stateSelection(kernel, namespace, bridgeDevice);
  if (!wasRoot) becomeRootIfNew(kernel, namespace, bridgeDevice);
  kernel.world.announceChange(kernel.state.id);
}

/** br_stp_enable_bridge */
export function bridgeUp(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  if (bridge.stp) {
    startTimer(kernel, bridgeDevice, 'hello', 0, bridge.rootHelloTimeMs);
    generateConfigs(kernel, namespace, bridgeDevice);
  }
  bridge.gcDueUs = kernel.world.nowUs + FIRST_GC_US;
  for (const { device } of portsOf(namespace, bridge)) if (isRunning(device) && device.carrier) enablePort(kernel, namespace, bridgeDevice, device);
}

/** br_stp_disable_bridge */
export function bridgeDown(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  for (const { device, port } of portsOf(namespace, bridge)) if (port.state !== 'disabled') disablePort(kernel, namespace, bridgeDevice, device);
  bridge.topologyChange = false;
  bridge.topologyChangeDetected = false;
  bridge.helloDueUs = undefined;
  bridge.topologyDueUs = undefined;
  bridge.tcnDueUs = undefined;
  bridge.gcDueUs = undefined;
}

/** Switching the protocol on or off (br_stp_start, br_stp_stop): a port that listens goes on listening until its timer runs out. */
export function setStp(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, isOn: boolean): void {
  const bridge = bridgeDevice.bridge!;
  if (bridge.stp === isOn) return;
  bridge.stp = isOn;
  if (!isOn) return;
  setForwardDelay(bridge, Math.min(Math.max(bridge.forwardDelayMs, FORWARD_DELAY_MS.min), FORWARD_DELAY_MS.max));
  if (bridgeDevice.isUp) startTimer(kernel, bridgeDevice, 'hello', 0, bridge.rootHelloTimeMs);
  stateSelection(kernel, namespace, bridgeDevice);
}

/** br_set_forward_delay: whether it may be that long. */
export function setForwardDelay(bridge: BridgeState, ms: number): boolean {
  if (bridge.stp && (ms < FORWARD_DELAY_MS.min || ms > FORWARD_DELAY_MS.max)) return false;
  bridge.forwardDelayMs = ms;
  if (isRootBridge(bridge)) bridge.rootForwardDelayMs = ms;
  return true;
}

/** br_configuration_update */
export function configurationUpdate(namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  rootSelection(namespace, bridgeDevice);
  for (const { port } of portsOf(namespace, bridge)) {
    if (port.state !== 'disabled' && shouldBeDesignated(bridge, port)) becomeDesignated(bridge, port);
  }
}

/** br_port_state_selection; a bridge has carrier while a port forwards. */
export function stateSelection(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  let livePorts = 0;
  for (const { device, port } of portsOf(namespace, bridge)) {
    if (port.state === 'disabled') continue;
    if (!bridge.stp) makeForwarding(kernel, namespace, bridgeDevice, device);
    else if (port.number === bridge.rootPort) {
      port.configPending = false;
      port.topologyChangeAck = false;
      makeForwarding(kernel, namespace, bridgeDevice, device);
    } else if (isDesignated(bridge, port)) {
      port.messageAgeDueUs = undefined;
      makeForwarding(kernel, namespace, bridgeDevice, device);
    } else {
      port.configPending = false;
      port.topologyChangeAck = false;
      makeBlocking(kernel, namespace, bridgeDevice, device);
    }
    if (port.state === 'forwarding') livePorts += 1;
  }
  if (livePorts === 0) carrierOff(kernel, bridgeDevice);
  else carrierOn(kernel, bridgeDevice);
}

export function becomeRootIfNew(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  if (!isRootBridge(bridge)) return;
  bridge.rootMaxAgeMs = bridge.maxAgeMs;
  bridge.rootHelloTimeMs = bridge.helloTimeMs;
  bridge.rootForwardDelayMs = bridge.forwardDelayMs;
  detectTopologyChange(kernel, namespace, bridgeDevice);
  bridge.tcnDueUs = undefined;
  if (bridgeDevice.isUp && bridge.stp) {
    generateConfigs(kernel, namespace, bridgeDevice);
    startTimer(kernel, bridgeDevice, 'hello', 0, bridge.rootHelloTimeMs);
  }
}

function isDesignated(bridge: BridgeState, port: BridgePortState): boolean {
  return port.designatedBridge === ownId(bridge) && port.designatedPort === portIdOf(port.priority, port.number);
}

function becomeDesignated(bridge: BridgeState, port: BridgePortState): void {
  port.designatedRoot = bridge.designatedRoot;
  port.designatedCost = bridge.rootPathCost;
  port.designatedBridge = ownId(bridge);
  port.designatedPort = portIdOf(port.priority, port.number);
}

function shouldBeDesignated(bridge: BridgeState, port: BridgePortState): boolean {
  if (isDesignated(bridge, port) || port.designatedRoot !== bridge.designatedRoot) return true;
  if (bridge.rootPathCost !== port.designatedCost) return bridge.rootPathCost < port.designatedCost;
  const own = ownId(bridge);
  if (own !== port.designatedBridge) return own < port.designatedBridge;
  return portIdOf(port.priority, port.number) < port.designatedPort;
}

function rootSelection(namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  let best: Ports | undefined;
  for (const candidate of portsOf(namespace, bridge)) if (shouldBeRoot(bridge, candidate.port, best?.port)) best = candidate;
  bridge.rootPort = best?.port.number ?? 0;
  if (best === undefined) {
    bridge.designatedRoot = ownId(bridge);
    bridge.rootPathCost = 0;
  } else {
    bridge.designatedRoot = best.port.designatedRoot;
    bridge.rootPathCost = best.port.designatedCost + best.port.pathCost;
  }
}

function shouldBeRoot(bridge: BridgeState, port: BridgePortState, rival: BridgePortState | undefined): boolean {
  if (port.state === 'disabled' || isDesignated(bridge, port) || port.rootBlock) return false;
  if (ownId(bridge) <= port.designatedRoot) return false;
  if (rival === undefined) return true;
  if (port.designatedRoot !== rival.designatedRoot) return port.designatedRoot < rival.designatedRoot;
  const cost = port.designatedCost + port.pathCost;
  const rivalCost = rival.designatedCost + rival.pathCost;
  if (cost !== rivalCost) return cost < rivalCost;
  if (port.designatedBridge !== rival.designatedBridge) return port.designatedBridge < rival.designatedBridge;
  if (port.designatedPort !== rival.designatedPort) return port.designatedPort < rival.designatedPort;
  return portIdOf(port.priority, port.number) < portIdOf(rival.priority, rival.number);
}

function makeForwarding(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): void {
  const bridge = bridgeDevice.bridge!;
  const port = device.port!;
  if (port.state !== 'blocking') return;
  if (!bridge.stp || bridge.rootForwardDelayMs === 0) {
    setPortState(kernel, bridgeDevice, device, 'forwarding');
    port.forwardDelayDueUs = undefined;
    detectTopologyChange(kernel, namespace, bridgeDevice);
  } else setPortState(kernel, bridgeDevice, device, 'listening');
  kernel.world.announceChange(kernel.state.id);
  // Without STP too, where it leads to nothing.
  if (bridge.rootForwardDelayMs !== 0) startTimer(kernel, bridgeDevice, 'forward-delay', device.index, bridge.rootForwardDelayMs);
}

function makeBlocking(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): void {
  const port = device.port!;
  if (port.state === 'disabled' || port.state === 'blocking') return;
  if (port.state === 'forwarding' || port.state === 'learning') detectTopologyChange(kernel, namespace, bridgeDevice);
  setPortState(kernel, bridgeDevice, device, 'blocking');
  port.forwardDelayDueUs = undefined;
  kernel.world.announceChange(kernel.state.id);
}

function detectTopologyChange(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  if (!bridge.stp) return;
  if (isRootBridge(bridge)) {
    bridge.topologyChange = true;
    startTimer(kernel, bridgeDevice, 'topology', 0, bridge.forwardDelayMs + bridge.maxAgeMs);
  } else if (!bridge.topologyChangeDetected) {
    transmitTcn(kernel, namespace, bridgeDevice);
    startTimer(kernel, bridgeDevice, 'tcn', 0, bridge.helloTimeMs);
  }
  bridge.topologyChangeDetected = true;
}

function generateConfigs(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  for (const { device, port } of portsOf(namespace, bridge)) if (port.state !== 'disabled' && isDesignated(bridge, port)) transmitConfig(kernel, namespace, bridgeDevice, device);
}

function transmitConfig(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device): void {
  const bridge = bridgeDevice.bridge!;
  const port = device.port!;
  const nowUs = kernel.world.nowUs;
  if (!bridge.stp) return;
  if (port.holdDueUs !== undefined && port.holdDueUs > nowUs) {
    port.configPending = true;
    return;
  }
  const root = portsOf(namespace, bridge).find((one) => one.port.number === bridge.rootPort);
  const messageAgeMs = isRootBridge(bridge) || root === undefined ? 0 : Math.max(0, bridge.rootMaxAgeMs - ((root.port.messageAgeDueUs ?? nowUs) - nowUs) / 1000) + MESSAGE_AGE_INCREMENT_MS;
  if (messageAgeMs >= bridge.rootMaxAgeMs) return;
  const rootId = bridgeIdParts(bridge.designatedRoot);
  const body = bpdu.emit({
    flags: (bridge.topologyChange ? 1 : 0) | (port.topologyChangeAck ? 0x80 : 0), root: rootId, rootPathCost: bridge.rootPathCost, bridge: { priority: bridge.priority, mac: bridge.bridgeMac },
    portId: portIdOf(port.priority, port.number), messageAge: Math.round(messageAgeMs * 0.256), maxAge: Math.round(bridge.rootMaxAgeMs * 0.256), helloTime: Math.round(bridge.rootHelloTimeMs * 0.256), forwardDelay: Math.round(bridge.rootForwardDelayMs * 0.256),
  });
  port.topologyChangeAck = false;
  port.configPending = false;
  send(kernel, namespace, device, body);
  startTimer(kernel, bridgeDevice, 'hold', device.index, HOLD_MS);
}

function transmitTcn(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device): void {
  const bridge = bridgeDevice.bridge!;
  const root = portsOf(namespace, bridge).find((one) => one.port.number === bridge.rootPort);
  if (root !== undefined) send(kernel, namespace, root.device, new Uint8Array([0x42, 0x42, 0x03, 0, 0, 0, 0x80]));
}

function send(kernel: Kernel, namespace: NamespaceState, device: Device, body: Uint8Array): void {
  const frame = new Uint8Array(Math.max(60, 14 + body.length));
  putMac(frame, 0, STP_MAC);
  putDeviceMac(frame, 6, device);
  put16(frame, 12, body.length);
  frame.set(body, 14);
  transmit(kernel, namespace, device, makePacket(kernel, frame, body.length));
}

/** br_stp_rcv */
export function receiveBpdu(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device, packet: Packet): void {
  const bridge = bridgeDevice.bridge!;
  const port = device.port!;
  if (!bridgeDevice.isUp || port.state === 'disabled') return died(kernel, namespace.id, packet, 'link', 'the bridge port is disabled', device.name);
  const { frame } = packet;
  if (frame.length >= 21 && frame[14] === 0x42 && frame[20] === 0x80) {
    if (!isDesignated(bridge, port)) return;
    detectTopologyChange(kernel, namespace, bridgeDevice);
    port.topologyChangeAck = true;
    transmitConfig(kernel, namespace, bridgeDevice, device);
    return;
  }
  const config = bpdu.parse(frame, 14);
  if (typeof config === 'string') return died(kernel, namespace.id, packet, 'link', 'not a BPDU this bridge understands', device.name);
  receiveConfig(kernel, namespace, bridgeDevice, device, config);
}

function receiveConfig(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, device: Device, config: bpdu.ConfigBpdu): void {
  const bridge = bridgeDevice.bridge!;
  const port = device.port!;
  const wasRoot = isRootBridge(bridge);
  const rootId = bridgeIdText(config.root.priority, config.root.mac);
  const senderId = bridgeIdText(config.bridge.priority, config.bridge.mac);
  if (supersedes(bridge, port, config, rootId, senderId)) {
    port.designatedRoot = rootId;
    port.designatedCost = config.rootPathCost;
    port.designatedBridge = senderId;
    port.designatedPort = config.portId;
    startTimer(kernel, bridgeDevice, 'message-age', device.index, Math.max(0, (config.maxAge - config.messageAge) / 0.256));
    configurationUpdate(namespace, bridgeDevice);
    stateSelection(kernel, namespace, bridgeDevice);
    if (!isRootBridge(bridge) && wasRoot) {
      bridge.helloDueUs = undefined;
      if (bridge.topologyChangeDetected) {
        bridge.topologyDueUs = undefined;
        transmitTcn(kernel, namespace, bridgeDevice);
        startTimer(kernel, bridgeDevice, 'tcn', 0, bridge.helloTimeMs);
      }
    }
    if (port.number === bridge.rootPort) {
      bridge.rootMaxAgeMs = Math.round(config.maxAge / 0.256);
      bridge.rootHelloTimeMs = Math.round(config.helloTime / 0.256);
      bridge.rootForwardDelayMs = Math.round(config.forwardDelay / 0.256);
      bridge.topologyChange = (config.flags & 1) !== 0;
      generateConfigs(kernel, namespace, bridgeDevice);
      if ((config.flags & 0x80) !== 0) {
        bridge.topologyChangeDetected = false;
        bridge.tcnDueUs = undefined;
      }
    }
  } else if (isDesignated(bridge, port)) transmitConfig(kernel, namespace, bridgeDevice, device);
}

function supersedes(bridge: BridgeState, port: BridgePortState, config: bpdu.ConfigBpdu, rootId: string, senderId: string): boolean {
  if (rootId !== port.designatedRoot) return rootId < port.designatedRoot;
  if (config.rootPathCost !== port.designatedCost) return config.rootPathCost < port.designatedCost;
  if (senderId !== port.designatedBridge) return senderId < port.designatedBridge;
  return senderId !== ownId(bridge) || config.portId <= port.designatedPort;
}

type Timer = 'hello' | 'tcn' | 'topology' | 'message-age' | 'forward-delay' | 'hold';

/** A later start replaces an earlier one: an event whose due time is not the recorded one does nothing. */
function startTimer(kernel: Kernel, bridgeDevice: Device, timer: Timer, port: LinkIndex, delayMs: number): void {
  const dueUs = kernel.world.nowUs + Math.round(delayMs * 1000);
  const namespace = kernel.state.namespaces.get(bridgeDevice.ns)!;
  recordDue(namespace, bridgeDevice, timer, port, dueUs);
  kernel.world.post(dueUs - kernel.world.nowUs, { kind: 'stp', kernelId: kernel.state.id, ns: bridgeDevice.ns, device: bridgeDevice.index, timer, port, dueUs });
}

function recordDue(namespace: NamespaceState, bridgeDevice: Device, timer: Timer, index: LinkIndex, dueUs: number | undefined): void {
  const bridge = bridgeDevice.bridge!;
  const port = namespace.devices.get(index)?.port;
  if (timer === 'hello') bridge.helloDueUs = dueUs;
  else if (timer === 'tcn') bridge.tcnDueUs = dueUs;
  else if (timer === 'topology') bridge.topologyDueUs = dueUs;
  else if (port === undefined) return;
  else if (timer === 'message-age') port.messageAgeDueUs = dueUs;
  else if (timer === 'forward-delay') port.forwardDelayDueUs = dueUs;
  else port.holdDueUs = dueUs;
}

function recordedDue(namespace: NamespaceState, bridgeDevice: Device, timer: Timer, index: LinkIndex): number | undefined {
  const bridge = bridgeDevice.bridge!;
  const port = namespace.devices.get(index)?.port;
  switch (timer) {
    case 'hello': return bridge.helloDueUs;
    case 'tcn': return bridge.tcnDueUs;
    case 'topology': return bridge.topologyDueUs;
    case 'message-age': return port?.messageAgeDueUs;
    case 'forward-delay': return port?.forwardDelayDueUs;
    case 'hold': return port?.holdDueUs;
  }
}

/** A timer of br_stp_timer.c has run out. */
export function stpTimer(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, timer: Timer, portIndex: LinkIndex, dueUs: number): void {
  const bridge = bridgeDevice.bridge;
  if (bridge === undefined || recordedDue(namespace, bridgeDevice, timer, portIndex) !== dueUs) return;
  recordDue(namespace, bridgeDevice, timer, portIndex, undefined);
  const device = namespace.devices.get(portIndex);
  const port = device?.port;
  switch (timer) {
    case 'hello':
      if (!bridgeDevice.isUp || !bridge.stp) return;
      generateConfigs(kernel, namespace, bridgeDevice);
      startTimer(kernel, bridgeDevice, 'hello', 0, bridge.rootHelloTimeMs);
      return;
    case 'tcn':
      if (isRootBridge(bridge) || !bridgeDevice.isUp) return;
      transmitTcn(kernel, namespace, bridgeDevice);
      startTimer(kernel, bridgeDevice, 'tcn', 0, bridge.helloTimeMs);
      return;
    case 'topology':
      bridge.topologyChangeDetected = false;
      bridge.topologyChange = false;
      return;
    case 'message-age': {
      if (port === undefined || port.state === 'disabled') return;
      const wasRoot = isRootBridge(bridge);
      becomeDesignated(bridge, port);
      configurationUpdate(namespace, bridgeDevice);
      stateSelection(kernel, namespace, bridgeDevice);
      if (!wasRoot) becomeRootIfNew(kernel, namespace, bridgeDevice);
      return;
    }
    case 'forward-delay':
      if (device === undefined || port === undefined) return;
      if (port.state === 'listening') {
        setPortState(kernel, bridgeDevice, device, 'learning');
        startTimer(kernel, bridgeDevice, 'forward-delay', portIndex, bridge.rootForwardDelayMs);
      } else if (port.state === 'learning') {
        setPortState(kernel, bridgeDevice, device, 'forwarding');
        if (portsOf(namespace, bridge).some((one) => isDesignated(bridge, one.port))) detectTopologyChange(kernel, namespace, bridgeDevice);
        carrierOn(kernel, bridgeDevice);
      }
      kernel.world.announceChange(kernel.state.id);
      return;
    case 'hold':
      if (device !== undefined && port?.configPending === true) transmitConfig(kernel, namespace, bridgeDevice, device);
      return;
  }
}
