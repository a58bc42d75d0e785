/**
 * One Debian VM on a VPC-like network: a gateway that also holds 8.8.8.8 and 1.1.1.1, and knows no way back to private ranges.
 * Guests on Google Compute Engine get a /32 on eth0 and reach everything by the gateway; the MAC is 42:01 and the address.
 * https://cloud.google.com/compute/docs/networking/network-overview
 */
import type { MachineSpec, Scenario } from './scenario.ts';

const gateway: MachineSpec = {
  name: 'internet',
  hostname: 'internet',
  image: 'gateway',
  isHidden: true,
  devices: [{ name: 'gw0', mac: '42:01:0a:8e:00:01', mtu: 1460 }],
  boot: [
    'ip link set lo up',
    'ip address add 8.8.8.8/32 dev lo',
    'ip address add 1.1.1.1/32 dev lo',
    'ip address add 10.142.0.1/20 dev gw0',
    'ip link set gw0 up',
    'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0',
  ],
};

/** Everything the course uses is installed. */
const host: MachineSpec = {
  name: 'host',
  hostname: 'debian',
  image: 'debian-vm',
  devices: [{ name: 'eth0', mac: '42:01:0a:8e:00:02', mtu: 1460 }],
  boot: [
    'ip link set lo up',
    'ip address add 10.142.0.2/32 dev eth0',
    'ip link set eth0 up',
    'ip route add 10.142.0.1 dev eth0 scope link',
    'ip route add default via 10.142.0.1 dev eth0',
  ],
};

function oneVm(id: string, title: string, change: Partial<MachineSpec> = {}): Scenario {
  return { id, title, home: 'host', machines: [gateway, { ...host, ...change }], wires: [{ ends: ['internet/gw0', 'host/eth0'], latencyUs: 120 }] };
}

export const linuxHost = oneVm('linux-host', 'A Debian VM with every tool installed');

/** For the first five minutes: a bridge to play with. */
export const vmFirst = oneVm('vm-first', 'A Debian VM with a bridge called toy0, switched off', { boot: [...host.boot, 'ip link add toy0 type bridge'] });

/** As a cloud image comes: package lists empty, the course's tools not installed; net-tools is there. */
export const vmBare = oneVm('vm-bare', 'A Debian VM as it comes from the cloud', {
  packages: { absent: ['bridge-utils', 'tcpdump', 'screen', 'conntrack'] },
  boot: [...host.boot, 'rm -rf /var/lib/apt/lists && mkdir -p /var/lib/apt/lists/partial'],
});
