/** The texts of /proc/net. Read first: proc(5), net/core/net-procfs.c, net/ipv4/{arp,fib_trie,tcp_ipv4,udp,raw,igmp,proc}.c */
import { fail, ok, type Result } from '../result.ts';
import { addressViews } from '../ip/address-view.ts';
import { sortedRoutes } from '../routing/fib.ts';
import { isValid } from '../neighbour/neighbour.ts';
import { parseIp6, type Ip6 } from '../wire/ip6.ts';
import { formatIp4, maskOf, type Ip4 } from '../wire/ip4.ts';
import { conntrackProcText } from '../netfilter/hooks.ts';
import { isAny } from '../sockets/state.ts';
import { netstat, snmp, snmp6 } from './proc-snmp.ts';
import { sockstat, sockstat6 } from './proc-sockstat.ts';
import type { Device, Kernel, NamespaceState } from './state.ts';

type Writer = (kernel: Kernel, namespace: NamespaceState) => string;

export function procNet(kernel: Kernel, namespace: NamespaceState, name: string): Result<string> {
  const writer = FILES[name];
  return writer === undefined ? fail('ENOENT') : ok(writer(kernel, namespace));
}

const FILES: Readonly<Record<string, Writer>> = {
  dev, arp, route, tcp: (kernel, namespace) => tcp(kernel, namespace, 'inet'), tcp6: (kernel, namespace) => tcp(kernel, namespace, 'inet6'), udp: (kernel, namespace) => datagrams(kernel, namespace, 'udp', 'inet'),
  udp6: (kernel, namespace) => datagrams(kernel, namespace, 'udp', 'inet6'), raw: (kernel, namespace) => datagrams(kernel, namespace, 'raw', 'inet'), raw6: (kernel, namespace) => datagrams(kernel, namespace, 'raw', 'inet6'),
  icmp: (kernel, namespace) => datagrams(kernel, namespace, 'ping', 'inet'), packet, if_inet6: ifInet6, igmp, dev_mcast: devMulticast, snmp, snmp6, netstat, sockstat, sockstat6,
  wireless: () => 'Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n',
  nf_conntrack: (kernel, namespace) => conntrackProcText(kernel.netfilter, namespace.id),
  ip_tables_names: (_kernel, namespace) => [...namespace.netfilter.tables.inet.keys()].map((name) => `${name}\n`).join(''), ip6_tables_names: (_kernel, namespace) => [...namespace.netfilter.tables.inet6.keys()].map((name) => `${name}\n`).join(''),
};

function devices(namespace: NamespaceState): Device[] {
  return [...namespace.devices.values()].sort((left, right) => left.index - right.index);
}

function left(text: string | number, width: number): string {
  return String(text).padEnd(width);
}

function right(text: string | number, width: number): string {
  return String(text).padStart(width);
}

function dev(_kernel: Kernel, namespace: NamespaceState): string {
  let text = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  for (const device of devices(namespace)) {
    const s = device.stats;
    text += `${right(device.name, 6)}: ${right(s.rxBytes, 7)} ${right(s.rxPackets, 7)} ${right(s.rxErrors, 4)} ${right(s.rxDropped, 4)} ${right(0, 4)} ${right(0, 5)} ${right(0, 10)} ${right(s.rxMulticast, 9)} `;
    text += `${right(s.txBytes, 8)} ${right(s.txPackets, 7)} ${right(s.txErrors, 4)} ${right(s.txDropped, 4)} ${right(0, 4)} ${right(s.collisions, 5)} ${right(s.txCarrierErrors, 7)} ${right(0, 10)}\n`;
  }
  return text;
}

