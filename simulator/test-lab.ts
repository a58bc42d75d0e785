/** A lab for unit tests: a machine `vm` behind a gateway, with a bridge and a namespace on it, as the course's first exercise builds it. */
import { createWorld, type SimulatedWorld } from './world/world.ts';
import type { Datagram, LinkIndex, NetKernel, NetnsId, SocketId } from './kernel/api.ts';
import type { Result } from './result.ts';
import * as ipv4 from './wire/ipv4.ts';
import * as tcp from './wire/tcp.ts';

/** The value, or a failed test that shows the errno. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected success, found ${result.error} ${result.message ?? ''}`);
  return result.value;
}

/** `ENETUNREACH Nexthop has invalid gateway`, or `ok`. */
export function outcome(result: Result<unknown>): string {
  return result.ok ? 'ok' : result.message === undefined ? result.error : `${result.error} ${result.message}`;
}

export interface CourseLab { world: SimulatedWorld; vm: NetKernel; gateway: NetKernel; demo: NetnsId; eth0: LinkIndex; cbr0: LinkIndex; veth0: LinkIndex; veth1: LinkIndex }

export function address(kernel: NetKernel, ns: NetnsId, index: LinkIndex, text: string): void {
  const [host = '', length = '32'] = text.split('/');
  must(kernel.netlink.addAddress(ns, { index, family: 'inet', address: host, prefixLength: Number(length) }));
}

export function route(kernel: NetKernel, ns: NetnsId, text: string, gateway: string | undefined, device?: LinkIndex): void {
  const [host = '', length = '0'] = text === 'default' ? ['0.0.0.0', '0'] : text.split('/');
  must(kernel.netlink.addRoute(ns, { family: 'inet', destination: host, prefixLength: Number(length), nextHops: [{ gateway, device }] }, 'add'));
}

/** Settled: three virtual seconds have passed, so duplicate address detection is over. */
export function courseLab(seed = 1): CourseLab {
  const world = createWorld({ seed });
  const vm = world.addKernel('vm');
  const gateway = world.addKernel('gateway');
  must(vm.netlink.setLink(0, 1, { up: true }));
  must(gateway.netlink.setLink(0, 1, { up: true }));
  const eth0 = must(vm.netlink.addLink(0, { kind: 'ether', name: 'eth0', mac: '42:01:0a:8e:00:02', mtu: 1460 }));
  const gw0 = must(gateway.netlink.addLink(0, { kind: 'ether', name: 'gw0', mac: '42:01:0a:8e:00:01', mtu: 1460 }));
  world.connect({ kernel: vm, ns: 0, index: eth0 }, { kernel: gateway, ns: 0, index: gw0 });
  address(vm, 0, eth0, '10.142.0.2/32');
  must(vm.netlink.setLink(0, eth0, { up: true }));
  address(gateway, 0, gw0, '10.142.0.1/20');
  address(gateway, 0, 1, '8.8.8.8/32');
  must(gateway.netlink.setLink(0, gw0, { up: true }));
  route(vm, 0, '10.142.0.1/32', undefined, eth0);
  route(vm, 0, 'default', '10.142.0.1');
  const cbr0 = must(vm.netlink.addLink(0, { kind: 'bridge', name: 'cbr0' }));
  must(vm.netlink.setLink(0, cbr0, { mac: '02:00:00:00:ff:01', up: true }));
  address(vm, 0, cbr0, '192.168.255.1/24');
  const demo = vm.namespaces.create();
  const veth0 = must(vm.netlink.addLink(0, { kind: 'veth', name: 'veth0', mac: '02:00:00:00:00:10', peer: { name: 'veth1', mac: '02:00:00:00:00:11' } }));
  const veth1 = vm.netlink.link(0, 'veth1')!.index;
  must(vm.netlink.setLink(0, veth0, { up: true }));
  must(vm.netlink.setLink(0, veth0, { master: cbr0 }));
  must(vm.netlink.setLink(0, veth1, { netns: demo }));
  address(vm, demo, veth1, '192.168.255.2/24');
  must(vm.netlink.setLink(demo, veth1, { up: true }));
  must(vm.netlink.setLink(demo, 1, { up: true }));
  route(vm, demo, 'default', '192.168.255.1');
  world.runUntil(3_000_000);
  return { world, vm, gateway, demo, eth0, cbr0, veth0, veth1 };
}

export interface PingAnswer { reply?: { from: string; ttl: number }; error?: string; tookUs: number }

/** One echo request, at most four seconds of waiting. */
export function ping(world: SimulatedWorld, kernel: NetKernel, ns: NetnsId, to: string, options: { size?: number; dontFragment?: boolean; ttl?: number } = {}): PingAnswer {
  const { sockets } = kernel;
  const socket = must(sockets.open(ns, { type: 'ping', family: 'inet' }, 0));
  must(sockets.setOptions(socket, { receiveError: true, ...(options.dontFragment === true ? { pathMtuDiscovery: 'do' as const } : {}), ...(options.ttl === undefined ? {} : { ttl: options.ttl }) }));
  const startedUs = world.nowUs;
  const finish = (answer: Omit<PingAnswer, 'tookUs'>): PingAnswer => {
    sockets.close(socket);
    return { ...answer, tookUs: world.nowUs - startedUs };
  };
  const message = new Uint8Array(8 + (options.size ?? 56));
  message[0] = 8;
  const sent = sockets.send(socket, message, { address: to, port: 0 });
  if (!sent.ok) return finish({ error: sent.error });
  while ((world.nextEventUs() ?? Infinity) <= startedUs + 4_000_000) {
    world.step();
    const report = sockets.receiveErrorReport(socket);
    if (report.ok) return finish({ error: `${report.value.error} from ${report.value.offender ?? 'here'} ${report.value.type}/${report.value.code} info ${report.value.info}` });
    const datagram = sockets.receiveDatagram(socket);
    if (datagram.ok) return finish({ reply: { from: datagram.value.from!.address, ttl: datagram.value.ttl! } });
  }
  return finish({});
}

export function capture(kernel: NetKernel, ns: NetnsId, index: LinkIndex): SocketId {
  const socket = must(kernel.sockets.open(ns, { type: 'packet', protocol: 'all' }, 0));
  must(kernel.sockets.bindDevice(socket, index));
  return socket;
}

/** What a capture has seen since the last call. */
export function captured(kernel: NetKernel, socket: SocketId): Datagram[] {
  const frames: Datagram[] = [];
  for (;;) {
    const next = kernel.sockets.receiveDatagram(socket);
    if (!next.ok) return frames;
    frames.push(next.value);
  }
}

/** `out S`, `in SA`, `in PA 18`: the TCP segments among captured frames. */
export function tcpLines(frames: readonly Datagram[]): string[] {
  const lines: string[] = [];
  for (const { bytes, direction } of frames) {
    if (bytes[12] !== 8 || bytes[13] !== 0 || ipv4.protocol(bytes, 14) !== 6) continue;
    const at = 14 + ipv4.headerLength(bytes, 14);
    const segment = tcp.parse(bytes, at, 14 + ipv4.totalLength(bytes, 14));
    if (typeof segment === 'string') continue;
    const letters = [[tcp.SYN, 'S'], [tcp.FIN, 'F'], [tcp.RST, 'R'], [tcp.PSH, 'P'], [tcp.ACK, 'A']] as const;
    const flags = letters.filter(([bit]) => (segment.flags & bit) !== 0).map(([, letter]) => letter).join('');
    lines.push(segment.payload.length === 0 ? `${direction} ${flags}` : `${direction} ${flags} ${segment.payload.length}`);
  }
  return lines;
}
