/** DNS (print-domain.c): `id+ A? name. (length)` for questions, `id answers/authorities/additionals ...` for responses. */
import { bytes as wire, ip4, ip6 } from '../../../ports/wire.ts';
import type { Dissection } from './dissection.ts';
import { duration } from './igmp.ts';

export type DnsTransport = 'udp' | 'tcp' | 'mdns';

const OPERATIONS = ['', ' inv_q', ' stat', ' op3', ' notify', ' update', ' op6', ' op7', ' op8', ' updateA', ' updateD', ' updateDA', ' updateM', ' updateMA', ' zoneInit', ' zoneRef'];
const RESPONSES = [
  '', ' FormErr', ' ServFail', ' NXDomain', ' NotImp', ' Refused', ' YXDomain', ' YXRRSet', ' NXRRSet', ' NotAuth', ' NotZone', ' Resp11', ' Resp12',
  ' Resp13', ' Resp14', ' NoChange', ' BadVers', 'Resp17', ' Resp18', ' Resp19', ' Resp20', 'Resp21', ' Resp22', ' BadCookie',
];
const TYPES: Readonly<Record<number, string>> = {
  1: 'A', 2: 'NS', 3: 'MD', 4: 'MF', 5: 'CNAME', 6: 'SOA', 7: 'MB', 8: 'MG', 9: 'MR', 10: 'NULL', 11: 'WKS', 12: 'PTR', 13: 'HINFO', 14: 'MINFO', 15: 'MX',
  16: 'TXT', 17: 'RP', 18: 'AFSDB', 24: 'SIG', 25: 'KEY', 28: 'AAAA', 29: 'LOC', 33: 'SRV', 35: 'NAPTR', 39: 'DNAME', 41: 'OPT', 43: 'DS', 44: 'SSHFP',
  46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 99: 'SPF', 249: 'TKEY', 250: 'TSIG', 251: 'IXFR', 252: 'AXFR', 255: 'ANY', 256: 'URI',
};
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' };
const HEADER_LENGTH = 12;

/** Thrown where the message cannot be followed; becomes `[|domain]`. */
class Lost extends Error {}

interface Message {
  readonly out: Dissection;
  readonly at: number;
  readonly isMulticast: boolean;
}

export function printDns(out: Dissection, payload: number, payloadLength: number, transport: DnsTransport): void {
  out.protocol = 'domain';
  let at = payload;
  let length = payloadLength;
  if (transport === 'tcp') {
    if (length < 2) {
      out.print(` [DNS over TCP: length ${length} < 2]`);
      return out.invalid();
    }
    length -= 2;
    if (out.u16(at) !== length) {
      out.print(` [prefix length(${out.u16(at)}) != length(${length})]`);
      return out.invalid();
    }
    at += 2;
    out.print(' ');
  }
  if (length < HEADER_LENGTH) {
    out.print(`domain [length ${length} < ${HEADER_LENGTH}]`);
    return out.invalid();
  }
  if (!out.has(at, HEADER_LENGTH)) return out.truncated();
  const message: Message = { out, at, isMulticast: transport === 'mdns' };
  try {
    if ((out.u16(at + 2) & 0x8000) !== 0) printResponse(message);
    else printQuery(message);
    out.print(` (${length})`);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    out.truncated();
  }
}

function printQuery(message: Message): void {
  const { out, at } = message;
  const flags = out.u16(at + 2);
  const operation = (flags >> 11) & 15;
  const [questions, answers, authorities, additionals] = counts(message);
  out.print(`${out.u16(at)}${OPERATIONS[operation]!}${(flags & 0x0100) !== 0 ? '+' : ''}${(flags & 0x0010) !== 0 ? '%' : ''}`);
  if ((flags & 0x06cf) !== 0) out.print(` [b2&3=0x${flags.toString(16)}]`);
  if (operation === 1) {
    if (questions !== 0) out.print(` [${questions}q]`);
    if (answers !== 1) out.print(` [${answers}a]`);
  } else {
    if (answers !== 0) out.print(` [${answers}a]`);
    if (questions !== 1) out.print(` [${questions}q]`);
  }
  if (authorities !== 0) out.print(` [${authorities}n]`);
  if (additionals !== 0) out.print(` [${additionals}au]`);
  let position = at + HEADER_LENGTH;
  for (let index = 0; index < questions; index += 1) {
    if (index > 0 && position >= out.end) throw new Lost();
    position = printQuestion(message, position);
  }
  if (out.verbosity === 0) return;
  const sections = [[answers, ''], [authorities, ' ns:'], [additionals, ' ar:']] as const;
  for (const [count, title] of sections) position = printRecords(message, position, count, title);
}

