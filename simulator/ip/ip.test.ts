import { describe, expect, it } from 'vitest';
import { address, capture, captured, courseLab, must, outcome, ping, route } from '../test-lab.ts';
import { createWorld } from '../world/world.ts';
import { restore } from '../netfilter/restore.ts';
import type { LinkIndex, NetKernel, NetnsId, RouteSpec } from '../kernel/api.ts';
import * as ipv4 from '../wire/ipv4.ts';

/** red - router - blue, each in its own namespace. */
function threeNamespaces(): { world: ReturnType<typeof createWorld>; kernel: NetKernel; red: NetnsId; router: NetnsId; blue: NetnsId; r1: LinkIndex } {
  const world = createWorld({ seed: 1 });
  const kernel = world.addKernel('vm');
  const [red, router, blue] = [kernel.namespaces.create(), kernel.namespaces.create(), kernel.namespaces.create()] as [NetnsId, NetnsId, NetnsId];
  const wire = (ns: NetnsId, name: string, network: string): LinkIndex => {
    const host = must(kernel.netlink.addLink(ns, { kind: 'veth', name: 'eth0', up: true, peer: { name, netns: router, up: true } }));
    address(kernel, ns, host, `${network}.2/24`);
    const far = kernel.netlink.link(router, name)!.index;
    address(kernel, router, far, `${network}.1/24`);
    must(kernel.netlink.setLink(ns, 1, { up: true }));
    route(kernel, ns, 'default', `${network}.1`);
    return far;
  };
  wire(red, 'r0', '10.1.0');
  const r1 = wire(blue, 'r1', '10.2.0');
  must(kernel.sysctl.set(router, 'net/ipv4/ip_forward', '1'));
  for (const ns of [red, router, blue]) must(kernel.sysctl.set(ns, 'net/ipv4/icmp_ratelimit', '0'));
  world.runUntil(3_000_000);
  return { world, kernel, red, router, blue, r1 };
}

