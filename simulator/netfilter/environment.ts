/**
 * What netfilter asks of the kernel around it. kernel/services.ts satisfies this interface; unit tests hand in a small one of
 * their own. Everything is about one kernel; `ns` names the network namespace.
 */
import type { Dice } from '../world/api.ts';
import type { TraceSink } from '../world/trace.ts';
import type { Address, Family, LinkIndex, NetnsId, SocketId } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import type { NetfilterState } from './state.ts';

/** fib_lookup's RTN_* as -m addrtype names it. */
export type AddressType = 'UNSPEC' | 'UNICAST' | 'LOCAL' | 'BROADCAST' | 'ANYCAST' | 'MULTICAST' | 'BLACKHOLE' | 'UNREACHABLE' | 'PROHIBIT' | 'THROW' | 'NAT' | 'XRESOLVE';

export interface NetfilterEnvironment {
  readonly kernelId: number;
  readonly nowUs: number;
  readonly dice: Dice;
  /** Undefined when nobody listens: then no trace record may be built. */
  readonly traceSink: TraceSink | undefined;

  /** The namespace's netfilter state, made by `createNetfilterState()` when the namespace was. */
  netfilterState(ns: NetnsId): NetfilterState;
  namespaceIds(): readonly NetnsId[];

  /** Name of a device, '' for 0 or one that is gone. */
  deviceName(ns: NetnsId, device: LinkIndex): string;
  /** MTU of a device (TCPMSS --clamp-mss-to-pmtu); 1500 where nobody says. */
  deviceMtu?(ns: NetnsId, device: LinkIndex): number;
  /** A sysctl below net as a number, with slashes: `net/netfilter/nf_conntrack_icmp_timeout`. Undefined when there is none. */
  sysctlNumber(ns: NetnsId, key: string): number | undefined;
  /** inet_addr_type (inet_dev_addr_type when a device is given): the type of the route to an address in the local and main tables. */
  addressType(ns: NetnsId, family: Family, address: Address, device?: LinkIndex): AddressType;
  /**
   * The address MASQUERADE takes: inet_select_addr(device, next hop of the packet's route, universe scope); IPv6: ipv6_dev_get_saddr.
   * Undefined when the device has none.
   */
  masqueradeAddress(ns: NetnsId, family: Family, device: LinkIndex, packet: Packet): Address | undefined;
  /** The first address of a device (REDIRECT in PREROUTING). */
  firstAddress(ns: NetnsId, family: Family, device: LinkIndex): Address | undefined;
  /** ip_route_me_harder: routes a locally generated packet again after its addresses, mark or TOS changed. False: no route, drop it. */
  reroute(ns: NetnsId, family: Family, packet: Packet): boolean;
  /** ip_defrag at priority -400, only while conntrack is on: false when the fragment was queued (stolen), true when `packet` is whole (its frame may be replaced). */
  defragment?(ns: NetnsId, family: Family, packet: Packet): boolean;
  /** icmp_send / icmpv6_send about `packet` to its sender, with the usual rate limits. */
  sendIcmpError(ns: NetnsId, family: Family, packet: Packet, type: number, code: number): void;
  /** Sends a finished network-layer packet as ip_local_out would: routed by its destination, through OUTPUT and POSTROUTING. The sender's conntrack is attached when given. */
  sendPacket(ns: NetnsId, family: Family, bytes: Uint8Array, attach: { conntrack: Packet['conntrack']; mark: number }): void;
  /** printk of LOG; only the first namespace's messages reach the log unless net.netfilter.nf_log_all_netns is set. */
  kernelLog?(ns: NetnsId, level: number, line: string): void;

  /** Asks for a call of `netfilterTimer(environment, ns)` at `atUs`; a later request replaces an earlier one of the same namespace. */
  setNetfilterTimer(ns: NetnsId, atUs: number): void;
  /** A fresh socket number (conntrack event subscriptions). */
  allocateSocketId(): SocketId;
  /** The subscription has something to read. */
  notifyReady(id: SocketId): void;
  /** An observer might show something new. */
  stateChanged(): void;
}
