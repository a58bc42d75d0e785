/** VXLAN: Ethernet frames in UDP between machines. Read first: RFC 7348, drivers/net/vxlan/vxlan_core.c */
import { concat, put16, put32, get32 } from '../bytes.ts';
import { died } from '../kernel/trace.ts';
import { makePacket } from '../kernel/packets.ts';
import type { Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { KERNEL_SENDER, routeFor4, sendIp4 } from '../ip/output4.ts';
import { isMulticast } from '../wire/ethernet.ts';
import type { Ip4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { macKeyAt } from './device.ts';
import { arrive } from './transmit.ts';

const HEADER_LENGTH = 8;

export function transmitVxlan(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const vxlan = device.vxlan!;
  const below = kernel.state.namespaces.get(device.lowerNs) ?? namespace;
  const known = isMulticast(packet.frame) ? undefined : vxlan.fdb.get(macKeyAt(packet.frame, 0));
  const remotes: Ip4[] = known !== undefined ? [known.remote] : [...vxlan.defaultRemotes, ...(vxlan.remote === undefined ? [] : [vxlan.remote])];
  device.stats.txPackets += 1;
  device.stats.txBytes += packet.frame.length;
  if (remotes.length === 0) return died(kernel, namespace.id, packet, 'link', 'no remote tunnel end is known for this address', device.name);
  for (const remote of remotes) {
    const sender = { ...KERNEL_SENDER, oif: vxlan.device };
    // The source port carries the flow's entropy.
    const sport = 49152 + (macKeyAt(packet.frame, 0) % 16384);
    const route = routeFor4(kernel, below, vxlan.local ?? 0, remote, sender, 0, 17, sport, vxlan.port);
    if (typeof route === 'string') {
      died(kernel, namespace.id, packet, 'route', 'no route to the remote tunnel end', device.name);
      continue;
    }
    const header = new Uint8Array(8 + HEADER_LENGTH);
    put16(header, 0, sport);
    put16(header, 2, vxlan.port);
    put16(header, 4, header.length + packet.frame.length);
    header[8] = 8;
    put32(header, 12, vxlan.id << 8);
    sendIp4(kernel, below, { source: vxlan.local ?? route.source, destination: remote, protocol: ipv4.PROTOCOL_UDP, body: concat(header, packet.frame), timeToLive: vxlan.timeToLive || 64, typeOfService: 0, dontFragment: false }, route, sender);
  }
}

/** A datagram for a tunnel port; true when a VXLAN device took it. */
export function receiveVxlan(kernel: Kernel, namespace: NamespaceState, source: Ip4, port: number, payload: Uint8Array): boolean {
  if (payload.length < HEADER_LENGTH + 14 || (payload[0]! & 8) === 0) return false;
  const id = get32(payload, 4) >>> 8;
  for (const space of kernel.state.namespaces.values()) {
    for (const device of space.devices.values()) {
      const { vxlan } = device;
      if (vxlan === undefined || vxlan.id !== id || vxlan.port !== port || device.lowerNs !== namespace.id || !device.isUp) continue;
      const frame = payload.slice(HEADER_LENGTH);
      if (vxlan.learning && (frame[6]! & 1) === 0) {
        const known = vxlan.fdb.get(macKeyAt(frame, 6));
        if (known?.permanent !== true) vxlan.fdb.set(macKeyAt(frame, 6), { remote: source, seenAtUs: kernel.world.nowUs, permanent: false });
      }
      arrive(kernel, space.id, device.index, makePacket(kernel, frame, 0), 0);
      return true;
    }
  }
  return false;
}
