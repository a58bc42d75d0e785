/** One packet with a small TTL, and what came of it: an ICMP error, an answer from the host itself, or nothing. Read first: ip(7) IP_RECVERR. */
import type { Endpoint, SocketErrorReport, SocketId } from '../../ports/kernel.ts';
import type { Errno } from '../../ports/result.ts';
import { bytes as wire, icmp, icmp6 } from '../../ports/wire.ts';
import type { Invocation } from '../define.ts';
import type { TracerouteOptions } from './options.ts';

export interface Probe {
  readonly index: number;
  readonly socket: SocketId;
  readonly sentUs: number;
  isDone: boolean;
  /** Who answered, undefined when nobody did. */
  from: string | undefined;
  tripUs: number;
  /** The host itself was reached, or nothing lies behind. */
  isFinal: boolean;
  mark: string;
}

export interface Target {
  readonly options: TracerouteOptions;
  readonly address: string;
  readonly isIp6: boolean;
  readonly packetLength: number;
}

export const HEADER_LENGTHS = { ip4: 20, ip6: 40, transport: 8 };

/** Sends probe number `index`; an errno when that fails on the spot. */
export async function sendProbe(call: Invocation, target: Target, index: number): Promise<Probe | Errno> {
  const { options, isIp6 } = target;
  const { sockets } = call.net;
  const family = isIp6 ? 'inet6' : 'inet';
  const type = options.method === 'icmp' ? ({ type: 'ping', family } as const) : options.method === 'tcp' ? ({ type: 'tcp', family } as const) : ({ type: 'udp', family } as const);
  const opened = sockets.open(type);
  if (!opened.ok) return opened.error;
  const socket = opened.value;
  const timeToLive = options.firstHop + Math.floor(index / options.perHop);
  sockets.setOptions(socket, { ttl: timeToLive, receiveError: true });
  if (options.dontFragment) sockets.setOptions(socket, { pathMtuDiscovery: 'do' });
  if (options.typeOfService !== 0) sockets.setOptions(socket, { tos: options.typeOfService });
  if (options.mark !== undefined) sockets.setOptions(socket, { mark: options.mark });
  const failed = prepare(call, socket, options);
  if (failed !== undefined) {
    sockets.close(socket);
    return failed;
  }
  const sentUs = call.sys.monotonicUs();
  const error = await transmit(call, target, socket, index);
  if (error !== undefined) {
    sockets.close(socket);
    return error;
  }
  return { index, socket, sentUs, isDone: false, from: undefined, tripUs: 0, isFinal: false, mark: '' };
}

function prepare(call: Invocation, socket: SocketId, options: TracerouteOptions): Errno | undefined {
  const { sockets } = call.net;
  if (options.device !== undefined) {
    const bound = sockets.bindDevice(socket, options.device);
    if (!bound.ok) return bound.error;
  }
  if (options.source !== undefined) {
    const bound = sockets.bind(socket, { address: options.source, port: 0 });
    if (!bound.ok) return bound.error;
  }
  return undefined;
}

async function transmit(call: Invocation, target: Target, socket: SocketId, index: number): Promise<Errno | undefined> {
  const { options, address, isIp6, packetLength } = target;
  const { sockets } = call.net;
  const ipLength = isIp6 ? HEADER_LENGTHS.ip6 : HEADER_LENGTHS.ip4;
  const data = new Uint8Array(Math.max(0, packetLength - ipLength - HEADER_LENGTHS.transport)).map((_, at) => 0x40 + (at & 0x3f));
  if (options.method === 'icmp') {
    const sequence = (options.port ?? 1) + index;
    const message = icmp.emit({ type: isIp6 ? icmp6.ECHO_REQUEST : icmp.ECHO_REQUEST, code: 0, rest: icmp.echoRest(0, sequence), payload: data });
    const sent = await sockets.send(socket, message, { address, port: 0 });
    return sent.ok ? undefined : sent.error;
  }
  const endpoint: Endpoint = { address, port: portOf(options, index) };
  if (options.method === 'tcp') {
    const connected = await sockets.connect(socket, endpoint, 0);
    const isPending = connected.ok || connected.error === 'EINPROGRESS' || connected.error === 'ETIMEDOUT' || connected.error === 'EAGAIN';
    return isPending || connected.error === 'ECONNREFUSED' ? undefined : connected.error;
  }
  const connected = await sockets.connect(socket, endpoint);
  if (!connected.ok) return connected.error;
  const sent = await sockets.send(socket, data);
  return sent.ok ? undefined : sent.error;
}

