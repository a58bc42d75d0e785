import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../simulator/bytes.ts';
import type { NetKernel, SimulatedWorld } from '../../simulator/index.ts';
import { must, ping } from '../../simulator/test-lab.ts';
import * as dns from '../../simulator/wire/dns.ts';
import { formatIp4 } from '../../simulator/wire/ip4.ts';
import { superviseHealth } from './health.ts';
import type { LoadBalancer, VpcData } from './state.ts';
import { allow, connects, ip, listens, range, staticRoute, testNetwork, traced } from './test-network.ts';

function pings(world: SimulatedWorld, from: NetKernel, to: string): { answer: string; died: string[]; told: string[] } {
  const { value, died, told } = traced(world, () => ping(world, from, 0, to));
  return { answer: value.reply === undefined ? (value.error ?? 'silence') : `${value.reply.from} ttl=${value.reply.ttl}`, died, told };
}

describe('who reaches whom, and why not', () => {
  const allowIcmp = allow('allow-icmp', { layer4: [{ protocol: 1, ports: [] }] });
  const cases: readonly [fact: string, from: 'vm' | 'node' | 'home', to: string, answer: string, reason: string | undefined, arrange?: (data: VpcData) => void][] = [
    ['a neighbour of the same subnet', 'vm', '10.142.0.8', '10.142.0.8 ttl=64', undefined],
    ['the gateway, which answers only ARP', 'vm', '10.142.0.1', 'silence', 'the gateway of a VPC subnet answers nothing but ARP'],
    ['nobody', 'vm', '10.142.0.77', 'silence', 'no instance has the address 10.142.0.77'],
    ['the internet by 1:1 translation', 'vm', '8.8.8.8', '8.8.8.8 ttl=120', undefined],
    ['the internet without an external address', 'node', '8.8.8.8', 'silence', 'node has no external address'],
    ['an address of the internet that nobody has', 'vm', '203.0.113.9', 'silence', 'nobody on the internet answers at 203.0.113.9'],
    ['a private address nobody routes', 'vm', '10.43.246.223', 'silence', 'no route of network default leads to 10.43.246.223, and the internet does not carry private addresses'],
    ['the metadata server', 'vm', '169.254.169.254', '169.254.169.254 ttl=255', undefined],
    ['the metadata server though egress is denied', 'vm', '169.254.169.254', '169.254.169.254 ttl=255', undefined, (data) => data.firewall.unshift(allow('deny-all', { direction: 'EGRESS', action: 'deny', priority: 1 }))],
    ['out against a denying egress rule', 'vm', '8.8.8.8', 'silence', 'firewall rule deny-all denies egress', (data) => data.firewall.unshift(allow('deny-all', { direction: 'EGRESS', action: 'deny', priority: 1 }))],
    ['an instance from the internet without a rule', 'home', '35.231.0.2', 'silence', 'no firewall rule allows ingress, and the implied rule denies it'],
    ['an instance from the internet with a rule', 'home', '35.231.0.2', '35.231.0.2 ttl=54', undefined, (data) => data.firewall.unshift(allowIcmp)],
    ['an instance whose tag the rule does not name', 'home', '35.231.0.2', 'silence', 'no firewall rule allows ingress, and the implied rule denies it', (data) => data.firewall.unshift({ ...allowIcmp, targetTags: ['web'] })],
    ['a denying rule before an allowing one of the same priority', 'home', '35.231.0.2', 'silence', 'firewall rule no-ping denies ingress', (data) => data.firewall.unshift({ ...allowIcmp, name: 'no-ping', action: 'deny' }, allowIcmp)],
    ['a static route with an instance behind it that may forward', 'vm', '10.43.246.223', 'EHOSTUNREACH from 10.142.0.8 3/1 info 0', undefined, (data) => data.routes.unshift(staticRoute('to-svc', '10.43.246.223/32', { kind: 'instance', instance: 'node' }))],
    ['a static route with an instance behind it that may not', 'node', '10.44.0.1', 'silence', 'the next hop vm of route to-svc may not take packets for others (canIpForward is false)', (data) => data.routes.unshift(staticRoute('to-svc', '10.44.0.0/16', { kind: 'instance', instance: 'vm' }))],
    ['a static route to an instance that is gone', 'vm', '10.43.246.223', 'silence', 'the next hop ghost of route to-svc does not run', (data) => data.routes.unshift(staticRoute('to-svc', '10.43.246.223/32', { kind: 'instance', instance: 'ghost' }))],
    ['a static route that a tag excludes it from', 'vm', '10.43.246.223', 'silence', 'no route of network default leads to 10.43.246.223, and the internet does not carry private addresses', (data) => data.routes.unshift(staticRoute('to-svc', '10.43.246.223/32', { kind: 'instance', instance: 'node' }, { tags: ['other'] }))],
  ];
  it.each(cases)('%s (from %s to %s): %s', (_fact, from, to, answer, reason, arrange) => {
    const { world, data, guest, outside } = testNetwork();
    const machines = { vm: guest('vm', '10.142.0.2', { external: ip('35.231.0.2') }), node: guest('node', '10.142.0.8', { canIpForward: true }), home: outside('home', '104.132.154.90') };
    must(machines.node.sysctl.set(0, 'net/ipv4/ip_forward', '1'));
    must(machines.node.netlink.addRoute(0, { family: 'inet', type: 'unreachable', destination: '10.43.0.0', prefixLength: 16, nextHops: [] }, 'add'));
    arrange?.(data);
    world.runUntil(3_000_000);
    const result = pings(world, machines[from], to);
    expect(result.answer).toBe(answer);
    if (reason === undefined) expect(result.died.filter((text) => /VPC|firewall|rule|route of network/.test(text))).toEqual([]);
    else expect(result.died).toContain(reason);
  });
});

