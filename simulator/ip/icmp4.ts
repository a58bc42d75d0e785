/** ICMP: answering echoes, sending errors under their limits, telling sockets about errors. Read first: RFC 792, RFC 1812 section 4.3, net/ipv4/icmp.c */
import type { Errno } from '../result.ts';
import { get16, get32, put16, updateChecksum } from '../bytes.ts';
import { copyOf } from '../frames.ts';
import { NETWORK_OFFSET, type Packet } from '../kernel/packet.ts';
import type { Device, Kernel, NamespaceState } from '../kernel/state.ts';
import { died } from '../kernel/trace.ts';
import { addressType4, isLocalAddress, routeOutput4 } from '../routing/lookup4.ts';
import { deliverPing } from '../sockets/ping.ts';
import { rawError4 } from '../sockets/raw.ts';
import { pingError } from '../sockets/ping.ts';
import { tcpError } from '../sockets/tcp-error.ts';
import { udpError } from '../sockets/udp.ts';
import * as icmp from '../wire/icmp.ts';
import { formatIp4, isMulticastIp4, type Ip4 } from '../wire/ip4.ts';
import * as ipv4 from '../wire/ipv4.ts';
import { KERNEL_SENDER, sendIp4 } from './output4.ts';
import { count, countIcmp4 } from './snmp.ts';
import { echoedOptions } from './record-route.ts';

/** What of the offending packet an error quotes, together with its own headers: 576 bytes (RFC 1812 section 4.3.2.3). */
const QUOTE_LIMIT = 576 - 20 - 8;

/** icmp_rcv */
export function receiveIcmp4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet): void {
  const { frame } = packet;
  const at = NETWORK_OFFSET + ipv4.headerLength(frame, NETWORK_OFFSET);
  const end = NETWORK_OFFSET + ipv4.totalLength(frame, NETWORK_OFFSET);
  count(namespace, 'Icmp.InMsgs');
  if (end - at < icmp.HEADER_LENGTH || !icmp.isChecksumRight(frame, at, end)) {
    count(namespace, 'Icmp.InErrors');
    return died(kernel, namespace.id, packet, 'checksum', 'wrong ICMP checksum', device.name);
  }
  const type = icmp.type(frame, at);
  countIcmp4(namespace, 'In', type);
  const isGroup = packet.type === 'broadcast' || packet.type === 'multicast';
  switch (type) {
    case icmp.ECHO_REQUEST:
      if (namespace.settings.icmpEchoIgnoreAll !== 0 || (isGroup && namespace.settings.icmpEchoIgnoreBroadcasts !== 0)) {
        return died(kernel, namespace.id, packet, 'socket', isGroup ? 'icmp_echo_ignore_broadcasts is on' : 'icmp_echo_ignore_all is on', device.name);
      }
      return answerEcho(kernel, namespace, packet, at, end, icmp.ECHO_REPLY);
    case icmp.TIMESTAMP_REQUEST:
      return died(kernel, namespace.id, packet, 'socket', 'ICMP timestamps are not answered here', device.name);
    case icmp.ECHO_REPLY:
      return deliverPing(kernel, namespace, device, packet, at, end);
    case icmp.UNREACHABLE: case icmp.TIME_EXCEEDED: case icmp.PARAMETER_PROBLEM: case 4:
      return receiveError(kernel, namespace, device, packet, at, end);
    case icmp.REDIRECT:
      return receiveRedirect(kernel, namespace, device, packet, at, end);
    default:
      return;
  }
}

/** icmp_reply: from the address that was asked, or the best one when a group was. */
function answerEcho(kernel: Kernel, namespace: NamespaceState, packet: Packet, at: number, end: number, type: number): void {
  const { frame } = packet;
  const asked = ipv4.destination(frame, NETWORK_OFFSET);
  const to = ipv4.source(frame, NETWORK_OFFSET);
  const source = addressType4(namespace, asked, 0) === 'local' ? asked : 0;
  const mark = namespace.settings.fwmarkReflect !== 0 ? packet.mark : 0;
  const route = routeOutput4(kernel, namespace, { destination: to, source, oif: 0, mark, tos: ipv4.typeOfService(frame, NETWORK_OFFSET) & 0x1c, uid: 0, protocol: 1, sport: 0, dport: 0 });
  if (typeof route === 'string') return died(kernel, namespace.id, packet, 'route', `no route back to ${formatIp4(to)} for the answer`, 'icmp');
  const body = copyOf(frame, at, end);
  body[0] = type;
  put16(body, 2, updateChecksum(get16(frame, at + 2), get16(frame, at), get16(body, 0)));
  kernel.world.traceSink?.({ atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: packet.traceId, frame: copyOf(frame), kind: 'answer', what: 'echo reply' });
  sendIp4(kernel, namespace, {
    source: source !== 0 ? source : route.source, destination: to, protocol: ipv4.PROTOCOL_ICMP, body, timeToLive: namespace.settings.defaultTtl, typeOfService: ipv4.typeOfService(frame, NETWORK_OFFSET), dontFragment: false,
    options: echoedOptions(frame),
  }, route, { ...KERNEL_SENDER, mark });
}

