/** ICMPv6 (print-icmp6.c): errors, echo, neighbour discovery with its options, multicast listener discovery. */
import { bytes as wire, icmp6, ipv4, ipv6 } from '../../../ports/wire.ts';
import { bitNames, hex4, rightChecksum, Truncated, type Dissection, type IpContext } from './dissection.ts';
import { hexDump } from './dump.ts';
import { RECORD_MODES } from './igmp.ts';
import { pseudoSum } from './upper.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'destination unreachable', 2: 'packet too big', 3: 'time exceeded in-transit', 4: 'parameter problem', 128: 'echo request', 129: 'echo reply',
  130: 'multicast listener query', 131: 'multicast listener report', 132: 'multicast listener done', 133: 'router solicitation',
  134: 'router advertisement', 135: 'neighbor solicitation', 136: 'neighbor advertisement', 137: 'redirect', 138: 'router renumbering',
  139: 'node information query', 140: 'node information reply', 141: 'inverse neighbor solicitation', 142: 'inverse neighbor advertisement',
  143: 'multicast listener report v2', 144: 'ha discovery request', 145: 'ha discovery reply', 146: 'mobile router solicitation',
  147: 'mobile router advertisement', 155: 'RPL', 200: 'mtrace message', 201: 'mtrace response',
};
const UNREACHABLE_CODES: Readonly<Record<number, string>> = { 0: 'unreachable route', 1: ' unreachable prohibited', 2: 'beyond scope', 3: 'unreachable address', 4: 'unreachable port' };
const ADVERTISEMENT_FLAGS = [[0x80, 'router'], [0x40, 'solicited'], [0x20, 'override']] as const;
const ROUTER_FLAGS = [[0x80, 'managed'], [0x40, 'other stateful'], [0x20, 'home agent'], [0x02, 'ipv6 only']] as const;
const PREFIX_FLAGS = [[0x80, 'onlink'], [0x40, 'auto'], [0x20, 'router']] as const;
const PREFERENCES = ['medium', 'high', 'rsv', 'low'];
const OPTIONS: Readonly<Record<number, string>> = {
  1: 'source link-address', 2: 'destination link-address', 3: 'prefix info', 4: 'redirected header', 5: 'mtu', 7: 'advertisement interval',
  8: 'homeagent information', 24: 'route info', 25: 'rdnss', 31: 'dnssl',
};

export function printIcmp6(out: Dissection, at: number, length: number, ip: IpContext, isFragmented: boolean): void {
  out.protocol = 'icmp6';
  if (length === 0) {
    out.print('ICMP6, length 0');
    return out.invalid();
  }
  if (out.verbosity > 0 && !isFragmented && out.has(at, length)) {
    const sum = wire.checksum(out.bytes, at, at + length, pseudoSum(out, ip, ipv6.NEXT_ICMPV6, length));
    const field = out.u16(at + 2);
    out.print(sum === 0 ? '[icmp6 sum ok] ' : `[bad icmp6 cksum 0x${hex4(field)} -> 0x${hex4(rightChecksum(field, sum))}!] `);
  }
  const type = out.u8(at);
  const code = out.u8(at + 1);
  out.print(`ICMP6, ${TYPES[type] ?? `unknown icmp6 type (${type})`}`);
  const isLengthEarly = (type >= 133 && type <= 137) || type === 145 || type === 147;
  if (out.verbosity > 0 && isLengthEarly) out.print(`, length ${length}`);
  if (!printBody(out, at, length, type, code)) return;
  if (out.verbosity === 0) out.print(`, length ${length}`);
}

