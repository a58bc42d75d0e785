/** DNS messages (RFC 1035, AAAA RFC 3596). Names are text without the final dot; the root is the empty string. */
import { fromLatin1, get16, get32, get8, latin1, put16, put32 } from '../bytes.ts';
import type { WireError } from './error.ts';
import type { Ip4 } from './ip4.ts';
import { ip6At, putIp6, type Ip6 } from './ip6.ts';

export const PORT = 53;
export const HEADER_LENGTH = 12;

export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_MX = 15;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const CLASS_IN = 1;

/** Response codes. */
export const NO_ERROR = 0;
export const FORMAT_ERROR = 1;
export const SERVER_FAILURE = 2;
export const NAME_ERROR = 3;
export const NOT_IMPLEMENTED = 4;
export const REFUSED = 5;

export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface SoaData {
  readonly primary: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refreshS: number;
  readonly retryS: number;
  readonly expireS: number;
  readonly minimumS: number;
}

export type DnsData =
  | { readonly kind: 'a'; readonly address: Ip4 }
  | { readonly kind: 'aaaa'; readonly address: Ip6 }
  | { readonly kind: 'cname' | 'ns' | 'ptr'; readonly name: string }
  | { readonly kind: 'mx'; readonly preference: number; readonly name: string }
  | { readonly kind: 'txt'; readonly texts: readonly string[] }
  | ({ readonly kind: 'soa' } & SoaData)
  | { readonly kind: 'other'; readonly type: number; readonly bytes: Uint8Array };

export interface DnsRecord {
  readonly name: string;
  readonly class: number;
  readonly ttlS: number;
  readonly data: DnsData;
}

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly responseCode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const TYPES: Record<Exclude<DnsData['kind'], 'other'>, number> = {
  a: TYPE_A, aaaa: TYPE_AAAA, cname: TYPE_CNAME, ns: TYPE_NS, ptr: TYPE_PTR, mx: TYPE_MX, txt: TYPE_TXT, soa: TYPE_SOA,
};

export function typeOf(data: DnsData): number {
  return data.kind === 'other' ? data.type : TYPES[data.kind];
}

interface Cursor {
  at: number;
}

export function parse(bytes: Uint8Array): DnsMessage | WireError {
  if (bytes.length < HEADER_LENGTH) return 'truncated';
  const flags = get16(bytes, 2);
  const cursor: Cursor = { at: HEADER_LENGTH };
  const questions: DnsQuestion[] = [];
  for (let left = get16(bytes, 4); left > 0; left -= 1) {
    const name = readName(bytes, cursor);
    if (name === undefined || bytes.length < cursor.at + 4) return 'truncated';
    questions.push({ name, type: get16(bytes, cursor.at), class: get16(bytes, cursor.at + 2) });
    cursor.at += 4;
  }
  const sections: DnsRecord[][] = [];
  for (const field of [6, 8, 10]) {
    const section = readRecords(bytes, cursor, get16(bytes, field));
    if (section === undefined) return 'truncated';
    sections.push(section);
  }
  return {
    id: get16(bytes, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    responseCode: flags & 15,
    questions,
    answers: sections[0]!,
    authorities: sections[1]!,
    additionals: sections[2]!,
  };
}

function readRecords(bytes: Uint8Array, cursor: Cursor, count: number): DnsRecord[] | undefined {
  const records: DnsRecord[] = [];
  for (let left = count; left > 0; left -= 1) {
    const name = readName(bytes, cursor);
    if (name === undefined || bytes.length < cursor.at + 10) return undefined;
    const type = get16(bytes, cursor.at);
    const from = cursor.at + 10;
    const to = from + get16(bytes, cursor.at + 8);
    if (bytes.length < to) return undefined;
    const data = readData(bytes, type, from, to);
    if (data === undefined) return undefined;
    records.push({ name, class: get16(bytes, cursor.at + 2), ttlS: get32(bytes, cursor.at + 4), data });
    cursor.at = to;
  }
  return records;
}

function readData(bytes: Uint8Array, type: number, from: number, to: number): DnsData | undefined {
  const cursor: Cursor = { at: from };
  switch (type) {
    case TYPE_A:
      return to - from === 4 ? { kind: 'a', address: get32(bytes, from) } : undefined;
    case TYPE_AAAA:
      return to - from === 16 ? { kind: 'aaaa', address: ip6At(bytes, from) } : undefined;
    case TYPE_CNAME:
      return namedData('cname', readName(bytes, cursor));
    case TYPE_NS:
      return namedData('ns', readName(bytes, cursor));
    case TYPE_PTR:
      return namedData('ptr', readName(bytes, cursor));
    case TYPE_MX: {
      cursor.at += 2;
      const name = readName(bytes, cursor);
      return name === undefined ? undefined : { kind: 'mx', preference: get16(bytes, from), name };
    }
    case TYPE_TXT:
      return { kind: 'txt', texts: readTexts(bytes, from, to) };
    case TYPE_SOA: {
      const primary = readName(bytes, cursor);
      const mailbox = primary === undefined ? undefined : readName(bytes, cursor);
      if (primary === undefined || mailbox === undefined || bytes.length < cursor.at + 20) return undefined;
      const word = (index: number): number => get32(bytes, cursor.at + index * 4);
      return { kind: 'soa', primary, mailbox, serial: word(0), refreshS: word(1), retryS: word(2), expireS: word(3), minimumS: word(4) };
    }
    default:
      return { kind: 'other', type, bytes: bytes.subarray(from, to) };
  }
}

function namedData(kind: 'cname' | 'ns' | 'ptr', name: string | undefined): DnsData | undefined {
  return name === undefined ? undefined : { kind, name };
}

function readTexts(bytes: Uint8Array, from: number, to: number): string[] {
  const texts: string[] = [];
  for (let at = from; at < to; at += get8(bytes, at) + 1) {
    texts.push(fromLatin1(bytes.subarray(at + 1, Math.min(to, at + 1 + get8(bytes, at)))));
  }
  return texts;
}

/** Follows compression pointers, which must point backwards, so that a crafted message cannot loop. */
function readName(bytes: Uint8Array, cursor: Cursor): string | undefined {
  const labels: string[] = [];
  let at = cursor.at;
  let lowest = at;
  let isJumped = false;
  for (;;) {
    if (at >= bytes.length) return undefined;
    const length = get8(bytes, at);
    if ((length & 0xc0) === 0xc0) {
      if (at + 1 >= bytes.length) return undefined;
      const target = get16(bytes, at) & 0x3fff;
      if (target >= lowest) return undefined;
      if (!isJumped) cursor.at = at + 2;
      isJumped = true;
      lowest = target;
      at = target;
      continue;
    }
    if (length > 63 || at + 1 + length > bytes.length) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(fromLatin1(bytes.subarray(at, at + length)));
    at += length;
  }
  if (!isJumped) cursor.at = at;
  return labels.join('.');
}

/** Names are compressed as servers do: every suffix written before is pointed to. */
export function emit(message: DnsMessage): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const push16 = (value: number): void => void out.push((value >> 8) & 255, value & 255);
  push16(message.id);
  push16(
    (message.isResponse ? 0x8000 : 0) | (message.opcode << 11) | (message.isAuthoritative ? 0x0400 : 0) | (message.isTruncated ? 0x0200 : 0) |
      (message.recursionDesired ? 0x0100 : 0) | (message.recursionAvailable ? 0x0080 : 0) | message.responseCode,
  );
  push16(message.questions.length);
  push16(message.answers.length);
  push16(message.authorities.length);
  push16(message.additionals.length);
  const written = new Map<string, number>();
  for (const question of message.questions) {
    writeName(out, written, question.name);
    push16(question.type);
    push16(question.class);
  }
  for (const record of [...message.answers, ...message.authorities, ...message.additionals]) {
    writeName(out, written, record.name);
    push16(typeOf(record.data));
    push16(record.class);
    const fixed = new Uint8Array(4);
    put32(fixed, 0, record.ttlS);
    out.push(...fixed, 0, 0);
    const from = out.length;
    writeData(out, written, record.data);
    out[from - 2] = (out.length - from) >> 8;
    out[from - 1] = (out.length - from) & 255;
  }
  return Uint8Array.from(out);
}

