/** IPv6 (print-ip6.c, print-ip6opts.c, print-frag6.c): header, extension headers, and the way to the upper layer. */
import { ipv6 } from '../../../ports/wire.ts';
import { Truncated, type Dissection } from './dissection.ts';
import { headerProtocolName } from './protocols.ts';
import { addressesLine, hasPorts, printUpperLayer } from './upper.ts';

export function printIpv6(out: Dissection, at: number, length: number): void {
  out.protocol = 'ip6';
  if (!out.has(at, ipv6.HEADER_LENGTH)) return out.truncated();
  if (length < ipv6.HEADER_LENGTH) return out.print(`truncated-ip6 ${length}`);
  if (!out.linkHeader) out.print('IP6 ');
  const version = ipv6.version(out.bytes, at);
  if (version !== 6) return out.print(`version error: ${version} != 6`);
  const payloadLength = ipv6.payloadLength(out.bytes, at);
  const whole = payloadLength + ipv6.HEADER_LENGTH;
  if (length < whole) out.print(`truncated-ip6 - ${whole - length} bytes missing!`);
  if (out.verbosity > 0) printHeader(out, at, payloadLength);
  out.within(at, whole, () => printChain(out, at, whole));
}

function printHeader(out: Dissection, at: number, payloadLength: number): void {
  const trafficClass = ipv6.trafficClass(out.bytes, at);
  const label = ipv6.flowLabel(out.bytes, at);
  out.print('(');
  if (trafficClass !== 0) out.print(`class 0x${trafficClass.toString(16).padStart(2, '0')}, `);
  if (label !== 0) out.print(`flowlabel 0x${label.toString(16).padStart(5, '0')}, `);
  const next = ipv6.nextHeader(out.bytes, at);
  out.print(`hlim ${ipv6.hopLimit(out.bytes, at)}, next-header ${headerProtocolName(next)} (${next}) payload length: ${payloadLength}) `);
}

function printChain(out: Dissection, at: number, whole: number): void {
  const ip: { version: 6; at: number } = { version: 6, at };
  let next = ipv6.nextHeader(out.bytes, at);
  let position = at + ipv6.HEADER_LENGTH;
  let left = whole - ipv6.HEADER_LENGTH;
  let isFragmented = false;
  if (!hasPorts(next)) out.print(`${addressesLine(out, ip)}: `);
  for (;;) {
    let advance: number;
    if (next === ipv6.NEXT_HOP_BY_HOP || next === ipv6.NEXT_DESTINATION_OPTIONS) {
      out.protocol = next === ipv6.NEXT_HOP_BY_HOP ? 'hbhopt' : 'dstopt';
      advance = (out.u8(position + 1) + 1) * 8;
      if (!out.has(position, advance)) return out.truncated();
      out.print(next === ipv6.NEXT_HOP_BY_HOP ? 'HBH ' : 'DSTOPT ');
      if (!printOptions(out, position + 2, position + advance)) return out.truncated();
    } else if (next === ipv6.NEXT_FRAGMENT) {
      advance = 8;
      if (!printFragment(out, position, whole - (position - at) - advance)) return;
      if (out.end <= position + advance) return;
      isFragmented = true;
    } else {
      printUpperLayer(out, position, left, ip, next, isFragmented);
      return;
    }
    next = out.u8(position);
    position += advance;
    left -= advance;
    out.protocol = 'ip6';
    if (left < 0) throw new Truncated();
    if (position >= out.end) return;
  }
}

/** Answers false when an option runs over the end. */
function printOptions(out: Dissection, from: number, to: number): boolean {
  const isVerbose = out.verbosity > 0;
  let at = from;
  while (at < to) {
    const kind = out.u8(at);
    const length = kind === 0 ? 1 : at + 1 < to ? out.u8(at + 1) + 2 : Infinity;
    if (at + length > to) return false;
    if (isVerbose) {
      if (kind === 0) out.print('(pad1)');
      else if (kind === 1) out.print('(padn)');
      else if (kind === 5 && length === 4) out.print(`(rtalert: 0x${out.u16(at + 2).toString(16).padStart(4, '0')}) `);
      else out.print(`(opt_type 0x${kind.toString(16).padStart(2, '0')}: len=${length - 2})`);
    }
    at += length;
  }
  if (isVerbose) out.print(' ');
  return true;
}

/** Answers whether the upper layer's header is in this fragment. */
function printFragment(out: Dissection, at: number, length: number): boolean {
  out.protocol = 'frag6';
  const offset = out.u16(at + 2) & 0xfff8;
  const identification = out.verbosity > 0 ? `0x${out.u32(at + 4).toString(16).padStart(8, '0')}:` : '';
  out.print(`frag (${identification}${offset}|${length})`);
  if (offset !== 0) return false;
  out.print(' ');
  return true;
}
