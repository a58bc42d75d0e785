/** ethtool(8) 6.1: driver, features, statistics and link settings of simulated devices. Read first: ethtool(8), ethtool.c, netlink/settings.c. */
import type { ExitCode } from '../../../machine/sys.ts';
import type { LinkView } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';
import { featureLines } from './features.ts';

const NO_DEVICE = 'netlink error: no device matches name (offset 24)\nnetlink error: No such device';
const NOT_SUPPORTED = 'Operation not supported';

interface Option {
  readonly names: readonly string[];
  /** What stands in place of an answer when there is no such device, or it has no such thing. */
  readonly missing?: { readonly says: string; readonly code: ExitCode };
  run(call: Invocation, link: LinkView, words: readonly string[]): ExitCode;
}

/** Over netlink: only a network card has it, unless others are named too. */
const overNetlink = (names: readonly string[], code: ExitCode = 1, kinds: readonly string[] = ['ether']): Option => ({ names, run: (call, { kind }) => (kinds.includes(kind) ? notSimulated(call, `option ${names[0]!}`) : refuse(call, `netlink error: ${NOT_SUPPORTED}`, code)) });
/** Over ioctl(2): `%s` is the kernel's word. */
const overIoctl = (names: readonly string[], says: string, code: ExitCode): Option => ({ names, missing: { says: says.replaceAll('%s', 'No such device'), code }, run: (call) => refuse(call, says.replaceAll('%s', NOT_SUPPORTED), code) });

const RX_RULES = 'Cannot get RX rings: %s\nrxclass: Cannot get RX class rule count: %s\nRX classification rule retrieval failed';

const options: readonly Option[] = [
  { names: ['-i', '--driver'], missing: { says: 'Cannot get driver information: No such device', code: 71 }, run: driver },
  { names: ['-k', '--show-features', '--show-offload'], run: showFeatures },
  { names: ['-S', '--statistics'], missing: { says: 'Cannot get stats strings information: No such device', code: 96 }, run: statistics },
  { names: ['-P', '--show-permaddr'], missing: { says: 'netlink error: No such device', code: 1 }, run: permanentAddress },
  { names: ['-l', '--show-channels'], run: channels },
  { names: ['-T', '--show-time-stamping'], run: timeStamping },
  { names: ['-s', '--change'], missing: { says: NO_DEVICE, code: 75 }, run: change },
  overNetlink(['-a', '--show-pause']), overNetlink(['-g', '--show-ring']), overNetlink(['-m', '--module-info']), overNetlink(['--show-eee']), overNetlink(['--show-fec']), overNetlink(['--show-priv-flags']),
  overNetlink(['-c', '--show-coalesce'], 1, ['ether', 'tap', 'tun']),
  overNetlink(['-A', '--pause'], 76), overNetlink(['-G', '--set-ring'], 81),
  overIoctl(['-x', '--show-rxfh-indir', '--show-rxfh'], 'Cannot get RX ring count: %s', 1), overIoctl(['-n', '-u', '--show-nfc', '--show-ntuple'], RX_RULES, 1),
  { names: ['-d', '--register-dump'], missing: { says: 'Cannot get driver information: No such device', code: 72 }, run: (call, { kind }) => (kind === 'loopback' ? refuse(call, `Cannot get driver information: ${NOT_SUPPORTED}`, 72) : refuse(call, `Cannot get register dump: ${NOT_SUPPORTED}`, 74)) },
  { names: ['-e', '--eeprom-dump'], missing: { says: 'Cannot get driver information: No such device', code: 74 }, run: (call, { kind }) => refuse(call, `Cannot get ${kind === 'loopback' ? 'driver information' : 'EEPROM data'}: ${NOT_SUPPORTED}`, 74) },
  { names: ['-t', '--test'], missing: { says: 'Cannot get strings: No such device', code: 74 }, run: (call) => refuse(call, `Cannot test: ${NOT_SUPPORTED}`, 74) },
  overIoctl(['-p', '--identify'], 'Cannot identify NIC: %s', 255), overIoctl(['-r', '--negotiate'], 'Cannot restart autonegotiation: %s', 255),
  { names: ['--phy-statistics'], missing: { says: 'Cannot get stats strings information: No such device', code: 96 }, run: (call) => refuse(call, 'no stats available', 94) },
  ...['-K', '-C', '-L', '-X', '-N', '-U', '-E', '-f', '-w', '-W', '-Q'].map((name): Option => ({ names: [name], run: (call) => notSimulated(call, `option ${name}`) })),
];

