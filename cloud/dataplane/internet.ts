/** Well-known addresses of the internet that answer without being machines: echo requests (RFC 792) and DNS (RFC 1035). */
import type { Packet } from '../../simulator/kernel/packet.ts';
import * as dns from '../../simulator/wire/dns.ts';
import * as ethernet from '../../simulator/wire/ethernet.ts';
import * as icmp from '../../simulator/wire/icmp.ts';
import { formatIp4, type Ip4 } from '../../simulator/wire/ip4.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as udp from '../../simulator/wire/udp.ts';
import type { Junction } from '../../simulator/world/junction.ts';
import { AT } from './header.ts';
import { METADATA_ADDRESS, type InternetHost, type VpcData } from './state.ts';

/** The answer, from the host's address to the sender's; undefined when there is none (the trace says why). */
export function answerFromInternet(junction: Junction<VpcData>, host: InternetHost, packet: Packet): Packet | undefined {
  const answer = echoReply(junction, packet, host.initialTtl - host.hops) ?? (host.answersDns ? dnsReply(junction, packet, host.initialTtl - host.hops, 'public') : undefined);
  if (answer === undefined) junction.died(packet, 'socket', `${formatIp4(host.address)} does not serve that`, formatIp4(host.address));
  return answer;
}

export function echoReply(junction: Junction<VpcData>, packet: Packet, timeToLive: number): Packet | undefined {
  const { frame } = packet;
  if (ipv4.protocol(frame, AT) !== ipv4.PROTOCOL_ICMP || ipv4.isFragment(frame, AT)) return undefined;
  const message = icmp.parse(frame, AT + ipv4.headerLength(frame, AT), AT + ipv4.totalLength(frame, AT));
  if (typeof message === 'string' || message.type !== icmp.ECHO_REQUEST) return undefined;
  return replyTo(junction, packet, ipv4.PROTOCOL_ICMP, icmp.emit({ ...message, type: icmp.ECHO_REPLY }), timeToLive);
}

/** A whole packet back to the sender, with the Ethernet header left empty. */
function replyTo(junction: Junction<VpcData>, { frame }: Packet, protocol: number, body: Uint8Array, timeToLive: number): Packet {
  return junction.makePacket(ipv4.emit({ source: ipv4.destination(frame, AT), destination: ipv4.source(frame, AT), protocol, timeToLive }, body, AT), ethernet.TYPE_IPV4);
}

/** Who asks sees the internet's names; on a machine of the provider's the metadata server's too, in the network all of the project's. */
type Scope = 'public' | 'provider' | 'internal';

export function dnsReply(junction: Junction<VpcData>, packet: Packet, timeToLive: number, scope: Scope): Packet | undefined {
  const { frame } = packet;
  if (ipv4.protocol(frame, AT) !== ipv4.PROTOCOL_UDP || ipv4.isFragment(frame, AT)) return undefined;
  const datagram = udp.parse(frame, AT + ipv4.headerLength(frame, AT), AT + ipv4.totalLength(frame, AT));
  if (typeof datagram === 'string' || datagram.destinationPort !== dns.PORT) return undefined;
  const question = dns.parse(datagram.payload);
  if (typeof question === 'string' || question.isResponse) return undefined;
  const body = dns.emit(resolve(junction.data, question, scope));
  const reply = { sourcePort: datagram.destinationPort, destinationPort: datagram.sourcePort, payload: body };
  const sum = ipv4.pseudoHeaderSum(ipv4.destination(frame, AT), ipv4.source(frame, AT), ipv4.PROTOCOL_UDP, udp.HEADER_LENGTH + body.length);
  return replyTo(junction, packet, ipv4.PROTOCOL_UDP, udp.emit(reply, sum), timeToLive);
}

function resolve(data: VpcData, message: dns.DnsMessage, scope: Scope): dns.DnsMessage {
  const [question] = message.questions;
  if (question === undefined) return dns.answer(message, { responseCode: dns.FORMAT_ERROR });
  if (question.type === dns.TYPE_PTR) {
    const name = nameOfReverse(data, question.name, scope);
    if (name === undefined) return dns.answer(message, { responseCode: dns.NAME_ERROR });
    return dns.answer(message, { answers: [{ name: question.name, class: dns.CLASS_IN, ttlS: 60, data: { kind: 'ptr', name } }] });
  }
  const address = addressOf(data, question.name.toLowerCase().replace(/\.$/, ''), scope);
  if (address === undefined) return dns.answer(message, { responseCode: dns.NAME_ERROR });
  if (question.type !== dns.TYPE_A) return dns.answer(message, {});
  return dns.answer(message, { answers: [{ name: question.name, class: dns.CLASS_IN, ttlS: scope === 'public' ? 300 : 30, data: { kind: 'a', address } }] });
}

function addressOf(data: VpcData, name: string, scope: Scope): Ip4 | undefined {
  if (scope !== 'public' && (name === 'metadata.google.internal' || name === 'metadata')) return METADATA_ADDRESS;
  if (scope === 'internal') {
    for (const nic of data.attachments.values()) if (nic.kind === 'instance' && (nic.hostname === name || `${nic.instance}.c.${data.project}.internal` === name)) return nic.address;
  }
  return data.names.get(name);
}

function nameOfReverse(data: VpcData, name: string, scope: Scope): string | undefined {
  if (scope === 'public') return undefined;
  const digits = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa\.?$/i.exec(name);
  if (digits === null) return undefined;
  const text = digits.slice(1).reverse().join('.');
  if (scope === 'internal') for (const nic of data.attachments.values()) if (nic.kind === 'instance' && formatIp4(nic.address) === text) return nic.hostname;
  return text === '169.254.169.254' ? 'metadata.google.internal' : undefined;
}
