/** DNS messages and records as BIND's tools print them. Read first: lib/dns/masterdump.c (indent), lib/dns/message.c, bin/dig/dighost.c of BIND 9.18 */
import { formatIp4, formatIp6 } from '../../ports/addresses.ts';
import { get16 } from '../../ports/bytes.ts';
import { dns } from '../../ports/wire.ts';
import { TYPE_OPT } from './exchange.ts';

export const typeNumbers: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, HINFO: 13, MX: 15, TXT: 16, AAAA: 28, LOC: 29, SRV: 33, NAPTR: 35, DS: 43, RRSIG: 46, DNSKEY: 48, TLSA: 52, SVCB: 64, HTTPS: 65, SPF: 99, AXFR: 252, ANY: 255, CAA: 257 };
const SRV = 33;
export const codes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH', 'NOTZONE'];

export function typeName(type: number): string {
  return Object.keys(typeNumbers).find((name) => typeNumbers[name] === type) ?? `TYPE${type}`;
}

export function dataText({ data }: dns.DnsRecord, isMultiline = false): string {
  switch (data.kind) {
    case 'a': return formatIp4(data.address);
    case 'aaaa': return formatIp6(data.address);
    case 'cname': case 'ns': case 'ptr': return `${data.name}.`;
    case 'mx': return `${data.preference} ${data.name}.`;
    case 'txt': return data.texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(' ');
    case 'soa': {
      const numbers = [data.serial, data.refreshS, data.retryS, data.expireS, data.minimumS];
      if (!isMultiline) return `${data.primary}. ${data.mailbox}. ${numbers.join(' ')}`;
      const rows = ['serial', 'refresh', 'retry', 'expire', 'minimum'].map((name, index) => `\t\t\t\t${String(numbers[index]!).padEnd(10)} ; ${name}${index === 0 ? '' : ` (${spelt(numbers[index]!)})`}`);
      return `${data.primary}. ${data.mailbox}. (\n${rows.join('\n')}\n\t\t\t\t)`;
    }
    case 'other': {
      const { bytes } = data;
      if (data.type === SRV && bytes.length > 6) return `${get16(bytes, 0)} ${get16(bytes, 2)} ${get16(bytes, 4)} ${labels(bytes.subarray(6))}`;
      return `\\# ${bytes.length} ${[...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')}`.trimEnd();
    }
  }
}

/** A name without compression pointers, which SRV's may not have. */
function labels(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length && bytes[at]! > 0; at += bytes[at]! + 1) text += `${String.fromCharCode(...bytes.subarray(at + 1, at + 1 + bytes[at]!))}.`;
  return text === '' ? '.' : text;
}

/** dns_ttl_totext: `2 hours`. */
function spelt(seconds: number): string {
  const parts: string[] = [];
  let left = seconds;
  for (const [name, size] of [['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}

export interface RecordStyle { readonly hasTtl: boolean; readonly hasClass: boolean; readonly isMultiline: boolean }
export const plainStyle: RecordStyle = { hasTtl: true, hasClass: true, isMultiline: false };

/** Where TTL, class, type and data begin. */
function columnsOf({ hasTtl, hasClass, isMultiline }: RecordStyle): readonly [number, number, number, number] {
  if (isMultiline || (!hasTtl && !hasClass)) return [24, 24, 24, 32];
  return hasTtl && hasClass ? [24, 32, 40, 48] : [24, 24, 32, 40];
}

const TAB = 8;
class Line {
  text = '';
  private column = 0;
  /** indent(): tabs as far as they go, at least one blank. */
  put(text: string, column: number): void {
    if (this.text !== '') {
      const to = Math.max(column, this.column + 1);
      const tabs = Math.max(0, Math.floor(to / TAB) - Math.floor(this.column / TAB));
      const from = tabs > 0 ? Math.floor(to / TAB) * TAB : this.column;
      this.text += '\t'.repeat(tabs) + ' '.repeat(to - from);
      this.column = to;
    }
    this.text += text;
    this.column += text.length;
  }
}

export function recordLine(record: dns.DnsRecord, style: RecordStyle = plainStyle): string {
  const [ttl, kind, type, data] = columnsOf(style);
  const line = new Line();
  line.put(`${record.name}.`, 0);
  if (style.hasTtl) line.put(String(record.ttlS), ttl);
  if (style.hasClass) line.put('IN', kind);
  line.put(typeName(dns.typeOf(record.data)), type);
  line.put(dataText(record, style.isMultiline), data);
  return line.text;
}

export function questionLine(question: dns.DnsQuestion, style: RecordStyle = plainStyle): string {
  const [, kind, type] = columnsOf(style);
  const line = new Line();
  line.put(question.name === '' ? '.' : `${question.name}.`, 0);
  if (style.hasClass) line.put('IN', kind);
  line.put(typeName(question.type), style.hasTtl ? type : Math.max(type, kind));
  return `;${line.text}`;
}

export function headerText(message: dns.DnsMessage, bytes: Uint8Array): string {
  const flags = get16(bytes, 2);
  const names = [['qr', 0x8000], ['aa', 0x400], ['tc', 0x200], ['rd', 0x100], ['ra', 0x80], ['ad', 0x20], ['cd', 0x10]] as const;
  const shown = names.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => ` ${name}`).join('');
  return `;; ->>HEADER<<- opcode: QUERY, status: ${codes[message.responseCode] ?? `RESERVED${message.responseCode}`}, id: ${message.id}\n;; flags:${shown}; QUERY: ${message.questions.length}, ANSWER: ${message.answers.length}, AUTHORITY: ${message.authorities.length}, ADDITIONAL: ${message.additionals.length}`;
}

export function isOpt(record: dns.DnsRecord): boolean {
  return dns.typeOf(record.data) === TYPE_OPT;
}

/** The EDNS record, whose class is a size. */
export function optText(record: dns.DnsRecord): string {
  const bytes = record.data.kind === 'other' ? record.data.bytes : new Uint8Array(0);
  const cookie = bytes.length >= 12 && get16(bytes, 0) === 10 ? `\n; COOKIE: ${[...bytes.subarray(4, 4 + get16(bytes, 2))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}${get16(bytes, 2) > 8 ? ' (good)' : ''}` : '';
  return `;; OPT PSEUDOSECTION:\n; EDNS: version: ${(record.ttlS >>> 16) & 255}, flags:${(record.ttlS & 0x8000) === 0 ? '' : ' do'}; udp: ${record.class}${cookie}`;
}
