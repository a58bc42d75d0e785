/** ethtool(8) 6.1: driver, features, statistics and link settings of simulated devices. Read first: ethtool(8). */
import type { ExitCode } from '../../../machine/sys.ts';
import type { LinkView } from '../../ports/kernel.ts';
import { defineCommand, notSimulated, type Invocation } from '../define.ts';

export const ethtool = defineCommand({
  name: 'ethtool', summary: 'show and change device settings', package: 'ethtool', path: '/usr/sbin/ethtool',
  run: (call) => {
    const [first, second, ...rest] = call.args;
    if (first === '--version') {
      call.out('ethtool version 6.1');
      return 0;
    }
    if (first === undefined || (first.startsWith('-') && second === undefined)) {
      call.err('ethtool: bad command line argument(s)\nFor more information run ethtool -h');
      return 1;
    }
    const name = first.startsWith('-') ? second! : first;
    const link = call.net.netlink.link(name);
    if (link === undefined) {
      if (first === '-i' || first === '--driver') call.err(`Cannot get driver information: No such device`);
      else if (first.startsWith('-')) {
        call.err('netlink error: no device matches name (offset 24)\nnetlink error: No such device');
        return 1;
      } else {
        // Five requests for five parts of the picture, each refused.
        for (let part = 0; part < 5; part += 1) call.err('netlink error: no device matches name (offset 24)\nnetlink error: No such device');
        call.out('No data available');
      }
      return first === '-i' || first === '--driver' ? 71 : 75;
    }
    if (!first.startsWith('-')) return settings(call, link);
    if (first === '-i' || first === '--driver') return driver(call, link);
    if (first === '-k' || first === '--show-features' || first === '--show-offload') return features(call, link);
    if ((first === '-S' || first === '--statistics') && rest.length === 0) return statistics(call, link);
    if (first === '-P' || first === '--show-permaddr') {
      const address = link.permanentMac ?? (link.kind === 'ether' ? link.mac : undefined);
      call.out(address === undefined ? 'Permanent address: not set' : `Permanent address: ${address}`);
      return 0;
    }
    // Pause frames and rings belong to hardware.
    if (['-a', '--show-pause', '-g', '--show-ring', '-c', '--show-coalesce', '-m', '--module-info'].includes(first) && link.kind !== 'ether') {
      call.err('netlink error: Operation not supported');
      return 1;
    }
    return notSimulated(call, `option ${first}`);
  },
});

const drivers: Readonly<Record<string, string>> = { ether: 'virtio_net', tap: 'tun', tun: 'tun', loopback: 'loopback' };

function driver(call: Invocation, link: LinkView): ExitCode {
  const bus: Readonly<Record<string, string>> = { tap: 'tap', tun: 'tun', bridge: 'N/A', ether: '0000:00:04.0' };
  const version: Readonly<Record<string, string>> = { tap: '1.6', tun: '1.6', bridge: '2.3', ether: '1.0.0', veth: '1.0' };
  call.out(`driver: ${drivers[link.kind] ?? link.kind}\nversion: ${version[link.kind] ?? '1.0'}\nfirmware-version: ${link.kind === 'bridge' ? 'N/A' : ''}\nexpansion-rom-version: \nbus-info: ${bus[link.kind] ?? ''}\nsupports-statistics: ${link.kind === 'veth' || link.kind === 'ether' ? 'yes' : 'no'}\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no`);
  return 0;
}

function features(call: Invocation, link: LinkView): ExitCode {
  call.out(`Features for ${link.name}:\nrx-checksumming: on\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: on\n\ttx-checksum-ipv6: off [fixed]\nscatter-gather: on\n\ttx-scatter-gather: on\ntcp-segmentation-offload: off\ngeneric-segmentation-offload: off\ngeneric-receive-offload: off`);
  return 0;
}

function statistics(call: Invocation, link: LinkView): ExitCode {
  if (link.kind !== 'veth' && link.kind !== 'ether') {
    call.err('no stats available');
    return 94;
  }
  call.out('NIC statistics:');
  if (link.kind === 'veth') call.out(`     peer_ifindex: ${link.link ?? 0}`);
  call.out(`     rx_queue_0_packets: ${link.stats.rxPackets}\n     rx_queue_0_bytes: ${link.stats.rxBytes}\n     tx_queue_0_packets: ${link.stats.txPackets}\n     tx_queue_0_bytes: ${link.stats.txBytes}`);
  return 0;
}

function settings(call: Invocation, link: LinkView): ExitCode {
  call.out(`Settings for ${link.name}:`);
  if (link.kind !== 'loopback' && link.kind !== 'bridge') {
    const speed = link.kind === 'tap' || link.kind === 'tun' ? '10Mb/s' : link.kind === 'ether' ? 'Unknown!' : '10000Mb/s';
    call.out(`\tSupported ports: [  ]\n\tSupported link modes:   Not reported\n\tSupported pause frame use: No\n\tSupports auto-negotiation: No\n\tSupported FEC modes: Not reported\n\tAdvertised link modes:  Not reported\n\tAdvertised pause frame use: No\n\tAdvertised auto-negotiation: No\n\tAdvertised FEC modes: Not reported\n\tSpeed: ${speed}\n\tDuplex: ${link.kind === 'ether' ? 'Unknown! (255)' : 'Full'}\n\tAuto-negotiation: off\n\tPort: ${link.kind === 'ether' ? 'Other' : 'Twisted Pair'}\n\tPHYAD: 0\n\tTransceiver: internal${link.kind === 'ether' ? '' : '\n\tMDI-X: Unknown'}`);
  }
  call.out(`\tLink detected: ${link.hasCarrier && link.isUp ? 'yes' : 'no'}`);
  return 0;
}