describe('IPv4', () => {
  it('forwards, counting the time to live down, and says when it is over', () => {
    const { world, kernel, red, router } = threeNamespaces();
    expect(ping(world, kernel, red, '10.2.0.2').reply).toEqual({ from: '10.2.0.2', ttl: 63 });
    expect(ping(world, kernel, red, '10.2.0.1').reply).toEqual({ from: '10.2.0.1', ttl: 64 });
    expect(ping(world, kernel, red, '10.2.0.2', { ttl: 1 }).error).toBe('EHOSTUNREACH from 10.1.0.1 11/0 info 0');
    must(kernel.sysctl.set(router, 'net/ipv4/ip_forward', '0'));
    expect(ping(world, kernel, red, '10.2.0.2').reply).toBeUndefined();
    expect(ping(world, kernel, red, '10.2.0.1').reply).toBeDefined();
  });

  it('discovers the path MTU, fragments what may be fragmented, and puts it together again', () => {
    const { world, kernel, red, blue, router, r1 } = threeNamespaces();
    must(kernel.netlink.setLink(router, r1, { mtu: 1300 }));
    must(kernel.netlink.setLink(blue, kernel.netlink.link(blue, 'eth0')!.index, { mtu: 1300 }));
    expect(ping(world, kernel, red, '10.1.0.1', { size: 1472, dontFragment: true }).reply).toBeDefined();
    expect(ping(world, kernel, red, '10.1.0.1', { size: 1473, dontFragment: true }).error).toBe('EMSGSIZE');
    expect(ping(world, kernel, red, '10.2.0.2', { size: 1400, dontFragment: true }).error).toBe('EMSGSIZE from 10.1.0.1 3/4 info 1300');
    expect(must(kernel.netlink.lookupRoute(red, { family: 'inet', to: '10.2.0.2' })).mtu).toBe(1300);
    expect(ping(world, kernel, red, '10.2.0.2', { size: 1400 }).reply).toBeDefined();
    expect(ping(world, kernel, red, '10.2.0.2', { size: 1272, dontFragment: true }).reply).toBeDefined();
    expect(ping(world, kernel, red, '10.2.0.2', { size: 9000 }).reply).toBeDefined();
  });

  it('answers for a silent neighbour after three seconds, from the host itself', () => {
    const { world, vm, demo } = courseLab();
    const failed = ping(world, vm, demo, '192.168.255.77');
    expect(failed.error).toBe('EHOSTUNREACH from 192.168.255.2 3/1 info 0');
    expect(failed.tookUs).toBeGreaterThanOrEqual(3_000_000);
    expect(failed.tookUs).toBeLessThan(3_001_000);
    expect(vm.netlink.neighbours(demo, 'inet').find((one) => one.address === '192.168.255.77')!.state).toBe('FAILED');
  });

  it('answers ARP by any device, but the echo by the route: a port outside its bridge is heard and cannot be answered', () => {
    const { world, vm, demo, veth0, cbr0 } = courseLab();
    const out = (ms: number): void => world.runUntil(world.nowUs + ms * 1000);
    must(vm.netlink.setLink(0, veth0, { up: false }));
    out(1050);
    must(vm.netlink.setLink(0, veth0, { up: true }));
    out(10);
    must(vm.netlink.setLink(0, veth0, { master: 0 }));
    out(300);
    // Out of the bridge, veth0 answers for the bridge's address; the echo's answer leaves by cbr0, which has no port.
    const socket = must(vm.sockets.open(demo, { type: 'ping', family: 'inet' }, 0));
    must(vm.sockets.send(socket, new Uint8Array([8, 0, 0, 0, 0, 0, 0, 1]), { address: '192.168.255.1', port: 0 }));
    out(1000);
    expect(vm.sockets.receiveDatagram(socket).ok).toBe(false);
    must(vm.netlink.setLink(0, veth0, { master: cbr0 }));
    out(300);
    expect(vm.netlink.neighbours(demo, 'inet')[0]!.mac).toBe('02:00:00:00:00:10');
    expect(ping(world, vm, demo, '192.168.255.1').reply).toBeDefined();
  });

  it('confirms, ages and probes a neighbour', () => {
    const { world, vm, demo } = courseLab();
    const state = (): string => vm.netlink.neighbours(demo, 'inet')[0]!.state;
    ping(world, vm, demo, '192.168.255.1');
    expect(state()).toBe('REACHABLE');
    world.runUntil(world.nowUs + 50_000_000);
    expect(state()).toBe('STALE');
    ping(world, vm, demo, '192.168.255.1');
    expect(state()).toBe('DELAY');
    world.runUntil(world.nowUs + 6_000_000);
    expect(state()).toBe('REACHABLE');
  });

  it('limits errors to one a second and destination, six at once', () => {
    const { world, kernel, red, router } = threeNamespaces();
    must(kernel.sysctl.set(router, 'net/ipv4/icmp_ratelimit', '1000'));
    const answered = Array.from({ length: 12 }, () => {
      const socket = must(kernel.sockets.open(red, { type: 'udp', family: 'inet' }, 0));
      must(kernel.sockets.connect(socket, { address: '10.1.0.1', port: 9 }));
      must(kernel.sockets.send(socket, new Uint8Array(1)));
      world.runUntil(world.nowUs + 1000);
      return kernel.sockets.takeError(socket) === 'ECONNREFUSED';
    });
    expect(answered.filter(Boolean)).toHaveLength(6);
  });

  it('drops what cannot have come that way when rp_filter is strict, and local sources always', () => {
    const { world, kernel, red, router } = threeNamespaces();
    const reasons: string[] = [];
    world.traceSink = (event) => {
      if (event.kind === 'died') reasons.push(event.reason);
    };
    must(kernel.netlink.addAddress(red, { index: 1, family: 'inet', address: '172.31.0.1', prefixLength: 32 }));
    const sendFrom = (source: string): void => {
      const socket = must(kernel.sockets.open(red, { type: 'udp', family: 'inet' }, 0));
      must(kernel.sockets.setOptions(socket, { freeBind: true }));
      must(kernel.sockets.bind(socket, { address: source, port: 0 }));
      const sent = kernel.sockets.send(socket, new Uint8Array(1), { address: '10.2.0.2', port: 9 });
      expect(outcome(sent)).toBe('ok');
      world.runUntil(world.nowUs + 10_000);
    };
    // The neighbour is known already: strict filtering would leave the question itself unanswered.
    ping(world, kernel, red, '10.2.0.2');
    must(kernel.sysctl.set(router, 'net/ipv4/conf/all/rp_filter', '1'));
    sendFrom('172.31.0.1');
    expect(reasons).toContain('rp_filter: an answer to 172.31.0.1 would not leave by r0');
    must(kernel.netlink.addAddress(red, { index: 1, family: 'inet', address: '10.2.0.1', prefixLength: 32 }));
    must(kernel.sysctl.set(router, 'net/ipv4/conf/all/rp_filter', '0'));
    sendFrom('10.2.0.1');
    expect(reasons).toContain('martian source 10.2.0.1: it cannot have come from outside');
  });

  it('hears its own broadcast, and needs permission to send one', () => {
    const { world, vm, demo } = courseLab();
    const receiver = must(vm.sockets.open(demo, { type: 'udp', family: 'inet' }, 0));
    must(vm.sockets.bind(receiver, { address: '0.0.0.0', port: 7777 }));
    const sender = must(vm.sockets.open(0, { type: 'udp', family: 'inet' }, 0));
    expect(outcome(vm.sockets.send(sender, new Uint8Array(1), { address: '192.168.255.255', port: 7777 }))).toBe('EACCES');
    must(vm.sockets.setOptions(sender, { broadcast: true }));
    must(vm.sockets.send(sender, new Uint8Array(1), { address: '192.168.255.255', port: 7777 }));
    world.runUntil(world.nowUs + 1000);
    expect(must(vm.sockets.receiveDatagram(receiver)).from!.address).toBe('192.168.255.1');
  });

  it('sends a redirect when the way leads back to the same link', () => {
    const { world, vm, demo, veth1 } = courseLab();
    must(vm.sysctl.set(0, 'net/ipv4/ip_forward', '1'));
    must(vm.netlink.addRoute(0, { family: 'inet', destination: '10.77.0.0', prefixLength: 24, nextHops: [{ gateway: '192.168.255.9' }] }, 'add'));
    const socket = capture(vm, demo, veth1);
    ping(world, vm, demo, '10.77.0.1');
    const types = captured(vm, socket).filter((one) => one.bytes[12] === 8 && one.bytes[13] === 0 && ipv4.protocol(one.bytes, 14) === 1).map((one) => one.bytes[34]);
    expect(types).toContain(5);
  });
});

