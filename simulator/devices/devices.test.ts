import { describe, expect, it } from 'vitest';
import { address, capture, captured, courseLab, must, outcome, ping } from '../test-lab.ts';
import { createWorld } from '../world/world.ts';
import type { LinkSpec } from '../kernel/api.ts';

function machine() {
  const world = createWorld({ seed: 1 });
  const kernel = world.addKernel('vm');
  const { netlink } = kernel;
  const add = (spec: LinkSpec, ns = 0): number => must(netlink.addLink(ns, spec));
  const show = (name: string, ns = 0): string => {
    world.runUntil(world.nowUs + 1000);
    const link = netlink.link(ns, name)!;
    return `${link.index}: ${link.name} <${link.flags.join(',')}> ${link.qdisc} ${link.operState}`;
  };
  return { world, kernel, netlink, add, show };
}

describe('links', () => {
  it('gives the veth peer the lower number, and each end its state', () => {
    const { netlink, add, show } = machine();
    const veth0 = add({ kind: 'veth', name: 'veth0', peer: { name: 'veth1' } });
    expect(show('veth1')).toBe('2: veth1 <BROADCAST,MULTICAST> noop DOWN');
    must(netlink.setLink(0, veth0, { up: true }));
    expect(show('veth0')).toBe('3: veth0 <NO-CARRIER,BROADCAST,MULTICAST,UP> noqueue LOWERLAYERDOWN');
    must(netlink.setLink(0, 2, { up: true }));
    expect(show('veth0')).toBe('3: veth0 <BROADCAST,MULTICAST,UP,LOWER_UP> noqueue UP');
    must(netlink.deleteLink(0, 2));
    expect(netlink.links(0).map((link) => link.name)).toEqual(['lo']);
  });

  it('moves a veth end: the number stays if free, addresses go, the peer loses carrier, namespaces number each other', () => {
    const { kernel, netlink, add, show } = machine();
    const veth0 = add({ kind: 'veth', name: 'veth0', peer: { name: 'veth1' } });
    must(netlink.setLink(0, veth0, { up: true }));
    must(netlink.setLink(0, 2, { up: true }));
    address(kernel, 0, 2, '10.0.0.1/24');
    const ns = kernel.namespaces.create();
    expect(netlink.netnsId(0, ns)).toBeUndefined();
    must(netlink.setLink(0, 2, { netns: ns }));
    expect(show('veth1', ns)).toBe('2: veth1 <BROADCAST,MULTICAST> noop DOWN');
    expect(netlink.addresses(ns)).toEqual([]);
    expect(show('veth0')).toBe('3: veth0 <NO-CARRIER,BROADCAST,MULTICAST,UP> noqueue DOWN');
    expect([netlink.netnsId(0, ns), netlink.netnsId(ns, 0), netlink.link(0, 'veth0')!.linkNetnsId]).toEqual([0, 0, 0]);
    kernel.namespaces.destroy(ns);
    expect(netlink.link(0, 'veth0')).toBeUndefined();
  });

  it('refuses what the kernel refuses, in its words', () => {
    const { kernel, netlink, add } = machine();
    const br0 = add({ kind: 'bridge', name: 'br0' });
    const dummy = add({ kind: 'dummy', name: 'dummy0' });
    const table: [string, string][] = [
      [outcome(netlink.addLink(0, { kind: 'bridge', name: 'br0' })), 'EEXIST'],
      [outcome(netlink.addLink(0, { kind: 'bridge', name: 'averyverylongname0' })), 'ERANGE Attribute failed policy validation'],
      [outcome(netlink.addLink(0, { kind: 'bridge', name: 'a/b' })), 'EINVAL'],
      [outcome(netlink.setLink(0, br0, { master: br0 })), 'ELOOP Can not enslave a bridge to a bridge'],
      [outcome(netlink.setLink(0, 1, { master: br0 })), 'EINVAL'],
      [outcome(netlink.setLink(0, 99, { up: true })), 'ENODEV'],
      [outcome(netlink.deleteLink(0, 1)), 'EOPNOTSUPP'],
      [outcome(netlink.setLink(0, dummy, { mtu: 20 })), 'EINVAL mtu less than device minimum'],
      [outcome(netlink.setLink(0, br0, { mtu: 70000 })), 'EINVAL mtu greater than device maximum'],
      [outcome(netlink.setLink(0, dummy, { mac: '01:00:5e:00:00:01' })), 'EADDRNOTAVAIL'],
      [outcome(netlink.setLink(0, 1, { netns: kernel.namespaces.create() })), 'EINVAL The interface netns is immutable'],
      [outcome(netlink.addLink(0, { kind: 'vlan', name: 'v', link: dummy })), 'EINVAL 8021q: VLAN id not specified'],
    ];
    for (const [found, expected] of table) expect(found).toBe(expected);
  });

  it('lets a tap without a program have no carrier', () => {
    const { netlink, add, show } = machine();
    const tap = add({ kind: 'tap', name: 'tap0' });
    must(netlink.setLink(0, tap, { up: true }));
    expect(show('tap0')).toBe('2: tap0 <NO-CARRIER,BROADCAST,MULTICAST,UP> pfifo_fast DOWN');
  });
});

