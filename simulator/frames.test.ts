import { describe, expect, it } from 'vitest';
import { checksum } from './bytes.ts';
import { copyOf, roomFor } from './frames.ts';

describe('room for frames', () => {
  it('is zero, as long as asked, and nobody else\'s', () => {
    const pieces = Array.from({ length: 600 }, (_, index) => roomFor(index * 5));
    pieces.forEach((piece, index) => piece.fill(index & 0xff));
    pieces.forEach((piece, index) => {
      expect(piece.length).toBe(index * 5);
      expect(piece.every((byte) => byte === (index & 0xff))).toBe(true);
    });
    expect(roomFor(1500).every((byte) => byte === 0)).toBe(true);
  });
  it('holds copies of ranges', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    expect(copyOf(bytes)).toEqual(bytes);
    expect(copyOf(bytes, 10, 200)).toEqual(bytes.slice(10, 200));
    copyOf(bytes)[0] = 9;
    expect(bytes[0]).toBe(0);
  });
});

describe('the checksum of the longest packet', () => {
  it('folds carries of any size', () => {
    expect(checksum(new Uint8Array(65_535).fill(0xff))).toBe(0x00ff);
    expect(checksum(new Uint8Array(65_534).fill(0xff), 0, 65_534, 5 * 0xffff)).toBe(0);
  });
});
