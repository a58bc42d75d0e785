/** How one network namespace numbers others (net/core/net_namespace.c: peernet2id_alloc): the lowest free number at first need. */
import { fail, ok, type Result } from '../result.ts';
import type { NetnsId } from './api.ts';
import { notifyNetnsId } from './notify.ts';
import type { Kernel, NamespaceState } from './state.ts';

/** Assigns one when there is none. */
export function netnsIdOf(kernel: Kernel, namespace: NamespaceState, other: NetnsId): number {
  const known = namespace.peerIds.get(other);
  if (known !== undefined) return known;
  const id = lowestFree(namespace);
  namespace.peerIds.set(other, id);
  notifyNetnsId(kernel, namespace, id);
  return id;
}

export function setNetnsId(kernel: Kernel, namespace: NamespaceState, other: NetnsId, wanted: number | 'auto'): Result<number> {
  if (namespace.peerIds.has(other)) return fail('EEXIST', 'Peer netns already has a nsid assigned');
  const id = wanted === 'auto' || wanted < 0 ? lowestFree(namespace) : wanted;
  for (const taken of namespace.peerIds.values()) if (taken === id) return fail('EEXIST', 'The specified nsid is already used');
  namespace.peerIds.set(other, id);
  notifyNetnsId(kernel, namespace, id);
  return ok(id);
}

function lowestFree(namespace: NamespaceState): number {
  const taken = new Set(namespace.peerIds.values());
  let id = 0;
  while (taken.has(id)) id += 1;
  return id;
}