describe('a bridge', () => {
  it('is UNKNOWN with a random address until an address is chosen or a port joins', () => {
    const { netlink, add, show } = machine();
    const br0 = add({ kind: 'bridge', name: 'br0' });
    must(netlink.setLink(0, br0, { up: true }));
    expect(show('br0')).toBe('2: br0 <BROADCAST,MULTICAST,UP,LOWER_UP> noqueue UNKNOWN');
    const br1 = add({ kind: 'bridge', name: 'br1', mac: '02:00:00:00:ff:01' });
    must(netlink.setLink(0, br1, { up: true }));
    expect(show('br1')).toBe('3: br1 <NO-CARRIER,BROADCAST,MULTICAST,UP> noqueue DOWN');
  });

  it('takes the lowest address of its ports, even of idle taps, and zeros when the last one leaves', () => {
    const { netlink, add } = machine();
    const taps = ['02:00:00:00:00:21', '02:00:00:00:00:20'].map((mac, at) => add({ kind: 'tap', name: `tap${at}`, mac }));
    const br0 = add({ kind: 'bridge', name: 'br0' });
    const mac = (): string => netlink.link(0, 'br0')!.mac;
    must(netlink.setLink(0, taps[0]!, { master: br0 }));
    expect(mac()).toBe('02:00:00:00:00:21');
    must(netlink.setLink(0, taps[1]!, { master: br0 }));
    expect(mac()).toBe('02:00:00:00:00:20');
    must(netlink.setLink(0, taps[1]!, { master: 0 }));
    expect(mac()).toBe('02:00:00:00:00:21');
    must(netlink.setLink(0, taps[0]!, { master: 0 }));
    expect(mac()).toBe('00:00:00:00:00:00');
  });

  it('learns from what hosts say unasked, floods the unknown, forwards the known, and forgets after ageing', () => {
    const { world, vm, cbr0 } = courseLab();
    const fdb = (): string[] => vm.netlink.fdb(0).filter((one) => one.master === cbr0 && !one.isLocal).map((one) => one.mac);
    expect(fdb()).toEqual(['02:00:00:00:00:11']);
    must(vm.netlink.setLink(0, cbr0, { bridge: { ageingMs: 1000 } }));
    world.runUntil(world.nowUs + 30_000_000);
    expect(fdb()).toEqual([]);
    expect(ping(world, vm, 0, '192.168.255.2').reply).toBeDefined();
    expect(fdb()).toEqual(['02:00:00:00:00:11']);
  });

  it('does not send a frame back by the port it came by, unless hairpin is on', () => {
    const { world, vm, demo, veth0, veth1 } = courseLab();
    const frame = new Uint8Array(60);
    frame.set([0x02, 0, 0, 0, 0, 0x11, 0x02, 0, 0, 0, 0, 0x11, 0x88, 0xb5]);
    const seen = (): number => {
      const socket = capture(vm, demo, veth1);
      const sender = must(vm.sockets.open(demo, { type: 'packet', protocol: 0 }, 0));
      must(vm.sockets.bindDevice(sender, veth1));
      must(vm.sockets.send(sender, frame));
      world.runUntil(world.nowUs + 1000);
      return captured(vm, socket).filter((one) => one.direction !== 'out').length;
    };
    expect(seen()).toBe(0);
    must(vm.netlink.setLink(0, veth0, { bridgePort: { hairpin: true } }));
    expect(seen()).toBe(1);
  });

  it('would clear its table when the first entry ages, then after another ageing time, and not while it is down', () => {
    const { world, kernel, netlink, add } = machine();
    const bridge = add({ kind: 'bridge', name: 'br0', mac: '02:00:00:00:00:aa', bridge: { ageingMs: 10_000 } });
    const port = add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } });
    must(netlink.setLink(0, port, { master: bridge }));
    const left = (): number => netlink.bridgeTimers(0, bridge).gcMs / 1000;
    expect(left()).toBe(10);
    must(netlink.setLink(0, bridge, { up: true }));
    expect(left()).toBe(0.1);
    world.runUntil(world.nowUs + 4_000_000);
    expect(left()).toBeCloseTo(6.1);
    must(kernel.netlink.addFdb(0, { link: port, mac: '02:00:00:00:00:07', master: true, kind: 'dynamic' }, 'add'));
    expect(left()).toBeCloseTo(6.1);
    world.runUntil(world.nowUs + 7_000_000);
    expect(left()).toBeCloseTo(3);
    world.runUntil(world.nowUs + 4_000_000);
    expect(left()).toBeCloseTo(9);
    must(netlink.setLink(0, bridge, { up: false }));
    expect(left()).toBe(0);
  });

  it('with the spanning tree protocol blocks one port of a loop', () => {
    const { world, netlink, add } = machine();
    const bridges = ['br0', 'br1'].map((name) => add({ kind: 'bridge', name, bridge: { stp: true } }));
    for (const [at, name] of ['a', 'b'].entries()) {
      add({ kind: 'veth', name: `${name}0`, mac: `02:00:00:00:0${at}:00`, peer: { name: `${name}1`, mac: `02:00:00:00:0${at}:01` } });
      must(netlink.setLink(0, netlink.link(0, `${name}0`)!.index, { master: bridges[0], up: true }));
      must(netlink.setLink(0, netlink.link(0, `${name}1`)!.index, { master: bridges[1], up: true }));
    }
    for (const index of bridges) must(netlink.setLink(0, index, { up: true }));
    world.runUntil(60_000_000);
    const states = netlink.bridgePorts(0).map((port) => port.state).sort();
    expect(states).toEqual(['blocking', 'forwarding', 'forwarding', 'forwarding']);
    const [first, second] = bridges.map((index) => netlink.links(0).find((link) => link.index === index)!.details);
    if (first!.kind !== 'bridge' || second!.kind !== 'bridge') throw new Error('not bridges');
    expect(first!.rootId).toBe(second!.rootId);
    expect([first!.rootPort, second!.rootPort].sort()).toEqual([0, expect.any(Number)]);
  });
});