function arp(_kernel: Kernel, namespace: NamespaceState): string {
  let text = 'IP address       HW type     Flags       HW address            Mask     Device\n';
  for (const table of namespace.neighbours4.values()) {
    for (const one of table.values()) {
      if (one.state === 'NOARP' || one.state === 'NONE') continue;
      const flags = one.state === 'PERMANENT' ? 6 : isValid(one) ? 2 : 0;
      const mac = isValid(one) && one.mac !== undefined ? one.mac : '00:00:00:00:00:00';
      text += `${left(formatIp4(one.address as Ip4), 16)} 0x${left('1', 10)}0x${left(flags.toString(16), 10)}${left(mac, 17)}     ${left('*', 8)} ${namespace.devices.get(one.index)?.name ?? ''}\n`;
    }
  }
  return text;
}

/** Host byte order of a little-endian machine. */
function littleEndian(address: Ip4): string {
  const hex = address.toString(16).padStart(8, '0').toUpperCase();
  return hex.slice(6) + hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2);
}

function littleEndian6(address: Ip6): string {
  const words: string[] = [];
  for (let i = 0; i < 32; i += 8) words.push(littleEndian(Number.parseInt(address.slice(i, i + 8), 16)));
  return words.join('');
}

function route(_kernel: Kernel, namespace: NamespaceState): string {
  const lines = ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(127)];
  const table = namespace.fib4.get(254);
  for (const one of table === undefined ? [] : sortedRoutes(table)) {
    if (one.type === 'broadcast' || one.type === 'multicast') continue;
    const hop = one.nextHops[0];
    const isReject = one.type === 'unreachable' || one.type === 'prohibit' || one.type === 'blackhole';
    let flags = isReject ? 0x200 : 0;
    if (hop !== undefined && (hop.gateway !== 0 || hop.gateway6 !== undefined)) flags |= 2;
    if (one.prefixLength === 32) flags |= 4;
    if (hop === undefined || !hop.isDead) flags |= 1;
    const name = hop === undefined ? '*' : (namespace.devices.get(hop.device)?.name ?? '*');
    lines.push(`${name}\t${littleEndian(one.destination)}\t${littleEndian(hop?.gateway ?? 0)}\t${flags.toString(16).toUpperCase().padStart(4, '0')}\t0\t0\t${one.metric}\t${littleEndian(maskOf(one.prefixLength))}\t${one.mtu}\t${one.window}\t0`.padEnd(127));
  }
  return `${lines.join('\n')}\n`;
}

const TCP_STATES: Readonly<Record<string, string>> = { ESTABLISHED: '01', 'SYN-SENT': '02', 'SYN-RECV': '03', 'FIN-WAIT-1': '04', 'FIN-WAIT-2': '05', 'TIME-WAIT': '06', CLOSE: '07', 'CLOSE-WAIT': '08', 'LAST-ACK': '09', LISTEN: '0A', CLOSING: '0B' };

function hexEnd(address: string, port: number, family: 'inet' | 'inet6'): string {
  const portText = port.toString(16).toUpperCase().padStart(4, '0');
  if (family === 'inet6') return `${littleEndian6(parseIp6(address) ?? '0'.repeat(32))}:${portText}`;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return `${littleEndian(number)}:${portText}`;
}

function upper8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}

function tcp(kernel: Kernel, namespace: NamespaceState, family: 'inet' | 'inet6'): string {
  const header = family === 'inet' ? '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode' : '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const lines = [family === 'inet' ? header.padEnd(149) : header];
  const views = kernel.world.kernels[kernel.state.id]!.sockets.sockets(namespace.id).filter((one) => one.type === 'tcp' && one.family === family);
  const ordered = [...views.filter((one) => one.state === 'LISTEN'), ...views.filter((one) => one.state !== 'LISTEN' && one.state !== 'CLOSE')];
  ordered.forEach((one, at) => {
    const timer = one.timer === undefined ? '00:00000000' : `01:${upper8(Math.round(one.timer.inMs / 10))}`;
    const retransmits = upper8(one.timer?.retransmits ?? 0);
    const line = `${right(at, 4)}: ${hexEnd(one.local.address, one.local.port, family)} ${hexEnd(one.remote.address, one.remote.port, family)} ${TCP_STATES[one.state] ?? '07'} ${upper8(one.sendQueue)}:${upper8(one.receiveQueue)} ${timer} ${retransmits} ${right(one.uid, 5)} ${right(0, 8)} ${one.inode} 1 ${'0'.repeat(16)} 100 0 0 10 0`;
    lines.push(family === 'inet' ? line.padEnd(149) : line);
  });
  return `${lines.join('\n')}\n`;
}

