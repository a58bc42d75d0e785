/** Network namespaces: what a fresh one holds, and how one ends. Read first: net/core/net_namespace.c, network_namespaces(7) */
import { createNetfilterState } from '../netfilter/hooks.ts';
import { makeDevice } from '../devices/device.ts';
import { moveDevice, remove } from '../devices/links.ts';
import { TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN, makeTable } from '../routing/fib.ts';
import { defaultRules } from '../routing/rules.ts';
import { close } from '../sockets/calls.ts';
import { freshConf4, freshConf6, freshConf6All, freshNeighbourParameters } from '../sysctl/conf.ts';
import { freshSysctls, settingsOf } from '../sysctl/sysctl.ts';
import type { SimulatedWorld } from '../world/world.ts';
import type { NamespaceCalls, NetnsId } from './api.ts';
import type { Kernel, KernelState, NamespaceState } from './state.ts';
import { freeName } from '../devices/device.ts';

/** The first namespace has the number every Linux gives it; later ones follow the other kinds of namespaces made meanwhile. */
const FIRST_INODE = 4026531840;
const INODE_STEP = 66;

export function namespaceCalls(kernel: Kernel): NamespaceCalls {
  const { state } = kernel;
  return {
    create: () => createNamespace(kernel.world, state),
    destroy: (ns) => destroyNamespace(kernel, ns),
    list: () => [...state.namespaces.keys()],
    inode: (ns) => state.namespaces.get(ns)?.inode ?? 0,
  };
}

export function createNamespace(world: SimulatedWorld, state: KernelState): NetnsId {
  const id = state.nextNamespaceId;
  state.nextNamespaceId += 1;
  const isFirst = id === 0;
  const inode = isFirst ? FIRST_INODE : state.nextInode;
  if (!isFirst) state.nextInode += INODE_STEP;
  const sysctls = freshSysctls(isFirst);
  const namespace: NamespaceState = {
    id, inode, devices: new Map(), lastIndex: 1, peerIds: new Map(), sysctls, settings: settingsOf(sysctls), conf4All: freshConf4(), conf4Default: { ...freshConf4(), accept_source_route: 1 }, conf6All: freshConf6All(), conf6Default: freshConf6(),
    neigh4Default: freshNeighbourParameters('inet'), neigh6Default: freshNeighbourParameters('inet6'),
    fib4: new Map([[TABLE_LOCAL, makeTable(TABLE_LOCAL)], [TABLE_MAIN, makeTable(TABLE_MAIN)], [TABLE_DEFAULT, makeTable(TABLE_DEFAULT)]]), rules4: defaultRules('inet'), hasOwnRules4: false, fib6: new Map([[TABLE_LOCAL, []], [TABLE_MAIN, []]]), rules6: defaultRules('inet6'),
    neighbours4: new Map(), neighbours6: new Map(), proxyNeighbours: [], exceptions4: new Map(), exceptions6: new Map(), reassembly: new Map(), icmpPeers: new Map(),
    ports: { udp: new Map(), tcpListen: new Map(), tcpBound: new Map(), tcpConnections: new Map(), ping: [], raw: [] }, netfilter: createNetfilterState(), netfilterTimer: 0, snmp: new Map(), subscribers: [], taps: [],
    lastIpId: world.dice.below(0x10000), hasTunnels: false, nextLinkWatchUs: 0,
  };
  state.namespaces.set(id, namespace);
  const kernel = { state, world } as Kernel;
  namespace.devices.set(1, makeDevice(kernel, namespace, 'loopback', 1, 'lo'));
  return id;
}

function destroyNamespace(kernel: Kernel, ns: NetnsId): void {
  const { state } = kernel;
  const namespace = state.namespaces.get(ns);
  if (namespace === undefined || ns === 0) return;
  for (const [id, socket] of [...state.sockets]) {
    if (socket.ns !== ns) continue;
    if (socket.kind === 'tcp') state.sockets.delete(id);
    else close(kernel, id);
  }
  const first = state.namespaces.get(0)!;
  for (const device of [...namespace.devices.values()]) {
    if (!namespace.devices.has(device.index) || device.kind === 'loopback') continue;
    if (device.kind === 'ether') {
      const moved = moveDevice(kernel, namespace, device, 0);
      if (!moved.ok) moveDevice(kernel, namespace, device, 0, freeName(first, 'dev'));
    } else remove(kernel, namespace, device);
  }
  if (namespace.netfilterTimer !== 0) kernel.world.cancel(namespace.netfilterTimer);
  state.namespaces.delete(ns);
  for (const other of state.namespaces.values()) other.peerIds.delete(ns);
  kernel.world.announceChange(state.id);
}
