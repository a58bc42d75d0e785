/**
 * The input log: a lab's only saved state. Seed, scenario and every outside influence with its virtual stamp.
 *
 * On disk a record is a length (4 bytes, little endian), the CRC-32 of the payload (4 bytes, little endian; IEEE 802.3) and the payload: UTF-8
 * JSON. A record that is cut short or whose CRC is wrong ends the log: it and what follows were never acknowledged and are dropped.
 */
import { z } from 'zod';
import { Place } from '../contracts/trace.ts';
import { fromUtf8, utf8 } from '../simulator/bytes.ts';

/** Changes when a replay of the same records may give other bytes. */
export const engineVersion = '1';

const Stamp = z.number().int().min(0);
export const LogRecord = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('header'), format: z.literal(1), engine: z.string(), lesson: z.string(), seed: z.number().int(), columns: z.number().int(), rows: z.number().int(), earned: z.array(z.string()), scenario: z.string().optional() }),
  z.strictObject({ kind: z.literal('input'), atUs: Stamp, terminal: z.string(), data: z.string() }),
  z.strictObject({ kind: z.literal('resize'), atUs: Stamp, terminal: z.string(), columns: z.number().int(), rows: z.number().int() }),
  z.strictObject({ kind: z.literal('open-terminal'), atUs: Stamp, place: z.string() }),
  z.strictObject({ kind: z.literal('close-terminal'), atUs: Stamp, terminal: z.string() }),
  z.strictObject({ kind: z.literal('visit'), atUs: Stamp, from: Place, address: z.string() }),
  z.strictObject({ kind: z.literal('stop-visit'), atUs: Stamp }),
  z.strictObject({ kind: z.literal('answer'), atUs: Stamp, question: z.string(), answer: z.union([z.array(z.number()), z.string()]) }),
  z.strictObject({ kind: z.literal('hint'), atUs: Stamp, check: z.string() }),
  z.strictObject({ kind: z.literal('screen'), atUs: Stamp, number: z.number().int() }),
  /** Back to the lesson's start (`lab`), or to where the screen being read was first reached (`step`). Time goes on from zero. */
  z.strictObject({ kind: z.literal('reset'), atUs: Stamp, what: z.enum(['step', 'lab']) }),
  /** The lab goes back to where `keep` records of its life had taken effect; the rest can be redone. */
  z.strictObject({ kind: z.literal('undo'), atUs: Stamp, keep: z.number().int().min(0) }),
  z.strictObject({ kind: z.literal('redo'), atUs: Stamp }),
  /** The session was left and opened again here: nothing happens in the lab. */
  z.strictObject({ kind: z.literal('resumed'), atUs: Stamp }),
  /** What the state was: a replay that differs is unfaithful. */
  z.strictObject({ kind: z.literal('hash'), atUs: Stamp, hash: z.string() }),
]);
export type LogRecord = z.infer<typeof LogRecord>;

export function encodeRecord(record: LogRecord): Uint8Array {
  const payload = utf8(JSON.stringify(record));
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, crc32(payload), true);
  bytes.set(payload, 8);
  return bytes;
}

export interface DecodedLog {
  readonly records: LogRecord[];
  /** Bytes from the start that hold whole, sound records; what follows is torn. */
  readonly soundBytes: number;
  /** Why reading stopped before the end, if it did. */
  readonly torn: string | undefined;
}

export function decodeLog(bytes: Uint8Array): DecodedLog {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let at = 0;
  const stop = (torn: string): DecodedLog => ({ records, soundBytes: at, torn });
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return stop('the last record has no whole head');
    const length = view.getUint32(at, true);
    if (at + 8 + length > bytes.length) return stop('the last record is cut short');
    const payload = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(payload) !== view.getUint32(at + 4, true)) return stop(`record ${records.length + 1} has a wrong checksum`);
    const record = parseRecord(payload);
    if (record === undefined) return stop(`record ${records.length + 1} is of no known kind`);
    records.push(record);
    at += 8 + length;
  }
  return { records, soundBytes: at, torn: undefined };
}

function parseRecord(payload: Uint8Array): LogRecord | undefined {
  try {
    const parsed = LogRecord.safeParse(JSON.parse(fromUtf8(payload)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
