/** A namespace without a kernel for netfilter's tests: packets built by hand, time and dice in the test's hands. */
import { concat } from '../bytes.ts';
import type { NetnsId } from '../kernel/api.ts';
import type { Packet } from '../kernel/packet.ts';
import * as icmp from '../wire/icmp.ts';
import { parseIp4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import type { Dice } from '../world/api.ts';
import type { TraceEvent } from '../world/trace.ts';
import type { HookName, NetfilterCalls } from './api.ts';
import { createNetfilterCalls } from './calls.ts';
import { runHooks, type HookVerdict } from './engine.ts';
import type { NetfilterEnvironment } from './environment.ts';
import { restore } from './restore.ts';
import { createNetfilterState, type NetfilterState } from './state.ts';

/** A small generator with a printed seed is enough here: worlds have their own. */
export function testDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
  return { next, below: (below) => next() % below, fraction: () => next() / 0x1_0000_0000, bytes: (length) => Uint8Array.from({ length }, () => next() & 255) };
}

export interface Bench {
  readonly state: NetfilterState;
  readonly calls: NetfilterCalls;
  readonly environment: NetfilterEnvironment & { nowUs: number; traceSink: NetfilterEnvironment['traceSink'] };
  readonly sent: { kind: string; detail: string; bytes?: Uint8Array }[];
  readonly traces: TraceEvent[];
  /** The conntrack links of packets that netfilter sent. */
  readonly attached: Packet['conntrack'][];
  /** iptables-restore text, appended to what is there; throws what the tool would print. */
  rules(text: string): void;
  run(hook: HookName, packet: Packet): HookVerdict;
  /** eth0 -> eth1 through a router: PREROUTING, FORWARD, POSTROUTING. */
  forward(packet: Packet, out?: number): HookVerdict;
  seconds(seconds: number): void;
}

export const ETH0 = 2;
export const ETH1 = 3;
const ADDRESSES: ReadonlyMap<number, string> = new Map([[ETH0, '10.142.0.2'], [ETH1, '192.168.255.1']]);
const LOCAL = new Set(['10.142.0.2', '192.168.255.1', '127.0.0.1']);
const SYSCTLS: Readonly<Record<string, number>> = { 'net/netfilter/nf_conntrack_tcp_timeout_established': 432_000, 'net/netfilter/nf_conntrack_tcp_timeout_syn_recv': 60, 'net/netfilter/nf_conntrack_tcp_timeout_close_wait': 60, 'net/netfilter/nf_conntrack_tcp_timeout_last_ack': 30, 'net/netfilter/nf_conntrack_tcp_timeout_close': 10 };

export function bench(seed = 1): Bench {
  const state = createNetfilterState();
  const sent: Bench['sent'] = [];
  const traces: TraceEvent[] = [];
  const attached: Bench['attached'] = [];
  const environment: Bench['environment'] = {
    kernelId: 0, nowUs: 1_000_000, dice: testDice(seed), traceSink: undefined,
    netfilterState: () => state, namespaceIds: () => [0], deviceName: (_ns: NetnsId, device) => (device === ETH0 ? 'eth0' : device === ETH1 ? 'eth1' : device === 1 ? 'lo' : ''),
    sysctlNumber: (_ns, key) => SYSCTLS[key], addressType: (_ns, _family, address) => (LOCAL.has(address) ? 'LOCAL' : address.startsWith('224.') ? 'MULTICAST' : 'UNICAST'),
    masqueradeAddress: (_ns, _family, device) => ADDRESSES.get(device), firstAddress: (_ns, _family, device) => ADDRESSES.get(device), reroute: () => true,
    sendIcmpError: (_ns, _family, _packet, type, code) => { sent.push({ kind: 'icmp', detail: `${type}/${code}` }); },
    sendPacket: (_ns, _family, bytes, { conntrack }) => {
      sent.push({ kind: 'packet', detail: '', bytes });
      attached.push(conntrack);
    },
    setNetfilterTimer: () => undefined, allocateSocketId: () => 77, notifyReady: () => undefined, stateChanged: () => undefined,
  };
  const calls = createNetfilterCalls(environment);
  const made: Bench = {
    state, calls, environment, sent, traces, attached,
    rules(text) {
      const port = { table: (name: Parameters<NetfilterCalls['table']>[2]) => calls.table(0, 'inet', name), replaceTable: (table: Parameters<NetfilterCalls['replaceTable']>[1]) => calls.replaceTable(0, table), deleteTable: (name: Parameters<NetfilterCalls['table']>[2]) => calls.deleteTable(0, 'inet', name) };
      const outcome = restore(port, text, { family: 'inet', noflush: true, counters: true });
      if (outcome.exit !== 0) throw new Error(outcome.stderr);
    },
    run: (hook, packet) => runHooks(environment, 0, 'inet', hook, packet),
    forward(packet, out = ETH0) {
      for (const hook of ['PREROUTING', 'FORWARD', 'POSTROUTING'] as const) {
        if (hook === 'FORWARD') packet.outDevice = out;
        const verdict = made.run(hook, packet);
        if (verdict !== 'accept') return verdict;
      }
      return 'accept';
    },
    seconds(seconds) { environment.nowUs += seconds * 1_000_000; },
  };
  return made;
}

