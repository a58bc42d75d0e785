/** ifconfig(8) of net-tools 2.10. Read first: ifconfig.c, lib/interface.c (ife_print_long). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { broadcastOf, formatIp4, lengthOfMask, maskOf, parseIp4, parseMac } from '../../ports/addresses.ts';
import type { AddressView, LinkChange, LinkView } from '../../ports/kernel.ts';
import type { Errno, Result } from '../../ports/result.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { compareNames, hostAddress, interfaceFlags, printInterfaceTable } from './common.ts';
import { ifconfigUsage, writeHelp } from './usage.ts';

export const ifconfig = defineCommand({
  name: 'ifconfig',
  summary: 'configure a network interface',
  package: 'net-tools',
  path: '/usr/sbin/ifconfig',
  run: (call) => runIfconfig(call),
});

async function runIfconfig(call: Invocation): Promise<ExitCode> {
  const args = [...call.args];
  let isAll = false;
  let isShort = false;
  while (args[0]?.startsWith('-') === true) {
    const option = args.shift()!;
    if (option === '-a') isAll = true;
    else if (option === '-s') isShort = true;
    else if (option === '-v') continue;
    else if (option === '-h' || option === '--help' || option === '-?') {
      writeHelp(call, ifconfigUsage);
      return 0;
    } else if (option === '-V' || option === '--version') {
      call.out('net-tools 2.10');
      return 0;
    } else {
      call.err(`ifconfig: option \`${option}' not recognised.`);
      call.err("ifconfig: `--help' gives usage information.");
      return 1;
    }
  }
  const [name, ...words] = args;
  if (name === undefined) {
    if (isShort) printInterfaceTable(call, 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg', isAll);
    else printInterfaces(call, (link) => isAll || link.isUp);
    return 0;
  }
  if (words.length === 0) return showOne(call, name);
  return configure(call, name, words);
}

// ---------------------------------------------------------------- show
function showOne(call: Invocation, name: string): ExitCode {
  const [device = '', alias] = name.split(':');
  const link = call.net.netlink.link(device);
  if (link === undefined) {
    call.err(`${name}: error fetching interface information: Device not found`);
    return 1;
  }
  if (alias === undefined) printLong(call, link, name);
  else printAlias(call, link, name);
  return 0;
}

/** Every interface with its aliases, by name: also `netstat -ie`. */
export function printInterfaces(call: Invocation, accepts: (link: LinkView) => boolean): void {
  for (const link of call.net.netlink.links().sort((left, right) => compareNames(left.name, right.name))) {
    if (!accepts(link)) continue;
    printLong(call, link, link.name);
    const labels = new Set(call.net.netlink.addresses('inet').filter((address) => address.index === link.index && address.label !== undefined && address.label !== link.name).map((address) => address.label!));
    for (const label of labels) printAlias(call, link, label);
  }
}

function printHead(call: Invocation, link: LinkView, name: string): void {
  const flags = interfaceFlags(link);
  call.out(`${name}: flags=${flags.value}<${flags.names.join(',')}>  mtu ${link.mtu}`);
}

function addressesOf(call: Invocation, link: LinkView): AddressView[] {
  return call.net.netlink.addresses().filter((address) => address.index === link.index);
}

function printInet(call: Invocation, link: LinkView, label: string): void {
  const address = addressesOf(call, link).find((each) => each.family === 'inet' && (each.label ?? link.name) === label);
  if (address === undefined) return;
  const isPointToPoint = link.flags.includes('POINTOPOINT');
  const parts = [`inet ${address.address}`, `netmask ${formatIp4(maskOf(address.prefixLength))}`];
  if (link.flags.includes('BROADCAST')) parts.push(`broadcast ${address.broadcast ?? '0.0.0.0'}`);
  if (isPointToPoint) parts.push(`destination ${address.peer ?? address.address}`);
  call.out(`        ${parts.join('  ')}`);
}

function printHardware(call: Invocation, link: LinkView): void {
  const queue = `txqueuelen ${link.txQueueLength}`;
  if (link.kind === 'loopback') call.out(`        loop  ${queue}  (Local Loopback)`);
  else if (link.kind === 'tun') call.out(`        unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  ${queue}  (UNSPEC)`);
  else call.out(`        ether ${link.mac}  ${queue}  (Ethernet)`);
}

