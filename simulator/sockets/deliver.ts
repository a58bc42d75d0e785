/** Queueing for readers: datagrams, errors, and the announcement that somebody may read. */
import type { Datagram, SocketErrorReport } from '../kernel/api.ts';
import type { Kernel } from '../kernel/state.ts';
import type { IcmpReport } from '../ip/icmp4.ts';
import { formatAddress } from './address.ts';
import type { Common, DatagramSocket } from './state.ts';

/** False when the receive buffer is full and the datagram was dropped. */
export function enqueue(kernel: Kernel, socket: DatagramSocket, datagram: Datagram): boolean {
  // Linux charges skb->truesize: some 256 bytes of bookkeeping and the page fragment.
  const charged = datagram.bytes.length + 512;
  if (socket.isReadShut || socket.queuedBytes + charged > socket.options.receiveBuffer) {
    socket.dropped += 1;
    return false;
  }
  socket.queue.push(datagram);
  socket.queuedBytes += charged;
  kernel.world.announceReady(kernel.state.id, socket.id);
  return true;
}

export function dequeue(socket: DatagramSocket): Datagram | undefined {
  const datagram = socket.queue.shift();
  if (datagram !== undefined) socket.queuedBytes -= datagram.bytes.length + 512;
  return datagram;
}

/** ip_icmp_error and the pending error of the socket. */
export function reportError(kernel: Kernel, socket: Common, report: IcmpReport, port: number, isPending: boolean): void {
  if (socket.options.receiveError) {
    socket.errorQueue.push({
      error: report.error, origin: typeof report.offender === 'number' ? 'icmp' : 'icmp6', type: report.type, code: report.code, info: report.info, offender: formatAddress(typeof report.offender === 'number' ? 'inet' : 'inet6', report.offender),
      destination: { address: formatAddress(typeof report.destination === 'number' ? 'inet' : 'inet6', report.destination), port }, bytes: report.quoted.slice(report.transportAt), receivedAtUs: kernel.world.nowUs, ttl: report.ttl,
    });
  }
  if (isPending) socket.error = report.error;
  if (isPending || socket.options.receiveError) kernel.world.announceReady(kernel.state.id, socket.id);
}

/** ip_local_error: too long for the path, and the socket forbade fragments. */
export function reportTooLong(kernel: Kernel, socket: Common, mtu: number, destination: SocketErrorReport['destination'], bytes: Uint8Array): void {
  if (!socket.options.receiveError) return;
  socket.errorQueue.push({ error: 'EMSGSIZE', origin: 'local', type: 0, code: 0, info: mtu, offender: undefined, destination, bytes, receivedAtUs: kernel.world.nowUs });
  kernel.world.announceReady(kernel.state.id, socket.id);
}
