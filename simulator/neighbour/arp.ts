/** Address resolution: asking, answering, learning. Read first: RFC 826, net/ipv4/arp.c (arp_solicit, arp_process) */
import { concat } from '../bytes.ts';
import { makePacket } from '../kernel/packets.ts';
import { died } from '../kernel/trace.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState, Neighbour } from '../kernel/state.ts';
import { transmit } from '../devices/transmit.ts';
import { selectAddress } from '../ip/addresses4.ts';
import { addressType4, routeInput4, routeOutput4 } from '../routing/lookup4.ts';
import * as arp from '../wire/arp.ts';
import * as ethernet from '../wire/ethernet.ts';
import { isLoopbackIp4, isInPrefix4, isMulticastIp4, type Ip4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { BROADCAST_MAC, ZERO_MAC, type Mac } from '../wire/mac.ts';
import { findNeighbour, makeNeighbour, updateNeighbour } from './neighbour.ts';

export function sendArp(kernel: Kernel, namespace: NamespaceState, device: Device, to: Mac, packet: arp.ArpPacket): void {
  const frame = concat(ethernet.header(to, device.mac, ethernet.TYPE_ARP), arp.emit(packet));
  transmit(kernel, namespace, device, makePacket(kernel, frame, ethernet.TYPE_ARP));
}

/** arp_solicit: who has `neighbour.address`? `about` is the packet that waits. */
export function solicitArp(kernel: Kernel, namespace: NamespaceState, device: Device, neighbour: Neighbour, about: Packet | undefined, isUnicast: boolean): void {
  const target = neighbour.address as Ip4;
  const announce = Math.max(namespace.conf4All.arp_announce, device.conf4.arp_announce);
  const waiting = about === undefined ? 0 : ipv4.source(about.frame, NETWORK_OFFSET);
  let source = 0;
  if (waiting !== 0 && announce === 0 && addressType4(namespace, waiting, 0) === 'local') source = waiting;
  else if (waiting !== 0 && announce === 1 && addressType4(namespace, waiting, 0) === 'local' && device.addresses4.some((one) => isInPrefix4(target, one.local, one.prefixLength) && isInPrefix4(waiting, one.local, one.prefixLength))) source = waiting;
  if (source === 0) source = selectAddress(namespace, device.index, target, 'link') ?? 0;
  const to = isUnicast && neighbour.mac !== undefined ? neighbour.mac : BROADCAST_MAC;
  sendArp(kernel, namespace, device, to, { operation: arp.REQUEST, senderMac: device.mac, senderIp: source, targetMac: isUnicast ? to : ZERO_MAC, targetIp: target });
}

/** Announces an address to all (arp_notify, arping -A). */
export function announceAddress(kernel: Kernel, namespace: NamespaceState, device: Device, address: Ip4): void {
  sendArp(kernel, namespace, device, BROADCAST_MAC, { operation: arp.REQUEST, senderMac: device.mac, senderIp: address, targetMac: ZERO_MAC, targetIp: address });
}

/** arp_process */
export function receiveArp(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  if (device.noArp || packet.type === 'otherhost' || packet.type === 'loopback' || device.kind === 'loopback') {
    return died(kernel, namespace.id, packet, 'neighbour', packet.type === 'otherhost' ? 'ARP for another station' : 'no ARP on this device', device.name);
  }
  const message = arp.parse(packet.frame, NETWORK_OFFSET);
  if (typeof message === 'string') return died(kernel, namespace.id, packet, 'neighbour', `bad ARP packet: ${message}`, device.name);
  const { operation, senderIp, senderMac, targetIp } = message;
  if (operation !== arp.REQUEST && operation !== arp.REPLY) return died(kernel, namespace.id, packet, 'neighbour', 'neither an ARP request nor a reply', device.name);
  if (isMulticastIp4(targetIp) || (isLoopbackIp4(targetIp) && device.conf4.route_localnet === 0 && namespace.conf4All.route_localnet === 0)) {
    return died(kernel, namespace.id, packet, 'neighbour', 'ARP for a multicast or loopback address', device.name);
  }
  if (senderIp === 0) {
    if (operation === arp.REQUEST && addressType4(namespace, targetIp, 0) === 'local' && !isIgnored(namespace, device, senderIp, targetIp)) reply(kernel, namespace, device, message);
    else died(kernel, namespace.id, packet, 'neighbour', 'an ARP probe for an address that is not here', device.name);
    return;
  }
  if (operation === arp.REQUEST) {
    const route = routeInput4(kernel, namespace, device, { destination: targetIp, source: senderIp, tos: 0, mark: 0, protocol: 0, sport: 0, dport: 0 });
    if (typeof route !== 'string' && route.type === 'local') {
      if (isIgnored(namespace, device, senderIp, targetIp) || isFiltered(kernel, namespace, device, senderIp, targetIp)) {
        return died(kernel, namespace.id, packet, 'neighbour', 'arp_ignore or arp_filter forbids an answer', device.name);
      }
      learn(kernel, namespace, device, senderIp, senderMac);
      reply(kernel, namespace, device, message);
      return;
    }
    if (typeof route !== 'string' && route.type === 'unicast' && device.conf4.forwarding !== 0) {
      const isProxied = namespace.proxyNeighbours.some((one) => one.family === 'inet' && one.index === device.index && one.address === targetIp);
      const isProxying = (device.conf4.proxy_arp !== 0 || namespace.conf4All.proxy_arp !== 0) && route.device !== device.index;
      if (isProxied || isProxying) {
        learn(kernel, namespace, device, senderIp, senderMac);
        // Linux answers for others after a random part of proxy_delay; unicast probes at once.
        const delayMs = packet.type === 'host' ? 0 : kernel.world.dice.below(Math.max(1, device.neigh4.proxyDelayMs));
        kernel.world.post(delayMs * 1000, { kind: 'proxy-arp', kernelId: kernel.state.id, ns: namespace.id, device: device.index, packet });
        return;
      }
    }
  }
  const isGratuitous = targetIp === senderIp;
  const accept = Math.max(namespace.conf4All.arp_accept, device.conf4.arp_accept);
  let neighbour = findNeighbour(namespace, 'inet', device.index, senderIp);
  if (neighbour === undefined && accept !== 0 && (isGratuitous || operation === arp.REPLY)) neighbour = makeNeighbour(kernel, namespace, 'inet', device, senderIp);
  if (neighbour === undefined) return died(kernel, namespace.id, packet, 'neighbour', 'ARP that concerns nobody here', device.name);
  const isReply = operation === arp.REPLY && packet.type === 'host';
  const override = kernel.world.nowUs > neighbour.updatedAtUs + device.neigh4.lockMs * 1000 || isGratuitous;
  updateNeighbour(kernel, namespace, neighbour, { mac: senderMac, state: isReply ? 'REACHABLE' : 'STALE', override });
}

/** A delayed answer for somebody else. */
export function replyForOther(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const message = arp.parse(packet.frame, NETWORK_OFFSET);
  if (typeof message !== 'string') reply(kernel, namespace, device, message);
}

function reply(kernel: Kernel, namespace: NamespaceState, device: Device, message: arp.ArpPacket): void {
  sendArp(kernel, namespace, device, message.senderMac, { operation: arp.REPLY, senderMac: device.mac, senderIp: message.targetIp, targetMac: message.senderMac, targetIp: message.senderIp });
}

/** neigh_event_ns */
function learn(kernel: Kernel, namespace: NamespaceState, device: Device, address: Ip4, mac: Mac): void {
  const neighbour = findNeighbour(namespace, 'inet', device.index, address) ?? makeNeighbour(kernel, namespace, 'inet', device, address);
  updateNeighbour(kernel, namespace, neighbour, { mac, state: 'STALE', override: true });
}

/** arp_ignore */
function isIgnored(namespace: NamespaceState, device: Device, sender: Ip4, target: Ip4): boolean {
  const onDevice = device.addresses4.some((one) => one.local === target);
  switch (Math.max(namespace.conf4All.arp_ignore, device.conf4.arp_ignore)) {
    case 0: return false;
    case 1: return !onDevice;
    case 2: return !onDevice || !device.addresses4.some((one) => one.local === target && isInPrefix4(sender, one.local, one.prefixLength));
    case 3: return [...namespace.devices.values()].some((one) => one.addresses4.some((address) => address.local === target && address.scope === 'host'));
    case 8: return true;
    default: return false;
  }
}

/** arp_filter: answer only by the device that the way back would take. */
function isFiltered(kernel: Kernel, namespace: NamespaceState, device: Device, sender: Ip4, target: Ip4): boolean {
  if (device.conf4.arp_filter === 0 && namespace.conf4All.arp_filter === 0) return false;
  const route = routeOutput4(kernel, namespace, { destination: sender, source: target, oif: 0, mark: 0, tos: 0, uid: 0, protocol: 0, sport: 0, dport: 0 });
  return typeof route === 'string' || route.device !== device.index;
}