/** Answers whether the length is still to come. */
function printBody(out: Dissection, at: number, length: number, type: number, code: number): boolean {
  const isVerbose = out.verbosity > 0;
  switch (type) {
    case icmp6.UNREACHABLE:
      return printUnreachable(out, at, length, code);
    case icmp6.PACKET_TOO_BIG:
      out.print(`, mtu ${out.u32(at + 4)}`);
      return true;
    case icmp6.TIME_EXCEEDED:
      if (code === 0) out.print(` for ${out.ip6(at + 32)}`);
      else out.print(code === 1 ? ' (reassembly)' : `, unknown code (${code})`);
      return true;
    case 4: {
      if (!out.has(at + 32, 16)) {
        out.truncated();
        return false;
      }
      const problem = ['erroneous', 'next header', 'option', 'incomplete header chain'][code];
      out.print(problem === undefined ? `, code-#${code}` : `, ${problem} - octet ${out.u32(at + 4)}`);
      return true;
    }
    case icmp6.ECHO_REQUEST:
    case icmp6.ECHO_REPLY:
      out.print(`, id ${out.u16(at + 4)}, seq ${out.u16(at + 6)}`);
      return true;
    case 130:
      if (length === 24) printListener(out, at);
      else if (length >= 28) printListenerQuery(out, at, length);
      else out.print(` unknown-version (len ${length}) `);
      return true;
    case 131:
    case 132:
      printListener(out, at);
      return true;
    case icmp6.ROUTER_SOLICITATION:
      if (isVerbose) printOptions(out, at + 8, length - 8);
      return true;
    case icmp6.ROUTER_ADVERTISEMENT:
      if (isVerbose) printRouterAdvertisement(out, at, length);
      return true;
    case icmp6.NEIGHBOUR_SOLICITATION:
      out.print(`, who has ${out.ip6(at + 8)}`);
      if (isVerbose) printOptions(out, at + 24, length - 24);
      return true;
    case icmp6.NEIGHBOUR_ADVERTISEMENT:
      out.print(`, tgt is ${out.ip6(at + 8)}`);
      if (isVerbose) {
        out.print(`, Flags [${bitNames(ADVERTISEMENT_FLAGS, 'none', out.u8(at + 4))}]`);
        printOptions(out, at + 24, length - 24);
      }
      return true;
    case 137:
      out.print(`, ${out.ip6(at + 24)} to ${out.ip6(at + 8)}`);
      if (isVerbose) printOptions(out, at + 40, length - 40);
      return true;
    case icmp6.MLDV2_REPORT:
      printListenerReport(out, at, length);
      return true;
    case 141:
    case 142:
      return true;
    default:
      out.print(`, length ${length}`);
      if (out.verbosity <= 1) hexDump(out, '\n\t', at, Math.min(out.end, at + length));
      return false;
  }
}

function printUnreachable(out: Dissection, at: number, length: number, code: number): boolean {
  const quoted = at + icmp6.HEADER_LENGTH;
  out.print(`, ${UNREACHABLE_CODES[code] ?? `unknown unreach code (${code})`}`);
  if (code === 0 || code === 1 || code === 3) {
    out.print(` ${out.ip6(quoted + 24)}`);
  } else if (code === 2) {
    out.print(` ${out.ip6(quoted + 24)}, source address ${out.ip6(quoted + 8)}`);
  } else if (code === 4) {
    const upper = !out.has(quoted, ipv6.HEADER_LENGTH) ? 'truncated' : ipv6.upperLayer(out.bytes.subarray(0, out.end), quoted);
    if (typeof upper === 'string' || !out.has(upper.at, 4)) {
      out.truncated();
      return false;
    }
    const port = out.u16(upper.at + 2);
    if (upper.protocol === ipv4.PROTOCOL_TCP) out.print(`, ${out.ip6(quoted + 24)} tcp port ${out.port(port, 'tcp')}`);
    else if (upper.protocol === ipv4.PROTOCOL_UDP) out.print(`, ${out.ip6(quoted + 24)} udp port ${out.port(port, 'udp')}`);
    else {
      out.truncated();
      return false;
    }
  } else if (out.verbosity <= 1) {
    hexDump(out, '\n\t', at, Math.min(out.end, at + length));
    return false;
  }
  return true;
}

function printRouterAdvertisement(out: Dissection, at: number, length: number): void {
  out.need(at + 4, 12);
  const flags = out.u8(at + 5);
  out.print(`\n\thop limit ${out.u8(at + 4)}, Flags [${bitNames(ROUTER_FLAGS, 'none', flags)}], pref ${PREFERENCES[(flags >> 3) & 3]!}`);
  out.print(`, router lifetime ${out.u16(at + 6)}s, reachable time ${out.u32(at + 8)}ms, retrans timer ${out.u32(at + 12)}ms`);
  printOptions(out, at + 16, length - 16);
}

