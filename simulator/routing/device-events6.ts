/** What happens to IPv6 routes when devices and carriers come and go. Read first: net/ipv6/route.c (rt6_disable_ip, rt6_sync_down_dev) */
import type { Device, Kernel, NamespaceState, Route6 } from '../kernel/state.ts';
import { setTable6 } from './fib6.ts';
import { deleteRoutes6Where } from './routes6.ts';

export function deviceDown6(kernel: Kernel, namespace: NamespaceState, device: Device, _force: boolean): void {
  deleteRoutes6Where(kernel, namespace, (route) => route.nextHops.length > 0 && route.nextHops.every((hop) => hop.device === device.index));
}

export function syncCarrier6(_kernel: Kernel, namespace: NamespaceState, device: Device): void {
  const isLinkDown = !device.carrier;
  const changed = (route: Route6): Route6 => ({ ...route, nextHops: route.nextHops.map((hop) => (hop.device === device.index ? { ...hop, isLinkDown } : hop)) });
  for (const [id, table] of namespace.fib6) setTable6(namespace, id, table.map((route) => (route.type === 'local' ? route : changed(route))));
}
