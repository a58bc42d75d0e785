/** What netfilter may ask of the kernel around it: one object per kernel, over its state. Read first: simulator/netfilter/environment.ts, net/ipv4/netfilter.c */
import type { Address, Family, LinkIndex, NetnsId, SocketId } from './api.ts';
import type { NetfilterState } from '../netfilter/hooks.ts';
import type { AddressType, NetfilterEnvironment } from '../netfilter/environment.ts';
import { selectAddress } from '../ip/addresses4.ts';
import { selectAddress6 } from '../ip/addresses6.ts';
import { sendIcmpError4 } from '../ip/icmp4.ts';
import { sendIcmpError6 } from '../ip/icmp6.ts';
import { KERNEL_SENDER, routeFor4, sendRouted4 } from '../ip/output4.ts';
import { routeFor6, sendRouted6 } from '../ip/output6.ts';
import { reassemble6 } from '../ip/fragment6.ts';
import { reassemble4 } from '../ip/reassembly.ts';
import { addressType4, routeOutput4 } from '../routing/lookup4.ts';
import { addressType6, routeOutput6 } from '../routing/lookup6.ts';
import { getSysctl } from '../sysctl/sysctl.ts';
import * as ethernet from '../wire/ethernet.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../wire/ip6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { Dice } from '../world/api.ts';
import type { TraceSink } from '../world/trace.ts';
import { printk, type LogLevel } from './log.ts';
import { NETWORK_OFFSET, type Packet } from './packet.ts';
import { makePacket } from './packets.ts';
import type { Kernel, NamespaceState } from './state.ts';

/**
 * A class, because getters of an object literal belong to the engine's description of its shape, which outlives the object: a world copied for
 * one question would stay in memory with them.
 */