describe('addresses and routes', () => {
  it('come and go together', () => {
    const { vm, cbr0 } = courseLab();
    const main = (): string[] => vm.netlink.routes(0, 'inet', 254).map((one) => `${one.destination}/${one.prefixLength}`);
    expect(main()).toEqual(['0.0.0.0/0', '10.142.0.1/32', '192.168.255.0/24']);
    must(vm.netlink.addAddress(0, { index: cbr0, family: 'inet', address: '192.168.255.7', prefixLength: 24 }));
    expect(vm.netlink.addresses(0, 'inet').find((one) => one.address === '192.168.255.7')!.isSecondary).toBe(true);
    must(vm.netlink.setLink(0, cbr0, { up: false }));
    expect(main()).toEqual(['0.0.0.0/0', '10.142.0.1/32']);
    must(vm.netlink.setLink(0, cbr0, { up: true }));
    expect(main()).toContain('192.168.255.0/24');
    must(vm.netlink.deleteAddress(0, { index: cbr0, family: 'inet', address: '192.168.255.1', prefixLength: 24 }));
    expect(vm.netlink.addresses(0, 'inet').filter((one) => one.index === cbr0)).toEqual([]);
    expect(main()).not.toContain('192.168.255.0/24');
  });

  it('are refused in the kernel\'s words', () => {
    const { vm, eth0, cbr0 } = courseLab();
    const { netlink } = vm;
    const add = (spec: Partial<RouteSpec>): string => outcome(netlink.addRoute(0, { family: 'inet', destination: '10.9.0.0', prefixLength: 24, nextHops: [], ...spec }, 'add'));
    const table: [string, string][] = [
      [add({ destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway: '10.142.0.1' }] }), 'EEXIST'],
      [add({ nextHops: [{ gateway: '172.31.0.1' }] }), 'ENETUNREACH Nexthop has invalid gateway'],
      [add({ destination: '10.9.0.1', nextHops: [{ device: eth0 }] }), 'EINVAL Invalid prefix for given prefix length'],
      [add({}), 'ENODEV'],
      [outcome(netlink.deleteRoute(0, { family: 'inet', destination: '10.9.0.0', prefixLength: 24, nextHops: [] })), 'ESRCH'],
      [outcome(netlink.addAddress(0, { index: cbr0, family: 'inet', address: '192.168.255.1', prefixLength: 24 })), 'EEXIST ipv4: Address already assigned'],
      [outcome(netlink.deleteAddress(0, { index: cbr0, family: 'inet', address: '10.0.0.9', prefixLength: 24 })), 'EADDRNOTAVAIL ipv4: Address not found'],
      [outcome(netlink.deleteRule(0, { family: 'inet', from: { address: '1.2.3.4', prefixLength: 32 } })), 'ENOENT'],
    ];
    for (const [found, expected] of table) expect(found).toBe(expected);
  });

  it('follow policy rules', () => {
    const { vm } = courseLab();
    const { netlink } = vm;
    must(netlink.addRoute(0, { family: 'inet', destination: '203.0.113.0', prefixLength: 24, table: 100, nextHops: [{ gateway: '192.168.255.2' }] }, 'add'));
    must(netlink.addRule(0, { family: 'inet', from: { address: '192.168.255.0', prefixLength: 24 }, table: 100 }));
    expect(netlink.rules(0, 'inet').map((one) => one.priority)).toEqual([0, 32765, 32766, 32767]);
    const way = (from?: string): string => must(netlink.lookupRoute(0, { family: 'inet', to: '203.0.113.5', ...(from === undefined ? {} : { from }) })).gateway!;
    expect([way(), way('192.168.255.1')]).toEqual(['10.142.0.1', '192.168.255.2']);
  });

  it('share packets over several next hops, and end in blackholes', () => {
    const { vm } = courseLab();
    const { netlink } = vm;
    must(netlink.addRoute(0, { family: 'inet', destination: '203.0.113.0', prefixLength: 24, nextHops: [{ gateway: '192.168.255.2' }, { gateway: '192.168.255.3' }] }, 'add'));
    const ways = new Set(Array.from({ length: 40 }, (_, last) => must(netlink.lookupRoute(0, { family: 'inet', to: `203.0.113.${last + 1}` })).gateway));
    expect([...ways].sort()).toEqual(['192.168.255.2', '192.168.255.3']);
    for (const [type, expected] of [['blackhole', 'EINVAL'], ['unreachable', 'EHOSTUNREACH'], ['prohibit', 'EACCES']] as const) {
      must(netlink.addRoute(0, { family: 'inet', type, destination: '198.51.100.0', prefixLength: 24, nextHops: [] }, 'replace'));
      expect(outcome(netlink.lookupRoute(0, { family: 'inet', to: '198.51.100.1' }))).toBe(expected);
    }
  });

  it('switch forwarding for all devices at once', () => {
    const { vm } = courseLab();
    const get = (key: string): string => must(vm.sysctl.get(0, `net/ipv4/${key}`));
    must(vm.sysctl.set(0, 'net/ipv4/conf/all/forwarding', '1'));
    expect([get('ip_forward'), get('conf/eth0/forwarding'), get('conf/default/forwarding')]).toEqual(['1', '1', '1']);
    must(vm.sysctl.set(0, 'net/ipv4/conf/eth0/forwarding', '0'));
    expect([get('ip_forward'), get('conf/eth0/forwarding')]).toEqual(['1', '0']);
    expect(outcome(vm.sysctl.set(0, 'net/ipv4/ip_forward', 'x'))).toBe('EINVAL');
    expect(outcome(vm.sysctl.get(0, 'net/ipv4/nosuch'))).toBe('ENOENT');
  });
});

