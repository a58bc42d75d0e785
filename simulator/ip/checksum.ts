/** Transport checksums that were left to the device (CHECKSUM_PARTIAL). Read first: include/linux/skbuff.h, "Checksumming of received packets by device" */
import { foldChecksum, put16, sumWords } from '../bytes.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';

/** skb_checksum_help: computes what the device would have computed. */
export function fillChecksum(packet: Packet): void {
  packet.checksumPartial = false;
  const { frame } = packet;
  if (packet.protocol === ethernet.TYPE_IPV6) {
    const upper = ipv6.upperLayer(frame, NETWORK_OFFSET);
    if (typeof upper === 'string') return;
    const end = NETWORK_OFFSET + ipv6.HEADER_LENGTH + ipv6.payloadLength(frame, NETWORK_OFFSET);
    fill(frame, upper.protocol, upper.at, end, ipv6.pseudoHeaderSum(ipv6.source(frame, NETWORK_OFFSET), ipv6.destination(frame, NETWORK_OFFSET), upper.protocol, end - upper.at));
    return;
  }
  const at = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET);
  const end = NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET);
  const protocol = ipv4.protocol(frame, NETWORK_OFFSET);
  fill(frame, protocol, at, end, ipv4.pseudoHeaderSum(ipv4.source(frame, NETWORK_OFFSET), ipv4.destination(frame, NETWORK_OFFSET), protocol, end - at));
}

function fill(frame: Uint8Array, protocol: number, at: number, end: number, pseudoSum: number): void {
  if (protocol === ipv4.PROTOCOL_TCP) tcp.writeChecksum(frame, at, end, pseudoSum);
  else if (protocol === ipv4.PROTOCOL_UDP) udp.writeChecksum(frame, at, end, pseudoSum);
}

/** Leaves the folded, uncomplemented pseudo-header sum, as tcp_v4_send_check does for offload. */
export function writePartial(frame: Uint8Array, checksumAt: number, pseudoSum: number): void {
  put16(frame, checksumAt, ~foldChecksum(pseudoSum) & 0xffff);
}

/** Right, or left to the device by a sender of this machine. */
export function isTransportChecksumRight(packet: Packet, protocol: number, at: number, end: number, pseudoSum: number): boolean {
  if (packet.checksumPartial) return true;
  if (protocol === ipv4.PROTOCOL_UDP) return udp.isChecksumRight(packet.frame, at, end, pseudoSum);
  return foldChecksum(sumWords(packet.frame, at, end, pseudoSum)) === 0;
}
