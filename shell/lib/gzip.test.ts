/** Packed here and unpacked by zlib, packed by zlib and unpacked here. */
import { gunzipSync, gzipSync, deflateRawSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflate } from './deflate.ts';
import { gunzip, gzip } from './gzip.ts';

const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (Math.imul(index + 7, 2654435761) >>> 13) & 0xff);
const samples: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['nothing', new Uint8Array()], ['one byte', Uint8Array.of(0)], ['text', new TextEncoder().encode('hello hello hello\n'.repeat(50))], ['zeros', new Uint8Array(100_000)], ['noise', noise(70_000)], ['all bytes', Uint8Array.from({ length: 256 }, (_, index) => index)], ['a far repetition', Uint8Array.from([...noise(32_760), ...noise(300)])],
];

describe('gzip', () => {
  it.each(samples)('packs %s so that zlib unpacks it', (_name, bytes) => {
    expect(Buffer.from(gunzipSync(gzip(bytes, { name: 'a', modifiedSeconds: 1540900800 }))).equals(bytes)).toBe(true);
  });

  it.each(samples)('unpacks %s as zlib packs it, at every level and strategy', (_name, bytes) => {
    for (const level of [0, 1, 6, 9]) {
      const unpacked = gunzip(gzipSync(bytes, { level }));
      expect(unpacked.ok && Buffer.from(unpacked.bytes).equals(bytes)).toBe(true);
    }
    const packed = deflateRawSync(bytes, { strategy: constants.Z_FIXED });
    expect(Buffer.from(inflate(packed, 0, 2 ** 24).bytes).equals(bytes)).toBe(true);
  });

  it('makes text shorter', () => {
    expect(gzip(samples[2]![1]).length).toBeLessThan(80);
  });

  it('refuses what is damaged', () => {
    const packed = gzip(samples[2]![1]);
    const errorOf = (bytes: Uint8Array): string | undefined => {
      const unpacked = gunzip(bytes);
      return unpacked.ok ? undefined : unpacked.error;
    };
    expect(errorOf(new TextEncoder().encode('plain text'))).toBe('not in gzip format');
    expect(errorOf(packed.subarray(0, 20))).toBe('unexpected end of file');
    expect(errorOf(packed.map((byte, index) => (index === packed.length - 6 ? byte ^ 1 : byte)))).toBe('invalid compressed data--crc error');
    expect(errorOf(packed.map((byte, index) => (index === 10 ? 7 : byte)))).toBe('invalid compressed data--format violated');
  });
});