function printAlias(call: Invocation, link: LinkView, name: string): void {
  printHead(call, link, name);
  printInet(call, link, name);
  printHardware(call, link);
  call.out('');
}

function printLong(call: Invocation, link: LinkView, name: string): void {
  printHead(call, link, name);
  printInet(call, link, link.name);
  const scopes: Readonly<Record<string, string>> = { global: '0x0<global>', link: '0x20<link>', host: '0x10<host>', site: '0x40<site>' };
  for (const address of addressesOf(call, link)) {
    if (address.family === 'inet6') call.out(`        inet6 ${address.address}  prefixlen ${address.prefixLength}  scopeid ${scopes[address.scope] ?? '0x0<global>'}`);
  }
  printHardware(call, link);
  const { stats } = link;
  call.out(`        RX packets ${stats.rxPackets}  bytes ${stats.rxBytes} (${scaled(stats.rxBytes)})`);
  call.out(`        RX errors ${stats.rxErrors}  dropped ${stats.rxDropped}  overruns 0  frame 0`);
  call.out(`        TX packets ${stats.txPackets}  bytes ${stats.txBytes} (${scaled(stats.txBytes)})`);
  call.out(`        TX errors ${stats.txErrors}  dropped ${stats.txDropped} overruns 0  carrier ${stats.txCarrierErrors}  collisions ${stats.collisions}`);
  call.out('');
}

function scaled(bytes: number): string {
  const units: readonly (readonly [number, string])[] = [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [1024, 'KiB']];
  const unit = units.find(([size]) => bytes > size);
  const tenths = Math.floor((bytes * 10) / (unit?.[0] ?? 1));
  return `${Math.floor(tenths / 10)}.${tenths % 10} ${unit?.[1] ?? 'B'}`;
}

// ---------------------------------------------------------------- change
const switches: Readonly<Record<string, LinkChange>> = {
  arp: { arp: true }, '-arp': { arp: false }, promisc: { promiscuous: true }, '-promisc': { promiscuous: false },
  allmulti: { allMulticast: true }, '-allmulti': { allMulticast: false }, multicast: { multicast: true }, '-multicast': { multicast: false },
  dynamic: { dynamic: true }, '-dynamic': { dynamic: false }, up: { up: true },
};

