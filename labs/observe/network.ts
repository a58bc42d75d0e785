/** A namespace's state, from the simulated kernel's views to the observer's. */
import type { AddressView, ChainView, ConntrackView, FdbView, LinkView, NeighbourView, PolicyRuleView, RouteView, SocketView } from '../../contracts/observer.ts';
import type * as kernelApi from '../../simulator/kernel/api.ts';
import type { NetKernel, NetnsId } from '../../simulator/kernel/api.ts';
import type { ConntrackView as KernelConntrack, RuleState, TableName } from '../../simulator/netfilter/api.ts';
import { entryText } from '../../shell/commands/conntrack/print.ts';
import { describeRule } from './rules.ts';

/** How a namespace is called on its machine: '' for the first, null when it has no name. */
export type NameOf = (ns: NetnsId) => string | null;

const tableNames: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };
const tables: readonly TableName[] = ['raw', 'mangle', 'nat', 'filter'];

export function links(kernel: NetKernel, ns: NetnsId, nameOf: NameOf): LinkView[] {
  const all = kernel.netlink.links(ns);
  const byIndex = new Map(all.map((link) => [link.index, link]));
  return all.map((link) => ({
    name: link.name, index: link.index, kind: link.details.kind === 'tun' ? link.details.mode : link.kind, mac: link.mac, flags: [...link.flags],
    isUp: link.isUp, hasCarrier: link.hasCarrier, operstate: link.operState, master: link.master === undefined ? null : (byIndex.get(link.master)?.name ?? null),
    peer: link.kind === 'veth' ? peerOf(kernel, ns, link, nameOf) : null, mtu: link.mtu, alias: link.alias ?? null,
  }));
}

function peerOf(kernel: NetKernel, ns: NetnsId, link: kernelApi.LinkView, nameOf: NameOf): LinkView['peer'] {
  if (link.link === undefined) return null;
  const home = link.linkNetnsId === undefined ? ns : kernel.namespaces.list().find((other) => other !== ns && kernel.netlink.netnsId(ns, other) === link.linkNetnsId);
  if (home === undefined) return { index: link.link, name: null, netns: null };
  return { index: link.link, name: kernel.netlink.link(home, link.link)?.name ?? null, netns: nameOf(home) };
}

export function addresses(kernel: NetKernel, ns: NetnsId): AddressView[] {
  const nameOf = deviceNames(kernel, ns);
  return kernel.netlink.addresses(ns).map(({ index, family, address, prefixLength, scope }) => ({ device: nameOf(index), family: familyNumber(family), address, prefixLength, scope }));
}

export function routes(kernel: NetKernel, ns: NetnsId): RouteView[] {
  const nameOf = deviceNames(kernel, ns);
  return (['inet', 'inet6'] as const).flatMap((family) => kernel.netlink.routes(ns, family).map((route): RouteView => {
    const hop = route.nextHops[0];
    return {
      family: familyNumber(family), table: tableNames[route.table] ?? String(route.table), destination: route.prefixLength === 0 ? 'default' : `${route.destination}/${route.prefixLength}`,
      kind: route.type, gateway: hop?.gateway ?? null, device: hop?.device === undefined ? null : nameOf(hop.device), scope: route.scope,
      source: route.preferredSource ?? null, metric: route.metric, protocol: route.protocol,
    };
  }));
}

export function policyRules(kernel: NetKernel, ns: NetnsId): PolicyRuleView[] {
  return kernel.netlink.rules(ns, 'inet').map((rule) => ({
    priority: rule.priority, from: prefix(rule.from), to: prefix(rule.to), mark: rule.mark === undefined ? null : `0x${rule.mark.value.toString(16)}`,
    inDevice: rule.iif ?? null, outDevice: rule.oif ?? null, table: tableNames[rule.table] ?? String(rule.table),
  }));
}

function prefix(selector: { address: string; prefixLength: number } | undefined): string {
  return selector === undefined ? 'all' : `${selector.address}/${selector.prefixLength}`;
}

export function neighbours(kernel: NetKernel, ns: NetnsId): NeighbourView[] {
  return kernel.netlink.neighbours(ns).filter(({ isProxy }) => !isProxy).map(({ address, index, mac, state }) => ({ address, device: deviceName(kernel, ns, index), mac: mac ?? null, state }));
}

export function fdb(kernel: NetKernel, ns: NetnsId): FdbView[] {
  return kernel.netlink.fdb(ns).flatMap((entry) => {
    if (entry.master === undefined) return [];
    return [{ bridge: deviceName(kernel, ns, entry.master), port: deviceName(kernel, ns, entry.link), mac: entry.mac, isLocal: entry.isLocal || entry.isPermanent, ageMs: Math.round(entry.ageSeconds * 1000) }];
  });
}

export function chains(kernel: NetKernel, ns: NetnsId): ChainView[] {
  return tables.flatMap((name) => kernel.netfilter.table(ns, 'inet', name).chains.map((chain) => ({
    table: name, name: chain.name, policy: chain.policy ?? null, packets: chain.packets, bytes: chain.bytes,
    rules: chain.rules.map((rule: RuleState, position) => describeRule(chain.name, rule, position + 1)),
  })));
}

export function conntrack(kernel: NetKernel, ns: NetnsId): ConntrackView[] {
  return kernel.netfilter.conntrack(ns).map((entry) => ({
    protocol: entry.protocolName, original: tuple(entry.original), reply: tuple(entry.reply), state: entry.state ?? null, isReplied: entry.isReplied, isAssured: entry.isAssured,
    timeoutS: entry.timeoutSeconds, mark: entry.mark, text: entryText(entry, { extended: false, id: false, isEvent: false }),
  }));
}

function tuple({ source, destination, sport, dport, icmpType, icmpCode, icmpId }: KernelConntrack['original']): ConntrackView['original'] {
  return {
    source, destination, ...(sport === undefined ? {} : { sourcePort: sport }), ...(dport === undefined ? {} : { destinationPort: dport }),
    ...(icmpType === undefined ? {} : { icmpType }), ...(icmpCode === undefined ? {} : { icmpCode }), ...(icmpId === undefined ? {} : { icmpId }),
  };
}

export function sockets(kernel: NetKernel, ns: NetnsId, pidOf: (socket: kernelApi.SocketId) => number | null): SocketView[] {
  return kernel.sockets.sockets(ns).map((socket) => ({
    protocol: socket.type, state: socket.state, localAddress: socket.local.address, localPort: socket.local.port, peerAddress: socket.remote.address, peerPort: socket.remote.port, pid: pidOf(socket.id),
  }));
}

export function deviceName(kernel: NetKernel, ns: NetnsId, index: number): string {
  return kernel.netlink.link(ns, index)?.name ?? `if${index}`;
}

/** For lists: a link's view is much to make for its name, and a few names come again and again. */
function deviceNames(kernel: NetKernel, ns: NetnsId): (index: number) => string {
  const names = new Map<number, string>();
  return (index) => {
    const known = names.get(index) ?? deviceName(kernel, ns, index);
    names.set(index, known);
    return known;
  };
}

function familyNumber(family: 'inet' | 'inet6'): 4 | 6 {
  return family === 'inet' ? 4 : 6;
}
