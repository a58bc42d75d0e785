/** arp(8) of net-tools 2.10. Read first: arp.c, /proc/net/arp in arp(7). */
import type { ExitCode } from '../../../machine/sys.ts';
import { strerror } from '../../lib/errno.ts';
import { parseOptions, type ParsedOptions } from '../../lib/getopt.ts';
import { parseMac } from '../../ports/addresses.ts';
import type { LinkView, NeighbourView } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { defineCommand, type Invocation } from '../define.ts';
import { hostAddress, hostName } from './common.ts';
import { arpUsage, writeHelp } from './usage.ts';

export const arp = defineCommand({
  name: 'arp',
  summary: 'show and change the ARP cache',
  package: 'net-tools',
  path: '/usr/sbin/arp',
  run: (call) => runArp(call),
});

async function runArp(call: Invocation): Promise<ExitCode> {
  const options = parseOptions(call.args, { short: 'A:H:adfp:nsei:t:vh?DNV', long: { verbose: 'none=v', version: 'none=V', all: 'none=a', delete: 'none=d', file: 'none=f', numeric: 'none=n', set: 'none=s', protocol: 'required=A', 'hw-type': 'required=H', device: 'required=i', help: 'none=h', 'use-device': 'none=D' } });
  if (options.error !== undefined) {
    call.err(`arp: ${options.error}`);
    call.writeErr(arpUsage);
    return 3;
  }
  if (options.has('h') || options.has('?')) {
    writeHelp(call, arpUsage);
    return 0;
  }
  if (options.has('V')) {
    call.out('net-tools 2.10');
    return 0;
  }
  const hardware = options.value('H') ?? options.value('t');
  if (hardware !== undefined && hardware !== 'ether') {
    call.err(`arp: ${hardware}: unknown hardware type.`);
    return 255;
  }
  if (options.has('f')) return fromFile(call, options);
  if (options.has('d')) return remove(call, options);
  if (options.has('s')) return set(call, options);
  return show(call, options);
}

function isComplete(entry: NeighbourView): boolean {
  return entry.mac !== undefined && entry.state !== 'INCOMPLETE' && entry.state !== 'FAILED';
}

async function show(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  const [name] = options.operands;
  const device = options.value('i');
  const isBsd = options.has('a');
  const wanted = name === undefined ? undefined : await hostAddress(call, name);
  if (name !== undefined && wanted === undefined) {
    call.err(`${name}: Unknown host`);
    return 255;
  }
  const entries = call.net.netlink.neighbours('inet').filter((entry) => entry.isProxy || (entry.state !== 'NOARP' && entry.state !== 'NONE'));
  let shown = 0;
  for (const entry of entries) {
    const link = call.net.netlink.link(entry.index)?.name ?? '?';
    if ((device !== undefined && link !== device) || (wanted !== undefined && entry.address !== wanted)) continue;
    const host = await hostName(call, entry.address, options.has('n'));
    if (isBsd) printBsd(call, entry, host, link);
    else {
      if (shown === 0) call.out('Address                  HWtype  HWaddress           Flags Mask            Iface');
      printLinux(call, entry, host, link);
    }
    shown += 1;
  }
  if (options.has('v')) call.out(`Entries: ${entries.length}\tSkipped: ${entries.length - shown}\tFound: ${shown}`);
  if (shown === 0) {
    if (name !== undefined && !isBsd) call.out(`${name} (${wanted!}) -- no entry`);
    else if (name !== undefined || device !== undefined || options.has('H')) call.out(`arp: in ${entries.length} entries no match found.`);
  }
  return 0;
}

function printLinux(call: Invocation, entry: NeighbourView, host: string, link: string): void {
  const hardware = entry.isProxy ? ['*', '<from_interface>'] : isComplete(entry) ? ['ether', entry.mac!] : ['', '(incomplete)'];
  const flags = entry.isProxy ? 'MP' : !isComplete(entry) ? '' : entry.state === 'PERMANENT' ? 'CM' : 'C';
  call.out(`${host.slice(0, 23).padEnd(23)}  ${hardware[0]!.padEnd(8)}${hardware[1]!.padEnd(20)}${flags.padEnd(6)}${''.padEnd(15)} ${link}`);
}

function printBsd(call: Invocation, entry: NeighbourView, host: string, link: string): void {
  const shownHost = host === entry.address ? '?' : host;
  const at = entry.isProxy ? '<from_interface>' : isComplete(entry) ? `${entry.mac!} [ether]` : '<incomplete>';
  const flags = `${entry.isProxy || (isComplete(entry) && entry.state === 'PERMANENT') ? 'PERM ' : ''}${entry.isProxy ? 'PUB ' : ''}`;
  call.out(`${shownHost} (${entry.address}) at ${at} ${flags}on ${link}`);
}

