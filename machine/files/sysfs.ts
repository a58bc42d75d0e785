/** /sys/class/net as the namespace of the one who looks has it. Read first: Documentation/ABI/testing/sysfs-class-net, net/bridge/br_sysfs_br.c */
import { fail, ok } from '../../simulator/result.ts';
import type { Result } from '../../simulator/result.ts';
import type { BridgePortView, LinkStats, LinkView } from '../../simulator/kernel/api.ts';
import type { Machine } from '../machine.ts';
import type { Process } from '../process.ts';
import type { FileSystem, Inode } from './inode.ts';
import { SyntheticNodes } from './synthetic.ts';

interface Attribute { readonly mode: number; readonly read: (link: LinkView, by: Process) => Result<string>; readonly write?: (link: LinkView, by: Process, text: string) => Result }

export function mountSys(machine: Machine, at = '/sys'): void {
  machine.tree.mount(at, { type: 'sysfs', source: 'sysfs', options: 'rw,nosuid,nodev,noexec,relatime' }, (fs) => root(machine, fs));
}

const FLAG_BITS: Readonly<Record<string, number>> = { UP: 1, BROADCAST: 2, DEBUG: 4, LOOPBACK: 8, POINTOPOINT: 16, NOARP: 128, PROMISC: 256, ALLMULTI: 512, MASTER: 1024, SLAVE: 2048, MULTICAST: 4096, DYNAMIC: 32768 };
const OPERSTATE: Readonly<Record<string, string>> = { UNKNOWN: 'unknown', NOTPRESENT: 'notpresent', DOWN: 'down', LOWERLAYERDOWN: 'lowerlayerdown', TESTING: 'testing', DORMANT: 'dormant', UP: 'up' };
const PORT_STATES = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];

