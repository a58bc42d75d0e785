/** The socket system calls of one kernel. Read first: socket(2), bind(2), connect(2), net/socket.c */
import { runConnect4, runPeer4 } from '../bpf/run.ts';
import type { SocketCall } from '../bpf/state.ts';
import { done, fail, ok, type Result } from '../result.ts';
import type { SocketCalls, SocketId, SocketOptions, SocketType, SocketView, Endpoint, NetnsId, TcpStateName } from '../kernel/api.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { closeConntrackSubscription, hasConntrackEvents } from '../netfilter/hooks.ts';
import { changePromiscuity, deviceByName } from '../devices/device.ts';
import { mtuOf4, routeFor4 } from '../ip/output4.ts';
import { mtuOf6, routeFor6 } from '../ip/output6.ts';
import { addressType4 } from '../routing/lookup4.ts';
import { addressType6 } from '../routing/lookup6.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import { endpoint, parseAddress } from './address.ts';
import { dequeue } from './deliver.ts';
import { filterKey, listenOn, sendFrame, stopListening } from './packet.ts';
import { choosePingId, sendPing } from './ping.ts';
import { bindPort, removeFrom } from './ports.ts';
import { sendRaw } from './raw.ts';
import { senderOf } from './send.ts';
import { anyAddress, freshSettings, isAny, type Common, type DatagramSocket, type Ip, type Socket } from './state.ts';
import { acceptTcp, closeTcp, connectTcp, listenTcp, receiveTcpBytes, sendTcp, shutdownTcp, tcpReadiness } from './tcp-calls.ts';
import { updateMss } from './tcp-output.ts';
import { emptyTcp, type TcpSocket } from './tcp-state.ts';
import { sendUdp } from './udp.ts';

