/** What netfilter may ask of the kernel around it: one object per kernel, over its state. Read first: simulator/netfilter/environment.ts, net/ipv4/netfilter.c */
import type { Address, Family, LinkIndex, NetnsId } from './api.ts';
import type { AddressType, NetfilterEnvironment } from '../netfilter/environment.ts';
import { selectAddress } from '../ip/addresses4.ts';
import { selectAddress6 } from '../ip/addresses6.ts';
import { sendIcmpError4 } from '../ip/icmp4.ts';
import { sendIcmpError6 } from '../ip/icmp6.ts';
import { KERNEL_SENDER, routeFor4, sendRouted4 } from '../ip/output4.ts';
import { routeFor6, sendRouted6 } from '../ip/output6.ts';
import { reassemble4 } from '../ip/reassembly.ts';
import { addressType4, routeOutput4 } from '../routing/lookup4.ts';
import { addressType6, routeOutput6 } from '../routing/lookup6.ts';
import { getSysctl } from '../sysctl/sysctl.ts';
import * as ethernet from '../wire/ethernet.ts';
import { formatIp4, parseIp4 } from '../wire/ip4.ts';
import { formatIp6, parseIp6 } from '../wire/ip6.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { NETWORK_OFFSET } from './packet.ts';
import { makePacket } from './packets.ts';
import type { Kernel, KernelState, NamespaceState } from './state.ts';

/** `kernel` is asked for late: the environment is part of it. */
export function makeServices(state: KernelState, world: SimulatedWorld, kernel: () => Kernel): NetfilterEnvironment {
  const spaceOf = (ns: NetnsId): NamespaceState => {
    const namespace = state.namespaces.get(ns);
    if (namespace === undefined) throw new Error(`no network namespace ${ns} in kernel ${state.id}`);
    return namespace;
  };
  return {
    kernelId: state.id,
    get nowUs() {
      return world.state.nowUs;
    },
    dice: world.dice,
    get traceSink() {
      return world.traceSink;
    },
    netfilterState: (ns) => spaceOf(ns).netfilter,
    namespaceIds: () => [...state.namespaces.keys()],
    deviceName: (ns, index) => (index === 0 ? '' : (state.namespaces.get(ns)?.devices.get(index)?.name ?? '')),
    deviceMtu: (ns, index) => state.namespaces.get(ns)?.devices.get(index)?.mtu ?? 1500,
    sysctlNumber(ns, key) {
      const namespace = spaceOf(ns);
      const direct = namespace.sysctls.get(key);
      if (direct !== undefined) return Number(direct);
      const value = getSysctl(kernel(), namespace, key);
      return value.ok ? Number(value.value) : undefined;
    },
    addressType: (ns, family, address, device = 0) => addressType(spaceOf(ns), family, address, device),
    masqueradeAddress(ns, family, device, packet) {
      const namespace = spaceOf(ns);
      if (family === 'inet6') {
        const found = selectAddress6(namespace, device, ipv6.destination(packet.frame, NETWORK_OFFSET));
        return found === undefined ? undefined : formatIp6(found);
      }
      const destination = ipv4.destination(packet.frame, NETWORK_OFFSET);
      const route = routeOutput4(kernel(), namespace, { destination, source: 0, oif: device, mark: packet.mark, tos: 0, uid: 0, protocol: 0, sport: 0, dport: 0 });
      const found = selectAddress(namespace, device, typeof route === 'string' || route.gateway === 0 ? destination : route.gateway);
      return found === undefined ? undefined : formatIp4(found);
    },
    firstAddress(ns, family, device) {
      const found = state.namespaces.get(ns)?.devices.get(device);
      if (family === 'inet') {
        const address = found?.addresses4[0]?.local;
        return address === undefined ? undefined : formatIp4(address);
      }
      const address = found?.addresses6.find((one) => one.scope === 'global') ?? found?.addresses6[0];
      return address === undefined ? undefined : formatIp6(address.address);
    },
    reroute(ns, family, packet) {
      const namespace = spaceOf(ns);
      const { frame } = packet;
      if (family === 'inet6') {
        const route = routeOutput6(kernel(), namespace, { destination: ipv6.destination(frame, NETWORK_OFFSET), source: ipv6.source(frame, NETWORK_OFFSET), oif: 0, mark: packet.mark });
        if (typeof route === 'string') return false;
        packet.outDevice = route.device;
        return true;
      }
      const source = ipv4.source(frame, NETWORK_OFFSET);
      const isOwn = addressType4(namespace, source, 0) === 'local';
      const route = routeOutput4(kernel(), namespace, {
        destination: ipv4.destination(frame, NETWORK_OFFSET), source: isOwn ? source : 0, oif: 0, mark: packet.mark, tos: ipv4.typeOfService(frame, NETWORK_OFFSET) & 0x1c, uid: packet.uid, protocol: ipv4.protocol(frame, NETWORK_OFFSET), sport: 0, dport: 0,
      });
      if (typeof route === 'string') return false;
      packet.outDevice = route.device;
      return true;
    },
    defragment: (ns, family, packet) => family !== 'inet' || reassemble4(kernel(), spaceOf(ns), packet),
    sendIcmpError(ns, family, packet, type, code) {
      if (family === 'inet') sendIcmpError4(kernel(), spaceOf(ns), packet, type, code, 0);
      else sendIcmpError6(kernel(), spaceOf(ns), packet, type, code, 0);
    },
    sendPacket(ns, family, bytes, attach) {
      const namespace = spaceOf(ns);
      const frame = new Uint8Array(NETWORK_OFFSET + bytes.length);
      frame.set(bytes, NETWORK_OFFSET);
      const packet = makePacket(kernel(), frame, family === 'inet' ? ethernet.TYPE_IPV4 : ethernet.TYPE_IPV6);
      packet.conntrack = attach.conntrack;
      packet.mark = attach.mark;
      const sender = { ...KERNEL_SENDER, mark: attach.mark };
      if (family === 'inet') {
        const source = ipv4.source(frame, NETWORK_OFFSET);
        const route = routeFor4(kernel(), namespace, addressType4(namespace, source, 0) === 'local' ? source : 0, ipv4.destination(frame, NETWORK_OFFSET), sender, 0, 6, 0, 0);
        if (typeof route !== 'string') sendRouted4(kernel(), namespace, packet, route);
        return;
      }
      const route = routeFor6(kernel(), namespace, '', ipv6.destination(frame, NETWORK_OFFSET), sender);
      if (typeof route !== 'string') sendRouted6(kernel(), namespace, packet, route);
    },
    setNetfilterTimer(ns, atUs) {
      const namespace = spaceOf(ns);
      if (namespace.netfilterTimer !== 0) world.cancel(namespace.netfilterTimer);
      namespace.netfilterTimer = world.schedule(atUs - world.state.nowUs, { kind: 'netfilter', kernelId: state.id, ns });
    },
    allocateSocketId() {
      const id = state.nextSocketId;
      state.nextSocketId += 1;
      return id;
    },
    notifyReady: (id) => world.announceReady(state.id, id),
    stateChanged: () => world.announceChange(state.id),
  };
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
