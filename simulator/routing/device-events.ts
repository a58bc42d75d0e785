/** What happens to IPv4 routes when devices and carriers come and go. Read first: net/ipv4/fib_frontend.c (fib_netdev_event), fib_semantics.c (fib_sync_down_dev, fib_sync_up) */
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { addAddressRoutes } from '../ip/addresses4.ts';
import { changeHops } from './fib.ts';
import { deleteRoutesWhere } from './routes4.ts';

export function deviceUp4(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  for (const address of device.addresses4) addAddressRoutes(kernel, namespace, device, address);
  changeHops(namespace, (hop) => (hop.device === device.index ? { ...hop, isDead: false, isLinkDown: !device.carrier && hop.scope !== 'nowhere' } : hop));
}

/** Local routes (next hop scope nowhere) outlive a device that is only down; `force`: it is gone for good. */
export function deviceDown4(kernel: Kernel, namespace: NamespaceState, device: Device, force: boolean): void {
  changeHops(namespace, (hop) => (hop.device === device.index && (force || hop.scope !== 'nowhere') ? { ...hop, isDead: true } : hop));
  deleteRoutesWhere(kernel, namespace, (route) => route.nextHops.length > 0 && route.nextHops.every((hop) => hop.isDead));
  namespace.exceptions4.clear();
}

export function syncCarrier4(_kernel: Kernel, namespace: NamespaceState, device: Device): void {
  changeHops(namespace, (hop) => (hop.device === device.index && hop.scope !== 'nowhere' ? { ...hop, isLinkDown: !device.carrier } : hop));
}
