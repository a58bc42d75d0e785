/** AF_PACKET: sees every frame of a device (or of all), in and out. Read first: packet(7), net/packet/af_packet.c */
import { get16 } from '../bytes.ts';
import { copyOf } from '../frames.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Datagram, SocketId } from '../kernel/api.ts';
import { makePacket } from '../kernel/packets.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel } from '../kernel/state.ts';
import { transmit } from '../devices/transmit.ts';
import { macAt } from '../wire/mac.ts';
import type { PacketSocket } from './state.ts';

/** packet_rcv: a copy of the frame, unless the filter or a full buffer says no. */
export function deliverToPacketSocket(kernel: Kernel, id: SocketId, device: Device, packet: Packet, isOutgoing: boolean): void {
  const socket = kernel.state.sockets.get(id);
  if (socket?.kind !== 'packet' || (isOutgoing && packet.socketId === id)) return;
  const { frame } = packet;
  if (socket.protocol !== 3 && (isOutgoing || socket.protocol !== get16(frame, 12))) return;
  const direction = isOutgoing ? 'out' : packet.type === 'broadcast' ? 'broadcast' : packet.type === 'multicast' ? 'multicast' : packet.type === 'otherhost' ? 'otherhost' : 'in';
  const bytes = copyOf(frame);
  if (device.kind === 'loopback') bytes.fill(0, 0, 12);
  const filter = kernel.world.filters.get(filterKey(kernel, id));
  if (filter !== undefined && !filter(bytes, { direction, device: device.index })) return;
  socket.received += 1;
  if (socket.queuedBytes + bytes.length + 512 > socket.options.receiveBuffer) {
    socket.dropped += 1;
    return;
  }
  const datagram: Datagram = {
    bytes, from: undefined, to: undefined, ttl: undefined, tos: undefined, receivedAtUs: kernel.world.nowUs, device: device.index, direction, originalLength: bytes.length, protocol: get16(frame, 12),
    hardwareType: device.kind === 'loopback' ? 772 : device.kind === 'tun' ? 65534 : 1, senderMac: macAt(bytes, 6), ...(packet.vlan === undefined ? {} : { vlan: packet.vlan }),
  };
  socket.queue.push(datagram);
  socket.queuedBytes += bytes.length + 512;
  kernel.world.announceReady(kernel.state.id, id);
}

export function filterKey(kernel: Kernel, id: SocketId): string {
  return `${kernel.state.id} ${id}`;
}

/** packet_snd: a whole frame, as it stands, out of the socket's device. */
export function sendFrame(kernel: Kernel, socket: PacketSocket, bytes: Uint8Array): Result<number> {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  const device = namespace.devices.get(socket.boundDevice);
  if (device === undefined) return fail('ENXIO');
  if (!device.isUp) return fail('ENETDOWN');
  if (bytes.length < 14) return fail('EINVAL');
  if (bytes.length > device.mtu + 18) return fail('EMSGSIZE');
  const packet = makePacket(kernel, copyOf(bytes), get16(bytes, 12));
  packet.socketId = socket.id;
  packet.uid = socket.uid;
  transmit(kernel, namespace, device, packet);
  return ok(bytes.length);
}

/** Starts and stops listening where the socket is bound: one device, or all of the namespace. */
export function listenOn(kernel: Kernel, socket: PacketSocket, index: number): void {
  const namespace = kernel.state.namespaces.get(socket.ns)!;
  stopListening(kernel, socket);
  const on = index === 0 ? namespace : namespace.devices.get(index);
  if (on !== undefined) on.taps = [...on.taps, socket.id];
}

export function stopListening(kernel: Kernel, socket: PacketSocket): void {
  const namespace = kernel.state.namespaces.get(socket.ns);
  if (namespace === undefined) return;
  namespace.taps = namespace.taps.filter((id) => id !== socket.id);
  for (const device of namespace.devices.values()) if (device.taps.length > 0) device.taps = device.taps.filter((id) => id !== socket.id);
}

