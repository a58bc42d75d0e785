/** Settings of bridges and ports, as netlink, brctl and sysfs change them. Read first: net/bridge/br_netlink.c, br_stp.c (br_set_forward_delay ...) */
import { done, fail, type Result } from '../result.ts';
import type { BridgeOptions, BridgePortOptions } from '../kernel/api.ts';
import { notifyLink } from '../kernel/notify.ts';
import type { BridgePortState, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { bridgeIdText } from './bridge-id.ts';
import { forgetMemberships } from './multicast-snooping.ts';
import { becomeRootIfNew, configurationUpdate, disablePort, isRootBridge, setForwardDelay, setPortState, setStp, stateSelection } from './stp.ts';
import { portIdOf } from './view.ts';

export function applyBridgeOptions(kernel: Kernel, namespace: NamespaceState, device: Device, options: BridgeOptions): Result {
  const bridge = device.bridge!;
  if (options.forwardDelayMs !== undefined && !setForwardDelay(bridge, wholeJiffies(options.forwardDelayMs))) return fail('ERANGE');
  if (options.helloTimeMs !== undefined) {
    if (options.helloTimeMs < 1000 || options.helloTimeMs > 10000) return fail('ERANGE');
    bridge.helloTimeMs = wholeJiffies(options.helloTimeMs);
    if (isRootBridge(bridge)) bridge.rootHelloTimeMs = bridge.helloTimeMs;
  }
  if (options.maxAgeMs !== undefined) {
    if (options.maxAgeMs < 6000 || options.maxAgeMs > 40000) return fail('ERANGE');
    bridge.maxAgeMs = wholeJiffies(options.maxAgeMs);
    if (isRootBridge(bridge)) bridge.rootMaxAgeMs = bridge.maxAgeMs;
  }
  if (options.ageingMs !== undefined) {
    bridge.ageingMs = wholeJiffies(options.ageingMs);
    bridge.gcDueUs = kernel.world.nowUs;
  }
  if (options.vlanFiltering !== undefined) bridge.vlanFiltering = options.vlanFiltering;
  if (options.multicastSnooping !== undefined) {
    bridge.multicastSnooping = options.multicastSnooping;
    if (!options.multicastSnooping) for (const index of bridge.ports) forgetMemberships(bridge, index, false);
  }
  if (options.nfCallIptables !== undefined) bridge.nfCallIptables = options.nfCallIptables;
  if (options.priority !== undefined) {
    if (options.priority < 0 || options.priority > 65535) return fail('ERANGE');
    const before = bridgeIdText(bridge.priority, bridge.bridgeMac);
    const wasRoot = isRootBridge(bridge);
    bridge.priority = options.priority;
    for (const index of bridge.ports) {
      const port = namespace.devices.get(index)?.port;
      // br_stp_set_bridge_priority: disabled ports are told when they are enabled.
      if (port !== undefined && port.state !== 'disabled' && port.designatedBridge === before && port.designatedPort === portIdOf(port.priority, port.number)) port.designatedBridge = bridgeIdText(bridge.priority, bridge.bridgeMac);
    }
    configurationUpdate(namespace, device);
    stateSelection(kernel, namespace, device);
    if (!wasRoot) becomeRootIfNew(kernel, namespace, device);
  }
  if (options.stp !== undefined) setStp(kernel, namespace, device, options.stp);
  notifyLink(kernel, namespace, device);
  return done;
}

const SWITCHES = ['hairpin', 'guard', 'rootBlock', 'fastLeave', 'learning', 'flood', 'multicastFlood', 'broadcastFlood', 'proxyArp', 'isolated'] as const;
const STATES: readonly BridgePortState['state'][] = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];

export function applyPortOptions(kernel: Kernel, namespace: NamespaceState, device: Device, options: BridgePortOptions): Result {
  const port = device.port!;
  const bridgeDevice = namespace.devices.get(port.bridge)!;
  for (const name of SWITCHES) {
    const value = options[name];
    if (value !== undefined) port[name] = value;
  }
  if (options.pathCost !== undefined) {
    if (options.pathCost < 1 || options.pathCost > 65535) return fail('ERANGE');
    port.pathCost = options.pathCost;
    port.costSetByHand = true;
    configurationUpdate(namespace, bridgeDevice);
    stateSelection(kernel, namespace, bridgeDevice);
  }
  if (options.priority !== undefined) {
    if (options.priority < 0 || options.priority > 63) return fail('ERANGE');
    const before = portIdOf(port.priority, port.number);
    port.priority = options.priority;
    if (port.designatedPort === before) port.designatedPort = portIdOf(port.priority, port.number);
    stateSelection(kernel, namespace, bridgeDevice);
  }
  if (options.state !== undefined) {
    const wanted = STATES[options.state];
    if (wanted === undefined) return fail('EINVAL');
    if (bridgeDevice.bridge!.stp) return fail('EBUSY');
    if (wanted === 'disabled') disablePort(kernel, namespace, bridgeDevice, device);
    else setPortState(kernel, bridgeDevice, device, wanted);
  }
  notifyLink(kernel, namespace, device);
  return done;
}

/** The kernel counts in 4 ms (CONFIG_HZ=250): what is less than one of them is lost. */
function wholeJiffies(ms: number): number {
  return Math.floor(ms / 4) * 4;
}
