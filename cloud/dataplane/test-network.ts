/** For tests: kernels plugged into a VPC as its guests and outside machines are. */
import { createWorld, type NetKernel, type SimulatedWorld } from '../../simulator/index.ts';
import { must } from '../../simulator/test-lab.ts';
import { parseIp4, parsePrefix4, type Ip4 } from '../../simulator/wire/ip4.ts';
import type { TraceEvent } from '../../simulator/world/trace.ts';
import type { FirewallRule, InstanceNic, Range, VpcData, VpcRoute } from './state.ts';
import { emptyVpc, VPC_KIND } from './state.ts';
import { vpc } from './vpc.ts';

export function ip(text: string): Ip4 {
  const address = parseIp4(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

export function range(text: string): Range {
  const prefix = parsePrefix4(text);
  if (prefix === undefined) throw new Error(`${text} is no prefix`);
  return { network: prefix.address, length: prefix.length };
}

export function macOf(address: Ip4): string {
  return ['42', '01', ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'))].join(':');
}

export interface TestNetwork {
  readonly world: SimulatedWorld;
  readonly junction: number;
  readonly data: VpcData;
  guest(name: string, address: string, change?: Partial<InstanceNic>): NetKernel;
  outside(name: string, address: string, inside?: string): NetKernel;
}

export function allow(name: string, change: Partial<FirewallRule> = {}): FirewallRule {
  return { name, networkName: 'default', direction: 'INGRESS', priority: 1000, action: 'allow', layer4: [{ protocol: undefined, ports: [] }], ranges: [range('0.0.0.0/0')], sourceTags: [], targetTags: [], ...change };
}

export function staticRoute(name: string, destination: string, nextHop: VpcRoute['nextHop'], change: Partial<VpcRoute> = {}): VpcRoute {
  return { name, networkName: 'default', range: range(destination), priority: 1000, tags: [], nextHop, ...change };
}

/** The default network of us-east1 and the internet with 8.8.8.8; everything inside may talk. */
export function testNetwork(): TestNetwork {
  const world = createWorld({ seed: 1, junctions: [vpc] });
  const data = emptyVpc('proj');
  data.subnets.push({ name: 'default', networkName: 'default', region: 'us-east1', range: range('10.142.0.0/20'), gateway: ip('10.142.0.1'), secondary: [] });
  data.routes.push(staticRoute('default-route', '0.0.0.0/0', { kind: 'internet' }));
  data.firewall.push(allow('default-allow-internal', { priority: 65534, ranges: [range('10.128.0.0/9')] }));
  data.internetHosts.push({ address: ip('8.8.8.8'), answersDns: true, distanceUs: 300, hops: 8, initialTtl: 128 });
  data.names.set('example.com', ip('93.184.216.34'));
  const junction = world.addJunction(VPC_KIND, 'vpc', data);

  const machine = (name: string, address: string, gateway: string): NetKernel => {
    const kernel = world.addKernel(name);
    must(kernel.netlink.setLink(0, 1, { up: true }));
    const eth0 = must(kernel.netlink.addLink(0, { kind: 'ether', name: 'eth0', mac: macOf(ip(address)), mtu: 1460, noQueue: true }));
    must(kernel.netlink.addAddress(0, { index: eth0, family: 'inet', address, prefixLength: 32 }));
    must(kernel.netlink.setLink(0, eth0, { up: true }));
    must(kernel.netlink.addRoute(0, { family: 'inet', destination: gateway, prefixLength: 32, scope: 'link', nextHops: [{ device: eth0 }] }, 'add'));
    must(kernel.netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway, device: eth0 }] }, 'add'));
    return kernel;
  };
  const plugIn = (kernel: NetKernel): number => world.plug(junction, { kernel, ns: 0, index: kernel.netlink.link(0, 'eth0')!.index });

  return {
    world, junction, data,
    guest(name, address, change = {}) {
      const kernel = machine(name, address, '10.142.0.1');
      data.attachments.set(plugIn(kernel), {
        kind: 'instance', instance: name, instanceId: '1', hostname: `${name}.us-east1-b.c.proj.internal`, zone: 'us-east1-b', networkName: 'default', subnetName: 'default', machineType: 'e2-medium', mac: macOf(ip(address)), gatewayMac: '42:01:0a:8e:00:01',
        address: ip(address), aliases: [], external: 0, canIpForward: false, tags: [], metadata: {}, serviceAccount: '', ...change,
      });
      return kernel;
    },
    outside(name, address, inside) {
      const own = inside ?? address;
      const kernel = machine(name, own, own.replace(/\d+$/, '1'));
      data.attachments.set(plugIn(kernel), { kind: 'outside', name, mac: macOf(ip(own)), gatewayMac: macOf(ip(own.replace(/\d+$/, '1'))), addresses: [ip(address)], inside: inside === undefined ? undefined : ip(inside), distanceUs: 10_000, hops: 10 });
      return kernel;
    },
  };
}

/** Runs the question while listening; answers it with every death and every step the network told of. */
export function traced<Value>(world: SimulatedWorld, question: () => Value): { value: Value; died: string[]; told: string[] } {
  const died: string[] = [];
  const told: string[] = [];
  world.traceSink = (event: TraceEvent) => {
    if (event.kind === 'died' && !(event.frame[12] === 0x86 && event.frame[13] === 0xdd)) died.push(event.reason);
    if (event.kind === 'junction') told.push(event.text);
  };
  const value = question();
  world.traceSink = undefined;
  return { value, died, told };
}

/** `connected`, `refused` or `timeout` after four virtual seconds. */
export function connects(world: SimulatedWorld, from: NetKernel, address: string, port: number): string {
  const socket = must(from.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
  from.sockets.connect(socket, { address, port });
  const untilUs = world.nowUs + 4_000_000;
  while ((world.nextEventUs() ?? Infinity) <= untilUs && !from.sockets.readiness(socket).writable && !from.sockets.readiness(socket).error) world.step();
  const { writable } = from.sockets.readiness(socket);
  world.runUntil(world.nowUs + 20_000);
  const error = from.sockets.takeError(socket);
  from.sockets.close(socket);
  return error === 'ECONNREFUSED' ? 'refused' : error !== undefined ? error : writable ? 'connected' : 'timeout';
}

export function listens(kernel: NetKernel, port: number): number {
  const socket = must(kernel.sockets.open(0, { type: 'tcp', family: 'inet' }, 0));
  must(kernel.sockets.bind(socket, { address: '0.0.0.0', port }));
  must(kernel.sockets.listen(socket, 64));
  return socket;
}