function portOf(options: TracerouteOptions, index: number): number {
  if (options.method === 'udp-ports') return (options.port ?? 33434) + index;
  return options.port ?? (options.method === 'udp' ? 53 : 80);
}

/** Looks at the socket; answers whether the probe is done now. */
export async function collect(call: Invocation, target: Target, probe: Probe): Promise<boolean> {
  const { sockets } = call.net;
  const state = sockets.readiness(probe.socket);
  if (state.errorQueue) {
    const report = sockets.receiveErrorReport(probe.socket);
    if (report.ok && report.value.origin !== 'local') {
      finish(call, probe, report.value.receivedAtUs, report.value.offender);
      describe(probe, report.value, target);
      return true;
    }
  }
  if (target.options.method === 'tcp') {
    if (!state.writable && !state.error && !state.hangup) return false;
    sockets.takeError(probe.socket);
    finish(call, probe, undefined, target.address);
    probe.isFinal = true;
    return true;
  }
  if (!state.readable) return false;
  const got = await sockets.receiveDatagram(probe.socket, 0);
  if (!got.ok) return false;
  if (target.options.method === 'icmp' && wire.get8(got.value.bytes, 0) !== (target.isIp6 ? icmp6.ECHO_REPLY : icmp.ECHO_REPLY)) return false;
  finish(call, probe, got.value.receivedAtUs, got.value.from?.address ?? target.address);
  probe.isFinal = true;
  return true;
}

/** Reception is stamped by the wall clock, sending by the monotonic one. */
function finish(call: Invocation, probe: Probe, receivedAtUs: number | undefined, from: string | undefined): void {
  const ageUs = receivedAtUs === undefined ? 0 : call.sys.now() - receivedAtUs;
  probe.tripUs = Math.max(0, call.sys.monotonicUs() - ageUs - probe.sentUs);
  probe.from = from;
  probe.isDone = true;
}

const MARKS4: Readonly<Record<number, string>> = { 0: '!N', 1: '!H', 2: '!P', 3: '', 5: '!S', 6: '!U', 7: '!W', 8: '!I', 9: '!A', 10: '!Z', 11: '!Q', 12: '!T', 13: '!X', 14: '!V', 15: '!C' };
const MARKS6: Readonly<Record<number, string>> = { 0: '!N', 1: '!X', 2: '!S', 3: '!H', 4: '' };

function describe(probe: Probe, report: SocketErrorReport, target: Target): void {
  const isTransit = report.type === (target.isIp6 ? icmp6.TIME_EXCEEDED : icmp.TIME_EXCEEDED) && report.code === 0;
  if (isTransit) return;
  probe.isFinal = true;
  if (target.isIp6) {
    if (report.type === icmp6.UNREACHABLE) probe.mark = MARKS6[report.code] ?? `!<${report.code}>`;
    else probe.mark = report.type === icmp6.PACKET_TOO_BIG ? `!F-${report.info}` : `!<${report.type}-${report.code}>`;
  } else if (report.type === icmp.UNREACHABLE) {
    probe.mark = report.code === icmp.FRAGMENTATION_NEEDED ? `!F-${report.info}` : (MARKS4[report.code] ?? `!<${report.code}>`);
  } else {
    probe.mark = `!<${report.type}-${report.code}>`;
  }
}
