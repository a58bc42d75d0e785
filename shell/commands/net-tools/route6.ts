/** `route -6`. Read first: lib/inet6_gr.c of net-tools. */
import type { Invocation } from '../define.ts';

export function printRoutes6(call: Invocation, isNumeric: boolean): void {
  call.out('Kernel IPv6 routing table');
  call.out('Destination                    Next Hop                   Flag Met Ref  Use If');
  const any = isNumeric ? '::' : '[::]';
  for (const route of call.net.netlink.routes('inet6')) {
    const hop = route.nextHops[0];
    const destination = `${route.destination === '::' ? any : route.destination}/${route.prefixLength}`;
    const isLocal = route.type === 'local' || route.type === 'anycast';
    const flags = route.type === 'unicast' || route.type === 'multicast' ? `U${hop?.gateway === undefined ? '' : 'G'}${route.prefixLength === 128 ? 'H' : ''}` : isLocal ? 'Un' : '!n';
    const device = hop?.device === undefined ? 'lo' : call.net.netlink.link(hop.device)?.name ?? 'lo';
    call.out(`${destination.padEnd(30)} ${(hop?.gateway ?? any).padEnd(26)} ${flags.padEnd(4)} ${String(route.metric).padEnd(3)} ${'1'.padEnd(3)} ${'0'.padStart(4)} ${device}`);
  }
}
