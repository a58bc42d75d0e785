/** Announcements to rtnetlink listeners (RTNLGRP_*). Views are built only when somebody listens. */
import type { NetlinkEvent } from './api.ts';
import type { Device, Kernel, NamespaceState, Neighbour, Route4, Route6, Rule, Address4, Address6 } from './state.ts';
import { linkView } from '../devices/view.ts';
import { address4View, address6View } from '../ip/address-view.ts';
import { route4View, route6View, ruleView } from '../routing/view.ts';
import { neighbourView } from '../neighbour/view.ts';

type Kind = NetlinkEvent['kind'];

function push(kernel: Kernel, namespace: NamespaceState, kind: Kind, make: () => NetlinkEvent): void {
  kernel.world.announceChange(kernel.state.id);
  if (namespace.subscribers.length === 0) return;
  let event: NetlinkEvent | undefined;
  for (const id of namespace.subscribers) {
    const socket = kernel.state.sockets.get(id);
    if (socket?.kind !== 'subscription' || !socket.kinds.includes(kind)) continue;
    event ??= make();
    socket.events.push(event);
    kernel.world.announceReady(kernel.state.id, id);
  }
}

export function notifyLink(kernel: Kernel, namespace: NamespaceState, device: Device, deleted = false): void {
  push(kernel, namespace, 'link', () => ({ kind: 'link', atUs: kernel.world.nowUs, deleted, link: linkView(kernel, namespace, device) }));
}

export function notifyAddress4(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address4, deleted = false): void {
  push(kernel, namespace, 'address', () => ({ kind: 'address', atUs: kernel.world.nowUs, deleted, address: address4View(kernel, device, address) }));
}

export function notifyAddress6(kernel: Kernel, namespace: NamespaceState, device: Device, address: Address6, deleted = false): void {
  push(kernel, namespace, 'address', () => ({ kind: 'address', atUs: kernel.world.nowUs, deleted, address: address6View(kernel, device, address) }));
}

export function notifyRoute4(kernel: Kernel, namespace: NamespaceState, route: Route4, deleted = false): void {
  push(kernel, namespace, 'route', () => ({ kind: 'route', atUs: kernel.world.nowUs, deleted, route: route4View(route) }));
}

export function notifyRoute6(kernel: Kernel, namespace: NamespaceState, route: Route6, deleted = false): void {
  push(kernel, namespace, 'route', () => ({ kind: 'route', atUs: kernel.world.nowUs, deleted, route: route6View(kernel, route) }));
}

export function notifyRule(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6', rule: Rule, deleted = false): void {
  push(kernel, namespace, 'rule', () => ({ kind: 'rule', atUs: kernel.world.nowUs, deleted, rule: ruleView(family, rule) }));
}

export function notifyNeighbour(kernel: Kernel, namespace: NamespaceState, neighbour: Neighbour, deleted = false): void {
  push(kernel, namespace, 'neighbour', () => ({ kind: 'neighbour', atUs: kernel.world.nowUs, deleted, neighbour: neighbourView(kernel, neighbour) }));
}

export function notifyNetnsId(kernel: Kernel, namespace: NamespaceState, id: number, deleted = false): void {
  push(kernel, namespace, 'nsid', () => ({ kind: 'nsid', atUs: kernel.world.nowUs, deleted, id }));
}
