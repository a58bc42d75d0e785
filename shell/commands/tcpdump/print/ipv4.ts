/** IPv4 (print-ip.c): the header line of -v, options, fragments, and the way to the upper layer. */
import { ipv4 } from '../../../ports/wire.ts';
import { bitNames, rightChecksum, Truncated, type Dissection } from './dissection.ts';
import { headerProtocolName, protocolName } from './protocols.ts';
import { addressesLine, hasPorts, printUpperLayer } from './upper.ts';
import { bytes as wire } from '../../../ports/wire.ts';

const FRAGMENT_FLAGS = [[0x2000, '+'], [0x4000, 'DF'], [0x8000, 'rsvd']] as const;
const ECN = ['', ',ECT(1)', ',ECT(0)', ',CE'];

export function printIpv4(out: Dissection, at: number, length: number): void {
  out.protocol = 'ip';
  const version = out.u8(at) >> 4;
  if (version !== 4) {
    out.print(version === 6 ? 'IP6, wrong link-layer encapsulation' : `IP${version}`);
    return out.invalid();
  }
  if (!out.linkHeader) out.print('IP ');
  if (!out.has(at, ipv4.MIN_HEADER_LENGTH)) return out.truncated();
  if (length < ipv4.MIN_HEADER_LENGTH) return out.print(`truncated-ip ${length}`);
  const headerLength = ipv4.headerLength(out.bytes, at);
  if (headerLength < ipv4.MIN_HEADER_LENGTH) return out.print(`bad-hlen ${headerLength}`);
  let total = ipv4.totalLength(out.bytes, at);
  if (length < total) out.print(`truncated-ip - ${total - length} bytes missing! `);
  if (total < headerLength) {
    if (total !== 0) return out.print(`bad-len ${total}`);
    total = length; // a segment that the card would have cut up
  }
  out.within(at, total, () => printBody(out, at, headerLength, total - headerLength));
}

function printBody(out: Dissection, at: number, headerLength: number, bodyLength: number): void {
  const protocol = ipv4.protocol(out.bytes, at);
  if (out.verbosity > 0 && !printHeaderLine(out, at, headerLength, protocol)) return;
  const version: { version: 4; at: number } = { version: 4, at };
  if (ipv4.fragmentOffset(out.bytes, at) === 0) {
    if (!hasPorts(protocol)) out.print(`${addressesLine(out, version)}: `);
    if (!out.has(at, headerLength)) {
      out.print(` [remaining caplen(${out.end - at}) < header length(${headerLength})]`);
      throw new Truncated();
    }
    printUpperLayer(out, at + headerLength, bodyLength, version, protocol, ipv4.moreFragments(out.bytes, at));
    return;
  }
  if (out.quiet > 1) return;
  const name = out.options.numeric === true ? undefined : protocolName(protocol);
  out.print(`${addressesLine(out, version)}: ${name ?? `ip-proto-${protocol}`}`);
}

