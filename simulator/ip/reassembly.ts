/** Putting IPv4 fragments together again; also for conntrack, which wants whole packets before it looks. Read first: net/ipv4/ip_fragment.c, RFC 815 */
import { put16 } from '../bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { numberOf } from '../sysctl/sysctl.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { sendIcmpError4 } from './icmp4.ts';
import { count } from './snmp.ts';

/** True when `packet` is whole now (its frame may be a new one); false: the fragment waits for others. */
export function reassemble4(kernel: Kernel, namespace: NamespaceState, packet: Packet): boolean {
  const { frame } = packet;
  if (!ipv4.isFragment(frame, NETWORK_OFFSET)) return true;
  count(namespace, 'Ip.ReasmReqds');
  const key = `${ipv4.source(frame, NETWORK_OFFSET)} ${ipv4.destination(frame, NETWORK_OFFSET)} ${ipv4.protocol(frame, NETWORK_OFFSET)} ${ipv4.identification(frame, NETWORK_OFFSET)}`;
  const nowUs = kernel.world.nowUs;
  let queue = namespace.reassembly.get(key);
  if (queue === undefined) {
    queue = { key, fragments: [], total: undefined, first: undefined, startedAtUs: nowUs, device: packet.inDevice, maxSize: 0 };
    namespace.reassembly.set(key, queue);
    kernel.world.post(numberOf(namespace, 'net/ipv4/ipfrag_time') * 1e6, { kind: 'reassembly', kernelId: kernel.state.id, ns: namespace.id, family: 'inet', key, startedAtUs: nowUs });
  }
  const headerLength = ipv4.headerLength(frame, NETWORK_OFFSET);
  const from = ipv4.fragmentOffset(frame, NETWORK_OFFSET);
  const bytes = frame.slice(NETWORK_OFFSET + headerLength, NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET));
  const to = from + bytes.length;
  if (!ipv4.moreFragments(frame, NETWORK_OFFSET)) queue.total = to;
  // An overlap with other bytes is an attack; Linux drops the whole queue (RFC 5722).
  if (queue.fragments.some((one) => from < one.to && one.from < to && !(one.from === from && one.to === to))) {
    namespace.reassembly.delete(key);
    count(namespace, 'Ip.ReasmFails');
    died(kernel, namespace.id, packet, 'route', 'overlapping fragments', 'reassembly');
    return false;
  }
  if (!queue.fragments.some((one) => one.from === from)) queue.fragments.push({ from, to, bytes });
  if (from === 0) queue.first = { ...packet, frame: frame.slice() };
  const whole = queue.fragments.reduce((sum, one) => sum + one.bytes.length, 0);
  if (queue.total === undefined || queue.first === undefined || whole < queue.total) return false;
  namespace.reassembly.delete(key);
  count(namespace, 'Ip.ReasmOKs');
  const head = queue.first.frame;
  const bodyAt = NETWORK_OFFSET + ipv4.headerLength(head, NETWORK_OFFSET);
  const made = new Uint8Array(bodyAt + queue.total);
  made.set(head.subarray(0, bodyAt), 0);
  for (const one of queue.fragments) made.set(one.bytes, bodyAt + one.from);
  put16(made, NETWORK_OFFSET + 2, made.length - NETWORK_OFFSET);
  put16(made, NETWORK_OFFSET + 6, 0);
  ipv4.writeChecksum(made, NETWORK_OFFSET);
  packet.frame = made;
  return true;
}

/** ip_expire: the rest did not come in time. */
export function reassemblyTimeout(kernel: Kernel, namespace: NamespaceState, key: string, startedAtUs: number): void {
  const queue = namespace.reassembly.get(key);
  if (queue === undefined || queue.startedAtUs !== startedAtUs) return;
  namespace.reassembly.delete(key);
  count(namespace, 'Ip.ReasmTimeout');
  count(namespace, 'Ip.ReasmFails');
  if (queue.first === undefined) return;
  sendIcmpError4(kernel, namespace, queue.first, icmp.TIME_EXCEEDED, 1, 0);
  died(kernel, namespace.id, queue.first, 'mtu', 'the other fragments did not come in time', 'reassembly');
}
