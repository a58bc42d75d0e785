/** How `ip link show` and `ip address show` print a link. Read first: ip/ipaddress.c (print_linkinfo), ip/iplink_bridge.c, ip/iptuntap. */
import type { BridgePortView, BridgeTimers, LinkView } from '../../ports/kernel.ts';
import type { IpContext } from './context.ts';
import { RawNumber, type Json, type Printer } from './printer.ts';

export interface LinkStyle { readonly isLinkCommand: boolean; readonly showsAddresses: boolean; readonly isSparse?: boolean; readonly hidesHardware?: boolean }

/** Interface flags as printed, M-DOWN included: the other end of a link in the same namespace is down. */
export function shownFlags(context: IpContext, link: LinkView): string[] {
  const flags = [...link.flags];
  if (link.link !== undefined && link.linkNetnsId === undefined && !flags.includes('M-DOWN')) {
    const other = context.net.netlink.link(link.link);
    if (other !== undefined && !other.isUp) flags.push('M-DOWN');
  }
  return flags;
}

export function shownName(context: IpContext, link: LinkView): string {
  if (link.link === undefined) return link.name;
  if (link.linkNetnsId !== undefined) return `${link.name}@if${link.link}`;
  return `${link.name}@${context.net.netlink.link(link.link)?.name ?? `if${link.link}`}`;
}

export function jsonLinkName(context: IpContext, printer: Printer, link: LinkView): void {
  if (link.link === undefined) return;
  if (link.linkNetnsId !== undefined) printer.json('link_index', link.link);
  else printer.json('link', context.net.netlink.link(link.link)?.name ?? `if${link.link}`);
}

function stateColour(state: string): 'up' | 'down' | undefined {
  return state === 'UP' ? 'up' : state === 'DOWN' ? 'down' : undefined;
}

/** One line of `ip -br link` or the beginning of one of `ip -br address`. */
export function printBriefLink(context: IpContext, printer: Printer, link: LinkView, isLinkCommand: boolean): void {
  jsonLinkName(context, printer, link);
  printer.coloured('ifname', 'ifname', `${shownName(context, link).padEnd(16)} `, link.name);
  printer.coloured(stateColour(link.operState), 'operstate', `${link.operState.padEnd(14)} `, link.operState);
  if (!isLinkCommand) return;
  printer.coloured('mac', 'address', `${link.mac} `, link.mac);
  const flags = shownFlags(context, link);
  printer.put('flags', `<${flags.join(',')}> `, flags);
  printer.text('\n');
}

export function printLink(context: IpContext, printer: Printer, link: LinkView, style: LinkStyle): void {
  const { details, statistics } = context.options;
  printer.put('ifindex', `${link.index}: `, link.index);
  jsonLinkName(context, printer, link);
  printer.coloured('ifname', 'ifname', `${shownName(context, link)}: `, link.name);
  const flags = shownFlags(context, link);
  printer.put('flags', `<${flags.join(',')}> `, flags);
  printer.put('mtu', `mtu ${link.mtu} `, link.mtu);
  if (style.isSparse !== true) printer.put('qdisc', `qdisc ${link.qdisc} `, link.qdisc);
  if (link.master !== undefined && style.isSparse !== true) {
    const master = context.net.netlink.link(link.master)?.name ?? `if${link.master}`;
    printer.put('master', `master ${master} `, master);
  }
  printer.text('state ');
  printer.coloured(stateColour(link.operState), 'operstate', `${link.operState} `, link.operState);
  if (style.isLinkCommand) printer.put('linkmode', 'mode DEFAULT ', 'DEFAULT');
  const group = context.options.numeric && link.group === 'default' ? '0' : link.group;
  if (style.isSparse !== true) printer.put('group', `group ${group} `, group);
  if (link.txQueueLength > 0) printer.put('txqlen', `qlen ${link.txQueueLength}`, link.txQueueLength);
  const showsHardware = (context.family === undefined && style.hidesHardware !== true) || details > 0 || style.isLinkCommand;
  if (showsHardware) {
    printer.newLine();
    const type = context.options.numeric ? `[${hardwareNumbers[hardwareType(link)] ?? 1}]` : hardwareType(link);
    printer.put('link_type', `    link/${type} `, type);
    if (hardwareType(link) !== 'none') {
      printer.coloured('mac', 'address', link.mac, link.mac);
      const isPointToPoint = link.flags.includes('POINTOPOINT');
      printer.text(isPointToPoint ? ' peer ' : ' brd ');
      if (isPointToPoint) printer.json('link_pointtopoint', true);
      printer.coloured('mac', 'broadcast', link.broadcast, link.broadcast);
    }
    if (link.permanentMac !== undefined && link.permanentMac !== link.mac) {
      printer.text(' permaddr ');
      printer.coloured('mac', 'permaddr', link.permanentMac, link.permanentMac);
    }
  }
  if (link.linkNetnsId !== undefined) {
    const name = context.net.netnsNameById(link.linkNetnsId);
    if (name !== undefined) printer.put('link_netns', ` link-netns ${name}`, name);
    else printer.put('link_netnsid', ` link-netnsid ${link.linkNetnsId}`, link.linkNetnsId);
  }
  if (details > 0) printDetails(context, printer, link, style);
  if (link.alias !== undefined) {
    printer.newLine();
    printer.put('ifalias', `    alias ${link.alias}`, link.alias);
  }
  if (statistics > 0) printStatistics(context, printer, link);
  if (link.altNames.length > 0 && style.isLinkCommand || link.altNames.length > 0 && showsHardware) {
    printer.json('altnames', [...link.altNames]);
    for (const name of link.altNames) {
      printer.newLine();
      printer.text(`    altname ${name}`);
    }
  }
  printer.text('\n');
}