describe('netfilter on the way', () => {
  const load = (kernel: NetKernel, text: string): void => {
    const done = restore({ table: (name) => kernel.netfilter.table(0, 'inet', name), replaceTable: (table) => kernel.netfilter.replaceTable(0, table), deleteTable: (name) => kernel.netfilter.deleteTable(0, 'inet', name) }, text, { family: 'inet' });
    expect(done).toMatchObject({ exit: 0, stderr: '' });
  };

  it('masquerades, so that a gateway without a route back answers', () => {
    const { world, vm, demo } = courseLab();
    must(vm.sysctl.set(0, 'net/ipv4/ip_forward', '1'));
    expect(ping(world, vm, demo, '8.8.8.8').reply).toBeUndefined();
    load(vm, '*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n');
    expect(ping(world, vm, demo, '8.8.8.8').reply).toEqual({ from: '8.8.8.8', ttl: 63 });
    expect(vm.netfilter.conntrack(0)[0]!.reply.destination).toBe('10.142.0.2');
  });

  it('translates a bridged connection to another host of the same bridge, and back on its way through the bridge', () => {
    const world = createWorld({ seed: 1 });
    const vm = world.addKernel('node');
    const cbr0 = must(vm.netlink.addLink(0, { kind: 'bridge', name: 'cbr0', mac: '02:00:00:00:ff:01', up: true }));
    address(vm, 0, cbr0, '10.40.0.1/24');
    const pods = [6, 7].map((last) => {
      const ns = vm.namespaces.create();
      const veth = must(vm.netlink.addLink(0, { kind: 'veth', name: `veth${last}`, peer: { name: 'eth0', netns: ns }, master: cbr0, up: true }));
      const eth0 = vm.netlink.link(ns, 'eth0')!.index;
      address(vm, ns, eth0, `10.40.0.${last}/24`);
      must(vm.netlink.setLink(ns, eth0, { up: true }));
      must(vm.netlink.setLink(ns, 1, { up: true }));
      route(vm, ns, 'default', '10.40.0.1');
      return { ns, veth };
    });
    must(vm.sysctl.set(0, 'net/ipv4/ip_forward', '1'));
    must(vm.sysctl.set(0, 'net/bridge/bridge-nf-call-iptables', '1'));
    load(vm, '*nat\n-A PREROUTING -d 10.43.0.10/32 -p tcp --dport 80 -j DNAT --to-destination 10.40.0.6:8080\nCOMMIT\n');
    world.runUntil(3_000_000);
    const listener = must(vm.sockets.open(pods[0]!.ns, { type: 'tcp', family: 'inet' }, 0));
    must(vm.sockets.bind(listener, { address: '0.0.0.0', port: 8080 }));
    must(vm.sockets.listen(listener, 8));
    const connects = (ns: NetnsId): boolean => {
      const socket = must(vm.sockets.open(ns, { type: 'tcp', family: 'inet' }, 0));
      vm.sockets.connect(socket, { address: '10.43.0.10', port: 80 });
      world.runUntil(world.nowUs + 900_000);
      const { writable, error } = vm.sockets.readiness(socket);
      vm.sockets.close(socket);
      return writable && !error;
    };
    expect(connects(pods[1]!.ns)).toBe(true);
    expect(connects(pods[0]!.ns)).toBe(false);
    load(vm, '*nat\n-A PREROUTING -d 10.43.0.10/32 -p tcp --dport 80 -j DNAT --to-destination 10.40.0.6:8080\n-A POSTROUTING -s 10.40.0.6/32 -d 10.40.0.6/32 -j MASQUERADE\nCOMMIT\n');
    must(vm.netlink.setLink(0, pods[0]!.veth, { bridgePort: { hairpin: true } }));
    expect(connects(pods[0]!.ns)).toBe(true);
  });
});

