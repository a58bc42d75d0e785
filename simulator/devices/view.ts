/** Devices as netlink shows them. Read first: net/core/rtnetlink.c (rtnl_fill_ifinfo), iproute2 ip/ipaddress.c (print_link_flags) */
import type { BridgePortView, BridgeTimers, LinkDetails, LinkIndex, LinkView, NetnsId } from '../kernel/api.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { formatIp4 } from '../wire/ip4.ts';
import { netnsIdOf } from '../kernel/netns-ids.ts';
import { gcDueUs } from './bridge.ts';
import { isOperational } from './device.ts';
import { bridgeIdText } from './bridge-id.ts';

export function linkView(kernel: Kernel, namespace: NamespaceState, device: Device): LinkView {
  const link = linkOf(device);
  return {
    index: device.index, name: device.name, altNames: [...device.altNames], alias: device.alias, kind: device.kind, mac: device.mac,
    permanentMac: device.permanentMac !== device.mac ? device.permanentMac : undefined, broadcast: device.broadcast, mtu: device.mtu, minMtu: device.minMtu, maxMtu: device.maxMtu,
    txQueueLength: device.txQueueLength, flags: flagsOf(device), isUp: device.isUp, hasCarrier: device.isUp && device.carrier, promiscuity: device.promiscuity,
    operState: device.isUp ? device.operState : 'DOWN', qdisc: device.qdisc, group: device.group, master: device.master === 0 ? undefined : device.master,
    link: link?.index, linkNetnsId: link !== undefined && link.ns !== namespace.id ? netnsIdOf(kernel, namespace, link.ns) : undefined,
    stats: { ...device.stats }, details: detailsOf(device), createdAtUs: device.createdAtUs,
  };
}

function linkOf(device: Device): { ns: NetnsId; index: number } | undefined {
  if (device.peer !== undefined) return device.peer;
  // A tunnel's device is no IFLA_LINK.
  if (device.vxlan !== undefined) return undefined;
  return device.lower !== 0 ? { ns: device.lowerNs, index: device.lower } : undefined;
}

/** In the order `ip` prints; NO-CARRIER and LOWER_UP as it derives them. */
function flagsOf(device: Device): string[] {
  const flags: string[] = [];
  const isTun = device.kind === 'tun';
  if (device.isUp && !isOperational(device)) flags.push('NO-CARRIER');
  if (device.kind === 'loopback') flags.push('LOOPBACK');
  if (device.kind !== 'loopback' && !isTun) flags.push('BROADCAST');
  if (isTun) flags.push('POINTOPOINT');
  if (device.multicast) flags.push('MULTICAST');
  if (device.noArp) flags.push('NOARP');
  if (device.allMulticast > 0) flags.push('ALLMULTI');
  if (device.promiscuousByHand) flags.push('PROMISC');
  if (device.dynamic) flags.push('DYNAMIC');
  if (device.isUp) flags.push('UP');
  if (device.isUp && device.carrier) flags.push('LOWER_UP');
  return flags;
}

function detailsOf(device: Device): LinkDetails {
  const { bridge, tun, vlan, vxlan } = device;
  if (bridge !== undefined) {
    return {
      kind: 'bridge', forwardDelayMs: bridge.forwardDelayMs, helloTimeMs: bridge.helloTimeMs, maxAgeMs: bridge.maxAgeMs, ageingMs: bridge.ageingMs, stp: bridge.stp, priority: bridge.priority,
      vlanFiltering: bridge.vlanFiltering, multicastSnooping: bridge.multicastSnooping, bridgeId: bridgeIdText(bridge.priority, bridge.bridgeMac), rootId: bridge.designatedRoot, rootPort: bridge.rootPort,
      rootPathCost: bridge.rootPathCost, topologyChange: bridge.topologyChange, nfCallIptables: bridge.nfCallIptables, groupFwdMask: bridge.groupFwdMask, ports: [...bridge.ports],
    };
  }
  if (tun !== undefined) {
    return {
      kind: 'tun', mode: tun.mode, persist: tun.persist, multiQueue: tun.multiQueue, pi: tun.pi, vnetHdr: tun.vnetHdr,
      ...(tun.user === undefined ? {} : { user: tun.user }), ...(tun.group === undefined ? {} : { group: tun.group }),
    };
  }
  if (vlan !== undefined) return { kind: 'vlan', id: vlan.id, protocol: vlan.protocol };
  if (device.macvlanMode !== undefined) return { kind: 'macvlan', mode: device.macvlanMode };
  if (vxlan !== undefined) {
    return {
      kind: 'vxlan', id: vxlan.id, port: vxlan.port, timeToLive: vxlan.timeToLive, learning: vxlan.learning, ...(vxlan.local === undefined ? {} : { local: formatIp4(vxlan.local) }), ...(vxlan.remote === undefined ? {} : { remote: formatIp4(vxlan.remote) }),
      ...(vxlan.group === undefined ? {} : { group: formatIp4(vxlan.group) }), ...(vxlan.device === 0 ? {} : { device: vxlan.device }),
    };
  }
  return { kind: 'none' };
}

export function bridgePortViews(kernel: Kernel, namespace: NamespaceState): BridgePortView[] {
  const views: BridgePortView[] = [];
  const left = (dueUs: number | undefined): number => leftMs(kernel, dueUs);
  for (const device of namespace.devices.values()) {
    const port = device.port;
    if (port === undefined) continue;
    views.push({
      link: device.index, bridge: port.bridge, portNumber: port.number, state: port.state, pathCost: port.pathCost, priority: port.priority, hairpin: port.hairpin, guard: port.guard, rootBlock: port.rootBlock,
      fastLeave: port.fastLeave, learning: port.learning, flood: port.flood, multicastFlood: port.multicastFlood, broadcastFlood: port.broadcastFlood, proxyArp: port.proxyArp, isolated: port.isolated,
      designatedRoot: port.designatedRoot, designatedBridge: port.designatedBridge, designatedPort: port.designatedPort, designatedCost: port.designatedCost, portId: portIdOf(port.priority, port.number),
      messageAgeTimerMs: left(port.messageAgeDueUs), forwardDelayTimerMs: left(port.forwardDelayDueUs), holdTimerMs: left(port.holdDueUs),
    });
  }
  return views;
}

export function bridgeTimers(kernel: Kernel, namespace: NamespaceState, index: LinkIndex): BridgeTimers {
  const bridge = namespace.devices.get(index)?.bridge;
  return {
    helloMs: leftMs(kernel, bridge?.helloDueUs), tcnMs: leftMs(kernel, bridge?.tcnDueUs), topologyChangeMs: leftMs(kernel, bridge?.topologyDueUs),
    gcMs: leftMs(kernel, bridge === undefined ? undefined : gcDueUs(bridge, kernel.world.nowUs)), topologyChangeDetected: bridge?.topologyChangeDetected ?? false,
  };
}

function leftMs(kernel: Kernel, dueUs: number | undefined): number {
  return dueUs === undefined ? 0 : Math.max(0, (dueUs - kernel.world.nowUs) / 1000);
}

/** br_make_port_id */
export function portIdOf(priority: number, number: number): number {
  return ((priority & 0x3f) << 10) | (number & 0x3ff);
}
