/** A packet on its way through a kernel: Linux's sk_buff, as plain data. Read first: include/linux/skbuff.h. */
import type { LinkIndex } from './api.ts';

/** Where the network header begins in `frame`; the first 14 bytes are the Ethernet header (zeros on lo, stale before the output device is known). */
export const NETWORK_OFFSET = 14;

export interface Packet {
  /** Ethernet header + network packet. Owned by this packet: whoever keeps a copy (flood, capture, clone) copies the bytes. VLAN tags are not inline: see `vlan`. */
  frame: Uint8Array;
  /** EtherType of what stands at NETWORK_OFFSET. */
  protocol: number;
  vlan: number | undefined;
  /** skb->mark. */
  mark: number;
  /** Device it came in by (0 for locally generated) and goes out by (0 until routed). Indexes of the namespace it is in. */
  inDevice: LinkIndex;
  outDevice: LinkIndex;
  /** Bridge ports, when bridge netfilter passes a bridged frame through iptables (-m physdev). */
  physicalIn: LinkIndex;
  physicalOut: LinkIndex;
  /** The port a translated bridged frame came in by, while it waits for its new neighbour; then it goes on through the bridge. */
  bridgedFrom?: LinkIndex;
  /** Routed out by lo to an address that is not ours: it comes back by lo, and is nobody's (dst_discard). */
  isStray?: true;
  /** As the link layer classified it. */
  type: 'host' | 'broadcast' | 'multicast' | 'otherhost' | 'outgoing' | 'loopback';
  /** Conntrack entry id (simulator/netfilter/conntrack) and how this packet relates to it; undefined before tracking, 'untracked' after NOTRACK. */
  conntrack: { id: number; direction: 'original' | 'reply'; state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' } | 'untracked' | undefined;
  /** CHECKSUM_PARTIAL: the transport checksum was left to the device; captures see the pseudo header sum, the wire sees a right one. */
  checksumPartial: boolean;
  /** Uid of the sending socket (-m owner), -1 when none. */
  uid: number;
  /** IPv6: the longest of the fragments it was put together from, 0 when it came whole (IP6CB(skb)->frag_max_size). */
  maxFragment?: number;
  socketId: number;
  /** Numbers a packet for traces: the same for every copy and every machine it visits. */
  traceId: number;
  /** Set on the clone of a packet that a trace follows; nothing records unless a sink is installed. */
  nfTrace: boolean;
}
