/** Queues of events with a socket's readiness: rtnetlink groups. */
import type { NetlinkEvent, SocketId } from '../kernel/api.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { freshSettings, type SubscriptionSocket } from './state.ts';

export function openSubscription(kernel: Kernel, namespace: NamespaceState, kinds: readonly NetlinkEvent['kind'][]): SocketId {
  const { state } = kernel;
  const id = state.nextSocketId;
  state.nextSocketId += 1;
  const socket: SubscriptionSocket = {
    kind: 'subscription', kinds: [...kinds], events: [], id, ns: namespace.id, family: 'inet', uid: 0, inode: state.nextSocketInode, error: undefined, errorQueue: [], boundDevice: 0, options: freshSettings(),
  };
  state.nextSocketInode += 1;
  state.sockets.set(id, socket);
  namespace.subscribers.push(id);
  return id;
}

export function takeSubscribed(kernel: Kernel, id: SocketId): NetlinkEvent[] {
  const socket = kernel.state.sockets.get(id);
  return socket?.kind === 'subscription' ? (socket.events.splice(0) as NetlinkEvent[]) : [];
}