function printResponse(message: Message): void {
  const { out, at } = message;
  const flags = out.u16(at + 2);
  const [questions, answers, authorities, additionals] = counts(message);
  const code = (flags & 15) | (extendedCode(message) << 4);
  out.print(`${out.u16(at)}${OPERATIONS[(flags >> 11) & 15]!}${RESPONSES[code] ?? ` Resp${code & 0xfff}`}`);
  out.print(`${(flags & 0x0400) !== 0 ? '*' : ''}${(flags & 0x0080) !== 0 ? '' : '-'}${(flags & 0x0200) !== 0 ? '|' : ''}${(flags & 0x0020) !== 0 ? '$' : ''}`);
  if (questions !== 1) out.print(` [${questions}q]`);
  let position = at + HEADER_LENGTH;
  for (let index = 0; index < questions; index += 1) {
    if (index > 0) out.print(',');
    if (out.verbosity > 1) {
      out.print(' q:');
      position = printQuestion(message, position);
    } else {
      position = skipName(out, position) + 4;
    }
  }
  out.print(` ${answers}/${authorities}/${additionals}`);
  position = printRecords(message, position, answers, '');
  if (out.verbosity <= 1) return;
  position = printRecords(message, position, authorities, ' ns:');
  printRecords(message, position, additionals, ' ar:');
}

function counts({ out, at }: Message): [number, number, number, number] {
  return [out.u16(at + 4), out.u16(at + 6), out.u16(at + 8), out.u16(at + 10)];
}

/** The upper bits of the response code, from an OPT record among the additionals. */
function extendedCode(message: Message): number {
  const { out, at } = message;
  const [questions, answers, authorities, additionals] = counts(message);
  let position = at + HEADER_LENGTH;
  try {
    for (let left = questions; left > 0; left -= 1) position = skipName(out, position) + 4;
    for (let index = 0; index < answers + authorities + additionals; index += 1) {
      position = skipName(out, position);
      if (!out.has(position, 10)) return 0;
      if (index >= answers + authorities && out.u16(position) === 41) return out.u8(position + 4);
      position += 10 + out.u16(position + 8);
    }
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
  }
  return 0;
}

function printRecords(message: Message, from: number, count: number, title: string): number {
  const { out } = message;
  let position = from;
  for (let index = 0; index < count; index += 1) {
    if (position >= out.end && (index > 0 || title !== '')) throw new Lost();
    out.print(index === 0 ? title : ',');
    position = printRecord(message, position);
  }
  return position;
}

function printQuestion(message: Message, from: number): number {
  const { out, isMulticast } = message;
  const after = skipName(out, from);
  if (!out.has(after, 4)) throw new Lost();
  const type = out.u16(after);
  out.print(` ${TYPES[type] ?? `Type${type}`}`);
  printClass(out, out.u16(after + 2), isMulticast ? 0x7fff : 0xffff);
  if (isMulticast) out.print((out.u16(after + 2) & 0x8000) !== 0 ? ' (QU)' : ' (QM)');
  out.print('? ');
  printName(message, from);
  return after + 4;
}

function printClass(out: Dissection, field: number, mask: number): void {
  const value = field & mask;
  if (value !== 1) out.print(` ${CLASSES[value] ?? `(Class ${value})`}`);
}

function printRecord(message: Message, from: number): number {
  const { out, isMulticast } = message;
  let at: number;
  if (out.verbosity > 0) {
    out.print(' ');
    at = printName(message, from);
  } else {
    at = skipName(out, from);
  }
  if (!out.has(at, 10)) return out.end;
  const type = out.u16(at);
  const classField = out.u16(at + 2);
  if (type !== 41) printClass(out, classField, isMulticast ? 0x7fff : 0xffff);
  if (isMulticast && (classField & 0x8000) !== 0) out.print(' (Cache flush)');
  if (type !== 41 && out.verbosity > 2) out.print(` [${duration(out.u32(at + 4))}]`);
  const data = at + 10;
  const next = data + out.u16(at + 8);
  out.print(` ${TYPES[type] ?? `Type${type}`}`);
  if (next > out.end) throw new Lost();
  printData(message, type, data, next, at);
  return next;
}