/** ARPHRD_*, which -N shows instead of names. */
const hardwareNumbers: Readonly<Record<string, number>> = { ether: 1, loopback: 772, none: 65534, ipip: 768, gre: 778 };

function hardwareType(link: LinkView): string {
  if (link.kind === 'loopback') return 'loopback';
  if (link.kind === 'tun') return 'none';
  if (link.kind === 'ipip') return 'ipip';
  if (link.kind === 'gre') return 'gre';
  return 'ether';
}

/** IFLA_INFO_KIND; undefined where the driver has no rtnl_link_ops. */
export function linkInfoKind(link: LinkView): string | undefined {
  if (link.kind === 'loopback' || link.kind === 'ether') return undefined;
  return link.kind === 'tap' ? 'tun' : link.kind;
}

function printDetails(context: IpContext, printer: Printer, link: LinkView, style: LinkStyle): void {
  printer.put('promiscuity', ` promiscuity ${link.promiscuity} `, link.promiscuity);
  const allMulticast = link.promiscuity > 0 && link.master !== undefined ? 1 : link.flags.includes('ALLMULTI') ? 1 : 0;
  printer.put('allmulti', ` allmulti ${allMulticast} `, allMulticast);
  printer.put('min_mtu', `minmtu ${link.minMtu} `, link.minMtu);
  printer.put('max_mtu', `maxmtu ${link.maxMtu} `, link.maxMtu);
  const kind = linkInfoKind(link);
  const port = context.net.netlink.bridgePorts().find((candidate) => candidate.link === link.index);
  if (kind !== undefined || port !== undefined) {
    printer.openObject('linkinfo');
    if (kind !== undefined) {
      printer.newLine();
      printer.put('info_kind', `    ${kind} `, kind);
      printInfoData(context, printer, link);
    }
    if (port !== undefined) {
      printer.newLine();
      printer.put('info_slave_kind', '    bridge_slave ', 'bridge');
      printer.object(() => printPort(context, printer, port), 'info_slave_data');
    }
    printer.close();
  }
  if (style.isLinkCommand) printer.put('inet6_addr_gen_mode', 'addrgenmode eui64 ', 'eui64');
  const queues = link.kind === 'veth' ? 2 : 1;
  const maximum = tsoMaximum(context, link);
  printer.put('num_tx_queues', `numtxqueues ${queues} `, queues);
  printer.put('num_rx_queues', `numrxqueues ${queues} `, queues);
  printer.put('gso_max_size', 'gso_max_size 65536 ', 65536);
  printer.put('gso_max_segs', 'gso_max_segs 65535 ', 65535);
  printer.put('tso_max_size', `tso_max_size ${maximum} `, maximum);
  printer.put('tso_max_segs', 'tso_max_segs 65535 ', 65535);
  printer.put('gro_max_size', 'gro_max_size 65536 ', 65536);
}

