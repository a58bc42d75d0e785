/** What the net-tools programs share: interface flags, route lines, host names. Read first: lib/interface.c, lib/inet_gr.c, lib/inet.c of net-tools 2.10. */
import { nameOfAddress, resolveHost } from '../../lib/resolve.ts';
import { formatIp4, maskOf } from '../../ports/addresses.ts';
import type { LinkView, RouteView } from '../../ports/kernel.ts';
import type { Invocation } from '../define.ts';

/** IFF_* with their bits, in the order ifconfig prints them. */
const bits: readonly (readonly [name: string, bit: number])[] = [
  ['UP', 1], ['BROADCAST', 2], ['DEBUG', 4], ['LOOPBACK', 8], ['POINTOPOINT', 16], ['NOTRAILERS', 32], ['RUNNING', 64], ['NOARP', 128],
  ['PROMISC', 256], ['ALLMULTI', 512], ['SLAVE', 2048], ['MASTER', 1024], ['MULTICAST', 4096], ['DYNAMIC', 0x8000],
];

/** SIOCGIFFLAGS: RUNNING is what netlink tells as the absence of NO-CARRIER. */
export function interfaceFlags(link: LinkView): { names: string[]; value: number } {
  const set = new Set(link.flags);
  if (link.isUp && !set.has('NO-CARRIER')) set.add('RUNNING');
  const present = bits.filter(([name]) => set.has(name));
  return { names: present.map(([name]) => name), value: present.reduce((sum, [, bit]) => sum + bit, 0) };
}

/** By name as nstrcmp() has it: text, then the number behind it. */
export function compareNames(left: string, right: string): number {
  const [leftText, leftNumber] = split(left);
  const [rightText, rightNumber] = split(right);
  return leftText < rightText ? -1 : leftText > rightText ? 1 : leftNumber - rightNumber;
}

function split(name: string): [string, number] {
  const match = /^(.*?)(\d*)$/.exec(name)!;
  return [match[1]!, match[2] === '' ? -1 : Number(match[2])];
}

export async function hostAddress(call: Invocation, name: string): Promise<string | undefined> {
  const found = await resolveHost(call.sys, name, 'inet');
  return found.ok ? found.addresses[0]!.address : undefined;
}

export async function hostName(call: Invocation, address: string, isNumeric: boolean): Promise<string> {
  return isNumeric ? address : (await nameOfAddress(call.sys, address)) ?? address;
}

export type RouteLayout = 'route' | 'netstat' | 'both';

/** The table of `route` and `netstat -r`. */
export async function printRoutes(call: Invocation, layout: RouteLayout, isNumeric: boolean): Promise<void> {
  call.out('Kernel IP routing table');
  call.out(layout === 'netstat' ? 'Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface'
    : `Destination     Gateway         Genmask         Flags Metric Ref    Use Iface${layout === 'both' ? '    MSS   Window irtt' : ''}`);
  for (const route of call.net.netlink.routes('inet', 254)) {
    if (route.type !== 'unicast' && route.type !== 'unreachable' && route.type !== 'prohibit' && route.type !== 'blackhole' && route.type !== 'throw') continue;
    call.out(await routeLine(call, route, layout, isNumeric));
  }
}

async function routeLine(call: Invocation, route: RouteView, layout: RouteLayout, isNumeric: boolean): Promise<string> {
  const isReject = route.type !== 'unicast';
  const hop = route.nextHops[0];
  const isHost = route.prefixLength === 32;
  const destination = route.prefixLength === 0 ? (isNumeric ? '0.0.0.0' : 'default') : isHost ? await hostName(call, route.destination, isNumeric) : route.destination;
  const gateway = isReject ? '-' : hop?.gateway === undefined || hop.gateway.includes(':') ? '0.0.0.0' : await hostName(call, hop.gateway, isNumeric);
  const flags = isReject ? `!${isHost ? 'H' : ''}` : `U${hop?.gateway === undefined ? '' : 'G'}${isHost ? 'H' : ''}${route.protocol === 'redirect' ? 'D' : ''}`;
  const device = isReject || hop?.device === undefined ? '-' : call.net.netlink.link(hop.device)?.name ?? '-';
  const head = `${destination.padEnd(15)} ${gateway.padEnd(15)} ${formatIp4(maskOf(route.prefixLength)).padEnd(15)} ${flags.padEnd(5)} `;
  const [mss, window, roundTrip] = isReject ? ['-', '-', '-'] : [String(route.advMss === undefined ? 0 : route.advMss), String(route.window ?? 0), String(route.rttMs ?? 0)];
  if (layout === 'netstat') return `${head}${mss.padStart(5)} ${window.padEnd(5)} ${roundTrip.padStart(6)} ${device}`;
  const line = `${head}${String(route.metric).padEnd(6)} ${(isReject ? '-' : '0').padEnd(2)} ${'0'.padStart(7)} `;
  return layout === 'route' ? `${line}${device}` : `${line}${device.padEnd(8)} ${mss.padEnd(5)} ${window.padEnd(6)} ${roundTrip}`;
}

/** `Kernel Interface table`: netstat -i and ifconfig -s. */
export function printInterfaceTable(call: Invocation, header: string, all: boolean): void {
  call.out(header);
  for (const link of call.net.netlink.links().sort((left, right) => compareNames(left.name, right.name))) {
    if (!all && !link.isUp) continue;
    const { stats } = link;
    const letters: readonly (readonly [string, string])[] = [['ALLMULTI', 'A'], ['BROADCAST', 'B'], ['DEBUG', 'D'], ['LOOPBACK', 'L'], ['MULTICAST', 'M'], ['PROMISC', 'P'],
      ['NOTRAILERS', 'N'], ['NOARP', 'O'], ['POINTOPOINT', 'P'], ['SLAVE', 's'], ['MASTER', 'm'], ['RUNNING', 'R'], ['UP', 'U']];
    const { names } = interfaceFlags(link);
    const flags = letters.filter(([name]) => names.includes(name)).map(([, letter]) => letter).join('');
    const count = (value: number, width: number): string => String(value).padStart(width);
    call.out(`${link.name.slice(0, 16).padEnd(16)}${count(link.mtu, 5)} ${count(stats.rxPackets, 8)} ${count(stats.rxErrors, 6)} ${count(stats.rxDropped, 6)} ${'0'.padEnd(6)} ` +
      `${count(stats.txPackets, 8)} ${count(stats.txErrors, 6)} ${count(stats.txDropped, 6)} ${count(0, 6)} ${flags}`);
  }
}