function packetOf(network: Uint8Array, inDevice: number): Packet {
  return {
    frame: concat(new Uint8Array(14), network), protocol: 0x0800, vlan: undefined, mark: 0, inDevice, outDevice: 0, physicalIn: 0, physicalOut: 0, type: 'host', conntrack: undefined, checksumPartial: false, uid: -1, socketId: 0,
    traceId: 1, nfTrace: false,
  };
}

const address = (text: string): number => parseIp4(text)!;

export function tcpPacket(from: string, sport: number, to: string, dport: number, flags: number, inDevice = ETH1, sequence = 1000, acknowledgement = 0, payload = new Uint8Array(0)): Packet {
  const fields = { sourcePort: sport, destinationPort: dport, sequence, acknowledgement, flags, window: 64_240, payload };
  const segment = tcp.emit(fields, ipv4.pseudoHeaderSum(address(from), address(to), 6, tcp.emittedLength(fields)));
  return packetOf(ipv4.emit({ source: address(from), destination: address(to), protocol: 6 }, segment), inDevice);
}

export function udpPacket(from: string, sport: number, to: string, dport: number, inDevice = ETH1, length = 4): Packet {
  const datagram = udp.emit({ sourcePort: sport, destinationPort: dport, payload: new Uint8Array(length) }, ipv4.pseudoHeaderSum(address(from), address(to), 17, 8 + length));
  return packetOf(ipv4.emit({ source: address(from), destination: address(to), protocol: 17 }, datagram), inDevice);
}

export function echoPacket(from: string, to: string, id: number, type = 8, inDevice = ETH1): Packet {
  return packetOf(ipv4.emit({ source: address(from), destination: address(to), protocol: 1 }, icmp.emit({ type, code: 0, rest: icmp.echoRest(id, 1), payload: new Uint8Array(56) })), inDevice);
}

/** An ICMP error from `from` to `to` about a packet as it was on the wire. */
export function errorPacket(from: string, to: string, about: Packet, type = 3, code = 1, inDevice = ETH0): Packet {
  const quoted = about.frame.slice(14, 14 + 28);
  return packetOf(ipv4.emit({ source: address(from), destination: address(to), protocol: 1 }, icmp.emit({ type, code, rest: 0, payload: quoted })), inDevice);
}

/** `src:port > dst:port`, read from the bytes, with `!` behind when a checksum is wrong. */
export function endpoints(packet: Packet): string {
  const { frame } = packet;
  const text = (at: number): string => Array.from(frame.subarray(at, at + 4)).join('.');
  const protocol = frame[23]!;
  const ports = protocol === 6 || protocol === 17;
  const side = (at: number, portAt: number): string => (ports ? `${text(at)}:${frame[portAt]! * 256 + frame[portAt + 1]!}` : text(at));
  const from = ipv4.source(frame, 14);
  const to = ipv4.destination(frame, 14);
  const end = 14 + ipv4.totalLength(frame, 14);
  const isTransportRight = protocol === 6 ? tcp.isChecksumRight(frame, 34, end, ipv4.pseudoHeaderSum(from, to, 6, end - 34))
    : protocol === 17 ? udp.isChecksumRight(frame, 34, end, ipv4.pseudoHeaderSum(from, to, 17, end - 34)) : icmp.isChecksumRight(frame, 34, end);
  return `${side(26, 34)} > ${side(30, 36)}${ipv4.isChecksumRight(frame, 14) && isTransportRight ? '' : ' !'}`;
}