export function socketCalls(kernel: Kernel): SocketCalls {
  const get = (id: SocketId): Socket | undefined => kernel.state.sockets.get(id);
  return {
    open: (ns, type, uid) => open(kernel, ns, type, uid),
    close: (id) => close(kernel, id),
    bind(id, to) {
      const socket = get(id);
      return socket === undefined ? fail('EBADF') : bind(kernel, socket, to);
    },
    bindDevice(id, index) {
      const socket = get(id);
      return socket === undefined ? fail('EBADF') : bindDevice(kernel, socket, index);
    },
    connect(id, to) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      const aimed = aim(kernel, socket, to);
      return aimed.ok ? connect(kernel, socket, aimed.value) : aimed;
    },
    listen(id, backlog) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      return socket.kind === 'tcp' ? listenTcp(kernel, socket, backlog) : fail('EOPNOTSUPP');
    },
    accept(id) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      return socket.kind === 'tcp' ? acceptTcp(kernel, socket) : fail('EOPNOTSUPP');
    },
    send(id, bytes, to) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      switch (socket.kind) {
        case 'tcp': return sendTcp(kernel, socket, bytes);
        case 'udp': {
          if (to === undefined) return sendUdp(kernel, socket, bytes, to);
          const aimed = aim(kernel, socket, to);
          return aimed.ok ? sendUdp(kernel, socket, bytes, aimed.value) : aimed;
        }
        case 'ping': return sendPing(kernel, socket, bytes, to);
        case 'raw': return sendRaw(kernel, socket, bytes, to);
        case 'packet': return sendFrame(kernel, socket, bytes);
        case 'subscription': return fail('EOPNOTSUPP');
      }
    },
    receive(id, max) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      if (socket.kind === 'tcp') return receiveTcpBytes(kernel, socket, max);
      const datagram = receiveDatagram(socket);
      return datagram.ok ? ok(datagram.value.bytes.subarray(0, max)) : datagram;
    },
    receiveDatagram(id) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      const datagram = receiveDatagram(socket);
      if (kernel.state.bpf === undefined || !datagram.ok || datagram.value.from === undefined) return datagram;
      return ok({ ...datagram.value, from: peerOf(kernel, socket, datagram.value.from) });
    },
    receiveErrorReport(id) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      const report = socket.errorQueue.shift();
      if (report === undefined) return fail('EAGAIN');
      // Reading the queue clears the pending error it stood for, as sock_dequeue_err_skb does.
      socket.error = socket.errorQueue[0]?.error;
      return ok(report);
    },
    shutdown(id, how) {
      const socket = get(id);
      if (socket === undefined) return fail('EBADF');
      if (socket.kind === 'tcp') return shutdownTcp(kernel, socket, how);
      if (socket.kind === 'packet' || socket.kind === 'subscription') return fail('EOPNOTSUPP');
      if (!socket.isConnected) return fail('ENOTCONN');
      if (how !== 'write') socket.isReadShut = true;
      if (how !== 'read') socket.isWriteShut = true;
      kernel.world.announceReady(kernel.state.id, id);
      return done;
    },
    setOptions(id, options) {
      const socket = get(id);
      return socket === undefined ? fail('EBADF') : setOptions(kernel, socket, options);
    },
    attachFilter(id, accepts) {
      if (accepts === undefined) kernel.world.filters.delete(filterKey(kernel, id));
      else kernel.world.filters.set(filterKey(kernel, id), accepts);
    },
    readiness(id) {
      const hasEvents = hasConntrackEvents(kernel.netfilter, id);
      if (hasEvents !== undefined) return { readable: hasEvents, writable: false, error: false, hangup: false, errorQueue: false };
      const socket = get(id);
      if (socket === undefined) return { readable: true, writable: true, error: true, hangup: true, errorQueue: false };
      if (socket.kind === 'tcp') return tcpReadiness(socket);
      if (socket.kind === 'subscription') return { readable: socket.events.length > 0, writable: false, error: false, hangup: false, errorQueue: false };
      const isShut = socket.kind !== 'packet' && socket.isReadShut;
      return { readable: socket.queue.length > 0 || isShut || socket.error !== undefined, writable: true, error: socket.error !== undefined, hangup: isShut && socket.isWriteShut, errorQueue: socket.errorQueue.length > 0 };
    },
    takeError(id) {
      const socket = get(id);
      if (socket === undefined) return 'EBADF';
      const { error } = socket;
      socket.error = undefined;
      return error;
    },
    local(id) {
      const socket = get(id);
      if (socket === undefined || socket.kind === 'packet' || socket.kind === 'subscription') return undefined;
      return endpoint(socket.family, socket.localAddress, socket.localPort);
    },
    remote(id) {
      const socket = get(id);
      if (socket === undefined || socket.kind === 'packet' || socket.kind === 'subscription') return undefined;
      if (socket.kind === 'tcp' ? socket.remotePort === 0 : !socket.isConnected) return undefined;
      return peerOf(kernel, socket, endpoint(socket.family, socket.remoteAddress, socket.remotePort));
    },
    packetStatistics(id) {
      const socket = get(id);
      if (socket?.kind !== 'packet') return { received: 0, dropped: 0 };
      const { received, dropped } = socket;
      socket.received = 0;
      socket.dropped = 0;
      return { received, dropped };
    },
    pathMtu: (id) => pathMtu(kernel, id),
    sockets: (ns) => views(kernel, ns),
  };
}

function open(kernel: Kernel, ns: NetnsId, type: SocketType, uid: number): Result<SocketId> {
  const namespace = kernel.state.namespaces.get(ns);
  if (namespace === undefined) return fail('EINVAL');
  const { state } = kernel;
  const id = state.nextSocketId;
  const family = type.type === 'packet' ? 'inet' : type.family;
  const common: Common = { id, ns, family, uid, inode: state.nextSocketInode, error: undefined, errorQueue: [], boundDevice: 0, options: freshSettings() };
  common.options.v6Only = numberOf(namespace, 'net/ipv6/bindv6only') !== 0;
  if (type.type === 'ping') state.sockets.set(id, { ...datagram(common), kind: 'ping' });
  else if (type.type === 'udp') state.sockets.set(id, { ...datagram(common), kind: 'udp' });
  else if (type.type === 'raw') {
    const made: Socket = { ...datagram(common), kind: 'raw', protocol: type.protocol };
    made.options.headerIncluded = type.protocol === 255;
    state.sockets.set(id, made);
    namespace.ports.raw.push(id);
  } else if (type.type === 'packet') {
    const protocol = type.protocol === 'all' ? 3 : type.protocol;
    const made: Socket = { ...common, kind: 'packet', protocol, queue: [], queuedBytes: 0, received: 0, dropped: 0, isPromiscuousOn: 0 };
    // libpcap asks for a ring of 2 MiB.
    made.options.receiveBuffer = 2 * 1024 * 1024;
    state.sockets.set(id, made);
    if (protocol !== 0) listenOn(kernel, made, 0);
  } else state.sockets.set(id, emptyTcp(common, anyAddress(family)));
  state.nextSocketId += 1;
  state.nextSocketInode += 1;
  return ok(id);
}