export class Services implements NetfilterEnvironment {
  readonly kernelId: number;
  readonly dice: Dice;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.kernelId = kernel.state.id;
    this.dice = kernel.world.dice;
  }

  get nowUs(): number {
    return this.kernel.world.state.nowUs;
  }
  get traceSink(): TraceSink | undefined {
    return this.kernel.world.traceSink;
  }

  netfilterState(ns: NetnsId): NetfilterState {
    return this.spaceOf(ns).netfilter;
  }
  namespaceIds(): NetnsId[] {
    return [...this.kernel.state.namespaces.keys()];
  }
  deviceName(ns: NetnsId, index: LinkIndex): string {
    return index === 0 ? '' : (this.kernel.state.namespaces.get(ns)?.devices.get(index)?.name ?? '');
  }
  deviceMtu(ns: NetnsId, index: LinkIndex): number {
    return this.kernel.state.namespaces.get(ns)?.devices.get(index)?.mtu ?? 1500;
  }
  sysctlNumber(ns: NetnsId, key: string): number | undefined {
    const namespace = this.spaceOf(ns);
    const direct = namespace.sysctls.get(key);
    if (direct !== undefined) return Number(direct);
    const value = getSysctl(this.kernel, namespace, key);
    return value.ok ? Number(value.value) : undefined;
  }
  addressType(ns: NetnsId, family: Family, address: Address, device: LinkIndex = 0): AddressType {
    return addressType(this.spaceOf(ns), family, address, device);
  }
  kernelLog(ns: NetnsId, level: number, line: string): void {
    const first = this.kernel.state.namespaces.keys().next().value;
    if (ns === first || this.sysctlNumber(first!, 'net/netfilter/nf_log_all_netns') === 1) printk(this.kernel, level as LogLevel, line);
  }
  masqueradeAddress(ns: NetnsId, family: Family, device: LinkIndex, packet: Packet): Address | undefined {
    const namespace = this.spaceOf(ns);
    if (family === 'inet6') {
      const found = selectAddress6(namespace, device, ipv6.destination(packet.frame, NETWORK_OFFSET));
      return found === undefined ? undefined : formatIp6(found);
    }
    const destination = ipv4.destination(packet.frame, NETWORK_OFFSET);
    const route = routeOutput4(this.kernel, namespace, { destination, source: 0, oif: device, mark: packet.mark, tos: 0, uid: 0, protocol: 0, sport: 0, dport: 0 });
    const found = selectAddress(namespace, device, typeof route === 'string' || route.gateway === 0 ? destination : route.gateway);
    return found === undefined ? undefined : formatIp4(found);
  }
  firstAddress(ns: NetnsId, family: Family, device: LinkIndex): Address | undefined {
    const found = this.kernel.state.namespaces.get(ns)?.devices.get(device);
    if (family === 'inet') {
      const address = found?.addresses4[0]?.local;
      return address === undefined ? undefined : formatIp4(address);
    }
    const address = found?.addresses6.find((one) => one.scope === 'global') ?? found?.addresses6[0];
    return address === undefined ? undefined : formatIp6(address.address);
  }
  reroute(ns: NetnsId, family: Family, packet: Packet): boolean {
    const namespace = this.spaceOf(ns);
    const { frame } = packet;
    if (family === 'inet6') {
      const route = routeOutput6(this.kernel, namespace, { destination: ipv6.destination(frame, NETWORK_OFFSET), source: ipv6.source(frame, NETWORK_OFFSET), oif: 0, mark: packet.mark });
      if (typeof route === 'string') return false;
      packet.outDevice = route.device;
      return true;
    }
    const source = ipv4.source(frame, NETWORK_OFFSET);
    const isOwn = addressType4(namespace, source, 0) === 'local';
    const route = routeOutput4(this.kernel, namespace, {
      destination: ipv4.destination(frame, NETWORK_OFFSET), source: isOwn ? source : 0, oif: 0, mark: packet.mark, tos: ipv4.typeOfService(frame, NETWORK_OFFSET) & 0x1c, uid: packet.uid, protocol: ipv4.protocol(frame, NETWORK_OFFSET), sport: 0, dport: 0,
    });
    if (typeof route === 'string') return false;
    packet.outDevice = route.device;
    return true;
  }
  defragment(ns: NetnsId, family: Family, packet: Packet): boolean {
    return family === 'inet' ? reassemble4(this.kernel, this.spaceOf(ns), packet) : reassemble6(this.kernel, this.spaceOf(ns), packet);
  }
  sendIcmpError(ns: NetnsId, family: Family, packet: Packet, type: number, code: number): void {
    if (family === 'inet') sendIcmpError4(this.kernel, this.spaceOf(ns), packet, type, code, 0);
    else sendIcmpError6(this.kernel, this.spaceOf(ns), packet, type, code, 0);
  }
  sendPacket(ns: NetnsId, family: Family, bytes: Uint8Array, attach: { conntrack: Packet['conntrack']; mark: number }): void {
    const namespace = this.spaceOf(ns);
    const frame = new Uint8Array(NETWORK_OFFSET + bytes.length);
    frame.set(bytes, NETWORK_OFFSET);
    const packet = makePacket(this.kernel, frame, family === 'inet' ? ethernet.TYPE_IPV4 : ethernet.TYPE_IPV6);
    packet.conntrack = attach.conntrack;
    packet.mark = attach.mark;
    const sender = { ...KERNEL_SENDER, mark: attach.mark };
    if (family === 'inet') {
      const source = ipv4.source(frame, NETWORK_OFFSET);
      const route = routeFor4(this.kernel, namespace, addressType4(namespace, source, 0) === 'local' ? source : 0, ipv4.destination(frame, NETWORK_OFFSET), sender, 0, 6, 0, 0);
      if (typeof route !== 'string') sendRouted4(this.kernel, namespace, packet, route);
      return;
    }
    const route = routeFor6(this.kernel, namespace, '', ipv6.destination(frame, NETWORK_OFFSET), sender);
    if (typeof route !== 'string') sendRouted6(this.kernel, namespace, packet, route);
  }
  setNetfilterTimer(ns: NetnsId, atUs: number): void {
    const namespace = this.spaceOf(ns);
    if (namespace.netfilterTimer !== 0) this.kernel.world.cancel(namespace.netfilterTimer);
    namespace.netfilterTimer = this.kernel.world.schedule(atUs - this.kernel.world.state.nowUs, { kind: 'netfilter', kernelId: this.kernelId, ns });
  }
  allocateSocketId(): SocketId {
    const id = this.kernel.state.nextSocketId;
    this.kernel.state.nextSocketId += 1;
    return id;
  }
  notifyReady(id: SocketId): void {
    this.kernel.world.announceReady(this.kernelId, id);
  }
  stateChanged(): void {
    this.kernel.world.announceChange(this.kernelId);
  }

  private spaceOf(ns: NetnsId): NamespaceState {
    const namespace = this.kernel.state.namespaces.get(ns);
    if (namespace === undefined) throw new Error(`no network namespace ${ns} in kernel ${this.kernelId}`);
    return namespace;
  }
}

function addressType(namespace: NamespaceState, family: Family, address: Address, device: LinkIndex): AddressType {
  if (family === 'inet') {
    const parsed = parseIp4(address);
    if (parsed === undefined) return 'UNSPEC';
    return addressType4(namespace, parsed, device).toUpperCase() as AddressType;
  }
  const parsed = parseIp6(address);
  return parsed === undefined ? 'UNSPEC' : (addressType6(namespace, parsed, device).toUpperCase() as AddressType);
}