/** tso_max_size: a driver's own word; a bridge is limited by its ports (br_set_gso_limits) once it has had one. */
function tsoMaximum(context: IpContext, link: LinkView): number {
  if (link.details.kind === 'bridge') return Math.min(...(link.details.ports.length === 0 ? [65536] : link.details.ports.map((port) => tsoMaximum(context, context.net.netlink.link(port)!))));
  return link.kind === 'loopback' || link.kind === 'veth' || link.kind === 'macvlan' || link.kind === 'vlan' || link.kind === 'dummy' || (link.details.kind === 'vxlan' && link.details.device !== undefined) ? 524280 : 65536;
}

function printInfoData(context: IpContext, printer: Printer, link: LinkView): void {
  const { details } = link;
  const field = (text: string, key: string, value: Json, suffix = String(value)): void => printer.put(key, `${text} ${suffix} `, value);
  switch (details.kind) {
    case 'none':
      return;
    case 'bridge':
      printer.object(() => printBridge(printer, details, context.net.netlink.bridgeTimers(link.index)), 'info_data');
      return;
    case 'tun':
      printer.object(() => {
        field('type', 'type', details.mode);
        field('pi', 'pi', details.pi, onOff(details.pi));
        field('vnet_hdr', 'vnet_hdr', details.vnetHdr, onOff(details.vnetHdr));
        if (details.multiQueue) printer.text('multi_queue ');
        printer.json('multi_queue', details.multiQueue);
        field('persist', 'persist', details.persist, onOff(details.persist));
        if (details.user !== undefined) {
          const user = context.call.sys.machine.users().find((candidate) => candidate.uid === details.user)?.name ?? String(details.user);
          field('user', 'user', user);
        }
        if (details.group !== undefined) {
          const group = context.call.sys.machine.groups().find((candidate) => candidate.gid === details.group)?.name ?? String(details.group);
          field('group', 'group', group);
        }
      }, 'info_data');
      return;
    case 'vlan':
      printer.object(() => {
        field('protocol', 'protocol', details.protocol);
        field('id', 'id', details.id);
        printer.put('flags', '<REORDER_HDR> ', ['REORDER_HDR']);
      }, 'info_data');
      return;
    case 'macvlan':
      printer.object(() => {
        field('mode', 'mode', details.mode);
        field('bcqueuelen', 'bcqueuelen', 1000);
        field('usedbcqueuelen', 'usedbcqueuelen', 1000);
      }, 'info_data');
      return;
    case 'vxlan':
      printer.object(() => {
        field('id', 'id', details.id);
        if (details.group !== undefined) field('group', 'group', details.group);
        if (details.remote !== undefined) field('remote', 'remote', details.remote);
        if (details.local !== undefined) field('local', 'local', details.local);
        if (details.device !== undefined) field('dev', 'link', context.net.netlink.link(details.device)?.name ?? `if${details.device}`);
        printer.put('port_range', 'srcport 0 0 ', { low: 0, high: 0 });
        field('dstport', 'port', details.port);
        printer.put('learning', details.learning ? '' : 'nolearning ', details.learning);
        field('ttl', 'ttl', details.timeToLive, details.timeToLive === 0 ? 'auto' : String(details.timeToLive));
        printer.json('df', 'unset');
        field('ageing', 'ageing', 300);
        printer.put('udp_csum', 'udpcsum ', true);
        printer.put('udp_zero_csum6_tx', 'noudp6zerocsumtx ', false);
        printer.put('udp_zero_csum6_rx', 'noudp6zerocsumrx ', false);
      }, 'info_data');
  }
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

/** USER_HZ ticks of 10 ms, as the bridge speaks over netlink. */
function ticks(ms: number): number {
  return Math.floor(ms / 10);
}

/** `8000.0200000000ff` as iproute2 writes bridge ids: the address with single digits and colons. */
function bridgeId(id: string): string {
  const [priority = '8000', mac = '000000000000'] = id.replaceAll(':', '').split('.');
  return `${priority}.${mac.match(/../g)!.map((byte) => Number.parseInt(byte, 16).toString(16)).join(':')}`;
}

function timer(printer: Printer, text: string, key: string, ms: number): void {
  const seconds = (ms / 1000).toFixed(2);
  printer.put(key, `${text} ${seconds.padStart(7)} `, new RawNumber(seconds));
}

function printBridge(printer: Printer, bridge: Extract<LinkView['details'], { kind: 'bridge' }>, timers: BridgeTimers): void {
  const field = (text: string, value: Json, key = text): void => printer.put(key, `${text} ${String(value)} `, value);
  field('forward_delay', ticks(bridge.forwardDelayMs));
  field('hello_time', ticks(bridge.helloTimeMs));
  field('max_age', ticks(bridge.maxAgeMs));
  field('ageing_time', ticks(bridge.ageingMs));
  field('stp_state', bridge.stp ? 1 : 0);
  field('priority', bridge.priority);
  field('vlan_filtering', bridge.vlanFiltering ? 1 : 0);
  if (bridge.vlanFiltering) field('vlan_protocol', '802.1Q');
  field('bridge_id', bridgeId(bridge.bridgeId));
  printer.put('root_id', `designated_root ${bridgeId(bridge.rootId)} `, bridgeId(bridge.rootId));
  field('root_port', bridge.rootPort);
  field('root_path_cost', bridge.rootPathCost);
  field('topology_change', bridge.topologyChange ? 1 : 0);
  field('topology_change_detected', timers.topologyChangeDetected ? 1 : 0);
  for (const [name, ms] of [['hello_timer', timers.helloMs], ['tcn_timer', timers.tcnMs], ['topology_change_timer', timers.topologyChangeMs], ['gc_timer', timers.gcMs]] as const) timer(printer, name, name, ms);
  printer.put('group_fwd_mask', `group_fwd_mask ${hexMask(bridge.groupFwdMask)} `, hexMask(bridge.groupFwdMask));
  field('group_address', '01:80:c2:00:00:00', 'group_addr');
  field('mcast_snooping', bridge.multicastSnooping ? 1 : 0);
  const rest: readonly (readonly [text: string, value: number, key?: string])[] = [
    ['no_linklocal_learn', 0], ['mcast_vlan_snooping', 0], ['mcast_router', 1], ['mcast_query_use_ifaddr', 0], ['mcast_querier', 0],
    ['mcast_hash_elasticity', 16], ['mcast_hash_max', 4096], ['mcast_last_member_count', 2, 'mcast_last_member_cnt'],
    ['mcast_startup_query_count', 2, 'mcast_startup_query_cnt'], ['mcast_last_member_interval', 100, 'mcast_last_member_intvl'],
    ['mcast_membership_interval', 26000, 'mcast_membership_intvl'], ['mcast_querier_interval', 25500, 'mcast_querier_intvl'],
    ['mcast_query_interval', 12500, 'mcast_query_intvl'], ['mcast_query_response_interval', 1000, 'mcast_query_response_intvl'],
    ['mcast_startup_query_interval', 3124, 'mcast_startup_query_intvl'], ['mcast_stats_enabled', 0], ['mcast_igmp_version', 2],
    ['mcast_mld_version', 1], ['nf_call_iptables', bridge.nfCallIptables ? 1 : 0], ['nf_call_ip6tables', 0], ['nf_call_arptables', 0],
  ];
  for (const [text, value, key] of rest) field(text, value, key);
}

function hexMask(mask: number): string {
  return mask === 0 ? '0' : `0x${mask.toString(16)}`;
}

function printPort(context: IpContext, printer: Printer, port: BridgePortView): void {
  const flag = (text: string, value: boolean, key = text): void => printer.put(key, `${text} ${onOff(value)} `, value);
  const field = (text: string, value: Json, key = text): void => printer.put(key, `${text} ${String(value)} `, value);
  field('state', port.state);
  field('priority', port.priority);
  field('cost', port.pathCost);
  flag('hairpin', port.hairpin);
  flag('guard', port.guard);
  flag('root_block', port.rootBlock);
  flag('fastleave', port.fastLeave);
  flag('learning', port.learning);
  flag('flood', port.flood);
  field('port_id', `0x${port.portId.toString(16)}`, 'id');
  field('port_no', `0x${port.portNumber.toString(16)}`, 'no');
  field('designated_port', port.designatedPort);
  field('designated_cost', port.designatedCost);
  field('designated_bridge', bridgeId(port.designatedBridge), 'bridge_id');
  field('designated_root', bridgeId(port.designatedRoot), 'root_id');
  timer(printer, 'hold_timer', 'hold_timer', port.holdTimerMs);
  timer(printer, 'message_age_timer', 'message_age_timer', port.messageAgeTimerMs);
  timer(printer, 'forward_delay_timer', 'forward_delay_timer', port.forwardDelayTimerMs);
  field('topology_change_ack', 0);
  field('config_pending', 0);
  flag('proxy_arp', port.proxyArp);
  flag('proxy_arp_wifi', false);
  field('mcast_router', 1, 'multicast_router');
  printer.text('mcast_fast_leave off ');
  flag('mcast_flood', port.multicastFlood);
  flag('bcast_flood', port.broadcastFlood);
  flag('mcast_to_unicast', false);
  flag('neigh_suppress', false);
  field('group_fwd_mask', '0');
  field('group_fwd_mask_str', '0x0');
  flag('vlan_tunnel', false);
  flag('isolated', port.isolated);
  flag('locked', false);
}

/** Columns grow with their widest number, as print_stats64 has it. */
function printStatistics(context: IpContext, printer: Printer, link: LinkView): void {
  const { stats } = link;
  const { options } = context;
  const show = (value: number): string => humanNumber(value, options.humanReadable, options.iec);
  printer.openObject('stats64');
  const blocks = [
    { head: 'RX:', key: 'rx', names: ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast'],
      keys: ['bytes', 'packets', 'errors', 'dropped', 'over_errors', 'multicast'],
      values: [stats.rxBytes, stats.rxPackets, stats.rxErrors, stats.rxDropped, 0, stats.rxMulticast], tail: '           ',
      errors: { head: 'RX errors:', names: ['length', 'crc', 'frame', 'fifo', 'overrun'], keys: ['length_errors', 'crc_errors', 'frame_errors', 'fifo_errors', 'missed_errors'], values: [0, 0, 0, 0, 0] } },
    { head: 'TX:', key: 'tx', names: ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'],
      keys: ['bytes', 'packets', 'errors', 'dropped', 'carrier_errors', 'collisions'],
      values: [stats.txBytes, stats.txPackets, stats.txErrors, stats.txDropped, stats.txCarrierErrors, stats.collisions], tail: '           ',
      errors: { head: 'TX errors:', names: ['aborted', 'fifo', 'window', 'heartbt', 'transns'], keys: ['aborted_errors', 'fifo_errors', 'window_errors', 'heartbeat_errors', 'carrier_changes'], values: [0, 0, 0, 0, carrierChanges(link)] } },
  ];
  const minimum = [10, 7, 6, 7, 7, 7];
  for (const block of blocks) {
    printer.openObject(block.key);
    block.keys.forEach((key, index) => printer.json(key, block.values[index]!));
    const widths = block.values.map((value, index) => Math.max(minimum[index]!, show(value).length));
    const heading = block.names.map((name, index) => name.padStart(index === 0 ? widths[0]! - 3 : widths[index]!)).join(' ');
    printer.newLine();
    printer.text(`    ${block.head}${heading}${block.tail}`);
    printer.newLine();
    printer.text(`    ${block.values.map((value, index) => show(value).padStart(widths[index]!)).join(' ')} `);
    if (options.statistics > 1) {
      block.errors.keys.forEach((key, index) => printer.json(key, block.errors.values[index]!));
      printer.newLine();
      const errorWidths = [8, 6, 7, 7, 7];
      printer.text(`    ${block.errors.head}${block.errors.names.map((name, index) => name.padStart(errorWidths[index]!)).join(' ')}`);
      printer.newLine();
      printer.text(`    ${' '.repeat(10)}${block.errors.values.map((value, index) => show(value).padStart(errorWidths[index]!)).join(' ')} `);
    }
    printer.close();
  }
  printer.close();
}

function carrierChanges(link: LinkView): number {
  return link.hasCarrier && link.kind !== 'loopback' ? 2 : 0;
}

/** -h: powers of 1000 (1024 with -iec), one decimal. */
export function humanNumber(value: number, isHuman: boolean, isIec: boolean): string {
  const base = isIec ? 1024 : 1000;
  if (!isHuman || value < base) return String(value);
  const powers = ['', 'k', 'M', 'G', 'T', 'P'];
  let power = 0;
  let scaled = value;
  while (scaled >= base && power < powers.length - 1) {
    scaled /= base;
    power += 1;
  }
  const whole = Math.floor(scaled);
  const tenth = Math.floor((scaled - whole) * 10);
  return `${whole}${tenth === 0 ? '' : `.${tenth}`}${powers[power]}${isIec ? 'i' : ''}`;
}