function datagram(common: Common): Omit<Extract<DatagramSocket, { kind: 'udp' }>, 'kind'> {
  const any = anyAddress(common.family);
  return { ...common, queue: [], queuedBytes: 0, dropped: 0, isReadShut: false, isWriteShut: false, localAddress: any, localPort: 0, remoteAddress: any, remotePort: 0, isConnected: false };
}

export function close(kernel: Kernel, id: SocketId): void {
  const socket = kernel.state.sockets.get(id);
  if (socket === undefined) {
    closeConntrackSubscription(kernel.netfilter, id);
    return;
  }
  const namespace = kernel.state.namespaces.get(socket.ns);
  if (socket.kind === 'tcp') return closeTcp(kernel, socket);
  kernel.state.sockets.delete(id);
  kernel.world.filters.delete(filterKey(kernel, id));
  if (namespace === undefined) return;
  if (socket.kind === 'udp') removeFrom(namespace.ports.udp, socket.localPort, id);
  else if (socket.kind === 'ping') namespace.ports.ping = namespace.ports.ping.filter((one) => one !== id);
  else if (socket.kind === 'raw') namespace.ports.raw = namespace.ports.raw.filter((one) => one !== id);
  else if (socket.kind === 'packet') {
    stopListening(kernel, socket);
    promiscuous(kernel, socket, false);
  } else namespace.subscribers = namespace.subscribers.filter((one) => one !== id);
}

function bind(kernel: Kernel, socket: Socket, to: Endpoint): Result {
  if (socket.kind === 'packet' || socket.kind === 'subscription') return fail('EINVAL');
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const address = parseAddress(socket.family, to.address);
  if (address === undefined) return fail(socket.family === 'inet' ? 'EAFNOSUPPORT' : 'EINVAL');
  const isFree = socket.options.freeBind || socket.options.transparent || numberOf(namespace, 'net/ipv4/ip_nonlocal_bind') !== 0;
  if (!isAny(address) && !isFree && !isBindable(namespace, address)) return fail('EADDRNOTAVAIL');
  if (socket.kind === 'raw') {
    socket.localAddress = address;
    return done;
  }
  if (socket.localPort !== 0 || (socket.kind === 'tcp' && socket.state !== 'CLOSE')) return fail('EINVAL');
  const before = socket.localAddress;
  socket.localAddress = address;
  if (socket.kind === 'ping') {
    const chosen = choosePingId(kernel, namespace, to.port);
    if (!chosen.ok) return chosen;
    socket.localPort = chosen.value;
    namespace.ports.ping.push(socket.id);
    return done;
  }
  const bound = bindPort(kernel, socket, to.port);
  if (!bound.ok) socket.localAddress = before;
  else if (socket.kind === 'tcp') socket.isBoundByUser = true;
  return bound;
}

function isBindable(namespace: NamespaceState, address: Ip): boolean {
  if (typeof address === 'string') {
    const type = addressType6(namespace, address, 0);
    return type === 'local' || type === 'multicast';
  }
  const type = addressType4(namespace, address, 0);
  return type === 'local' || type === 'broadcast' || type === 'multicast';
}

function bindDevice(kernel: Kernel, socket: Socket, index: number): Result {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  if (index !== 0 && !namespace.devices.has(index)) return fail('ENODEV');
  socket.boundDevice = index;
  if (socket.kind === 'packet' && socket.protocol !== 0) listenOn(kernel, socket, index);
  return done;
}

/** Where a call to this address goes when programs are attached to sockets: only IPv4 is asked about, as TCP and UDP speak it. */
function aim(kernel: Kernel, socket: Socket, to: Endpoint): Result<Endpoint> {
  const call = kernel.state.bpf === undefined ? undefined : callOf(socket, to);
  const other = call === undefined ? undefined : runConnect4(kernel, call);
  if (other === undefined) return ok(to);
  return typeof other === 'string' ? fail(other) : ok(endpoint(socket.family, other.address, other.port));
}

/** Who the other end is said to be. */
function peerOf(kernel: Kernel, socket: Socket, from: Endpoint): Endpoint {
  const call = kernel.state.bpf === undefined ? undefined : callOf(socket, from);
  const other = call === undefined ? undefined : runPeer4(kernel, call);
  return other === undefined ? from : endpoint(socket.family, other.address, other.port);
}

