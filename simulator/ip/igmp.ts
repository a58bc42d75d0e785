/** IGMP: queries and reports of others. A machine here joins only 224.0.0.1, which is never reported. Read first: RFC 3376, net/ipv4/igmp.c */
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';

export function receiveIgmp(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  died(kernel, namespace.id, packet, 'socket', 'IGMP: nothing to report, only 224.0.0.1 is joined', device.name);
}