describe('IPv6', () => {
  it('announces itself with six frames of 516 bytes when a link comes up', () => {
    const world = createWorld({ seed: 1 });
    const kernel = world.addKernel('vm');
    const va = must(kernel.netlink.addLink(0, { kind: 'veth', name: 'va', up: true, peer: { name: 'vb', up: true } }));
    world.runUntil(3_000_000);
    const { stats } = kernel.netlink.link(0, va)!;
    expect([stats.txPackets, stats.txBytes, stats.rxPackets, stats.rxBytes]).toEqual([6, 516, 6, 516]);
    expect(kernel.netlink.addresses(0, 'inet6').filter((one) => one.isTentative)).toEqual([]);
  });

  it('resolves neighbours and answers echoes', () => {
    const { world, vm, demo } = courseLab();
    const to = vm.netlink.addresses(0, 'inet6').find((one) => one.scope === 'link' && one.index === vm.netlink.link(0, 'cbr0')!.index)!.address;
    const socket = must(vm.sockets.open(demo, { type: 'ping', family: 'inet6' }, 0));
    must(vm.sockets.send(socket, new Uint8Array([128, 0, 0, 0, 0, 0, 0, 1]), { address: to, port: 0 }));
    world.runUntil(world.nowUs + 100_000);
    expect(must(vm.sockets.receiveDatagram(socket)).from!.address).toBe(to);
  });
});

describe('missing routes', () => {
  it('are reported from the bucket that other errors share: a limit of 0 leaves it empty', () => {
    const { world, kernel, red, router } = threeNamespaces();
    expect(ping(world, kernel, red, '10.99.0.1').error).toBe('ENETUNREACH from 10.1.0.1 3/0 info 0');
    expect(ping(world, kernel, red, '10.2.0.2', { ttl: 1 }).error).toBe('EHOSTUNREACH from 10.1.0.1 11/0 info 0');
    expect(ping(world, kernel, red, '10.99.0.1').error).toBeUndefined();
    must(kernel.sysctl.set(router, 'net/ipv4/icmp_ratelimit', '1000'));
    expect(ping(world, kernel, red, '10.99.0.1').error).toBe('ENETUNREACH from 10.1.0.1 3/0 info 0');
  });
});