/** icmp_send: an error about `about` to its sender. `info` is the second word: next-hop MTU for "fragmentation needed". */
export function sendIcmpError4(kernel: Kernel, namespace: NamespaceState, about: Packet, type: number, code: number, info: number, wantedSource = 0): void {
  const { frame } = about;
  if (about.type !== 'host' && about.type !== 'outgoing') return;
  const source = ipv4.source(frame, NETWORK_OFFSET);
  const destination = ipv4.destination(frame, NETWORK_OFFSET);
  const destinationType = addressType4(namespace, destination, 0);
  if (destinationType === 'broadcast' || destinationType === 'multicast' || isMulticastIp4(source) || source === 0) return;
  if (ipv4.fragmentOffset(frame, NETWORK_OFFSET) !== 0) return;
  const headerLength = ipv4.headerLength(frame, NETWORK_OFFSET);
  if (ipv4.protocol(frame, NETWORK_OFFSET) === ipv4.PROTOCOL_ICMP) {
    // Never an error about an error (RFC 1122 section 3.2.2).
    const innerType = frame[NETWORK_OFFSET + headerLength] ?? 255;
    if (icmp.isError(innerType) || innerType > 18) return;
  }
  const isLimited = isRateLimited(namespace, type, code);
  if (isLimited && !allowsGlobally(kernel, namespace)) {
    count(namespace, 'Icmp.OutRateLimitGlobal');
    return;
  }
  // From the address that was spoken to if it is ours, else from the way back.
  const own = wantedSource !== 0 ? wantedSource : isLocalAddress(namespace, destination) && about.inDevice !== 0 ? destination : 0;
  let chosen: Ip4 = own;
  if (own === 0 && namespace.settings.icmpErrorsUseInboundAddress !== 0 && about.inDevice !== 0) chosen = namespace.devices.get(about.inDevice)?.addresses4[0]?.local ?? 0;
  const mark = namespace.settings.fwmarkReflect !== 0 ? about.mark : 0;
  const tos = (ipv4.typeOfService(frame, NETWORK_OFFSET) & 0x1e) | 0xc0;
  const route = routeOutput4(kernel, namespace, { destination: source, source: chosen, oif: 0, mark, tos: tos & 0x1c, uid: 0, protocol: 1, sport: type, dport: code });
  if (typeof route === 'string') return;
  if (isLimited && route.device !== 1 && !allowsPeer(kernel, namespace, source)) {
    count(namespace, 'Icmp.OutRateLimitHost');
    return;
  }
  const quoted = Math.min(QUOTE_LIMIT, ipv4.totalLength(frame, NETWORK_OFFSET));
  const payload = frame.slice(NETWORK_OFFSET, NETWORK_OFFSET + quoted);
  const body = icmp.emit({ type, code, rest: type === icmp.UNREACHABLE && code === icmp.FRAGMENTATION_NEEDED ? info & 0xffff : type === icmp.REDIRECT || type === icmp.PARAMETER_PROBLEM ? info : 0, payload });
  kernel.world.traceSink?.({ atUs: kernel.world.nowUs, kernelId: kernel.state.id, netns: namespace.id, traceId: about.traceId, frame: copyOf(frame), kind: 'answer', what: `ICMP error ${type}/${code}` });
  sendIp4(kernel, namespace, { source: chosen !== 0 ? chosen : route.source, destination: source, protocol: ipv4.PROTOCOL_ICMP, body, timeToLive: namespace.settings.defaultTtl, typeOfService: tos, dontFragment: false }, route, { ...KERNEL_SENDER, mark });
}

function isRateLimited(namespace: NamespaceState, type: number, code: number): boolean {
  if (type === icmp.UNREACHABLE && code === icmp.FRAGMENTATION_NEEDED) return false;
  return ((namespace.settings.icmpRateMask >>> type) & 1) === 1;
}

