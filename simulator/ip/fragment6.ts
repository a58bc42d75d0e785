/**
 * IPv6 fragments: made by the source alone, put together by the destination, or by a router that tracks connections and takes them apart
 * again. Read first: RFC 8200 section 4.5, net/ipv6/ip6_output.c (ip6_fragment), net/ipv6/reassembly.c
 */
import { get16, get32, put16, put32 } from '../bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import { makePacket } from '../kernel/packets.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import * as icmp6 from '../wire/icmp6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import { sendIcmpError6 } from './icmp6.ts';

const FRAGMENT_LENGTH = 8;
/** Where the fragment header stands: nothing a lab sends has another extension header before it. */
const FRAGMENT_AT = NETWORK_OFFSET + ipv6.HEADER_LENGTH;

export function isFragment6(packet: Packet): boolean {
  return ipv6.nextHeader(packet.frame, NETWORK_OFFSET) === ipv6.NEXT_FRAGMENT && packet.frame.length >= FRAGMENT_AT + FRAGMENT_LENGTH;
}

/** Pieces in order, each with the header and a fragment header. */
export function fragments6(kernel: Kernel, packet: Packet, mtu: number): Packet[] {
  const { frame } = packet;
  const body = frame.subarray(FRAGMENT_AT, FRAGMENT_AT + ipv6.payloadLength(frame, NETWORK_OFFSET));
  const step = (mtu - ipv6.HEADER_LENGTH - FRAGMENT_LENGTH) & ~7;
  const identification = kernel.world.dice.next();
  const pieces: Packet[] = [];
  for (let at = 0; at < body.length; at += step) {
    const part = body.subarray(at, at + step);
    const bytes = new Uint8Array(FRAGMENT_AT + FRAGMENT_LENGTH + part.length);
    bytes.set(frame.subarray(0, FRAGMENT_AT), 0);
    put16(bytes, NETWORK_OFFSET + 4, FRAGMENT_LENGTH + part.length);
    bytes[NETWORK_OFFSET + 6] = ipv6.NEXT_FRAGMENT;
    bytes[FRAGMENT_AT] = ipv6.nextHeader(frame, NETWORK_OFFSET);
    put16(bytes, FRAGMENT_AT + 2, at | (at + step < body.length ? 1 : 0));
    put32(bytes, FRAGMENT_AT + 4, identification);
    bytes.set(part, FRAGMENT_AT + FRAGMENT_LENGTH);
    const { conntrack } = packet;
    pieces.push({ ...makePacket(kernel, bytes, packet.protocol), traceId: packet.traceId, mark: packet.mark, inDevice: packet.inDevice, outDevice: packet.outDevice, type: packet.type, uid: packet.uid, socketId: packet.socketId, conntrack: typeof conntrack === 'object' ? { ...conntrack } : conntrack });
  }
  return pieces;
}

/** True when `packet` is whole now (its frame may be a new one); false: the fragment waits for others. */
export function reassemble6(kernel: Kernel, namespace: NamespaceState, packet: Packet): boolean {
  if (!isFragment6(packet)) return true;
  const { frame } = packet;
  const nowUs = kernel.world.nowUs;
  const key = `${ipv6.source(frame, NETWORK_OFFSET)} ${ipv6.destination(frame, NETWORK_OFFSET)} ${get32(frame, FRAGMENT_AT + 4)}`;
  let queue = namespace.reassembly.get(key);
  if (queue === undefined) {
    queue = { key, fragments: [], total: undefined, first: undefined, startedAtUs: nowUs, device: packet.inDevice, maxSize: 0 };
    namespace.reassembly.set(key, queue);
    kernel.world.post(numberOf(namespace, 'net/ipv6/ip6frag_time') * 1e6, { kind: 'reassembly', kernelId: kernel.state.id, ns: namespace.id, family: 'inet6', key, startedAtUs: nowUs });
  }
  const offset = get16(frame, FRAGMENT_AT + 2);
  const from = offset & ~7;
  const bytes = frame.slice(FRAGMENT_AT + FRAGMENT_LENGTH, FRAGMENT_AT + ipv6.payloadLength(frame, NETWORK_OFFSET));
  const to = from + bytes.length;
  if ((offset & 1) === 0) queue.total = to;
  // RFC 5722: an overlap discards them all.
  if (queue.fragments.some((one) => from < one.to && one.from < to && !(one.from === from && one.to === to))) {
    namespace.reassembly.delete(key);
    died(kernel, namespace.id, packet, 'route', 'overlapping fragments', 'reassembly');
    return false;
  }
  if (!queue.fragments.some((one) => one.from === from)) queue.fragments.push({ from, to, bytes });
  queue.maxSize = Math.max(queue.maxSize, ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, NETWORK_OFFSET));
  if (from === 0) queue.first = { ...packet, frame: frame.slice() };
  const whole = queue.fragments.reduce((sum, one) => sum + one.bytes.length, 0);
  if (queue.total === undefined || queue.first === undefined || whole < queue.total) return false;
  namespace.reassembly.delete(key);
  const head = queue.first.frame;
  const made = new Uint8Array(FRAGMENT_AT + queue.total);
  made.set(head.subarray(0, FRAGMENT_AT), 0);
  for (const one of queue.fragments) made.set(one.bytes, FRAGMENT_AT + one.from);
  put16(made, NETWORK_OFFSET + 4, queue.total);
  made[NETWORK_OFFSET + 6] = head[FRAGMENT_AT]!;
  packet.frame = made;
  packet.maxFragment = queue.maxSize;
  return true;
}

/** ip6frag_expire_frag_queue: the rest did not come in time. */
export function reassemblyTimeout6(kernel: Kernel, namespace: NamespaceState, key: string, startedAtUs: number): void {
  const queue = namespace.reassembly.get(key);
  if (queue === undefined || queue.startedAtUs !== startedAtUs) return;
  namespace.reassembly.delete(key);
  if (queue.first === undefined) return;
  sendIcmpError6(kernel, namespace, queue.first, icmp6.TIME_EXCEEDED, 1, 0);
  died(kernel, namespace.id, queue.first, 'mtu', 'the other fragments did not come in time', 'reassembly');
}
