/**
 * Carrier and operational state. A driver switches carrier on and off; linkwatch notices a little later and tells everybody.
 * Read first: net/core/link_watch.c, Documentation/networking/operstates.rst
 */
import type { NetnsId, OperState } from '../kernel/api.ts';
import { INFO, printk } from '../kernel/log.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { notifyLink } from '../kernel/notify.ts';
import { flushNeighbours } from '../neighbour/neighbour.ts';
import { syncCarrier4 } from '../routing/device-events.ts';
import { syncCarrier6 } from '../routing/device-events6.ts';
import { linkReady6 } from '../ip/autoconf6.ts';
import { checkPortCarrier } from './bridge-ports.ts';
import { isRunning, linkNumberOf } from './device.ts';

export function carrierOn(kernel: Kernel, device: Device): void {
  if (device.carrier) return;
  device.carrier = true;
  fire(kernel, device);
}

export function carrierOff(kernel: Kernel, device: Device): void {
  if (!device.carrier) return;
  device.carrier = false;
  fire(kernel, device);
}

/** linkwatch_fire_event: urgent for devices that depend on another, else in a run of the queue, of which there is one a second. */
function fire(kernel: Kernel, device: Device): void {
  const namespace = kernel.state.namespaces.get(device.ns);
  const nowUs = kernel.world.nowUs;
  const isUrgent = device.isUp && (linkNumberOf(device) !== device.index || device.carrier);
  if (device.linkWatchPending && !isUrgent) return;
  device.linkWatchPending = true;
  const delayUs = isUrgent || namespace === undefined ? 20 : Math.max(20, namespace.nextLinkWatchUs - nowUs);
  kernel.world.post(delayUs, { kind: 'link-watch', kernelId: kernel.state.id, ns: device.ns, device: device.index });
}

/** linkwatch_do_dev */
export function linkWatch(kernel: Kernel, ns: NetnsId, index: number): void {
  const namespace = kernel.state.namespaces.get(ns);
  const device = namespace?.devices.get(index);
  if (namespace === undefined || device === undefined || !device.linkWatchPending) return;
  device.linkWatchPending = false;
  const nowUs = kernel.world.nowUs;
  if (nowUs >= namespace.nextLinkWatchUs) namespace.nextLinkWatchUs = nowUs + 1_000_000;
  device.operState = operStateOf(namespace, device);
  if (!device.isUp) return;
  linkChanged(kernel, namespace, device);
}

/** netdev_state_change: NETDEV_CHANGE for bridges, routes, neighbours and IPv6. */
export function linkChanged(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  notifyLink(kernel, namespace, device);
  if (device.port !== undefined) checkPortCarrier(kernel, namespace, device);
  syncCarrier4(kernel, namespace, device);
  syncCarrier6(kernel, namespace, device);
  if (!device.carrier) {
    flushNeighbours(kernel, namespace, device, 'carrier');
    device.isIpv6Ready = false;
  } else if (isRunning(device)) {
    if (!device.isIpv6Ready && device.conf6.disable_ipv6 === 0) printk(kernel, INFO, `IPv6: ADDRCONF(NETDEV_CHANGE): ${device.name}: link becomes ready`);
    linkReady6(kernel, namespace, device);
  }
  for (const above of device.uppers) {
    const upper = kernel.state.namespaces.get(above.ns)?.devices.get(above.index);
    if (upper === undefined || upper.kind === 'vxlan') continue;
    if (device.isUp && device.carrier) carrierOn(kernel, upper);
    else carrierOff(kernel, upper);
  }
}

/** default_operstate: the interface number of the lower device is looked up in the own namespace, wherever that device really is. */
export function operStateOf(namespace: NamespaceState, device: Device): OperState {
  if (device.carrier) return 'UP';
  const link = linkNumberOf(device);
  if (link === device.index) return 'DOWN';
  const lower = namespace.devices.get(link);
  if (lower === undefined) return 'DOWN';
  return lower.carrier ? 'DOWN' : 'LOWERLAYERDOWN';
}

