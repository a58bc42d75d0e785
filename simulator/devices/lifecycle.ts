/** Opening and closing devices, and what everybody else does then. Read first: net/core/dev.c (__dev_open, __dev_close_many), drivers/net/veth.c */
import { fail, done, type Result } from '../result.ts';
import { masqueradeDeviceDown } from '../netfilter/hooks.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { notifyLink } from '../kernel/notify.ts';
import { flushNeighbours } from '../neighbour/neighbour.ts';
import { deviceDown4, deviceUp4 } from '../routing/device-events.ts';
import { deviceDown6 } from '../routing/device-events6.ts';
import { linkDown6, linkReady6 } from '../ip/autoconf6.ts';
import { addLoopbackAddress } from '../ip/addresses4.ts';
import { joinGroups, joinSnoopers, leaveGroups, leaveSnoopers } from '../ip/groups.ts';
import { checkPortCarrier } from './bridge-ports.ts';
import { carrierOff, carrierOn } from './carrier.ts';
import { isRunning } from './device.ts';
import { bridgeDown, bridgeUp } from './stp.ts';

export function openDevice(kernel: Kernel, namespace: NamespaceState, device: Device): Result {
  if (device.isUp) return done;
  const lower = device.lower === 0 ? undefined : kernel.state.namespaces.get(device.lowerNs)?.devices.get(device.lower);
  if ((device.kind === 'vlan' || device.kind === 'macvlan') && lower?.isUp !== true) return fail('ENETDOWN');
  // The driver opens first and the flag follows, so what the driver fires is not urgent yet.
  device.isUp = true;
  attachQueue(kernel, device);
  if (device.kind === 'veth') {
    const peer = peerOf(kernel, device);
    if (peer?.isUp === true) {
      carrierOn(kernel, device);
      carrierOn(kernel, peer);
    }
  }
  if (device.kind === 'vlan' || device.kind === 'macvlan') {
    if (lower!.carrier) carrierOn(kernel, device);
  }
  if (device.kind === 'bridge') bridgeUp(kernel, namespace, device);
  if (device.kind === 'bridge') joinSnoopers(device);
  joinGroups(device);
  if (device.kind === 'loopback') addLoopbackAddress(kernel, namespace, device);
  deviceUp4(kernel, namespace, device);
  if (device.port !== undefined) checkPortCarrier(kernel, namespace, device);
  if (isRunning(device) && device.carrier) linkReady6(kernel, namespace, device);
  for (const above of device.uppers) {
    const upper = kernel.state.namespaces.get(above.ns)?.devices.get(above.index);
    if (upper?.kind === 'vlan' && device.carrier) carrierOn(kernel, upper);
  }
  notifyLink(kernel, namespace, device);
  return done;
}

export function closeDevice(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  if (!device.isUp) return;
  device.isUp = false;
  if (device.kind === 'veth') {
    const peer = peerOf(kernel, device);
    carrierOff(kernel, device);
    if (peer !== undefined) carrierOff(kernel, peer);
  }
  if (device.kind === 'vlan' || device.kind === 'macvlan') carrierOff(kernel, device);
  if (device.kind === 'bridge') bridgeDown(kernel, namespace, device);
  if (device.port !== undefined) checkPortCarrier(kernel, namespace, device);
  flushNeighbours(kernel, namespace, device, 'down');
  linkDown6(kernel, namespace, device);
  deviceDown4(kernel, namespace, device, false);
  deviceDown6(kernel, namespace, device, false);
  leaveGroups(device);
  if (device.kind === 'bridge') leaveSnoopers(device);
  masqueradeDeviceDown(kernel.netfilter, namespace.id, device.index);
  for (const above of device.uppers) {
    const upperNamespace = kernel.state.namespaces.get(above.ns);
    const upper = upperNamespace?.devices.get(above.index);
    if (upperNamespace !== undefined && upper?.kind === 'vlan') closeDevice(kernel, upperNamespace, upper);
    else if (upper?.kind === 'macvlan') carrierOff(kernel, upper);
  }
  notifyLink(kernel, namespace, device);
}

export function peerOf(kernel: Kernel, device: Device): Device | undefined {
  const { peer } = device;
  return peer === undefined ? undefined : kernel.state.namespaces.get(peer.ns)?.devices.get(peer.index);
}

/** attach_default_qdiscs */
function attachQueue(kernel: Kernel, device: Device): void {
  if (device.qdisc !== 'noop') return;
  if (device.tun?.multiQueue === true) device.qdisc = 'mq';
  else device.qdisc = !device.noQueue && device.txQueueLength > 0 ? (kernel.state.sysctls.get('net/core/default_qdisc') ?? 'pfifo_fast') : 'noqueue';
}
