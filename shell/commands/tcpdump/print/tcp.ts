/** TCP (print-tcp.c): flags, sequence numbers relative to the conversation's first ones, options, and HTTP and DNS inside. */
import type { ip4} from '../../../ports/wire.ts';
import { bytes as wire, ip6, ipv4, tcp } from '../../../ports/wire.ts';
import { bitNames, hex4, rightChecksum, Truncated, type Dissection, type IpContext, type TcpFlow } from './dissection.ts';
import { printDns } from './dns.ts';
import { printHttp } from './http.ts';
import { addressesLine, destinationText, headerProtocol, pseudoSum, sourceText } from './upper.ts';

const FLAGS = [[1, 'F'], [2, 'S'], [4, 'R'], [8, 'P'], [16, '.'], [32, 'U'], [64, 'E'], [128, 'W']] as const;
const MAX_RST_DATA = 30;

/** What is subtracted from the numbers of a segment, and whether it goes against the collating order of its conversation. */
interface Relative {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly sackBase: number;
}

export function printTcp(out: Dissection, at: number, available: number, ip: IpContext, isFragmented: boolean): void {
  out.protocol = 'tcp';
  if (!out.has(at + 2, 2)) {
    out.print(`${addressesLine(out, ip)}:`);
    return out.truncated();
  }
  const [from, to] = [out.port(tcp.sourcePort(out.bytes, at), 'tcp'), out.port(tcp.destinationPort(out.bytes, at), 'tcp')];
  const isDirect = headerProtocol(out, ip) === ipv4.PROTOCOL_TCP;
  out.print(isDirect ? `${sourceText(out, ip)}.${from} > ${destinationText(out, ip)}.${to}: ` : `${from} > ${to}: `);
  if (!out.has(at, tcp.MIN_HEADER_LENGTH)) return out.truncated();
  const headerLength = tcp.headerLength(out.bytes, at);
  if (headerLength < tcp.MIN_HEADER_LENGTH) {
    return out.print(` tcp ${available - headerLength} [bad hdr length ${headerLength} - too short, < ${tcp.MIN_HEADER_LENGTH}]`);
  }
  const isTooLong = headerLength > available;
  if (out.quiet > 0) {
    out.print(`tcp ${(available - headerLength) >>> 0}`);
    if (isTooLong) out.print(` [bad hdr length ${headerLength} - too long, > ${available}]`);
    return;
  }
  const flags = tcp.flags(out.bytes, at);
  out.print(`Flags [${bitNames(FLAGS, 'none', flags, '')}]`);
  const relative = relativeTo(out, at, ip, flags);
  if (isTooLong) return out.print(` [bad hdr length ${headerLength} - too long, > ${available}]`);
  if (out.verbosity > 0 && out.options.skipChecksums !== true && !isFragmented && out.has(at, available)) {
    const field = tcp.checksumField(out.bytes, at);
    const sum = wire.checksum(out.bytes, at, at + available, pseudoSum(out, ip, ipv4.PROTOCOL_TCP, available));
    out.print(`, cksum 0x${hex4(field)} ${sum === 0 ? '(correct)' : `(incorrect -> 0x${hex4(rightChecksum(field, sum))})`}`);
  }
  printNumbers(out, at, available - headerLength, flags, relative);
  if (headerLength > tcp.MIN_HEADER_LENGTH && !printOptions(out, at + tcp.MIN_HEADER_LENGTH, at + headerLength, relative)) return;
  printPayload(out, at, headerLength, available - headerLength, flags);
}

function printNumbers(out: Dissection, at: number, length: number, flags: number, relative: Relative): void {
  if (out.verbosity > 1 || length > 0 || (flags & (tcp.SYN | tcp.FIN | tcp.RST)) !== 0) {
    const sequence = (tcp.sequence(out.bytes, at) - relative.sequence) >>> 0;
    out.print(`, seq ${sequence}${length > 0 ? `:${(sequence + length) >>> 0}` : ''}`);
  }
  if ((flags & tcp.ACK) !== 0) out.print(`, ack ${(tcp.acknowledgement(out.bytes, at) - relative.acknowledgement) >>> 0}`);
  out.print(`, win ${tcp.window(out.bytes, at)}`);
  if ((flags & tcp.URG) !== 0) out.print(`, urg ${tcp.urgentPointer(out.bytes, at)}`);
}

/** Finds or starts the conversation. Its side with the lower port (or address) counts as the one that goes forward. */
function relativeTo(out: Dissection, at: number, ip: IpContext, flags: number): Relative {
  if (out.options.absoluteSequence === true || (flags & tcp.ACK) === 0) return { sequence: 0, acknowledgement: 0, sackBase: 0 };
  const sequence = tcp.sequence(out.bytes, at);
  const acknowledgement = tcp.acknowledgement(out.bytes, at);
  const sourcePort = tcp.sourcePort(out.bytes, at);
  const destinationPort = tcp.destinationPort(out.bytes, at);
  const [source, destination] = addressesOf(out, ip);
  const isReverse = sourcePort > destinationPort || (sourcePort === destinationPort && source > destination);
  const key = isReverse ? `${destination} ${source} ${destinationPort} ${sourcePort}` : `${source} ${destination} ${sourcePort} ${destinationPort}`;
  let flow: TcpFlow | undefined = out.flows.get(key);
  const isNew = flow === undefined || (flags & tcp.SYN) !== 0;
  if (isNew) {
    const other = (acknowledgement - 1) >>> 0;
    flow = isReverse ? { acknowledgement: sequence, sequence: other } : { sequence, acknowledgement: other };
    out.flows.set(key, flow);
  }
  const own = isReverse ? flow!.acknowledgement : flow!.sequence;
  const peer = isReverse ? flow!.sequence : flow!.acknowledgement;
  return isNew ? { sequence: 0, acknowledgement: 0, sackBase: peer } : { sequence: own, acknowledgement: peer, sackBase: peer };
}

