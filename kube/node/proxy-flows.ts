/**
 * Where packets go under kube-proxy's rules: a node with one wire and one bridge, real packets sent by a pod, by the node itself or from outside, and what the
 * kernel's netfilter did with them. Every coin of `-m statistic` is tossed both ways, in the order of the rules.
 */
import { parseIp4 } from '../../simulator/wire/ip4.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as tcp from '../../simulator/wire/tcp.ts';
import * as udp from '../../simulator/wire/udp.ts';
import { createWorld, type NetKernel, type NetnsId, type Result, type SimulatedWorld, type TableState, type TraceEvent } from '../../simulator/index.ts';
import { inCidr } from '../proxy/addresses.ts';
import type { Protocol } from '../proxy/services.ts';
import type { ProxyConfig } from '../proxy/generation.ts';
import type { SyncPlan } from '../proxy/proxier.ts';
import { applyPlan, applyRules, restorePort } from './rules.ts';

export interface Flow { readonly sourceIp: string; readonly destinationIp: string; readonly port: number; readonly protocol: Protocol }
/** `endpoints` as `ip:port`, or REJECT, DROP, ACCEPT; empty when no rule took the packet. */
export interface FlowOutcome { readonly outputs: readonly string[]; readonly isMasqueraded: boolean }

interface Bench { readonly world: SimulatedWorld; readonly config: ProxyConfig; readonly pod: NetnsId; readonly bridgeMac: string }
const NODE = 0;
const OUTSIDE = 1;
const GATEWAY = '169.254.1.1';
const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
/** What the kubelet keeps for kube-proxy's sake (kubelet_network_linux.go). */
const KUBELET_RULES = `*filter
:KUBE-FIREWALL - [0:0]
-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP
-I INPUT -j KUBE-FIREWALL
-I OUTPUT -j KUBE-FIREWALL
COMMIT
*nat
:KUBE-MARK-DROP - [0:0]
-A KUBE-MARK-DROP -j MARK --or-mark 0x8000
COMMIT
`;

/** A node under these rules. Load balancers' addresses are its own, as a pass-through balancer needs. Throws what iptables-restore says when it refuses the rules. */
export function proxyBench(config: ProxyConfig, plan: SyncPlan, loadBalancerIps: readonly string[] = []): Bench {
  const world = createWorld({ seed: 1 });
  const node = world.addKernel('node');
  const outside = world.addKernel('outside');
  const eth0 = must(node.netlink.addLink(0, { kind: 'ether', name: 'eth0', up: true }));
  const wire = must(outside.netlink.addLink(0, { kind: 'ether', name: 'eth0', up: true }));
  world.connect({ kernel: node, ns: 0, index: eth0 }, { kernel: outside, ns: 0, index: wire });
  must(node.netlink.setLink(0, 1, { up: true }));
  for (const key of ['net/ipv4/ip_forward', 'net/ipv4/conf/all/route_localnet', 'net/bridge/bridge-nf-call-iptables']) must(node.sysctl.set(0, key, '1'));
  if (config.nodeIp !== '') must(node.netlink.addAddress(0, { index: eth0, family: 'inet', address: config.nodeIp, prefixLength: 32 }));
  must(node.netlink.addRoute(0, { family: 'inet', destination: '0.0.0.0', prefixLength: 0, nextHops: [{ gateway: GATEWAY, device: eth0, onlink: true }] }, 'add'));
  for (const address of new Set(loadBalancerIps)) must(node.netlink.addRoute(0, { family: 'inet', type: 'local', destination: address, prefixLength: 32, table: 255, nextHops: [{ device: eth0 }] }, 'add'));
  const cbr0 = must(node.netlink.addLink(0, { kind: 'bridge', name: 'cbr0', up: true }));
  const pod = node.namespaces.create();
  const veth = must(node.netlink.addLink(0, { kind: 'veth', name: 'veth0', up: true, master: cbr0, peer: { name: 'eth0', up: true, netns: pod } }));
  must(node.netlink.setLink(0, veth, { up: true }));
  const [network = '', length = ''] = config.clusterCidr.split('/');
  if (config.clusterCidr !== '') must(node.netlink.addRoute(0, { family: 'inet', destination: network, prefixLength: Number(length), nextHops: [{ device: cbr0 }] }, 'add'));
  world.runUntil(3_000_000);
  const port = restorePort(node, 0);
  applyRules(port, KUBELET_RULES);
  const refused = applyPlan(port, plan);
  if (refused !== undefined) throw new Error(refused);
  return { world, config, pod, bridgeMac: node.netlink.link(0, cbr0)!.mac };
}

/** Every outcome there is, in the order in which the rules name them. */
export function walkFlow(bench: Bench, flow: Flow): FlowOutcome {
  const fallen = new Map<string, boolean>();
  const outputs: string[] = [];
  let isMasqueraded = false;
  for (;;) {
    const { output, isMarked, tosses } = send(bench, flow, fallen);
    if (output !== '' && !outputs.includes(output)) outputs.push(output);
    isMasqueraded ||= isMarked;
    const last = tosses.findLastIndex((toss) => fallen.get(toss) !== false);
    if (last < 0) return { outputs, isMasqueraded };
    for (const toss of tosses.slice(last + 1)) fallen.delete(toss);
    fallen.set(tosses[last]!, false);
  }
}