function root(machine: Machine, fs: FileSystem): Inode {
  const nodes = new SyntheticNodes(fs, () => machine.epochNowUs());
  const { netlink } = machine.kernel;
  const links = (by: Process): LinkView[] => netlink.links(by.netns.id);
  const plain = (read: (link: LinkView) => string | number): Attribute => ({ mode: 0o444, read: (link) => ok(`${read(link)}\n`) });
  const settable = (read: (link: LinkView) => string | number, write: NonNullable<Attribute['write']>): Attribute => ({ mode: 0o644, read: (link) => ok(`${read(link)}\n`), write });
  const whenUp = (read: (link: LinkView) => string | number): Attribute => ({ mode: 0o444, read: (link) => (link.isUp ? ok(`${read(link)}\n`) : fail('EINVAL')) });

  const attributes: Record<string, Attribute> = {
    addr_len: plain(() => 6), address: plain((link) => link.mac), broadcast: plain((link) => link.broadcast),
    carrier: whenUp((link) => (link.hasCarrier ? 1 : 0)), dev_id: plain(() => '0x0'), dormant: whenUp(() => 0), duplex: whenUp(() => 'full'),
    flags: plain((link) => `0x${link.flags.reduce((bits, flag) => bits | (FLAG_BITS[flag] ?? 0), 0).toString(16)}`),
    ifalias: settable((link) => link.alias ?? '', (link, by, text) => netlink.setLink(by.netns.id, link.index, { alias: text })),
    ifindex: plain((link) => link.index), iflink: plain((link) => link.link ?? link.index), link_mode: plain(() => 0),
    mtu: settable((link) => link.mtu, (link, by, text) => netlink.setLink(by.netns.id, link.index, { mtu: Number(text) })),
    name_assign_type: plain(() => 3), netdev_group: plain(() => 0), operstate: plain((link) => OPERSTATE[link.operState]!),
    speed: whenUp(() => 10000), tx_queue_len: settable((link) => link.txQueueLength, (link, by, text) => netlink.setLink(by.netns.id, link.index, { txQueueLength: Number(text) })),
    type: plain((link) => (link.kind === 'loopback' ? 772 : link.kind === 'tun' ? 65534 : 1)),
    uevent: plain((link) => `${link.kind === 'bridge' ? 'DEVTYPE=bridge\n' : ''}INTERFACE=${link.name}\nIFINDEX=${link.index}`),
  };
  const statistics: Record<string, keyof LinkStats> = {
    collisions: 'collisions', multicast: 'rxMulticast', rx_bytes: 'rxBytes', rx_dropped: 'rxDropped', rx_errors: 'rxErrors', rx_packets: 'rxPackets',
    tx_bytes: 'txBytes', tx_carrier_errors: 'txCarrierErrors', tx_dropped: 'txDropped', tx_errors: 'txErrors', tx_packets: 'txPackets',
  };
  type Bridge = Extract<LinkView['details'], { kind: 'bridge' }>;
  const ofBridge = (read: (bridge: Bridge) => string | number, change?: (value: number) => NonNullable<Parameters<typeof netlink.setLink>[2]['bridge']>): Attribute => ({
    mode: change === undefined ? 0o444 : 0o644,
    read: (link) => (link.details.kind === 'bridge' ? ok(`${read(link.details)}\n`) : fail('EINVAL')),
    ...(change === undefined ? {} : { write: (link: LinkView, by: Process, text: string) => netlink.setLink(by.netns.id, link.index, { bridge: change(Number(text)) }) }),
  });
  const bridge: Record<string, Attribute> = {
    ageing_time: ofBridge((it) => it.ageingMs / 10, (value) => ({ ageingMs: value * 10 })), bridge_id: ofBridge((it) => it.bridgeId),
    forward_delay: ofBridge((it) => it.forwardDelayMs / 10, (value) => ({ forwardDelayMs: value * 10 })), group_fwd_mask: ofBridge((it) => `0x${it.groupFwdMask.toString(16)}`),
    hello_time: ofBridge((it) => it.helloTimeMs / 10, (value) => ({ helloTimeMs: value * 10 })), max_age: ofBridge((it) => it.maxAgeMs / 10, (value) => ({ maxAgeMs: value * 10 })),
    multicast_snooping: ofBridge((it) => (it.multicastSnooping ? 1 : 0), (value) => ({ multicastSnooping: value !== 0 })),
    nf_call_iptables: ofBridge((it) => (it.nfCallIptables ? 1 : 0), (value) => ({ nfCallIptables: value !== 0 })),
    priority: ofBridge((it) => it.priority, (value) => ({ priority: value })), root_id: ofBridge((it) => it.rootId), root_path_cost: ofBridge((it) => it.rootPathCost),
    root_port: ofBridge((it) => it.rootPort), stp_state: ofBridge((it) => (it.stp ? 1 : 0), (value) => ({ stp: value !== 0 })),
    topology_change: ofBridge((it) => (it.topologyChange ? 1 : 0)), vlan_filtering: ofBridge((it) => (it.vlanFiltering ? 1 : 0), (value) => ({ vlanFiltering: value !== 0 })),
  };
  const portOf = (link: LinkView, by: Process): BridgePortView | undefined => netlink.bridgePorts(by.netns.id).find((port) => port.link === link.index);
  const ofPort = (read: (port: BridgePortView) => string | number, change?: (value: number) => NonNullable<Parameters<typeof netlink.setLink>[2]['bridgePort']>): Attribute => ({
    mode: change === undefined ? 0o444 : 0o644,
    read: (link, by) => {
      const port = portOf(link, by);
      return port === undefined ? fail('ENODEV') : ok(`${read(port)}\n`);
    },
    ...(change === undefined ? {} : { write: (link: LinkView, by: Process, text: string) => netlink.setLink(by.netns.id, link.index, { bridgePort: change(Number(text)) }) }),
  });
  const flag = (on: boolean): number => (on ? 1 : 0);
  const brport: Record<string, Attribute> = {
    bpdu_guard: ofPort((port) => flag(port.guard), (value) => ({ guard: value !== 0 })), designated_bridge: ofPort((port) => port.designatedBridge), designated_cost: ofPort((port) => port.designatedCost),
    designated_port: ofPort((port) => port.designatedPort), designated_root: ofPort((port) => port.designatedRoot), hairpin_mode: ofPort((port) => flag(port.hairpin), (value) => ({ hairpin: value !== 0 })),
    isolated: ofPort((port) => flag(port.isolated), (value) => ({ isolated: value !== 0 })), learning: ofPort((port) => flag(port.learning), (value) => ({ learning: value !== 0 })),
    path_cost: ofPort((port) => port.pathCost, (value) => ({ pathCost: value })), port_id: ofPort((port) => port.portId), port_no: ofPort((port) => `0x${port.portNumber.toString(16)}`),
    priority: ofPort((port) => port.priority, (value) => ({ priority: value })), state: ofPort((port) => PORT_STATES.indexOf(port.state)), unicast_flood: ofPort((port) => flag(port.flood), (value) => ({ flood: value !== 0 })),
  };

  const attributeFile = (key: string, name: string, attribute: Attribute): Inode => nodes.file(key, attribute.mode, {
    read: (by) => {
      const link = netlink.link(by.netns.id, name);
      return link === undefined ? fail('ENODEV') : attribute.read(link, by);
    },
    ...(attribute.write === undefined ? {} : {
      write: (by: Process, text: string) => {
        const link = netlink.link(by.netns.id, name);
        if (by.uid !== 0) return fail('EPERM');
        return link === undefined ? fail('ENODEV') : attribute.write!(link, by, text);
      },
    }),
  });
  const group = (key: string, device: string, table: Record<string, Attribute>): Inode => nodes.directory(key, {
    list: () => Object.keys(table),
    lookup: (name) => (table[name] === undefined ? undefined : attributeFile(`${key}/${name}`, device, table[name])),
  });
  const device = (link: LinkView): Inode => {
    const key = `sys/net/${link.index}/${link.name}`;
    const groups: Record<string, () => Inode> = { statistics: () => group(`${key}/statistics`, link.name, Object.fromEntries(Object.entries(statistics).map(([name, field]) => [name, plain((it) => it.stats[field])]))) };
    if (link.details.kind === 'bridge') {
      const ports = link.details.ports;
      groups['bridge'] = () => group(`${key}/bridge`, link.name, bridge);
      groups['brif'] = () => nodes.directory(`${key}/brif`, {
        list: (by) => links(by).filter((port) => ports.includes(port.index)).map((port) => port.name),
        lookup: (name, by) => (links(by).some((port) => port.name === name && ports.includes(port.index)) ? nodes.link(`${key}/brif/${name}`, { target: () => ok(`../../${name}/brport`) }) : undefined),
      });
    }
    if (link.master !== undefined) {
      groups['brport'] = () => group(`${key}/brport`, link.name, brport);
      groups['master'] = () => nodes.link(`${key}/master`, { target: (by) => ok(`../${netlink.link(by.netns.id, link.master!)?.name ?? '?'}`) });
    }
    return nodes.directory(key, {
      list: () => [...Object.keys(attributes), ...Object.keys(groups)].sort(),
      lookup: (name) => groups[name]?.() ?? (attributes[name] === undefined ? undefined : attributeFile(`${key}/${name}`, link.name, attributes[name])),
    });
  };
  const devices = (key: string): Inode => nodes.directory(key, {
    list: (by) => links(by).map((link) => link.name),
    lookup: (name, by) => {
      const link = netlink.link(by.netns.id, name);
      return link === undefined ? undefined : device(link);
    },
  });
  const classNet = nodes.directory('sys/class/net', {
    list: (by) => links(by).map((link) => link.name),
    lookup: (name, by) => (netlink.link(by.netns.id, name) === undefined ? undefined : nodes.link(`sys/class/net/${name}`, { target: () => ok(`../../devices/virtual/net/${name}`) })),
  });
  const folder = (key: string, children: Record<string, () => Inode>): Inode => nodes.directory(key, { list: () => Object.keys(children), lookup: (name) => children[name]?.() });
  return folder('sys', {
    class: () => folder('sys/class', { net: () => classNet }),
    devices: () => folder('sys/devices', { virtual: () => folder('sys/devices/virtual', { net: () => devices('sys/devices/virtual/net') }) }),
    fs: () => folder('sys/fs', {}),
    module: () => folder('sys/module', {}),
  });
}
