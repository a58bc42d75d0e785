import { describe, expect, it } from 'vitest';
import { crc32, decodeLog, encodeRecord, type LogRecord } from './log.ts';
import { utf8 } from '../simulator/bytes.ts';

const records: LogRecord[] = [
  { kind: 'header', format: 1, engine: '1', lesson: 'u0', seed: 7, columns: 80, rows: 24, earned: [] },
  { kind: 'input', atUs: 1000, terminal: 'vm', data: 'l' },
  { kind: 'input', atUs: 2000, terminal: 'vm', data: 'é\r' },
];

function join(): Uint8Array {
  return Uint8Array.from(records.flatMap((record) => [...encodeRecord(record)]));
}

describe('the input log', () => {
  it('checks with the CRC-32 of IEEE 802.3', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926);
  });
  it('reads back what was written', () => {
    expect(decodeLog(join())).toEqual({ records, soundBytes: join().length, torn: undefined });
  });
  it('drops a record torn at any byte, and nothing before it', () => {
    const whole = join();
    const beforeLast = whole.length - encodeRecord(records[2]!).length;
    for (let cut = beforeLast + 1; cut < whole.length; cut++) {
      const log = decodeLog(whole.subarray(0, cut));
      expect(log.records).toEqual(records.slice(0, 2));
      expect(log.soundBytes).toBe(beforeLast);
      expect(log.torn).toBeDefined();
    }
  });
  it('stops at a flipped bit', () => {
    const whole = join();
    whole[whole.length - 3]! ^= 1;
    expect(decodeLog(whole).records).toHaveLength(2);
  });
});