function printData(message: Message, type: number, data: number, next: number, record: number): void {
  const { out } = message;
  switch (type) {
    case 1:
      if (!out.has(data, 4)) throw new Lost();
      out.print(` ${ip4.formatIp4(out.u32(data))}`);
      return;
    case 28:
      if (!out.has(data, 16)) throw new Lost();
      out.print(` ${ip6.formatIp6(ip6.ip6At(out.bytes, data))}`);
      return;
    case 2:
    case 5:
    case 12:
    case 39:
      out.print(' ');
      printName(message, data);
      return;
    case 6: {
      if (out.verbosity === 0) return;
      out.print(' ');
      const mailbox = printName(message, data);
      out.print(' ');
      const numbers = printName(message, mailbox);
      if (!out.has(numbers, 20)) throw new Lost();
      for (let index = 0; index < 5; index += 1) out.print(` ${out.u32(numbers + index * 4)}`);
      return;
    }
    case 15:
      out.print(' ');
      printName(message, data + 2);
      out.print(` ${out.u16(data)}`);
      return;
    case 16:
      for (let at = data; at < next; at += 1 + out.u8(at)) out.print(` "${out.printable(at + 1, out.u8(at))}"`);
      return;
    case 33:
      out.print(' ');
      printName(message, data + 6);
      out.print(`:${out.u16(data + 4)} ${out.u16(data)} ${out.u16(data + 2)}`);
      return;
    case 41:
      printEdns(out, data, next, record);
      return;
    default:
  }
}

const EDNS_OPTIONS: Readonly<Record<number, string>> = { 1: 'LLQ', 2: 'UL', 3: 'NSID', 5: 'DAU', 6: 'DHU', 7: 'N3U', 8: 'ECS', 9: 'EXPIRE', 10: 'COOKIE', 11: 'KEEPALIVE', 12: 'PADDING', 13: 'CHAIN', 14: 'KEY-TAG' };

/** Options are named and, where they are not empty, shown in hexadecimal. */
function printEdns(out: Dissection, data: number, next: number, record: number): void {
  out.print(` UDPsize=${out.u16(record + 2)}${(out.u16(record + 6) & 0x8000) !== 0 ? ' DO' : ''}`);
  if (data >= next) return;
  const options: string[] = [];
  for (let at = data; at < next; ) {
    const code = out.u16(at);
    const length = out.u16(at + 2);
    out.need(at + 4, length);
    options.push(`${EDNS_OPTIONS[code] ?? `Opt${code}`}${length > 0 ? ` ${wire.hex(out.bytes, at + 4, at + 4 + length)}` : ''}`);
    at += 4 + length;
  }
  out.print(` [${options.join(',')}]`);
}

function skipName(out: Dissection, from: number): number {
  let at = from;
  for (;;) {
    if (!out.has(at, 1)) throw new Lost();
    const length = out.u8(at);
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2;
    if ((length & 0xc0) !== 0) throw new Lost();
    at += 1 + length;
  }
}

/** Prints a name with its final dot and answers where it ended. */
function printName(message: Message, from: number): number {
  const { out } = message;
  let at = from;
  let after: number | undefined;
  let lowest = from - message.at;
  if (!out.has(at, 1)) throw new Lost();
  if (out.u8(at) === 0) {
    out.print('.');
    return at + 1;
  }
  for (;;) {
    if (!out.has(at, 1)) throw new Lost();
    const length = out.u8(at);
    if (length === 0) return after ?? at + 1;
    if ((length & 0xc0) === 0xc0) {
      if (!out.has(at, 2)) throw new Lost();
      const target = out.u16(at) & 0x3fff;
      if (target >= lowest) {
        out.print('<BAD PTR>');
        throw new Lost();
      }
      after ??= at + 2;
      lowest = target;
      at = message.at + target;
      continue;
    }
    if ((length & 0xc0) !== 0) {
      out.print('<BAD LABEL TYPE>');
      throw new Lost();
    }
    if (!out.has(at + 1, length)) {
      out.print(out.printable(at + 1, length));
      throw new Lost();
    }
    out.print(`${out.printable(at + 1, length)}.`);
    at += 1 + length;
  }
}