/** Without -i the kernel asks its routes, and takes only one that needs no gateway. */
function deviceFor(call: Invocation, address: string, name: string | undefined): LinkView | Errno {
  if (name !== undefined) return call.net.netlink.link(name) ?? 'ENODEV';
  const answer = call.net.netlink.lookupRoute({ family: 'inet', to: address });
  if (!answer.ok || answer.value.gateway !== undefined) return 'ENETUNREACH';
  return call.net.netlink.link(answer.value.device) ?? 'ENODEV';
}

async function operand(call: Invocation, options: ParsedOptions): Promise<string | ExitCode> {
  const [name] = options.operands;
  if (name === undefined) {
    call.err('arp: need host name');
    return 255;
  }
  const address = await hostAddress(call, name);
  if (address !== undefined) return address;
  call.err(`${name}: Unknown host`);
  return 255;
}

async function remove(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  const address = await operand(call, options);
  if (typeof address === 'number') return address;
  const isPublished = options.operands.includes('pub');
  if (call.sys.uid !== 0) return failed(call, 'SIOCDARP(dontpub)', 'EPERM');
  const device = deviceFor(call, address, options.value('i'));
  if (typeof device === 'string') return failed(call, 'SIOCDARP(dontpub)', device);
  const removed = call.net.netlink.deleteNeighbour({ index: device.index, family: 'inet', address, ...(isPublished ? { proxy: true } : {}) });
  if (removed.ok) return 0;
  if (removed.error === 'ENOENT' || removed.error === 'ENXIO') {
    call.out(`No ARP entry for ${options.operands[0]!}`);
    return 255;
  }
  return failed(call, 'SIOCDARP(dontpub)', removed.error);
}

async function set(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  const address = await operand(call, options);
  if (typeof address === 'number') return address;
  const [, hardware, ...flags] = options.operands;
  if (hardware === undefined) {
    call.err('arp: need hardware address');
    return 255;
  }
  let mac: string | undefined;
  if (options.has('D')) {
    mac = call.net.netlink.link(hardware)?.mac;
    if (mac === undefined) {
      call.err(`arp: cant get HW-Address for \`${hardware}': ${strerror('ENODEV')}.`);
      return 255;
    }
  } else {
    mac = parseMac(hardware);
    if (mac === undefined) {
      call.err('arp: invalid hardware address');
      return 255;
    }
  }
  const isPublished = flags.includes('pub');
  if (call.sys.uid !== 0) return failed(call, 'SIOCSARP', 'EPERM');
  const named = options.value('i') ?? (options.has('D') ? hardware : undefined);
  // arp_req_set_public: who publishes an address finds the device by the hardware address.
  const owner = isPublished && named === undefined ? (call.net.netlink.links().find((link) => link.mac === mac) ?? 'ENODEV') : undefined;
  const device = owner ?? deviceFor(call, address, named);
  if (typeof device === 'string') return failed(call, 'SIOCSARP', device);
  const added = call.net.netlink.addNeighbour({ index: device.index, family: 'inet', address, ...(isPublished ? { proxy: true } : { mac, state: flags.includes('temp') ? 'STALE' as const : 'PERMANENT' as const }) }, 'replace');
  return added.ok ? 0 : failed(call, 'SIOCSARP', added.error);
}

/** arp_file(): lines of host, hardware address and flags; /etc/ethers without a name. */
async function fromFile(call: Invocation, options: ParsedOptions): Promise<ExitCode> {
  const file = options.operands[0] ?? '/etc/ethers';
  const text = await call.sys.readText(file);
  if (!text.ok) {
    call.err(`arp: cannot open etherfile ${file} !`);
    return 255;
  }
  let code: ExitCode = 0;
  for (const [index, line] of text.value.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]!.startsWith('#')) continue;
    if (words.length < 2) {
      call.err(`arp: format error on line ${index + 1} of etherfile ${file} !`);
      continue;
    }
    if ((await set(call, { ...options, has: () => false, value: (name) => options.value(name), operands: words })) === 0) continue;
    call.err(`arp: cannot set entry on line ${index + 1} of etherfile ${file} !`);
    code = 255;
  }
  return code;
}

function failed(call: Invocation, what: string, error: Errno): ExitCode {
  call.err(`${what}: ${strerror(error)}`);
  return 255;
}