describe('the source check', () => {
  const forged = (canIpForward: boolean): string[] => {
    const { world, guest } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2'), canIpForward });
    must(vm.netlink.addAddress(0, { index: 1, family: 'inet', address: '192.168.255.2', prefixLength: 32 }));
    world.runUntil(3_000_000);
    const socket = must(vm.sockets.open(0, { type: 'ping', family: 'inet' }, 0));
    must(vm.sockets.bind(socket, { address: '192.168.255.2', port: 7 }));
    return traced(world, () => {
      must(vm.sockets.send(socket, new Uint8Array([8, 0, 0, 0, 0, 0, 0, 1]), { address: '8.8.8.8', port: 0 }));
      world.runUntil(world.nowUs + 1_000_000);
    }).died;
  };
  it('drops what does not come from the instance\'s own address', () => {
    expect(forged(false)).toEqual(['the source 192.168.255.2 is not an address of vm, which may not forward packets of others (canIpForward is false)']);
  });
  it('lets it pass with canIpForward, but the internet gateway has no external address for it', () => {
    expect(forged(true)).toEqual(['the source 192.168.255.2 is not the primary address of vm, so the internet gateway has no external address for it']);
  });
});

describe('connections', () => {
  it('come back through the firewall that let them out, and only they', () => {
    const { world, guest, outside } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    const home = outside('home', '104.132.154.90');
    listens(home, 80);
    listens(vm, 80);
    world.runUntil(3_000_000);
    expect(connects(world, vm, '104.132.154.90', 80)).toBe('connected');
    expect(connects(world, home, '35.231.0.2', 80)).toBe('timeout');
  });

  it('are forgotten after ten idle minutes', () => {
    const { world, data, guest } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    world.runUntil(3_000_000);
    ping(world, vm, 0, '8.8.8.8');
    const [flow] = data.flows.values();
    expect(Math.round((flow!.untilUs - world.nowUs) / 1e6)).toBe(600);
  });

  it('go on in a copy of the world', () => {
    const { world, guest } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    world.runUntil(3_000_000);
    const twin = world.clone();
    expect(ping(twin, twin.kernel(vm.id), 0, '8.8.8.8').reply).toEqual({ from: '8.8.8.8', ttl: 120 });
    ping(world, vm, 0, '8.8.8.8');
    expect(twin.hash()).toBe(world.hash());
  });

  it('of a machine behind a translating router show its public address', () => {
    const { world, data, guest, outside } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    const shell = outside('cloudshell', '34.75.1.2', '172.17.0.4');
    data.firewall.push(allow('ssh', { layer4: [{ protocol: 6, ports: [[22, 22]] }] }));
    const server = listens(vm, 22);
    world.runUntil(3_000_000);
    expect(connects(world, shell, '35.231.0.2', 22)).toBe('connected');
    expect(vm.sockets.remote(must(vm.sockets.accept(server)))?.address).toBe('34.75.1.2');
  });
});