describe('devices on devices', () => {
  it('carries tagged frames to the VLAN device of that number only', () => {
    const { world, kernel, netlink, add } = machine();
    const ns = kernel.namespaces.create();
    const left = add({ kind: 'veth', name: 'left', up: true, peer: { name: 'right', netns: ns, up: true } });
    const right = netlink.link(ns, 'right')!.index;
    const v10 = add({ kind: 'vlan', name: 'left.10', link: left, vlanId: 10, up: true });
    const w10 = add({ kind: 'vlan', name: 'right.10', link: right, vlanId: 10, up: true }, ns);
    address(kernel, 0, v10, '10.0.10.1/24');
    address(kernel, ns, w10, '10.0.10.2/24');
    world.runUntil(3_000_000);
    const onWire = capture(kernel, ns, right);
    expect(ping(world, kernel, 0, '10.0.10.2').reply).toEqual({ from: '10.0.10.2', ttl: 64 });
    expect(captured(kernel, onWire).every((one) => (one.vlan ?? 0) === 10)).toBe(true);
  });

  it('tunnels Ethernet over UDP with VXLAN, and macvlans reach the machine beside', () => {
    const { world, kernel, netlink, add } = machine();
    const ns = kernel.namespaces.create();
    const left = add({ kind: 'veth', name: 'left', up: true, peer: { name: 'right', netns: ns, up: true } });
    const right = netlink.link(ns, 'right')!.index;
    address(kernel, 0, left, '172.16.0.1/24');
    address(kernel, ns, right, '172.16.0.2/24');
    const x0 = add({ kind: 'vxlan', name: 'vx', link: left, vxlan: { id: 42, remote: '172.16.0.2', port: 4789 }, up: true });
    const x1 = add({ kind: 'vxlan', name: 'vx', link: right, vxlan: { id: 42, remote: '172.16.0.1', port: 4789 }, up: true }, ns);
    address(kernel, 0, x0, '10.5.0.1/24');
    address(kernel, ns, x1, '10.5.0.2/24');
    const mac = add({ kind: 'macvlan', name: 'mv', link: left, macvlanMode: 'bridge', netns: kernel.namespaces.create() });
    const inner = kernel.namespaces.list().find((one) => netlink.link(one, 'mv') !== undefined)!;
    must(netlink.setLink(inner, mac, { up: true }));
    address(kernel, inner, mac, '172.16.0.9/24');
    world.runUntil(3_000_000);
    expect(netlink.link(0, 'vx')!.mtu).toBe(1450);
    expect(ping(world, kernel, 0, '10.5.0.2').reply?.from).toBe('10.5.0.2');
    expect(ping(world, kernel, inner, '172.16.0.2').reply?.from).toBe('172.16.0.2');
  });

  it('delays and loses by netem', () => {
    const { world, vm, eth0 } = courseLab();
    ping(world, vm, 0, '8.8.8.8');
    must(vm.netlink.setQdisc(0, eth0, { delayUs: 50_000 }));
    expect(vm.netlink.link(0, 'eth0')!.qdisc).toBe('netem');
    expect(ping(world, vm, 0, '8.8.8.8').tookUs).toBe(50_240);
    must(vm.netlink.setQdisc(0, eth0, { lossPercent: 100 }));
    expect(ping(world, vm, 0, '8.8.8.8').reply).toBeUndefined();
  });

  it('lets a token bucket send a burst at once, what waits at its rate, and no more than its limit', () => {
    const { world, vm, eth0 } = courseLab();
    ping(world, vm, 0, '8.8.8.8');
    const plainUs = ping(world, vm, 0, '8.8.8.8').tookUs!;
    // 98 bytes a frame: one goes at once, the next when 98 bytes have been earned at 9800 bytes a second.
    must(vm.netlink.setQdisc(0, eth0, { kind: 'tbf', rateBytesPerSecond: 9800, burstNs: 10_000_000, limit: 200 }));
    expect(vm.log.records().at(-1)!.text).toBe('sch_tbf: burst 98 is lower than device eth0 mtu (1474) !');
    expect(vm.netlink.link(0, 'eth0')!.qdisc).toBe('tbf');
    expect(ping(world, vm, 0, '8.8.8.8').tookUs).toBe(plainUs);
    expect(ping(world, vm, 0, '8.8.8.8').tookUs).toBeGreaterThan(9000);
    expect(vm.netlink.qdisc(0, eth0)).toMatchObject({ kind: 'tbf', handle: 0x8001, sentBytes: 196, sentPackets: 2, overlimits: 1, backlogPackets: 0, backlogBytes: 0, dropped: 0 });
    must(vm.netlink.setQdisc(0, eth0, { kind: 'tbf', rateBytesPerSecond: 9800, burstNs: 9_000_000, limit: 200 }));
    expect(ping(world, vm, 0, '8.8.8.8').reply).toBeUndefined();
    expect(vm.netlink.qdisc(0, eth0)).toMatchObject({ handle: 0x8001, dropped: 1 });
    must(vm.netlink.setQdisc(0, eth0, { kind: 'pfifo' }));
    expect(vm.netlink.qdisc(0, eth0)).toMatchObject({ kind: 'pfifo', handle: 0x8002, queue: { limit: 1000 }, sentPackets: 0 });
    must(vm.netlink.setQdisc(0, eth0, undefined));
    expect(vm.netlink.qdisc(0, eth0)).toMatchObject({ kind: 'pfifo_fast', handle: 0 });
  });
});