/** Fixed-width text, so that it sorts as the bytes do. */
function addressesOf(out: Dissection, ip: IpContext): [string, string] {
  if (ip.version === 6) return [ip6.ip6At(out.bytes, ip.at + 8), ip6.ip6At(out.bytes, ip.at + 24)];
  const fixed = (address: ip4.Ip4): string => address.toString(16).padStart(8, '0');
  return [fixed(ipv4.source(out.bytes, ip.at)), fixed(ipv4.destination(out.bytes, ip.at))];
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'eol', 1: 'nop', 2: 'mss', 3: 'wscale', 4: 'sackOK', 5: 'sack', 6: 'echo', 7: 'echoreply', 8: 'TS', 11: 'cc', 12: 'ccnew', 13: '', 19: 'md5',
  20: 'scps', 28: 'uto', 29: 'tcp-ao', 30: 'mptcp', 34: 'tfo', 254: 'exp',
};

/** Answers false when the packet cannot be followed any further. */
function printOptions(out: Dissection, from: number, to: number, relative: Relative): boolean {
  out.print(', options [');
  let at = from;
  let isFirst = true;
  const bad = (): boolean => {
    out.print(`[bad opt]${isFirst ? '' : ']'}`);
    return false;
  };
  while (at < to) {
    if (!isFirst) out.print(',');
    const kind = out.u8(at);
    const hasLength = kind > 1;
    const length = hasLength ? (at + 1 < to ? out.u8(at + 1) : 0) : 1;
    if (hasLength && (length < 2 || at + length > to)) return bad();
    out.print(OPTION_NAMES[kind] ?? `unknown-${kind}`);
    let used: number | undefined;
    try {
      used = printOption(out, kind, at + 2, length, relative);
    } catch (error) {
      if (!(error instanceof Truncated)) throw error;
      out.truncated();
      if (!isFirst) out.print('>');
      return false;
    }
    if (used === undefined) return bad();
    if (used !== length) out.print(`[len ${length}]`);
    isFirst = false;
    at += hasLength ? used : 1;
    if (kind === 0) break;
  }
  out.print(']');
  return true;
}

/** Answers how long the option should have been, undefined when its data does not fit. */
function printOption(out: Dissection, kind: number, data: number, length: number, relative: Relative): number | undefined {
  const fits = (wanted: number): boolean => length - 2 >= wanted;
  switch (kind) {
    case 0:
    case 1:
      return 1;
    case 2:
      if (!fits(2)) return undefined;
      out.print(` ${out.u16(data)}`);
      return 4;
    case 3:
      if (!fits(1)) return undefined;
      out.print(` ${out.u8(data)}`);
      return 3;
    case 4:
      return 2;
    case 5:
      printSack(out, data, length - 2, relative);
      return length;
    case 8:
      if (!fits(8)) return undefined;
      out.print(` val ${out.u32(data)} ecr ${out.u32(data + 4)}`);
      return 10;
    default:
      if (length > 2) {
        out.need(data, length - 2);
        out.print(` 0x${wire.hex(out.bytes, data, data + length - 2)}`);
      }
      return length;
  }
}

function printSack(out: Dissection, data: number, length: number, relative: Relative): void {
  if (length % 8 !== 0) return out.print(' invalid sack');
  out.print(` ${length / 8} `);
  for (let at = data; at < data + length; at += 8) {
    out.print(`{${(out.u32(at) - relative.sackBase) >>> 0}:${(out.u32(at + 4) - relative.sackBase) >>> 0}}`);
  }
}

function printPayload(out: Dissection, at: number, headerLength: number, length: number, flags: number): void {
  out.print(`, length ${length}`);
  if (length === 0) return;
  if (!out.has(at, headerLength)) {
    out.print(` [remaining caplen(${out.end - at}) < header length(${headerLength})]`);
    throw new Truncated();
  }
  const payload = at + headerLength;
  if ((flags & tcp.RST) !== 0 && out.verbosity > 0) return printResetReason(out, payload, length);
  const ports = [tcp.sourcePort(out.bytes, at), tcp.destinationPort(out.bytes, at)];
  if (ports.includes(80) || ports.includes(8080)) {
    out.print(': ');
    printHttp(out, payload, length);
  } else if (ports.includes(53)) {
    printDns(out, payload, length, 'tcp');
  }
}

function printResetReason(out: Dissection, at: number, length: number): void {
  out.print(out.has(at, length) ? ' [RST' : ' [!RST');
  if (length > MAX_RST_DATA) out.print('+');
  out.print(` ${out.printable(at, Math.min(length, MAX_RST_DATA))}]`);
}
