/** From the IP header to what it carries (print-ip-demux.c). */
import { ipv4, ipv6 } from '../../../ports/wire.ts';
import type { Dissection, IpContext } from './dissection.ts';
import { printIcmp } from './icmp.ts';
import { printIcmp6 } from './icmp6.ts';
import { printIgmp } from './igmp.ts';
import { printIpv4 } from './ipv4.ts';
import { printIpv6 } from './ipv6.ts';
import { headerProtocolName, protocolName } from './protocols.ts';
import { printTcp } from './tcp.ts';
import { printUdp } from './udp.ts';

/** Protocols whose printers show the addresses themselves, with ports. */
export function hasPorts(protocol: number): boolean {
  return protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP || protocol === ipv4.PROTOCOL_SCTP || protocol === 33;
}

/** `source > destination`, without ports. */
export function addressesLine(out: Dissection, ip: IpContext): string {
  return `${sourceText(out, ip)} > ${destinationText(out, ip)}`;
}

export function sourceText(out: Dissection, ip: IpContext): string {
  return ip.version === 4 ? out.ip4(ip.at + 12) : out.ip6(ip.at + 8);
}

export function destinationText(out: Dissection, ip: IpContext): string {
  return ip.version === 4 ? out.ip4(ip.at + 16) : out.ip6(ip.at + 24);
}

/** The protocol in the header itself: behind extension headers ports are printed without addresses. */
export function headerProtocol(out: Dissection, ip: IpContext): number {
  return ip.version === 4 ? ipv4.protocol(out.bytes, ip.at) : ipv6.nextHeader(out.bytes, ip.at);
}

/** The sum of the pseudo-header for a segment of that length. */
export function pseudoSum(out: Dissection, ip: IpContext, protocol: number, length: number): number {
  if (ip.version === 4) return ipv4.pseudoHeaderSum(ipv4.source(out.bytes, ip.at), ipv4.destination(out.bytes, ip.at), protocol, length);
  return ipv6.pseudoHeaderSum(ipv6.source(out.bytes, ip.at), ipv6.destination(out.bytes, ip.at), protocol, length);
}

export function printUpperLayer(out: Dissection, at: number, length: number, ip: IpContext, protocol: number, isFragmented: boolean): void {
  switch (protocol) {
    case ipv4.PROTOCOL_TCP:
      printTcp(out, at, length, ip, isFragmented);
      return;
    case ipv4.PROTOCOL_UDP:
      printUdp(out, at, length, ip, isFragmented);
      return;
    case ipv4.PROTOCOL_ICMP:
      if (ip.version === 4) return printIcmp(out, at, length, isFragmented);
      return wrongVersion(out, protocol, 4);
    case ipv4.PROTOCOL_IPV6_ICMP:
      if (ip.version === 6) return printIcmp6(out, at, length, ip, isFragmented);
      return wrongVersion(out, protocol, 6);
    case ipv4.PROTOCOL_IGMP:
      if (ip.version === 4) return printIgmp(out, at, length);
      return wrongVersion(out, protocol, 4);
    case 4:
      printIpv4(out, at, length);
      return;
    case 41:
      printIpv6(out, at, length);
      return;
    case ipv6.NEXT_NONE:
      out.print('no next header');
      return;
    default: {
      const name = out.options.numeric === true ? undefined : protocolName(protocol);
      out.print(` ${name ?? `ip-proto-${protocol}`} ${length}`);
    }
  }
}

function wrongVersion(out: Dissection, protocol: number, version: 4 | 6): void {
  out.print(`[${headerProtocolName(protocol)} requires IPv${version}]`);
  out.invalid();
}
