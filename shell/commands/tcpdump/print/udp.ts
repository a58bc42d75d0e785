/** UDP (print-udp.c); DNS on ports 53 and 5353 is decoded, other payloads are shown by their length. */
import { bytes as wire, ipv4, udp } from '../../../ports/wire.ts';
import { hex4, rightChecksum, type Dissection, type IpContext } from './dissection.ts';
import { printDns } from './dns.ts';
import { addressesLine, destinationText, headerProtocol, pseudoSum, sourceText } from './upper.ts';

export function printUdp(out: Dissection, at: number, available: number, ip: IpContext, isFragmented: boolean): void {
  out.protocol = 'udp';
  const isDirect = headerProtocol(out, ip) === ipv4.PROTOCOL_UDP;
  if (!out.has(at + 2, 2)) {
    if (isDirect) out.print(`${addressesLine(out, ip)}: `);
    return out.truncated();
  }
  const sourcePort = udp.sourcePort(out.bytes, at);
  const destinationPort = udp.destinationPort(out.bytes, at);
  const [from, to] = [out.port(sourcePort, 'udp'), out.port(destinationPort, 'udp')];
  out.print(isDirect ? `${sourceText(out, ip)}.${from} > ${destinationText(out, ip)}.${to}: ` : `${from} > ${to}: `);
  if (available < udp.HEADER_LENGTH) return out.print(`truncated-udp ${available}`);
  if (!out.has(at + 4, 2)) return out.truncated();
  const claimed = udp.length(out.bytes, at);
  if (claimed < udp.HEADER_LENGTH) return out.print(`truncated-udplength ${claimed}`);
  const payloadLength = claimed - udp.HEADER_LENGTH;
  const length = Math.min(payloadLength, available - udp.HEADER_LENGTH);
  const payload = at + udp.HEADER_LENGTH;
  if (payload > out.end) return out.truncated();
  if (out.verbosity > 0 && out.options.skipChecksums !== true && !isFragmented) printChecksum(out, at, length, ip);
  if (out.quiet === 0) {
    if (sourcePort === 53 || destinationPort === 53) return printDns(out, payload, length, 'udp');
    if (sourcePort === 5353 || destinationPort === 5353) return printDns(out, payload, length, 'mdns');
  }
  const room = available - udp.HEADER_LENGTH;
  const isTooLong = payloadLength > room && !isFragmented;
  out.print(isTooLong ? `UDP, bad length ${payloadLength} > ${room}` : `UDP, length ${payloadLength}`);
}

function printChecksum(out: Dissection, at: number, length: number, ip: IpContext): void {
  if (ip.version === 4 && out.verbosity < 2) return;
  const field = udp.checksumField(out.bytes, at);
  if (ip.version === 4 && field === 0) return out.print('[no cksum] ');
  const whole = length + udp.HEADER_LENGTH;
  if (!out.has(at, whole)) return;
  const sum = wire.checksum(out.bytes, at, at + whole, pseudoSum(out, ip, ipv4.PROTOCOL_UDP, whole));
  out.print(sum === 0 ? '[udp sum ok] ' : `[bad udp cksum 0x${hex4(field)} -> 0x${hex4(rightChecksum(field, sum))}!] `);
}