async function configure(call: Invocation, name: string, words: readonly string[]): Promise<ExitCode> {
  const [device = ''] = name.split(':');
  const isAlias = name.includes(':');
  let code = 0;
  let at = 0;
  const link = (): LinkView | undefined => call.net.netlink.link(device);
  const change = (what: LinkChange, label: string, failure: number): void => {
    const found = link();
    const answer: Result = found === undefined ? { ok: false, error: 'ENODEV' } : call.net.netlink.setLink(found.index, what);
    if (answer.ok) return;
    call.err(`${label}: ${strerror(answer.error)}`);
    code = code === 255 ? 255 : failure;
  };
  const setFlag = (what: LinkChange): void => {
    if (link() === undefined) {
      call.err(`${name}: ERROR while getting interface flags: No such device`);
      code = 255;
      return;
    }
    change(what, 'SIOCSIFFLAGS', 255);
  };
  if (words[0] === 'inet' || words[0] === 'inet6') at = 1;
  const isSix = words[0] === 'inet6';
  while (at < words.length) {
    const word = words[at]!;
    at += 1;
    const argument = (): string | undefined => words[at++];
    const known = switches[word];
    if (known !== undefined) setFlag(known);
    else if (word === 'down') {
      if (isAlias) code = removeLabel(call, name, code);
      else setFlag({ up: false });
    } else if (word === 'metric') return unknownHost(call, word);
    else if (word === 'mtu' || word === 'txqueuelen') {
      const value = argument();
      if (value === undefined) return usage(call);
      if (word === 'mtu') change({ mtu: Number.parseInt(value, 10) || 0 }, 'SIOCSIFMTU', 1);
      else change({ txQueueLength: Number.parseInt(value, 10) || 0 }, 'SIOCSIFTXQLEN', 1);
    } else if (word === 'hw') {
      const kind = argument();
      const address = argument();
      if (kind === undefined || address === undefined) return usage(call);
      const mac = parseMac(address);
      if (kind !== 'ether') return usage(call);
      if (mac === undefined) {
        call.err(`${address}: invalid ether address.`);
        code = 1;
      } else change({ mac }, 'SIOCSIFHWADDR', 1);
    } else if (word === 'name') {
      const renamed = argument();
      if (renamed === undefined) return usage(call);
      change({ name: renamed }, 'SIOCSIFNAME', 1);
    } else if (word === 'netmask' || word === 'broadcast') {
      const value = words[at];
      if (value === undefined) {
        if (word === 'netmask') return usage(call);
        continue;
      }
      at += 1;
      const address = parseIp4(value) ?? (/^0x[0-9a-f]+$/i.test(value) ? Number.parseInt(value, 16) : undefined);
      if (address === undefined) return unknownHost(call, value);
      if (word === 'netmask' && lengthOfMask(address) === undefined) code = failed(call, 'SIOCSIFNETMASK', labelled(call, name)?.address === undefined ? 'EADDRNOTAVAIL' : 'EINVAL', code);
      else code = modifyAddress(call, name, (old) => (word === 'netmask'
        ? masked(old, lengthOfMask(address) ?? old.prefixLength)
        : { ...old, broadcast: formatIp4(address) }), word === 'netmask' ? 'SIOCSIFNETMASK' : 'SIOCSIFBRDADDR', code);
    } else if (word === 'add' || word === 'del') {
      const value = argument();
      if (value === undefined) return usage(call);
      code = addOrDelete(call, device, word, value, code);
    } else if (word === 'pointopoint' || word === 'dstaddr') {
      const value = argument();
      if (value === undefined) {
        if (word === 'dstaddr') return usage(call);
        continue;
      }
      const peer = await hostAddress(call, value);
      if (peer === undefined) {
        call.err(`${value}: Unknown host`);
        return 1;
      }
      code = modifyAddress(call, name, (old) => ({ ...old, peer }), 'SIOCSIFDSTADDR', code);
      if (call.net.netlink.link(device) === undefined) {
        call.err(`${device}: ERROR while getting interface flags: No such device`);
        return 255;
      }
    } else if (word === '-broadcast' || word === '-pointopoint') {
      const flag = word.slice(1).toUpperCase();
      if (call.net.netlink.link(device)?.flags.includes(flag) === true) call.err(`Warning: Interface ${device} still in ${flag} mode.`);
    } else if ( word === 'mem_start' || word === 'io_addr' || word === 'irq' || word === 'media' || word === 'keepalive' || word === 'outfill') {
      return notSimulated(call, `option ${word}`);
    } else if (isSix) {
      code = addOrDelete(call, device, 'add', word, code);
    } else {
      const [host = '', length] = word.split('/');
      const address = await hostAddress(call, host);
      if (address === undefined || (length !== undefined && !/^\d+$/.test(length))) return unknownHost(call, word);
      code = setAddress(call, name, address, length === undefined ? undefined : Number(length), code);
    }
  }
  return code;
}

function usage(call: Invocation): ExitCode {
  call.writeErr(ifconfigUsage);
  return 3;
}

function unknownHost(call: Invocation, word: string): ExitCode {
  call.err(`${word}: Unknown host`);
  call.err("ifconfig: `--help' gives usage information.");
  return 1;
}

/** inet_abc_len(): the class of an address. */
function classLength(address: string): number {
  const first = Number(address.split('.')[0]);
  return first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 32;
}

function defaultBroadcast(address: string, length: number): string | undefined {
  return length >= 31 ? undefined : formatIp4(broadcastOf(parseIp4(address) ?? 0, length));
}

/** SIOCSIFNETMASK: the broadcast address follows where it was the old mask's. */
function masked(old: Changeable, prefixLength: number): Changeable {
  const follows = prefixLength < 31 && old.broadcast === defaultBroadcast(old.address, old.prefixLength);
  return { ...old, prefixLength, broadcast: follows ? defaultBroadcast(old.address, prefixLength) : old.broadcast };
}

function labelled(call: Invocation, name: string): { link: LinkView; address: AddressView | undefined } | undefined {
  const link = call.net.netlink.link(name.split(':')[0]!);
  if (link === undefined) return undefined;
  return { link, address: call.net.netlink.addresses('inet').find((each) => each.index === link.index && (each.label ?? link.name) === name) };
}

function failed(call: Invocation, what: string, error: Errno, code: number): number {
  call.err(`${what}: ${strerror(error)}`);
  return code === 255 ? 255 : 1;
}

