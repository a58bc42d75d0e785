/** What every datagram socket does to send: target, route, source, permission to broadcast, path MTU. Read first: net/ipv4/{udp,raw,ping}.c (sendmsg), ip_output.c (__ip_make_skb) */
import { fail, ok, type Result } from '../result.ts';
import type { Endpoint } from '../kernel/api.ts';
import type { Kernel } from '../kernel/state.ts';
import { mtuOf4, nextIdentification, routeFor4, sendIp4, type Sender4 } from '../ip/output4.ts';
import { routeFor6, sendIp6, mtuOf6 } from '../ip/output6.ts';
import type { RouteResult4 } from '../routing/lookup4.ts';
import { isMulticastIp4, type Ip4 } from '../wire/ip4.ts';
import { isMulticastIp6, type Ip6 } from '../wire/ip6.ts';
import { endpoint, parseAddress } from './address.ts';
import { reportTooLong } from './deliver.ts';
import type { Common, DatagramSocket, Ip } from './state.ts';

export function targetOf(socket: DatagramSocket, to: Endpoint | undefined): Result<{ address: Ip; port: number }> {
  if (to === undefined) return socket.isConnected ? ok({ address: socket.remoteAddress, port: socket.remotePort }) : fail('EDESTADDRREQ');
  const address = parseAddress(socket.family, to.address);
  return address === undefined ? fail(socket.family === 'inet' ? 'EAFNOSUPPORT' : 'EINVAL') : ok({ address, port: to.port });
}

export function senderOf(socket: Common): Sender4 {
  return { uid: socket.uid, socketId: socket.id, mark: socket.options.mark, oif: socket.boundDevice };
}

/** Whether an established route may be used: broadcasts need SO_BROADCAST. */
export function mayBroadcast(socket: Common, route: RouteResult4): boolean {
  return route.type !== 'broadcast' || socket.options.broadcast;
}

/** `build` makes the transport packet, `bodyLength` bytes long, once the source address is known. `reported` is what an error queue shows of a message that was too long. */
export function sendDatagram4(kernel: Kernel, socket: DatagramSocket, destination: Ip4, port: number, protocol: number, bodyLength: number, build: (source: Ip4, offloads: boolean) => Uint8Array, reported?: Uint8Array): Result {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const pending = takePending(socket);
  if (pending !== undefined) return fail(pending);
  const { options } = socket;
  const sender = senderOf(socket);
  const own = typeof socket.localAddress === 'number' ? socket.localAddress : 0;
  const source = isMulticastIp4(own) ? 0 : own;
  const route = routeFor4(kernel, namespace, source, destination, sender, options.tos, protocol, socket.localPort, port);
  if (typeof route === 'string') return fail(route);
  if (!mayBroadcast(socket, route)) return fail('EACCES');
  const device = namespace.devices.get(route.device)!;
  const mtu = options.pathMtuDiscovery === 'probe' ? device.mtu : mtuOf4(kernel, namespace, route, destination);
  const chosen = source !== 0 ? source : route.source;
  const length = 20 + (options.ipOptions === undefined ? 0 : (options.ipOptions.length + 3) & ~3) + bodyLength;
  const isForced = options.pathMtuDiscovery === 'do' || options.pathMtuDiscovery === 'probe';
  if (length > mtu && isForced) {
    reportTooLong(kernel, socket, mtu, endpoint('inet', destination, port), reported ?? build(chosen, false));
    return fail('EMSGSIZE');
  }
  if (length > 65535) {
    // ip_append_data, or before it where the length does not even fit the header's field.
    if (bodyLength <= 65535) reportTooLong(kernel, socket, mtu, endpoint('inet', destination, port), reported ?? build(chosen, false));
    return fail('EMSGSIZE');
  }
  const isSingle = length <= mtu;
  const offloads = isSingle && protocol === 17;
  const isGroup = route.type === 'multicast';
  const refused = sendIp4(kernel, namespace, {
    source: chosen, destination, protocol, body: build(chosen, offloads), timeToLive: isGroup ? options.multicastTtl : (options.ttl ?? namespace.settings.defaultTtl), typeOfService: options.tos,
    dontFragment: isForced || (isSingle && options.pathMtuDiscovery === 'want'), identification: nextIdentification(namespace), options: options.ipOptions,
  }, route, sender, offloads);
  return refused === undefined ? ok(undefined) : fail(refused);
}

export function sendDatagram6(kernel: Kernel, socket: DatagramSocket, destination: Ip6, port: number, protocol: number, build: (source: Ip6) => Uint8Array): Result {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const pending = takePending(socket);
  if (pending !== undefined) return fail(pending);
  const own = typeof socket.localAddress === 'string' ? socket.localAddress : '00000000000000000000000000000000';
  const route = routeFor6(kernel, namespace, own, destination, senderOf(socket));
  if (typeof route === 'string') return fail(route);
  const source = own !== '00000000000000000000000000000000' ? own : route.source;
  const body = build(source);
  const mtu = mtuOf6(kernel, namespace, route, destination);
  const isForced = socket.options.pathMtuDiscovery === 'do' || socket.options.pathMtuDiscovery === 'probe';
  if (40 + body.length > mtu && (isForced || body.length > 65535)) {
    reportTooLong(kernel, socket, mtu, endpoint('inet6', destination, port), body);
    return fail('EMSGSIZE');
  }
  const refused = sendIp6(kernel, namespace, { source, destination, nextHeader: protocol, body, hopLimit: isMulticastIp6(destination) ? socket.options.multicastTtl : (socket.options.ttl ?? 64) }, route, senderOf(socket));
  return refused === undefined ? ok(undefined) : fail(refused);
}

function takePending(socket: Common): Common['error'] {
  const { error } = socket;
  socket.error = undefined;
  return error;
}

