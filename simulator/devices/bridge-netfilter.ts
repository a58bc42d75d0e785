/**
 * Bridged frames in iptables: with net.bridge.bridge-nf-call-iptables they pass PREROUTING, FORWARD and POSTROUTING, and a DNAT on
 * the way may turn a bridged frame into a routed one. Read first: net/bridge/br_netfilter_hooks.c
 */
import { runHooks } from '../netfilter/hooks.ts';
import { died } from '../kernel/trace.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { routeOutput4 } from '../routing/lookup4.ts';
import { resolveForBridge } from '../neighbour/neighbour.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { isMulticastIp4 } from '../wire/ip4.ts';
import { putDeviceMac } from './device.ts';

type Version = 'inet' | 'inet6' | undefined;

function familyOf(namespace: NamespaceState, bridgeDevice: Device, packet: Packet): Version {
  const settings = namespace.settings;
  if (packet.protocol === ethernet.TYPE_IPV4) return settings.bridgeCallIptables !== 0 || bridgeDevice.bridge!.nfCallIptables ? 'inet' : undefined;
  if (packet.protocol === ethernet.TYPE_IPV6) return settings.bridgeCallIp6tables !== 0 ? 'inet6' : undefined;
  return undefined;
}

/** br_nf_pre_routing; false: the packet went elsewhere. */
export function bridgePreRouting(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, port: Device, packet: Packet): boolean {
  const family = familyOf(namespace, bridgeDevice, packet);
  if (family === undefined) return true;
  const { frame } = packet;
  if (family === 'inet' && (ipv4.headerError(frame, NETWORK_OFFSET) !== undefined || !ipv4.isChecksumRight(frame, NETWORK_OFFSET))) {
    died(kernel, namespace.id, packet, 'checksum', 'bad IPv4 header', port.name);
    return false;
  }
  const before = family === 'inet' ? ipv4.destination(frame, NETWORK_OFFSET) : 0;
  packet.inDevice = bridgeDevice.index;
  packet.physicalIn = port.index;
  if (runHooks(kernel.netfilter, namespace.id, family, 'PREROUTING', packet, namespace.netfilter) !== 'accept') return false;
  if (family === 'inet') {
    const after = ipv4.destination(packet.frame, NETWORK_OFFSET);
    if (after !== before && !isMulticastIp4(after)) return redirectTranslated(kernel, namespace, bridgeDevice, packet, after);
  }
  return true;
}

/** br_nf_pre_routing_finish after DNAT: stay on the bridge towards a new neighbour, or go up and be routed. */
function redirectTranslated(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, packet: Packet, destination: number): boolean {
  const route = routeOutput4(kernel, namespace, { destination, source: 0, oif: 0, mark: packet.mark, tos: 0, uid: 0, protocol: 0, sport: 0, dport: 0 });
  if (typeof route !== 'string' && route.type === 'unicast' && route.device === bridgeDevice.index) {
    return resolveForBridge(kernel, namespace, bridgeDevice, route.gateway === 0 ? destination : route.gateway, packet);
  }
  putDeviceMac(packet.frame, 0, bridgeDevice);
  packet.type = 'host';
  return true;
}

/** br_nf_forward_ip */
export function bridgeForward(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, egress: Device, packet: Packet): boolean {
  const family = familyOf(namespace, bridgeDevice, packet);
  if (family === undefined || packet.physicalIn === 0) return true;
  packet.physicalOut = egress.index;
  packet.inDevice = bridgeDevice.index;
  packet.outDevice = bridgeDevice.index;
  return runHooks(kernel.netfilter, namespace.id, family, 'FORWARD', packet, namespace.netfilter) === 'accept';
}

/** br_nf_post_routing: only frames that were bridged, not those the machine sends or routes. */
export function bridgePostRouting(kernel: Kernel, namespace: NamespaceState, bridgeDevice: Device, egress: Device, packet: Packet): boolean {
  const family = familyOf(namespace, bridgeDevice, packet);
  if (family === undefined || packet.physicalOut !== egress.index) return true;
  packet.outDevice = bridgeDevice.index;
  return runHooks(kernel.netfilter, namespace.id, family, 'POSTROUTING', packet, namespace.netfilter) === 'accept';
}