describe('a load balancer', () => {
  function balanced(change: Partial<LoadBalancer> = {}): ReturnType<typeof testNetwork> & { nodes: NetKernel[]; home: NetKernel } {
    const network = testNetwork();
    const { world, data, guest, outside } = network;
    const nodes = [6, 7, 8].map((last) => guest(`node-${last}`, `10.142.0.${last}`, { external: ip(`35.231.0.${last}`), canIpForward: true }));
    const home = outside('home', '104.132.154.90');
    for (const node of nodes) {
      must(node.netlink.addRoute(0, { family: 'inet', type: 'local', destination: '35.231.121.11', prefixLength: 32, table: 255, protocol: '66', scope: 'host', preferredSource: node.netlink.addresses(0, 'inet')[1]!.address, nextHops: [{ device: 2 }] }, 'add'));
    }
    data.firewall.push(allow('k8s-fw', { layer4: [{ protocol: 6, ports: [[80, 80]] }] }));
    data.healthChecks.push({ id: 'hc', isLegacy: true, protocol: 'HTTP', port: 10256, host: '', requestPath: '/healthz', intervalUs: 2_000_000, timeoutUs: 1_000_000, healthyThreshold: 1, unhealthyThreshold: 5 });
    data.loadBalancers.push({ id: 'lb', name: 'a88c', networkName: 'default', scheme: 'EXTERNAL', address: ip('35.231.121.11'), protocol: 6, ports: [[80, 80]], affinity: 'NONE', backends: ['node-6', 'node-7', 'node-8'], healthCheck: 'hc', ...change });
    world.runUntil(3_000_000);
    return { ...network, nodes, home };
  }

  it('spreads connections and leaves destination and source as they are', () => {
    const { world, nodes, home } = balanced();
    const servers = nodes.map((node) => listens(node, 80));
    for (let i = 0; i < 24; i += 1) expect(connects(world, home, '35.231.121.11', 80)).toBe('connected');
    const counts = nodes.map((node, at) => {
      let count = 0;
      for (let accepted = node.sockets.accept(servers[at]!); accepted.ok; accepted = node.sockets.accept(servers[at]!)) {
        expect(node.sockets.local(accepted.value)).toEqual({ address: '35.231.121.11', port: 80 });
        expect(node.sockets.remote(accepted.value)!.address).toBe('104.132.154.90');
        count += 1;
      }
      return count;
    });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(24);
    expect(counts.every((count) => count > 0)).toBe(true);
  });

  it('sends one client to one backend with affinity CLIENT_IP', () => {
    const { world, nodes, home } = balanced({ affinity: 'CLIENT_IP' });
    const servers = nodes.map((node) => listens(node, 80));
    for (let i = 0; i < 6; i += 1) expect(connects(world, home, '35.231.121.11', 80)).toBe('connected');
    expect(nodes.filter((node, at) => node.sockets.accept(servers[at]!).ok)).toHaveLength(1);
  });

  it('forwards nothing but its ports', () => {
    const { world, nodes, home } = balanced();
    for (const node of nodes) listens(node, 10256);
    const { value, died } = traced(world, () => connects(world, home, '35.231.121.11', 10256));
    expect(value).toBe('timeout');
    expect(died).toContain('forwarding rule a88c takes TCP to port 80 only');
  });

  it('probes each backend at its own address from 169.254.169.254, and avoids those that do not answer', () => {
    const { world, data, junction, nodes, home } = balanced();
    superviseHealth(world.junction(junction));
    const servers = nodes.map((node) => listens(node, 10256));
    const answer = utf8('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const requests: string[] = [];
    const serve = (which: readonly number[]): void => {
      for (const at of which) {
        const node = nodes[at]!;
        const accepted = node.sockets.accept(servers[at]!);
        if (!accepted.ok) continue;
        world.runUntil(world.nowUs + 1_000);
        const got = node.sockets.receive(accepted.value, 1000);
        if (got.ok) requests.push(`${node.sockets.remote(accepted.value)!.address} > ${node.sockets.local(accepted.value)!.address} ${fromUtf8(got.value).split('\r\n')[0]!}`);
        node.sockets.send(accepted.value, answer);
        world.runUntil(world.nowUs + 1_000);
        node.sockets.close(accepted.value);
      }
    };
    const states = (): string[] => [...data.health].map(([key, { isHealthy }]) => `${key} ${isHealthy ? 'up' : 'down'}`).sort();
    for (let i = 0; i < 100; i += 1) {
      world.runUntil(world.nowUs + 50_000);
      serve([0, 1, 2]);
    }
    expect(states()).toEqual(['lb node-6 up', 'lb node-7 up', 'lb node-8 up']);
    expect(new Set(requests)).toEqual(new Set(['169.254.169.254 > 35.231.121.11 GET /healthz HTTP/1.1']));
    for (let i = 0; i < 400; i += 1) {
      world.runUntil(world.nowUs + 50_000);
      serve([0]);
    }
    expect(states()).toEqual(['lb node-6 up', 'lb node-7 down', 'lb node-8 down']);
    const listener = listens(nodes[0]!, 80);
    for (let i = 0; i < 5; i += 1) expect(connects(world, home, '35.231.121.11', 80)).toBe('connected');
    expect(nodes[0]!.sockets.accept(listener).ok).toBe(true);
  });
});

describe('the metadata server', () => {
  function ask(path: string, headers = 'Metadata-Flavor: Google\r\n'): string {
    const { world, guest } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2'), metadata: { 'cluster-name': 'lab' } });
    world.runUntil(3_000_000);
    const socket = must(vm.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
    vm.sockets.connect(socket, { address: '169.254.169.254', port: 80 });
    world.runUntil(world.nowUs + 100_000);
    must(vm.sockets.send(socket, utf8(`GET ${path} HTTP/1.1\r\nHost: metadata\r\n${headers}Connection: close\r\n\r\n`)));
    world.runUntil(world.nowUs + 100_000);
    const text = fromUtf8(must(vm.sockets.receive(socket, 100_000)));
    return `${text.split('\r\n')[0]!.slice(9)} | ${text.slice(text.indexOf('\r\n\r\n') + 4)}`;
  }
  it.each([
    ['/computeMetadata/v1/instance/name', '200 OK | vm'],
    ['/computeMetadata/v1/instance/network-interfaces/0/access-configs/0/external-ip', '200 OK | 35.231.0.2'],
    ['/computeMetadata/v1/instance/attributes/', '200 OK | cluster-name\n'],
    ['/computeMetadata/v1/project/?recursive=true', '200 OK | {"attributes":{},"numericProjectId":0,"projectId":"proj"}'],
  ])('%s', (path, answer) => {
    expect(ask(path)).toBe(answer);
  });
  it('refuses who does not say the magic header, and does not know everything', () => {
    expect(ask('/computeMetadata/v1/instance/name', '')).toMatch(/^403 Forbidden/);
    expect(ask('/computeMetadata/v1/instance/nothing')).toMatch(/^404 Not Found/);
  });

  it.each([
    ['169.254.169.254', 'metadata.google.internal', '169.254.169.254'],
    ['169.254.169.254', 'vm.us-east1-b.c.proj.internal', '10.142.0.2'],
    ['169.254.169.254', 'example.com', '93.184.216.34'],
    ['8.8.8.8', 'example.com', '93.184.216.34'],
    ['8.8.8.8', 'vm.us-east1-b.c.proj.internal', 'code 3'],
  ])('%s resolves %s: %s', (server, name, answer) => {
    const { world, guest } = testNetwork();
    const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    world.runUntil(3_000_000);
    const socket = must(vm.sockets.open(0, { type: 'udp', family: 'inet' }, 0));
    must(vm.sockets.send(socket, dns.emit(dns.query(9, name, dns.TYPE_A)), { address: server, port: 53 }));
    world.runUntil(world.nowUs + 100_000);
    const reply = dns.parse(must(vm.sockets.receiveDatagram(socket)).bytes);
    if (typeof reply === 'string') throw new Error(reply);
    const [record] = reply.answers;
    expect(record?.data.kind === 'a' ? formatIp4(record.data.address) : `code ${reply.responseCode}`).toBe(answer);
  });

  it.each([['metadata.google.internal', '169.254.169.254'], ['example.com', '93.184.216.34'], ['vm.us-east1-b.c.proj.internal', 'code 3']])('resolves for Cloud Shell, which is outside the network: %s: %s', (name, answer) => {
    const { world, guest, outside } = testNetwork();
    guest('vm', '10.142.0.2', { external: ip('35.231.0.2') });
    const shell = outside('cloudshell', '35.196.118.42', '172.17.0.4');
    world.runUntil(3_000_000);
    const socket = must(shell.sockets.open(0, { type: 'udp', family: 'inet' }, 0));
    must(shell.sockets.send(socket, dns.emit(dns.query(9, name, dns.TYPE_A)), { address: '169.254.169.254', port: 53 }));
    world.runUntil(world.nowUs + 100_000);
    const reply = dns.parse(must(shell.sockets.receiveDatagram(socket)).bytes);
    if (typeof reply === 'string') throw new Error(reply);
    const [record] = reply.answers;
    expect(record?.data.kind === 'a' ? formatIp4(record.data.address) : `code ${reply.responseCode}`).toBe(answer);
  });
});

it('names the routes and rules a traced packet meets', () => {
  const { world, guest } = testNetwork();
  const vm = guest('vm', '10.142.0.2', { external: ip('35.231.0.2'), aliases: [range('10.40.0.0/24')] });
  guest('other', '10.142.0.3');
  world.runUntil(3_000_000);
  expect(pings(world, vm, '10.142.0.3').told.slice(0, 3)).toEqual([
    'No egress rule of the firewall is about it; the implied rule allows it at vm.',
    'The route of subnet default leads to 10.142.0.3.',
    'Firewall rule default-allow-internal (priority 65534) allows ingress at other.',
  ]);
});
