/** Neighbours as netlink shows them, and what `ip neigh` may change. Read first: net/core/neighbour.c (neigh_fill_info, neigh_add, neigh_delete) */
import { done, fail, type Result } from '../result.ts';
import type { Family, NeighbourSpec, NeighbourView } from '../kernel/api.ts';
import type { Kernel, NamespaceState, Neighbour } from '../kernel/state.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../wire/ip6.ts';
import { findNeighbour, makeNeighbour, removeNeighbour, updateNeighbour, type Ip } from './neighbour.ts';

export function neighbourView(kernel: Kernel, neighbour: Neighbour): NeighbourView {
  const nowUs = kernel.world.nowUs;
  const ago = (stampUs: number): number => Math.max(0, Math.floor((nowUs - stampUs) / 1_000_000));
  return {
    index: neighbour.index, family: neighbour.family, address: typeof neighbour.address === 'number' ? formatIp4(neighbour.address) : formatIp6(neighbour.address),
    // An entry keeps the address it had when it fails; netlink shows it only while it is valid.
    mac: neighbour.state === 'INCOMPLETE' || neighbour.state === 'FAILED' || neighbour.state === 'NONE' ? undefined : neighbour.mac,
    state: neighbour.state, isProxy: false, isRouter: neighbour.isRouter, isLearntElsewhere: neighbour.isLearntElsewhere === true, usedSecondsAgo: ago(neighbour.usedAtUs), confirmedSecondsAgo: ago(neighbour.confirmedAtUs), updatedSecondsAgo: ago(neighbour.updatedAtUs),
    probes: neighbour.probes, // neigh_add_timer holds one.
    references: neighbour.state === 'INCOMPLETE' || neighbour.state === 'REACHABLE' || neighbour.state === 'DELAY' || neighbour.state === 'PROBE' ? 1 : 0,
  };
}

export function neighbourViews(kernel: Kernel, namespace: NamespaceState, family: Family | undefined): NeighbourView[] {
  const views: NeighbourView[] = [];
  for (const one of ['inet', 'inet6'] as const) {
    if (family !== undefined && family !== one) continue;
    const table = one === 'inet' ? namespace.neighbours4 : namespace.neighbours6;
    for (const ofDevice of table.values()) for (const neighbour of ofDevice.values()) views.push(neighbourView(kernel, neighbour));
    for (const proxy of namespace.proxyNeighbours) {
      if (proxy.family !== one) continue;
      views.push({
        index: proxy.index, family: one, address: typeof proxy.address === 'number' ? formatIp4(proxy.address) : formatIp6(proxy.address), mac: undefined, state: 'NONE', isProxy: true, isRouter: false, isLearntElsewhere: false,
        usedSecondsAgo: 0, confirmedSecondsAgo: 0, updatedSecondsAgo: 0, probes: 0, references: 0,
      });
    }
  }
  return views;
}

function parse(spec: NeighbourSpec): Ip | undefined {
  return spec.family === 'inet' ? parseIp4(spec.address) : parseIp6(spec.address);
}

export function addNeighbour(kernel: Kernel, namespace: NamespaceState, spec: NeighbourSpec, mode: 'add' | 'replace' | 'change'): Result {
  const device = namespace.devices.get(spec.index);
  if (device === undefined) return fail('ENODEV');
  const address = parse(spec);
  if (address === undefined) return fail('EINVAL');
  if (spec.proxy === true) {
    const isKnown = namespace.proxyNeighbours.some((one) => one.index === spec.index && one.address === address);
    if (!isKnown) namespace.proxyNeighbours.push({ index: spec.index, family: spec.family, address });
    return done;
  }
  let neighbour = findNeighbour(namespace, spec.family, spec.index, address);
  if (neighbour === undefined && mode === 'change') return fail('ENOENT');
  if (neighbour !== undefined && mode === 'add') return fail('EEXIST');
  const state = spec.state ?? 'PERMANENT';
  const needsMac = state !== 'FAILED' && state !== 'INCOMPLETE' && state !== 'NONE';
  if (needsMac && spec.mac === undefined && neighbour?.mac === undefined && state !== 'NOARP') return fail('EINVAL', 'No link layer address given');
  neighbour ??= makeNeighbour(kernel, namespace, spec.family, device, address);
  if (spec.router !== undefined) neighbour.isRouter = spec.router;
  if (spec.learntElsewhere === true) neighbour.isLearntElsewhere = true;
  updateNeighbour(kernel, namespace, neighbour, { mac: spec.mac ?? neighbour.mac, state, override: true, admin: true });
  return done;
}

export function deleteNeighbour(kernel: Kernel, namespace: NamespaceState, spec: NeighbourSpec): Result {
  const address = parse(spec);
  if (address === undefined || !namespace.devices.has(spec.index)) return fail('EINVAL');
  if (spec.proxy === true) {
    const at = namespace.proxyNeighbours.findIndex((one) => one.index === spec.index && one.address === address);
    if (at === -1) return fail('ENOENT');
    namespace.proxyNeighbours.splice(at, 1);
    return done;
  }
  const neighbour = findNeighbour(namespace, spec.family, spec.index, address);
  if (neighbour === undefined) return fail('ENOENT');
  updateNeighbour(kernel, namespace, neighbour, { mac: undefined, state: 'FAILED', override: true, admin: true });
  removeNeighbour(kernel, namespace, neighbour);
  return done;
}
