/** What happens to IPv4 routes when devices and carriers come and go. Read first: net/ipv4/fib_frontend.c (fib_netdev_event), fib_semantics.c (fib_sync_down_dev, fib_sync_up) */
import type { Device, Kernel, NamespaceState, NextHop4 } from '../kernel/state.ts';
import { addAddressRoutes } from '../ip/addresses4.ts';
import { deleteRoutesWhere } from './routes4.ts';

export function deviceUp4(kernel: Kernel, namespace: NamespaceState, device: Device): void {
  for (const address of device.addresses4) addAddressRoutes(kernel, namespace, device, address);
  eachHop(namespace, device, (hop) => {
    hop.isDead = false;
    hop.isLinkDown = !device.carrier && hop.scope !== 'nowhere';
  });
}

/** Local routes (next hop scope nowhere) outlive a device that is only down; `force`: it is gone for good. */
export function deviceDown4(kernel: Kernel, namespace: NamespaceState, device: Device, force: boolean): void {
  eachHop(namespace, device, (hop) => {
    if (force || hop.scope !== 'nowhere') hop.isDead = true;
  });
  deleteRoutesWhere(kernel, namespace, (route) => route.nextHops.length > 0 && route.nextHops.every((hop) => hop.isDead));
  namespace.exceptions4.clear();
}

export function syncCarrier4(_kernel: Kernel, namespace: NamespaceState, device: Device): void {
  eachHop(namespace, device, (hop) => {
    if (hop.scope !== 'nowhere') hop.isLinkDown = !device.carrier;
  });
}

function eachHop(namespace: NamespaceState, device: Device, visit: (hop: NextHop4) => void): void {
  for (const table of namespace.fib4.values()) {
    for (const length of table.lengths) for (const routes of table.byLength[length]!.values()) for (const route of routes) for (const hop of route.nextHops) if (hop.device === device.index) visit(hop);
  }
}