function callOf(socket: Socket, { address: text, port }: Endpoint): SocketCall | undefined {
  if (socket.kind !== 'tcp' && socket.kind !== 'udp') return undefined;
  const address = parseAddress(socket.family, text);
  return typeof address === 'number' ? { cookie: socket.id, ns: socket.ns, protocol: socket.kind === 'tcp' ? 6 : 17, address, port } : undefined;
}

function connect(kernel: Kernel, socket: Socket, to: Endpoint): Result {
  if (socket.kind === 'packet' || socket.kind === 'subscription') return fail('EOPNOTSUPP');
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const address = parseAddress(socket.family, to.address);
  if (address === undefined) return fail('EAFNOSUPPORT');
  if (socket.kind === 'tcp') return connectTcp(kernel, socket, address, to.port);
  const target: Ip = address === 0 ? 0x7f000001 : address;
  let source: Ip;
  if (typeof target === 'number') {
    const route = routeFor4(kernel, namespace, typeof socket.localAddress === 'number' ? socket.localAddress : 0, target, senderOf(socket), socket.options.tos, socket.kind === 'udp' ? 17 : 1, socket.localPort, to.port);
    if (typeof route === 'string') return fail(route);
    if (route.type === 'broadcast' && !socket.options.broadcast) return fail('EACCES');
    source = route.source;
  } else {
    const route = routeFor6(kernel, namespace, typeof socket.localAddress === 'string' && !isAny(socket.localAddress) ? socket.localAddress : '', target, senderOf(socket));
    if (typeof route === 'string') return fail(route);
    source = route.source;
  }
  if (isAny(socket.localAddress)) socket.localAddress = source;
  socket.remoteAddress = target;
  socket.remotePort = to.port;
  socket.isConnected = true;
  if (socket.kind === 'udp' && socket.localPort === 0) return bindPort(kernel, socket, 0);
  return done;
}

function receiveDatagram(socket: Socket): Result<import('../kernel/api.ts').Datagram> {
  if (socket.kind === 'tcp' || socket.kind === 'subscription') return fail('EINVAL');
  if (socket.kind === 'packet') {
    const frame = socket.queue.shift();
    if (frame === undefined) return fail('EAGAIN');
    socket.queuedBytes -= frame.bytes.length + 512;
    return ok(frame);
  }
  if (socket.error !== undefined) {
    const { error } = socket;
    socket.error = undefined;
    return fail(error);
  }
  const datagram = dequeue(socket);
  return datagram === undefined ? fail('EAGAIN') : ok(datagram);
}

function setOptions(kernel: Kernel, socket: Socket, options: SocketOptions): Result {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const { bindToDevice, receiveBuffer, sendBuffer, promiscuous: wantsPromiscuous, ...plain } = options;
  if (bindToDevice !== undefined) {
    const device = bindToDevice === '' ? undefined : deviceByName(namespace, bindToDevice);
    if (bindToDevice !== '' && device === undefined) return fail('ENODEV');
    const bound = bindDevice(kernel, socket, device?.index ?? 0);
    if (!bound.ok) return bound;
  }
  // setsockopt doubles what is asked, for its own bookkeeping.
  if (receiveBuffer !== undefined) socket.options.receiveBuffer = Math.max(2304, 2 * receiveBuffer);
  if (sendBuffer !== undefined) socket.options.sendBuffer = Math.max(4608, 2 * sendBuffer);
  if (plain.ttl !== undefined && (plain.ttl < 1 || plain.ttl > 255)) return fail('EINVAL');
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) (socket.options as unknown as Record<string, unknown>)[name] = value;
  if (wantsPromiscuous !== undefined && socket.kind === 'packet') promiscuous(kernel, socket, wantsPromiscuous);
  if (socket.kind === 'tcp' && options.maxSegment !== undefined && socket.state === 'ESTABLISHED') updateMss(kernel, socket);
  return done;
}

/** PACKET_MR_PROMISC: counted at the device. */
function promiscuous(kernel: Kernel, socket: Extract<Socket, { kind: 'packet' }>, isWanted: boolean): void {
  const namespace = kernel.state.namespaces.get(socket.ns);
  if (isWanted === (socket.isPromiscuousOn !== 0)) return;
  const device = namespace?.devices.get(isWanted ? socket.boundDevice : socket.isPromiscuousOn);
  socket.isPromiscuousOn = isWanted ? (device?.index ?? 0) : 0;
  if (device !== undefined) changePromiscuity(kernel, device, isWanted ? 1 : -1);
}

