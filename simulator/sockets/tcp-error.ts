/** ICMP errors about TCP segments. Read first: net/ipv4/tcp_ipv4.c (tcp_v4_err), RFC 5927 */
import type { Family } from '../kernel/api.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import type { IcmpReport } from '../ip/icmp4.ts';
import * as tcp from '../wire/tcp.ts';
import { reportError } from './deliver.ts';
import { retransmitFirst, updateMss } from './tcp-output.ts';
import { findConnection, finish } from './tcp-table.ts';
import { isBefore } from './tcp-state.ts';

export function tcpError(kernel: Kernel, namespace: NamespaceState, report: IcmpReport, _family: Family): void {
  const { quoted, transportAt } = report;
  if (quoted.length < transportAt + 8) return;
  const socket = findConnection(kernel, namespace, report.source, tcp.sourcePort(quoted, transportAt), report.destination, tcp.destinationPort(quoted, transportAt));
  if (socket === undefined || socket.state === 'TIME-WAIT') return;
  const sequence = tcp.sequence(quoted, transportAt);
  // It must be about something still in flight.
  if (isBefore(sequence, socket.sendUnacknowledged) || isBefore(socket.sendNext, sequence)) return;
  if (report.error === 'EMSGSIZE') {
    updateMss(kernel, socket);
    socket.congestionWindow = Math.max(1, socket.congestionWindow);
    retransmitFirst(kernel, socket);
    return;
  }
  if (socket.state === 'SYN-SENT' || (socket.state === 'SYN-RECV' && report.isFatal)) {
    // Who asked for it (traceroute -T) reads in the queue which router it was.
    if (socket.options.receiveError) reportError(kernel, socket, report, socket.remotePort, false);
    return finish(kernel, socket, report.error);
  }
  if (socket.options.receiveError) reportError(kernel, socket, report, socket.remotePort, report.isFatal);
}