export const ethtool = defineCommand({
  name: 'ethtool', summary: 'show and change device settings', package: 'ethtool', path: '/usr/sbin/ethtool',
  run: (call) => {
    const args = [...call.args];
    if (args[0] === '--version') {
      call.out('ethtool version 6.1');
      return 0;
    }
    if (args[0] === '-h' || args[0] === '--help') return notSimulated(call, `option ${args[0]}`);
    // Flags before the command: statistics with a setting's picture, or words about what is sent.
    while (args[0] === '-I' || args[0] === '--include-statistics' || args[0] === '--debug') if (args.shift() === '--debug') args.shift();
    const option = args[0]?.startsWith('-') === true ? options.find(({ names }) => names.includes(args[0]!)) : undefined;
    const [name, ...words] = option === undefined ? args : args.slice(1);
    if (name === undefined || name.startsWith('-')) return refuse(call, 'ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1);
    const link = call.net.netlink.link(name);
    if (link !== undefined) return option === undefined ? settings(call, link) : option.run(call, link, words);
    if (option !== undefined) return refuse(call, option.missing?.says ?? NO_DEVICE, option.missing?.code ?? 1);
    // Five requests for five parts of the picture, each refused.
    for (let part = 0; part < 5; part += 1) call.err(NO_DEVICE);
    call.out('No data available');
    return 75;
  },
});

function refuse(call: Invocation, why: string, code: ExitCode): ExitCode {
  call.err(why);
  return code;
}

const drivers: Readonly<Record<string, readonly [driver: string, version: string, bus: string]>> = {
  ether: ['virtio_net', '1.0.0', '0000:00:04.0'], tap: ['tun', '1.6', 'tap'], tun: ['tun', '1.6', 'tun'], bridge: ['bridge', '2.3', 'N/A'], veth: ['veth', '1.0', ''], macvlan: ['macvlan', '0.1', ''], vxlan: ['vxlan', '0.1', ''],
};

function driver(call: Invocation, { kind }: LinkView, words: readonly string[]): ExitCode {
  if (words.length > 0) return refuse(call, 'ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1);
  if (kind === 'loopback') return refuse(call, `Cannot get driver information: ${NOT_SUPPORTED}`, 71);
  const known = drivers[kind];
  if (known === undefined) return notSimulated(call, `the driver of a ${kind} device`);
  const [name, version, bus] = known;
  call.out(`driver: ${name}\nversion: ${version}\nfirmware-version: ${kind === 'bridge' ? 'N/A' : ''}\nexpansion-rom-version: \nbus-info: ${bus}\nsupports-statistics: ${kind === 'veth' || kind === 'ether' ? 'yes' : 'no'}\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no`);
  return 0;
}

function showFeatures(call: Invocation, { kind, name }: LinkView, [extra]: readonly string[]): ExitCode {
  if (extra !== undefined) return refuse(call, `ethtool: unexpected parameter '${extra}'`, 1);
  const lines = featureLines(kind);
  if (lines === undefined) return notSimulated(call, `features of a ${kind} device`);
  call.out([`Features for ${name}:`, ...lines].join('\n'));
  return 0;
}

function permanentAddress(call: Invocation, { permanentMac, kind, mac }: LinkView): ExitCode {
  const address = permanentMac ?? (kind === 'ether' ? mac : undefined);
  call.out(address === undefined ? 'Permanent address: not set' : `Permanent address: ${address}`);
  return 0;
}

/** A veth counts by itself what XDP programs did, and there are none; packets are counted by `ip -s link`. */
function statistics(call: Invocation, link: LinkView): ExitCode {
  if (link.kind === 'ether') return notSimulated(call, 'statistics of a network card');
  if (link.kind !== 'veth') return refuse(call, 'no stats available', 94);
  const counters = ['rx_queue_0_xdp_packets', 'rx_queue_0_xdp_bytes', 'rx_queue_0_drops', 'rx_queue_0_xdp_redirect', 'rx_queue_0_xdp_drops', 'rx_queue_0_xdp_tx', 'rx_queue_0_xdp_tx_errors', 'tx_queue_0_xdp_xmit', 'tx_queue_0_xdp_xmit_errors'];
  call.out(['NIC statistics:', `     peer_ifindex: ${link.link ?? 0}`, ...counters.map((name) => `     ${name}: 0`)].join('\n'));
  return 0;
}

function channels(call: Invocation, { kind, name }: LinkView): ExitCode {
  if (!['ether', 'veth', 'tap', 'tun'].includes(kind)) return refuse(call, `netlink error: ${NOT_SUPPORTED}`, 1);
  // A pair has queues for as many processors as there may be; a virtual card has one; a tap's are the programs that hold it.
  const ofVeth = kind === 'veth';
  const picture = (each: string, combined: string): string => `RX:\t\t${each}\nTX:\t\t${each}\nOther:\t\tn/a\nCombined:\t${combined}`;
  call.out(`Channel parameters for ${name}:\nPre-set maximums:\n${ofVeth ? picture('2', 'n/a') : picture('n/a', '1')}\nCurrent hardware settings:\n${ofVeth ? picture('1', 'n/a') : picture('n/a', kind === 'ether' ? '1' : '0')}`);
  return 0;
}

function timeStamping(call: Invocation, { kind, name }: LinkView): ExitCode {
  const transmit = kind === 'bridge' || kind === 'vxlan' ? '' : '\tsoftware-transmit\n';
  call.out(`Time stamping parameters for ${name}:\nCapabilities:\n${transmit}\tsoftware-receive\n\tsoftware-system-clock\nPTP Hardware Clock: none\nHardware Transmit Timestamp Modes: none\nHardware Receive Filter Modes: none`);
  return 0;
}

/** What could be set is not there on any of these devices; words are read before anything is asked. */
function change(call: Invocation, _link: LinkView, words: readonly string[]): ExitCode {
  const numbers = new Set(['speed', 'lanes', 'phyad']);
  const known: Readonly<Record<string, readonly string[]>> = { duplex: ['half', 'full'], autoneg: ['on', 'off'], mdix: ['auto', 'on', 'off'], port: ['tp', 'aui', 'bnc', 'mii', 'fibre', 'da'] };
  for (let at = 0; at < words.length; at += 2) {
    const name = words[at]!;
    const value = words[at + 1] ?? '';
    if (!numbers.has(name) && !(name in known)) return ['wol', 'sopass', 'xcvr', 'master-slave', 'advertise', 'msglvl'].includes(name) ? notSimulated(call, `option -s ${name}`) : refuse(call, `ethtool (-s): unknown parameter '${name}'`, 1);
    if (numbers.has(name) ? !/^\d+$/.test(value) : !known[name]!.includes(value)) return refuse(call, `ethtool (-s): invalid value '${value}' for parameter '${name}'`, 1);
  }
  return words.length === 0 ? 0 : refuse(call, `netlink error: ${NOT_SUPPORTED}`, 75);
}

/** A loopback has nothing to set and says only whether it is up. */
function settings(call: Invocation, link: LinkView): ExitCode {
  const { kind } = link;
  if (!['ether', 'veth', 'loopback', 'bridge', 'tap', 'tun', 'macvlan', 'vxlan'].includes(kind)) return notSimulated(call, `settings of a ${kind} device`);
  call.out(`Settings for ${link.name}:`);
  if (kind !== 'loopback') {
    const isKnown = kind === 'veth' || kind === 'tap' || kind === 'tun' || kind === 'macvlan';
    call.out(`\tSupported ports: [  ]\n\tSupported link modes:   Not reported\n\tSupported pause frame use: No\n\tSupports auto-negotiation: No\n\tSupported FEC modes: Not reported\n\tAdvertised link modes:  Not reported\n\tAdvertised pause frame use: No\n\tAdvertised auto-negotiation: No\n\tAdvertised FEC modes: Not reported\n\tSpeed: ${isKnown ? '10000Mb/s' : 'Unknown!'}\n\tDuplex: ${isKnown ? 'Full' : 'Unknown! (255)'}\n\tAuto-negotiation: off\n\tPort: ${isKnown ? 'Twisted Pair' : 'Other'}\n\tPHYAD: 0\n\tTransceiver: internal${isKnown ? '\n\tMDI-X: Unknown' : ''}`);
  }
  if (kind === 'tap' || kind === 'tun') call.out(`        Current message level: 0x00000000 (0)\n${' '.repeat(30)}`);
  call.out(`\tLink detected: ${link.hasCarrier && link.isUp ? 'yes' : 'no'}`);
  return 0;
}
