/** What the dataplane reads of a packet, and how it rewrites addresses: RFC 791, 792, 9293, 768; checksums by RFC 1624. */
import { get16, put16, updateChecksum32 } from '../../simulator/bytes.ts';
import * as icmp from '../../simulator/wire/icmp.ts';
import type { Ip4 } from '../../simulator/wire/ip4.ts';
import * as ipv4 from '../../simulator/wire/ipv4.ts';
import * as tcp from '../../simulator/wire/tcp.ts';

/** Where the IPv4 header begins in a frame. */
export const AT = 14;

/** Protocol, addresses and ports; of an echo message the identifier stands for both ports. */
export interface Header { readonly protocol: number; readonly source: Ip4; readonly destination: Ip4; readonly sourcePort: number; readonly destinationPort: number; readonly closes: boolean }

export function headerOf(frame: Uint8Array, at = AT): Header {
  const protocol = ipv4.protocol(frame, at);
  const source = ipv4.source(frame, at);
  const destination = ipv4.destination(frame, at);
  const body = at + ipv4.headerLength(frame, at);
  let sourcePort = 0;
  let destinationPort = 0;
  let closes = false;
  if (ipv4.fragmentOffset(frame, at) === 0 && frame.length >= body + 4) {
    if (protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP || protocol === ipv4.PROTOCOL_SCTP) {
      sourcePort = get16(frame, body);
      destinationPort = get16(frame, body + 2);
      closes = protocol === ipv4.PROTOCOL_TCP && frame.length >= body + 14 && (tcp.flags(frame, body) & (tcp.FIN | tcp.RST)) !== 0;
    } else if (protocol === ipv4.PROTOCOL_ICMP && isEcho(frame, body) && frame.length >= body + 6) {
      sourcePort = icmp.identifier(frame, body);
      destinationPort = sourcePort;
    }
  }
  return { protocol, source, destination, sourcePort, destinationPort, closes };
}

function isEcho(frame: Uint8Array, body: number): boolean {
  const type = icmp.type(frame, body);
  return type === icmp.ECHO_REQUEST || type === icmp.ECHO_REPLY;
}

/** The packet an ICMP error is about, when this is one. */
export function quoted(frame: Uint8Array): Header | undefined {
  const at = quotedAt(frame);
  return at === undefined ? undefined : headerOf(frame, at);
}

function quotedAt(frame: Uint8Array): number | undefined {
  if (ipv4.protocol(frame, AT) !== ipv4.PROTOCOL_ICMP || ipv4.fragmentOffset(frame, AT) !== 0) return undefined;
  const body = AT + ipv4.headerLength(frame, AT);
  if (frame.length < body + icmp.HEADER_LENGTH + ipv4.MIN_HEADER_LENGTH || !icmp.isError(icmp.type(frame, body))) return undefined;
  return body + icmp.HEADER_LENGTH;
}

/** Gives the packet another source or destination, and an ICMP error's quotation the matching other end. */
export function translate(frame: Uint8Array, which: 'source' | 'destination', to: Ip4): void {
  const inner = quotedAt(frame);
  const before = which === 'source' ? ipv4.source(frame, AT) : ipv4.destination(frame, AT);
  setAddress(frame, AT, which, to);
  if (inner === undefined) return;
  const mirrored = which === 'source' ? 'destination' : 'source';
  if ((mirrored === 'source' ? ipv4.source(frame, inner) : ipv4.destination(frame, inner)) !== before) return;
  setAddress(frame, inner, mirrored, to);
  icmp.writeChecksum(frame, inner - icmp.HEADER_LENGTH, AT + ipv4.totalLength(frame, AT));
}

function setAddress(frame: Uint8Array, at: number, which: 'source' | 'destination', to: Ip4): void {
  const before = which === 'source' ? ipv4.source(frame, at) : ipv4.destination(frame, at);
  if (which === 'source') ipv4.setSource(frame, at, to);
  else ipv4.setDestination(frame, at, to);
  if (ipv4.fragmentOffset(frame, at) !== 0) return;
  const body = at + ipv4.headerLength(frame, at);
  const protocol = ipv4.protocol(frame, at);
  const checksumAt = protocol === ipv4.PROTOCOL_TCP ? body + 16 : protocol === ipv4.PROTOCOL_UDP ? body + 6 : undefined;
  if (checksumAt === undefined || checksumAt + 2 > frame.length) return;
  const old = get16(frame, checksumAt);
  if (protocol === ipv4.PROTOCOL_UDP && old === 0) return;
  put16(frame, checksumAt, updateChecksum32(old, before, to));
}