function writeName(out: number[], written: Map<string, number>, name: string): void {
  let rest = name.endsWith('.') ? name.slice(0, -1) : name;
  while (rest !== '') {
    const known = written.get(rest);
    if (known !== undefined) {
      out.push(0xc0 | (known >> 8), known & 255);
      return;
    }
    if (out.length < 0x4000) written.set(rest, out.length);
    const dot = rest.indexOf('.');
    const label = latin1(dot === -1 ? rest : rest.slice(0, dot));
    out.push(label.length, ...label);
    rest = dot === -1 ? '' : rest.slice(dot + 1);
  }
  out.push(0);
}

function writeData(out: number[], written: Map<string, number>, data: DnsData): void {
  switch (data.kind) {
    case 'a': {
      const bytes = new Uint8Array(4);
      put32(bytes, 0, data.address);
      out.push(...bytes);
      return;
    }
    case 'aaaa': {
      const bytes = new Uint8Array(16);
      putIp6(bytes, 0, data.address);
      out.push(...bytes);
      return;
    }
    case 'cname':
    case 'ns':
    case 'ptr':
      writeName(out, written, data.name);
      return;
    case 'mx': {
      const bytes = new Uint8Array(2);
      put16(bytes, 0, data.preference);
      out.push(...bytes);
      writeName(out, written, data.name);
      return;
    }
    case 'txt':
      for (const text of data.texts) out.push(text.length, ...latin1(text));
      return;
    case 'soa': {
      writeName(out, written, data.primary);
      writeName(out, written, data.mailbox);
      const bytes = new Uint8Array(20);
      for (const [index, value] of [data.serial, data.refreshS, data.retryS, data.expireS, data.minimumS].entries()) put32(bytes, index * 4, value);
      out.push(...bytes);
      return;
    }
    case 'other':
      out.push(...data.bytes);
  }
}

/** The question and flags of a plain lookup. */
export function query(id: number, name: string, type: number): DnsMessage {
  return {
    id, isResponse: false, opcode: 0, isAuthoritative: false, isTruncated: false, recursionDesired: true, recursionAvailable: false,
    responseCode: NO_ERROR, questions: [{ name, type, class: CLASS_IN }], answers: [], authorities: [], additionals: [],
  };
}

/** The answer to a message, with its question repeated. */
export function answer(to: DnsMessage, parts: Partial<Pick<DnsMessage, 'answers' | 'authorities' | 'additionals' | 'responseCode' | 'isAuthoritative'>>): DnsMessage {
  return {
    ...to, isResponse: true, recursionAvailable: true, isAuthoritative: parts.isAuthoritative ?? false, responseCode: parts.responseCode ?? NO_ERROR,
    answers: parts.answers ?? [], authorities: parts.authorities ?? [], additionals: parts.additionals ?? [],
  };
}
