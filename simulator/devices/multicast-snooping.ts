/**
 * Which ports have asked for which multicast groups, as a bridge overhears it and as `bridge mdb` shows and sets it. Nobody asks on the networks here (there
 * is no querier), so frames are flooded all the same, as on Linux. Read first: net/bridge/br_multicast.c, br_mdb.c, RFC 4541
 */
import { get16 } from '../bytes.ts';
import type { LinkIndex, MdbEntry, MdbView } from '../kernel/api.ts';
import type { BridgeState, Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { done, fail, type Result } from '../result.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as icmp6 from '../wire/icmp6.ts';
import { ALL_MLDV2_ROUTERS, ALL_NODES, formatIp6, parseIp6, type Ip6 } from '../wire/ip6.ts';
import { parseIp4 } from '../wire/ip4.ts';
import * as ipv6 from '../wire/ipv6.ts';

const MEMBERSHIP_US = 260_000_000;
const MESSAGE_OFFSET = 14 + ipv6.HEADER_LENGTH + ipv6.ROUTER_ALERT_HEADER.length;
const CHANGE_TO_EXCLUDE = 4;
const IS_EXCLUDE = 2;

/** br_multicast_rcv: a report that came in by a port, or from the machine itself (`port` is then the bridge's own number). */
export function overhear(kernel: Kernel, bridge: BridgeState, port: LinkIndex, frame: Uint8Array): void {
  if (!bridge.multicastSnooping || get16(frame, 12) !== ethernet.TYPE_IPV6 || frame.length < MESSAGE_OFFSET + 8) return;
  if (ipv6.destination(frame, 14) !== ALL_MLDV2_ROUTERS || ipv6.nextHeader(frame, 14) !== ipv6.NEXT_HOP_BY_HOP || frame[MESSAGE_OFFSET] !== icmp6.MLDV2_REPORT) return;
  const records = icmp6.parseReport({ type: icmp6.MLDV2_REPORT, code: 0, rest: get16(frame, MESSAGE_OFFSET + 6), payload: frame.slice(MESSAGE_OFFSET + 8) });
  if (typeof records === 'string') return;
  for (const { mode, group } of records) if ((mode === CHANGE_TO_EXCLUDE || mode === IS_EXCLUDE) && group !== ALL_NODES) join(bridge, formatIp6(group), 0, port, kernel.world.nowUs + MEMBERSHIP_US, false);
}

function join(bridge: BridgeState, group: string, vlan: number, port: LinkIndex, untilUs: number | undefined, byUser: boolean): void {
  let found = bridge.mdb.find((each) => each.group === group && each.vlan === vlan);
  if (found === undefined) {
    found = { group, vlan, members: [] };
    bridge.mdb.unshift(found);
  }
  const member = found.members.find((each) => each.port === port);
  if (member === undefined) found.members.push({ port, untilUs, byUser });
  else if (member.untilUs !== undefined) member.untilUs = untilUs;
}

/** br_multicast_disable_port and, with `all`, br_multicast_del_port. */
export function forgetMemberships(bridge: BridgeState, port: LinkIndex, all: boolean): void {
  keepMembers(bridge, (member) => member.port !== port || (!all && member.untilUs === undefined));
}

function keepMembers(bridge: BridgeState, isKept: (member: BridgeState['mdb'][number]['members'][number]) => boolean): void {
  for (const entry of bridge.mdb) entry.members = entry.members.filter(isKept);
  bridge.mdb = bridge.mdb.filter(({ members }) => members.length > 0);
}

export function mdbViews(kernel: Kernel, namespace: NamespaceState): MdbView[] {
  const nowUs = kernel.world.nowUs;
  return [...namespace.devices.values()].sort((left, right) => left.index - right.index).flatMap(({ index, bridge }) => (bridge?.mdb ?? []).flatMap(({ group, vlan, members }) =>
    // The machine itself comes first.
    [...members].sort((left, right) => Number(right.port === index) - Number(left.port === index)).flatMap(({ port, untilUs, byUser }) =>
      (untilUs !== undefined && untilUs <= nowUs ? [] : [{ bridge: index, port, group, vlan, isPermanent: untilUs === undefined, leftMs: untilUs === undefined ? 0 : (untilUs - nowUs) / 1000, byUser }]))));
}

/** br_mdb_add */
export function addMdb(kernel: Kernel, namespace: NamespaceState, entry: MdbEntry, isPermanent: boolean): Result {
  const found = checked(namespace, entry);
  if ('ok' in found) return found;
  const { bridgeDevice, bridge, device } = found;
  if (!bridgeDevice.isUp) return fail('EINVAL', 'bridge: Bridge device is not running.');
  if (device === bridgeDevice) {
    if (isPermanent) return fail('EINVAL', 'bridge: Flags are not allowed for host groups.');
  } else if (device.port?.bridge !== bridgeDevice.index) return fail('EINVAL', 'bridge: Net device is not a bridge port.');
  else if (device.port.state === 'disabled' && !isPermanent) return fail('EINVAL', 'bridge: Port is in disabled state and entry is not permanent.');
  keepMembers(bridge, ({ untilUs }) => untilUs === undefined || untilUs > kernel.world.nowUs);
  if (bridge.mdb.some(({ group, vlan, members }) => group === entry.group && vlan === entry.vlan && members.some(({ port }) => port === device.index))) return fail('EEXIST', device === bridgeDevice ? 'bridge: Group is already joined by host.' : 'bridge: (*, G) group is already joined by port.');
  join(bridge, entry.group, entry.vlan, device.index, isPermanent ? undefined : kernel.world.nowUs + MEMBERSHIP_US, true);
  return done;
}

/** br_mdb_del */
export function deleteMdb(kernel: Kernel, namespace: NamespaceState, entry: MdbEntry): Result {
  const found = checked(namespace, entry);
  if ('ok' in found) return found;
  const { bridge, device } = found;
  const group = bridge.mdb.find((each) => each.group === entry.group && each.vlan === entry.vlan);
  const member = group?.members.find(({ port }) => port === device.index);
  if (member === undefined || (member.untilUs !== undefined && member.untilUs <= kernel.world.nowUs)) return fail('EINVAL');
  keepMembers(bridge, (each) => each !== member);
  return done;
}

function checked(namespace: NamespaceState, { bridge, port, group }: MdbEntry): Result | { readonly bridgeDevice: Device; readonly bridge: BridgeState; readonly device: Device } {
  const bridgeDevice = namespace.devices.get(bridge);
  const device = namespace.devices.get(port);
  const four = parseIp4(group);
  const six: Ip6 | undefined = four === undefined ? parseIp6(group) : undefined;
  if (four !== undefined && four !== 0 && four >>> 28 !== 0xe) return fail('EINVAL', 'IPv4 entry group address is not multicast or 0.0.0.0.');
  if (four !== undefined && four >>> 8 === 0xe00000) return fail('EINVAL', 'IPv4 entry group address is local multicast.');
  if (six === ALL_NODES) return fail('EINVAL', 'IPv6 entry group address is link-local all nodes.');
  if (bridgeDevice === undefined || device === undefined) return fail('ENODEV');
  if (bridgeDevice.bridge === undefined) return fail('EOPNOTSUPP', 'Device does not support MDB operations.');
  return { bridgeDevice, bridge: bridgeDevice.bridge, device };
}