function printOptions(out: Dissection, from: number, available: number): void {
  let at = from;
  let left = available;
  while (at < out.end && left > 0) {
    out.need(at, 2);
    const kind = out.u8(at);
    const units = out.u8(at + 1);
    const length = units * 8;
    if (units === 0 || at + length > out.end) throw new Truncated();
    out.print(`\n\t  ${OPTIONS[kind] ?? 'unknown'} option (${kind}), length ${length} (${units}): `);
    const isKnown = printOption(out, at, kind, length);
    if (!isKnown && out.verbosity <= 1) {
      hexDump(out, '\n\t  ', at + 2, at + length);
      return;
    }
    if (out.verbosity > 1) hexDump(out, '\n\t    ', at + 2, at + length);
    at += length;
    left -= length;
  }
}

function lifetime(seconds: number): string {
  return seconds === 0xffffffff ? 'infinity' : `${seconds}s`;
}

function printOption(out: Dissection, at: number, kind: number, length: number): boolean {
  switch (kind) {
    case 1:
    case 2:
      out.print(Array.from(out.bytes.subarray(at + 2, at + length), (byte) => wire.hexByte(byte)).join(':'));
      return true;
    case 3:
      out.print(`${out.ip6(at + 16)}/${out.u8(at + 2)}${length !== 32 ? 'badlen' : ''}, Flags [${bitNames(PREFIX_FLAGS, 'none', out.u8(at + 3))}]`);
      out.print(`, valid time ${lifetime(out.u32(at + 4))}, pref. time ${lifetime(out.u32(at + 8))}`);
      return true;
    case 5:
      out.print(` ${out.u32(at + 4)}${length !== 8 ? 'bad option length' : ''}`);
      return true;
    case 25:
      out.print(` lifetime ${out.u32(at + 4)}s,`);
      for (let address = at + 8; address + 16 <= at + length; address += 16) out.print(` addr: ${out.ip6(address)}`);
      return true;
    case 7:
      out.print(` ${out.u32(at + 4)}ms`);
      return true;
    default:
      return false;
  }
}

function printListener(out: Dissection, at: number): void {
  if (out.has(at, 24)) out.print(`max resp delay: ${out.u16(at + 4)} addr: ${out.ip6(at + 8)}`);
}

function printListenerQuery(out: Dissection, at: number, length: number): void {
  out.print(' v2');
  const code = out.u16(at + 4);
  const delay = code < 32768 ? code : ((code & 0x0fff) | 0x1000) << (((code & 0x7000) >> 12) + 3);
  if (out.verbosity > 0) out.print(` [max resp delay=${delay}]`);
  out.print(` [gaddr ${out.ip6(at + 8)}`);
  if (out.verbosity > 0) {
    const flags = out.u8(at + 24);
    if ((flags & 8) !== 0) out.print(' sflag');
    if ((flags & 7) !== 0) out.print(` robustness=${flags & 7}`);
    const interval = out.u8(at + 25);
    out.print(` qqi=${interval < 128 ? interval : ((interval & 15) | 16) << (((interval & 0x70) >> 4) + 3)}`);
  }
  const count = out.u16(at + 26);
  if (count > 0) {
    if (length < 28 + count * 16) out.print(' [invalid number of sources]');
    else out.print(out.verbosity > 1 ? ` {${sources(out, at + 28, count)} }` : `, ${count} source(s)`);
  }
  out.print(']');
}

function printListenerReport(out: Dissection, at: number, length: number): void {
  if (length < 8) return out.print(` [invalid len ${length}]`);
  const groups = out.u16(at + 6);
  out.print(`, ${groups} group record(s)`);
  if (out.verbosity === 0) return;
  let group = 8;
  for (let left = groups; left > 0; left -= 1) {
    if (length < group + 20) return out.print(' [invalid number of groups]');
    const mode = out.u8(at + group);
    out.print(` [gaddr ${out.ip6(at + group + 4)} ${RECORD_MODES[mode] ?? ` [v2-report-#${mode}]`}`);
    const count = out.u16(at + group + 2);
    if (length < group + 20 + count * 16) return out.print(` [invalid number of sources ${count}]`);
    out.print(out.verbosity === 1 ? `, ${count} source(s)` : ` {${sources(out, at + group + 20, count)} }`);
    group += 20 + count * 16;
    out.print(']');
  }
}

function sources(out: Dissection, at: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ` ${out.ip6(at + index * 16)}`).join('');
}
