/** IGMP: version 3 membership reports (RFC 3376), version 1 and 2 messages (RFC 2236). */
import { checksum, get16, get32, get8, put16, put32 } from '../bytes.ts';
import type { WireError } from './error.ts';
import type { Ip4 } from './ip4.ts';

export const QUERY = 0x11;
export const V1_REPORT = 0x12;
export const V2_REPORT = 0x16;
export const V2_LEAVE = 0x17;
export const V3_REPORT = 0x22;

/** Where version 3 reports go. */
export const ALL_IGMPV3_ROUTERS: Ip4 = 0xe0000016;
/** The IPv4 option every IGMP packet carries (RFC 2113). */
export const ROUTER_ALERT_OPTION: readonly number[] = [0x94, 4, 0, 0];

export interface GroupRecord {
  /** 1 include, 2 exclude, 3 to_in, 4 to_ex, 5 allow, 6 block */
  readonly mode: number;
  readonly group: Ip4;
  readonly sources: readonly Ip4[];
}

export interface IgmpMessage {
  readonly type: number;
  /** Tenths of a second, in queries. */
  readonly maxResponse: number;
  /** Of queries and version 1 and 2 messages. */
  readonly group: Ip4;
  /** Of version 3 reports. */
  readonly records: readonly GroupRecord[];
}

export function parse(bytes: Uint8Array, at = 0, end = bytes.length): IgmpMessage | WireError {
  if (end < at + 8) return 'truncated';
  const kind = get8(bytes, at);
  if (kind !== V3_REPORT) return { type: kind, maxResponse: get8(bytes, at + 1), group: get32(bytes, at + 4), records: [] };
  const records: GroupRecord[] = [];
  let position = at + 8;
  for (let left = get16(bytes, at + 6); left > 0; left -= 1) {
    if (end < position + 8) return 'truncated';
    const count = get16(bytes, position + 2);
    const next = position + 8 + count * 4 + get8(bytes, position + 1) * 4;
    if (end < next) return 'truncated';
    const from = position + 8;
    const sources = Array.from({ length: count }, (_, index) => get32(bytes, from + index * 4));
    records.push({ mode: get8(bytes, position), group: get32(bytes, position + 4), sources });
    position = next;
  }
  return { type: kind, maxResponse: 0, group: 0, records };
}

export function emit(message: IgmpMessage): Uint8Array<ArrayBuffer> {
  const recordsLength = message.records.reduce((sum, record) => sum + 8 + record.sources.length * 4, 0);
  const bytes = new Uint8Array(8 + recordsLength);
  bytes[0] = message.type;
  bytes[1] = message.maxResponse;
  if (message.type === V3_REPORT) put16(bytes, 6, message.records.length);
  else put32(bytes, 4, message.group);
  let at = 8;
  for (const record of message.records) {
    bytes[at] = record.mode;
    put16(bytes, at + 2, record.sources.length);
    put32(bytes, at + 4, record.group);
    for (const [index, from] of record.sources.entries()) put32(bytes, at + 8 + index * 4, from);
    at += 8 + record.sources.length * 4;
  }
  put16(bytes, 2, checksum(bytes));
  return bytes;
}

export function isChecksumRight(bytes: Uint8Array, at: number, end: number): boolean {
  return checksum(bytes, at, end) === 0;
}