/** One packet, where the random rules in `fallen` fail and all others match. `tosses`: the random rules it came to. */
function send({ world: base, config, pod, bridgeMac }: Bench, flow: Flow, fallen: ReadonlyMap<string, boolean>): { output: string; isMarked: boolean; tosses: string[] } {
  const world = base.clone();
  const node = world.kernel(NODE);
  must(node.netfilter.replaceTable(0, loaded(node.netfilter.table(0, 'inet', 'nat'), fallen)));
  const events: TraceEvent[] = [];
  world.traceSink = (event) => {
    if (event.kernelId === NODE && event.netns === 0) events.push(event);
  };
  const packet = packetOf(flow);
  const isOwn = node.netlink.addresses(0, 'inet').some(({ address }) => address === flow.sourceIp) || inCidr(flow.sourceIp, '127.0.0.0/8');
  if (isOwn) {
    const socket = must(node.sockets.open(0, { type: 'raw', family: 'inet', protocol: 255 }, 0));
    const sent = node.sockets.send(socket, packet, { address: flow.destinationIp, port: 0 });
    // EPERM is how the sender hears that a rule dropped it.
    if (!sent.ok && sent.error !== 'EPERM') must(sent);
  } else if (config.clusterCidr !== '' && inCidr(flow.sourceIp, config.clusterCidr)) sendFrame(node, pod, bridgeMac, packet);
  else sendFrame(world.kernel(OUTSIDE), 0, node.netlink.link(0, 'eth0')!.mac, packet);
  world.runUntil(world.nowUs + 10_000);

  const rules = events.flatMap((event) => (event.kind === 'hook' ? event.rules : []));
  const tosses = rules.filter(({ text }) => text.includes('-m statistic')).map(({ chain, position }) => `${chain} ${position}`);
  const matched = rules.filter((rule) => rule.matched);
  const isMarked = matched.some(({ chain }) => chain === 'KUBE-MARK-MASQ');
  const target = matched.find(({ target: name }) => name === 'DNAT');
  const verdict = matched.find(({ target: name }) => name === 'REJECT' || name === 'DROP' || name === 'ACCEPT');
  const translated = target === undefined ? undefined : events.find((event) => event.kind === 'nat' && event.manipulation === 'destination');
  if (verdict?.target === 'DROP' || verdict?.target === 'REJECT') return { output: verdict.target, isMarked: false, tosses };
  return { output: translated?.kind === 'nat' ? translated.after : (verdict?.target ?? ''), isMarked, tosses };
}

function loaded(table: TableState, fallen: ReadonlyMap<string, boolean>): TableState {
  return {
    ...table,
    chains: table.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.map((rule, index) => {
        if (!rule.matches.some(isCoin)) return rule;
        const probability = fallen.get(`${chain.name} ${index + 1}`) === false ? 0 : 0x80000000;
        return { ...rule, matches: rule.matches.map((match) => (isCoin(match) ? { ...match, probability } : match)) };
      }),
    })),
  };
}

function isCoin(match: TableState['chains'][number]['rules'][number]['matches'][number]): boolean {
  return match.kind === 'statistic' && match.mode === 'random';
}

function packetOf({ sourceIp, destinationIp, port, protocol }: Flow): Uint8Array {
  const [source, destination] = [parseIp4(sourceIp), parseIp4(destinationIp)];
  if (source === undefined || destination === undefined) throw new Error(`a flow from ${JSON.stringify(sourceIp)} to ${JSON.stringify(destinationIp)} has no addresses`);
  const ports = { sourcePort: 40_000, destinationPort: port };
  const sum = (length: number): number => ipv4.pseudoHeaderSum(source, destination, PROTOCOL_NUMBERS[protocol], length);
  const segment = { ...ports, sequence: 1, flags: tcp.SYN };
  const payload = protocol === 'tcp' ? tcp.emit(segment, sum(tcp.emittedLength(segment)))
    : protocol === 'udp' ? udp.emit({ ...ports, payload: new Uint8Array(0) }, sum(8))
      : Uint8Array.of(ports.sourcePort >> 8, ports.sourcePort & 255, port >> 8, port & 255, 0, 0, 0, 0, 0, 0, 0, 0);
  return ipv4.emit({ source, destination, protocol: PROTOCOL_NUMBERS[protocol] }, payload);
}

function sendFrame(kernel: NetKernel, ns: NetnsId, to: string, packet: Uint8Array): void {
  const device = kernel.netlink.link(ns, 'eth0')!;
  const socket = must(kernel.sockets.open(ns, { type: 'packet', protocol: 'all' }, 0));
  must(kernel.sockets.bindDevice(socket, device.index));
  must(kernel.sockets.send(socket, ethernet.emit({ destination: to, source: device.mac, etherType: ethernet.TYPE_IPV4, payload: packet })));
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the bench cannot be built: ${result.error} ${result.message ?? ''}`);
  return result.value;
}