/** SIOCSIFADDR replaces the address with that label, takes the class's mask, and ifconfig then sets IFF_UP. */
function setAddress(call: Invocation, name: string, address: string, length: number | undefined, before: number): number {
  const found = labelled(call, name);
  if (found === undefined) {
    failed(call, 'SIOCSIFADDR', 'ENODEV', before);
    call.err(`${name}: ERROR while getting interface flags: No such device`);
    return 255;
  }
  const { link, address: old } = found;
  const { netlink } = call.net;
  if (call.sys.uid !== 0) {
    failed(call, 'SIOCSIFADDR', 'EPERM', before);
    return failed(call, 'SIOCSIFFLAGS', 'EPERM', 255);
  }
  const isSame = old?.address === address && length === undefined;
  if (old !== undefined && !isSame) netlink.deleteAddress({ index: link.index, family: 'inet', address: old.address, prefixLength: old.prefixLength });
  if (address !== '0.0.0.0' && !isSame) {
    const prefixLength = length ?? (link.flags.includes('POINTOPOINT') ? 32 : classLength(address));
    const broadcast = link.flags.includes('BROADCAST') ? defaultBroadcast(address, prefixLength) : undefined;
    const added = netlink.addAddress({ index: link.index, family: 'inet', address, prefixLength, label: name, scope: address.startsWith('127.') ? 'host' : 'global', ...(broadcast === undefined ? {} : { broadcast }) });
    if (!added.ok) return failed(call, 'SIOCSIFADDR', added.error, before);
  }
  if (!link.isUp) netlink.setLink(link.index, { up: true });
  return before;
}

interface Changeable { readonly address: string; readonly peer: string | undefined; readonly prefixLength: number; readonly broadcast: string | undefined }

function modifyAddress(call: Invocation, name: string, update: (old: Changeable) => Changeable, what: string, before: number): number {
  const found = labelled(call, name);
  if (found === undefined) return failed(call, what, 'ENODEV', before);
  if (found.address === undefined) return failed(call, what, 'EADDRNOTAVAIL', before);
  if (call.sys.uid !== 0) return failed(call, what, 'EPERM', before);
  const { link, address: old } = found;
  const changed = update({ address: old.address, peer: old.peer, prefixLength: old.prefixLength, broadcast: old.broadcast });
  const { netlink } = call.net;
  netlink.deleteAddress({ index: link.index, family: 'inet', address: old.address, prefixLength: old.prefixLength });
  const added = netlink.addAddress({ index: link.index, family: 'inet', address: changed.address, prefixLength: changed.prefixLength, label: name, scope: old.scope, ...(changed.peer === undefined ? {} : { peer: changed.peer }), ...(changed.broadcast === undefined || !link.flags.includes('BROADCAST') ? {} : { broadcast: changed.broadcast }) });
  return added.ok ? before : failed(call, what, added.error, before);
}

function removeLabel(call: Invocation, name: string, before: number): number {
  const found = labelled(call, name);
  if (found?.address === undefined) return failed(call, 'SIOCSIFFLAGS', 'EADDRNOTAVAIL', 255);
  const removed = call.net.netlink.deleteAddress({ index: found.link.index, family: 'inet', address: found.address.address, prefixLength: found.address.prefixLength });
  return removed.ok ? before : failed(call, 'SIOCSIFFLAGS', removed.error, 255);
}

function addOrDelete(call: Invocation, device: string, verb: 'add' | 'del', value: string, before: number): number {
  const [address = '', length] = value.split('/');
  const link = call.net.netlink.link(device);
  if (link === undefined) return failed(call, verb === 'add' ? 'SIOCSIFADDR' : 'SIOCDIFADDR', 'ENODEV', before);
  const family = address.includes(':') ? 'inet6' as const : 'inet' as const;
  const prefixLength = length === undefined ? (family === 'inet6' ? 128 : classLength(address)) : Number(length);
  const spec = { index: link.index, family, address, prefixLength };
  if (verb === 'add') {
    const added = call.net.netlink.addAddress(spec);
    return added.ok ? before : failed(call, 'SIOCSIFADDR', added.error, before);
  }
  const known = call.net.netlink.addresses(family).find((each) => each.index === link.index && each.address === address);
  const removed = known === undefined ? { ok: false as const, error: 'EADDRNOTAVAIL' as const } : call.net.netlink.deleteAddress({ ...spec, prefixLength: known.prefixLength });
  return removed.ok ? before : failed(call, 'SIOCDIFADDR', removed.error, before);
}