function pathMtu(kernel: Kernel, id: SocketId): number | undefined {
  const socket = kernel.state.sockets.get(id);
  if (socket === undefined || socket.kind === 'packet' || socket.kind === 'subscription') return undefined;
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const { remoteAddress } = socket;
  if (isAny(remoteAddress)) return undefined;
  if (typeof remoteAddress === 'number') {
    const route = routeFor4(kernel, namespace, typeof socket.localAddress === 'number' ? socket.localAddress : 0, remoteAddress, senderOf(socket), 0, 0, 0, 0);
    return typeof route === 'string' ? undefined : mtuOf4(kernel, namespace, route, remoteAddress);
  }
  const route = routeFor6(kernel, namespace, '', remoteAddress, senderOf(socket));
  return typeof route === 'string' ? undefined : mtuOf6(kernel, namespace, route, remoteAddress);
}

function views(kernel: Kernel, ns: NetnsId): SocketView[] {
  const namespace = kernel.state.namespaces.get(ns);
  const found: SocketView[] = [];
  for (const socket of kernel.state.sockets.values()) {
    if (socket.ns !== ns || socket.kind === 'subscription') continue;
    const device = socket.boundDevice === 0 ? undefined : namespace?.devices.get(socket.boundDevice)?.name;
    if (socket.kind === 'packet') {
      const any = { address: '0.0.0.0', port: 0 };
      found.push({ id: socket.id, type: 'packet', family: 'inet', protocol: socket.protocol, state: 'UNCONN', local: any, remote: any, device, receiveQueue: socket.queuedBytes, sendQueue: 0, backlog: undefined, uid: socket.uid, inode: socket.inode, timer: undefined });
      continue;
    }
    if (socket.kind === 'tcp') {
      if (socket.state === 'CLOSE' && !socket.isBoundByUser) continue;
      found.push(tcpView(kernel, socket, device));
      continue;
    }
    if (socket.kind === 'udp' && socket.localPort === 0) continue;
    found.push({
      id: socket.id, type: socket.kind, family: socket.family, protocol: socket.kind === 'udp' ? 17 : socket.kind === 'ping' ? 1 : socket.protocol, state: socket.isConnected ? 'ESTAB' : 'UNCONN', local: endpoint(socket.family, socket.localAddress, socket.kind === 'raw' ? socket.protocol : socket.localPort),
      remote: endpoint(socket.family, socket.isConnected ? socket.remoteAddress : anyAddress(socket.family), socket.remotePort), device, receiveQueue: socket.queuedBytes, sendQueue: 0, backlog: undefined, uid: socket.uid, inode: socket.inode, timer: undefined,
    });
  }
  return found;
}

function tcpView(kernel: Kernel, socket: TcpSocket, device: string | undefined): SocketView {
  const isListening = socket.state === 'LISTEN';
  const state: TcpStateName = socket.state;
  const remote = socket.remotePort === 0 ? anyAddress(socket.family) : socket.remoteAddress;
  const timer = socket.retransmitDueUs === undefined ? undefined : { name: socket.isProbing ? 'persist' : 'on', inMs: Math.max(0, (socket.retransmitDueUs - kernel.world.nowUs) / 1000), retransmits: socket.retransmits };
  return {
    id: socket.id, type: 'tcp', family: socket.family, protocol: 6, state, local: endpoint(socket.family, socket.localAddress, socket.localPort), remote: endpoint(socket.family, remote, socket.remotePort), device,
    receiveQueue: isListening ? socket.acceptQueue.length : socket.receiveQueued, sendQueue: isListening ? 0 : socket.sendQueued + (state === 'SYN-SENT' ? 1 : 0), backlog: isListening ? socket.backlog : undefined, uid: socket.uid,
    inode: state === 'TIME-WAIT' || socket.isOrphan ? 0 : socket.inode, timer,
    ...(isListening ? {} : {
      tcp: {
        mss: socket.mss, rttMs: socket.roundTripUs / 1000, rttVarMs: socket.roundTripVarianceUs / 1000, rtoMs: socket.retransmitTimeoutUs / 1000, cwnd: socket.congestionWindow, bytesSent: socket.bytesSent, bytesReceived: socket.bytesReceived, bytesAcked: socket.bytesAcked,
        segsOut: socket.segmentsOut, segsIn: socket.segmentsIn, retransmits: socket.totalRetransmits, windowScale: [socket.sendScale, socket.receiveScale] as [number, number],
      },
    }),
  };
}
