/** What happens to IPv6 routes when devices and carriers come and go. Read first: net/ipv6/route.c (rt6_disable_ip, rt6_sync_down_dev) */
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { deleteRoutes6Where } from './routes6.ts';

export function deviceDown6(kernel: Kernel, namespace: NamespaceState, device: Device, _force: boolean): void {
  deleteRoutes6Where(kernel, namespace, (route) => route.nextHops.length > 0 && route.nextHops.every((hop) => hop.device === device.index));
}

export function syncCarrier6(_kernel: Kernel, namespace: NamespaceState, device: Device): void {
  for (const table of namespace.fib6.values()) for (const route of table) for (const hop of route.nextHops) if (hop.device === device.index && route.type !== 'local') hop.isLinkDown = !device.carrier;
}