/** icmp_global_allow: icmp_msgs_per_sec with bursts, for the whole machine. */
function allowsGlobally(kernel: Kernel, namespace: NamespaceState): boolean {
  const { state } = kernel;
  const { icmpMessagesPerSecond, icmpMessagesBurst } = namespace.settings;
  const elapsedUs = Math.min(kernel.world.nowUs - state.icmpGlobalStampUs, 1_000_000);
  if (elapsedUs > 0) {
    state.icmpGlobalCredit = Math.min(icmpMessagesBurst, state.icmpGlobalCredit + (icmpMessagesPerSecond * elapsedUs) / 1e6);
    state.icmpGlobalStampUs = kernel.world.nowUs;
  }
  if (state.icmpGlobalCredit < 1) return false;
  state.icmpGlobalCredit -= 1;
  return true;
}

/** inet_getpeer: a new one starts as if nothing had been sent for a minute. */
function peerOf(kernel: Kernel, namespace: NamespaceState, destination: Ip4 | string): { tokensMs: number; stampUs: number; redirects: number } {
  let peer = namespace.icmpPeers.get(destination);
  if (peer === undefined) {
    peer = { tokensMs: 0, stampUs: kernel.world.nowUs - 60_000_000, redirects: 0 };
    namespace.icmpPeers.set(destination, peer);
  }
  return peer;
}

/** inet_peer_xrlim_allow: one error each icmp_ratelimit to a destination, six at once after a pause. A limit of 0 empties the bucket that ip_error uses too, except in the jiffy in which ip_error itself has just looked at it. */
export function allowsPeer(kernel: Kernel, namespace: NamespaceState, destination: Ip4 | string, intervalMs = namespace.settings.icmpRateLimitMs): boolean {
  const peer = peerOf(kernel, namespace, destination);
  return takeTokens(kernel, peer, intervalMs, peer.stampUs === kernel.world.nowUs ? Infinity : 6 * intervalMs);
}

/** What ip_error asks before it reports a missing route: a cost of a second, five at once, from the same bucket. */
export function allowsRouteError(kernel: Kernel, namespace: NamespaceState, destination: Ip4): boolean {
  return takeTokens(kernel, peerOf(kernel, namespace, destination), 1000, 5000);
}

function takeTokens(kernel: Kernel, peer: { tokensMs: number; stampUs: number }, costMs: number, limitMs: number): boolean {
  const nowUs = kernel.world.nowUs;
  peer.tokensMs = Math.min(limitMs, peer.tokensMs + (nowUs - peer.stampUs) / 1000);
  peer.stampUs = nowUs;
  if (peer.tokensMs < costMs) return false;
  peer.tokensMs -= costMs;
  return true;
}

/** ip_rt_send_redirect: at most nine, at growing intervals of which the first is 20 ms. */
export function sendRedirect4(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, gateway: Ip4): void {
  const source = ipv4.source(packet.frame, NETWORK_OFFSET);
  const peer = peerOf(kernel, namespace, source);
  const waitUs = peer.redirects === 0 ? 0 : 20_000 * 2 ** peer.redirects;
  if (kernel.world.nowUs > peer.stampUs + 20_480_000) peer.redirects = 0;
  if (peer.redirects >= 9 || (peer.redirects > 0 && kernel.world.nowUs < peer.stampUs + waitUs)) return;
  peer.redirects += 1;
  sendIcmpError4(kernel, namespace, packet, icmp.REDIRECT, 1, gateway, device.addresses4[0]?.local ?? 0);
  peer.stampUs = kernel.world.nowUs;
}

/** arp_error_report: the neighbour did not answer. */
export function reportUnreachableHost4(kernel: Kernel, namespace: NamespaceState, packet: Packet): void {
  sendIcmpError4(kernel, namespace, packet, icmp.UNREACHABLE, icmp.HOST_UNREACHABLE, 0);
}

const UNREACHABLE_ERRORS: readonly { error: Errno; isFatal: boolean }[] = [
  { error: 'ENETUNREACH', isFatal: false }, { error: 'EHOSTUNREACH', isFatal: false }, { error: 'ENOPROTOOPT', isFatal: true }, { error: 'ECONNREFUSED', isFatal: true }, { error: 'EMSGSIZE', isFatal: false },
  { error: 'EOPNOTSUPP', isFatal: false }, { error: 'ENETUNREACH', isFatal: true }, { error: 'EHOSTDOWN', isFatal: true }, { error: 'ENETUNREACH', isFatal: true }, { error: 'ENETUNREACH', isFatal: true },
  { error: 'EHOSTUNREACH', isFatal: true }, { error: 'ENETUNREACH', isFatal: false }, { error: 'EHOSTUNREACH', isFatal: false }, { error: 'EHOSTUNREACH', isFatal: true }, { error: 'EHOSTUNREACH', isFatal: true }, { error: 'EHOSTUNREACH', isFatal: true },
];