function datagrams(kernel: Kernel, namespace: NamespaceState, type: 'udp' | 'raw' | 'ping', family: 'inet' | 'inet6'): string {
  const header = family === 'inet' ? '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops' : '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
  const lines = [family === 'inet' ? header.padEnd(127) : header];
  for (const socket of kernel.state.sockets.values()) {
    if (socket.ns !== namespace.id || socket.kind !== type || socket.family !== family || (type === 'udp' && socket.localPort === 0)) continue;
    const view = kernel.world.kernels[kernel.state.id]!.sockets;
    const local = view.local(socket.id)!;
    const port = socket.kind === 'raw' ? socket.protocol : socket.localPort;
    const remote = socket.isConnected && !isAny(socket.remoteAddress) ? view.remote(socket.id)! : { address: family === 'inet' ? '0.0.0.0' : '::', port: 0 };
    const line = `${right(port, 5)}: ${hexEnd(local.address, port, family)} ${hexEnd(remote.address, remote.port, family)} ${socket.isConnected ? '01' : '07'} ${upper8(0)}:${upper8(socket.queuedBytes)} 00:00000000 00000000 ${right(socket.uid, 5)} ${right(0, 8)} ${socket.inode} 2 ${'0'.repeat(16)} ${socket.dropped}`;
    lines.push(family === 'inet' ? line.padEnd(127) : line);
  }
  return `${lines.join('\n')}\n`;
}

function packet(kernel: Kernel, namespace: NamespaceState): string {
  let text = 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n';
  for (const socket of kernel.state.sockets.values()) {
    if (socket.ns !== namespace.id || socket.kind !== 'packet') continue;
    text += `${'0'.repeat(16)} ${left(3, 6)} ${left(3, 4)} ${socket.protocol.toString(16).padStart(4, '0')}   ${left(socket.boundDevice, 5)} 1 ${left(socket.queuedBytes, 6)} ${left(socket.uid, 6)} ${left(socket.inode, 6)}\n`;
  }
  return text;
}

const SCOPES: Readonly<Record<string, string>> = { global: '00', host: '10', link: '20', site: '40', nowhere: '00' };

function ifInet6(kernel: Kernel, namespace: NamespaceState): string {
  return addressViews(kernel, namespace, 'inet6').map((one) => {
    const flags = (one.isTentative ? 0x40 : 0) | (one.isDadFailed ? 0x08 : 0) | (one.isDynamic ? 0 : 0x80);
    const hex = (value: number): string => value.toString(16).padStart(2, '0');
    return `${parseIp6(one.address)} ${hex(one.index)} ${hex(one.prefixLength)} ${SCOPES[one.scope]} ${hex(flags)} ${right(namespace.devices.get(one.index)?.name ?? '', 8)}\n`;
  }).join('');
}

function igmp(_kernel: Kernel, namespace: NamespaceState): string {
  let text = 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n';
  for (const device of devices(namespace)) {
    if (device.groups4.size === 0) continue;
    text += `${device.index}\t${left(device.name, 10)}: ${right(device.groups4.size, 5)} ${right('V3', 7)}\n`;
    for (const [group, users] of device.groups4) text += `\t\t\t\t${littleEndian(group)} ${right(users, 5)} 0:00000000\t\t0\n`;
  }
  return text;
}

function devMulticast(_kernel: Kernel, namespace: NamespaceState): string {
  let text = '';
  for (const device of devices(namespace)) for (const [mac, users] of device.groupsLink) text += `${left(device.index, 4)} ${left(device.name, 15)} ${left(users, 5)} ${left(device.staticGroupsLink.has(mac) ? 1 : 0, 5)} ${mac.replaceAll(':', '')}\n`;
  return text;
}