/** Answers false when the options were cut off, which ends the packet. */
function printHeaderLine(out: Dissection, at: number, headerLength: number, protocol: number): boolean {
  const { bytes } = out;
  let isCut = false;
  const typeOfService = ipv4.typeOfService(bytes, at);
  out.print(`(tos 0x${typeOfService.toString(16)}${ECN[typeOfService & 3]!}`);
  const timeToLive = ipv4.timeToLive(bytes, at);
  if (timeToLive >= 1) out.print(`, ttl ${timeToLive}`);
  const flags = bitNames(FRAGMENT_FLAGS, 'none', wire.get16(bytes, at + 6));
  out.print(`, id ${ipv4.identification(bytes, at)}, offset ${ipv4.fragmentOffset(bytes, at)}, flags [${flags}]`);
  out.print(`, proto ${headerProtocolName(protocol)} (${protocol}), length ${ipv4.totalLength(bytes, at)}`);
  if (headerLength > ipv4.MIN_HEADER_LENGTH) {
    out.print(', options (');
    isCut = !printOptions(out, at + ipv4.MIN_HEADER_LENGTH, at + headerLength);
    if (isCut) out.print(' [truncated-option]');
    out.print(')');
  }
  if (out.options.skipChecksums !== true && out.has(at, headerLength)) {
    const sum = wire.checksum(bytes, at, at + headerLength);
    if (sum !== 0) {
      const field = ipv4.headerChecksum(bytes, at);
      out.print(`, bad cksum ${field.toString(16)} (->${rightChecksum(field, sum).toString(16)})!`);
    }
  }
  out.print(')\n    ');
  if (!isCut) return true;
  out.print(`${addressesLine(out, { version: 4, at })}: `);
  out.truncated();
  return false;
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'EOL', 1: 'NOP', 7: 'RR', 68: 'timestamp', 82: 'traceroute', 130: 'security', 131: 'LSRR', 137: 'SSRR', 148: 'RA',
};

/** Answers false when an option was not captured as a whole. */
function printOptions(out: Dissection, from: number, to: number): boolean {
  let separator = '';
  let at = from;
  while (at < to) {
    const code = out.u8(at);
    out.print(`${separator}${OPTION_NAMES[code] ?? `unknown ${code}`}`);
    separator = ',';
    const length = code <= 1 ? 1 : out.u8(at + 1);
    if ((code > 1 && length < 2) || length > to - at) {
      out.print(` [bad length ${length}]`);
      return true;
    }
    if (!out.has(at, length)) return false;
    if (code === 0) return true;
    if (code === 68) printTimestamps(out, at, length);
    if (code === 7 || code === 131 || code === 137) printRoute(out, at, length);
    if (code === 148) {
      if (length < 4) out.print(` [bad length ${length}]`);
      else if (out.u16(at + 2) !== 0) out.print(` value ${out.u16(at + 2)}`);
    }
    at += length;
  }
  return true;
}

function printRoute(out: Dissection, at: number, length: number): void {
  if (length < 3) return out.print(` [bad length ${length}]`);
  if (((length + 1) & 3) !== 0) out.print(` [bad length ${length}]`);
  const pointer = out.u8(at + 2) - 1;
  if (pointer < 3 || ((pointer + 1) & 3) !== 0 || pointer > length + 1) out.print(` [bad ptr ${pointer + 1}]`);
  for (let entry = 3; entry < length; entry += 4) out.print(` ${out.ip4(at + entry)}${pointer > entry ? ',' : ''}`);
}

function printTimestamps(out: Dissection, at: number, length: number): void {
  if (length < 4) return out.print(`[bad length ${length}]`);
  out.print(' TS{');
  const kind = out.u8(at + 3) & 15;
  const entryLength = kind === 0 ? 4 : 8;
  if (((length - 4) & (entryLength - 1)) !== 0) out.print(`[bad length ${length}]`);
  const pointer = out.u8(at + 2) - 1;
  if (pointer < 4 || ((pointer - 4) & (entryLength - 1)) !== 0 || pointer > length + 1) out.print(`[bad ptr ${pointer + 1}]`);
  const name = ({ 0: 'TSONLY', 1: 'TS+ADDR', 3: 'PRESPEC' } as Record<number, string>)[kind];
  out.print(name ?? `[bad ts type ${kind}]`);
  let entry = name === undefined ? 0 : 4;
  for (; name !== undefined && entry < length; entry += entryLength) {
    const value = out.u32(at + entry + entryLength - 4);
    out.print(`${pointer === entry ? ' ^ ' : ' '}${value}@${entryLength === 8 ? out.ip4(at + entry) : ''}`);
  }
  if (pointer === entry) out.print(' ^ ');
  const missed = out.u8(at + 3) >> 4;
  out.print(missed !== 0 ? ` [${missed} hops not recorded]} ` : '}');
}