/** An error about something this host sent, as sockets see it. */
export interface IcmpReport {
  type: number; code: number; info: number;
  error: Errno; isFatal: boolean;
  offender: Ip4 | string;
  /** The quoted packet from its network header. */
  quoted: Uint8Array;
  /** Where its transport header begins in `quoted`. */
  transportAt: number;
  source: Ip4 | string; destination: Ip4 | string;
  ttl: number;
  device: number;
}

/** icmp_unreach and what ip_icmp_error makes of it. */
function receiveError(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, at: number, end: number): void {
  const { frame } = packet;
  const innerAt = at + icmp.HEADER_LENGTH;
  if (end < innerAt + ipv4.MIN_HEADER_LENGTH || ipv4.version(frame, innerAt) !== 4 || end < innerAt + ipv4.headerLength(frame, innerAt)) {
    count(namespace, 'Icmp.InErrors');
    return died(kernel, namespace.id, packet, 'socket', 'an ICMP error that quotes too little', device.name);
  }
  const type = icmp.type(frame, at);
  const code = icmp.code(frame, at);
  const quoted = frame.slice(innerAt, end);
  const destination = ipv4.destination(quoted, 0);
  let info = 0;
  let known: { error: Errno; isFatal: boolean } = { error: 'EHOSTUNREACH', isFatal: false };
  if (type === icmp.UNREACHABLE) {
    known = UNREACHABLE_ERRORS[code] ?? known;
    if (code === icmp.FRAGMENTATION_NEEDED) {
      info = get16(frame, at + 6);
      learnMtu(kernel, namespace, destination, info, quoted);
    }
  } else if (type === icmp.PARAMETER_PROBLEM) known = { error: 'EPROTO', isFatal: true };
  const report: IcmpReport = {
    type, code, info, error: known.error, isFatal: known.isFatal, offender: ipv4.source(frame, NETWORK_OFFSET), quoted, transportAt: ipv4.headerLength(quoted, 0), source: ipv4.source(quoted, 0), destination,
    ttl: ipv4.timeToLive(frame, NETWORK_OFFSET), device: device.index,
  };
  rawError4(kernel, namespace, report, ipv4.protocol(quoted, 0));
  switch (ipv4.protocol(quoted, 0)) {
    case ipv4.PROTOCOL_ICMP: return pingError(kernel, namespace, report, 'inet');
    case ipv4.PROTOCOL_UDP: return udpError(kernel, namespace, report, 'inet');
    case ipv4.PROTOCOL_TCP: return tcpError(kernel, namespace, report, 'inet');
    default: return;
  }
}

/** ip_rt_update_pmtu; an old router's zero is answered with the next plateau (RFC 1191 section 7.1). */
export function learnMtu(kernel: Kernel, namespace: NamespaceState, destination: Ip4, mtu: number, quoted: Uint8Array): void {
  let learnt = mtu;
  if (learnt === 0) {
    const plateaus = [32000, 17914, 8166, 4352, 2002, 1492, 576, 296, 216, 128, 68];
    learnt = plateaus.find((one) => one < ipv4.totalLength(quoted, 0)) ?? 68;
  }
  const locked = learnt < namespace.settings.minPmtu;
  namespace.exceptions4.set(destination, {
    mtu: locked ? namespace.settings.minPmtu : learnt, gateway: namespace.exceptions4.get(destination)?.gateway, expiresAtUs: kernel.world.nowUs + namespace.settings.useTemporaryPmtuSeconds * 1e6, locked,
  });
}

/** __ip_do_redirect: only from the present next hop, and only to a neighbour on the same link. */
function receiveRedirect(kernel: Kernel, namespace: NamespaceState, device: Device, packet: Packet, at: number, end: number): void {
  const { frame } = packet;
  if (end < at + 28) return;
  const gateway = get32(frame, at + 4);
  const destination = ipv4.destination(frame, at + 8);
  const isRouter = device.conf4.forwarding !== 0;
  const accepts = isRouter ? device.conf4.accept_redirects !== 0 && namespace.conf4All.accept_redirects !== 0 : device.conf4.accept_redirects !== 0 || namespace.conf4All.accept_redirects !== 0;
  const route = routeOutput4(kernel, namespace, { destination, source: 0, oif: 0, mark: 0, tos: 0, uid: 0, protocol: 0, sport: 0, dport: 0 });
  if (!accepts || typeof route === 'string' || route.device !== device.index || route.gateway !== ipv4.source(frame, NETWORK_OFFSET) || gateway === route.gateway || addressType4(namespace, gateway, 0) !== 'unicast') {
    return died(kernel, namespace.id, packet, 'route', 'an ICMP redirect that is not believed', device.name);
  }
  namespace.exceptions4.set(destination, { mtu: 0, gateway, expiresAtUs: kernel.world.nowUs + 300e6, locked: false });
}

